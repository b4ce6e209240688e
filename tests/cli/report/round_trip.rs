//! One report: every format has the bytes that the scan itself wrote.

use std::ffi::OsString;

use super::FORMATS;
use crate::archive::{self, Method};
use crate::json::schema;
use crate::program::Bench;
use crate::repository::Repository;

/// Scans, and holds what `report` makes of the JSON and JSON Lines reports to what the scan itself wrote.
#[track_caller]
fn check(bench: &Bench, arguments: &[OsString], least: usize) {
    let name = |format: &str| format!("scanned.{format}");
    let outputs = FORMATS.iter().flat_map(|format| ["-o".to_owned(), format!("{format}={}", name(format))]);
    let path = |output: String| {
        if output == "-o" { output } else { output.replace('=', &format!("={}/", bench.path().display())) }
    };
    let run = bench.run(arguments.iter().cloned().chain(["-q".into()]).chain(outputs.map(path).map(OsString::from)));
    let json = super::read(bench, "scanned.json");
    assert!(super::findings(&json).len() >= least, "{json}");
    let errors: Vec<_> = schema(None).iter_errors(&json).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    // It does not take SARIF beside it for the JSON to have what SARIF needs.
    let alone = bench.run(arguments.iter().cloned().chain(["-f", "json"].map(OsString::from)));
    assert!(alone.stdout == bench.read_report("scanned.json"));
    for from in ["scanned.json", "scanned.jsonl"] {
        for format in FORMATS {
            let again = bench.run(["report", "-f", format, from]);
            let (again_text, scanned) = (String::from_utf8_lossy(&again.stdout), bench.read_report(name(format)));
            assert_eq!(again_text, String::from_utf8_lossy(&scanned), "{format} from {from}");
            assert_eq!(again.status, run.status, "{}", again.stderr);
        }
    }
}

fn words(arguments: &[&str]) -> Vec<OsString> {
    arguments.iter().map(OsString::from).collect()
}

/// Files with what is awkward: columns that differ, members, encodings, names that are no text.
fn awkward(bench: &mut Bench, folder: &str) {
    let (live, test, wide, binary, named, packed) =
        (bench.live(), bench.test(), bench.live(), bench.live(), bench.live(), bench.test());
    let write = |name: &str, content: &[u8]| bench.write(format!("{folder}/{name}"), content);
    write("two.env", format!("A={live}\n\u{1f600}\u{e9} B={test}; again={live}\n").as_bytes());
    let utf16 = format!("\u{feff}$k = '{wide}'\r\n").encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    write("sub/wide.ps1", &utf16);
    write("program.bin", format!("\x7fELF\0\0a{binary}b\0").as_bytes());
    write(&format!("backup-{named}.txt"), b"nothing");
    let inner = archive::zip(&[("in \u{e9}.txt", packed.as_bytes())], Method::Deflated);
    write("outer.zip", &archive::zip(&[("a/inner.zip", &inner), ("b.txt", live.as_bytes())], Method::Stored));
    write("docs.md", format!("hopx_live_AAAAAAAAAAAA.{}A\n", "x".repeat(42)).as_bytes());
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::ffi::OsStringExt;
        let odd = OsString::from_vec(b"caf\xe9 \x1b[31m.txt".to_vec());
        bench.write(bench.join(folder).join(odd), format!("k={test}"));
        std::os::unix::fs::symlink(format!("/nowhere/{live}"), bench.join(folder).join("link")).expect("a link");
    }
}

#[test]
fn a_scan() {
    let mut bench = Bench::new(1750);
    awkward(&mut bench, "d");
    check(&bench, &words(&["scan", "d"]), 8);
    check(&bench, &words(&["scan", "./d", "d/two.env", "not there"]), 8);
    let absolute = bench.join("d").into_os_string();
    check(&bench, &[OsString::from("scan"), absolute], 8);
    bench.write("clean/a.txt", "nothing");
    check(&bench, &words(&["scan", "clean"]), 0);
    check(&bench, &words(&["scan", "clean", "not there"]), 0);
}

#[cfg(target_os = "linux")]
#[test]
fn a_root_that_is_no_text() {
    use std::os::unix::ffi::OsStringExt;
    let mut bench = Bench::new(1751);
    let key = bench.live();
    let roots = [&b"r\xfe"[..], b"r\xff"].map(|name| OsString::from_vec(name.to_vec()));
    for root in &roots {
        bench.write(bench.join(root).join("a.txt"), &key);
    }
    check(&bench, &[vec![OsString::from("scan")], roots.to_vec()].concat(), 2);
    let member = [b"caf\xe9.txt".to_vec()].concat();
    let mut tar = archive::tar(&[("caf_.txt", key.as_bytes())]);
    // The checksum goes with the name.
    let sum: u32 = tar[..512]
        .iter()
        .enumerate()
        .map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u32::from(*byte) })
        .sum();
    tar[..member.len()].copy_from_slice(&member);
    let sum = sum - u32::from(b'_') + 0xe9;
    tar[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    bench.write("t/a.tar", tar);
    check(&bench, &words(&["scan", "t"]), 1);
    let report = super::read(&bench, "scanned.json");
    assert!(super::findings(&report)[0]["members_base64"].is_array(), "{report}");
}

/// The working directory is not where paths begin.
#[test]
fn below_the_top_of_a_work_tree() {
    let mut bench = Bench::new(1752);
    let repository = Repository::init(bench.join("r"));
    let (key, hidden) = (bench.live(), bench.test());
    repository.write("a/b/c.txt", &key);
    repository.write(".gitignore", "*.log\n");
    repository.commit("Start");
    repository.write("a/x.log", &hidden);
    let folder = bench.join("r/a");
    let folder = folder.to_str().expect("UTF-8");
    for arguments in
        [&["scan", "b"][..], &["scan", ".."], &["scan"], &["scan", "--no-ignore"], &["scan", "x.log"], &["history"]]
    {
        check(&bench, &words(&[&["-C", folder][..], arguments].concat()), 1);
    }
}

#[test]
fn a_repository() {
    let mut bench = Bench::new(1753);
    let repository = Repository::init(bench.join("r"));
    let keys: Vec<String> = (0..7).map(|_| bench.live()).collect();
    repository.commit_file("a.txt", format!("k={}\n", keys[0]), "First");
    repository.commit_file("d/b.txt", format!("\u{1f600}={}", keys[1]), "Not a \u{1b}[31m\u{e9} subject");
    repository.git(&["update-ref", "refs/remotes/origin/main", "HEAD~1"]);
    repository.git(&["tag", "-a", "v1", "-m", &format!("Tag {}", keys[2])]);
    repository.commit(&format!("Message {}", keys[3]));
    repository.commit_removal("a.txt", "Gone");
    repository.write("lost.txt", &keys[4]);
    repository.git(&["add", "lost.txt"]);
    repository.git(&["stash", "-q"]);
    let zip = archive::zip(&[("in.txt", keys[5].as_bytes())], Method::Stored);
    repository.commit_file("z.zip", zip, "A container");
    repository.write(".gitignore", "*.log\n");
    repository.write("x.log", &keys[6]);
    repository.write("staged.txt", format!("{}\n{}", keys[0], keys[6]));
    repository.git(&["add", "staged.txt", ".gitignore"]);
    repository.write("d/b.txt", format!("moved\n\u{1f600}={}", keys[1]));
    for arguments in [
        &["history", "r"][..],
        &["history", "r", "--include-author"],
        &["audit", "r"],
        &["scan", "r"],
        &["scan", "r", "--no-ignore"],
        &["-C", "r", "staged"],
        &["-C", "r", "commits", "HEAD"],
    ] {
        check(&bench, &words(arguments), 1);
    }
}

#[test]
fn standard_input() {
    let mut bench = Bench::new(1754);
    let key = bench.live();
    bench.write("a.txt", format!("\u{1f600}={key}"));
    for name in ["<stdin>", "d/in.txt"] {
        let scan = |format: &str| {
            bench.run_with_input(
                ["-", "--stdin-filename", name, "-f", format],
                &std::fs::read(bench.join("a.txt")).expect("read"),
            )
        };
        bench.write("in.json", scan("json").stdout);
        for format in FORMATS {
            let again = bench.run(["report", "-f", format, "in.json"]);
            assert_eq!(
                String::from_utf8_lossy(&again.stdout),
                String::from_utf8_lossy(&scan(format).stdout),
                "{format}"
            );
            let piped = bench.run_with_input(["report", "-f", format, "-"], &bench.read_report("in.json"));
            assert!(piped.stdout == again.stdout);
        }
    }
}

#[cfg(feature = "verify")]
#[test]
fn verdicts() {
    use crate::api::{Api, Reply, Request};
    let mut bench = Bench::new(1755);
    let keys = [bench.live(), bench.test(), bench.live(), bench.live()];
    for (name, key) in ["d.txt", "c.txt", "b.txt", "a.txt"].iter().zip(&keys) {
        bench.write(format!("d/{name}"), key);
    }
    let ids = keys.clone().map(|key| key[10..22].to_owned());
    let api = Api::new(move |request: &Request, _| match request.key_id() {
        Some(id) if id == ids[0] => Reply::json(200, r#"{"object":"list","data":[],"request_id":"req_7"}"#),
        Some(id) if id == ids[1] => Reply::json(403, r#"{"code":"FORBIDDEN"}"#),
        Some(id) if id == ids[2] => Reply::rejected(),
        Some(_) => Reply::json(404, "{}"),
        None => Reply::json(200, "{}"),
    });
    let url = api.url();
    let outputs = FORMATS.map(|format| format!("{format}=scanned.{format}"));
    let outputs = outputs.iter().flat_map(|output| ["-o", output]);
    let run = bench.run(["-q", "--verify", "--api-url", &url, "d"].into_iter().chain(outputs));
    assert_eq!(run.status, Some(1), "{}", run.stderr);
    for format in FORMATS {
        let again = bench.run(["report", "-f", format, "scanned.jsonl"]);
        let scanned = bench.read_report(format!("scanned.{format}"));
        assert_eq!(String::from_utf8_lossy(&again.stdout), String::from_utf8_lossy(&scanned), "{format}");
    }
    assert_eq!(bench.run(["report", "--fail-on", "live", "scanned.json"]).status, Some(1));
}
