//! Every format that is opened, from files and from standard input, small and large, in one another.

use crate::archive::{Member, Method, gzip, tar, zip};
use crate::program::{Bench, Run};
use crate::repository::Repository;

use super::pack::{SINGLES, bzip2, digits, noise, xz, zstd};
use super::{Inside, assert_inside, counts, scan, settings};

/// What [`archives`] calls the member with the key.
const MEMBER: &str = "sub/a.env";

/// Archives of a name's extension each, with these members.
fn archives(members: &[Member<'_>]) -> Vec<(String, Vec<u8>)> {
    let tar = tar(members);
    let mut archives = vec![
        ("tar".to_owned(), tar.clone()),
        ("whl".to_owned(), zip(members, Method::Stored)),
        ("zip".to_owned(), zip(members, Method::Deflated)),
    ];
    archives.extend(SINGLES.map(|(extension, pack)| (format!("tar.{extension}"), pack(&tar))));
    archives
}

/// What leads to the member in an archive of this name; without a name, nothing is known but that there is content.
fn path<'a>(name: &'a str, inner: &'a str) -> Vec<&'a str> {
    if name.contains(".tar.") { vec![inner, MEMBER] } else { vec![MEMBER] }
}

fn from_stdin(bench: &Bench, arguments: &[&str], input: &[u8]) -> Run {
    bench.run_with_input([&["scan", "-f", "json"], arguments, &["-"]].concat(), input)
}

/// Finds the key in archives that hold `len` bytes before it and behind it, too.
fn check_all(seed: u64, len: usize) {
    let mut bench = Bench::new(seed);
    let (before, behind) = (digits(seed, len), digits(seed + 1, len));
    let key = bench.live();
    let settings = settings(&key);
    let members = [("before.bin", &before[..]), (MEMBER, &settings[..]), ("behind.bin", &behind[..])];
    let archives = archives(&members);
    for (extension, bytes) in &archives {
        bench.write(format!("all.{extension}"), bytes);
    }
    let names: Vec<_> = archives.iter().map(|(extension, _)| format!("all.{extension}")).collect();
    let paths: Vec<_> = names.iter().map(|name| path(name, "all.tar")).collect();
    let expected: Vec<_> = names.iter().zip(&paths).map(|(name, path)| Inside::new(name, path, &key)).collect();
    let run = scan(&bench, &[]);
    assert_inside(&run, &expected);
    assert_eq!(counts(&run, ["files", "containers", "members"]), [7, 11, 25]);
    for (name, (_, bytes)) in names.iter().zip(&archives) {
        // By name.
        assert_inside(&scan(&bench, &[name]), &[Inside::new(name, &path(name, "all.tar"), &key)]);
        // From a pipe, with and without a name.
        let run = from_stdin(&bench, &[], bytes);
        assert_inside(&run, &[Inside::new("<stdin>", &path(name, "content"), &key)]);
        assert_eq!(counts(&run, ["files", "bytes"]), [1, bytes.len() as u64], "{name}");
        let run = from_stdin(&bench, &["--stdin-filename", name], bytes);
        assert_inside(&run, &[Inside::new(name, &path(name, "all.tar"), &key)]);
    }
}

#[test]
fn small_ones() {
    check_all(3001, 5000);
}

/// Larger than what is held in memory of a member.
#[test]
fn middling_ones() {
    check_all(3002, 600 << 10);
}

/// Larger than what is held in memory of standard input.
#[test]
fn large_ones() {
    check_all(3003, 1500 << 10);
}

#[test]
fn packed_files_that_are_no_archives() {
    let mut bench = Bench::new(3004);
    let key = bench.live();
    let text = [settings(&key), digits(3004, 5000)].concat();
    for (extension, pack) in SINGLES {
        bench.write(format!("a.env.{extension}"), pack(&text));
    }
    // By the magic number, not by the name.
    bench.write("image.png", zstd(&text));
    let run = scan(&bench, &[]);
    let packed = ["a.env.bz2", "a.env.gz", "a.env.xz", "a.env.zst"].into_iter();
    let packed = packed.map(|path| Inside::new(path, &["a.env"], &key));
    let all: Vec<_> = packed.chain([Inside::new("image.png", &["content"], &key)]).collect();
    assert_inside(&run, &all);
    assert_eq!(counts(&run, ["containers", "members"]), [5, 5]);
}

/// In one another, small and large.
#[test]
fn nested() {
    for len in [10, 300 << 10, 2 << 20] {
        let mut bench = Bench::new(3005);
        let key = bench.live();
        let noise = noise(3005, len);
        let settings = settings(&key);
        let inner = [("n", &noise[..]), ("in/a.env", &settings[..])];
        for method in [Method::Stored, Method::Deflated] {
            let zipped = zip(&inner, method);
            let tarred = tar(&inner);
            let packed = gzip(&tarred);
            bench.write("zip-in.tar.gz", gzip(&tar(&[("n", &noise), ("x/y.zip", &zipped)])));
            bench.write("tgz-in.zip", zip(&[("n", &noise), ("x/y.tgz", &packed)], method));
            bench.write("tar-in.zip", zip(&[("y.tar", &tarred), ("n", &noise)], method));
            bench.write("zip-in.zip", zip(&[("y.zip", &zipped), ("n", &noise)], method));
            let deep = zip(&[("2.tar.bz2", &bzip2(&tar(&[("3.zip", &zipped)])))], method);
            bench.write("1.tar.xz", xz(&tar(&[("deep.zip", &deep)])));
            let run = scan(&bench, &[]);
            assert_inside(
                &run,
                &[
                    Inside::new("zip-in.tar.gz", &["zip-in.tar", "x/y.zip", "in/a.env"], &key),
                    Inside::new("tgz-in.zip", &["x/y.tgz", "y.tar", "in/a.env"], &key),
                    Inside::new("tar-in.zip", &["y.tar", "in/a.env"], &key),
                    Inside::new("zip-in.zip", &["y.zip", "in/a.env"], &key),
                    Inside::new("1.tar.xz", &["1.tar", "deep.zip", "2.tar.bz2", "2.tar", "3.zip", "in/a.env"], &key),
                ],
            );
            assert_eq!(counts(&run, ["files", "containers"]), [5, 16]);
        }
    }
}

/// What git makes of a commit.
#[test]
fn archives_that_git_makes() {
    let mut bench = Bench::new(3006);
    let key = bench.live();
    let repository = Repository::init(bench.join("r"));
    let long = format!("{}a.env", "folder/".repeat(20));
    repository.write(&long, settings(&key));
    repository.write("large.bin", noise(3006, 2 << 20));
    repository.commit("Start");
    for format in ["tar", "tar.gz", "zip"] {
        bench.write(format!("out/all.{format}"), repository.git_bytes(&["archive", "--format", format, "HEAD"]));
    }
    let paths = ["all.tar", "all.tar.gz", "all.zip"];
    let members = [vec![long.as_str()], vec!["all.tar", &long], vec![&long]];
    let expected = [0, 1, 2].map(|n| Inside::new(paths[n], &members[n], &key));
    assert_inside(&scan(&bench, &["out"]), &expected);
    for (path, members) in paths.iter().zip(&members) {
        let bytes = std::fs::read(bench.join("out").join(path)).expect("written");
        let run = from_stdin(&bench, &["--stdin-filename", path], &bytes);
        assert_inside(&run, &[Inside::new(path, members, &key)]);
    }
}
