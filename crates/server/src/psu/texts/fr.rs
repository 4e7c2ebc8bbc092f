//! French. Spaces before `: ; ? !` and inside amounts do not break (`\u{a0}`, `\u{202f}`).

use super::{
    AccountText, AuthenticateText, IdentifyText, OutcomeText, PasswordText, ProblemText, ProblemTexts,
    RefusalText, RefusalTexts, ReviewText, SummaryText, Texts,
};
use crate::psu::format;

/// The pages in French.
pub(in crate::psu) const FR: Texts = Texts {
    code: "fr",
    other_code: "en",
    other_name: "English",
    amount: format::amount_fr,
    date: format::date_fr,
    skip: "Aller au contenu",
    error_prefix: "Erreur\u{a0}: ",
    progress: "Étapes",
    steps: ["Connexion", "Compte", "Contrôle", "Validation"],
    refuse: |pisp| format!("Refuser et revenir chez {pisp}"),
    privacy: |institution, pisp| {
        format!(
            "Vous êtes sur les pages sécurisées de {institution}. {pisp} ne voit ni votre identifiant, ni \
             votre mot de passe, ni vos codes, ni vos comptes."
        )
    },
    attempts_left: |left| match left {
        1 => "Il vous reste un essai avant le blocage de l’accès pendant 30\u{a0}minutes.".to_owned(),
        left => {
            format!("Il vous reste {left}\u{a0}essais avant le blocage de l’accès pendant 30\u{a0}minutes.")
        }
    },
    go_on: "Continuer",
    summary: SummaryText {
        heading: "Votre paiement",
        asks: "vous demande de payer",
        asked: "vous a demandé de payer",
        payee: "À",
        ultimate_payee: "Pour le compte de",
        iban: "IBAN",
        remittance: "Motif",
        date: "Date",
        today: "aujourd’hui,",
        kind: "Par",
        transfer: "Virement SEPA",
        instant_transfer: "Virement instantané",
    },
    identify: IdentifyText {
        title: "Qui êtes-vous\u{202f}?",
        label: "Identifiant client",
        hint: "Celui de votre espace client en ligne.",
        missing: "Saisissez votre identifiant client\u{a0}: uniquement des lettres et des chiffres.",
    },
    password: PasswordText {
        title: "Saisissez votre mot de passe",
        label: "Mot de passe",
        customer: "Identifiant client",
        again: "Modifier",
        submit: "Me connecter",
        missing: "Saisissez votre mot de passe.",
        wrong: "L’identifiant ou le mot de passe n’est pas le bon. Vérifiez les deux et réessayez.",
        blocked: |until| {
            format!(
                "L’accès avec cet identifiant est bloqué jusqu’à {until}, après trop d’essais infructueux. \
                 Rien n’a été débité."
            )
        },
    },
    account: AccountText {
        title: "Quel compte doit payer\u{202f}?",
        available: "disponible",
        ending: "se terminant par",
        insufficient: "Disponible insuffisant pour ce paiement",
        blocked: "Ce compte est bloqué",
        closed: "Ce compte est clôturé",
        none_can_pay: "Aucun de vos comptes n’a un disponible suffisant pour ce paiement. Rien n’est débité.",
        not_yours: |pisp| {
            format!(
                "Le compte indiqué par {pisp} n’est pas l’un des vôtres. Choisissez le compte qui doit payer."
            )
        },
        missing: "Choisissez un compte.",
        not_any_more: "Ce compte ne peut plus faire ce paiement. Choisissez-en un autre.",
    },
    review: ReviewText {
        title: "Vérifiez avant de valider",
        lead: "Tout est exact\u{202f}? Nous envoyons alors un code sur votre téléphone. Rien n’est débité \
               avant que vous ne validiez avec ce code.",
        debtor: "Depuis votre compte",
        submit: "Oui, recevoir le code",
        again: "Choisir un autre compte",
        changed: "Quelque chose a changé depuis l’affichage de cette page. Vérifiez encore une fois.",
        no_more_codes: "Nous ne pouvons plus envoyer de code pour l’instant. Utilisez le dernier, ou refusez \
                        et recommencez.",
    },
    authenticate: AuthenticateText {
        title: "Validez avec votre code",
        lead: |amount, payee| {
            format!(
                "Nous avons envoyé un code à six chiffres sur votre téléphone. Il ne valide que ce \
                 paiement\u{a0}: {amount} à {payee}."
            )
        },
        label: "Code reçu sur votre téléphone",
        hint: |until| format!("6\u{a0}chiffres, valable jusqu’à {until}."),
        submit: |amount| format!("Valider {amount}"),
        again: "Recevoir un nouveau code",
        sent_again: "Un nouveau code vous est envoyé. N’utilisez plus que celui-ci.",
        missing: "Saisissez le code reçu sur votre téléphone.",
        wrong: "Le code n’est pas le bon, ou il est trop ancien. Vérifiez-le et réessayez, ou demandez-en un \
                nouveau.",
    },
    outcome: OutcomeText {
        approved: "Paiement validé",
        approved_text: |amount, payee, kind| format!("{kind} de {amount} à {payee}."),
        approved_next: "Votre banque l’exécute maintenant. Vous le retrouverez parmi les opérations de votre \
                        compte.",
        approved_to_confirm: |pisp| {
            format!(
                "Revenez maintenant chez {pisp}\u{a0}: votre banque l’exécute dès que {pisp} le confirme, et pas du \
                 tout si {pisp} ne le confirme pas."
            )
        },
        not_debited: "Rien n’a été débité.",
        leads_on: |pisp| format!("Vous allez revenir chez {pisp} dans un instant."),
        back: |pisp| format!("Revenir chez {pisp}"),
        stay: "Rester sur cette page",
    },
    refusals: RefusalTexts {
        by_you: RefusalText {
            title: "Vous avez refusé ce paiement",
            text: "Il est abandonné et ne sera pas fait.",
        },
        no_answer: RefusalText {
            title: "Le délai de validation est passé",
            text: "Le paiement n’a pas été validé à temps et ne sera pas fait. Vous pouvez le recommencer là \
                   d’où vous venez.",
        },
        funds: RefusalText {
            title: "Disponible insuffisant",
            text: "Le montant dépasse ce qui est disponible\u{a0}: le paiement ne sera pas fait.",
        },
        account_closed: RefusalText {
            title: "Ce compte est clôturé",
            text: "Aucun paiement ne peut en partir.",
        },
        account_blocked: RefusalText {
            title: "Ce compte est bloqué",
            text: "Aucun paiement ne peut en partir pour l’instant. Votre agence peut vous en dire plus.",
        },
        not_your_account: RefusalText {
            title: "Ce compte n’est pas l’un des vôtres",
            text: "Le paiement a été demandé depuis un compte qui n’est pas à vous\u{a0}: il ne sera pas fait.",
        },
        failures: RefusalText {
            title: "Trop d’essais infructueux",
            text: "Pour vous protéger, nous avons arrêté le paiement et l’accès est bloqué pendant \
                   30\u{a0}minutes. Vous pourrez ensuite recommencer.",
        },
        kept_out: RefusalText {
            title: "Ce service de paiement n’est pas accepté pour l’instant",
            text: "Votre banque a cessé pour l’instant de travailler avec le service de paiement qui vous a envoyé \
                   ici\u{a0}: le paiement ne sera pas fait.",
        },
        by_the_bank: RefusalText {
            title: "Le paiement ne peut pas être fait",
            text: "Votre banque n’a pas pu l’accepter. Votre agence peut vous en dire plus.",
        },
        not_executed: RefusalText {
            title: "Le paiement n’a pas été fait",
            text: "Vous l’aviez validé, mais il n’a pas pu être exécuté. Si de l’argent avait été mis de côté, \
                   il est de nouveau disponible.",
        },
    },
    problems: ProblemTexts {
        no_such_page: ProblemText {
            title: "Cette page n’existe pas",
            text: "L’adresse est peut-être coupée ou mal saisie.",
            next: "Revenez sur le site où vous étiez en train de payer et repartez de là.",
        },
        link_over: ProblemText {
            title: "Ce lien n’est plus valable",
            text: "Soit la décision sur ce paiement est déjà prise, soit le délai pour le valider est passé.",
            next: "Revenez sur le site où vous étiez en train de payer\u{a0}: il peut vous dire où en est le \
                   paiement.",
        },
        kept_out: ProblemText {
            title: "Ce service de paiement n’est pas accepté pour l’instant",
            text: "Votre banque a cessé pour l’instant de travailler avec le service de paiement qui vous a envoyé \
                   ici. Rien n’a été débité.",
            next: "Revenez sur le site où vous étiez en train de payer et choisissez un autre moyen de paiement.",
        },
        invalid_link: ProblemText {
            title: "Nous ne pouvons pas ouvrir ce lien",
            text: "Le site d’où vous venez a ajouté au lien quelque chose que nous n’acceptons pas. Rien n’a été \
                   débité.",
            next: "Revenez sur le site où vous étiez en train de payer et recommencez. Si cela ne suffit pas, \
                   dites-lui ce que nous avons trouvé\u{a0}:",
        },
        visit_over: ProblemText {
            title: "Vous avez été déconnecté",
            text: "Pour votre protection, une visite prend fin après 4\u{a0}minutes sans action, ou \
                   30\u{a0}minutes en tout. Rien n’a été débité, sauf si nous vous avons dit que le paiement \
                   était validé.",
            next: "Revenez sur le site où vous étiez en train de payer et rouvrez le lien vers votre banque.",
        },
        foreign: ProblemText {
            title: "Cette page n’est plus à jour",
            text: "Votre envoi n’appartient pas à votre visite en cours\u{a0}: nous n’avons rien changé. Cela \
                   arrive quand le lien a été ouvert une deuxième fois.",
            next: "Poursuivez votre visite en cours.",
        },
        too_large: ProblemText {
            title: "C’était trop long",
            text: "Votre envoi dépasse tout ce que nous avons demandé\u{a0}: nous n’avons rien changé.",
            next: "Revenez à la page et réessayez.",
        },
        too_many: ProblemText {
            title: "Trop de demandes à la fois",
            text: "Nous avons reçu un très grand nombre de demandes de votre connexion en peu de temps et avons \
                   laissé celle-ci de côté. Rien n’a été modifié.",
            next: "Patientez une minute, puis réessayez.",
        },
        technical: ProblemText {
            title: "Nous avons un problème technique",
            text: "Nous n’avons pas pu terminer cette étape. Vous pouvez réessayer sans crainte\u{a0}: un \
                   paiement n’est jamais fait deux fois.",
            next: "Réessayez dans un instant.",
        },
        resume: "Poursuivre",
    },
};
