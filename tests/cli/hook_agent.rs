//! `hook run agent`: what coding agents write to their hooks, and what they are answered.

use std::process::Stdio;

use data_encoding::BASE64;
use serde_json::{Value, json};

use crate::program::{Bench, Run, id};

/// The agents that are told to stop by the status and by standard error, and want nothing on standard output.
const BY_STATUS: [&str; 5] = ["claude-code", "codex", "gemini-cli", "vscode", "windsurf"];
const BY_JSON: [&str; 3] = ["cline", "copilot", "cursor"];

fn ask(bench: &Bench, agent: Option<&str>, input: &[u8]) -> Run {
    let named = agent.map(|agent| ["--for", agent]);
    bench.run_with_input(["hook", "run", "agent"].into_iter().chain(named.into_iter().flatten()), input)
}

fn agents() -> impl Iterator<Item = &'static str> {
    BY_STATUS.into_iter().chain(BY_JSON)
}

/// The verdict, which is true to its schema.
#[track_caller]
fn verdict(run: &Run) -> Value {
    let schema = Bench::new(0).run(["schema", "verdict"]).json();
    jsonschema::draft202012::meta::validate(&schema).expect("a schema of draft 2020-12");
    let verdict = run.json();
    let validator = jsonschema::draft202012::new(&schema).expect("a schema");
    let errors: Vec<String> = validator.iter_errors(&verdict).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}: {verdict}");
    assert_eq!(run.text().lines().count(), 1, "one line");
    assert_eq!(verdict["verdict"] == "pass", run.status == Some(0), "{verdict}");
    assert_eq!(verdict["verdict"] == "block", run.status == Some(2), "{verdict}");
    verdict
}

/// What an agent must get when it is stopped, as its own documentation has it.
#[track_caller]
fn assert_stopped(agent: &str, run: &Run, reason: &str) {
    assert_eq!(run.status, Some(2), "{agent}: {}", run.stderr);
    // Codex goes on where standard error is empty.
    assert!(run.stderr.starts_with("hopx-leaks: stopped, because ") && run.stderr.contains(reason), "{}", run.stderr);
    let told = run.stderr.trim_start_matches("hopx-leaks: ").trim_end();
    if BY_STATUS.contains(&agent) {
        assert_eq!(run.text(), "", "{agent}");
        return;
    }
    let wanted = match agent {
        "cline" => json!({ "cancel": true, "errorMessage": told }),
        "copilot" => json!({ "permissionDecision": "deny", "permissionDecisionReason": told }),
        "cursor" => json!({ "permission": "deny", "continue": false, "user_message": told, "agent_message": told }),
        other => panic!("{other} is not known to this test"),
    };
    assert_eq!(run.json(), wanted, "{agent}");
}

/// Each agent's own way to write of a tool, a prompt and a result.
fn payloads(text: &str) -> Vec<Value> {
    let arguments = json!({ "command": text, "description": "x" });
    vec![
        json!({ "session_id": "s", "hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_input": arguments }),
        json!({ "session_id": "s", "hook_event_name": "UserPromptSubmit", "prompt": text }),
        json!({ "hook_event_name": "PostToolUse", "tool_name": "Read", "tool_input": { "file_path": "a" },
                "tool_response": { "file": { "content": text } } }),
        json!({ "hook_event_name": "AfterTool", "tool_name": "run_shell_command",
                "tool_response": { "llmContent": text } }),
        // A JSON text in a JSON text.
        json!({ "timestamp": 1, "cwd": "/", "toolName": "bash", "toolArgs": arguments.to_string() }),
        json!({ "clineVersion": "3", "hookName": "PreToolUse", "preToolUse": { "toolName": "write_to_file",
                "parameters": { "path": "a", "content": text } } }),
        json!({ "hook_event_name": "beforeReadFile", "file_path": "/a/.env", "content": text, "attachments": [] }),
        json!({ "agent_action_name": "pre_run_command", "tool_info": { "command_line": text, "cwd": "/" } }),
    ]
}

#[test]
fn leaks_stop_every_agent() {
    let mut bench = Bench::new(2601);
    let key = bench.live();
    let reason = format!("there is 1 HopX API key in it: {}.****. ", &key[..22]);
    for agent in agents() {
        for payload in payloads(&format!("set -e\nexport HOPX_API_KEY={key}\n")) {
            assert_stopped(agent, &ask(&bench, Some(agent), payload.to_string().as_bytes()), &reason);
        }
    }
    for payload in payloads(&key) {
        let run = ask(&bench, None, payload.to_string().as_bytes());
        let verdict = verdict(&run);
        assert_eq!((verdict["complete"].as_bool(), verdict["findings"][0]["places"].as_u64()), (Some(true), Some(1)));
        assert_eq!(verdict["findings"][0]["key_id"], id(&key));
        assert_eq!(format!("hopx-leaks: {}\n", verdict["reason"].as_str().expect("a reason")), run.stderr);
    }
}

/// An agent that may go on is told nothing: what says "allow" would take the place of its own question to the user.
#[test]
fn clean_input_says_nothing() {
    let bench = Bench::new(2602);
    for payload in payloads("echo \"{[\\\" && curl -H \"X-API-Key: $HOPX_API_KEY\"") {
        for agent in agents() {
            let run = ask(&bench, Some(agent), payload.to_string().as_bytes());
            assert_eq!((run.status, run.text(), run.stderr.as_str()), (Some(0), "", ""), "{agent}");
        }
        let run = ask(&bench, None, payload.to_string().as_bytes());
        let verdict = verdict(&run);
        assert_eq!((&verdict["complete"], &verdict["reason"], run.stderr.as_str()), (&json!(true), &Value::Null, ""));
        assert!(!run.text().contains("allow"), "{}", run.text());
    }
}

#[test]
fn what_is_cut_or_missing_stops_every_agent() {
    let bench = Bench::new(2603);
    let whole = payloads("echo hi")[0].to_string();
    let not_whole = "it is not one whole JSON object";
    for agent in agents() {
        assert_stopped(agent, &ask(&bench, Some(agent), b""), "standard input is empty");
        let closed = bench.command(["hook", "run", "agent", "--for", agent]).output().expect("runs");
        assert_stopped(agent, &bench.finish(closed), "standard input is empty");
        for at in [1, whole.len() / 2, whole.len() - 1] {
            assert_stopped(agent, &ask(&bench, Some(agent), &whole.as_bytes()[..at]), not_whole);
        }
        for text in ["echo hi", "[]", "null", "{}{}"] {
            assert_stopped(agent, &ask(&bench, Some(agent), text.as_bytes()), not_whole);
        }
        assert_eq!(ask(&bench, Some(agent), format!("\u{feff}{whole}\r\n").as_bytes()).status, Some(0));
        #[cfg(unix)]
        {
            // It opens, and can't be read.
            let mut command = bench.command(["hook", "run", "agent", "--for", agent]);
            command.stdin(std::fs::File::open(bench.path()).expect("opened"));
            let run = bench.finish(command.output().expect("runs"));
            assert_stopped(agent, &run, "not everything could be looked at: Is a directory");
        }
    }
    assert_eq!(verdict(&ask(&bench, None, b""))["problems"][0]["kind"], "nothing-scanned");
    // Where no agent is named, any text is taken.
    assert_eq!(verdict(&ask(&bench, None, b"echo hi"))["verdict"], "pass");
}

#[test]
fn wrong_settings_and_bounds_stop_every_agent() {
    let mut bench = Bench::new(2604);
    let key = bench.live();
    let whole = payloads("echo hi")[0].to_string();
    for agent in agents() {
        let run = |more: &[&str], input: &str| {
            bench.run_with_input([&["hook", "run", "agent", "--for", agent], more].concat(), input.as_bytes())
        };
        bench.write(".hopx-leaks.toml", "unknown = 1\n");
        assert_stopped(agent, &run(&[], &whole), "nothing could be looked at: .hopx-leaks.toml:1: ");
        std::fs::remove_file(bench.join(".hopx-leaks.toml")).expect("removed");
        assert_stopped(agent, &run(&["-f", "json"], &whole), "two reports would go to standard output");
        assert_stopped(agent, &run(&["-o", "json=-"], &whole), "two reports would go to standard output");
        assert_stopped(agent, &run(&["-o", "no/such.json"], &whole), "cannot write the report to no/such.json");
        assert_eq!(run(&["-o", "report.json"], &whole).status, Some(0));
        bench.read_report("report.json");
        assert_eq!(run(&["--no-such-option"], &whole).status, Some(2));
    }
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut gzip, &vec![b'x'; 1 << 20]).expect("in memory");
    let packed = BASE64.encode(&gzip.finish().expect("in memory"));
    let bounded = bench.run_with_input(
        ["hook", "run", "agent", "--for", "codex", "--max-unpacked", "1KiB"],
        payloads(&packed)[0].to_string().as_bytes(),
    );
    assert_stopped("codex", &bounded, "not everything could be looked at");
    let allowed = bench.run_with_input(["hook", "run", "agent", "--fail-on", "none"], key.as_bytes());
    assert_eq!(verdict(&allowed)["verdict"], "pass");
}

#[test]
fn keys_in_other_forms() {
    let mut bench = Bench::new(2605);
    let key = bench.live();
    let (prefix, rest) = key.split_at(10);
    let (id, secret) = rest.split_at(12);
    let double = BASE64.encode(BASE64.encode(key.as_bytes()).as_bytes());
    let yaml = format!("data:\n  key: {}\n", BASE64.encode(key.as_bytes()));
    for (text, encodings) in [
        (yaml, json!(["base64"])),
        (double, json!(["base64", "base64"])),
        (format!("printf %s {}", data_encoding::HEXLOWER.encode(key.as_bytes())), json!(["hex"])),
        (format!("KEY = (\"{prefix}\"\n       \"{id}\" + '{secret}')\n"), json!(["split"])),
        (key.chars().rev().collect::<String>(), json!(["reversed"])),
    ] {
        for payload in payloads(&text) {
            let run = ask(&bench, None, payload.to_string().as_bytes());
            let found = &verdict(&run)["findings"];
            assert_eq!((found.as_array().map(Vec::len), &found[0]["encodings"]), (Some(1), &encodings), "{found}");
        }
        assert_eq!(ask(&bench, Some("codex"), payloads(&text)[0].to_string().as_bytes()).status, Some(2));
    }
    let escaped: Vec<String> = key.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
    let run = ask(&bench, Some("cursor"), format!("{{\"prompt\":\"{}\"}}", escaped.concat()).as_bytes());
    assert_stopped("cursor", &run, ".**** as unicode-escape. ");
    let wide: Vec<u8> = format!("$k = '{key}'").encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(verdict(&ask(&bench, None, &wide))["findings"][0]["encodings"], json!(["utf-16le"]));
}

/// An agent writes the mark itself, if it is told to; the configuration is somebody's decision, and can be had from a
/// commit.
#[test]
fn who_may_allow_a_key() {
    let mut bench = Bench::new(2606);
    let (key, other) = (bench.live(), bench.live());
    let text = payloads(&format!("K={key} # hopx-leaks:allow {} a reason\n", id(&key)))[0].to_string();
    assert_eq!(bench.run_with_input(["-"], format!("K={key} # hopx-leaks:allow\n").as_bytes()).status, Some(0));
    assert_stopped("claude-code", &ask(&bench, Some("claude-code"), text.as_bytes()), id(&key));
    bench.git(&["init", "--quiet", "."]);
    let allow = |key: &str| format!("[[allow]]\nkey-id = \"{}\"\nreason = \"known\"\n", id(key));
    bench.write(".hopx-leaks.toml", allow(&other));
    bench.git(&["add", "--all"]);
    bench.git(&["-c", "user.name=t", "-c", "user.email=t@example.invalid", "commit", "--quiet", "-m", "start"]);
    bench.write(".hopx-leaks.toml", allow(&key));
    let verdict = verdict(&ask(&bench, None, text.as_bytes()));
    assert_eq!((&verdict["verdict"], &verdict["suppressed"]), (&json!("pass"), &json!(1)));
    assert_eq!(ask(&bench, Some("claude-code"), text.as_bytes()).status, Some(0));
    let arguments = ["hook", "run", "agent", "--for", "claude-code", "--config-from", "HEAD"];
    assert_stopped("claude-code", &bench.run_with_input(arguments, text.as_bytes()), id(&key));
    assert_eq!(bench.run_with_input(arguments, text.replace(&key, &other).as_bytes()).status, Some(0));
}

#[test]
fn many_keys_make_a_short_reason() {
    let mut bench = Bench::new(2607);
    let keys: Vec<String> = (0..300).map(|_| bench.live()).collect();
    let text = payloads(&[keys.join("\n"), keys.join(",")].join("\n"))[0].to_string();
    let run = ask(&bench, None, text.as_bytes());
    let verdict = verdict(&run);
    assert_eq!(verdict["findings"].as_array().map(Vec::len), Some(300));
    assert!(verdict["findings"].as_array().expect("a list").iter().all(|found| found["places"] == 2), "{verdict}");
    let reason = verdict["reason"].as_str().expect("a reason");
    assert!(reason.contains("300 HopX API keys") && reason.contains("295 more") && reason.len() < 800, "{reason}");
}

/// A verdict that nobody takes stops the agent all the same.
#[cfg(target_os = "linux")]
#[test]
fn a_verdict_that_cannot_be_written() {
    let mut bench = Bench::new(2608);
    let key = bench.live();
    for (text, reason) in
        [("nothing", "cannot write the verdict: No space left"), (key.as_str(), "there is 1 HopX API key")]
    {
        bench.write("input", text);
        let mut command = bench.command(["hook", "run", "agent"]);
        command.stdin(std::fs::File::open(bench.join("input")).expect("opened"));
        command.stdout(std::fs::OpenOptions::new().write(true).open("/dev/full").expect("opened"));
        let run = bench.finish(command.output().expect("runs"));
        assert_eq!(run.status, Some(2));
        assert!(run.stderr.contains(reason), "{}", run.stderr);
    }
    let mut command = bench.command(["hook", "run", "agent"]);
    command
        .stdin(std::fs::File::open(bench.join("input")).expect("opened"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("starts");
    drop(child.stdout.take());
    assert_eq!(bench.finish(child.wait_with_output().expect("ends")).status, Some(2));
}

/// 100 MB in the memory that a small input takes, with the key at the end, and whole or cut.
#[cfg(target_os = "linux")]
#[test]
fn large_input_in_bounded_memory() {
    let mut bench = Bench::new(2609);
    let key = bench.live();
    bench.write("end", format!("{key}\"}}}}"));
    bench.write("clean", "\"}}");
    for (end, status) in [("end", 2), ("clean", 0), ("/dev/null", 2)] {
        let script = format!(
            "ulimit -v 131072; {{ printf '{{\"tool_input\": {{\"content\": \"'; \
             head -c 100000000 /dev/zero | tr '\\0' ' '; cat {end}; }} | \"$0\" hook run agent --for claude-code"
        );
        let mut command = std::process::Command::new("bash");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_hopx-leaks")]).current_dir(bench.path());
        let run = bench.finish(command.output().expect("bash runs"));
        assert_eq!(run.status, Some(status), "{end}: {}", run.stderr);
        let word = if end == "end" { id(&key) } else { "one whole JSON object" };
        assert_eq!(run.stderr.contains(word), status == 2, "{end}: {}", run.stderr);
    }
}

/// What docs/agents.md tells to write into an agent's settings.
#[test]
fn the_settings_in_the_documentation() {
    let page = include_str!("../../docs/agents.md");
    let command = "hopx-leaks hook run agent --for ";
    for block in page.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next()) {
        let settings: Value = serde_json::from_str(block).expect("JSON");
        assert!(
            block.contains(command) || settings["schema"] == "hopx-leaks/verdict/v1" || block.contains("\"tasks\"")
        );
    }
    for line in page.lines().filter(|line| line.contains("\"command\": \"hopx-leaks hook")) {
        assert!(line.contains(" || exit 2\""), "{line}");
    }
    let named = |agent: &str| page.contains(&format!("{command}{agent} || exit 2")) || agent == "codex";
    assert!(page.contains("`--for codex`") && agents().all(named));
    let known: Vec<&str> = page.split(command).skip(1).filter_map(|rest| rest.split([' ', '\n', ';']).next()).collect();
    assert!(known.len() > 20 && known.iter().all(|name| agents().any(|agent| agent == *name)), "{known:?}");
}
