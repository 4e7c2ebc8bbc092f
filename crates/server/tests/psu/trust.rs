//! Strangers, forgers and hostile text.

use http::StatusCode;
use payments::values::{Name, Remittance, Text};

use crate::{
    browser::{Browser, encode},
    town::{CAMILLE, FIRST, OTHER_HOST, Town},
};

#[tokio::test]
async fn every_link_that_is_not_good_gets_the_same_page() {
    let town = Town::new().await;
    let (payment, link) = town.ask(|_| {}).await;
    let (decided, decided_link) = town.ask(|_| {}).await;
    let mut browser = town.browser();
    browser.open(&decided_link).await;
    browser.submit("/psu/refuse", &[]).await;
    assert_eq!(town.status(&decided).await, "RJCT CUST");
    let (path, query) = link.split_once('?').unwrap();
    let nonce = query.split("nonce=").nth(1).unwrap();
    let id = payment.id().as_str();
    let bad = [
        link.replace(nonce, "AAAAAAAAAAAAAAAAAAAA"),
        format!("{path}?paymentRequestRessourceId={id}"),
        format!("{path}?paymentRequestRessourceId=0000000001-177244293000011234567890&nonce={nonce}"),
        format!("{path}?paymentRequestRessourceId=%00&nonce=%FF"),
        path.to_owned(),
        decided_link,
    ];
    let mut pages = Vec::new();
    for link in &bad {
        let page = town.browser().open(link).await;
        assert_eq!((page.status, page.header("location")), (StatusCode::GONE, None), "{link}");
        assert!(page.header("set-cookie").is_none());
        let language = page.body.find("class=\"language\"").unwrap();
        let rest = page.body.get(language..).unwrap().split_once("lang=\"fr\"").unwrap().1;
        pages.push(rest.to_owned());
    }
    let elsewhere = Browser::new(server::psu::router(town.app.clone()), OTHER_HOST).open(&link).await;
    assert_eq!(elsewhere.status, StatusCode::GONE);
    assert!(pages.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(town.events(&payment).await, [""; 0]);
}

#[tokio::test]
async fn a_cookie_is_good_for_its_own_visit_at_its_own_bank() {
    let town = Town::new().await;
    let (_, mut browser) = town.at_the_code().await;
    let cookie = browser.cookie.clone().unwrap();
    for (cookie, host) in [
        (None, &browser.host),
        (Some(format!("guichet={}", "0".repeat(64))), &browser.host),
        (Some("guichet=short".to_owned()), &browser.host),
        (Some(format!("__Host-{cookie}")), &browser.host),
        (Some(cookie.clone()), &OTHER_HOST.to_owned()),
    ] {
        let mut stranger = Browser::new(server::psu::router(town.app.clone()), host);
        stranger.cookie = cookie;
        let page = stranger.open("/psu/authenticate").await;
        assert_eq!(page.status, StatusCode::GONE);
        assert!(!page.says("Boutique"));
    }
    browser.cookie = Some(format!("other=1; {cookie}; more=2"));
    assert_eq!(browser.open("/psu/authenticate").await.status, StatusCode::OK);
}

#[tokio::test]
async fn over_tls_the_cookie_is_bound_to_the_host_and_sent_to_nobody_else() {
    let town = Town::with_tls().await;
    let (_, link) = town.ask(|_| {}).await;
    let opened = town.browser().fetch(&link).await;
    let cookie = opened.header("set-cookie").unwrap();
    let (pair, attributes) = cookie.split_once("; ").unwrap();
    assert!(pair.starts_with("__Host-guichet=") && pair.len() == "__Host-guichet=".len() + 64);
    assert_eq!(attributes, "Path=/; HttpOnly; SameSite=Lax; Secure");
    assert!(opened.header("strict-transport-security").is_some());
    let plain = Town::new().await;
    let (_, link) = plain.ask(|_| {}).await;
    let opened = plain.browser().fetch(&link).await;
    assert!(opened.header("strict-transport-security").is_none());
    assert!(opened.header("set-cookie").unwrap().ends_with("Path=/; HttpOnly; SameSite=Lax"));
}

#[tokio::test]
async fn a_form_without_its_token_or_from_elsewhere_changes_nothing() {
    let town = Town::new().await;
    let (payment, mut browser) = town.at_the_code().await;
    let form = browser.page().clone();
    let code = town.code(CAMILLE);
    let csrf = form.hidden_field("/psu/authenticate", "csrf");
    let shown = form.hidden_field("/psu/authenticate", "shown");
    let fields = |csrf: &str| encode([("csrf", csrf), ("shown", &shown), ("code", &code)].into_iter());
    let forged: [(Option<(&'static str, &str)>, String); 6] = [
        (None, fields("")),
        (None, fields(&"0".repeat(64))),
        (None, encode([("shown", shown.as_str()), ("code", &code)].into_iter())),
        (Some(("sec-fetch-site", "cross-site")), fields(&csrf)),
        (Some(("sec-fetch-site", "same-site")), fields(&csrf)),
        (Some(("origin", "https://evil.example")), fields(&csrf)),
    ];
    for (header, body) in forged {
        let mut other = browser.clone();
        other.headers.extend(header.map(|(name, value)| (name, value.to_owned())));
        let page = other.post("/psu/authenticate", body).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{header:?}");
    }
    assert_eq!(town.status(&payment).await, "ACCP");
    let refusal = browser.post("/psu/refuse", String::new()).await;
    assert_eq!(refusal.status, StatusCode::FORBIDDEN);
    browser.headers.push(("sec-fetch-site", "same-origin".to_owned()));
    browser.post("/psu/authenticate", fields(&csrf)).await;
    assert_eq!(town.status(&payment).await, "ACSP");
}

#[tokio::test]
async fn a_form_of_another_visit_of_the_same_browser_changes_nothing() {
    let town = Town::new().await;
    let (first, mut browser) = town.at_the_code().await;
    let form = browser.page().clone();
    let (_, link) = town.ask(|_| {}).await;
    browser.open(&link).await;
    browser.page = Some(form);
    let page = browser.submit("/psu/authenticate", &[("code", &town.code(CAMILLE))]).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.says("out of date"));
    assert_eq!(town.status(&first).await, "ACCP");
}

#[tokio::test]
async fn a_form_larger_than_any_of_ours_is_refused() {
    let town = Town::new().await;
    let (_, link) = town.ask(|_| {}).await;
    let mut browser = town.browser();
    browser.open(&link).await;
    let page = browser.submit("/psu/identify", &[("customer", &"1".repeat(17 * 1024))]).await;
    assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(page.says("<h1>"));
}

#[tokio::test]
async fn what_is_not_served_is_a_page_too() {
    let town = Town::new().await;
    let mut browser = town.browser();
    let table = [
        ("/", StatusCode::NOT_FOUND),
        ("/psu/nothing", StatusCode::NOT_FOUND),
        ("/psu/assets/guichet-0.css", StatusCode::NOT_FOUND),
        ("/psu/refuse", StatusCode::METHOD_NOT_ALLOWED),
        ("/psu/identify", StatusCode::GONE),
    ];
    for (path, status) in table {
        let page = browser.open(path).await;
        assert_eq!(page.status, status, "{path}");
        assert!(page.says("<html lang=\"en\">") && page.says("<h1>"), "{path}");
    }
    browser.host = "evil.example".to_owned();
    let page = browser.open("/psu").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(!page.says("Epargne") && !page.says("evil.example"));
}

#[tokio::test]
async fn every_answer_carries_the_headers_that_keep_others_out() {
    let town = Town::new().await;
    let (_, link) = town.ask(|_| {}).await;
    let mut browser = town.browser();
    for path in [link.as_str(), "/psu/identify", "/nothing", "/psu/language/fr"] {
        let page = browser.fetch(path).await;
        let header = |name| page.header(name).unwrap_or_default();
        let csp = header("content-security-policy");
        for rule in ["default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"]
        {
            assert!(csp.contains(rule), "{path}: {csp}");
        }
        assert!(!csp.contains("unsafe"));
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("cache-control"), "no-store");
        assert_eq!(header("referrer-policy"), "same-origin");
        assert_eq!(header("cross-origin-opener-policy"), "same-origin");
        assert!(!page.says("<script") && !page.says(" style=") && !page.says("<style"));
    }
}

#[tokio::test]
async fn style_and_icon_are_kept_by_browsers() {
    let town = Town::new().await;
    let (_, link) = town.ask(|_| {}).await;
    let mut browser = town.browser();
    let page = browser.open(&link).await;
    for (before, kind) in [("rel=\"stylesheet\" href=\"", "text/css"), ("svg+xml\" href=\"", "image/svg+xml")]
    {
        let path = page.body.split(before).nth(1).unwrap().split('"').next().unwrap();
        let asset = browser.fetch(path).await;
        assert_eq!(asset.status, StatusCode::OK);
        assert!(asset.header("content-type").unwrap().starts_with(kind));
        assert!(asset.header("cache-control").unwrap().contains("immutable"));
    }
}

#[tokio::test]
async fn what_the_pisp_wrote_is_shown_as_text_on_every_page() {
    const HOSTILE: &str = "<script>alert('x')</script>\"'&";
    let town = Town::new().await;
    let (_, link) = town
        .register(|r| {
            HOSTILE.clone_into(&mut r.tpp_name);
            r.request.beneficiary.creditor.name = Name::parse(&format!("{HOSTILE}\u{202e}evil")).unwrap();
            r.request.remittance = Remittance::Unstructured(Text::parse(HOSTILE).unwrap());
        })
        .await;
    let mut browser = town.browser();
    let check = |page: &crate::browser::Page| {
        assert!(!page.says("<script") && !page.says("alert('x')") && !page.says("\u{202e}"), "{}", page.path);
        assert!(page.says("&#60;script&#62;"), "{}", page.path);
    };
    check(&browser.open(&link).await);
    check(&browser.submit("/psu/identify", &[("customer", CAMILLE)]).await);
    check(&browser.submit("/psu/password", &[("password", "sandbox")]).await);
    check(&browser.submit("/psu/account", &[("account", FIRST)]).await);
    check(&browser.submit("/psu/review", &[]).await);
    check(&browser.submit("/psu/authenticate", &[("code", "000000")]).await);
    check(&browser.submit("/psu/refuse", &[]).await);
}
