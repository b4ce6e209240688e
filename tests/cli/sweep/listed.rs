//! What indexes list, and what they do not.

use std::fs;
use std::path::Path;

use hopx_leaks::git::sweep::{Store, SweepProblemKind, Wanted, sweep};
use hopx_leaks::object::HashKind;

use super::{Collector, Import, Repository, swept};
use crate::packs::{self, Base, appended, blob};

/// Writes a pack, and its index with other offsets: `change` gets a row's number, in the order of the ids, and its offset.
fn write(objects: &Path, pack: &[u8], mut index: Vec<u8>, change: impl Fn(usize, u32) -> u32) {
    let folder = objects.join("pack");
    fs::create_dir_all(&folder).expect("made");
    let count = usize::from(index[8 + 1024 - 1]);
    let start = 8 + 1024 + count * 24;
    for (number, row) in index[start..start + 4 * count].as_chunks_mut::<4>().0.iter_mut().enumerate() {
        *row = change(number, u32::from_be_bytes(*row)).to_be_bytes();
    }
    fs::write(folder.join("pack-a.pack"), pack).expect("written");
    fs::write(folder.join("pack-a.idx"), index).expect("written");
}

#[test]
fn objects_listed_at_one_place_are_told() {
    let repository = Repository::new(&[]);
    let objects = repository.objects();
    let entries = [blob(1, b"one"), blob(2, b"two"), blob(3, b"three"), appended(4, Base::Entry(0), 3, b" four")];
    let (pack, index) = packs::pack(&entries);
    write(&objects, &pack, index, |row, offset| if row == 1 || row == 2 { 12 } else { offset });
    let found = swept(&objects);
    assert_eq!((found.objects.len(), found.lost()), (2, 2), "{:?}", found.problems);
    assert!(found.problems.iter().all(|problem| problem.kind == SweepProblemKind::IndexMismatch));
    assert!(found.problems.iter().any(|problem| problem.lost == 2 && problem.message.contains("2 objects")));
    // Whichever of them an earlier pack has.
    packs::write(&objects, "0", &[blob(1, b"one"), blob(3, b"three")]);
    let found = swept(&objects);
    assert_eq!((found.objects.len(), found.lost()), (4, 0), "{:?}", found.problems);
    assert!(found.problems.iter().any(|problem| problem.message.contains("2 objects")), "{:?}", found.problems);
}

#[test]
fn both_places_of_an_id_in_one_pack_are_visited() {
    let repository = Repository::new(&[]);
    let objects = repository.objects();
    packs::write(&objects, "a", &[blob(1, b"one"), blob(1, b"other"), blob(2, b"two")]);
    let sizes = || {
        let (store, problems) = Store::open(&objects, HashKind::Sha1, &[]);
        assert_eq!(problems, []);
        let visitors = sweep(&store, Wanted::All, &Collector::default);
        assert!(visitors.iter().all(|visitor| visitor.problems.is_empty()));
        let objects = visitors.into_iter().flat_map(|visitor| visitor.objects);
        let mut sizes: Vec<_> = objects.map(|(id, known)| (id[..2].to_owned(), known.1)).collect();
        sizes.sort();
        sizes
    };
    let expected = [("01", 3), ("01", 5), ("02", 3)].map(|(id, size)| (id.to_owned(), size));
    assert_eq!(sizes(), expected);
    // Another pack with one of them, and one that is loose, are left out as ever.
    packs::write(&objects, "b", &[blob(1, b"one"), blob(1, b"other")]);
    fs::create_dir_all(objects.join("02")).expect("made");
    fs::write(objects.join("02").join("02".repeat(19)), packs::zlib(b"blob 3\0two")).expect("written");
    assert_eq!(sizes(), expected);
}

#[test]
fn the_first_object_begins_behind_the_header() {
    let repository = Repository::new(&[]);
    let objects = repository.objects();
    let (mut pack, index) = packs::pack(&[blob(1, b"one"), blob(2, b"two")]);
    pack.splice(12..12, *b"hidden");
    write(&objects, &pack, index, |_, offset| offset + 6);
    let found = swept(&objects);
    assert_eq!((found.objects.len(), found.problems.len()), (2, 1), "{:?}", found.problems);
    assert_eq!(found.problems[0].kind, SweepProblemKind::IndexMismatch);
    // Nor does anything stand in a pack of no objects.
    let (mut pack, index) = packs::pack(&[]);
    write(&objects, &pack, index.clone(), |_, offset| offset);
    assert_eq!(swept(&objects).problems, []);
    pack.splice(12..12, *b"hidden");
    write(&objects, &pack, index, |_, offset| offset);
    assert_eq!(swept(&objects).problems.len(), 1);
}

#[test]
fn packs_are_known_by_a_multi_pack_index_alone() {
    let repository = Repository::new(&[]);
    repository.import(1, 20, Import::Pack);
    repository.import(2, 20, Import::Pack);
    repository.git(&["multi-pack-index", "write"]);
    let known = repository.check().objects;
    for index in repository.packs("idx") {
        fs::remove_file(index).expect("removed");
    }
    let swept = swept(&repository.objects());
    assert_eq!(swept.problems, []);
    assert!(swept.objects == known);
}

/// It lists an object of two packs once: without their own indexes nobody knows what else they hold.
#[test]
fn a_pack_that_a_multi_pack_index_lists_in_part_is_told() {
    let repository = Repository::new(&[]);
    repository.import(1, 20, Import::Pack);
    repository.import(2, 20, Import::Pack);
    repository.git(&["pack-objects", "-q", "--all", "objects/pack/pack"]);
    repository.git(&["multi-pack-index", "write"]);
    let known = repository.check().objects;
    for index in repository.packs("idx") {
        fs::remove_file(index).expect("removed");
    }
    let found = swept(&repository.objects());
    assert!(found.objects == known && !found.problems.is_empty());
    let is_told = |kind, message: &str| kind == SweepProblemKind::IndexMismatch && message.contains("git index-pack");
    assert!(found.problems.iter().all(|problem| is_told(problem.kind, &problem.message)), "{:?}", found.problems);
    // The remedy.
    fs::remove_file(repository.objects().join("pack/multi-pack-index")).expect("removed");
    for pack in repository.packs("pack") {
        repository.git(&["index-pack", pack.to_str().expect("UTF-8")]);
    }
    repository.check();
}

#[test]
fn packs_with_copies_and_a_multi_pack_index_are_whole() {
    let repository = Repository::new(&[]);
    for seed in 1..4 {
        repository.import(seed, 10, Import::Pack);
    }
    repository.git(&["pack-objects", "-q", "--all", "objects/pack/pack"]);
    repository.git(&["multi-pack-index", "write"]);
    repository.check();
    repository.import(4, 2, Import::Pack);
    repository.git(&["repack", "--geometric=2", "-d", "-q", "--write-midx"]);
    assert!(repository.objects().join("pack/multi-pack-index").is_file());
    repository.check();
}

/// Git reads an index whatever its name is.
#[cfg(target_os = "linux")]
#[test]
fn names_of_packs_need_not_be_utf8() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let repository = Repository::new(&[]);
    repository.import(1, 10, Import::Pack);
    let folder = repository.objects().join("pack");
    let odd = |ending: &[u8]| folder.join(OsStr::from_bytes(&[b"pack-\xff.x", ending].concat()));
    for (ending, path) in [(&b".pack"[..], repository.packs("pack")), (b".idx", repository.packs("idx"))] {
        fs::rename(&path[0], odd(ending)).expect("renamed");
    }
    repository.check();
    fs::remove_file(odd(b".pack")).expect("removed");
    assert_eq!(swept(&repository.objects()).problems.len(), 1);
}
