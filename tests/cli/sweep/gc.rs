//! A repository that `git gc` works on while it is swept.

use std::fs;
use std::path::Path;
use std::process::Command;

use hopx_leaks::git::sweep::{Store, Wanted, sweep};
use hopx_leaks::object::{HashKind, ObjectId};

use super::{Collector, Import, Repository, Swept};

/// Sweeps what was opened before `change`.
fn swept_after(objects: &Path, change: impl FnOnce()) -> (Store, Swept) {
    let (store, mut problems) = Store::open(objects, HashKind::Sha1, &[]);
    change();
    let visitors = sweep(&store, Wanted::All, &Collector::default);
    problems.extend(visitors.iter().flat_map(|visitor| visitor.problems.clone()));
    let streamed = visitors.iter().map(|visitor| visitor.streamed).sum();
    let objects = visitors.into_iter().flat_map(|visitor| visitor.objects).collect();
    (store, Swept { objects, streamed, problems })
}

#[test]
fn loose_objects_that_are_packed_meanwhile_are_found() {
    let repository = Repository::new(&[]);
    repository.import(1, 10, Import::Loose);
    let known = repository.known();
    let (store, swept) = swept_after(&repository.objects(), || {
        repository.git(&["repack", "-adq"]);
        repository.git(&["prune-packed", "-q"]);
        assert_eq!(repository.git(&["count-objects"]), b"0 objects, 0 kilobytes\n");
    });
    assert_eq!(swept.problems, []);
    assert!(known.len() > 20 && swept.objects == known);
    // What an object refers to is not missing either.
    assert!(known.keys().all(|id| store.contains(&ObjectId::from_hex(id.as_bytes()).expect("an id"))));
}

#[test]
fn loose_objects_that_vanish_are_taken_from_the_one_place_that_is_left() {
    let repository = Repository::new(&[]);
    repository.import(1, 10, Import::Loose);
    let known = repository.known();
    let copy = repository.bench.join("copy");
    let copied = Command::new("cp").arg("-R").arg(repository.objects()).arg(&copy).status().expect("cp runs");
    assert!(copied.success());
    fs::write(repository.objects().join("info/alternates"), copy.to_str().expect("UTF-8")).expect("written");
    let (_, swept) = swept_after(&repository.objects(), || {
        for id in known.keys() {
            fs::remove_file(repository.objects().join(&id[..2]).join(&id[2..])).expect("removed");
        }
    });
    assert_eq!(swept.problems, []);
    assert!(known.len() > 20 && swept.objects == known);
}

#[test]
fn loose_objects_that_vanish_for_good_are_told() {
    let repository = Repository::new(&[]);
    repository.import(1, 2, Import::Loose);
    let known = repository.known();
    let (id, _) = known.first_key_value().expect("an object");
    let (_, swept) = swept_after(&repository.objects(), || {
        fs::remove_file(repository.objects().join(&id[..2]).join(&id[2..])).expect("removed");
    });
    assert_eq!((swept.objects.len(), swept.problems.len(), swept.lost()), (known.len() - 1, 1, 1));
}
