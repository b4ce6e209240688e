//! One large blob by its id, streamed: git makes no deltas of files above `core.bigFileThreshold`, so that it can be
//! inflated from where it stands.

use std::path::Path;

use gix_zlib::Inflate;

use super::cause::{Cause, SweepProblem};
use super::inflate::{self, Inflating};
use super::loose;
use super::pack::{EntryKind, Pack};
use super::store::{Store, loose_path};
use crate::blob::Content;
use crate::object::{ObjectId, ObjectKind};

impl Store {
    /// Lends a blob as a stream, from the first place where it is not deltified. Its size in bytes; `None` when there is
    /// no such place.
    ///
    /// # Errors
    ///
    /// What is wrong with it there; what was lent before that counts.
    pub fn stream(&self, id: &ObjectId, lend: &mut dyn FnMut(Content<'_>)) -> Result<Option<u64>, SweepProblem> {
        for pack in &self.packs {
            let Some(offset) = pack.offset_of(id) else { continue };
            let streamed = packed(pack, offset, lend);
            let streamed = streamed.map_err(|cause| SweepProblem::of_object(&pack.path, Some(*id), &cause))?;
            if streamed.is_some() {
                return Ok(streamed);
            }
        }
        let mut files = self.folders.iter().map(|folder| loose_path(folder, id));
        let Some(path) = files.find(|path| path.is_file()) else { return Ok(None) };
        let streamed = file(&path, lend);
        streamed.map_err(|cause| SweepProblem::of_object(&path, Some(*id), &cause)).map(Some)
    }
}

/// Lends the blob in a loose object's file.
fn file(path: &Path, lend: &mut dyn FnMut(Content<'_>)) -> Result<u64, Cause> {
    let bytes = loose::open(path)?;
    let (_, size, header) = loose::header(&bytes, &mut Inflate::default())?;
    let mut stream = Inflating::new(&bytes[..], size);
    stream.skip(header as u64)?;
    lend(Content::Stream(&mut stream));
    stream.finish().map(|_| size)
}

/// Lends the blob that begins at byte `offset` of a pack, unless it is a delta.
fn packed(pack: &Pack, offset: u64, lend: &mut dyn FnMut(Content<'_>)) -> Result<Option<u64>, Cause> {
    let header = pack.header(offset)?;
    if header.kind != EntryKind::Object(ObjectKind::Blob) {
        return Ok(None);
    }
    let input = pack.body().get(header.data..).unwrap_or_default();
    inflate::check_size(header.size, input.len())?;
    let mut stream = Inflating::new(input, header.size);
    lend(Content::Stream(&mut stream));
    stream.finish().map(|_| Some(header.size))
}
