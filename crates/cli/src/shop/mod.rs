//! The demo shop: a merchant that takes payments from bank accounts, and a PISP in one.
//!
//! Plain pages, French or English, no JavaScript. What it sells and what is ordered lives in memory.

mod catalogue;
mod orders;
mod pages;
mod texts;

use std::sync::Arc;

use axum::{
    Form, Router,
    extract::{Path, Query, RawQuery, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use payments::Version;
use serde::Deserialize;
use tokio::sync::watch;
use url::Url;

pub(crate) use catalogue::{PRODUCTS, Product};
pub(crate) use orders::{Placed, Shop, number};

use crate::pisp::{Order, PispError, Purpose};
use pages::{BuyPage, OrderPage, ProblemPage, ProductsPage, Standing, rendered};
use texts::Texts;

/// The version of the API the shop speaks: the one in which every bank offers instant transfers.
pub(crate) const VERSION: Version = Version::V1_4_2;
/// Path of the shop's style sheet.
const STYLE: &str = include_str!("../../templates/shop/style.css");

/// Serves the shop until `ended` turns true.
///
/// # Errors
///
/// If the socket fails.
pub(crate) async fn serve(
    shop: Arc<Shop>,
    socket: tokio::net::TcpListener,
    mut ended: watch::Receiver<bool>,
) -> std::io::Result<()> {
    axum::serve(socket, router(shop))
        .with_graceful_shutdown(async move {
            let _ = ended.wait_for(|ended| *ended).await;
        })
        .await
}

fn router(shop: Arc<Shop>) -> Router {
    Router::new()
        .route("/", get(products))
        .route("/buy/{product}", get(choose_bank).post(buy))
        .route("/order/{order}", get(order))
        .route("/style.css", get(style))
        .fallback(async |headers: HeaderMap| {
            problem(Texts::wanted(None, &headers), StatusCode::NOT_FOUND, None)
        })
        .layer(middleware::from_fn_with_state(Arc::clone(&shop), headers))
        .with_state(shop)
}

/// The language, where a page carries it.
#[derive(Deserialize)]
struct Wanted {
    lang: Option<String>,
}

#[derive(Deserialize)]
struct Purchase {
    bank: String,
    lang: Option<String>,
}

async fn products(Query(wanted): Query<Wanted>, headers: HeaderMap) -> Response {
    let t = Texts::wanted(wanted.lang.as_deref(), &headers);
    rendered(StatusCode::OK, &ProductsPage::new(t))
}

async fn choose_bank(
    State(shop): State<Arc<Shop>>,
    Path(product): Path<String>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Response {
    let t = Texts::wanted(wanted.lang.as_deref(), &headers);
    match Product::find(&product) {
        Some(product) => rendered(StatusCode::OK, &BuyPage::new(t, product, shop.banks())),
        None => problem(t, StatusCode::NOT_FOUND, None),
    }
}

async fn buy(
    State(shop): State<Arc<Shop>>,
    Path(product): Path<String>,
    headers: HeaderMap,
    Form(purchase): Form<Purchase>,
) -> Response {
    let t = Texts::wanted(purchase.lang.as_deref(), &headers);
    if is_foreign(&headers) {
        return problem(t, StatusCode::FORBIDDEN, None);
    }
    let Some(product) = Product::find(&product).filter(|_| shop.knows(&purchase.bank)) else {
        return problem(t, StatusCode::NOT_FOUND, None);
    };
    match place(&shop, product, &purchase.bank, t).await {
        Ok(link) => Redirect::to(link.as_str()).into_response(),
        Err(error) => {
            tracing::warn!(%error, "the shop's payment was not taken");
            problem(t, StatusCode::BAD_GATEWAY, Some(error.to_string()))
        }
    }
}

/// Whether the form was sent from somebody else's page.
fn is_foreign(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").and_then(|site| site.to_str().ok());
    site.is_some_and(|site| site != "same-origin")
}

/// Asks the bank for the payment; gives where the customer approves it, in the language of the shop.
async fn place(shop: &Shop, product: &'static Product, bank: &str, t: &Texts) -> Result<Url, PispError> {
    let pisp = shop.pisp_at(bank)?;
    let number = number();
    let asked = shop.order(product, &number, t.code);
    let token = pisp.token().await?;
    let created = pisp.create(&token.access_token, VERSION, &asked).await?;
    let mut link = shop.placed(number, product, bank, (&asked, &created));
    link.query_pairs_mut().append_pair("ui_locales", t.code);
    Ok(link)
}

async fn order(
    State(shop): State<Arc<Shop>>,
    Path(number): Path<String>,
    Query(wanted): Query<Wanted>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let t = Texts::wanted(wanted.lang.as_deref(), &headers);
    let Some(placed) = shop.find(&number) else {
        return problem(t, StatusCode::NOT_FOUND, None);
    };
    if confirm(&shop, &placed, query.as_deref().unwrap_or_default()).await {
        // A page that is reloaded must not show the code again: the bank would take it for stolen.
        return Redirect::to(&format!("/order/{number}?lang={}", t.code)).into_response();
    }
    // What the browser brings back proves nothing: only the bank knows.
    let seen = match shop.pisp_at(&placed.bank) {
        Ok(pisp) => pisp.status_now(VERSION, &placed.payment).await,
        Err(error) => Err(error),
    };
    let standing = match seen {
        Ok(seen) => Standing::of(&seen, t),
        Err(error) => {
            tracing::warn!(%error, "the shop could not ask for its payment");
            Standing::unknown(t)
        }
    };
    rendered(StatusCode::OK, &OrderPage::new(t, &placed, standing))
}

/// Confirms the payment if the customer comes back with the bank's code for it; whether he does.
async fn confirm(shop: &Shop, placed: &Placed, query: &str) -> bool {
    let Some(callback) = &placed.callback else {
        return false;
    };
    let Some(code) = callback.code_in(query) else {
        return false;
    };
    let confirmed = match shop.pisp_at(&placed.bank) {
        Ok(pisp) => pisp.confirm(VERSION, callback, code).await,
        Err(error) => Err(error),
    };
    if let Err(error) = confirmed {
        // The status tells the customer: nobody has confirmed.
        tracing::warn!(%error, "the shop could not confirm its payment");
    }
    true
}

async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE).into_response()
}

fn problem(t: &'static Texts, status: StatusCode, detail: Option<String>) -> Response {
    rendered(status, &ProblemPage::new(t, status, detail))
}

/// Nothing from elsewhere; forms lead to the banks only.
async fn headers(State(shop): State<Arc<Shop>>, request: Request, next: Next) -> Response {
    let is_style = request.uri().path() == "/style.css";
    let mut response = next.run(request).await;
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'; form-action 'self' {}",
        shop.consent_origins()
    );
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let cache = if is_style { "max-age=60" } else { "no-store" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    response
}

impl Shop {
    /// What the shop asks the bank for.
    pub(crate) fn order(&self, product: &Product, number: &str, language: &str) -> Order {
        let mut back = self.url().clone();
        back.set_path(&format!("/order/{number}"));
        back.query_pairs_mut().append_pair("lang", language);
        Order {
            initiating_party: self.merchant().to_owned(),
            amount: product.price(),
            creditor_name: catalogue::PAYEE_NAME.to_owned(),
            creditor_account: catalogue::payee_account(),
            debtor_account: None,
            instant: true,
            purpose: Purpose::Merchant,
            remittance: format!("{} {number}", Texts::wanted(Some(language), &HeaderMap::new()).order),
            end_to_end_id: format!("SHOP-{number}"),
            success_url: back.clone(),
            failure_url: back,
        }
    }
}
