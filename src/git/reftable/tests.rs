//! Tables that real git wrote, and what becomes of them when bytes change.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::*;
use crate::object::ObjectId;

/// A repository whose tables git wrote: branches of one commit, and a stash-like log.
struct Sample {
    folder: tempfile::TempDir,
}

impl Sample {
    fn new(branches: usize, hash: &str) -> Sample {
        let sample = Sample { folder: tempfile::tempdir().expect("a folder") };
        sample.git(&["init", "-q", "--ref-format=reftable", &format!("--object-format={hash}")], "");
        sample.git(&["commit", "-q", "--allow-empty", "-m", "Start"], "");
        let lines = (0..branches).map(|number| format!("create refs/heads/branch-{number:05} HEAD\n"));
        sample.git(&["update-ref", "--create-reflog", "-m", "made", "--stdin"], &lines.collect::<String>());
        sample
    }

    fn git(&self, arguments: &[&str], input: &str) -> String {
        let mut command = Command::new("git");
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GIT_")) {
            command.env_remove(name);
        }
        command.args(["-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "init.defaultBranch=main"]);
        command.args(arguments).current_dir(self.folder.path());
        command.env("GIT_AUTHOR_DATE", "1767315600 +0100").env("GIT_COMMITTER_DATE", "1767315600 +0100");
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1").stdin(Stdio::piped());
        let mut child = command.stdout(Stdio::piped()).spawn().expect("git starts");
        std::io::Write::write_all(&mut child.stdin.take().expect("a pipe"), input.as_bytes()).expect("git reads");
        let output = child.wait_with_output().expect("git ends");
        assert!(output.status.success(), "{arguments:?}");
        String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
    }

    fn dir(&self) -> PathBuf {
        self.folder.path().join(".git")
    }

    fn stack(&self) -> Stack {
        Stack::read(&self.dir(), HashKind::Sha1)
    }

    fn list(&self) -> PathBuf {
        self.dir().join(FOLDER).join(LIST)
    }

    /// The only table, after all were put together.
    fn table(&self) -> PathBuf {
        self.git(&["pack-refs", "--all"], "");
        let list = std::fs::read_to_string(self.list()).expect("a list");
        assert_eq!(list.lines().count(), 1);
        self.dir().join(FOLDER).join(list.trim())
    }

    fn head(&self) -> ObjectId {
        ObjectId::from_hex(self.git(&["rev-parse", "HEAD"], "").as_bytes()).expect("an id")
    }
}

#[test]
fn many_blocks_of_refs_and_logs() {
    for (hash, kind) in [("sha1", HashKind::Sha1), ("sha256", HashKind::Sha256)] {
        let sample = Sample::new(3000, hash);
        for _ in 0..2 {
            let mut stack = Stack::read(&sample.dir(), kind);
            let (refs, logs) = (stack.refs(), stack.logs());
            assert_eq!(stack.problems(), []);
            assert_eq!((refs.len(), logs.len()), (3002, 3002));
            let head = sample.head();
            assert_eq!(refs[&b"HEAD"[..]], Value::Symbolic(b"refs/heads/main".to_vec()));
            assert!(refs.iter().all(|(name, value)| name == b"HEAD" || *value == Value::Object(head)));
            assert!(logs.values().all(|log| *log == [Logged { old: None, new: Some(head) }]));
            assert!(std::fs::metadata(sample.table()).expect("a table").len() > 20_000);
        }
    }
}

#[test]
fn later_tables_override_and_delete() {
    let sample = Sample::new(3, "sha1");
    let first = sample.head();
    sample.git(&["-c", "reftable.geometricFactor=100", "commit", "-q", "--allow-empty", "-m", "Go on"], "");
    sample.git(&["branch", "-q", "-D", "branch-00001"], "");
    sample.git(&["tag", "-a", "-m", "A version", "v1"], "");
    sample.git(&["symbolic-ref", "refs/heads/alias", "refs/heads/main"], "");
    let (tag, second) = (sample.git(&["rev-parse", "v1"], ""), sample.head());
    for _ in 0..2 {
        let mut stack = sample.stack();
        let (refs, logs) = (stack.refs(), stack.logs());
        assert_eq!(stack.problems(), []);
        assert!(!refs.contains_key(&b"refs/heads/branch-00001"[..]));
        assert_eq!(refs[&b"refs/heads/main"[..]], Value::Object(second));
        assert_eq!(refs[&b"refs/heads/alias"[..]], Value::Symbolic(b"refs/heads/main".to_vec()));
        assert_eq!(refs[&b"refs/tags/v1"[..]], Value::Object(ObjectId::from_hex(tag.as_bytes()).expect("an id")));
        let log = [Logged { old: None, new: Some(first) }, Logged { old: Some(first), new: Some(second) }];
        assert_eq!(logs[&b"refs/heads/main"[..]], log);
        sample.table();
    }
}

/// Whatever the bytes: no panic, no end that never comes, and no fewer refs without a word. An id that became another
/// shows when its object is looked for.
#[test]
fn bytes_that_changed() {
    let sample = Sample::new(150, "sha1");
    let whole = std::fs::read(sample.table()).expect("a table");
    let read = |bytes: Vec<u8>| {
        let mut stack = Stack { tables: Vec::new(), problems: Vec::new() };
        stack.add("table".into(), Bytes::Read(bytes), HashKind::Sha1);
        (stack.refs().len(), stack.logs().values().map(Vec::len).sum::<usize>(), stack.problems().len())
    };
    let (refs, logs, none) = read(whole.clone());
    assert_eq!((refs, logs, none), (152, 152, 0));
    let mut random = fastrand::Rng::with_seed(7);
    let mut told = 0;
    for round in 0..20_000 {
        let mut bytes = whole.clone();
        for _ in 0..=round % 4 {
            let at = random.usize(..bytes.len());
            bytes[at] = if random.bool() { random.u8(..) } else { bytes[at] ^ 1 << random.u8(..8) };
        }
        let (refs, logs, problems) = read(bytes);
        assert!(problems > 0 || (refs, logs) == (152, 152), "round {round}: {refs} refs and {logs} entries");
        told += usize::from(problems > 0);
    }
    assert!(told > 5_000, "only {told} were told");
    for len in 0..whole.len() {
        assert!(read(whole[..len].to_vec()).2 > 0, "cut to {len} bytes");
    }
    for _ in 0..2_000 {
        let mut bytes: Vec<u8> = (0..random.usize(..500)).map(|_| random.u8(..)).collect();
        let header = [MAGIC_AND_VERSION, &[0; 3]].concat();
        bytes.splice(..header.len().min(bytes.len()), header);
        assert!(read(bytes).2 > 0);
    }
}

const MAGIC_AND_VERSION: &[u8] = b"REFT\x01";

/// The blocks have no checksum, but for those of logs: a header and a footer that fit don't make them right.
#[test]
fn blocks_that_say_too_much() {
    let footed = |blocks: &[u8]| {
        let mut header = [MAGIC_AND_VERSION, &[0; 19]].concat();
        let mut footer = header.clone();
        footer.extend([0; 40]);
        footer.extend(crc32fast::hash(&footer).to_be_bytes());
        header.extend(blocks);
        header.extend(footer);
        header
    };
    let id = [7; 20];
    let record = |shared: u8, name: &[u8]| {
        let len = u8::try_from(name.len()).expect("short");
        [&[shared, len << 3 | 1][..], name, &[0], &id].concat()
    };
    let block = |records: &[Vec<u8>]| {
        let records = [&records.concat()[..], &[0, 0, 28, 0, 1]].concat();
        let len = u8::try_from(24 + 4 + records.len()).expect("short");
        footed(&[&[b'r', 0, 0, len][..], &records].concat())
    };
    let read = |bytes: Vec<u8>| {
        let (table, damage) = Table::parse(Bytes::Read(bytes), HashKind::Sha1)?;
        assert_eq!(damage, None);
        let mut names = Vec::new();
        table.refs(&mut Room::of(1000), &mut |name, _| names.push(String::from_utf8_lossy(name).into_owned()))?;
        Ok(names)
    };
    assert_eq!(read(footed(b"")), Ok(vec![]));
    assert_eq!(read(block(&[record(0, b"ab"), record(1, b"c")])), Ok(vec!["ab".to_owned(), "ac".to_owned()]));
    let damaged = Err(table::Damage::Block(0));
    assert_eq!(read(block(&[record(1, b"ab")])), damaged, "shares what is not there");
    assert_eq!(read(block(&[record(0, b"ab"), record(3, b"c")])), damaged, "shares more than there is");
    assert_eq!(read(block(&[record(0, b"b"), record(0, b"a")])), damaged, "out of order");
    assert_eq!(read(block(&[record(0, b"b"), record(1, b"")])), damaged, "twice");
    assert_eq!(read(block(&[record(0, b"")])), damaged, "no name");
    assert_eq!(read(footed(&[b'r', 0xff, 0xff, 0xff, 0, 0])), damaged, "longer than the file");
    assert_eq!(read(footed(&[b'r', 0, 0, 0, 0, 0])), damaged, "no length");
    assert_eq!(read(footed(&[b'r', 0, 0, 30, 0xff, 0xff])), damaged, "more restarts than bytes");
    assert_eq!(read(footed(&[b'x', 0, 0, 30, 0, 0])), damaged, "of no type");
    assert_eq!(read(block(&[vec![0x80; 60]])), damaged, "a number without an end");
}

#[test]
fn names_that_share_their_beginning_have_a_bound() {
    // A name of 2,000 bytes, and 40,000 more that have it in common and three bytes of their own: 83 MB with what each
    // record takes.
    let (shared, count) = (2000_usize, 40_000_usize);
    let varint = |number: usize| {
        assert!((128..16_512).contains(&number));
        let [high, low] =
            [(number - 128) >> 7, (number - 128) & 0x7f].map(|seven| u8::try_from(seven).expect("seven bits"));
        [high | 0x80, low]
    };
    let mut records = [&[0][..], &varint(shared << 3 | 1), &vec![b'a'; shared], &[0], &[7; 20]].concat();
    for number in 0..count {
        let own =
            [number / 1600, number / 40 % 40, number % 40].map(|digit| 0x80 + u8::try_from(digit).expect("small"));
        records.extend([&varint(shared)[..], &[3 << 3 | 1], &own, &[0], &[7; 20]].concat());
    }
    records.extend([0, 0, 28, 0, 1]);
    let header = [&b"REFT\x01\0\0\0"[..], &[0; 16]].concat();
    let len = u32::try_from(header.len() + 4 + records.len()).expect("short").to_be_bytes();
    let mut table = [&header[..], b"r", &len[1..], &records].concat();
    let footer = [&header[..], &[0; 40]].concat();
    table.extend_from_slice(&footer);
    table.extend(crc32fast::hash(&footer).to_be_bytes());
    let mut stack = Stack { tables: Vec::new(), problems: Vec::new() };
    let most = (table.len() * 64 + (1 << 20)) / (shared + 3 + 64);
    stack.add("table".into(), Bytes::Read(table), HashKind::Sha1);
    let read = stack.refs();
    assert!((most - 10..=most).contains(&read.len()), "{} of {count} refs, not {most}", read.len());
    let [(_, problem)] = stack.problems() else { panic!("{:?}", stack.problems()) };
    assert!(problem.contains("more bytes than are read"), "{problem}");
}

#[test]
fn another_hash_or_version() {
    let sample = Sample::new(1, "sha1");
    let bytes = std::fs::read(sample.table()).expect("a table");
    assert_eq!(Table::parse(Bytes::Read(bytes.clone()), HashKind::Sha256).err(), Some(table::Damage::Hash));
    let mut newer = bytes;
    newer[4] = 3;
    assert_eq!(Table::parse(Bytes::Read(newer), HashKind::Sha1).err(), Some(table::Damage::Version(3)));
}

#[test]
fn lists_that_lead_nowhere() {
    let sample = Sample::new(1, "sha1");
    let list = std::fs::read_to_string(sample.list()).expect("a list");
    for wrong in ["missing.ref\n", "../tables.list\n", "..\n", &list, "\u{fffd}\n"] {
        std::fs::write(sample.list(), format!("{list}{wrong}")).expect("written");
        let mut stack = sample.stack();
        assert_eq!(stack.refs().len(), 3, "{wrong}");
        assert!(!stack.problems().is_empty(), "{wrong}");
    }
    std::fs::remove_file(sample.list()).expect("removed");
    let mut stack = sample.stack();
    assert_eq!((stack.refs().len(), stack.problems().len()), (0, 1));
    assert_eq!(stack.problems()[0].0, sample.list());
}
