//! Binding a listener, with an error that says what to do.

use anyhow::{Context, bail};
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};

/// Binds `address`; `flag` is the flag that chose it, for the message.
///
/// # Errors
/// Someone else listens there, or the address cannot be used.
pub fn bind(address: SocketAddr, flag: &str) -> anyhow::Result<TcpListener> {
    match TcpListener::bind(address) {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == ErrorKind::AddrInUse => bail!(
            "{address} is in use by another program. Stop that one, or choose another address: {flag} {}:{}",
            address.ip(),
            address.port().checked_add(10).unwrap_or(8090)
        ),
        Err(error) => Err(error).with_context(|| format!("cannot listen on {address}; choose another address with {flag}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
