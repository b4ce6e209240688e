//! A repository: where its parts are, and single objects out of its databases.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::blob::{RepositoryRoot, Top, slashed};
use crate::error::{Problem, ProblemKind, describe, describe_with};
use crate::git::commit::Parts;
use crate::git::graph::{Commit, Graph};
use crate::git::objects::MAX_OBJECT;
use crate::git::sweep::{Store, SweepProblem, alternate_paths};
use crate::git::{Objects, plain};
use crate::object::{HashKind, IdSet, ObjectId, ObjectKind};
use crate::read::{self, MAX_LIST};

/// Whether the environment chooses the repository, as git lets it in hooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// `GIT_DIR`, `GIT_WORK_TREE`, `GIT_INDEX_FILE`, `GIT_OBJECT_DIRECTORY` and their like count.
    Heed,
    /// They do not: a path was given.
    Ignore,
}

/// A repository that was opened.
#[derive(Debug)]
pub struct Repository {
    /// As the user gave it, and as paths in it are shown.
    pub root: RepositoryRoot,
    /// Its own folder: `.git`, or the one of a linked work tree.
    pub git_dir: PathBuf,
    /// The folder that all its work trees share: the same but for linked work trees.
    pub common_dir: PathBuf,
    /// The top of the work tree; none for a bare repository.
    pub work_tree: Option<PathBuf>,
    /// The hash of its ids.
    pub hash: HashKind,
    pub(super) object_dirs: Arc<ObjectDirs>,
    environment: Environment,
    pub(super) gix: gix::ThreadSafeRepository,
    pub(super) stores: Stores,
}

/// One for each folder of objects.
pub(super) struct Stores(pub(super) Vec<Arc<gix::odb::Store>>);

impl std::fmt::Debug for Stores {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|store| store.path())).finish()
    }
}

impl Repository {
    /// The repository at `given` or around it.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in words.
    pub fn open(given: &Path, environment: Environment) -> Result<Repository, String> {
        let absolute = given.canonicalize().map_err(|error| describe(&error))?;
        plain::check(&absolute)?;
        if let (Environment::Heed, Some(dir)) = (environment, std::env::var_os("GIT_DIR")) {
            plain::check_dir(Path::new(&dir))?;
        }
        // gix does not find its way up from inside of a repository's own folder by a relative path.
        Repository::discover(given, environment).or_else(|_| Repository::discover(&absolute, environment))
    }

    fn discover(given: &Path, environment: Environment) -> Result<Repository, String> {
        let options = options(environment);
        let trust = gix::sec::trust::Mapping { full: options.clone(), reduced: options };
        let discovery = gix::discover::upwards::Options {
            trust: gix::discover::upwards::TrustPolicy::Assume(gix::sec::Trust::Full),
            match_ceiling_dir_or_error: false,
            ..Default::default()
        };
        let opened = match environment {
            Environment::Heed => {
                gix::ThreadSafeRepository::discover_with_environment_overrides_opts(given, discovery, trust)
            }
            Environment::Ignore => gix::ThreadSafeRepository::discover_opts(given, discovery, trust),
        };
        let gix = opened.map_err(|error| in_words(&error))?;
        let local = gix.to_thread_local();
        let hash = match local.object_hash() {
            gix::hash::Kind::Sha256 => HashKind::Sha256,
            _ => HashKind::Sha1,
        };
        let git_dir = local.git_dir().to_path_buf();
        let common_dir = local.common_dir().to_path_buf();
        let work_tree = local.workdir().map(non_empty);
        let base = work_tree.as_deref().unwrap_or(Path::new(""));
        let object_dirs = Arc::new(ObjectDirs::of(&common_dir, base, environment));
        let store = |dir: &PathBuf| {
            let options = gix::odb::store::init::Options {
                alloc_limit_bytes: Some(MAX_OBJECT),
                ..gix::odb::store::init::Options::default()
            };
            gix::odb::Store::at_opts(dir.clone(), local.object_hash(), &mut std::iter::empty(), options).map(Arc::new)
        };
        let stores = std::iter::once(&object_dirs.own)
            .chain(object_dirs.more.iter().filter(|dir| dir.is_dir()))
            .map(store)
            .collect::<Result<_, _>>()
            .map(Stores)
            .map_err(|error| error.to_string())?;
        let root = RepositoryRoot { given: given.to_path_buf(), top: top(given, work_tree.as_deref(), &git_dir) };
        Ok(Repository { root, git_dir, common_dir, work_tree, hash, object_dirs, environment, gix, stores })
    }

    /// All its objects, those of alternates too, and what was wrong with the latter.
    pub fn store(&self) -> (Store, Vec<SweepProblem>) {
        self.object_dirs.open(self.hash)
    }

    /// The tree of a commit.
    ///
    /// # Errors
    ///
    /// Why the commit can't be read, in words.
    pub fn tree_of(&self, objects: &Objects, commit: &ObjectId) -> Result<ObjectId, String> {
        let mut bytes = Vec::new();
        match objects.read(commit, &mut bytes)? {
            ObjectKind::Commit => Parts::new(&bytes).ids("tree").next().ok_or_else(|| "it has no tree".to_owned()),
            other => Err(format!("it is a {} and not a commit", other.name())),
        }
    }

    /// The commits in `from` and all their ancestors, so far as they can be read.
    pub fn graph(&self, objects: &Objects, from: Vec<ObjectId>) -> Graph {
        let mut bytes = Vec::new();
        let mut seen = IdSet::default();
        let mut open = from;
        let mut commits = Vec::new();
        while let Some(id) = open.pop() {
            if seen.insert(id) && objects.read(&id, &mut bytes).is_ok() {
                let commit = Commit::parse(id, &bytes);
                open.extend(commit.iter().flat_map(|commit| &commit.parents));
                commits.extend(commit);
            }
        }
        Graph::new(commits)
    }

    /// The tree of HEAD; `None` before the first commit.
    ///
    /// # Errors
    ///
    /// Why it can't be read, in words.
    pub fn head_tree(&self, objects: &Objects) -> Result<Option<ObjectId>, String> {
        self.head()?.map(|head| self.tree_of(objects, &head)).transpose()
    }

    /// Commits whose parents a shallow clone has left behind (gitformat-pack(5), `shallow`). None where the list can't
    /// be read, which [`gaps`](Repository::gaps) tells.
    pub fn shallow_commits(&self) -> Vec<ObjectId> {
        let list = read::whole(&self.common_dir.join("shallow"), MAX_LIST).unwrap_or_default();
        list.split(|byte| *byte == b'\n').filter_map(|line| ObjectId::from_hex(line.trim_ascii())).collect()
    }

    /// Whether objects may have been left at a remote, to be fetched when needed (partial clone, git-clone(1)).
    pub fn is_partial(&self) -> bool {
        let gix = self.gix.to_thread_local();
        let config = gix.config_snapshot();
        let remotes = config.plumbing().sections_by_name("remote").into_iter().flatten();
        let is_promisor = |remote: gix::config::file::SectionRef<'_>| {
            let value = remote.value_implicit("promisor");
            // A name without a value is true (git-config(1)).
            value.is_some_and(|value| value.is_none_or(|value| is_true(value.as_ref())))
        };
        config.string("extensions.partialClone").is_some() || remotes.into_iter().any(is_promisor)
    }

    /// What of the history was never fetched.
    pub fn gaps(&self) -> Vec<Problem> {
        let mut gaps = Vec::new();
        let list = self.common_dir.join("shallow");
        if let Err(error) = read::whole(&list, MAX_LIST)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            let message = describe_with(&error, "make it readable, for it says where the history ends");
            gaps.push(Problem::given(&list, ProblemKind::Unreadable, message));
        }
        if !self.shallow_commits().is_empty() {
            let message = "a shallow clone, whose older commits were not fetched; run git fetch --unshallow (in a \
                           GitHub workflow: actions/checkout with fetch-depth: 0), or take it as it is with --allow-shallow";
            gaps.push(Problem::given(&self.root.given, ProblemKind::Shallow, message.to_owned()));
        }
        gaps
    }

    /// The problem that the configuration sends to another folder for the work tree, one that does not belong to this
    /// repository (`core.worktree`, git-config(1)): in somebody else's repository it may name any. One that the user
    /// names by `GIT_WORK_TREE` is theirs.
    pub fn foreign_work_tree(&self) -> Option<Problem> {
        let work_tree = self.work_tree.as_deref()?;
        let is_named =
            named(self.environment, "GIT_WORK_TREE").is_some() || named(self.environment, "GIT_DIR").is_some();
        let real = |path: &Path| path.canonicalize().ok();
        let is_own = || {
            let repository = Repository::discover(work_tree, Environment::Ignore).ok()?;
            Some(real(&repository.git_dir)? == real(&self.git_dir)?)
        };
        if is_named || is_own() == Some(true) {
            return None;
        }
        let message = format!(
            "core.worktree sends to {} for the work tree, which is not looked at; scan that folder by its name, or run \
             git config --unset core.worktree",
            work_tree.display()
        );
        Some(Problem::given(&self.git_dir.join("config"), ProblemKind::Unreadable, message))
    }

    /// Where the index is: in the folder of the work tree, or where `GIT_INDEX_FILE` says if that counts. git goes to
    /// the top of the work tree before it reads the variable, and so a relative path leads from there.
    pub fn index_path(&self) -> PathBuf {
        match named(self.environment, "GIT_INDEX_FILE") {
            Some(path) => self.work_tree.as_deref().unwrap_or(Path::new("")).join(path),
            None => self.git_dir.join("index"),
        }
    }
}

/// gix runs nothing when these are set: the git binary is not asked for its configuration. Whose files they are does
/// not matter then. Replaced objects are read as they are, for both are leaks; and a commit-graph is not believed, since it
/// may say other things of commits than they do.
pub(super) fn options(environment: Environment) -> gix::open::Options {
    let allow = match environment {
        Environment::Heed => gix::sec::Permission::Allow,
        Environment::Ignore => gix::sec::Permission::Deny,
    };
    let mut permissions = gix::open::Permissions::all();
    permissions.config.git_binary = false;
    permissions.attributes.git_binary = false;
    permissions.env.git_prefix = allow;
    permissions.env.objects = gix::sec::Permission::Deny;
    gix::open::Options::default()
        .permissions(permissions)
        .bail_if_untrusted(false)
        .strict_config(false)
        .with(gix::sec::Trust::Full)
        .config_overrides([
            "core.useReplaceRefs=false".to_owned(),
            "core.commitGraph=false".to_owned(),
            format!("gitoxide.objects.allocLimit={MAX_OBJECT}"),
        ])
}

/// The folders of objects: the repository's, or what git's environment variables name (git(1)).
#[derive(Debug)]
pub struct ObjectDirs {
    own: PathBuf,
    /// Others, if the environment says so.
    more: Vec<PathBuf>,
}

impl ObjectDirs {
    /// Relative paths lead from `base`.
    fn of(common_dir: &Path, base: &Path, environment: Environment) -> ObjectDirs {
        let own = named(environment, "GIT_OBJECT_DIRECTORY");
        let more = named(environment, "GIT_ALTERNATE_OBJECT_DIRECTORIES").unwrap_or_default();
        let separator = if cfg!(windows) { b';' } else { b':' };
        let more = alternate_paths(more.as_encoded_bytes(), separator);
        ObjectDirs {
            own: own.map_or_else(|| common_dir.join("objects"), |dir| base.join(dir)),
            more: more.into_iter().map(|dir| base.join(dir)).collect(),
        }
    }

    /// All objects in them, and what was wrong with those of alternates.
    pub(super) fn open(&self, hash: HashKind) -> (Store, Vec<SweepProblem>) {
        Store::open(&self.own, hash, &self.more)
    }
}

/// A variable of git's, if the environment counts and it has a value.
fn named(environment: Environment, name: &str) -> Option<OsString> {
    match environment {
        Environment::Heed => std::env::var_os(name).filter(|value| !value.is_empty()),
        Environment::Ignore => None,
    }
}

/// Whether a value of git's configuration means yes.
fn is_true(value: &gix::bstr::BStr) -> bool {
    gix::config::Boolean::try_from(value).is_ok_and(|value| value.0)
}

/// Where the top is, as seen from the working directory.
fn top(given: &Path, work_tree: Option<&Path>, git_dir: &Path) -> Top {
    let Some(work_tree) = work_tree else { return Top::Elsewhere(git_dir.to_path_buf()) };
    let here = std::env::current_dir().and_then(|here| here.canonicalize());
    let below = here.ok().zip(work_tree.canonicalize().ok()).and_then(|(here, top)| {
        let below = here.strip_prefix(top).ok()?;
        Some(slashed(below))
    });
    let is_elsewhere = || if work_tree.starts_with(given) { given } else { work_tree }.to_path_buf();
    below.map_or_else(|| Top::Elsewhere(is_elsewhere()), Top::Above)
}

/// An empty path means the working directory.
fn non_empty(path: &Path) -> PathBuf {
    if path.as_os_str().is_empty() { PathBuf::from(".") } else { path.to_path_buf() }
}

/// An error and its causes on one line.
pub(super) fn in_words(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string);
    let mut causes: Vec<String> = causes.map(|cause| cause.lines().next().unwrap_or_default().to_owned()).collect();
    causes.dedup();
    causes.join(": ")
}
