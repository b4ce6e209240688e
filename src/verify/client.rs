//! The network: HTTP by ureq, TLS by rustls with the certificates that the machine trusts. The only file, with those
//! below it, that opens a socket; a build without the feature `verify` has none of them.

mod address;
mod proxy;
mod resolver;
mod wipe;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ureq::Agent;
use ureq::http::{HeaderName, HeaderValue};
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};
use ureq::unversioned::transport::{Connector, DefaultConnector};

use crate::error::describe;
use crate::verify::request::Question;
use crate::verify::transport::{Answer, Failure, Transport};

pub use address::ApiUrl;
pub use proxy::{Proxy, ProxyError};

/// How long a connection may take to come about, the name's address and encryption apart.
const CONNECT: Duration = Duration::from_secs(5);
/// How long all of a request may take.
const REQUEST: Duration = Duration::from_secs(10);
/// Bytes of an answer's head that are read.
const MAX_HEAD: usize = 64 * 1024;

/// The bounds of a request.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For finding an address, and again for connecting to it.
    pub connect: Duration,
    /// For all of it.
    pub request: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { connect: CONNECT, request: REQUEST }
    }
}

/// Sends questions to an API over the network.
#[derive(Debug)]
pub struct Client {
    agent: Agent,
    api: ApiUrl,
    proxy: Option<Proxy>,
}

impl Client {
    /// A client for an API, by way of a proxy or straight. Nothing is sent yet.
    pub fn new(api: ApiUrl, proxy: Option<Proxy>, limits: Limits) -> Client {
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .root_certs(RootCerts::PlatformVerifier)
            .build();
        let config = Agent::config_builder()
            .tls_config(tls)
            .proxy(proxy.as_ref().map(|proxy| proxy.inner.clone()))
            .https_only(api.is_https())
            // The key goes to one address only, whatever that one says.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .timeout_resolve(Some(limits.connect))
            .timeout_connect(Some(limits.connect))
            .timeout_global(Some(limits.request))
            .user_agent(concat!("hopx-leaks/", env!("CARGO_PKG_VERSION")))
            .accept("application/json")
            .accept_encoding("identity")
            .max_response_header_size(MAX_HEAD)
            // A connection for each key: none waits for another, and no buffer outlives its key.
            .max_idle_connections(0)
            .build();
        let connector = DefaultConnector::default().chain(wipe::WipingConnector);
        let agent = Agent::with_parts(config, connector, resolver::LoopbackOrSystem::default());
        Client { agent, api, proxy }
    }

    /// Why a request failed, in words that hold nothing of what a server said.
    fn failure(&self, error: ureq::Error) -> Failure {
        let way = || {
            self.proxy.as_ref().map_or_else(String::new, |proxy| format!(" (by way of the proxy {})", proxy.place()))
        };
        match error {
            ureq::Error::Timeout(_) => Failure::Timeout,
            ureq::Error::HostNotFound => Failure::Name(format!("it is not known{}", way())),
            ureq::Error::Io(error) => io_failure(&error, &way()),
            ureq::Error::Rustls(error) => Failure::Tls(shortened(&error.to_string())),
            ureq::Error::Tls(cause) => Failure::Tls(cause.to_owned()),
            ureq::Error::ConnectProxyFailed(cause) => Failure::Proxy(format!("{}{}", shortened(&cause), way())),
            ureq::Error::ConnectionFailed => Failure::Connection(format!("it could not be opened{}", way())),
            ureq::Error::LargeResponseHeader(..) => Failure::Protocol("its head has no end".to_owned()),
            _ => Failure::Protocol("its head is malformed".to_owned()),
        }
    }
}

impl Transport for Client {
    fn ask(&self, question: &Question) -> Result<Answer, Failure> {
        let mut request = self.agent.get(self.api.join(question.path()));
        if let Some(credential) = question.credential() {
            // The bytes are shared, not copied, and overwritten by their owner.
            let mut value = HeaderValue::from_maybe_shared(Bytes::from_owner(credential.value.clone()))
                .map_err(|_| Failure::Protocol("a key that no header can hold".to_owned()))?;
            value.set_sensitive(true);
            request = request.header(HeaderName::from_static(credential.header.name()), value);
        }
        let response = request.call().map_err(|error| self.failure(error))?;
        let header = |name| Some(response.headers().get(name)?.to_str().ok()?.to_owned());
        Ok(Answer {
            status: response.status().as_u16(),
            retry_after: header("retry-after"),
            rate_limit_reset: header("x-ratelimit-reset"),
            request_id: header("x-request-id"),
            body: Box::new(Reader(response.into_body().into_reader())),
        })
    }
}

/// Reads a body, with errors that `answer` understands.
struct Reader(ureq::BodyReader<'static>);

impl io::Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(buffer);
        read.map_err(|error| {
            io::Error::other(match ureq::Error::from(error) {
                ureq::Error::Timeout(_) => Failure::Timeout,
                ureq::Error::Io(error) => io_failure(&error, ""),
                _ => Failure::Protocol("its body is malformed".to_owned()),
            })
        })
    }
}

fn io_failure(error: &io::Error, way: &str) -> Failure {
    if let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return Failure::Tls(shortened(&tls.to_string()));
    }
    let cause = describe(error);
    match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Failure::Timeout,
        // The standard library has no kind of its own for what a name server says.
        _ if cause.starts_with("failed to lookup address") => {
            let (_, cause) = cause.split_once(": ").unwrap_or(("", &cause));
            Failure::Name(format!("{cause}{way}"))
        }
        _ => Failure::Connection(format!("{cause}{way}")),
    }
}

/// The beginning of a message, since a certificate can hold very long names.
fn shortened(message: &str) -> String {
    const LONG: usize = 200;
    message.chars().take(LONG).collect()
}
