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

/// Has glibc map blocks of 4 MiB and more by themselves (mallopt(3)), so that they grow without being copied and are given
/// back when they are freed. By itself it does so only until the first such block is freed: an audit with 100,000 findings
/// then took 229 to 299 MB from run to run, and 190 to 211 with this, in the same time.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn map_large_blocks() {
    // SAFETY: it takes two numbers, and there is one thread yet. Worst case: it does not know the first of them, and
    // changes nothing.
    #[expect(unsafe_code, reason = "the allocator has no safe interface")]
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 4 << 20);
    }
}

fn main() -> ExitCode {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    map_large_blocks();
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
