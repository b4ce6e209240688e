//! Damaged and hostile repositories: each damage is a problem, and everything else is visited.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use hopx_leaks::blob::Content;
use hopx_leaks::git::sweep::{ObjectVisitor, Store, SweepProblem, SweepProblemKind, Wanted, sweep};
use hopx_leaks::object::{HashKind, ObjectId, ObjectKind};
use hopx_leaks::parallel;

use super::{Collector, Import, Known, Repository, Swept, swept};
use crate::packs::{self, Base, Entry, appended, blob};

/// A repository with one pack, and what git knows of it while it is whole.
struct Whole {
    repository: Repository,
    known: BTreeMap<String, Known>,
    /// Where each object begins in the pack, in order.
    offsets: Vec<(usize, String)>,
    /// What each object is deltified against.
    bases: BTreeMap<String, String>,
}

impl Whole {
    fn new() -> Whole {
        let repository = Repository::new(&[]);
        repository.import(1, 40, Import::Pack);
        repository.git(&["repack", "-adfq"]);
        let known = repository.check().objects;
        let index = fs::read(&repository.packs("idx")[0]).expect("read");
        let listed = String::from_utf8(repository.git_with(&["show-index"], &index)).expect("text");
        let words = listed.lines().map(|line| line.split(' ').collect::<Vec<_>>());
        let mut offsets: Vec<_> =
            words.map(|words| (words[0].parse().expect("a number"), words[1].to_owned())).collect();
        offsets.sort();
        let batch = "--batch-check=%(objectname) %(deltabase)";
        let bases = String::from_utf8(repository.git(&["cat-file", "--batch-all-objects", batch])).expect("text");
        let pairs =
            bases.lines().filter_map(|line| line.split_once(' ')).filter(|(_, base)| !base.starts_with("000000"));
        let bases = pairs.map(|(id, base)| (id.to_owned(), base.to_owned())).collect();
        Whole { repository, known, offsets, bases }
    }

    /// An object and all that is deltified against it.
    fn family(&self, top: &str) -> BTreeSet<&str> {
        let leads_to = |id: &str| {
            std::iter::successors(Some(id), |id| self.bases.get(*id).map(String::as_str)).any(|id| id == top)
        };
        self.known.keys().map(String::as_str).filter(|id| leads_to(id)).collect()
    }

    /// The number of an object that others are deltified against, and theirs.
    fn base(&self) -> usize {
        let is_base = |id: &String| self.family(id).len() > 3 && self.bases.contains_key(id);
        self.offsets.iter().position(|(_, id)| is_base(id)).expect("a base that is a delta")
    }

    /// Sweeps while a file is changed; it is whole again afterwards.
    fn with(&self, file: &Path, change: impl FnOnce(&mut Vec<u8>)) -> Swept {
        let bytes = fs::read(file).expect("read");
        let mut changed = bytes.clone();
        change(&mut changed);
        let write = |bytes: &[u8]| {
            // Git makes it read-only.
            fs::remove_file(file).expect("removed");
            fs::write(file, bytes).expect("written");
        };
        write(&changed);
        let swept = swept(&self.repository.objects());
        write(&bytes);
        for (id, object) in &swept.objects {
            assert_eq!(Some(object), self.known.get(id), "{id} is not what git knows");
        }
        swept
    }

    fn pack(&self) -> PathBuf {
        self.repository.packs("pack").remove(0)
    }

    fn index(&self) -> PathBuf {
        self.repository.packs("idx").remove(0)
    }
}

fn kinds(swept: &Swept) -> Vec<SweepProblemKind> {
    swept.problems.iter().map(|problem| problem.kind).collect()
}

#[test]
fn a_damaged_object_costs_those_deltified_against_it_and_no_more() {
    let whole = Whole::new();
    let mut numbers: Vec<_> = (0..whole.offsets.len()).step_by(37).collect();
    numbers.push(whole.base());
    for number in numbers {
        let (start, id) = &whole.offsets[number];
        let end = whole
            .offsets
            .get(number + 1)
            .map_or_else(|| fs::read(whole.pack()).expect("read").len() - 20, |next| next.0);
        // The checksum of its stream: the last four bytes.
        let swept = whole.with(&whole.pack(), |bytes| bytes[end - 2] ^= 0x10);
        let family = whole.family(id);
        assert!(end > *start && swept.problems.len() == 1, "{:?}", swept.problems);
        let problem = &swept.problems[0];
        assert_eq!(problem.id.map(|id| id.to_string()).as_ref(), Some(id));
        assert_eq!((problem.kind, problem.lost), (SweepProblemKind::Corrupt, family.len() as u64));
        assert_eq!(swept.objects.len() + family.len(), whole.known.len());
        assert!(family.iter().all(|id| !swept.objects.contains_key(*id)));
    }
}

#[test]
fn any_byte_of_a_pack_may_be_wrong() {
    let whole = Whole::new();
    let len = fs::read(whole.pack()).expect("read").len();
    let mut rng = fastrand::Rng::with_seed(63);
    for _ in 0..40 {
        let (at, bit) = (rng.usize(12..len - 20), rng.u8(..8));
        let swept = whole.with(&whole.pack(), |bytes| bytes[at] ^= 1 << bit);
        assert!(!swept.problems.is_empty(), "byte {at}, bit {bit}");
        assert_eq!(swept.objects.len() as u64 + swept.lost(), whole.known.len() as u64, "{:?}", swept.problems);
    }
}

#[test]
fn a_pack_that_is_cut_short_gives_what_is_left() {
    let whole = Whole::new();
    let number = whole.offsets.len() / 2;
    let cut = whole.offsets[number].0;
    let swept = whole.with(&whole.pack(), |bytes| bytes.truncate(cut + 20));
    let before: BTreeSet<_> = whole.offsets[..number].iter().map(|(_, id)| id.as_str()).collect();
    let left = before.iter().filter(|id| {
        let mut chain = std::iter::successors(Some(**id), |id| whole.bases.get(*id).map(String::as_str));
        chain.all(|id| before.contains(id))
    });
    assert_eq!(swept.objects.len(), left.count());
    assert_eq!(swept.objects.len() as u64 + swept.lost(), whole.known.len() as u64);
    assert!(kinds(&swept).contains(&SweepProblemKind::IndexMismatch));
    for len in [0, 5, 12, 31] {
        let swept = whole.with(&whole.pack(), |bytes| bytes.truncate(len));
        assert_eq!((swept.objects.len(), kinds(&swept)), (0, vec![SweepProblemKind::Corrupt]), "{len} bytes");
    }
}

/// Single objects are read by gix, through maps of its own.
#[cfg(unix)]
#[test]
fn a_pack_that_is_cut_short_while_single_objects_are_read_from_it() {
    use hopx_leaks::git::{Repository, repository::Environment};

    for extension in ["pack", "idx"] {
        let whole = Whole::new();
        let repository = Repository::open(&whole.repository.path(), Environment::Ignore).expect("a repository");
        let (objects, mut buffer) = (repository.objects(), Vec::new());
        let ids = || whole.known.keys().map(|id| ObjectId::from_hex(id.as_bytes()).expect("an id"));
        for id in ids() {
            objects.read(&id, &mut buffer).expect("read");
        }
        let file = &whole.repository.packs(extension)[0];
        let mut permissions = fs::metadata(file).expect("it is there").permissions();
        #[expect(clippy::permissions_set_readonly_false, reason = "in a folder that only this test has")]
        permissions.set_readonly(false);
        fs::set_permissions(file, permissions).expect("changed");
        fs::File::options().write(true).open(file).expect("opened").set_len(0).expect("cut");
        for id in ids() {
            assert!(objects.read(&id, &mut buffer).is_err(), "{id} of a {extension} without bytes");
        }
    }
}

#[test]
fn an_index_that_is_wrong_is_told() {
    let whole = Whole::new();
    for len in [0, 3, 100, 1031, 1032, 3000] {
        let swept = whole.with(&whole.index(), |bytes| bytes.truncate(len));
        assert_eq!((swept.objects.len(), kinds(&swept)), (0, vec![SweepProblemKind::IndexMismatch]), "{len} bytes");
    }
    // One object stands elsewhere than its index says. What is deltified against it is found all the same.
    let (offset, id) = &whole.offsets[whole.base()];
    let swept = whole.with(&whole.index(), |bytes| {
        let count = whole.known.len();
        let table = 8 + 1024 + count * 24;
        let offset = u32::try_from(*offset).expect("small").to_be_bytes();
        let rows = bytes[table..table + 4 * count].chunks_exact_mut(4);
        let row = rows.into_iter().find(|row| **row == offset).expect("listed");
        row[3] ^= 1;
    });
    assert!(kinds(&swept).contains(&SweepProblemKind::IndexMismatch), "{:?}", swept.problems);
    assert!(swept.objects.keys().eq(whole.known.keys().filter(|known| *known != id)));
    assert_eq!(swept.lost(), 1);
}

#[test]
fn a_pack_and_its_index_belong_together() {
    let repository = Repository::new(&[]);
    let objects = repository.objects();
    packs::write(&objects, "a", &[blob(1, b"one"), blob(2, b"two")]);
    assert_eq!(swept(&objects).problems, []);
    let path = objects.join("pack/pack-a.pack");
    let (pack, _) = packs::pack(&[blob(1, b"one"), blob(2, b"two")]);
    for (at, kinds_expected) in
        [(11, vec![SweepProblemKind::IndexMismatch]), (pack.len() - 1, vec![SweepProblemKind::IndexMismatch])]
    {
        let mut changed = pack.clone();
        changed[at] ^= 1;
        fs::write(&path, changed).expect("written");
        let swept = swept(&objects);
        assert_eq!((swept.objects.len(), kinds(&swept)), (2, kinds_expected), "byte {at}");
    }
    // A byte between two objects.
    let (one, _) = packs::pack(&[blob(1, b"one")]);
    let mut changed = pack.clone();
    changed.insert(one.len() - 20, 0);
    fs::write(&path, changed).expect("written");
    let (_, mut index) = packs::pack(&[blob(1, b"one"), blob(2, b"two")]);
    let last = index.len() - 41;
    index[last] += 1;
    fs::write(objects.join("pack/pack-a.idx"), index).expect("written");
    let swept = swept(&objects);
    assert_eq!((swept.objects.len(), kinds(&swept)), (2, vec![SweepProblemKind::IndexMismatch]));
}

#[test]
fn files_that_belong_to_no_pack_are_told_or_known() {
    let repository = Repository::new(&[]);
    let objects = repository.objects();
    packs::write(&objects, "a", &[blob(1, b"one")]);
    packs::write(&objects, "b", &[blob(2, b"two")]);
    packs::write(&objects, "c", &[blob(3, b"three")]);
    fs::remove_file(objects.join("pack/pack-b.idx")).expect("removed");
    fs::remove_file(objects.join("pack/pack-c.pack")).expect("removed");
    for name in ["tmp_pack_x1", "tmp_idx_x1", ".tmp-12-pack-x.pack", "pack-a.keep", "pack-a.rev", "pack-a.bitmap"] {
        fs::write(objects.join("pack").join(name), "x").expect("written");
    }
    fs::create_dir_all(objects.join("aa")).expect("made");
    fs::write(objects.join("aa/tmp_obj_x"), "x").expect("written");
    let swept = swept(&objects);
    assert_eq!((swept.objects.len(), kinds(&swept)), (1, vec![SweepProblemKind::Unreadable; 2]));
    assert!(swept.problems[0].message.contains("git index-pack"), "{:?}", swept.problems);
}

#[test]
fn sizes_are_not_believed() {
    let repository = Repository::new(&[]);
    let objects = repository.objects();
    let sized = |entry: Entry, size: u64| Entry { size: Some(size), ..entry };
    let huge = |entry: &Entry, size: usize| {
        // A delta that says it makes a huge object from its base of three bytes.
        let mut payload = vec![3];
        let mut rest = size;
        while rest > 0x7f {
            payload.push(0x80 | u8::try_from(rest & 0x7f).expect("7 bits"));
            rest >>= 7;
        }
        payload.push(u8::try_from(rest).expect("7 bits"));
        payload.extend([0x90, 3]);
        Entry { payload, ..entry.clone() }
    };
    let delta = appended(9, Base::Entry(0), 3, b"!");
    packs::write(
        &objects,
        "a",
        &[
            blob(1, b"one"),
            sized(blob(2, b"two"), 1 << 40),
            sized(blob(3, b"three"), 4),
            sized(blob(4, b"four"), 5),
            sized(blob(5, b"tree"), 500 << 20),
            sized(appended(6, Base::Entry(0), 3, b"six"), u64::MAX >> 8),
            huge(&Entry { id: [7; 20], ..delta.clone() }, 500 << 20),
            huge(&Entry { id: [8; 20], ..delta.clone() }, 1 << 50),
            delta,
        ],
    );
    let swept = swept(&objects);
    assert_eq!((swept.objects.len(), swept.lost(), swept.problems.len()), (2, 7, 7), "{:?}", swept.problems);
    assert!(kinds(&swept).iter().all(|kind| *kind == SweepProblemKind::Corrupt), "{:?}", swept.problems);
}

#[test]
fn a_base_may_be_in_another_pack_or_loose_or_nowhere() {
    let repository = Repository::new(&[]);
    let objects = repository.objects();
    packs::write(&objects, "a", &[blob(1, b"one")]);
    packs::write(
        &objects,
        "b",
        &[
            appended(2, Base::Id([1; 20]), 3, b" two"),
            appended(3, Base::Entry(0), 7, b" three"),
            appended(4, Base::Id([9; 20]), 3, b" four"),
            appended(5, Base::Entry(2), 8, b" five"),
            // Against each other, and one against them.
            appended(6, Base::Id([7; 20]), 3, b"six"),
            appended(7, Base::Id([6; 20]), 3, b"seven"),
            appended(8, Base::Entry(5), 3, b"eight"),
            // Against one that comes later.
            appended(10, Base::Id([11; 20]), 6, b" ten"),
            blob(11, b"eleven"),
        ],
    );
    let found = swept(&objects);
    assert_eq!((found.objects.len(), found.lost()), (5, 5), "{:?}", found.problems);
    let lost: Vec<_> = found.problems.iter().map(|problem| (problem.kind, problem.lost)).collect();
    let corrupt = (SweepProblemKind::Corrupt, 1);
    assert_eq!(lost, [(SweepProblemKind::MissingBase, 2), corrupt, corrupt, corrupt], "{:?}", found.problems);
    // What was missing, loose.
    fs::create_dir_all(objects.join("09")).expect("made");
    fs::write(objects.join("09").join("09".repeat(19)), packs::zlib(b"blob 3\0new")).expect("written");
    let found = swept(&objects);
    assert_eq!((found.objects.len(), found.lost()), (8, 3), "{:?}", found.problems);
}

#[test]
fn what_is_damaged_in_one_place_is_taken_from_another() {
    let repository = Repository::new(&[]);
    let objects = repository.objects();
    let bad = Entry { size: Some(4), ..blob(1, b"one") };
    let family = [appended(2, Base::Entry(0), 3, b" two"), appended(3, Base::Entry(1), 7, b" three")];
    packs::write(&objects, "a", &[&[bad][..], &family].concat());
    assert_eq!(swept(&objects).lost(), 3);
    packs::write(&objects, "b", &[blob(1, b"one")]);
    let found = swept(&objects);
    assert_eq!((found.objects.len(), found.problems), (3, vec![]));
    // The same of a delta, whose base is whole; and of a loose object.
    let bad = Entry { size: Some(9), ..family[0].clone() };
    packs::write(&objects, "a", &[blob(1, b"one"), bad, family[1].clone()]);
    packs::write(&objects, "b", &[blob(2, b"one two")]);
    let found = swept(&objects);
    assert_eq!((found.objects.len(), found.problems), (3, vec![]));
    packs::write(&objects, "b", &[blob(8, b"eight")]);
    fs::create_dir_all(objects.join("02")).expect("made");
    fs::write(objects.join("02").join("02".repeat(19)), packs::zlib(b"blob 7\0one two")).expect("written");
    let found = swept(&objects);
    assert_eq!((found.objects.len(), found.problems), (4, vec![]));
}

#[test]
fn loose_objects_that_are_damaged_are_told() {
    let repository = Repository::new(&[]);
    let objects = repository.objects();
    let whole = packs::zlib(b"blob 4\0text");
    let large = [b"blob 9000000\0".to_vec(), vec![b'x'; 9_000_000]].concat();
    let cases = [
        whole[..whole.len() - 1].to_vec(),
        [&whole[..], b"!"].concat(),
        packs::zlib(b"blob 5\0text"),
        packs::zlib(b"blob 3\0text"),
        packs::zlib(b"blub 4\0text"),
        packs::zlib(b"blob 99999999999\0text"),
        packs::zlib(b"text"),
        b"text".to_vec(),
        Vec::new(),
        packs::zlib(&large[..large.len() - 1]),
        [&packs::zlib(&large)[..], b"!"].concat(),
        packs::zlib(&[&large[..], b"!"].concat()),
    ];
    let path = |number: usize| objects.join(format!("{number:02x}")).join("00".repeat(19));
    for (number, bytes) in cases.iter().chain([&whole, &packs::zlib(&large)]).enumerate() {
        fs::create_dir_all(path(number).parent().expect("a folder")).expect("made");
        fs::write(path(number), bytes).expect("written");
    }
    let swept = swept(&objects);
    assert_eq!((swept.problems.len(), swept.lost()), (cases.len(), cases.len() as u64), "{:?}", swept.problems);
    assert!(kinds(&swept).iter().all(|kind| *kind == SweepProblemKind::Corrupt));
    // One whose stream is whole but for what follows it was handed out to its end.
    assert!(swept.objects.len() >= 2);
}

#[test]
fn objects_too_large_for_several_threads_are_decoded_alone() {
    let repository = Repository::new(&[]);
    let objects = repository.objects();
    // A tree of deltas against 26 MiB, seven deep with a branch at each: more is held than the budget allows.
    let size = 26 << 20;
    let mut bytes = vec![0; size];
    fastrand::Rng::with_seed(64).fill(&mut bytes);
    let mut entries = vec![blob(1, &bytes)];
    for depth in 0..7 {
        let id = u8::try_from(entries.len()).expect("few") + 1;
        let base = Base::Entry(2 * depth);
        entries.push(appended(id, base, size + depth, b"a"));
        entries.push(appended(id + 1, base, size + depth, b"b"));
    }
    // The branches have children too, so that the bases are come back to.
    for depth in 0..7 {
        let id = u8::try_from(entries.len()).expect("few") + 1;
        entries.push(appended(id, Base::Entry(2 * depth + 1), size + depth + 1, b"c"));
    }
    packs::write(&objects, "a", &entries);
    let (store, problems) = Store::open(&objects, HashKind::Sha1, &[]);
    let visitors = parallel::pool(2).expect("threads").install(|| sweep(&store, Wanted::All, &Collector::default));
    let found: Vec<_> = visitors
        .into_iter()
        .flat_map(|visitor| {
            assert_eq!(visitor.problems, []);
            visitor.objects
        })
        .collect();
    assert_eq!((problems, found.len()), (vec![], entries.len()));
    for (id, known) in found {
        let id = ObjectId::from_hex(id.as_bytes()).expect("an id");
        let (kind, bytes) = store.find(&id).expect("readable").expect("there");
        assert_eq!(known, super::known(kind.name(), &bytes));
    }
}

#[test]
fn nothing_that_a_file_says_makes_it_panic_or_hang() {
    let repository = Repository::new(&[]);
    let objects = repository.objects();
    let entries = [
        blob(1, b"a text of some length that others copy from"),
        appended(2, Base::Entry(0), 43, b" two"),
        appended(3, Base::Entry(1), 47, b" three"),
        appended(4, Base::Id([2; 20]), 47, b" four"),
        Entry { kind: 1, ..blob(5, b"tree 0000\n") },
        appended(6, Base::Id([8; 20]), 43, b" six"),
        appended(7, Base::Entry(3), 52, b" seven"),
        Entry { kind: 2, ..blob(8, b"100644 a\0") },
    ];
    let mut rng = fastrand::Rng::with_seed(65);
    let folder = objects.join("pack");
    fs::create_dir_all(&folder).expect("made");
    let pool = parallel::pool(1).expect("a thread");
    for _ in 0..4000 {
        // Half of the changes are made before compression, and so have a checksum that is right.
        let mut entries = entries.clone();
        if rng.bool() {
            let entry = rng.usize(..entries.len());
            let entry = &mut entries[entry];
            match rng.u8(..4) {
                0 => entry.kind = rng.u8(..8),
                1 => entry.size = Some(rng.u64(..) >> rng.u8(..64)),
                _ => {
                    let at = rng.usize(..entry.payload.len());
                    entry.payload[at] = rng.u8(..);
                }
            }
        }
        let (mut pack, mut index) = packs::pack(&entries);
        for file in [&mut pack, &mut index] {
            for _ in 0..rng.usize(..3) {
                let at = rng.usize(..file.len());
                file[at] = rng.u8(..);
            }
            if rng.u8(..20) == 0 {
                file.truncate(rng.usize(..file.len()));
            }
        }
        fs::write(folder.join("pack-a.pack"), &pack).expect("written");
        fs::write(folder.join("pack-a.idx"), &index).expect("written");
        let (store, mut problems) = Store::open(&objects, HashKind::Sha1, &[]);
        let mut visited = 0;
        for visitor in pool.install(|| sweep(&store, Wanted::All, &Collector::default)) {
            visited += visitor.objects.len() as u64;
            problems.extend(visitor.problems);
        }
        let lost: u64 = problems.iter().map(|problem| problem.lost).sum();
        assert!(visited + lost == 8 || !problems.is_empty(), "{visited} visited, no problem");
        for id in 0..10 {
            let _ = store.find(&ObjectId::from_bytes(&[id; 20]).expect("20 bytes"));
        }
    }
}

/// Panics at one object, and collects all others.
struct Faulty(Collector, String);

impl ObjectVisitor for Faulty {
    fn object(&mut self, id: &ObjectId, kind: ObjectKind, size: u64, content: Content<'_>) {
        assert!(id.to_string() != self.1, "a secret");
        self.0.object(id, kind, size, content);
    }

    fn problem(&mut self, problem: SweepProblem) {
        self.0.problem(problem);
    }
}

#[test]
fn an_object_that_brings_out_a_panic_costs_its_family_and_no_more() {
    let whole = Whole::new();
    let top =
        whole.known.keys().find(|id| whole.family(id).len() > 3 && !whole.bases.contains_key(*id)).expect("a top");
    let faulty = || Faulty(Collector::default(), top.clone());
    let (store, _) = Store::open(&whole.repository.objects(), HashKind::Sha1, &[]);
    for threads in [1, 4] {
        let pool = parallel::pool(threads).expect("threads");
        let visitors = pool.install(|| sweep(&store, Wanted::All, &faulty));
        let visited: BTreeSet<_> =
            visitors.iter().flat_map(|visitor| &visitor.0.objects).map(|(id, _)| id.as_str()).collect();
        let family = whole.family(top);
        assert_eq!(visited.len() + family.len(), whole.known.len());
        let problems: Vec<_> = visitors.iter().flat_map(|visitor| &visitor.0.problems).collect();
        let [problem] = &problems[..] else { panic!("{problems:?}") };
        assert_eq!(
            (problem.kind, problem.id.map(|id| id.to_string()).as_ref()),
            (SweepProblemKind::Internal, Some(top))
        );
        assert!(
            !problem.message.contains("a secret") && problem.message.contains("please report"),
            "{}",
            problem.message
        );
    }
}
