//! JSON as a PISP wrote it: one pass, digits kept, nesting bounded, no member twice.
//!
//! `serde_json` alone reads a number into binary floating point, lets the last of two equal members win in
//! a part it ignores, and cannot say where a value of the wrong type stood. This tree can, and borrows from
//! the body what it can. Strings with escapes are decoded by `serde_json`.

use std::borrow::Cow;

use crate::read_error::{Problem, ReadError};

/// Deeper nesting is refused whatever the caller allows, since reading recurses.
const DEPTH_MAX: usize = 128;

/// Above this many members an object is searched for duplicates by sorting.
const FEW_MEMBERS: usize = 24;

/// A JSON value that borrows from the body.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value<'a> {
    Null,
    Bool(bool),
    /// The number's own characters, such as `42.00` or `1.0E7`.
    Number(&'a str),
    Text(Cow<'a, str>),
    List(Vec<Value<'a>>),
    Object(Object<'a>),
}

/// The members of a JSON object in the order written, each name once.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Object<'a>(Vec<(Cow<'a, str>, Value<'a>)>);

impl<'a> Object<'a> {
    /// The value of the member `name`; `null` counts as absent.
    pub(crate) fn find(&self, name: &str) -> Option<&Value<'a>> {
        let (_, value) = self.0.iter().find(|(candidate, _)| candidate == name)?;
        (*value != Value::Null).then_some(value)
    }
}

/// Parses a whole body, with objects and lists nested at most `depth` levels.
///
/// # Errors
///
/// Not UTF-8, not JSON, too deep, or a member twice in one object, whichever comes first in the text.
pub(crate) fn parse(body: &[u8], depth: usize) -> Result<Value<'_>, ReadError> {
    let text = std::str::from_utf8(body).map_err(|_| Problem::NotUtf8)?;
    let limit = depth.min(DEPTH_MAX);
    let mut parser = Parser { text, at: 0, limit, left: limit };
    let value = parser.value()?;
    parser.skip_space();
    if parser.at < text.len() {
        return Err(parser.not_json().into());
    }
    Ok(value)
}

/// How many bytes at the start of `text` form a JSON number (RFC 8259, section 6); 0 if none does.
pub(crate) fn number_length(text: &[u8]) -> usize {
    let digits = |from: usize| text.iter().skip(from).take_while(|b| b.is_ascii_digit()).count();
    let byte = |at: usize| text.get(at).copied();
    let sign = usize::from(byte(0) == Some(b'-'));
    let whole = if byte(sign) == Some(b'0') { 1 } else { digits(sign) };
    if whole == 0 {
        return 0;
    }
    let mut length = sign + whole;
    if byte(length) == Some(b'.') {
        match digits(length + 1) {
            0 => return 0,
            fraction => length += 1 + fraction,
        }
    }
    if matches!(byte(length), Some(b'e' | b'E')) {
        let exponent_sign = usize::from(matches!(byte(length + 1), Some(b'+' | b'-')));
        match digits(length + 1 + exponent_sign) {
            0 => return 0,
            exponent => length += 1 + exponent_sign + exponent,
        }
    }
    length
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    limit: usize,
    /// Levels of nesting that may still be opened.
    left: usize,
}

impl<'a> Parser<'a> {
    fn value(&mut self) -> Result<Value<'a>, ReadError> {
        self.skip_space();
        match self.peek() {
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::list),
            Some(b'"') => Ok(Value::Text(self.string()?)),
            Some(b'n') => self.word("null", Value::Null),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            _ => self.number(),
        }
    }

    /// Reads an object or a list, one level further in.
    fn nested(
        &mut self,
        read: fn(&mut Self) -> Result<Value<'a>, ReadError>,
    ) -> Result<Value<'a>, ReadError> {
        let Some(left) = self.left.checked_sub(1) else {
            return Err(Problem::TooDeep { limit: self.limit }.into());
        };
        self.left = left;
        self.at += 1;
        let value = read(self)?;
        self.left += 1;
        Ok(value)
    }

    /// Reads the rest of an object whose `{` has been read.
    fn object(&mut self) -> Result<Value<'a>, ReadError> {
        let mut members = Vec::new();
        self.skip_space();
        if self.take(b'}') {
            return Ok(Value::Object(Object(members)));
        }
        loop {
            self.skip_space();
            let name = self.string()?;
            self.skip_space();
            self.expect(b':')?;
            let value = self.value().map_err(|error| error.in_member(&name))?;
            members.push((name, value));
            self.skip_space();
            if !self.take(b',') {
                break;
            }
        }
        self.expect(b'}')?;
        match duplicate(&members) {
            Some(name) => Err(ReadError::from(Problem::Duplicate).in_member(name)),
            None => Ok(Value::Object(Object(members))),
        }
    }

    /// Reads the rest of a list whose `[` has been read.
    fn list(&mut self) -> Result<Value<'a>, ReadError> {
        let mut items = Vec::new();
        self.skip_space();
        if self.take(b']') {
            return Ok(Value::List(items));
        }
        loop {
            let item = self.value().map_err(|error| error.in_item(items.len()))?;
            items.push(item);
            self.skip_space();
            if !self.take(b',') {
                break;
            }
        }
        self.expect(b']')?;
        Ok(Value::List(items))
    }

    fn string(&mut self) -> Result<Cow<'a, str>, Problem> {
        let start = self.at;
        self.expect(b'"')?;
        let mut escapes = false;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    escapes = true;
                    // Past the escaped byte too, which may be a quote; `serde_json` judges the escape.
                    self.at += 2;
                }
                Some(0x20..) => self.at += 1,
                Some(_) | None => return Err(self.not_json()),
            }
        }
        self.at += 1;
        let quoted = self.text.get(start..self.at).ok_or(Problem::NotJson { at: start })?;
        if escapes {
            let decoded: String = serde_json::from_str(quoted).map_err(|_| Problem::NotJson { at: start })?;
            return Ok(Cow::Owned(decoded));
        }
        let inner = quoted.get(1..quoted.len() - 1).ok_or(Problem::NotJson { at: start })?;
        Ok(Cow::Borrowed(inner))
    }

    fn number(&mut self) -> Result<Value<'a>, ReadError> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let length = number_length(rest.as_bytes());
        match rest.get(..length) {
            Some(digits) if length > 0 => {
                self.at += length;
                Ok(Value::Number(digits))
            }
            _ => Err(self.not_json().into()),
        }
    }

    fn word(&mut self, word: &str, value: Value<'a>) -> Result<Value<'a>, ReadError> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        if !rest.starts_with(word) {
            return Err(self.not_json().into());
        }
        self.at += word.len();
        Ok(value)
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn expect(&mut self, byte: u8) -> Result<(), Problem> {
        if self.take(byte) { Ok(()) } else { Err(self.not_json()) }
    }

    fn not_json(&self) -> Problem {
        Problem::NotJson { at: self.at.min(self.text.len()) }
    }
}

/// A name that stands twice among `members`.
fn duplicate<'m>(members: &'m [(Cow<'_, str>, Value<'_>)]) -> Option<&'m str> {
    if members.len() <= FEW_MEMBERS {
        let mut later = members;
        while let [(name, _), rest @ ..] = later {
            if rest.iter().any(|(other, _)| other == name) {
                return Some(name);
            }
            later = rest;
        }
        return None;
    }
    // A body of 64 KiB holds thousands of members: comparing each with each would take long.
    let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_ref()).collect();
    names.sort_unstable();
    names.windows(2).find_map(|pair| match pair {
        [a, b] if a == b => Some(*a),
        _ => None,
    })
}
