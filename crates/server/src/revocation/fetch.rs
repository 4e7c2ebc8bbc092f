//! Fetching, as the rest sees it.

use std::time::Duration;

use async_trait::async_trait;

/// Something to be fetched once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// From where: a location in the certificate of an authority's customer.
    pub url: String,
    /// What is posted there, with its media type; without it is asked for with GET.
    pub posted: Option<(&'static str, Vec<u8>)>,
    /// Longest answer read, in bytes.
    pub max_bytes: usize,
    /// How long it may take from beginning to end.
    pub within: Duration,
}

/// Why nothing was fetched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// Fetching is switched off.
    #[error("nothing is fetched here")]
    Off,
    /// The location is no URL that is fetched from.
    #[error("the location is not an http or https URL of a public host on its usual port")]
    Location,
    /// The location leads to an address that is not public.
    #[error("the location leads to an address that is not public")]
    Address,
    /// The server answered, but not with 200.
    #[error("the server answered {0}")]
    Status(u16),
    /// The answer is too long.
    #[error("the answer is longer than {0} bytes")]
    TooLarge(usize),
    /// No answer in time.
    #[error("there was no answer in time")]
    Timeout,
    /// No connection, or it broke.
    #[error("the server could not be reached")]
    Connection,
}

/// Fetches, within bounds.
#[async_trait]
pub trait Fetch: Send + Sync {
    /// Fetches what is wanted.
    ///
    /// # Errors
    ///
    /// [`FetchError`].
    async fn fetch(&self, wanted: &Wanted) -> Result<Vec<u8>, FetchError>;
}

/// Fetches nothing.
pub struct NoFetch;

#[async_trait]
impl Fetch for NoFetch {
    async fn fetch(&self, _wanted: &Wanted) -> Result<Vec<u8>, FetchError> {
        Err(FetchError::Off)
    }
}
