//! By which host `nauthera dev` is reached. It is in the issuer, and passkeys are bound to it: to a name, never to an address (W3C Web Authentication
//! Level 3 §5.1.2).

use crate::cli::listen;
use anyhow::anyhow;
use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

/// Where to listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// At an address
    Address(SocketAddr),
    /// By the one name that browsers trust without TLS, at this port of the addresses that it stands for
    Localhost(u16),
}

impl fmt::Display for Host {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(formatter),
            Self::Localhost(port) => write!(formatter, "localhost:{port}"),
        }
    }
}

/// Reads it, as it is written after `--listen`.
///
/// # Errors
/// How it is written.
pub fn parse(text: &str) -> Result<Host, String> {
    let by_name = text
        .split_once(':')
        .filter(|(name, _)| name.eq_ignore_ascii_case("localhost"))
        .and_then(|(_, port)| port.parse().ok());
    match by_name {
        Some(port) => Ok(Host::Localhost(port)),
        None => listen::address(text)
            .map(Host::Address)
            .map_err(|_| "write localhost or an IP address, and a port, such as localhost:8080, 127.0.0.1:8080 or [::1]:8080".to_owned()),
    }
}

impl Host {
    /// Whether it is of this machine alone.
    pub fn is_loopback(self) -> bool {
        match self {
            Self::Address(address) => address.ip().is_loopback(),
            Self::Localhost(_) => true,
        }
    }

    /// Binds it: the listeners, and the origin at which they are reached.
    ///
    /// # Errors
    /// Someone else listens there, or the address cannot be used.
    pub fn bind(self) -> anyhow::Result<(Vec<TcpListener>, String)> {
        match self {
            Self::Address(address) => {
                let listener = listen::bind(address, "--listen")?;
                let origin = format!("http://{}", listener.local_addr()?);
                Ok((vec![listener], origin))
            }
            Self::Localhost(port) => bind_localhost(port),
        }
    }
}

/// Both addresses: browsers and curl try the one of IPv6 first, so whoever else listened there would get what is meant for us.
fn bind_localhost(port: u16) -> anyhow::Result<(Vec<TcpListener>, String)> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let first = TcpListener::bind(address).map_err(|error| told(address, error))?;
    let port = first.local_addr()?.port();
    let address = SocketAddr::from((Ipv6Addr::LOCALHOST, port));
    let listeners = match TcpListener::bind(address) {
        Ok(second) => vec![first, second],
        Err(error) if error.kind() == ErrorKind::AddrInUse => return Err(told(address, error)),
        // This machine has no IPv6, so nobody else is there.
        Err(_) => vec![first],
    };
    Ok((listeners, format!("http://{}", Host::Localhost(port))))
}

fn told(address: SocketAddr, error: io::Error) -> anyhow::Error {
    if error.kind() == ErrorKind::AddrInUse {
        let other = Host::Localhost(address.port().checked_add(10).unwrap_or(8090));
        anyhow!(
            "{address} is in use by another program, and localhost may be that address. Stop that one, or choose another port: --listen {other}"
        )
    } else {
        anyhow::Error::new(error).context(format!("cannot listen on {address}; choose another address with --listen"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;

    #[test]
    fn a_host_is_localhost_or_an_address_with_a_port() {
        assert_eq!(parse("localhost:8080"), Ok(Host::Localhost(8080)));
        assert_eq!(parse("LocalHost:0"), Ok(Host::Localhost(0)));
        assert_eq!(parse("[::1]:80"), Ok(Host::Address("[::1]:80".parse().unwrap())));
        for text in ["localhost", "localhost:", "localhost:65536", "login.example.org:8080", "8080", ""] {
            assert!(parse(text).unwrap_err().contains("such as localhost:8080"), "{text}");
        }
    }

    #[test]
    fn localhost_is_all_addresses_that_it_stands_for() {
        let (listeners, origin) = Host::Localhost(0).bind().unwrap();
        let port = listeners[0].local_addr().unwrap().port();
        assert_eq!(origin, format!("http://localhost:{port}"));
        let bound: Vec<SocketAddr> = listeners.iter().map(|listener| listener.local_addr().unwrap()).collect();
        let has_ipv6 = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
        let mut wanted = vec![SocketAddr::from((Ipv4Addr::LOCALHOST, port))];
        wanted.extend(has_ipv6.then(|| SocketAddr::from((Ipv6Addr::LOCALHOST, port))));
        assert_eq!(bound, wanted);
    }

    #[test]
    fn whoever_else_is_at_one_of_them_is_told_of() {
        for one in [IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()] {
            // A machine without IPv6 has one address.
            let Ok(taken) = TcpListener::bind((one, 0)) else { continue };
            let address = taken.local_addr().unwrap();
            let error = Host::Localhost(address.port()).bind().unwrap_err().to_string();
            assert!(
                error.contains(&format!("{address} is in use")) && error.contains("--listen localhost:"),
                "{error}"
            );
        }
    }

    #[test]
    fn an_address_is_reached_as_it_is_written() {
        let (listeners, origin) = parse("127.0.0.1:0").unwrap().bind().unwrap();
        assert_eq!(origin, format!("http://{}", listeners[0].local_addr().unwrap()));
    }
}
