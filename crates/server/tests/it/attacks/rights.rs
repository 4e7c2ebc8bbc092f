//! Callers whose papers are in order and who may not work, or not any more: tokens they hold included.

use std::collections::BTreeSet;

use payments::{
    institution::Institution,
    licence::{LicenceRule, Listing, RegisterImport},
    ports::TrustStore as _,
    tpp::{Kind, Licence, Suspension, Tpp},
    values::TppId,
};
use sandbox::pki::PkiOptions;
use server::app::Clock as _;

use super::{ask, check, check_alive, check_tokens, pay};
use crate::harness::{Guichet, PISP};

/// What becomes of a registration.
type Change = Box<dyn Fn(&mut Tpp)>;

const PRINCIPAL: &str = "PSDFR-ACPR-12345";
const AGENT: &str = "agent-1";

/// Everything that a TPP can try: a token, a payment, a look at one it made.
async fn check_shut_out(
    guichet: &Guichet,
    what: &str,
    (token, path): (&str, &str),
    (status, code): (u16, &str),
    rule: &str,
) {
    let pisp = guichet.pisp(PISP);
    let table = vec![
        (what, pisp.post(token, &guichet.body()).sign(&pisp.seal), status, code, rule),
        (what, pisp.get(token, path).sign(&pisp.seal), status, code, rule),
    ];
    check(guichet, &pisp, table).await;
    let table = vec![(what, ask(&pisp.token_form()), 400, "unauthorized_client", rule)];
    check_tokens(guichet, &pisp, table).await;
}

fn listing(guichet: &Guichet, standing: Licence, countries: &[&str]) -> (RegisterImport, Vec<Listing>) {
    let import = RegisterImport {
        register: "EBA".to_owned(),
        file: "register.json".to_owned(),
        sha256: [1; 32],
        published_at: guichet.clock.now(),
        imported_at: guichet.clock.now(),
        listings: 1,
    };
    let listing = Listing {
        register: "EBA".to_owned(),
        organization_identifier: PISP.to_owned(),
        name: "Essai Paiement".to_owned(),
        standing,
        payment_initiation_in: countries.iter().map(|country| (*country).to_owned()).collect::<BTreeSet<_>>(),
    };
    (import, vec![listing])
}

async fn import(guichet: &Guichet, standing: Licence, countries: &[&str]) {
    let (import, listings) = listing(guichet, standing, countries);
    guichet.store.import_register(import, listings).await.unwrap();
}

#[tokio::test]
async fn who_lost_the_right_to_work_is_refused_on_his_next_call() {
    let guichet = Guichet::start().await;
    let pisp = guichet.pisp(PISP);
    let path = pay(&guichet, &pisp).await;
    let token = pisp.token().await;
    let held = (token.as_str(), path.as_str());
    let suspended = Suspension { since: guichet.clock.now(), reason: "fraud, case 4711".to_owned() };
    let changes: [(&str, Change, (u16, &str), &str); 4] = [
        (
            "suspended by its authority",
            Box::new(|tpp| tpp.licence = Licence::Suspended),
            (403, "BE05"),
            "licence is suspended",
        ),
        (
            "withdrawn",
            Box::new(|tpp| tpp.licence = Licence::Withdrawn),
            (403, "BE05"),
            "licence is withdrawn",
        ),
        (
            "kept out by the bank",
            Box::new(move |tpp| tpp.suspension = Some(suspended.clone())),
            (403, "BE05"),
            "this bank has suspended the access",
        ),
        ("not registered to pay", Box::new(|tpp| tpp.scope_pisp = false), (403, "BADS"), "scope pisp"),
    ];
    for (what, change, verdict, rule) in changes {
        let before = std::cell::RefCell::new(None);
        guichet
            .change_tpp(PISP, |tpp| {
                *before.borrow_mut() = Some(tpp.clone());
                change(tpp);
            })
            .await;
        check_shut_out(&guichet, what, held, verdict, rule).await;
        guichet.change_tpp(PISP, |tpp| *tpp = before.take().unwrap()).await;
    }
    let registers: [(&str, Licence, &[&str], &str); 4] = [
        (
            "withdrawn in the register",
            Licence::Withdrawn,
            &["FR"],
            "licence is withdrawn according to the register EBA",
        ),
        (
            "suspended in the register",
            Licence::Suspended,
            &["FR"],
            "licence is suspended according to the register EBA",
        ),
        ("not passported", Licence::Active, &["DE"], "does not extend to payment initiation in FR"),
        ("licensed for nothing here", Licence::Active, &[], "does not extend to payment initiation in FR"),
    ];
    for (what, standing, countries, rule) in registers {
        import(&guichet, standing, countries).await;
        check_shut_out(&guichet, what, held, (403, "BE05"), rule).await;
    }
    import(&guichet, Licence::Active, &["FR"]).await;
    // The token he held was not lost by what he could not do.
    assert_eq!(pisp.sign_and_send(pisp.get(&token, &path)).await.status, 200);
    check_alive(&guichet, &pisp).await;
}

#[tokio::test]
async fn where_a_listing_is_required_who_is_in_no_register_may_not_work() {
    let required = |institution: &mut Institution| institution.settings.licence_rule = LicenceRule::Required;
    let guichet = Guichet::start_with(PkiOptions::default(), required).await;
    let pisp = guichet.pisp(PISP);
    import(&guichet, Licence::Active, &["FR"]).await;
    let path = pay(&guichet, &pisp).await;
    let token = pisp.token().await;
    // The next state of the register does not list it any more.
    let (emptied, _) = listing(&guichet, Licence::Active, &[]);
    guichet.store.import_register(emptied, Vec::new()).await.unwrap();
    check_shut_out(&guichet, "gone", (&token, &path), (403, "BE05"), "licence is withdrawn").await;
}

#[tokio::test]
async fn an_agent_works_only_while_the_tpp_that_declared_it_may() {
    let guichet = Guichet::start().await;
    let id = |text: &str| TppId::parse(text).unwrap();
    guichet.copy_tpp(PRINCIPAL, AGENT).await;
    guichet
        .change_tpp(AGENT, |tpp| {
            tpp.organization_identifier = PRINCIPAL.to_owned();
            tpp.kind = Kind::Agent { of: id(PRINCIPAL) };
        })
        .await;
    let keys = guichet.pki.tpp(PRINCIPAL).unwrap();
    let agent = guichet.caller(Some(&keys.qwac), &keys.qseal, AGENT);
    let token = agent.token().await;
    // A token of the agent is none of its principal's, though both come with one certificate.
    let path = pay(&guichet, &agent).await;
    let principal = guichet.pisp(PRINCIPAL);
    let read = principal.get(&principal.token().await, &path).sign(&principal.seal);
    check(&guichet, &principal, vec![("the agent's payment", read, 404, "FF01", "not found")]).await;

    let post = || agent.post(&token, &guichet.body()).sign(&agent.seal);
    let form = agent.token_form();
    for (licence, rule) in [(Licence::Suspended, "suspended"), (Licence::Withdrawn, "withdrawn")] {
        guichet.change_tpp(PRINCIPAL, |tpp| tpp.licence = licence).await;
        check(&guichet, &agent, vec![("its principal", post(), 403, "BE05", rule)]).await;
        check_tokens(&guichet, &agent, vec![("its principal", ask(&form), 400, "unauthorized_client", rule)])
            .await;
    }
    guichet.change_tpp(PRINCIPAL, |tpp| tpp.licence = Licence::Active).await;
    guichet.change_tpp(AGENT, |tpp| tpp.kind = Kind::Agent { of: id("nobody") }).await;
    let rule = "the TPP that declared this agent is not registered any more";
    check(&guichet, &agent, vec![("of nobody", post(), 403, "BE05", rule)]).await;
    guichet.change_tpp(AGENT, |tpp| tpp.kind = Kind::Agent { of: id(PRINCIPAL) }).await;
    check_alive(&guichet, &agent).await;
}
