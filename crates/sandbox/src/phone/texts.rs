//! What the phones say, in French and English.

use axum::http::{HeaderMap, header};

/// The texts of one language.
pub(super) struct Texts {
    /// `fr` or `en`.
    pub(super) code: &'static str,
    pub(super) title: &'static str,
    pub(super) pretend: &'static str,
    pub(super) whose: &'static str,
    pub(super) explained: &'static str,
    pub(super) others: &'static str,
    pub(super) none: &'static str,
    pub(super) approve: &'static str,
    pub(super) to: &'static str,
    pub(super) never_tell: &'static str,
    pub(super) until: &'static str,
    pub(super) over: &'static str,
}

static FRENCH: Texts = Texts {
    code: "fr",
    title: "Téléphone fictif",
    pretend: "téléphone fictif",
    whose: "Le téléphone de qui ?",
    explained: "Les codes envoyés aux clients du bac à sable arrivent ici, et nulle part ailleurs.",
    others: "Les autres téléphones",
    none: "Aucun message. La page se recharge toute seule.",
    approve: "Code pour payer",
    to: "à",
    never_tell: "Ne le communiquez à personne.",
    until: "Valable jusqu'à",
    over: "Il n'est plus valable.",
};

static ENGLISH: Texts = Texts {
    code: "en",
    title: "Pretend phone",
    pretend: "pretend phone",
    whose: "Whose phone?",
    explained: "Codes sent to the sandbox's customers arrive here, and nowhere else.",
    others: "The other phones",
    none: "No messages. This page reloads by itself.",
    approve: "Code to pay",
    to: "to",
    never_tell: "Do not tell it to anyone.",
    until: "Valid until",
    over: "It is no longer valid.",
};

impl Texts {
    /// The texts of a language; English for one that we do not speak.
    pub(super) fn of(language: &str) -> &'static Self {
        if language == "fr" { &FRENCH } else { &ENGLISH }
    }

    /// The texts a browser wants: French if it comes before English.
    pub(super) fn wanted(headers: &HeaderMap) -> &'static Self {
        let accept = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let known = |tag: &str| {
            let tag = tag.trim_start().get(..2)?.to_ascii_lowercase();
            matches!(tag.as_str(), "fr" | "en").then_some(tag)
        };
        Self::of(&accept.unwrap_or_default().split(',').find_map(known).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_chooses_the_language() {
        let table = [
            ("fr-FR,fr;q=0.9,en;q=0.8", "fr"),
            ("en-US,en", "en"),
            ("de,fr;q=0.5", "fr"),
            ("de", "en"),
            ("", "en"),
            ("é", "en"),
        ];
        for (accept, code) in table {
            let value = axum::http::HeaderValue::from_bytes(accept.as_bytes()).unwrap();
            let headers = HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, value)]);
            assert_eq!(Texts::wanted(&headers).code, code, "{accept}");
        }
    }
}
