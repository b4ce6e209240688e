//! Real git repositories, made by real git: the same objects on every machine and in every run.
//!
//! Nobody's configuration, a clock of its own, no clean-up in the background.

#![allow(dead_code, reason = "each user of this file needs a part of it")]

use std::cell::Cell;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Two o'clock in the morning of 2026-01-02, an hour east of Greenwich.
pub const START: u64 = 1_767_315_600;

/// What must not come in from where the tests are run, such as a hook.
pub const VARIABLES: [&str; 13] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_CEILING_DIRECTORIES",
    "GIT_DEFAULT_HASH",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
    "XDG_CONFIG_HOME",
];

/// Real git, ready to run in a folder.
pub fn git_in(folder: &Path, time: u64) -> Command {
    let mut command = Command::new("git");
    for setting in [
        "init.defaultBranch=main",
        "gc.auto=0",
        "maintenance.auto=false",
        "core.autocrlf=false",
        "protocol.file.allow=always",
        "advice.detachedHead=false",
    ] {
        command.args(["-c", setting]);
    }
    for name in VARIABLES {
        command.env_remove(name);
    }
    for (role, name) in [("AUTHOR", "An Author"), ("COMMITTER", "A Committer")] {
        command
            .env(format!("GIT_{role}_NAME"), name)
            .env(format!("GIT_{role}_EMAIL"), format!("{}@example.invalid", role.to_lowercase()))
            .env(format!("GIT_{role}_DATE"), format!("{time} +0100"));
    }
    command
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_EDITOR", "true")
        .env("GIT_NO_REPLACE_OBJECTS", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("HOME", "/dev/null")
        .env("LC_ALL", "C")
        .env("TZ", "UTC")
        .current_dir(folder)
        .stdin(Stdio::null());
    command
}

/// A repository in a folder of a [`Bench`](crate::program::Bench).
pub struct Repository {
    path: PathBuf,
    time: Cell<u64>,
}

/// How a repository keeps its objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// Each in a file of its own.
    Loose,
    /// All in one pack.
    Packed,
    /// What refs and logs reach in one pack, all else in a cruft pack.
    Cruft,
}

impl Storage {
    pub const ALL: [Storage; 3] = [Storage::Loose, Storage::Packed, Storage::Cruft];
}

impl Repository {
    /// An empty repository with a work tree, on branch main.
    pub fn init(path: impl Into<PathBuf>) -> Repository {
        Repository::init_with(path, &[])
    }

    /// An empty repository, with more arguments for `git init`.
    pub fn init_with(path: impl Into<PathBuf>, arguments: &[&str]) -> Repository {
        let repository = Repository::open(path);
        fs::create_dir_all(&repository.path).expect("folders made");
        repository.git(&[&["init", "-q"], arguments].concat());
        repository
    }

    /// A repository that is there already.
    pub fn open(path: impl Into<PathBuf>) -> Repository {
        Repository { path: path.into(), time: Cell::new(START) }
    }

    /// A clone over the protocol of a remote repository, so that it can be shallow or partial.
    pub fn clone_to(&self, path: impl Into<PathBuf>, arguments: &[&str]) -> Repository {
        let clone = Repository::open(path);
        self.git(&["config", "uploadpack.allowFilter", "true"]);
        let (from, to) = (self.url(), clone.path.to_str().expect("UTF-8").to_owned());
        self.git(&[&["clone", "-q"], arguments, &[&from, &to]].concat());
        clone
    }

    /// Where a clone finds it.
    pub fn url(&self) -> String {
        format!("file://{}", self.path.display())
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path.join(name)
    }

    /// The name of its folder, as the program is given it.
    pub fn name(&self) -> &str {
        self.path.file_name().and_then(|name| name.to_str()).expect("UTF-8")
    }

    /// git, ready to run. The clock goes on by a second.
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.time.set(self.time.get() + 1);
        let mut command = git_in(&self.path, self.time.get());
        command.args(arguments);
        command
    }

    /// Runs git, which must succeed, and gives what it prints without the last line's end.
    pub fn git(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().expect("git runs");
        Repository::text(arguments, output)
    }

    /// Runs git and gives the bytes it prints.
    pub fn git_bytes(&self, arguments: &[&str]) -> Vec<u8> {
        let output = self.command(arguments).output().expect("git runs");
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// Runs git with something on its standard input.
    pub fn git_with_input(&self, arguments: &[&str], input: &[u8]) -> String {
        let mut command = self.command(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("git starts");
        child.stdin.take().expect("a pipe").write_all(input).expect("git reads");
        Repository::text(arguments, child.wait_with_output().expect("git ends"))
    }

    /// Whether git succeeds.
    pub fn succeeds(&self, arguments: &[&str]) -> bool {
        self.command(arguments).output().expect("git runs").status.success()
    }

    fn text(arguments: &[&str], output: Output) -> String {
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8").trim_end_matches('\n').to_owned()
    }

    /// Writes a file of the work tree, with the folders it needs.
    pub fn write(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) {
        let path = self.join(name);
        fs::create_dir_all(path.parent().expect("in the work tree")).expect("folders made");
        fs::write(path, content).expect("file written");
    }

    /// Commits the whole work tree and gives the commit's id.
    pub fn commit(&self, message: &str) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.id("HEAD")
    }

    /// Commits a file and gives the commit's id.
    pub fn commit_file(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>, message: &str) -> String {
        self.write(name, content);
        self.commit(message)
    }

    /// Commits that a file is gone and gives the commit's id.
    pub fn commit_removal(&self, name: &str, message: &str) -> String {
        self.git(&["rm", "-q", "-r", "--cached", name]);
        let path = self.join(name);
        let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.expect("it was there");
        self.commit(message)
    }

    /// Commits nothing and gives the commit's id.
    pub fn commit_nothing(&self, message: &str) -> String {
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.id("HEAD")
    }

    /// Merges branches, with `-m message`, and gives the commit's id.
    pub fn merge(&self, branches: &[&str], message: &str) -> String {
        self.git(&[&["merge", "-q", "--no-ff", "-m", message], branches].concat());
        self.id("HEAD")
    }

    /// The id of what a revision names.
    pub fn id(&self, revision: &str) -> String {
        self.git(&["rev-parse", "--verify", revision])
    }

    /// Writes a blob that nothing names and gives its id.
    pub fn blob(&self, content: impl AsRef<[u8]>) -> String {
        self.git_with_input(&["hash-object", "-w", "--stdin"], content.as_ref())
    }

    /// Writes an object just as it is told and gives its id.
    pub fn object(&self, kind: &str, content: impl AsRef<[u8]>) -> String {
        self.git_with_input(&["hash-object", "-w", "--literally", "-t", kind, "--stdin"], content.as_ref())
    }

    /// The kind of an object.
    pub fn kind(&self, id: &str) -> String {
        self.git(&["cat-file", "-t", id])
    }

    /// The bytes of an object.
    pub fn content(&self, id: &str) -> Vec<u8> {
        self.git_bytes(&["cat-file", &self.kind(id), id])
    }

    /// Keeps the objects in another way, and makes sure of it. None goes.
    pub fn store(&self, storage: Storage) {
        let before = self.objects();
        match storage {
            Storage::Loose => {
                let packs = self.git_folder().join("objects/pack");
                let aside = self.git_folder().join("packs-put-aside");
                fs::rename(&packs, &aside).expect("moved");
                fs::create_dir(&packs).expect("made");
                for entry in fs::read_dir(&aside).expect("a folder") {
                    let path = entry.expect("an entry").path();
                    if path.extension().is_some_and(|extension| extension == "pack") {
                        self.git_with_input(&["unpack-objects", "-q"], &fs::read(path).expect("read"));
                    }
                }
                fs::remove_dir_all(aside).expect("removed");
            }
            Storage::Packed => {
                assert_eq!(self.count("in-pack"), 0, "packed already");
                let packs = self.git_folder().join("objects/pack/pack");
                let objects = before.join("\n") + "\n";
                self.git_with_input(&["pack-objects", "-q", packs.to_str().expect("UTF-8")], objects.as_bytes());
                self.git(&["prune-packed", "-q"]);
            }
            Storage::Cruft => drop(self.git(&["repack", "-a", "-d", "--cruft", "-q"])),
        }
        assert_eq!(self.objects(), before, "{storage:?}: an object is lost");
        let (loose, packed) = (self.count("count"), self.count("in-pack"));
        match storage {
            Storage::Loose => assert_eq!(packed, 0),
            Storage::Packed | Storage::Cruft => assert_eq!((loose, packed), (0, before.len())),
        }
    }

    /// A number of `git count-objects -v`.
    pub fn count(&self, name: &str) -> usize {
        let counts = self.git(&["count-objects", "-v"]);
        let line = counts.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        line.and_then(|number| number.parse().ok()).expect("a count")
    }

    /// The folder with the objects and refs.
    pub fn git_folder(&self) -> PathBuf {
        self.path.join(self.git(&["rev-parse", "--git-common-dir"]))
    }

    /// The ids of all objects of its own and its alternates', sorted.
    pub fn objects(&self) -> Vec<String> {
        let format = "--batch-check=%(objectname)";
        let objects = self.git(&["cat-file", "--batch-all-objects", format]);
        objects.lines().map(str::to_owned).collect()
    }

    /// Whether these revisions, as `git rev-list` takes them, reach an object.
    pub fn reaches(&self, revisions: &[&str], object: &str) -> bool {
        let arguments = [&["rev-list", "--objects", "--no-object-names", "--missing=allow-any"], revisions].concat();
        self.git(&arguments).lines().any(|id| id == object)
    }

    /// Where an object of its own is that is not in a pack.
    pub fn loose(&self, id: &str) -> PathBuf {
        self.git_folder().join("objects").join(&id[..2]).join(&id[2..])
    }

    /// Takes away an object that is not in a pack.
    pub fn lose(&self, id: &str) {
        fs::remove_file(self.loose(id)).expect("it was there");
        assert!(!self.succeeds(&["cat-file", "-e", id]), "{id} is still there");
    }

    /// Forgets every log, and with it what only a log reached.
    pub fn expire_logs(&self) {
        self.git(&["reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all"]);
    }
}

/// Lines of random digits, which don't compress and have no deltas among them.
pub fn noise(seed: u64, lines: usize) -> Vec<String> {
    let mut numbers = fastrand::Rng::with_seed(seed);
    (0..lines).map(|_| format!("{:016x}", numbers.u64(..))).collect()
}

/// The time of a commit or a tag, `1767322800 +0100` in its header, in RFC 3339.
pub fn rfc3339(header: &str) -> String {
    let (seconds, zone) = header.split_once(' ').expect("a time and a zone");
    let seconds = seconds.parse::<u64>().expect("a number") - START;
    assert!(zone == "+0100" && seconds < 3600 * 20, "not a time of this clock: {header}");
    format!("2026-01-02T{:02}:{:02}:{:02}+01:00", 2 + seconds / 3600, seconds / 60 % 60, seconds % 60)
}
