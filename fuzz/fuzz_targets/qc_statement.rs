#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| guichet_fuzz::qc_statement::check(bytes));
