//! The folders that a repository borrows objects from: `info/alternates`, see gitrepository-layout(5).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::cause::{SweepProblem, SweepProblemKind};
use super::store::unreadable;
use crate::error::describe;
use crate::read::{self, MAX_GIT_FILE};

/// How deep git follows alternates of alternates.
const MAX_DEPTH: usize = 5;
/// The most folders that are named in all lists: with links, a list of a megabyte leads to any number of them.
const MAX_FOLDERS: usize = 1000;

/// `objects` and all folders that it borrows from, each once. `objects` and `extra` are at depth 0.
pub fn folders(objects: &Path, extra: &[PathBuf], problems: &mut Vec<SweepProblem>) -> Vec<PathBuf> {
    let mut found = Found { folders: Vec::new(), seen: Vec::new(), named: 0 };
    for folder in std::iter::once(objects).chain(extra.iter().map(PathBuf::as_path)) {
        found.add(folder, 0, problems);
    }
    found.folders
}

struct Found {
    folders: Vec<PathBuf>,
    /// The folders without links and dots, so that none is met twice.
    seen: Vec<PathBuf>,
    /// How many folders the lists have named.
    named: usize,
}

impl Found {
    fn add(&mut self, folder: &Path, depth: usize, problems: &mut Vec<SweepProblem>) {
        let real = match fs::canonicalize(folder) {
            Ok(real) if real.is_dir() => real,
            Ok(_) => return problems.push(unreadable(folder, &io::ErrorKind::NotADirectory.into())),
            Err(error) => {
                let cause = describe(&error);
                let message = format!("{cause}; objects are borrowed from it, bring it back or repack without it");
                let message = if depth == 0 { format!("{cause}; it should hold the objects") } else { message };
                return problems.push(SweepProblem::of_file(folder, SweepProblemKind::Unreadable, message));
            }
        };
        if self.seen.contains(&real) {
            return;
        }
        self.seen.push(real);
        self.folders.push(folder.to_owned());
        let file = folder.join("info/alternates");
        let lines = match read::whole(&file, MAX_GIT_FILE) {
            Ok(lines) => lines,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return,
            Err(error) => return problems.push(unreadable(&file, &error)),
        };
        for line in paths(&lines, b'\n') {
            if depth == MAX_DEPTH {
                let message =
                    format!("alternates are followed {MAX_DEPTH} deep and not to this; name it in an earlier one");
                problems.push(SweepProblem::of_file(&file, SweepProblemKind::Unreadable, message));
                return;
            }
            self.named += 1;
            if self.named > MAX_FOLDERS {
                if self.named == MAX_FOLDERS + 1 {
                    let message = format!(
                        "it and other lists name more than {MAX_FOLDERS} folders, and the rest is not read; name fewer"
                    );
                    problems.push(SweepProblem::of_file(&file, SweepProblemKind::TooLarge, message));
                }
                return;
            }
            self.add(&folder.join(line), depth + 1, problems);
        }
    }
}

/// The paths in a list, as git reads it from the file or from `GIT_ALTERNATE_OBJECT_DIRECTORIES` (git(1)). One in quotation
/// marks may hold the separator.
pub fn paths(list: &[u8], separator: u8) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    let mut rest = list;
    while !rest.is_empty() {
        let quoted = if rest[0] == b'"' { closing_quote(rest).unwrap_or(0) } else { 0 };
        let end = memchr::memchr(separator, &rest[quoted..]).map_or(rest.len(), |at| quoted + at);
        paths.extend(parse(&rest[..end]));
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    paths
}

/// Where the quotation mark stands that ends the one at the start.
fn closing_quote(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        match text.get(at)? {
            b'"' => return Some(at),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// The path of a line: `None` for an empty line and for a comment. A line in quotation marks is unquoted as C does.
fn parse(line: &[u8]) -> Option<PathBuf> {
    let path = match line.first()? {
        b'#' => return None,
        // A line that is not well quoted is taken as it stands.
        b'"' => unquoted(&line[1..]).unwrap_or_else(|| line.to_vec()),
        _ => line.to_vec(),
    };
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStringExt;
        Some(std::ffi::OsString::from_vec(path).into())
    }
    #[cfg(not(unix))]
    {
        String::from_utf8(path).ok().map(PathBuf::from)
    }
}

/// What stands between quotation marks, the first of which has been taken off.
fn unquoted(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut bytes = text.iter().copied();
    loop {
        let byte = match bytes.next()? {
            b'"' => return Some(out),
            b'\\' => match bytes.next()? {
                b'a' => 7,
                b'b' => 8,
                b't' => b'\t',
                b'n' => b'\n',
                b'v' => 11,
                b'f' => 12,
                b'r' => b'\r',
                quoted @ (b'"' | b'\\') => quoted,
                high @ b'0'..=b'3' => {
                    let (middle, low) = (bytes.next()?, bytes.next()?);
                    let digit = |byte: u8| byte.checked_sub(b'0').filter(|digit| *digit < 8);
                    (high - b'0') << 6 | digit(middle)? << 3 | digit(low)?
                }
                _ => return None,
            },
            byte => byte,
        };
        out.push(byte);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_git_reads_them() {
        let path = |line: &str| parse(line.as_bytes());
        assert_eq!(path("/a/b c"), Some("/a/b c".into()));
        assert_eq!((path(""), path("# no")), (None, None));
        assert_eq!(path(r#""a\t\"\\\101\n""#), Some("a\t\"\\A\n".into()));
        for odd in [r#""open"#, r#""\q""#, r#""\9""#, r#""\"#] {
            assert_eq!(path(odd), Some(odd.into()));
        }
    }

    #[test]
    fn folders_are_found_once_and_not_too_deep() {
        let top = tempfile::tempdir().expect("a folder");
        let folder = |name: &str| top.path().join(name);
        for index in 0..9 {
            fs::create_dir_all(folder(&index.to_string()).join("info")).expect("made");
            // Each borrows from itself, the first and the next.
            let lines = format!("../{index}\n#x\n{}\n\"../{}\"\n", folder("0").display(), index + 1);
            fs::write(folder(&index.to_string()).join("info/alternates"), lines).expect("written");
        }
        let mut problems = Vec::new();
        let found = folders(&folder("0"), &[folder("8"), folder("none")], &mut problems);
        let names: Vec<_> = found.iter().map(|path| fs::canonicalize(path).expect("there")).collect();
        let expected: Vec<_> = [0, 1, 2, 3, 4, 5, 8].iter().map(|index| folder(&index.to_string())).collect();
        assert_eq!(names, expected);
        // Too deep at 5; folder 9, which 8 borrows from, and "none" are missing.
        assert_eq!(problems.len(), 3, "{problems:?}");
    }
}
