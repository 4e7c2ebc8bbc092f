//! The authorities we trust, and paths to them.

use jiff::Timestamp;
use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm, TrustAnchor, UnixTime};
use webpki::{
    EndEntityCert, ExtendedKeyUsageValidator, KeyPurposeIdIter, VerifiedPath, aws_lc_rs as algorithms,
};

use crate::certificate::{Certificate, InvalidCertificate};
use crate::key_usage::KeyUsage;
use crate::rule_id::RuleId;

/// What an authority may sign with: SHA-256 or better (ETSI TS 119 312).
pub(crate) static SIGNATURE_ALGORITHMS: [&dyn SignatureVerificationAlgorithm; 15] = [
    algorithms::ECDSA_P256_SHA256,
    algorithms::ECDSA_P256_SHA384,
    algorithms::ECDSA_P256_SHA512,
    algorithms::ECDSA_P384_SHA256,
    algorithms::ECDSA_P384_SHA384,
    algorithms::ECDSA_P384_SHA512,
    algorithms::ECDSA_P521_SHA256,
    algorithms::ECDSA_P521_SHA384,
    algorithms::ECDSA_P521_SHA512,
    algorithms::RSA_PKCS1_2048_8192_SHA256,
    algorithms::RSA_PKCS1_2048_8192_SHA384,
    algorithms::RSA_PKCS1_2048_8192_SHA512,
    algorithms::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
    algorithms::RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
    algorithms::RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
];

/// Certificates that a peer may send beside its own, at most: building paths over more would cost too much.
pub const MAX_INTERMEDIATES: usize = 16;

/// The certificates of the authorities whose signature we take: qualified trust service providers in
/// production, our own test authority in the sandbox.
#[derive(Clone, Debug)]
pub struct Anchors {
    ders: Vec<CertificateDer<'static>>,
    trusted: Vec<TrustAnchor<'static>>,
    intermediates: Vec<CertificateDer<'static>>,
}

/// A certificate cannot be an anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAnchor {
    /// It cannot be read.
    #[error(transparent)]
    Certificate(#[from] InvalidCertificate),
    /// It can be read but not be used to verify others.
    #[error("the certificate cannot serve as a trust anchor (RFC 5280, 6.1.1)")]
    Unusable,
}

/// Why no path leads from a certificate to an anchor (RFC 5280, 6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UntrustedChain {
    /// Nobody we trust issued it, nor an intermediate that we were given.
    #[error("the certificate was not issued by an authority that this bank trusts")]
    UnknownIssuer,
    /// A certificate of the path is outside its validity.
    #[error("a certificate of the chain is outside its validity (RFC 5280, 4.1.2.5)")]
    Validity,
    /// A signature of the path does not verify.
    #[error("a signature in the certificate's chain does not verify")]
    Signature,
    /// An authority signed with an algorithm that we do not take.
    #[error("a certificate of the chain is signed with an algorithm that is not accepted (ETSI TS 119 312)")]
    Algorithm,
    /// A critical extension that we do not know; qcStatements and certificatePolicies must not be critical.
    #[error("the certificate has a critical extension that is not supported (RFC 5280, 4.2)")]
    CriticalExtension,
    /// An authority's certificate used as one of a provider, or the reverse, or outside its constraints.
    #[error("a certificate of the chain is used for what its issuer did not allow (RFC 5280, 6.1)")]
    Constraint,
    /// More than [`MAX_INTERMEDIATES`] certificates were given to build a path with.
    #[error("more than 16 certificates of authorities came with the certificate")]
    TooMany,
    /// The path cannot be read.
    #[error("the certificate's chain cannot be read (RFC 5280, 4.1)")]
    Malformed,
}

impl UntrustedChain {
    /// The rule that is broken.
    pub fn rule(self) -> RuleId {
        RuleId::ChainPath
    }
}

impl Anchors {
    /// Takes these certificates, in DER, as anchors.
    ///
    /// # Errors
    ///
    /// The first that cannot be one.
    pub fn from_ders(ders: impl IntoIterator<Item = CertificateDer<'static>>) -> Result<Self, InvalidAnchor> {
        let mut found = Self { ders: Vec::new(), trusted: Vec::new(), intermediates: Vec::new() };
        for der in ders {
            let der = Certificate::parse(&der)?.der().clone();
            let anchor = webpki::anchor_from_trusted_cert(&der).map_err(|_| InvalidAnchor::Unusable)?;
            found.trusted.push(anchor.to_owned());
            found.ders.push(der);
        }
        Ok(found)
    }

    /// Takes the certificates of a PEM text as anchors.
    ///
    /// # Errors
    ///
    /// As [`Anchors::from_ders`]; [`InvalidCertificate::Pem`] if the text has no certificate.
    pub fn from_pem(text: &str) -> Result<Self, InvalidAnchor> {
        let certificates = Certificate::all_from_pem(text)?;
        if certificates.is_empty() {
            return Err(InvalidCertificate::Pem.into());
        }
        Self::from_ders(certificates.iter().map(|certificate| certificate.der().clone()))
    }

    /// Also knows these certificates of authorities, in DER, when it looks for a path.
    ///
    /// They are not trusted by themselves: a path over one of them still has to end at an anchor. They serve
    /// where a certificate comes without its chain, as a `QSealC` does.
    ///
    /// # Errors
    ///
    /// The first that cannot be read.
    pub fn with_intermediates(
        mut self,
        ders: impl IntoIterator<Item = CertificateDer<'static>>,
    ) -> Result<Self, InvalidCertificate> {
        for der in ders {
            self.intermediates.push(Certificate::parse(&der)?.der().clone());
        }
        Ok(self)
    }

    /// The certificates over which a path may lead, besides those that come with a certificate.
    pub fn intermediates(&self) -> &[CertificateDer<'static>] {
        &self.intermediates
    }

    /// The anchors' certificates, for a TLS verifier's root store.
    pub fn ders(&self) -> &[CertificateDer<'static>] {
        &self.ders
    }

    /// Looks for a path from a provider's certificate to an anchor, valid at `now` (RFC 5280, 6.1).
    ///
    /// Extended key usages are not looked at: a QSealC has any or none, and for a QWAC [`crate::judge`] does.
    /// Revocation is a separate question.
    ///
    /// # Errors
    ///
    /// [`UntrustedChain`] with the reason of the path that came furthest.
    pub fn verify_chain(
        &self,
        leaf: &Certificate,
        intermediates: &[CertificateDer<'_>],
        now: Timestamp,
    ) -> Result<(), UntrustedChain> {
        self.path(leaf, intermediates, now).map(|_| ())
    }

    /// The path from a provider's certificate to an anchor, valid at `now` (RFC 5280, 6.1).
    ///
    /// First the certificate of the leaf's issuer, last that of the anchor; never empty, and the leaf itself
    /// is not in it. A leaf issued by an anchor gives that anchor alone.
    ///
    /// # Errors
    ///
    /// As [`Anchors::verify_chain`].
    pub fn path(
        &self,
        leaf: &Certificate,
        intermediates: &[CertificateDer<'_>],
        now: Timestamp,
    ) -> Result<Vec<CertificateDer<'static>>, UntrustedChain> {
        if intermediates.len() > MAX_INTERMEDIATES {
            return Err(UntrustedChain::TooMany);
        }
        let end_entity = EndEntityCert::try_from(leaf.der())?;
        let since_epoch = u64::try_from(now.as_second()).map_err(|_| UntrustedChain::Validity)?;
        let time = UnixTime::since_unix_epoch(std::time::Duration::from_secs(since_epoch));
        let usable: Vec<CertificateDer<'_>> = intermediates
            .iter()
            .chain(&self.intermediates)
            .map(|der| CertificateDer::from(der.as_ref()))
            .collect();
        let verified = end_entity.verify_for_usage(
            &SIGNATURE_ALGORITHMS,
            &self.trusted,
            &usable,
            time,
            AnyUsage,
            None,
            Some(&|path| authorities_may_sign(path)),
        )?;
        let anchor =
            self.trusted.iter().zip(&self.ders).find(|(anchor, _)| std::ptr::eq(*anchor, verified.anchor()));
        let (_, anchor) = anchor.expect("webpki gives back an anchor that it was given");
        let between = verified.intermediate_certificates().map(|certificate| certificate.der().into_owned());
        Ok(between.chain([anchor.clone()]).collect())
    }
}

/// Every authority between leaf and anchor may sign certificates (RFC 5280, 6.1.4 n); webpki looks at
/// basicConstraints only.
fn authorities_may_sign(path: &VerifiedPath<'_>) -> Result<(), webpki::Error> {
    for authority in path.intermediate_certificates() {
        let read = Certificate::parse(&authority.der()).map_err(|_| webpki::Error::BadDer)?;
        match &read.facts().key_usage {
            Ok(usage) if usage.is_none_or(KeyUsage::key_cert_sign) => {}
            _ => return Err(webpki::Error::EndEntityUsedAsCa),
        }
    }
    Ok(())
}

struct AnyUsage;

impl ExtendedKeyUsageValidator for AnyUsage {
    fn validate(&self, _purposes: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        Ok(())
    }
}

impl From<webpki::Error> for UntrustedChain {
    fn from(error: webpki::Error) -> Self {
        use webpki::Error as E;
        match error {
            E::UnknownIssuer => Self::UnknownIssuer,
            E::CertExpired { .. } | E::CertNotValidYet { .. } | E::InvalidCertValidity => Self::Validity,
            E::InvalidSignatureForPublicKey | E::SignatureAlgorithmMismatch => Self::Signature,
            E::UnsupportedSignatureAlgorithmContext(_)
            | E::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => Self::Algorithm,
            E::UnsupportedCriticalExtension => Self::CriticalExtension,
            E::CaUsedAsEndEntity
            | E::EndEntityUsedAsCa
            | E::NameConstraintViolation
            | E::PathLenConstraintViolated
            | E::EmptyEkuExtension
            | E::CertDistrusted
            | E::MaximumPathDepthExceeded
            | E::MaximumPathBuildCallsExceeded
            | E::MaximumSignatureChecksExceeded
            | E::MaximumNameConstraintComparisonsExceeded => Self::Constraint,
            _ => Self::Malformed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Leaf, TestCa, at};
    use rcgen::{CertificateParams, KeyUsagePurpose as Ku, date_time_ymd};

    const NOW: &str = "2026-11-22T12:00:00Z";

    fn parse(der: &[u8]) -> Certificate {
        Certificate::parse(der).unwrap()
    }

    type Row<'a> = (&'a str, Vec<u8>, &'a [CertificateDer<'a>], &'a str, Result<(), UntrustedChain>);

    #[test]
    fn a_path_leads_to_the_anchor_or_there_is_a_reason() {
        let ca = TestCa::new();
        let other = TestCa::new();
        let issuing = ca.subordinate("Test Issuing CA");
        let anchors = Anchors::from_pem(&ca.pem()).unwrap();
        let deep = issuing.issue(&Leaf::qseal());
        let direct = ca.issue(&Leaf::qseal());
        let mut critical = Leaf::qseal();
        critical.qc_statements_critical = true;
        let mut sha1 = Leaf::qseal();
        sha1.sha1 = true;
        let mut forged = direct.clone();
        *forged.last_mut().unwrap() ^= 1;
        let with_issuing = [issuing.der()];
        let table: Vec<Row<'_>> = vec![
            ("direct", direct.clone(), &[], NOW, Ok(())),
            ("QWAC", ca.issue(&Leaf::qwac()), &[], NOW, Ok(())),
            ("over an intermediate", deep.clone(), &with_issuing, NOW, Ok(())),
            ("intermediate not given", deep, &[], NOW, Err(UntrustedChain::UnknownIssuer)),
            ("same name, other key", other.issue(&Leaf::qseal()), &[], NOW, Err(UntrustedChain::Signature)),
            ("self-made", other.der().to_vec(), &[], NOW, Err(UntrustedChain::Constraint)),
            ("last byte changed", forged, &[], NOW, Err(UntrustedChain::Signature)),
            ("too late", direct.clone(), &[], "2028-01-01T00:00:01Z", Err(UntrustedChain::Validity)),
            ("too early", direct.clone(), &[], "2025-12-31T00:00:00Z", Err(UntrustedChain::Validity)),
            ("before 1970", direct, &[], "1969-12-31T00:00:00Z", Err(UntrustedChain::Validity)),
            ("critical QcStatements", ca.issue(&critical), &[], NOW, Err(UntrustedChain::CriticalExtension)),
            ("SHA-1", ca.issue(&sha1), &[], NOW, Err(UntrustedChain::Algorithm)),
        ];
        for (what, der, intermediates, now, expected) in table {
            assert_eq!(anchors.verify_chain(&parse(&der), intermediates, at(now)), expected, "{what}");
        }
    }

    #[test]
    fn a_path_names_every_authority_from_the_issuer_to_the_anchor() {
        let root = TestCa::new();
        let policy = root.subordinate("Test Policy CA");
        let issuing = policy.subordinate("Test Issuing CA");
        let leaf = parse(&issuing.issue(&Leaf::qseal()));
        let anchors = Anchors::from_ders([TestCa::new().der(), root.der()]).unwrap();
        let expected = Ok(vec![issuing.der(), policy.der(), root.der()]);
        for given in [[issuing.der(), policy.der()], [policy.der(), issuing.der()]] {
            assert_eq!(anchors.path(&leaf, &given, at(NOW)), expected);
        }
        assert_eq!(anchors.path(&leaf, &[issuing.der()], at(NOW)), Err(UntrustedChain::UnknownIssuer));
        let informed = anchors.with_intermediates([policy.der(), issuing.der()]).unwrap();
        assert_eq!(informed.path(&leaf, &[], at(NOW)), expected);
        let direct = parse(&root.issue(&Leaf::qwac()));
        assert_eq!(informed.path(&direct, &[], at(NOW)), Ok(vec![root.der()]));
    }

    #[test]
    fn a_path_over_an_authority_that_is_not_in_order_leads_nowhere() {
        use rcgen::{BasicConstraints, GeneralSubtree, IsCa, NameConstraints};
        type Change = fn(&mut CertificateParams);
        let root = TestCa::new();
        let anchors = Anchors::from_ders([root.der()]).unwrap();
        let table: [(&str, Change, Result<(), UntrustedChain>); 9] = [
            ("in order", |_| {}, Ok(())),
            ("expired", |p| p.not_after = date_time_ymd(2026, 1, 1), Err(UntrustedChain::Validity)),
            ("not yet valid", |p| p.not_before = date_time_ymd(2027, 1, 1), Err(UntrustedChain::Validity)),
            ("no authority", |p| p.is_ca = IsCa::ExplicitNoCa, Err(UntrustedChain::Constraint)),
            ("without basicConstraints", |p| p.is_ca = IsCa::NoCa, Err(UntrustedChain::Constraint)),
            ("may not sign", |p| p.key_usages = vec![Ku::DigitalSignature], Err(UntrustedChain::Constraint)),
            ("may sign", |p| p.key_usages = vec![Ku::KeyCertSign, Ku::CrlSign], Ok(())),
            (
                "for other names",
                |p| {
                    p.name_constraints = Some(NameConstraints {
                        permitted_subtrees: vec![GeneralSubtree::DnsName("bank.example".to_owned())],
                        excluded_subtrees: vec![],
                    });
                },
                Err(UntrustedChain::Constraint),
            ),
            (
                "with no authority below it, and there is none",
                |p| p.is_ca = IsCa::Ca(BasicConstraints::Constrained(0)),
                Ok(()),
            ),
        ];
        for (what, change, expected) in table {
            let issuing = root.authority("Test Issuing CA", change);
            let leaf = parse(&issuing.issue(&Leaf::qwac()));
            assert_eq!(anchors.verify_chain(&leaf, &[issuing.der()], at(NOW)), expected, "{what}");
        }
    }

    #[test]
    fn an_authority_may_be_told_to_have_none_below_it() {
        use rcgen::{BasicConstraints, IsCa};
        let root = TestCa::new();
        let policy =
            root.authority("Test Policy CA", |p| p.is_ca = IsCa::Ca(BasicConstraints::Constrained(0)));
        let issuing = policy.subordinate("Test Issuing CA");
        let anchors = Anchors::from_ders([root.der()]).unwrap();
        let leaf = parse(&issuing.issue(&Leaf::qseal()));
        let given = [policy.der(), issuing.der()];
        assert_eq!(anchors.verify_chain(&leaf, &given, at(NOW)), Err(UntrustedChain::Constraint));
    }

    #[test]
    fn a_dead_end_does_not_hide_the_path_that_leads_on() {
        // The same authority, certified by a root that is unknown, by one that is, and once long ago.
        let (known, unknown) = (TestCa::new(), TestCa::with_name("Unknown root"));
        let issuing = known.subordinate("Test Issuing CA");
        let cross = unknown.certify(&issuing, |_| {});
        let expired = known.certify(&issuing, |p| p.not_after = date_time_ymd(2025, 1, 1));
        let leaf = parse(&issuing.issue(&Leaf::qseal()));
        let anchors = Anchors::from_ders([known.der()]).unwrap();
        let mut given = vec![cross, expired, CertificateDer::from(vec![0x30, 0]), issuing.der()];
        for _ in 0..given.len() {
            given.rotate_left(1);
            let path = anchors.path(&leaf, &given, at(NOW));
            assert_eq!(path, Ok(vec![issuing.der(), known.der()]));
        }
        given.retain(|der| *der != issuing.der());
        assert!(anchors.path(&leaf, &given, at(NOW)).is_err());
    }

    #[test]
    fn the_name_of_an_anchor_is_not_its_key() {
        let (root, imitation) = (TestCa::new(), TestCa::new());
        assert_ne!(root.der(), imitation.der());
        let anchors = Anchors::from_ders([root.der()]).unwrap();
        let issuing = imitation.subordinate("Test Issuing CA");
        let leaf = parse(&issuing.issue(&Leaf::qseal()));
        let direct = parse(&imitation.issue(&Leaf::qseal()));
        for given in [vec![], vec![imitation.der()], vec![issuing.der(), imitation.der()]] {
            assert!(anchors.verify_chain(&leaf, &given, at(NOW)).is_err());
            assert_eq!(anchors.verify_chain(&direct, &given, at(NOW)), Err(UntrustedChain::Signature));
        }
        // Nor does it help to be configured as an intermediate, or to be a leaf that signs.
        let informed = anchors.with_intermediates([imitation.der(), issuing.der()]).unwrap();
        assert!(informed.verify_chain(&leaf, &[], at(NOW)).is_err());
    }

    #[test]
    fn an_issuing_authority_can_be_an_anchor_itself() {
        let root = TestCa::new();
        let issuing = root.subordinate("Test Issuing CA");
        let leaf = parse(&issuing.issue(&Leaf::qseal()));
        // As in the trusted lists, which name the issuing authorities and not the roots above them.
        let anchors = Anchors::from_ders([issuing.der()]).unwrap();
        for given in [vec![], vec![issuing.der()], vec![issuing.der(), root.der()]] {
            assert_eq!(anchors.path(&leaf, &given, at(NOW)), Ok(vec![issuing.der()]));
        }
        let both = Anchors::from_ders([root.der(), issuing.der()]).unwrap();
        assert_eq!(both.path(&leaf, &[issuing.der()], at(NOW)), Ok(vec![issuing.der()]));
    }

    #[test]
    fn a_provider_cannot_issue_to_itself() {
        let root = TestCa::new();
        let provider = root.authority("Test Provider", |p| p.is_ca = rcgen::IsCa::NoCa);
        let leaf = parse(&provider.issue(&Leaf::qwac()));
        let anchors = Anchors::from_ders([root.der()]).unwrap();
        let given = [provider.der()];
        assert_eq!(anchors.verify_chain(&leaf, &given, at(NOW)), Err(UntrustedChain::Constraint));
    }

    #[test]
    fn a_heap_of_intermediates_is_not_looked_through() {
        let root = TestCa::new();
        let leaf = parse(&root.issue(&Leaf::qwac()));
        let anchors = Anchors::from_ders([root.der()]).unwrap();
        let heap = |count: usize| vec![root.der(); count];
        assert_eq!(anchors.verify_chain(&leaf, &heap(MAX_INTERMEDIATES), at(NOW)), Ok(()));
        let too_many = anchors.verify_chain(&leaf, &heap(MAX_INTERMEDIATES + 1), at(NOW));
        assert_eq!(too_many, Err(UntrustedChain::TooMany));
    }

    #[test]
    fn anchors_come_from_readable_certificates_only() {
        let ca = TestCa::new();
        let anchors = Anchors::from_pem(&format!("{}{}", ca.pem(), TestCa::new().pem())).unwrap();
        assert_eq!(anchors.ders().len(), 2);
        assert_eq!(anchors.ders()[0], ca.der());
        let empty = Anchors::from_pem("").unwrap_err();
        assert_eq!(empty, InvalidAnchor::Certificate(InvalidCertificate::Pem));
        assert!(Anchors::from_ders([CertificateDer::from(vec![0x30, 0])]).is_err());
    }

    #[test]
    fn without_anchors_nobody_is_trusted() {
        let leaf = parse(&TestCa::new().issue(&Leaf::qseal()));
        let nobody = Anchors::from_ders([]).unwrap();
        assert_eq!(nobody.verify_chain(&leaf, &[], at(NOW)), Err(UntrustedChain::UnknownIssuer));
    }
}
