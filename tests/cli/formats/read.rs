//! Readers of the formats, stricter than those out there.

use std::collections::BTreeMap;

use pulldown_cmark::{Event, HeadingLevel, Parser, Tag, TagEnd};
use serde_json::Value;

use crate::program::Run;

/// The formats that say something about each finding, beside json.
pub const FORMATS: [&str; 9] =
    ["jsonl", "sarif", "github", "gitlab", "junit", "csv", "markdown", "rdjson", "gitleaks-json"];

/// The key ids in a report, one for each place, sorted. Of `github` those that it shows.
pub fn ids(format: &str, run: &Run) -> Vec<String> {
    let text = run.text();
    let list = |value: &Value| value.as_array().expect("a list").clone();
    let mut ids: Vec<String> = match format {
        "json" => list(&run.json()["findings"]).iter().map(|finding| string(&finding["key_id"])).collect(),
        "jsonl" => {
            let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
            lines.filter(|line| line["type"] == "finding").map(|finding| string(&finding["key_id"])).collect()
        }
        "sarif" => {
            list(&run.json()["runs"][0]["results"]).iter().map(|one| string(&one["properties"]["keyId"])).collect()
        }
        "github" => commands(text).iter().filter_map(Command::key_id).collect(),
        "gitlab" => {
            let list = list(&run.json()["vulnerabilities"]);
            list.iter().map(|one| id_in(&string(&one["identifiers"][0]["value"]))).collect()
        }
        "junit" => {
            let cases = Junit::read(text).cases;
            let of_findings = cases.iter().filter(|case| case.class.starts_with("hopx-") && case.class != "hopx-leaks");
            of_findings.map(|case| id_in(&case.name)).collect()
        }
        "csv" => {
            let records = records(run);
            let findings = records.iter().filter(|record| record["record"] == "finding");
            findings.map(|record| record["key_id"].clone()).collect()
        }
        "markdown" => Markdown::read(text).places.into_iter().map(|(key, _)| id_in(&key)).collect(),
        "rdjson" => {
            let list = list(&run.json()["diagnostics"]);
            let findings = list.iter().filter(|one| string(&one["code"]["value"]).starts_with("hopx-"));
            findings.map(|one| id_in(&string(&one["message"]))).collect()
        }
        "gitleaks-json" => list(&run.json()).iter().map(|one| id_in(&string(&one["Match"]))).collect(),
        other => panic!("no reader for {other}"),
    };
    ids.sort();
    ids
}

fn string(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// The id of the first key in a text.
fn id_in(text: &str) -> String {
    let at = text.find("hopx_").expect("a key");
    text[at + 10..at + 22].to_owned()
}

/// A workflow command, as the runner reads it.
pub struct Command {
    pub name: String,
    pub properties: BTreeMap<String, String>,
    pub message: String,
}

impl Command {
    fn key_id(&self) -> Option<String> {
        let title = &self.properties["title"];
        title.contains(" API key ").then(|| title[title.len() - 12..].to_owned())
    }

    pub fn property(&self, name: &str) -> Option<&str> {
        self.properties.get(name).map(String::as_str)
    }
}

/// The commands in a log (actions/runner, `ActionCommand.TryParseV2`), which must have no other line.
pub fn commands(text: &str) -> Vec<Command> {
    let decoded = |text: &str| text.replace("%3A", ":").replace("%2C", ",").replace("%25", "%");
    text.split_terminator('\n')
        .map(|line| {
            let (head, message) = line.strip_prefix("::").and_then(|rest| rest.split_once("::")).expect("a command");
            assert!(!message.contains("::") && !line.chars().any(char::is_control), "{line}");
            let (name, properties) = head.split_once(' ').expect("properties");
            assert!(["error", "warning", "notice"].contains(&name), "{line}");
            let properties = properties.split(',').map(|property| {
                let (name, value) = property.split_once('=').expect("a value");
                assert!(!value.contains("%0") && !value.is_empty(), "{line}");
                (name.to_owned(), decoded(value))
            });
            let properties: BTreeMap<_, _> = properties.collect();
            let known = ["file", "line", "endLine", "col", "endColumn", "title"];
            assert!(properties.keys().all(|name| known.contains(&name.as_str())), "{line}");
            assert!(properties.contains_key("title"));
            Command { name: name.to_owned(), properties, message: message.replace("%25", "%") }
        })
        .collect()
}

/// What JUnit XML says.
pub struct Junit {
    pub cases: Vec<Case>,
}

pub struct Case {
    pub class: String,
    pub name: String,
    pub file: Option<String>,
    pub line: Option<String>,
    /// The name of the element in it, its attributes and its text.
    pub outcome: Option<(String, BTreeMap<String, String>, String)>,
}

impl Junit {
    /// Reads a document and holds it to the rules of the JUnit schema of Jenkins (`junit-10.xsd`), but for `file` and
    /// `line`, which others know.
    pub fn read(text: &str) -> Junit {
        let document = roxmltree::Document::parse(text).expect("XML");
        let attributes = |node: roxmltree::Node<'_, '_>, known: &[&str]| -> BTreeMap<String, String> {
            assert!(node.attributes().all(|one| known.contains(&one.name())), "{node:?}");
            node.attributes().map(|one| (one.name().to_owned(), one.value().to_owned())).collect()
        };
        let root = document.root_element();
        assert_eq!(root.tag_name().name(), "testsuites");
        let totals = attributes(root, &["name", "tests", "failures", "errors"]);
        let suites: Vec<_> = root.children().filter(roxmltree::Node::is_element).collect();
        let [suite] = suites[..] else { panic!("{} suites", suites.len()) };
        assert_eq!(suite.tag_name().name(), "testsuite");
        let counts = attributes(suite, &["name", "tests", "failures", "errors", "skipped"]);
        assert!(!counts["name"].is_empty());
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        let mut cases: Vec<Case> = Vec::new();
        for node in suite.children().filter(roxmltree::Node::is_element) {
            assert_eq!(node.tag_name().name(), "testcase");
            let case = attributes(node, &["classname", "name", "file", "line"]);
            let outcomes: Vec<_> = node.children().filter(roxmltree::Node::is_element).collect();
            assert!(outcomes.len() <= 1, "{case:?}");
            let outcome = outcomes.first().map(|outcome| {
                let name = outcome.tag_name().name();
                let known: &[&str] = match name {
                    "failure" | "error" => &["type", "message"],
                    "skipped" => &["message"],
                    other => panic!("{other} in a case"),
                };
                assert!(outcome.children().all(|child| child.is_text()));
                *seen.entry(name).or_default() += 1;
                (name.to_owned(), attributes(*outcome, known), outcome.text().unwrap_or_default().to_owned())
            });
            let [file, line] = ["file", "line"].map(|name| case.get(name).cloned());
            cases.push(Case { class: case["classname"].clone(), name: case["name"].clone(), file, line, outcome });
        }
        let mut names: Vec<_> = cases.iter().map(|case| (&case.class, &case.name)).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), cases.len(), "two cases with one name");
        assert!(!cases.is_empty());
        for (attribute, element) in [("failures", "failure"), ("errors", "error"), ("skipped", "skipped")] {
            assert_eq!(counts[attribute], seen.get(element).copied().unwrap_or_default().to_string());
        }
        assert_eq!(counts["tests"], cases.len().to_string());
        assert!(["tests", "failures", "errors"].iter().all(|name| totals[*name] == counts[*name]));
        Junit { cases }
    }

    /// The names of what is in the cases.
    pub fn outcomes(&self) -> Vec<&str> {
        self.cases.iter().map(|case| case.outcome.as_ref().map_or("passed", |(name, ..)| name.as_str())).collect()
    }
}

/// The records of comma-separated values, by column.
pub fn records(run: &Run) -> Vec<BTreeMap<String, String>> {
    let text = run.text();
    assert!(text.ends_with("\r\n"), "{text:?}");
    assert!(text.split_terminator("\r\n").all(|line| !line.contains(['\r', '\n'])), "a line in a cell");
    let mut reader = csv::ReaderBuilder::new().flexible(false).from_reader(text.as_bytes());
    let header = reader.headers().expect("a header").clone();
    let records = reader.records().map(|record| {
        let record = record.expect("as many cells as the header has");
        for cell in &record {
            let start = cell.trim_start().chars().next();
            assert!(!start.is_some_and(|c| "=+-@\t\r\u{ff1d}\u{ff0b}\u{ff0d}\u{ff20}".contains(c)), "{cell}");
        }
        header.iter().zip(&record).map(|(name, cell)| (name.to_owned(), cell.to_owned())).collect()
    });
    records.collect()
}

/// What Markdown says.
#[derive(Default)]
pub struct Markdown {
    /// Headings as text.
    pub headings: Vec<String>,
    /// The key and the first code span of each item in a list of places.
    pub places: Vec<(String, String)>,
    /// Everything in code spans.
    pub spans: Vec<String>,
    /// Everything that is not.
    pub words: String,
}

impl Markdown {
    /// Reads a page, which may hold headings, paragraphs, lists, strong text and code spans, and nothing else.
    pub fn read(text: &str) -> Markdown {
        let mut page = Markdown::default();
        let (mut in_heading, mut is_bullet, mut is_new_item) = (false, false, false);
        let options = pulldown_cmark::Options::ENABLE_TABLES | pulldown_cmark::Options::ENABLE_STRIKETHROUGH;
        for event in Parser::new_ext(text, options) {
            match event {
                Event::Start(Tag::Heading { level, .. }) => {
                    assert!([HeadingLevel::H2, HeadingLevel::H3].contains(&level));
                    page.headings.push(String::new());
                    in_heading = true;
                }
                Event::End(TagEnd::Heading(_)) => in_heading = false,
                Event::Start(Tag::List(number)) => is_bullet = number.is_none(),
                Event::Start(Tag::Item) => is_new_item = true,
                Event::Code(span) => {
                    page.spans.push(span.to_string());
                    let heading = page.headings.last_mut().expect("a heading first");
                    if in_heading {
                        heading.push_str(&span);
                    } else if is_bullet && std::mem::take(&mut is_new_item) && heading.contains("hopx_") {
                        page.places.push((heading.clone(), span.to_string()));
                    }
                }
                Event::Text(text) => {
                    page.words.push_str(&text);
                    if in_heading {
                        page.headings.last_mut().expect("a heading").push_str(&text);
                    }
                }
                Event::SoftBreak
                | Event::Start(Tag::Paragraph | Tag::Strong)
                | Event::End(TagEnd::Paragraph | TagEnd::Strong | TagEnd::Item | TagEnd::List(_)) => {
                    page.words.push('\n');
                }
                other => panic!("{other:?} in the page"),
            }
        }
        page
    }
}
