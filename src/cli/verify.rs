//! The options of verification.

use std::time::Duration;

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};

use crate::verify::request::AuthHeader;

/// clap knows this variable not, since it would read it without --verify too.
const API_URL_HELP: &str =
    "Where to ask: https, or http to this machine [env: HOPX_LEAKS_API_URL] [default: https://api.hopx.dev]";

/// Whether and how the API is asked about keys.
#[derive(Debug, Args)]
#[command(next_help_heading = "Verification")]
pub struct VerifyArgs {
    /// Ask the HopX API, once for each key that leaks, whether it still takes the key
    ///
    /// The key is sent to the API, and to nobody else. Its owner may notice. Without this option the program never uses
    /// the network.
    #[arg(long, global = true)]
    pub verify: bool,

    /// Where to ask
    #[arg(long, value_name = "URL", global = true, help = API_URL_HELP)]
    pub api_url: Option<String>,

    /// The header that carries the key [default: authorization]
    #[arg(long, value_enum, value_name = "HEADER", global = true)]
    pub auth_header: Option<AuthHeader>,

    /// How many requests to send in a minute at most [default: 60]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=600), global = true)]
    pub verify_rate: Option<u16>,

    /// How long to ask, for all keys together; keys without an answer are unknown then [default: 2m]
    #[arg(long, value_name = "TIME", value_parser = duration, global = true)]
    pub verify_timeout: Option<Duration>,
}

impl ValueEnum for AuthHeader {
    fn value_variants<'a>() -> &'a [AuthHeader] {
        &AuthHeader::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            AuthHeader::Authorization => "Authorization: Bearer KEY",
            AuthHeader::XApiKey => "X-API-Key: KEY",
        };
        Some(PossibleValue::new(self.name()).help(help))
    }
}

/// A number of seconds from 1 to 86,400 (a day), with `s` or without, or of minutes with `m`.
fn duration(text: &str) -> Result<Duration, String> {
    const DAY: u64 = 86_400;
    let (number, unit) = match text.strip_suffix('m') {
        Some(number) => (number, 60),
        None => (text.strip_suffix('s').unwrap_or(text), 1),
    };
    let number = if number.bytes().all(|byte| byte.is_ascii_digit()) { number.parse().ok() } else { None };
    let seconds = number.and_then(|number: u64| number.checked_mul(unit));
    seconds
        .filter(|seconds| (1..=DAY).contains(seconds))
        .map(Duration::from_secs)
        .ok_or_else(|| "write it as 90, 90s or 2m, at most a day".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for (text, seconds) in [("90", 90), ("90s", 90), ("2m", 120), ("1440m", 86_400), ("1", 1)] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "0", "0m", "s", "m", "-1", "+1", "1.5", "1h", "2 m", "86401", "1441m", "18446744073709551615m"]
        {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
