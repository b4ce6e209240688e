//! The options, and what is wrong with them.

use crate::api::{Api, Reply};
use crate::program::Bench;

#[track_caller]
fn assert_refused(bench: &Bench, arguments: &[&str], message: &str) {
    let run = bench.run(arguments);
    assert_eq!((run.status, run.stdout.len()), (Some(2), 0), "{arguments:?}: {}", run.stderr);
    assert!(run.stderr.contains(message), "{arguments:?}: {}", run.stderr);
}

#[test]
fn options_that_mean_nothing_without_verify() {
    let mut bench = Bench::new(1570);
    let key = bench.live();
    bench.write("a.txt", &key);
    bench.git(&["init", "-q"]);
    for (option, value) in [
        ("--fail-on", "live"),
        ("--api-url", "https://api.hopx.dev"),
        ("--auth-header", "x-api-key"),
        ("--verify-rate", "5"),
        ("--verify-timeout", "5"),
    ] {
        let named = if option == "--fail-on" { "--fail-on live" } else { option };
        assert_refused(&bench, &[option, value, "."], &format!("{named} needs --verify"));
        assert_refused(&bench, &["staged", option, value], "needs --verify");
    }
}

#[test]
fn addresses_that_keys_are_not_sent_to() {
    let mut bench = Bench::new(1571);
    let key = bench.live();
    bench.write("a.txt", &key);
    let https_only = "keys are sent over https only, or over http to this machine";
    for (address, message) in [
        ("http://api.hopx.dev", https_only),
        ("http://192.168.1.1", https_only),
        ("api.hopx.dev", "it is no address; write it as https://HOST[:PORT][/PATH]"),
        ("file:///etc/passwd", "it is no address"),
        ("https://user:verysecret@api.hopx.dev", "it must not hold a user name or password"),
    ] {
        assert_refused(
            &bench,
            &["--verify", "--api-url", address, "."],
            "cannot send keys to the address in --api-url: ",
        );
        assert_refused(&bench, &["--verify", "--api-url", address, "."], message);
        let run = bench.finish(
            bench.command(["--verify", "."]).env("HOPX_LEAKS_API_URL", address).output().expect("the program runs"),
        );
        assert_eq!(run.status, Some(2));
        assert!(run.stderr.contains("cannot send keys to the address in HOPX_LEAKS_API_URL: "), "{}", run.stderr);
        assert!(!run.stderr.contains("verysecret"), "a password is shown");
    }
}

/// The command line goes before the environment, and an empty variable is none.
#[test]
fn where_the_address_comes_from() {
    let mut bench = Bench::new(1572);
    let key = bench.live();
    bench.write("a.txt", &key);
    let (named, set) = (Api::saying(Reply::live()), Api::saying(Reply::live()));
    let run = |arguments: &[&str]| {
        let mut command = bench.command(arguments);
        bench.finish(command.env("HOPX_LEAKS_API_URL", set.url()).output().expect("the program runs"))
    };
    run(&["--verify", "--api-url", &named.url(), "."]);
    assert_eq!((named.seen().len(), set.seen().len()), (1, 0));
    run(&["--verify", "."]);
    assert_eq!((named.seen().len(), set.seen().len()), (1, 1));
    run(&["."]);
    assert_eq!((named.seen().len(), set.seen().len()), (1, 1));
}

#[test]
fn values() {
    let bench = Bench::new(1573);
    for arguments in [
        ["--verify-rate", "0"],
        ["--verify-rate", "601"],
        ["--verify-timeout", "0"],
        ["--verify-timeout", "1h"],
        ["--auth-header", "cookie"],
    ] {
        assert_refused(&bench, &[&["--verify"], &arguments[..]].concat(), arguments[0]);
    }
}

/// While it takes long, the progress line says what is going on.
#[test]
fn progress() {
    let mut bench = Bench::new(1574);
    let key = bench.live();
    bench.write("a.txt", &key);
    let api = Api::saying(Reply::Stalled(Vec::new()));
    let run = bench.run(["--progress", "always", "--verify", "--verify-timeout", "2", "--api-url", &api.url(), "."]);
    assert!(run.stderr.contains("\r\u{1b}[Kasking the API: 0 of 1 key"), "{:?}", run.stderr);
    assert!(run.stderr.ends_with("\r\u{1b}[K"), "{:?}", run.stderr);
}
