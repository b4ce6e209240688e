//! Verification: the API is asked whether it still takes the keys that were found, each distinct key once.
//!
//! [`request`] is what is asked, [`transport`] the seam to the network and [`client`] the network; [`schedule`] decides
//! when which key is asked, at the [`pace`] that is allowed; [`answer`] and [`body`] tell what the answer means. Only keys
//! that leak are sent: nothing that is suppressed, nothing that was merely near. Nothing that was scanned has a say in
//! where they are sent to.

pub mod answer;
pub mod body;
#[cfg(feature = "verify")]
pub mod client;
pub mod pace;
pub mod request;
pub mod schedule;
pub mod transport;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::error::Error;
use crate::finding::Finding;
use crate::key::Fingerprint;
use crate::keyring::Keyring;
use crate::progress::Progress;
use crate::verdict::{Status, Verdict};
use crate::verify::request::{AuthHeader, Credential};
use crate::verify::transport::Transport;

/// The vendor's API.
pub const DEFAULT_API: &str = "https://api.hopx.dev";

/// Requests a minute, where the user says nothing. The vendor's limit is 100 a minute.
pub const DEFAULT_RATE: u16 = 60;

/// For all keys together, where the user says nothing.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_mins(2);

/// How to ask.
#[derive(Clone, Debug)]
pub struct Verify {
    /// Who sends.
    pub transport: Arc<dyn Transport>,
    /// Which header carries the key.
    pub auth_header: AuthHeader,
    /// Requests a minute.
    pub rate: u16,
    /// For all keys together. What has no answer then is unknown.
    pub timeout: Duration,
}

/// Asks about the key of every finding that nothing vouches for, and marks all findings of these keys.
///
/// # Errors
///
/// [`Error::Interrupted`].
pub fn verify(findings: &mut [Finding], keys: &Keyring, how: &Verify, progress: &Progress) -> Result<(), Error> {
    // The worst first, since the time may not be enough for all.
    let mut worst: BTreeMap<Fingerprint, _> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| finding.suppressed.is_none()) {
        let danger = (finding.exposure, finding.level(), finding.key_id);
        let so_far = worst.entry(finding.fingerprint).or_insert(danger);
        *so_far = danger.min(*so_far);
    }
    let mut order: Vec<_> = worst.into_iter().map(|(fingerprint, danger)| (danger, fingerprint)).collect();
    order.sort_unstable();
    let known = order.iter().filter_map(|(_, fingerprint)| Some((*fingerprint, keys.get(*fingerprint)?)));
    let (asked, credentials): (Vec<Fingerprint>, Vec<Credential>) =
        known.map(|(fingerprint, key)| (fingerprint, Credential::new(how.auth_header, key))).unzip();
    let verdicts = schedule::ask_all(credentials, how, progress)?;
    // The one text of a server's own. A server knows keys, and may tell one in another's answer.
    let silent = |verdict: Verdict| {
        let request_id = verdict.request_id.filter(|id| !keys.is_told_by(id));
        Arc::new(Verdict { request_id, ..verdict })
    };
    let verdicts: BTreeMap<Fingerprint, Arc<Verdict>> =
        asked.into_iter().zip(verdicts.into_iter().map(silent)).collect();
    for finding in findings {
        finding.verdict = match verdicts.get(&finding.fingerprint) {
            Some(verdict) => Some(Arc::clone(verdict)),
            // A key that was not kept must not pass for one that nobody wanted to know about.
            None if finding.suppressed.is_none() => Some(Arc::new(not_kept())),
            None => None,
        };
    }
    Ok(())
}

fn not_kept() -> Verdict {
    let reason = "not asked: the key's text was not kept, which is a fault of this program".to_owned();
    Verdict { status: Status::Unknown, reason, asked: None, request_id: None }
}
