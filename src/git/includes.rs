//! A repository's configuration and the files that it includes (git-config(1), "Includes"), counted before gix reads them.
//!
//! gix and git follow includes ten deep, and each file as often as it is named, so that ten short files that name each
//! other ten times are read ten thousand million times.

use std::path::{Path, PathBuf};

use gix::config::file::Metadata;
use gix::config::path::interpolate;

use crate::git::plain::check_file;
use crate::read;

/// The most bytes of a repository's configuration, with what it includes, each file as often as it is named: some ten
/// thousand remotes or branches.
const MAX_BYTES: u64 = 1 << 20;
/// The most files of them.
const MAX_FILES: usize = 100;
/// How deep gix and git follow includes.
const MAX_DEPTH: usize = 10;

/// Looks at the configuration in these folders: of the repository, and of a work tree. Includes that have a condition are
/// taken for ones that are read.
///
/// # Errors
///
/// What can't be read within the bounds, in words.
pub fn check(dirs: &[&Path]) -> Result<(), String> {
    let mut all = Included { bytes: 0, files: 0 };
    for dir in dirs {
        for name in ["config", "config.worktree"] {
            all.add(&dir.join(name), 0)?;
        }
    }
    Ok(())
}

/// What has been read so far.
struct Included {
    bytes: u64,
    files: usize,
}

impl Included {
    fn add(&mut self, file: &Path, depth: usize) -> Result<(), String> {
        check_file(file, MAX_BYTES)?;
        // What can't be read is not there for gix either, or makes it fail.
        let Ok(bytes) = read::whole(file, MAX_BYTES) else { return Ok(()) };
        self.files += 1;
        self.bytes += bytes.len() as u64;
        if self.bytes > MAX_BYTES || self.files > MAX_FILES {
            let most = MAX_BYTES >> 20;
            return Err(format!(
                "{} and what else makes up the configuration are more than {MAX_FILES} files or {most} MiB, the most \
                 that are read; see what it includes",
                file.display()
            ));
        }
        let Ok(config) = gix::config::File::from_bytes_no_includes(
            &bytes,
            Metadata::api(),
            gix::config::file::init::Options::default(),
        ) else {
            return Ok(());
        };
        if depth == MAX_DEPTH {
            return Ok(());
        }
        let sections = ["include", "includeIf"].into_iter().filter_map(|name| config.sections_by_name(name)).flatten();
        for path in sections.flat_map(|section| section.values("path")) {
            if let Some(path) = resolved(&path, file) {
                self.add(&path, depth + 1)?;
            }
        }
        Ok(())
    }
}

/// Where a path in a configuration file leads.
fn resolved(path: &[u8], file: &Path) -> Option<PathBuf> {
    let home = std::env::home_dir();
    let context = interpolate::Context {
        home_dir: home.as_deref(),
        home_for_user: Some(interpolate::home_for_user),
        ..interpolate::Context::default()
    };
    let path = gix::config::Path::from(std::borrow::Cow::Borrowed(gix::bstr::BStr::new(path)));
    path.interpolate(context).ok().map(|path| file.parent().unwrap_or(Path::new("")).join(path))
}
