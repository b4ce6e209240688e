//! What git and agents say to their hooks.

use super::{Seen, parts, planted, program};

/// A repository whose objects are whole, a byte that chooses the hook, and what comes in.
pub fn run(input: &[u8]) -> Seen {
    let [config, head, refs, pack, index] = parts::REPOSITORY;
    let folder = parts::repository([config, head, refs, pack, index, "hook", "input"], input);
    let [.., hook, said] = parts::split::<7>(input);
    let agent = |agent: &[&str]| {
        let arguments = [&["hook", "run", "agent"], agent].concat();
        let seen = program::run_with_input(folder.path(), "input", &arguments);
        if planted::stands_in(said) {
            seen.assert_not_clean("a key in what an agent is about to do");
        }
        seen
    };
    match hook.first().map_or(0, |hook| hook % 5) {
        0 => {
            let arguments = ["hook", "run", "pre-push", "origin", "https://example.invalid/a.git"];
            program::run_with_input(folder.path(), "input", &arguments)
        }
        1 => agent(&[]),
        2 => {
            let seen = agent(&["--for", "claude-code"]);
            if serde_json::from_slice::<serde_json::Value>(said).is_err_and(|error| error.is_eof()) {
                seen.assert_not_clean("an agent's object that is cut short");
            }
            seen
        }
        3 => agent(&["--for", "cursor"]),
        _ => program::run(folder.path(), &["hook", "run", "commit-msg", "input"]),
    }
}
