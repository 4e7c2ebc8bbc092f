//! The path to an authority, in words.

use rustls_pki_types::CertificateDer;

use super::input::Input;
use super::{Finding, Outcome, Question};
use crate::certificate::Certificate;
use crate::rules::Rule;
use crate::text::shown;

/// Whether a path leads to an authority, and over whom.
pub(super) fn finding(rule: &Rule, leaf: &Certificate, input: &Input, question: &Question<'_>) -> Finding {
    let mut finding = Finding::of(rule);
    let Some(anchors) = question.anchors else {
        finding.outcome = Outcome::NotChecked;
        finding.problem = Some("not checked, because no authority was given to trust".to_owned());
        return finding;
    };
    let given: Vec<CertificateDer<'_>> = question.intermediates.iter().chain(&input.rest).cloned().collect();
    match anchors.path(leaf, &given, question.now) {
        Ok(path) => finding.found = Some(told(&path)),
        Err(untrusted) => {
            finding.found = Some(format!(
                "issued by {}, with {} more certificates at hand",
                shown(leaf.issuer()),
                given.len()
            ));
            finding.fail(rule, untrusted.to_string());
        }
    }
    finding
}

/// The authorities from the issuer to the anchor.
fn told(path: &[CertificateDer<'_>]) -> String {
    let name = |der: &CertificateDer<'_>| match Certificate::parse(der) {
        Ok(authority) => {
            let name = authority.common_name().or(authority.organization_name()).map(shown);
            name.unwrap_or_else(|| authority.sha256_hex())
        }
        Err(_) => "a certificate that cannot be read".to_owned(),
    };
    let names: Vec<_> = path.iter().map(name).collect();
    format!("issued by {}, which is trusted", names.join(", under "))
}
