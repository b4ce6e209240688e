//! Plain files: whether what git keeps for a repository can be opened without waiting.
//!
//! Reading a pipe waits for somebody to write to it, and a device may never end. A folder somebody else made can hold
//! either where git has a file, and gix opens what it finds. So it is asked here first.

use std::io;
use std::path::{Path, PathBuf};

use crate::read;

/// How many symbolic refs in a row git follows.
pub const MAX_STEPS: usize = 5;

/// What gix reads of a repository when it opens it, and later by name.
const FILES: [&str; 12] = [
    "HEAD",
    "commondir",
    "config",
    "config.worktree",
    "gitdir",
    "index",
    "objects/info/alternates",
    "objects/info/commit-graph",
    "objects/info/commit-graphs/commit-graph-chain",
    "packed-refs",
    "refs",
    "shallow",
];

/// Looks at a repository before it is opened: the one at or around `start`, which is absolute.
///
/// # Errors
///
/// What is neither a file nor a folder where git has one, in words.
pub fn check(start: &Path) -> Result<(), String> {
    let Some(git_dir) = start.ancestors().find_map(|folder| git_dir(folder).transpose()).transpose()? else {
        return Ok(());
    };
    check_dir(&git_dir)
}

/// The same for the folder that git keeps its files in.
///
/// # Errors
///
/// As those of [`check`].
pub fn check_dir(git_dir: &Path) -> Result<(), String> {
    let common = read::small(&git_dir.join("commondir")).ok();
    let common = common.map(|path| git_dir.join(crate::blob::from_slashed(path.trim_ascii_end())));
    for dir in std::iter::once(git_dir).chain(common.as_deref()) {
        for file in FILES {
            is_plain(&dir.join(file)).map_err(|path| special(&path))?;
        }
    }
    check_ref(&[git_dir, common.as_deref().unwrap_or(git_dir)], Path::new("HEAD"))
}

/// A ref, and what it leads to by way of symbolic ones, wherever it stands.
fn check_ref(dirs: &[&Path], name: &Path) -> Result<(), String> {
    let mut next = Some(name.to_path_buf());
    for _ in 0..=MAX_STEPS {
        let Some(name) = next.take() else { break };
        for file in dirs.iter().map(|dir| dir.join(&name)) {
            is_plain(&file).map_err(|path| special(&path))?;
            let text = if file.is_file() { read::small(&file).unwrap_or_default() } else { Vec::new() };
            let target = text.strip_prefix(b"ref:").map(|target| crate::blob::from_slashed(target.trim_ascii()));
            next = next.or(target);
        }
    }
    Ok(())
}

/// The same for the ref that a revision begins with, wherever gitrevisions(7) looks for its name, and for its log.
///
/// # Errors
///
/// As those of [`check`].
pub fn check_name(git_dir: &Path, common_dir: &Path, revision: &str) -> Result<(), String> {
    let name = revision.split("@{").next().unwrap_or_default();
    let name = if name.is_empty() || name == "@" { "HEAD" } else { name };
    let dirs = [git_dir, common_dir];
    check_ref(&dirs, &Path::new("refs/remotes").join(name).join("HEAD"))?;
    for folder in ["", "refs", "refs/tags", "refs/heads", "refs/remotes"] {
        let place = Path::new(folder).join(name);
        check_ref(&dirs, &place)?;
        for dir in dirs {
            is_plain(&dir.join("logs").join(&place)).map_err(|path| special(&path))?;
        }
    }
    dirs.iter().try_for_each(|dir| is_plain(&dir.join("logs/HEAD")).map_err(|path| special(&path)))
}

/// What is neither a file nor a folder below a folder of refs, if something is.
///
/// # Errors
///
/// As those of [`files_below`].
pub fn special_below(folder: &Path) -> Result<Option<PathBuf>, (PathBuf, io::Error)> {
    Ok(files_below(folder)?.into_iter().find(|file| is_plain(file).is_err()))
}

/// Everything below a folder that is no folder, in order; nothing where there is no such folder.
///
/// # Errors
///
/// The folder that can't be read, and why.
pub fn files_below(folder: &Path) -> Result<Vec<PathBuf>, (PathBuf, io::Error)> {
    let mut open = vec![folder.to_path_buf()];
    let mut files = Vec::new();
    while let Some(path) = open.pop() {
        match path.read_dir().and_then(Iterator::collect::<io::Result<Vec<_>>>) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err((path, error)),
            Ok(entries) => {
                for entry in entries {
                    let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
                    if is_folder { &mut open } else { &mut files }.push(entry.path());
                }
            }
        }
    }
    files.sort();
    Ok(files)
}

/// What to say of it.
pub fn special(path: &Path) -> String {
    format!("{} is a pipe, a socket or a device, where git has a file or a folder", path.display())
}

/// The folder that git keeps its files in, if this one has a repository.
fn git_dir(folder: &Path) -> Result<Option<PathBuf>, String> {
    let git = folder.join(".git");
    is_plain(&git).map_err(|path| special(&path))?;
    if git.is_dir() {
        return Ok(Some(git));
    }
    if let Ok(text) = read::small(&git) {
        let path = text.strip_prefix(b"gitdir: ").map(|path| crate::blob::from_slashed(path.trim_ascii_end()));
        return Ok(path.map(|path| folder.join(path)));
    }
    // What git takes for a repository without a folder `.git`.
    let is_bare = folder.join("objects").is_dir()
        && folder.join("refs").is_dir()
        && folder.join("HEAD").symlink_metadata().is_ok();
    Ok(is_bare.then(|| folder.to_path_buf()))
}

/// Whether a path leads to a file, to a folder or to nothing.
fn is_plain(path: &Path) -> Result<(), PathBuf> {
    match path.metadata() {
        Ok(metadata) if !metadata.is_file() && !metadata.is_dir() => Err(path.to_path_buf()),
        Ok(_) | Err(_) => Ok(()),
    }
}
