//! What the lists in a bank's files say of a certificate, and which institutions ask for no more.

use payments::{institution::RevocationPolicy, values::InstitutionCode};
use serde::Serialize;
use server::revocation::Refusal;

/// What was found about the revocation of a certificate.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct RevocationFound {
    /// Whether there were lists, and a path to its issuer by which they could be asked.
    pub(super) checked: bool,
    /// Why it is not taken, if it is not: what is known counts under every policy.
    pub(super) against: Option<String>,
    /// Which institutions do not ask its issuer, if any.
    pub(super) off: Option<String>,
}

impl RevocationFound {
    /// What was found where the lists say `refusal`, and institutions have these policies.
    pub(super) fn of(refusal: Option<&Refusal>, policies: &[(InstitutionCode, RevocationPolicy)]) -> Self {
        Self { checked: true, against: refusal.map(Refusal::to_string), off: off(policies) }
    }

    /// What was found where no list could be asked.
    pub(super) fn unchecked(policies: &[(InstitutionCode, RevocationPolicy)]) -> Self {
        Self { off: off(policies), ..Self::default() }
    }

    /// For people, a line each.
    pub(super) fn lines(&self) -> Vec<String> {
        let against = self.against.iter().map(|against| format!("revocation    FAIL {against}"));
        against.chain(self.off.iter().map(|off| format!("revocation    {off}"))).collect()
    }
}

fn off(policies: &[(InstitutionCode, RevocationPolicy)]) -> Option<String> {
    let is_off = |(_, policy): &&(InstitutionCode, RevocationPolicy)| *policy == RevocationPolicy::Off;
    let off: Vec<&str> = policies.iter().filter(is_off).map(|(code, _)| code.as_str()).collect();
    match off.len() {
        0 => None,
        count if count == policies.len() => {
            Some("off at every institution: its issuer is not asked".to_owned())
        }
        _ => Some(format!("off at {}: its issuer is not asked there", off.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_counts_under_every_policy_and_who_does_not_ask_is_told() {
        let code = |code: &str| InstitutionCode::parse(code).unwrap();
        let asks = (code("17515"), RevocationPolicy::HardFail);
        let off = |one: &str| (code(one), RevocationPolicy::Off);
        let table = [
            (vec![], None),
            (vec![asks.clone()], None),
            (vec![asks, off("30002")], Some("off at 30002: its issuer is not asked there")),
            (vec![off("17515"), off("30002")], Some("off at every institution: its issuer is not asked")),
        ];
        for (policies, told) in table {
            let good = RevocationFound::of(None, &policies);
            assert_eq!((good.against.as_deref(), good.off.as_deref()), (None, told));
            let denied = RevocationFound::of(Some(&Refusal::Denied), &policies);
            assert!(denied.against.is_some() && denied.off.as_deref() == told, "{denied:?}");
            assert!(denied.lines().iter().any(|line| line.contains("FAIL")), "{denied:?}");
            let unchecked = RevocationFound::unchecked(&policies);
            assert_eq!((unchecked.checked, unchecked.off.as_deref()), (false, told));
        }
    }
}
