//! Client certificates of TPPs that leave their intermediates out.

use std::sync::Arc;

use rustls::{
    DigitallySignedStruct, DistinguishedName, Error, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    server::danger::{ClientCertVerified, ClientCertVerifier},
};
use rustls_pki_types::{CertificateDer, UnixTime};

/// Verifies as another verifier does, which also gets to see the intermediates that the bank knows.
#[derive(Debug)]
pub(super) struct Informed {
    inner: Arc<dyn ClientCertVerifier>,
    known: Vec<CertificateDer<'static>>,
}

impl Informed {
    /// Lets `inner` build paths over `known`, too.
    pub(super) fn new(inner: Arc<dyn ClientCertVerifier>, known: &[CertificateDer<'static>]) -> Self {
        Self { inner, known: known.to_vec() }
    }
}

impl ClientCertVerifier for Informed {
    fn offer_client_auth(&self) -> bool {
        self.inner.offer_client_auth()
    }

    fn client_auth_mandatory(&self) -> bool {
        self.inner.client_auth_mandatory()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.inner.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let known = self.known.iter().map(|der| CertificateDer::from(der.as_ref()));
        let all: Vec<CertificateDer<'_>> = intermediates.iter().cloned().chain(known).collect();
        self.inner.verify_client_cert(end_entity, &all, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
