//! The order of the stages: none imports a later one. Read off the `use` lines and paths of the sources.

use std::fs;
use std::path::{Path, PathBuf};

/// Stages in the order in which a byte meets them; a row may import its own and earlier ones.
const STAGES: &[&[&str]] = &[
    &["key", "date", "verdict", "caught"],
    &["keyring"],
    &["detect"],
    &["read", "object"],
    &["blob"],
    &["lines", "error", "coverage"],
    &["mark"],
    &["container"],
    &["search"],
    &["parallel"],
    &["git"],
    &["line_hash", "source"],
    &["finding"],
    &["filter", "progress"],
    &["verify"],
    &["report"],
    &["scan", "merge", "exit", "output"],
    &["hook", "agent"],
    &["cli"],
    &["config"],
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

fn stage(module: &str) -> usize {
    STAGES.iter().position(|row| row.contains(&module)).unwrap_or_else(|| panic!("{module} has no place in STAGES"))
}

/// The code of a file, without its tests and comments.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("readable");
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[test]
fn no_stage_imports_a_later_one() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut imports = 0;
    for file in sources(&src) {
        let below = file.strip_prefix(&src).expect("in src").with_extension("");
        let module = below.iter().next().and_then(|name| name.to_str()).expect("UTF-8").to_owned();
        if module == "main" || module == "lib" {
            continue;
        }
        for (at, _) in code(&file).match_indices("crate::") {
            let code = code(&file);
            let rest = &code[at + "crate::".len()..];
            let end = rest.find(|c: char| !c.is_ascii_lowercase() && c != '_').expect("code goes on");
            let imported = &rest[..end];
            imports += 1;
            assert!(stage(imported) <= stage(&module), "{} imports {imported}, a later stage", below.display());
        }
    }
    assert!(imports > 50, "only {imports} imports seen: the test looks at nothing");
}

#[test]
fn files_and_headers_keep_to_the_house_style() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for file in sources(&src) {
        let text = fs::read_to_string(&file).expect("readable");
        assert!(text.starts_with("//!"), "{} has no header", file.display());
        assert!(code(&file).lines().count() <= 400, "{} has more than 400 lines of code", file.display());
        let may_be = ["main.rs", "read", "read.rs", "detect/prefilter/simd.rs"].map(|path| src.join(path));
        let is_unsafe = code(&file).contains("unsafe {") || code(&file).contains("unsafe fn");
        assert!(!is_unsafe || may_be.iter().any(|path| file.starts_with(path)), "{}", file.display());
    }
}
