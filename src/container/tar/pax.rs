//! pax records: `length keyword=value`, a line each (POSIX.1-2024, `pax`, "pax Extended Header").

use std::ops::Range;

/// What of the records matters here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pax {
    /// The member's name, and where it stands in the tar file.
    pub(super) name: Option<(Vec<u8>, Range<u64>)>,
    /// Bytes of data as stored.
    pub(super) size: Option<u64>,
}

impl Pax {
    /// Adds the records `bytes`, which stand at `offset` in the tar file. False if one of them makes no sense; it and
    /// those behind it are left out.
    pub(super) fn add(&mut self, bytes: &[u8], offset: u64) -> bool {
        let mut at = 0;
        // Some programs pad records with zeros.
        while let Some(rest) = bytes.get(at..).filter(|rest| rest.first().is_some_and(|&byte| byte != 0)) {
            let Some((record, len)) = record(rest) else { return false };
            let Some(equals) = record.iter().position(|&byte| byte == b'=') else { return false };
            let (keyword, value) = (&record[..equals], &record[equals + 1..]);
            // The record without its length and newline ends right before `len`.
            let start = offset + (at + len - 1 - value.len()) as u64;
            match keyword {
                // The name in `path` is one that GNU tar makes up for a sparse file.
                b"GNU.sparse.name" => self.name = Some((value.to_vec(), start..start + value.len() as u64)),
                b"path" if !value.is_empty() && !has(bytes, b" GNU.sparse.name=") => {
                    self.name = Some((value.to_vec(), start..start + value.len() as u64));
                }
                b"size" => {
                    let Some(size) = decimal(value).filter(|&size| size <= i64::MAX.cast_unsigned()) else {
                        return false;
                    };
                    self.size = Some(size);
                }
                _ => {}
            }
            at += len;
        }
        true
    }
}

/// The record at the start of `bytes`, without its length and its newline, and how long it is in all.
fn record(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let space = bytes.iter().take(20).position(|&byte| byte == b' ')?;
    let len = usize::try_from(decimal(&bytes[..space])?).ok()?;
    let record = bytes.get(space + 1..len)?.strip_suffix(b"\n")?;
    Some((record, len))
}

fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, &digit| {
        let digit = digit.checked_sub(b'0').filter(|&digit| digit < 10)?;
        number.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

fn has(bytes: &[u8], needle: &[u8]) -> bool {
    memchr::memmem::find(bytes, needle).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_up_to_one_that_makes_no_sense() {
        let mut pax = Pax::default();
        let records = b"12 path=a/b\n5 a=\n11 size=77\n\0\0";
        assert!(pax.add(records, 1000));
        assert_eq!(pax, Pax { name: Some((b"a/b".to_vec(), 1008..1011)), size: Some(77) });
        for damaged in [
            &b"12 path=a/b"[..],
            b"99 path=a/b\n",
            b"0 path=a/b\n",
            b"2 \n",
            b"3 \n",
            b"x path=a/b\n",
            b"99999999999999999999999999 path=a\n",
            b"8 size=\n",
            b"9 size=x\n",
            b"11 size=-1\n",
            b"29 size=99999999999999999999\n",
            b"11 nothing\n",
        ] {
            let mut pax = Pax::default();
            assert!(!pax.add(damaged, 0), "{damaged:?}");
            assert_eq!(pax, Pax::default());
        }
    }

    #[test]
    fn a_sparse_file_keeps_its_name() {
        let mut pax = Pax::default();
        assert!(pax.add(b"22 GNU.sparse.name=it\n18 path=made/up/0\n", 0));
        assert_eq!(pax.name, Some((b"it".to_vec(), 19..21)));
    }
}
