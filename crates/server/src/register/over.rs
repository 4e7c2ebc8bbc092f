//! When a registered seal certificate is over, so that its owner may bring its successor by itself.

use eidas::{Certificate, Defect, UntrustedChain, revocation::Refusal};
use payments::tpp::SealCertificate;

use super::call::Call;
use crate::{App, trust::Distrust};

/// Whether a certificate is over for good, whatever this institution makes of what it contains.
pub(super) async fn is_over(app: &App, call: &Call, seal: &SealCertificate) -> bool {
    let Ok(certificate) = Certificate::parse(&seal.der) else { return false };
    // First of all, since it costs least.
    if certificate.not_after() <= app.now() {
        return true;
    }
    let judged = app.judge_qseal(seal, &call.counter.institution).await;
    judged.is_err_and(|rule| is_final(&rule))
}

/// Whether a certificate that is distrusted for this is over: it has expired, is revoked, or leads to no anchor
/// any more (RFC 5280, 6.1.3).
///
/// One that is merely not known to be good is not, or an outage of its issuer would let another key in; nor
/// is one whose issuer may take the revocation back, or that this institution reads more strictly than others.
fn is_final(rule: &Distrust) -> bool {
    match rule {
        Distrust::Content(Defect::Expired { .. })
        | Distrust::Chain(
            UntrustedChain::UnknownIssuer | UntrustedChain::Validity | UntrustedChain::Signature,
        ) => true,
        Distrust::Revocation(Refusal::Revoked(revoked)) | Distrust::Authority(Refusal::Revoked(revoked)) => {
            !revoked.reason.is_hold()
        }
        Distrust::Revocation(refusal) | Distrust::Authority(refusal) => *refusal == Refusal::Denied,
        Distrust::Unreadable(_) | Distrust::Chain(_) | Distrust::Content(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use eidas::revocation::{Reason, Revoked};
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn what_may_pass_or_depends_on_the_institution_is_not_final() {
        let at = Timestamp::UNIX_EPOCH;
        let revoked = |reason| Refusal::Revoked(Revoked { at, reason });
        let table = [
            (Distrust::Content(Defect::Expired { not_after: at }), true),
            (Distrust::Content(Defect::NotYetValid { not_before: at }), false),
            (Distrust::Content(Defect::NotQualified), false),
            (Distrust::Chain(UntrustedChain::UnknownIssuer), true),
            (Distrust::Chain(UntrustedChain::Validity), true),
            (Distrust::Chain(UntrustedChain::Signature), true),
            (Distrust::Chain(UntrustedChain::Algorithm), false),
            (Distrust::Chain(UntrustedChain::TooMany), false),
            (Distrust::Revocation(Refusal::Denied), true),
            (Distrust::Revocation(revoked(Reason::KeyCompromise)), true),
            (Distrust::Revocation(revoked(Reason::CertificateHold)), false),
            (Distrust::Revocation(Refusal::Unknown), false),
            (Distrust::Authority(revoked(Reason::CaCompromise)), true),
            (Distrust::Authority(Refusal::Unknown), false),
        ];
        for (rule, expected) in table {
            assert_eq!(is_final(&rule), expected, "{rule}");
        }
    }
}
