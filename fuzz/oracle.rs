//! What the detector finds, against what the reference reads.

use std::ops::Range;

use hopx_leaks::detect::{Confidence, Detector, Found};

use crate::reference::{self, Reading};

/// Something on which the two differ. Its text names encodings and offsets, and never a character of a secret.
#[derive(Debug)]
pub struct Fault {
    /// Which of them it is; a smaller input has the same fault when this is the same.
    pub what: &'static str,
    /// The chain of encodings.
    pub chain: String,
    /// Where it is.
    pub span: Range<usize>,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: [{}] at {}..{}", self.what, self.chain, self.span.start, self.span.end)
    }
}

/// A key that the detector found.
struct Hit {
    span: Range<usize>,
    chain: Vec<&'static str>,
    key: Vec<u8>,
    is_high: bool,
}

/// The detector, with either of its searches.
pub struct Detectors {
    own: Detector,
    library: Detector,
}

impl Detectors {
    pub fn new() -> Detectors {
        Detectors { own: Detector::new(), library: Detector::with_library_search() }
    }

    /// What the detector finds.
    pub fn found(&self, haystack: &[u8]) -> Vec<Found> {
        self.own.keys(haystack, 0..haystack.len()).collect()
    }
}

/// Looks at a haystack in both ways.
///
/// # Errors
///
/// The first fault.
pub fn check(detectors: &Detectors, haystack: &[u8]) -> Result<(), Fault> {
    let (mut hits, mut placeholders) = (Vec::new(), Vec::new());
    let found = detectors.found(haystack);
    is_the_same_however_it_is_asked(detectors, haystack, &found)?;
    for found in found {
        match found {
            Found::Key(found) => {
                let mut key = Vec::new();
                found.key.write_to(&mut key);
                let is_high = found.confidence == Confidence::High;
                hits.push(Hit { span: found.range, chain: found.encodings, key, is_high });
            }
            Found::Placeholder(span) => placeholders.push(span),
            Found::Packed { .. } => {}
        }
    }
    for hit in &hits {
        is_explained(haystack, hit)?;
    }
    is_once(&hits)?;
    let readings = reference::readings(haystack);
    for reading in readings.iter().filter(|reading| reading.must_be_found()) {
        is_found(reading, &readings, &hits, &placeholders)?;
    }
    for span in placeholders.iter().filter(|span| span.len() == 66) {
        if !readings.iter().any(|reading| reading.span == *span && reading.is_placeholder()) {
            return Err(Fault { what: "a placeholder that is none", chain: String::new(), span: span.clone() });
        }
    }
    Ok(())
}

/// What there is of something found, `by` bytes further on.
fn summary(found: &Found, by: usize) -> (Range<usize>, Vec<&'static str>, bool) {
    let range = found.range().start + by..found.range().end + by;
    match found {
        Found::Key(found) => (range, found.encodings.clone(), found.confidence == Confidence::High),
        Found::Placeholder(_) => (range, vec!["placeholder"], false),
        Found::Packed { packed, .. } => (range, vec![packed.name()], false),
    }
}

/// Whether the same is found by the library's search, far from the start of a file, and in two halves.
fn is_the_same_however_it_is_asked(detectors: &Detectors, haystack: &[u8], found: &[Found]) -> Result<(), Fault> {
    /// More than the detector looks at before a needle. Even, as UTF-16 asks for.
    const FAR: usize = 6_000;
    let all = 0..haystack.len();
    let expected = |by| -> Vec<_> { found.iter().map(|found| summary(found, by)).collect() };
    let by_library: Vec<_> = detectors.library.keys(haystack, all.clone()).map(|found| summary(&found, 0)).collect();
    if by_library != expected(0) {
        return fault("another by the library's search", &[], &all);
    }
    let far = [&[b'\n'; FAR][..], haystack].concat();
    if detectors.found(&far).iter().map(|found| summary(found, 0)).ne(expected(FAR)) {
        return fault("another far from the start", &[], &all);
    }
    // A key is met at more than one needle, and these may be in both halves.
    let middle = haystack.len() / 2;
    let halves =
        [0..middle, middle..haystack.len()].map(|owned| detectors.own.keys(haystack, owned).collect::<Vec<_>>());
    let in_halves: Vec<_> = halves.iter().flatten().map(|found| summary(found, 0)).collect();
    let in_all = expected(0);
    let is_known = |one: &(Range<usize>, Vec<&str>, bool)| in_all.iter().any(|all| overlap(&all.0, &one.0) > 0);
    if !in_all.iter().all(|one| in_halves.contains(one)) || !in_halves.iter().all(is_known) {
        return fault("another in two halves", &[], &all);
    }
    Ok(())
}

fn fault(what: &'static str, chain: &[&str], span: &Range<usize>) -> Result<(), Fault> {
    Err(Fault { what, chain: chain.join(","), span: span.clone() })
}

fn overlap(a: &Range<usize>, b: &Range<usize>) -> usize {
    a.end.min(b.end).saturating_sub(a.start.max(b.start))
}

/// Whether a finding is a reading, of the right confidence.
fn is_explained(haystack: &[u8], hit: &Hit) -> Result<(), Fault> {
    let (readings, may_be_joined) = reference::explain(haystack, &hit.span, &hit.chain, &hit.key);
    let mut readings = readings.iter().filter(|reading| reading.key == hit.key).peekable();
    if readings.peek().is_none() && !may_be_joined {
        return fault("found, and no reading", &hit.chain, &hit.span);
    }
    if reference::is_placeholder(&hit.key[23..]) {
        return fault("found, and a placeholder", &hit.chain, &hit.span);
    }
    if may_be_joined && readings.peek().is_none() {
        return if hit.is_high { fault("a guess of high confidence", &hit.chain, &hit.span) } else { Ok(()) };
    }
    // The ways to meet one and the same text differ in what they take for its neighbours.
    let is_right = |reading: &Reading| match reading.is_open {
        _ if reading.is_guess => !hit.is_high && reading.is_open != Some(false),
        Some(is_open) => is_open == hit.is_high,
        None => true,
    };
    if readings.any(is_right) {
        return Ok(());
    }
    fault(if hit.is_high { "high, and has a neighbour" } else { "medium, and stands alone" }, &hit.chain, &hit.span)
}

/// Whether every key is found once at one place.
fn is_once(hits: &[Hit]) -> Result<(), Fault> {
    for (number, hit) in hits.iter().enumerate() {
        // Keys that are glued together share a digit or two of an encoding.
        let is_again = |other: &Hit| other.key == hit.key && overlap(&other.span, &hit.span) > 2;
        if hits[..number].iter().any(is_again) {
            return fault("found twice", &hit.chain, &hit.span);
        }
    }
    Ok(())
}

/// Whether a reading that must be found is.
fn is_found(reading: &Reading, all: &[Reading], hits: &[Hit], placeholders: &[Range<usize>]) -> Result<(), Fault> {
    let overlaps = |span: &Range<usize>| overlap(span, &reading.span) > 2;
    if reading.is_placeholder() {
        let is_met = placeholders.iter().any(&overlaps) || hits.iter().any(|hit| overlaps(&hit.span));
        return if is_met { Ok(()) } else { fault("a placeholder is not counted", &reading.chain, &reading.span) };
    }
    // What a simpler chain reads at the same place is that one's.
    let is_simpler =
        |other: &Reading| other.key == reading.key && overlaps(&other.span) && other.chain.len() < reading.chain.len();
    let is_it = |hit: &&Hit| hit.key == reading.key && overlaps(&hit.span);
    let Some(hit) = hits.iter().find(is_it) else {
        // Pieces can be read in several ways, and one of them is chosen.
        let starts_here = |span: &Range<usize>| span.start == reading.span.start;
        let is_read_otherwise =
            reading.is_guess && (hits.iter().any(|hit| starts_here(&hit.span)) || placeholders.iter().any(starts_here));
        return if is_read_otherwise { Ok(()) } else { fault("not found", &reading.chain, &reading.span) };
    };
    if reading.has_twin || reading.is_guess || all.iter().any(is_simpler) {
        return Ok(());
    }
    let is_same_chain =
        hit.chain == reading.chain || hit.chain.len() == reading.chain.len() && has_equal(reading, all, hit);
    if !is_same_chain {
        return fault("by another chain", &reading.chain, &reading.span);
    }
    if hit.span != reading.span && !has_equal(reading, all, hit) {
        return fault("at another span", &reading.chain, &reading.span);
    }
    Ok(())
}

/// Whether another reading that is as simple is what was found.
fn has_equal(reading: &Reading, all: &[Reading], hit: &Hit) -> bool {
    let is_it = |other: &Reading| other.chain == hit.chain && other.span == hit.span && other.key == reading.key;
    all.iter().any(is_it)
}
