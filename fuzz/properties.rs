//! What must hold, by reader: the modules of the test that checks it on every run, taken from there.

#[path = "../crates/server/tests/properties/certificate.rs"]
pub mod certificate;
#[path = "../crates/server/tests/properties/crl.rs"]
pub mod crl;
#[path = "../crates/server/tests/properties/deny_list.rs"]
pub mod deny_list;
#[path = "../crates/server/tests/properties/given.rs"]
pub mod given;
#[path = "../crates/server/tests/properties/ocsp_answer.rs"]
pub mod ocsp_answer;
#[path = "../crates/server/tests/properties/proxy_header.rs"]
pub mod proxy_header;
#[path = "../crates/server/tests/properties/qc_statement.rs"]
pub mod qc_statement;
#[path = "../crates/server/tests/properties/register_csv.rs"]
pub mod register_csv;
#[path = "../crates/server/tests/properties/register_eba.rs"]
pub mod register_eba;
#[path = "../crates/server/tests/properties/registration_body.rs"]
pub mod registration_body;
#[path = "../crates/server/tests/properties/request_body.rs"]
pub mod request_body;
#[path = "../crates/server/tests/properties/signature_header.rs"]
pub mod signature_header;
#[path = "../crates/server/tests/properties/trusted_list.rs"]
pub mod trusted_list;
