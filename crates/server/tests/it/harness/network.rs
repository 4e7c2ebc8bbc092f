//! What a server under test can reach of the world: the test authority, and a record of what was fetched.

use std::sync::{Arc, Mutex, OnceLock};

use async_trait::async_trait;
use sandbox::{
    pki::{KeyType, PkiOptions, TestPki},
    revocation_service::{CRL_PATH, OCSP_PATH, RevocationService},
};
use server::{
    app::Clock as _,
    revocation::{Fetch, FetchError, Wanted},
};

use super::TestClock;

/// Where the test authority would be; nobody listens there.
pub(crate) const AUTHORITY: &str = "192.0.2.1:80";

/// A network with one server in it.
#[derive(Clone)]
pub(crate) struct Network(Arc<Parts>);

struct Parts {
    clock: TestClock,
    authority: RevocationService,
    impostor: OnceLock<RevocationService>,
    kept: Mutex<Vec<u8>>,
    fetched: Mutex<Vec<String>>,
    weather: Mutex<Weather>,
}

/// How the authority answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weather {
    /// As it should.
    Fair,
    /// It gives lists, but its responder does not answer.
    ListsOnly,
    /// Nobody answers.
    Dark,
    /// Something else answers, with bytes that mean nothing.
    Fog,
    /// Somebody answers in the authority's name, with a key of his own, that everything is good.
    Impostor,
    /// Its responder does not answer, and somebody gives the list that was kept by [`Network::keep_list`].
    Replay,
}

impl Network {
    pub(super) fn new(clock: &TestClock, pki: &TestPki) -> Self {
        let authority = RevocationService::new(pki, clock.now()).unwrap();
        Self(Arc::new(Parts {
            clock: clock.clone(),
            authority,
            impostor: OnceLock::new(),
            kept: Mutex::default(),
            fetched: Mutex::default(),
            weather: Mutex::new(Weather::Fair),
        }))
    }

    /// The test authority.
    pub(crate) fn authority(&self) -> &RevocationService {
        &self.0.authority
    }

    /// Lets the authority answer otherwise.
    pub(crate) fn turn(&self, weather: Weather) {
        *self.0.weather.lock().unwrap() = weather;
    }

    /// Keeps the list of today, to be replayed.
    pub(crate) fn keep_list(&self) {
        *self.0.kept.lock().unwrap() = self.authority().crl(self.0.clock.now()).unwrap();
    }

    /// An authority of the same name that has revoked nobody.
    fn impostor(&self) -> &RevocationService {
        self.0.impostor.get_or_init(|| {
            let home = tempfile::tempdir().unwrap();
            let options = PkiOptions { tpp_seal_key: KeyType::P256, ..PkiOptions::default() };
            let pki = TestPki::load_or_create(home.path(), self.0.clock.now(), &[], &[], options).unwrap();
            RevocationService::new(&pki, self.0.clock.now()).unwrap()
        })
    }

    /// The paths fetched so far; nothing else than the test authority was ever asked.
    pub(crate) fn fetched(&self) -> Vec<String> {
        self.0.fetched.lock().unwrap().clone()
    }
}

#[async_trait]
impl Fetch for Network {
    async fn fetch(&self, wanted: &Wanted) -> Result<Vec<u8>, FetchError> {
        let path = wanted.url.strip_prefix(&format!("http://{AUTHORITY}"));
        let path = path.unwrap_or_else(|| panic!("{} was fetched", wanted.url));
        self.0.fetched.lock().unwrap().push(path.to_owned());
        let weather = *self.0.weather.lock().unwrap();
        let authority = if weather == Weather::Impostor { self.impostor() } else { self.authority() };
        let now = self.0.clock.now();
        match (weather, path, &wanted.posted) {
            (Weather::Dark, ..) | (Weather::ListsOnly | Weather::Replay, OCSP_PATH, _) => {
                Err(FetchError::Connection)
            }
            (Weather::Fog, ..) => Ok(b"<html>Please log in to this wireless network</html>".to_vec()),
            (Weather::Replay, ..) => Ok(self.0.kept.lock().unwrap().clone()),
            (_, CRL_PATH, None) => Ok(authority.crl(now).unwrap()),
            (_, OCSP_PATH, Some((_, request))) => Ok(authority.ocsp(request, now).unwrap()),
            other => panic!("nobody asks so: {other:?}"),
        }
    }
}
