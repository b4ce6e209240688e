//! Plain files: whether what git keeps for a repository can be opened without waiting and read within bounds.
//!
//! Reading a pipe waits for somebody to write to it, and a device may never end; a file with holes has any length and takes
//! no room. A folder somebody else made can hold each of them where git has a file, and gix opens what it finds and reads
//! it whole. So it is asked here first.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use crate::error::describe;
use crate::git::includes;
use crate::read::{self, MAX_GIT_FILE, MAX_LIST};

/// How many symbolic refs in a row git follows.
pub const MAX_STEPS: usize = 5;

/// The most bytes of `packed-refs`: some ten million refs.
const MAX_PACKED_REFS: u64 = 1 << 30;
/// The most bytes of a line of `packed-refs`, of which git writes none longer than the path of a file may be. What gix says
/// of a line that it can't read holds the line several times.
const MAX_LINE: u64 = 64 << 10;
/// The most bytes of an index, in which places are numbers of 32 bits (gitformat-index(5)).
const MAX_INDEX: u64 = 4 << 30;

/// What gix reads of a repository when it opens it, and later by name, and the most bytes of each that are read.
const FILES: [(&str, u64); 10] = [
    ("HEAD", MAX_GIT_FILE),
    ("commondir", MAX_GIT_FILE),
    ("gitdir", MAX_GIT_FILE),
    ("index", MAX_INDEX),
    ("objects/info/alternates", MAX_GIT_FILE),
    ("objects/info/commit-graph", u64::MAX),
    ("objects/info/commit-graphs/commit-graph-chain", MAX_GIT_FILE),
    (PACKED_REFS, MAX_PACKED_REFS),
    ("refs", u64::MAX),
    ("shallow", MAX_LIST),
];
const PACKED_REFS: &str = "packed-refs";

/// Looks at a repository before it is opened: the one at or around `start`, which is absolute.
///
/// # Errors
///
/// What is neither a file nor a folder where git has one, or is larger than is read, in words.
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
    check_files(git_dir)?;
    let common = read::whole(&git_dir.join("commondir"), MAX_GIT_FILE).ok();
    let common = common.map(|path| git_dir.join(crate::blob::from_slashed(path.trim_ascii_end())));
    common.as_deref().map_or(Ok(()), check_files)?;
    includes::check(&[git_dir, common.as_deref().unwrap_or(git_dir)])?;
    check_ref(&[git_dir, common.as_deref().unwrap_or(git_dir)], Path::new("HEAD"))
}

fn check_files(dir: &Path) -> Result<(), String> {
    FILES.iter().try_for_each(|(file, most)| check_file(&dir.join(file), *most))?;
    check_lines(&dir.join(PACKED_REFS))
}

/// Whether each line of a file is as short as git writes them.
fn check_lines(path: &Path) -> Result<(), String> {
    // Where the whole file is short, so are its lines.
    if !path.metadata().is_ok_and(|metadata| metadata.len() > MAX_GIT_FILE) {
        return Ok(());
    }
    let Ok(file) = File::open(path) else { return Ok(()) };
    let mut file = BufReader::with_capacity(1 << 16, file);
    loop {
        match file.by_ref().take(MAX_LINE).skip_until(b'\n') {
            Ok(0) => return Ok(()),
            Ok(len) if len as u64 == MAX_LINE => {
                let path = path.display();
                return Err(format!("{path} has a line of more than {} KiB, as git writes none", MAX_LINE >> 10));
            }
            Ok(_) => {}
            Err(error) => return Err(format!("{}: {}", path.display(), describe(&error))),
        }
    }
}

/// A ref, and what it leads to by way of symbolic ones, wherever it stands.
fn check_ref(dirs: &[&Path], name: &Path) -> Result<(), String> {
    let mut next = Some(name.to_path_buf());
    for _ in 0..=MAX_STEPS {
        let Some(name) = next.take() else { break };
        for file in dirs.iter().map(|dir| dir.join(&name)) {
            check_file(&file, MAX_GIT_FILE)?;
            let text = if file.is_file() { read::whole(&file, MAX_GIT_FILE).unwrap_or_default() } else { Vec::new() };
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
            check_file(&dir.join("logs").join(&place), MAX_LIST)?;
        }
    }
    dirs.iter().try_for_each(|dir| check_file(&dir.join("logs/HEAD"), MAX_LIST))
}

/// What below a folder of refs can't be read as one, if something is so, and why.
///
/// # Errors
///
/// As those of [`files_below`].
pub fn unfit_below(folder: &Path) -> Result<Option<(PathBuf, String)>, (PathBuf, io::Error)> {
    let unfit = |file: PathBuf| check_file(&file, MAX_GIT_FILE).err().map(|cause| (file, cause));
    Ok(files_below(folder)?.into_iter().find_map(unfit))
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

/// The folder that git keeps its files in, if this one has a repository.
fn git_dir(folder: &Path) -> Result<Option<PathBuf>, String> {
    let git = folder.join(".git");
    check_file(&git, MAX_GIT_FILE)?;
    if git.is_dir() {
        return Ok(Some(git));
    }
    if let Ok(text) = read::whole(&git, MAX_GIT_FILE) {
        let path = text.strip_prefix(b"gitdir: ").map(|path| crate::blob::from_slashed(path.trim_ascii_end()));
        return Ok(path.map(|path| folder.join(path)));
    }
    // What git takes for a repository without a folder `.git`.
    let is_bare = folder.join("objects").is_dir()
        && folder.join("refs").is_dir()
        && folder.join("HEAD").symlink_metadata().is_ok();
    Ok(is_bare.then(|| folder.to_path_buf()))
}

/// Whether a path leads to a file of at most `most` bytes, to a folder or to nothing.
///
/// # Errors
///
/// What it leads to instead, in words.
pub(super) fn check_file(path: &Path, most: u64) -> Result<(), String> {
    let shown = path.display();
    match path.metadata() {
        Ok(metadata) if metadata.is_file() && metadata.len() > most => {
            Err(format!("{shown}: {}", read::too_large(most)))
        }
        Ok(metadata) if !metadata.is_file() && !metadata.is_dir() => {
            Err(format!("{shown} is a pipe, a socket or a device, where git has a file or a folder"))
        }
        Ok(_) | Err(_) => Ok(()),
    }
}
