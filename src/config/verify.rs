//! Whether and how the API is asked about keys. Only the command line and one environment variable have a say in where
//! keys are sent: no file that is scanned, and no variable of the vendor's own programs (`HOPX_BASE_URL`), which a
//! repository may set for them.

use crate::cli::VerifyArgs;
use crate::error::Error;
use crate::exit::FailOn;
use crate::verify::Verify;

/// What the options amount to; `None` when nothing is to be asked.
#[cfg(feature = "verify")]
pub fn config(args: &VerifyArgs, fail_on: FailOn) -> Result<Option<Verify>, Error> {
    use std::sync::Arc;

    use crate::verify::client::{ApiUrl, Client, Limits, Proxy};
    use crate::verify::request::AuthHeader;
    use crate::verify::{DEFAULT_API, DEFAULT_RATE, DEFAULT_TIMEOUT};

    const VARIABLE: &str = "HOPX_LEAKS_API_URL";
    if !is_wanted(args, fail_on)? {
        return Ok(None);
    }
    let variable = |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    let (source_name, address) = match (&args.api_url, variable(VARIABLE).filter(|value| !value.is_empty())) {
        (Some(address), _) => ("--api-url", address.clone()),
        (None, Some(address)) => (VARIABLE, address),
        (None, None) => ("--api-url", DEFAULT_API.to_owned()),
    };
    let api = ApiUrl::parse(&address).map_err(|error| Error::ApiUrl { source_name, cause: error.to_string() })?;
    let proxy = Proxy::for_api(&api, variable).map_err(|error| Error::Proxy { variable: error.0 })?;
    Ok(Some(Verify {
        transport: Arc::new(Client::new(api, proxy, Limits::default())),
        auth_header: args.auth_header.unwrap_or(AuthHeader::Authorization),
        rate: args.verify_rate.unwrap_or(DEFAULT_RATE),
        timeout: args.verify_timeout.unwrap_or(DEFAULT_TIMEOUT),
    }))
}

/// Nothing can be asked without the feature `verify`.
#[cfg(not(feature = "verify"))]
pub fn config(args: &VerifyArgs, fail_on: FailOn) -> Result<Option<Verify>, Error> {
    if is_wanted(args, fail_on)? { Err(Error::NoNetwork) } else { Ok(None) }
}

/// Whether the API is to be asked.
fn is_wanted(args: &VerifyArgs, fail_on: FailOn) -> Result<bool, Error> {
    if args.verify {
        return Ok(true);
    }
    let needing = [
        (fail_on == FailOn::Live).then_some("--fail-on live"),
        args.api_url.as_ref().map(|_| "--api-url"),
        args.auth_header.map(|_| "--auth-header"),
        args.verify_rate.map(|_| "--verify-rate"),
        args.verify_timeout.map(|_| "--verify-timeout"),
    ];
    needing.into_iter().flatten().next().map_or(Ok(false), |option| Err(Error::NeedsVerify { option }))
}
