//! How values are shown: amounts, dates and times in either language, and text from outside.

use jiff::{Timestamp, civil::Date};
use payments::request::Product;

use super::texts::Texts;

/// Text from outside as it may be shown: what has no shape of its own or turns the direction of writing
/// could make other words appear than were written, so it is shown as a replacement character.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|c| if is_invisible(c) { '\u{fffd}' } else { c }).collect()
}

fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}')
        || c.is_control()
}

/// What a product is called.
pub(super) fn kind(texts: &'static Texts, product: Product) -> &'static str {
    match product {
        Product::Sct => texts.summary.transfer,
        Product::SctInst => texts.summary.instant_transfer,
    }
}

/// Cents as `1 234,35 €`, with spaces that do not break.
pub(super) fn amount_fr(cents: u64) -> String {
    format!("{},{:02}\u{a0}€", grouped(cents / 100, '\u{202f}'), cents % 100)
}

/// Cents as `€1,234.35`.
pub(super) fn amount_en(cents: u64) -> String {
    format!("€{}.{:02}", grouped(cents / 100, ','), cents % 100)
}

/// What an account has available, which may be less than nothing.
pub(super) fn available(texts: &'static Texts, cents: i64) -> String {
    let sign = if cents < 0 { "−" } else { "" };
    format!("{sign}{}", (texts.amount)(cents.unsigned_abs()))
}

fn grouped(whole: u64, separator: char) -> String {
    let digits = whole.to_string();
    let mut text = String::with_capacity(digits.len() * 2);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(separator);
        }
        text.push(digit);
    }
    text
}

/// A day as `2 mars 2026`, the first of a month as `1er`.
pub(super) fn date_fr(day: Date) -> String {
    const MONTHS: [&str; 12] = [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ];
    let ordinal = if day.day() == 1 { "er" } else { "" };
    format!("{}{ordinal}\u{a0}{} {}", day.day(), month(MONTHS, day), day.year())
}

/// A day as `2 March 2026`.
pub(super) fn date_en(day: Date) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    format!("{}\u{a0}{} {}", day.day(), month(MONTHS, day), day.year())
}

fn month(names: [&'static str; 12], day: Date) -> &'static str {
    let index = usize::from(day.month().unsigned_abs()) - 1;
    names.get(index).copied().unwrap_or_default()
}

/// The time of day in Paris as `10:15`, which both languages read.
pub(super) fn time(at: Timestamp) -> String {
    at.in_tz("Europe/Paris")
        .map_or_else(|_| at.strftime("%H:%M UTC").to_string(), |local| local.strftime("%H:%M").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_as_the_language_writes_them() {
        let table = [
            (1, "0,01\u{a0}€", "€0.01"),
            (12_435, "124,35\u{a0}€", "€124.35"),
            (123_400, "1\u{202f}234,00\u{a0}€", "€1,234.00"),
            (99_999_999_999, "999\u{202f}999\u{202f}999,99\u{a0}€", "€999,999,999.99"),
        ];
        for (cents, fr, en) in table {
            assert_eq!((amount_fr(cents).as_str(), amount_en(cents).as_str()), (fr, en));
        }
    }

    #[test]
    fn dates_are_written_as_the_language_writes_them() {
        let (first, last) = (jiff::civil::date(2026, 3, 1), jiff::civil::date(2026, 12, 31));
        assert_eq!(date_fr(first), "1er\u{a0}mars 2026");
        assert_eq!(date_fr(last), "31\u{a0}décembre 2026");
        assert_eq!(date_en(first), "1\u{a0}March 2026");
        assert_eq!(time("2026-07-01T08:05:00Z".parse().unwrap()), "10:05");
    }

    #[test]
    fn text_that_would_show_as_other_text_is_made_visible() {
        assert_eq!(plain("Boutique \u{202e}elpmexE"), "Boutique \u{fffd}elpmexE");
        assert_eq!(plain("a\u{200b}b\u{2066}c\u{feff}"), "a\u{fffd}b\u{fffd}c\u{fffd}");
        assert_eq!(plain("Évil & <Co> שלום 🦀"), "Évil & <Co> שלום 🦀");
    }
}
