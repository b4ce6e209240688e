//! How far the keys in files have gone: what the repositories that hold the files know of them.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};

use crate::blob::{Kind, slashed};
use crate::error::Problem;
use crate::finding::{Exposure, Finding, Given};
use crate::git::Repository;
use crate::git::exposure::{Searched, Settled, keys_in, keys_of, settle};
use crate::git::refs::Reach;
use crate::git::tracked::Tracked;
use crate::git::tree::EntryKind;
use crate::key::{Fingerprint, Fingerprints};
use crate::object::IdMap;
use crate::scan::{Raw, RawPlace};
use crate::source::ignored::{IgnoredPaths, work_tree_top};
use crate::source::tracked::unreadable_index;

/// The findings, each with its exposure, and what kept it from being known. It stays unknown where there is no
/// repository that can be opened.
pub(super) fn of_files(raw: Vec<Raw>, searched: Searched<'_>) -> (Vec<Finding>, Vec<Problem>) {
    let mut work_trees: BTreeMap<PathBuf, Vec<InWorkTree>> = BTreeMap::new();
    let mut folders = HashMap::new();
    // In the room of the raw ones: 100,000 take 50 MiB.
    let findings = raw.into_iter().enumerate().map(|(number, Raw { finding, place })| {
        if let RawPlace::File { given, local } = place
            && let Ok(path) = absolute(&local, &finding, &mut folders)
            && let Some(top) = path.parent().and_then(work_tree_top)
        {
            work_trees.entry(top.to_path_buf()).or_default().push(InWorkTree { number, path, given });
        }
        finding
    });
    let mut findings: Vec<Finding> = findings.collect();
    findings.shrink_to_fit();
    let mut problems = Vec::new();
    for (top, files) in work_trees {
        if let Ok(repository) = Repository::of_work_tree(&top) {
            let mut judge = Judge::new(&top, searched);
            problems.extend(judge.settle(repository, &files, &findings));
            for file in &files {
                judge.judge(file, &mut findings[file.number]);
            }
        }
    }
    (findings, problems)
}

/// A finding in a work tree.
struct InWorkTree {
    /// Which one.
    number: usize,
    /// The file, absolute and in no folder that is a link.
    path: PathBuf,
    /// What the user gave.
    given: PathBuf,
}

/// Where a file is. A link is not followed, but for one that the user gave and whose target was read.
fn absolute(local: &Path, finding: &Finding, folders: &mut HashMap<PathBuf, Option<PathBuf>>) -> io::Result<PathBuf> {
    let is_followed = match finding.kind {
        Kind::Content => local.is_symlink(),
        Kind::FileName => !finding.is_in_own_name() && local.is_symlink(),
        Kind::LinkTarget | Kind::CommitMessage | Kind::TagMessage => false,
    };
    match (local.parent(), local.file_name()) {
        (Some(folder), Some(name)) if !is_followed => {
            let real = folders.entry(folder.to_path_buf()).or_insert_with(|| {
                let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
                folder.canonicalize().ok()
            });
            real.as_ref().map(|folder| folder.join(name)).ok_or_else(|| io::ErrorKind::NotFound.into())
        }
        _ => local.canonicalize(),
    }
}

/// What one repository knows.
struct Judge<'a> {
    top: &'a Path,
    searched: Searched<'a>,
    reach: BTreeMap<(Vec<u8>, Fingerprint), Reach>,
    /// What the index lists; none when it can't be read.
    tracked: Option<Tracked>,
    /// The keys in blobs of the index.
    keys: IdMap<Fingerprints>,
    ignored: IgnoredPaths<'a>,
}

impl<'a> Judge<'a> {
    fn new(top: &'a Path, searched: Searched<'a>) -> Judge<'a> {
        let (reach, keys) = (BTreeMap::new(), IdMap::default());
        Judge { top, searched, reach, tracked: None, keys, ignored: IgnoredPaths::of(top) }
    }

    /// Looks at commits, for all files at once, and reads the index.
    fn settle(&mut self, repository: Repository, files: &[InWorkTree], findings: &[Finding]) -> Vec<Problem> {
        let mut wanted: BTreeMap<Vec<u8>, Fingerprints> = BTreeMap::new();
        for file in files {
            wanted.entry(self.below(&file.path)).or_default().insert(findings[file.number].fingerprint);
        }
        let Settled { reach, mut problems } = settle(&repository, self.searched, &wanted);
        self.reach = reach;
        let file = repository.git_dir.join("index");
        match Tracked::new(repository) {
            Ok(tracked) => self.tracked = Some(tracked),
            Err(cause) => problems.push(unreadable_index(&file, &cause)),
        }
        problems
    }

    fn below(&self, path: &Path) -> Vec<u8> {
        slashed(path.strip_prefix(self.top).unwrap_or(path))
    }

    fn judge(&mut self, file: &InWorkTree, finding: &mut Finding) {
        let path = self.below(&file.path);
        let reach = self.reach.get(&(path.clone(), finding.fingerprint)).copied();
        finding.exposure = match reach {
            Some(Reach::Remote) => Exposure::Pushed,
            Some(Reach::Local) => Exposure::Committed,
            // The stash may have it, but so has the work tree.
            Some(Reach::Stash | Reach::Log) | None => self.outside_of_commits(&path, &file.path, finding),
        };
        if finding.exposure == Exposure::Ignored && self.is_asked_for(file) {
            finding.given = Given::ByName;
        }
    }

    fn outside_of_commits(&mut self, path: &[u8], file: &Path, finding: &Finding) -> Exposure {
        if path.split(|byte| *byte == b'/').any(|name| name == b".git") {
            return Exposure::Untracked;
        }
        let is_folder = finding.is_in_own_name() && file.is_dir() && !file.is_symlink();
        let Some(tracked) = &self.tracked else { return Exposure::Unknown };
        let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        let in_name =
            || keys_in(self.searched.detector, name).contains(&finding.fingerprint) && tracked.is_staged(path);
        let objects = tracked.repository.objects();
        let keys = &mut self.keys;
        let mut in_content = || {
            tracked.at(path, &mut Vec::new()).iter().filter(|version| has_content(version.kind)).any(|version| {
                let keys = keys
                    .entry(version.id)
                    .or_insert_with(|| keys_of(&objects, self.searched, &version.id).unwrap_or_default());
                keys.contains(&finding.fingerprint)
            })
        };
        if in_content() || in_name() {
            Exposure::Staged
        } else if !tracked.lists(path) && self.ignored.is_hidden(file, is_folder) {
            Exposure::Ignored
        } else {
            Exposure::Untracked
        }
    }

    /// Whether the user named a folder that git ignores and this file is in.
    fn is_asked_for(&mut self, file: &InWorkTree) -> bool {
        let given = file.given.canonicalize();
        given.is_ok_and(|given| given.is_dir() && self.ignored.is_hidden(&given, true))
    }
}

fn has_content(kind: EntryKind) -> bool {
    match kind {
        EntryKind::File | EntryKind::Link => true,
        EntryKind::Folder | EntryKind::Submodule => false,
    }
}
