//! PSD2 certificates: read one, judge one.
