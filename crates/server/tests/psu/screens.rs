//! Every page in both languages: what it must show, and how it must be built to be used by everybody.

use std::{collections::BTreeMap, fs, path::PathBuf};

use payments::{
    request::Product,
    samples,
    tpp::{Licence, Tpp},
    values::Iban,
};

use crate::{
    browser::Page,
    town::{CAMILLE, FIRST, Mood, SECOND, Town},
};

/// Every page a customer can see, by name.
async fn every_page(language: &str) -> BTreeMap<&'static str, Page> {
    let town = Town::new().await;
    let mut pages = BTreeMap::new();
    let (_, link) = town.ask(|r| r.product = Product::SctInst).await;
    let link = format!("{link}&ui_locales={language}");
    let mut browser = town.browser();
    pages.insert("1-identify", browser.open(&link).await);
    pages.insert("1-identify-again", browser.submit("/psu/identify", &[("customer", "")]).await);
    pages.insert("2-password", browser.submit("/psu/identify", &[("customer", CAMILLE)]).await);
    for _ in 0..3 {
        let page = browser.submit("/psu/password", &[("password", "guess")]).await;
        pages.insert("2-password-wrong", page);
    }
    pages.insert("3-account", browser.submit("/psu/password", &[("password", "sandbox")]).await);
    pages.insert("4-review", browser.submit("/psu/account", &[("account", FIRST)]).await);
    pages.insert("5-code", browser.submit("/psu/review", &[]).await);
    pages.insert("5-code-sent-again", browser.submit("/psu/authenticate/again", &[]).await);
    pages.insert("5-code-wrong", browser.submit("/psu/authenticate", &[("code", "1")]).await);
    let code = town.code(CAMILLE);
    pages.insert("6-approved", browser.submit("/psu/authenticate", &[("code", &code)]).await);
    pages.insert("8-link-over", town.browser().open(&link).await);
    pages.extend(ends(&town, language).await);
    pages.extend(kept_out(language).await);
    pages
}

async fn ends(town: &Town, language: &str) -> BTreeMap<&'static str, Page> {
    let mut pages = BTreeMap::new();
    let table = [("7-no-funds", "170000006"), ("7-account-blocked", "170000004"), ("7-refused", CAMILLE)];
    for (name, psu) in table {
        let (_, link) = town.ask(|_| {}).await;
        let mut browser = town.browser();
        browser.open(&format!("{link}&ui_locales={language}")).await;
        let page = browser.sign_in(psu, "sandbox").await;
        if page.name() == "/psu/account" && name == "7-no-funds" {
            pages.insert("3-account-no-funds", page.clone());
        }
        let page = match page.name() {
            "/psu/outcome" => page,
            _ => browser.submit("/psu/refuse", &[]).await,
        };
        pages.insert(name, page);
    }
    let not_mine = Iban::parse("FR7617515900000800234567883").unwrap();
    let (_, link) = town.ask(|r| r.debtor_account = Some(not_mine)).await;
    let mut browser = town.browser();
    browser.open(&format!("{link}&ui_locales={language}")).await;
    browser.submit("/psu/identify", &[("customer", CAMILLE)]).await;
    town.bank.set(Mood::Down);
    let password = browser.page().clone();
    pages.insert("9-technical", browser.submit("/psu/password", &[("password", "sandbox")]).await);
    town.bank.set(Mood::Fine);
    browser.page = Some(password);
    pages.insert("3-account-not-yours", browser.submit("/psu/password", &[("password", "sandbox")]).await);
    town.wait(240);
    browser.headers = vec![("accept-language", language.to_owned())];
    pages.insert("8-visit-over", browser.open("/psu").await);
    pages
}

/// What is shown while the bank does not work with the initiator.
async fn kept_out(language: &str) -> BTreeMap<&'static str, Page> {
    let town = Town::new().await;
    let (_, link) = town.ask(|_| {}).await;
    let link = format!("{link}&ui_locales={language}");
    let mut browser = town.browser();
    browser.open(&link).await;
    browser.sign_in(CAMILLE, "sandbox").await;
    browser.submit("/psu/account", &[("account", FIRST)]).await;
    browser.submit("/psu/review", &[]).await;
    town.put_tpp(Tpp { licence: Licence::Withdrawn, ..samples::tpp() }).await;
    let opened = town.browser().open(&link).await;
    let code = town.code(CAMILLE);
    let approved = browser.submit("/psu/authenticate", &[("code", &code)]).await;
    BTreeMap::from([("8-kept-out", opened), ("7-kept-out", approved)])
}

/// Writes the pages to the directory that `GUICHET_SCREENS` names, for looking at them.
fn keep(language: &str, pages: &BTreeMap<&'static str, Page>) {
    let Some(dir) = std::env::var_os("GUICHET_SCREENS").map(PathBuf::from) else {
        return;
    };
    let style = include_str!("../../assets/guichet.css");
    for (name, page) in pages {
        let body = page.body.replace("<link rel=\"stylesheet\"", &format!("<style>{style}</style><link"));
        let body = body.replace("http-equiv=\"refresh\"", "");
        fs::write(dir.join(format!("{language}-{name}.html")), body).unwrap();
    }
}

#[tokio::test]
async fn every_page_shows_who_asks_how_much_and_for_whom() {
    let languages = [
        ("en", "€124.35", "today, 2\u{a0}March 2026", "Refuse and go back to Exemple Paiement SAS"),
        (
            "fr",
            "124,35\u{a0}€",
            "aujourd’hui, 2\u{a0}mars 2026",
            "Refuser et revenir chez Exemple Paiement SAS",
        ),
    ];
    for (language, amount, date, refuse) in languages {
        let pages = every_page(language).await;
        keep(language, &pages);
        assert_eq!(pages.len(), 20);
        for (name, page) in &pages {
            assert!(page.says(&format!("<html lang=\"{language}\">")), "{name}: {}", page.body);
            if name.starts_with('8') || name.starts_with('9') {
                continue;
            }
            let iban = "FR76 1142 5009 0004 0123 4567 877";
            for shown in ["Exemple Paiement SAS", "Boutique Exemple", iban, "Commande 4711", amount, date] {
                assert!(page.says(shown), "{shown} is missing on {name} in {language}");
            }
            let decided = name.starts_with('6') || name.starts_with('7');
            assert_eq!(page.says(refuse), !decided, "{name} in {language}");
        }
    }
}

#[tokio::test]
async fn every_page_is_built_for_everybody() {
    for language in ["en", "fr"] {
        for (name, page) in every_page(language).await {
            let count = |text: &str| page.body.matches(text).count();
            assert_eq!((count("<h1"), count("<main"), count("<title>")), (1, 1, 1), "{name}");
            assert!(
                page.says("class=\"skip\" href=\"#content\"") && page.says("name=\"viewport\""),
                "{name}"
            );
            assert!(count("class=\"language\"") == 1, "{name}");
            for input in page.body.split("<input ").skip(1) {
                let input = input.split('>').next().unwrap();
                let has = |text: &str| input.contains(text);
                let exempt = has("type=\"hidden\"") || has("type=\"radio\"") || has("readonly");
                let id = input.split("id=\"").nth(1).map(|rest| rest.split('"').next().unwrap());
                let labelled = id.is_some_and(|id| page.says(&format!("for=\"{id}\"")));
                assert!(exempt || (labelled && has("autocomplete=\"")), "{name}: {input}");
            }
            for reference in ["aria-describedby=\"", "aria-labelledby=\"", "href=\"#"] {
                for ids in page.body.split(reference).skip(1) {
                    for id in ids.split('"').next().unwrap().split(' ') {
                        assert!(page.says(&format!("id=\"{id}\"")), "{name}: nothing has the id {id}");
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn the_language_can_be_changed_on_every_page_and_stays() {
    let town = Town::new().await;
    let (_, mut browser) = town.signed_in(CAMILLE, |_| {}).await;
    let page = browser.open("/psu/language/fr").await;
    assert_eq!(page.name(), "/psu/account");
    assert!(page.says("Quel compte doit payer"));
    let page = browser.submit("/psu/account", &[("account", SECOND)]).await;
    assert!(page.says("<html lang=\"fr\">") && page.says("href=\"/psu/language/en\""));
    assert_eq!(browser.open("/psu/language/xx").await.status, http::StatusCode::NOT_FOUND);
    let mut elsewhere = town.browser();
    elsewhere.headers = vec![("accept-language", "fr-FR,fr;q=0.9,en;q=0.8".to_owned())];
    let page = elsewhere.open("/psu/review").await;
    assert!(page.says("<html lang=\"fr\">") && page.says("href=\"/psu/review?ui_locales=en\""));
    assert!(elsewhere.open("/psu/review?ui_locales=en").await.says("<html lang=\"en\">"));
}
