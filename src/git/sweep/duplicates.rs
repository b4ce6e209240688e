//! Which objects are in several places: the first place counts, and packs come before loose objects.
//!
//! One pack may list an id at two offsets, and git takes it. Nobody computes ids here, so what stands at either may be
//! something else: both are visited.

use rayon::prelude::*;

use super::loose::Loose;
use super::store::Store;

/// Whether an object is to be left out since an earlier place has it too.
#[derive(Debug, Default)]
pub struct Duplicates {
    /// By pack, then by position in its index. Empty for a pack without any.
    packs: Vec<Vec<bool>>,
    loose: Vec<bool>,
}

/// An object in one place: the first bytes of its id, the place (packs, then all loose objects) and the position there.
type Listed = (u64, u32, u32);

impl Duplicates {
    /// Merges the lists of all places.
    pub fn new(store: &Store) -> Duplicates {
        let loose = &store.loose;
        let mut duplicates = Duplicates { packs: vec![Vec::new(); store.packs.len()], loose: vec![false; loose.len()] };
        let folders = loose.chunk_by(|one, next| one.folder == next.folder).count();
        if store.packs.len() + folders < 2 {
            return duplicates;
        }
        let found: Vec<Listed> =
            (0..=u8::MAX).into_par_iter().flat_map_iter(|byte| among(store, loose, byte)).collect();
        for (_, place, position) in found {
            match duplicates.packs.get_mut(place as usize) {
                Some(pack) => {
                    pack.resize(store.packs[place as usize].index.count() as usize, false);
                    pack[position as usize] = true;
                }
                None => duplicates.loose[position as usize] = true,
            }
        }
        duplicates
    }

    /// Whether an earlier place has the object at this position of a pack's index.
    pub fn has_packed(&self, pack: usize, position: u32) -> bool {
        self.packs[pack].get(position as usize).is_some_and(|is_duplicate| *is_duplicate)
    }

    /// Whether an earlier place has this loose object.
    pub fn has_loose(&self, number: usize) -> bool {
        self.loose[number]
    }
}

/// The copies, but for those in the first place of each object, of objects whose id begins with `byte`.
fn among(store: &Store, loose: &[Loose], byte: u8) -> Vec<Listed> {
    let mut copies: Vec<Listed> = Vec::new();
    for (place, pack) in (0..).zip(&store.packs) {
        copies.extend(pack.index.bucket(byte).map(|position| (prefix(pack.index.id(position)), place, position)));
    }
    let place = u32::try_from(store.packs.len()).unwrap_or(u32::MAX);
    let mut number = 0;
    for folder in loose.chunk_by(|one, next| one.folder == next.folder) {
        let start = folder.partition_point(|loose| loose.id.as_bytes()[0] < byte);
        let same = folder[start..].iter().take_while(|loose| loose.id.as_bytes()[0] == byte);
        let number_of = |index: usize| u32::try_from(number + start + index).unwrap_or(u32::MAX);
        copies.extend(same.enumerate().map(|(index, loose)| (prefix(loose.id.as_bytes()), place, number_of(index))));
        number += folder.len();
    }
    // The lists are sorted already, and a stable sort merges them.
    copies.sort_by_key(|copy| copy.0);
    let id = |copy: &Listed| match store.packs.get(copy.1 as usize) {
        Some(pack) => pack.index.id(copy.2),
        None => loose[copy.2 as usize].id.as_bytes(),
    };
    let mut again = Vec::new();
    for same in copies.chunk_by_mut(|one, next| one.0 == next.0).filter(|same| same.len() > 1) {
        same.sort_by(|one, next| (id(one), one.1, one.2).cmp(&(id(next), next.1, next.2)));
        for object in same.chunk_by(|one, next| id(one) == id(next)) {
            let is_in_first = |copy: &Listed| copy.1 == object[0].1 && copy.1 != place;
            again.extend(object[1..].iter().filter(|copy| !is_in_first(copy)));
        }
    }
    again
}

/// The first eight bytes of an id, in their order.
fn prefix(id: &[u8]) -> u64 {
    id.first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
}
