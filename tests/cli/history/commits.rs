//! Which commit brought a key in.

use crate::place::{Place, assert_history};
use crate::program::Bench;
use crate::repository::Repository;

#[test]
fn a_clean_history() {
    let bench = Bench::new(1000);
    let repository = Repository::init(bench.join("r"));
    repository.commit_file("a.txt", "nothing\n", "Add a file");
    assert_history(&bench, &repository, &[]);
}

#[test]
fn a_root_commit() {
    let mut bench = Bench::new(1001);
    let key = bench.live();
    let repository = Repository::init(bench.join("r"));
    let root = repository.commit_file("a.env", format!("A=1\nK={key}\n"), "Add settings");
    repository.commit_nothing("Go on");
    assert_history(&bench, &repository, &[Place::file(&repository, &key, "a.env", &root)]);
}

#[test]
fn a_file_deep_in_the_tree() {
    let mut bench = Bench::new(1002);
    let key = bench.live();
    let repository = Repository::init(bench.join("r"));
    repository.commit_file("deploy/README", "nothing\n", "Start");
    let added = repository.commit_file("deploy/eu/west/a.env", format!("\n\n  K={key}\n"), "Add settings");
    assert_history(&bench, &repository, &[Place::file(&repository, &key, "deploy/eu/west/a.env", &added)]);
}

#[test]
fn a_file_deleted_in_the_next_commit() {
    let mut bench = Bench::new(1003);
    let key = bench.live();
    let repository = Repository::init(bench.join("r"));
    repository.commit_nothing("Start");
    let added = repository.commit_file("a.env", format!("K={key}\n"), "Add settings");
    repository.commit_removal("a.env", "Remove settings");
    assert_history(&bench, &repository, &[Place::file(&repository, &key, "a.env", &added)]);
}

#[test]
fn a_folder_deleted_in_the_next_commit() {
    let mut bench = Bench::new(1004);
    let key = bench.test();
    let repository = Repository::init(bench.join("r"));
    repository.commit_file("b.txt", "nothing\n", "Start");
    let added = repository.commit_file("x/y/a.env", format!("K={key}\n"), "Add settings");
    repository.commit_removal("x", "Remove settings");
    assert_history(&bench, &repository, &[Place::file(&repository, &key, "x/y/a.env", &added)]);
}

/// What else changes in the file makes no finding, though each version is a blob with the key.
#[test]
fn versions_that_keep_the_key() {
    let mut bench = Bench::new(1005);
    let key = bench.live();
    let repository = Repository::init(bench.join("r"));
    let added = repository.commit_file("a.env", format!("K={key}\n"), "Add settings");
    for version in 1..4 {
        repository.commit_file("a.env", format!("V={version}\nK={key}\n"), "Change settings");
    }
    assert_history(&bench, &repository, &[Place::file(&repository, &key, "a.env", &added)]);
}

#[test]
fn a_key_twice_in_a_file() {
    let mut bench = Bench::new(1006);
    let key = bench.live();
    let repository = Repository::init(bench.join("r"));
    let added = repository.commit_file("a.env", format!("K={key}\nL={key}\n"), "Add settings");
    assert_history(&bench, &repository, &[Place::file(&repository, &key, "a.env", &added)]);
}

#[test]
fn another_key_in_the_same_file() {
    let mut bench = Bench::new(1007);
    let (old, new) = (bench.live(), bench.live());
    let repository = Repository::init(bench.join("r"));
    let first = repository.commit_file("a.env", format!("K={old}\n"), "Add a key");
    let second = repository.commit_file("a.env", format!("K={old}\nL={new}\n"), "Add another");
    let places = [("a.env", &old, &first), ("a.env", &new, &second)];
    assert_history(&bench, &repository, &places.map(|(path, key, commit)| Place::file(&repository, key, path, commit)));
}

/// One blob, two paths: two places to clean up.
#[test]
fn a_copy() {
    let mut bench = Bench::new(1008);
    let key = bench.live();
    let repository = Repository::init(bench.join("r"));
    let first = repository.commit_file("a.env", format!("K={key}\n"), "Add settings");
    let second = repository.commit_file("b/a.env", format!("K={key}\n"), "Copy settings");
    let places = [("a.env", &first), ("b/a.env", &second)];
    assert_eq!(repository.id("HEAD:a.env"), repository.id("HEAD:b/a.env"));
    assert_history(&bench, &repository, &places.map(|(path, commit)| Place::file(&repository, &key, path, commit)));
}

#[test]
fn a_rename() {
    let mut bench = Bench::new(1009);
    let key = bench.live();
    let repository = Repository::init(bench.join("r"));
    let first = repository.commit_file("a.env", format!("K={key}\n"), "Add settings");
    repository.git(&["mv", "a.env", "b.env"]);
    let second = repository.commit("Rename settings");
    let places = [("a.env", &first), ("b.env", &second)];
    assert_history(&bench, &repository, &places.map(|(path, commit)| Place::file(&repository, &key, path, commit)));
}

#[test]
fn a_change_of_mode() {
    let mut bench = Bench::new(1010);
    let key = bench.live();
    let repository = Repository::init(bench.join("r"));
    let added = repository.commit_file("a.sh", format!("K={key}\n"), "Add a script");
    repository.git(&["update-index", "--chmod=+x", "a.sh"]);
    repository.git(&["commit", "-q", "-m", "Make it executable"]);
    assert!(repository.git(&["ls-tree", "HEAD"]).starts_with("100755"));
    assert_history(&bench, &repository, &[Place::file(&repository, &key, "a.sh", &added)]);
}

#[test]
fn taken_out_and_put_back() {
    let mut bench = Bench::new(1011);
    let key = bench.live();
    let repository = Repository::init(bench.join("r"));
    let first = repository.commit_file("a.env", format!("K={key}\n"), "Add a key");
    repository.commit_file("a.env", "K=\n", "Take it out");
    let second = repository.commit_file("a.env", format!("K={key}\n"), "Put it back");
    let places = [first, second].map(|commit| Place::file(&repository, &key, "a.env", &commit));
    assert_history(&bench, &repository, &places);
}

#[test]
fn two_branches_that_bring_in_the_same_key() {
    let mut bench = Bench::new(1012);
    let key = bench.live();
    let repository = Repository::init(bench.join("r"));
    repository.commit_nothing("Start");
    repository.git(&["switch", "-q", "-c", "side"]);
    let side = repository.commit_file("a.env", format!("K={key}\n"), "Add a key on the side");
    repository.git(&["switch", "-q", "main"]);
    let main = repository.commit_file("a.env", format!("K={key}\n"), "Add a key");
    let places = [side, main].map(|commit| Place::file(&repository, &key, "a.env", &commit));
    assert_history(&bench, &repository, &places);
}

#[test]
fn an_orphan_branch() {
    let mut bench = Bench::new(1013);
    let key = bench.live();
    let repository = Repository::init(bench.join("r"));
    repository.commit_file("a.txt", "nothing\n", "Start");
    repository.git(&["switch", "-q", "--orphan", "pages"]);
    let added = repository.commit_file("index.html", format!("<b>{key}</b>\n"), "Add pages");
    repository.git(&["switch", "-q", "main"]);
    let place = Place::file(&repository, &key, "index.html", &added).refs(&["refs/heads/pages"]);
    assert_history(&bench, &repository, &[place]);
}

/// Up to 5 refs are named, the first in order.
#[test]
fn many_refs() {
    let mut bench = Bench::new(1014);
    let key = bench.live();
    let repository = Repository::init(bench.join("r"));
    let added = repository.commit_file("a.env", format!("K={key}\n"), "Add settings");
    repository.commit_nothing("Go on");
    for name in ["zebra", "a/b", "a-b", "B"] {
        repository.git(&["branch", name]);
    }
    repository.git(&["tag", "v1"]);
    repository.git(&["tag", "-a", "-m", "A version", "v2"]);
    let refs = ["refs/heads/B", "refs/heads/a-b", "refs/heads/a/b", "refs/heads/main", "refs/heads/zebra"];
    assert_history(&bench, &repository, &[Place::file(&repository, &key, "a.env", &added).refs(&refs)]);
}

#[test]
fn a_tag_after_its_branch_is_gone() {
    let mut bench = Bench::new(1015);
    let key = bench.live();
    let repository = Repository::init(bench.join("r"));
    repository.commit_nothing("Start");
    repository.git(&["switch", "-q", "-c", "release"]);
    let added = repository.commit_file("a.env", format!("K={key}\n"), "Add settings");
    repository.git(&["tag", "v1"]);
    repository.git(&["switch", "-q", "main"]);
    repository.git(&["branch", "-q", "-D", "release"]);
    let place = Place::file(&repository, &key, "a.env", &added).refs(&["refs/tags/v1"]);
    assert_history(&bench, &repository, &[place]);
}

/// HEAD alone reaches it.
#[test]
fn a_detached_head() {
    let mut bench = Bench::new(1016);
    let key = bench.live();
    let repository = Repository::init(bench.join("r"));
    repository.commit_nothing("Start");
    repository.git(&["switch", "-q", "--detach"]);
    let added = repository.commit_file("a.env", format!("K={key}\n"), "Add settings");
    assert_history(&bench, &repository, &[Place::file(&repository, &key, "a.env", &added).refs(&["HEAD"])]);
}
