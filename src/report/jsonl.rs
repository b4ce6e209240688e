//! JSON Lines: each finding on a line of its own, then a summary, so that a cut file can be told from a whole one.

use std::io::{self, Write};

use serde::Serialize;

use crate::report::escape::JsonText;
use crate::report::json::{Head, JsonFinding, Summary};
use crate::report::{Report, Suppressed};

/// A line.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Line<'a> {
    Finding(Box<JsonFinding<'a>>),
    Summary {
        #[serde(flatten)]
        head: Head,
        #[serde(flatten)]
        summary: Box<Summary<'a>>,
    },
}

/// Writes all lines.
///
/// # Errors
///
/// Those of `out`.
pub fn write(report: &Report, suppressed: Suppressed, out: &mut dyn Write) -> io::Result<()> {
    let findings = report.shown(suppressed).map(|finding| Line::Finding(Box::new(JsonFinding::new(finding))));
    let summary = Line::Summary { head: Head::new(report), summary: Box::new(Summary::new(report)) };
    for line in findings.chain([summary]) {
        serde_json::to_writer(JsonText(out), &line)?;
        writeln!(out)?;
    }
    Ok(())
}
