//! How much one caller, and everybody together, may take: connections, time, requests.
//!
//! Every bound is on something a stranger can make grow. What one address may take is a share, so that it
//! cannot keep others out; IPv6 is counted by network, since everybody owns a whole one.

mod address_block;
mod handshakes;
mod pace;
mod places;
mod standing;

use std::time::Duration;

use axum::http::request::Parts;
use payments::{institution::Institution, values::InstitutionCode};
use serde::Deserialize;
use tokio::time::Instant;

use crate::App;
pub(crate) use address_block::AddressBlock;
pub(crate) use handshakes::Handshakes;
pub(crate) use pace::Pace;
pub(crate) use places::{NoPlace, Place, Places};

pub use standing::Standing;
pub(crate) use standing::TppStanding;

/// The bounds of one listener. Every default is meant for a bank that faces the internet.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Connections at a time; the next one is closed at once.
    pub connections: usize,
    /// Connections at a time from one IPv4 address or one IPv6 network of 64 bits. As places get scarce the
    /// share shrinks to as many as are still free.
    pub connections_per_address: usize,
    /// Handshakes computed at a time; the next ones wait, within their time. One address may have a sixteenth
    /// of this many in progress, at least four.
    pub handshakes: usize,
    /// How long a connection may take until TLS stands, the proxy's header included, in seconds.
    pub handshake_s: u32,
    /// How long the headers of a request may take over HTTP/1.1, in seconds; also how long such a connection
    /// may wait between two requests.
    pub headers_s: u32,
    /// How long a connection may have no request in progress, in seconds. A request whose headers are not
    /// complete is in no progress, nor is an answer that is not fetched.
    pub idle_s: u32,
    /// How long a connection may last, in seconds; then it is asked to end.
    pub lifetime_s: u32,
    /// How long a connection that was asked to end may take for it, in seconds.
    pub farewell_s: u32,
    /// Requests in progress on one HTTP/2 connection.
    pub streams: u32,
    /// Requests a minute from one IPv4 address or one IPv6 network of 64 bits, whoever they claim to be; 0
    /// for no bound. This many may come at once, after a minute without any.
    pub requests_per_address_per_minute: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4_096,
            connections_per_address: 256,
            handshakes: 512,
            handshake_s: 10,
            headers_s: 15,
            idle_s: 75,
            lifetime_s: 3_600,
            farewell_s: 10,
            streams: 64,
            requests_per_address_per_minute: 12_000,
        }
    }
}

/// A time of the configuration.
pub(crate) fn seconds(seconds: u32) -> Duration {
    Duration::from_secs(seconds.into())
}

/// How often each TPP has called each institution lately.
///
/// A TPP is known by the organisation that its certificate names: one that shows no certificate, or a bad
/// one, is only counted by its address. Kept in memory, by each node for itself: a bound against floods and
/// no account.
#[derive(Default)]
pub struct TppPace(Pace<(InstitutionCode, String)>);

/// Counts a call of `organization` at `institution`, and lets its answer tell where that leaves it.
///
/// # Errors
///
/// Where it stands, if it has called too often.
pub(crate) fn charge(
    app: &App,
    institution: &Institution,
    organization: &str,
    request: &Parts,
) -> Result<(), Standing> {
    let key = (institution.code.clone(), organization.to_owned());
    let per_minute = institution.settings.rate_limit_per_tpp_per_minute;
    let charged = app.tpp_pace.0.charge(key, per_minute, Instant::now());
    let told = request.extensions.get::<TppStanding>();
    if let (Some(told), Ok(Some(standing)) | Err(standing)) = (told, charged) {
        told.say(standing);
    }
    charged.map(drop).inspect_err(|_| count_refused("tpp_pace"))
}

/// Counts something that was refused before anybody looked at what it said.
pub(crate) fn count_refused(why: &'static str) {
    metrics::counter!("guichet_refused_total", "why" => why).increment(1);
}
