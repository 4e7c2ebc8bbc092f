//! In which language the pages speak: what the link asks for, else what the browser prefers.

use axum::{
    extract::{Path, State},
    response::Response,
};
use http::{HeaderMap, Method, Uri, header::ACCEPT_LANGUAGE};
use url::form_urlencoded;

use super::{
    decide::{keep, until_saved},
    problem::Problem,
    texts::{EN, FR, Texts},
    visit::Visit,
};
use crate::App;

/// A language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    /// French.
    Fr,
    /// English.
    En,
}

/// The languages the PISP says its customer wishes, best first, separated by spaces.
const PARAMETER: &str = "ui_locales";

impl Language {
    /// The language with this tag or whose tag begins that of a region: `fr`, `fr-CA`.
    pub(super) fn find(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default().trim();
        match primary.to_ascii_lowercase().as_str() {
            "fr" => Some(Self::Fr),
            "en" => Some(Self::En),
            _ => None,
        }
    }

    /// The tag, as kept with a visit.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Fr => "fr",
            Self::En => "en",
        }
    }

    /// The words of this language.
    pub(super) fn texts(self) -> &'static Texts {
        match self {
            Self::Fr => &FR,
            Self::En => &EN,
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Fr => Self::En,
            Self::En => Self::Fr,
        }
    }

    /// The language asked for by `ui_locales`, else the one `Accept-Language` prefers, else English.
    pub(super) fn asked(uri: &Uri, headers: &HeaderMap) -> Self {
        let query = uri.query().unwrap_or_default();
        let wished = form_urlencoded::parse(query.as_bytes())
            .find(|(name, _)| name == PARAMETER)
            .and_then(|(_, tags)| tags.split(' ').find_map(Self::find));
        wished.or_else(|| Self::accepted(headers.get(ACCEPT_LANGUAGE)?.to_str().ok()?)).unwrap_or(Self::En)
    }

    /// The best of a list such as `fr-FR,fr;q=0.9,en;q=0.8` (RFC 9110, 12.5.4); the first of equals.
    fn accepted(list: &str) -> Option<Self> {
        let mut best: Option<(u16, Self)> = None;
        for range in list.split(',') {
            let (tag, weight) = range.split_once(';').unwrap_or((range, "q=1"));
            let Some(language) = Self::find(tag.trim()) else {
                continue;
            };
            let weight = thousandths(weight);
            if weight > best.map_or(0, |(most, _)| most) {
                best = Some((weight, language));
            }
        }
        best.map(|(_, language)| language)
    }
}

/// A quality value in thousandths; one that cannot be read counts as absent, which is 1.
fn thousandths(weight: &str) -> u16 {
    let digits = weight.trim().trim_start_matches("q=");
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let padded: String = fraction.chars().chain("000".chars()).take(3).collect();
    match (whole, padded.parse::<u16>()) {
        ("0", Ok(thousandths)) => thousandths,
        _ => 1_000,
    }
}

/// Where a page outside a visit is shown in the other language.
pub(super) fn in_other_language(language: Language, method: &Method, uri: &Uri) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if method == Method::GET {
        let kept = uri.query().unwrap_or_default().as_bytes();
        query.extend_pairs(form_urlencoded::parse(kept).filter(|(name, _)| name != PARAMETER));
    }
    query.append_pair(PARAMETER, language.other().code());
    // Two slashes in front would name another host.
    format!("/{}?{}", uri.path().trim_start_matches('/'), query.finish())
}

/// `GET /psu/language/{code}`: changes the language of a visit and nothing else.
pub(super) async fn choose(
    visit: Visit,
    State(app): State<App>,
    Path(code): Path<String>,
) -> Result<Response, Problem> {
    let language = Language::find(&code).ok_or(Problem::NoSuchPage)?;
    until_saved(&app, visit, |visit| speak(&app, visit, language)).await
}

async fn speak(app: &App, visit: Visit, language: Language) -> Result<Response, Problem> {
    let mut journey = visit.seen();
    language.code().clone_into(&mut journey.language);
    keep(app, &visit, journey).await?;
    Ok(visit.to_page())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_decides_the_language_then_the_browser_then_english() {
        let table = [
            ("/?ui_locales=fr", Some("en"), Language::Fr),
            ("/?ui_locales=de+fr-CA+en", Some("en"), Language::Fr),
            ("/?ui_locales=de", Some("fr"), Language::Fr),
            ("/", Some("fr-FR,fr;q=0.9,en;q=0.8"), Language::Fr),
            ("/", Some("en-GB,en;q=0.9,fr;q=0.8"), Language::En),
            ("/", Some("de, en;q=0.5, fr;q=0.75"), Language::Fr),
            ("/", Some("en;q=0, fr;q=0.1"), Language::Fr),
            ("/", Some("de,*;q=0.5"), Language::En),
            ("/", None, Language::En),
        ];
        for (uri, accept, expected) in table {
            let mut headers = HeaderMap::new();
            if let Some(accept) = accept {
                headers.insert(ACCEPT_LANGUAGE, accept.parse().unwrap());
            }
            let uri: Uri = uri.parse().unwrap();
            assert_eq!(Language::asked(&uri, &headers), expected, "{uri} {accept:?}");
        }
    }

    #[test]
    fn the_other_language_keeps_the_query_of_the_link() {
        let uri: Uri = "/link?id=1&ui_locales=fr&nonce=x".parse().unwrap();
        let shown = in_other_language(Language::Fr, &Method::GET, &uri);
        assert_eq!(shown, "/link?id=1&nonce=x&ui_locales=en");
        let shown = in_other_language(Language::En, &Method::POST, &uri);
        assert_eq!(shown, "/link?ui_locales=fr");
    }
}
