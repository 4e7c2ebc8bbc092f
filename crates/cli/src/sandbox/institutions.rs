//! The institutions of a sandbox: which they are, under which hosts, what they offer.

use std::collections::BTreeSet;

use anyhow::Context as _;
use payments::{
    Version,
    institution::{Institution, Redirect, Settings},
    request::Product,
    values::{Bic, InstitutionCode},
};
use sandbox::{
    bank::{MEMBERS, Member},
    pki::TestPki,
};
use server::{Counter, Counters, bank_seal::BankSeal};
use url::Url;

/// What each institution offers in which version.
const PRODUCTS: [(&str, Version, Product); 11] = [
    ("17515", Version::V1_4_0, Product::Sct),
    // No instant transfers in 1.4.0 at 17515.
    ("17515", Version::V1_4_2, Product::Sct),
    ("17515", Version::V1_4_2, Product::SctInst),
    ("11425", Version::V1_4_0, Product::Sct),
    ("11425", Version::V1_4_0, Product::SctInst),
    ("11425", Version::V1_4_2, Product::Sct),
    ("11425", Version::V1_4_2, Product::SctInst),
    ("14505", Version::V1_4_0, Product::Sct),
    ("14505", Version::V1_4_0, Product::SctInst),
    ("14505", Version::V1_4_2, Product::Sct),
    ("14505", Version::V1_4_2, Product::SctInst),
];

/// The generic client with which a TPP registers itself in a sandbox.
const REGISTRATION_CLIENT_ID: &str = "9d8711ec-f1b4-45e4-8072-2b3aa49793f0";

/// The host name of an institution: under `localhost`, so that browsers find it without any set-up.
pub(super) fn host(code: &str) -> String {
    format!("www.{code}.sandbox.localhost")
}

/// An address under an institution's host name.
///
/// # Errors
///
/// Never for the codes of [`MEMBERS`].
pub(super) fn url(scheme: &str, code: &str, port: u16) -> anyhow::Result<Url> {
    Ok(Url::parse(&format!("{scheme}://{}:{port}", host(code)))?)
}

/// Every institution with its seal and its addresses.
///
/// # Errors
///
/// If a seal cannot be used.
pub(super) fn counters(
    pki: &TestPki,
    tpp_port: u16,
    psu_scheme: &str,
    psu_port: u16,
    redirect: Redirect,
) -> anyhow::Result<Counters> {
    let counter = |member: &Member| {
        let seal = pki.seal(member.code).context("every institution has a seal")?;
        Ok(Counter {
            institution: institution(member, redirect)?,
            seal: BankSeal::from_pem(seal.key_pem(), seal.pem())?
                .with_earlier(pki.earlier_seals(member.code))?,
            psu_url: base(&url(psu_scheme, member.code, psu_port)?),
            tpp_url: base(&url("https", member.code, tpp_port)?),
        })
    };
    let counters: anyhow::Result<Vec<_>> = MEMBERS.iter().map(counter).collect();
    Ok(Counters::new(counters?))
}

fn institution(member: &Member, redirect: Redirect) -> anyhow::Result<Institution> {
    let offered = PRODUCTS.iter().filter(|(code, ..)| *code == member.code);
    Ok(Institution {
        code: InstitutionCode::parse(member.code)?,
        name: member.name.to_owned(),
        bic: Bic::parse(member.bic)?,
        hosts: vec![host(member.code)],
        products: offered.map(|(_, version, product)| (*version, *product)).collect::<BTreeSet<_>>(),
        settings: Settings {
            registration_client_id: REGISTRATION_CLIENT_ID.to_owned(),
            registers_loopback_uris: true,
            redirect_1_4_2: redirect,
            ..Settings::default()
        },
    })
}

/// A URL without its final slash, as links are made from it.
fn base(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_offers_transfers_in_every_version() {
        for member in MEMBERS {
            let institution = institution(&member, Redirect::Simple).unwrap();
            for version in Version::ALL {
                assert!(institution.offers(version, Product::Sct), "{} {version:?}", member.code);
            }
            let instant_in_1_4_0 = institution.offers(Version::V1_4_0, Product::SctInst);
            assert_eq!(instant_in_1_4_0, member.code != "17515");
            assert!(institution.offers(Version::V1_4_2, Product::SctInst));
        }
    }
}
