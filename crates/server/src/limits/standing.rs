//! Where a caller stands with a limit, and how it is told.

use std::sync::{Arc, OnceLock};

use http::{HeaderMap, HeaderName, HeaderValue, header::RETRY_AFTER};

/// What is left of a limit (draft-ietf-httpapi-ratelimit-headers-06, 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// How many requests may come at once, and how many more in each minute.
    pub limit: u32,
    /// How many may come now.
    pub remaining: u32,
    /// In how many seconds all may come again; for a request that was refused, in how many seconds the next
    /// one will be taken.
    pub reset_s: u64,
}

impl Standing {
    /// Tells it in the headers of an answer: `RateLimit-Limit`, `RateLimit-Remaining`, `RateLimit-Reset`.
    pub(crate) fn tell(self, headers: &mut HeaderMap) {
        let told = [
            ("ratelimit-limit", u64::from(self.limit)),
            ("ratelimit-remaining", u64::from(self.remaining)),
            ("ratelimit-reset", self.reset_s),
        ];
        for (name, value) in told {
            headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
        }
    }

    /// Tells a caller that was refused when to come back (RFC 6585, 4; RFC 9110, 10.2.3).
    pub(crate) fn tell_refused(self, headers: &mut HeaderMap) {
        self.tell(headers);
        headers.insert(RETRY_AFTER, HeaderValue::from(self.reset_s));
    }
}

/// Where the TPP of a request stands, once it is known who calls: says so to whoever writes the answer.
#[derive(Clone, Default)]
pub(crate) struct TppStanding(Arc<OnceLock<Standing>>);

impl TppStanding {
    /// Says it. The first word counts: a request has one caller.
    pub(crate) fn say(&self, standing: Standing) {
        let _ = self.0.set(standing);
    }

    /// What was said.
    pub(crate) fn said(&self) -> Option<Standing> {
        self.0.get().copied()
    }
}
