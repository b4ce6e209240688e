//! The HTML report: one page, whole, that lets nothing run but its own script. How it looks and works is seen in a
//! browser, by `.ci/html`.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::program::{Bench, Run, id};
use crate::repository::Repository;

/// What is between two texts, the first time that they are there.
fn between<'t>(text: &'t str, start: &str, end: &str) -> &'t str {
    let rest = text.split_once(start).unwrap_or_else(|| panic!("no {start} in the page")).1;
    rest.split_once(end).unwrap_or_else(|| panic!("no {end} after {start} in the page")).0
}

/// A tag of a page, and the text after it.
struct Tag<'t> {
    name: &'t str,
    is_end: bool,
    attributes: Vec<(&'t str, &'t str)>,
    text: &'t str,
}

/// The tags of a page in the strict form in which it is written: every `<` opens a tag, every attribute that has a value
/// has it in double quotes. Panics at what is not so, as at any markup that got in from outside.
fn tags(page: &str) -> Vec<Tag<'_>> {
    let body = page.strip_prefix("<!DOCTYPE html>\n").expect("a document type");
    let (mut tags, mut rest) = (Vec::new(), body);
    while let Some(after) = rest.strip_prefix('<') {
        let (tag, after) = after.split_once('>').expect("a tag ends");
        let (is_end, tag) = tag.strip_prefix('/').map_or((false, tag), |name| (true, name));
        let tag = tag.strip_suffix('/').unwrap_or(tag);
        let (name, mut words) = tag.split_once(' ').unwrap_or((tag, ""));
        assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric()), "<{tag}>");
        let mut attributes = Vec::new();
        while !words.is_empty() {
            let end = words.find(['=', ' ']).unwrap_or(words.len());
            let (attribute, after) = words.split_at(end);
            assert!(attribute.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'), "<{tag}>");
            let (value, after) = match after.strip_prefix("=\"") {
                Some(after) => after.split_once('"').expect("a value ends"),
                None => ("", after),
            };
            attributes.push((attribute, value));
            words = after.strip_prefix(' ').unwrap_or(after);
        }
        let is_raw = !is_end && ["style", "script"].contains(&name);
        let end = if is_raw { after.find(&format!("</{name}>")) } else { after.find('<') };
        let (text, after) = after.split_at(end.unwrap_or(after.len()));
        tags.push(Tag { name, is_end, attributes, text });
        rest = after;
    }
    assert!(rest.trim().is_empty(), "text outside of tags: {rest}");
    tags
}

/// The words of a page.
fn words(page: &str) -> String {
    let shown = tags(page).iter().filter(|tag| !["style", "script"].contains(&tag.name)).map(|tag| tag.text).collect();
    let shown: String = shown;
    let marks = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    marks.iter().fold(shown, |shown, (mark, character)| shown.replace(mark, character))
}

fn values<'t>(tags: &[Tag<'t>], attribute: &str) -> Vec<&'t str> {
    let all = tags.iter().flat_map(|tag| &tag.attributes);
    all.filter(|(name, _)| *name == attribute).map(|(_, value)| *value).collect()
}

fn html(bench: &Bench, arguments: &[&str]) -> Run {
    bench.run([&["-f", "html"], arguments].concat())
}

/// Every element is closed in its place, every id is there once, what points to one has it, nothing is loaded.
fn assert_sound(page: &str) {
    const VOID: [&str; 3] = ["meta", "input", "line"];
    let tags = tags(page);
    let mut open = Vec::new();
    for tag in &tags {
        if tag.is_end {
            assert_eq!(open.pop(), Some(tag.name), "</{}>", tag.name);
        } else if !VOID.contains(&tag.name) {
            open.push(tag.name);
        }
        for (name, value) in &tag.attributes {
            assert!(!name.starts_with("on") && !["style", "src", "action", "srcset"].contains(name), "{name}");
            let is_link = ["#", "https://console.hopx.dev/api-keys"].iter().any(|start| value.starts_with(start));
            assert!(*name != "href" || is_link, "{value}");
        }
    }
    assert!(open.is_empty(), "{open:?} stay open");
    let ids = values(&tags, "id");
    let distinct: BTreeSet<_> = ids.iter().copied().collect();
    assert_eq!(ids.len(), distinct.len(), "an id is there twice");
    for pointer in ["aria-labelledby", "aria-describedby", "for"] {
        for id in values(&tags, pointer).into_iter().flat_map(str::split_whitespace) {
            assert!(distinct.contains(id), "{pointer} leads to {id}, which is not there");
        }
    }
    for target in values(&tags, "href").into_iter().filter_map(|target| target.strip_prefix('#')) {
        assert!(distinct.contains(target), "a link leads to {target}, which is not there");
    }
    let number = |name| tags.iter().filter(|tag| tag.name == name && !tag.is_end).count();
    for name in ["html", "head", "style", "script", "body", "h1", "main", "header", "footer", "nav"] {
        assert_eq!(number(name), 1, "{name}");
    }
    for name in ["link", "img", "iframe", "object", "embed", "base", "image", "use", "foreignObject", "template"] {
        assert_eq!(number(name), 0, "{name}");
    }
}

#[test]
fn grouped_by_key_with_every_place_and_what_to_do() {
    let mut bench = Bench::new(1701);
    let (live, test) = (bench.live(), bench.test());
    bench.write("a.env", format!("# tests\nTEST={test}\n"));
    bench.write("b/one.txt", format!("x = \"{live}\"\n"));
    bench.write("b/two.txt", format!("é {live}\n").encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>());
    bench.write("c.bin", [b"\0\0\0Usage", live.as_bytes(), b"\0"].concat());
    let run = html(&bench, &["."]);
    assert_eq!((run.status, run.stderr.as_str()), (Some(1), ""));
    assert_sound(run.text());
    assert_eq!(between(run.text(), "<title>", "</title>"), "2 keys leaked in 4 places - hopx-leaks");
    let words = words(run.text());
    let articles: Vec<_> = run.text().split("<article ").skip(1).collect();
    assert_eq!(articles.len(), 2);
    for (article, key, kind, places) in
        [(articles[0], &live, "live", "3 places"), (articles[1], &test, "test", "1 place")]
    {
        assert_eq!(between(article, "<h3", "</h3>").matches(&format!("hopx_{kind}_{}.****", id(key))).count(), 1);
        assert!(article.contains(&format!("<summary>{places}<")), "{places}");
        assert!(article.contains(&format!("Revoke <code>{}</code>", id(key))));
        assert!(article.contains("data-verdict=\"unchecked\""));
    }
    let doubt = "part of a longer token, confidence medium";
    for part in ["b/one.txt:1:6", "b/two.txt:1:3", "as utf-16le", "c.bin:1:9", doubt, "a.env:2:6"] {
        assert!(words.contains(part), "{part}: {words}");
    }
    assert!(!run.text().contains("class=\"alert\""), "a complete scan is said to be incomplete");
    assert!(!run.text().contains("<svg"), "there is nothing to draw");
}

/// The hashes are of what the browser sees between the tags, and nothing else is let in.
#[test]
fn the_policy_lets_in_its_own_style_and_script_alone() {
    let bench = Bench::new(1702);
    bench.write("a.txt", "nothing");
    let run = html(&bench, &["."]);
    assert_eq!(run.status, Some(0));
    assert_sound(run.text());
    let hash = |text: &str| format!("'sha256-{}'", data_encoding::BASE64.encode(&Sha256::digest(text)));
    let style = hash(between(run.text(), "<style>", "</style>"));
    let script = hash(between(run.text(), "<script>", "</script>"));
    let policy =
        format!("default-src 'none'; style-src {style}; script-src {script}; base-uri 'none'; form-action 'none'");
    assert_eq!(between(run.text(), "http-equiv=\"Content-Security-Policy\" content=\"", "\""), policy);
    assert!(run.text().find("Content-Security-Policy") < run.text().find("<style>"), "the policy comes too late");
    assert!(!run.text().contains('\r'));
    assert!(words(run.text()).contains("No key was found."));
}

#[test]
fn an_incomplete_scan_is_said_at_the_top() {
    let bench = Bench::new(1703);
    bench.write("a.txt", "nothing");
    bench.write("a.gz", b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xff\xff");
    let run = html(&bench, &["."]);
    assert_eq!(run.status, Some(3), "{}", run.stderr);
    assert_sound(run.text());
    let (head, rest) = run.text().split_once("<main").expect("a main part");
    assert!(head.contains("<title>No leaks found, but incomplete - ") && head.contains("This scan is incomplete."));
    assert!(rest.contains("No key was found in what was read.") && rest.contains("a.gz") && rest.contains("corrupt"));
}

#[test]
fn a_history_is_drawn_and_told_in_words() {
    let mut bench = Bench::new(1704);
    let (key, other) = (bench.live(), bench.live());
    let repository = Repository::init(bench.join("r"));
    repository.commit_file("a.env", &key, "Add <b>a</b> & \"more\"");
    let removed = repository.commit_file("b/b.env", &key, "Add b");
    repository.commit_removal("b/b.env", "Remove b");
    repository.git(&["checkout", "-q", "-b", "side"]);
    let side = repository.commit_file("c.env", &other, "On the side");
    repository.git(&["checkout", "-q", "main"]);
    let run = html(&bench, &["history", "r"]);
    assert_eq!(run.status, Some(1), "{}", run.stderr);
    assert_sound(run.text());
    assert_eq!(run.text().matches("<figure ").count(), 2);
    assert_eq!(run.text().matches("<circle ").count(), 3);
    let words = words(run.text());
    for part in [
        "2 paths, of which HEAD leads to 2.",
        "1 path, of which only other refs lead to 1.",
        &format!("b/b.env by commit {} of 2026-01-02 02:00:", &removed[..12]),
        "Add <b>a</b> & \"more\"",
        &format!("by commit {} of", &side[..12]),
        "still in side",
        "still in HEAD, main, side",
    ] {
        assert!(words.contains(part), "{part}: {words}");
    }
}

/// In file names, members, commit subjects, refs and problems.
#[cfg(unix)]
#[test]
fn hostile_names_are_text() {
    use std::os::unix::ffi::OsStrExt;
    let mut bench = Bench::new(1705);
    let key = bench.live();
    let names = [
        &b"<img src=x onerror=alert(1)>"[..],
        b"</script><script>alert(1)<",
        b"</style><!--",
        b"\"><svg onload=alert(1)>",
        b"' onclick='alert(1)",
        b"&lt;b&gt;&amp;",
        b"\x1b[31mred\x07\nline",
        b"\xff\xfe",
        "\u{202e}txt\u{2028}".as_bytes(),
    ];
    let repository = Repository::init(bench.join("r"));
    for name in names {
        repository.write(std::ffi::OsStr::from_bytes(name), &key);
        repository
            .write(std::ffi::OsStr::from_bytes(&[name, b".gz"].concat()), b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xff\xff");
    }
    repository.commit(&format!("</title><script>alert(1)</script> \u{202e} {key}"));
    repository.git(&["branch", "<script>alert('1')</script>"]);
    for (mode, is_incomplete) in [("scan", true), ("history", false), ("audit", true)] {
        let run = html(&bench, &[mode, "r"]);
        assert_eq!(run.status, Some(1), "{}", run.stderr);
        assert_sound(run.text());
        assert!(!run.text().chars().any(|c| c.is_control() && c != '\n'), "a control character");
        assert!(!run.text().contains(['\u{202e}', '\u{2028}']), "a mark that reorders text");
        let words = words(run.text());
        for shown in [
            "<img src=x onerror=alert(1)>",
            "</script><script>alert(1)<",
            "</style><!--",
            "\"><svg onload=alert(1)>",
            "' onclick='alert(1)",
            "&lt;b&gt;&amp;",
            "\\u{1b}[31mred\\u{7}\\u{a}line",
            "\u{fffd}\u{fffd}",
            "\\u{202e}txt\\u{2028}",
        ] {
            assert!(words.contains(shown), "{mode}: {shown}: {words}");
            assert_eq!(words.contains(&format!("{shown}.gz corrupt")), is_incomplete, "{mode}: {shown}");
        }
        if mode != "scan" {
            assert!(words.contains("</title><script>alert(1)</script> \\u{202e} hopx_live_"), "{words}");
            assert!(words.contains(", <script>alert('1')</script>"), "{words}");
        }
    }
}

/// The order is the worst first, whatever the threads and the names are.
#[test]
fn the_same_report_is_the_same_page() {
    let mut bench = Bench::new(1706);
    let repository = Repository::init(bench.join("r"));
    for number in 0..40 {
        let (live, test) = (bench.live(), bench.test());
        repository.write(format!("{number}/{live}.env"), format!("{test}\n{live}\n"));
        if number % 10 == 0 {
            repository.commit(&format!("Commit {number}"));
        }
    }
    let pages: Vec<_> = ["1", "4"].map(|threads| html(&bench, &["-j", threads, "audit", "r"])).into();
    assert_eq!(pages[0].status, Some(1), "{}", pages[0].stderr);
    assert!(pages[0].stdout == pages[1].stdout, "-j1 and -j4 differ");
    assert_sound(pages[0].text());
    let levels: Vec<_> = pages[0].text().split("<article ").skip(1).map(|key| key.contains("hopx-live-key")).collect();
    assert_eq!(levels.len(), 80);
    assert!(levels.is_sorted_by(|a, b| a >= b), "test-mode keys stand before production keys");
}

#[test]
fn what_a_page_has_no_room_for_is_said() {
    let mut bench = Bench::new(1707);
    let (live, test) = (bench.live(), bench.test());
    bench.write("a.txt", format!("{live}\n{}", format!("{test}\n").repeat(10_010)));
    let run = html(&bench, &["."]);
    assert_eq!(run.status, Some(1));
    assert_sound(run.text());
    let words = words(run.text());
    assert!(words.contains("2 keys leaked in 10011 places"));
    assert!(
        words.contains("This page holds 10000 places. 11 places of 1 key are left out of it"),
        "{}",
        &words[..2000]
    );
    assert!(words.contains("11 more places of this key left out of this page; the format json has all."));
    assert_eq!(run.text().matches("<li class=\"place\"").count(), 10_000);
}

/// A key that the API takes is the first, whatever its level was.
#[cfg(feature = "verify")]
#[test]
fn a_live_key_stands_first() {
    use crate::api::{Api, Reply};
    let mut bench = Bench::new(1708);
    let (production, live) = (bench.live(), bench.test());
    bench.write("a.txt", format!("{production}\n"));
    bench.write("z.txt", format!("{live}\n"));
    let accepted = id(&live).to_owned();
    let api =
        Api::new(move |request, _| if request.key_id() == Some(&accepted) { Reply::live() } else { Reply::rejected() });
    let run = html(&bench, &["--verify", "--api-url", &api.url(), "."]);
    assert_eq!(run.status, Some(1), "{}", run.stderr);
    assert_sound(run.text());
    let articles: Vec<_> = run.text().split("<article ").skip(1).collect();
    assert_eq!(articles.len(), 2);
    assert!(articles[0].contains(id(&live)) && articles[0].contains(">LIVE</span>"));
    assert!(articles[0].contains("data-verdict=\"live\"") && articles[1].contains("data-verdict=\"rejected\""));
    assert!(articles[0].contains("now, the API still takes it"));
}
