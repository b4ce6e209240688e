//! Which bytes of an archive were lent with its members, so that the rest can be told from them.

use std::ops::Range;

use crate::container::{Budget, Members, Reserved};

/// Ranges of an archive that is held in memory, and so has less than 4 GiB.
#[derive(Debug)]
pub struct Lent<'b> {
    ranges: Vec<Range<u32>>,
    budget: &'b Budget,
    memory: Vec<Reserved<'b>>,
}

impl<'b> Lent<'b> {
    /// How many ranges are noted before more memory is asked for.
    const STEP: usize = 1 << 12;

    /// None was lent yet.
    pub fn new(budget: &'b Budget) -> Lent<'b> {
        Lent { ranges: Vec::new(), budget, memory: Vec::new() }
    }

    /// Notes that these bytes were lent, as offsets in the archive, half open. Where memory is short they are not
    /// noted: what is looked at twice is better than what is not looked at.
    pub fn note(&mut self, spans: &[Range<u64>]) {
        for span in spans {
            let (Ok(start), Ok(end)) = (u32::try_from(span.start), u32::try_from(span.end)) else { continue };
            if self.ranges.len() == self.ranges.capacity() {
                let step = self.ranges.len().max(Lent::STEP);
                let Ok(memory) = self.budget.reserve((step * size_of::<Range<u32>>()) as u64) else { return };
                self.memory.push(memory);
                self.ranges.reserve_exact(step);
            }
            self.ranges.push(start..end);
        }
    }

    /// Passes what was not lent of `archive`, in order.
    pub fn pass_rest(mut self, archive: &[u8], members: &mut dyn Members) {
        self.ranges.sort_unstable_by_key(|range| range.start);
        let mut at = 0;
        for range in &self.ranges {
            let (start, end) = (range.start as usize, range.end as usize);
            if let Some(own) = archive.get(at..start)
                && !own.is_empty()
            {
                members.own(own);
            }
            at = at.max(end);
        }
        if let Some(own) = archive.get(at..)
            && !own.is_empty()
        {
            members.own(own);
        }
    }
}
