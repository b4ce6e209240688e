//! The command: parse, run, print the error, exit.

use std::io::{self, Write};
use std::process::ExitCode;

use hopx_leaks::caught;
use hopx_leaks::cli::Cli;
use hopx_leaks::config::Config;
use hopx_leaks::error::Error;
use hopx_leaks::exit::Exit;
use hopx_leaks::output::error_line;

/// The allocator of musl's C library takes one lock for all threads, and gives pages back to the kernel at once.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = match Cli::from_command_line() {
        Ok(cli) => cli,
        Err(exit) => return exit.into(),
    };
    caught::listen();
    let run = || Config::new(cli).and_then(|config| hopx_leaks::run(&config, &mut io::stdout(), &mut io::stderr()));
    match caught::caught(run).unwrap_or_else(|fault| Err(Error::Internal(fault))) {
        Ok(exit) => exit.into(),
        Err(error) => {
            let _ = writeln!(io::stderr(), "{}", error_line(&error));
            match error {
                Error::Interrupted => Exit::Interrupted.into(),
                _ => Exit::Usage.into(),
            }
        }
    }
}
