//! What the shop sells, and who is paid for it.

use payments::values::{Amount, Iban};

/// Who is paid.
pub(super) const PAYEE_NAME: &str = "Boutique Exemple";
/// Where: an account at another institution of the sandbox.
const PAYEE_ACCOUNT: &str = "FR7611425009000401234567877";

/// Something to buy.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Product {
    /// Its name in addresses.
    pub(crate) slug: &'static str,
    pub(super) name_fr: &'static str,
    pub(super) name_en: &'static str,
    pub(super) about_fr: &'static str,
    pub(super) about_en: &'static str,
    /// Drawing: the path of an SVG of 48 by 48.
    pub(super) drawing: &'static str,
    price_cents: u64,
}

/// Everything the shop sells.
pub(crate) const PRODUCTS: [Product; 2] = [
    Product {
        slug: "carnet",
        name_fr: "Carnet relié",
        name_en: "Bound notebook",
        about_fr: "96 pages, papier ivoire, couverture toilée.",
        about_en: "96 pages, ivory paper, cloth cover.",
        drawing: "M12 6h24a2 2 0 0 1 2 2v32a2 2 0 0 1-2 2H12zM17 6v36M23 15h10M23 21h10M23 27h6",
        price_cents: 1_240,
    },
    Product {
        slug: "tasse",
        name_fr: "Tasse en grès",
        name_en: "Stoneware cup",
        about_fr: "Tournée à la main, 25 cl, va au lave-vaisselle.",
        about_en: "Thrown by hand, 25 cl, dishwasher safe.",
        drawing: "M9 15h24v16a8 8 0 0 1-8 8h-8a8 8 0 0 1-8-8zM33 19h3a5 5 0 0 1 0 10h-3M16 5v5M21 5v5M26 5v5",
        price_cents: 1_850,
    },
];

impl Product {
    /// The product with this name in addresses.
    pub(crate) fn find(slug: &str) -> Option<&'static Self> {
        PRODUCTS.iter().find(|product| product.slug == slug)
    }

    /// What it costs.
    pub(crate) fn price(&self) -> Amount {
        Amount::from_cents(self.price_cents).expect("prices are within the bounds of a transfer")
    }

    /// Its name in a language.
    pub(crate) fn name(&self, language: &str) -> &'static str {
        if language == "fr" { self.name_fr } else { self.name_en }
    }

    /// What it is, in a language.
    pub(super) fn about(&self, language: &str) -> &'static str {
        if language == "fr" { self.about_fr } else { self.about_en }
    }
}

/// Where the shop is paid.
pub(super) fn payee_account() -> Iban {
    Iban::parse(PAYEE_ACCOUNT).expect("the payee's account is well formed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_product_can_be_paid_for() {
        for product in &PRODUCTS {
            assert_eq!(Product::find(product.slug), Some(product));
            // These cents make the pretend bank misbehave.
            assert!(![66, 77, 88, 99].contains(&(product.price().cents() % 100)), "{}", product.slug);
        }
        assert_eq!(payee_account().french_bank_code(), Some("11425"));
        assert!(Product::find("../etc").is_none());
    }
}
