//! HTTP/2, frame by frame (RFC 9113), written here anew so that what no honest client sends can be sent.

use std::sync::Arc;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::client::TlsStream;

use crate::{
    harness::Guichet,
    transport::{shake_hands, usual},
};

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;
const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
/// Largest payload that every peer takes (RFC 9113, 4.2).
const MAX_PAYLOAD: usize = 16_384;

/// What became of a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was answered, with a status as far as the test can read it; 0 for one it cannot.
    Answer(u16),
    /// The stream was reset, with this code.
    Reset(u32),
    /// The connection was given up, with this code.
    GoAway(u32),
    /// The connection was closed without a word.
    Closed,
}

/// One frame (RFC 9113, 4.1).
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A whole header block in one frame, which ends the stream or not.
pub(crate) fn headers(stream: u32, block: &[u8], ends: bool) -> Vec<u8> {
    frame(HEADERS, END_HEADERS | if ends { END_STREAM } else { 0 }, stream, block)
}

/// Takes a stream back.
pub(crate) fn reset(stream: u32) -> Vec<u8> {
    frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes())
}

/// A header as a literal that is not indexed, whatever it holds (RFC 7541, 6.2.2).
pub(crate) fn literal(name: &str, value: &str) -> Vec<u8> {
    let length = |text: &str| u8::try_from(text.len()).ok().filter(|length| *length < 127).unwrap();
    [&[0, length(name)], name.as_bytes(), &[length(value)], value.as_bytes()].concat()
}

/// The headers of a request for a token by GET, and these.
pub(crate) fn request(more: &[(&str, &str)]) -> Vec<u8> {
    let usual = [(":method", "GET"), (":scheme", "https"), (":path", crate::harness::TOKEN)];
    usual.iter().chain(more).flat_map(|(name, value)| literal(name, value)).collect()
}

/// A connection that speaks HTTP/2 as the test says.
pub(crate) struct Http2(TlsStream<TcpStream>);

impl Http2 {
    /// Connects as the PISP, and says what every client says first.
    pub(crate) async fn connect(guichet: &Guichet) -> Self {
        let mut config = usual(guichet);
        config.alpn_protocols = vec![b"h2".to_vec()];
        let socket = TcpStream::connect(guichet.address).await.unwrap();
        let mut stream = shake_hands(socket, Arc::new(config)).await.unwrap();
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
        stream.write_all(&frame(SETTINGS, 0, 0, &[])).await.unwrap();
        stream.flush().await.unwrap();
        Self(stream)
    }

    /// Sends a request and tells what became of it.
    pub(crate) async fn ask(&mut self, stream: u32, block: &[u8]) -> Outcome {
        self.send(&headers(stream, block, true), stream).await
    }

    /// Sends a request whose headers take more than one frame.
    pub(crate) async fn ask_continued(&mut self, stream: u32, block: &[u8]) -> Outcome {
        let mut parts = block.chunks(MAX_PAYLOAD).peekable();
        let mut bytes = frame(HEADERS, END_STREAM, stream, parts.next().unwrap());
        while let Some(part) = parts.next() {
            let last = if parts.peek().is_none() { END_HEADERS } else { 0 };
            bytes.extend(frame(CONTINUATION, last, stream, part));
        }
        self.send(&bytes, stream).await
    }

    /// Sends bytes and tells what became of this stream.
    pub(crate) async fn send(&mut self, bytes: &[u8], stream: u32) -> Outcome {
        self.0.write_all(bytes).await.unwrap();
        self.0.flush().await.unwrap();
        loop {
            match self.next().await {
                Some((HEADERS, _, of, payload)) if of == stream => return Outcome::Answer(status(&payload)),
                Some((RST_STREAM, _, of, payload)) if of == stream => {
                    return Outcome::Reset(number(&payload));
                }
                Some((GOAWAY, _, _, payload)) => return Outcome::GoAway(number(&payload[4..])),
                Some((SETTINGS, 0, ..)) => self.0.write_all(&frame(SETTINGS, ACK, 0, &[])).await.unwrap(),
                Some((PING, 0, _, payload)) => {
                    self.0.write_all(&frame(PING, ACK, 0, &payload)).await.unwrap();
                }
                Some(_) => {}
                None => return Outcome::Closed,
            }
        }
    }

    /// Sends bytes while reading, and tells how the connection ended.
    pub(crate) async fn flood(self, bytes: &[u8]) -> Outcome {
        let (reader, mut writer) = tokio::io::split(self.0);
        let bytes = bytes.to_vec();
        let writing = tokio::spawn(async move {
            let _ = writer.write_all(&bytes).await;
            let _ = writer.flush().await;
            // The connection is kept open: it is for the server to end it.
            std::future::pending::<()>().await;
        });
        let mut reader = tokio::io::BufReader::new(reader);
        let outcome = loop {
            match read(&mut reader).await {
                Some((GOAWAY, _, _, payload)) => break Outcome::GoAway(number(&payload[4..])),
                Some(_) => {}
                None => break Outcome::Closed,
            }
        };
        writing.abort();
        outcome
    }

    async fn next(&mut self) -> Option<Frame> {
        read(&mut self.0).await
    }
}

/// Kind, flags, stream, payload.
type Frame = (u8, u8, u32, Vec<u8>);

async fn read(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> Option<Frame> {
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.ok()?;
    let [a, b, c, kind, flags, id @ ..] = head;
    let mut payload = vec![0; usize::try_from(u32::from_be_bytes([0, a, b, c])).unwrap()];
    stream.read_exact(&mut payload).await.ok()?;
    Some((kind, flags, u32::from_be_bytes(id) & 0x7FFF_FFFF, payload))
}

fn number(bytes: &[u8]) -> u32 {
    u32::from_be_bytes(bytes[..4].try_into().unwrap())
}

/// The status, where it is one of the static table (RFC 7541, appendix A).
fn status(block: &[u8]) -> u16 {
    match block.first() {
        Some(0x88) => 200,
        Some(0x8C) => 400,
        Some(0x8D) => 404,
        Some(0x8E) => 500,
        _ => 0,
    }
}
