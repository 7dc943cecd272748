//! Binding a listener, with an error that says what to do.

use anyhow::{Context, bail};
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};

/// Reads an address to listen on.
///
/// # Errors
/// How it is written.
pub fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "write an IP address and a port, such as 127.0.0.1:8080, 0.0.0.0:8080 or [::]:8080".to_owned())
}

/// Binds `address`; `flag` is the flag that chose it, for the message.
///
/// # Errors
/// Someone else listens there, or the address cannot be used.
pub fn bind(address: SocketAddr, flag: &str) -> anyhow::Result<TcpListener> {
    match TcpListener::bind(address) {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == ErrorKind::AddrInUse => bail!(
            "{address} is in use by another program. Stop that one, or choose another address: {flag} {}",
            SocketAddr::new(address.ip(), address.port().checked_add(10).unwrap_or(8090))
        ),
        Err(error) => Err(error).with_context(|| format!("cannot listen on {address}; choose another address with {flag}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_none_is_answered_with_examples() {
        assert!(address("[::1]:0").is_ok());
        for text in ["8080", "localhost:8080", ":8080", "127.0.0.1"] {
            assert!(address(text).unwrap_err().contains("such as 127.0.0.1:8080"), "{text}");
        }
    }

    #[test]
    fn a_port_in_use_is_named_with_a_way_out() {
        let first = bind("127.0.0.1:0".parse().unwrap(), "--listen").unwrap();
        let taken = first.local_addr().unwrap();
        let error = bind(taken, "--listen").unwrap_err().to_string();
        assert!(
            error.contains(&format!("{taken} is in use")) && error.contains("--listen 127.0.0.1:"),
            "{error}"
        );
    }
}
