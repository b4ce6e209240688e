//! The options that concern what vouches for findings.

use std::path::PathBuf;

use clap::Args;

/// What vouches for findings.
#[derive(Debug, Args)]
#[command(next_help_heading = "Suppression")]
pub struct RulesArgs {
    /// Read this configuration file, and look for no other
    #[arg(long, value_name = "FILE", conflicts_with_all = ["isolated", "config_from"], global = true)]
    pub config: Option<PathBuf>,

    /// Read no configuration file
    #[arg(long, conflicts_with = "config_from", global = true)]
    pub isolated: bool,

    /// Read the configuration and the baseline from a commit, and heed only the marks in files that are in it too: for a
    /// change that must not allow its own leak
    #[arg(long, value_name = "REV", global = true)]
    pub config_from: Option<String>,

    /// A list of known leaks, which do not count
    #[arg(long, value_name = "FILE", global = true)]
    pub baseline: Option<PathBuf>,

    /// Write all leaks that nothing else vouches for to FILE, as a baseline, and let them pass
    #[arg(long, value_name = "FILE", global = true)]
    pub write_baseline: Option<PathBuf>,

    /// Name the allows, accepts and lines of the baseline that meet nothing any more
    #[arg(long, global = true)]
    pub report_stale: bool,
}
