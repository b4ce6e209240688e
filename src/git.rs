//! git: the only room that knows gix. It opens repositories, reads their refs, indexes and objects, sweeps through all
//! that their object databases hold, and says how commits brought an object in. It runs nothing: no git, no hook, no
//! filter.

pub mod attribution;
pub mod changes;
pub mod commit;
pub mod exposure;
pub mod graph;
pub mod ignore;
pub mod includes;
pub mod index;
pub mod links;
pub mod objects;
pub mod plain;
pub mod push;
pub mod range;
pub mod refs;
pub mod reftable;
pub mod repository;
pub mod submodules;
pub mod sweep;
pub mod tracked;
pub mod tree;

pub use objects::Objects;
pub use repository::Repository;

use std::path::Path;

use crate::blob::slashed;
use crate::error::{Problem, ProblemKind};
use crate::object::ObjectId;
use repository::Environment;
use sweep::{SweepProblem, SweepProblemKind};

impl From<SweepProblem> for Problem {
    fn from(problem: SweepProblem) -> Problem {
        let kind = match problem.kind {
            SweepProblemKind::Corrupt | SweepProblemKind::IndexMismatch => ProblemKind::Corrupt,
            SweepProblemKind::MissingBase => ProblemKind::MissingObject,
            SweepProblemKind::TooLarge => ProblemKind::TooLarge,
            SweepProblemKind::Unreadable => ProblemKind::Unreadable,
            SweepProblemKind::Changed => ProblemKind::Changed,
            SweepProblemKind::Internal => ProblemKind::Internal,
        };
        let object = problem.id.map_or_else(String::new, |id| format!("object {id}: "));
        // The object at fault is one of those that are lost.
        let with = match problem.lost - problem.lost.min(u64::from(problem.id.is_some())) {
            0 => String::new(),
            1 => " (1 object is lost with it)".to_owned(),
            lost => format!(" ({lost} objects are lost with it)"),
        };
        let path = slashed(&problem.file);
        Problem { local_path: path.clone(), path, kind, message: format!("{object}{}{with}", problem.message) }
    }
}

/// The commit that HEAD leads to in the repository around the working directory.
///
/// # Errors
///
/// Why there is none, in words.
pub fn head_here() -> Result<ObjectId, String> {
    let head = Repository::open(Path::new("."), Environment::Heed)?.head()?;
    head.ok_or_else(|| "the repository has no commit yet".to_owned())
}
