//! How long a key has been in the history: when commits brought it in, and what still leads there, drawn and in words.
//!
//! A lane is a path. Positions are percentages, so that the picture fits a wide screen and a phone.

use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::coverage::count;
use crate::date;
use crate::finding::{Exposure, Finding, GitPlace};
use crate::report::escape::html;
use crate::report::html::keys::{brought, led_to, name, time};

/// The paths of a key that are drawn, and told of in words.
const MAX_LANES: usize = 8;
/// The commits of a path that are.
const MAX_EVENTS: usize = 12;
/// Pixels above the first lane, for the dates.
const TOP: usize = 26;
/// Pixels that a lane is high.
const LANE: usize = 38;
/// Where the last date stands, in thousandths of the width: the line goes on after it.
const LAST: i128 = 880;
/// Where the first one stands: a dot from the border, on a phone too.
const FIRST: i128 = 25;

/// A commit that brought the key to a path.
struct Event<'a> {
    seconds: i64,
    date: &'a str,
    place: &'a Finding,
    git: &'a GitPlace,
}

/// A path that has the key, or had it.
struct Lane<'a> {
    events: Vec<Event<'a>>,
    end: End,
}

/// What leads to the commits of a lane today.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Head,
    Refs,
    Nothing,
}

impl End {
    fn of(event: &Event<'_>) -> End {
        match (event.git.facts.in_head, event.place.exposure) {
            (true, _) => End::Head,
            (false, Exposure::Unreachable) => End::Nothing,
            (false, _) if event.git.facts.refs.is_empty() => End::Nothing,
            (false, _) => End::Refs,
        }
    }

    fn class(self) -> &'static str {
        match self {
            End::Head => "head",
            End::Refs => "refs",
            End::Nothing => "lost",
        }
    }

    fn words(self) -> &'static str {
        match self {
            End::Head => "in HEAD",
            End::Refs => "in refs",
            End::Nothing => "no ref",
        }
    }
}

/// Draws the places that have a date, if there are any. `id` is the key's, for the names of elements.
pub(super) fn write(places: &[&Finding], id: &str, out: &mut dyn Write) -> io::Result<()> {
    let lanes = lanes(places);
    let Some((first, last)) = span(&lanes) else { return Ok(()) };
    let drawn = &lanes[..lanes.len().min(MAX_LANES)];
    writeln!(out, "<figure class=\"timeline\">")?;
    write_picture(drawn, &first, &last, id, out)?;
    write!(out, "<figcaption id=\"timeline-{id}\">First brought in on {}", time(first.date))?;
    if first.seconds != last.seconds {
        write!(out, ", last on {}", time(last.date))?;
    }
    let with = |end| lanes.iter().filter(|lane| lane.end == end).count();
    let ends =
        [(End::Head, "HEAD leads to"), (End::Refs, "only other refs lead to"), (End::Nothing, "no ref leads to")];
    let ends = ends.map(|(end, words)| (with(end), words));
    let ends: Vec<_> = ends.iter().filter(|(lanes, _)| *lanes > 0).map(|(n, words)| format!("{words} {n}")).collect();
    let paths = count(lanes.len() as u64, "path");
    writeln!(out, "; {paths}, of which {}.</figcaption>", ends.join(", "))?;
    write_words(drawn, out)?;
    write_rest(places, &lanes, out)?;
    writeln!(out, "</details>\n</figure>")
}

/// The paths, in order of their first dates.
fn lanes<'a>(places: &[&'a Finding]) -> Vec<Lane<'a>> {
    let mut by_path: BTreeMap<_, Vec<Event<'a>>> = BTreeMap::new();
    for &place in places {
        let Some(git) = &place.git else { continue };
        let Some(date) = &git.facts.date else { continue };
        let Some(seconds) = date::seconds(date) else { continue };
        let path = (&place.root, &place.path, &place.local_path, &place.members);
        by_path.entry(path).or_default().push(Event { seconds, date, place, git });
    }
    let mut lanes: Vec<_> = by_path
        .into_values()
        .map(|mut events| {
            events.sort_by_key(|event| (event.seconds, event.git.commit));
            let end = events.iter().map(End::of).min().unwrap_or(End::Nothing);
            Lane { events, end }
        })
        .collect();
    // Stable: paths of the same date stay in their order.
    lanes.sort_by_key(|lane| lane.events.first().map(|event| event.seconds));
    lanes
}

/// A date at one of the ends.
struct Mark<'a> {
    seconds: i64,
    date: &'a str,
}

fn span<'a>(lanes: &[Lane<'a>]) -> Option<(Mark<'a>, Mark<'a>)> {
    let events = || lanes.iter().flat_map(|lane| &lane.events);
    let mark = |event: &Event<'a>| Mark { seconds: event.seconds, date: event.date };
    let first = events().min_by_key(|event| event.seconds).map(mark)?;
    let last = events().max_by_key(|event| event.seconds).map(mark)?;
    Some((first, last))
}

fn write_picture(
    drawn: &[Lane<'_>],
    first: &Mark<'_>,
    last: &Mark<'_>,
    id: &str,
    out: &mut dyn Write,
) -> io::Result<()> {
    let at = |seconds: i64| {
        let span = i128::from(last.seconds) - i128::from(first.seconds);
        let passed = i128::from(seconds) - i128::from(first.seconds);
        let thousandths = FIRST + if span == 0 { 0 } else { passed * (LAST - FIRST) / span };
        format!("{}.{}%", thousandths / 10, thousandths % 10)
    };
    let day = |date: &str| html(date.split('T').next().unwrap_or(date).as_bytes());
    let height = TOP + drawn.len() * LANE + 4;
    writeln!(
        out,
        "<svg width=\"100%\" height=\"{height}\" role=\"img\" aria-label=\"Timeline\" aria-describedby=\"timeline-{id}\">
<line class=\"axis\" x1=\"0\" x2=\"100%\" y1=\"20\" y2=\"20\"/><text x=\"0\" y=\"12\">{}</text>",
        day(first.date)
    )?;
    if day(first.date) != day(last.date) {
        writeln!(out, "<text class=\"right\" x=\"{}\" y=\"12\">{}</text>", at(last.seconds), day(last.date))?;
    }
    writeln!(out, "<text class=\"right scan\" x=\"100%\" y=\"12\">at the scan</text>")?;
    for (number, lane) in drawn.iter().enumerate() {
        let top = TOP + number * LANE;
        let (words, line) = (top + 12, top + 25);
        let end = lane.end.class();
        let [began, ..] = lane.events.as_slice() else { continue };
        writeln!(
            out,
            "<svg aria-hidden=\"true\" y=\"{top}\" width=\"76%\" height=\"18\"><text class=\"path\" x=\"0\" y=\"12\">{name}</text></svg>\
             <text class=\"right {end}\" x=\"100%\" y=\"{words}\">{still}</text>\
             <line class=\"{end}\" x1=\"{x}\" x2=\"100%\" y1=\"{line}\" y2=\"{line}\"/>",
            name = html(&plain_name(began.place)),
            still = lane.end.words(),
            x = at(began.seconds),
        )?;
        for event in lane.events.iter().take(MAX_EVENTS) {
            let (dot, x) = (End::of(event).class(), at(event.seconds));
            write!(
                out,
                "<circle class=\"{dot}\" cx=\"{x}\" cy=\"{line}\" r=\"5\"><title>{}",
                html(event.date.as_bytes())
            )?;
            if let Some(subject) = &event.git.facts.subject {
                write!(out, " {}", html(subject))?;
            }
            writeln!(out, "</title></circle>")?;
        }
    }
    writeln!(out, "</svg>")
}

/// The name that stands at a lane, which is cut at its right where it is too long.
fn plain_name(place: &Finding) -> Vec<u8> {
    let mut name = place.path.as_deref().unwrap_or(&place.local_path).to_vec();
    for member in &place.members {
        name.push(b'!');
        name.extend(member);
    }
    name
}

/// How to read the pictures.
pub(super) const LEGEND: &str = "In the timelines, a dot is a commit that brought the key to a path. The line goes on to \
    the time of the scan: solid where HEAD leads to such a commit, dashed where only other refs do, dotted where no ref \
    does. When the key went out of a path is not drawn: history keeps it.";

/// Whether there is anything to draw.
pub(super) fn is_drawn(places: &[&Finding]) -> bool {
    !lanes(places).is_empty()
}

/// Opens the list of what is drawn.
fn write_words(drawn: &[Lane<'_>], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<details>\n<summary>The timeline in words</summary>\n<ul>")?;
    for lane in drawn {
        for event in lane.events.iter().take(MAX_EVENTS) {
            let (path, brought) = (name(event.place), brought(event.git));
            let led = led_to(event.git, event.place.exposure);
            writeln!(out, "<li><code class=\"path\">{path}</code> {brought}; {led}</li>")?;
        }
    }
    writeln!(out, "</ul>")
}

/// Says what is not drawn.
fn write_rest(places: &[&Finding], lanes: &[Lane<'_>], out: &mut dyn Write) -> io::Result<()> {
    let dated: usize = lanes.iter().map(|lane| lane.events.len()).sum();
    let drawn: usize = lanes.iter().take(MAX_LANES).map(|lane| lane.events.len().min(MAX_EVENTS)).sum();
    if drawn < dated {
        let rest = count((dated - drawn) as u64, "more place");
        let bounds = format!("{MAX_LANES} paths, and {MAX_EVENTS} commits of each");
        writeln!(out, "<p>{rest} with a date not drawn: the first {bounds}, are. The list of places has them.</p>")?;
    }
    if dated < places.len() {
        let rest = count((places.len() - dated) as u64, "place");
        writeln!(out, "<p>{rest} without a date not drawn.</p>")?;
    }
    Ok(())
}
