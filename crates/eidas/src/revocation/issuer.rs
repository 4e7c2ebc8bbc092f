//! The authority that issued the certificate in question.

use der::Decode;
use der::asn1::BitStringRef;
use rustls_pki_types::CertificateDer;
use webpki::EndEntityCert;

use super::candidate::Parts;
use super::reading::Signed;

const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
/// Bit 6 of `keyUsage`.
const CRL_SIGN: usize = 6;

/// The certificate of an authority whose lists and answers are read.
///
/// It must come from a verified path: whoever may choose it chooses whose word is taken.
#[derive(Clone, PartialEq, Eq)]
pub struct Issuer {
    der: CertificateDer<'static>,
    subject: Vec<u8>,
    key: Vec<u8>,
    may_sign_crls: bool,
}

/// A certificate that no authority can be read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the issuer's certificate cannot be read")]
pub struct InvalidIssuer;

impl Issuer {
    /// The authority of this certificate, in DER.
    ///
    /// # Errors
    ///
    /// [`InvalidIssuer`].
    pub fn from_der(der: &CertificateDer<'_>) -> Result<Self, InvalidIssuer> {
        if der.len() > crate::MAX_CERTIFICATE_BYTES || EndEntityCert::try_from(der).is_err() {
            return Err(InvalidIssuer);
        }
        let parts = Parts::of(der).map_err(|_| InvalidIssuer)?;
        Ok(Self {
            subject: parts.subject.to_vec(),
            key: parts.key.to_vec(),
            may_sign_crls: may_sign_crls(&parts)?,
            der: der.clone().into_owned(),
        })
    }

    /// Its certificate.
    pub fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }

    /// Its distinguished name in DER.
    pub fn subject(&self) -> &[u8] {
        &self.subject
    }

    /// The bits of its public key.
    pub(super) fn key(&self) -> &[u8] {
        &self.key
    }

    /// Whether its `keyUsage`, if there is one, allows `cRLSign` (RFC 5280, 4.2.1.3).
    pub(super) fn may_sign_crls(&self) -> bool {
        self.may_sign_crls
    }

    /// Whether it made this signature.
    pub(super) fn has_signed(&self, signed: &Signed<'_>) -> bool {
        EndEntityCert::try_from(&self.der).is_ok_and(|key| signed.is_signed_by(&key))
    }
}

impl std::fmt::Debug for Issuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issuer").field("may_sign_crls", &self.may_sign_crls).finish_non_exhaustive()
    }
}

fn may_sign_crls(parts: &Parts<'_>) -> Result<bool, InvalidIssuer> {
    let Some(der) = parts.find(KEY_USAGE) else {
        return Ok(true);
    };
    let bits = BitStringRef::from_der(der).map_err(|_| InvalidIssuer)?;
    Ok(bits.bits().nth(CRL_SIGN).unwrap_or(false))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestCa;

    #[test]
    fn an_authority_is_read_from_its_certificate_and_from_nothing_else() {
        let ca = TestCa::new();
        let issuer = Issuer::from_der(&ca.der()).unwrap();
        assert_eq!(*issuer.der(), ca.der());
        assert!(issuer.may_sign_crls(), "it has no keyUsage");
        for broken in [vec![], vec![0x30, 0], ca.der()[..100].to_vec(), vec![0x30; 20_000]] {
            assert_eq!(Issuer::from_der(&CertificateDer::from(broken)), Err(InvalidIssuer));
        }
    }
}
