//! Ignore rules: what a file of patterns hides, exactly as git reads it (gitignore(5)).
//!
//! No other reading will do: a rule that hides more here than in git is a file nobody looks at. Braces are plain
//! characters, `[[:alpha:]]` is a class, only spaces are cut off at the end of a line, and bytes that are no UTF-8 count.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use gix::bstr::BStr;
use gix::glob::Pattern;
use gix::glob::pattern::{Case, Mode};
use gix::glob::wildmatch;

use crate::git::Repository;
use crate::git::repository::{Environment, options};
use crate::read;

/// The most bytes of a file of rules. A larger one hides nothing, so that all is looked at; git has such a bound too,
/// of 100 MiB.
const MAX_BYTES: u64 = 4 << 20;
/// The most rules of a file; with more of them it hides nothing.
const MAX_RULES: usize = 50_000;

/// What a rule says of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// git ignores it.
    Hidden,
    /// It is taken back in, by a rule that starts with `!`.
    Shown,
}

/// The rules of one file.
#[derive(Debug, Default)]
pub struct Rules {
    /// In the order of the file: the last one that matches counts.
    patterns: Vec<Pattern>,
    case: Case,
    /// Rules that are a plain name, by the name.
    names: HashMap<Vec<u8>, Vec<usize>>,
    /// Rules that are `*` and an ending with a dot at its start and nowhere else, by the ending.
    endings: HashMap<Vec<u8>, Vec<usize>>,
    /// All others.
    others: Vec<usize>,
}

impl Rules {
    /// The rules in a file; none where there is no such file, or where it is too large.
    pub fn read(file: &Path, settings: &Settings) -> Rules {
        Rules::parse(&read::whole(file, MAX_BYTES).unwrap_or_default(), settings.case)
    }

    fn parse(text: &[u8], case: Case) -> Rules {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let lines = text.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        let lines = lines.filter(|line| !line.starts_with(b"#"));
        let patterns: Vec<Pattern> = lines.filter_map(|line| Pattern::from_bytes(trimmed(line))).collect();
        if patterns.len() > MAX_RULES {
            return Rules::default();
        }
        let mut rules = Rules { patterns, case, ..Rules::default() };
        for (number, pattern) in rules.patterns.iter().enumerate() {
            let is_of_name = pattern.mode.contains(Mode::NO_SUB_DIR) && !pattern.mode.contains(Mode::ABSOLUTE);
            let ending = pattern.text.strip_prefix(b"*.").filter(|_| pattern.mode.contains(Mode::ENDS_WITH));
            let list = match (ending, pattern.first_wildcard_pos) {
                _ if case == Case::Fold || !is_of_name => &mut rules.others,
                (Some(ending), _) if !ending.contains(&b'.') => rules.endings.entry(ending.to_vec()).or_default(),
                (_, None) => rules.names.entry(pattern.text.to_vec()).or_default(),
                (_, Some(_)) => &mut rules.others,
            };
            list.push(number);
        }
        rules
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// What the rules say of a path below the folder that they concern, with `/` between its parts; `None` when none of
    /// them matches.
    pub fn matched(&self, path: &[u8], is_folder: bool) -> Option<Verdict> {
        let start = memchr::memrchr(b'/', path).map(|slash| slash + 1);
        let name = &path[start.unwrap_or(0)..];
        let ending = memchr::memrchr(b'.', name).and_then(|dot| self.endings.get(&name[dot + 1..]));
        let lists = [self.names.get(name), ending, Some(&self.others)];
        let last = |list: &Vec<usize>| {
            list.iter().rev().copied().find(|number| fits(&self.patterns[*number], path, start, is_folder, self.case))
        };
        let number = lists.into_iter().flatten().filter_map(last).max()?;
        Some(if self.patterns[number].is_negative() { Verdict::Shown } else { Verdict::Hidden })
    }
}

/// Whether a path, whose last name begins at `start`, fits a pattern. As in git, what stands before the first wildcard
/// of a pattern with a slash is compared as it is, and the rest alone is matched (`match_pathname` in its dir.c): so two
/// asterisks right behind it stand for any folders, where gix, which matches the whole, takes them for one.
fn fits(pattern: &Pattern, path: &[u8], start: Option<usize>, is_folder: bool, case: Case) -> bool {
    let mode = wildmatch::Mode::NO_MATCH_SLASH_LITERAL;
    let is_of_name = pattern.mode.contains(Mode::NO_SUB_DIR) && !pattern.mode.contains(Mode::ABSOLUTE);
    let Some(at) = pattern.first_wildcard_pos.filter(|at| *at > 0 && !is_of_name) else {
        return pattern.matches_repo_relative_path(BStr::new(path), start, Some(is_folder), case, mode);
    };
    let (head, rest) = pattern.text.split_at(at);
    let has_head = |start: &[u8]| match case {
        Case::Fold => start.eq_ignore_ascii_case(head),
        Case::Sensitive => start == head,
    };
    let mode = match case {
        Case::Fold => mode | wildmatch::Mode::IGNORE_CASE,
        Case::Sensitive => mode,
    };
    (is_folder || !pattern.mode.contains(Mode::MUST_BE_DIR))
        && path.get(..at).is_some_and(has_head)
        && gix::glob::wildmatch(BStr::new(rest), BStr::new(&path[at..]), mode)
}

/// A line without the spaces at its end, but for one behind a backslash. It ends where a C string does.
fn trimmed(line: &[u8]) -> &[u8] {
    let line = memchr::memchr(0, line).map_or(line, |nul| &line[..nul]);
    let (mut at, mut end) = (0, None);
    while at < line.len() {
        match line[at] {
            b' ' => drop(end.get_or_insert(at)),
            b'\\' => (at, end) = (at + 1, None),
            _ => end = None,
        }
        at += 1;
    }
    &line[..end.unwrap_or(line.len())]
}

/// What a repository's configuration says about ignore rules.
#[derive(Debug, Default)]
pub struct Settings {
    /// The user's own file of rules (`core.excludesFile`); none when there is to be none.
    pub excludes_file: Option<PathBuf>,
    /// Whether upper and lower case are one (`core.ignoreCase`).
    case: Case,
}

impl Settings {
    /// Those of the repository whose work tree has this top, or git's own defaults where it can't be opened.
    pub fn of_work_tree(top: &Path) -> Settings {
        // Unlike for what is in the repository, the user's environment counts (`GIT_CONFIG_GLOBAL`).
        let git_dir = Repository::of_work_tree(top).map(|repository| repository.git_dir);
        let Some(gix) = git_dir.ok().and_then(|dir| gix::open_opts(dir, options(Environment::Heed)).ok()) else {
            return Settings { excludes_file: default_excludes_file(), case: Case::Sensitive };
        };
        let config = gix.config_snapshot();
        let case = if config.boolean("core.ignoreCase") == Some(true) { Case::Fold } else { Case::Sensitive };
        let excludes_file = match config.trusted_path("core.excludesFile") {
            // An empty one is none, but not the default either.
            Ok(None) => default_excludes_file().filter(|_| config.string("core.excludesFile").is_none()),
            Ok(Some(path)) => Some(path).filter(|path| !path.as_os_str().is_empty()).map(|path| top.join(path)),
            // A path that can't be expanded: nothing is hidden by it.
            Err(_) => None,
        };
        Settings { excludes_file, case }
    }
}

/// `$XDG_CONFIG_HOME/git/ignore`, or the same in `~/.config`.
fn default_excludes_file() -> Option<PathBuf> {
    let xdg = std::env::var_os("XDG_CONFIG_HOME").filter(|dir| !dir.is_empty()).map(PathBuf::from);
    let dir = xdg.or_else(|| std::env::home_dir().map(|home| home.join(".config")))?;
    Some(dir.join("git/ignore"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(rules: &str, path: &str) -> Option<Verdict> {
        Rules::parse(rules.as_bytes(), Case::Sensitive).matched(path.as_bytes(), false)
    }

    #[test]
    fn lines_are_cut_as_git_cuts_them() {
        for (line, kept) in [
            ("a", "a"),
            ("a  ", "a"),
            ("a\\ ", "a\\ "),
            ("a\\  ", "a\\ "),
            ("a\t", "a\t"),
            ("a\u{a0}", "a\u{a0}"),
            ("a b ", "a b"),
            ("a\0b", "a"),
            ("a\\", "a\\"),
            ("", ""),
            ("  ", ""),
        ] {
            assert_eq!(trimmed(line.as_bytes()), kept.as_bytes(), "{line:?}");
        }
    }

    #[test]
    fn the_last_rule_that_matches_counts_whatever_its_form() {
        let (hidden, shown) = (Some(Verdict::Hidden), Some(Verdict::Shown));
        assert_eq!(verdict("*.log\n!keep.log\n", "a/keep.log"), shown);
        assert_eq!(verdict("!keep.log\n*.log\n", "a/keep.log"), hidden);
        assert_eq!(verdict("k*\n!*.log\nkeep.log\n", "keep.log"), hidden);
        assert_eq!(verdict("keep.log\n!k*\n", "keep.log"), shown);
        assert_eq!(verdict("*.tar.gz\n", "x.tar.gz"), hidden);
        assert_eq!(verdict("*.gz\n", "x.tar.gz"), hidden);
        assert_eq!(verdict("*.\n", "x."), hidden);
        assert_eq!(verdict("/a\n", "b/a"), None);
        assert_eq!(verdict("\u{feff}a\r\n", "a"), hidden);
        assert_eq!(verdict("#a\n\\#b\n", "#a"), None);
        assert_eq!(verdict("#a\n\\#b\n", "#b"), hidden);
    }

    #[test]
    fn too_many_rules_hide_nothing() {
        let rules = "a\n".repeat(MAX_RULES);
        assert_eq!(verdict(&rules, "a"), Some(Verdict::Hidden));
        assert_eq!(verdict(&format!("{rules}a\n"), "a"), None);
    }
}
