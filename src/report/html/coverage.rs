//! What was read, what was left out and why, and what failed.

use std::io::{self, Write};

use crate::container::Unopened;
use crate::coverage::{Skip, count, size};
use crate::object::ObjectKind;
use crate::report::escape::{html, shell_word};
use crate::report::html::{copy_button, scanned};
use crate::report::{Report, TOOL};

/// The problems, and the bare repositories, that are listed.
const MAX_LISTED: usize = 1_000;
/// The problems that are seen without opening their list.
const MAX_OPEN: usize = 20;

/// Writes both sections.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    write_coverage(report, out)?;
    write_problems(report, out)
}

fn write_coverage(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let coverage = &report.coverage;
    let unopened = format!("containers of other kinds ({}), not opened", Unopened::ALL.map(Unopened::name).join(", "));
    let objects = ObjectKind::ALL.map(|kind| (format!("git objects: {}s", kind.name()), coverage.objects(kind)));
    let skips = Skip::ALL.map(|why| (format!("left out: {}", why.describe()), coverage.skipped(why)));
    let mut rows = vec![("files".to_owned(), coverage.files), ("symbolic links".to_owned(), coverage.links)];
    rows.extend(objects);
    rows.extend([
        ("containers opened".to_owned(), coverage.containers),
        ("members of them".to_owned(), coverage.members),
        (unopened, coverage.unopened),
    ]);
    rows.extend(skips);
    rows.push(("placeholders of a key's shape, not reported".to_owned(), coverage.placeholders));
    writeln!(
        out,
        "<section aria-labelledby=\"coverage\">
<h2 id=\"coverage\">Coverage</h2>
<table>
<caption>What was read, and what was left out</caption>
<thead><tr><th scope=\"col\">What</th><th scope=\"col\">Number</th></tr></thead>
<tbody>
<tr><th scope=\"row\">bytes read</th><td>{}</td></tr>",
        size(coverage.bytes),
    )?;
    for (what, number) in rows.into_iter().filter(|(_, number)| *number > 0) {
        writeln!(out, "<tr><th scope=\"row\">{what}</th><td>{number}</td></tr>")?;
    }
    writeln!(out, "</tbody>\n</table>")?;
    let bare = &coverage.bare_repositories;
    if !bare.is_empty() {
        writeln!(out, "<h3>Bare repositories, whose objects were not looked into</h3>\n<ul class=\"problems\">")?;
        for path in bare.iter().take(MAX_LISTED) {
            let command = format!("{TOOL} history {}", shell_word(path));
            let copy = copy_button("the command");
            writeln!(out, "<li><code>{}</code>{copy}</li>", scanned(command.as_bytes()))?;
        }
        writeln!(out, "</ul>")?;
        write_rest(bare.len(), "bare repositories", out)?;
    }
    writeln!(out, "</section>")
}

fn write_problems(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let problems = &report.coverage.problems;
    writeln!(out, "<section aria-labelledby=\"problems\">\n<h2 id=\"problems\">Problems</h2>")?;
    if problems.is_empty() {
        return writeln!(out, "<p>None: everything that should have been read was.</p>\n</section>");
    }
    writeln!(
        out,
        "<p>What follows should have been read and was not. The scan is complete when nothing is listed here.</p>
<details{open}>
<summary>{number}</summary>
<ul class=\"problems\">",
        open = if problems.len() <= MAX_OPEN { " open" } else { "" },
        number = count(problems.len() as u64, "problem"),
    )?;
    for problem in problems.iter().take(MAX_LISTED) {
        writeln!(
            out,
            "<li><code class=\"path\">{path}</code> <span class=\"badge\">{kind}</span> {message}</li>",
            path = scanned(&problem.path),
            kind = html(problem.kind.id().as_bytes()),
            message = scanned(problem.message.as_bytes()),
        )?;
    }
    writeln!(out, "</ul>")?;
    write_rest(problems.len(), "problems", out)?;
    writeln!(out, "</details>\n</section>")
}

fn write_rest(number: usize, what: &str, out: &mut dyn Write) -> io::Result<()> {
    if number <= MAX_LISTED {
        return Ok(());
    }
    writeln!(out, "<p>The first {MAX_LISTED} of {number} {what} are listed; the messages of the run name all.</p>")
}
