//! Containers of one member: gzip, bzip2, xz, Zstandard.

use super::input::Source;
use super::told::Told;
use super::{Budget, Input, Member, Members, Packed, unpack};
use crate::error::ProblemKind;

/// Lends what is packed, as one member. Of a stream, the container's own bytes are headers, frames that are to be
/// skipped, and what follows the last packed part or stands behind damage; what is packed is not lent as it stands.
pub(super) fn open(format: Packed, input: Input<'_>, budget: &Budget, members: &mut dyn Members) {
    let mut source = Source::new(input, budget);
    let mut told = Told::default();
    match budget.member() {
        Ok(()) => {
            let (mut unpacked, name) = match format {
                Packed::Gzip => unpack::gzip(&mut source, budget),
                Packed::Bzip2 => (unpack::bzip2(&mut source, budget), None),
                Packed::Xz => (unpack::xz(&mut source, budget), None),
                Packed::Zstd => (unpack::zstd(&mut source, budget), None),
                Packed::Zip | Packed::Tar => return,
            };
            let spans: Vec<_> = name.iter().map(|name| name.span.clone()).collect();
            let name = name.as_ref().map(|name| &*name.bytes).filter(|name| !name.is_empty());
            members.member(&Member { name, spans: &spans }, &mut unpacked);
            if let Some(problem) = unpacked.finish() {
                told.add(problem, None);
            }
            members.packed(spans.last().map_or(0, |span| span.end)..source.taken());
        }
        Err(exceeded) => told.add(budget.problem(exceeded), None),
    }
    if source.is_stream() {
        members.own(&source.take_framing());
        if source.has_lost_framing() {
            let message = "more than 1 MiB of it stands between what is packed; write it to a file and scan that";
            told.add((ProblemKind::TooLarge, message.to_owned()), None);
        }
        source.rest(members);
    }
    if let Some(problem) = source.problem(budget) {
        told.add(problem, None);
    }
    told.tell(members);
}

#[cfg(test)]
mod tests;
