//! Names that lead nowhere, and objects that are not what they should be. It is told, and what is there is searched.

use crate::history::incomplete::{assert_incomplete, ids};
use crate::packs::write_loose;
use crate::program::{Bench, id};
use crate::repository::{Repository, Storage};

/// A repository with one commit of one file.
fn start(bench: &Bench) -> Repository {
    let repository = Repository::init(bench.join("r"));
    repository.commit_file("a.txt", "nothing\n", "Start");
    repository
}

#[test]
fn a_ref_whose_object_is_gone() {
    let bench = Bench::new(1801);
    let repository = start(&bench);
    repository.git(&["switch", "-q", "-c", "side"]);
    let lost = repository.commit_nothing("Go on");
    repository.git(&["switch", "-q", "main"]);
    repository.git(&["branch", "-q", "other", "side"]);
    repository.expire_logs();
    repository.store(Storage::Loose);
    repository.lose(&lost);
    for packed in [false, true] {
        if packed {
            repository.git(&["update-ref", "-d", "refs/heads/other"]);
            let refs = format!("# pack-refs with: peeled fully-peeled sorted \n{lost} refs/heads/side\n");
            repository.write(".git/packed-refs", refs);
            std::fs::remove_file(repository.join(".git/refs/heads/side")).expect("removed");
        }
        let run = bench.run(["history", "-f", "json", "r"]);
        assert_incomplete(&run, 3, &format!("refs/heads/side leads to {lost}, which is missing"));
        assert_eq!(run.stderr.contains("refs/heads/other leads"), !packed, "{}", run.stderr);
    }
}

#[test]
fn an_index_entry_whose_blob_is_gone() {
    let bench = Bench::new(1802);
    let repository = start(&bench);
    repository.write("sub/b.txt", "something\n");
    repository.git(&["add", "-A"]);
    let lost = repository.id(":sub/b.txt");
    repository.lose(&lost);
    let run = bench.run(["history", "-f", "json", "r"]);
    assert_incomplete(&run, 3, &lost);
    assert!(run.stderr.contains("sub/b.txt"), "{}", run.stderr);
}

/// The same in the index of another work tree.
#[test]
fn an_entry_of_another_index() {
    let bench = Bench::new(1803);
    let repository = start(&bench);
    repository.git(&["worktree", "add", "-q", "../linked"]);
    let linked = Repository::open(bench.join("linked"));
    linked.write("b.txt", "something\n");
    linked.git(&["add", "-A"]);
    let lost = linked.id(":b.txt");
    repository.lose(&lost);
    for name in ["r", "linked"] {
        assert_incomplete(&bench.run(["history", "-f", "json", name]), 3, &lost);
    }
}

/// These lead nowhere, and nothing is lost.
#[test]
fn refs_to_branches_that_are_not_there() {
    let bench = Bench::new(1804);
    let origin = start(&bench);
    let clone = origin.clone_to(bench.join("clone"), &[]);
    clone.git(&["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/gone"]);
    clone.git(&["symbolic-ref", "HEAD", "refs/heads/unborn"]);
    // A submodule's commit, and an empty file and an empty folder, which need no object.
    clone.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{},library", "1".repeat(40))]);
    clone.write("empty.txt", "");
    clone.git(&["add", "empty.txt"]);
    let run = bench.run(["history", "-f", "json", "clone"]);
    assert_eq!((run.status, &run.json()["complete"]), (Some(0), &true.into()), "{}", run.stderr);
}

/// The entries of a tree, one after the other, with modes that may be none.
fn tree(entries: &[(&str, &str, &str)]) -> Vec<u8> {
    let entry = |(mode, name, object): &(&str, &str, &str)| {
        let object = data_encoding::HEXLOWER.decode(object.as_bytes()).expect("an id");
        [format!("{mode} {name}\0").as_bytes(), &object].concat()
    };
    entries.iter().flat_map(entry).collect()
}

/// Makes a commit of a tree, whatever that is, and a branch of it.
fn commit_of(repository: &Repository, tree: &str) -> String {
    let person = "A <a@example.invalid> 1767315700 +0100";
    let text = format!("tree {tree}\nauthor {person}\ncommitter {person}\n\nDamage\n");
    let commit = repository.object("commit", text);
    repository.git(&["update-ref", "refs/heads/damaged", &commit]);
    commit
}

#[test]
fn a_tree_of_rubbish() {
    let mut bench = Bench::new(1805);
    let keys = [bench.live(), bench.live()];
    let repository = start(&bench);
    let loose = repository.object("tree", format!("rubbish\n{}\n", keys[0]));
    let run = bench.run(["history", "-f", "json", "r"]);
    assert_incomplete(&run, 1, &loose);
    assert_eq!(ids(&run), [id(&keys[0])]);
    let named = repository.object("tree", format!("more rubbish\n{}\n", keys[1]));
    commit_of(&repository, &named);
    let run = bench.run(["history", "-f", "json", "r"]);
    assert_incomplete(&run, 1, &named);
    let (mut found, mut expected) = (ids(&run), keys.each_ref().map(|key| id(key).to_owned()));
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
    assert_incomplete(&bench.run(["-C", "r", "commits", "-f", "json", "damaged"]), 3, &named);
}

/// What stands behind the damage is searched: a name, and a file that only this tree names.
#[test]
fn a_tree_with_damage_in_the_middle() {
    let mut bench = Bench::new(1806);
    let (name, file) = (bench.live(), bench.live());
    let repository = start(&bench);
    let (clean, leak) = (repository.id("HEAD:a.txt"), repository.blob(format!("K={file}\n")));
    for mode in ["x00644", "", "1006445555"] {
        let damaged = tree(&[
            ("100644", "a.txt", &clean),
            (mode, "b.txt", &clean),
            ("100644", &name, &clean),
            ("100644", "z.env", &leak),
        ]);
        let damaged = repository.object("tree", damaged);
        commit_of(&repository, &damaged);
        let run = bench.run(["history", "-f", "json", "r"]);
        assert_incomplete(&run, 1, &damaged);
        assert!([&name, &file].iter().all(|key| ids(&run).contains(&id(key).to_owned())), "{mode:?}: {:?}", ids(&run));
        let run = bench.run(["-C", "r", "commits", "-f", "json", "damaged"]);
        assert!(matches!(run.status, Some(1 | 3)), "{mode:?}: {:?} {}", run.status, run.stderr);
        assert_eq!(run.json()["complete"], false, "{mode:?}: {}", run.stderr);
        assert!(run.stderr.contains(&damaged), "{mode:?}: {}", run.stderr);
    }
}

/// A tag that names itself, and two that name each other. Nobody can find such ids, but anybody can write such files.
#[test]
fn tags_in_a_circle() {
    let mut bench = Bench::new(1807);
    let key = bench.live();
    let repository = start(&bench);
    let ids = ["1", "2", "3"].map(|digit| digit.repeat(40));
    for (own, target) in [(0, 0), (1, 2), (2, 1)] {
        let text = format!("object {}\ntype tag\ntag x\n\nnothing\n", ids[target]);
        write_loose(&repository.join(".git/objects"), &ids[own], "tag", text.as_bytes());
        repository.write(format!(".git/refs/tags/t{own}"), format!("{}\n", ids[own]));
    }
    let run = bench.run(["history", "-f", "json", "r"]);
    assert_eq!(run.status, Some(3), "{}", run.stderr);
    assert!(run.stderr.contains(&format!("object {}: it is a tag behind 1000 others", ids[0])), "{}", run.stderr);
    for range in ["t0", "t1..main", "main...t2", "^t2", "t0^{}", "t1^{commit}", "t0~1", &ids[0]] {
        let run = bench.run(["-C", "r", "commits", range]);
        assert_eq!(run.status, Some(2), "{range}: {}", run.stderr);
    }
    // How far a key has gone is asked of tags too.
    repository.write("a.env", format!("K={key}\n"));
    assert_eq!(bench.run(["scan", "r"]).status, Some(1));
    assert_eq!(bench.run(["audit", "r"]).status, Some(1));
}
