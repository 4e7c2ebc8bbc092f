//! Places that an attacker would like the bank to fetch from: nobody is ever asked.

use std::{io::ErrorKind, net::TcpListener};

use eidas::Kind;
use rcgen::CustomExtension;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use sandbox::pki::{Ca, Validity};
use serde_json::json;
use server::app::Clock as _;

use super::{check, check_alive, forge, handshake};
use crate::harness::{Guichet, PISP};

/// Somebody inside the bank's network who must not hear from the server.
pub(super) struct Inside(TcpListener);

impl Inside {
    pub(super) fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    pub(super) fn host(&self) -> String {
        self.0.local_addr().unwrap().to_string()
    }

    /// Checks that nobody has come, nor was sent. A connection to this machine is in the queue before its caller
    /// goes on.
    pub(super) fn check_alone(&self, guichet: &Guichet, what: &str) {
        let (inside, metadata) = (self.host(), "169.254");
        let fetched = guichet.network.fetched();
        assert!(
            !fetched.iter().any(|url| url.contains(&inside) || url.contains(metadata)),
            "{what}: {fetched:?}"
        );
        let came = self.0.accept();
        assert!(matches!(&came, Err(error) if error.kind() == ErrorKind::WouldBlock), "{what}: {came:?}");
    }
}

#[tokio::test]
async fn a_key_id_is_looked_up_and_never_fetched() {
    let guichet = Guichet::start().await;
    let inside = Inside::listen();
    let pisp = guichet.pisp(PISP);
    let token = pisp.token().await;
    let attacker = guichet.pisp(super::THIEF);
    let host = inside.host();
    let port = host.rsplit(':').next().unwrap().to_owned();
    let fingerprint = "0123456789abcdef".repeat(4);
    let (unknown, wrong) = ("names no key registered for this client", "'Signature' does not verify");
    let table = [
        (format!("http://{host}/seal.pem"), wrong),
        (format!("https://{host}/seal.pem"), wrong),
        (format!("https://{host}/certificate_{fingerprint}"), unknown),
        (format!("https://{host}/certificate_{fingerprint}?x=1"), wrong),
        (format!("http://localhost:{port}/seal.pem"), wrong),
        (format!("http://0x7f000001:{port}/seal.pem"), wrong),
        (format!("http://[::ffff:127.0.0.1]:{port}/seal.pem"), wrong),
        (format!("http://{host}#.tpp.example/seal.pem"), wrong),
        (format!("http://tpp.example@{host}/seal.pem"), wrong),
        (format!("HTTP://{host}/seal.pem"), unknown),
        (format!("//{host}/seal.pem"), unknown),
        (format!("ftp://{host}/seal.pem"), unknown),
        (format!("ldap://{host}/cn=seal"), unknown),
        (format!("gopher://{host}/_GET"), unknown),
        (format!("jar:http://{host}!/seal.pem"), unknown),
        ("http://169.254.169.254/latest/meta-data/iam/security-credentials/".to_owned(), wrong),
        ("http://metadata.google.internal/computeMetadata/v1/".to_owned(), wrong),
        ("http://[fd00:ec2::254]/latest/meta-data/".to_owned(), wrong),
        ("file:///etc/passwd".to_owned(), unknown),
        ("/etc/passwd".to_owned(), unknown),
        ("../../seal-17515.key".to_owned(), unknown),
        (format!("\\\\{host}\\share\\seal.pem"), unknown),
        ("data:application/x-pem-file;base64,AAAA".to_owned(), unknown),
        ("${jndi:ldap://127.0.0.1/a}".to_owned(), unknown),
        ("' OR kid IS NOT NULL --".to_owned(), unknown),
        ("%".to_owned(), unknown),
        ("seal-1%00".to_owned(), unknown),
    ];
    let (urls, rules): (Vec<_>, Vec<_>) = table.into_iter().unzip();
    for (url, rule) in urls.iter().zip(rules) {
        let escaped = url.replace('\\', "\\\\");
        let call = pisp.post(&token, &guichet.body()).with_key_id(&escaped).sign(&attacker.seal);
        check(&guichet, &pisp, vec![(url, call, 401, "BE05", rule)]).await;
        inside.check_alone(&guichet, url);
    }
    // With the right key such an address is a name like another, and is not fetched either.
    let url = format!("http://{host}/seal.pem");
    let call = pisp.post(&token, &guichet.body()).with_key_id(&url);
    assert_eq!(pisp.sign_and_send(call).await.status, 201);
    inside.check_alone(&guichet, "the right key");
}

#[tokio::test]
async fn no_address_in_a_body_or_header_is_fetched() {
    let guichet = Guichet::start().await;
    let inside = Inside::listen();
    let pisp = guichet.pisp(PISP);
    let token = pisp.token().await;
    let url = |scheme: &str| format!("{scheme}://{}/cb", inside.host());
    let with_url = |name: &str, value: String| {
        let mut body = guichet.body();
        body["supplementaryData"][name] = json!(value);
        pisp.post(&token, &body).sign(&pisp.seal)
    };
    let both = ["successfulReportUrl", "unsuccessfulReportUrl"];
    for name in both {
        for scheme in ["http", "https"] {
            let call = with_url(name, url(scheme));
            check(&guichet, &pisp, vec![(name, call, 400, "FF01", name)]).await;
            inside.check_alone(&guichet, name);
        }
    }
    // Headers that some servers follow or report to.
    for name in ["x-forwarded-host", "x-original-url", "referer", "origin", "x-wap-profile", "true-client-ip"]
    {
        let call = pisp.post(&token, &json!({})).with(name, &url("http")).sign(&pisp.seal);
        check(&guichet, &pisp, vec![(name, call, 400, "FF01", "paymentInformationId")]).await;
        inside.check_alone(&guichet, name);
    }
    check_alive(&guichet, &pisp).await;
}

/// A certificate of an authority of the attacker's, whose every location points inside.
fn pointing_inside(guichet: &Guichet, inside: &Inside) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
    let validity = Validity::days_from(guichet.clock.now(), 30);
    let own = Ca::create("Attacker's authority", validity).unwrap();
    let uri = forge::tlv(0x86, format!("http://{}/", inside.host()).as_bytes());
    // AccessDescription: OCSP and caIssuers (RFC 5280, 4.2.2.1).
    let access = |last: u8| {
        let method = forge::tlv(0x06, &[0x2b, 6, 1, 5, 5, 7, 0x30, last]);
        forge::tlv(0x30, &[method, uri.clone()].concat())
    };
    let information = forge::tlv(0x30, &[access(1), access(2)].concat());
    // CRLDistributionPoints (RFC 5280, 4.2.1.13).
    let point = forge::tlv(0xa0, &forge::tlv(0xa0, &uri));
    let points = forge::tlv(0x30, &forge::tlv(0x30, &point));
    let profile = forge::profile(guichet, Kind::Qwac, PISP);
    let forged = forge::issued(&own, &profile, &rcgen::PKCS_ECDSA_P256_SHA256, |params| {
        params.custom_extensions.extend([
            CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], information),
            CustomExtension::from_oid_content(&[2, 5, 29, 31], points),
        ]);
    });
    (forged.der().clone(), forged.key_der())
}

#[tokio::test]
async fn no_address_in_a_strangers_certificate_is_fetched() {
    let guichet = Guichet::start().await;
    let inside = Inside::listen();
    let (der, key) = pointing_inside(&guichet, &inside);
    assert_eq!(handshake::answer_to(&guichet, vec![der], key).await, "", "no stranger gets that far");
    inside.check_alone(&guichet, "AIA, CRL and OCSP");
    check_alive(&guichet, &guichet.pisp(PISP)).await;
}
