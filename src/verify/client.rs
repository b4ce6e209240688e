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

/// How long finding an address may take, and again connecting to it, with all that proxies and encryption need.
const CONNECT: Duration = Duration::from_secs(5);
/// How long all of a request may take. A proxy that answers byte by byte can stretch it; `schedule` gives up then.
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
        let agent = Agent::with_parts(config, connector, resolver::SystemResolver);
        Client { agent, api, proxy }
    }

    /// Why a request failed, in words that hold nothing of what a server said.
    fn failure(&self, error: ureq::Error) -> Failure {
        let failure = match error {
            ureq::Error::Timeout(_) => Failure::Timeout,
            ureq::Error::HostNotFound => Failure::Name("it is not known".to_owned()),
            ureq::Error::Io(error) => io_failure(&error),
            ureq::Error::Rustls(error) => Failure::Tls(tls_words(&error).to_owned()),
            ureq::Error::Tls(_) => Failure::Tls("the handshake failed".to_owned()),
            ureq::Error::ConnectProxyFailed(cause) => Failure::Proxy(proxy_words(&cause)),
            ureq::Error::ConnectionFailed => Failure::Connection("it could not be opened".to_owned()),
            ureq::Error::LargeResponseHeader(..) => Failure::Protocol("its head has no end".to_owned()),
            _ => Failure::Protocol("its head is malformed".to_owned()),
        };
        let Some(proxy) = &self.proxy else { return failure };
        let place = proxy.place();
        let by_way = |cause: String| format!("{cause} (by way of the proxy {place})");
        match failure {
            // Of a name behind a proxy the proxy is asked.
            Failure::Name(cause) => Failure::Proxy(format!("its name has no address: {cause} ({place})")),
            Failure::Connection(cause) => Failure::Connection(by_way(cause)),
            Failure::Proxy(cause) => Failure::Proxy(by_way(cause)),
            Failure::Protocol(cause) => Failure::Protocol(by_way(cause)),
            Failure::Timeout | Failure::Tls(_) | Failure::Machine(_) => failure,
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
                ureq::Error::Io(error) => io_failure(&error),
                _ => Failure::Protocol("its body is malformed".to_owned()),
            })
        })
    }
}

fn io_failure(error: &io::Error) -> Failure {
    if let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return Failure::Tls(tls_words(tls).to_owned());
    }
    let cause = describe(error);
    match error.kind() {
        io::ErrorKind::TimedOut => Failure::Timeout,
        // No thread could be started to ask a name server (pthread_create(3)).
        io::ErrorKind::WouldBlock | io::ErrorKind::OutOfMemory => Failure::Machine(cause),
        // The standard library has no kind of its own for what a name server says.
        _ if cause.starts_with("failed to lookup address") => {
            let (_, cause) = cause.split_once(": ").unwrap_or(("", &cause));
            Failure::Name(cause.to_owned())
        }
        _ => Failure::Connection(cause),
    }
}

/// What is wrong with a server's encryption. The library's own words would quote names of its certificate, in which a server
/// can write what it likes: a key, for one, that it was sent before.
fn tls_words(error: &rustls::Error) -> &'static str {
    use rustls::{CertificateError as Certificate, Error};
    match error {
        Error::InvalidCertificate(Certificate::UnknownIssuer) => {
            "the server's certificate is from nobody whom this machine trusts (SSL_CERT_FILE names more)"
        }
        Error::InvalidCertificate(Certificate::Expired | Certificate::ExpiredContext { .. }) => {
            "the server's certificate has expired"
        }
        Error::InvalidCertificate(Certificate::NotValidYet | Certificate::NotValidYetContext { .. }) => {
            "the server's certificate is not valid yet"
        }
        Error::InvalidCertificate(Certificate::NotValidForName | Certificate::NotValidForNameContext { .. }) => {
            "the server's certificate is for another name"
        }
        Error::InvalidCertificate(Certificate::Revoked) => "the server's certificate is revoked",
        Error::InvalidCertificate(_) => "the server's certificate is not valid",
        Error::PeerIncompatible(_) => "there is no way to encrypt that both sides know",
        Error::AlertReceived(_) => "the server ended the handshake",
        Error::InvalidMessage(_) => "what the server says is not TLS",
        Error::General(_) => "no certificates that this machine trusts could be loaded",
        _ => "the handshake failed",
    }
}

/// How a proxy refused: ureq tells the status, twice.
fn proxy_words(cause: &str) -> String {
    let status = cause.rsplit(' ').next().and_then(|status| status.split('/').next());
    match status.filter(|status| status.len() == 3 && status.bytes().all(|byte| byte.is_ascii_digit())) {
        Some(status) => format!("it answered {status}"),
        None => "it did not answer".to_owned(),
    }
}
