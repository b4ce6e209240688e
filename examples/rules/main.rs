//! Writes the rule files for other scanners, `rules/`, from the grammar in the library: `cargo run --example rules`.
//! `tests/cli/rules.rs` fails when a committed file is not what this writes.

mod files;
mod grammar;

use std::fs;
use std::io;
use std::path::Path;

fn main() -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    fs::create_dir_all(&folder)?;
    for (name, text) in files::all() {
        fs::write(folder.join(name), text)?;
    }
    Ok(())
}
