//! Which banks there are, and where an account is held.

use payments::values::{Bic, Iban};

/// An institution of this sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// Its bank code.
    pub code: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its BIC.
    pub bic: &'static str,
}

/// The institutions of this sandbox.
pub const MEMBERS: [Member; 3] = [
    Member { code: "17515", name: "Caisse d'Epargne Île-de-France", bic: "CEPAFRPP751" },
    Member { code: "11425", name: "Caisse d'Epargne Normandie", bic: "CEPAFRPP142" },
    Member { code: "14505", name: "Caisse d'Epargne Loire-Centre", bic: "CEPAFRPP450" },
];

/// Other banks that appear in the documentation, by the first characters of their national number.
const OTHERS: [(&str, &str); 6] = [
    ("FR30004", "BNPAFRPP"),
    ("FR20041", "PSSTFRPP"),
    ("FR30003", "SOGEFRPP"),
    ("FR30066", "CMCIFRPP"),
    ("FR13807", "CCBPFRPP"),
    ("DE37040044", "COBADEFF"),
];

/// The BIC of the bank that holds an account. A bank nobody told us about gets a BIC of its country that
/// is none: a 0 in the eighth place marks test codes (ISO 9362).
pub(super) fn bic_of(account: &Iban) -> Bic {
    let country = account.country();
    let number = account.as_str().get(4..).unwrap_or_default();
    let known = |(prefix, _): &&(&str, &str)| format!("{country}{number}").starts_with(prefix);
    let member = || MEMBERS.iter().find(|member| account.french_bank_code() == Some(member.code));
    let bic = OTHERS.iter().find(known).map(|(_, bic)| *bic).or_else(|| member().map(|member| member.bic));
    let bic = bic.map_or_else(|| format!("SBOX{country}20"), str::to_owned);
    Bic::parse(&bic).expect("the table holds BICs, and a country is two capital letters")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_account_has_a_bank() {
        let table = [
            ("FR7617515900000800123456711", "CEPAFRPP751"),
            ("FR7611425009000401234567877", "CEPAFRPP142"),
            ("FR7630004008250001020304004", "BNPAFRPP"),
            ("DE89370400440532013000", "COBADEFF"),
            ("FR7630099000010000000000120", "SBOXFR20"),
            ("CH9300762011623852957", "SBOXCH20"),
        ];
        for (iban, bic) in table {
            assert_eq!(bic_of(&Iban::parse(iban).unwrap()).as_str(), bic, "{iban}");
        }
    }
}
