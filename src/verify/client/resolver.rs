//! Names to addresses: those of version 4 first, and no name server is asked about this machine.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// Version 4 first, since the vendor's own libraries use nothing else ("avoid IPv6 timeout issues" in its source), and
/// since a network that swallows version 6 would cost half of the time for connecting.
#[derive(Debug, Default)]
pub struct LoopbackOrSystem(DefaultResolver);

impl Resolver for LoopbackOrSystem {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let mut addresses = self.empty();
        if uri.host().is_some_and(|host| host.eq_ignore_ascii_case("localhost")) {
            // A name server that has another address for it would get the key in clear (RFC 6761 section 6.3).
            let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
            for address in [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)] {
                addresses.push(SocketAddr::new(address, port));
            }
            return Ok(addresses);
        }
        let found = self.0.resolve(uri, config, timeout)?;
        let (four, six): (Vec<SocketAddr>, Vec<_>) = found.iter().partition(|address| address.is_ipv4());
        for address in [four, six].concat() {
            addresses.push(address);
        }
        Ok(addresses)
    }
}
