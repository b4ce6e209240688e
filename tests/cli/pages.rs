//! Completions and the manual page: they know every command and option that the program has.

#[cfg(unix)]
use std::process::Command;

use crate::program::Bench;

const SHELLS: [&str; 5] = ["bash", "elvish", "fish", "powershell", "zsh"];

fn printed(arguments: &[&str]) -> String {
    let run = Bench::new(1).run(arguments);
    assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""), "{arguments:?}");
    String::from_utf8(run.stdout).expect("UTF-8")
}

/// The commands that a page of help lists.
fn commands(path: &[&str]) -> Vec<String> {
    let help = printed(&[path, &["-h"]].concat());
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = listed.filter(|line| !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

/// The long options that a page of help lists.
fn options(path: &[&str]) -> Vec<String> {
    let help = printed(&[path, &["-h"]].concat());
    let starts = help.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    let names = starts.filter_map(|line| line.split([' ', ',', '=']).find(|word| word.starts_with("--")));
    names.map(str::to_owned).collect()
}

#[test]
fn every_shell_has_a_script_that_names_all_there_is() {
    let (commands, options) = (commands(&[]), options(&[]));
    assert!(commands.len() >= 11 && options.len() >= 30, "{commands:?} {options:?}");
    for shell in SHELLS {
        let script = printed(&["completions", shell]);
        for name in commands.iter().chain(["pre-commit", "uninstall"].map(String::from).iter()) {
            assert!(script.contains(name), "{shell}: {name}");
        }
        for name in &options {
            assert!(script.contains(name.trim_start_matches('-')), "{shell}: {name}");
        }
    }
}

#[test]
fn a_shell_that_there_is_no_script_for_is_wrong_usage() {
    let run = Bench::new(2).run(["completions", "cmd"]);
    assert_eq!((run.status, run.stdout.len()), (Some(2), 0));
    assert!(SHELLS.iter().all(|shell| run.stderr.contains(shell)), "{}", run.stderr);
}

/// What bash offers for the last of these words, with the script loaded.
#[cfg(unix)]
fn offered(words: &[&str]) -> Vec<String> {
    const ASK: &str = r#"source "$1"; shift
        loaded=$(complete -p hopx-leaks); loaded=${loaded#*-F }
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
        "${loaded%% *}" hopx-leaks "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf '%s\n' "${COMPREPLY[@]}""#;
    let bench = Bench::new(3);
    let script = bench.write("script", printed(&["completions", "bash"]));
    let asked = Command::new("bash").args(["--norc", "-c", ASK, "bash"]).arg(script).args(words).output();
    let asked = asked.expect("bash runs");
    assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
    let offered = String::from_utf8(asked.stdout).expect("UTF-8");
    offered.lines().map(str::to_owned).collect()
}

#[cfg(unix)]
#[test]
fn bash_completes_commands_options_and_values() {
    assert_eq!(offered(&["hopx-leaks", "sta"]), ["staged"]);
    assert_eq!(offered(&["hopx-leaks", "hook", "unin"]), ["uninstall"]);
    assert_eq!(offered(&["hopx-leaks", "history", "--allow"]), ["--allow-shallow"]);
    assert_eq!(offered(&["hopx-leaks", "--format", "gitla"]), ["gitlab"]);
    assert_eq!(offered(&["hopx-leaks", "audit", "--fail-on", "li"]), ["live"]);
    assert_eq!(offered(&["hopx-leaks", "nothing-of-this-name"]), [""]);
}

#[test]
fn the_manual_page_has_every_command_and_option() {
    let page = printed(&["man"]);
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        page.lines().next(),
        Some(format!(r#".TH hopx-leaks 1 "" "hopx-leaks {version}" "User Commands""#).as_str())
    );
    let sections: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix(".SH ")).collect();
    assert_eq!(sections[..4], ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS"]);
    assert_eq!(sections.iter().filter(|name| **name == "OPTIONS").count(), 1);
    assert_eq!(sections.last(), Some(&"COMMANDS"));
    // Options that all commands share are told of once, before the commands.
    let (shared, own) = page.split_once(".SH COMMANDS\n").expect("a section");
    for option in options(&[]) {
        assert!(shared.contains(&option.replace('-', r"\-")), "{option}");
    }
    assert_eq!(page.matches(r"\-\-include\-suppressed").count(), 1);
    for group in [vec![], vec!["hook"], vec!["hook", "run"], vec!["config"]] {
        for name in commands(&group) {
            let path = [group.as_slice(), &[&name]].concat();
            if commands(&path).is_empty() {
                assert!(own.contains(&format!(".SS \"hopx-leaks {}\"\n", path.join(" "))), "{path:?}");
            }
        }
    }
    assert!(own.contains(r"\-\-allow\-shallow") && own.contains(r"\-\-dry\-run"));
    assert!(!own.contains("Arguments of a hook manager"), "what is hidden is not told");
}
