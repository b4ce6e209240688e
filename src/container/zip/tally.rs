//! What could not be read of an archive: one problem a kind, however many members it concerns.

use super::directory::Fault;
use crate::container::{Budget, Exceeded, Members};
use crate::error::{ProblemKind, describe};

/// Why a member could not be read, or not wholly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It is encrypted.
    Encrypted,
    /// It is packed in a way that is not known, of this name.
    Unsupported(String),
    /// It is damaged, in the way that is said.
    Damaged(String),
    /// Its end can't be known without a directory.
    Endless,
}

/// Members that could not be read for like causes.
#[derive(Debug, Default)]
struct Count {
    members: u64,
    /// The name of the first.
    first: String,
    /// What more there is to say of the first.
    detail: String,
}

/// All that could not be read of an archive.
#[derive(Debug, Default)]
pub struct Tally {
    encrypted: Count,
    unsupported: Count,
    damaged: Count,
    endless: Count,
    directory: Option<Fault>,
    /// Members that a directory at a stream's end names and the stream doesn't hold.
    lost: u64,
    exceeded: Vec<Exceeded>,
    unreadable: Option<String>,
}

impl Count {
    fn add(&mut self, name: &[u8], detail: String) {
        if self.members == 0 {
            (self.first, self.detail) = (String::from_utf8_lossy(name).into_owned(), detail);
        }
        self.members += 1;
    }

    /// The members that are in some way; `None` when there are none.
    fn are(&self, what: &str) -> Option<String> {
        match self.members {
            0 => None,
            1 => Some(format!("the member {} is {what}", self.first)),
            members => Some(format!("{members} members are {what}, the first is {}", self.first)),
        }
    }
}

impl Tally {
    /// Notes that a member can't be read.
    pub fn member(&mut self, name: &[u8], cause: Cause) {
        match cause {
            Cause::Encrypted => self.encrypted.add(name, String::new()),
            Cause::Unsupported(method) => self.unsupported.add(name, method),
            Cause::Damaged(detail) => self.damaged.add(name, detail),
            Cause::Endless => self.endless.add(name, String::new()),
        }
    }

    /// Notes what is wrong with the directory.
    pub fn directory(&mut self, fault: Fault) {
        self.directory = Some(fault);
    }

    /// Notes that a directory names more members than were there.
    pub fn lost(&mut self, members: u64) {
        self.lost = members;
    }

    /// Notes a bound that was met, once.
    pub fn exceeded(&mut self, exceeded: Exceeded) {
        if !self.exceeded.contains(&exceeded) {
            self.exceeded.push(exceeded);
        }
    }

    /// Notes that the system didn't let the archive be read.
    pub fn unreadable(&mut self, cause: &std::io::Error) {
        self.unreadable = Some(describe(cause));
    }

    /// Tells all of it.
    pub fn tell(self, budget: &Budget, members: &mut dyn Members) {
        for &exceeded in &self.exceeded {
            let (kind, message) = budget.problem(exceeded);
            members.problem(kind, message);
        }
        if let Some(cause) = &self.unreadable {
            members
                .problem(ProblemKind::Unreadable, format!("{cause}; make it readable, or leave it out with --exclude"));
        }
        if let Some(text) = self.encrypted.are("encrypted") {
            let message = format!("{text}; decrypt what is encrypted and scan what comes out");
            members.problem(ProblemKind::Encrypted, message);
        }
        let what = format!("packed in a way that is not supported ({})", self.unsupported.detail);
        if let Some(text) = self.unsupported.are(&what) {
            members.problem(ProblemKind::Unsupported, format!("{text}; unpack it and scan what comes out"));
        }
        let corrupt = self.corrupt();
        if !corrupt.is_empty() {
            members.problem(ProblemKind::Corrupt, corrupt.join("; "));
        }
    }

    fn corrupt(&self) -> Vec<String> {
        let directory = self.directory.map(|fault| {
            let fault = match fault {
                Fault::Missing => "the directory is missing",
                Fault::Damaged => "the directory is damaged",
                Fault::Split => "the archive is one part of several",
            };
            format!("{fault}; members were looked for by their local headers; get the whole archive and scan that")
        });
        let lost = match self.lost {
            0 => None,
            1 => {
                Some("a member that the directory names was not found; get the whole archive and scan that".to_owned())
            }
            lost => Some(format!(
                "{lost} members that the directory names were not found; get the whole archive and scan that"
            )),
        };
        let damaged = self.damaged.are("damaged").map(|text| {
            format!("{text} ({}); what came out was scanned; get the whole archive and scan that", self.damaged.detail)
        });
        let endless = match self.endless.members {
            0 => None,
            1 => Some(format!("the end of the member {} can't be known", self.endless.first)),
            members => {
                Some(format!("the end of {members} members can't be known, the first is {}", self.endless.first))
            }
        };
        let endless = endless.map(|text| {
            format!("{text} without a directory at hand; scan the file itself, or unpack it and scan what comes out")
        });
        [directory, lost, damaged, endless].into_iter().flatten().collect()
    }
}
