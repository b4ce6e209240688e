//! Encoded keys in containers: each row is a member, and found there as in a file of its own.

use super::{AFTER, BEFORE, MIDDLE, Table, by, in_file, text};
use crate::archive;
use crate::encode::Text;
use crate::forms;
use crate::markup;
use crate::split::{JOINS, NATURAL};

/// A few rows of every form.
fn table(seed: u64) -> Table {
    let mut table = Table::new(seed);
    let all = [forms::singles(), forms::chains(), forms::utf16_files(), forms::gzip(), forms::zlib()];
    for form in all.into_iter().flatten() {
        let (key, number) = table.key();
        let before = BEFORE[table.cases.len() % 4];
        let text = Text::plain(before.as_bytes(), key.as_bytes(), AFTER[table.cases.len() % 4].as_bytes());
        let text = form.apply(text, table.rng());
        let (before, after) = MIDDLE[table.cases.len() % MIDDLE.len()];
        table.found(&form.id, in_file(text, before, after), number);
    }
    for join in JOINS {
        let (key, number) = table.key();
        table.found(join.id, join.apply(&key, NATURAL[3]), number);
    }
    for (name, joins) in markup::ALL {
        for join in *joins {
            let (key, number) = table.key();
            table.found(format!("{name}-{}", join.id), markup::cut(join, &key, NATURAL[3]), number);
        }
    }
    table
}

/// Packs the rows, scans the archive, and holds what is in its members to what the rows say.
#[track_caller]
fn check(seed: u64, name: &str, depth: usize, pack: fn(&[archive::Member<'_>]) -> Vec<u8>) {
    let table = table(seed);
    let members: Vec<_> = table.cases.iter().map(|case| (case.id.as_str(), case.text.bytes.as_slice())).collect();
    table.bench.write(name, pack(&members));
    let report = table.scan();
    for finding in report["findings"].as_array().expect("a list") {
        assert_eq!(finding["path"], name);
        let members = finding["members"].as_array().expect("a list");
        assert_eq!(members.len(), depth, "{members:?}");
    }
    table.compare(by(&report, |finding| {
        text(finding["members"].as_array().and_then(|all| all.last()).expect("a member"))
    }));
}

#[test]
fn in_tar() {
    check(750, "cases.tar", 1, archive::tar);
}

/// The name of the archive in the gzip member is not asked for.
#[test]
fn in_tar_gz() {
    check(751, "cases.tar.gz", 2, |members| archive::gzip(&archive::tar(members)));
}

#[test]
fn in_stored_zip() {
    check(752, "stored.zip", 1, |members| archive::zip(members, archive::Method::Stored));
}

#[test]
fn in_deflated_zip() {
    check(753, "deflated.zip", 1, |members| archive::zip(members, archive::Method::Deflated));
}
