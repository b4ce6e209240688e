//! Submodules: where their repositories are. Only those that this repository keeps for itself: what a link or a path of
//! the index leads to outside of it is somebody else's.

use std::io;
use std::path::{Path, PathBuf};

use crate::blob::from_slashed;
use crate::error::{Problem, ProblemKind, describe};
use crate::git::Repository;
use crate::git::index::Index;
use crate::git::tree::EntryKind;

impl Repository {
    /// The folders of its submodules' repositories, but not of those in submodules, and what could not be read on the
    /// way. git keeps them below `modules`, in its own folder and in those of linked work trees
    /// (gitrepository-layout(5)); once it kept them in the work tree. Sorted.
    pub fn submodules(&self) -> (Vec<PathBuf>, Vec<Problem>) {
        let mut found = Found::default();
        let own = [self.common_dir.clone(), self.git_dir.clone()].into_iter().chain(self.other_git_dirs());
        for dir in own {
            found.below(&dir.join("modules"));
        }
        match self.index() {
            Ok(index) => found.in_work_tree(self, &index),
            Err(cause) => {
                let message = format!("{cause}; it says where submodules are; run git status");
                found.problems.push(Problem::given(&self.index_path(), ProblemKind::Corrupt, message));
            }
        }
        found.dirs.sort();
        found.dirs.dedup();
        (found.dirs, found.problems)
    }
}

#[derive(Default)]
struct Found {
    dirs: Vec<PathBuf>,
    problems: Vec<Problem>,
}

impl Found {
    /// Repositories below a folder `modules`. A submodule's name may hold slashes.
    fn below(&mut self, modules: &Path) {
        let mut open = vec![modules.to_path_buf()];
        while let Some(dir) = open.pop() {
            if dir.is_symlink() {
                continue;
            }
            if dir.join("HEAD").is_file() && dir.join("objects").is_dir() {
                self.dirs.push(dir);
                continue;
            }
            match dir.read_dir().and_then(Iterator::collect::<io::Result<Vec<_>>>) {
                Ok(entries) => open.extend(entries.iter().map(std::fs::DirEntry::path)),
                Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
                Err(error) => {
                    let message = format!("{}; make it readable", describe(&error));
                    self.problems.push(Problem::given(&dir, ProblemKind::Unreadable, message));
                }
            }
        }
    }

    /// Repositories in folders that the index has submodules at.
    fn in_work_tree(&mut self, repository: &Repository, index: &Index) {
        let Some(top) = &repository.work_tree else { return };
        let Ok(real_top) = top.canonicalize() else { return };
        for entry in index.entries().filter(|entry| entry.kind == EntryKind::Submodule) {
            let git = top.join(from_slashed(entry.path)).join(".git");
            // Neither a path such as `../x` nor a link on the way may lead out.
            let is_inside = git.parent().and_then(|folder| folder.canonicalize().ok());
            let is_inside = is_inside.is_some_and(|folder| folder.starts_with(&real_top));
            match git.symlink_metadata() {
                // One that is not checked out, or whose repository is below `modules`.
                Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
                Ok(metadata) if metadata.is_file() => {}
                // Somebody else's.
                Ok(metadata) if metadata.is_symlink() || !is_inside => {}
                Ok(metadata) if metadata.is_dir() => self.dirs.push(git),
                Ok(_) | Err(_) => {
                    let message = "the repository of this submodule is no folder or can't be read; make it readable, or \
                                   run git submodule update --init";
                    self.problems.push(Problem::given(&git, ProblemKind::Unreadable, message.to_owned()));
                }
            }
        }
    }
}
