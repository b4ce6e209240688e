//! Tests of the whole program, through its command line.

#![expect(clippy::expect_used, reason = "a test says what it expected")]

#[cfg(feature = "verify")]
#[path = "../support/api.rs"]
mod api;
#[path = "../support/archive.rs"]
mod archive;
#[path = "../support/encode.rs"]
mod encode;
#[path = "../support/forms.rs"]
mod forms;
#[path = "../../examples/rules/grammar.rs"]
mod grammar;
#[path = "../support/keys.rs"]
mod keys;
#[path = "../support/markup.rs"]
mod markup;
#[path = "../support/packs.rs"]
mod packs;
#[path = "../support/place.rs"]
mod place;
#[path = "../support/program.rs"]
mod program;
#[path = "../support/repository.rs"]
mod repository;
#[path = "../../examples/rules/files.rs"]
mod rule_files;
#[path = "../support/split.rs"]
mod split;

mod architecture;
mod audit;
mod commits;
mod containers;
mod detection;
mod encodings;
mod exit_status;
mod exposure;
mod formats;
mod history;
#[cfg(unix)]
mod hook;
mod hook_agent;
#[cfg(unix)]
mod hook_install;
#[cfg(unix)]
mod hook_managed;
#[cfg(unix)]
mod hook_push;
#[cfg(unix)]
mod hook_run;
#[cfg(target_os = "linux")]
mod hostile_repository;
mod html;
mod ignore_rules;
mod json;
mod pages;
mod problems;
mod reftable;
mod report;
mod rules;
mod sarif;
mod security;
mod sources;
#[cfg(unix)]
mod special_files;
mod staged;
mod suppression;
mod sweep;
mod text;
mod tracked;
mod verify;
