//! Tests of the whole program, through its command line.

#![expect(clippy::expect_used, reason = "a test says what it expected")]

#[path = "../support/keys.rs"]
mod keys;
#[path = "../support/program.rs"]
mod program;

mod architecture;
mod detection;
mod exit_status;
mod json;
mod sarif;
mod sources;
mod text;
