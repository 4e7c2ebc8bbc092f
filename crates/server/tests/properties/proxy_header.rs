//! The header of the PROXY protocol, version 2.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use server::proxy::protocol;
use tokio::io::{AsyncRead, ReadBuf};

use crate::given::sendable;

/// What follows the header is not touched, and never more than a header may have is waited for.
pub fn check(bytes: &[u8]) {
    let mut stream = Counted { bytes, read: 0 };
    let mut reading = Box::pin(protocol::read(&mut stream));
    let read = reading.as_mut().poll(&mut Context::from_waker(std::task::Waker::noop()));
    drop(reading);
    let Poll::Ready(read) = read else { panic!("bytes that are there are not waited for") };
    match read {
        Ok(_) => {
            let length = usize::from(u16::from_be_bytes([bytes[14], bytes[15]]));
            assert_eq!(stream.read, 16 + length, "the next byte belongs to the client");
        }
        Err(refusal) => sendable(&refusal, 256),
    }
    assert!(stream.read <= 16 + 8 * 1024);
}

/// Bytes that are there, then the end.
struct Counted<'a> {
    bytes: &'a [u8],
    read: usize,
}

impl AsyncRead for Counted<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let rest = &self.bytes[self.read..];
        let taken = rest.len().min(buffer.remaining());
        buffer.put_slice(&rest[..taken]);
        self.read += taken;
        Poll::Ready(Ok(()))
    }
}
