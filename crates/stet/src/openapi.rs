//! The standard's own interface descriptions, reduced to payment initiation.
//!
//! STET PSD2 API, by STET, CC BY 3.0 FR; see `openapi/README.md` beside the files for the attribution, what
//! was changed and what is weak in them.

/// Edition 1.4.0.47 (OpenAPI 3.0.0, JSON); its operations are reconstructed, its schemas verbatim.
pub const STET_1_4_0_47: &str = include_str!("../openapi/stet-1.4.0.47-pisp.openapi.json");

/// Edition 1.5.0.43 (OpenAPI 3.0.1, JSON), the nearest public text to 1.4.2 and 1.6.2.
pub const STET_1_5_0_43: &str = include_str!("../openapi/stet-1.5.0.43-pisp.openapi.json");

#[cfg(test)]
mod tests {
    use serde_json::Value;

    #[test]
    fn each_description_is_json_of_its_edition_and_names_its_licence() {
        for (text, edition) in [(super::STET_1_4_0_47, "1.4.0.47"), (super::STET_1_5_0_43, "1.5.0.43")] {
            let document: Value = serde_json::from_str(text).expect("JSON");
            assert_eq!(document["info"]["version"], edition);
            let licence = document["info"]["license"]["name"].as_str().expect("a licence");
            assert!(licence.contains("CC BY 3.0 FR"), "{licence}");
            assert!(document["paths"]["/payment-requests"]["post"].is_object());
        }
    }
}
