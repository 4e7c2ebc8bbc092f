//! The shop's pages.

use askama::Template;
use axum::{
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use payments::values::Amount;

use super::{
    catalogue::{PRODUCTS, Product},
    orders::Placed,
    texts::Texts,
};
use crate::{pisp::Seen, sandbox::BankPlace};

/// How soon a page that waits for the bank reloads, in seconds.
const RELOAD_S: u8 = 2;

/// What stands around every page.
struct Frame {
    t: &'static Texts,
    /// This page in the other language.
    other_language: String,
    /// When the page reloads, in seconds, if it does.
    reload_s: Option<u8>,
}

impl Frame {
    fn new(t: &'static Texts, path: &str) -> Self {
        Self { t, other_language: format!("{path}?lang={}", t.other.0), reload_s: None }
    }
}

struct ProductShown {
    slug: &'static str,
    name: &'static str,
    about: &'static str,
    drawing: &'static str,
    price: String,
}

impl ProductShown {
    fn new(product: &Product, t: &Texts) -> Self {
        Self {
            slug: product.slug,
            name: product.name(t.code),
            about: product.about(t.code),
            drawing: product.drawing,
            price: money(product.price(), t),
        }
    }
}

/// What there is to buy.
#[derive(Template)]
#[template(path = "shop/products.html")]
pub(super) struct ProductsPage {
    frame: Frame,
    products: Vec<ProductShown>,
}

impl ProductsPage {
    pub(super) fn new(t: &'static Texts) -> Self {
        Self {
            frame: Frame::new(t, "/"),
            products: PRODUCTS.iter().map(|product| ProductShown::new(product, t)).collect(),
        }
    }
}

/// One product, and the banks to pay from.
#[derive(Template)]
#[template(path = "shop/buy.html")]
pub(super) struct BuyPage<'a> {
    frame: Frame,
    product: ProductShown,
    banks: &'a [BankPlace],
}

impl<'a> BuyPage<'a> {
    pub(super) fn new(t: &'static Texts, product: &Product, banks: &'a [BankPlace]) -> Self {
        Self {
            frame: Frame::new(t, &format!("/buy/{}", product.slug)),
            product: ProductShown::new(product, t),
            banks,
        }
    }
}

/// Where a payment stands, in words for a customer.
pub(super) struct Standing {
    /// Names the look: `paid`, `waiting` or `failed`.
    mood: &'static str,
    title: &'static str,
    text: &'static str,
    code: &'static str,
    reason: &'static str,
    is_over: bool,
    may_go_on: bool,
}

impl Standing {
    pub(super) fn of(seen: &Seen, t: &Texts) -> Self {
        let (mood, (title, text)) = if seen.is_settled() {
            ("paid", t.paid)
        } else if seen.is_accepted() {
            ("paid", t.on_its_way)
        } else if seen.is_final() {
            ("failed", (t.not_paid, t.reason(seen.reason)))
        } else {
            ("waiting", t.waiting)
        };
        Self {
            mood,
            title,
            text,
            code: seen.status.code(),
            reason: seen.reason.map_or("", stet::StatusReason::code),
            is_over: seen.is_final(),
            may_go_on: mood == "waiting",
        }
    }

    /// The bank does not say.
    pub(super) fn unknown(t: &Texts) -> Self {
        Self {
            mood: "waiting",
            title: t.unknown.0,
            text: t.unknown.1,
            code: "",
            reason: "",
            is_over: false,
            may_go_on: false,
        }
    }
}

/// An order and where its payment stands.
#[derive(Template)]
#[template(path = "shop/order.html")]
pub(super) struct OrderPage<'a> {
    frame: Frame,
    product: ProductShown,
    placed: &'a Placed,
    standing: Standing,
}

impl<'a> OrderPage<'a> {
    pub(super) fn new(t: &'static Texts, placed: &'a Placed, standing: Standing) -> Self {
        let mut frame = Frame::new(t, &format!("/order/{}", placed.number));
        frame.reload_s = (!standing.is_over).then_some(RELOAD_S);
        Self { frame, product: ProductShown::new(placed.product, t), placed, standing }
    }
}

/// Something went wrong.
#[derive(Template)]
#[template(path = "shop/problem.html")]
pub(super) struct ProblemPage {
    frame: Frame,
    title: &'static str,
    text: &'static str,
    detail: Option<String>,
}

impl ProblemPage {
    pub(super) fn new(t: &'static Texts, status: StatusCode, detail: Option<String>) -> Self {
        let (title, text) = if status == StatusCode::BAD_GATEWAY { t.no_bank } else { t.no_page };
        Self { frame: Frame::new(t, "/"), title, text, detail }
    }
}

/// Renders a page.
pub(super) fn rendered(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page of the shop was not rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// An amount as the language writes it.
fn money(amount: Amount, t: &Texts) -> String {
    match t.code {
        "fr" => format!("{}\u{a0}€", amount.to_decimal().replace('.', ",")),
        _ => format!("€{}", amount.to_decimal()),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;
    use stet::{PaymentInformationStatus as Status, StatusReason as Reason};

    use super::*;
    use crate::pisp::AnswerSeal;

    fn texts(lang: &str) -> &'static Texts {
        Texts::wanted(Some(lang), &HeaderMap::new())
    }

    fn placed() -> Placed {
        Placed {
            number: "0123456789abcdef".to_owned(),
            product: &PRODUCTS[0],
            bank: "17515".to_owned(),
            payment: "0000000123-177244293000011234567890".to_owned(),
            continue_at: "http://www.17515.sandbox.localhost:8080/x?a=1&nonce=2".parse().unwrap(),
            callback: None,
        }
    }

    #[test]
    fn every_status_is_told_to_the_customer_in_words() {
        let table = [
            (Status::Acsc, None, "paid", "Paid, thank you!", false),
            (Status::Acsp, None, "paid", "Payment accepted", true),
            (Status::Pdng, None, "paid", "Payment accepted", true),
            (Status::Actc, None, "waiting", "Payment pending", true),
            (Status::Rjct, Some(Reason::Cust), "failed", "You refused", false),
            (Status::Rjct, Some(Reason::Noas), "failed", "has run out", false),
            (Status::Rjct, None, "failed", "did not make", false),
        ];
        for (status, reason, mood, told, reloads) in table {
            let seen = Seen { status, reason, seal: AnswerSeal::Verified };
            let standing = Standing::of(&seen, texts("en"));
            assert_eq!(standing.mood, mood, "{status:?}");
            let placed = placed();
            let html = OrderPage::new(texts("en"), &placed, standing).render().unwrap();
            assert!(html.contains(told), "{status:?}: {html}");
            assert_eq!(html.contains("http-equiv=\"refresh\""), reloads, "{status:?}");
        }
    }

    #[test]
    fn a_page_is_in_one_language() {
        for (lang, price, buy) in [("fr", "12,40\u{a0}€", "Acheter"), ("en", "€12.40", "Buy")] {
            let html = ProductsPage::new(texts(lang)).render().unwrap();
            assert!(html.contains(&format!("<html lang=\"{lang}\"")), "{html}");
            assert!(html.contains(price) && html.contains(buy), "{html}");
        }
    }
}
