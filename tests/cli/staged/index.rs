//! The forms that an index can have.

use std::fs;

use super::check;
use crate::place::Place;
use crate::program::Bench;
use crate::repository::Repository;

/// An index prepared in some way, with a key in a new file, one in a changed file, and an old key left alone.
fn in_form(seed: u64, init: &[&str], prepare: impl FnOnce(&Repository)) {
    let mut bench = Bench::new(seed);
    let (old, new, changed) = (bench.live(), bench.live(), bench.live());
    let repository = Repository::init_with(bench.join("r"), init);
    for name in ["in/a.txt", "in/b.txt", "out/deep/a.txt", "out/b.txt", "top.txt"] {
        repository.write(name, format!("nothing in {name}\n"));
    }
    repository.write("out/deep/old.env", format!("K={old}\n"));
    repository.commit_file("in/old.env", format!("K={old}\n"), "Start");
    prepare(&repository);
    check(&bench, &repository, &[]);
    repository.write("in/new.env", format!("K={new}\n"));
    repository.write("in/b.txt", format!("nothing\n{changed}\n"));
    repository.git(&["add", "in"]);
    let places = [("in/new.env", &new), ("in/b.txt", &changed)];
    check(&bench, &repository, &places.map(|(path, key)| Place::staged(&repository, key, path)));
}

fn index(repository: &Repository) -> Vec<u8> {
    fs::read(repository.join(".git/index")).expect("an index")
}

#[test]
fn a_sparse_index() {
    in_form(2121, &[], |repository| {
        repository.git(&["sparse-checkout", "set", "--cone", "--sparse-index", "in"]);
        assert!(repository.git(&["ls-files", "--sparse"]).lines().any(|line| line == "out/"));
    });
}

#[test]
fn a_split_index() {
    in_form(2122, &[], |repository| {
        repository.git(&["update-index", "--split-index"]);
        repository.git(&["config", "core.splitIndex", "true"]);
        let files = fs::read_dir(repository.join(".git")).expect("a folder");
        let mut names = files.map(|entry| entry.expect("an entry").file_name());
        assert!(names.any(|name| name.to_string_lossy().starts_with("sharedindex.")));
    });
}

#[test]
fn an_index_of_version_4() {
    in_form(2123, &[], |repository| {
        repository.git(&["update-index", "--index-version", "4"]);
        assert_eq!(index(repository)[..8], *b"DIRC\0\0\0\x04");
    });
}

/// git leaves the checksum out for large repositories: it is all zeros.
#[test]
fn an_index_without_a_checksum() {
    in_form(2124, &[], |repository| {
        repository.git(&["config", "index.skipHash", "true"]);
        repository.git(&["update-index", "--force-write-index"]);
        assert!(index(repository).ends_with(&[0; 20]));
    });
}

#[test]
fn an_index_with_extensions() {
    in_form(2125, &[], |repository| {
        repository.git(&["update-index", "--force-untracked-cache"]);
        repository.git(&["config", "index.threads", "4"]);
        repository.git(&["status"]);
        assert!(memchr::memmem::find(&index(repository), b"UNTR").is_some());
    });
}

#[test]
fn an_index_of_sha_256() {
    in_form(2126, &["--object-format=sha256"], |repository| assert_eq!(repository.id("HEAD").len(), 64));
}

/// In a sparse index the folder `a/b/` stands before `a/x/f`, and `a/zfile` behind it.
#[test]
fn a_sparse_index_with_files_beside_folders() {
    let mut bench = Bench::new(2128);
    let (old, new) = (bench.live(), bench.live());
    let repository = Repository::init(bench.join("r"));
    repository.write("a/b/key.txt", format!("K={old}\n"));
    repository.write("a/x/f", "nothing\n");
    repository.commit_file("a/zfile", "nothing\n", "Start");
    repository.git(&["sparse-checkout", "set", "--cone", "--sparse-index", "a/x"]);
    assert_eq!(repository.git(&["ls-files", "--sparse"]), "a/b/\na/x/f\na/zfile");
    check(&bench, &repository, &[]);
    repository.write("a/x/g", "nothing\n");
    repository.git(&["add", "a/x/g"]);
    assert!(repository.git(&["ls-files", "--sparse"]).starts_with("a/b/\n"));
    check(&bench, &repository, &[]);
    repository.write("a/x/h", format!("K={new}\n"));
    repository.git(&["add", "a/x/h"]);
    check(&bench, &repository, &[Place::staged(&repository, &new, "a/x/h")]);
}

/// Writers other than git can nest folders as deep as they like, and have an index share itself where it has no checksum.
#[test]
fn an_index_that_never_ends() {
    let bench = Bench::new(2129);
    let repository = Repository::init(bench.join("r"));
    repository.commit_file("a.txt", "nothing\n", "Start");
    let whole = index(&repository);
    let with = |signature: &[u8; 4], data: &[u8]| {
        let len = u32::try_from(data.len()).expect("a short extension").to_be_bytes();
        [&whole[..whole.len() - 20], signature, &len, data, &[0; 20]].concat()
    };
    let shared = with(b"link", &[7; 20]);
    fs::write(repository.join(format!(".git/sharedindex.{}", "07".repeat(20))), &shared).expect("a file written");
    let header = [0; 1 + 2 * 36 + 4 + 2 * 20];
    let untracked = [&header[..], b"\0\x01", &b"\0\x01a\0".repeat(200_000), &[0]].concat();
    for (index, cause) in [
        (with(b"TREE", &b"\0-1 1\n".repeat(200_000)), "its extension TREE has folders more than 2048 deep"),
        (with(b"UNTR", &untracked), "its extension UNTR has folders more than 2048 deep"),
        (shared, "0707 shares another index"),
    ] {
        fs::write(repository.join(".git/index"), index).expect("a file written");
        let run = bench.run(["-C", "r", "staged"]);
        assert_eq!(run.status, Some(3), "{cause}");
        assert!(run.stderr.contains(cause), "{}", run.stderr);
    }
}
