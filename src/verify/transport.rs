//! The seam between the questions and the network: what a transport has to do, and how it can fail.

use std::fmt;
use std::io::Read;

use crate::verify::request::Question;

/// Sends questions. The tests of the schedule put their own in place of the network's.
pub trait Transport: fmt::Debug + Send + Sync {
    /// Sends one GET request, follows nothing, and gives the answer of any status. All of it, the reading of the body
    /// too, ends within a bound that the transport keeps.
    ///
    /// # Errors
    ///
    /// Why there was no answer.
    fn ask(&self, question: &Question) -> Result<Answer, Failure>;
}

/// An answer, of which the body is still to be read.
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The header `Retry-After`.
    pub retry_after: Option<String>,
    /// The header `X-RateLimit-Reset`.
    pub rate_limit_reset: Option<String>,
    /// The header `X-Request-ID`.
    pub request_id: Option<String>,
    /// The body. An error of it is of kind `Other` and holds a [`Failure`].
    pub body: Box<dyn Read + Send>,
}

/// Why there was no answer. Each holds words of ours, of the system or of a library, and nothing that a server said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It took too long.
    Timeout,
    /// The name has no address.
    Name(String),
    /// There was no connection, or it ended before the answer did.
    Connection(String),
    /// The server's certificate is not trusted, or there is no common way to encrypt.
    Tls(String),
    /// The proxy did not lead there.
    Proxy(String),
    /// What came is not HTTP, or the request could not be made.
    Protocol(String),
    /// This machine could not send it.
    Machine(String),
}

impl std::error::Error for Failure {}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Timeout => f.write_str("no answer in time"),
            Failure::Name(cause) => write!(f, "the API's name has no address: {cause}"),
            Failure::Connection(cause) => write!(f, "no connection: {cause}"),
            Failure::Tls(cause) => write!(f, "no trusted connection: {cause}"),
            Failure::Proxy(cause) => write!(f, "the proxy does not lead to the API: {cause}"),
            Failure::Protocol(cause) => write!(f, "the answer is not HTTP: {cause}"),
            Failure::Machine(cause) => write!(f, "this machine could not ask: {cause}"),
        }
    }
}
