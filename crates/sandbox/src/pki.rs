//! The sandbox's own trust: authorities, server certificate, bank seals and test TPPs.
//!
//! Made on the first start and found again on the next, in a directory that a developer can point curl at:
//!
//! ```text
//! ca.{pem,key}                  the authority of each QWAC and QSealC, in the place of a QTSP
//! tls-ca.{pem,key}              the authority of the server certificate: trust it to call the bank
//! server.{pem,key}              the TPP and PSU listeners
//! seal-17515.{pem,key}          what the bank signs its answers and its records with
//! tpp/PSDFR-ACPR-12345/qwac.{pem,key}, qseal.{pem,key}
//! ```
//!
//! A leaf is issued by its root directly, so a `.pem` needs no further certificate. Every file appears whole
//! or not at all; what is missing, damaged, expired or no longer asked for in this form is made again.

mod ca;
mod crl;
mod der;
mod files;
mod ocsp;
mod profile;
mod test_tpps;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use eidas::revocation::Locations;
use eidas::{Anchors, Certificate, Kind, OrganizationIdentifier, Role};
use jiff::Timestamp;

pub use ca::{Ca, CertifiedKey, KeyType, Validity};
pub use crl::Listed;
pub use profile::TppProfile;
pub use rcgen::{ExtendedKeyUsagePurpose, KeyUsagePurpose};
pub use test_tpps::{Flaw, Standing, TEST_TPPS, TestTpp};

use crate::revocation_service::{CRL_PATH, OCSP_PATH};

/// Name of the authority that issues each QWAC and QSealC.
const QTSP_NAME: &str = "Guichet Sandbox QTSP";
/// Name of the authority that issues the server certificate.
const TLS_CA_NAME: &str = "Guichet Sandbox TLS CA";

const DAY_S: i64 = 24 * 60 * 60;
/// An authority, a QWAC, a QSealC: five years.
const LIFETIME_DAYS: i64 = 5 * 365;
/// Some browsers refuse server certificates of more than 825 days, from private authorities too.
const SERVER_LIFETIME_DAYS: i64 = 730;

/// Everything certified that a sandbox needs.
#[derive(Debug)]
pub struct TestPki {
    qtsp: Ca,
    tls_ca: Ca,
    server: CertifiedKey,
    seals: BTreeMap<String, CertifiedKey>,
    earlier_seals: BTreeMap<String, String>,
    tpps: Vec<TppKeys>,
}

/// The two certificates of a test TPP.
#[derive(Clone, Debug)]
pub struct TppKeys {
    /// Whose they are.
    pub tpp: &'static TestTpp,
    /// For mutual TLS.
    pub qwac: CertifiedKey,
    /// For HTTP signatures.
    pub qseal: CertifiedKey,
}

/// A bank that signs.
#[derive(Clone, Copy, Debug)]
pub struct Institution<'a> {
    /// Its bank code, in letters and digits: `17515`.
    pub code: &'a str,
    /// Its name.
    pub name: &'a str,
}

/// The kinds of keys to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PkiOptions {
    /// Of the server certificate.
    pub server_key: KeyType,
    /// Of the bank's seals: P-256 signs an answer in a fraction of the time of RSA.
    pub seal_key: KeyType,
    /// Of each TPP's QSealC: live connectors sign with RSA.
    pub tpp_seal_key: KeyType,
    /// Where the operator's listener of the sandbox is, which speaks for the authority about revocation; the
    /// certificates of TPPs name it.
    pub revocation_at: Option<SocketAddr>,
}

impl Default for PkiOptions {
    fn default() -> Self {
        Self {
            server_key: KeyType::P256,
            seal_key: KeyType::P256,
            tpp_seal_key: KeyType::Rsa2048,
            revocation_at: None,
        }
    }
}

/// Why the test certificates are not there.
#[derive(Debug, thiserror::Error)]
pub enum PkiError {
    /// A file or directory cannot be read or written.
    #[error("cannot read or write {path}")]
    Io {
        /// Which.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// A certificate or key cannot be made as asked.
    #[error("cannot make a test certificate")]
    Issue(#[from] rcgen::Error),
    /// What was made cannot be read back.
    #[error("a test certificate cannot be read")]
    Certificate(#[from] eidas::InvalidCertificate),
    /// What was made cannot be an anchor.
    #[error("a test authority cannot be trusted")]
    Anchor(#[from] eidas::InvalidAnchor),
    /// A bank code that cannot be part of a file name.
    #[error("a bank code is 1 to 32 letters and digits")]
    InstitutionCode,
}

impl TestPki {
    /// Finds the test certificates in `dir` and makes those that are not there as asked.
    ///
    /// `hosts` are the DNS names or IP addresses of the server besides `localhost`, `127.0.0.1` and `::1`.
    /// Generating keys takes a second or so the first time: call it where a thread may wait.
    ///
    /// # Errors
    ///
    /// [`PkiError`] if the directory cannot be used or a host or bank code cannot be certified.
    pub fn load_or_create(
        dir: &Path,
        now: Timestamp,
        hosts: &[String],
        institutions: &[Institution<'_>],
        options: PkiOptions,
    ) -> Result<Self, PkiError> {
        files::create_dir(dir)?;
        let qtsp = find_or_make_ca(dir, "ca", QTSP_NAME, now)?;
        let tls_ca = find_or_make_ca(dir, "tls-ca", TLS_CA_NAME, now)?;
        Ok(Self {
            server: server(dir, now, &tls_ca, hosts, options.server_key)?,
            seals: seals(dir, now, &qtsp, institutions, options.seal_key)?,
            earlier_seals: institutions
                .iter()
                .map(|institution| Ok((institution.code.to_owned(), earlier_seals(dir, institution.code)?)))
                .collect::<Result<_, PkiError>>()?,
            tpps: tpps(dir, now, &qtsp, options)?,
            qtsp,
            tls_ca,
        })
    }

    /// The authority of every QWAC and QSealC; it issues more of them.
    pub fn qtsp(&self) -> &Ca {
        &self.qtsp
    }

    /// The authority of the server certificate.
    pub fn tls_ca(&self) -> &Ca {
        &self.tls_ca
    }

    /// The authority of every QWAC and QSealC once more, for whoever speaks in its name elsewhere.
    ///
    /// # Errors
    ///
    /// Never for an authority that this module made.
    pub fn qtsp_again(&self) -> Result<Ca, PkiError> {
        Ca::from_parts(QTSP_NAME, self.qtsp.certified_key().clone())
    }

    /// What a bank of the sandbox trusts: its own QTSP.
    ///
    /// # Errors
    ///
    /// Never for an authority that this module made.
    pub fn anchors(&self) -> Result<Anchors, PkiError> {
        self.qtsp.anchors()
    }

    /// The server certificate of the TPP and PSU listeners.
    pub fn server(&self) -> &CertifiedKey {
        &self.server
    }

    /// The certificates that the seal of this bank has replaced, PEM: what was sealed under them stays valid.
    pub fn earlier_seals(&self, code: &str) -> &str {
        self.earlier_seals.get(code).map_or("", String::as_str)
    }

    /// The seal of the bank with this code, if it was asked for.
    pub fn seal(&self, code: &str) -> Option<&CertifiedKey> {
        self.seals.get(code)
    }

    /// The test TPPs with their certificates, in the order of [`TEST_TPPS`].
    pub fn tpps(&self) -> &[TppKeys] {
        &self.tpps
    }

    /// The test TPP with this organizationIdentifier.
    pub fn tpp(&self, oid: &str) -> Option<&TppKeys> {
        self.tpps.iter().find(|keys| keys.tpp.oid == oid)
    }
}

fn find_or_make_ca(dir: &Path, stem: &str, name: &str, now: Timestamp) -> Result<Ca, PkiError> {
    let path = dir.join(stem);
    if let Some(found) = files::load(&path)?
        && found.certificate()?.common_name() == Some(name)
        && is_valid(&found.certificate()?, now)
    {
        return Ca::from_parts(name, found);
    }
    let ca = Ca::create(name, Validity::days_from(now, LIFETIME_DAYS))?;
    files::save(&path, ca.certified_key())?;
    Ok(ca)
}

fn server(
    dir: &Path,
    now: Timestamp,
    ca: &Ca,
    hosts: &[String],
    key: KeyType,
) -> Result<CertifiedKey, PkiError> {
    let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
    names.extend(hosts.iter().map(|host| host.to_ascii_lowercase()));
    names.sort_unstable();
    names.dedup();
    find_or_issue(
        &dir.join("server"),
        ca,
        |found| is_valid(found, now) && key.made(found) && ca::is_for(found, &names),
        || ca.issue_server(&names, key, Validity::days_from(now, SERVER_LIFETIME_DAYS)),
    )
}

fn seals(
    dir: &Path,
    now: Timestamp,
    ca: &Ca,
    institutions: &[Institution<'_>],
    key: KeyType,
) -> Result<BTreeMap<String, CertifiedKey>, PkiError> {
    let seal = |institution: &Institution<'_>| {
        let code = institution.code;
        let oid = OrganizationIdentifier::parse(&format!("PSDFR-ACPR-{code}"))
            .ok()
            .filter(|_| code.len() <= 32 && code.bytes().all(|b| b.is_ascii_alphanumeric()))
            .ok_or(PkiError::InstitutionCode)?;
        let validity = Validity::days_from(now, LIFETIME_DAYS);
        let mut profile = TppProfile::new(Kind::Qseal, &oid, &[Role::AccountServicing], validity);
        institution.name.clone_into(&mut profile.organization_name);
        institution.name.clone_into(&mut profile.common_name);
        profile.key = key;
        let stem = dir.join(format!("seal-{code}"));
        let made = find_or_issue(
            &stem,
            ca,
            |found| fits(&profile, found, now),
            || {
                // What was sealed under the certificate to be replaced must stay verifiable.
                if let Some(replaced) = files::load(&stem)? {
                    files::keep_earlier(&stem, replaced.pem())?;
                }
                ca.issue_tpp(&profile)
            },
        )?;
        Ok((code.to_owned(), made))
    };
    institutions.iter().map(seal).collect()
}

fn tpps(dir: &Path, now: Timestamp, ca: &Ca, options: PkiOptions) -> Result<Vec<TppKeys>, PkiError> {
    let keys = |tpp: &'static TestTpp| {
        let home = dir.join("tpp").join(tpp.oid);
        files::create_dir(&home)?;
        let mut qwac = tpp.profile(Kind::Qwac, now);
        let mut qseal = tpp.profile(Kind::Qseal, now);
        qseal.key = options.tpp_seal_key;
        for profile in [&mut qwac, &mut qseal] {
            profile.locations = options.revocation_at.map(locations).unwrap_or_default();
        }
        Ok(TppKeys {
            tpp,
            qwac: find_or_issue_tpp(&home.join("qwac"), ca, &qwac, now)?,
            qseal: find_or_issue_tpp(&home.join("qseal"), ca, &qseal, now)?,
        })
    };
    files::create_dir(&dir.join("tpp"))?;
    TEST_TPPS.iter().map(keys).collect()
}

/// Where the authority of a sandbox speaks about revocation.
fn locations(operator: SocketAddr) -> Locations {
    let mut operator = operator;
    if operator.ip().is_unspecified() {
        operator.set_ip(match operator.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    let at = |path| vec![format!("http://{operator}{path}")];
    Locations { crl: at(CRL_PATH), ocsp: at(OCSP_PATH) }
}

/// The certificates that the seal of a bank has replaced, PEM; empty if there are none.
///
/// # Errors
///
/// [`PkiError`] if the file is there and cannot be read.
pub fn earlier_seals(dir: &Path, code: &str) -> Result<String, PkiError> {
    files::earlier(&dir.join(format!("seal-{code}")))
}

fn find_or_issue_tpp(
    path: &Path,
    ca: &Ca,
    profile: &TppProfile,
    now: Timestamp,
) -> Result<CertifiedKey, PkiError> {
    find_or_issue(path, ca, |found| fits(profile, found, now), || ca.issue_tpp(profile))
}

/// A certificate that is expired on purpose is kept, one that has come to expire is not.
fn fits(profile: &TppProfile, found: &Certificate, now: Timestamp) -> bool {
    profile.describes(found) && is_valid(found, now) == profile.validity.contains(now)
}

fn find_or_issue(
    path: &Path,
    ca: &Ca,
    fits: impl FnOnce(&Certificate) -> bool,
    issue: impl FnOnce() -> Result<CertifiedKey, PkiError>,
) -> Result<CertifiedKey, PkiError> {
    if let Some(found) = files::load(path)? {
        let certificate = found.certificate()?;
        // Asked for its first instant, so that what is expired on purpose passes.
        let issued = ca.anchors()?.verify_chain(&certificate, &[], certificate.not_before());
        if issued.is_ok() && fits(&certificate) {
            return Ok(found);
        }
    }
    let made = issue()?;
    files::save(path, &made)?;
    Ok(made)
}

fn is_valid(certificate: &Certificate, now: Timestamp) -> bool {
    (certificate.not_before()..certificate.not_after()).contains(&now)
}

#[cfg(test)]
mod tests;
