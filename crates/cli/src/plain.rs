//! Words for the terminal: what strangers wrote, dates, lines.

use std::io::{Write as _, stdout};

use jiff::Timestamp;

/// Prints a line. A reader that has gone away is no reason to stop.
pub(crate) fn say(line: &str) {
    let mut out = stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Text from outside in which everything that has no shape of its own, moves the cursor or turns the
/// direction of writing is spelt out: `\u{202e}`.
pub(crate) fn plain(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut shown, c| {
        if is_invisible(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
        shown
    })
}

fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// A moment, to the minute.
pub(crate) fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// A moment, to the second.
pub(crate) fn second(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// Whole days from `now` to `then`; negative once it is past.
pub(crate) fn days_until(then: Timestamp, now: Timestamp) -> i64 {
    then.duration_since(now).as_hours().div_euclid(24)
}

/// `1 day`, `2 days`.
pub(crate) fn counted(count: impl Into<i128>, one: &str) -> String {
    match count.into() {
        1 => format!("1 {one}"),
        count => format!("{count} {one}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_move_the_cursor_or_turn_the_text_is_spelt_out() {
        let table = [
            ("Société d'essai שלום 🦀", "Société d'essai שלום 🦀"),
            ("red\u{1b}[31m", "red\\u{1b}[31m"),
            ("red\u{9b}31m", "red\\u{9b}31m"),
            ("two\nlines\r\tand\u{7f}", "two\\u{a}lines\\u{d}\\u{9}and\\u{7f}"),
            ("Boutique \u{202e}elpmexE", "Boutique \\u{202e}elpmexE"),
            ("a\u{200b}b\u{2066}c\u{feff}d\u{e0041}", "a\\u{200b}b\\u{2066}c\\u{feff}d\\u{e0041}"),
        ];
        for (text, shown) in table {
            assert_eq!(plain(text), shown);
        }
    }

    #[test]
    fn a_day_counts_once_it_is_whole() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let table = [
            ("2026-11-23T12:00:00Z", 1),
            ("2026-11-23T11:59:59Z", 0),
            ("2026-11-22T12:00:00Z", 0),
            ("2026-11-22T11:00:00Z", -1),
            ("2026-11-21T11:00:00Z", -2),
        ];
        for (then, days) in table {
            assert_eq!(days_until(then.parse().unwrap(), now), days, "{then}");
        }
        assert_eq!((counted(1, "day"), counted(0, "day")), ("1 day".to_owned(), "0 days".to_owned()));
    }
}
