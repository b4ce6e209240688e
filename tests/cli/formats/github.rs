//! Annotations of a GitHub workflow: the text of the commands.

use crate::program::{Bench, id};

#[test]
fn one_line_a_finding_and_nothing_else() {
    let mut bench = Bench::new(1650);
    let (live, test) = (bench.live(), bench.test());
    bench.write("b.env", format!("K={live}\n"));
    bench.write("a.env", format!("\n  {test}\n"));
    let run = bench.run(["-f", "github", "scan", "."]);
    let expected = format!(
        "::error file=b.env,line=1,endLine=1,col=3,endColumn=69,title=HopX live API key {live}::HopX live API key \
         hopx_live_{live}.**** is leaked. Revoke it at console.hopx.dev, Settings, API Keys; then replace it and clean \
         the history.\n\
         ::warning file=a.env,line=2,endLine=2,col=3,endColumn=69,title=HopX test API key {test}::HopX test API key \
         hopx_test_{test}.**** is leaked. Revoke it at console.hopx.dev, Settings, API Keys; then replace it and clean \
         the history.\n",
        live = id(&live),
        test = id(&test)
    );
    assert_eq!((run.status, run.text()), (Some(1), expected.as_str()));
}

/// The program's other outputs go where they were sent, so that the log holds commands alone.
#[test]
fn beside_other_reports() {
    let mut bench = Bench::new(1651);
    let key = bench.live();
    bench.write("a.env", &key);
    let run = bench.run(["-f", "github", "-o", "summary.md", "-o", "junit=r/../report.xml", "scan", "a.env"]);
    assert_eq!((run.status, run.text().lines().count()), (Some(2), 1), "{}", run.stderr);
    let run =
        bench.run(["-f", "github", "-o", "summary.md", "-o", "report.xml", "-o", "gitleaks-json=l.json", "a.env"]);
    assert_eq!((run.status, run.text().lines().count()), (Some(1), 1), "{}", run.stderr);
    assert!(bench.read_report("summary.md").starts_with(b"## hopx-leaks: 1 leak of 1 key\n"));
    assert!(bench.read_report("report.xml").starts_with(b"<?xml "));
    assert!(bench.read_report("l.json").starts_with(b"[\n"));
}
