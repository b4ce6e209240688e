//! Repositories that real git made, in parts.

use std::fs;

use fastrand::Rng;
use tempfile::TempDir;

use super::content;
use crate::damage::damage;
use crate::packs::{self, Base, Entry, appended, blob};
use crate::repository::{Repository, noise};
use crate::seed::Seed;
use crate::targets::{parts, planted};

/// A repository of a few commits, one with the key, in one pack.
struct Sample {
    repository: Repository,
    _folder: TempDir,
}

impl Sample {
    fn new(more: &[&str]) -> Sample {
        let folder = parts::folder();
        let repository = Repository::init_with(folder.path().join("r"), more);
        let lines = noise(3, 60);
        repository.write("long.txt", lines.join("\n"));
        repository.commit_file("src/a.env", content(), "Start");
        for cut in [20, 40] {
            repository.write("long.txt", lines[..cut].join("\n"));
            repository.commit_file("src/a.env", format!("A={cut}\n"), "Go on");
        }
        repository.git(&["tag", "-a", "-m", "A version", "v1", "HEAD~1"]);
        repository.git(&["update-ref", "refs/remotes/origin/main", "HEAD~1"]);
        repository.git(&["repack", "-a", "-d", "-q"]);
        for kind in ["pack", "idx", "rev"] {
            let packs = repository.join(".git/objects/pack");
            let files = fs::read_dir(&packs).expect("a folder").map(|entry| entry.expect("an entry").path());
            if let Some(file) =
                files.into_iter().find(|path| path.extension().is_some_and(|extension| extension == kind))
            {
                fs::rename(file, packs.join(format!("pack-a.{kind}"))).expect("moved");
            }
        }
        repository.git(&["pack-refs", "--all"]);
        Sample { repository, _folder: folder }
    }

    /// A file of it; empty where there is none.
    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.repository.join(name)).unwrap_or_default()
    }

    /// What every target takes, which is to be whole in most.
    fn parts(&self) -> Vec<Vec<u8>> {
        parts::REPOSITORY.iter().map(|name| self.read(name)).collect()
    }
}

const MIDX: &str = ".git/objects/pack/multi-pack-index";

/// Packs.
pub fn packs() -> Vec<Seed> {
    let mut seeds = Vec::new();
    for format in ["sha1", "sha256"] {
        let sample = Sample::new(&[&format!("--object-format={format}")]);
        let bare = [sample.parts(), vec![Vec::new(), sample.read(".git/objects/pack/pack-a.rev")]].concat();
        seeds.push(Seed::of(bare, [3, 3, 4]));
        sample.repository.git(&["multi-pack-index", "write"]);
        let listed = [sample.parts(), vec![sample.read(MIDX), Vec::new()]].concat();
        seeds.push(Seed::of(listed, [3, 4, 5, 5]));
    }
    let by_id = Sample::new(&[]);
    let objects = by_id.repository.objects().join("\n");
    let pack = by_id.repository.join(".git/objects/pack/pack-a");
    let ids =
        by_id.repository.git_with_input(&["pack-objects", "-q", pack.to_str().expect("UTF-8")], objects.as_bytes());
    let file = |kind: &str| by_id.read(&format!(".git/objects/pack/pack-a-{ids}.{kind}"));
    let [config, head, refs, ..] = [0, 1, 2, 3, 4].map(|number: usize| by_id.parts()[number].clone());
    seeds.push(Seed::of(
        vec![config.clone(), head.clone(), refs.clone(), file("pack"), file("idx"), vec![], vec![]],
        [3, 3, 4],
    ));
    seeds.extend(made_by_hand().into_iter().map(|(pack, index)| {
        let parts = vec![config.clone(), head.clone(), refs.clone(), pack, index, vec![], vec![]];
        Seed { holds_key: false, ..Seed::of(parts, [3, 3, 4]) }
    }));
    seeds
}

/// Packs that git would not write: their deltas are damaged before they are compressed.
fn made_by_hand() -> Vec<(Vec<u8>, Vec<u8>)> {
    let (mut packs, mut rng) = (Vec::new(), Rng::with_seed(4));
    for _ in 0..16 {
        let text = content();
        let mut entries = vec![blob(1, &text)];
        for id in 2..8 {
            let base = if rng.bool() { Base::Entry(rng.usize(..entries.len())) } else { Base::Id([rng.u8(1..id); 20]) };
            let size = entries[rng.usize(..entries.len())].payload.len();
            let mut entry = appended(id, base, size, planted::line().as_bytes());
            for _ in 0..rng.usize(..3) {
                damage(&mut entry.payload, &text, &[], &mut rng);
            }
            entries.push(Entry { kind: if rng.u8(..6) == 0 { rng.u8(1..8) } else { entry.kind }, ..entry });
        }
        packs.push(packs::pack(&entries));
    }
    packs
}

/// Objects in files of their own. What holds the key stays whole.
pub fn loose() -> Vec<Seed> {
    let mut seeds = Vec::new();
    for format in ["sha1", "sha256"] {
        let sample = Sample::new(&[&format!("--object-format={format}")]);
        let repository = &sample.repository;
        let blobs = [repository.blob([&*content(), b"C=3\n"].concat()), repository.blob("nothing\n")];
        let inner = repository.git_with_input(&["mktree"], format!("100644 blob {}\ta.env\n", blobs[0]).as_bytes());
        let tree = format!("040000 tree {inner}\tsrc\n100644 blob {}\tb.txt\n", blobs[1]);
        let tree = repository.git_with_input(&["mktree"], tree.as_bytes());
        let commit = repository.git(&["commit-tree", "-m", "Start", &tree]);
        let tag = format!(
            "object {commit}\ntype commit\ntag v1\ntagger A <a@example.invalid> 1767315600 +0100\n\nA version\n"
        );
        let tag = repository.git_with_input(&["mktag"], tag.as_bytes());
        let ids = [&blobs[0], &blobs[1], &inner, &tree, &commit, &tag];
        let refs = format!("{commit} refs/heads/main\n{tag} refs/tags/v1\n").into_bytes();
        let start = |form: u8| {
            vec![
                sample.read(".git/config"),
                sample.read(".git/HEAD"),
                refs.clone(),
                vec![form],
                ids.map(|id| format!("{id}\n")).concat().into_bytes(),
            ]
        };
        let plain = ids.map(|id| {
            let (kind, content) = (repository.kind(id), repository.git_bytes(&["cat-file", &repository.kind(id), id]));
            [format!("{kind} {}\0", content.len()).as_bytes(), &content].concat()
        });
        let packed = ids.map(|id| fs::read(repository.loose(id)).expect("an object"));
        seeds.push(Seed { objects: Some(5), ..Seed::of([start(0), plain.to_vec()].concat(), 6..11) });
        seeds.push(Seed::of([start(0), plain.to_vec()].concat(), 6..11));
        seeds.push(Seed::of([start(1), packed.to_vec()].concat(), 6..11));
    }
    seeds
}

/// Refs as files.
pub fn refs() -> Vec<Seed> {
    let sample = Sample::new(&[]);
    let [config, head, refs, pack, index] = sample.parts().try_into().expect("as many");
    let id = sample.repository.id("HEAD");
    let line = |text: &str| format!("{text}\n").into_bytes();
    let rest = |main: Vec<u8>, tag: Vec<u8>| {
        vec![
            main,
            tag,
            line("ref: refs/remotes/origin/main"),
            sample.read(".git/logs/HEAD"),
            sample.read(".git/logs/refs/heads/main"),
            Vec::new(),
            line(&format!("{id}\tnot-for-merge\tbranch 'main' of https://example.invalid/a")),
            line(&id),
            line(&id),
            line("/nowhere/.git"),
        ]
    };
    let start = vec![config, pack, index, head, refs];
    let packed = [start.clone(), rest(Vec::new(), Vec::new())].concat();
    let files = [start.clone(), rest(line(&id), line("ref: refs/heads/main"))].concat();
    let mut shallow = files.clone();
    shallow[10] = line(&id);
    [packed, files, shallow].into_iter().map(|parts| Seed::of(parts, 3..15)).collect()
}

/// Refs in tables.
pub fn reftables() -> Vec<Seed> {
    let mut seeds = Vec::new();
    for format in ["sha1", "sha256"] {
        let sample = Sample::new(&["--ref-format=reftable", &format!("--object-format={format}")]);
        let repository = &sample.repository;
        let many: Vec<_> = (0..120).map(|number| format!("create refs/heads/branch-{number:03} HEAD\n")).collect();
        repository
            .git_with_input(&["update-ref", "--create-reflog", "-m", "made", "--stdin"], many.concat().as_bytes());
        repository.git(&["pack-refs", "--all"]);
        for lines in ["", "delete refs/heads/branch-007\n", "symref-create refs/heads/alias refs/heads/main\n"] {
            if !lines.is_empty() {
                let keep = "reftable.geometricFactor=100";
                repository.git_with_input(&["-c", keep, "update-ref", "--stdin"], lines.as_bytes());
            }
            let list = String::from_utf8(sample.read(".git/reftable/tables.list")).expect("UTF-8");
            let tables: Vec<_> = list.lines().map(|name| sample.read(&format!(".git/reftable/{name}"))).collect();
            let count = tables.len().min(3);
            let name = |n: usize| format!("0x{n:012x}-0x{n:012x}-{n:08}.ref\n");
            let list = (1..=count).map(name).collect::<Vec<_>>().concat().into_bytes();
            let [config, head, _, pack, index] = sample.parts().try_into().expect("as many");
            let mut parts = vec![config, head, pack, index, sample.read(".git/refs/heads"), list];
            parts.extend(tables.into_iter().chain(std::iter::repeat(Vec::new())).take(3));
            let open = [5].into_iter().chain((0..count).flat_map(|number| [6 + number; 3]));
            seeds.push(Seed::of(parts, open));
        }
    }
    seeds
}

/// Indexes, each with the key in a file that is to be committed.
pub fn indexes() -> Vec<Seed> {
    let forms: [&[&[&str]]; 6] = [
        &[],
        &[&["update-index", "--index-version", "4"]],
        &[&["update-index", "--untracked-cache"], &["status"]],
        &[
            &["config", "index.threads", "2"],
            &["config", "index.recordEndOfIndexEntries", "true"],
            &["update-index", "--force-write-index"],
        ],
        &[&["sparse-checkout", "set", "--cone", "--sparse-index", "src"]],
        &[&["update-index", "--split-index"]],
    ];
    forms.into_iter().flat_map(|commands| ["sha1", "sha256"].map(|format| index(format, commands))).collect()
}

fn index(format: &str, commands: &[&[&str]]) -> Seed {
    let sample = Sample::new(&[&format!("--object-format={format}")]);
    let repository = &sample.repository;
    for name in ["out/deep/a.txt", "out/b.txt", "src/b.txt"] {
        repository.write(name, "nothing\n");
    }
    repository.commit("More");
    repository.git(&["repack", "-a", "-d", "-q"]);
    for command in commands {
        repository.git(command);
    }
    repository.write("src/new.env", content());
    repository.git(&["add", "src/new.env"]);
    let is_split = |name: &String| name.starts_with("sharedindex.");
    let names = fs::read_dir(repository.join(".git")).expect("a folder");
    let shared = names.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8")).find(is_split);
    let all = repository.objects().join("\n");
    let ids = repository.git_with_input(&["pack-objects", "-q", "--delta-base-offset", "all"], all.as_bytes());
    let [config, head, ..]: [Vec<u8>; 5] = sample.parts().try_into().expect("as many");
    let file = |kind: &str| sample.read(&format!("all-{ids}.{kind}"));
    let refs = format!("{} refs/heads/main\n", repository.id("HEAD")).into_bytes();
    let shared = shared.map(|name| sample.read(&format!(".git/{name}"))).unwrap_or_default();
    let parts = vec![config, head, refs, file("pack"), file("idx"), sample.read(".git/index"), shared, content()];
    Seed { holds_key: parts[6].is_empty(), ..Seed::of(parts, [5]) }
}

/// Files that tell git where things are and what to leave out.
pub fn git_files() -> Vec<Seed> {
    let sample = Sample::new(&[]);
    let [config, head, refs, pack, index] = sample.parts().try_into().expect("as many");
    let text = |text: &str| text.as_bytes().to_vec();
    let more = "[core]\n\texcludesFile = ~/.ignore\n\tignoreCase = true\n[remote \"origin\"]\n\turl = https://example.invalid/a.git\n\t\
                fetch = +refs/heads/*:refs/remotes/origin/*\n\tpushurl = \"a \\\"b\\\" \\\n c\" ; why\n[include]\n\tpath = other\n\
                [extensions]\n\tpartialClone = origin\n";
    let rich = [&*config, more.as_bytes()].concat();
    let ignored = "*.log\n!keep.log\n/target/**\n[a-z]*.o\n\\#a\n**/b/\nfoo\\ \n# nothing\n";
    let other = "../../../other/objects\n\"quoted\\tpath\"\n# a comment\n/nowhere\n";
    let rest = |alternates: &str| {
        vec![
            text(alternates),
            text(ignored),
            text(ignored),
            text("*.o\n"),
            text("[submodule \"a\"]\n\tpath = a\n\turl = ./a\n"),
            text(""),
            content(),
        ]
    };
    let start = |config: &[u8]| vec![head.clone(), refs.clone(), pack.clone(), index.clone(), config.to_vec()];
    let seeds = [[start(&config), rest("")], [start(&rich), rest("")], [start(&rich), rest(other)]];
    seeds.into_iter().map(|parts| Seed::of(parts.concat(), 4..11)).collect()
}

/// What comes into hooks.
pub fn hooks() -> Vec<Seed> {
    let sample = Sample::new(&[]);
    let (id, none, first) = (sample.repository.id("HEAD"), "0".repeat(40), sample.repository.id("HEAD~2"));
    let agent = serde_json::json!({
        "session_id": "a", "hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_input": {"command": "é \u{1f600}"},
        "content": planted::line(),
    });
    let agent = agent.to_string();
    let message = format!(
        "Add a key\n{}# a comment\n# ------------------------ >8 ------------------------\ndiff\n",
        planted::line()
    );
    let inputs = [
        (0, format!("refs/heads/main {id} refs/heads/main {none}\n"), true),
        (0, format!("refs/heads/main {id} refs/heads/main {first}\n(delete) {none} refs/heads/a {id}\n"), false),
        (1, agent.clone(), true),
        (2, agent.clone(), true),
        (3, agent, true),
        (4, message, true),
    ];
    inputs
        .map(|(hook, text, _)| {
            let parts = [sample.parts(), vec![vec![hook], text.into_bytes()]].concat();
            // An agent is given a verdict of its own.
            Seed { holds_key: hook == 4, ..Seed::of(parts, [6]) }
        })
        .into()
}
