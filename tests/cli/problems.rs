//! What goes wrong is told, and no secret is told with it: every run is searched for the secrets of its bench.

use std::fs;

use crate::program::Bench;
use crate::repository::Repository;

const FORMATS: [&str; 4] = ["text", "json", "jsonl", "sarif"];

/// A repository with one commit, a leak that is staged, one that is not, and a file that a rule hides, so that every
/// command has to ask git.
fn start(bench: &mut Bench) -> Repository {
    let (staged, untracked) = (bench.live(), bench.live());
    let repository = Repository::init(bench.join("r"));
    repository.commit_file(".gitignore", "*.local\n", "Start");
    repository.write("a.local", "nothing\n");
    repository.write("staged.env", format!("K={staged}\n"));
    repository.git(&["add", "staged.env"]);
    repository.write("b.env", format!("K={untracked}\n"));
    repository
}

/// Runs a command in every format. Each run must say `message`, and must not end as if nothing were wrong.
#[track_caller]
fn told(bench: &Bench, arguments: &[&str], message: &str) {
    for format in FORMATS {
        let run = bench.run([arguments, &["-f", format]].concat());
        let said = format!("{}{}", run.text(), run.stderr);
        assert!(said.contains(message), "{arguments:?} {format}: {message:?} is not in {said:?}");
        assert!(matches!(run.status, Some(1..=3)), "{arguments:?} {format}: {:?}", run.status);
        if format == "json" && run.status != Some(2) {
            assert_eq!(run.json()["complete"], false, "{arguments:?}: {}", run.stderr);
        }
    }
}

const HISTORY: &[&str] = &["history", "r"];
const STAGED: &[&str] = &["-C", "r", "staged"];
const SCAN: &[&str] = &["scan", "r"];
const AUDIT: &[&str] = &["audit", "r"];

/// Runs the commands that look at refs. The key is named, without its secret.
#[track_caller]
fn told_by_all(bench: &Bench, key: &str) {
    for arguments in [HISTORY, STAGED, SCAN, AUDIT] {
        told(bench, arguments, &format!("{}.****", &key[..22]));
    }
}

#[test]
fn the_name_of_a_damaged_ref() {
    let mut bench = Bench::new(2401);
    let key = bench.live();
    let repository = start(&mut bench);
    repository.write(format!(".git/refs/heads/{key}"), "damaged\n");
    told_by_all(&bench, &key);
}

#[test]
fn the_name_of_a_ref_that_leads_nowhere() {
    let mut bench = Bench::new(2402);
    let key = bench.live();
    let repository = start(&mut bench);
    repository.write(format!(".git/refs/heads/{key}"), format!("{}\n", "1".repeat(40)));
    told_by_all(&bench, &key);
}

#[test]
fn the_content_of_a_damaged_ref() {
    let mut bench = Bench::new(2403);
    let key = bench.live();
    let repository = start(&mut bench);
    repository.write(".git/refs/heads/damaged", format!("{key}\n"));
    for arguments in [HISTORY, STAGED, SCAN, AUDIT] {
        told(&bench, arguments, "refs");
    }
}

#[test]
fn the_content_of_a_damaged_head() {
    let mut bench = Bench::new(2404);
    let key = bench.live();
    let repository = start(&mut bench);
    repository.write(".git/HEAD", format!("{key}\n"));
    for arguments in [HISTORY, STAGED, SCAN, AUDIT] {
        told(&bench, arguments, "HEAD");
    }
}

#[test]
fn a_damaged_line_of_packed_refs() {
    let mut bench = Bench::new(2405);
    let key = bench.live();
    let repository = start(&mut bench);
    repository.git(&["pack-refs", "--all"]);
    let refs = fs::read_to_string(repository.join(".git/packed-refs")).expect("read");
    repository.write(".git/packed-refs", format!("{refs}damaged {key}\n"));
    for arguments in [HISTORY, STAGED, SCAN, AUDIT] {
        told(&bench, arguments, "refs");
    }
}

#[test]
fn the_version_in_a_configuration() {
    let mut bench = Bench::new(2406);
    let key = bench.live();
    let repository = start(&mut bench);
    repository.git(&["config", "core.repositoryFormatVersion", &key]);
    for arguments in [HISTORY, STAGED, SCAN, AUDIT] {
        told(&bench, arguments, "");
    }
}

/// A user who gives a key for the name of a folder.
#[test]
fn a_path_that_is_not_there() {
    let mut bench = Bench::new(2407);
    let key = bench.live();
    for command in ["history", "audit", "scan"] {
        told(&bench, &[command, &key], &format!("{}.****", &key[..22]));
        told(&bench, &[command, &format!("sub/{key}/r")], &format!("{}.****", &key[..22]));
    }
}

#[test]
fn a_folder_whose_repository_is_gone() {
    let mut bench = Bench::new(2408);
    let key = bench.live();
    bench.write(format!("{key}/.git"), "gitdir: /nonexist\n");
    bench.write(format!("{key}/.gitignore"), "*.env\n");
    bench.write(format!("{key}/a.env"), "nothing\n");
    for arguments in [&["history", &key][..], &["audit", &key], &["scan", &key], &["-C", &key, "staged"]] {
        told(&bench, arguments, "");
    }
}
