//! The proxy that the environment names, by the rules that curl has, but for networks (`10.0.0.0/8`) in `no_proxy`:
//! `https_proxy` and `all_proxy`, in lower or upper case, unless `no_proxy` has the host.
//! <https://curl.se/docs/manpage.html#ENVIRONMENT>

use ureq::http::Uri;

use crate::verify::client::address::{self, ApiUrl};

/// The variables that name a proxy for https, the first that is set counts.
const VARIABLES: [&str; 4] = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
/// The variables that list hosts without a proxy.
const EXCEPTIONS: [&str; 2] = ["no_proxy", "NO_PROXY"];

/// A proxy that leads to the API by CONNECT.
#[derive(Clone, Debug)]
pub struct Proxy {
    /// For ureq. Its `Debug` hides a password.
    pub inner: ureq::Proxy,
}

/// The variable that names a proxy which can't be used. Its value is not shown: there may be a password in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProxyError(pub &'static str);

impl Proxy {
    /// The proxy for an API, if there is one. What is on this machine, and what is not encrypted, has none.
    ///
    /// # Errors
    ///
    /// The variable that can't be used. To go without the proxy then would be to go where the user did not want.
    pub fn for_api(api: &ApiUrl, variable: impl Fn(&str) -> Option<String>) -> Result<Option<Proxy>, ProxyError> {
        if !api.is_https() || api.is_loopback() {
            return Ok(None);
        }
        let set = |name: &&'static str| Some((*name, variable(name).filter(|value| !value.trim().is_empty())?));
        let Some((name, value)) = VARIABLES.iter().find_map(set) else { return Ok(None) };
        let exceptions = EXCEPTIONS.iter().find_map(|name| variable(name).filter(|value| !value.trim().is_empty()));
        let exceptions = exceptions.unwrap_or_default();
        if exceptions.split(|c: char| c == ',' || c.is_whitespace()).any(|exception| is_excepted(exception, api)) {
            return Ok(None);
        }
        let value = value.trim();
        if !is_address(value) {
            return Err(ProxyError(name));
        }
        let proxy = ureq::Proxy::new(value).map_err(|_| ProxyError(name))?;
        match proxy.protocol() {
            ureq::ProxyProtocol::Http | ureq::ProxyProtocol::Https => Ok(Some(Proxy { inner: proxy })),
            _ => Err(ProxyError(name)),
        }
    }

    /// Where it is, without what is needed to get in.
    pub fn place(&self) -> String {
        format!("{}:{}", self.inner.host(), self.inner.port())
    }
}

/// Whether a value is `[SCHEME://][USER[:PASSWORD]@]HOST[:PORT][/]` and nothing more. A password with a slash in it, that is
/// not written as `%2F`, would pass for a host and its path, be looked up, and be shown.
fn is_address(value: &str) -> bool {
    let uri = if value.contains("://") { value.parse::<Uri>() } else { format!("http://{value}").parse() };
    let Ok(uri) = uri else { return false };
    let Some(authority) = uri.authority() else { return false };
    let is_bare = matches!(uri.path(), "" | "/") && uri.query().is_none() && !value.contains('#');
    is_bare && address::host(authority).is_some() && address::port(authority).is_ok()
}

/// Whether an entry of `no_proxy` has the API's host: `*`, the host, a domain that it is in, with a port or without.
fn is_excepted(entry: &str, api: &ApiUrl) -> bool {
    let entry = entry.to_ascii_lowercase();
    let (name, port) = match entry.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') || name.ends_with(']') => (name, port.parse().ok()),
        _ => (entry.as_str(), None),
    };
    let name = name.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
    let domain = name.strip_prefix("*.").or_else(|| name.strip_prefix('.')).unwrap_or(name);
    let has_host = name == "*"
        || !domain.is_empty()
            && (api.host() == domain || api.host().strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')));
    has_host && port.is_none_or(|port: u16| port == api.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(api: &str, variables: &[(&str, &str)]) -> Result<Option<String>, ProxyError> {
        let api = ApiUrl::parse(api).expect("an address");
        let variable =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Proxy::for_api(&api, variable).map(|proxy| proxy.map(|proxy| proxy.place()))
    }

    const API: &str = "https://api.hopx.dev";

    #[test]
    fn which_variable_counts() {
        let some = |place: &str| Ok(Some(place.to_owned()));
        assert_eq!(place(API, &[]), Ok(None));
        assert_eq!(place(API, &[("https_proxy", "http://p:1")]), some("p:1"));
        assert_eq!(place(API, &[("HTTPS_PROXY", "p:1")]), some("p:1"));
        assert_eq!(place(API, &[("ALL_PROXY", "http://p")]), some("p:80"));
        assert_eq!(place(API, &[("all_proxy", "https://p")]), some("p:443"));
        assert_eq!(place(API, &[("ALL_PROXY", "http://a:1"), ("https_proxy", "http://b:2")]), some("b:2"));
        assert_eq!(place(API, &[("https_proxy", ""), ("ALL_PROXY", "http://a:1")]), some("a:1"));
        assert_eq!(place(API, &[("https_proxy", "http://p:1"), ("no_proxy", ""), ("NO_PROXY", "*")]), Ok(None));
        assert_eq!(place(API, &[("https_proxy", "http://user:pa%2Fss@p:1/")]), some("p:1"));
        assert_eq!(place(API, &[("https_proxy", "http://[::1]:1")]), some("[::1]:1"));
        assert_eq!(place(API, &[("HTTP_PROXY", "http://p:1"), ("http_proxy", "http://p:1")]), Ok(None));
    }

    #[test]
    fn what_is_on_this_machine_has_no_proxy() {
        for api in ["https://127.0.0.1:1", "https://localhost", "https://[::1]", "http://127.0.0.1", "http://localhost"]
        {
            assert_eq!(place(api, &[("https_proxy", "http://p:1"), ("http_proxy", "http://p:1")]), Ok(None), "{api}");
        }
    }

    #[test]
    fn exceptions() {
        for (exceptions, has_proxy) in [
            ("*", false),
            ("api.hopx.dev", false),
            ("hopx.dev", false),
            (".hopx.dev", false),
            ("*.hopx.dev", false),
            ("other.example, HOPX.dev", false),
            ("api.hopx.dev:443", false),
            ("api.hopx.dev.", false),
            ("a.example\thopx.dev", false),
            ("api.hopx.dev:8443", true),
            ("x.dev", true),
            ("px.dev", true),
            ("i.hopx.dev", true),
            ("", true),
            (",", true),
            (".", true),
        ] {
            let proxy = place(API, &[("https_proxy", "http://p:1"), ("NO_PROXY", exceptions)]);
            assert_eq!(proxy.map(|proxy| proxy.is_some()), Ok(has_proxy), "{exceptions:?}");
        }
        let api = "https://[2001:db8::1]:8443";
        for exceptions in ["2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:8443"] {
            let proxy = place(api, &[("https_proxy", "http://p:1"), ("no_proxy", exceptions)]);
            assert_eq!(proxy, Ok(None), "{exceptions:?}");
        }
    }

    #[test]
    fn a_proxy_that_is_not_understood_is_an_error() {
        for value in [
            "socks5://p:1",
            "http://",
            "http://:9",
            "ftp://p",
            "http://a b",
            "http://secret/x@p:1",
            "http://user:pa/ss@p:1",
            "http://user:pa#ss@p:1",
            "http://user:pa?ss@p:1",
            "http://p:99999",
            "http://p:",
            "http://p:1/path",
        ] {
            assert_eq!(place(API, &[("HTTPS_PROXY", value)]), Err(ProxyError("HTTPS_PROXY")), "{value}");
        }
    }
}
