//! What the API says, in every format.

use super::read::{Junit, commands, records};
use crate::api::{Api, Reply};
use crate::program::{Bench, id};

#[test]
fn the_verdict_is_in_every_format() {
    let mut bench = Bench::new(1660);
    let (live, rejected) = (bench.test(), bench.live());
    bench.write("z.env", &live);
    bench.write("a.env", &rejected);
    bench.git(&["init", "-q"]);
    bench.git(&["commit", "-q", "--allow-empty", "-m", "Start"]);
    let known = id(&live).to_owned();
    let api =
        Api::new(move |request, _| if request.key_id() == Some(&known) { Reply::live() } else { Reply::rejected() });
    let run = |format: &str| bench.run(["-f", format, "--verify", "--api-url", &api.url(), "."]);

    let commands = commands(run("github").text());
    // A test-mode key that the API takes is an error like any, and the first.
    assert_eq!(commands.iter().map(|command| command.name.as_str()).collect::<Vec<_>>(), ["error", "error"]);
    assert_eq!(commands[0].properties["title"], format!("LIVE HopX test API key {}", id(&live)));
    assert!(commands[0].message.contains("The key is live: the API takes it."));
    assert!(commands[1].message.contains("The API refuses the key"));

    let gitlab = run("gitlab").json();
    let verification = |at: usize| gitlab["vulnerabilities"][at]["details"]["verification"]["value"].to_string();
    assert!(verification(0).starts_with("\"live: 200 "), "{}", verification(0));
    assert!(verification(1).starts_with("\"rejected: "), "{}", verification(1));

    let junit = run("junit");
    let bodies: Vec<_> = Junit::read(junit.text()).cases.into_iter().filter_map(|case| case.outcome).collect();
    assert!(bodies[0].2.contains("\nthe API says: live, 200 "), "{}", bodies[0].2);

    let records = records(&run("csv"));
    assert_eq!((&*records[0]["verification"], &*records[1]["verification"]), ("live", "rejected"));
    assert!(records[0]["verification_reason"].starts_with("200 "));

    let markdown = run("markdown");
    assert!(markdown.text().contains("\n**LIVE: the API still takes 1 key. "), "{}", markdown.text());
    assert!(markdown.text().contains("\n### LIVE, error: `hopx_test_"));
    assert!(markdown.text().contains("\nThe API says: **live**, `200 "));
    assert!(markdown.text().contains("\nThe API says: **rejected**, `"));

    let diagnostics = run("rdjson").json()["diagnostics"].clone();
    assert!(diagnostics[0]["message"].as_str().is_some_and(|text| text.contains("The key is live")));
    assert_eq!(run("gitleaks-json").json()[0]["Tags"][1], "verification:live");
}
