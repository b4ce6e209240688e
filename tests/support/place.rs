//! Where a key is in a repository: what a report must say of it, and git's own word that it is so.

#![allow(dead_code, reason = "each user of this file needs a part of it")]

use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::program::{Bench, Run, id};
use crate::repository::{Repository, Storage, rfc3339};

/// One finding that a report must hold.
#[derive(Clone)]
pub struct Place {
    key: String,
    kind: &'static str,
    path: Option<String>,
    object: String,
    commit: Option<String>,
    refs: Refs,
    exposure: &'static str,
}

#[derive(Clone)]
enum Refs {
    /// What `git for-each-ref --contains` says of the commit.
    Containing,
    /// These and no others.
    Exactly(Vec<String>),
    /// This selector; others are as good, if git says that they reach the commit.
    Selector(String),
}

impl Place {
    fn new(key: &str, kind: &'static str, object: impl Into<String>) -> Place {
        Place {
            key: key.to_owned(),
            kind,
            path: None,
            object: object.into(),
            commit: None,
            refs: Refs::Containing,
            exposure: "committed",
        }
    }

    /// In a file that came in with a commit.
    pub fn file(repository: &Repository, key: &str, path: &str, commit: &str) -> Place {
        let object = repository.id(&format!("{commit}:{path}"));
        Place { path: Some(path.to_owned()), commit: Some(commit.to_owned()), ..Place::new(key, "content", object) }
    }

    /// In the text of a symbolic link that came in with a commit.
    pub fn link(repository: &Repository, key: &str, path: &str, commit: &str) -> Place {
        Place { kind: "link-target", ..Place::file(repository, key, path, commit) }
    }

    /// In the last part of a path that came in with a commit.
    pub fn name(repository: &Repository, key: &str, path: &str, commit: &str) -> Place {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let object = repository.id(&format!("{commit}:{folder}"));
        Place { path: Some(path.to_owned()), commit: Some(commit.to_owned()), ..Place::new(key, "file-name", object) }
    }

    /// In a commit: its message or a line of its header.
    pub fn message(key: &str, commit: &str) -> Place {
        Place { commit: Some(commit.to_owned()), ..Place::new(key, "commit-message", commit) }
    }

    /// In an annotated tag. It is reached by these refs.
    pub fn tag(key: &str, tag: &str, refs: &[&str]) -> Place {
        Place::new(key, "tag-message", tag).refs(refs)
    }

    /// In a blob that no commit names.
    pub fn blob(key: &str, blob: &str) -> Place {
        Place::new(key, "content", blob).refs(&[]).exposed("unreachable")
    }

    /// In a file as it is staged.
    pub fn staged(repository: &Repository, key: &str, path: &str) -> Place {
        let blob = repository.id(&format!(":{path}"));
        Place { path: Some(path.to_owned()), ..Place::blob(key, &blob) }.exposed("staged")
    }

    /// In a link as it is staged.
    pub fn staged_link(repository: &Repository, key: &str, path: &str) -> Place {
        Place { kind: "link-target", ..Place::staged(repository, key, path) }
    }

    /// At a path that no commit names.
    pub fn at(mut self, path: &str) -> Place {
        self.path = Some(path.to_owned());
        self
    }

    pub fn exposed(mut self, exposure: &'static str) -> Place {
        self.exposure = exposure;
        self
    }

    /// Reached by these refs and no others.
    pub fn refs(mut self, refs: &[&str]) -> Place {
        self.refs = Refs::Exactly(refs.iter().map(|&name| name.to_owned()).collect());
        self
    }

    /// Reached by nothing but logs, this entry of one among them.
    pub fn only_in_log(mut self, selector: &str) -> Place {
        self.refs = Refs::Selector(selector.to_owned());
        self.exposed("unreachable")
    }

    /// Reached by nothing.
    pub fn unreachable(self) -> Place {
        self.refs(&[]).exposed("unreachable")
    }

    /// The text that must hold the key.
    fn text(&self, repository: &Repository) -> Vec<u8> {
        let content = repository.content(&self.object);
        match self.kind {
            "file-name" => {
                let path = self.path.as_deref().expect("a name is a path");
                let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
                let tree = repository.git(&["ls-tree", "-z", "--name-only", &self.object]);
                assert!(tree.split('\0').any(|entry| entry == name), "no entry {path} in {}", self.object);
                name.as_bytes().to_vec()
            }
            "commit-message" | "tag-message" => {
                let header = content.windows(2).position(|two| two == b"\n\n").expect("a header") + 2;
                let message = &content[header..];
                let in_message = memchr::memmem::find(message, self.key.as_bytes()).is_some();
                if in_message { message.to_vec() } else { content }
            }
            _ => content,
        }
    }

    /// Where the key starts in the text, and how it is encoded.
    fn find(&self, text: &[u8]) -> Option<(usize, Option<&'static str>)> {
        let wide = |bytes: fn(u16) -> [u8; 2]| self.key.encode_utf16().flat_map(bytes).collect::<Vec<_>>();
        let forms: [(Vec<u8>, Option<&str>); 3] = [
            (self.key.as_bytes().to_vec(), None),
            (wide(u16::to_le_bytes), Some("utf-16le")),
            (wide(u16::to_be_bytes), Some("utf-16be")),
        ];
        // Units of UTF-16 begin at even bytes: the other order reads one byte off.
        let fits = |(at, name): &(usize, Option<&str>)| name.is_none() || at % 2 == 0;
        forms.into_iter().find_map(|(form, name)| Some((memchr::memmem::find(text, &form)?, name)).filter(fits))
    }

    /// The place of the key in the text, as a report tells it, and how it is encoded.
    fn start(&self, text: &[u8]) -> (Value, Vec<&str>) {
        let found = self.find(text);
        let (byte, encoding) = found.unwrap_or_else(|| panic!("the key is not in {} {}", self.kind, self.object));
        let before: Vec<u8> = text[..byte].iter().copied().filter(|&byte| encoding.is_none() || byte != 0).collect();
        let line = before.split(|&byte| byte == b'\n').count();
        let last = before.rsplit(|&byte| byte == b'\n').next().unwrap_or_default();
        let column = String::from_utf8_lossy(last).chars().count() + 1;
        (json!({"line": line, "column": column, "byte": byte}), encoding.into_iter().collect())
    }

    /// The date and the subject of the commit or tag.
    fn date_and_subject(&self, repository: &Repository) -> (Option<String>, Option<String>) {
        let (about, role) = match (&self.commit, self.kind) {
            (Some(commit), _) => (commit, "committer "),
            (None, "tag-message") => (&self.object, "tagger "),
            (None, _) => return (None, None),
        };
        let content = repository.content(about);
        let text = String::from_utf8_lossy(&content);
        let (header, message) = text.split_once("\n\n").expect("a header");
        let signature = header.lines().find_map(|line| line.strip_prefix(role)).expect("a date");
        let (_, time) = signature.rsplit_once("> ").expect("an address");
        let subject = message.lines().next().unwrap_or_default();
        (Some(rfc3339(time)), Some(self.redact(subject)))
    }

    /// A text as it may be shown.
    fn redact(&self, text: &str) -> String {
        text.replace(&self.key, &format!("{}.****", &self.key[..22]))
    }

    fn refs_of(&self, repository: &Repository) -> Vec<String> {
        match (&self.refs, &self.commit) {
            (Refs::Exactly(refs), _) => refs.clone(),
            (Refs::Selector(selector), _) => vec![selector.clone()],
            (Refs::Containing, Some(commit)) => containing(repository, commit),
            (Refs::Containing, None) => panic!("no commit: say which refs"),
        }
    }

    /// What the report must say. A report of `staged` or `scan` has nothing to say of history.
    fn expected(&self, repository: &Repository, root: &str) -> Value {
        let (start, encodings) = self.start(&self.text(repository));
        let (date, subject) = self.date_and_subject(repository);
        let in_head = self.commit.as_ref().is_some_and(|commit| is_ancestor(repository, commit, "HEAD"));
        let fingerprint = HEXLOWER.encode(Sha256::digest(&self.key).as_slice());
        json!({
            "key_id": id(&self.key), "fingerprint": fingerprint, "kind": self.kind, "root": root,
            "path": self.path.as_deref().map(|path| self.redact(path)), "members": [],
            "start": start, "encodings": encodings, "exposure": self.exposure,
            "git": {
                "object": self.object, "object_kind": repository.kind(&self.object), "commit": self.commit,
                "date": date, "subject": subject, "in_head": in_head, "refs": self.refs_of(repository),
            },
        })
    }

    /// Lets git confirm what is claimed, so that a wrong test doesn't pass for a wrong program.
    fn confirm(&self, repository: &Repository, all: &[Place]) {
        if let (Some(commit), Some(path)) = (&self.commit, &self.path) {
            let has_key = |commit: &str| {
                let version = format!("{commit}:{path}");
                repository.succeeds(&["cat-file", "-e", &version])
                    && (self.kind == "file-name" || self.find(&repository.content(&repository.id(&version))).is_some())
            };
            assert!(has_key(commit), "{path} of {commit} has no key");
            for parent in repository.git(&["rev-list", "--parents", "-n1", commit]).split(' ').skip(1) {
                assert!(!has_key(parent), "{path}: the key is in {parent}, a parent of {commit}");
            }
        }
        if let (Refs::Exactly(refs), Some(commit)) = (&self.refs, &self.commit) {
            let (local, logs): (Vec<_>, Vec<_>) = refs.iter().cloned().partition(|name| name.starts_with("refs/"));
            assert_eq!(containing(repository, commit), local, "refs that reach {commit}");
            for log in &logs {
                assert!(is_ancestor(repository, commit, log), "{log} does not reach {commit}");
            }
        }
        if let (Refs::Selector(selector), Some(commit)) = (&self.refs, &self.commit) {
            assert!(is_ancestor(repository, commit, selector), "{selector} does not reach {commit}");
            assert_eq!(containing(repository, commit), [""; 0], "a ref reaches {commit}");
        }
        let same = |other: &&Place| match &self.path {
            Some(_) => other.key == self.key && other.path == self.path,
            None => other.object == self.object,
        };
        let reached =
            |revisions: &[&str]| all.iter().filter(same).any(|other| repository.reaches(revisions, &other.object));
        let heads = worktree_heads(repository);
        let local: Vec<_> =
            ["--exclude=refs/stash", "--all"].into_iter().chain(heads.iter().map(String::as_str)).collect();
        let remote = tracking(repository);
        let remote: Vec<_> = remote.iter().map(String::as_str).collect();
        let bare = repository.git(&["rev-parse", "--is-bare-repository"]) == "true";
        let in_index = !bare && repository.git(&["ls-files", "-s"]).contains(&self.object);
        let true_exposure = match () {
            () if !remote.is_empty() && reached(&remote) => "pushed",
            () if reached(&local) => "committed",
            () if in_index => "staged",
            () => "unreachable",
        };
        assert_eq!(true_exposure, self.exposure, "git's own view of {} in {:?}", self.object, self.path);
    }
}

/// The refs that reach a commit, the first 5 of them, but for those that only point to another ref.
fn containing(repository: &Repository, commit: &str) -> Vec<String> {
    let format = "--format=%(refname) %(symref)";
    let refs = repository.git(&["for-each-ref", format, "--contains", commit]);
    let refs = refs.lines().filter_map(|line| line.strip_suffix(' ')).map(str::to_owned);
    let mut refs: Vec<_> = refs.collect();
    refs.sort();
    refs.truncate(5);
    refs
}

fn is_ancestor(repository: &Repository, commit: &str, of: &str) -> bool {
    repository.succeeds(&["merge-base", "--is-ancestor", commit, of])
}

/// The refs that a fetch writes to, as `git rev-list` takes them.
fn tracking(repository: &Repository) -> Vec<String> {
    let arguments = ["config", "--get-regexp", r"remote\..*\.fetch"];
    let output = repository.command(&arguments).output().expect("git runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.lines().filter_map(|line| Some(format!("--glob={}", line.rsplit_once(':')?.1))).collect()
}

/// The commits that are checked out somewhere.
fn worktree_heads(repository: &Repository) -> Vec<String> {
    let list = repository.git(&["worktree", "list", "--porcelain"]);
    let heads = list.lines().filter_map(|line| line.strip_prefix("HEAD ")).map(str::to_owned);
    heads.filter(|id| id.bytes().any(|byte| byte != b'0')).collect()
}

/// The part of a finding that a [`Place`] decides.
fn seen(finding: &Value) -> Value {
    let mut seen = json!({});
    for name in ["key_id", "fingerprint", "kind", "root", "path", "members", "start", "encodings", "exposure", "git"] {
        seen[name] = finding[name].clone();
    }
    seen
}

/// Holds a report to exactly these places.
#[track_caller]
pub fn assert_places(run: &Run, mode: &str, repository: &Repository, root: &str, places: &[Place]) {
    let expected: Vec<_> = places.iter().map(|place| place.expected(repository, root)).collect();
    assert_expected(run, mode, repository, places, &expected);
}

#[track_caller]
fn assert_expected(run: &Run, mode: &str, repository: &Repository, places: &[Place], expected: &[Value]) {
    let report = run.json();
    assert_eq!(report["mode"], mode);
    let mut found: Vec<Value> = report["findings"].as_array().expect("a list").iter().map(seen).collect();
    for (place, expected) in places.iter().zip(expected) {
        let is_it = |found: &&mut Value| {
            let git = |name: &str| found["git"][name] == expected["git"][name];
            ["key_id", "path", "kind"].iter().all(|&name| found[name] == expected[name])
                && git("commit")
                && git("object")
        };
        let Some(found) = found.iter_mut().find(is_it) else {
            panic!("not found:\n{expected:#}\nbut:\n{:#}\n{}", Value::Array(found), run.stderr);
        };
        if let (Refs::Selector(selector), Some(commit)) = (&place.refs, &place.commit) {
            let refs = found["git"]["refs"].as_array().expect("a list").iter().filter_map(Value::as_str);
            let refs: Vec<_> = refs.collect();
            assert!(refs.contains(&selector.as_str()), "{selector} is not in {refs:?}");
            for name in refs {
                assert!(is_ancestor(repository, commit, name), "{name} does not reach {commit}");
            }
            found["git"]["refs"] = json!([selector]);
        }
        assert!(found == expected, "expected\n{expected:#}\nfound\n{found:#}");
        *found = Value::Null;
    }
    found.retain(|found| !found.is_null());
    assert!(found.is_empty(), "found too:\n{:#}", Value::Array(found));
    assert_eq!(report["complete"], true, "{}", report["coverage"]["problems"]);
    assert_eq!(run.status, Some(i32::from(!places.is_empty())), "{}", run.stderr);
}

/// Lets git confirm all places.
pub fn confirm(repository: &Repository, places: &[Place]) {
    for place in places {
        place.confirm(repository, places);
    }
}

/// Lets git confirm the places, and holds `history` to exactly them: as the objects are kept now, when no other way is
/// asked for, or in each of these.
#[track_caller]
fn assert_kept(bench: &Bench, repository: &Repository, places: &[Place], ways: &[Option<Storage>]) {
    confirm(repository, places);
    let root = repository.path().strip_prefix(bench.path()).expect("in the folder").to_str().expect("UTF-8");
    let expected: Vec<_> = places.iter().map(|place| place.expected(repository, root)).collect();
    for way in ways {
        if let Some(storage) = way {
            repository.store(*storage);
        }
        let run = bench.run(["history", "-f", "json", root]);
        assert_expected(&run, "history", repository, places, &expected);
    }
}

/// Holds `history` to these places, with the objects as they are kept now.
#[track_caller]
pub fn assert_history_as_it_is(bench: &Bench, repository: &Repository, places: &[Place]) {
    assert_kept(bench, repository, places, &[None]);
}

/// Holds `history` to these places, with the objects kept in every way.
#[track_caller]
pub fn assert_history(bench: &Bench, repository: &Repository, places: &[Place]) {
    assert_kept(bench, repository, places, &Storage::ALL.map(Some));
}
