//! The PROXY protocol, version 2 (`HAProxy`, "The PROXY protocol", 2.2): who is really there, told before the
//! first byte of the connection.
//!
//! Version 1 is refused: it is text of unknown length, and nobody needs both.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// What every header begins with.
const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
/// Signature, command, family, length.
const FIXED: usize = 16;
/// Most bytes after the fixed part: two Unix addresses and extensions with room for a certificate.
const MAX_VARIABLE: usize = 8 * 1024;
/// The extension that holds a checksum of the header.
const TYPE_CRC32C: u8 = 0x03;

/// Why a header is refused.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The connection ended or failed.
    #[error("the connection ended within the PROXY header")]
    Ended(#[from] io::Error),
    /// It begins otherwise.
    #[error("the connection does not begin with a PROXY header of version 2")]
    Signature,
    /// Not the version, the command, the family or the transport we know.
    #[error("the PROXY header has an unknown version, command, family or transport")]
    Unknown,
    /// Longer than any header needs to be.
    #[error("the PROXY header is too long")]
    Long,
    /// Its length does not fit what it holds.
    #[error("the PROXY header is cut off or malformed")]
    Malformed,
    /// Its checksum is wrong.
    #[error("the checksum of the PROXY header is wrong")]
    Checksum,
}

/// Reads the header and nothing after it; gives the address of the proxy's client. None if the proxy speaks
/// for itself (`LOCAL`), or for a client that has no address on a network.
///
/// # Errors
///
/// [`Refusal`]; the connection cannot be used then.
pub async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Result<Option<SocketAddr>, Refusal> {
    let mut header = vec![0; FIXED];
    stream.read_exact(&mut header).await?;
    let [signature @ .., command, family, high, low] = header.as_slice() else {
        return Err(Refusal::Malformed);
    };
    if *signature != SIGNATURE {
        return Err(Refusal::Signature);
    }
    let (command, family) = (Command::parse(*command)?, Family::parse(*family)?);
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    if length > MAX_VARIABLE {
        return Err(Refusal::Long);
    }
    header.resize(FIXED + length, 0);
    stream.read_exact(header.get_mut(FIXED..).unwrap_or_default()).await?;
    let (address, extensions) = family.split(header.get(FIXED..).unwrap_or_default())?;
    check_extensions(&header, extensions)?;
    Ok(address.filter(|_| command == Command::Proxy))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Command {
    Local,
    Proxy,
}

impl Command {
    /// The upper four bits are the version.
    fn parse(byte: u8) -> Result<Self, Refusal> {
        match byte {
            0x20 => Ok(Self::Local),
            0x21 => Ok(Self::Proxy),
            _ => Err(Refusal::Unknown),
        }
    }
}

/// Address family and transport: streams only, since nothing else carries TLS or HTTP here.
#[derive(Clone, Copy)]
enum Family {
    Unspecified,
    V4,
    V6,
    Unix,
}

impl Family {
    fn parse(byte: u8) -> Result<Self, Refusal> {
        match byte {
            0x00 => Ok(Self::Unspecified),
            0x11 => Ok(Self::V4),
            0x21 => Ok(Self::V6),
            0x31 => Ok(Self::Unix),
            _ => Err(Refusal::Unknown),
        }
    }

    /// The source address, and what follows the addresses.
    fn split(self, bytes: &[u8]) -> Result<(Option<SocketAddr>, &[u8]), Refusal> {
        match self {
            // What an unspecified family holds is to be skipped, so there are no extensions in it either.
            Self::Unspecified => Ok((None, &[])),
            Self::V4 => {
                let (addresses, rest) = bytes.split_first_chunk::<12>().ok_or(Refusal::Malformed)?;
                let [a, b, c, d, _, _, _, _, high, low, ..] = *addresses;
                let port = u16::from_be_bytes([high, low]);
                Ok((Some((Ipv4Addr::new(a, b, c, d), port).into()), rest))
            }
            Self::V6 => {
                let (addresses, rest) = bytes.split_first_chunk::<36>().ok_or(Refusal::Malformed)?;
                let (source, more) = addresses.split_first_chunk::<16>().ok_or(Refusal::Malformed)?;
                let (_destination, ports) = more.split_first_chunk::<16>().ok_or(Refusal::Malformed)?;
                let port = ports.first_chunk::<2>().map_or(0, |port| u16::from_be_bytes(*port));
                let address = IpAddr::V6(Ipv6Addr::from(*source)).to_canonical();
                Ok((Some((address, port).into()), rest))
            }
            Self::Unix => {
                let (_addresses, rest) = bytes.split_first_chunk::<216>().ok_or(Refusal::Malformed)?;
                Ok((None, rest))
            }
        }
    }
}

/// Walks through the extensions (type, length, value) and checks the checksum if there is one. What the
/// proxy tells about its own TLS is of no interest: a certificate counts only if it is shown whole.
fn check_extensions(header: &[u8], mut extensions: &[u8]) -> Result<(), Refusal> {
    while let Some((kind, rest)) = extensions.split_first() {
        let (length, rest) = rest.split_first_chunk::<2>().ok_or(Refusal::Malformed)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (value, rest) = rest.split_at_checked(length).ok_or(Refusal::Malformed)?;
        if *kind == TYPE_CRC32C {
            let at = header.len() - rest.len() - length;
            check_sum(header, at, value)?;
        }
        extensions = rest;
    }
    Ok(())
}

/// The sum is over the whole header, with zeros in its own place `at`.
fn check_sum(header: &[u8], at: usize, told: &[u8]) -> Result<(), Refusal> {
    let told = <[u8; 4]>::try_from(told).map_err(|_| Refusal::Malformed)?;
    let bytes = header.iter().enumerate();
    let bytes = bytes.map(|(index, byte)| if (at..at + told.len()).contains(&index) { 0 } else { *byte });
    if crc32c(bytes) == u32::from_be_bytes(told) { Ok(()) } else { Err(Refusal::Checksum) }
}

/// CRC-32C (RFC 3720, 12.1), bit by bit: a header is short and comes once per connection.
fn crc32c(bytes: impl Iterator<Item = u8>) -> u32 {
    const POLYNOMIAL: u32 = 0x82F6_3B78;
    let shift = |sum: u32, _| if sum & 1 == 1 { sum >> 1 ^ POLYNOMIAL } else { sum >> 1 };
    !bytes.fold(u32::MAX, |sum, byte| (0..8).fold(sum ^ u32::from(byte), shift))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn header(command: u8, family: u8, variable: &[u8]) -> Vec<u8> {
        let length = u16::try_from(variable.len()).unwrap().to_be_bytes();
        [&SIGNATURE[..], &[command, family], &length, variable].concat()
    }

    const V4: [u8; 12] = [192, 0, 2, 7, 198, 51, 100, 1, 0x30, 0x39, 0x01, 0xBB];

    fn v6() -> Vec<u8> {
        let source: Ipv6Addr = "2001:db8::7".parse().unwrap();
        [&source.octets()[..], &[0; 16], &[0x30, 0x39, 0, 1]].concat()
    }

    /// What is read of these bytes, and what is left of them.
    async fn read_all(bytes: &[u8]) -> (Result<Option<String>, String>, usize) {
        let mut rest = bytes;
        let found = read(&mut rest).await;
        (found.map(|a| a.map(|a| a.to_string())).map_err(|refusal| refusal.to_string()), rest.len())
    }

    #[tokio::test]
    async fn the_address_of_the_client_is_taken_and_nothing_behind_the_header_is() {
        let mapped = [&"::ffff:192.0.2.7".parse::<Ipv6Addr>().unwrap().octets()[..], &[0; 16], &[0, 9, 0, 1]];
        // A client's TLS, nested, as HAProxy sends it; and nothing at all.
        let extended = [&V4[..], &[0x20, 0, 5, 1, 0, 0, 0, 0], &[0x04, 0, 0]].concat();
        let table: [(Vec<u8>, Option<&str>); 8] = [
            (header(0x21, 0x11, &V4), Some("192.0.2.7:12345")),
            (header(0x21, 0x21, &v6()), Some("[2001:db8::7]:12345")),
            (header(0x21, 0x21, &mapped.concat()), Some("192.0.2.7:9")),
            (header(0x21, 0x11, &extended), Some("192.0.2.7:12345")),
            (header(0x20, 0x11, &V4), None),
            (header(0x20, 0x00, &[]), None),
            (header(0x21, 0x00, b"whatever"), None),
            (header(0x21, 0x31, &[0; 216]), None),
        ];
        for (bytes, expected) in table {
            let (found, left) = read_all(&[&bytes[..], b"GET / HTTP/1.1"].concat()).await;
            assert_eq!(found, Ok(expected.map(str::to_owned)), "{bytes:x?}");
            assert_eq!(left, 14, "{bytes:x?}");
        }
    }

    #[tokio::test]
    async fn what_is_no_header_of_version_2_is_refused() {
        let cut = header(0x21, 0x11, &V4);
        let table: [(Vec<u8>, &str); 11] = [
            (b"PROXY TCP4 192.0.2.7 198.51.100.1 12345 443\r\n".to_vec(), "begin"),
            (b"GET / HTTP/1.1\r\nhost: x\r\n\r\n".to_vec(), "begin"),
            (cut[..20].to_vec(), "ended"),
            (cut[..10].to_vec(), "ended"),
            (header(0x11, 0x11, &V4), "unknown"),
            (header(0x22, 0x11, &V4), "unknown"),
            (header(0x21, 0x12, &V4), "unknown"),
            (header(0x21, 0x11, &V4[..11]), "cut off"),
            (header(0x21, 0x21, &V4), "cut off"),
            (header(0x21, 0x11, &[&V4[..], &[0x04, 0, 9, 0]].concat()), "cut off"),
            (header(0x21, 0x11, &vec![0; MAX_VARIABLE + 1]), "too long"),
        ];
        for (bytes, expected) in table {
            let (found, _) = read_all(&bytes).await;
            assert!(found.clone().unwrap_err().contains(expected), "{found:?} {bytes:x?}");
        }
    }

    #[tokio::test]
    async fn a_checksum_that_is_there_must_be_right() {
        // The check value that RFC 3720, B.4 gives for 32 bytes of zeros.
        assert_eq!(crc32c([0; 32].into_iter()), 0x8A91_36AA);
        let zeroed = header(0x21, 0x11, &[&V4[..], &[TYPE_CRC32C, 0, 4, 0, 0, 0, 0]].concat());
        let sum = crc32c(zeroed.iter().copied()).to_be_bytes();
        let mut right = zeroed.clone();
        right.splice(zeroed.len() - 4.., sum);
        assert_eq!(read_all(&right).await.0, Ok(Some("192.0.2.7:12345".to_owned())));
        let mut forged = right.clone();
        forged[FIXED] = 10;
        for wrong in [zeroed, forged] {
            assert!(read_all(&wrong).await.0.unwrap_err().contains("checksum"));
        }
        let short = header(0x21, 0x11, &[&V4[..], &[TYPE_CRC32C, 0, 1, 0]].concat());
        assert!(read_all(&short).await.0.is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(command in 0x1F..0x23_u8, family: u8, rest: Vec<u8>) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let _ = runtime.block_on(read_all(&header(command, family, &rest)));
            let _ = runtime.block_on(read_all(&rest));
        }
    }
}
