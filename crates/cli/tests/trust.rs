//! Trusted lists and registers of licences, imported with the real binary: what is shown before it takes
//! effect, and what is refused. Needs `xmlsec1`.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests say what is wrong by failing")]

mod support;

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use sandbox::pki::{Ca, CertifiedKey, KeyType, Validity};
use store::SqliteStore;
use support::{guichet, output_of};
use tempfile::TempDir;

const EXAMPLE: &str = include_str!("../../../docs/examples/trusted-list.xml");
const WHOLE: &str = "<ds:Reference URI=\"\">";

/// A store, an authority whose certificates sign lists, and files.
struct Town {
    directory: TempDir,
    authority: Ca,
    signer: CertifiedKey,
}

impl Town {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        SqliteStore::open(&directory.path().join("guichet.sqlite")).unwrap().close();
        let validity = Validity {
            not_before: "2026-01-01T00:00:00Z".parse().unwrap(),
            not_after: "2036-01-01T00:00:00Z".parse().unwrap(),
        };
        let authority = Ca::create("Supervisory Body", validity).unwrap();
        let signer = Self::issue(&authority, validity);
        Self { directory, authority, signer }
    }

    fn issue(authority: &Ca, validity: Validity) -> CertifiedKey {
        authority.issue_server(&["signer.example".to_owned()], KeyType::P256, validity).unwrap()
    }

    /// Another certificate of the same authority.
    fn another(&self) -> CertifiedKey {
        let of = self.signer.certificate().unwrap();
        Self::issue(&self.authority, Validity { not_before: of.not_before(), not_after: of.not_after() })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The example, with these certificates of authorities, not signed yet.
    fn template(&self, websites: &CertifiedKey, seals: &CertifiedKey) -> String {
        EXAMPLE
            .replace("@WEBSITES@", &base64(websites))
            .replace("@SEALS@", &base64(seals))
            .replace("@SIGNER@", &base64(&self.signer))
    }

    /// `template` signed with a key.
    fn sign(&self, template: &str, key: &CertifiedKey) -> String {
        let (from, to) = (self.write("template.xml", template), self.path("signed.xml"));
        let key = self.write("signer.key", key.key_pem());
        let mut command = Command::new("xmlsec1");
        command.arg("--sign").args(ids()).args(["--enabled-key-data", "key-name", "--privkey-pem"]);
        let output = command.arg(key).arg("--output").arg(&to).arg(from).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        std::fs::read_to_string(to).unwrap()
    }

    /// A command on this store.
    fn run(&self, arguments: &[&str]) -> (i32, String) {
        let data = self.directory.path().to_str().unwrap();
        output_of(guichet(&[arguments, &["--data", data]].concat()))
    }

    /// `guichet trust import` of this text, pinned to this certificate.
    fn import(&self, list: &str, pinned: &CertifiedKey, further: &[&str]) -> (i32, String) {
        let list = self.write("list.xml", list);
        let pinned = self.write("pinned.pem", pinned.pem());
        let own = ["trust", "import", text(&list), "--signer", text(&pinned)];
        self.run(&[&own, further].concat())
    }
}

fn ids() -> [&'static str; 4] {
    [
        "--id-attr:Id",
        "http://uri.etsi.org/02231/v2#:TrustServiceStatusList",
        "--id-attr:Id",
        "http://uri.etsi.org/01903/v1.3.2#:SignedProperties",
    ]
}

fn base64(certified: &CertifiedKey) -> String {
    BASE64_STANDARD.encode(certified.der())
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// `text` with `from`, which must be there, replaced.
fn with(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from}");
    text.replace(from, to)
}

fn assert_says(said: &(i32, String), status: i32, parts: &[&str]) {
    assert_eq!(said.0, status, "{}", said.1);
    for part in parts {
        assert!(said.1.contains(part), "{part:?} is not in: {}", said.1);
    }
}

#[test]
fn a_list_is_shown_before_it_takes_effect_and_replaced_by_later_issues_only() {
    let town = Town::new();
    let (websites, seals, later) = (town.another(), town.another(), town.another());
    let first = town.sign(&town.template(&websites, &seals), &town.signer);
    let shown = town.import(&first, &town.signer, &[]);
    let parts = [
        "Trusted list of FR, issue 41",
        "+ added                   Trust & Sons: Trust & Sons Websites",
        "2 added, 0 removed, 0 kept",
        "1 not granted, 1 for signatures only",
        "Nothing was changed",
        "--apply",
    ];
    assert_says(&shown, 0, &parts);
    assert_says(&town.run(&["trust", "list"]), 0, &["No trusted list is in force"]);

    assert_says(&town.import(&first, &town.signer, &["--apply"]), 0, &["The list is in force", "reload"]);
    let websites_sha256 = websites.certificate().unwrap().sha256_hex();
    let signer_sha256 = town.signer.certificate().unwrap().sha256_hex();
    let listed = town.run(&["trust", "list"]);
    let file = town.path("list.xml");
    assert_says(&listed, 0, &["issue 41", text(&file), &websites_sha256, &signer_sha256]);
    assert_says(&listed, 0, &["websites since 2024-05-01", "seals since 2024-06-01"]);
    assert_says(&town.import(&first, &town.signer, &[]), 0, &["0 added, 0 removed, 2 kept"]);

    let second = with(&town.template(&later, &seals), ">41<", ">42<");
    let second = town.sign(&second, &town.signer);
    let shown = town.import(&second, &town.signer, &["--apply"]);
    assert_says(&shown, 0, &["1 added, 1 removed, 1 kept", "- removed", &websites_sha256]);
    let older = town.import(&first, &town.signer, &["--apply"]);
    assert_says(&older, 1, &["issue 41 is older than issue 42"]);

    let history = town.run(&["trust", "history", "FR"]);
    assert_says(&history, 0, &["issue 41", "issue 42", "- removed", "The last of them is in force"]);
    assert_says(&town.run(&["trust", "remove", "DE"]), 1, &["no trusted list of DE is in force"]);
    assert_says(&town.run(&["trust", "remove", "FR"]), 0, &["no longer in force"]);
    assert_says(&town.run(&["trust", "list"]), 0, &["No trusted list is in force"]);
    let history = town.run(&["trust", "history", "FR"]);
    assert_says(&history, 0, &["issue 42: removed", "None of them is in force"]);
    assert_says(&town.import(&first, &town.signer, &["--apply"]), 1, &["older"]);
    assert_says(&town.import(&second, &town.signer, &["--apply"]), 0, &["2 added"]);
}

#[test]
fn a_list_may_be_signed_with_rsa_and_in_another_canonical_form() {
    let town = Town::new();
    let of = town.signer.certificate().unwrap();
    let validity = Validity { not_before: of.not_before(), not_after: of.not_after() };
    let signer =
        town.authority.issue_server(&["rsa.example".to_owned()], KeyType::Rsa2048, validity).unwrap();
    let template = town.template(&town.another(), &town.another());
    let template = with(&template, &base64(&town.signer), &base64(&signer));
    for hash in ["256", "384", "512"] {
        let template = with(&template, "ecdsa-sha256", &format!("rsa-sha{hash}"));
        let template = with(
            &template,
            "http://www.w3.org/2001/10/xml-exc-c14n#",
            "http://www.w3.org/2006/12/xml-c14n11",
        );
        let list = town.sign(&template, &signer);
        assert_says(&town.import(&list, &signer, &[]), 0, &["2 added"]);
        let changed = with(&list, ">41<", ">42<");
        assert_says(&town.import(&changed, &signer, &[]), 1, &["does not verify"]);
    }
}

#[test]
fn an_overdue_list_and_services_left_out_are_pointed_out() {
    let town = Town::new();
    let (websites, seals) = (town.another(), town.another());
    let template = with(&town.template(&websites, &seals), "2027-03-31T08", "2026-10-02T08");
    let template = with(&template, &base64(&seals), "MAA=");
    let said = town.import(&town.sign(&template, &town.signer), &town.signer, &[]);
    assert_says(&said, 0, &["OVERDUE", "LEFT OUT", "Trust & Sons Seals and Signatures", "1 added"]);
}

#[test]
fn a_list_that_is_not_wholly_signed_by_the_pinned_certificate_is_refused() {
    let town = Town::new();
    let other = town.another();
    let template = town.template(&town.another(), &town.another());
    let good = town.sign(&template, &town.signer);
    let begin = good.find("<ds:Signature ").unwrap();
    let end = good.find("</ds:Signature>").unwrap() + "</ds:Signature>".len();
    let signature = &good[begin..end];
    let sha1 = with(&template, "2001/04/xmlenc#sha256", "2000/09/xmldsig#sha1");
    let with_other = with(&template, &base64(&town.signer), &base64(&other));
    let twice =
        with(&good, "</TrustServiceProviderList>", &format!("</TrustServiceProviderList>{signature}"));
    let changed = |from, to| with(&good, from, to);
    let table = [
        ("another territory", changed(">FR<", ">DE<"), "does not verify"),
        ("another status", changed("Svcstatus/withdrawn", "Svcstatus/granted"), "does not verify"),
        ("another authority", good.replace(&base64_of(&good), &base64(&other)), "does not verify"),
        (
            "other properties",
            changed("<xades:SigningTime>2026-10", "<xades:SigningTime>2025-10"),
            "does not verify",
        ),
        ("the pinned certificate, another key", town.sign(&template, &other), "does not verify"),
        ("another certificate and key", town.sign(&with_other, &other), "pinned certificate"),
        ("no value", template.clone(), "does not verify"),
        ("no signature", good.replace(signature, ""), "has no signature"),
        ("two signatures", twice, "one and only"),
        ("SHA-1", town.sign(&sha1, &town.signer), "digest or signature method"),
        (
            "a document type",
            changed("<TrustServiceStatusList", "<!DOCTYPE x><TrustServiceStatusList"),
            "document type",
        ),
        (
            "a list of lists",
            town.sign(&with(&template, "EUgeneric", "EUlistofthelists"), &town.signer),
            "EUgeneric",
        ),
        (
            "too early for the signer",
            town.sign(
                &with(&template, ">2026-10-01T08:00:00Z</List", ">2025-10-01T08:00:00Z</List"),
                &town.signer,
            ),
            "was not valid on 2025-10-01",
        ),
    ];
    for (what, list, expected) in table {
        let said = town.import(&list, &town.signer, &["--apply"]);
        assert_says(&said, 1, &[expected]);
        assert!(!said.1.contains("What changes"), "{what}: {}", said.1);
    }
    let pinned = town.import(&good, &other, &["--apply"]);
    assert_says(&pinned, 1, &["pinned certificate"]);
    assert_says(&town.run(&["trust", "list"]), 0, &["No trusted list is in force"]);
    assert_says(&town.import(&good, &town.signer, &["--apply"]), 0, &["2 added"]);
}

/// The certificate of the first authority of a list.
fn base64_of(list: &str) -> String {
    let begin = list.find("<X509Certificate>").unwrap() + "<X509Certificate>".len();
    let end = list[begin..].find('<').unwrap() + begin;
    list[begin..end].to_owned()
}

#[test]
fn a_signed_list_wrapped_in_another_is_refused_though_its_signature_verifies() {
    let town = Town::new();
    let template =
        with(&town.template(&town.another(), &town.another()), WHOLE, "<ds:Reference URI=\"#list\">");
    let good = town.sign(&template, &town.signer);
    assert_says(&town.import(&good, &town.signer, &[]), 0, &["2 added"]);

    let begin = good.find("<ds:Signature ").unwrap();
    let end = good.find("</ds:Signature>").unwrap() + "</ds:Signature>".len();
    let (signature, unsigned) = (&good[begin..end], format!("{}{}", &good[..begin], &good[end..]));
    let root = unsigned.find("<TrustServiceStatusList").unwrap();
    let (head, signed) = unsigned.split_at(root);
    // The attacker's list, with the signed one tucked away where nobody reads it.
    let evil = with(signed, ">FR<", ">DE<");
    let inside = format!("<SchemeInformation><x>{signed}</x>");
    let evil = with(&evil, "<SchemeInformation>", &inside);
    let evil = format!("{head}{}{signature}</TrustServiceStatusList>", evil.rsplit_once("</").unwrap().0);
    let other_id = evil.replacen("Id=\"list\"", "Id=\"evil\"", 1);

    let pinned = town.write("pinned.pem", town.signer.pem());
    let naive = |list: &str| {
        let list = town.write("evil.xml", list);
        let mut command = Command::new("xmlsec1");
        command.arg("--verify").args(ids()).args(["--enabled-key-data", "key-name", "--pubkey-cert-pem"]);
        command.arg(&pinned).arg(list).output().unwrap().status.success()
    };
    assert!(naive(&other_id), "the attack is one: the tool alone is content");
    assert_says(&town.import(&other_id, &town.signer, &["--apply"]), 1, &["neither the whole list nor"]);
    assert_says(&town.import(&evil, &town.signer, &["--apply"]), 1, &["is there twice"]);
    assert_says(&town.run(&["trust", "list"]), 0, &["No trusted list is in force"]);
}

#[test]
fn without_the_tool_nothing_is_believed_and_somebody_is_told_what_to_install() {
    let town = Town::new();
    let list = town.sign(&town.template(&town.another(), &town.another()), &town.signer);
    let (list, pinned) = (town.write("list.xml", &list), town.write("pinned.pem", town.signer.pem()));
    let data = town.directory.path();
    let arguments =
        ["trust", "import", text(&list), "--signer", text(&pinned), "--apply", "--data", text(data)];
    let mut command = guichet(&arguments);
    command.env("PATH", data);
    assert_says(&output_of(command), 1, &["xmlsec1 is not installed", "apt-get install xmlsec1"]);
    assert_says(&town.run(&["trust", "list"]), 0, &["No trusted list is in force"]);
}

#[test]
fn the_register_of_the_eba_is_shown_before_it_takes_effect() {
    let town = Town::new();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/examples/eba-register.json");
    let import = ["licence", "import", file, "--register", "EBA"];
    let parts = [
        "published                 2024-10-30",
        "PSDFR-ACPR-12345          Exemple Paiement SAS: new, active, initiates payments in BE DE FR",
        "5 new, 0 changed, 0 suspended, 0 withdrawn, 0 unchanged",
        "PASSED OVER               1 entities of an unknown type: FR_ACPR!3003 (PSD_XYZ)",
        "Nothing was changed",
    ];
    assert_says(&town.run(&import), 0, &parts);
    assert_says(&town.run(&["licence", "registers"]), 0, &["No register was imported"]);
    let unknown = town.run(&["licence", "show", "PSDFR-ACPR-12345"]);
    assert_says(&unknown, 1, &["no imported register lists PSDFR-ACPR-12345"]);

    let applied = town.run(&[&import[..], &["--apply"]].concat());
    assert_says(&applied, 0, &["The register is in force"]);
    let shown = town.run(&["licence", "show", "PSDDE-BAFIN-121212"]);
    assert_says(&shown, 0, &["EBA", "Geldweg GmbH: withdrawn, initiates payments in AT DE"]);
    let digest = Command::new("sha256sum").arg(file).output().unwrap().stdout;
    let digest = String::from_utf8(digest).unwrap();
    assert_says(&town.run(&["licence", "registers"]), 0, &["Register EBA", &digest[..64]]);
    assert_says(&town.run(&import), 0, &["0 new, 0 changed, 0 suspended, 0 withdrawn, 5 unchanged"]);
}

#[test]
fn an_import_that_takes_many_licences_or_goes_back_in_time_needs_a_second_word() {
    let town = Town::new();
    let header = "organization_identifier,name,standing,payment_initiation_in\n";
    let row = |number: usize, standing: &str| format!("PSDFR-ACPR-{number},P{number},{standing},FR\n");
    let table = |count: usize, withdrawn: usize| {
        let rows = (0..count).map(|nth| row(nth, if nth < withdrawn { "withdrawn" } else { "active" }));
        town.write("register.csv", &format!("{header}{}", rows.collect::<String>()))
    };
    let import = |file: &Path, further: &[&str]| {
        let own = ["licence", "import", text(file), "--register", "ACPR"];
        town.run(&[&own, further].concat())
    };
    let applied = import(&table(10, 0), &["--published", "2026-11-01", "--apply"]);
    assert_says(&applied, 0, &["10 new", "The register is in force"]);
    // Two of ten are a fifth, and not more.
    let published = ["--published", "2026-11-02", "--apply"];
    assert_says(&import(&table(10, 2), &published), 0, &["2 withdrawn, 8 unchanged"]);

    // Five of the eight that are left disappear.
    let mostly_gone = table(5, 2);
    let said = import(&mostly_gone, &published);
    assert_says(&said, 1, &["5 of 8 licences would be withdrawn", "--even-so"]);
    assert_says(&town.run(&["licence", "show", "PSDFR-ACPR-9"]), 0, &["P9: active"]);
    assert_says(&import(&mostly_gone, &["--published", "2026-11-02"]), 0, &["DOUBT", "--apply --even-so"]);
    let forced = import(&mostly_gone, &["--published", "2026-11-02", "--apply", "--even-so"]);
    assert_says(&forced, 0, &["The register is in force"]);
    let shown = town.run(&["licence", "show", "PSDFR-ACPR-9"]);
    assert_says(&shown, 0, &["P9: withdrawn", "new, active", "withdrawn, was active"]);

    let old = import(&table(5, 2), &["--published", "2026-10-31", "--apply"]);
    assert_says(&old, 1, &["older than the last"]);
    let wrong = town.write("wrong.csv", &format!("{header}{}PSDFR-ACPR-7,P7,good,FR\n", row(9, "active")));
    assert_says(&import(&wrong, &["--apply", "--even-so"]), 1, &["line 3: standing must be"]);
    assert_says(&town.run(&["licence", "show", "PSDFR-ACPR-9"]), 0, &["P9: withdrawn"]);
}

#[test]
fn a_removed_register_counts_no_longer_and_its_history_is_kept() {
    let town = Town::new();
    let header = "organization_identifier,name,standing,payment_initiation_in\n";
    let file = town.write("register.csv", &format!("{header}PSDFR-ACPR-7,P7,withdrawn,FR\n"));
    assert_says(&town.run(&["licence", "remove", "ACPR", "--yes"]), 1, &["no register was imported"]);
    let import = ["licence", "import", text(&file), "--register", "ACPR", "--apply"];
    assert_says(&town.run(&import), 0, &["The register is in force"]);

    assert_says(&town.run(&["licence", "remove", "ACPR"]), 1, &["nothing was removed: say --yes"]);
    assert_says(&town.run(&["licence", "remove", "EBA", "--yes"]), 1, &["only ACPR"]);
    let removed = town.run(&["licence", "remove", "acpr", "--yes"]);
    assert_says(&removed, 0, &["removed the register ACPR with 1 provider"]);
    assert_says(&town.run(&["licence", "registers"]), 0, &["No register was imported"]);
    let shown = town.run(&["licence", "show", "PSDFR-ACPR-7"]);
    let parts = ["No register lists it any more", " UTC   ACPR: the register was removed; it said withdrawn"];
    assert_says(&shown, 0, &parts);

    let (status, told) = town.run(&["licence", "show", "PSDFR-ACPR-7", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!((status, &told["listings"]), (0, &serde_json::json!([])));
    assert_eq!(told["history"][1]["before"]["register"], "ACPR");
    assert!(told["history"][1]["after"].is_null());
}

#[test]
fn a_file_in_the_other_format_is_told_apart() {
    let town = Town::new();
    let json = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/examples/eba-register.json");
    let csv = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/examples/national-register.csv");
    let table: [(&[&str], i32, &str); 5] = [
        (&[json, "--register", "eba"], 0, "Register EBA"),
        (&[json, "--register", "ACPR"], 1, "--format eba"),
        (&[json, "--register", "ACPR", "--format", "eba"], 0, "Register ACPR"),
        (&[csv, "--register", "EBA"], 1, "--format csv"),
        (&[csv, "--register", "EBA", "--format", "csv"], 0, "Register EBA"),
    ];
    for (arguments, status, part) in table {
        assert_says(&town.run(&[&["licence", "import"], arguments].concat()), status, &[part]);
    }
}

#[test]
fn a_wrong_signature_is_told_in_a_sentence_and_signers_may_be_in_der() {
    let town = Town::new();
    let good = town.sign(&town.template(&town.another(), &town.another()), &town.signer);
    let said = town.import(&with(&good, ">FR<", ">DE<"), &town.signer, &[]);
    let told = "the signature does not verify: the list was changed, or somebody else signed it (xmlsec1: ";
    assert_says(&said, 1, &[told]);
    assert!(!said.1.contains("func=") && !said.1.contains(".c:"), "{}", said.1);

    let list = town.write("list.xml", &good);
    let (der, rubbish) = (town.path("signer.der"), town.path("rubbish"));
    std::fs::write(&der, town.signer.der()).unwrap();
    std::fs::write(&rubbish, b"\xff\xfe\x00").unwrap();
    let import = |signer: &Path| town.run(&["trust", "import", text(&list), "--signer", text(signer)]);
    assert_says(&import(&der), 0, &["2 added"]);
    assert_says(&import(&rubbish), 1, &["neither PEM nor a certificate in DER"]);
}
