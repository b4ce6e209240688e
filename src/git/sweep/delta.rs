//! Git's deltas: instructions that build one object from another. See gitformat-pack(5), "Deltified representation".

use super::cause::Cause;

/// Bytes of room that [`apply`] wants behind the result: short copies and literals move this much at once, whatever
/// their length, which two instructions of the CPU do without a call.
pub const SLACK: usize = 32;

/// What stands before the instructions of a delta.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeltaHeader {
    /// The size of the object it applies to.
    pub base_size: u64,
    /// The size of the object it makes.
    pub result_size: u64,
    /// How many bytes the header takes.
    pub len: usize,
}

/// Reads the two sizes at the start of a delta.
pub fn header(delta: &[u8]) -> Result<DeltaHeader, Cause> {
    let (base_size, first) = size(delta)?;
    let (result_size, second) = size(&delta[first..])?;
    Ok(DeltaHeader { base_size, result_size, len: first + second })
}

/// A number in groups of seven bits, the lowest first; all but the last group have the high bit set.
fn size(bytes: &[u8]) -> Result<(u64, usize), Cause> {
    let mut value = 0_u64;
    for (index, byte) in bytes.iter().enumerate().take(10) {
        let bits = u64::from(byte & 0x7f);
        let shift = 7 * u32::try_from(index).unwrap_or(u32::MAX);
        if shift == 63 && bits > 1 {
            break;
        }
        value |= bits << shift;
        if byte & 0x80 == 0 {
            return Ok((value, index + 1));
        }
    }
    Err(Cause::Delta("its sizes are cut off"))
}

/// Applies `instructions` (what follows the header) to `base`. The result takes up `out` but for its last [`SLACK`]
/// bytes, whose content is undefined afterwards.
pub fn apply(base: &[u8], instructions: &[u8], out: &mut [u8]) -> Result<(), Cause> {
    const TOO_LONG: Cause = Cause::Delta("it makes more bytes than it says");
    const CUT: Cause = Cause::Delta("its last instruction is cut off");
    let size = out.len().saturating_sub(SLACK);
    let mut made = 0;
    let mut rest = instructions;
    while let Some((&code, after)) = rest.split_first() {
        rest = after;
        if code & 0x80 == 0 {
            let len = usize::from(code);
            if len == 0 {
                return Err(Cause::Delta("it has the reserved instruction 0"));
            }
            if len > size - made {
                return Err(TOO_LONG);
            }
            if len <= SLACK && rest.len() >= SLACK {
                move_block(rest, &mut out[made..]);
            } else {
                out[made..made + len].copy_from_slice(rest.get(..len).ok_or(CUT)?);
            }
            rest = &rest[len..];
            made += len;
        } else {
            let (start, len, used) = copy_range(code, rest).ok_or(CUT)?;
            rest = &rest[used..];
            let from = base.get(start..).filter(|from| from.len() >= len);
            let from = from.ok_or(Cause::Delta("it copies from beyond its base"))?;
            if len > size - made {
                return Err(TOO_LONG);
            }
            if len <= SLACK && from.len() >= SLACK {
                move_block(from, &mut out[made..]);
            } else {
                out[made..made + len].copy_from_slice(&from[..len]);
            }
            made += len;
        }
    }
    if made == size { Ok(()) } else { Err(Cause::Delta("it makes fewer bytes than it says")) }
}

/// How many bytes the instructions make, without making them: a check before memory is given to a large result.
pub fn result_size(instructions: &[u8]) -> u64 {
    let mut made = 0_u64;
    let mut rest = instructions;
    while let Some((&code, after)) = rest.split_first() {
        let (len, used) = if code & 0x80 == 0 {
            (usize::from(code), usize::from(code))
        } else {
            let Some((_, len, used)) = copy_range(code, after) else { break };
            (len, used)
        };
        made = made.saturating_add(len as u64);
        rest = after.get(used..).unwrap_or_default();
    }
    made
}

/// Moves [`SLACK`] bytes, both sides having as many.
#[inline]
fn move_block(from: &[u8], to: &mut [u8]) {
    to[..SLACK].copy_from_slice(&from[..SLACK]);
}

/// The start and length of a copy whose instruction begins with `code`, and the bytes of `rest` that belong to it.
#[inline]
fn copy_range(code: u8, rest: &[u8]) -> Option<(usize, usize, usize)> {
    // Bit n of the code says whether byte n of the two little-endian numbers is there: four of one, three of the other.
    let mut numbers = [0_u8; 8];
    let mut used = 0;
    for (bit, byte) in numbers.iter_mut().enumerate().take(7) {
        if code & (1 << bit) != 0 {
            *byte = *rest.get(used)?;
            used += 1;
        }
    }
    let numbers = u64::from_le_bytes(numbers);
    let start = usize::try_from(numbers & 0xffff_ffff).ok()?;
    let len = usize::try_from(numbers >> 32).ok()?;
    Some((start, if len == 0 { 0x1_0000 } else { len }, used))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(base: &[u8], instructions: &[u8], size: usize) -> Result<Vec<u8>, Cause> {
        let mut out = vec![0; size + SLACK];
        apply(base, instructions, &mut out)?;
        out.truncate(size);
        Ok(out)
    }

    /// A copy instruction with all of its bytes.
    fn copy(start: u32, len: u32) -> Vec<u8> {
        let mut code = vec![0xff];
        code.extend_from_slice(&start.to_le_bytes());
        code.extend_from_slice(&len.to_le_bytes()[..3]);
        code
    }

    #[test]
    fn sizes_are_read_in_groups_of_seven_bits() {
        assert_eq!(header(&[5, 0x80, 1, 9]), Ok(DeltaHeader { base_size: 5, result_size: 128, len: 3 }));
        let most = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0];
        assert_eq!(header(&most), Ok(DeltaHeader { base_size: u64::MAX, result_size: 0, len: 11 }));
        for bad in [&[][..], &[5], &[0x80, 0x80], &[0xff; 30]] {
            assert!(header(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn copies_and_literals_make_the_result() {
        let base: Vec<u8> = (0..=255).cycle().take(70_000).collect();
        let mut instructions = copy(3, 5);
        instructions.extend_from_slice(b"\x04text");
        instructions.extend(copy(100, 200));
        // No length bytes mean 65,536.
        instructions.push(0x80);
        // A short copy near the end of the base, a long literal, and a short one at the very end.
        instructions.extend(copy(69_990, 10));
        instructions.push(100);
        instructions.extend([7; 100]);
        instructions.extend_from_slice(b"\x01z");
        let mut expected = base[3..8].to_vec();
        expected.extend_from_slice(b"text");
        expected.extend_from_slice(&base[100..300]);
        expected.extend_from_slice(&base[..65_536]);
        expected.extend_from_slice(&base[69_990..]);
        expected.extend([7; 100]);
        expected.push(b'z');
        assert_eq!(result_size(&instructions), expected.len() as u64);
        assert!(applied(&base, &instructions, expected.len()) == Ok(expected));
    }

    #[test]
    fn bad_instructions_are_refused() {
        let base = [1; 50];
        for (instructions, size) in [
            (copy(0, 51), 51),
            (copy(u32::MAX, 1), 1),
            (copy(0, 50), 49),
            (copy(0, 50), 51),
            (vec![0], 0),
            (vec![5, 1, 2], 5),
            (vec![3, 1, 2, 3], 2),
            (vec![0x91, 1], 1),
            (vec![], 1),
        ] {
            assert!(applied(&base, &instructions, size).is_err(), "{instructions:?} {size}");
            let _ = result_size(&instructions);
        }
    }

    #[test]
    fn random_instructions_never_panic() {
        let mut rng = fastrand::Rng::with_seed(51);
        for _ in 0..200_000 {
            let (mut base, mut instructions) = (vec![0; rng.usize(..80)], vec![0; rng.usize(..40)]);
            rng.fill(&mut base);
            rng.fill(&mut instructions);
            let _ = header(&instructions);
            let size = rng.usize(..200);
            let made = applied(&base, &instructions, size);
            if made.is_ok() {
                assert_eq!(result_size(&instructions), size as u64);
            }
        }
    }
}
