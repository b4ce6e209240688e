//! Tests of the whole program, through its command line.

#![expect(clippy::expect_used, reason = "a test says what it expected")]

#[path = "../support/keys.rs"]
mod keys;
#[path = "../support/packs.rs"]
mod packs;
#[path = "../support/place.rs"]
mod place;
#[path = "../support/program.rs"]
mod program;
#[path = "../support/repository.rs"]
mod repository;

mod architecture;
mod audit;
mod commits;
mod detection;
mod exit_status;
mod exposure;
mod history;
#[cfg(unix)]
mod hook;
#[cfg(unix)]
mod hook_install;
#[cfg(unix)]
mod hook_push;
#[cfg(unix)]
mod hook_run;
mod ignore_rules;
mod json;
mod problems;
mod reftable;
mod sarif;
mod sources;
#[cfg(unix)]
mod special_files;
mod staged;
mod sweep;
mod text;
mod tracked;
