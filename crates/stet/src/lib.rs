//! The STET PSD2 payment-initiation API as types.
