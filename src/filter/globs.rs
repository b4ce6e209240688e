//! Globs of a configuration file, and the paths that they are held against: as seen from the folder of that file.

use std::path::{Component, Path, PathBuf};

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::blob::from_slashed;

/// A folder that paths are seen from. None covers nothing.
#[derive(Debug, Default)]
pub struct Folder {
    /// The working directory, and the folder as it is named and as it is without links, all absolute and without `..`.
    seen: Option<(PathBuf, [PathBuf; 2])>,
}

impl Folder {
    /// A folder, as seen from the working directory.
    ///
    /// # Errors
    ///
    /// When the system does not say where the working directory is.
    pub fn new(folder: &Path) -> std::io::Result<Folder> {
        let here = std::env::current_dir()?;
        let named = plain(&here.join(folder));
        let real = here.join(folder).canonicalize().unwrap_or_else(|_| named.clone());
        Ok(Folder { seen: Some((plain(&here), [named, real])) })
    }

    /// A path from the working directory, with `/` between its parts, as seen from the folder; `None` for what is not in it.
    pub fn place(&self, local_path: &[u8]) -> Option<PathBuf> {
        let (here, folders) = self.seen.as_ref()?;
        let below = |path: &Path| folders.iter().find_map(|folder| Some(path.strip_prefix(folder).ok()?.to_path_buf()));
        let path = plain(&here.join(from_slashed(local_path)));
        below(&path).or_else(|| {
            // What is scanned may have been given by way of a link.
            let real = path.parent()?.canonicalize().ok()?;
            below(&real.join(path.file_name()?))
        })
    }
}

/// The path without `.` and `..`, read off its words alone.
pub fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => plain.push(part),
        }
    }
    plain
}

/// Globs in the syntax of a `.gitignore` file.
#[derive(Debug)]
pub struct Globs(Gitignore);

impl Globs {
    /// Reads globs.
    ///
    /// # Errors
    ///
    /// The number of the first one that is none, from 1; `None` when there are too many of them.
    pub fn new(globs: &[String]) -> Result<Globs, Option<usize>> {
        let mut builder = GitignoreBuilder::new("");
        for (number, glob) in (1..).zip(globs) {
            builder.add_line(None, glob).map_err(|_| Some(number))?;
        }
        builder.build().map(Globs).map_err(|_| None)
    }

    /// Whether they name this path, or a folder that it is in.
    pub fn name(&self, place: &Path) -> bool {
        !place.as_os_str().is_empty() && self.0.matched_path_or_any_parents(place, false).is_ignore()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        let folder = Folder { seen: Some(("/r/sub".into(), ["/r".into(), "/real".into()])) };
        for (path, expected) in [
            (&b"a.txt"[..], Some("sub/a.txt")),
            (b"../a.txt", Some("a.txt")),
            (b"./x/../a.txt", Some("sub/a.txt")),
            (b"/r/b", Some("b")),
            (b"/real/b", Some("b")),
            (b"../../other", None),
            (b"/rest", None),
        ] {
            assert_eq!(folder.place(path), expected.map(PathBuf::from));
        }
        assert_eq!(Folder::default().place(b"a"), None);
    }

    #[test]
    fn globs_are_those_of_gitignore() {
        let globs = |globs: &[&str]| Globs::new(&globs.iter().map(|glob| (*glob).to_owned()).collect::<Vec<_>>());
        let names = |glob: &str, path: &str| globs(&[glob]).expect("a glob").name(Path::new(path));
        assert!(
            names("*.txt", "a/b.txt") && names("a/", "a/b.txt") && names("/a", "a/b.txt") && names("a/**", "a/b/c")
        );
        assert!(!names("/b.txt", "a/b.txt") && !names("*.md", "a/b.txt") && !names("a", "b"));
        assert!(!globs(&["*.txt", "!keep.txt"]).expect("globs").name(Path::new("keep.txt")));
        assert!(matches!(globs(&["b", "a{"]), Err(Some(2))));
    }
}
