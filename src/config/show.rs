//! `config show`: what is in force, in the form of a configuration file, with where each value comes from. Paths are as they
//! are written there, the baseline's as seen from the working directory.

use std::fmt::Write;

use toml::Value;

use crate::config::rules::Rules;
use crate::filter::allow::{Accept, Allow};
use crate::filter::inline::Inline;
use crate::report::escape::terminal;

/// The text.
pub fn text(rules: &Rules, excluded: &[String]) -> String {
    let mut text = String::new();
    let config = rules.config.as_deref().unwrap_or(&rules.none);
    comment(&mut text, &format!("configuration: {config}"));
    match &rules.filter.inline {
        Inline::All => comment(&mut text, "marks in files: all of them"),
        Inline::None => comment(&mut text, "marks in files: none"),
        Inline::In(_) => comment(&mut text, "marks in files: those that the commit of --config-from has, too"),
    }
    for notice in rules.notices.iter().chain(&rules.filter.warnings()) {
        comment(&mut text, notice);
    }
    if !rules.exclude.is_empty() || !excluded.is_empty() {
        if !rules.exclude.is_empty() {
            comment(&mut text, &format!("exclude: from {}", rules.exclude_source));
        }
        if !excluded.is_empty() {
            comment(&mut text, &format!("exclude: {} from --exclude", values(excluded)));
        }
        let all: Vec<String> = rules.exclude.iter().chain(excluded).cloned().collect();
        line(&mut text, &format!("exclude = {}", values(&all)));
    }
    if let Some(baseline) = &rules.filter.baseline {
        let known = crate::coverage::count(baseline.len() as u64, "known leak");
        let source = terminal(rules.baseline_source.as_bytes());
        line(&mut text, &format!("baseline = {} # {known}, from {source}", value(baseline.name())));
    }
    for allow in &rules.filter.allows {
        self::allow(&mut text, allow);
    }
    for accept in &rules.filter.accepts {
        self::accept(&mut text, accept);
    }
    text
}

fn allow(text: &mut String, allow: &Allow) {
    let over = if allow.is_over { ", over" } else { "" };
    line(text, &format!("\n[[allow]] # from {}{over}", terminal(allow.source.as_bytes())));
    line(text, &format!("key-id = {}", value(&allow.key_id)));
    line(text, &format!("reason = {}", value(&allow.reason)));
    if !allow.paths.is_empty() {
        line(text, &format!("paths = {}", values(&allow.paths)));
    }
    if let Some(day) = &allow.expires {
        line(text, &format!("expires = {day}"));
    }
}

fn accept(text: &mut String, accept: &Accept) {
    line(text, &format!("\n[[accept]] # from {}", terminal(accept.source.as_bytes())));
    line(text, &format!("path = {}", value(&accept.glob)));
    line(text, &format!("kind = {}", value(accept.kind.id())));
    line(text, &format!("reason = {}", value(&accept.reason)));
}

/// A comment on one line, whatever names are in it.
fn comment(text: &mut String, comment: &str) {
    line(text, &format!("# {}", terminal(comment.as_bytes())));
}

fn line(text: &mut String, line: &str) {
    // Writing to a string can't fail.
    let _ = writeln!(text, "{line}");
}

fn value(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

fn values(texts: &[String]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| value(text)).collect();
    format!("[{}]", texts.join(", "))
}
