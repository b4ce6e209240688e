//! What a push would send, told from the lines that git writes to the pre-push hook (githooks(5)), and what the other
//! side is known to have.

use crate::git::range::RangeError;
use crate::git::refs::Reach;
use crate::git::{Objects, Repository};
use crate::object::{IdSet, ObjectId, ObjectKind};

/// A line of the pre-push hook's input, or what a hook manager tells of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// The object that the remote's ref will lead to; none when the ref is to be deleted.
    pub local: Option<ObjectId>,
    /// The object it leads to so far; none when it is new.
    pub remote: Option<ObjectId>,
    /// The remote's ref; none when it is not git that tells. Then the object it leads to may be a guess, made from the
    /// names of remote-tracking refs.
    pub name: Option<Vec<u8>>,
}

/// Where a push goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Destination {
    /// The remote's name, or its address when it has none.
    pub remote: Vec<u8>,
    /// The address that git uses; none when it was not told.
    pub url: Option<Vec<u8>>,
}

/// What a push would send.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outgoing {
    /// Commits.
    pub commits: Vec<ObjectId>,
    /// Tags and whatever else a ref may name.
    pub others: Vec<ObjectId>,
}

impl Update {
    /// Reads `LOCAL-REF LOCAL-ID REMOTE-REF REMOTE-ID`; `None` for anything else. An id of zeros means none.
    pub fn parse(line: &[u8]) -> Option<Update> {
        // A local ref may be an expression with spaces in it, such as `HEAD@{1 day ago}`: the end is what is fixed.
        let mut words = line.rsplitn(4, |byte| *byte == b' ');
        let id = |word: Option<&[u8]>| {
            let id = ObjectId::from_hex(word?)?;
            Some(Some(id).filter(|id| id.as_bytes().iter().any(|byte| *byte != 0)))
        };
        let remote = id(words.next())?;
        let name = words.next().filter(|name| !name.is_empty())?.to_vec();
        let local = id(words.next())?;
        words.next().filter(|name| !name.is_empty())?;
        Some(Update { local, remote, name: Some(name) })
    }
}

impl Repository {
    /// What these updates would send, less what the other side is known to have: what the old values of the updated
    /// refs reach, and what the remote-tracking refs do that tell of this destination.
    ///
    /// # Errors
    ///
    /// Why that can't be told.
    pub fn outgoing(&self, updates: &[Update], to: &Destination) -> Result<Outgoing, RangeError> {
        let objects = self.objects();
        let there = self.there(updates, to);
        let mut outgoing = Outgoing::default();
        let mut tips = Vec::new();
        for update in updates {
            let Some(id) = update.local else { continue };
            let peeled = objects.peel(&id);
            if let Some((id, cause)) = peeled.lost {
                return Err(RangeError::Unreadable { id, cause });
            }
            for (id, kind) in peeled.objects {
                match kind {
                    ObjectKind::Commit => tips.push(id),
                    ObjectKind::Blob | ObjectKind::Tree | ObjectKind::Tag => outgoing.others.push(id),
                }
            }
        }
        outgoing.others.sort();
        outgoing.others.dedup();
        outgoing.others.retain(|id| !there.contains(id));
        outgoing.commits = self.commits_between(&tips, &commits(&objects, &there))?;
        Ok(outgoing)
    }

    /// The branches and tags that hold something which the other side is not known to have: full names, and what they
    /// lead to. Nothing tells of tags there, so each annotated one is among them.
    ///
    /// # Errors
    ///
    /// Why that can't be told.
    pub fn unpushed(&self, to: &Destination) -> Result<Vec<(Vec<u8>, ObjectId)>, RangeError> {
        let objects = self.objects();
        let there = commits(&objects, &self.there(&[], to));
        let is_own = |name: &[u8]| name.starts_with(b"refs/heads/") || name.starts_with(b"refs/tags/");
        let names = self.names().names.into_iter().filter(|name| name.reach != Reach::Log && is_own(&name.name));
        let mut refs: Vec<(Vec<u8>, ObjectId)> = names.map(|name| (name.name, name.target)).collect();
        let tips: Vec<ObjectId> = refs.iter().filter_map(|(_, target)| objects.peel(target).commit()).collect();
        let unpushed: IdSet = self.commits_between(&tips, &there)?.into_iter().collect();
        refs.retain(|(_, target)| {
            let commit = objects.peel(target).objects.first().filter(|(_, kind)| *kind == ObjectKind::Commit).copied();
            commit.is_none_or(|(id, _)| unpushed.contains(&id))
        });
        Ok(refs)
    }

    /// Whether HEAD has commits that the other side is not known to have, while something is known of it.
    pub fn is_ahead(&self, to: &Destination) -> bool {
        let head = Update { local: self.head().ok().flatten(), remote: None, name: None };
        let is_known = !self.there(&[], to).is_empty();
        is_known && self.outgoing(&[head], to).is_ok_and(|outgoing| !outgoing.commits.is_empty())
    }

    /// What the other side is known to have. What was never fetched can't be followed, and hides nothing.
    fn there(&self, updates: &[Update], to: &Destination) -> Vec<ObjectId> {
        let gix = self.gix.to_thread_local();
        let config = gix.config_snapshot();
        let remotes = remotes(config.plumbing());
        // Entries of their reflogs begin with the same names, and may be what was forced away since.
        let tracking = self.names().names.into_iter().filter(|name| name.reach == Reach::Remote);
        let tracking: Vec<(Vec<u8>, ObjectId)> = tracking.map(|name| (name.name, name.target)).collect();
        let (own, others): (Vec<&Remote>, Vec<&Remote>) = remotes.iter().partition(|remote| remote.name == to.remote);
        let own = own.first().filter(|own| own.is_at(to.url.as_deref(), &Rewrites::read(config.plumbing())));
        let tells =
            |name: &[u8]| own.is_some_and(|own| own.tracks(name)) && !others.iter().any(|other| other.tracks(name));
        let has = |name: &[u8]| tracking.iter().any(|(tracked, _)| tracked == name);
        // The address may have been changed since the last fetch: then these refs tell of another repository.
        let is_gone = |update: &Update| match (&update.name, update.remote) {
            (Some(name), None) => own.is_some_and(|own| own.tracking_refs(name).any(|name| has(&name))),
            (_, Some(_)) | (None, None) => false,
        };
        let is_trusted = !updates.iter().any(is_gone);
        let mut there = Vec::new();
        if is_trusted {
            there.extend(tracking.iter().filter(|(name, _)| tells(name)).map(|(_, target)| *target));
        }
        let prefix = [b"refs/remotes/", &to.remote[..], b"/"].concat();
        let may_mislead = tracking.iter().any(|(name, _)| name.starts_with(&prefix) && !(is_trusted && tells(name)));
        let told = updates.iter().filter(|update| update.name.is_some() || !may_mislead);
        there.extend(told.filter_map(|update| update.remote));
        there
    }
}

fn commits(objects: &Objects, ids: &[ObjectId]) -> Vec<ObjectId> {
    ids.iter().filter_map(|id| objects.peel(id).commit()).collect()
}

/// A remote in the configuration (git-config(1), `remote.<name>.*`).
#[derive(Debug, Default)]
struct Remote {
    name: Vec<u8>,
    urls: Vec<Vec<u8>>,
    push_urls: Vec<Vec<u8>>,
    /// The sides of the refspecs of a fetch.
    fetch: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Remote {
    /// Whether a push to `url` goes to the repository that fetches come from.
    fn is_at(&self, url: Option<&[u8]>, rewrites: &Rewrites) -> bool {
        let Some(fetched) = self.urls.first() else { return false };
        let fetch = Rewrites::apply(&rewrites.always, fetched).unwrap_or_else(|| fetched.clone());
        // `pushInsteadOf` gives another address of the same repository; `pushurl` may be one of another.
        let push = Rewrites::apply(&rewrites.push, fetched).filter(|_| self.push_urls.is_empty());
        match url {
            Some(url) => url == fetch || push.is_some_and(|push| url == push),
            // Not told: then it is one that git would use.
            None => self.urls.len() == 1 && self.push_urls.iter().all(|push| push == fetched),
        }
    }

    /// Whether a fetch from the remote writes the ref, and nobody's own branches and tags go by such names.
    fn tracks(&self, name: &[u8]) -> bool {
        name.starts_with(b"refs/remotes/") && self.fetch.iter().any(|(_, to)| star(to, name).is_some())
    }

    /// The refs here that a fetch of the remote's ref `name` writes.
    fn tracking_refs(&self, name: &[u8]) -> impl Iterator<Item = Vec<u8>> {
        self.fetch.iter().filter_map(move |(from, to)| {
            let star = star(from, name)?;
            Some(match to.iter().position(|byte| *byte == b'*') {
                Some(at) => [&to[..at], star, &to[at + 1..]].concat(),
                None => to.clone(),
            })
        })
    }
}

/// What the asterisk of a pattern stands for in a name; empty when the pattern has none and is the name.
fn star<'n>(pattern: &[u8], name: &'n [u8]) -> Option<&'n [u8]> {
    match pattern.iter().position(|byte| *byte == b'*') {
        Some(at) => name.strip_prefix(&pattern[..at])?.strip_suffix(&pattern[at + 1..]),
        None => (pattern == name).then_some(b""),
    }
}

fn remotes(config: &gix::config::File) -> Vec<Remote> {
    let mut remotes: Vec<Remote> = Vec::new();
    for section in config.sections_by_name("remote").into_iter().flatten() {
        let Some(name) = section.header().subsection_name() else { continue };
        let at = remotes.iter().position(|remote| remote.name == name.to_vec()).unwrap_or_else(|| {
            remotes.push(Remote { name: name.to_vec(), ..Remote::default() });
            remotes.len() - 1
        });
        add(&section.values("url"), &mut remotes[at].urls);
        add(&section.values("pushurl"), &mut remotes[at].push_urls);
        let specs = section.values("fetch");
        remotes[at].fetch.extend(specs.iter().filter_map(|spec| {
            let spec = spec.strip_prefix(b"+").unwrap_or(spec);
            let colon = spec.iter().position(|byte| *byte == b':')?;
            Some((spec[..colon].to_vec(), spec[colon + 1..].to_vec()))
        }));
    }
    remotes
}

/// Adds addresses to a list; an empty one takes back those before it.
fn add(values: &[gix::bstr::BString], list: &mut Vec<Vec<u8>>) {
    for value in values {
        if value.is_empty() {
            list.clear();
        } else {
            list.push(value.to_vec());
        }
    }
}

/// What stands for the beginnings of addresses (git-config(1), `url.<base>.*`): beginning and base.
#[derive(Debug, Default)]
struct Rewrites {
    /// `insteadOf`.
    always: Vec<(Vec<u8>, Vec<u8>)>,
    /// `pushInsteadOf`.
    push: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Rewrites {
    fn read(config: &gix::config::File) -> Rewrites {
        let mut rewrites = Rewrites::default();
        for section in config.sections_by_name("url").into_iter().flatten() {
            let Some(base) = section.header().subsection_name() else { continue };
            let pairs = |key| section.values(key).into_iter().map(|start| (start.to_vec(), base.to_vec()));
            rewrites.always.extend(pairs("insteadOf"));
            rewrites.push.extend(pairs("pushInsteadOf"));
        }
        rewrites
    }

    /// The address with its longest beginning that is in the list replaced; `None` when none is.
    fn apply(list: &[(Vec<u8>, Vec<u8>)], url: &[u8]) -> Option<Vec<u8>> {
        let fitting = list.iter().filter(|(start, _)| url.starts_with(start));
        let (start, base) = fitting.max_by_key(|(start, _)| start.len())?;
        Some([&base[..], &url[start.len()..]].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_push() {
        let (a, none) = ("1".repeat(40), "0".repeat(40));
        let id = ObjectId::from_hex(a.as_bytes());
        let update = |local, remote| Some(Update { local, remote, name: Some(b"refs/heads/x".to_vec()) });
        let parse = |line: String| Update::parse(line.as_bytes());
        assert_eq!(parse(format!("refs/heads/x {a} refs/heads/x {none}")), update(id, None));
        assert_eq!(parse(format!("(delete) {none} refs/heads/x {a}")), update(None, id));
        assert_eq!(parse(format!("HEAD@{{1 day ago}} {a} refs/heads/x {a}")), update(id, id));
        for wrong in [String::new(), a.clone(), format!("x {a} y"), format!("x {a} y {a}0"), format!("{a} y {a}")] {
            assert_eq!(parse(wrong.clone()), None, "{wrong}");
        }
    }

    #[test]
    fn addresses_are_rewritten_as_git_does() {
        let pair = |start: &[u8], base: &[u8]| (start.to_vec(), base.to_vec());
        let list = [pair(b"gh:", b"https://a.example/"), pair(b"gh:x/", b"https://b.example/")];
        assert_eq!(Rewrites::apply(&list, b"gh:x/y").as_deref(), Some(&b"https://b.example/y"[..]));
        assert_eq!(Rewrites::apply(&list, b"gh:y").as_deref(), Some(&b"https://a.example/y"[..]));
        assert_eq!(Rewrites::apply(&list, b"other"), None);
    }
}
