//! Repositories in which one of git's files, of some hundred bytes, takes hundreds of MiB and hardly a block on disk. Every
//! command ends in little memory, and says what it did not read.

use std::fs;
use std::process::{Command, Stdio};

use crate::program::{Bench, Run};
use crate::repository::Repository;

/// Bytes that a file gets, more than the program may take.
const LEN: u64 = 300 << 20;
/// KiB of memory that the program may take: all that is private and can be written to.
const MEMORY: u32 = 256 << 10;

const COMMANDS: [&[&str]; 5] = [&["scan", "."], &["staged"], &["commits", "HEAD"], &["history", "."], &["audit", "."]];

/// Read before anything else: git would not know the repository either, and a folder can still be scanned.
const NO_REPOSITORY: [i32; 5] = [0, 2, 2, 2, 2];
/// Read for what it leads to.
const OF_HISTORY: [i32; 5] = [0, 0, 0, 3, 3];
/// Not read, or not but as a file with text.
const NOT_READ: [i32; 5] = [0; 5];

/// The files, and what each command ends with.
const FILES: &[(&str, [i32; 5])] = &[
    (".git/HEAD", NO_REPOSITORY),
    (".git/config", NO_REPOSITORY),
    (".git/config.worktree", NO_REPOSITORY),
    (".git/commondir", NO_REPOSITORY),
    (".git/packed-refs", NO_REPOSITORY),
    (".git/shallow", NO_REPOSITORY),
    (".git/refs/heads/main", NO_REPOSITORY),
    (".git/objects/info/alternates", NO_REPOSITORY),
    (".git/refs/heads/new", OF_HISTORY),
    (".git/refs/stash", OF_HISTORY),
    (".git/logs/refs/stash", OF_HISTORY),
    (".git/logs/HEAD", [0, 0, 2, 3, 3]),
    (".git/worktrees/linked/HEAD", OF_HISTORY),
    (".git/worktrees/linked/index", OF_HISTORY),
    (".git/worktrees/linked/gitdir", NOT_READ),
    (".git/worktrees/linked/commondir", NOT_READ),
    (".git/index", [0, 3, 0, 3, 3]),
    (".git/objects/aa/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", OF_HISTORY),
    (".git/objects/info/commit-graph", NOT_READ),
    (".git/objects/info/packs", NOT_READ),
    (".git/info/exclude", NOT_READ),
    (".git/info/attributes", NOT_READ),
    (".git/info/grafts", NOT_READ),
    (".git/MERGE_HEAD", NOT_READ),
    (".gitignore", NOT_READ),
    (".gitattributes", NOT_READ),
    (".gitmodules", NOT_READ),
    (".mailmap", NOT_READ),
    (".hopx-leaks.toml", [2; 5]),
];

fn repository(bench: &Bench, arguments: &[&str]) -> Repository {
    let repository = Repository::init_with(bench.join("repository"), arguments);
    repository.commit_file("a.txt", "one\n", "Start");
    repository.git(&["worktree", "add", "-q", "--detach", "../linked"]);
    repository.commit_file("b.txt", "two\n", "Go on");
    repository
}

/// Runs the program with a bound on its memory.
fn bounded(bench: &Bench, repository: &Repository, arguments: &[&str]) -> Run {
    let program = bench.command(["-j1"].iter().chain(arguments));
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -d {MEMORY} && exec \"$0\" \"$@\"")]).arg(program.get_program());
    command.args(program.get_args()).current_dir(repository.path()).stdin(Stdio::null());
    bench.finish(command.output().expect("sh runs"))
}

/// Lengthens a file by zeros, or makes one, and runs every command.
fn lengthen(bench: &Bench, repository: &Repository, name: &str, expected: [i32; 5]) {
    let path = repository.join(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("folders made");
    let before = fs::read(&path).ok();
    let file = fs::File::options().append(true).create(true).open(&path).expect("opened");
    file.set_len(LEN).expect("lengthened");
    for (command, status) in COMMANDS.iter().zip(expected) {
        let run = bounded(bench, repository, command);
        assert_eq!(run.status, Some(status), "{name}, {command:?}: {}", run.stderr);
        let file_name = path.file_name().and_then(|name| name.to_str()).expect("UTF-8");
        assert!(status == 0 || run.stderr.contains(file_name), "{name}, {command:?}: {}", run.stderr);
    }
    match before {
        Some(before) => fs::write(&path, before).expect("written"),
        None => fs::remove_file(&path).expect("removed"),
    }
}

#[test]
fn a_file_of_gits_that_is_huge() {
    let bench = Bench::new(3801);
    let repository = repository(&bench, &[]);
    for (name, expected) in FILES {
        lengthen(&bench, &repository, name, *expected);
    }
}

#[test]
fn a_pack_or_its_index_that_is_huge() {
    let bench = Bench::new(3802);
    let repository = repository(&bench, &[]);
    repository.git(&["repack", "-adq"]);
    let pack = repository.join(".git/objects/pack");
    for file in fs::read_dir(&pack).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        // Git makes them read-only.
        let bytes = fs::read(&file).expect("read");
        fs::remove_file(&file).expect("removed");
        fs::write(&file, bytes).expect("written");
    }
    repository.git(&["multi-pack-index", "write"]);
    for (extension, expected) in [("pack", OF_HISTORY), ("idx", NOT_READ), ("rev", NOT_READ)] {
        let name = fs::read_dir(&pack).expect("a folder").map(|entry| entry.expect("an entry").file_name());
        let mut name = name.map(|name| name.into_string().expect("UTF-8"));
        let name = name.find(|name| name.ends_with(&format!(".{extension}"))).expect("git made one");
        lengthen(&bench, &repository, &format!(".git/objects/pack/{name}"), expected);
    }
}

#[test]
fn a_table_of_refs_that_is_huge() {
    let bench = Bench::new(3803);
    let repository = repository(&bench, &["--ref-format=reftable"]);
    let names = fs::read_dir(repository.join(".git/reftable")).expect("a folder");
    for name in names.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8")) {
        lengthen(&bench, &repository, &format!(".git/reftable/{name}"), [0, 3, 2, 3, 3]);
    }
}

#[test]
fn a_list_or_a_message_that_is_huge() {
    let bench = Bench::new(3804);
    let repository = repository(&bench, &[]);
    fs::File::create(repository.join("huge")).and_then(|file| file.set_len(LEN)).expect("lengthened");
    let commands: [(&[&str], i32); 5] = [
        (&["scan", "--files-from", "huge"], 2),
        (&["scan", "--baseline", "huge", "a.txt"], 2),
        (&["scan", "--config", "huge", "a.txt"], 2),
        (&["report", "huge"], 2),
        (&["hook", "run", "commit-msg", "huge"], 3),
    ];
    for (arguments, status) in commands {
        let run = bounded(&bench, &repository, arguments);
        assert_eq!(run.status, Some(status), "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.contains(" huge: "), "{arguments:?}: {}", run.stderr);
    }
}
