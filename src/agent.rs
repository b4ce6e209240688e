//! Coding agents: what they are told about the text that they have shown us before, or after, they act. Whatever is not
//! known to be clean stops them.
//!
//! Most agents go by the exit status and standard error; where one wants JSON on standard output, it gets that too. The
//! contracts are those of the agents' own documentation, which `docs/agents.md` names.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use crate::caught::caught;
use crate::coverage::count;
use crate::detect::Detector;
use crate::exit::Exit;
use crate::finding::Finding;
use crate::key::Fingerprint;
use crate::output;
use crate::report::escape::terminal;
use crate::report::{Report, TOOL, VERSION};

/// The name and version of the verdict's format.
pub const SCHEMA: &str = "hopx-leaks/verdict/v1";

/// The JSON Schema (draft 2020-12) of the verdict.
pub const JSON_SCHEMA: &str = include_str!("../docs/verdict.schema.json");

/// How many keys or problems a reason names.
const NAMED: usize = 5;

/// An agent that has hooks which run a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agent {
    /// Status 2 and standard error.
    ClaudeCode,
    /// JSON on standard output, which counts more than the status.
    Cline,
    /// Status 2 and standard error, which must not be empty.
    Codex,
    /// Status 2, and the reason as JSON on standard output.
    Copilot,
    /// Status 2, and JSON on standard output, in one form for prompts and in another for the rest.
    Cursor,
    /// Status 2 and standard error.
    GeminiCli,
    /// Status 2 and standard error.
    VsCode,
    /// Status 2 and standard error.
    Windsurf,
}

impl Agent {
    /// Every agent, by name.
    pub const ALL: [Agent; 8] = [
        Agent::ClaudeCode,
        Agent::Cline,
        Agent::Codex,
        Agent::Copilot,
        Agent::Cursor,
        Agent::GeminiCli,
        Agent::VsCode,
        Agent::Windsurf,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Agent::ClaudeCode => "claude-code",
            Agent::Cline => "cline",
            Agent::Codex => "codex",
            Agent::Copilot => "copilot",
            Agent::Cursor => "cursor",
            Agent::GeminiCli => "gemini-cli",
            Agent::VsCode => "vscode",
            Agent::Windsurf => "windsurf",
        }
    }

    /// What its makers call it.
    pub fn product(self) -> &'static str {
        match self {
            Agent::ClaudeCode => "Claude Code",
            Agent::Cline => "Cline",
            Agent::Codex => "OpenAI Codex",
            Agent::Copilot => "GitHub Copilot CLI and cloud agent",
            Agent::Cursor => "Cursor",
            Agent::GeminiCli => "Gemini CLI",
            Agent::VsCode => "Visual Studio Code",
            Agent::Windsurf => "Windsurf",
        }
    }

    /// What it reads on standard output, if anything, when it is stopped for this reason. One that may go on is told
    /// nothing, so that it asks for its permissions as it always does.
    fn stop(self, reason: &str) -> Option<Stop<'_>> {
        match self {
            Agent::ClaudeCode | Agent::Codex | Agent::GeminiCli | Agent::VsCode | Agent::Windsurf => None,
            Agent::Cline => Some(Stop::Cline { cancel: true, error_message: reason }),
            Agent::Copilot => Some(Stop::Copilot { permission_decision: "deny", permission_decision_reason: reason }),
            Agent::Cursor => {
                Some(Stop::Cursor { permission: "deny", go_on: false, user_message: reason, agent_message: reason })
            }
        }
    }
}

/// The JSON that stops an agent.
#[derive(Serialize)]
#[serde(untagged)]
enum Stop<'a> {
    Cline {
        cancel: bool,
        #[serde(rename = "errorMessage")]
        error_message: &'a str,
    },
    Copilot {
        #[serde(rename = "permissionDecision")]
        permission_decision: &'static str,
        #[serde(rename = "permissionDecisionReason")]
        permission_decision_reason: &'a str,
    },
    Cursor {
        permission: &'static str,
        /// What a prompt's hook says in place of a permission.
        #[serde(rename = "continue")]
        go_on: bool,
        user_message: &'a str,
        agent_message: &'a str,
    },
}

/// What came of a scan: its status and its report, or what kept it from being made.
pub type Outcome = Result<(Exit, Report), String>;

/// The verdict as it is.
#[derive(Serialize)]
struct Verdict<'a> {
    schema: &'static str,
    tool: Tool,
    /// `pass` or `block`, and never `allow`: there are agents that take this word for a permission.
    #[serde(rename = "verdict")]
    word: &'static str,
    complete: bool,
    reason: Option<&'a str>,
    suppressed: usize,
    findings: Vec<VerdictFinding<'a>>,
    problems: Vec<VerdictProblem<'a>>,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

/// A key, and one way in which it is written.
#[derive(Serialize)]
struct VerdictFinding<'a> {
    rule: &'static str,
    level: &'static str,
    key_id: &'a str,
    redacted: String,
    fingerprint: String,
    encodings: &'a [&'static str],
    confidence: &'static str,
    /// How often.
    places: usize,
}

#[derive(Serialize)]
struct VerdictProblem<'a> {
    kind: &'static str,
    message: &'a str,
}

/// What `work` gives; when it panics, that it did. An agent takes a panic's status for leave to go on.
///
/// # Errors
///
/// Those of `work`, and its panic.
pub fn guarded(work: impl FnOnce() -> Outcome) -> Outcome {
    caught(work).unwrap_or_else(|fault| Err(fault.to_string()))
}

/// Answers the agent, or, where none is named, writes the verdict. The status is that of a clean scan, or 2.
pub fn answer(agent: Option<Agent>, outcome: &Outcome, out: &mut dyn Write, err: &mut dyn Write) -> Exit {
    let reason = reason(outcome);
    if let (Some(_), Ok((_, report))) = (&reason, outcome) {
        output::write_notices(report, err);
    }
    if let Some(reason) = &reason {
        output::write_message(reason, err);
    }
    let written = match (agent, &reason) {
        (None, reason) => write(&Verdict::new(outcome, reason.as_deref()), out),
        (Some(agent), Some(reason)) => agent.stop(reason).map_or(Ok(()), |stop| write(&stop, out)),
        (Some(_), None) => Ok(()),
    };
    match (reason, written) {
        (None, Ok(())) => Exit::Clean,
        (None, Err(cause)) => {
            output::write_message(&format!("cannot write the verdict: {cause}; make room"), err);
            Exit::Usage
        }
        (Some(_), _) => Exit::Usage,
    }
}

fn write(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    out.write_all(&line)?;
    out.flush()
}

/// Why the agent is stopped; nothing when it is not. The text goes to the agent, its user, or both.
fn reason(outcome: &Outcome) -> Option<String> {
    let text = match outcome {
        Err(cause) => format!("stopped, because nothing could be looked at: {cause}"),
        Ok((Exit::Clean, _)) => return None,
        Ok((Exit::Leaks, report)) => leaks(report),
        Ok((Exit::Usage | Exit::Incomplete | Exit::HookInactive | Exit::Interrupted, report)) => {
            let problems = report.coverage.problems.iter().map(|problem| problem.message.clone());
            format!("stopped, because not everything could be looked at: {}", listed(problems.collect()))
        }
    };
    // It may quote what was scanned, or the configuration.
    Some(terminal(&Detector::new().redact(text.as_bytes())))
}

fn leaks(report: &Report) -> String {
    let mut ids = Vec::new();
    let mut keys = Vec::new();
    for ((_, encodings), found) in by_form(report) {
        let redacted = found[0].redacted();
        if !ids.contains(&found[0].key_id) {
            ids.push(found[0].key_id);
        }
        let how = if encodings.is_empty() { String::new() } else { format!(" as {}", encodings.join(",")) };
        keys.push(format!("{redacted}{how}"));
    }
    let ids = listed(ids.iter().map(ToString::to_string).collect());
    format!(
        "stopped, because there is {} in it: {}. Do not write, send or repeat a key, in any form; take it from the \
         environment variable HOPX_API_KEY where it is needed. Tell the user: if anybody else may have seen it, revoke \
         {ids} at console.hopx.dev, Settings, API Keys",
        count(report.leaked_keys() as u64, "HopX API key"),
        listed(keys),
    )
}

/// The leaks by key and by how it is written.
fn by_form(report: &Report) -> BTreeMap<(Fingerprint, &[&'static str]), Vec<&Finding>> {
    let mut forms: BTreeMap<_, Vec<&Finding>> = BTreeMap::new();
    for finding in report.leaks() {
        forms.entry((finding.fingerprint, finding.encodings.as_slice())).or_default().push(finding);
    }
    forms
}

/// The first of them, and how many more there are.
fn listed(mut words: Vec<String>) -> String {
    let more = words.len().saturating_sub(NAMED);
    words.truncate(NAMED);
    if more > 0 {
        words.push(format!("{more} more"));
    }
    words.join(", ")
}

impl<'a> Verdict<'a> {
    fn new(outcome: &'a Outcome, reason: Option<&'a str>) -> Verdict<'a> {
        let report = outcome.as_ref().ok().map(|(_, report)| report);
        let findings = report.into_iter().flat_map(by_form).map(|((fingerprint, encodings), found)| VerdictFinding {
            rule: found[0].rule.id(),
            level: found[0].level().id(),
            key_id: found[0].key_id.as_str(),
            redacted: found[0].redacted(),
            fingerprint: fingerprint.to_string(),
            encodings,
            confidence: found[0].confidence.id(),
            places: found.len(),
        });
        let problems = report.into_iter().flat_map(|report| &report.coverage.problems);
        Verdict {
            schema: SCHEMA,
            tool: Tool { name: TOOL, version: VERSION },
            word: if reason.is_some() { "block" } else { "pass" },
            complete: report.is_some_and(Report::is_complete),
            reason,
            suppressed: report.map_or(0, Report::suppressed),
            findings: findings.collect(),
            problems: problems
                .map(|problem| VerdictProblem { kind: problem.kind.id(), message: &problem.message })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_stops_the_agent() {
        let outcome = guarded(|| panic!("a fault"));
        for agent in [None, Some(Agent::Codex), Some(Agent::Cline)] {
            let (mut out, mut err) = (Vec::new(), Vec::new());
            assert_eq!(answer(agent, &outcome, &mut out, &mut err), Exit::Usage);
            assert!(String::from_utf8_lossy(&err).contains("stopped, because nothing could be looked at"));
            let word: &[u8] = if agent.is_some() { b"\"cancel\":true" } else { b"\"verdict\":\"block\"" };
            assert_eq!(memchr::memmem::find(&out, word).is_none(), agent == Some(Agent::Codex));
        }
    }

    #[test]
    fn a_long_list_is_cut() {
        let words = |n| listed((0..n).map(|word: usize| word.to_string()).collect());
        assert_eq!((words(1), words(5)), ("0".to_owned(), "0, 1, 2, 3, 4".to_owned()));
        assert_eq!(words(7), "0, 1, 2, 3, 4, 2 more");
    }
}
