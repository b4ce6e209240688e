//! SARIF 2.1.0 (OASIS, errata 01) in the form that GitHub code scanning accepts and keeps.
//!
//! GitHub drops what it does not like without a word, so: columns in UTF-16 units with `columnKind` said; URIs relative
//! to `%SRCROOT%` and percent-encoded; the line hash that its own action would compute; numbers as strings where it
//! wants strings; no more results than it keeps; no snippet, since a snippet would hold the key. Nothing in it depends
//! on the machine, the time or the place of the checkout, but the time at which the API was asked, if it was.

mod log;

use std::io::{self, Write};

use self::log::{
    ArtifactLocation, AutomationDetails, BaseId, BaseIds, DefaultConfiguration, DescriptorReference, Driver,
    GitProperties, Help, Invocation, Location, Log, Notification, NotificationDescriptor, PartialFingerprints,
    PhysicalLocation, Region, ResultProperties, RuleDescriptor, RuleProperties, Run, RunProperties, SarifResult,
    SarifSuppression, Text, Tool, VerificationProperties,
};
use crate::error::ProblemKind;
use crate::finding::{Finding, GitPlace, Level, SuppressedBy, Suppression};
use crate::key::Rule;
use crate::report::escape::{JsonText, terminal, uri};
use crate::report::{Mode, Report, Suppressed, TOOL, VERSION, identity, words};
use crate::verdict::Verdict;

/// The results that GitHub keeps of one run; above it, it drops the least severe ones.
pub const MAX_RESULTS: usize = 5_000;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
const SOURCE_ROOT: &str = "%SRCROOT%";
/// The notification that says results were left out.
const CUT: &str = "results-cut";

/// Writes the log, indented, with a newline at its end.
///
/// # Errors
///
/// Those of `out`.
pub fn write(report: &Report, suppressed: Suppressed, out: &mut dyn Write) -> io::Result<()> {
    let log = Log { schema: SCHEMA, version: "2.1.0", runs: [Run::new(report, suppressed)] };
    serde_json::to_writer_pretty(JsonText(out), &log)?;
    writeln!(out)
}

impl Run {
    fn new(report: &Report, suppressed: Suppressed) -> Run {
        let mut shown: Vec<(usize, &Finding)> = identity::numbered(report.shown(suppressed));
        let left_out = shown.len().saturating_sub(MAX_RESULTS);
        if left_out > 0 {
            // What the API takes has level error, and stands first among these.
            shown.sort_by_key(|(_, finding)| finding.level());
            shown.truncate(MAX_RESULTS);
        }
        Run {
            tool: Tool { driver: Driver::new() },
            automation_details: AutomationDetails { id: category(report.mode) },
            invocations: [Invocation::new(report, left_out)],
            original_uri_base_ids: BaseIds {
                // Without a `uri`, so that no path of the machine is told (section 3.14.14, note 1).
                source_root: BaseId { description: text("The top of the work tree, or the folder that was scanned.") },
            },
            column_kind: "utf16CodeUnits",
            results: shown.into_iter().map(|(nth, finding)| SarifResult::new(finding, nth, suppressed)).collect(),
            properties: (left_out > 0).then_some(RunProperties { results_left_out: left_out }),
        }
    }
}

/// What keeps the alerts of one kind of run apart from another's: GitHub closes those that a later run of the same
/// category does not have.
fn category(mode: Mode) -> &'static str {
    match mode {
        Mode::Scan => "hopx-leaks/worktree/",
        Mode::Staged => "hopx-leaks/staged/",
        Mode::Commits => "hopx-leaks/commits/",
        Mode::History => "hopx-leaks/history/",
        Mode::Audit => "hopx-leaks/audit/",
        Mode::Merged => "hopx-leaks/merged/",
    }
}

impl Driver {
    fn new() -> Driver {
        let cut = NotificationDescriptor {
            id: CUT,
            name: "ResultsCut",
            short_description: text("Results were left out."),
            full_description: text("There were more results than GitHub keeps; the least severe ones were left out."),
            help: text("Read the JSON report, which has all of them."),
        };
        let problems = ProblemKind::ALL.into_iter().map(NotificationDescriptor::new);
        Driver {
            name: TOOL,
            version: VERSION,
            semantic_version: VERSION,
            information_uri: concat!("https://docs.rs/hopx-leaks/", env!("CARGO_PKG_VERSION")),
            rules: Rule::ALL.into_iter().map(RuleDescriptor::new).collect(),
            notifications: problems.chain([cut]).collect(),
        }
    }
}

impl RuleDescriptor {
    fn new(rule: Rule) -> RuleDescriptor {
        let (name, kind, level, security_severity) = match rule {
            Rule::LiveKey => ("HopxLiveKey", "live", Level::Error, "9.8"),
            Rule::TestKey => ("HopxTestKey", "test", Level::Warning, "5.0"),
        };
        let steps = [
            "Revoke the key at console.hopx.dev, Settings, API Keys. It is known there by the 12 characters after the prefix.",
            "Create a new key and keep it in the environment variable HOPX_API_KEY or a secret store.",
            "Review the account's sandboxes and usage, and delete what nobody there started.",
            "Then remove the key from the file and from the repository's history. Removing the line is not enough.",
        ];
        let numbered = steps.iter().enumerate().map(|(i, step)| format!("{}. {step}", i + 1));
        RuleDescriptor {
            id: rule.id(),
            name,
            short_description: text(format!("Leaked HopX {kind} API key.")),
            full_description: text(format!(
                "A HopX {kind} API key is in the repository. Whoever has it can run code in the account's sandboxes, \
                 read their files and spend its money."
            )),
            help: Help { text: steps.join(" "), markdown: numbered.collect::<Vec<_>>().join("\n") },
            default_configuration: DefaultConfiguration { level: level.id() },
            properties: RuleProperties { tags: ["security", "secret"], precision: "very-high", security_severity },
        }
    }
}

impl NotificationDescriptor {
    fn new(kind: ProblemKind) -> NotificationDescriptor {
        let (name, what, help) = match kind {
            ProblemKind::MissingPath => (
                "MissingPath",
                "A path that was given does not exist.",
                "Check the spelling and the working directory.",
            ),
            ProblemKind::NothingScanned => {
                ("NothingScanned", "There was no file to scan.", "Check the paths, and what git ignores.")
            }
            ProblemKind::Unreadable => {
                ("UnreadableInput", "An input could not be read.", "Make it readable, or leave it out with --exclude.")
            }
            ProblemKind::Changed => (
                "ChangedInput",
                "A file was cut short while it was being read.",
                "Scan again when nothing writes to it.",
            ),
            ProblemKind::SpecialFile => {
                ("SpecialFile", "A path that was given is no file or folder.", "Send its content to standard input.")
            }
            ProblemKind::NoRepository => {
                ("NoRepository", "A path that was given holds no repository.", "Name a repository, or a folder in one.")
            }
            ProblemKind::Corrupt => (
                "CorruptInput",
                "A part of a repository, or a container, is damaged.",
                "Restore it; git fsck tells which.",
            ),
            ProblemKind::MissingObject => {
                ("MissingObject", "An object that others refer to is missing.", "Run git fsck, and fetch it.")
            }
            ProblemKind::TooLarge => {
                ("TooLarge", "Something is larger than what is decoded.", "Unpack it, or look at it with git cat-file.")
            }
            ProblemKind::TooMany => {
                ("TooMany", "There is more of something than is followed.", "Look at its origin by hand.")
            }
            ProblemKind::Internal => {
                ("Internal", "The program has a fault, which an input brought out.", "Report the line of the message.")
            }
            ProblemKind::TooDeep => {
                ("TooDeep", "Containers are nested deeper than is opened.", "Raise --max-depth, or unpack them.")
            }
            ProblemKind::Encrypted => {
                ("EncryptedMember", "A member of a container is encrypted.", "Decrypt it and scan what comes out.")
            }
            ProblemKind::Unsupported => (
                "UnsupportedPacking",
                "A member is packed in a way that is not known.",
                "Unpack it and scan what comes out.",
            ),
            ProblemKind::Shallow => {
                ("ShallowClone", "A shallow clone holds a part of the history.", "Fetch with fetch-depth: 0.")
            }
            ProblemKind::Partial => {
                ("PartialClone", "A partial clone holds some of the objects.", "Run git fetch --refetch --no-filter.")
            }
        };
        NotificationDescriptor {
            id: kind.id(),
            name,
            short_description: text(what),
            full_description: text(what),
            help: text(help),
        }
    }
}

impl Invocation {
    fn new(report: &Report, left_out: usize) -> Invocation {
        let problems = &report.coverage.problems;
        let reference = |id| {
            let index = ProblemKind::ALL.iter().position(|kind| kind.id() == id).unwrap_or(ProblemKind::ALL.len());
            DescriptorReference { id, index }
        };
        // Level `error` would say that the run as a whole failed (section 3.20.21).
        let notification = |id, text| Notification { descriptor: reference(id), level: "warning", message: text };
        let unread = problems.iter().map(|problem| {
            notification(
                problem.kind.id(),
                literal(&format!("{}: {}", terminal(&problem.path), terminal(problem.message.as_bytes()))),
            )
        });
        let cut = (left_out > 0).then(|| {
            notification(CUT, text(format!("{left_out} results were left out; the JSON report has all of them.")))
        });
        Invocation {
            execution_successful: !problems.iter().any(|problem| problem.kind == ProblemKind::NothingScanned),
            tool_execution_notifications: unread.collect(),
            tool_configuration_notifications: cut.into_iter().collect(),
        }
    }
}

impl SarifResult {
    fn new(finding: &Finding, nth: usize, suppressed: Suppressed) -> SarifResult {
        let uri = uri(&words::path(finding));
        let is_absolute = uri.starts_with("file:");
        SarifResult {
            rule_id: finding.rule.id(),
            rule_index: Rule::ALL.iter().position(|rule| *rule == finding.rule).unwrap_or_default(),
            level: finding.level().id(),
            message: text(words::message(finding)),
            locations: [Location {
                physical_location: PhysicalLocation {
                    artifact_location: ArtifactLocation { uri, uri_base_id: (!is_absolute).then_some(SOURCE_ROOT) },
                    // Binary files get a text region too: GitHub wants one, and keeps two keys of a file apart by it.
                    region: region(finding),
                },
            }],
            partial_fingerprints: PartialFingerprints {
                primary_location_line_hash: finding.line_hash.clone(),
                ours: identity::hex(finding, nth),
            },
            // All results of a run have the property, or none (section 3.27.23).
            suppressions: (suppressed == Suppressed::Show)
                .then(|| finding.suppressed.as_deref().into_iter().map(SarifSuppression::new).collect()),
            properties: ResultProperties {
                key_id: finding.key_id.to_string(),
                fingerprint: finding.fingerprint.to_string(),
                confidence: finding.confidence.id(),
                encodings: finding.encodings.clone(),
                members: finding.members.iter().map(|name| terminal(name)).collect(),
                exposure: finding.exposure.id(),
                git: finding.git.as_ref().map(git),
                verification: finding.verdict.as_deref().map(verification),
            },
        }
    }
}

fn verification(verdict: &Verdict) -> VerificationProperties {
    VerificationProperties {
        status: verdict.status.id(),
        reason: terminal(verdict.reason.as_bytes()),
        asked: verdict.asked.clone(),
        request_id: verdict.request_id.clone(),
    }
}

/// The place in the file. A member's lines are none of the file's: there it is the file's first place.
fn region(finding: &Finding) -> Region {
    if !finding.members.is_empty() {
        return Region { start_line: 1, start_column: 1, end_line: 1, end_column: 1 };
    }
    Region {
        start_line: finding.start.line,
        start_column: finding.start.column_utf16,
        end_line: finding.end.line,
        end_column: finding.end.column_utf16,
    }
}

fn git(git: &GitPlace) -> GitProperties {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    GitProperties {
        object: git.object.to_string(),
        commit: git.commit.map(|commit| commit.to_string()),
        date: git.facts.date.clone(),
        author: git.facts.author.as_deref().map(text),
        in_head: git.facts.in_head,
        refs: git.facts.refs.iter().map(|name| text(name)).collect(),
    }
}

impl SarifSuppression {
    fn new(suppression: &Suppression) -> SarifSuppression {
        let kind = match suppression.by {
            SuppressedBy::Inline => "inSource",
            SuppressedBy::Documentation | SuppressedBy::Config | SuppressedBy::Baseline => "external",
        };
        SarifSuppression { kind, status: "accepted", justification: terminal(suppression.reason.as_bytes()) }
    }
}

fn text(text: impl Into<String>) -> Text {
    Text { text: text.into() }
}

/// A message with names in it, which must not turn into placeholders or links (sections 3.11.5 and 3.11.6).
fn literal(message: &str) -> Text {
    let message = message.replace('{', "{{").replace('}', "}}");
    text(if message.contains("](") { message.replace('[', "\\[") } else { message })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coverage::Coverage;
    use crate::finding::sample;

    /// Here and not through the program, since the one key that is suppressed is written down in one place only,
    /// `tests/cli/detection/placeholders.rs`.
    #[test]
    fn suppressions_stand_on_all_results_or_on_none() {
        let why = Suppression { by: SuppressedBy::Documentation, reason: "printed there".to_owned() };
        let report =
            Report::new(Mode::Scan, vec![sample("a", 71, Some(why)), sample("b", 71, None)], Coverage::default());
        let suppressions = |suppressed| {
            let mut bytes = Vec::new();
            write(&report, suppressed, &mut bytes).expect("in memory");
            let log: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
            let results = log["runs"][0]["results"].as_array().expect("a list").clone();
            results.iter().map(|result| result.get("suppressions").cloned()).collect::<Vec<_>>()
        };
        let accepted = serde_json::json!([
            {"kind": "external", "status": "accepted", "justification": "printed there"}
        ]);
        assert_eq!(suppressions(Suppressed::Show), [Some(accepted), Some(serde_json::json!([]))]);
        assert_eq!(suppressions(Suppressed::Hide), [None]);
    }
}
