//! What the domain asks of the world: a store, a bank, a rail, a messenger.
//!
//! A port speaks in domain values and in whole facts. Every store call is one atomic commit. The bank
//! and the rail are asked, never trusted to be fast or alive: what changes something carries our
//! reference and can be repeated.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Payment, Reason,
    code::{AuthorisationCode, CodeHash},
    journal::Entry,
    journey::{Journey, JourneyId},
    licence::{Listing, ListingChange, RegisterImport},
    lifecycle::Status,
    revoked_certificate::RevokedCertificate,
    sca::{Lockout, OneTimeCode},
    seal::Seal,
    token::{Token, TokenHash},
    tpp::{Registrar, Tpp, TppChange, TppEvent},
    transfer::{Outcome, TransferOrder},
    trusted_list::{Removal, TrustedList},
    values::{Amount, Iban, InstitutionCode, Name, PaymentId, PsuId, Reference, TppId},
    work::{Claimed, Lease, Work},
};

/// Why the store did not do what it was asked. Nothing was changed, save with
/// [`StoreError::Unavailable`], where the outcome is unknown.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else saved first: read again, decide again.
    #[error("the record was changed in the meantime")]
    Conflict,
    /// Too much is waiting already; come back later.
    #[error("the store has too much to do")]
    Busy,
    /// The store cannot be reached or failed.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// A stored record cannot be read. Never a default.
    #[error("a stored {0} cannot be read")]
    Corrupt(&'static str),
}

/// Where payments live, with their journals, seals and the requests that made them.
#[async_trait]
pub trait PaymentStore: Send + Sync {
    /// Adds a payment, its first journal entry, its request key, its waiting work and the tie of its
    /// token, unless the request was made before or the token serves another payment.
    async fn insert(&self, new: NewPayment) -> Result<Inserted, StoreError>;

    /// The payment that an earlier call like `new` made, by the rules of [`PaymentStore::insert`]. Adds
    /// nothing: a call that would be refused today may repeat one that was not.
    async fn find_repeated(&self, new: &NewPayment) -> Result<Option<Payment>, StoreError>;

    /// The payment with this id, if there is one, it belongs to `tpp` and was asked of `institution`.
    async fn find(
        &self,
        id: &PaymentId,
        tpp: &TppId,
        institution: &InstitutionCode,
    ) -> Result<Option<Payment>, StoreError>;

    /// The payment with this id, whoever owns it: for the PSU's journey and for work.
    async fn load(&self, id: &PaymentId) -> Result<Option<Payment>, StoreError>;

    /// The payment's journal, oldest entry first.
    async fn journal(&self, id: &PaymentId) -> Result<Vec<Entry>, StoreError>;

    /// The payment's seal.
    async fn seal(&self, id: &PaymentId) -> Result<Option<Seal>, StoreError>;

    /// Saves a change of a payment with everything that belongs to it. Work that would expire a payment
    /// goes once nobody is waited for any more ([`Payment::waits_until`]).
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] if the payment, the lockout or the lease is no longer as it was read.
    async fn save(&self, change: Change) -> Result<(), StoreError>;

    /// Up to `limit` payment ids after `after`, in order: for audits.
    async fn ids_after(&self, after: Option<&PaymentId>, limit: u32) -> Result<Vec<PaymentId>, StoreError>;

    /// How many payments were ever stored, roughly: where the sequence in new ids goes on.
    async fn last_sequence(&self) -> Result<u64, StoreError>;

    /// Whether changes are still taken: a store that failed to keep one may have stopped for good.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if not.
    async fn takes_changes(&self) -> Result<(), StoreError>;

    /// How many payments stand in each status.
    async fn count_by_status(&self) -> Result<Vec<(Status, u64)>, StoreError>;
}

/// A payment to be added.
#[derive(Debug, Clone)]
pub struct NewPayment {
    /// The payment.
    pub payment: Payment,
    /// Its first journal entry.
    pub entry: Entry,
    /// What makes a repetition of the call recognisable.
    pub key: RequestKey,
    /// The token to tie to the payment; none where tokens serve any payment.
    pub token: Option<TokenHash>,
    /// Work that waits from the start.
    pub work: Vec<Work>,
}

/// What makes a repeated call recognisable, within 24 hours and for one TPP at one institution: the same
/// `X-Request-ID` with the same bytes, or the same `paymentInformationId` with the same content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestKey {
    /// `X-Request-ID`.
    pub request_id: String,
    /// SHA-256 of the body as received.
    pub body_sha256: [u8; 32],
    /// SHA-256 of what was understood.
    pub content_sha256: [u8; 32],
}

/// What became of a payment to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inserted {
    /// It was added.
    New,
    /// The same request was made before: this is the payment it made.
    Repeated(Box<Payment>),
    /// The request id was used before with another body. Nothing was added.
    RequestIdReused,
    /// The token serves another payment request. Nothing was added.
    TokenSpent,
}

/// A change of a payment and everything that is committed with it.
#[derive(Debug, Clone)]
pub struct Change {
    /// The payment as it is to be.
    pub payment: Payment,
    /// The journal entries that led there, in order: the payment stored must be at the one before.
    pub entries: Vec<Entry>,
    /// The seal, when the change is an approval.
    pub seal: Option<Seal>,
    /// The visit that caused it, as it is to be.
    pub journey: Option<Journey>,
    /// The PSU's failures, as they were read and as they are to be.
    pub lockout: Option<(Lockout, Lockout)>,
    /// Work that waits from now on; it replaces work of the same task.
    pub work: Vec<Work>,
    /// Claimed work that is done by this change. If its lease is lost, nothing is saved.
    pub done: Option<Claimed>,
}

impl Change {
    /// A change of `payment` by `entries` and nothing else.
    pub fn of(payment: Payment, entries: Vec<Entry>) -> Self {
        Self { payment, entries, seal: None, journey: None, lockout: None, work: Vec::new(), done: None }
    }
}

/// Where access tokens and authorisation codes live, hashed.
#[async_trait]
pub trait TokenStore: Send + Sync {
    /// Adds a token.
    async fn insert_token(&self, token: Token) -> Result<(), StoreError>;

    /// The token with this hash.
    async fn find_token(&self, hash: &TokenHash) -> Result<Option<Token>, StoreError>;

    /// Ties an unused token to a payment. False if it serves another one, or is gone.
    async fn tie_token(&self, hash: &TokenHash, payment: &PaymentId) -> Result<bool, StoreError>;

    /// Takes a token back. False if there was none.
    async fn revoke_token(&self, hash: &TokenHash) -> Result<bool, StoreError>;

    /// How many tokens of a client are worth something at `now`.
    async fn live_tokens_of(&self, tpp: &TppId, now: Timestamp) -> Result<u64, StoreError>;

    /// Takes every token and code of a client back; how many tokens there were.
    async fn revoke_tokens_of(&self, tpp: &TppId) -> Result<u64, StoreError>;

    /// Adds a code.
    async fn insert_code(&self, code: AuthorisationCode) -> Result<(), StoreError>;

    /// The code with this hash, exchanged or not.
    async fn find_code(&self, hash: &CodeHash) -> Result<Option<AuthorisationCode>, StoreError>;

    /// Exchanges a code for `token`, once: who comes second takes the first one's token back, for one of
    /// the two has stolen it (RFC 6749, 4.1.2).
    async fn exchange_code(&self, hash: &CodeHash, token: Token) -> Result<Exchanged, StoreError>;

    /// Takes the token back that a code was exchanged for. False if there is none, or none any more.
    async fn revoke_exchanged(&self, hash: &CodeHash) -> Result<bool, StoreError>;
}

/// What became of a code's exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exchanged {
    /// The token was added.
    First,
    /// The code had been exchanged. No token was added, and the one given then is gone.
    Again,
    /// There is no such code.
    Unknown,
}

/// The register of TPPs.
#[async_trait]
pub trait TppStore: Send + Sync {
    /// The TPP with this client id.
    async fn find_tpp(&self, id: &TppId) -> Result<Option<Tpp>, StoreError>;

    /// Every TPP, by client id.
    async fn tpps(&self) -> Result<Vec<Tpp>, StoreError>;

    /// The TPPs registered under this name or one that passes for it (see [`crate::likeness`]).
    async fn tpps_named(&self, name: &str) -> Result<Vec<Tpp>, StoreError>;

    /// The registrations of a provider, by client id: its applications and its agents.
    async fn tpps_of(&self, organization_identifier: &str) -> Result<Vec<Tpp>, StoreError>;

    /// Adds, replaces or removes a registration. Removing takes its tokens and codes with it. A signed call
    /// gives no registration a name that passes for another provider's (see [`crate::likeness`]).
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] if the registration is no longer as it was read.
    async fn change_tpp(&self, change: TppWrite) -> Result<Written, StoreError>;

    /// What happened to a registration, oldest first; also to one that was removed.
    async fn tpp_history(&self, id: &TppId) -> Result<Vec<TppEvent>, StoreError>;
}

/// A change of a registration.
#[derive(Debug, Clone)]
pub struct TppWrite {
    /// As it was read; none if it is to be added.
    pub before: Option<Tpp>,
    /// As it is to be; none if it is to be removed.
    pub after: Option<Tpp>,
    /// What is written down about it.
    pub event: TppEvent,
    /// The signed call that asks for it, if one does.
    pub call: Option<SignedCall>,
}

impl TppWrite {
    /// Adds `tpp`, or puts it in the place of `before`.
    pub fn put(before: Option<Tpp>, tpp: Tpp, actor: Registrar, at: Timestamp) -> Self {
        let what = if before.is_some() { TppChange::Changed } else { TppChange::Registered };
        let event = event(&tpp, actor, at, what);
        Self { before, after: Some(tpp), event, call: None }
    }

    /// Removes `tpp`.
    pub fn remove(tpp: Tpp, actor: Registrar, at: Timestamp) -> Self {
        let event = event(&tpp, actor, at, TppChange::Removed);
        Self { before: Some(tpp), after: None, event, call: None }
    }

    /// The same, with the account of the operator who does it.
    #[must_use]
    pub fn by(self, operator: Option<String>) -> Self {
        Self { event: TppEvent { by: operator, ..self.event }, ..self }
    }
}

fn event(tpp: &Tpp, actor: Registrar, at: Timestamp, what: TppChange) -> TppEvent {
    TppEvent { tpp: tpp.id.clone(), at, actor, what, registration: Some(Box::new(tpp.clone())), by: None }
}

/// What makes a repeated call of the registration API recognisable, for 24 hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCall {
    /// organizationIdentifier of the caller.
    pub organization_identifier: String,
    /// `X-Request-ID`.
    pub request_id: String,
    /// SHA-256 of method, path and body.
    pub sha256: [u8; 32],
}

impl SignedCall {
    /// Registrations of one provider beyond which no signed call adds another.
    pub const MAX_REGISTRATIONS: i64 = 20;
}

/// What became of a change of a registration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// It was made.
    Now,
    /// The same call made it before, to this client id. Nothing was changed.
    Before(TppId),
    /// The request id was used before for another call. Nothing was changed.
    RequestIdReused,
    /// Another provider goes by that name. Nothing was changed.
    NameTaken,
    /// The provider has [`SignedCall::MAX_REGISTRATIONS`]. Nothing was changed.
    TooMany,
}

/// On whose word TPPs are let in: registers of licences and trusted lists, as they were imported.
#[async_trait]
pub trait TrustStore: Send + Sync {
    /// What every register says of a provider, by the register's name.
    async fn listings(&self, organization_identifier: &str) -> Result<Vec<Listing>, StoreError>;

    /// Replaces all that a register says. Providers that it no longer lists are kept as withdrawn.
    async fn import_register(
        &self,
        import: RegisterImport,
        listings: Vec<Listing>,
    ) -> Result<ImportSummary, StoreError>;

    /// Removes a register at `at`: what it said counts no longer, and is kept in the history of every provider
    /// that it listed. False if there was none.
    async fn remove_register(&self, register: &str, at: Timestamp) -> Result<bool, StoreError>;

    /// What an import of `listings` would change, without changing it.
    async fn compare_register(
        &self,
        register: &str,
        listings: Vec<Listing>,
    ) -> Result<ImportSummary, StoreError>;

    /// The last import of every register, by name.
    async fn registers(&self) -> Result<Vec<RegisterImport>, StoreError>;

    /// How the listings of a provider changed, oldest first.
    async fn listing_history(&self, organization_identifier: &str) -> Result<Vec<ListingChange>, StoreError>;

    /// Adds a trusted list or replaces the earlier issue of its territory, which is kept in history.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] if a later issue was ever imported, even if it was removed since.
    async fn put_trusted_list(&self, list: TrustedList) -> Result<(), StoreError>;

    /// Removes the list of a territory: its authorities are no longer trusted. False if there was none.
    async fn remove_trusted_list(&self, territory: &str, removal: Removal) -> Result<bool, StoreError>;

    /// The trusted lists in force, by territory.
    async fn trusted_lists(&self) -> Result<Vec<TrustedList>, StoreError>;

    /// Every issue of a territory's list that was ever imported, oldest first.
    async fn trusted_list_history(&self, territory: &str) -> Result<Vec<TrustedList>, StoreError>;

    /// Remembers that a certificate is revoked, until it expires. One that is remembered already stays as it is.
    async fn remember_revoked(&self, revoked: RevokedCertificate) -> Result<(), StoreError>;

    /// The certificates that are known to be revoked, by their SHA-256.
    async fn revoked_certificates(&self) -> Result<Vec<RevokedCertificate>, StoreError>;
}

/// What an import of a register changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportSummary {
    /// Every change, by organizationIdentifier.
    pub changes: Vec<ListingChange>,
    /// How many listings stay as they are.
    pub unchanged: u64,
    /// How many listings were not withdrawn before.
    pub in_force_before: u64,
}

/// Where visits of PSUs live, and their failures.
#[async_trait]
pub trait JourneyStore: Send + Sync {
    /// The visit with this id.
    async fn find_journey(&self, id: &JourneyId) -> Result<Option<Journey>, StoreError>;

    /// Adds a visit or replaces it.
    async fn save_journey(&self, journey: &Journey) -> Result<(), StoreError>;

    /// The failures in a row of a PSU; the clean sheet if there are none.
    async fn lockout(&self, institution: &InstitutionCode, psu: &PsuId) -> Result<Lockout, StoreError>;
}

/// Work that waits.
#[async_trait]
pub trait WorkStore: Send + Sync {
    /// Claims up to `limit` pieces of work that are due at `now` and not claimed, until `until`.
    async fn claim(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
        lease: Lease,
    ) -> Result<Vec<Claimed>, StoreError>;

    /// Removes work that is done. Does nothing if the lease was lost.
    async fn finish(&self, claimed: &Claimed) -> Result<(), StoreError>;

    /// Gives work back, due again at `due`. Does nothing if the lease was lost.
    async fn put_back(&self, claimed: &Claimed, due: Timestamp) -> Result<(), StoreError>;

    /// When the oldest work that is due at `now` became due, if there is any.
    async fn oldest_due(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError>;

    /// Removes what nobody can ask for any more at `now`: expired tokens, visits that are over,
    /// request keys older than 24 hours, blocks that have ended, revocations of certificates that have expired.
    async fn sweep(&self, now: Timestamp) -> Result<(), StoreError>;
}

/// Everything kept.
pub trait Store: PaymentStore + TokenStore + TppStore + TrustStore + JourneyStore + WorkStore {}
impl<T: PaymentStore + TokenStore + TppStore + TrustStore + JourneyStore + WorkStore> Store for T {}

/// The bank, or its rail, cannot be reached or failed; whether it did what it was asked is unknown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the bank behind us is not available: {0}")]
pub struct Unavailable(pub String);

/// The bank behind us: its PSUs, their accounts and the funds on them.
#[async_trait]
pub trait Bank: Send + Sync {
    /// The PSU, if number and password are right. An unknown number takes as long as a wrong password.
    async fn authenticate(
        &self,
        institution: &InstitutionCode,
        psu: &PsuId,
        password: &Password,
    ) -> Result<Option<Psu>, Unavailable>;

    /// Every account the PSU sees in online banking.
    async fn accounts(&self, institution: &InstitutionCode, psu: &PsuId)
    -> Result<Vec<Account>, Unavailable>;

    /// Sets funds aside for a payment. The same reference again moves the reservation, never adds one.
    async fn reserve(&self, reservation: &Reservation) -> Result<Reserved, Unavailable>;

    /// Gives reserved funds back and refuses the reference for ever. Does nothing if it was executed.
    async fn release(&self, institution: &InstitutionCode, reference: &Reference) -> Result<(), Unavailable>;
}

/// A password on its way to the bank: never shown, never kept.
#[derive(Clone)]
pub struct Password(pub String);

impl std::fmt::Debug for Password {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Password(…)")
    }
}

/// A customer of the bank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Psu {
    /// His customer number.
    pub id: PsuId,
    /// His name.
    pub name: Name,
}

/// An account as its holder sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its number.
    pub iban: Iban,
    /// Its holder.
    pub holder: Name,
    /// What the bank calls it.
    pub label: String,
    /// Funds that can be spent, in cents: the balance less what is reserved.
    pub available_cents: i64,
    /// Whether it can pay.
    pub standing: Standing,
}

/// Whether an account can pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It can.
    Open,
    /// It is blocked.
    Blocked,
    /// It is closed.
    Closed,
    /// It is not a payment account.
    Savings,
}

impl Standing {
    /// Why the account cannot pay; nothing if it can.
    pub fn obstacle(self) -> Option<Reason> {
        match self {
            Self::Open => None,
            Self::Blocked => Some(Reason::Ac06),
            Self::Closed => Some(Reason::Ac04),
            Self::Savings => Some(Reason::Ag01),
        }
    }
}

impl Account {
    /// Why this account cannot pay `amount`; nothing if it can.
    pub fn obstacle(&self, amount: Amount) -> Option<Reason> {
        let short = u64::try_from(self.available_cents).map_or(true, |available| available < amount.cents());
        self.standing.obstacle().or(short.then_some(Reason::Am04))
    }
}

/// Funds to be set aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    /// Our reference.
    pub reference: Reference,
    /// The institution holding the account.
    pub institution: InstitutionCode,
    /// The PSU, who must be allowed to pay from the account.
    pub psu: PsuId,
    /// The account.
    pub account: Iban,
    /// How much.
    pub amount: Amount,
    /// Who is to be paid: the bank may have reasons not to.
    pub creditor_account: Iban,
}

/// The bank's answer to a reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reserved {
    /// The funds are set aside.
    Yes,
    /// They are not.
    Refused(Reason),
}

/// How money leaves: executes an order at most once per reference.
#[async_trait]
pub trait Rail: Send + Sync {
    /// Executes the order, or says what became of it if the reference is known already.
    async fn submit(&self, order: &TransferOrder) -> Result<Outcome, Unavailable>;

    /// What the rail knows about a reference.
    async fn inquire(
        &self,
        institution: &InstitutionCode,
        reference: &Reference,
    ) -> Result<Outcome, Unavailable>;
}

/// Carries one-time codes to PSUs.
#[async_trait]
pub trait Messenger: Send + Sync {
    /// Sends a code to the PSU's phone.
    async fn send_code(&self, message: &CodeMessage) -> Result<(), Unavailable>;
}

/// A code and what it approves, as the PSU's phone shows them (RTS (EU) 2018/389, Art. 5(1)(a)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeMessage {
    /// The institution that sends it.
    pub institution: InstitutionCode,
    /// To whom.
    pub psu: PsuId,
    /// The payment it approves.
    pub payment: PaymentId,
    /// The amount it approves.
    pub amount: Amount,
    /// The payee it approves.
    pub creditor_name: Name,
    /// The payee's account.
    pub creditor_account: Iban,
    /// The code.
    pub code: OneTimeCode,
    /// Until when it is accepted.
    pub expires_at: Timestamp,
    /// Language of the PSU's pages: `fr` or `en`.
    pub language: String,
}
