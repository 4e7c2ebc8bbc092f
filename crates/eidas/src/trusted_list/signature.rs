//! The form of a trusted list's signature: what it claims to cover, and by whom.
//!
//! A verifier of XML signatures only says that some elements are signed by some key. Which ones, and whether
//! those are the ones that are read, is a question of form (W3C XML Signature Best Practices; signature
//! wrapping). [`examine`] answers it before anybody looks at a digest: one signature, right below the root,
//! over the whole document.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use std::collections::BTreeSet;

use super::{
    InvalidTrustedList,
    xml::{self, Attributes, Visitor, attribute},
};
use crate::Certificate;

const ROOT: &str = "tsl:TrustServiceStatusList";
const SIGNATURE: &str = "tsl:TrustServiceStatusList/ds:Signature";
const SIGNED_PROPERTIES: &str = "/ds:Object/xades:QualifyingProperties/xades:SignedProperties";

/// Takes the signature itself out of what it covers (W3C XML Signature, 6.6.4).
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
/// Canonical forms, which drop comments and nothing else: exclusive, 1.0 and 1.1.
const CANONICAL: [&str; 3] = [
    "http://www.w3.org/2001/10/xml-exc-c14n#",
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    "http://www.w3.org/2006/12/xml-c14n11",
];
/// SHA-256, SHA-384, SHA-512 (ETSI TS 119 312).
const DIGESTS: [&str; 3] = [
    "http://www.w3.org/2001/04/xmlenc#sha256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512",
];
/// RSA, RSA-PSS and ECDSA with those.
const METHODS: [&str; 9] = [
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
    "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1",
    "http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1",
    "http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512",
];

/// Elements that a reference may name by their `Id`, for a verifier that has no schema: the root, and the
/// properties that `XAdES` signs along.
pub const ELEMENTS_WITH_ID: [&str; 2] = [
    "http://uri.etsi.org/02231/v2#:TrustServiceStatusList",
    "http://uri.etsi.org/01903/v1.3.2#:SignedProperties",
];

/// A signature over a whole trusted list, by its form. Whether it verifies is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WholeSignature {
    certificates: Vec<Vec<u8>>,
}

/// Why a signature does not have the form that covers a whole list (ETSI TS 119 612, 5.7 and annex B).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSignature {
    /// The document cannot be read.
    #[error(transparent)]
    List(#[from] InvalidTrustedList),
    /// Nobody signed.
    #[error("the trusted list has no signature")]
    Unsigned,
    /// Several signatures, or one that is not a child of the root.
    #[error("the trusted list's signature is not the one and only, right below the root")]
    Place,
    /// An element of the signature is missing or comes twice.
    #[error("the signature has not exactly one {0}")]
    Element(&'static str),
    /// An `Id` stands for two elements.
    #[error("an Id of the trusted list is there twice, so that nobody knows which element is signed")]
    RepeatedId,
    /// No reference covers the whole document.
    #[error("no reference of the signature covers the whole list (URI \"\" or the root's Id)")]
    NotWhole,
    /// A reference to something else.
    #[error("a reference of the signature names neither the whole list nor the signed properties of XAdES")]
    Reference,
    /// A transform that could hide a part of the document.
    #[error(
        "a reference of the signature has a transform other than enveloped-signature and canonicalization"
    )]
    Transform,
    /// A canonical form that is not one of the three.
    #[error("the signature's canonicalization method is not accepted")]
    Canonicalization,
    /// SHA-1, or something that nobody knows.
    #[error("the signature uses a digest or signature method that is not accepted (ETSI TS 119 312)")]
    Algorithm,
    /// The certificate in the signature is none of those pinned.
    #[error("the trusted list was not signed with a pinned certificate")]
    OtherSigner,
}

impl WholeSignature {
    /// Which of the pinned certificates the signature names as its signer's.
    ///
    /// # Errors
    ///
    /// [`InvalidSignature::OtherSigner`] if none.
    pub fn signer<'a>(&self, pinned: &'a [Certificate]) -> Result<&'a Certificate, InvalidSignature> {
        let named = |pin: &&Certificate| self.certificates.iter().any(|der| der == pin.der().as_ref());
        pinned.iter().find(named).ok_or(InvalidSignature::OtherSigner)
    }
}

/// Looks at the form of a trusted list's signature.
///
/// # Errors
///
/// The first rule that is broken.
pub fn examine(bytes: &[u8]) -> Result<WholeSignature, InvalidSignature> {
    let mut examined = Examined::default();
    xml::walk(bytes, &mut examined)?;
    examined.judge()
}

#[derive(Default)]
struct Reference {
    uri: Option<String>,
    transforms: Vec<String>,
    digests: Vec<String>,
}

#[derive(Default)]
struct Examined {
    root: bool,
    signatures: usize,
    misplaced: bool,
    signed_infos: usize,
    canonicalizations: Vec<String>,
    methods: Vec<String>,
    references: Vec<Reference>,
    certificates: Vec<String>,
    root_id: Option<String>,
    properties_id: Option<String>,
    ids: BTreeSet<String>,
    repeated_id: bool,
}

impl Visitor for Examined {
    fn open(&mut self, path: &str, attributes: &Attributes) -> Result<(), InvalidTrustedList> {
        if !self.root {
            self.root = path == ROOT;
            self.root_id = attribute(attributes, "Id").map(str::to_owned);
            if !self.root {
                return Err(InvalidTrustedList::Root);
            }
        }
        self.note_ids(attributes);
        if path.ends_with("ds:Signature") {
            self.signatures += 1;
            self.misplaced |= path != SIGNATURE;
        }
        let Some(path) = path.strip_prefix(SIGNATURE) else {
            return Ok(());
        };
        if path == SIGNED_PROPERTIES {
            self.properties_id = attribute(attributes, "Id").map(str::to_owned);
        }
        self.note_signed_info(path, attributes);
        Ok(())
    }

    fn close(&mut self, path: &str, text: &str) -> Result<(), InvalidTrustedList> {
        if path.strip_prefix(SIGNATURE) == Some("/ds:KeyInfo/ds:X509Data/ds:X509Certificate") {
            self.certificates.push(text.split_ascii_whitespace().collect());
        }
        Ok(())
    }
}

impl Examined {
    /// Whatever may pass for an identifier with somebody: `Id`, `ID`, `xml:id`.
    fn note_ids(&mut self, attributes: &Attributes) {
        for (name, value) in attributes {
            let local = name.rsplit(':').next().unwrap_or(name);
            if local.eq_ignore_ascii_case("id") && !name.starts_with("xmlns") {
                self.repeated_id |= !self.ids.insert(value.clone());
            }
        }
    }

    fn note_signed_info(&mut self, path: &str, attributes: &Attributes) {
        let algorithm = || attribute(attributes, "Algorithm").unwrap_or_default().to_owned();
        match path {
            "/ds:SignedInfo" => self.signed_infos += 1,
            "/ds:SignedInfo/ds:CanonicalizationMethod" => self.canonicalizations.push(algorithm()),
            "/ds:SignedInfo/ds:SignatureMethod" => self.methods.push(algorithm()),
            "/ds:SignedInfo/ds:Reference" => {
                let uri = attribute(attributes, "URI").map(str::to_owned);
                self.references.push(Reference { uri, ..Reference::default() });
            }
            "/ds:SignedInfo/ds:Reference/ds:Transforms/ds:Transform" => {
                if let Some(reference) = self.references.last_mut() {
                    reference.transforms.push(algorithm());
                }
            }
            "/ds:SignedInfo/ds:Reference/ds:DigestMethod" => {
                if let Some(reference) = self.references.last_mut() {
                    reference.digests.push(algorithm());
                }
            }
            _ => {}
        }
    }

    fn judge(self) -> Result<WholeSignature, InvalidSignature> {
        use InvalidSignature as Invalid;
        if self.signatures == 0 {
            return Err(Invalid::Unsigned);
        }
        if self.signatures > 1 || self.misplaced {
            return Err(Invalid::Place);
        }
        if self.repeated_id {
            return Err(Invalid::RepeatedId);
        }
        if self.signed_infos != 1 {
            return Err(Invalid::Element("SignedInfo"));
        }
        match self.canonicalizations.as_slice() {
            [method] if CANONICAL.contains(&method.as_str()) => {}
            [_] => return Err(Invalid::Canonicalization),
            _ => return Err(Invalid::Element("CanonicalizationMethod")),
        }
        match self.methods.as_slice() {
            [method] if METHODS.contains(&method.as_str()) => {}
            [_] => return Err(Invalid::Algorithm),
            _ => return Err(Invalid::Element("SignatureMethod")),
        }
        let mut whole = 0;
        for reference in &self.references {
            whole += usize::from(self.judge_reference(reference)?);
        }
        if whole != 1 {
            return Err(Invalid::NotWhole);
        }
        let decode = |text: &String| BASE64_STANDARD.decode(text).map_err(|_| Invalid::OtherSigner);
        Ok(WholeSignature { certificates: self.certificates.iter().map(decode).collect::<Result<_, _>>()? })
    }

    /// Whether a reference that we take covers the whole list, rather than the properties of `XAdES`.
    fn judge_reference(&self, reference: &Reference) -> Result<bool, InvalidSignature> {
        use InvalidSignature as Invalid;
        match reference.digests.as_slice() {
            [digest] if DIGESTS.contains(&digest.as_str()) => {}
            [_] => return Err(Invalid::Algorithm),
            _ => return Err(Invalid::Element("DigestMethod")),
        }
        let uri = reference.uri.as_deref().ok_or(Invalid::Reference)?;
        let named = uri.strip_prefix('#').filter(|id| !id.is_empty());
        let whole = uri.is_empty() || (named.is_some() && named == self.root_id.as_deref());
        let transforms = if whole {
            // Without it the signature would have to cover its own value.
            match reference.transforms.split_first() {
                Some((first, rest)) if first == ENVELOPED => rest,
                _ => return Err(Invalid::Transform),
            }
        } else if named.is_some() && named == self.properties_id.as_deref() {
            reference.transforms.as_slice()
        } else {
            return Err(Invalid::Reference);
        };
        match transforms {
            [] => Ok(whole),
            [form] if CANONICAL.contains(&form.as_str()) => Ok(whole),
            _ => Err(Invalid::Transform),
        }
    }
}
