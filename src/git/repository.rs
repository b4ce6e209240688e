//! A repository: where its parts are, and single objects out of its databases.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::blob::{RepositoryRoot, Top, slashed};
use crate::error::{Problem, ProblemKind};
use crate::git::commit::Parts;
use crate::git::graph::{Commit, Graph};
use crate::git::index::Index;
use crate::git::sweep::{Store, SweepProblem};
use crate::git::tree::EntryKind;
use crate::object::{HashKind, IdSet, ObjectId, ObjectKind};

/// The largest object that is decoded in memory, in bytes: above it git itself makes no deltas
/// (`core.bigFileThreshold`, git-config(1)).
pub const MAX_OBJECT: usize = 512 << 20;

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
    /// Where its objects are.
    object_dir: PathBuf,
    /// Where more are, if the environment says so.
    more_object_dirs: Vec<PathBuf>,
    pub(super) gix: gix::ThreadSafeRepository,
    stores: Stores,
}

/// One for each folder of objects.
struct Stores(Vec<Arc<gix::odb::Store>>);

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
        let (object_dir, more_object_dirs) = object_dirs(&common_dir, environment);
        let store = |dir: &PathBuf| {
            let options = gix::odb::store::init::Options {
                alloc_limit_bytes: Some(MAX_OBJECT),
                ..gix::odb::store::init::Options::default()
            };
            gix::odb::Store::at_opts(dir.clone(), local.object_hash(), &mut std::iter::empty(), options).map(Arc::new)
        };
        let stores = std::iter::once(&object_dir)
            .chain(&more_object_dirs)
            .map(store)
            .collect::<Result<_, _>>()
            .map(Stores)
            .map_err(|error| error.to_string())?;
        let root = RepositoryRoot { given: given.to_path_buf(), top: top(given, work_tree.as_deref(), &git_dir) };
        Ok(Repository { root, git_dir, common_dir, work_tree, hash, object_dir, more_object_dirs, gix, stores })
    }

    /// All its objects, those of alternates too, and what was wrong with the latter.
    pub fn store(&self) -> (Store, Vec<SweepProblem>) {
        Store::open(&self.object_dir, self.hash, &self.more_object_dirs)
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

    /// Commits whose parents a shallow clone has left behind (gitformat-pack(5), `shallow`).
    pub fn shallow_commits(&self) -> Vec<ObjectId> {
        let list = std::fs::read(self.common_dir.join("shallow")).unwrap_or_default();
        list.split(|byte| *byte == b'\n').filter_map(|line| ObjectId::from_hex(line.trim_ascii())).collect()
    }

    /// Whether objects were left at a remote, to be fetched when needed (partial clone, git-clone(1)).
    pub fn is_partial(&self) -> bool {
        let gix = self.gix.to_thread_local();
        let config = gix.config_snapshot();
        let remotes = config.plumbing().sections_by_name("remote").into_iter().flatten();
        let has = |remote: &gix::config::file::SectionRef<'_>, name| remote.value(name).is_some();
        config.string("extensions.partialClone").is_some()
            || remotes.into_iter().any(|remote| has(&remote, "promisor") || has(&remote, "partialclonefilter"))
    }

    /// The folders of its submodules' repositories, those inside of submodules too: below `modules`, where git keeps
    /// them now, and in their work trees, where it once did. Sorted.
    pub fn submodules(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut open = vec![self.common_dir.join("modules")];
        while let Some(dir) = open.pop() {
            let is_repository = dir.join("HEAD").is_file() && dir.join("objects").is_dir();
            if is_repository {
                open.push(dir.join("modules"));
                found.push(dir);
            } else if !dir.is_symlink() {
                // A submodule's name may hold slashes.
                open.extend(dir.read_dir().into_iter().flatten().flatten().map(|entry| entry.path()));
            }
        }
        let index = self.index().ok();
        let entries = index.iter().flat_map(Index::entries).filter(|entry| entry.kind == EntryKind::Submodule);
        for entry in entries {
            let path = self.work_tree.as_deref().zip(std::str::from_utf8(entry.path).ok());
            let git = path.map(|(top, path)| top.join(path).join(".git"));
            found.extend(git.filter(|git| git.join("HEAD").is_file()));
        }
        found.sort();
        found
    }

    /// What of the history was never fetched.
    pub fn gaps(&self) -> Vec<Problem> {
        let mut gaps = Vec::new();
        if !self.shallow_commits().is_empty() {
            let message = "a shallow clone, whose older commits were not fetched; run git fetch --unshallow (in a \
                           GitHub workflow: actions/checkout with fetch-depth: 0), or take it as it is with --allow-shallow";
            gaps.push(Problem::given(&self.root.given, ProblemKind::Shallow, message.to_owned()));
        }
        if self.is_partial() {
            let message = "a partial clone, some of whose objects were not fetched; run git fetch --refetch \
                           --no-filter, or take it as it is with --allow-shallow";
            gaps.push(Problem::given(&self.root.given, ProblemKind::Partial, message.to_owned()));
        }
        gaps
    }

    /// A reader of single objects, for one thread.
    pub fn objects(&self) -> Objects {
        let handle = |store: &Arc<gix::odb::Store>| {
            let mut handle = store.to_cache_arc();
            handle.set_pack_cache(|| Box::new(gix::odb::pack::cache::lru::StaticLinkedList::<64>::default()));
            handle
        };
        Objects { hash: self.hash, handles: self.stores.0.iter().map(handle).collect() }
    }
}

/// Reads single objects, with a cache for bases of deltas.
pub struct Objects {
    hash: HashKind,
    handles: Vec<gix::odb::Cache<gix::odb::store::Handle<Arc<gix::odb::Store>>>>,
}

impl std::fmt::Debug for Objects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Objects").field("hash", &self.hash).finish_non_exhaustive()
    }
}

impl Objects {
    /// The hash of ids.
    pub fn hash(&self) -> HashKind {
        self.hash
    }

    /// Whether there is such an object.
    pub fn has(&self, id: &ObjectId) -> bool {
        gix::hash::oid::try_from_bytes(id.as_bytes())
            .is_ok_and(|id| self.handles.iter().any(|handle| gix::odb::pack::Find::contains(handle, id)))
    }

    /// Reads an object into `buffer`. What it is.
    ///
    /// # Errors
    ///
    /// Why it can't be read, in words.
    pub fn read(&self, id: &ObjectId, buffer: &mut Vec<u8>) -> Result<ObjectKind, String> {
        let id = gix::hash::oid::try_from_bytes(id.as_bytes()).map_err(|error| error.to_string())?;
        let mut outcome = Err("it is missing".to_owned());
        for handle in &self.handles {
            match gix::odb::pack::Find::try_find(handle, id, buffer) {
                Ok(Some((data, _))) => return Ok(kind(data.kind)),
                Ok(None) => {}
                Err(error) => outcome = Err(in_words(&error)),
            }
        }
        outcome
    }
}

/// Where an object leads when tags are followed.
#[derive(Debug, Default)]
pub struct Peeled {
    /// The object, then what its tag leads to, and so on. The last one is no tag, unless something is wrong.
    pub objects: Vec<(ObjectId, ObjectKind)>,
    /// What could not be followed further, and why, in words.
    pub lost: Option<(ObjectId, String)>,
}

impl Peeled {
    /// The commit it comes to in the end.
    pub fn commit(&self) -> Option<ObjectId> {
        self.objects.last().filter(|(_, kind)| *kind == ObjectKind::Commit).map(|(id, _)| *id)
    }
}

impl Objects {
    /// An object and, if it is a tag, what that leads to.
    pub fn peel(&self, id: &ObjectId) -> Peeled {
        /// Tags of tags that are followed: nobody checks ids, so a tag can lead to itself.
        const MAX_TAGS: usize = 1000;
        let mut peeled = Peeled::default();
        let (mut next, mut bytes) = (Some(*id), Vec::new());
        while let Some(id) = next.take() {
            match self.read(&id, &mut bytes) {
                Err(cause) => peeled.lost = Some((id, cause)),
                Ok(ObjectKind::Tag) if peeled.objects.len() == MAX_TAGS => {
                    peeled.lost = Some((id, format!("it is a tag behind {MAX_TAGS} others")));
                }
                Ok(kind) => {
                    peeled.objects.push((id, kind));
                    next = Some(kind).filter(|kind| *kind == ObjectKind::Tag).and_then(|_| {
                        let target = Parts::new(&bytes).ids("object").next();
                        if target.is_none() {
                            peeled.lost = Some((id, "it is a tag that leads nowhere".to_owned()));
                        }
                        target
                    });
                }
            }
        }
        peeled
    }
}

fn kind(kind: gix::object::Kind) -> ObjectKind {
    match kind {
        gix::object::Kind::Blob => ObjectKind::Blob,
        gix::object::Kind::Commit => ObjectKind::Commit,
        gix::object::Kind::Tag => ObjectKind::Tag,
        gix::object::Kind::Tree => ObjectKind::Tree,
    }
}

/// gix runs nothing when these are set: the git binary is not asked for its configuration. Whose files they are does
/// not matter then. Replaced objects are read as they are, for both are leaks.
fn options(environment: Environment) -> gix::open::Options {
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
        .config_overrides(["core.useReplaceRefs=false"])
}

/// The folders of objects: the repository's, or what git's environment variables name (git(1)).
fn object_dirs(common_dir: &Path, environment: Environment) -> (PathBuf, Vec<PathBuf>) {
    let named = |name: &str| match environment {
        Environment::Heed => std::env::var_os(name).filter(|value| !value.is_empty()),
        Environment::Ignore => None,
    };
    let own = named("GIT_OBJECT_DIRECTORY").map_or_else(|| common_dir.join("objects"), PathBuf::from);
    let more = named("GIT_ALTERNATE_OBJECT_DIRECTORIES");
    (own, more.iter().flat_map(std::env::split_paths).filter(|dir| dir.is_dir()).collect())
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
