//! Strong customer authentication (RTS (EU) 2018/389).
//!
//! Each means is a module: what is bound to the payment ([`DynamicLink`]), how a code is made and
//! checked ([`Challenge`]), and when failures block the PSU ([`Lockout`]).

mod challenge;
mod dynamic_link;
mod lockout;

pub use challenge::{Challenge, CodeKey, CodeRefusal, InvalidCode, OneTimeCode};
pub use dynamic_link::DynamicLink;
pub use lockout::{BLOCK_S, Lockout, MAX_FAILURES};
