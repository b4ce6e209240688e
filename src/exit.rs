//! The exit status.

use std::process::ExitCode;

use crate::read::interrupt;
use crate::report::Report;
use crate::verdict::Status;

/// How the run ended. The status never depends on the format of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// No leak, and everything was read.
    Clean,
    /// Leaks were found, whether everything was read or not.
    Leaks,
    /// Wrong usage, or nothing could be scanned.
    Usage,
    /// No leak was found, but something that should have been read was not.
    Incomplete,
    /// A git hook that should be there is not, or does not work.
    HookInactive,
    /// Ctrl-C was pressed, or the process asked to end in another way.
    Interrupted,
}

/// What makes the run fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailOn {
    /// Any leak that is not suppressed.
    Leaks,
    /// A leak of a key that the API takes, or about which it did not tell.
    Live,
    /// No leak, ever; an incomplete scan still does.
    None,
}

impl FailOn {
    /// Every choice.
    pub const ALL: [FailOn; 3] = [FailOn::Leaks, FailOn::Live, FailOn::None];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            FailOn::Leaks => "leaks",
            FailOn::Live => "live",
            FailOn::None => "none",
        }
    }
}

impl Exit {
    /// The status of a finished scan.
    pub fn of(report: &Report, fail_on: FailOn) -> Exit {
        let leaks = match fail_on {
            FailOn::Leaks => report.leaks().next().is_some(),
            // What was not asked about may be live.
            FailOn::Live => report.leaks().any(|finding| finding.status() != Some(Status::Rejected)),
            FailOn::None => false,
        };
        if leaks {
            Exit::Leaks
        } else if report.coverage.problems.iter().any(|problem| problem.kind.is_usage()) {
            Exit::Usage
        } else if report.is_complete() {
            Exit::Clean
        } else {
            Exit::Incomplete
        }
    }

    /// The number that the shell sees.
    pub fn status(self) -> u8 {
        match self {
            Exit::Clean => 0,
            Exit::Leaks | Exit::HookInactive => 1,
            Exit::Usage => 2,
            Exit::Incomplete => 3,
            Exit::Interrupted => interrupt::status(),
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.status())
    }
}
