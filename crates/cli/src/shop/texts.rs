//! What the shop says, in French and English.

use axum::http::{HeaderMap, header};
use stet::StatusReason;

/// The texts of one language.
pub(super) struct Texts {
    /// `fr` or `en`.
    pub(super) code: &'static str,
    /// The other language, and its name in itself.
    pub(super) other: (&'static str, &'static str),
    pub(super) shop: &'static str,
    pub(super) tagline: &'static str,
    pub(super) demo: &'static str,
    pub(super) buy: &'static str,
    pub(super) back_to_shop: &'static str,
    pub(super) your_bank: &'static str,
    pub(super) how: &'static str,
    pub(super) pay: &'static str,
    pub(super) total: &'static str,
    pub(super) order: &'static str,
    pub(super) paid: (&'static str, &'static str),
    pub(super) on_its_way: (&'static str, &'static str),
    pub(super) waiting: (&'static str, &'static str),
    pub(super) go_on: &'static str,
    pub(super) not_paid: &'static str,
    pub(super) unknown: (&'static str, &'static str),
    pub(super) again: &'static str,
    pub(super) reloads: &'static str,
    pub(super) no_page: (&'static str, &'static str),
    pub(super) no_bank: (&'static str, &'static str),
    reasons: fn(Option<StatusReason>) -> &'static str,
}

static FRENCH: Texts = Texts {
    code: "fr",
    other: ("en", "English"),
    shop: "Boutique Exemple",
    tagline: "Deux belles choses, payées directement depuis votre banque.",
    demo: "Boutique de démonstration\u{a0}: rien n’est vendu, aucun argent ne bouge.",
    buy: "Acheter",
    back_to_shop: "Retour à la boutique",
    your_bank: "Votre banque",
    how: "Vous validez le paiement sur le site de votre banque, puis vous revenez ici.",
    pay: "Payer",
    total: "Total",
    order: "Commande",
    paid: ("C’est payé, merci\u{202f}!", "Votre banque a exécuté le virement."),
    on_its_way: ("Paiement accepté", "Votre banque exécute le virement. Vous n’avez plus rien à faire."),
    waiting: ("Paiement en attente", "Vous n’avez pas encore validé le paiement auprès de votre banque."),
    go_on: "Continuer chez ma banque",
    not_paid: "Le paiement n’a pas eu lieu",
    unknown: (
        "Votre banque ne répond pas",
        "Nous ne savons pas encore si le paiement a eu lieu. Ne payez pas une seconde fois.",
    ),
    again: "Essayer à nouveau",
    reloads: "Cette page se recharge toute seule.",
    no_page: ("Page introuvable", "Cette page ou cette commande n’existe pas."),
    no_bank: ("Le paiement n’a pas pu être préparé", "Rien n’a été débité."),
    reasons: french_reason,
};

static ENGLISH: Texts = Texts {
    code: "en",
    other: ("fr", "Français"),
    shop: "Boutique Exemple",
    tagline: "Two fine things, paid for straight from your bank.",
    demo: "A demonstration shop: nothing is sold, no money moves.",
    buy: "Buy",
    back_to_shop: "Back to the shop",
    your_bank: "Your bank",
    how: "You approve the payment on your bank's site, then come back here.",
    pay: "Pay",
    total: "Total",
    order: "Order",
    paid: ("Paid, thank you!", "Your bank has made the transfer."),
    on_its_way: (
        "Payment accepted",
        "Your bank is making the transfer. There is nothing more for you to do.",
    ),
    waiting: ("Payment pending", "You have not approved the payment with your bank yet."),
    go_on: "Continue at my bank",
    not_paid: "The payment was not made",
    unknown: (
        "Your bank does not answer",
        "We do not know yet whether the payment was made. Do not pay a second time.",
    ),
    again: "Try again",
    reloads: "This page reloads by itself.",
    no_page: ("No such page", "This page or this order does not exist."),
    no_bank: ("The payment could not be prepared", "Nothing was debited."),
    reasons: english_reason,
};

impl Texts {
    /// The texts a browser wants: what the address asks for, else what its settings prefer, else French.
    pub(super) fn wanted(lang: Option<&str>, headers: &HeaderMap) -> &'static Self {
        let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let tags = lang.into_iter().chain(accepted.unwrap_or_default().split(','));
        let known = |tag: &str| match tag.trim_start().get(..2)?.to_ascii_lowercase().as_str() {
            "fr" => Some(&FRENCH),
            "en" => Some(&ENGLISH),
            _ => None,
        };
        tags.into_iter().find_map(known).unwrap_or(&FRENCH)
    }

    /// Why nothing was paid, in words for a customer.
    pub(super) fn reason(&self, reason: Option<StatusReason>) -> &'static str {
        (self.reasons)(reason)
    }
}

fn french_reason(reason: Option<StatusReason>) -> &'static str {
    use StatusReason as R;
    match reason {
        Some(R::Cust) => "Vous avez refusé le paiement, ou le compte n’était pas assez approvisionné.",
        Some(R::Noas) => "Le temps pour valider le paiement est écoulé.",
        Some(R::Ac04) => "Le compte est clos.",
        Some(R::Ac06) => "Le compte est bloqué.",
        Some(R::Ag01) => "Votre banque n’autorise pas ce paiement depuis ce compte.",
        Some(R::Ds02) => "Le paiement a été annulé.",
        Some(R::Frad) => "Votre banque a arrêté le paiement pour vous protéger d’une fraude.",
        _ => "Votre banque n’a pas exécuté le paiement. Rien n’a été débité.",
    }
}

fn english_reason(reason: Option<StatusReason>) -> &'static str {
    use StatusReason as R;
    match reason {
        Some(R::Cust) => "You refused the payment, or the account had insufficient funds.",
        Some(R::Noas) => "The time to approve the payment has run out.",
        Some(R::Ac04) => "The account is closed.",
        Some(R::Ac06) => "The account is blocked.",
        Some(R::Ag01) => "Your bank does not allow this payment from this account.",
        Some(R::Ds02) => "The payment was cancelled.",
        Some(R::Frad) => "Your bank stopped the payment to protect you from fraud.",
        _ => "Your bank did not make the payment. Nothing was debited.",
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_address_chooses_the_language_before_the_browser() {
        let table = [
            (Some("en"), "fr", "en"),
            (Some("fr"), "en", "fr"),
            (Some("xx"), "en-GB", "en"),
            (None, "de,en;q=0.5", "en"),
            (None, "de", "fr"),
        ];
        for (lang, accept, code) in table {
            let headers = HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, HeaderValue::from_static(accept))]);
            assert_eq!(Texts::wanted(lang, &headers).code, code, "{lang:?} {accept}");
        }
    }
}
