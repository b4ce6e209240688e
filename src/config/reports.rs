//! Which reports are merged.

use std::path::{Path, PathBuf};

use crate::blob::slashed;
use crate::cli::{ReportArgs, RulesArgs, VerifyArgs};
use crate::config::{Options, ReportConfig, outputs, style};
use crate::error::Error;
use crate::merge::{Input, Place};

/// What the command amounts to.
pub fn config(args: ReportArgs, options: &Options) -> Result<ReportConfig, Error> {
    let Options { common, rules, verify, .. } = options;
    if let Some(option) = asking(verify) {
        return Err(Error::NoKeys { option });
    }
    if let Some(option) = vouching(rules) {
        return Err(Error::NeedsScan { option });
    }
    let inputs: Vec<Input> = args.files.into_iter().map(input).collect();
    if inputs.iter().filter(|input| input.place == Place::Stdin).count() > 1 {
        let cause = "it is asked for twice, and can be read once".to_owned();
        let remedy = "give one of them as a file, or write both to it one after the other";
        return Err(Error::Report { file: "standard input".to_owned(), cause, remedy });
    }
    Ok(ReportConfig { inputs, outputs: outputs(common)?, style: style(common), fail_on: common.fail_on })
}

/// An option that is about asking the API.
fn asking(verify: &VerifyArgs) -> Option<&'static str> {
    let given = [
        verify.verify.then_some("--verify"),
        verify.api_url.as_ref().map(|_| "--api-url"),
        verify.auth_header.map(|_| "--auth-header"),
        verify.verify_rate.map(|_| "--verify-rate"),
        verify.verify_timeout.map(|_| "--verify-timeout"),
    ];
    given.into_iter().flatten().next()
}

/// An option that is about what vouches for findings.
fn vouching(rules: &RulesArgs) -> Option<&'static str> {
    let given = [
        rules.config.as_ref().map(|_| "--config"),
        rules.isolated.then_some("--isolated"),
        rules.config_from.as_ref().map(|_| "--config-from"),
        rules.baseline.as_ref().map(|_| "--baseline"),
        rules.write_baseline.as_ref().map(|_| "--write-baseline"),
        rules.report_stale.then_some("--report-stale"),
    ];
    given.into_iter().flatten().next()
}

/// `LABEL=FILE`, or a file; one that is there by the whole name is meant.
fn input(given: PathBuf) -> Input {
    let labelled = given.as_os_str().to_str().and_then(|text| text.split_once('='));
    let labelled = labelled.map(|(label, file)| (label.trim_end_matches('/'), file));
    match labelled.filter(|(label, file)| !label.is_empty() && !file.is_empty()) {
        Some((label, file)) if given.symlink_metadata().is_err() => {
            Input { label: Some(slashed(Path::new(label))), place: place(file.into()) }
        }
        Some(_) | None => Input { label: None, place: place(given) },
    }
}

fn place(file: PathBuf) -> Place {
    if file.as_os_str() == "-" { Place::Stdin } else { Place::File(file) }
}
