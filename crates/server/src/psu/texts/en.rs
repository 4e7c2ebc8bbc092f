//! English.

use super::{
    AccountText, AuthenticateText, IdentifyText, OutcomeText, PasswordText, ProblemText, ProblemTexts,
    RefusalText, RefusalTexts, ReviewText, SummaryText, Texts,
};
use crate::psu::format;

/// The pages in English.
pub(in crate::psu) const EN: Texts = Texts {
    code: "en",
    other_code: "fr",
    other_name: "Français",
    amount: format::amount_en,
    date: format::date_en,
    skip: "Skip to the content",
    error_prefix: "Error: ",
    progress: "Steps",
    steps: ["Sign in", "Account", "Check", "Approve"],
    refuse: |pisp| format!("Refuse and go back to {pisp}"),
    privacy: |institution, pisp| {
        format!(
            "You are on the secure pages of {institution}. {pisp} does not see your customer number, \
             your password, your codes or your accounts."
        )
    },
    attempts_left: |left| match left {
        1 => "You have one attempt left before access is blocked for 30 minutes.".to_owned(),
        left => format!("You have {left} attempts left before access is blocked for 30 minutes."),
    },
    go_on: "Continue",
    summary: SummaryText {
        heading: "Your payment",
        asks: "asks you to pay",
        asked: "asked you to pay",
        payee: "To",
        ultimate_payee: "On behalf of",
        iban: "IBAN",
        remittance: "For",
        date: "Date",
        today: "today,",
        kind: "By",
        transfer: "SEPA transfer",
        instant_transfer: "Instant transfer",
    },
    identify: IdentifyText {
        title: "Who are you?",
        label: "Customer number",
        hint: "The one you use for online banking.",
        missing: "Enter your customer number: letters and digits only.",
    },
    password: PasswordText {
        title: "Enter your password",
        label: "Password",
        customer: "Customer number",
        again: "Change",
        submit: "Sign in",
        missing: "Enter your password.",
        wrong: "The customer number or the password is not right. Check both and try again.",
        blocked: |until| {
            format!(
                "Access with this customer number is blocked until {until}, after too many failed \
                 attempts. Nothing has been debited."
            )
        },
    },
    account: AccountText {
        title: "Which account should pay?",
        available: "available",
        ending: "ending in",
        insufficient: "Not enough available for this payment",
        blocked: "This account is blocked",
        closed: "This account is closed",
        none_can_pay: "None of your accounts has enough available for this payment. Nothing is debited.",
        not_yours: |pisp| {
            format!(
                "The account {pisp} gave us is not one of yours. Please choose the account that should pay."
            )
        },
        missing: "Choose an account.",
        not_any_more: "That account cannot make this payment any more. Choose another one.",
    },
    review: ReviewText {
        title: "Check before you approve",
        lead: "Is everything right? We then send a code to your phone. Nothing is debited before you \
               approve with it.",
        debtor: "From your account",
        submit: "Yes, send me the code",
        again: "Choose another account",
        changed: "Something has changed since this page was shown. Please check once more.",
        no_more_codes: "We cannot send more codes for now. Use the last one, or refuse and start again.",
    },
    authenticate: AuthenticateText {
        title: "Approve with your code",
        lead: |amount, payee| {
            format!(
                "We have sent a six-digit code to your phone. It approves this payment only: {amount} to \
                 {payee}."
            )
        },
        label: "Code from your phone",
        hint: |until| format!("6 digits, valid until {until}."),
        submit: |amount| format!("Approve {amount}"),
        again: "Send me a new code",
        sent_again: "A new code is on its way. Use this one only.",
        missing: "Enter the code we sent to your phone.",
        wrong: "The code is not right, or is too old. Check it and try again, or ask for a new one.",
    },
    outcome: OutcomeText {
        approved: "Payment approved",
        approved_text: |amount, payee, kind| format!("{kind} of {amount} to {payee}."),
        approved_next: "Your bank now carries it out. You will find it among the transactions of your account.",
        approved_to_confirm: |pisp| {
            format!(
                "Go back to {pisp} now: your bank carries it out as soon as {pisp} confirms it, and not at all \
                 if {pisp} does not."
            )
        },
        not_debited: "Nothing has been debited.",
        leads_on: |pisp| format!("You will be taken back to {pisp} in a moment."),
        back: |pisp| format!("Back to {pisp}"),
        stay: "Stay on this page",
    },
    refusals: RefusalTexts {
        by_you: RefusalText { title: "You refused this payment", text: "It is over and will not be made." },
        no_answer: RefusalText {
            title: "The time to approve is over",
            text: "The payment was not approved in time and will not be made. You can start it again where \
                   you came from.",
        },
        funds: RefusalText {
            title: "Not enough available",
            text: "The amount is more than what is available, so the payment will not be made.",
        },
        account_closed: RefusalText {
            title: "This account is closed",
            text: "No payment can be made from it.",
        },
        account_blocked: RefusalText {
            title: "This account is blocked",
            text: "No payment can be made from it for now. Your branch can tell you more.",
        },
        not_your_account: RefusalText {
            title: "This is not one of your accounts",
            text: "The payment was asked from an account that is not yours, so it will not be made.",
        },
        failures: RefusalText {
            title: "Too many failed attempts",
            text: "To protect you we have stopped the payment, and access is blocked for 30 minutes. After \
                   that you can start again.",
        },
        kept_out: RefusalText {
            title: "We take no payments through this service for now",
            text: "For now your bank has stopped working with the payment service that sent you here, so the payment \
                   will not be made.",
        },
        by_the_bank: RefusalText {
            title: "The payment cannot be made",
            text: "Your bank could not accept it. Your branch can tell you more.",
        },
        not_executed: RefusalText {
            title: "The payment was not made",
            text: "You approved it, but it could not be carried out. If money was set aside, it is available \
                   again.",
        },
    },
    problems: ProblemTexts {
        no_such_page: ProblemText {
            title: "There is no such page",
            text: "The address may have been cut off or mistyped.",
            next: "Go back to the site where you were paying and start from there.",
        },
        link_over: ProblemText {
            title: "This link is no longer valid",
            text: "Either the payment has been decided already, or the time to approve it is over.",
            next: "Go back to the site where you were paying: it can tell you how things stand.",
        },
        kept_out: ProblemText {
            title: "We take no payments through this service for now",
            text: "For now your bank has stopped working with the payment service that sent you here. Nothing has \
                   been debited.",
            next: "Go back to the site where you were paying and choose another way to pay.",
        },
        invalid_link: ProblemText {
            title: "We cannot open this link",
            text: "The site that sent you here has added something to the link that we do not accept. Nothing has \
                   been debited.",
            next: "Go back to the site where you were paying and start again. If that does not help, tell them \
                   what we found:",
        },
        visit_over: ProblemText {
            title: "You have been signed out",
            text: "For your protection we end a visit after 4 minutes without activity, or 30 minutes in all. \
                   Nothing has been debited unless we told you that the payment was approved.",
            next: "Go back to the site where you were paying and open the link to your bank again.",
        },
        foreign: ProblemText {
            title: "This page is out of date",
            text: "What you sent does not belong to your current visit, so we left everything as it was. This \
                   happens when the link was opened a second time.",
            next: "Go on with your current visit.",
        },
        too_large: ProblemText {
            title: "That was too much",
            text: "What you sent is longer than anything we asked for, so we left everything as it was.",
            next: "Go back to the page and try again.",
        },
        too_many: ProblemText {
            title: "Too many requests at once",
            text: "We received very many requests from your connection in a short time, so we left this one aside. \
                   Nothing was changed.",
            next: "Wait a minute, then try again.",
        },
        technical: ProblemText {
            title: "We have a technical problem",
            text: "We could not finish this step. It is safe to try again: a payment is never made twice.",
            next: "Try again in a moment.",
        },
        resume: "Go on",
    },
};
