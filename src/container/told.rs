//! The problems of one container: of each kind one, with a count, so that a million damaged members are one line.
//!
//! Names are quoted whole: a key that is cut is a key that nobody masks. A message is shortened once that has been done.

use super::Members;
use crate::error::ProblemKind;

/// What was wrong in a container so far.
#[derive(Debug, Default)]
pub(super) struct Told(Vec<One>);

#[derive(Debug)]
struct One {
    kind: ProblemKind,
    count: u64,
    /// Of the first one.
    message: String,
    name: Option<String>,
}

impl Told {
    /// Notes that something is wrong with the member `name`, or with the container itself where that is `None`.
    /// `message` says what, why and what to do.
    pub(super) fn add(&mut self, (kind, message): (ProblemKind, String), name: Option<&[u8]>) {
        // A bound names the option that raises it, and each is one of few.
        let is_bound = matches!(kind, ProblemKind::TooLarge | ProblemKind::TooMany | ProblemKind::TooDeep);
        let is_same = |known: &One| known.kind == kind && (!is_bound || known.message == message);
        if let Some(known) = self.0.iter_mut().find(|known| is_same(known)) {
            known.count += 1;
            return;
        }
        let name = name.map(|name| String::from_utf8_lossy(name).into_owned());
        self.0.push(One { kind, count: 1, message, name });
    }

    /// Tells each kind once.
    pub(super) fn tell(self, members: &mut dyn Members) {
        for One { kind, count, message, name } in self.0 {
            let message = match (count, name) {
                (1, None) => message,
                (1, Some(name)) => format!("member {name}: {message}"),
                (_, None) => format!("{count} times, the first: {message}"),
                (_, Some(name)) => format!("{count} times, the first in member {name}: {message}"),
            };
            members.problem(kind, message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::probe::Probe;
    use super::*;

    #[test]
    fn one_problem_a_kind_with_a_count_and_the_first_name() {
        let mut told = Told::default();
        for name in 0..12_u8 {
            told.add((ProblemKind::Encrypted, "encrypted; decrypt it".to_owned()), Some(&[b'a' + name]));
        }
        told.add((ProblemKind::Corrupt, "cut short; restore it".to_owned()), None);
        told.add((ProblemKind::TooMany, "too many; raise it".to_owned()), Some(b"x"));
        let mut probe = Probe::default();
        told.tell(&mut probe);
        assert_eq!(
            probe.problems,
            [
                (ProblemKind::Encrypted, "12 times, the first in member a: encrypted; decrypt it".to_owned()),
                (ProblemKind::Corrupt, "cut short; restore it".to_owned()),
                (ProblemKind::TooMany, "member x: too many; raise it".to_owned()),
            ]
        );
    }
}
