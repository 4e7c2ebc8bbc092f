//! The payment domain: values, lifecycle, decisions, ports.
