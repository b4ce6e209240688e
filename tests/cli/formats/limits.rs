//! What a consumer has no room for is counted.

use super::read::{Markdown, commands};
use crate::program::Bench;

/// The number before a word.
fn number_before(text: &str, word: &str) -> usize {
    let before = &text[..text.find(word).unwrap_or_else(|| panic!("{word} in {text}"))];
    before.trim_end().rsplit(|c: char| !c.is_ascii_digit()).next().expect("one").parse().expect("a number")
}

/// 10 annotations of a kind are what GitHub keeps.
#[test]
fn annotations() {
    let mut bench = Bench::new(1630);
    let live: String = (0..30).map(|_| bench.live() + "\n").collect();
    let test: String = (0..12).map(|_| bench.test() + "\n").collect();
    bench.write("a.env", live);
    bench.write("b.env", test);
    let missing: Vec<String> = (0..5).map(|number| format!("gone-{number}")).collect();
    let run = bench.run(["-f", "github", "scan", "."].into_iter().chain(missing.iter().map(String::as_str)));
    let commands = commands(run.text());
    let of = |name: &str| commands.iter().filter(|command| command.name == name).collect::<Vec<_>>();
    let (errors, warnings) = (of("error"), of("warning"));
    assert_eq!((errors.len(), warnings.len(), commands.len()), (10, 10, 20));
    assert!(errors[9].message.starts_with("21 more of this kind, "), "{}", errors[9].message);
    assert!(errors[9].message.contains("-o summary.md"));
    // One of the warnings is about what could not be read.
    assert!(warnings[9].message.starts_with("4 more of this kind, "), "{}", warnings[9].message);
    assert!(warnings[0].message.starts_with("The scan is incomplete, 5 inputs could not be read: gone-0: "));
    assert!(warnings[0].message.ends_with("; and 2 more, in the log of standard error"), "{}", warnings[0].message);
    assert_eq!(warnings[0].message.matches("gone-").count(), 3);
    // Nine fit without a word.
    let nine: String = (0..9).map(|_| bench.live() + "\n").collect();
    bench.write("few.env", nine);
    assert_eq!(super::read::commands(bench.run(["-f", "github", "few.env"]).text()).len(), 9);
}

/// 1 MiB is what GitHub takes.
#[test]
fn a_summary() {
    let mut bench = Bench::new(1631);
    let (common, total) = (bench.live(), 40_000);
    let keys: Vec<String> = (0..1_500).map(|_| bench.test()).collect();
    bench.write("a/common.env", format!("{common}\n").repeat(total));
    bench.write("b/keys.env", keys.join("\n"));
    let list: Vec<String> = (0..2_000).map(|number| format!("gone-{number:0200}")).collect();
    bench.write("list", list.join("\n"));
    let run = bench.run(["-f", "markdown", "scan", "a", "b", "--files-from", "list"]);
    assert!(run.stdout.len() < 900_000 && run.stdout.len() > 800_000, "{}", run.stdout.len());
    let page = Markdown::read(run.text());
    let left_out = number_before(&page.words, "places of");
    assert!(left_out > 1_000);
    assert_eq!(page.places.len() + left_out, total + keys.len());
    let problems = page.spans.iter().filter(|span| span.starts_with("gone-")).count();
    let left_out = number_before(&page.words, "problems left out here");
    assert!(problems > 100 && left_out > 100, "{problems} {left_out}");
    assert_eq!(problems + left_out, 2_000);
    assert!(run.text().ends_with(" 2000 problems.\n"));
    assert!(page.headings[1].starts_with("error: hopx_live_"));
}
