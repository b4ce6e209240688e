//! What the targets of libFuzzer call.

#![expect(clippy::expect_used, reason = "a test says what it expected")]

pub mod oracle;
pub mod reference;
pub mod targets;
