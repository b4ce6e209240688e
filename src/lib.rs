//! hopx-leaks finds leaked HopX API keys. This page is the way of a byte, from file to report:
//!
//! ```text
//! Config → Source ──lends──▶ Blob ─▶ Search ─▶ Detector ─▶ Match ─▶ Finding ─▶ filter ─▶ verify ─▶ Report ─▶ Exit
//!          tree stdin        origin   members   prefilter   key      place      marks     verdict   text json
//!          staged commits    content            decode               exposure   only      if asked  jsonl sarif
//!          history                              shape, placeholder
//! ```
//!
//! 1. [`cli`] holds the words of the command line; [`config`] decides what they mean.
//! 2. A [`source`] walks what it was given and lends each file as a [`blob`], read or mapped by [`read`], and each object
//!    of a repository, by way of [`git`]. What it leaves out is counted in [`coverage`]; what it can't read is a
//!    [`Problem`](error::Problem). Threads live here only, and in the sweep of [`git`].
//! 3. A [`search`] goes through a blob and the members of the [`container`] that it may be. The detector ([`detect`]) looks
//!    at every byte once, for the encoded forms of a key's beginning, and decodes around each hit.
//! 4. [`scan`] turns each match into a [`finding`], whose place [`lines`] counts, and asks git how far it has gone. The
//!    secret stays behind in [`key`], or in a [`keyring`] when the API is to be asked.
//! 5. [`filter`] marks what does not count, never removing it. [`verify`], with `--verify` alone, asks the API about the
//!    keys of the others and leaves a [`verdict`] with each.
//! 6. The [`report`] is sorted and written by one file a format, to where [`output`] says; [`exit`] is the status.
//!
//! Beside this way, [`hook`] puts git hooks in place that run it, [`agent`] answers the hooks of coding agents with a
//! verdict, and [`merge`] makes one report of several.
//!
//! A stage never imports a later one; `tests/cli/architecture.rs` holds the code to it.

pub mod agent;
pub mod blob;
pub mod caught;
pub mod cli;
pub mod config;
pub mod container;
pub mod coverage;
pub mod date;
pub mod detect;
pub mod error;
pub mod exit;
pub mod filter;
pub mod finding;
pub mod git;
pub mod hook;
pub mod key;
pub mod keyring;
pub mod line_hash;
pub mod lines;
pub mod mark;
pub mod merge;
pub mod object;
pub mod output;
pub mod parallel;
pub mod progress;
pub mod read;
pub mod report;
pub mod scan;
pub mod search;
pub mod source;
pub mod verdict;
pub mod verify;

use std::io::{self, Write};
use std::time::SystemTime;

use crate::config::{AgentConfig, Config, ReportConfig, ScanConfig, ShowProgress};
use crate::detect::Detector;
use crate::error::Error;
use crate::exit::Exit;
use crate::progress::Progress;
use crate::report::Report;
use crate::source::Source;

/// Does what the configuration says. Reports go to `out` and to files, messages to `err`.
///
/// # Errors
///
/// What ended the run; an input that can't be read does not.
pub fn run(config: &Config, out: &mut dyn Write, err: &mut (dyn Write + Send)) -> Result<Exit, Error> {
    match config {
        Config::Scan(config) => run_scan(config, out, err).inspect_err(|_| {
            if let Some(stage) = config.hook {
                output::write_message(hook::not_checked(stage), err);
            }
        }),
        Config::Report(config) => run_report(config, out, err),
        Config::Hook(config) => hook::run(config, out),
        Config::Agent(config) => Ok(run_agent(config, out, err)),
        Config::Print(text) => output::print(text, out).map(|()| Exit::Clean),
    }
}

fn run_scan(config: &ScanConfig, out: &mut dyn Write, err: &mut (dyn Write + Send)) -> Result<Exit, Error> {
    let report = scan_to_report(config, err)?;
    output::write_messages(&report, err);
    let exit = Exit::of(&report, config.fail_on);
    match (config.hook, exit) {
        // A hook that has nothing to say says nothing.
        (Some(stage), Exit::Clean) => {
            if let Some(message) = hook::passed_empty(stage).filter(|_| report.coverage.is_empty()) {
                output::write_message(message, err);
            }
        }
        (hook, _) => {
            output::write_all(&report, &config.outputs, config.style, out)?;
            if let Some(message) = hook.and_then(|stage| hook::stopped(stage, exit)) {
                output::write_message(message, err);
            }
        }
    }
    Ok(exit)
}

/// Whatever goes wrong, the agent is told not to go on.
fn run_agent(config: &AgentConfig, out: &mut dyn Write, err: &mut (dyn Write + Send)) -> Exit {
    let outcome = agent::guarded(|| match &config.scan {
        Err(error) => Err(error.to_string()),
        Ok(scan) => {
            let report = scan_to_report(scan, err).map_err(|error| error.to_string())?;
            output::write_all(&report, &scan.outputs, scan.style, &mut io::sink())
                .map_err(|error| error.to_string())?;
            Ok((Exit::of(&report, scan.fail_on), report))
        }
    });
    agent::answer(config.agent, &outcome, out, err)
}

fn scan_to_report(config: &ScanConfig, err: &mut (dyn Write + Send)) -> Result<Report, Error> {
    let mut circumstances = output::circumstances(&config.outputs)?;
    read::interrupt::listen();
    let (detector, progress) = (Detector::new(), Progress::default());
    let is_shared_out = config.sources.iter().any(Source::is_shared_out);
    let pool = parallel::pool(if is_shared_out { config.threads } else { 1 })?;
    let work = || {
        let scan = || scan::scan(config.mode, &config.sources, &detector, config.keep, &config.filter, &progress);
        let (mut report, keys) = pool.install(scan);
        if read::interrupt::requested() {
            return Err(Error::Interrupted);
        }
        report.notices.splice(..0, config.notices.iter().cloned());
        if let Some(path) = &config.write_baseline {
            output::write_baseline(&mut report, path)?;
        }
        if let Some(how) = &config.verify {
            verify::verify(&mut report.findings, &keys, how, &progress)?;
            report.sort();
        }
        circumstances.finished = SystemTime::now();
        report.circumstances = Some(circumstances);
        Ok(report)
    };
    match config.progress {
        ShowProgress::Yes => progress.while_showing(err, work),
        ShowProgress::No => work(),
    }
}

fn run_report(config: &ReportConfig, out: &mut dyn Write, err: &mut dyn Write) -> Result<Exit, Error> {
    let mut circumstances = output::circumstances(&config.outputs)?;
    read::interrupt::listen();
    let mut report = merge::merge(&config.inputs, &Detector::new())?;
    circumstances.finished = SystemTime::now();
    report.circumstances = Some(circumstances);
    output::write_messages(&report, err);
    output::write_all(&report, &config.outputs, config.style, out)?;
    Ok(Exit::of(&report, config.fail_on))
}
