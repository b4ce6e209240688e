//! Archives as they should be, and as they should not.

use super::testing::*;
use crate::error::ProblemKind::{Corrupt, Encrypted, Unsupported};

const TEXT: &str = "some text, some text, some text, some text";

fn lines(count: usize) -> String {
    (0..count).flat_map(|line| ["line ".to_owned(), line.to_string(), "\n".to_owned()]).collect()
}

#[test]
fn all_methods_at_hand_held_and_unheld() {
    let text = lines(5000);
    let data = text.as_bytes();
    let items = [
        stored("stored", data),
        deflated("deflated", data),
        packed("bzip2", data, 12, bzip2(data)),
        packed("xz", data, 95, xz(data)),
        packed("zstd", data, 93, zstd(data)),
        packed("zstd as it was first", data, 20, zstd(data)),
        stored("empty", b""),
        stored("folder/", b""),
    ];
    let expected = [
        ("stored", text.as_str()),
        ("deflated", &text),
        ("bzip2", &text),
        ("xz", &text),
        ("zstd", &text),
        ("zstd as it was first", &text),
        ("empty", ""),
        ("folder/", ""),
    ];
    for bytes in [archive(&items), archive(&items.clone().map(Item::wide))] {
        expect(&at(&bytes), &expected, &[]);
        expect(&stream(&bytes), &expected, &[]);
        expect(&unheld(&bytes), &expected, &[]);
    }
}

#[test]
fn a_lazy_visitor_changes_no_problem() {
    let mut damaged = deflated("b", lines(5000).as_bytes());
    damaged.crc ^= 1;
    let bytes = archive(&[deflated("a", lines(5000).as_bytes()), damaged]);
    let mut probe = super::super::probe::Probe { is_lazy: true, ..Default::default() };
    super::open(crate::container::Input::At(&bytes.as_slice()), &super::super::probe::budget(bytes.len()), &mut probe);
    expect(&probe, &[("a", ""), ("b", "")], &[Corrupt]);
}

#[test]
fn spans_are_the_names_and_what_is_stored() {
    let bytes = archive(&[stored("one", b"plain"), deflated("two", TEXT.as_bytes())]);
    let probe = at(&bytes);
    let texts = |spans: &[std::ops::Range<u64>]| -> Vec<String> {
        let part = |span: &std::ops::Range<u64>| {
            let range = usize::try_from(span.start).unwrap()..usize::try_from(span.end).unwrap();
            String::from_utf8_lossy(&bytes[range]).into_owned()
        };
        spans.iter().map(part).collect()
    };
    assert_eq!(texts(&probe.spans[0]), ["one", "one", "plain"]);
    assert_eq!(texts(&probe.spans[1]), ["two", "two"]);
}

#[test]
fn own_bytes_of_a_stream_are_all_but_names_and_what_is_stored() {
    let mut noted = stored("noted", b"plain");
    (noted.comment, noted.extra) = (b"member's comment".to_vec(), b"\xfe\xca\x03\0etc".to_vec());
    let mut other = stored("central", b"other");
    other.local_name = Some(b"within".to_vec());
    let mut bytes = [b"a stub ".to_vec(), archive(&[noted, other, deflated("packed", TEXT.as_bytes())])].concat();
    let end = bytes.len();
    bytes[end - 2..].copy_from_slice(&17_u16.to_le_bytes());
    bytes.extend(b"archive's comment");
    for (probe, is_held) in [(stream(&bytes), true), (unheld(&bytes), false)] {
        let own = String::from_utf8_lossy(&probe.own).into_owned();
        for (text, count) in [
            ("a stub ", 1),
            ("member's comment", 1),
            ("etc", 2),
            ("archive's comment", 1),
            ("noted", 0),
            ("plain", 0),
            ("other", 0),
            // The name that the member was not lent under.
            (if is_held { "within" } else { "central" }, 1),
            (if is_held { "central" } else { "within" }, 0),
            ("packed", 0),
        ] {
            assert_eq!(own.matches(text).count(), count, "{text}: {own}");
        }
        assert_eq!(probe.problems, []);
        assert_eq!(probe.members.len(), 3);
    }
}

#[test]
fn descriptors() {
    let items = [
        deflated("a", TEXT.as_bytes()).described(),
        stored("folder/", b"").described(),
        deflated("b", TEXT.as_bytes()).described(),
        deflated("c", TEXT.as_bytes()).described(),
    ];
    let expected = [("a", TEXT), ("folder/", ""), ("b", TEXT), ("c", TEXT)];
    for items in [items.clone(), items.map(Item::wide)] {
        let bytes = archive(&items);
        for probe in [at(&bytes), stream(&bytes), unheld(&bytes)] {
            expect(&probe, &expected, &[]);
        }
    }
}

#[test]
fn an_end_that_only_the_directory_knows() {
    let items = [stored("a", b"plain").described(), stored("b", b"text")];
    let bytes = archive(&items);
    expect(&at(&bytes), &[("a", "plain"), ("b", "text")], &[]);
    let probe = unheld(&bytes);
    expect(&probe, &[("a", ""), ("b", "text")], &[Corrupt]);
    assert!(probe.problems[0].1.contains("the end of the member a can't be known"), "{:?}", probe.problems);
    assert!(String::from_utf8_lossy(&probe.own).contains("plain"));
}

#[test]
fn stub_and_comment() {
    let items = [stored("a", b"plain"), deflated("b", TEXT.as_bytes())];
    let expected = [("a", "plain"), ("b", TEXT)];
    for items in [items.clone(), items.map(Item::wide)] {
        for stub in [0, 1, 100, 100_000] {
            for comment in [0, 1, 65_535] {
                let mut bytes = [vec![b'#'; stub], archive(&items)].concat();
                let end = bytes.len();
                bytes[end - 2..].copy_from_slice(&u16::try_from(comment).unwrap().to_le_bytes());
                bytes.extend(vec![b'c'; comment]);
                for probe in [at(&bytes), stream(&bytes), unheld(&bytes)] {
                    expect(&probe, &expected, &[]);
                }
            }
        }
    }
}

#[test]
fn a_stub_that_offsets_count_from() {
    let stub = vec![b'#'; 1000];
    let item = stored("a", b"plain");
    let bytes = finish([stub, item.local()].concat(), &central(&item, 1000), 1, false);
    expect(&at(&bytes), &[("a", "plain")], &[]);
    // The offset in the end record counts from elsewhere than those in the directory.
    let mut bytes = bytes;
    let at_offset = bytes.len() - 6;
    bytes[at_offset..][..4].copy_from_slice(&37_u32.to_le_bytes());
    expect(&at(&bytes), &[("a", "plain")], &[]);
}

#[test]
fn a_comment_that_looks_like_an_end() {
    let mut bytes = archive(&[stored("a", b"plain")]);
    let end = bytes.len();
    let fake = [b"PK\x05\x06".as_slice(), &[0; 4], &[9; 12], &[0; 2]].concat();
    bytes[end - 2..].copy_from_slice(&22_u16.to_le_bytes());
    bytes.extend(fake);
    expect(&at(&bytes), &[("a", "plain")], &[]);
}

#[test]
fn members_that_the_directory_leaves_out() {
    let listed = || stored("listed", b"plain");
    let hidden = || deflated("hidden", TEXT.as_bytes()).hidden();
    let expected = [("listed", "plain"), ("hidden", TEXT)];
    // Before, between and behind.
    expect(&at(&archive(&[hidden(), listed()])), &expected, &[]);
    expect(&at(&archive(&[listed(), hidden()])), &expected, &[]);
    expect(&at(&archive(&[listed(), hidden().described()])), &expected, &[]);
    expect(&unheld(&archive(&[listed(), hidden()])), &expected, &[]);
    expect(&at(&[hidden().local(), archive(&[listed()])].concat()), &expected, &[]);
    expect(&at(&[archive(&[listed()]), hidden().local()].concat()), &expected, &[]);
    // In a comment of the directory, and in an extra field.
    let mut carrier = listed();
    carrier.comment = hidden().local();
    expect(&at(&archive(&[carrier])), &expected, &[]);
    let mut carrier = listed();
    carrier.extra = [b"\xfe\xca\0\x01".to_vec(), hidden().local()].concat();
    let bytes = [carrier.local(), archive(&[stored("other", b"")])].concat();
    expect(&at(&bytes), &[("listed", "plain"), ("hidden", TEXT), ("other", "")], &[]);
    // In what a packed member claims and doesn't need.
    let mut carrier = deflated("listed", b"plain");
    carrier.packed.extend(hidden().local());
    carrier.packed_size = carrier.packed.len() as u64;
    expect(&at(&archive(&[carrier])), &expected, &[Corrupt]);
    // In what a stored member claims and isn't.
    let mut carrier = stored("listed", &[b"plain".to_vec(), hidden().local()].concat());
    carrier.crc ^= 1;
    let probe = at(&archive(&[carrier]));
    assert_eq!(members(&probe)[1], ("hidden".to_owned(), TEXT.to_owned()));
    assert_eq!(probe.kinds(), [Corrupt]);
}

#[test]
fn a_signature_is_no_header() {
    let mut bytes = archive(&[stored("a", b"plain")]);
    for tail in [b"PK\x03\x04".to_vec(), [b"PK\x03\x04\x14\0\0\0\xff\x77".to_vec(), vec![0; 40]].concat()] {
        bytes.extend(tail);
        expect(&at(&bytes), &[("a", "plain")], &[]);
        expect(&unheld(&bytes), &[("a", "plain")], &[]);
    }
}

#[test]
fn a_missing_and_a_damaged_directory() {
    let items = [stored("a", b"plain"), deflated("b", TEXT.as_bytes()).described()];
    let expected = [("a", "plain"), ("b", TEXT)];
    let locals: Vec<u8> = items.iter().flat_map(Item::local).collect();
    for probe in [at(&locals), stream(&locals), unheld(&locals)] {
        expect(&probe, &expected, &[Corrupt]);
        assert!(probe.problems[0].1.starts_with("the directory is missing; "), "{:?}", probe.problems);
    }
    let mut damaged = archive(&items);
    damaged[locals.len() + 2] ^= 1;
    let probe = at(&damaged);
    expect(&probe, &expected, &[Corrupt]);
    assert!(probe.problems[0].1.starts_with("the directory is damaged; "), "{:?}", probe.problems);
}

#[test]
fn encrypted_and_unsupported_members() {
    let with = |flags, method| Item { method, flags, ..stored(&format!("{flags} {method}"), b"secret") };
    let bytes = archive(&[with(1, 0), with(0x41, 8), with(1, 99), with(0x2000, 0), stored("a", b"plain")]);
    for probe in [at(&bytes), stream(&bytes), unheld(&bytes)] {
        expect(&probe, &[("1 0", ""), ("65 8", ""), ("1 99", ""), ("8192 0", ""), ("a", "plain")], &[Encrypted]);
        let message = "4 members are encrypted, the first is 1 0; decrypt what is encrypted and scan what comes out";
        assert_eq!(probe.problems[0].1, message);
    }
    let bytes = archive(&[with(0, 9), with(0, 14), with(0, 98), with(0, 1234)]);
    for probe in [at(&bytes), stream(&bytes)] {
        expect(&probe, &[("0 9", ""), ("0 14", ""), ("0 98", ""), ("0 1234", "")], &[Unsupported]);
        assert!(probe.problems[0].1.starts_with("4 members are packed"), "{:?}", probe.problems);
    }
}

#[test]
fn a_flag_that_only_one_header_has_hides_nothing() {
    let mut item = deflated("a", TEXT.as_bytes());
    (item.flags, item.local_flags) = (1, Some(0));
    expect(&at(&archive(&[item.clone()])), &[("a", TEXT)], &[]);
    (item.flags, item.local_flags) = (0, Some(1));
    expect(&at(&archive(&[item.clone()])), &[("a", TEXT)], &[]);
    item.crc ^= 1;
    assert_eq!(at(&archive(&[item])).kinds(), [Encrypted, Corrupt]);
}

#[test]
fn names_are_bytes() {
    let names: [&[u8]; 6] = [b"../../up", b"/absolute", b"nul\0in it", b"\xff\xfe", b"", b"a\\b"];
    let items: Vec<Item> = names.iter().map(|name| Item { name: name.to_vec(), ..stored("", b"x") }).collect();
    let bytes = archive(&items);
    for probe in [at(&bytes), stream(&bytes), unheld(&bytes)] {
        assert_eq!(probe.problems, []);
        let lent: Vec<_> = probe.members.iter().map(|(name, _)| name.as_deref().unwrap()).collect();
        assert_eq!(lent, names);
    }
    // The Unicode Path extra field says another name, which is no business of ours.
    let mut item = stored("raw", b"x");
    item.extra = b"up\x0a\0\x01\0\0\0\0other".to_vec();
    expect(&at(&archive(&[item])), &[("raw", "x")], &[]);
}

#[test]
fn sizes_and_checksums_that_lie() {
    let lies: [fn(&mut Item); 7] = [
        |item| item.crc ^= 1,
        |item| item.size += 1,
        |item| item.size -= 1,
        |item| item.packed_size -= 1,
        |item| item.packed_size += 1,
        |item| item.packed_size = 1 << 30,
        |item| item.size = 1 << 31,
    ];
    for lie in lies {
        for item in [stored("a", b"plain"), deflated("a", TEXT.as_bytes())] {
            let mut item = item;
            lie(&mut item);
            let bytes = archive(&[item, stored("b", b"text")]);
            for probe in [at(&bytes), stream(&bytes)] {
                assert!(members(&probe).contains(&("b".to_owned(), "text".to_owned())));
                assert_eq!(probe.kinds(), [Corrupt]);
            }
            assert_eq!(unheld(&bytes).kinds(), [Corrupt]);
        }
    }
}

#[test]
fn headers_that_contradict_each_other() {
    let mut bytes = archive(&[stored("a", b"plain"), stored("b", b"text")]);
    bytes[22] = 4;
    let probe = at(&bytes);
    expect(&probe, &[("a", "plain"), ("b", "text")], &[Corrupt]);
    assert!(probe.problems[0].1.contains("contradicts"), "{:?}", probe.problems);
}

/// bzip2 data.
fn bzip2(data: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::default());
    std::io::Write::write_all(&mut encoder, data).unwrap();
    encoder.finish().unwrap()
}

/// xz data.
fn xz(data: &[u8]) -> Vec<u8> {
    let mut writer = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::default()).unwrap();
    std::io::Write::write_all(&mut writer, data).unwrap();
    writer.finish().unwrap()
}

/// Zstandard data.
fn zstd(data: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(data, ruzstd::encoding::CompressionLevel::Fastest)
}
