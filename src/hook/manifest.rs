//! The hooks that `.pre-commit-hooks.yaml` offers, as a configuration of pre-commit or prek names them: an `id` below a
//! `repo` that is ours. Neither YAML nor TOML is parsed: what is looked for is written alike in both.

use super::Stage;

/// The name of our repository, whoever's it is and wherever it is copied to.
const REPOSITORY: &str = "hopx-leaks";

/// Where a hook takes the program from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    /// The manager builds or fetches it.
    Manager,
    /// It is the one on `PATH`.
    Path,
}

/// The ids in the manifest: what follows the name of the stage, and where the program is from then.
const SUFFIXES: [(&str, Provider); 3] =
    [("", Provider::Manager), ("-python", Provider::Manager), ("-system", Provider::Path)];

/// The id of the hook for `stage` that is like `suffix`.
fn id(stage: Stage, suffix: &str) -> String {
    match stage {
        Stage::PreCommit => format!("hopx-leaks{suffix}"),
        Stage::CommitMsg | Stage::PrePush => format!("hopx-leaks-{}{suffix}", stage.name()),
    }
}

/// Whether `config` has a hook of the manifest that runs at `stage`, and where that takes the program from. Comments
/// are out of `config` already.
pub fn has(config: &str, stage: Stage) -> Option<Provider> {
    hooks(config).into_iter().find_map(|hook| {
        let (_, from) = SUFFIXES.into_iter().find(|(suffix, _)| id(stage, suffix) == hook.id)?;
        // The user's own stages take the place of the manifest's.
        let own = |at: usize| hook.rest[at..].split(']').next().unwrap_or_default();
        let runs = value(hook.rest, "stages").is_none_or(|at| own(at).contains(stage.name()));
        let language = value(hook.rest, "language").map(|at| word(&hook.rest[at..]));
        let from = if matches!(language, Some("system" | "unsupported")) { Provider::Path } else { from };
        runs.then_some(from)
    })
}

/// The ids to add for `stages` below our repository, like those that are there; nothing where it is not.
pub fn more(config: &str, stages: &[Stage]) -> Option<Vec<String>> {
    let hooks = hooks(config);
    let first = hooks.first()?;
    let like = |suffix: &str| Stage::ALL.into_iter().any(|stage| id(stage, suffix) == first.id);
    let (suffix, _) = SUFFIXES.into_iter().find(|(suffix, _)| like(suffix))?;
    Some(stages.iter().map(|&stage| id(stage, suffix)).collect())
}

/// A hook of our repository.
struct Hook<'c> {
    id: &'c str,
    /// What is said of it, as far as the next hook or repository.
    rest: &'c str,
}

fn hooks(config: &str) -> Vec<Hook<'_>> {
    let of = |key: &'static str| values(config, key).map(move |at| (at, key));
    let mut keys: Vec<(usize, &str)> = of("repo").chain(of("id")).collect();
    keys.sort_unstable();
    let ends = keys.iter().skip(1).map(|(at, _)| *at).chain([config.len()]);
    let mut is_ours = false;
    let mut hooks = Vec::new();
    for ((at, key), end) in keys.iter().zip(ends) {
        let value = word(&config[*at..]);
        if *key == "repo" {
            let name = value.trim_end_matches('/').trim_end_matches(".git");
            is_ours = name.rsplit(['/', ':', '\\']).next() == Some(REPOSITORY);
        } else if is_ours {
            hooks.push(Hook { id: value, rest: &config[*at..end] });
        }
    }
    hooks
}

/// Where the first value of `key` starts.
fn value(text: &str, key: &str) -> Option<usize> {
    values(text, key).next()
}

/// Where the values of `key` start: behind `key:`, `"key": ` or `key = `.
fn values<'t>(text: &'t str, key: &'t str) -> impl Iterator<Item = usize> + 't {
    text.match_indices(key).filter_map(move |(at, _)| {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
        if text[..at].bytes().next_back().is_some_and(is_name) {
            return None;
        }
        let behind = &text[at + key.len()..];
        let value = behind.trim_start_matches(['"', '\'']).trim_start_matches(' ').strip_prefix([':', '='])?;
        Some(text.len() - value.len())
    })
}

/// The word that a value is, or begins with.
fn word(value: &str) -> &str {
    let value = value.trim_start_matches([' ', '"', '\'']);
    value.split(|c: char| c.is_whitespace() || "\"',}]#".contains(c)).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What pre-commit reads, and this page, say the same.
    #[test]
    fn the_manifest_has_these_ids() {
        let manifest = include_str!("../../.pre-commit-hooks.yaml");
        let ids: Vec<&str> = values(manifest, "id").map(|at| word(&manifest[at..])).collect();
        let expected = SUFFIXES.iter().flat_map(|(suffix, _)| Stage::ALL.map(|stage| id(stage, suffix)));
        assert_eq!(ids, expected.collect::<Vec<_>>());
        for (stage, id) in Stage::ALL.into_iter().cycle().zip(&ids) {
            let hook = manifest.split("- id: ").find(|hook| hook.starts_with(&format!("{id}\n"))).expect("there");
            assert!(hook.contains(&format!("entry: hopx-leaks hook run {}\n", stage.name())), "{id}");
            assert!(hook[value(hook, "stages").expect("stages")..].contains(stage.name()), "{id}");
        }
    }

    #[test]
    fn ways_to_write_it() {
        use Provider::{Manager, Path};
        const REPO: &str = "- repo: https://github.com/x/hopx-leaks\n  hooks:\n";
        for (config, expected) in [
            (&format!("{REPO}  - id: hopx-leaks\n")[..], [Some(Manager), None, None]),
            (
                "- \"repo\": 'git@example.com:x/hopx-leaks.git/'\n  hooks: [{id: hopx-leaks-pre-push}, {'id': 'hopx-leaks'}]",
                [Some(Manager), None, Some(Manager)],
            ),
            (
                "[[repos]]\nrepo = \"../hopx-leaks\"\nhooks = [{ id = \"hopx-leaks-commit-msg-system\" }]\n",
                [None, Some(Path), None],
            ),
            (
                &format!("{REPO}  - id: hopx-leaks\n    language: system\n    stages: [pre-commit]\n"),
                [Some(Path), None, None],
            ),
            (
                &format!("{REPO}  - id: hopx-leaks\n    stages: [manual]\n  - id: hopx-leaks-python\n"),
                [Some(Manager), None, None],
            ),
            (
                &format!("{REPO}  - id: hopx-leaks\n    stages: [manual]\n  - id: x\n    stages: [pre-commit]\n"),
                [None; 3],
            ),
            ("- repo: local\n  hooks:\n  - id: hopx-leaks\n", [None; 3]),
            ("- repo: https://github.com/x/other-hopx-leaks\n  hooks:\n  - id: hopx-leaks\n", [None; 3]),
            (&format!("{REPO}- repo: local\n  hooks:\n  - id: hopx-leaks\n"), [None; 3]),
            (&format!("{REPO}  - id: other\n    alias_id: hopx-leaks\n"), [None; 3]),
        ] {
            assert_eq!(Stage::ALL.map(|stage| has(config, stage)), expected, "{config}");
        }
    }

    #[test]
    fn more_are_like_the_first() {
        let config = "- repo: ../hopx-leaks\n  hooks:\n  - id: hopx-leaks-system\n";
        assert_eq!(more(config, &[Stage::PrePush]).expect("ours"), ["hopx-leaks-pre-push-system"]);
        assert_eq!(more("- repo: local\n  hooks:\n  - id: hopx-leaks-system\n", &[Stage::PrePush]), None);
    }
}
