//! Our own engine on `x86_64`: the candidates of a block of 64 bytes, by AVX2 or AVX-512.

use std::arch::x86_64::{
    __m256i, __m512i, _mm_loadu_si128, _mm256_and_si256, _mm256_broadcastsi128_si256, _mm256_cmpeq_epi8,
    _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8, _mm256_setzero_si256,
    _mm256_shuffle_epi8, _mm256_srli_epi16, _mm256_testz_si256, _mm512_and_si512, _mm512_loadu_si512,
    _mm512_permutex2var_epi8, _mm512_permutexvar_epi8, _mm512_test_epi8_mask,
};
use std::ops::Range;

use super::buckets::{Buckets, WINDOW};
use super::{BLOCK, Candidates};

/// The bytes that the windows of a block's offsets take.
const READ: usize = BLOCK + WINDOW - 1;

/// The engine with AVX2. There is one only where the CPU has that.
#[derive(Debug)]
pub struct Avx2 {
    low: [[u8; 16]; WINDOW],
    high: [[u8; 16]; WINDOW],
}

impl Avx2 {
    /// `None` when the CPU has no AVX2.
    pub fn new(buckets: &Buckets) -> Option<Avx2> {
        is_x86_feature_detected!("avx2").then_some(Avx2 { low: buckets.low, high: buckets.high })
    }

    /// The first candidates in `range`.
    pub fn find(&self, haystack: &[u8], range: Range<usize>) -> Option<Candidates> {
        #[expect(unsafe_code, reason = "the function is for CPUs with AVX2")]
        // SAFETY: at the worst the CPU doesn't know the instructions; `new`, the only way to a `self`, has asked it.
        unsafe {
            self.search(haystack, range)
        }
    }

    #[target_feature(enable = "avx2")]
    fn search(&self, haystack: &[u8], range: Range<usize>) -> Option<Candidates> {
        // One by one: `map` was not inlined everywhere, and its calls took 3 % of a scan of Linux.
        let low = [twice(&self.low[0]), twice(&self.low[1]), twice(&self.low[2]), twice(&self.low[3])];
        let high = [twice(&self.high[0]), twice(&self.high[1]), twice(&self.high[2]), twice(&self.high[3])];
        scan(haystack, range, false, |block| {
            let [first, second] = [half(block, 0, &low, &high), half(block, 32, &low, &high)];
            let both = _mm256_or_si256(first, second);
            if _mm256_testz_si256(both, both) == 1 {
                return 0;
            }
            u64::from(set(first)) | u64::from(set(second)) << 32
        })
    }
}

/// For each of 32 offsets the buckets that let it through, by 25 vector instructions, whose number is what limits it.
/// Without `high` of the third place there are 21: C was gone through at 10.4 GB/s instead of 9.5, but lists of decimal
/// numbers at 3.3 instead of 4.6, of more candidates.
#[target_feature(enable = "avx2")]
#[inline]
fn half(block: &[u8; READ], offset: usize, low: &[__m256i; WINDOW], high: &[__m256i; WINDOW]) -> __m256i {
    let four_bits = _mm256_set1_epi8(15);
    let [first, second] = [load256(block, offset), load256(block, offset + 1)];
    let [third, last] = [load256(block, offset + 2), load256(block, offset + 3)];
    // The shuffle goes by the lowest four bits, and gives zero for a byte above 127, which only the last may be.
    let last_bits = _mm256_and_si256(last, four_bits);
    let by_low = |place: usize, bytes| _mm256_shuffle_epi8(low[place], bytes);
    let by_high = |place: usize, bytes| {
        _mm256_shuffle_epi8(high[place], _mm256_and_si256(_mm256_srli_epi16::<3>(bytes), four_bits))
    };
    let in_first = _mm256_and_si256(by_low(0, first), by_high(0, first));
    let in_second = _mm256_and_si256(by_low(1, second), by_high(1, second));
    let in_third = _mm256_and_si256(by_low(2, third), by_high(2, third));
    let in_last = _mm256_and_si256(by_low(3, last_bits), by_high(3, last));
    _mm256_and_si256(_mm256_and_si256(in_first, in_second), _mm256_and_si256(in_third, in_last))
}

/// Which bytes are not zero.
#[target_feature(enable = "avx2")]
#[inline]
fn set(bytes: __m256i) -> u32 {
    !_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_setzero_si256())).cast_unsigned()
}

/// The table for either half of a vector.
#[target_feature(enable = "avx2")]
#[inline]
fn twice(table: &[u8; 16]) -> __m256i {
    #[expect(unsafe_code, reason = "a load takes a pointer")]
    // SAFETY: 16 bytes are read, which is what the table has.
    let table = unsafe { _mm_loadu_si128(table.as_ptr().cast()) };
    _mm256_broadcastsi128_si256(table)
}

#[target_feature(enable = "avx2")]
#[inline]
fn load256(block: &[u8; READ], offset: usize) -> __m256i {
    let bytes = &block[offset..offset + 32];
    #[expect(unsafe_code, reason = "a load takes a pointer")]
    // SAFETY: 32 bytes are read, which is what the slice has; they may be at any address.
    unsafe {
        _mm256_loadu_si256(bytes.as_ptr().cast())
    }
}

/// The engine with AVX-512VBMI, which has tables for all of a byte. There is one only where the CPU has that.
#[derive(Debug)]
pub struct Avx512 {
    /// For the first two places, by seven bits.
    seven: [[u8; 128]; 2],
    /// For the others, by six: one instruction instead of three. This found C at 18.6 GB/s instead of 16.5, with 528
    /// candidates in a megabyte instead of 376; in the second place too there would be three times as many.
    six: [[u8; 64]; 2],
}

impl Avx512 {
    /// `None` when the CPU has no AVX-512VBMI.
    pub fn new(buckets: &Buckets) -> Option<Avx512> {
        let [first, second, third, fourth] = &buckets.exact;
        let six = |exact: &[u8; 128]| std::array::from_fn(|bits| exact[bits] | exact[bits + 64]);
        let has_all = is_x86_feature_detected!("avx512bw") && is_x86_feature_detected!("avx512vbmi");
        has_all.then(|| Avx512 { seven: [*first, *second], six: [six(third), six(fourth)] })
    }

    /// The first candidates in `range`.
    pub fn find(&self, haystack: &[u8], range: Range<usize>) -> Option<Candidates> {
        #[expect(unsafe_code, reason = "the function is for CPUs with AVX-512VBMI")]
        // SAFETY: at the worst the CPU doesn't know the instructions; `new`, the only way to a `self`, has asked it.
        unsafe {
            self.search(haystack, range)
        }
    }

    #[target_feature(enable = "avx512bw,avx512vbmi")]
    fn search(&self, haystack: &[u8], range: Range<usize>) -> Option<Candidates> {
        // One by one, as above.
        let [first, second] = &self.seven;
        let seven = [[load512(first, 0), load512(first, 64)], [load512(second, 0), load512(second, 64)]];
        let six = [load512(&self.six[0], 0), load512(&self.six[1], 0)];
        // Two blocks in a turn: 20.5 GB/s instead of 18.6.
        scan(haystack, range, true, |block| {
            let by_seven = |place: usize| {
                let [lower, upper] = seven[place];
                _mm512_permutex2var_epi8(lower, load512(block, place), upper)
            };
            let by_six = |place: usize| _mm512_permutexvar_epi8(load512(block, place), six[place - 2]);
            let three = _mm512_and_si512(_mm512_and_si512(by_seven(0), by_seven(1)), by_six(2));
            _mm512_test_epi8_mask(three, by_six(3))
        })
    }
}

#[target_feature(enable = "avx512bw")]
#[inline]
fn load512(bytes: &[u8], offset: usize) -> __m512i {
    let bytes = &bytes[offset..offset + 64];
    #[expect(unsafe_code, reason = "a load takes a pointer")]
    // SAFETY: 64 bytes are read, which is what the slice has; they may be at any address.
    unsafe {
        _mm512_loadu_si512(bytes.as_ptr().cast())
    }
}

/// The first candidates in `range`, by what names those of a block. What is missing of the last block is zeros.
#[expect(clippy::inline_always, reason = "`candidates` can only be inlined where its CPU's instructions are allowed")]
#[inline(always)]
fn scan(
    haystack: &[u8],
    range: Range<usize>,
    in_pairs: bool,
    candidates: impl Fn(&[u8; READ]) -> u64,
) -> Option<Candidates> {
    let mut base = range.start;
    while base < range.end {
        let rest = &haystack[base..];
        if in_pairs
            && let Some(first) = rest.first_chunk()
            && let Some(second) = rest.get(BLOCK..).and_then(<[u8]>::first_chunk)
            && candidates(first) | candidates(second) == 0
        {
            base += 2 * BLOCK;
            continue;
        }
        let last;
        let block = if let Some(block) = rest.first_chunk() {
            block
        } else {
            last = filled_up(rest);
            &last
        };
        let bits = candidates(block);
        let past = BLOCK.saturating_sub(range.end - base);
        let bits = bits << past >> past;
        if bits != 0 {
            return Some(Candidates { base, bits });
        }
        base += BLOCK;
    }
    None
}

#[cold]
fn filled_up(rest: &[u8]) -> [u8; READ] {
    let mut block = [0; READ];
    block[..rest.len()].copy_from_slice(rest);
    block
}
