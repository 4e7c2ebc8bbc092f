//! DER values and where they stand.

use std::fmt;

pub(crate) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

/// The place where bytes stop making sense, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The byte, counted from 0 at the start of the extension or the certificate.
    pub at: usize,
    /// What is wrong there.
    pub what: &'static str,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.what, self.at)
    }
}

/// A value in DER: its tag, its content, and where it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tlv<'a> {
    pub(crate) tag: u8,
    /// Where the tag is.
    pub(crate) at: usize,
    /// Where the content starts.
    pub(crate) content_at: usize,
    pub(crate) content: &'a [u8],
    /// Tag, length and content.
    pub(crate) whole: &'a [u8],
}

impl<'a> Tlv<'a> {
    /// Reads the one value that `bytes`, which start at `at`, hold.
    pub(crate) fn only(bytes: &'a [u8], at: usize) -> Result<Self, Fault> {
        let value = Self::first(bytes, at)?;
        if value.whole.len() == bytes.len() {
            Ok(value)
        } else {
            Err(Fault { at: at + value.whole.len(), what: "bytes after the end of the value" })
        }
    }

    /// Reads the first value of `bytes`, which start at `at` (X.690, 8.1 and 10.1).
    pub(crate) fn first(bytes: &'a [u8], at: usize) -> Result<Self, Fault> {
        let fault = |what| Fault { at, what };
        let &[tag, length, ref rest @ ..] = bytes else {
            return Err(fault("the bytes end where a value is to start"));
        };
        if tag & 0x1f == 0x1f {
            return Err(fault("a tag of several bytes, which no certificate has"));
        }
        let (length, header) = match (length, rest) {
            (0..=0x7f, _) => (usize::from(length), 2),
            (0x80, _) => return Err(fault("a length that is left open, which is BER and not DER")),
            (0x81, &[low @ 0x80..=0xff, ..]) => (usize::from(low), 3),
            (0x82, &[high @ 1..=0xff, low, ..]) => (usize::from(u16::from_be_bytes([high, low])), 4),
            (0x81 | 0x82, [_, ..]) => {
                return Err(fault("a length not in its shortest form: BER, not DER"));
            }
            _ => return Err(fault("a length beyond anything a certificate has")),
        };
        let whole =
            bytes.get(..header + length).ok_or(fault("a value longer than the bytes that are left"))?;
        let content = whole.get(header..).unwrap_or_default();
        Ok(Self { tag, at, content_at: at + header, content, whole })
    }

    /// The values that this one is made of.
    pub(crate) fn children(&self) -> Result<Vec<Self>, Fault> {
        let (mut rest, mut at) = (self.content, self.content_at);
        let mut found = Vec::new();
        while !rest.is_empty() {
            let value = Self::first(rest, at)?;
            rest = rest.get(value.whole.len()..).unwrap_or_default();
            at += value.whole.len();
            found.push(value);
        }
        Ok(found)
    }

    /// A complaint about this value.
    pub(crate) fn fault(&self, what: &'static str) -> Fault {
        Fault { at: self.at, what }
    }

    /// Whether it holds other values.
    pub(crate) fn is_constructed(&self) -> bool {
        self.tag & 0x20 != 0
    }

    /// Whether it is an explicit tag around one value.
    pub(crate) fn is_context_tag(&self) -> bool {
        self.tag & 0xe0 == 0xa0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::unhex;

    #[test]
    fn values_know_where_they_start() {
        let bytes = unhex("3007 0201 05 3002 0500");
        let outer = Tlv::only(&bytes, 100).unwrap();
        assert!(outer.is_constructed());
        let inner = outer.children().unwrap();
        assert_eq!(inner.iter().map(|v| (v.tag, v.at)).collect::<Vec<_>>(), [(2, 102), (0x30, 105)]);
        assert_eq!(inner[1].children().unwrap()[0].at, 107);
        assert_eq!(inner[0].content, [5]);
        assert_eq!(inner[0].whole, [2, 1, 5]);
    }

    #[test]
    fn only_the_shortest_definite_length_is_a_length() {
        let table: &[(&str, Option<usize>)] = &[
            ("0400", Some(0)),
            ("0480", None),
            ("04", None),
            ("", None),
            ("0401", None),
            ("048105 0000000000", None),
            ("0482007f", None),
            ("04830000ff", None),
            ("1f8101 00", None),
        ];
        for (hex, expected) in table {
            let bytes = unhex(hex);
            assert_eq!(Tlv::only(&bytes, 0).ok().map(|v| v.content.len()), *expected, "{hex}");
        }
        for length in [127, 128, 255, 256, 4000] {
            let der = crate::testing::tlv(4, &vec![7; length]);
            assert_eq!(Tlv::only(&der, 0).unwrap().content.len(), length);
            let mut longer = der.clone();
            longer.push(0);
            assert_eq!(Tlv::only(&longer, 0).unwrap_err().at, der.len());
            assert!(Tlv::only(&der[..der.len() - 1], 0).is_err());
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            if let Ok(value) = Tlv::first(&bytes, 0) {
                let _ = value.children();
            }
        }
    }
}
