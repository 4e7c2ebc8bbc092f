//! An institution: one bank code, its hosts, what it offers in which version, and its settings.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    Version,
    licence::LicenceRule,
    request::Product,
    values::{Amount, Bic, Iban, InstitutionCode},
};

/// One account-servicing bank. The host name of a request decides which one is meant.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Institution {
    /// The bank code.
    pub code: InstitutionCode,
    /// Its name, as PSUs know it.
    pub name: String,
    /// Its BIC.
    pub bic: Bic,
    /// Host names, without port and in lower case, under which it is reached.
    pub hosts: Vec<String>,
    /// What it offers: a product that is not listed for a version is refused there.
    pub products: BTreeSet<(Version, Product)>,
    /// Its settings.
    pub settings: Settings,
}

impl Institution {
    /// Whether this product may be asked for in this version.
    pub fn offers(&self, version: Version, product: Product) -> bool {
        self.products.contains(&(version, product))
    }

    /// The country it is established in, ISO 3166-1 alpha-2: that of its BIC.
    pub fn country(&self) -> &str {
        self.bic.country()
    }

    /// How a payment request made in this version comes back from the PSU: 1.4.0 knows one way only.
    pub fn redirect(&self, version: Version) -> Redirect {
        match version {
            Version::V1_4_0 => Redirect::Simple,
            Version::V1_4_2 => self.settings.redirect_1_4_2,
        }
    }

    /// Whether an account is held here: characters 5 to 9 of a French IBAN are our code.
    pub fn holds(&self, account: &Iban) -> bool {
        account.french_bank_code() == Some(self.code.as_str())
    }
}

/// What an institution may decide for itself. Every default is the one a bank would want.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// What a signed request must cover, unless a TPP's registration says otherwise.
    pub signature_policy: SignaturePolicy,
    /// How the `QcStatements` of certificates are read.
    pub certificate_reading: CertificateReading,
    /// What becomes of a certificate while nobody can say whether it is revoked.
    pub revocation: RevocationPolicy,
    /// What is asked of the registers of licences.
    pub licence_rule: LicenceRule,
    /// Whether a signed request must carry a covered `Date`: its replay window.
    pub signature_date: DateRule,
    /// How far the `Date` of a signed request may be from our clock, in seconds; 0 switches the check off.
    pub signature_date_tolerance_s: u32,
    /// What one access token may be used for.
    pub token_scope_of_use: ScopeOfUse,
    /// Lifetime of an access token, in seconds.
    pub token_lifetime_s: u32,
    /// How long a payment request waits for the PSU, in seconds; then it is rejected with `NOAS`.
    pub request_validity_s: u32,
    /// How payment requests made in 1.4.2 come back from the PSU.
    pub redirect_1_4_2: Redirect,
    /// How long a PISP can confirm what the PSU approved, in seconds, where the redirect is enforced; then
    /// it is rejected with `NOAS`.
    pub confirmation_window_s: u32,
    /// How far `creationDateTime` may be from our clock, in seconds; 0 switches the check off.
    pub creation_date_tolerance_s: u32,
    /// How many days ahead an execution date may lie before it is called too far (`CH03`).
    pub max_future_days: u16,
    /// Ceiling of one instant transfer, if there is one.
    pub instant_max_amount: Option<Amount>,
    /// For how many days after its creation a payment request can be read.
    pub status_retention_days: u16,
    /// Whether an error's `message` is the bare code or the code and a sentence.
    pub error_message_style: MessageStyle,
    /// The generic `client_id` that asks for a token of the registration API; empty switches the API off.
    pub registration_client_id: String,
    /// Whether TPPs may register redirect URIs on their own machine, over plain HTTP. Only a sandbox sets it.
    #[serde(skip)]
    pub registers_loopback_uris: bool,
    /// How many calls a TPP may make in a minute, those for tokens included; 0 for no bound. This many may
    /// come at once, after a minute without any.
    pub rate_limit_per_tpp_per_minute: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            signature_policy: SignaturePolicy::Standard,
            certificate_reading: CertificateReading::Strict,
            revocation: RevocationPolicy::default(),
            licence_rule: LicenceRule::WhereListed,
            signature_date: DateRule::WhenCovered,
            signature_date_tolerance_s: 300,
            token_scope_of_use: ScopeOfUse::Transaction,
            token_lifetime_s: 3_600,
            request_validity_s: 1_800,
            redirect_1_4_2: Redirect::Simple,
            confirmation_window_s: 900,
            creation_date_tolerance_s: 86_400,
            max_future_days: 30,
            instant_max_amount: None,
            status_retention_days: 400,
            error_message_style: MessageStyle::CodeText,
            registration_client_id: "PSD2_TPPRegister".to_owned(),
            registers_loopback_uris: false,
            rate_limit_per_tpp_per_minute: 6_000,
        }
    }
}

/// What a signature must cover; every policy asks for the request target and `X-Request-ID`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignaturePolicy {
    /// For a named client whose connector cannot do better: `Digest` may be left out, even with a body,
    /// but one that is there is right and covered; a GET may have been signed as `post`. Each use is reported.
    Lenient,
    /// With a body, `Digest` is there, right and covered.
    #[default]
    Standard,
    /// The STET profile in full: as standard, and `Content-Type` is covered with a body, every `PSU-*`
    /// header that is there is covered, and `Date` too.
    Strict,
}

/// Whether a signed request must carry a `Date`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateRule {
    /// It need not; one that is covered is compared with our clock.
    #[default]
    WhenCovered,
    /// It must, covered: a recorded request can be sent again only within the tolerance.
    Required,
}

/// How the `QcStatements` of certificates are read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CertificateReading {
    /// To the letter of ETSI EN 319 412-5 and TS 119 495.
    #[default]
    Strict,
    /// The almost correct ones that some issuers write are taken, too; each use is reported.
    Lenient,
}

/// How a payment request comes back from the PSU to its PISP.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Redirect {
    /// The PSU's approval alone lets the payment be executed; his browser goes back with nothing to prove.
    #[default]
    Simple,
    /// His browser goes back with an authorisation code, and the payment is executed once the PISP has
    /// exchanged it and confirmed ("redirect renforcé"; STET PSD2 API 1.4.2, confirmation).
    Enforced,
}

impl Redirect {
    /// Whether it is the simple one.
    pub fn is_simple(&self) -> bool {
        *self == Self::Simple
    }
}

/// What becomes of a certificate while nobody can say whether it is revoked. One that is known to be revoked
/// is refused under each: whether its issuer said so, a file of the bank, or another server on the same store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevocationPolicy {
    /// It is refused.
    HardFail,
    /// It is taken for so many hours after the last good answer has run out; one about which there never was
    /// an answer, for so many hours after it was first seen since the start. [`MAX_SOFT_FAIL_HOURS`] at most.
    SoftFailHours(u32),
    /// Its issuer is not asked, and it is taken.
    Off,
}

/// How long an outage may be borne, in hours: a year. Whoever wants longer wants [`RevocationPolicy::Off`],
/// and should say so.
pub const MAX_SOFT_FAIL_HOURS: u32 = 8_760;

impl Default for RevocationPolicy {
    /// A day: issuers publish that often at least, and an outage of theirs need not stop payments.
    fn default() -> Self {
        Self::SoftFailHours(24)
    }
}

/// What one access token may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScopeOfUse {
    /// One payment request: the first use ties it.
    Transaction,
    /// Every payment request of its client until it expires.
    Client,
}

/// The style of an error's `message`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageStyle {
    /// `FF01`.
    Code,
    /// `FF01: beneficiary.creditorAccount must not be null`.
    CodeText,
}
