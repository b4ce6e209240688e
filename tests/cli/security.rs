//! What docs/security.md and docs/dependencies.md name is there.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("readable")
}

/// The words in backquotes of a line.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// The names in the first column of the tables below a heading.
fn first_column(page: &str, heading: &str) -> BTreeSet<String> {
    let section = page.split(&format!("\n## {heading}\n")).nth(1).expect("the heading");
    let section = section.split("\n## ").next().unwrap_or_default();
    section
        .lines()
        .filter(|line| line.starts_with("| `"))
        .filter_map(|line| words(line).next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_dependency_has_its_reason() {
    let manifest: toml::Table = read("Cargo.toml").parse().expect("a manifest");
    let names = |table: &toml::Table, key: &str| -> BTreeSet<String> {
        table.get(key).and_then(toml::Value::as_table).into_iter().flat_map(toml::Table::keys).cloned().collect()
    };
    let mut normal = names(&manifest, "dependencies");
    let mut other = names(&manifest, "dev-dependencies");
    other.extend(names(&manifest, "build-dependencies"));
    for table in manifest["target"].as_table().expect("a table").values().filter_map(toml::Value::as_table) {
        normal.extend(names(table, "dependencies"));
        other.extend(names(table, "dev-dependencies"));
    }
    let page = read("docs/dependencies.md");
    assert_eq!(first_column(&page, "In the program"), normal);
    assert_eq!(first_column(&page, "In tests and benchmarks"), other);
}

/// The code of a module of these tests, and what is left of a path behind it: the name of a test, if there is one.
fn module(path: &str) -> Option<(String, Option<&str>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli");
    let code = |path: &str| fs::read_to_string(folder.join(path.replace("::", "/")).with_extension("rs")).ok();
    let (parent, name) = path.rsplit_once("::")?;
    code(path).map(|code| (code, None)).or_else(|| Some((code(parent)?, Some(name))))
}

#[test]
fn every_promise_is_held_by_something() {
    let page = read("docs/security.md");
    let table =
        page.split("| promise | held by |").nth(1).and_then(|rest| rest.split("\n\n").next()).expect("the table");
    // A published crate is without these scripts.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci");
    let run = folder.exists().then(|| read(".ci/run"));
    let checks =
        run.as_deref().map(|run| run.lines().find(|line| line.starts_with("for name in ")).expect("the checks"));
    let mut tests = 0;
    for row in table.lines().filter(|line| line.starts_with("| **")) {
        let held_by = row.rsplit(" | ").next().expect("a column");
        assert!(words(held_by).next().is_some(), "{row}");
        for word in words(held_by) {
            if let Some(script) = word.strip_prefix(".ci/") {
                let is_run = |checks: &str| script == "run" || checks.split([' ', ';']).any(|name| name == script);
                assert!(checks.is_none_or(is_run), "{word} is not run by .ci/run");
            } else if word.contains("::") {
                let (code, test) = module(word).unwrap_or_else(|| panic!("{word} is no module"));
                // Attributes may stand between the two.
                let mut found = code.split("#[test]").skip(1).filter_map(|rest| rest.split("fn ").nth(1));
                let is_there = found.any(|rest| test.is_none_or(|name| rest.starts_with(&format!("{name}()"))));
                assert!(is_there, "{word} is no test");
                tests += 1;
            }
        }
    }
    assert!(tests > 20, "{tests}");
}
