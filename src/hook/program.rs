//! Programs: where ours lies, whether one is there, and which git would run the hooks. git itself is run outside of any
//! repository, with nothing in its environment, and only to ask for its version and its own configuration.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::Error;

/// The first version of git that runs hooks from its configuration.
const CONFIG_HOOKS: (u32, u32) = (2, 54);

/// Where the program that a hook names is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Where the hook says.
    There,
    /// Not there, but the shell finds one by its name.
    OnPath(PathBuf),
    /// Nowhere: the hook stops everything.
    Nowhere,
}

/// The path of this program, as a hook is to name it.
///
/// # Errors
///
/// [`Error::HookProgram`] when it is not known, or has a line break in it, which a block has no room for.
pub fn own_path() -> Result<Vec<u8>, Error> {
    let unnamed = |path: PathBuf, cause: String| Error::HookProgram { path, cause };
    let path = std::env::current_exe().map_err(|cause| unnamed("this program".into(), cause.to_string()))?;
    let bytes = path.as_os_str().as_encoded_bytes().to_vec();
    if bytes.contains(&b'\n') || bytes.contains(&b'\r') {
        return Err(unnamed(path, "its path has a line break".to_owned()));
    }
    Ok(bytes)
}

/// Where the program is that a hook names as `path`.
pub fn find(path: &Path) -> Found {
    if is_program(path) {
        return Found::There;
    }
    on_path("hopx-leaks").map_or(Found::Nowhere, Found::OnPath)
}

/// What git is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Git {
    /// One that runs hooks from its configuration.
    ConfigHooks,
    /// One that doesn't, with its version.
    Older(String),
    /// None that answers.
    None,
}

/// Asks git for its version.
pub fn git() -> Git {
    version().map_or(Git::None, |version| {
        if numbers(&version).is_some_and(|numbers| numbers >= CONFIG_HOOKS) {
            Git::ConfigHooks
        } else {
            Git::Older(version)
        }
    })
}

/// A setting of the configuration that belongs to git's installation: only git knows where that file is. It is not
/// asked where the environment says which file it is, or that there is none (git(1)).
pub fn system_setting(key: &str) -> Option<Vec<u8>> {
    if ["GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_SYSTEM"].iter().any(|name| std::env::var_os(name).is_some()) {
        return None;
    }
    let mut value = ask(&["config", "--system", "--includes", "--null", "--get", key])?;
    (value.pop() == Some(0)).then_some(value)
}

fn version() -> Option<String> {
    let text = String::from_utf8(ask(&["--version"])?).ok()?;
    text.strip_prefix("git version ")?.split_whitespace().next().map(str::to_owned)
}

fn ask(arguments: &[&str]) -> Option<Vec<u8>> {
    let mut command = Command::new(on_path("git")?);
    // No repository, no configuration of the user's and no loader's variables have a say in this.
    command.args(arguments).env_clear().current_dir(Path::new("/")).stdin(Stdio::null()).stderr(Stdio::null());
    #[cfg(windows)]
    if let Some(root) = std::env::var_os("SystemRoot") {
        command.env("SystemRoot", root);
    }
    command.output().ok().filter(|output| output.status.success()).map(|output| output.stdout)
}

fn numbers(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// The program of that name in the folders of `PATH`. Relative ones are left out: they might lead into the repository.
pub fn on_path(name: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&folders)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(&file))
        .find(|path| is_program(path))
}

fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.is_file() && super::file::is_executable(&metadata))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        for (version, expected) in [
            ("2.47.3", Some((2, 47))),
            ("2.54.0.windows.1", Some((2, 54))),
            ("3.0-rc1", None),
            ("2.39.5", Some((2, 39))),
            ("x", None),
        ] {
            assert_eq!(numbers(version), expected);
        }
        assert!(numbers("2.54.0") >= Some(CONFIG_HOOKS) && numbers("2.53.9") < Some(CONFIG_HOOKS));
    }
}
