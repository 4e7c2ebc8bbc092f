//! The operator's pages: the certificate doctor, and who is trusted.

use eidas::revocation::DenyList;
use payments::{
    licence::{Licence, Listing, RegisterImport},
    ports::TrustStore as _,
};
use sandbox::pki::CertifiedKey;
use server::{
    app::Clock as _,
    revocation::Sources,
    trust::{Gathered, Uses},
};

use crate::{
    harness::{Guichet, PISP},
    operator_tokens::{Headers, Told, operate},
};

const EXPLAIN: &str = "/certificates/explain";
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const HERE: (&str, &str) = ("host", "localhost");
const JSON: (&str, &str) = ("accept", "application/json");
const BROWSER: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");

fn form(pem: &str, kind: &str, reading: &str) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .append_pair("pem", pem)
        .append_pair("kind", kind)
        .append_pair("reading", reading)
        .finish()
}

async fn page(guichet: &Guichet, body: &str) -> Told {
    operate(guichet, "POST", EXPLAIN, &[HERE, FORM, BROWSER], body).await
}

async fn json(guichet: &Guichet, body: &str) -> Told {
    operate(guichet, "POST", EXPLAIN, &[HERE, FORM, JSON], body).await
}

fn qwac<'a>(guichet: &'a Guichet, oid: &str) -> &'a CertifiedKey {
    &guichet.pki.tpp(oid).unwrap().qwac
}

#[tokio::test]
async fn a_page_explains_a_certificate_by_the_trust_and_the_clock_of_the_server() {
    let guichet = Guichet::start().await;
    let empty = operate(&guichet, "GET", EXPLAIN, &[HERE, BROWSER], "").await;
    assert_eq!(empty.status, 200);
    assert!(empty.body.contains("<textarea") && !empty.body.contains("id=\"verdict\""));
    let good = qwac(&guichet, PISP).pem();
    let told = page(&guichet, &form(good, "", "strict")).await;
    assert_eq!(told.status, 200);
    for part in ["no rule is broken", "Judged as QWAC, by what it says of itself", PISP, "chain.path"] {
        assert!(told.body.contains(part), "{part}: {}", told.body);
    }
    assert!(told.body.contains("no imported register lists it"), "{}", told.body);
    let told = page(&guichet, &form(good, "qseal", "lenient")).await;
    assert!(told.body.contains("one rule is broken") && told.body.contains("href=\"#qseal.qc_type\""));
    assert!(told.body.contains("value=\"qseal\" checked") && told.body.contains("value=\"lenient\" checked"));

    // Another authority is trusted now, and none for websites.
    let mut gathered = Gathered::default();
    let uses = Uses { websites: false, seals: true };
    for der in guichet.pki.anchors().unwrap().ders() {
        gathered.add(der, uses, "a list", None).unwrap();
    }
    guichet.app.trust.replace(gathered.trust().unwrap());
    let told = json(&guichet, &form(good, "", "strict")).await.json();
    assert_eq!(told["in_order"], false, "{told}");
    let findings = told["findings"].as_array().unwrap();
    let path = findings.iter().find(|finding| finding["rule"] == "chain.path").unwrap();
    assert_eq!(path["outcome"], "failed", "{path}");
    let seal = guichet.pki.tpp(PISP).unwrap().qseal.pem();
    assert_eq!(json(&guichet, &form(seal, "", "strict")).await.json()["in_order"], true);
}

/// What a TPP is refused with is the first problem that the page tells.
#[tokio::test]
async fn a_tpp_is_refused_in_the_words_of_the_page() {
    let guichet = Guichet::start().await;
    let oid = "PSDFR-ACPR-22222";
    let told = json(&guichet, &form(qwac(&guichet, oid).pem(), "qwac", "strict")).await.json();
    let findings = told["findings"].as_array().unwrap();
    let broken = findings.iter().find(|finding| finding["outcome"] == "failed").unwrap();
    let pisp = guichet.pisp(oid);
    let refused = pisp.ask_token(crate::harness::HOST, &pisp.token_form()).await;
    assert_eq!(refused.status, 401);
    let description = &refused.json()["error_description"];
    assert!(description.as_str().unwrap().contains(broken["problem"].as_str().unwrap()), "{description}");
}

#[tokio::test]
async fn what_registers_say_of_the_provider_is_told() {
    let guichet = Guichet::start().await;
    let listing = Listing {
        register: "ACPR <i>".to_owned(),
        organization_identifier: PISP.to_owned(),
        name: "Exemple".to_owned(),
        standing: Licence::Withdrawn,
        payment_initiation_in: ["FR".to_owned()].into(),
    };
    let import = RegisterImport {
        register: "ACPR <i>".to_owned(),
        file: "r.csv".to_owned(),
        sha256: [0; 32],
        published_at: guichet.clock.now(),
        imported_at: guichet.clock.now(),
        listings: 1,
    };
    guichet.store.import_register(import, vec![listing]).await.unwrap();
    let told = page(&guichet, &form(qwac(&guichet, PISP).pem(), "", "strict")).await;
    assert!(told.body.contains("withdrawn, initiates payments in: FR"), "{}", told.body);
    assert!(told.body.contains("No rule is broken, and yet it is not taken"), "{}", told.body);
    let program = json(&guichet, &form(qwac(&guichet, PISP).pem(), "", "strict")).await.json();
    assert_eq!((&program["acceptable"], &program["in_order"]), (&false.into(), &true.into()), "{program}");
    assert_eq!(program["known"][0]["what"], "Register ACPR <i>", "{program}");
    assert!(!told.body.contains("<i>"), "{}", told.body);
}

#[tokio::test]
async fn what_is_pasted_is_text_and_a_key_is_not_sent_about() {
    let guichet = Guichet::start().await;
    let key = guichet.pki.tpp(PISP).unwrap().qseal.key_pem().to_owned();
    let secret = key.lines().nth(1).unwrap();
    let told = page(&guichet, &form(&key, "", "strict")).await;
    assert_eq!(told.status, 200);
    assert!(told.body.contains("keep it to yourself"), "{}", told.body);
    assert!(!told.body.contains(secret), "a key is not sent about once more");
    let hostile = "</textarea><script>alert(1)</script>\u{202e}\u{1b}[31m";
    let told = page(&guichet, &form(hostile, "", "strict")).await;
    assert!(told.status == 200 && !told.body.contains("<script"), "{}", told.body);
    let csp =
        "content-security-policy: default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'";
    assert!(told.headers.contains(csp), "{}", told.headers);
    for header in ["cache-control: no-store", "x-content-type-options: nosniff", "x-frame-options: DENY"] {
        assert!(told.headers.contains(header), "{header}: {}", told.headers);
    }
    assert!(!told.body.contains("style=") && !told.body.contains("<style"), "{}", told.body);
}

#[tokio::test]
async fn what_cannot_be_explained_is_told_to_people_and_programs() {
    let guichet = Guichet::start().await;
    let large = form(&"x".repeat(65 * 1024), "", "strict");
    let good = form(qwac(&guichet, PISP).pem(), "", "strict");
    let table: &[(Headers<'_>, &str, u16)] = &[
        (&[HERE, FORM], "", 400),
        (&[HERE, FORM], "pem=%20", 400),
        (&[HERE, FORM], "pem=x&kind=ca", 400),
        (&[HERE, FORM], "pem=x&reading=kindly", 400),
        (&[HERE, FORM], &large, 413),
        (&[HERE, ("content-type", "text/plain")], &good, 415),
        (&[FORM, ("host", "evil.example")], &good, 403),
        (&[HERE, FORM, ("sec-fetch-site", "cross-site")], &good, 403),
        (&[HERE, FORM], "pem=%ff%fe%00", 200),
    ];
    for (headers, body, status) in table {
        for kind in [BROWSER, JSON] {
            let mut all = headers.to_vec();
            all.push(kind);
            let told = operate(&guichet, "POST", EXPLAIN, &all, body).await;
            assert_eq!(told.status, *status, "{headers:?} {body:.40}: {}", told.body);
            let is_page = told.headers.contains("text/html");
            assert_eq!(is_page, kind == BROWSER && *status != 403, "{body:.40}");
            if kind == JSON && *status != 200 {
                assert_eq!(told.json()["status"], *status);
            }
        }
    }
}

#[tokio::test]
async fn whom_the_server_trusts_is_told_with_where_it_comes_from() {
    let guichet = Guichet::start().await;
    let mut gathered = Gathered::default();
    let since = guichet.clock.now();
    for der in guichet.pki.anchors().unwrap().ders() {
        let uses = Uses { websites: true, seals: false };
        gathered.add(der, uses, "trusted list <FR> no. 7", Some(since)).unwrap();
    }
    guichet.app.trust.replace(gathered.trust().unwrap());
    let told = operate(&guichet, "GET", "/trust", &[HERE, BROWSER], "").await;
    assert_eq!(told.status, 200);
    assert!(told.body.contains("trusted list &#60;FR&#62; no. 7"), "{}", told.body);
    let told = operate(&guichet, "GET", "/trust", &[HERE, JSON], "").await.json();
    assert_eq!(told[0]["source"], "trusted list <FR> no. 7");
    assert_eq!(told[0]["uses"], serde_json::json!({ "websites": true, "seals": false }));
    assert_eq!(told[0]["sha256"].as_str().unwrap().len(), 64);
    // The style sheet is there under the name that the page has for it.
    let page = operate(&guichet, "GET", "/trust", &[HERE], "").await.body;
    let style = page.split("href=\"").find(|part| part.contains(".css\"")).unwrap();
    let style = style.split('"').next().unwrap();
    let sheet = operate(&guichet, "GET", style, &[HERE], "").await;
    assert!(sheet.status == 200 && sheet.body.contains(".findings"), "{style}");
    assert_eq!(operate(&guichet, "GET", "/operator/assets/x.css", &[HERE], "").await.status, 404);
}

#[tokio::test]
async fn a_certificate_that_the_bank_denies_is_not_taken_though_every_rule_holds() {
    let guichet = Guichet::start().await;
    let qwac = qwac(&guichet, PISP);
    let certificate = eidas::Certificate::parse(qwac.der()).unwrap();
    let denied = format!("sha256 {}\n", certificate.sha256_hex());
    let sources = Sources::denying(DenyList::parse(&denied).unwrap());
    guichet.app.revocation.replace_sources(sources, guichet.clock.now()).unwrap();
    let told = json(&guichet, &form(qwac.pem(), "", "strict")).await.json();
    assert_eq!((&told["acceptable"], &told["in_order"]), (&false.into(), &true.into()), "{told}");
    let told = page(&guichet, &form(qwac.pem(), "", "strict")).await;
    assert!(told.body.contains("on the deny list of this bank"), "{}", told.body);
}
