//! The targets, for libFuzzer.

#![expect(clippy::expect_used, reason = "a test says what it expected")]

pub mod targets;
