//! What is right and wrong with a certificate, rule by rule, in words.

mod chain;
mod display;
mod found;
mod input;
mod names;
mod place;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use rustls_pki_types::CertificateDer;
use serde::Serialize;

use crate::anchors::Anchors;
use crate::certificate::{Certificate, InvalidCertificate};
use crate::judge::{Kind, Reading};
use crate::qc_statements::Role;
use crate::rule_id::RuleId;
use crate::rules::{self, Case, Rule};
use crate::text::{hex, shown};

use found::Evidence;
use input::Input;

/// Bytes of a field that are shown, at most.
const MAX_SHOWN_BYTES: usize = 192;

/// A certificate explained: what it is, and every rule in order.
///
/// All texts are safe to show: what came out of the certificate is on one line, visible and cut where it is
/// endless. `Display` writes it for a terminal, with a last line that counts what is broken; `{:#}` leaves that
/// to who has checked more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// What it was judged as: `QWAC` or `QSealC`.
    pub kind: Option<&'static str>,
    /// Whether nobody said what it is shown for, so that its content had to tell.
    pub kind_guessed: bool,
    /// How closely it was read: `strict` or `lenient`.
    pub reading: &'static str,
    /// The instant at which it was judged.
    pub now: Timestamp,
    /// What it says, if it can be read.
    pub summary: Option<Summary>,
    /// Every rule, in the order in which they are asked.
    pub findings: Vec<Finding>,
}

/// What a certificate says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Subject: organizationIdentifier as it stands.
    pub organization_identifier: Option<String>,
    /// Subject: organisation name.
    pub organization_name: Option<String>,
    /// Subject: common name.
    pub common_name: Option<String>,
    /// The issuer's distinguished name.
    pub issuer: String,
    /// The serial number in hexadecimal.
    pub serial: String,
    /// First instant of validity.
    pub not_before: Timestamp,
    /// End of validity.
    pub not_after: Timestamp,
    /// Kind and length of the key.
    pub key: String,
    /// SHA-256 of the certificate in hexadecimal.
    pub sha256: String,
}

/// What came of one rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule; a refusal by the bank names the same.
    pub rule: RuleId,
    /// What came of it.
    pub outcome: Outcome,
    /// What the rule asks.
    pub requires: &'static str,
    /// Where that is written.
    pub clause: &'static str,
    /// The field of the certificate, with its object identifier.
    pub field: &'static str,
    /// What the field says, in words.
    pub found: Option<String>,
    /// The bytes of the field in hexadecimal, or the first of them.
    pub bytes: Option<String>,
    /// What is wrong, or why nothing was checked; the sentence of the refusal.
    pub problem: Option<String>,
    /// Departures from the letter of the rule that were taken.
    pub departures: Vec<String>,
    /// What to do about it.
    pub advice: Option<&'static str>,
}

/// What came of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It holds.
    Passed,
    /// It holds in the lenient reading only, or it decides nothing.
    Noted,
    /// It is broken.
    Failed,
    /// It could not be asked.
    NotChecked,
}

impl Outcome {
    /// The name in serialized form: `not_checked`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Noted => "noted",
            Self::Failed => "failed",
            Self::NotChecked => "not_checked",
        }
    }
}

/// What an explanation is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// What the certificate is shown for; `None` leaves that to its content.
    pub kind: Option<Kind>,
    /// The authorities that are trusted; `None` leaves the chain out.
    pub anchors: Option<&'a Anchors>,
    /// Certificates of authorities that came with it. Those that follow it in a PEM file count as well.
    pub intermediates: &'a [CertificateDer<'a>],
    /// How closely to read.
    pub reading: Reading,
    /// The instant at which to judge.
    pub now: Timestamp,
}

/// Explains the first certificate of a file, in PEM or DER, whatever the bytes are.
///
/// The rules are those of [`crate::judge`] and [`Anchors::verify_chain`], asked to the last instead of to the
/// first that is broken. Revocation is a separate question.
pub fn explain(bytes: &[u8], question: &Question<'_>) -> Explanation {
    let mut explanation = Explanation {
        kind: question.kind.map(Kind::name),
        kind_guessed: false,
        reading: match question.reading {
            Reading::Strict => "strict",
            Reading::Lenient => "lenient",
        },
        now: question.now,
        summary: None,
        findings: Vec::new(),
    };
    let input = Input::read(bytes);
    let read = match &input {
        Ok(input) => Certificate::parse(&input.der),
        Err(_) => Err(InvalidCertificate::Pem),
    };
    explanation.form(&input, read.as_ref().err().copied());
    match read {
        Ok(certificate) => explanation.content(&certificate, &input.unwrap_or_default(), question),
        Err(invalid) => explanation.nothing_more(question.kind, invalid),
    }
    explanation
}

impl Explanation {
    /// Whether no rule is broken.
    ///
    /// Rules that could not be asked, such as the chain where no authority was given, do not count.
    pub fn is_in_order(&self) -> bool {
        self.broken().next().is_none()
    }

    /// The rules that are broken, in order.
    pub fn broken(&self) -> impl Iterator<Item = RuleId> + '_ {
        self.findings.iter().filter(|f| f.outcome == Outcome::Failed).map(|finding| finding.rule)
    }

    /// The rules about the form of the bytes, up to the one that is broken.
    fn form(&mut self, input: &Result<Input, String>, invalid: Option<InvalidCertificate>) {
        let broken = invalid.map(InvalidCertificate::rule);
        let mut before = None;
        for rule in rules::FORM {
            let mut finding = Finding::of(rule);
            match (before, input) {
                (None, Ok(input)) => finding.found = Some(found::form(rule.id, input)),
                (None, Err(found)) => finding.found = Some(found.clone()),
                (Some(before), _) => finding.not_checked(before),
            }
            if broken == Some(rule.id) {
                finding.fail(rule, invalid.map(|invalid| invalid.to_string()).unwrap_or_default());
                before = broken;
            }
            self.findings.push(finding);
        }
    }

    fn nothing_more(&mut self, kind: Option<Kind>, invalid: InvalidCertificate) {
        let rest = rules::RULES.iter().chain(rules::AROUND);
        for rule in rest.filter(|rule| rule.kind.is_none() || rule.kind == kind) {
            let mut finding = Finding::of(rule);
            finding.not_checked(invalid.rule());
            self.findings.push(finding);
        }
    }

    fn content(&mut self, certificate: &Certificate, input: &Input, question: &Question<'_>) {
        let kind = question.kind.unwrap_or_else(|| found::guess_kind(certificate));
        self.kind = Some(kind.name());
        self.kind_guessed = question.kind.is_none();
        self.summary = Some(Summary::of(certificate));
        let case = Case { certificate, reading: question.reading, now: question.now };
        let evidence = Evidence::of(certificate);
        for rule in rules::of(kind) {
            self.findings.push(Finding::judged(rule, &case, &evidence));
        }
        for rule in rules::AROUND {
            self.findings.push(match rule.id {
                RuleId::PaymentInitiation => payment_initiation(rule, certificate),
                RuleId::ChainPath => chain::finding(rule, certificate, input, question),
                _ => subject_country(rule, certificate),
            });
        }
    }
}

impl Summary {
    fn of(certificate: &Certificate) -> Self {
        Self {
            organization_identifier: certificate.organization_identifiers().first().map(|text| shown(text)),
            organization_name: certificate.organization_name().map(shown),
            common_name: certificate.common_name().map(shown),
            issuer: shown(certificate.issuer()),
            serial: shown(certificate.serial()),
            not_before: certificate.not_before(),
            not_after: certificate.not_after(),
            key: found::key(certificate),
            sha256: certificate.sha256_hex(),
        }
    }
}

impl Finding {
    fn of(rule: &Rule) -> Self {
        Self {
            rule: rule.id,
            outcome: Outcome::Passed,
            requires: rule.requires,
            clause: rule.clause,
            field: rule.field,
            found: None,
            bytes: None,
            problem: None,
            departures: vec![],
            advice: None,
        }
    }

    fn judged(rule: &Rule, case: &Case<'_>, evidence: &Evidence<'_>) -> Self {
        let mut finding = Self::of(rule);
        if let Some(before) = cannot_be_asked(rule.id, case.certificate) {
            finding.not_checked(before);
            return finding;
        }
        finding.found = Some(evidence.words(rule.id));
        finding.bytes = evidence.bytes(rule.id).map(bounded_hex);
        finding.departures = case.departures(rule.id).map(|departure| departure.to_string()).collect();
        match case.ask(rule) {
            Ok(()) if finding.departures.is_empty() => {}
            Ok(()) => finding.outcome = Outcome::Noted,
            Err(defect) => finding.fail(rule, defect.to_string()),
        }
        finding
    }

    fn fail(&mut self, rule: &Rule, problem: String) {
        self.outcome = Outcome::Failed;
        self.departures.retain(|departure| *departure != problem);
        self.problem = Some(problem);
        self.advice = Some(rule.advice);
    }

    fn not_checked(&mut self, before: RuleId) {
        self.outcome = Outcome::NotChecked;
        self.problem = Some(format!("not checked, because {before} is broken"));
    }
}

/// The rule that has to hold before this one can be asked, where it does not.
fn cannot_be_asked(rule: RuleId, certificate: &Certificate) -> Option<RuleId> {
    use RuleId as R;
    let of_the_licence = matches!(rule, R::Psd2Roles | R::NcaName | R::NcaId | R::PaymentInitiation);
    let of_the_statements =
        matches!(rule, R::QcCompliance | R::QwacQcType | R::QsealQcType | R::Psd2Statement);
    let facts = certificate.facts();
    if facts.statements.is_err() && (of_the_licence || of_the_statements) {
        return Some(R::QcStatements);
    }
    if certificate.qc_statements().psd2.is_none() && of_the_licence {
        return Some(R::Psd2Statement);
    }
    let known = matches!(facts.organization, crate::organization::Organization::Is(_));
    (rule == R::NcaId && !known).then_some(R::OrganizationIdentifier)
}

fn payment_initiation(rule: &Rule, certificate: &Certificate) -> Finding {
    let mut finding = Finding::of(rule);
    if let Some(before) = cannot_be_asked(rule.id, certificate) {
        finding.not_checked(before);
        return finding;
    }
    let roles = certificate.qc_statements().psd2.as_ref().map_or(&[][..], |licence| &licence.roles);
    finding.found = Some(names::roles(roles));
    if !roles.contains(&Role::PaymentInitiation) {
        let missing = crate::judge::RoleMissing { role: Role::PaymentInitiation };
        finding.fail(rule, missing.to_string());
    }
    finding
}

fn subject_country(rule: &Rule, certificate: &Certificate) -> Finding {
    let mut finding = Finding::of(rule);
    finding.outcome = Outcome::Noted;
    let country = certificate.country().map_or_else(|| "none".to_owned(), shown);
    let authority = match &certificate.facts().organization {
        crate::organization::Organization::Is(provider) => provider.country().to_owned(),
        _ => "unknown".to_owned(),
    };
    finding.found = Some(format!("subject {country}, authority {authority}"));
    finding
}

/// The bytes, or the first of them and how many there are.
fn bounded_hex(bytes: &[u8]) -> String {
    match bytes.get(..MAX_SHOWN_BYTES) {
        Some(first) if bytes.len() > MAX_SHOWN_BYTES => format!("{}… ({} bytes)", hex(first), bytes.len()),
        _ => hex(bytes),
    }
}
