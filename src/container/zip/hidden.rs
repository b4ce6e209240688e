//! Members that nothing but their local header names.

use memchr::memmem;

use super::content::{Data, End, Outcome, Reading};
use super::record::{Claim, Local, Method, describes};
use super::tally::Cause;
use super::window::Window;

/// A member that was found by its local header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// The offset in the archive of its first byte after the header.
    pub data: u64,
    /// The offset in the archive of what follows its data; `None` where the data is not what it should be, and so its
    /// end isn't to be trusted.
    pub end: Option<u64>,
}

/// How far the first local header's signature is from where the window stands, if one begins in the bytes that the
/// window holds; else how far there is none. 0 at the archive's end only.
pub fn find_signature(window: &mut Window<'_>) -> Result<usize, usize> {
    let bytes = window.peek(4096);
    match memmem::find(bytes, &Local::SIGNATURE) {
        Some(at) => Ok(at),
        // The last bytes may begin a signature, unless nothing follows them.
        None if bytes.len() >= 4096 => Err(bytes.len() - 3),
        None => Err(bytes.len()),
    }
}

/// Reads the local header that the window stands at into `header`; `None` where it isn't one that makes sense.
pub fn header(window: &mut Window<'_>, header: &mut Vec<u8>) -> Option<Local> {
    // By its fixed part first: what a file claims of its length must not cost more than looking at it.
    Local::parse(window.peek(Local::LEN)).filter(Local::is_plausible)?;
    let local = Local::read(window, header)?;
    local.is_plausible().then_some(local)
}

/// Lends the member whose header, read before, begins where the window stands.
pub fn lend(reading: &mut Reading<'_>, window: &mut Window<'_>, local: &Local, header: &[u8]) -> Found {
    // Headers may stand in each other's names, so that a file has more of them than bytes. The bound that this meets is
    // told with the member.
    let _ = reading.budget.unpack(local.len() as u64);
    let start = window.position();
    let data = start + local.len() as u64;
    window.seek(data);
    let name = &header[local.name()];
    let names = start + local.name().start as u64..start + local.name().end as u64;
    let claim = local.claim;
    let cause = if claim.is_encrypted() {
        Cause::Encrypted
    } else {
        match end(&claim, name, window) {
            Some(end) => {
                let outcome = reading.lend(window, Data { name, names: vec![names], claim, end });
                let end = (outcome == Outcome::Whole).then(|| window.position());
                return Found { data, end };
            }
            None => Cause::Endless,
        }
    };
    reading.lend_name(name, &[names], cause);
    Found { data, end: None }
}

/// How the end of the data is known that begins where the window stands, if it is.
fn end(claim: &Claim, name: &[u8], window: &mut Window<'_>) -> Option<End> {
    match claim.method {
        _ if !claim.has_descriptor() => Some(End::Told),
        Method::Deflate => Some(End::Described),
        // Some writers set the flag and know the sizes all the same.
        Method::Stored | Method::Bzip2 | Method::Zstd | Method::Xz if claim.packed > 0 && claim.crc != 0 => {
            Some(End::Told)
        }
        Method::Stored => {
            let next = window.peek(super::record::DESCRIPTOR);
            let is_empty = describes(next, 0, 0, 0) && (name.ends_with(b"/") || next.starts_with(b"PK"));
            is_empty.then_some(End::Told)
        }
        // What can't be unpacked is told as such, and not read.
        Method::Other(_) => Some(End::Told),
        Method::Bzip2 | Method::Zstd | Method::Xz => None,
    }
}
