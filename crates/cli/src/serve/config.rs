//! The configuration file of `guichet serve`.
//!
//! Every member is described, with its default, in `guichet.example.toml`. A member that is not known is an
//! error: a setting that is misspelt must not be silently left at its default.

use std::{
    collections::BTreeSet,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use payments::{
    Version,
    institution::{MAX_SOFT_FAIL_HOURS, RevocationPolicy, Settings, SignaturePolicy},
    request::Product,
    tpp::{Licence, RedirectUri},
    values::{Bic, InstitutionCode, TppId},
};
use serde::Deserialize;
use server::{Limits, ProxyTrust};
use url::Url;

/// The configuration.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Where payments live.
    pub(crate) store: Store,
    /// The file of the keys of links and codes.
    pub(crate) secrets_file: PathBuf,
    /// Where to listen.
    pub(crate) listen: Listen,
    /// Whom to trust.
    pub(crate) trust: Trust,
    /// The bank behind us.
    pub(crate) bank: Bank,
    /// The institutions served.
    #[serde(rename = "institution")]
    pub(crate) institutions: Vec<Institution>,
    /// TPPs that are registered by this file.
    #[serde(rename = "tpp", default)]
    pub(crate) tpps: Vec<Tpp>,
}

/// Where payments live.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Store {
    /// The SQLite file.
    pub(crate) path: PathBuf,
}

/// Where to listen.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listen {
    /// For TPPs: mutual TLS.
    pub(crate) tpp: Option<TlsListener>,
    /// For PSUs: TLS.
    pub(crate) psu: Option<TlsListener>,
    /// For operators: plain HTTP on a loopback address.
    pub(crate) operator: Option<OperatorListener>,
}

impl Listen {
    /// A listener without TLS of its own takes its callers' word for who they are, unless a proxy tells it.
    fn check(&self) -> anyhow::Result<()> {
        for (name, listener) in [("tpp", &self.tpp), ("psu", &self.psu)] {
            let Some(listener) = listener else { continue };
            let limits = &listener.limits;
            let places = [limits.connections, limits.connections_per_address, limits.handshakes];
            if places.contains(&0) || limits.streams == 0 {
                bail!("listen.{name}.limits: connections, handshakes and streams must not be 0");
            }
            if listener.certificate.is_some() != listener.key.is_some() {
                bail!("listen.{name}: certificate and key go together");
            }
            if listener.identity().is_some() {
                if let Some(proxy) = &listener.proxy {
                    check_beside_tls(name, proxy)?;
                }
                continue;
            }
            match &listener.proxy {
                None => bail!("listen.{name} needs a certificate and a key, or a proxy that ends TLS"),
                Some(proxy) if name == "tpp" && !proxy.tells_certificates() => {
                    bail!("listen.tpp.proxy ends TLS: it needs a certificate_header that tells who calls")
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// What a listener is made with, in a fixed order.
    fn places(&self) -> impl PartialEq + '_ {
        let place = |listener: &'_ Option<TlsListener>| {
            let listener = listener.as_ref();
            listener.map(|listener| {
                (
                    listener.address,
                    listener.limits.clone(),
                    listener.proxy.clone(),
                    listener.identity().is_some(),
                )
            })
        };
        (place(&self.tpp), place(&self.psu), self.operator.as_ref().map(|listener| listener.address))
    }
}

/// Where TLS ends here as well, whose word is a header? That of a proxy that ends TLS, too; but a balancer that
/// passes connections on lets its clients write what they like, and certificates are public.
fn check_beside_tls(name: &str, proxy: &ProxyTrust) -> anyhow::Result<()> {
    if proxy.speaks_proxy_protocol() && proxy.tells_certificates() {
        bail!(
            "listen.{name} has a certificate, and its proxy speaks the PROXY protocol, as one does that passes TLS \
             on: it must not have a certificate_header as well"
        );
    }
    if name == "tpp" && proxy.speaks_in_headers() && !proxy.tells_certificates() {
        bail!(
            "listen.tpp.proxy: forwarded_for and forwarded_prefix are told by a proxy that ends TLS: it needs a \
             certificate_header that tells who calls"
        );
    }
    Ok(())
}

/// A listener with TLS, which ends here or at a proxy.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TlsListener {
    /// Address and port.
    pub(crate) address: SocketAddr,
    /// Server certificate with its chain, PEM; none where a proxy ends TLS.
    pub(crate) certificate: Option<PathBuf>,
    /// Its key, PEM.
    pub(crate) key: Option<PathBuf>,
    /// How much callers may take.
    #[serde(default)]
    pub(crate) limits: Limits,
    /// The proxies in front of it.
    pub(crate) proxy: Option<ProxyTrust>,
}

impl TlsListener {
    /// The files of its certificate and key, if TLS ends here.
    pub(crate) fn identity(&self) -> Option<(&Path, &Path)> {
        self.certificate.as_deref().zip(self.key.as_deref())
    }
}

/// The operator's listener.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OperatorListener {
    /// Address and port: loopback only.
    pub(crate) address: SocketAddr,
}

/// Whom to trust.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Trust {
    /// Files of the authorities that issue the certificates of TPPs, PEM.
    #[serde(default)]
    pub(crate) anchors: Vec<PathBuf>,
    /// Files of authorities between those and the certificates of TPPs, PEM: trusted only as far as an anchor
    /// vouches for them.
    #[serde(default)]
    pub(crate) intermediates: Vec<PathBuf>,
    /// Where revocation is asked about.
    #[serde(default)]
    pub(crate) revocation: server::revocation::Config,
}

/// The bank behind us.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bank {
    /// Where its connector answers: `https`, or `http` on a loopback address.
    pub(crate) url: String,
    /// File of the secret that our questions carry.
    pub(crate) secret_file: PathBuf,
    /// Authorities of its server certificate, PEM; nobody else is trusted.
    pub(crate) authority: Option<PathBuf>,
    /// How long one call may take, in milliseconds.
    #[serde(default = "default_bank_timeout_ms")]
    pub(crate) timeout_ms: u64,
}

fn default_bank_timeout_ms() -> u64 {
    5_000
}

/// One institution.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Institution {
    /// Bank code.
    pub(crate) code: InstitutionCode,
    /// Name.
    pub(crate) name: String,
    /// BIC.
    pub(crate) bic: Bic,
    /// Host names.
    pub(crate) hosts: Vec<String>,
    /// Where PSUs reach its pages: scheme, host and port.
    pub(crate) psu_url: Url,
    /// Where TPPs reach its API: scheme, host and port.
    pub(crate) tpp_url: Url,
    /// What it offers in which version.
    pub(crate) products: Products,
    /// Its seal.
    pub(crate) seal: Seal,
    /// Its settings.
    #[serde(default)]
    pub(crate) settings: Settings,
}

/// What an institution offers, by version.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Products {
    #[serde(rename = "1.4.0", default)]
    v1_4_0: Vec<ProductName>,
    #[serde(rename = "1.4.2", default)]
    v1_4_2: Vec<ProductName>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
enum ProductName {
    #[serde(rename = "SCT")]
    Sct,
    #[serde(rename = "SCT Inst")]
    SctInst,
}

impl From<ProductName> for Product {
    fn from(name: ProductName) -> Self {
        match name {
            ProductName::Sct => Self::Sct,
            ProductName::SctInst => Self::SctInst,
        }
    }
}

impl Products {
    /// As the domain holds them.
    pub(crate) fn by_version(&self) -> BTreeSet<(Version, Product)> {
        let rows = [(Version::V1_4_0, &self.v1_4_0), (Version::V1_4_2, &self.v1_4_2)];
        rows.into_iter()
            .flat_map(|(version, names)| names.iter().map(move |name| (version, (*name).into())))
            .collect()
    }
}

/// An institution's seal.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Seal {
    /// Certificate, PEM.
    pub(crate) certificate: PathBuf,
    /// Key, PKCS#8 PEM.
    pub(crate) key: PathBuf,
    /// Certificates it replaced, PEM: what was sealed under them stays valid.
    #[serde(default)]
    pub(crate) earlier_certificates: Vec<PathBuf>,
}

/// A TPP registered by the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tpp {
    /// Its client id.
    pub(crate) client_id: TppId,
    /// organizationIdentifier of its certificates; the client id if absent.
    pub(crate) organization_identifier: Option<String>,
    /// Its name, shown to PSUs.
    pub(crate) name: String,
    /// Whether it may work.
    #[serde(default = "default_licence")]
    pub(crate) licence: Licence,
    /// Where it may send PSUs back to.
    pub(crate) redirect_uris: Vec<RedirectUri>,
    /// Files of its seal certificates, PEM.
    pub(crate) seal_certificates: Vec<PathBuf>,
    /// What its signatures must cover, if not what the institution asks of everybody.
    pub(crate) signature_policy: Option<SignaturePolicy>,
}

fn default_licence() -> Licence {
    Licence::Active
}

impl Config {
    /// Reads the file at `path`. Files it names relatively are beside it.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or holds what must not be.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut config = Self::parse(&text).with_context(|| format!("in {}", path.display()))?;
        // Absolute, so that a file named without a directory has one to be beside.
        let path = std::path::absolute(path).with_context(|| format!("in {}", path.display()))?;
        config.resolve(path.parent().unwrap_or(&path));
        Ok(config)
    }

    /// Parses the text of a configuration file.
    ///
    /// # Errors
    ///
    /// What the file says is not understood, or must not be.
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let config: Self = toml::from_str(text)?;
        config.check()?;
        Ok(config)
    }

    /// What an operator should know who reloads a server that runs on `running`, in words.
    pub(super) fn notes_after(&self, running: &Self) -> Vec<String> {
        let table = [
            ("store.path", self.store.path == running.store.path),
            ("secrets_file", self.secrets_file == running.secrets_file),
            ("bank", self.bank == running.bank),
            ("trust.revocation", self.trust.revocation == running.trust.revocation),
            ("listen", self.listen.places() == running.listen.places()),
        ];
        let differing = table.into_iter().filter(|(_, same)| !same);
        let mut notes: Vec<_> =
            differing.map(|(name, _)| format!("{name} takes effect at the next start")).collect();
        let gone =
            running.tpps.iter().filter(|tpp| !self.tpps.iter().any(|new| new.client_id == tpp.client_id));
        notes.extend(gone.map(|tpp| {
            format!(
                "TPP {0} is not named any more and stays registered: guichet tpp remove {0}",
                tpp.client_id
            )
        }));
        notes
    }

    fn check(&self) -> anyhow::Result<()> {
        if self.institutions.is_empty() {
            bail!("no [[institution]] is served");
        }
        if let Some(operator) = &self.listen.operator
            && !operator.address.ip().is_loopback()
        {
            bail!("listen.operator.address must be a loopback address: it asks nobody who he is");
        }
        self.listen.check()?;
        let mut codes = BTreeSet::new();
        let mut hosts = BTreeSet::new();
        for institution in &self.institutions {
            let code = institution.code.as_str();
            if !codes.insert(code) {
                bail!("institution {code} is there twice");
            }
            institution.check().with_context(|| format!("in institution {code}"))?;
            let asks = institution.settings.revocation != RevocationPolicy::Off;
            if asks && !self.trust.revocation.has_a_source() {
                bail!(
                    "institution {code} wants to know of revocation: trust.revocation needs fetch or a directory"
                );
            }
            for host in &institution.hosts {
                if !hosts.insert(host) {
                    bail!("host {host} leads to two institutions");
                }
            }
        }
        let mut clients = BTreeSet::new();
        for tpp in &self.tpps {
            if !clients.insert(tpp.client_id.as_str()) {
                bail!("TPP {} is there twice", tpp.client_id);
            }
            let any_port = RedirectUri::any_loopback_port();
            if tpp.redirect_uris.iter().any(|uri| *uri == any_port || uri.as_str().starts_with("http:")) {
                bail!("TPP {}: redirect_uris must be https", tpp.client_id);
            }
        }
        Ok(())
    }

    fn resolve(&mut self, base: &Path) {
        let mut files = vec![&mut self.store.path, &mut self.secrets_file];
        let listeners = [&mut self.listen.tpp, &mut self.listen.psu];
        for listener in listeners.into_iter().flatten() {
            files.extend([&mut listener.certificate, &mut listener.key].into_iter().flatten());
        }
        files.extend(&mut self.trust.anchors);
        files.extend(&mut self.trust.intermediates);
        files.extend(&mut self.trust.revocation.directory);
        files.push(&mut self.bank.secret_file);
        files.extend(&mut self.bank.authority);
        for institution in &mut self.institutions {
            files.extend([&mut institution.seal.certificate, &mut institution.seal.key]);
            files.extend(&mut institution.seal.earlier_certificates);
        }
        files.extend(self.tpps.iter_mut().flat_map(|tpp| &mut tpp.seal_certificates));
        for file in files {
            *file = base.join(&*file);
        }
    }
}

impl Institution {
    fn check(&self) -> anyhow::Result<()> {
        for url in [&self.psu_url, &self.tpp_url] {
            if url.scheme() != "https" || url.path() != "/" || url.query().is_some() {
                bail!("psu_url and tpp_url must be https, without path");
            }
        }
        if self.hosts.is_empty() || self.hosts.iter().any(|host| *host != host.to_ascii_lowercase()) {
            bail!("hosts must be names in lower case, at least one");
        }
        if self.products.by_version().is_empty() {
            bail!("no product is offered in any version");
        }
        if let RevocationPolicy::SoftFailHours(hours) = self.settings.revocation
            && hours > MAX_SOFT_FAIL_HOURS
        {
            bail!(
                "revocation: soft_fail_hours is {MAX_SOFT_FAIL_HOURS} at most, a year: \"off\" asks nobody"
            );
        }
        Ok(())
    }
}

/// A URL without its final slash, as links are made from it.
pub(crate) fn base_of(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = include_str!("../../../../guichet.example.toml");

    #[test]
    fn the_example_file_parses() {
        let config = Config::parse(EXAMPLE).unwrap();
        let institution = &config.institutions[0];
        assert_eq!(institution.code.as_str(), "17515");
        assert_eq!(institution.products.by_version().len(), 3);
        assert_eq!(config.tpps.len(), 1);
    }

    /// What an operator reads as the default must be the default.
    #[test]
    fn the_example_file_says_every_default() {
        let uncommented: String = EXAMPLE
            .lines()
            .map(|line| line.strip_prefix("#: ").unwrap_or(line))
            .fold(String::new(), |text, line| text + line + "\n");
        let (plain, told) = (Config::parse(EXAMPLE).unwrap(), Config::parse(&uncommented).unwrap());
        assert_eq!(told.institutions[0].settings, Settings::default());
        assert_eq!(told.bank.timeout_ms, plain.bank.timeout_ms);
        let limits = |config: &Config| config.listen.tpp.as_ref().unwrap().limits.clone();
        assert_eq!((limits(&told), limits(&plain)), (Limits::default(), Limits::default()));
        assert_eq!(told.trust.revocation, server::revocation::Config::default());
        assert_eq!(told.tpps[0].licence, plain.tpps[0].licence);
        let settings = serde_json::to_value(Settings::default()).unwrap();
        for name in settings.as_object().unwrap().keys() {
            assert!(EXAMPLE.contains(&format!("{name} = ")), "{name} is not in the example");
        }
    }

    const PASSED_ON: &str = "[listen.tpp.proxy]\npeers = [\"::1\"]\nproxy_protocol = true\n\
                             certificate_header = \"X-Client-Cert\"\n[listen.psu]";
    const NO_CERTIFICATES: &str = "[listen.tpp.proxy]\npeers = [\"::1\"]\nforwarded_for = true\n[listen.psu]";

    #[test]
    fn what_must_not_be_is_refused_by_name() {
        let table = [
            ("secrets_file", "secret_file", "secret_file"),
            ("127.0.0.1:9090", "0.0.0.0:9090", "loopback"),
            ("certificate = \"server.pem\"\nkey = \"server.key\"\n", "", "or a proxy that ends TLS"),
            ("key = \"server.key\"\n", "", "go together"),
            ("[listen.tpp.limits]", "[listen.tpp.limits]\nhandshakes = 0", "must not be 0"),
            ("psu_url = \"https:", "psu_url = \"http:", "https"),
            ("https://tpp.example/cb", "http://127.0.0.1:*/", "redirect_uris must be https"),
            (r#"code = "17515""#, r#"code = "1751""#, "code"),
            (r#"["SCT", "SCT Inst"]"#, r#"["SCT", "SDD"]"#, "SDD"),
            ("[bank]", "[bank]\nsandbox = true", "sandbox"),
            ("[listen.psu]", PASSED_ON, "passes TLS on"),
            ("[listen.psu]", NO_CERTIFICATES, "tells who calls"),
            (
                "#: revocation = { soft_fail_hours = 24 }",
                "revocation = { soft_fail_hours = 8761 }",
                "8760 at most",
            ),
            ("#: fetch = true", "fetch = false", "needs fetch or a directory"),
        ];
        for (good, bad, told) in table {
            assert!(EXAMPLE.contains(good), "{good}");
            let error = Config::parse(&EXAMPLE.replace(good, bad)).unwrap_err();
            assert!(format!("{error:#}").contains(told), "{bad}: {error:#}");
        }
    }

    #[test]
    fn a_proxy_before_a_listener_with_tls_tells_certificates_if_that_is_written_out() {
        for (trust, tells) in [
            ("certificate_header = \"X-Client-Cert\"\nforwarded_for = true", true),
            ("proxy_protocol = true", false),
            ("", false),
        ] {
            let proxy = format!("[listen.tpp.proxy]\npeers = [\"::1\"]\n{trust}\n[listen.psu]");
            let config = Config::parse(&EXAMPLE.replace("[listen.psu]", &proxy)).unwrap();
            let proxy = config.listen.tpp.unwrap().proxy.unwrap();
            assert_eq!(proxy.tells_certificates(), tells, "{trust}");
        }
    }

    #[test]
    fn files_are_beside_the_configuration() {
        let mut config = Config::parse(EXAMPLE).unwrap();
        config.resolve(Path::new("/etc/guichet"));
        assert_eq!(config.trust.anchors[0], Path::new("/etc/guichet/qtsp.pem"));
        assert_eq!(config.store.path, Path::new("/var/lib/guichet/guichet.sqlite"));
    }
}
