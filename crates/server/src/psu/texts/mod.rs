//! The words of the pages. A language is one constant: a sentence that is missing does not compile.
//!
//! Plain words, one thought a sentence, and always what happened to the money. Nothing here scares
//! anyone off paying through a third party (EBA/OP/2020/10, on obstacles).

mod en;
mod fr;

pub(super) use en::EN;
pub(super) use fr::FR;

use jiff::civil::Date;

/// Everything the pages say, in one language.
pub(super) struct Texts {
    /// The language, as HTML names it.
    pub(super) code: &'static str,
    /// The other language, as HTML names it.
    pub(super) other_code: &'static str,
    /// The other language, in its own words.
    pub(super) other_name: &'static str,
    /// An amount of cents.
    pub(super) amount: fn(u64) -> String,
    /// A day.
    pub(super) date: fn(Date) -> String,
    /// Link over the header, for those who do not see the page.
    pub(super) skip: &'static str,
    /// Before the title of a page with an error.
    pub(super) error_prefix: &'static str,
    /// Name of the list of steps.
    pub(super) progress: &'static str,
    /// The steps, in order.
    pub(super) steps: [&'static str; 4],
    /// Button on every page, with the PISP.
    pub(super) refuse: fn(&str) -> String,
    /// What the PISP does not learn: institution, PISP.
    pub(super) privacy: fn(&str, &str) -> String,
    /// How many attempts are left before a block.
    pub(super) attempts_left: fn(u8) -> String,
    /// Button that goes on.
    pub(super) go_on: &'static str,
    pub(super) summary: SummaryText,
    pub(super) identify: IdentifyText,
    pub(super) password: PasswordText,
    pub(super) account: AccountText,
    pub(super) review: ReviewText,
    pub(super) authenticate: AuthenticateText,
    pub(super) outcome: OutcomeText,
    pub(super) refusals: RefusalTexts,
    pub(super) problems: ProblemTexts,
}

/// The payment, as shown on every page.
pub(super) struct SummaryText {
    /// Heading, for those who do not see the page.
    pub(super) heading: &'static str,
    /// After the name of the PISP.
    pub(super) asks: &'static str,
    /// The same, once the payment is decided.
    pub(super) asked: &'static str,
    pub(super) payee: &'static str,
    pub(super) ultimate_payee: &'static str,
    pub(super) iban: &'static str,
    pub(super) remittance: &'static str,
    pub(super) date: &'static str,
    /// Before the date of today.
    pub(super) today: &'static str,
    pub(super) kind: &'static str,
    pub(super) transfer: &'static str,
    pub(super) instant_transfer: &'static str,
}

/// P-1.
pub(super) struct IdentifyText {
    pub(super) title: &'static str,
    pub(super) label: &'static str,
    pub(super) hint: &'static str,
    pub(super) missing: &'static str,
}

/// P-2.
pub(super) struct PasswordText {
    pub(super) title: &'static str,
    pub(super) label: &'static str,
    pub(super) customer: &'static str,
    pub(super) again: &'static str,
    pub(super) submit: &'static str,
    pub(super) missing: &'static str,
    pub(super) wrong: &'static str,
    /// Until what time of day.
    pub(super) blocked: fn(&str) -> String,
}

/// P-3.
pub(super) struct AccountText {
    pub(super) title: &'static str,
    pub(super) available: &'static str,
    /// Before the last four characters of an IBAN.
    pub(super) ending: &'static str,
    pub(super) insufficient: &'static str,
    pub(super) blocked: &'static str,
    pub(super) closed: &'static str,
    pub(super) none_can_pay: &'static str,
    /// The PISP named an account that is none of the PSU's.
    pub(super) not_yours: fn(&str) -> String,
    pub(super) missing: &'static str,
    pub(super) not_any_more: &'static str,
}

/// P-4.
pub(super) struct ReviewText {
    pub(super) title: &'static str,
    pub(super) lead: &'static str,
    pub(super) debtor: &'static str,
    pub(super) submit: &'static str,
    pub(super) again: &'static str,
    pub(super) changed: &'static str,
    pub(super) no_more_codes: &'static str,
}

/// P-5.
pub(super) struct AuthenticateText {
    pub(super) title: &'static str,
    /// Amount and payee the code counts for.
    pub(super) lead: fn(&str, &str) -> String,
    pub(super) label: &'static str,
    /// Until what time of day.
    pub(super) hint: fn(&str) -> String,
    /// With the amount.
    pub(super) submit: fn(&str) -> String,
    pub(super) again: &'static str,
    pub(super) sent_again: &'static str,
    pub(super) missing: &'static str,
    pub(super) wrong: &'static str,
}

/// P-6 and P-7.
pub(super) struct OutcomeText {
    pub(super) approved: &'static str,
    /// Amount, payee, kind of transfer.
    pub(super) approved_text: fn(&str, &str, &str) -> String,
    pub(super) approved_next: &'static str,
    /// The same, where the PISP has to confirm: the PISP.
    pub(super) approved_to_confirm: fn(&str) -> String,
    pub(super) not_debited: &'static str,
    /// The PISP.
    pub(super) leads_on: fn(&str) -> String,
    /// The PISP.
    pub(super) back: fn(&str) -> String,
    pub(super) stay: &'static str,
}

/// Why nothing was paid.
pub(super) struct RefusalTexts {
    pub(super) by_you: RefusalText,
    pub(super) no_answer: RefusalText,
    pub(super) funds: RefusalText,
    pub(super) account_closed: RefusalText,
    pub(super) account_blocked: RefusalText,
    pub(super) not_your_account: RefusalText,
    pub(super) failures: RefusalText,
    /// The bank does not work with the PISP today.
    pub(super) kept_out: RefusalText,
    pub(super) by_the_bank: RefusalText,
    /// After approval.
    pub(super) not_executed: RefusalText,
}

/// One reason why nothing was paid.
pub(super) struct RefusalText {
    pub(super) title: &'static str,
    pub(super) text: &'static str,
}

/// What else can go wrong.
pub(super) struct ProblemTexts {
    pub(super) no_such_page: ProblemText,
    pub(super) link_over: ProblemText,
    /// The bank does not work with the PISP today.
    pub(super) kept_out: ProblemText,
    /// What the PISP added to the link is not right.
    pub(super) invalid_link: ProblemText,
    pub(super) visit_over: ProblemText,
    pub(super) foreign: ProblemText,
    pub(super) too_large: ProblemText,
    pub(super) too_many: ProblemText,
    pub(super) technical: ProblemText,
    /// Link back to the visit.
    pub(super) resume: &'static str,
}

/// One thing that went wrong.
pub(super) struct ProblemText {
    pub(super) title: &'static str,
    pub(super) text: &'static str,
    /// What to do about it.
    pub(super) next: &'static str,
}
