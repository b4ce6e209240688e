//! The program, run within this process.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use clap::Parser;
use hopx_leaks::cli::Cli;
use hopx_leaks::config::Config;
use hopx_leaks::exit::Exit;
use hopx_leaks::output::error_line;

use super::{Seen, Verdict};

/// Runs the program in a folder.
pub fn run(folder: &Path, arguments: &[&str]) -> Seen {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let place = folder.to_str().expect("a folder whose name is UTF-8");
    let always = ["hopx-leaks", "-C", place, "-j1", "--progress", "never", "--color", "never"];
    let cli = Cli::try_parse_from(always.iter().chain(arguments)).expect("the usage is right");
    let result = Config::new(cli).and_then(|config| hopx_leaks::run(&config, &mut out, &mut err));
    let verdict = match &result {
        Ok(Exit::Leaks) => Verdict::Found,
        Ok(Exit::Clean) => Verdict::Clean,
        Ok(Exit::Usage | Exit::Incomplete | Exit::HookInactive | Exit::Interrupted) | Err(_) => Verdict::Incomplete,
    };
    if let Err(error) = &result {
        err.extend(error_line(error).into_bytes());
    }
    Seen { verdict, text: [out, err].concat() }
}

/// Runs the program with the file `input` of the folder on standard input.
pub fn run_with_input(folder: &Path, input: &str, arguments: &[&str]) -> Seen {
    let file = File::options().read(true).append(true).create(true).open(folder.join(input)).expect("a file");
    rustix::stdio::dup2_stdin(&file).expect("standard input can be another");
    let _quiet = Quiet::new();
    run(folder, arguments)
}

/// Standard error leads nowhere. Hooks write to it as soon as they know what they can't do.
struct Quiet(OwnedFd);

impl Quiet {
    fn new() -> Quiet {
        let before = io::stderr().as_fd().try_clone_to_owned().expect("standard error is open");
        let nowhere = File::options().write(true).open("/dev/null").expect("a file");
        rustix::stdio::dup2_stderr(nowhere).expect("standard error can be another");
        Quiet(before)
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        rustix::stdio::dup2_stderr(&self.0).expect("standard error can be as before");
    }
}
