//! The PSD2 statement, read.

use super::read::{Departures, known, object_identifier};
use super::{Psd2Statement, Role};
use crate::departure::{Departure, TextField};
use crate::text::{self, UTF8_STRING, is_text, tidy};
use crate::tlv::{Fault, OBJECT_IDENTIFIER, SEQUENCE, SET, Tlv};

/// Longest text of a PSD2 statement, in characters (ETSI TS 119 495, annex A).
const MAX_TEXT_CHARS: usize = 256;
/// Context tags one in the other, at most.
const MAX_CONTEXT_TAGS: usize = 4;

/// Reads `PSD2QcType` (ETSI TS 119 495, annex A) from what follows the statement's object identifier.
pub(super) fn read<'a>(
    statement: &Tlv<'a>,
    values: &[Tlv<'a>],
    departures: &mut Departures,
) -> Result<Psd2Statement, Fault> {
    let mut reader = Reader { departures };
    let members = reader.members(statement, values)?;
    let mut roles = None;
    let mut texts = Vec::new();
    for (place, member) in members.iter().enumerate() {
        if is_text(member.tag) {
            texts.push(*member);
        } else if (member.tag == SEQUENCE || member.tag == SET) && roles.is_none() {
            reader.departures.note_if(place > 0, Departure::MemberOrder);
            roles = Some(reader.roles(member)?);
        } else {
            return Err(member.fault("a value that is no member of the PSD2 statement"));
        }
    }
    let roles = roles.ok_or(statement.fault("a PSD2 statement without roles"))?;
    let (nca_name, nca_id) = reader.authority(statement, &texts)?;
    Ok(Psd2Statement { roles, nca_name, nca_id })
}

struct Reader<'d> {
    departures: &'d mut Departures,
}

impl Reader<'_> {
    /// `rolesOfPSP`, `nCAName` and `nCAId`, in whatever order.
    fn members<'a>(&mut self, statement: &Tlv<'a>, values: &[Tlv<'a>]) -> Result<Vec<Tlv<'a>>, Fault> {
        let value = match values {
            [] => return Err(statement.fault("a PSD2 statement without content")),
            [value] => self.without_context_tag(*value)?,
            members => {
                self.departures.note(Departure::LicenceFlat);
                return self.without_context_tags(members.to_vec());
            }
        };
        if value.tag != SEQUENCE {
            return Err(value.fault("a PSD2 statement that is not a SEQUENCE"));
        }
        let members = self.children(&value)?;
        let [only] = members.as_slice() else {
            return Ok(members);
        };
        let inner = if only.tag == SEQUENCE { self.children(only)? } else { vec![] };
        if inner.iter().any(|member| is_text(member.tag)) && inner.iter().any(|m| m.tag == SEQUENCE) {
            self.departures.note(Departure::LicenceNested);
            return Ok(inner);
        }
        Ok(members)
    }

    fn children<'a>(&mut self, value: &Tlv<'a>) -> Result<Vec<Tlv<'a>>, Fault> {
        self.without_context_tags(value.children()?)
    }

    fn without_context_tags<'a>(&mut self, values: Vec<Tlv<'a>>) -> Result<Vec<Tlv<'a>>, Fault> {
        values.into_iter().map(|value| self.without_context_tag(value)).collect()
    }

    fn without_context_tag<'a>(&mut self, mut value: Tlv<'a>) -> Result<Tlv<'a>, Fault> {
        for _ in 0..MAX_CONTEXT_TAGS {
            if !value.is_context_tag() {
                break;
            }
            value = Tlv::only(value.content, value.content_at)?;
            self.departures.note(Departure::ExplicitTag);
        }
        Ok(value)
    }

    fn roles(&mut self, container: &Tlv<'_>) -> Result<Vec<Role>, Fault> {
        self.departures.note_if(container.tag == SET, Departure::RolesSet);
        let mut items = self.children(container)?;
        if let [only] = items.as_slice()
            && only.is_constructed()
            && only.children()?.first().is_some_and(Tlv::is_constructed)
        {
            self.departures.note(Departure::RolesNested);
            items = self.children(only)?;
        }
        let mut roles = Vec::new();
        if items.first().is_some_and(|item| !item.is_constructed()) {
            self.departures.note(Departure::RolesFlat);
            self.roles_in(&items, &mut roles)?;
            return Ok(roles);
        }
        for item in items {
            if item.tag != SEQUENCE && item.tag != SET {
                return Err(item.fault("a role that is not a SEQUENCE"));
            }
            self.departures.note_if(item.tag == SET, Departure::RolesSet);
            let parts = self.children(&item)?;
            if parts.is_empty() {
                return Err(item.fault("a role without content"));
            }
            let flat = self.roles_in(&parts, &mut roles)? > 1;
            self.departures.note_if(flat, Departure::RolesFlat);
        }
        Ok(roles)
    }

    /// Reads object identifiers and names, in pairs; gives how many roles there are, known or not.
    fn roles_in(&mut self, mut parts: &[Tlv<'_>], roles: &mut Vec<Role>) -> Result<usize, Fault> {
        let mut count = 0;
        while let Some((first, rest)) = parts.split_first() {
            let (oid, name, left) = match (first.tag, rest.split_first()) {
                (OBJECT_IDENTIFIER, Some((name, left))) if is_text(name.tag) => {
                    (Some(first), Some(name), left)
                }
                (OBJECT_IDENTIFIER, _) => (Some(first), None, rest),
                (tag, Some((oid, left))) if is_text(tag) && oid.tag == OBJECT_IDENTIFIER => {
                    self.departures.note(Departure::RoleOrder);
                    (Some(oid), Some(first), left)
                }
                (tag, _) if is_text(tag) => (None, Some(first), rest),
                _ => return Err(first.fault("something in a role that is no member of it")),
            };
            let name = name.map(|name| self.text(name, TextField::RoleName)).transpose()?;
            let role = match oid {
                Some(oid) => self.role(Some(object_identifier(oid)?), name.as_deref()),
                None => self.role(None, name.as_deref()),
            };
            if role.is_none() && (oid.is_none() || name.is_none()) {
                return Err(first.fault("a role that is neither known nor complete"));
            }
            roles.extend(role.filter(|role| !roles.contains(role)));
            (count, parts) = (count + 1, left);
        }
        Ok(count)
    }

    /// The object identifier decides; where it is none of the four, the name.
    fn role(&mut self, oid: Option<der::asn1::ObjectIdentifier>, name: Option<&str>) -> Option<Role> {
        if let Some(role) = oid.and_then(|oid| known(&oid, &Role::ALL, Role::oid)) {
            match name {
                None => self.departures.note(Departure::RoleNameMissing(role)),
                Some(name) => self.departures.note_if(name != role.code(), Departure::RoleName(role)),
            }
            return Some(role);
        }
        let name = name?.to_ascii_uppercase().replace(['-', ' '], "_");
        let role = Role::ALL.into_iter().find(|role| role.code() == name)?;
        self.departures.note(Departure::RoleOid(role));
        Some(role)
    }

    fn authority(&mut self, statement: &Tlv<'_>, texts: &[Tlv<'_>]) -> Result<(String, String), Fault> {
        match texts {
            [first, second] => {
                let swapped = !peeks_as_nca_id(second) && peeks_as_nca_id(first);
                self.departures.note_if(swapped, Departure::MemberOrder);
                let (name, id) = if swapped { (second, first) } else { (first, second) };
                Ok((self.text(name, TextField::NcaName)?, self.nca_id(id)?))
            }
            [only] if peeks_as_nca_id(only) => {
                self.departures.note(Departure::NcaNameMissing);
                Ok((String::new(), self.nca_id(only)?))
            }
            [_, _, extra, ..] => Err(extra.fault("a third text in the PSD2 statement")),
            _ => Err(statement.fault("a PSD2 statement without nCAId")),
        }
    }

    fn nca_id(&mut self, value: &Tlv<'_>) -> Result<String, Fault> {
        let text = self.text(value, TextField::NcaId)?;
        let text = tidy_identifier(&text, TextField::NcaId, self.departures);
        let capitals = text.to_ascii_uppercase();
        self.departures.note_if(capitals != text, Departure::LetterCase(TextField::NcaId));
        match capitals.strip_prefix("PSD") {
            Some(rest) if is_nca_id(rest) => {
                self.departures.note(Departure::NcaIdPrefix);
                Ok(rest.to_owned())
            }
            _ => Ok(capitals),
        }
    }

    fn text(&mut self, value: &Tlv<'_>, field: TextField) -> Result<String, Fault> {
        self.departures.note_if(value.tag != UTF8_STRING, Departure::TextType(field));
        let text = match text::decode(value.tag, value.content) {
            Some(text) => text,
            None if value.tag == text::BMP_STRING => {
                return Err(value.fault("a BMPString that is not UTF-16"));
            }
            None => {
                self.departures.note(Departure::TextEncoding(field));
                text::latin_1(value.content)
            }
        };
        let tidied = tidy(&text);
        self.departures.note_if(tidied != text, Departure::Whitespace(field));
        if tidied.contains(char::is_control) {
            return Err(value.fault("a text with control characters"));
        }
        if tidied.chars().count() > MAX_TEXT_CHARS {
            return Err(value.fault("a text of more than 256 characters"));
        }
        match field {
            TextField::NcaName => self.departures.note_if(tidied.is_empty(), Departure::NcaNameMissing),
            _ if tidied.is_empty() => return Err(value.fault("an empty text")),
            _ => {}
        }
        Ok(tidied.into_owned())
    }
}

/// Puts hyphens where other dashes are, and takes spaces away at the ends and around the first two hyphens.
///
/// A space anywhere else stays, and keeps the text from being an identifier: an authority may give the numbers
/// `A1 2345` and `A 12345` to two providers, which without their spaces would be one.
pub(crate) fn tidy_identifier(text: &str, field: TextField, departures: &mut Departures) -> String {
    // C programs write the zero byte that ends a text. One within a text has made many a reader stop early.
    let ended = text.trim_end_matches('\0');
    let mut trimmed = String::with_capacity(ended.len());
    let mut rest = ended;
    for _ in 0..2 {
        let Some((at, separator)) = rest.char_indices().find(|(_, c)| matches!(c, '-' | '_') || is_dash(*c))
        else {
            break;
        };
        let (part, from_separator) = rest.split_at(at);
        trimmed.push_str(part.trim_matches(is_blank));
        trimmed.push(separator);
        rest = from_separator.strip_prefix(separator).unwrap_or_default();
    }
    trimmed.push_str(rest.trim_matches(is_blank));
    departures.note_if(trimmed != text, Departure::Whitespace(field));
    // The number of an organizationIdentifier may have underscores.
    let dash = |c| is_dash(c) || (c == '_' && field == TextField::NcaId);
    let hyphenated: String = trimmed.chars().map(|c| if dash(c) { '-' } else { c }).collect();
    departures.note_if(hyphenated != trimmed, Departure::Dash(field));
    hyphenated
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || text::is_invisible(c)
}

fn is_dash(c: char) -> bool {
    matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}')
}

/// Whether a text will be an nCAId once it is tidied. What that takes is noted when it is read.
fn peeks_as_nca_id(value: &Tlv<'_>) -> bool {
    let text = text::decode(value.tag, value.content).unwrap_or_default();
    let text = tidy_identifier(&text, TextField::NcaId, &mut Departures::default()).to_ascii_uppercase();
    is_nca_id(&text) || text.strip_prefix("PSD").is_some_and(is_nca_id)
}

/// `XX-AUTHORITY` (ETSI TS 119 495, 5.2.3).
fn is_nca_id(text: &str) -> bool {
    let capitals = |text: &str| text.bytes().all(|b| b.is_ascii_uppercase());
    text.split_once('-').is_some_and(|(country, authority)| {
        country.len() == 2 && capitals(country) && (2..=8).contains(&authority.len()) && capitals(authority)
    })
}
