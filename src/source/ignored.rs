//! git's ignore rules: `.gitignore` from the top of a work tree down, `info/exclude`, and the user's own excludes file.
//!
//! The walk runs without filters and asks here, so that what is hidden can be counted. Only git's rules count, never
//! `.ignore` or `.rgignore`, and only inside a work tree: a `.gitignore` that belongs to no repository hides nothing.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::blob::slashed;
use crate::git::ignore::{Rules, Settings, Verdict};
use crate::read;

/// The rules in force below one folder.
#[derive(Debug)]
struct Level {
    /// The top of the work tree.
    top: Arc<Path>,
    /// Each with the absolute path of the folder that it concerns. The first that says something of a path counts.
    rules: Vec<(PathBuf, Rules)>,
    settings: Arc<Settings>,
    /// The folder above, unless this is the top of a work tree.
    above: Option<Arc<Level>>,
}

/// The rules of all folders that a walk has entered.
#[derive(Debug, Default)]
pub struct Ignored {
    /// Folders that bring rules of their own, by absolute path.
    levels: Mutex<HashMap<PathBuf, Arc<Level>>>,
}

impl Ignored {
    /// Rules for a walk that starts at the absolute path `start`, in the work tree whose top is `top`.
    pub fn new(start: &Path, top: Option<&Path>) -> Ignored {
        let ignored = Ignored::default();
        if let Some(top) = top {
            let mut above: Vec<&Path> =
                start.ancestors().skip(1).take_while(|folder| folder.starts_with(top)).collect();
            above.reverse();
            for folder in above {
                ignored.enter(folder);
            }
        }
        ignored
    }

    /// Reads the rules that the folder at the absolute path `folder` brings. Must be called on a folder before anything
    /// in it is asked about, and on its parents first.
    pub fn enter(&self, folder: &Path) {
        let is_top = is_work_tree(folder);
        let above = if is_top { None } else { self.level(folder) };
        if !is_top && above.is_none() {
            return;
        }
        let settings = match &above {
            Some(above) => Arc::clone(&above.settings),
            None => Arc::new(Settings::of_work_tree(folder)),
        };
        let mut files = Vec::new();
        let own = folder.join(".gitignore");
        // git follows no link here (gitignore(5)).
        if own.symlink_metadata().is_ok_and(|metadata| metadata.is_file()) {
            files.push(own);
        }
        if is_top {
            files.extend(git_folder(folder).map(|git| git.join("info/exclude")));
            files.extend(settings.excludes_file.clone());
        }
        let rules = files.iter().map(|file| Rules::read(file, &settings)).filter(|rules| !rules.is_empty());
        let rules: Vec<_> = rules.map(|rules| (folder.to_path_buf(), rules)).collect();
        if is_top || !rules.is_empty() {
            let top = above.as_ref().map_or_else(|| Arc::from(folder), |above| Arc::clone(&above.top));
            let level = Arc::new(Level { top, rules, settings, above });
            self.levels.lock().unwrap_or_else(PoisonError::into_inner).insert(folder.to_path_buf(), level);
        }
    }

    /// Whether git ignores the absolute path `path`, given that it does not ignore the folder it is in.
    pub fn is_ignored(&self, path: &Path, is_folder: bool) -> bool {
        let nearest = path.parent().and_then(|folder| self.level(folder));
        let mut level = nearest.as_deref();
        while let Some(current) = level {
            for (folder, rules) in &current.rules {
                let below = slashed(path.strip_prefix(folder).unwrap_or(path));
                if let Some(verdict) = rules.matched(&below, is_folder) {
                    return verdict == Verdict::Hidden;
                }
            }
            level = current.above.as_deref();
        }
        false
    }

    /// The top of the work tree that holds the absolute path `path`, whose folder was entered.
    pub fn top(&self, path: &Path) -> Option<Arc<Path>> {
        path.parent().and_then(|folder| self.level(folder)).map(|level| Arc::clone(&level.top))
    }

    /// The nearest rules at or above `folder`.
    fn level(&self, folder: &Path) -> Option<Arc<Level>> {
        let levels = self.levels.lock().unwrap_or_else(PoisonError::into_inner);
        if levels.is_empty() {
            return None;
        }
        folder.ancestors().find_map(|folder| levels.get(folder).cloned())
    }
}

/// Whether git's rules hide single paths of one work tree, asked about in any order.
#[derive(Debug)]
pub struct IgnoredPaths<'t> {
    top: &'t Path,
    rules: Ignored,
    /// Folders that were asked about, and whether they are hidden.
    folders: HashMap<PathBuf, bool>,
}

impl<'t> IgnoredPaths<'t> {
    /// Paths of the work tree with this top, which is absolute.
    pub fn of(top: &'t Path) -> IgnoredPaths<'t> {
        let rules = Ignored::default();
        rules.enter(top);
        IgnoredPaths { top, rules, folders: HashMap::new() }
    }

    /// Whether the rules hide this absolute path, or a folder that it is in. Nothing outside of the work tree is hidden,
    /// nor is its top.
    pub fn is_hidden(&mut self, path: &Path, is_folder: bool) -> bool {
        let is_below = |path: &Path| path != self.top && path.starts_with(self.top);
        let mut above: Vec<&Path> = path.ancestors().skip(1).take_while(|folder| is_below(folder)).collect();
        while let Some(folder) = above.pop() {
            let is_hidden = *self.folders.entry(folder.to_path_buf()).or_insert_with(|| {
                let is_hidden = self.rules.is_ignored(folder, true);
                if !is_hidden {
                    self.rules.enter(folder);
                }
                is_hidden
            });
            if is_hidden {
                return true;
            }
        }
        is_below(path) && self.rules.is_ignored(path, is_folder)
    }
}

/// A matcher for `--exclude` globs, which concern what is below `folder` and have the syntax of a `.gitignore` file.
///
/// # Errors
///
/// The first glob that is none, and what is wrong with it.
pub fn globs<'g>(folder: &Path, globs: &'g [String]) -> Result<Gitignore, (&'g str, String)> {
    let mut builder = GitignoreBuilder::new(folder);
    for glob in globs {
        builder.add_line(None, glob).map_err(|cause| (glob.as_str(), cause.to_string()))?;
    }
    builder.build().map_err(|cause| (globs.last().map_or("", String::as_str), cause.to_string()))
}

/// The top of the work tree that holds the absolute path `path`.
pub fn work_tree_top(path: &Path) -> Option<&Path> {
    path.ancestors().find(|folder| is_work_tree(folder))
}

/// Whether this folder is the top of a work tree.
pub fn is_work_tree(folder: &Path) -> bool {
    folder.join(".git").symlink_metadata().is_ok()
}

/// The git folder that all work trees of a repository share (gitrepository-layout(5)): `.git` itself, or where the file
/// `.git` of a linked work tree or a submodule leads.
fn git_folder(top: &Path) -> Option<PathBuf> {
    let git = top.join(".git");
    if git.is_dir() {
        return Some(git);
    }
    let read_path = |file: &Path, prefix: &str, from: &Path| -> Option<PathBuf> {
        let text = String::from_utf8(read::whole(file, read::MAX_GIT_FILE).ok()?).ok()?;
        Some(from.join(text.strip_prefix(prefix)?.trim_end_matches(['\r', '\n'])))
    };
    let own = read_path(&git, "gitdir: ", top)?;
    Some(read_path(&own.join("commondir"), "", &own).unwrap_or(own))
}
