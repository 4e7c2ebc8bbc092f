//! What lists say, and what is refused.

use proptest::prelude::*;

use super::{
    InvalidTrustedList as Invalid, MAX_LIST_BYTES, WhyLeftOut, read,
    signature::{self, InvalidSignature},
    testing::{Example, with, with_first},
};
use crate::{Certificate, InvalidAnchor, InvalidCertificate, testing::at};

#[test]
fn the_example_names_its_granted_authorities_and_what_each_is_for() {
    let example = Example::new();
    let list = read(example.text().as_bytes()).unwrap();
    assert_eq!((list.territory.as_str(), list.sequence_number), ("FR", 41));
    assert_eq!(list.issued_at, at("2026-10-01T08:00:00Z"));
    assert_eq!(list.next_update, Some(at("2027-03-31T08:00:00Z")));
    assert_eq!(list.left_out, []);
    assert_eq!((list.not_granted, list.signatures_only), (1, 1));
    let [websites, seals] = list.authorities.as_slice() else {
        panic!("two authorities, not {:?}", list.authorities);
    };
    assert_eq!(websites.provider, "Trust & Sons");
    assert_eq!(websites.service, "Trust & Sons Websites");
    assert_eq!(websites.granted_since, at("2024-05-01T00:00:00Z"));
    assert_eq!(websites.certificate.der(), &example.websites.der());
    assert_eq!((websites.for_websites, websites.for_seals), (true, false));
    assert_eq!(seals.certificate.der(), &example.seals.der());
    assert_eq!((seals.for_websites, seals.for_seals), (false, true));
}

#[test]
fn a_service_that_does_not_say_what_it_is_for_may_issue_both() {
    let text = Example::new().text();
    let silent = with(&text, "SvcInfoExt/ForWebSiteAuthentication", "SvcInfoExt/RootCA-QC");
    let list = read(silent.as_bytes()).unwrap();
    assert_eq!((list.authorities[0].for_websites, list.authorities[0].for_seals), (true, true));
}

#[test]
fn a_status_other_than_granted_names_nobody() {
    let text = Example::new().text();
    for status in ["withdrawn", "recognisedatnationallevel", "grantedx", "undersupervision"] {
        let list = read(with(&text, "Svcstatus/granted", &format!("Svcstatus/{status}")).as_bytes()).unwrap();
        assert_eq!(list.authorities, [], "{status}");
        assert_eq!(list.not_granted, 4);
    }
}

#[test]
fn a_service_that_gives_no_anchor_is_left_out_with_its_reason() {
    let example = Example::new();
    let text = example.text();
    let seals = base64(&example.seals.der());
    let malformed = WhyLeftOut::Anchor(InvalidAnchor::Certificate(InvalidCertificate::Der));
    let critical =
        "<Extension Critical=\"true\"><Foo xmlns=\"urn:foo\"/></Extension></ServiceInformationExtensions>";
    let table = [
        (with(&text, &seals, "*"), WhyLeftOut::Base64),
        (with(&text, &seals, "MAA="), malformed),
        (with(&text, &format!("<X509Certificate>{seals}</X509Certificate>"), ""), WhyLeftOut::NoCertificate),
        (with(&text, "</ServiceInformationExtensions>", critical), WhyLeftOut::CriticalExtension),
    ];
    for (text, why) in table {
        let list = read(text.as_bytes()).unwrap();
        let seals = list.left_out.iter().find(|left_out| left_out.service.contains("Seals")).unwrap();
        assert_eq!((seals.provider.as_str(), seals.why), ("Trust & Sons", why));
        assert!(!list.authorities.iter().any(|authority| authority.for_seals), "{why:?}");
    }
}

#[test]
fn an_extension_that_is_known_or_not_critical_does_no_harm() {
    let text = Example::new().text();
    let known = "<Extension Critical=\"true\"><q:Qualifications \
                 xmlns:q=\"http://uri.etsi.org/TrstSvc/SvcInfoExt/eSigDir-1999-93-EC-TrustedList/#\">\
                 <q:QualificationElement/></q:Qualifications></Extension>";
    let unknown = "<Extension Critical=\"false\"><Foo xmlns=\"urn:foo\"/></Extension>";
    for extension in [known, unknown] {
        let end = "</ServiceInformationExtensions>";
        let list = read(with(&text, end, &format!("{extension}{end}")).as_bytes()).unwrap();
        assert_eq!((list.authorities.len(), list.left_out.len()), (2, 0), "{extension}");
    }
}

#[test]
fn a_list_that_says_too_little_or_too_much_is_refused_by_name() {
    let text = Example::new().text();
    let missing = |element| Invalid::Missing { element };
    let repeated = |element| Invalid::Repeated { element };
    let malformed = |element| Invalid::Malformed { element };
    let number = "<TSLSequenceNumber>41</TSLSequenceNumber>";
    let next = "<NextUpdate>\n      <dateTime>2027-03-31T08:00:00Z</dateTime>\n    </NextUpdate>";
    let granted = "<ServiceStatus>http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/granted</ServiceStatus>";
    let since = "<StatusStartingTime>2024-05-01T00:00:00Z</StatusStartingTime>";
    let table = [
        (with(&text, number, ""), missing("TSLSequenceNumber")),
        (with(&text, number, &number.repeat(2)), repeated("TSLSequenceNumber")),
        (with(&text, ">41<", ">-1<"), malformed("TSLSequenceNumber")),
        (with(&text, ">41<", ">+1<"), malformed("TSLSequenceNumber")),
        (with(&text, ">41<", ">99999999999999999999<"), malformed("TSLSequenceNumber")),
        (with(&text, ">FR<", ">fr<"), malformed("SchemeTerritory")),
        (with(&text, ">FR<", "><"), missing("SchemeTerritory")),
        (with(&text, ">FR<", ">FR\u{202e}<"), malformed("SchemeTerritory")),
        (with(&text, ">2026-10-01T08:00:00Z</List", ">2026-10-01</List"), malformed("ListIssueDateTime")),
        (with(&text, next, ""), missing("NextUpdate")),
        (with(&text, next, &next.repeat(2)), repeated("NextUpdate")),
        (with(&text, "2027-03-31T", "2027-02-31T"), malformed("NextUpdate")),
        (with_first(&text, granted, ""), missing("ServiceStatus")),
        (with_first(&text, granted, &granted.repeat(2)), repeated("ServiceStatus")),
        (with_first(&text, since, ""), missing("StatusStartingTime")),
        (with_first(&text, since, &since.replace("05-01", "5-1")), malformed("StatusStartingTime")),
        (with(&text, "TSPName", "TSPTradeName"), missing("TSPName")),
        (
            with_first(&text, "<ServiceTypeIdentifier>", "<T>").replacen(
                "</ServiceTypeIdentifier>",
                "</T>",
                1,
            ),
            missing("ServiceTypeIdentifier"),
        ),
        (with(&text, ">6</TSLVersion", ">4</TSLVersion"), Invalid::Version),
        (with(&text, "EUgeneric", "EUlistofthelists"), Invalid::NotNational),
        (with(&text, "http://uri.etsi.org/02231/v2#", "urn:other"), Invalid::Root),
        ("<html/>".to_owned(), Invalid::Root),
    ];
    for (text, expected) in table {
        assert_eq!(read(text.as_bytes()).err(), Some(expected));
    }
    let closed = with(&text, next, "<NextUpdate/>");
    assert_eq!(read(closed.as_bytes()).unwrap().next_update, None);
}

#[test]
fn a_document_that_is_no_plain_xml_is_refused() {
    let text = Example::new().text();
    let root = "<TrustServiceStatusList";
    let bomb = format!("<!DOCTYPE a [<!ENTITY b \"bbbb\"><!ENTITY c \"&b;&b;&b;\">]>{root}");
    let external = format!("<!DOCTYPE a SYSTEM \"file:///etc/passwd\">{root}");
    let deep = "<a>".repeat(100);
    let attributes = (0..100).fold(String::new(), |text, nth| format!("{text} a{nth}=\"\""));
    let broken = |line| Invalid::Xml { line };
    let table = [
        (with(&text, root, &bomb), Invalid::DocumentType),
        (with(&text, root, &external), Invalid::DocumentType),
        (with(&text, "<SchemeInformation>", &format!("<SchemeInformation>{deep}")), Invalid::TooDeep),
        (with(&text, "<SchemeInformation>", &format!("<SchemeInformation{attributes}>")), Invalid::TooDeep),
        (with(&text, "encoding=\"UTF-8\"", "encoding=\"UTF-7\""), Invalid::NotUtf8),
        (with(&text, "xml version=\"1.0\"", "xml version=\"1.1\""), broken(1)),
        (with(&text, ">FR<", ">&unknown;<"), broken(15)),
        (with(&text, ">FR<", ">&#0;<"), broken(15)),
        (with(&text, "</SchemeTerritory>", "</SchemeTerritor>"), broken(15)),
        (
            with(&text, "<SchemeTerritory>", "<x:SchemeTerritory>")
                .replace("</SchemeTerritory>", "</x:SchemeTerritory>"),
            broken(15),
        ),
        (format!("{text}{text}"), broken(text.matches('\n').count() + 1)),
        (format!("{text}x"), broken(text.matches('\n').count())),
        (text.replace("</TrustServiceStatusList>", ""), broken(text.matches('\n').count() + 1)),
        (String::new(), broken(1)),
        ("<".to_owned(), broken(1)),
    ];
    for (nth, (text, expected)) in table.into_iter().enumerate() {
        let (list, form) = (read(text.as_bytes()), signature::examine(text.as_bytes()));
        match expected {
            Invalid::Xml { .. } => {
                assert!(matches!(list, Err(Invalid::Xml { .. })), "row {nth}: {list:?}");
                assert!(matches!(form, Err(InvalidSignature::List(Invalid::Xml { .. }))), "row {nth}");
            }
            expected => {
                assert_eq!(list, Err(expected.clone()), "row {nth}");
                assert_eq!(form, Err(InvalidSignature::List(expected)), "row {nth}");
            }
        }
    }
    assert_eq!(read(&vec![b' '; MAX_LIST_BYTES + 1]), Err(Invalid::TooLarge));
    assert_eq!(read(&[0xff, 0xfe]), Err(Invalid::NotUtf8));
}

#[test]
fn huge_text_is_read_and_only_a_line_of_it_is_kept() {
    let text = Example::new().text();
    let huge = "A \u{7}\n".repeat(1_000_000);
    let list = read(with(&text, ">Trust &amp; Sons<", &format!(">{huge}<")).as_bytes()).unwrap();
    let provider = &list.authorities[0].provider;
    assert_eq!(provider.chars().count(), 199);
    assert!(provider.starts_with("A A A"));
}

#[test]
fn what_a_canonical_form_drops_changes_nothing() {
    let text = Example::new().text();
    let expected = read(text.as_bytes()).unwrap();
    let table = [
        with(&text, ">FR<", ">F<!-- a comment -->R<"),
        with(&text, ">FR<", "><![CDATA[F]]>&#82;<"),
        with(&text, "/granted<", "/grant<!-- -->ed<"),
        with(&text, "<TrustServiceStatusList xmlns=\"http://uri.etsi.org/02231/v2#\"", "<t:TrustServiceStatusList xmlns:t=\"http://uri.etsi.org/02231/v2#\" xmlns=\"http://uri.etsi.org/02231/v2#\"")
            .replace("</TrustServiceStatusList>", "</t:TrustServiceStatusList>"),
        format!("\u{feff}{text}"),
    ];
    for text in table {
        assert_eq!(read(text.as_bytes()).as_ref(), Ok(&expected));
    }
    // A comment hides nothing from the reader either: what is read is the whole text.
    let hidden = with(&text, "Svcstatus/granted<", "Svcstatus/granted<!-- -->-not<");
    assert_eq!(read(hidden.as_bytes()).unwrap().authorities, []);
}

#[test]
fn elements_elsewhere_or_of_another_namespace_are_not_read() {
    let text = Example::new().text();
    let expected = read(text.as_bytes()).unwrap();
    let territory = "<SchemeTerritory>DE</SchemeTerritory>";
    let table = [
        // In the signature, which the signature does not cover.
        with(&text, "<ds:Object>", &format!("<ds:Object><SchemeInformation>{territory}</SchemeInformation>")),
        with(&text, "<SchemeOperatorName>", &format!("<SchemeOperatorName>{territory}")),
        with(
            &text,
            "<SchemeOperatorName>",
            &format!(
                "{}<SchemeOperatorName>",
                territory.replace("<SchemeTerritory>", "<SchemeTerritory xmlns=\"urn:other\">")
            ),
        ),
    ];
    for text in table {
        assert_eq!(read(text.as_bytes()).as_ref(), Ok(&expected));
    }
}

#[test]
fn only_a_signature_of_the_whole_list_has_the_right_form() {
    use InvalidSignature as Wrong;
    let example = Example::new();
    let text = example.text();
    let signer = [Certificate::parse(&example.signer.der()).unwrap()];
    let begin = text.find("<ds:Signature ").unwrap();
    let end = text.find("</ds:Signature>").unwrap() + "</ds:Signature>".len();
    let signature = text[begin..end].to_owned();
    let unsigned = text.replace(&signature, "");
    let reference = "<ds:Reference URI=\"\">";
    let exclusive = "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>";
    let wrapped = with(&unsigned, "</SchemeInformation>", &format!("{signature}</SchemeInformation>"));
    let evil = format!(
        "<TrustServiceStatusList xmlns=\"http://uri.etsi.org/02231/v2#\"><Object>{}</Object></TrustServiceStatusList>",
        &text[text.find("<TrustServiceStatusList").unwrap()..]
    );
    let table = [
        (text.clone(), Ok(())),
        (with(&text, reference, "<ds:Reference URI=\"#list\">"), Ok(())),
        (with(&text, "ecdsa-sha256", "rsa-sha512"), Ok(())),
        (unsigned.clone(), Err(Wrong::Unsigned)),
        (
            with(
                &unsigned,
                "</TrustServiceProviderList>",
                &format!("</TrustServiceProviderList>{signature}{signature}"),
            ),
            Err(Wrong::Place),
        ),
        (wrapped, Err(Wrong::Place)),
        (evil, Err(Wrong::Place)),
        (with(&text, reference, "<ds:Reference URI=\"#other\">"), Err(Wrong::Reference)),
        (with(&text, reference, "<ds:Reference URI=\"#signature\">"), Err(Wrong::Reference)),
        (with(&text, reference, "<ds:Reference URI=\"#xpointer(/)\">"), Err(Wrong::Reference)),
        (with(&text, reference, "<ds:Reference URI=\"http://192.0.2.1/list\">"), Err(Wrong::Reference)),
        (with(&text, reference, "<ds:Reference URI=\"#\">"), Err(Wrong::Reference)),
        (with(&text, reference, "<ds:Reference>"), Err(Wrong::Reference)),
        (with(&text, " URI=\"\"", " URI=\"#properties\""), Err(Wrong::Transform)),
        (with(&text, " URI=\"#properties\"", " URI=\"\""), Err(Wrong::Transform)),
        (with(&text, "xmldsig#enveloped-signature", "xmldsig#base64"), Err(Wrong::Transform)),
        (
            with(
                &text,
                exclusive,
                "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\"/>",
            ),
            Err(Wrong::Transform),
        ),
        (
            with(&text, exclusive, "<ds:Transform Algorithm=\"http://www.w3.org/2002/06/xmldsig-filter2\"/>"),
            Err(Wrong::Transform),
        ),
        (with(&text, exclusive, &exclusive.repeat(2)), Err(Wrong::Transform)),
        (
            with(
                &text,
                "CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"",
                "CanonicalizationMethod Algorithm=\"urn:none\"",
            ),
            Err(Wrong::Canonicalization),
        ),
        (with(&text, "2001/04/xmlenc#sha256", "2000/09/xmldsig#sha1"), Err(Wrong::Algorithm)),
        (with(&text, "2001/04/xmldsig-more#ecdsa-sha256", "2000/09/xmldsig#rsa-sha1"), Err(Wrong::Algorithm)),
        (
            with(&text, "2001/04/xmldsig-more#ecdsa-sha256", "2000/09/xmldsig#hmac-sha1"),
            Err(Wrong::Algorithm),
        ),
        (
            with(&text, "<ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/>", ""),
            Err(Wrong::Element("DigestMethod")),
        ),
        (
            with(&text, "<ds:SignedInfo>", "<ds:SignedInfo/><ds:SignedInfo>"),
            Err(Wrong::Element("SignedInfo")),
        ),
        (with(&text, "<SchemeInformation>", "<SchemeInformation Id=\"list\">"), Err(Wrong::RepeatedId)),
        (
            with(&text, "<SchemeInformation>", "<SchemeInformation xml:id=\"properties\">"),
            Err(Wrong::RepeatedId),
        ),
        (
            with(&text, "<ds:KeyInfo>", "<ds:KeyInformation>")
                .replace("</ds:KeyInfo>", "</ds:KeyInformation>"),
            Err(Wrong::OtherSigner),
        ),
        (with(&text, &base64(&example.signer.der()), &base64(&example.seals.der())), Err(Wrong::OtherSigner)),
        (with(&text, &base64(&example.signer.der()), "*"), Err(Wrong::OtherSigner)),
    ];
    for (nth, (text, expected)) in table.into_iter().enumerate() {
        let form = signature::examine(text.as_bytes());
        let found = form.and_then(|form| form.signer(&signer).map(|_| ()));
        assert_eq!(found, expected, "row {nth}");
    }
}

fn base64(der: &[u8]) -> String {
    base64::Engine::encode(&base64::prelude::BASE64_STANDARD, der)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        let _ = (read(&bytes), signature::examine(&bytes));
    }

    #[test]
    fn any_damage_is_read_or_refused(at in 0_usize..9_000, length in 0_usize..40, filling in "[<>/&;\"' !\\[\\]a-z?=:\\-]{0,40}") {
        let mut bytes = Example::new().text().into_bytes();
        let at = at.min(bytes.len());
        let end = (at + length).min(bytes.len());
        bytes.splice(at..end, filling.into_bytes());
        let _ = (read(&bytes), signature::examine(&bytes));
    }
}
