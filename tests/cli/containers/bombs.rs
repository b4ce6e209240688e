//! Archives that are made to exhaust who opens them: the bounds are met, in little memory.

use std::process::Command;

use crate::archive::{Method, gzip, tar, zip};
use crate::program::{Bench, Run, id};

use super::pack::{Packer, SINGLES, noise, zeros, zip_of_zeros};
use super::{assert_problems, findings, problems, scan, settings};

/// KiB of memory that the program may take.
const MEMORY: u32 = 256 << 10;

/// Scans with one thread and no more memory than that. What the limit counts is more than what is in use: all private
/// memory that can be written to, touched or not.
#[cfg(target_os = "linux")]
pub fn bounded(bench: &Bench, arguments: &[&str], input: &[u8]) -> Run {
    use std::process::Stdio;
    let program = bench.command(["scan", "-j1", "-f", "json"].iter().chain(arguments));
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -d {MEMORY} && exec \"$0\" \"$@\"")]).arg(program.get_program());
    command.args(program.get_args()).current_dir(bench.path());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("sh runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    let output = std::thread::scope(|scope| {
        scope.spawn(move || drop(std::io::Write::write_all(&mut stdin, input)));
        child.wait_with_output().expect("the program ends")
    });
    bench.finish(output)
}

#[cfg(not(target_os = "linux"))]
pub fn bounded(bench: &Bench, arguments: &[&str], input: &[u8]) -> Run {
    // No limit of other systems holds for mapped memory and not for files.
    let _ = (MEMORY, Command::new("true"));
    bench.run_with_input(["scan", "-j1", "-f", "json"].iter().chain(arguments), input)
}

/// The limit itself does what it is meant to do.
#[cfg(target_os = "linux")]
#[test]
fn more_memory_is_refused() {
    let script = "ulimit -d 65536 && head -c 200000000 /dev/zero | tail -c 150000000 | wc -c";
    let output = Command::new("sh").args(["-c", script]).output().expect("sh runs");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "0");
}

/// 1 GiB of zeros.
#[test]
fn zeros_in_every_format() {
    let mut bench = Bench::new(3701);
    let key = bench.live();
    let mut bombs: Vec<_> =
        SINGLES.iter().map(|&(name, pack)| (format!("bomb.{name}"), zeros(pack, 1 << 10))).collect();
    bombs.push(("bomb.zip".to_owned(), zip_of_zeros(1 << 10)));
    for (name, bytes) in &bombs {
        assert!(bytes.len() < 3 << 20, "{name} takes {} bytes", bytes.len());
        bench.write(name, bytes);
        let expected: &[&str] = &[&format!("{name}: too-large: "), "--max-expansion"];
        assert_problems(&bounded(&bench, &[name], b""), 3, &[expected]);
        let run = bounded(&bench, &["--stdin-filename", name, "-"], bytes);
        assert_problems(&run, 3, &[expected]);
    }
    // All at once, and other files are read.
    bench.write("a.env", settings(&key));
    let run = scan(&bench, &["-j4"]);
    assert_eq!((run.status, findings(&run).len(), problems(&run).len()), (Some(1), 1, bombs.len()));
    // And nothing is left out when more is allowed.
    let run = bounded(&bench, &["--max-expansion=1000000", "bomb.zip"], b"");
    assert_problems(&run, 0, &[]);
    let run = bounded(&bench, &["--max-expansion=1000000", "--max-unpacked=100MiB", "bomb.zip"], b"");
    assert_problems(&run, 3, &[&["bomb.zip: too-large: ", "--max-unpacked"]]);
}

/// Writes the sum of a tar header.
pub fn checksum(header: &mut [u8]) {
    header[148..156].fill(b' ');
    let sum: u32 = header[..512].iter().map(|&byte| u32::from(byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

/// In one another, so that the outermost is tiny.
#[test]
fn bombs_in_containers() {
    let bench = Bench::new(3702);
    let bomb = zeros(gzip, 1 << 10);
    let zipped = zip_of_zeros(1 << 10);
    for (name, bytes) in [
        ("gzip of gzip", gzip(&bomb)),
        ("zip of gzip", zip(&[("bomb.gz", &bomb)], Method::Deflated)),
        ("gzip of zip", gzip(&zipped)),
        ("zip of zip", zip(&[("bomb.zip", &zipped)], Method::Deflated)),
    ] {
        bench.clear("d");
        bench.write("d/bomb", &bytes);
        let run = bounded(&bench, &["d"], b"");
        let problems = problems(&run);
        assert!(problems.iter().all(|told| told.contains("bomb: too-large: ") && told.contains("--max-expansion")));
        assert_eq!((run.status, problems.is_empty()), (Some(3), false), "{name}");
    }
}

#[test]
fn as_deep_as_it_goes() {
    let mut bench = Bench::new(3703);
    let key = bench.live();
    let packs: [Packer; 4] =
        [gzip, |bytes| tar(&[("t", bytes)]), |bytes| zip(&[("z", bytes)], Method::Deflated), super::pack::zstd];
    let nest = |depth: usize| (0..depth).fold(settings(&key), |bytes, level| packs[level % 4](&bytes));
    bench.write("8", nest(8));
    let run = bounded(&bench, &["8"], b"");
    assert_problems(&run, 1, &[]);
    assert_eq!(findings(&run)[0]["members"].as_array().map(Vec::len), Some(8));
    bench.write("9", nest(9));
    assert_problems(&bounded(&bench, &["9"], b""), 3, &[&["9: too-deep: ", "--max-depth"]]);
    let run = bounded(&bench, &["--max-depth=9", "9"], b"");
    assert_problems(&run, 1, &[]);
    bench.write("64", nest(64));
    assert_problems(&bounded(&bench, &["64"], b""), 3, &[&["64: too-deep: "]]);
    let run = bounded(&bench, &["--max-depth=64", "64"], b"");
    assert_problems(&run, 1, &[]);
    assert_eq!(findings(&run)[0]["key_id"], id(&key));
    // What is beside the one that is too deep is read.
    let inner = nest(8);
    bench.write("beside", tar(&[("deep", &inner), ("a.env", &settings(&key))]));
    let run = bounded(&bench, &["beside"], b"");
    assert_problems(&run, 1, &[&["beside: too-deep: "]]);
    assert_eq!(findings(&run)[0]["members"], serde_json::json!(["a.env"]));
}

/// Sizes that no disk holds.
#[test]
fn absurd_sizes_in_tar() {
    let mut bench = Bench::new(3704);
    let key = bench.live();
    let octal = |digits: &[u8]| digits.to_vec();
    let binary = |bytes: [u8; 12]| bytes.to_vec();
    for size in [
        octal(b"77777777777\0"),
        octal(b"777777777777"),
        binary([0x80, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        binary([0x80, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        binary([0xff; 12]),
    ] {
        let mut archive = tar(&[("huge", b""), ("a.env", &settings(&key))]);
        archive[124..136].copy_from_slice(&size);
        checksum(&mut archive);
        for bytes in [archive.clone(), gzip(&archive)] {
            bench.write("d/x", &bytes);
            let run = bounded(&bench, &["d"], b"");
            assert_problems(&run, 1, &[&["x: corrupt: "]]);
            assert_eq!(findings(&run).len(), 1);
            let run = bounded(&bench, &["-"], &bytes);
            assert_problems(&run, 1, &[&["<stdin>: corrupt: "]]);
        }
    }
}

#[test]
fn very_many_members() {
    let mut bench = Bench::new(3705);
    let key = bench.live();
    let names: Vec<String> = (0..60_000).map(|number| number.to_string()).collect();
    let members: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    bench.write("many.zip", zip(&members, Method::Stored));
    bench.write("many.tar", tar(&members));
    assert_problems(&bounded(&bench, &["many.zip", "many.tar"], b""), 0, &[]);
    let run = bounded(&bench, &["--max-members=50000", "many.zip", "many.tar"], b"");
    assert_problems(&run, 3, &[&["many.tar: too-many: ", "50000"], &["many.zip: too-many: ", "50000"]]);
    // The members of those in one another count together.
    let inner = zip(&members[..1000], Method::Stored);
    let outer: Vec<(&str, &[u8])> = names[..60].iter().map(|name| (name.as_str(), &inner[..])).collect();
    bench.write("d/outer.zip", zip(&outer, Method::Deflated));
    bench.write("d/a.env", settings(&key));
    let run = bounded(&bench, &["--max-members=50000", "d"], b"");
    assert_problems(&run, 1, &[&["outer.zip: too-many: ", "--max-members"]]);
    assert_problems(&bounded(&bench, &["d/outer.zip"], b""), 0, &[]);
}

/// The same key over and over, which compresses to next to nothing.
#[test]
fn very_many_keys() {
    let mut bench = Bench::new(3707);
    let key = bench.live();
    let (lines, other) = (format!("{key}\n").repeat(100_000), settings(&key));
    let long = "n".repeat(1000);
    let inner = zip(&[(&long, lines.as_bytes())], Method::Deflated);
    for (name, bytes, most) in [
        ("one.zip", zip(&[("a.txt", lines.as_bytes()), ("b.env", &other)], Method::Deflated), 25_000),
        ("nested.zip", zip(&[(&long, &inner), ("b.env", &other)], Method::Deflated), 10_000),
        ("one.gz", gzip(lines.as_bytes()), 25_000),
    ] {
        assert!(bytes.len() < 100_000, "{name} takes {} bytes", bytes.len());
        bench.write(name, &bytes);
        for run in [bounded(&bench, &[name], b""), bounded(&bench, &["--stdin-filename", name, "-"], &bytes)] {
            assert_problems(&run, 1, &[&[&format!("{name}: too-many: "), "keys"]]);
            let count = findings(&run).len();
            assert!((5_000..most).contains(&count), "{name}: {count}");
        }
    }
    // What is in no container is as long as its report.
    bench.write("a.txt", &lines);
    assert_eq!(findings(&scan(&bench, &["a.txt"])).len(), 100_000);
}

/// As large as what is held in memory of an archive that passes once, and larger.
#[test]
fn large_archives_take_little_memory() {
    let mut bench = Bench::new(3706);
    let key = bench.live();
    let (noise, settings) = (noise(3706, 70 << 20), settings(&key));
    let members = [("noise", &noise[..]), ("a.env", &settings)];
    for (name, bytes) in [("x.zip", zip(&members, Method::Stored)), ("x.tar", tar(&members))] {
        for (shown, bytes, count) in [("file", bytes.clone(), 1), ("gzip", gzip(&bytes), 2)] {
            bench.write(name, &bytes);
            for run in [bounded(&bench, &[name], b""), bounded(&bench, &["-"], &bytes)] {
                assert_problems(&run, 1, &[]);
                assert_eq!(findings(&run).len(), 1, "{name} {shown}");
                assert_eq!(findings(&run)[0]["members"].as_array().map(Vec::len), Some(count), "{name} {shown}");
            }
        }
    }
}
