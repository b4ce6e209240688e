//! The sweep against git itself: the same objects, each once, with the same bytes.

mod damage;
mod gc;
mod listed;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use hopx_leaks::blob::Content;
use hopx_leaks::git::sweep::{ObjectVisitor, Store, SweepProblem, Wanted, sweep};
use hopx_leaks::object::{HashKind, ObjectId, ObjectKind};
use hopx_leaks::parallel;
use sha2::{Digest, Sha256};

use crate::program::Bench;
use crate::repository;

/// What is known of an object: its kind, its size, and the SHA-256 of its bytes.
type Known = (String, u64, String);

/// Collects what it visits.
#[derive(Default)]
struct Collector {
    objects: Vec<(String, Known)>,
    streamed: usize,
    problems: Vec<SweepProblem>,
}

impl ObjectVisitor for Collector {
    fn object(&mut self, id: &ObjectId, kind: ObjectKind, size: u64, content: Content<'_>) {
        let mut bytes = Vec::new();
        match content {
            Content::Whole(whole) => bytes.extend_from_slice(whole),
            Content::Stream(stream) => {
                self.streamed += 1;
                // A stream that breaks off is not the object.
                if stream.read_to_end(&mut bytes).is_err() {
                    return;
                }
            }
            Content::Mapped(_) => panic!("objects are not mapped"),
        }
        assert_eq!(bytes.len() as u64, size);
        self.objects.push((id.to_string(), known(kind.name(), &bytes)));
    }

    fn problem(&mut self, problem: SweepProblem) {
        self.problems.push(problem);
    }
}

fn known(kind: &str, bytes: &[u8]) -> Known {
    (kind.to_owned(), bytes.len() as u64, data_encoding::HEXLOWER.encode(&Sha256::digest(bytes)))
}

/// What a sweep gave.
#[derive(Debug, PartialEq)]
struct Swept {
    objects: BTreeMap<String, Known>,
    streamed: usize,
    problems: Vec<SweepProblem>,
}

impl Swept {
    /// How many objects the problems say are lost.
    fn lost(&self) -> u64 {
        self.problems.iter().map(|problem| problem.lost).sum()
    }
}

/// Sweeps with one thread and with eight, which must come to the same, and checks that nothing is visited twice.
fn swept_as(objects: &Path, hash: HashKind, wanted: Wanted) -> Swept {
    let run = |threads| {
        let pool = parallel::pool(threads).expect("threads");
        let (store, mut problems) = Store::open(objects, hash, &[]);
        let mut all = Vec::new();
        let mut streamed = 0;
        for visitor in pool.install(|| sweep(&store, wanted, &Collector::default)) {
            all.extend(visitor.objects);
            problems.extend(visitor.problems);
            streamed += visitor.streamed;
        }
        let count = all.len();
        let objects: BTreeMap<_, _> = all.into_iter().collect();
        assert_eq!(objects.len(), count, "an object was visited twice");
        for id in objects.keys() {
            let id = ObjectId::from_hex(id.as_bytes()).expect("an id");
            assert!(store.contains(&id));
        }
        Swept { objects, streamed, problems }
    };
    let one = run(1);
    assert_eq!(one, run(8), "eight threads come to something else than one");
    one
}

fn swept(objects: &Path) -> Swept {
    swept_as(objects, HashKind::Sha1, Wanted::All)
}

/// A git repository.
struct Repository {
    bench: Bench,
    name: String,
}

impl Repository {
    fn new(arguments: &[&str]) -> Repository {
        let repository = Repository { bench: Bench::new(61), name: "r".to_owned() };
        repository.bench.git(&[&["init", "-q", "--bare", "r"], arguments].concat());
        repository
    }

    fn path(&self) -> PathBuf {
        self.bench.join(&self.name)
    }

    fn objects(&self) -> PathBuf {
        self.path().join("objects")
    }

    fn git(&self, arguments: &[&str]) -> Vec<u8> {
        self.git_with(arguments, b"")
    }

    /// Runs git with something on standard input.
    fn git_with(&self, arguments: &[&str], input: &[u8]) -> Vec<u8> {
        let mut child = Command::new("git")
            .args(["-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "pack.threads=1"])
            .args(arguments)
            .current_dir(self.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("git runs");
        let mut stdin = child.stdin.take().expect("a pipe");
        let output = std::thread::scope(|scope| {
            scope.spawn(move || drop(stdin.write_all(input)));
            child.wait_with_output().expect("git ends")
        });
        assert!(output.status.success(), "git {arguments:?}");
        output.stdout
    }

    /// Imports a history into a pack of its own, or into loose objects.
    fn import(&self, seed: u64, commits: usize, into: Import) {
        let limit = match into {
            Import::Pack => "fastimport.unpackLimit=0",
            Import::Loose => "fastimport.unpackLimit=1000000",
        };
        self.git_with(&["-c", limit, "fast-import", "--quiet", "--force"], &history(seed, commits));
    }

    /// All objects as git gives them.
    fn known(&self) -> BTreeMap<String, Known> {
        known_in(&self.path())
    }

    /// The files in the folder of packs with this ending.
    fn packs(&self, ending: &str) -> Vec<PathBuf> {
        let names = fs::read_dir(self.objects().join("pack")).expect("a folder");
        let paths = names.map(|entry| entry.expect("an entry").path());
        let mut paths: Vec<_> = paths.filter(|path| path.extension().is_some_and(|found| found == ending)).collect();
        paths.sort();
        paths
    }

    /// Checks that a sweep finds what git finds.
    fn check(&self) -> Swept {
        let (known, swept) = (self.known(), swept(&self.objects()));
        assert_eq!(swept.problems, []);
        assert!(known.len() > 20 && swept.objects == known, "{} of {}", swept.objects.len(), known.len());
        swept
    }
}

/// All objects of the repository in or at `folder`, as git gives them.
fn known_in(folder: &Path) -> BTreeMap<String, Known> {
    let mut git = repository::git_in(folder, repository::START)
        .args(["cat-file", "--batch-all-objects", "--batch", "--buffer", "--unordered"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("git runs");
    let mut output = BufReader::new(git.stdout.take().expect("a pipe"));
    let (mut all, mut line, mut bytes) = (BTreeMap::new(), String::new(), Vec::new());
    while output.read_line(&mut line).expect("a line") > 0 {
        let words: Vec<_> = line.trim_end().split(' ').collect();
        // A newline follows the content.
        bytes.resize(words[2].parse::<usize>().expect("a size") + 1, 0);
        output.read_exact(&mut bytes).expect("the content");
        all.insert(words[0].to_owned(), known(words[1], &bytes[..bytes.len() - 1]));
        line.clear();
    }
    assert!(git.wait().expect("git ends").success());
    all
}

/// Where `git fast-import` puts objects.
#[derive(Clone, Copy)]
enum Import {
    Pack,
    Loose,
}

/// A history for `git fast-import`: files whose lines change a little from commit to commit, and a tag.
fn history(seed: u64, commits: usize) -> Vec<u8> {
    let mut rng = fastrand::Rng::with_seed(seed);
    let line = |rng: &mut fastrand::Rng| format!("line {} of {}\n", rng.u64(..), rng.u32(..99));
    let mut files: Vec<Vec<String>> =
        (0..8).map(|size| std::iter::repeat_with(|| line(&mut rng)).take(10 << size).collect()).collect();
    let mut out = Vec::new();
    for commit in 0..commits {
        let message = format!("commit {commit}");
        let head = format!("commit refs/heads/s{seed}\ncommitter t <t@example.invalid> {commit} +0000\n");
        out.extend(format!("{head}data {}\n{message}\n", message.len()).bytes());
        for (number, file) in files.iter_mut().enumerate() {
            if commit > 0 && rng.u8(..4) > 0 {
                continue;
            }
            for _ in 0..rng.usize(1..6) {
                let at = rng.usize(..file.len());
                match rng.u8(..3) {
                    0 if file.len() > 5 => drop(file.remove(at)),
                    1 => file.insert(at, line(&mut rng)),
                    _ => file[at] = line(&mut rng),
                }
            }
            let text = file.concat();
            out.extend(format!("M 100644 inline d{}/f{number}\ndata {}\n{text}\n", number % 3, text.len()).bytes());
        }
    }
    out.extend(
        format!("tag v{seed}\nfrom refs/heads/s{seed}\ntagger t <t@example.invalid> 1 +0000\ndata 1\nx\n").bytes(),
    );
    out
}

/// The repository that this test stands in, or the one that `HOPX_LEAKS_TEST_REPOSITORY` names: nobody made it for a
/// test.
#[test]
fn a_repository_that_was_not_made_for_a_test() {
    let named = std::env::var_os("HOPX_LEAKS_TEST_REPOSITORY").map(PathBuf::from);
    let folder = named.unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let objects = repository::git_in(&folder, repository::START)
        .args(["rev-parse", "--path-format=absolute", "--git-path", "objects"])
        .output()
        .expect("git runs");
    let objects = String::from_utf8(objects.stdout).expect("UTF-8");
    if objects.is_empty() {
        // As in an unpacked package: there is nothing to compare.
        return;
    }
    let swept = swept(Path::new(objects.trim_end()));
    assert_eq!(swept.problems, []);
    let known = known_in(&folder);
    assert!(known.len() > 20 && swept.objects == known, "{} of {}", swept.objects.len(), known.len());
}

#[test]
fn one_pack_with_deep_chains() {
    let repository = Repository::new(&[]);
    repository.import(1, 150, Import::Pack);
    repository.git(&["repack", "-adfq", "--depth=250", "--window=50"]);
    let depths = repository.git(&["verify-pack", "-v", repository.packs("idx")[0].to_str().expect("UTF-8")]);
    let depths = String::from_utf8_lossy(&depths);
    let depths =
        depths.lines().filter_map(|line| line.strip_prefix("chain length = ")?.split(':').next()?.parse().ok());
    let deepest: u32 = depths.max().unwrap_or(0);
    assert!(deepest >= 10, "the deepest chain has {deepest} deltas");
    repository.check();
    // Deltas by id, and an index of version 1.
    repository.git(&["-c", "repack.useDeltaBaseOffset=false", "-c", "pack.indexVersion=1", "repack", "-adfq"]);
    assert!(!fs::read(&repository.packs("idx")[0]).expect("read").starts_with(b"\xfftOc"));
    repository.check();
}

#[test]
fn an_object_in_several_places_is_visited_once() {
    let repository = Repository::new(&[]);
    repository.import(1, 30, Import::Pack);
    repository.import(2, 20, Import::Pack);
    // The same objects again, in a pack of their own.
    repository.git(&["pack-objects", "-q", "--all", "--incremental", "objects/pack/pack"]);
    let ids = repository.git(&["rev-list", "--objects", "--no-object-names", "s1"]);
    repository.git_with(&["pack-objects", "-q", "objects/pack/pack"], &ids);
    assert!(repository.packs("pack").len() >= 3);
    // And some of them loose: those of another repository where nothing is packed.
    let other = Repository::new(&[]);
    other.import(2, 25, Import::Loose);
    let swept = other.check();
    repository.git(&["count-objects"]);
    let copied = Command::new("cp").arg("-R").arg(other.objects()).arg(repository.path()).status().expect("cp runs");
    assert!(copied.success());
    let together = repository.check();
    assert!(together.objects.len() < swept.objects.len() + 700);
}

#[test]
fn objects_are_borrowed_from_alternates() {
    let repository = Repository::new(&[]);
    repository.import(1, 20, Import::Pack);
    repository.bench.git(&["clone", "-q", "--bare", "--shared", "r", "second"]);
    let mut second = Repository { name: "second".to_owned(), ..repository };
    second.import(2, 10, Import::Loose);
    second.bench.git(&["clone", "-q", "--bare", "--shared", "second", "third"]);
    second.name = "third".to_owned();
    second.import(3, 10, Import::Pack);
    second.check();
    // The same by a relative path, with a comment.
    fs::write(second.objects().join("info/alternates"), "# near\n\"../../second/objects\"\n").expect("written");
    second.check();
    // Without what it borrows from, that is a problem.
    fs::rename(second.bench.join("r"), second.bench.join("gone")).expect("renamed");
    let swept = swept(&second.objects());
    assert_eq!(swept.problems.len(), 1);
    assert!(swept.problems[0].message.contains("borrowed"), "{:?}", swept.problems);
}

#[test]
fn ids_may_be_sha256() {
    let repository = Repository::new(&["--object-format=sha256"]);
    repository.import(1, 30, Import::Pack);
    repository.git(&["-c", "repack.useDeltaBaseOffset=false", "repack", "-adfq"]);
    repository.import(2, 5, Import::Loose);
    repository.git(&["multi-pack-index", "write"]);
    let check = || {
        let swept = swept_as(&repository.objects(), HashKind::Sha256, Wanted::All);
        assert_eq!(swept.problems, []);
        swept.objects
    };
    let known = repository.known();
    assert!(check() == known && known.keys().all(|id| id.len() == 64));
    fs::remove_file(&repository.packs("idx")[0]).expect("removed");
    assert!(check() == known);
}

#[test]
fn large_blobs_are_streamed() {
    let repository = Repository::new(&[]);
    repository.import(1, 5, Import::Pack);
    let mut rng = fastrand::Rng::with_seed(62);
    let mut noise = vec![0; 9 << 20];
    rng.fill(&mut noise);
    let text = "some text that can be compressed\n".repeat(10 << 15);
    for bytes in [&noise[..], text.as_bytes()] {
        repository.git_with(&["hash-object", "-w", "--stdin"], bytes);
    }
    assert_eq!(repository.check().streamed, 2);
    repository.git(&["repack", "-adq"]);
    let ids = repository.git(&["cat-file", "--batch-all-objects", "--batch-check=%(objectname)", "--unordered"]);
    repository.git_with(&["pack-objects", "-q", "objects/pack/pack"], &ids);
    repository.git(&["prune-packed", "-q"]);
    assert_eq!(repository.check().streamed, 2);
}

#[test]
fn blobs_need_not_be_wanted() {
    let repository = Repository::new(&[]);
    repository.import(1, 20, Import::Pack);
    repository.import(2, 5, Import::Loose);
    let mut known = repository.known();
    known.retain(|_, object| object.0 != "blob");
    let swept = swept_as(&repository.objects(), HashKind::Sha1, Wanted::NoBlobs);
    assert_eq!(swept.problems, []);
    assert!(swept.objects == known);
}

#[test]
fn one_object_is_found_by_its_id() {
    let repository = Repository::new(&[]);
    repository.import(1, 40, Import::Pack);
    repository.git(&["-c", "repack.useDeltaBaseOffset=false", "repack", "-adfq"]);
    repository.import(2, 5, Import::Loose);
    let (store, problems) = Store::open(&repository.objects(), HashKind::Sha1, &[]);
    assert_eq!(problems, []);
    for (id, expected) in repository.known() {
        let id = ObjectId::from_hex(id.as_bytes()).expect("an id");
        let (kind, bytes) = store.find(&id).expect("readable").expect("there");
        assert!(known(kind.name(), &bytes) == expected && store.contains(&id));
    }
    let none = ObjectId::from_bytes(&[9; 20]).expect("20 bytes");
    assert!(matches!(store.find(&none), Ok(None)) && !store.contains(&none));
}
