//! Choosing ports, so that a newcomer never meets "address already in use".

use std::{
    io,
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

use anyhow::Context as _;
use tokio::net::TcpListener;

/// How many ports after the usual one are tried.
const TRIES: u16 = 100;

/// Which port to listen on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PortChoice {
    /// The usual one, or the next that is free.
    Auto,
    /// This one and no other.
    Exactly(u16),
    /// Any that is free.
    Any,
}

impl FromStr for PortChoice {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "0" => Ok(Self::Any),
            _ => text
                .parse()
                .map(Self::Exactly)
                .map_err(|_| "must be auto, or a number from 0 to 65535".to_owned()),
        }
    }
}

impl PortChoice {
    /// Binds a socket on `address`; `usual` is what [`PortChoice::Auto`] starts with.
    ///
    /// # Errors
    ///
    /// The system's, with the address; [`PortChoice::Auto`] passes over ports that are taken.
    pub(crate) async fn bind(self, address: IpAddr, usual: u16) -> anyhow::Result<TcpListener> {
        let ports = match self {
            Self::Auto => usual..=usual.saturating_add(TRIES),
            Self::Exactly(port) => port..=port,
            Self::Any => 0..=0,
        };
        let mut last = None;
        for port in ports {
            match TcpListener::bind(SocketAddr::new(address, port)).await {
                Ok(socket) => return Ok(socket),
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => last = Some((port, error)),
                Err(error) => return Err(error).context(format!("cannot listen on {address} port {port}")),
            }
        }
        let (port, error) = last.context("there is no port to try")?;
        Err(error).context(format!("cannot listen on {address} port {port}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn a_port_is_a_number_or_a_word() {
        let table = [
            ("auto", Ok(PortChoice::Auto)),
            ("0", Ok(PortChoice::Any)),
            ("8443", Ok(PortChoice::Exactly(8443))),
            ("65536", Err(())),
            ("-1", Err(())),
            ("", Err(())),
        ];
        for (text, expected) in table {
            assert_eq!(text.parse::<PortChoice>().map_err(|_| ()), expected, "{text}");
        }
    }

    #[tokio::test]
    async fn a_port_that_is_taken_is_passed_over_unless_it_was_asked_for() {
        let taken = PortChoice::Any.bind(HERE, 0).await.unwrap();
        let port = taken.local_addr().unwrap().port();
        let next = PortChoice::Auto.bind(HERE, port).await.unwrap();
        assert!(next.local_addr().unwrap().port() > port);
        let refused = PortChoice::Exactly(port).bind(HERE, 1).await.unwrap_err();
        assert!(refused.to_string().contains(&format!("port {port}")), "{refused}");
    }
}
