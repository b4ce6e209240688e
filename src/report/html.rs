//! HTML: one page that works from disk, alone. It loads nothing, sends nothing and stores nothing.
//!
//! All of it is there as HTML, so that it can be read without its script, printed and searched. Its policy lets in the
//! one style sheet and the one script that are written here, by their hashes, and nothing else: if a name that was
//! scanned ever got past [`html`], it would still not run. The script is given no data: it reads the page.

mod coverage;
mod keys;
mod timeline;

use std::io::{self, Write};

use sha2::{Digest, Sha256};

use crate::coverage::count;
use crate::finding::{Exposure, Level};
use crate::report::escape::html;
use crate::report::{Report, Suppressed, TOOL, VERSION};
use crate::verdict::{Status, UNCHECKED};

use self::keys::Key;

/// The places of keys that one page holds; above it, those that stand last are left out, and the page says so. A page
/// of as many takes 14 MB.
pub const MAX_PLACES: usize = 10_000;

/// Writes the page.
///
/// # Errors
///
/// Those of `out`.
pub fn write(report: &Report, suppressed: Suppressed, out: &mut dyn Write) -> io::Result<()> {
    let (style, script) = (inline(include_str!("html/page.css")), inline(include_str!("html/page.js")));
    let mut keys = keys::grouped(report, suppressed);
    let cut = keys::cut(&mut keys, MAX_PLACES);
    write_head(report, &style, &script, out)?;
    write_banner(report, out)?;
    writeln!(out, "<main id=\"main\">")?;
    write_summary(report, out)?;
    write_keys(report, &keys, cut, out)?;
    coverage::write(report, out)?;
    writeln!(out, "</main>")?;
    write_footer(report, out)?;
    writeln!(
        out,
        "<div id=\"said\" class=\"unseen\" role=\"status\"></div>\n<script>{script}</script>\n</body>\n</html>"
    )
}

/// A text between two tags, which an HTML parser changes nothing in: the hash is of what it sees, with `\n` at the end
/// of lines, however the sources were checked out.
fn inline(text: &str) -> String {
    text.replace('\r', "")
}

/// The source expression of a policy that lets in an inline text (CSP level 3, section 2.3.1).
fn source(text: &str) -> String {
    format!("'sha256-{}'", data_encoding::BASE64.encode(&Sha256::digest(text.as_bytes())))
}

fn write_head(report: &Report, style: &str, script: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<!DOCTYPE html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src {style_source}; \
         script-src {script_source}; base-uri 'none'; form-action 'none'\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<meta name=\"color-scheme\" content=\"light dark\">
<meta name=\"referrer\" content=\"no-referrer\">
<meta name=\"robots\" content=\"noindex\">
<meta name=\"format-detection\" content=\"telephone=no\">
<meta name=\"generator\" content=\"{TOOL} {VERSION}\">
<title>{title} - {TOOL}</title>
<style>{style}</style>
</head>
<body>
<a class=\"skip\" href=\"#main\">Skip to the report</a>",
        style_source = source(style),
        script_source = source(script),
        title = headline(report),
    )
}

/// The outcome in a line.
fn headline(report: &Report) -> String {
    let leaks = report.leaks().count() as u64;
    match (leaks, report.is_complete()) {
        (0, true) => "No leaks".to_owned(),
        (0, false) => "No leaks found, but incomplete".to_owned(),
        (_, is_complete) => {
            let keys = count(report.leaked_keys() as u64, "key");
            let incomplete = if is_complete { "" } else { ", and incomplete" };
            format!("{keys} leaked in {}{incomplete}", count(leaks, "place"))
        }
    }
}

fn write_banner(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let problems = report.coverage.problems.len() as u64;
    let state = if report.leaks().next().is_some() { "bad" } else { "good" };
    writeln!(
        out,
        "<header>
<div class=\"bar\">
<p class=\"tool\">{TOOL} {VERSION} <span class=\"dim\">{mode}</span></p>
<nav aria-label=\"Parts of the report\"><a href=\"#keys\">Keys</a> <a href=\"#coverage\">Coverage</a> \
         <a href=\"#problems\">Problems</a></nav>
<button type=\"button\" id=\"theme\" class=\"scripted\">Theme: system</button>
</div>
<h1 class=\"{state}\">{headline}</h1>",
        mode = report.mode.id(),
        headline = headline(report),
    )?;
    if !report.is_complete() {
        writeln!(
            out,
            "<p class=\"alert\"><strong>This scan is incomplete.</strong> {kept} something from being read, so there may \
             be more than is shown here. <a href=\"#problems\">What was not read, and why</a></p>",
            kept = if problems == 1 { "1 problem kept".to_owned() } else { format!("{problems} problems kept") },
        )?;
    }
    writeln!(out, "</header>")
}

fn write_summary(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let leaks = report.leaks().count();
    let pushed = keys::distinct(report.leaks().filter(|finding| finding.exposure == Exposure::Pushed));
    let mut tiles = vec![
        ("keys to revoke", report.leaked_keys()),
        ("places where they are", leaks),
        ("keys that were pushed", pushed),
    ];
    let asked = Status::ALL.map(|status| (report.keys_with(status), status));
    if asked.iter().any(|(keys, _)| *keys > 0) {
        tiles.extend(asked.map(|(keys, status)| {
            let words = match status {
                Status::Live => "live: the API takes them",
                Status::Limited => "limited: known, not permitted",
                Status::Unknown => "unknown: the API did not tell",
                Status::Rejected => "rejected by the API",
            };
            (words, keys)
        }));
    }
    tiles.extend([
        ("places in files that git ignores", report.notes()),
        ("places suppressed", report.suppressed()),
        ("problems", report.coverage.problems.len()),
    ]);
    writeln!(out, "<section aria-labelledby=\"summary\">\n<h2 id=\"summary\">Summary</h2>\n<dl class=\"tiles\">")?;
    for (what, number) in tiles {
        let none = if number == 0 { " class=\"none\"" } else { "" };
        writeln!(out, "<div{none}><dt>{what}</dt><dd>{number}</dd></div>")?;
    }
    writeln!(out, "</dl>\n</section>")
}

fn write_keys(report: &Report, keys: &[Key<'_>], cut: keys::Cut, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<section aria-labelledby=\"keys\">\n<h2 id=\"keys\">Keys</h2>")?;
    if cut.places > 0 {
        writeln!(
            out,
            "<p class=\"alert\">This page holds {MAX_PLACES} places. {places} of {keys} are left out of it, the least \
             grave ones; the format json has all.</p>",
            places = count(cut.places as u64, "place"),
            keys = count(cut.keys as u64, "key"),
        )?;
    }
    let hidden = report.suppressed();
    if hidden > 0 && keys.iter().all(|key| !key.is_suppressed_anywhere()) {
        writeln!(out, "<p>{} not shown; --include-suppressed shows them.</p>", are(hidden, "suppressed place"))?;
    }
    if keys.is_empty() {
        writeln!(out, "<p>No key was found{}.</p>", if report.is_complete() { "" } else { " in what was read" })?;
    } else {
        write_filters(keys, out)?;
    }
    if keys.iter().any(|key| timeline::is_drawn(&key.places)) {
        writeln!(out, "<p class=\"dim\">{}</p>", timeline::LEGEND)?;
    }
    for key in keys {
        key.write(out)?;
    }
    writeln!(out, "<p class=\"scripted\"><button type=\"button\" id=\"more\" hidden></button></p>\n</section>")
}

/// `1 place is`, `2 places are`.
fn are(number: usize, noun: &str) -> String {
    format!("{} {}", count(number as u64, noun), if number == 1 { "is" } else { "are" })
}

/// The form that the script works with: nothing is ever sent.
fn write_filters(keys: &[Key<'_>], out: &mut dyn Write) -> io::Result<()> {
    let exposures = Exposure::ALL.map(|exposure| {
        (exposure.id(), keys.iter().filter(|key| key.places.iter().any(|place| place.exposure == exposure)).count())
    });
    let levels = Level::ALL
        .map(|level| (level.id(), keys.iter().filter(|key| key.places.iter().any(|p| p.level() == level)).count()));
    let verdicts = Status::ALL.map(Status::id).into_iter().chain([UNCHECKED]);
    let verdicts = verdicts.map(|id| (id, keys.iter().filter(|key| key.verdict_id() == id).count()));
    let marked = |is_marked| {
        let has = |key: &&Key<'_>| key.places.iter().any(|place| place.suppressed.is_some() == is_marked);
        keys.iter().filter(has).count()
    };
    writeln!(
        out,
        "<form id=\"filters\" class=\"scripted\" role=\"search\" aria-label=\"Filter the keys\">
<label class=\"wide\">Search <input type=\"search\" id=\"words\" autocomplete=\"off\" spellcheck=\"false\" \
         placeholder=\"key id, path, commit, subject, ref\"></label>"
    )?;
    write_select("exposure", "Exposure", &exposures, out)?;
    write_select("verdict", "Verdict", &verdicts.collect::<Vec<_>>(), out)?;
    write_select("level", "Level", &levels, out)?;
    write_select("suppressed", "Suppressed", &[("no", marked(false)), ("yes", marked(true))], out)?;
    writeln!(
        out,
        "<button type=\"button\" id=\"all\">Show all</button>
<output id=\"shown\" for=\"words exposure verdict level suppressed\"></output>
</form>
<p id=\"nothing\" class=\"scripted\" hidden>No key fits these filters.</p>"
    )
}

/// A choice, with how many keys each value has. Values that none has are not offered.
fn write_select(id: &str, label: &str, values: &[(&str, usize)], out: &mut dyn Write) -> io::Result<()> {
    write!(out, "<label>{label} <select id=\"{id}\"><option value=\"\">any</option>")?;
    for (value, keys) in values.iter().filter(|(_, keys)| *keys > 0) {
        write!(out, "<option value=\"{value}\">{value} ({keys})</option>")?;
    }
    writeln!(out, "</select></label>")
}

fn write_footer(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<footer><p>Written by {TOOL} {VERSION}, mode {mode}. This page holds no secret half of any key; it loads, sends \
         and stores nothing.</p></footer>",
        mode = report.mode.id(),
    )
}

/// A name or text from what was scanned. On its own, so that its letters do not change the order of those around it.
fn scanned(bytes: &[u8]) -> String {
    format!("<bdi>{}</bdi>", html(bytes))
}

/// A button that copies the text of the element before it.
fn copy_button(what: &str) -> String {
    format!("<button type=\"button\" class=\"copy scripted\" aria-label=\"Copy {what}\">Copy</button>")
}
