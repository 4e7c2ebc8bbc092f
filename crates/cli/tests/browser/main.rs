//! The shop and the bank's pages in a real browser, through real clicks, on a phone and on a desktop.
//!
//! Every page is looked at by `inspect.js` and kept as a picture in `target/screenshots`: look at them.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests say what is wrong by failing"
)]

mod chromium;
mod demo;
mod visit;
mod window;

use thirtyfour::Key;
use visit::Visit;
use window::Screen;

const CAMILLE: &str = "170000001";
const ALEX: &str = "170000002";
const DOMINIQUE_BLOQUE: &str = "170000004";
const SACHA_PETIT: &str = "170000006";
const LOU_GETS_WRONG_CODES: &str = "170000008";

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_in_french_on_a_phone_leads_back_to_the_shop_by_itself() {
    let mut visit = Visit::start("french-phone", CAMILLE, Screen::Phone, "fr").await;
    visit.pay().await;
    visit.see_in_shop("ACSC").await;
    visit.window.reads("h1", "C’est payé, merci").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_in_english_on_a_desktop_is_paid_in_the_shop() {
    let mut visit = Visit::start("english-desktop", CAMILLE, Screen::Desktop, "en").await;
    visit.pay().await;
    visit.window.reads("h1", "Payment approved").await;
    visit.return_to_shop("ACSC").await;
    visit.window.reads("h1", "Paid, thank you").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refusing_in_the_dark_leads_back_to_a_shop_that_says_why() {
    let mut visit = Visit::start("dark-refusal", ALEX, Screen::DarkPhone, "en").await;
    visit.open_shop().await;
    visit.buy().await;
    visit.sign_in().await;
    visit.choose_account(1).await;
    visit.ask_for_code().await;
    visit.read_code().await;
    visit.window.back().await;
    visit.refuse().await;
    visit.window.reads("#refused", "Nothing has been debited").await;
    visit.return_to_shop("RJCT").await;
    visit.window.reads("#standing", "You refused the payment").await;
    visit.window.reads("#standing", "CUST").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_the_money_cannot_be_chosen_and_says_why() {
    let mut visit = Visit::start("too-poor", SACHA_PETIT, Screen::Phone, "fr").await;
    visit.open_shop().await;
    visit.buy().await;
    visit.sign_in().await;
    visit.window.arrive("/psu/account").await;
    visit.window.look("account").await;
    visit.window.reads(".choice", "Disponible insuffisant pour ce paiement").await;
    assert!(!visit.window.has("[name=account]:not([disabled])").await);
    assert!(!visit.window.has("#continue").await);
    visit.refuse().await;
    visit.return_to_shop("RJCT").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_whose_only_account_is_blocked_is_told_at_once() {
    let mut visit = Visit::start("account-blocked", DOMINIQUE_BLOQUE, Screen::Phone, "en").await;
    visit.open_shop().await;
    visit.buy().await;
    visit.sign_in().await;
    visit.window.reads("#refused", "This account is blocked").await;
    visit.window.look("refused").await;
    visit.return_to_shop("RJCT").await;
    visit.window.reads("#standing", "The account is blocked.").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn five_wrong_codes_end_the_payment_and_block_the_customer() {
    let mut visit = Visit::start("wrong-codes", LOU_GETS_WRONG_CODES, Screen::Phone, "fr").await;
    visit.open_shop().await;
    visit.buy().await;
    visit.sign_in().await;
    visit.choose_account(1).await;
    visit.ask_for_code().await;
    let code = visit.read_code().await;
    for failures in 1..=4 {
        visit.enter_code(&code).await;
        visit.window.reads("#alert", "Le code n’est pas le bon").await;
        visit.window.look(&format!("wrong-code-{failures}")).await;
    }
    visit.window.reads("#alert", "un essai").await;
    visit.enter_code(&code).await;
    visit.window.reads("#refused", "Trop d’essais infructueux").await;
    visit.window.look("too-many").await;
    visit.return_to_shop("RJCT").await;

    visit.window.click("#again").await;
    visit.window.arrive("/buy/carnet").await;
    visit.window.click("#pay").await;
    visit.window.arrive("/psu/identify").await;
    visit.sign_in().await;
    visit.window.reads("#alert", "bloqué jusqu’à").await;
    visit.window.look("blocked").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_approved_cannot_be_approved_again_by_going_back_reloading_or_the_link() {
    let mut visit = Visit::start("once-only", CAMILLE, Screen::Phone, "en").await;
    visit.pay().await;
    let link = visit.window.asked_with("paymentRequestRessourceId");
    visit.window.click("#stay").await;
    visit.window.arrive("/psu/outcome").await;
    visit.window.look("approved-and-staying").await;
    // Over the page that would have led on, to the one where the code was entered.
    for _ in 0..2 {
        visit.window.back().await;
        visit.window.find("#approved").await;
        assert!(!visit.window.has("form").await, "there is something to approve");
    }
    visit.window.click("#stay").await;
    visit.window.reload().await;
    visit.window.find("#approved").await;
    visit.window.go(&link).await;
    visit.window.reads("h1", "no longer valid").await;
    visit.window.look_at_error("link-over", 410).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_needs_no_mouse() {
    let mut visit = Visit::start("keyboard", CAMILLE, Screen::Desktop, "fr").await;
    visit.open_shop().await;
    let keys = [
        ("buy-carnet", "/buy/carnet", ""),
        ("pay", "/psu/identify", ""),
        ("customer", "/psu/password", CAMILLE),
        ("password", "/psu/account", "sandbox"),
    ];
    for (id, path, text) in keys {
        visit.window.tab_to(id).await;
        visit.window.press(text).await;
        visit.window.press(Key::Enter).await;
        visit.window.arrive(path).await;
    }
    visit.window.tab_to("account-1").await;
    visit.window.press(Key::Down + Key::Up + Key::Down).await;
    assert!(visit.window.has("#account-2:checked").await);
    visit.window.look("account-by-keys").await;
    visit.window.press(Key::Enter).await;
    visit.window.arrive("/psu/review").await;
    visit.window.tab_to("continue").await;
    visit.window.look("review-by-keys").await;
    visit.window.press(Key::Enter).await;
    visit.window.arrive("/psu/authenticate").await;
    let code = visit.read_code().await;
    visit.window.tab_to("code").await;
    visit.window.press(code).await;
    visit.window.press(Key::Enter).await;
    visit.window.find("#approved").await;
    visit.window.tab_to("back").await;
    visit.window.press(Key::Enter).await;
    visit.see_in_shop("ACSC").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_language_can_be_changed_on_every_site() {
    let mut visit = Visit::start("language", CAMILLE, Screen::Phone, "fr").await;
    visit.open_shop().await;
    visit.window.expect_language("en");
    visit.window.click("#language").await;
    visit.window.reads("#language", "Français").await;
    visit.buy().await;
    visit.window.expect_language("fr");
    visit.window.click(".language").await;
    visit.window.reads("h1", "Qui êtes-vous").await;
    visit.sign_in().await;
    visit.window.arrive("/psu/account").await;
    visit.window.look("account").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ill_made_page_is_noticed() {
    let mut visit = Visit::start("ill-made", CAMILLE, Screen::Phone, "fr").await;
    let main = "document.querySelector('main')";
    let table = [
        ("document.documentElement.lang = 'en'", "the page is in \"en\""),
        ("MAIN.append(document.createElement('input'))", "a field has no label"),
        ("MAIN.append(document.createElement('button'))", "has no name"),
        ("MAIN.append(document.createElement('h1'))", "not exactly one h1"),
        ("MAIN.style.color = '#ccc'", "text has a contrast of"),
        ("MAIN.style.width = '30rem'", "at 320 px, the page scrolls sideways"),
        ("MAIN.append(document.createElement('script'))", "the page has a script"),
        ("document.querySelector('a.main').style.padding = 0", "is small"),
        ("MAIN.style.background = 'url(http://192.0.2.1/)'", "Content Security Policy"),
        ("location.assign('http://192.0.2.1/')", "the browser asked for http://192.0.2.1/"),
    ];
    for (script, fault) in table {
        visit.open_shop().await;
        let script = script.replace("MAIN", main);
        let found = visit.window.faults_after(&script).await;
        assert!(found.iter().any(|found| found.contains(fault)), "{script}: {found:?}");
    }
}
