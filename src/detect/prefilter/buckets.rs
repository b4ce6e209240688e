//! Which needles share a bucket of our own engine.
//!
//! The engine looks at four bytes from every offset on, and asks for each of them which of eight buckets have a needle
//! with that byte in that place. The answer is a byte, a bit for each bucket, from a table for each place; where the four
//! answers have a bit in common there may be a needle (the idea is Teddy's, from Hyperscan).
//!
//! A bucket lets any mixture of its needles through, of `abcd` and `wxyz` also `axcz`, so needles that are alike belong
//! together, and those of common bytes apart. How often text gets through is estimated from how common bytes are. The
//! groups begin as those of one first byte and are merged until there are eight; then needles move, one by one, to where
//! they do least harm. With 86 needles this lets 888 places of a megabyte of C through, 399 where the tables are exact,
//! and takes 0.2 ms.

/// How many bytes of a needle are looked at.
pub const WINDOW: usize = 4;

/// How many buckets there are: the bits of a byte.
const BUCKETS: usize = 8;

/// How often each needle may move. After the second time it is seldom that one does.
const PASSES: usize = 3;

/// The needles in their buckets, as tables of which buckets have a needle with a byte in a place.
#[derive(Debug)]
pub struct Buckets {
    /// By the byte. What is above 127 counts as it does without its top bit, which lets more through.
    pub exact: [[u8; 128]; WINDOW],
    /// By the byte's bits 0 to 3, and by its bits 3 to 6. Both together let more through than `exact`.
    pub low: [[u8; 16]; WINDOW],
    pub high: [[u8; 16]; WINDOW],
}

impl Buckets {
    /// `None` when one of the first three bytes of a needle is no ASCII: a shuffle by `low` finds none of those.
    pub fn new(needles: &[Vec<u8>]) -> Option<Buckets> {
        if !needles.iter().all(|needle| needle[..WINDOW - 1].is_ascii()) {
            return None;
        }
        let mut buckets = Buckets { exact: [[0; 128]; WINDOW], low: [[0; 16]; WINDOW], high: [[0; 16]; WINDOW] };
        for (bucket, group) in groups(needles).iter().enumerate() {
            for &needle in &group.needles {
                buckets.add(&needles[needle], 1 << bucket);
            }
        }
        Some(buckets)
    }

    fn add(&mut self, needle: &[u8], bucket: u8) {
        for place in 0..WINDOW {
            for byte in 0..128 {
                // A needle of three bytes goes on with any.
                if needle.get(place).is_none_or(|needed| needed & 0x7f == byte) {
                    self.exact[place][usize::from(byte)] |= bucket;
                    self.low[place][usize::from(byte & 15)] |= bucket;
                    self.high[place][usize::from(byte >> 3)] |= bucket;
                }
            }
        }
    }
}

/// The bytes of some needles in one place: those of which bits 0 to 3 are in `low` and bits 3 to 6 are in `high`. Bit 3
/// is in both: four bits are asked for, and beside bits 4 to 7 this halved what C lets through.
#[derive(Clone, Copy, Debug, Default)]
struct Bytes {
    low: u16,
    high: u16,
}

type Window = [Bytes; WINDOW];

fn window(needle: &[u8]) -> Window {
    std::array::from_fn(|place| match needle.get(place) {
        Some(byte) => Bytes { low: 1 << (byte & 15), high: 1 << (byte >> 3 & 15) },
        None => Bytes { low: u16::MAX, high: u16::MAX },
    })
}

fn union(a: &Window, b: &Window) -> Window {
    std::array::from_fn(|place| Bytes { low: a[place].low | b[place].low, high: a[place].high | b[place].high })
}

/// Needles that share a bucket.
#[derive(Debug, Default)]
struct Group {
    /// Their numbers.
    needles: Vec<usize>,
    window: Window,
    /// How often text gets through.
    passed: f32,
}

impl Group {
    fn new(needles: Vec<usize>, windows: &[Window], model: &Model) -> Group {
        let window = needles.iter().fold(Window::default(), |window, &needle| union(&window, &windows[needle]));
        Group { passed: model.passed(&window), needles, window }
    }
}

/// The needles of each bucket.
fn groups(needles: &[Vec<u8>]) -> Vec<Group> {
    let model = Model::new();
    let windows: Vec<Window> = needles.iter().map(|needle| window(needle)).collect();
    let mut sorted: Vec<usize> = (0..needles.len()).collect();
    sorted.sort_by_key(|&needle| needles[needle][0]);
    let alike = sorted.chunk_by(|&a, &b| needles[a][0] == needles[b][0]);
    let mut groups: Vec<Group> = alike.map(|alike| Group::new(alike.to_vec(), &windows, &model)).collect();
    while groups.len() > BUCKETS {
        // What gets least through goes where it does least harm.
        let least = (0..groups.len()).min_by(|&a, &b| groups[a].passed.total_cmp(&groups[b].passed)).unwrap_or(0);
        let Group { needles, window, .. } = groups.swap_remove(least);
        add(&mut groups, &needles, &window, &windows, &model);
    }
    groups.resize_with(BUCKETS, Group::default);
    for needle in (0..PASSES).flat_map(|_| 0..needles.len()) {
        if let Some(group) = groups.iter_mut().find(|group| group.needles.contains(&needle)) {
            let mut rest = std::mem::take(&mut group.needles);
            rest.retain(|&other| other != needle);
            *group = Group::new(rest, &windows, &model);
        }
        add(&mut groups, &[needle], &windows[needle], &windows, &model);
    }
    groups
}

/// Adds needles to the group where they do least harm; `window` is theirs.
fn add(groups: &mut [Group], needles: &[usize], window: &Window, windows: &[Window], model: &Model) {
    let harm: Vec<f32> =
        groups.iter().map(|group| model.passed(&union(&group.window, window)) - group.passed).collect();
    let least = (0..groups.len()).min_by(|&a, &b| harm[a].total_cmp(&harm[b])).unwrap_or(0);
    let mut all = std::mem::take(&mut groups[least].needles);
    all.extend(needles);
    groups[least] = Group::new(all, windows, model);
}

/// How common bytes are in kinds of text.
///
/// One kind alone, with bytes that don't depend on each other, tells 24.0 bits of four bytes in a row, and these four
/// 22.5: they know that letters of one case follow each other. With one kind for all source text, and one each for lists of
/// numbers and for base64, 5,127 places of a megabyte of C got through instead of 888.
#[derive(Debug)]
struct Model {
    /// Of each bits 3 to 6 of a byte, and each set of its bits 0 to 2, how common such bytes are in each kind.
    sums: Vec<[[f32; KINDS.len()]; 256]>,
}

/// How common each kind is, and how common in it are the bytes of each class, in per cent: fitted (by expectation
/// maximization) to Linux, Rust's libraries as source and as programs, `/usr/share`, dumps and lists of numbers.
const KINDS: [(f32, [f32; 10]); 4] = [
    // Words.
    (0.42, [24.0, 50.0, 2.0, 1.0, 3.0, 9.0, 1.0, 8.0, 1.0, 0.5]),
    // Constants.
    (0.15, [1.5, 7.0, 67.0, 8.0, 9.0, 3.0, 0.3, 2.5, 1.7, 0.4]),
    // Numbers.
    (0.11, [8.0, 1.0, 1.4, 56.0, 0.5, 15.5, 8.5, 3.5, 1.0, 4.6]),
    // The rest: punctuation, line ends, binary data.
    (0.25, [4.0, 10.0, 12.0, 4.0, 0.3, 5.0, 1.0, 22.0, 41.0, 0.5]),
];

/// The class of a byte.
fn class(byte: u8) -> usize {
    match byte {
        b'a'..=b'f' => 0,
        b'x' => 9,
        b'g'..=b'z' => 1,
        b'A'..=b'Z' => 2,
        b'0'..=b'9' => 3,
        b'_' => 4,
        b' ' => 5,
        b',' => 6,
        b'!'..=b'~' => 7,
        _ => 8,
    }
}

/// How common each byte is among those of its class: of 10,000 bytes of such text.
#[rustfmt::skip]
const COMMON: [f32; 128] = [
    512., 38., 21., 19., 15., 11., 15., 12., 14., 147., 250., 6., 12., 9., 9., 17.,
    13., 6., 6., 4., 5., 6., 4., 4., 10., 8., 5., 9., 5., 5., 5., 7.,
    1193., 13., 43., 27., 14., 17., 17., 18., 79., 76., 48., 10., 159., 48., 65., 70.,
    239., 86., 72., 57., 49., 41., 43., 34., 44., 35., 80., 60., 23., 53., 40., 5.,
    13., 82., 50., 68., 54., 90., 43., 25., 47., 66., 5., 14., 56., 43., 70., 40.,
    41., 9., 57., 63., 64., 32., 18., 14., 16., 14., 5., 45., 13., 45., 4., 262.,
    17., 232., 75., 169., 158., 410., 111., 71., 80., 243., 9., 34., 154., 108., 234., 207.,
    123., 15., 255., 240., 348., 136., 53., 37., 117., 44., 13., 26., 9., 28., 4., 4.,
];

impl Model {
    fn new() -> Model {
        let mut totals = [0.0; 10];
        for (byte, common) in (0..).zip(COMMON) {
            totals[class(byte)] += common;
        }
        let common = |byte: u8| {
            KINDS.map(|(_, classes)| classes[class(byte)] / 100.0 * COMMON[usize::from(byte)] / totals[class(byte)])
        };
        let sums = (0..16_u8).map(|high| {
            let mut sums = [[0.0; KINDS.len()]; 256];
            for bit in 0..8 {
                let common = common(high * 8 + bit);
                // The sets that have this bit and none above it.
                let sets = 1 << bit;
                for set in 0..sets {
                    sums[sets + set] = std::array::from_fn(|kind| sums[set][kind] + common[kind]);
                }
            }
            sums
        });
        Model { sums: sums.collect() }
    }

    /// How many places of a text such a bucket lets through, of one.
    fn passed(&self, window: &Window) -> f32 {
        let mut passed = KINDS.map(|(common, _)| common);
        for Bytes { low, high } in window {
            // Bit 3 of a byte is the lowest of `high`.
            let [even, odd] = low.to_le_bytes();
            let mut sum = [0.0; KINDS.len()];
            let mut rest = *high;
            while rest != 0 {
                let high = rest.trailing_zeros() as usize;
                rest &= rest - 1;
                let set = if high.is_multiple_of(2) { even } else { odd };
                let more = &self.sums[high][usize::from(set)];
                for (sum, more) in sum.iter_mut().zip(more) {
                    *sum += more;
                }
            }
            for (passed, sum) in passed.iter_mut().zip(sum) {
                *passed *= sum;
            }
        }
        passed.iter().sum()
    }
}
