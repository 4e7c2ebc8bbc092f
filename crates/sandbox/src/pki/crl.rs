//! What the test authority says about certificates it no longer stands for.

use eidas::revocation::{Reason, Revoked};
use jiff::Timestamp;
use rcgen::{
    CertificateRevocationListParams, KeyIdMethod, RevocationReason, RevokedCertParams, SerialNumber,
    date_time_ymd,
};

use super::{Ca, PkiError, ca::since_epoch};

/// A certificate that is revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its serial number, the highest byte first.
    pub serial: Vec<u8>,
    /// Since when and why.
    pub revoked: Revoked,
}

impl Ca {
    /// Its list of revoked certificates (RFC 5280, 5), in DER.
    ///
    /// # Errors
    ///
    /// [`PkiError::Issue`] if `next_update` is not after `this_update`.
    pub fn crl(
        &self,
        listed: &[Listed],
        number: u64,
        this_update: Timestamp,
        next_update: Timestamp,
    ) -> Result<Vec<u8>, PkiError> {
        let at = |instant| date_time_ymd(1970, 1, 1) + since_epoch(instant);
        let entry = |listed: &Listed| RevokedCertParams {
            serial_number: SerialNumber::from_slice(&listed.serial),
            revocation_time: at(listed.revoked.at),
            reason_code: reason_code(listed.revoked.reason),
            invalidity_date: None,
        };
        let list = CertificateRevocationListParams {
            this_update: at(this_update),
            next_update: at(next_update),
            crl_number: SerialNumber::from(number),
            issuing_distribution_point: None,
            revoked_certs: listed.iter().map(entry).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        Ok(list.signed_by(self.issuer())?.der().to_vec())
    }
}

/// `unspecified` is left out (RFC 5280, 5.3.1).
fn reason_code(reason: Reason) -> Option<RevocationReason> {
    Some(match reason {
        Reason::Unspecified | Reason::Other => return None,
        Reason::KeyCompromise => RevocationReason::KeyCompromise,
        Reason::CaCompromise => RevocationReason::CaCompromise,
        Reason::AffiliationChanged => RevocationReason::AffiliationChanged,
        Reason::Superseded => RevocationReason::Superseded,
        Reason::CessationOfOperation => RevocationReason::CessationOfOperation,
        Reason::CertificateHold => RevocationReason::CertificateHold,
        Reason::RemoveFromCrl => RevocationReason::RemoveFromCrl,
        Reason::PrivilegeWithdrawn => RevocationReason::PrivilegeWithdrawn,
        Reason::AaCompromise => RevocationReason::AaCompromise,
    })
}
