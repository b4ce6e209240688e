//! Coverage: what was read, what was left out and why, what failed. Nothing is left out without being counted here.

use crate::error::Problem;
use crate::object::ObjectKind;

/// Why an entry of a folder was not read, on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Skip {
    /// git's ignore rules hide it. A folder counts once, whatever is in it.
    Ignored,
    /// `--exclude` leaves it out. A folder counts once.
    Excluded,
    /// It is `.git`, whose content is history and not a checkout.
    GitFolder,
    /// It is a pipe, a socket or a device.
    Special,
    /// It is another name of a file that was read.
    Duplicate,
}

impl Skip {
    /// Every reason, in the order reports list them.
    pub const ALL: [Skip; 5] = [Skip::Ignored, Skip::Excluded, Skip::GitFolder, Skip::Special, Skip::Duplicate];

    /// The reason in words.
    pub fn describe(self) -> &'static str {
        match self {
            Skip::Ignored => "ignored by git",
            Skip::Excluded => "excluded",
            Skip::GitFolder => "git folder",
            Skip::Special => "special file",
            Skip::Duplicate => "another name of a scanned file",
        }
    }
}

/// Counts of one worker, and of all of them when merged.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// Files read to their end.
    pub files: u64,
    /// Bytes read from files and objects.
    pub bytes: u64,
    /// Symbolic links whose text was looked at.
    pub links: u64,
    objects: [u64; ObjectKind::ALL.len()],
    /// Containers that were opened, nested ones too.
    pub containers: u64,
    /// Their members.
    pub members: u64,
    /// Containers of kinds that are known and not opened.
    pub unopened: u64,
    /// Texts of a key's shape that nobody issued.
    pub placeholders: u64,
    /// What should have been read and was not. Sorted after [`Coverage::finish`].
    pub problems: Vec<Problem>,
    /// How many more problems there were, which the configuration accepts.
    pub accepted: u64,
    skipped: [u64; Skip::ALL.len()],
    /// Folders that are bare repositories, as seen from the working directory. Sorted after [`Coverage::finish`].
    pub bare_repositories: Vec<Vec<u8>>,
    /// The paths left out, when the user wants to see them. Sorted after [`Coverage::finish`].
    pub skips: Vec<(Vec<u8>, Skip)>,
}

impl Coverage {
    /// How many entries were left out for this reason.
    pub fn skipped(&self, why: Skip) -> u64 {
        self.skipped[why as usize]
    }

    /// How many git objects of this kind were read to their end.
    pub fn objects(&self, kind: ObjectKind) -> u64 {
        self.objects[kind as usize]
    }

    /// Whether anything was read.
    pub fn is_empty(&self) -> bool {
        self.files + self.links + self.objects.iter().sum::<u64>() == 0
    }

    /// Counts an object of `bytes` bytes.
    pub fn object(&mut self, kind: ObjectKind, bytes: u64) {
        self.objects[kind as usize] += 1;
        self.bytes += bytes;
    }

    /// Counts so many more objects of a kind, without their bytes.
    pub fn add_objects(&mut self, kind: ObjectKind, count: u64) {
        self.objects[kind as usize] += count;
    }

    /// Counts so many more entries that were left out.
    pub fn add_skipped(&mut self, why: Skip, count: u64) {
        self.skipped[why as usize] += count;
    }

    /// Counts an entry that was left out.
    pub fn skip(&mut self, why: Skip) {
        self.skipped[why as usize] += 1;
    }

    /// Adds what another worker counted.
    pub fn merge(&mut self, other: Coverage) {
        let sums = [
            (&mut self.files, other.files),
            (&mut self.bytes, other.bytes),
            (&mut self.links, other.links),
            (&mut self.containers, other.containers),
            (&mut self.members, other.members),
            (&mut self.unopened, other.unopened),
            (&mut self.placeholders, other.placeholders),
            (&mut self.accepted, other.accepted),
        ];
        self.problems.extend(other.problems);
        self.skips.extend(other.skips);
        self.bare_repositories.extend(other.bare_repositories);
        let counts = self.skipped.iter_mut().zip(other.skipped);
        for (sum, count) in sums.into_iter().chain(counts).chain(self.objects.iter_mut().zip(other.objects)) {
            *sum = sum.saturating_add(count);
        }
    }

    /// Puts lists in an order that does not depend on threads.
    pub fn finish(&mut self) {
        self.problems.sort();
        self.problems.dedup();
        self.skips.sort();
        self.bare_repositories.sort();
    }
}

/// `bytes` in words, in binary units.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if bytes < 1024 {
        return count(bytes, "byte");
    }
    #[expect(clippy::cast_precision_loss, reason = "two digits are shown")]
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1023.95 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// `1 file`, `2 files`.
pub fn count(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_in_words() {
        for (bytes, words) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (1023, "1023 bytes"),
            (1024, "1.0 KiB"),
            (1_048_575, "1.0 MiB"),
            (5 << 30, "5.0 GiB"),
        ] {
            assert_eq!(size(bytes), words);
        }
        assert_eq!(size(u64::MAX), "16384.0 PiB");
    }

    #[test]
    fn merging_adds_every_count() {
        let mut sum = Coverage { files: 1, bytes: 2, links: 3, placeholders: 4, ..Coverage::default() };
        let mut other = sum.clone();
        other.skip(Skip::Special);
        other.object(ObjectKind::Tree, 5);
        other.skips.push((b"pipe".to_vec(), Skip::Special));
        sum.merge(other);
        assert_eq!((sum.files, sum.bytes, sum.links, sum.placeholders), (2, 9, 6, 8));
        assert_eq!((sum.objects(ObjectKind::Tree), sum.objects(ObjectKind::Blob)), (1, 0));
        assert_eq!((sum.skipped(Skip::Special), sum.skipped(Skip::Ignored), sum.skips.len()), (1, 0, 1));
    }
}
