//! The search of one file, in both ways that there are.

use std::sync::LazyLock;

use hopx_leaks::blob::{Content, Kind};
use hopx_leaks::container::Bounds;
use hopx_leaks::detect::Detector;
use hopx_leaks::search::{Containers, Search};

use super::{Seen, Verdict, planted};

/// Streams of fewer bytes are searched as files are.
const HELD: usize = 256 << 10;

static DETECTOR: LazyLock<Detector> = LazyLock::new(Detector::new);

/// Searches a file at hand, and as a stream. The verdict is the worse of both.
///
/// # Panics
///
/// Where the key stands on a line of its own in the file itself, and is neither found nor a problem reported.
pub fn search(name: &str, file: &[u8]) -> Seen {
    let whole = one(name, &mut Content::Whole(file));
    let mut rest = file;
    let stream = one(name, &mut Content::Stream(&mut rest));
    let seen = Seen { verdict: whole.verdict.min(stream.verdict), text: [whole.text, stream.text].concat() };
    // A stream that is longer than what is held of it is searched in pieces, members and what is between them.
    let verdict = if file.len() < HELD { seen.verdict } else { whole.verdict };
    if planted::stands_in(file) {
        Seen { verdict, text: Vec::new() }.assert_not_clean("a key that stands in the file as it is");
    }
    seen
}

fn one(name: &str, content: &mut Content<'_>) -> Seen {
    let mut search = Search::new(&DETECTOR, Containers::Open, Bounds::default());
    let (outcome, read) = search.run(Kind::Content, name.as_bytes(), content, &mut |_| {});
    let is_planted = |id: &str| id == &planted::key()[10..22];
    let verdict = if outcome.keys.iter().any(|located| is_planted(located.found.key.id.as_str())) {
        Verdict::Found
    } else if !outcome.problems.is_empty() || read.is_err() {
        Verdict::Incomplete
    } else {
        Verdict::Clean
    };
    // The scan redacts what is reported.
    let text =
        outcome.problems.iter().flat_map(|(_, message)| DETECTOR.redact(message.as_bytes()).into_owned()).collect();
    Seen { verdict, text }
}
