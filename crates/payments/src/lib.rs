//! The payment domain: values, lifecycle, decisions and ports.
//!
//! Nothing here opens a socket, a file or a clock: time, randomness and identifiers are arguments, so
//! every decision can be replayed. HTTP and JSON bodies of the standard live in `server`, SQL in `store`.
//!
//! | Room | Question it answers |
//! | --- | --- |
//! | [`values`] | is this amount, IBAN, name, date well formed? |
//! | [`request`], [`admission`] | what did the PISP ask, and may it be asked here today? |
//! | [`lifecycle`] | what may happen next, and what does the PISP see? |
//! | [`payment`], [`journal`] | the payment, and the hash-chained record of everything that happened to it |
//! | [`code`], [`confirmation`] | what the PISP must still do, where the redirect is enforced |
//! | [`sca`], [`journey`] | what the PSU has shown so far, and until when it counts |
//! | [`seal`] | who approved what: the proof without which nothing is executed |
//! | [`tpp`], [`licence`], [`trusted_list`] | who is calling, on whose word |
//! | [`likeness`] | could a PSU take one name for another? |
//! | [`token`], [`institution`] | with which right, at which bank |
//! | [`ports`] | what we ask of the store, the bank, the rail and the messenger |

pub mod admission;
pub mod code;
pub mod confirmation;
pub mod encoding;
pub mod institution;
pub mod journal;
pub mod journey;
pub mod licence;
pub mod lifecycle;
pub mod likeness;
pub mod payment;
pub mod ports;
pub mod reason;
pub mod registry;
pub mod request;
pub mod revoked_certificate;
#[cfg(any(test, feature = "samples"))]
pub mod samples;
pub mod sca;
pub mod seal;
pub mod token;
pub mod tpp;
pub mod transfer;
pub mod trusted_list;
pub mod values;
pub mod version;
pub mod work;

pub use payment::Payment;
pub use reason::Reason;
pub use request::PaymentRequest;
pub use version::Version;
