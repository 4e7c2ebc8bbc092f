//! Points in time as PISPs write them.

use std::sync::OnceLock;

use jiff::{
    Timestamp,
    civil::Date,
    fmt::temporal::{Pieces, PiecesOffset},
    tz::{Offset, TimeZone},
};
use serde::{Deserialize, Serialize};

/// A point in time with the offset it was written with, kept to the millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Moment {
    at: Timestamp,
    offset: Offset,
}

/// The text is not an ISO 8601 date or date-time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an ISO 8601 date-time such as 2026-03-02T10:15:30.000+01:00")]
pub struct InvalidMoment;

impl Moment {
    /// Parses a date-time; without an offset it is read as Paris time, a bare date as its midnight in Paris.
    ///
    /// # Errors
    ///
    /// [`InvalidMoment`].
    pub fn parse(text: &str) -> Result<Self, InvalidMoment> {
        let plain = |byte: u8| byte.is_ascii_digit() || b"-+:.TZtz ".contains(&byte);
        if text.len() > 40 || !text.bytes().all(plain) {
            return Err(InvalidMoment);
        }
        let pieces = Pieces::parse(text).map_err(|_| InvalidMoment)?;
        let local = pieces.date().to_datetime(pieces.time().unwrap_or_default());
        let (at, offset) = match pieces.offset() {
            Some(PiecesOffset::Zulu) => (Offset::UTC.to_timestamp(local), Offset::UTC),
            Some(PiecesOffset::Numeric(numeric)) => (numeric.offset().to_timestamp(local), numeric.offset()),
            _ => {
                let zoned = paris().to_zoned(local).map_err(|_| InvalidMoment)?;
                (Ok(zoned.timestamp()), zoned.offset())
            }
        };
        let at = at.map_err(|_| InvalidMoment)?;
        let at = Timestamp::from_millisecond(at.as_millisecond()).map_err(|_| InvalidMoment)?;
        Ok(Self { at, offset })
    }

    /// The moment `at`, as read on a clock in Paris.
    pub fn in_paris(at: Timestamp) -> Self {
        Self { at, offset: at.to_zoned(paris().clone()).offset() }
    }

    /// The point in time.
    pub fn at(self) -> Timestamp {
        self.at
    }

    /// The calendar day in Paris, the only thing that counts of an execution date.
    pub fn paris_day(self) -> Date {
        paris_day(self.at)
    }

    /// RFC 3339 with milliseconds and the offset it was written with: `2026-03-02T10:15:30.000+01:00`.
    pub fn to_rfc3339(self) -> String {
        let local = self.offset.to_datetime(self.at);
        if self.offset == Offset::UTC {
            local.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
        } else {
            let zoned = self.at.to_zoned(self.offset.to_time_zone());
            zoned.strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string()
        }
    }
}

/// The calendar day in Paris at `at`.
pub fn paris_day(at: Timestamp) -> Date {
    at.to_zoned(paris().clone()).date()
}

/// Europe/Paris, the zone in which French banks count days.
fn paris() -> &'static TimeZone {
    static PARIS: OnceLock<TimeZone> = OnceLock::new();
    PARIS.get_or_init(|| TimeZone::get("Europe/Paris").expect("the time zone database is compiled in"))
}

impl TryFrom<String> for Moment {
    type Error = InvalidMoment;
    fn try_from(text: String) -> Result<Self, InvalidMoment> {
        Self::parse(&text)
    }
}

impl From<Moment> for String {
    fn from(moment: Moment) -> Self {
        moment.to_rfc3339()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_form_seen_in_the_field_is_read() {
        let table = [
            ("2026-03-02T10:15:30.000+01:00", Some("2026-03-02T10:15:30.000+01:00")),
            ("2026-03-02T09:15:30Z", Some("2026-03-02T09:15:30.000Z")),
            ("2026-03-02T09:15:30.123456Z", Some("2026-03-02T09:15:30.123Z")),
            ("2026-03-02T10:15:30.499+0100", Some("2026-03-02T10:15:30.499+01:00")),
            ("2026-03-02T10:15:30", Some("2026-03-02T10:15:30.000+01:00")),
            ("2026-07-02T10:15:30", Some("2026-07-02T10:15:30.000+02:00")),
            ("2026-03-02", Some("2026-03-02T00:00:00.000+01:00")),
            ("2026-02-30T10:15:30Z", None),
            ("2026-03-02T25:00:00Z", None),
            ("yesterday", None),
            ("", None),
            ("2026-03-02T10:15:30+01:00[Europe/Paris]", None),
            ("1772442930", None),
        ];
        for (text, expected) in table {
            assert_eq!(Moment::parse(text).ok().map(Moment::to_rfc3339).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn only_the_day_in_paris_counts() {
        let late_evening_utc = Moment::parse("2026-03-01T23:30:00Z").unwrap();
        assert_eq!(late_evening_utc.paris_day(), jiff::civil::date(2026, 3, 2));
    }

    proptest! {
        #[test]
        fn every_moment_reads_back_as_itself(ms in 0_i64..4_000_000_000_000) {
            let moment = Moment::in_paris(Timestamp::from_millisecond(ms).unwrap());
            prop_assert_eq!(Moment::parse(&moment.to_rfc3339()).unwrap(), moment);
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in ".*") {
            let _ = Moment::parse(&text);
        }
    }
}
