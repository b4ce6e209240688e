//! What a user adds to the configuration of a hook manager, so that it runs our hooks.

use super::managers::{InCharge, LEFTHOOK_SCRIPT, Manager, text};
use super::{Stage, manifest, shown};
use crate::read::{MAX_LIST, whole};

/// Something to add, and where.
pub struct Snippet {
    /// The file, or the place in it, in words that go behind "to".
    pub to: String,
    /// The text.
    pub text: String,
}

/// What to add for `stages`, and where.
pub fn snippets(of: &InCharge, stages: &[Stage]) -> Vec<Snippet> {
    let extension = of.config.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let config = whole(&of.config, MAX_LIST).unwrap_or_default();
    let config = String::from_utf8_lossy(&config);
    let of_each = |snippet: fn(Stage) -> String| stages.iter().map(|&stage| snippet(stage)).collect::<String>();
    let in_config = |text: String| vec![Snippet { to: shown(&of.config), text }];
    let own = text(&of.config);
    if let (Manager::PreCommit | Manager::Prek, Some(ids)) = (of.manager, manifest::more(&own, stages)) {
        return vec![more_ids(&shown(&of.config), &own, extension, &ids)];
    }
    match (of.manager, extension) {
        (Manager::PreCommit | Manager::Prek, "toml") => {
            in_config(format!("[[repos]]\nrepo = \"local\"\n{}", of_each(prek_toml)))
        }
        (Manager::PreCommit | Manager::Prek, _) => {
            vec![pre_commit(&shown(&of.config), &config, &of_each(pre_commit_yaml))]
        }
        (Manager::Lefthook, _) => {
            let mut snippets = match extension {
                "toml" => in_config(of_each(lefthook_toml)),
                "json" | "jsonc" => in_json(of, json_members(stages, lefthook_json)),
                _ => lefthook_yaml(&shown(&of.config), &config, stages),
            };
            snippets.extend(stages.iter().map(|&stage| Snippet {
                to: shown(&of.lefthook_script(stage)),
                text: format!("exec hopx-leaks hook run {} \"$@\"\n", stage.name()),
            }));
            snippets
        }
        (Manager::Husky, _) => {
            let line = |stage: Stage| format!("hopx-leaks hook run {} \"$@\"\n", stage.name());
            stages.iter().map(|&stage| Snippet { to: shown(&of.config(stage)), text: line(stage) }).collect()
        }
        (Manager::SimpleGitHooks, _) => {
            let text = json_members(stages, simple_git_hooks_json);
            if of.config.ends_with("package.json") {
                let to = format!("\"simple-git-hooks\" in {}", shown(&of.config));
                return vec![Snippet { to, text }];
            }
            in_json(of, text)
        }
    }
}

/// Of two members with one name, a reader of JSON takes the last and forgets the other.
fn in_json(of: &InCharge, text: String) -> Vec<Snippet> {
    vec![Snippet { to: format!("{} (into the members of these names that are there)", shown(&of.config)), text }]
}

/// An entry for the list of repositories. A second `repos:` would take the place of the first and of all that is in it.
fn pre_commit(config: &str, text: &str, hooks: &str) -> Snippet {
    let entry = format!("  - repo: local\n    hooks:\n{hooks}");
    match section(text, "repos") {
        None => Snippet { to: config.to_owned(), text: format!("repos:\n{entry}") },
        Some(section) => {
            let text = moved(&entry, section.indent.unwrap_or(2));
            let how = if section.indent.is_none() { ", in lines of its own below it" } else { "" };
            Snippet { to: format!("the list \"repos:\" that is in {config} already{how}"), text }
        }
    }
}

/// More of the hooks that our repository offers, where it is listed already: written as those that are there.
fn more_ids(config: &str, text: &str, extension: &str, ids: &[String]) -> Snippet {
    let is_item = |before: &&str| before.trim_start().strip_prefix('-').is_some_and(|key| key.trim() == "id:");
    let before_id = |line| Some(str::split_once(line, "hopx-leaks")?.0.trim_end_matches(['"', '\'']));
    let item = text.lines().filter_map(before_id).find(is_item).map(str::to_owned);
    let (before, behind) = match (extension, item) {
        ("toml", _) if text.contains("[[repos.hooks]]") => ("[[repos.hooks]]\nid = \"".to_owned(), "\"\n"),
        ("toml", _) => ("{ id = \"".to_owned(), "\" },\n"),
        (_, Some(item)) => (item, "\n"),
        (_, None) => ("{id: ".to_owned(), "},\n"),
    };
    let to = format!("the hooks of the repository hopx-leaks that is in {config} already");
    Snippet { to, text: ids.iter().flat_map(|id| [&before, &id[..], behind]).collect() }
}

/// pre-commit names the file with the message by itself, and gives no other stage any.
fn pre_commit_yaml(stage: Stage) -> String {
    let name = stage.name();
    let files = match stage {
        Stage::CommitMsg => "",
        Stage::PreCommit | Stage::PrePush => "        pass_filenames: false\n",
    };
    format!(
        "      - id: hopx-leaks-{name}\n        name: hopx-leaks {name}\n        \
         entry: hopx-leaks hook run {name}\n        \
         language: system\n        stages: [{name}]\n{files}        always_run: true\n        require_serial: true\n"
    )
}

fn prek_toml(stage: Stage) -> String {
    let name = stage.name();
    let files = match stage {
        Stage::CommitMsg => "",
        Stage::PreCommit | Stage::PrePush => "pass_filenames = false\n",
    };
    format!(
        "\n[[repos.hooks]]\nid = \"hopx-leaks-{name}\"\nname = \"hopx-leaks {name}\"\n\
         entry = \"hopx-leaks hook run {name}\"\n\
         language = \"system\"\nstages = [\"{name}\"]\n{files}always_run = true\nrequire_serial = true\n"
    )
}

/// Scripts of lefthook's: what goes to one place comes together.
fn lefthook_yaml(config: &str, text: &str, stages: &[Stage]) -> Vec<Snippet> {
    let mut snippets: Vec<Snippet> = Vec::new();
    for &stage in stages {
        let next = lefthook_script(config, text, stage);
        match snippets.iter_mut().find(|snippet| snippet.to == next.to) {
            Some(snippet) => snippet.text.push_str(&next.text),
            None => snippets.push(next),
        }
    }
    snippets
}

/// A script of lefthook's, below what is there of the hook already.
fn lefthook_script(config: &str, text: &str, stage: Stage) -> Snippet {
    let stdin = match stage {
        Stage::PreCommit | Stage::CommitMsg => "",
        Stage::PrePush => "      use_stdin: true\n",
    };
    let name = stage.name();
    let script = format!("    \"{LEFTHOOK_SCRIPT}\":\n      runner: sh\n{stdin}");
    let Some(hook) = section(text, name) else {
        return Snippet { to: config.to_owned(), text: format!("{name}:\n  scripts:\n{script}") };
    };
    let inside = hook.indent.unwrap_or(2);
    match section(&hook.text, "scripts") {
        None => Snippet {
            to: format!("\"{name}:\" that is in {config} already"),
            text: moved(&format!("  scripts:\n{script}"), inside),
        },
        Some(scripts) => Snippet {
            to: format!("\"scripts:\" below \"{name}:\" that is in {config} already"),
            text: moved(&script, inside + scripts.indent.unwrap_or(2)),
        },
    }
}

fn lefthook_toml(stage: Stage) -> String {
    let stdin = match stage {
        Stage::PreCommit | Stage::CommitMsg => "",
        Stage::PrePush => "use_stdin = true\n",
    };
    format!("[{}.scripts.\"{LEFTHOOK_SCRIPT}\"]\nrunner = \"sh\"\n{stdin}\n", stage.name())
}

fn lefthook_json(stage: Stage) -> String {
    let stdin = match stage {
        Stage::PreCommit | Stage::CommitMsg => "",
        Stage::PrePush => ", \"use_stdin\": true",
    };
    let script = format!("{{ \"runner\": \"sh\"{stdin} }}");
    format!("\"{}\": {{ \"scripts\": {{ \"{LEFTHOOK_SCRIPT}\": {script} }} }}", stage.name())
}

/// The script that simple-git-hooks writes is handed git's arguments.
fn simple_git_hooks_json(stage: Stage) -> String {
    let name = stage.name();
    format!("\"{name}\": \"hopx-leaks hook run {name} \\\"$@\\\"\"")
}

fn json_members(stages: &[Stage], member: fn(Stage) -> String) -> String {
    let members: Vec<String> = stages.iter().map(|&stage| format!("  {}", member(stage))).collect();
    format!("{{\n{}\n}}\n", members.join(",\n"))
}

/// What stands below a key of a YAML file.
struct Section {
    /// Its lines, with `indent` taken off.
    text: String,
    /// How far they are set in; unknown when there are none, or the value is on the key's line.
    indent: Option<usize>,
}

/// What stands below the key at the left margin; `None` when there is no such key.
fn section(text: &str, key: &str) -> Option<Section> {
    let mut lines = text.lines().skip_while(|line| {
        let name = line.split(':').next().unwrap_or_default().trim_end();
        !line.contains(':') || name.trim_matches(['"', '\'']) != key
    });
    lines.next()?;
    // A list may be at the margin itself.
    let is_inside = |line: &&str| line.starts_with([' ', '-', '#']) || line.trim().is_empty();
    let lines: Vec<&str> = lines.take_while(is_inside).collect();
    let first = lines.iter().find(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
    let indent = first.map(|line| line.len() - line.trim_start().len());
    let cut = |line: &&str| format!("{}\n", line.get(indent.unwrap_or(0)..).unwrap_or_default());
    Some(Section { text: lines.iter().map(cut).collect(), indent })
}

/// Text that is set in by two or four blanks, set in by `indent` instead.
fn moved(text: &str, indent: usize) -> String {
    let own = text.len() - text.trim_start().len();
    let line = |line: &str| format!("{}{}\n", " ".repeat(indent), line.get(own..).unwrap_or_default());
    text.lines().map(line).collect()
}
