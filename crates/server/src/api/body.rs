//! Bodies and their types: bounded in size and time before a byte is looked at.

use std::{future::Future, time::Duration};

use axum::{
    body::{Body, Bytes, HttpBody},
    http::{HeaderMap, header},
};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::ApiError;

/// Largest body, in bytes.
pub(crate) const MAX_BYTES: usize = 64 * 1024;
/// How long a body may take to arrive.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// The whole body.
///
/// # Errors
///
/// [`ApiError::TooLarge`], [`ApiError::BodyTimeout`] or [`ApiError::BodyBroken`].
pub(crate) async fn read(body: Body) -> Result<Bytes, ApiError> {
    if body.size_hint().lower() > MAX_BYTES as u64 {
        return Err(ApiError::TooLarge);
    }
    let collected = in_time(Limited::new(body, MAX_BYTES).collect()).await?;
    match collected {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(ApiError::TooLarge),
        Err(_broken) => Err(ApiError::BodyBroken),
    }
}

async fn in_time<T>(reading: impl Future<Output = T>) -> Result<T, ApiError> {
    tokio::time::timeout(TIME_LIMIT, reading).await.map_err(|_elapsed| ApiError::BodyTimeout)
}

/// The media type of a message, without parameters. Two are none: whoever passed it on may have gone by the
/// other one (RFC 9110, 8.3).
pub(crate) fn media_type(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let value = values.next()?.to_str().ok()?;
    if values.next().is_some() {
        return None;
    }
    Some(value.split(';').next().unwrap_or_default().trim())
}

/// What an answer is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AnswerType {
    /// `application/hal+json`, the standard's own.
    HalJson,
    /// `application/json`, what live connectors ask for.
    Json,
}

impl AnswerType {
    /// The type the caller asks for in `Accept`; the standard's own when it does not mind.
    ///
    /// # Errors
    ///
    /// [`ApiError::NotAcceptable`] if none of ours is asked for.
    pub(crate) fn asked(headers: &HeaderMap) -> Result<Self, ApiError> {
        let mut wishes =
            headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).peekable();
        if wishes.peek().is_none() {
            return Ok(Self::HalJson);
        }
        let mut json = false;
        for wish in wishes.flat_map(|value| value.split(',')).filter(|wish| !is_refusal(wish)) {
            match wish.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
                "application/hal+json" | "*/*" | "application/*" | "" => return Ok(Self::HalJson),
                "application/json" => json = true,
                _ => {}
            }
        }
        if json { Ok(Self::Json) } else { Err(ApiError::NotAcceptable) }
    }

    /// The `Content-Type` header.
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::HalJson => "application/hal+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }
}

/// `q=0` means: anything but this (RFC 9110, 12.4.2).
fn is_refusal(wish: &str) -> bool {
    let weight = wish.split(';').skip(1).map(str::trim).find_map(|parameter| parameter.strip_prefix("q="));
    weight.is_some_and(|weight| weight.trim_matches(['0', '.']).is_empty())
}

#[cfg(test)]
mod tests {
    use std::{
        pin::Pin,
        task::{Context, Poll},
    };

    use http_body_util::Full;
    use hyper::body::Frame;

    use super::*;

    /// A body of which nothing ever comes.
    struct Stalled;

    impl HttpBody for Stalled {
        type Data = Bytes;
        type Error = std::io::Error;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
            Poll::Pending
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_is_awaited_for_a_time_and_read_to_a_length() {
        let stalled = read(Body::new(Stalled)).await;
        assert!(matches!(stalled, Err(ApiError::BodyTimeout)), "{stalled:?}");
        let of = |length| Body::new(Full::new(Bytes::from(vec![b' '; length])));
        assert_eq!(read(of(MAX_BYTES)).await.unwrap().len(), MAX_BYTES);
        let large = read(of(MAX_BYTES + 1)).await;
        assert!(matches!(large, Err(ApiError::TooLarge)), "{large:?}");
    }

    #[test]
    fn every_accept_of_the_field_gets_a_type_it_can_read() {
        let table = [
            (None, Some(AnswerType::HalJson)),
            (Some("*/*"), Some(AnswerType::HalJson)),
            (Some("application/hal+json; charset=utf-8"), Some(AnswerType::HalJson)),
            (Some("application/json"), Some(AnswerType::Json)),
            (Some("application/json;charset=UTF-8"), Some(AnswerType::Json)),
            (Some("application/json, */*;q=0.1"), Some(AnswerType::HalJson)),
            (Some("text/html, application/json;q=0.9"), Some(AnswerType::Json)),
            (Some("text/html"), None),
            (Some("application/json;q=0"), None),
            (Some("application/xml"), None),
        ];
        for (accept, expected) in table {
            let mut headers = HeaderMap::new();
            if let Some(accept) = accept {
                headers.insert(header::ACCEPT, accept.parse().unwrap());
            }
            assert_eq!(AnswerType::asked(&headers).ok(), expected, "{accept:?}");
        }
    }
}
