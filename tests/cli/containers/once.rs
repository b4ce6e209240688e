//! One problem for one cause, one finding for one place, and no part of a secret where a name is cut.

use serde_json::json;

use crate::archive::{Method, gzip, tar, zip};
use crate::program::Bench;

use super::bombs::{bounded, checksum};
use super::pack::{SINGLES, change, encrypt, noise, zeros, zip_of_zeros};
use super::{assert_problems, findings, problems, scan, settings};

/// Formats keep as it is what they can't make smaller: the key stands in the packed bytes, and is the member's.
#[test]
fn a_key_in_packed_bytes_is_the_members() {
    let mut bench = Bench::new(3901);
    let key = bench.live();
    let text = settings(&key);
    for (extension, pack) in SINGLES {
        bench.write(format!("a.env.{extension}"), pack(&text));
    }
    let large = [&noise(1, 300 << 10)[..], b"\n", &text].concat();
    bench.write("large.zip", zip(&[("a.env", &large)], Method::Deflated));
    let run = scan(&bench, &[]);
    let found: Vec<_> = findings(&run).iter().map(|f| json!([f["path"], f["members"]])).collect();
    let expected = ["a.env.bz2", "a.env.gz", "a.env.xz", "a.env.zst", "large.zip"].map(|path| json!([path, ["a.env"]]));
    assert_eq!(found, expected);
}

/// Whoever met the bound tells of it, and not all that it was nested in as well.
#[test]
fn a_bomb_in_a_container_is_told_once() {
    let bench = Bench::new(3902);
    let (bomb, zipped) = (zeros(gzip, 1 << 10), zip_of_zeros(1 << 10));
    let many: Vec<String> = (0..50).map(|number| format!("{number}.zip")).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|name| (name.as_str(), &zipped[..])).collect();
    for (name, bytes) in [
        ("tar.gz-of-zips", gzip(&tar(&many))),
        ("zip-of-zips", zip(&many, Method::Stored)),
        ("zip-of-zip", zip(&[("bomb.zip", &zipped)], Method::Deflated)),
        ("zip-of-gzip", zip(&[("bomb.gz", &bomb)], Method::Deflated)),
        ("gzip-of-zip", gzip(&zipped)),
        ("gzip-of-gzip", gzip(&bomb)),
    ] {
        bench.write(name, &bytes);
        assert_problems(&bounded(&bench, &[name], b""), 3, &[&[&format!("{name}: too-large: "), "raise --max-"]]);
    }
}

/// What a bound cuts short is not damaged.
#[test]
fn a_bomb_in_a_tar_file_is_not_corrupt() {
    let bench = Bench::new(3903);
    let mut header = tar(&[("zeros", b"")]);
    header.truncate(512);
    header[124..136].copy_from_slice(format!("{:011o}\0", 1_u64 << 30).as_bytes());
    checksum(&mut header);
    bench.write("x.tgz", [gzip(&header), zeros(gzip, 1 << 10), gzip(&[0; 1024])].concat());
    assert_problems(&bounded(&bench, &["x.tgz"], b""), 3, &[&["x.tgz: too-large: ", "--max-expansion"]]);
}

/// Messages name members, and a name can hold a key, or the beginning of one where it is cut.
#[test]
fn messages_hold_no_secret() {
    let mut bench = Bench::new(3605);
    for (number, len) in (100..=200).step_by(7).enumerate() {
        let name = format!("{}{}", "x/".repeat(len / 2), bench.live());
        let mut archive = zip(&[(&name, b"nothing")], Method::Deflated);
        encrypt(&mut archive, &name);
        bench.write(format!("{number}-encrypted.zip"), &archive);
        let mut archive = zip(&[(&name, b"nothing, nothing, nothing")], Method::Deflated);
        change(&mut archive, &name, 14, 16, |sum| sum[0] ^= 1);
        bench.write(format!("{number}-sum.zip"), &archive);
        let outer = format!("{}.zip", bench.live());
        bench.write(format!("{number}-nested.tar"), tar(&[(&outer, &archive)]));
        // A long name in a tar file, as pax has it, and the file cut short behind it.
        let record = format!(" path={name}\n");
        let len = (record.len()..record.len() + 9)
            .find(|len| len.to_string().len() + record.len() == *len)
            .expect("a length");
        let record = format!("{len}{record}");
        let mut pax = tar(&[("pax", record.as_bytes()), ("short", &[b'.'; 2000])]);
        pax[156] = b'x';
        let sum: u32 = pax[..512]
            .iter()
            .enumerate()
            .map(|(at, &byte)| if (148..156).contains(&at) { 32 } else { u32::from(byte) })
            .sum();
        pax[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        bench.write(format!("{number}-cut.tar"), &pax[..2500]);
    }
    // `Bench` looks for secrets in whatever comes out.
    for format in ["json", "text", "sarif"] {
        assert_eq!(bench.run(["-v", "-f", format, "."]).status, Some(1));
    }
    let told = problems(&scan(&bench, &[]));
    assert!(told.len() >= 60, "{}", told.len());
    assert!(told.iter().any(|problem| problem.contains(".****")), "{told:#?}");
}

/// The name in a gzip header has no end that anything sets.
#[test]
fn a_very_long_name_of_a_gzip_member() {
    let mut bench = Bench::new(3906);
    let key = bench.live();
    for len in [1, 10, 40, 60, 65, 66, 100] {
        let name = format!("{}{key}", "x".repeat(4096 - len));
        let mut packed = flate2::GzBuilder::new().filename(name).write(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut packed, b"nothing").expect("memory takes it");
        bench.write(format!("{len}.gz"), packed.finish().expect("memory takes it"));
        let mut packed = gzip(&settings(&key));
        packed[3] |= 8;
        packed.splice(10..10, format!("{}{key}\0", "x".repeat(4096 - len)).into_bytes());
        bench.write(format!("{len}-key.gz"), packed);
    }
    for format in ["json", "text", "sarif"] {
        assert_eq!(bench.run(["-f", format, "."]).status, Some(1));
    }
}
