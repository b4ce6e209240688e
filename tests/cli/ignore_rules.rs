//! What git's ignore rules hide, held against git itself: the files that `scan` reads are those that `git ls-files` lists
//! as untracked and not ignored.

use std::collections::BTreeSet;

use crate::program::Bench;
use crate::repository::{START, git_in};

/// What git takes for untracked and not ignored in the folder `r`.
fn by_git(bench: &Bench) -> BTreeSet<String> {
    let output = git_in(&bench.join("r"), START)
        .env("HOME", bench.path())
        .env("GIT_CONFIG_GLOBAL", bench.join(".gitconfig"))
        .args(["ls-files", "-z", "--others", "--exclude-standard"])
        .output()
        .expect("git runs");
    let paths = output.stdout.split(|byte| *byte == 0).filter(|path| !path.is_empty());
    paths.map(|path| String::from_utf8_lossy(path).into_owned()).collect()
}

/// What the program finds keys in there.
fn by_us(bench: &Bench) -> BTreeSet<String> {
    let mut command = bench.command(["scan", "-f", "json", "r"]);
    command.env("GIT_CONFIG_GLOBAL", bench.join(".gitconfig"));
    let run = bench.finish(command.output().expect("the program runs"));
    assert!(run.stderr.is_empty() || run.stderr.contains("no file was found"), "{}", run.stderr);
    let report = run.json();
    let findings = report["findings"].as_array().expect("a list");
    findings.iter().map(|finding| finding["path"].as_str().expect("a path").to_owned()).collect()
}

/// A repository with these files, each with a key.
fn tree(bench: &mut Bench, files: &[&str]) {
    bench.git(&["init", "-q", "r"]);
    for file in files {
        let key = bench.live();
        bench.write(format!("r/{file}"), key);
    }
}

/// Every form of rule that other matchers read in another way than git does.
#[test]
fn rules_are_read_as_git_reads_them() {
    let files = [
        "a",
        "a.txt",
        "b",
        "x.log",
        "keep.env",
        "x.env",
        "{x",
        "foo\\ ",
        "d/a",
        "d/x.log",
        "e/d/a",
        "B.TXT",
        "d/e/f/x.log",
        "dx/y/a",
    ];
    for (number, rules) in [
        &b"*.{txt,log}\n"[..],
        b"{a,b}\n",
        b"a\t\n",
        b"a\xc2\xa0\n",
        b"a  \n",
        b"*.env\n# caf\xe9\n!keep.env\n",
        b"*.env\n\xff\n!keep.env\n",
        b"*\n![[:lower:]]*\n",
        b"[[:alpha:]]*\n",
        b"*\n!{x\n",
        b"{x\n",
        b"foo\\\\\\ \n",
        b"a\0b\n",
        b"\xef\xbb\xbfa\r\n",
        b"/a\n",
        b"d/\n!d/a\n",
        b"d/*\n!d/a\n",
        b"**/a\n",
        b"e/**\n!e/d/\n",
        b"d/**/a\n",
        b"\\!a\n\\#a\n",
        b"[!a]*\n",
        b"?\n!b\n",
        b"*.txt\n!a.txt\n*.t*\n",
        b"*\n!*/\n!d**/a\n",
        b"*.log\n!d**/x.log\n",
        b"a\n!e**/a\n!d**/**\n",
    ]
    .into_iter()
    .enumerate()
    {
        let mut bench = Bench::new(3100 + number as u64);
        tree(&mut bench, &files);
        bench.write("r/.gitignore", rules);
        let mut git = by_git(&bench);
        git.remove(".gitignore");
        assert_eq!(by_us(&bench), git, "{}", String::from_utf8_lossy(rules));
    }
}

/// `core.excludesFile` and `core.ignoreCase`, wherever they are set.
#[test]
fn the_configuration_counts() {
    let mine = "*.mine\n";
    let xdg = "*.xdg\n";
    for (number, (global, local)) in [
        ("", ""),
        ("[core]\n\texcludesFile = ~/mine\n", ""),
        ("[core]\n\texcludesFile = ~/mine # a comment\n", ""),
        ("[other]\n\texcludesFile = ~/mine\n", ""),
        ("[core]\n\texcludesFile = ~/none\n\texcludesFile = ~/mine\n", ""),
        ("[core]\n\texcludesFile = ~/mine\n\texcludesFile = ~/none\n", ""),
        ("", "[core]\n\texcludesFile = ~/mine\n"),
        ("[core]\n\texcludesFile = ~/mine\n", "[core]\n\texcludesFile =\n"),
        ("[include]\n\tpath = ~/more\n", ""),
        ("", "[core]\n\tignoreCase = true\n"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut bench = Bench::new(3200 + number as u64);
        tree(&mut bench, &["a.mine", "b.xdg", "c.MINE", "d"]);
        bench.write("mine", mine);
        bench.write(".config/git/ignore", xdg);
        bench.write("more", "[core]\n\texcludesFile = ~/mine\n");
        bench.write(".gitconfig", global);
        let config = std::fs::read_to_string(bench.join("r/.git/config")).expect("a configuration");
        bench.write("r/.git/config", config + local);
        assert_eq!(by_us(&bench), by_git(&bench), "{global:?} {local:?}");
    }
}

/// Random rules in several files over one tree.
#[test]
fn random_rules() {
    let files = ["a", "b.x", "c/a", "c/b.x", "c/d/a", "c/d/e.y", "f/a.x", "f/g/b.y", "f/g/h/a", ".i/a", ".i/b.x"];
    let parts =
        ["a", "b", "*", "?", "**", "/", "/", "c", "d", ".x", ".y", "f", "g", "[ab]", "[!a]", "\\a", "*.x", "h", ".i"];
    let mut bench = Bench::new(3300);
    tree(&mut bench, &files);
    let mut rng = fastrand::Rng::with_seed(3300);
    let mut hidden = 0;
    for _ in 0..60 {
        for file in ["r/.gitignore", "r/c/.gitignore", "r/f/g/.gitignore", "r/.git/info/exclude"] {
            let line = |rng: &mut fastrand::Rng| {
                let sign = if rng.u8(..3) == 0 { "!" } else { "" };
                let count = rng.usize(1..4);
                let text: String = (0..count).map(|_| parts[rng.usize(..parts.len())]).collect();
                format!("{sign}{text}\n")
            };
            let rules: String = (0..rng.usize(..4)).map(|_| line(&mut rng)).collect();
            bench.write(file, &rules);
        }
        let mut git = by_git(&bench);
        git.retain(|path| !path.ends_with(".gitignore"));
        hidden += files.len() - git.len();
        let rules = std::fs::read_to_string(bench.join("r/.gitignore")).expect("rules");
        assert_eq!(by_us(&bench), git, "{rules}");
    }
    assert!(hidden > 100, "only {hidden} files were hidden");
}
