//! What to do about a finding: how far the key has gone and what the API says about it decide.

use crate::finding::{Exposure, Finding};
use crate::verdict::Status;

/// The steps, the most urgent first.
pub(super) fn steps(finding: &Finding) -> Vec<String> {
    let id = finding.key_id;
    let verdict = finding.verdict.as_deref().map(|verdict| verdict.status);
    let revoke = match verdict {
        Some(Status::Live) => format!(
            "Revoke {id} now, the API still takes it: console.hopx.dev, Settings, API Keys (https://console.hopx.dev/api-keys)"
        ),
        Some(Status::Limited) => format!(
            "Revoke {id} now, the API still knows it, and a payment or a permission makes it work again: \
             console.hopx.dev, Settings, API Keys (https://console.hopx.dev/api-keys)"
        ),
        Some(Status::Rejected) => format!(
            "See that {id} is not, or no longer, at console.hopx.dev, Settings, API Keys: the API refuses it, and a \
             key that was never valid looks the same as a revoked one"
        ),
        Some(Status::Unknown) | None => format!("Revoke {id} at console.hopx.dev, Settings, API Keys"),
    };
    let replace = match verdict {
        Some(Status::Live | Status::Limited) => {
            "Create a new key with an expiry, keep it in the environment variable HOPX_API_KEY or a secret store, and \
             update what used the old one: CI, deployments, MCP configurations, ~/.hopx, the keyring"
        }
        Some(Status::Rejected) => {
            "Where something still uses it, give that a new key, in the environment variable HOPX_API_KEY or a secret store"
        }
        Some(Status::Unknown) | None => {
            "Create a new key and keep it in the environment variable HOPX_API_KEY or a secret store"
        }
    };
    let review = "Review the account's sandboxes and usage, and delete what nobody there started";
    let last = match finding.exposure {
        Exposure::Staged | Exposure::Untracked | Exposure::Ignored => {
            let if_seen = if verdict == Some(Status::Rejected) { "" } else { ", if anybody else may have seen it" };
            return vec![
                "Take the key out of the file: no commit has it at this path".to_owned(),
                "Keep it in the environment variable HOPX_API_KEY or a secret store".to_owned(),
                format!("{revoke}{if_seen}"),
            ];
        }
        Exposure::Pushed | Exposure::Committed | Exposure::Unknown => {
            "Then remove the key here and from the repository's history; removing the line is not enough"
        }
        Exposure::Unreachable => {
            "Then have git forget it: git reflog expire --expire=now --expire-unreachable=now --all, git stash drop \
             where a stash has it, and git gc --prune=now"
        }
    };
    vec![revoke, replace.to_owned(), review.to_owned(), last.to_owned()]
}
