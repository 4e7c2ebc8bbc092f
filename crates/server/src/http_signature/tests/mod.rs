//! The rules as a whole: requests and answers signed and verified.

mod round_trip;
mod vectors;
