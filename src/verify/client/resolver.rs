//! Names to addresses: those of version 4 first, and no name server is asked about this machine or about an address.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;

use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// Asks the system, in a thread that nobody waits for once the time is up: its resolver takes no time limit. ureq's own
/// does the same, and panics where there is no thread to be had.
///
/// Version 4 first, since the vendor's own libraries use nothing else ("avoid IPv6 timeout issues" in its source), and
/// since a network that swallows version 6 would cost half of the time for connecting.
#[derive(Debug)]
pub struct SystemResolver;

/// How many addresses ureq takes.
const MAX_ADDRESSES: usize = 16;

impl Resolver for SystemResolver {
    fn resolve(&self, uri: &Uri, _: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let host = uri.host().ok_or(Error::HostNotFound)?.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
        let mut found = if host.eq_ignore_ascii_case("localhost") {
            // A name server that has another address for it would get the key in clear (RFC 6761 section 6.3).
            [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)]
                .map(|ip| SocketAddr::new(ip, port))
                .to_vec()
        } else if let Ok(ip) = host.parse::<IpAddr>() {
            vec![SocketAddr::new(ip, port)]
        } else {
            let (send, receive) = mpsc::channel();
            let ask = move || {
                let found = (host.as_str(), port).to_socket_addrs().map(Iterator::collect::<Vec<_>>);
                // Nobody listens any more when the time is up.
                let _ = send.send(found);
            };
            thread::Builder::new().name("resolve".to_owned()).spawn(ask)?;
            receive.recv_timeout(*timeout.after).map_err(|_| Error::Timeout(timeout.reason))??
        };
        found.sort_by_key(SocketAddr::is_ipv6);
        let mut addresses = self.empty();
        for address in found.into_iter().take(MAX_ADDRESSES) {
            addresses.push(address);
        }
        if addresses.is_empty() { Err(io::Error::from(io::ErrorKind::AddrNotAvailable).into()) } else { Ok(addresses) }
    }
}
