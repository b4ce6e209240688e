//! Where keys may be sent to: an address that the user gave, over TLS, or on this machine.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use ureq::http::Uri;
use ureq::http::uri::Authority;

/// The address of an API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiUrl {
    /// Scheme, host, port and path, without a `/` at its end.
    base: String,
    host: String,
    port: u16,
    is_https: bool,
}

/// What is wrong with an address, and what to write instead.
#[derive(Debug, PartialEq, Eq)]
pub enum AddressError {
    /// It is no URL of the form `SCHEME://HOST[:PORT][/PATH]`.
    Form,
    /// It has a name or a password in it, which is nowhere sent and would be shown.
    UserInfo,
    /// It is neither https nor http to this machine.
    Clear,
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AddressError::Form => "it is no address; write it as https://HOST[:PORT][/PATH]",
            AddressError::UserInfo => {
                "it must not hold a user name or password; write it as https://HOST[:PORT][/PATH]"
            }
            AddressError::Clear => {
                "keys are sent over https only, or over http to this machine (localhost, 127.0.0.1, [::1])"
            }
        })
    }
}

impl ApiUrl {
    /// Reads an address.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<ApiUrl, AddressError> {
        let uri: Uri = text.parse().map_err(|_| AddressError::Form)?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(AddressError::Form);
        };
        if authority.as_str().contains('@') {
            return Err(AddressError::UserInfo);
        }
        let host = host(authority).ok_or(AddressError::Form)?;
        // The parser drops a fragment.
        if uri.query().is_some() || text.contains('#') {
            return Err(AddressError::Form);
        }
        let is_https = match scheme {
            "https" => true,
            "http" if is_loopback(&host) => false,
            "http" => return Err(AddressError::Clear),
            _ => return Err(AddressError::Form),
        };
        let port = port(authority).map_err(|()| AddressError::Form)?.unwrap_or(if is_https { 443 } else { 80 });
        let base = format!("{scheme}://{authority}{}", uri.path().trim_end_matches('/'));
        Ok(ApiUrl { base, host, port, is_https })
    }

    /// The address of a path, which begins with `/`.
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// The name or address of the machine, in lower case and without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether it is encrypted.
    pub fn is_https(&self) -> bool {
        self.is_https
    }

    /// Whether it is on this machine.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.host)
    }
}

/// The name or address in an authority, in lower case and without brackets. `None` when it is empty, or has brackets around
/// what is no address of version 6.
pub(super) fn host(authority: &Authority) -> Option<String> {
    let host = authority.host();
    let bare = match host.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']').filter(|inner| inner.parse::<Ipv6Addr>().is_ok())?,
        None => host,
    };
    (!bare.is_empty()).then(|| bare.to_ascii_lowercase())
}

/// The port in an authority, if there is one. The parser takes a port that is none for the default one.
pub(super) fn port(authority: &Authority) -> Result<Option<u16>, ()> {
    let after_user = authority.as_str().rsplit('@').next().unwrap_or_default();
    let port = after_user[authority.host().len()..].strip_prefix(':');
    port.map(|port| port.parse().map_err(drop)).transpose()
}

/// `localhost`, for which no name server is asked (see `resolver`), and the addresses that RFC 1122 section 3.2.1.3 and
/// RFC 4291 section 2.5.3 keep for the machine itself.
fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_keys_may_go_to() {
        for (text, joined, port, is_loopback) in [
            ("https://api.hopx.dev", "https://api.hopx.dev/x", 443, false),
            ("https://api.hopx.dev/", "https://api.hopx.dev/x", 443, false),
            ("https://proxy.corp:8443/hopx/", "https://proxy.corp:8443/hopx/x", 8443, false),
            ("HTTPS://API.hopx.dev", "https://API.hopx.dev/x", 443, false),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/x", 8080, true),
            ("http://127.9.9.9", "http://127.9.9.9/x", 80, true),
            ("http://[::1]:1", "http://[::1]:1/x", 1, true),
            ("http://localhost:1", "http://localhost:1/x", 1, true),
            ("http://LOCALHOST:1", "http://LOCALHOST:1/x", 1, true),
            ("https://127.0.0.1:1", "https://127.0.0.1:1/x", 1, true),
        ] {
            let url = ApiUrl::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!((url.join("/x").as_str(), url.port(), url.is_loopback()), (joined, port, is_loopback), "{text}");
        }
    }

    #[test]
    fn the_vendors() {
        let api = ApiUrl::parse(crate::verify::DEFAULT_API).expect("an address");
        assert_eq!(api.join("/health"), "https://api.hopx.dev/health");
    }

    #[test]
    fn addresses_that_keys_may_not_go_to() {
        use AddressError::{Clear, Form, UserInfo};
        for (text, expected) in [
            ("", Form),
            ("api.hopx.dev", Form),
            ("https://", Form),
            ("https:///v1", Form),
            ("ftp://api.hopx.dev", Form),
            ("https://api.hopx.dev?key=1", Form),
            ("https://api.hopx.dev#x", Form),
            ("https://api.hopx.dev:99999", Form),
            ("https://api.hopx.dev:", Form),
            ("http://[127.0.0.1]", Form),
            ("http://[localhost]", Form),
            ("https://user:word@api.hopx.dev", UserInfo),
            ("https://user@api.hopx.dev", UserInfo),
            ("http://api.hopx.dev", Clear),
            ("http://0.0.0.0:1", Clear),
            ("http://10.0.0.1", Clear),
            ("http://127.1", Clear),
            ("http://0x7f.0.0.1", Clear),
            ("http://[::ffff:127.0.0.1]", Clear),
            ("http://localhost.evil.example", Clear),
            ("http://127.0.0.1.evil.example", Clear),
        ] {
            assert_eq!(ApiUrl::parse(text), Err(expected), "{text}");
        }
    }
}
