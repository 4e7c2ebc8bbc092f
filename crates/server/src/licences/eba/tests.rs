use proptest::prelude::*;

use super::*;

const EXAMPLE: &[u8] = include_bytes!("../../../../../docs/examples/eba-register.json");

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn read_text(text: &str) -> Result<Register, InvalidRegister> {
    super::read(text.as_bytes(), "EBA", day("2026-11-22"), &mut |_| {})
}

/// Every listing in a line.
fn told(register: &Register) -> Vec<String> {
    let line = |listing: &Listing| {
        let countries: Vec<&str> = listing.payment_initiation_in.iter().map(String::as_str).collect();
        let (identifier, standing) = (&listing.organization_identifier, listing.standing.as_str());
        format!("{identifier} {} {standing} [{}]", listing.name, countries.join(" "))
    };
    register.listings.iter().map(line).collect()
}

/// A payment institution of the ACPR with a number, dates as JSON, and services as JSON.
fn institution(number: &str, dates: &str, services: &str) -> String {
    format!(
        r#"{{"CA_OwnerID":"FR_ACPR","EntityCode":"FR_ACPR!{number}","EntityType":"PSD_PI",
            "Properties":[{{"ENT_NAT_REF_COD":"{number}"}},{{"ENT_NAM":"A"}},{{"ENT_AUT":{dates}}}],
            "Services":{services},"__EBA_EntityVersion":"20261101120000000"}}"#
    )
}

fn file(entities: &[String]) -> String {
    format!(r#"[[{{"disclaimer":"none"}}],[{}]]"#, entities.join(","))
}

#[test]
fn the_example_lists_its_institutions() {
    let register = super::read(EXAMPLE, "EBA", day("2026-11-22"), &mut |_| {}).unwrap();
    let expected = [
        "PSDDE-BAFIN-121212 Geldweg GmbH withdrawn [AT DE]",
        "PSDFI-FINFSA-0111027-9 Esimerkki Oy active []",
        "PSDFR-ACPR-12345 Exemple Paiement SAS active [BE DE FR]",
        "PSDNL-DNB-33031431 Voorbeeld Betalingen B.V. active [FR NL]",
        "PSDPT-BP-8709 Exemplo Pagamentos Lda active [ES PT]",
    ];
    assert_eq!(told(&register), expected);
    assert!(register.listings.iter().all(|listing| listing.register == "EBA"));
    assert_eq!(register.published_at, Some("2024-10-30T16:00:29Z".parse().unwrap()));
    let passed_over: Vec<_> = register.passed_over.iter().map(|(why, one)| (*why, one.count)).collect();
    assert_eq!(
        passed_over,
        [
            ("entities of an unknown type", 1),
            ("institutions whose authority and number give no organizationIdentifier", 1),
        ]
    );
}

#[test]
fn dates_of_authorisation_and_withdrawal_take_turns() {
    let table: &[(&[&str], Option<bool>)] = &[
        (&["2019-01-01"], Some(true)),
        (&["2019-01-01", "2020-01-01"], Some(false)),
        (&["2019-01-01", "2020-01-01", "2021-01-01"], Some(true)),
        (&["2019-01-01", "2020-01-01", "2021-01-01", "2021-01-01"], Some(false)),
        // What lies ahead has not happened: a withdrawal, an authorisation.
        (&["2019-01-01", "2026-11-22"], Some(false)),
        (&["2019-01-01", "2026-11-23"], Some(true)),
        (&["2026-11-23"], None),
        (&[], None),
        (&["2020-01-01", "2019-01-01"], None),
        (&["2019-13-01"], None),
        (&["yes"], None),
    ];
    for (dates, expected) in table {
        let dates: Vec<String> = dates.iter().map(|date| (*date).to_owned()).collect();
        assert_eq!(is_authorised(&dates, day("2026-11-22")), *expected, "{dates:?}");
    }
}

#[test]
fn services_count_per_country_in_every_form_that_is_published() {
    let table = [
        (r#"[{"FR":["PS_070","PS_080"]},{"DE":"PS_070"},{"IT":["PS_080"]}]"#, "[DE FR]"),
        (r#"{"FR":["PS_070"],"DE":["PS_07"]}"#, "[FR]"),
        (r#"[{"FR":["PS_070"]},{"france":["PS_070"]},{"fr":["PS_070"]}]"#, "[FR]"),
        (r#"[{"FR":null},{"DE":7},{"IT":{"PS_070":true}}]"#, "[]"),
        ("[]", "[]"),
        ("null", "[]"),
    ];
    for (services, expected) in table {
        let register = read_text(&file(&[institution("1", "[\"2019-01-01\"]", services)])).unwrap();
        assert_eq!(told(&register), [format!("PSDFR-ACPR-1 A active {expected}")], "{services}");
    }
    let one_date = read_text(&file(&[institution("1", "\"2019-01-01\"", "[]")])).unwrap();
    assert_eq!(told(&one_date), ["PSDFR-ACPR-1 A active []"]);
}

#[test]
fn of_a_provider_that_is_listed_twice_the_authorised_one_counts() {
    let active = institution("1", "[\"2019-01-01\"]", r#"[{"FR":"PS_070"}]"#);
    let emi = active.replace("PSD_PI", "PSD_EMI").replace(r#"{"FR""#, r#"{"DE""#);
    let withdrawn = institution("1", "[\"2019-01-01\",\"2020-01-01\"]", r#"[{"IT":"PS_070"}]"#);
    let table = [
        (vec![active.clone(), withdrawn.clone()], "active [FR]"),
        (vec![withdrawn.clone(), active.clone()], "active [FR]"),
        (vec![active.clone(), emi], "active [DE FR]"),
        (vec![withdrawn.clone(), withdrawn], "withdrawn [IT]"),
    ];
    for (entities, expected) in table {
        let register = read_text(&file(&entities)).unwrap();
        assert_eq!(told(&register), [format!("PSDFR-ACPR-1 A {expected}")]);
    }
}

#[test]
fn a_branch_adds_its_country_only_while_it_is_active_and_its_institution_is_there() {
    let parent = institution("1", "[\"2019-01-01\"]", "[]");
    let branch = |code: &str, active: &str| {
        format!(
            r#"{{"CA_OwnerID":"FR_ACPR","EntityCode":"FR_ACPR!1!ES","EntityType":"PSD_BR","Properties":[
                {{"ENT_TYP_PAR_ENT":"PSD_PI"}},{{"ENT_COD_PAR_ENT":"{code}"}},{{"DER_CHI_ENT_AUT":"{active}"}}],
                "Services":[{{"ES":["PS_070"]}}]}}"#
        )
    };
    let table = [
        ("FR_ACPR!1", "Active", "[ES]", 0),
        ("PSD_PI!FR_ACPR!1", "Active", "[ES]", 0),
        ("FR_ACPR!1", "Inactive", "[]", 0),
        ("FR_ACPR!2", "Active", "[]", 1),
    ];
    for (code, active, countries, lost) in table {
        // Before or after its institution.
        for entities in [[branch(code, active), parent.clone()], [parent.clone(), branch(code, active)]] {
            let register = read_text(&file(&entities)).unwrap();
            assert_eq!(told(&register), [format!("PSDFR-ACPR-1 A active {countries}")], "{code} {active}");
            assert_eq!(register.passed_over.values().map(|one| one.count).sum::<u64>(), lost);
        }
    }
}

#[test]
fn an_institution_that_cannot_be_named_is_passed_over_and_counted() {
    let good = institution("1", "[\"2019-01-01\"]", "[]");
    let unnamed = "institutions whose authority and number give no organizationIdentifier";
    let undated = "institutions without clear dates of authorisation and withdrawal";
    let table = [
        (good.replace("FR_ACPR", "FRACPR"), unnamed),
        (good.replace("FR_ACPR", "FR_A"), unnamed),
        (institution("1 2", "[\"2019-01-01\"]", "[]"), unnamed),
        (institution("", "[\"2019-01-01\"]", "[]"), unnamed),
        (good.replace("ENT_NAT_REF_COD", "X"), unnamed),
        (institution("2", "[]", "[]"), undated),
        (good.replace("ENT_AUT", "X"), undated),
        (good.replace("PSD_PI", "PSD_NEW"), "entities of an unknown type"),
    ];
    for (entity, why) in table {
        let register = read_text(&file(&[institution("9", "[\"2019-01-01\"]", "[]"), entity])).unwrap();
        assert_eq!(told(&register), ["PSDFR-ACPR-9 A active []"], "{why}");
        assert_eq!(register.passed_over.get(why).map(|one| one.count), Some(1), "{why}");
    }
}

#[test]
fn what_is_not_the_published_form_is_refused_whole() {
    let good = institution("1", "[\"2019-01-01\"]", "[]");
    let whole = file(std::slice::from_ref(&good));
    let deep = "[".repeat(100_000);
    let table = [
        "",
        "{}",
        "null",
        "[{}]",
        "[[],7]",
        whole.trim_end_matches(']'),
        &whole[..whole.len() / 2],
        &format!("{whole}x"),
        &file(&[good.clone(), "7".to_owned()]),
        &file(&[good.clone(), "\"x\"".to_owned()]),
        &file(&[good.replace("\"Services\":[]", "\"Services\":7")]),
        &deep,
        &file(&[good.replace("\"A\"", &format!("{}{}", "[".repeat(300), "]".repeat(300)))]),
    ];
    for text in table {
        let error = read_text(text).unwrap_err();
        assert!(matches!(error, InvalidRegister::Json(_)), "{}: {error}", text.get(..60).unwrap_or(text));
    }
    for text in ["[]", "[[],[]]", "[[{\"disclaimer\":\"none\"}],[]]", "[[{\"EntityType\":\"PSD_PI\"}]]"] {
        assert!(matches!(read_text(text), Err(InvalidRegister::Empty)), "{text}");
    }
}

#[test]
fn progress_is_told_of_long_files() {
    let agent = r#"{"CA_OwnerID":"FR_ACPR","EntityCode":"x","EntityType":"PSD_AG"}"#.to_owned();
    let mut entities = vec![agent; 100_000];
    entities.push(institution("1", "[\"2019-01-01\"]", "[]"));
    let mut told = Vec::new();
    let text = file(&entities);
    super::read(text.as_bytes(), "EBA", day("2026-11-22"), &mut |count| told.push(count)).unwrap();
    assert_eq!(told, [50_000, 100_000]);
}

#[test]
fn versions_are_instants_or_nothing() {
    let table = [
        ("20261030160029123", Some("2026-10-30T16:00:29Z")),
        ("20261030160029", Some("2026-10-30T16:00:29Z")),
        ("20261330160029", None),
        ("2026-10-30T16:00", None),
        ("+2026103016002", None),
        ("", None),
    ];
    for (text, expected) in table {
        assert_eq!(changed_at(text), expected.map(|text| text.parse().unwrap()), "{text}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = super::read(&bytes[..], "EBA", day("2026-11-22"), &mut |_| {});
    }

    #[test]
    fn any_damage_is_read_or_refused(at in 0_usize..4_000, length in 0_usize..30, filling in "[\\[\\]{}\",:a-zA-Z0-9_ ]{0,30}") {
        let mut bytes = EXAMPLE.to_vec();
        let at = at.min(bytes.len());
        let end = (at + length).min(bytes.len());
        bytes.splice(at..end, filling.into_bytes());
        let _ = super::read(&bytes[..], "EBA", day("2026-11-22"), &mut |_| {});
    }
}
