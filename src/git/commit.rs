//! Commits and annotated tags, as git stores them: header lines, an empty line, a message (git-commit-tree(1),
//! git-mktag(1)). Read from the bytes as they are: what is damaged gives less, never an error.

use crate::date::rfc3339;
use crate::object::ObjectId;

/// What the header and the message of a commit or of a tag tell.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'c> {
    /// The header lines, with the line feed of the last.
    pub header: &'c [u8],
    /// What follows the empty line.
    pub message: &'c [u8],
}

impl<'c> Parts<'c> {
    /// The parts of a commit's or a tag's bytes.
    pub fn new(object: &'c [u8]) -> Parts<'c> {
        match memchr::memmem::find(object, b"\n\n") {
            Some(at) => Parts { header: &object[..=at], message: &object[at + 2..] },
            None => Parts { header: object, message: &[] },
        }
    }

    /// The values of the header lines that begin with `name` and a space. Lines that continue another are none.
    pub fn values(self, name: &'static str) -> impl Iterator<Item = &'c [u8]> {
        let lines = self.header.split(|byte| *byte == b'\n');
        lines.filter_map(move |line| line.strip_prefix(name.as_bytes())?.strip_prefix(b" "))
    }

    /// The ids in the header lines of this name.
    pub fn ids(self, name: &'static str) -> impl Iterator<Item = ObjectId> + 'c {
        self.values(name).filter_map(ObjectId::from_hex)
    }

    /// The date in a line such as `committer NAME <MAIL> SECONDS ZONE`, in RFC 3339.
    pub fn date(self, name: &'static str) -> Option<String> {
        let (seconds, zone) = self.time(name)?;
        rfc3339(seconds, zone.and_then(offset_seconds).unwrap_or(0))
    }

    /// The date in such a line, in seconds since 1970.
    pub fn seconds(self, name: &'static str) -> Option<i64> {
        self.time(name).map(|(seconds, _)| seconds)
    }

    fn time(self, name: &'static str) -> Option<(i64, Option<&'c str>)> {
        let line = self.values(name).next()?;
        let mut words = std::str::from_utf8(&line[memchr::memrchr(b'>', line)? + 1..]).ok()?.split_ascii_whitespace();
        Some((words.next()?.parse().ok()?, words.next()))
    }

    /// Who a line such as `author NAME <MAIL> SECONDS ZONE` names: `NAME <MAIL>`.
    pub fn person(self, name: &'static str) -> Option<&'c [u8]> {
        let line = self.values(name).next()?;
        Some(line[..=memchr::memrchr(b'>', line)?].trim_ascii())
    }

    /// The first line of the message that is not blank, without white space around it.
    pub fn subject(self) -> &'c [u8] {
        let mut lines = self.message.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
        lines.find(|line| !line.is_empty()).unwrap_or_default()
    }
}

/// `+0130` in seconds.
fn offset_seconds(zone: &str) -> Option<i32> {
    let number: i32 = zone.parse().ok()?;
    let (hours, minutes) = (number / 100, number % 100);
    // No place on earth is further than 14 hours from Greenwich; the calendar takes up to 25.
    (hours.abs() < 24).then_some(hours * 3600 + minutes * 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &[u8] = b"tree 1111111111111111111111111111111111111111\n\
        parent 2222222222222222222222222222222222222222\n\
        parent 3333333333333333333333333333333333333333\n\
        author A <a@b> 1700000000 +0130\n\
        committer C > <c@d> 1700000000 -0800\n\
        gpgsig x\n parent 4444444444444444444444444444444444444444\n\
        \n\n  first \n\nsecond\n";

    #[test]
    fn parts_of_a_commit() {
        let parts = Parts::new(COMMIT);
        assert_eq!(parts.ids("tree").count(), 1);
        assert_eq!(parts.ids("parent").map(|id| id.as_bytes()[0]).collect::<Vec<_>>(), [0x22, 0x33]);
        assert_eq!(parts.date("author").as_deref(), Some("2023-11-14T23:43:20+01:30"));
        assert_eq!(parts.date("committer").as_deref(), Some("2023-11-14T14:13:20-08:00"));
        assert_eq!(parts.person("author"), Some(&b"A <a@b>"[..]));
        assert_eq!(parts.person("committer"), Some(&b"C > <c@d>"[..]));
        assert_eq!(parts.person("tagger"), None);
        assert_eq!(parts.subject(), b"first");
        assert!(parts.message.starts_with(b"\n  first"));
        assert!(parts.header.ends_with(b"4444\n"));
    }

    #[test]
    fn damaged_commits_give_less() {
        for cut in 0..COMMIT.len() {
            let parts = Parts::new(&COMMIT[..cut]);
            assert!(parts.ids("parent").count() <= 2);
            let _ = (parts.date("committer"), parts.person("committer"), parts.subject());
        }
        assert_eq!(Parts::new(b"committer x <> 99999999999999999999 +0000\n\n").date("committer"), None);
        assert_eq!(Parts::new(b"committer x <> 9223372036854775807 +9999\n\n").date("committer"), None);
    }
}
