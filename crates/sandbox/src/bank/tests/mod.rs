//! The bank through its ports.
