//! The TPPs that every sandbox knows.

use jiff::Timestamp;
use payments::{
    ports::TppStore,
    registry::configure,
    tpp::{Details, GrantType, Kind, Licence, RedirectUri, SealCertificate, Tpp},
    values::TppId,
};
use sandbox::pki::{Standing, TestPki, TppKeys};

/// Where the test TPPs may send PSUs back to, besides any port of this machine.
const REDIRECT_URIS: [&str; 2] = ["https://tpp.example/cb", "https://tpp.example/ko"];

/// Registers the test TPPs with the certificates of today.
///
/// # Errors
///
/// If the store does not take them.
pub(super) async fn register(pki: &TestPki, store: &impl TppStore, now: Timestamp) -> anyhow::Result<()> {
    for keys in pki.tpps() {
        let id = TppId::parse(keys.tpp.oid)?;
        configure(store, registration(keys, id, now)?, now).await?;
    }
    Ok(())
}

fn registration(keys: &TppKeys, id: TppId, created_at: Timestamp) -> anyhow::Result<Tpp> {
    let mut redirect_uris = vec![RedirectUri::any_loopback_port()];
    for uri in REDIRECT_URIS {
        redirect_uris.push(RedirectUri::parse(uri)?);
    }
    Ok(Tpp {
        id,
        organization_identifier: keys.tpp.oid.to_owned(),
        name: keys.tpp.name.to_owned(),
        licence: match keys.tpp.standing {
            Standing::Active => Licence::Active,
            Standing::Suspended => Licence::Suspended,
        },
        scope_pisp: keys.tpp.roles.contains(&eidas::Role::PaymentInitiation),
        grant_types: vec![GrantType::ClientCredentials, GrantType::AuthorizationCode],
        redirect_uris,
        seal_certificates: vec![SealCertificate::new(None, keys.qseal.der().to_vec(), [])],
        kind: Kind::Tpp,
        suspension: None,
        signature_policy: None,
        details: Details::default(),
        created_at,
    })
}
