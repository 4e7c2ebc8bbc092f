//! The first to see a request: who sent it, how often he has come, and whether it can be misunderstood.

use std::{convert::Infallible, future::Future, pin::Pin, sync::Arc};

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderValue, Version, header, request::Parts},
    response::Response,
};
use hyper::body::Incoming;
use tokio::time::Instant;
use tower::ServiceExt as _;

use super::{
    Door,
    activity::{Activity, InProgress},
    arrive::Caller,
};
use crate::{
    connection::Peer,
    limits::{Standing, TppStanding, count_refused},
    proxy::{self, Prefix, ProxyTrust, Unclear},
};

/// Why a request goes no further than the listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turned {
    /// Its address has sent too many.
    TooMany(Standing),
    /// It can be understood in two ways; what is unclear about it.
    Unclear(UnclearRequest),
}

/// A request that two readers could understand differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnclearRequest {
    /// As a proxy passed it on.
    #[error(transparent)]
    Proxy(#[from] Unclear),
    /// As to which host is meant (RFC 9110, 7.2; RFC 9113, 8.3.1).
    #[error("the request names more than one host")]
    Host,
}

/// Answers a request that goes no further, in the manner of the listener.
pub(crate) type Refuse = Arc<dyn Fn(&Parts, &Turned) -> Response + Send + Sync>;

/// The requests of one connection.
pub(super) struct Front {
    door: Arc<Door>,
    caller: Caller,
    activity: Arc<Activity>,
}

/// What is done with the answer before it leaves.
struct Finish {
    standing: Option<Standing>,
    tpp: TppStanding,
    close: bool,
}

impl Front {
    pub(super) fn new(door: Arc<Door>, caller: Caller, activity: Arc<Activity>) -> Self {
        Self { door, caller, activity }
    }

    /// Tells the request who sent it; gives where his address stands.
    fn prepare(&self, request: &mut Request) -> Result<Option<Standing>, Turned> {
        let proxy = self.door.proxy.as_ref().filter(|_| self.caller.is_proxy);
        let standing = self.charge(proxy, request.headers()).map_err(Turned::TooMany)?;
        let told = self.told_by(proxy, request.headers());
        proxy::strip(request.headers_mut(), self.door.proxy.as_ref());
        let (peer, prefix) = told.map_err(|unclear| Turned::Unclear(unclear.into()))?;
        if !names_one_host(request) {
            return Err(Turned::Unclear(UnclearRequest::Host));
        }
        request.extensions_mut().insert(peer);
        if let Some(prefix) = prefix {
            request.extensions_mut().insert(prefix);
        }
        Ok(standing)
    }

    /// Counts the request to the address it comes from, as far as that is known.
    fn charge(&self, proxy: Option<&ProxyTrust>, headers: &HeaderMap) -> Result<Option<Standing>, Standing> {
        let forwarded = proxy.filter(|proxy| proxy.tells_addresses());
        let forwarded = forwarded.and_then(|proxy| proxy::client_address(headers, proxy.peers()));
        let Some(block) = forwarded.map(Into::into).or(self.caller.counted) else { return Ok(None) };
        self.door.pace.charge(block, self.door.limits.requests_per_address_per_minute, Instant::now())
    }

    /// The peer and the path, as the proxy tells, if there is one.
    fn told_by(
        &self,
        proxy: Option<&ProxyTrust>,
        headers: &HeaderMap,
    ) -> Result<(Peer, Option<Prefix>), Unclear> {
        let mut peer = self.caller.peer.clone();
        let Some(proxy) = proxy else { return Ok((peer, None)) };
        if proxy.tells_addresses()
            && let Some(address) = proxy::client_address(headers, proxy.peers())
        {
            peer.address = (address, 0).into();
        }
        if let Some(name) = proxy.certificate_header() {
            peer.certificate = proxy::certificate(headers, name)?.map(Arc::new);
        }
        let prefix = if proxy.tells_prefix() { Prefix::read(headers)? } else { None };
        Ok((peer, prefix))
    }
}

/// `Host` is there once at most, and says what the target says if that names a host, too.
fn names_one_host(request: &Request) -> bool {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let (host, more) = (hosts.next(), hosts.next());
    let differs = |host: &HeaderValue| {
        let authority = request.uri().authority();
        authority.is_some_and(|named| !host.as_bytes().eq_ignore_ascii_case(named.as_str().as_bytes()))
    };
    more.is_none() && !host.is_some_and(differs)
}

type Answering = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

impl hyper::service::Service<Request<Incoming>> for Front {
    type Response = Response;
    type Error = Infallible;
    type Future = Answering;

    fn call(&self, request: Request<Incoming>) -> Answering {
        let in_progress = self.activity.begin();
        let mut request = request.map(Body::new);
        let close = is_chunked(&request);
        match self.prepare(&mut request) {
            Ok(standing) => {
                let tpp = TppStanding::default();
                request.extensions_mut().insert(tpp.clone());
                let answering = self.door.router.clone().oneshot(request);
                let finish = Finish { standing, tpp, close };
                Box::pin(async move { Ok(finish.answer(answering.await?, &in_progress)) })
            }
            Err(turned) => {
                turned.count();
                let (parts, _unread) = request.into_parts();
                let mut response = (self.door.refuse)(&parts, &turned);
                turned.tell(response.headers_mut());
                let finish = Finish { standing: None, tpp: TppStanding::default(), close };
                Box::pin(async move { Ok(finish.answer(response, &in_progress)) })
            }
        }
    }
}

/// Such a request may have had a `Content-Length` as well, which the reader below us drops: whoever passed
/// it on may have seen two requests in it. It is the last of its connection (RFC 9112, 6.3).
fn is_chunked(request: &Request) -> bool {
    request.version() <= Version::HTTP_11 && request.headers().contains_key(header::TRANSFER_ENCODING)
}

impl Finish {
    fn answer(self, mut response: Response, _until_now: &InProgress) -> Response {
        if let Some(standing) = self.tpp.said().or(self.standing) {
            standing.tell(response.headers_mut());
        }
        if self.close {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

impl Turned {
    fn count(self) {
        count_refused(match self {
            Self::TooMany(_) => "address_pace",
            Self::Unclear(_) => "unclear_request",
        });
    }

    fn tell(self, headers: &mut HeaderMap) {
        if let Self::TooMany(standing) = self {
            standing.tell_refused(headers);
        }
    }
}
