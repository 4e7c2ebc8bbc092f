//! Playing the customer for the control API: over the real pages.

use async_trait::async_trait;
use payments::values::{InstitutionCode, PaymentId};
use sandbox::{
    bank::{PASSWORD, Persona, SandboxBank},
    control::{Decision, PlayError, PlayPsu, Played, PlayedTo},
};
use server::{App, Counter};
use url::Url;

use crate::psu::{Customer, Ended, Player, Wish};

/// Plays customers of the sandbox by opening the consent link of their payment.
pub(super) struct SandboxPlayer {
    /// The server, which knows the links.
    pub(super) app: App,
    /// The browser.
    pub(super) player: Player,
}

#[async_trait]
impl PlayPsu for SandboxPlayer {
    async fn play(
        &self,
        payment: &PaymentId,
        decision: Decision,
        played: Played,
    ) -> Result<PlayedTo, PlayError> {
        let stuck = |error: &dyn std::fmt::Display| PlayError::Stuck(error.to_string());
        let found = self.app.store.load(payment).await.map_err(|error| stuck(&error))?;
        let found = found.ok_or(PlayError::NoSuchPayment)?;
        let counter = self.app.counter_of(&found).ok_or(PlayError::NoSuchPayment)?;
        let own = self.app.link_key.consent_url(&counter, &found);
        let link = played.link.as_ref().unwrap_or(&own);
        if !link.starts_with(&own) {
            return Err(PlayError::Stuck("the link is not the one of this payment request".to_owned()));
        }
        let link = Url::parse(link).map_err(|error| stuck(&error))?;
        let customer = customer(&counter, played).ok_or(PlayError::NoSuchPersona)?;
        let visit = self.player.visit(link, &customer, wish(decision), |_, _| {});
        let ended = visit.await.map_err(|error| PlayError::Stuck(format!("{error:#}")))?;
        Ok(match ended {
            Ended::SentBack(url) => PlayedTo::SentBack(url.into()),
            Ended::Stayed(heading) => PlayedTo::Stayed(heading),
        })
    }
}

fn wish(decision: Decision) -> Wish {
    match decision {
        Decision::Approve => Wish::Approve,
        Decision::Refuse => Wish::Refuse,
        Decision::Abandon => Wish::Abandon,
    }
}

fn customer(counter: &Counter, played: Played) -> Option<Customer> {
    let code = &counter.institution.code;
    let wanted = |persona: &Persona| played.psu.as_ref().is_none_or(|psu| persona.psu == *psu);
    let persona = SandboxBank::personas(code).into_iter().find(wanted)?;
    Some(Customer {
        institution: code.as_str().to_owned(),
        number: persona.psu.as_str().to_owned(),
        password: PASSWORD.to_owned(),
        account: played.account.map(|iban| iban.as_str().to_owned()),
    })
}

/// The persona of an institution for whom everything works.
pub(crate) fn first_persona(code: &InstitutionCode) -> Option<String> {
    let personas = SandboxBank::personas(code);
    personas.first().map(|persona| persona.psu.as_str().to_owned())
}
