//! Who the customers are, what they have, and when funds are set aside.

use payments::{
    Reason,
    ports::{Bank, Password, Reservation, Reserved, Standing},
    request::Product,
};

use super::*;

#[tokio::test]
async fn the_cast_of_17515_has_the_accounts_of_the_documentation() {
    type Accounts<'a> = &'a [(&'a str, i64, Standing)];
    let table: [(&str, &str, Accounts<'_>); 9] = [
        (
            "170000001",
            "CAMILLE ESSAI",
            &[
                ("FR7617515900000800123456711", 250_000, Standing::Open),
                ("FR7617515900000800123457584", 31_020, Standing::Open),
            ],
        ),
        (
            "170000002",
            "ALEX EPREUVE",
            &[
                ("FR7617515900000800234567883", 90_000, Standing::Open),
                ("FR7617515900002200234567813", 800_000, Standing::Savings),
            ],
        ),
        ("170000003", "ATELIER MODELE", &[("FR7617515900000800345678958", 1_500_000, Standing::Open)]),
        ("170000004", "DOMINIQUE BLOQUE", &[("FR7617515900000800456789063", 50_000, Standing::Blocked)]),
        ("170000005", "CLAUDE CLOS", &[("FR7617515900000800567890147", 0, Standing::Closed)]),
        ("170000006", "SACHA PETIT", &[("FR7617515900000800678901215", 310, Standing::Open)]),
        ("170000007", "SOCIETE GROUPEE", &[("FR7617515900000800789012317", 100_000_000, Standing::Open)]),
        ("170000008", "LOU PLUSIEURS", &[("FR7617515900000800890123468", 420_000, Standing::Open)]),
        ("170000009", "NOA ABSENT", &[("FR7617515900000800901234527", 420_000, Standing::Open)]),
    ];
    let test = TestBank::open().await;
    let personas = SandboxBank::personas(&code("17515"));
    assert_eq!(personas.len(), table.len());
    for ((psu, holder, expected), persona) in table.into_iter().zip(personas) {
        let accounts = test.bank.accounts(&code("17515"), &psu_id(psu)).await.unwrap();
        let seen: Vec<_> = accounts
            .iter()
            .map(|account| (account.iban.as_str(), account.available_cents, account.standing))
            .collect();
        assert_eq!(seen, expected, "{psu}");
        assert!(accounts.iter().all(|account| account.holder.as_str() == holder), "{psu}");
        let told: Vec<_> = persona.accounts.iter().map(Iban::as_str).collect();
        let ibans: Vec<_> = expected.iter().map(|(iban, _, _)| *iban).collect();
        assert_eq!((persona.psu.as_str(), persona.name, told), (psu, holder, ibans));
    }
}

#[tokio::test]
async fn the_same_cast_is_at_every_institution_and_at_no_other() {
    let test = TestBank::open().await;
    for (institution, psu) in [("11425", "110000001"), ("14505", "140000001")] {
        let personas = SandboxBank::personas(&code(institution));
        assert_eq!(personas.len(), 9);
        assert_eq!(personas[0].psu.as_str(), psu);
        let accounts = test.bank.accounts(&code(institution), &psu_id(psu)).await.unwrap();
        assert_eq!(accounts.len(), 2);
        assert_eq!(accounts[0].available_cents, 250_000);
        let iban = accounts[0].iban.as_str();
        assert!(iban[4..].starts_with(institution), "{institution}");
    }
    assert!(SandboxBank::personas(&code("99999")).is_empty());
    let stranger = test.bank.accounts(&code("11425"), &psu_id("170000001")).await.unwrap();
    assert!(stranger.is_empty(), "a customer of one institution is none of another");
}

#[tokio::test]
async fn only_number_and_password_together_let_a_customer_in() {
    let test = TestBank::open().await;
    let table = [
        ("17515", "170000001", "sandbox", Some("CAMILLE ESSAI")),
        ("14505", "140000009", "sandbox", Some("NOA ABSENT")),
        ("17515", "170000001", "Sandbox", None),
        ("17515", "170000001", "", None),
        ("17515", "999999999", "sandbox", None),
        ("11425", "170000001", "sandbox", None),
        ("99999", "170000001", "sandbox", None),
    ];
    for (institution, psu, password, expected) in table {
        let password = Password(password.to_owned());
        let psu = test.bank.authenticate(&code(institution), &psu_id(psu), &password).await.unwrap();
        assert_eq!(psu.as_ref().map(|psu| psu.name.as_str()), expected, "{institution}");
    }
}

#[tokio::test]
async fn funds_are_set_aside_or_refused_with_a_reason() {
    const FRAUD: &str = "FR7630066100410001057930106";
    let table = [
        ("enough", CAMILLE, NORMAL, 250_000, Reserved::Yes),
        ("a cent too much", CAMILLE, NORMAL, 250_001, Reserved::Refused(Reason::Am04)),
        (
            "few funds",
            ("170000006", "FR7617515900000800678901215"),
            NORMAL,
            311,
            Reserved::Refused(Reason::Am04),
        ),
        (
            "blocked",
            ("170000004", "FR7617515900000800456789063"),
            NORMAL,
            100,
            Reserved::Refused(Reason::Ac06),
        ),
        (
            "closed",
            ("170000005", "FR7617515900000800567890147"),
            NORMAL,
            100,
            Reserved::Refused(Reason::Ac04),
        ),
        (
            "savings",
            ("170000002", "FR7617515900002200234567813"),
            NORMAL,
            100,
            Reserved::Refused(Reason::Ag01),
        ),
        ("of another", ("170000002", CAMILLE.1), NORMAL, 100, Reserved::Refused(Reason::Rr01)),
        ("of nobody here", ("170000001", BOUTIQUE), NORMAL, 100, Reserved::Refused(Reason::Rr01)),
        ("to himself", CAMILLE, CAMILLE.1, 100, Reserved::Refused(Reason::Ag01)),
        ("fraud", CAMILLE, FRAUD, 100, Reserved::Refused(Reason::Frad)),
    ];
    for (what, (psu, account), creditor, cents, expected) in table {
        let test = TestBank::open().await;
        let mut order = test.order(1, Product::Sct, creditor, cents);
        (order.debtor.psu, order.debtor.account) = (psu_id(psu), iban(account));
        assert_eq!(test.reserve(&order).await, expected, "{what}");
        test.bank.check().unwrap();
    }
}

#[tokio::test]
async fn the_same_reference_moves_its_reservation_and_never_adds_one() {
    let test = TestBank::open().await;
    let order = test.order(1, Product::Sct, NORMAL, 20_000);
    let second = "FR7617515900000800123457584";
    let moved = Reservation { account: iban(second), ..reservation(&order) };
    let too_much = Reservation { amount: amount(31_021), ..moved.clone() };
    let steps = [
        (reservation(&order), Reserved::Yes, 230_000, 31_020),
        (reservation(&order), Reserved::Yes, 230_000, 31_020),
        (moved, Reserved::Yes, 250_000, 11_020),
        (too_much, Reserved::Refused(Reason::Am04), 250_000, 11_020),
        (Reservation { amount: amount(250_000), ..reservation(&order) }, Reserved::Yes, 0, 31_020),
    ];
    for (wish, expected, first_cents, second_cents) in steps {
        assert_eq!(test.bank.reserve(&wish).await.unwrap(), expected);
        assert_eq!(test.available(CAMILLE.0, CAMILLE.1).await, first_cents);
        assert_eq!(test.available(CAMILLE.0, second).await, second_cents);
    }
    assert_eq!(test.bank.check().unwrap().holds, 1);
}

#[tokio::test]
async fn a_released_reference_is_refused_for_ever() {
    let test = TestBank::open().await;
    let order = test.order(1, Product::Sct, NORMAL, 20_000);
    assert_eq!(test.reserve(&order).await, Reserved::Yes);
    for _ in 0..2 {
        test.bank.release(&order.institution, &order.reference).await.unwrap();
        assert_eq!(test.available(CAMILLE.0, CAMILLE.1).await, 250_000);
    }
    assert_eq!(test.reserve(&order).await, Reserved::Refused(Reason::Ms03));
    let never_reserved = test.order(2, Product::Sct, NORMAL, 20_000);
    test.bank.release(&never_reserved.institution, &never_reserved.reference).await.unwrap();
    assert_eq!(test.reserve(&never_reserved).await, Reserved::Refused(Reason::Ms03));
    assert_eq!(test.bank.check().unwrap().holds, 0);
}
