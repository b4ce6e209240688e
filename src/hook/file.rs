//! Hook files on disk: what is there, and replacing it in one step.

use std::fs::{self, Metadata};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::read::{MAX_LIST, whole};

/// What stands at the place of a hook.
#[derive(Debug, PartialEq, Eq)]
pub enum HookFile {
    /// Nothing.
    None,
    /// A plain file.
    Plain {
        /// What is in it.
        content: Vec<u8>,
        /// Whether git would run it.
        run: Run,
    },
    /// A symbolic link, and where it leads.
    Link(PathBuf),
    /// A folder, a pipe, a device.
    Special,
}

/// Whether git would run a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// It would.
    Yes,
    /// It would not: the file is not executable.
    No,
}

/// What stands at `path`.
///
/// # Errors
///
/// [`Error::HookFile`] when that can't be known.
pub fn look(path: &Path) -> Result<HookFile, Error> {
    let failed = |cause| failed("read", path, cause);
    let metadata = match path.symlink_metadata() {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(HookFile::None),
        Err(cause) => return Err(failed(cause)),
    };
    if metadata.is_symlink() {
        return path.read_link().map(HookFile::Link).map_err(failed);
    }
    if !metadata.is_file() {
        return Ok(HookFile::Special);
    }
    let run = if is_executable(&metadata) { Run::Yes } else { Run::No };
    whole(path, MAX_LIST).map(|content| HookFile::Plain { content, run }).map_err(failed)
}

/// Puts a file at `path` in one step, with the permissions of the file that stood there, so that git runs it or doesn't.
/// A new one may be run by whoever may enter its folder, which is made when it is not there.
///
/// # Errors
///
/// [`Error::HookFile`].
pub fn replace(path: &Path, content: &[u8], run: Run) -> Result<(), Error> {
    let write = || {
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let mut file = tempfile::Builder::new().prefix(".hopx-leaks-").tempfile_in(folder)?;
        file.write_all(content)?;
        set_mode(file.as_file(), path, folder, run)?;
        file.as_file().sync_all()?;
        file.persist(path).map(|_| ()).map_err(|error| error.error)
    };
    write().map_err(|cause| failed("write", path, cause))
}

/// Takes the file away.
///
/// # Errors
///
/// [`Error::HookFile`].
pub fn remove(path: &Path) -> Result<(), Error> {
    fs::remove_file(path).map_err(|cause| failed("remove", path, cause))
}

/// Whether the system would run the file; on Windows git's own shell runs any hook.
pub fn is_executable(metadata: &Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        metadata.permissions().mode() & 0o111 != 0
    }
    #[cfg(not(unix))]
    {
        let _ = metadata;
        true
    }
}

/// Whether a file is executable as [`replace`] makes one that was not: for its owner alone.
pub fn is_switched_on(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        path.metadata().is_ok_and(|metadata| metadata.permissions().mode() & 0o111 == 0o100)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

#[cfg(unix)]
fn set_mode(file: &fs::File, replaced: &Path, folder: &Path, run: Run) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = match (replaced.metadata(), run) {
        (Ok(metadata), Run::Yes) => metadata.permissions().mode() | 0o100,
        (Ok(metadata), Run::No) => metadata.permissions().mode() & !0o111,
        // The umask's, which can't be asked for: the folder was made with it.
        (Err(_), _) => folder.metadata()?.permissions().mode() & 0o777 | 0o700,
    };
    file.set_permissions(PermissionsExt::from_mode(mode & 0o7777))
}

#[cfg(not(unix))]
fn set_mode(_: &fs::File, _: &Path, _: &Path, _: Run) -> io::Result<()> {
    Ok(())
}

fn failed(action: &'static str, path: &Path, cause: io::Error) -> Error {
    let remedy = "check the permissions of the folder, and that core.hooksPath is what you want";
    Error::HookFile { action, path: path.to_path_buf(), cause, remedy }
}
