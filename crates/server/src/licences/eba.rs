//! The register of the European Banking Authority (PSD2, Art. 15; Regulation (EU) 2019/411, Art. 17), in the
//! JSON that it publishes every day.
//!
//! The file is an array of two arrays, a disclaimer and the entities. An entity has its authority
//! (`CA_OwnerID`, `FR_ACPR`), its code and type, `Properties` as objects of one member each, and `Services`
//! by country. Values are texts or arrays of texts. Entities are read one after the other: most of a third of
//! a million are agents, which we pass over.
//!
//! | Type | What it is | What we make of it |
//! | --- | --- | --- |
//! | `PSD_PI`, `PSD_EMI`, `PSD_EPI`, `PSD_EEMI`, `PSD_AISP`, `PSD_ENL` | institutions | a listing |
//! | `PSD_BR` | a branch in another country | its countries are added to its institution's |
//! | `PSD_AG` | an agent | nothing: it acts with its principal's certificates and licence |
//! | `PSD_EXC` | excluded from PSD2, Art. 3(k), (l) | nothing: it is no payment service provider |

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    io::{BufReader, Read},
};

use eidas::OrganizationIdentifier;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use payments::licence::{Licence, Listing};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::{Bounded, InvalidRegister, Register, is_country, printable};

/// Payment initiation services (PSD2, annex I, point 7).
const PAYMENT_INITIATION: &str = "PS_070";
const INSTITUTIONS: [&str; 6] = ["PSD_PI", "PSD_EMI", "PSD_EPI", "PSD_EEMI", "PSD_AISP", "PSD_ENL"];
const BRANCH: &str = "PSD_BR";
/// Types that say nothing of an institution's licence.
const OTHERS: [&str; 2] = ["PSD_AG", "PSD_EXC"];
/// How often progress is told, in entities.
const PROGRESS_EVERY: u64 = 50_000;

/// Reads the register, as it stands on the day `on`. `progress` is told how many entities were read.
///
/// # Errors
///
/// [`InvalidRegister`] if the file is too large, is not of the published form or lists no institution.
pub fn read(
    source: impl Read,
    register: &str,
    on: Date,
    progress: &mut dyn FnMut(u64),
) -> Result<Register, InvalidRegister> {
    let mut reading = Reading::new(on, progress);
    let buffered = BufReader::with_capacity(1024 * 1024, Bounded::new(source));
    let mut json = serde_json::Deserializer::from_reader(buffered);
    let read = File(&mut reading).deserialize(&mut json).and_then(|()| json.end());
    read.map_err(|error| match error.io_error_kind() {
        Some(kind) => InvalidRegister::from(std::io::Error::from(kind)),
        None => InvalidRegister::Json(error),
    })?;
    reading.finish(register)
}

/// An entity as it is published.
#[derive(Deserialize)]
struct Entity {
    #[serde(rename = "CA_OwnerID")]
    authority: Option<Texts>,
    #[serde(rename = "EntityCode")]
    code: Option<Texts>,
    #[serde(rename = "EntityType")]
    kind: Option<Texts>,
    #[serde(rename = "Properties", default)]
    properties: Members,
    #[serde(rename = "Services", default)]
    services: Members,
    #[serde(rename = "__EBA_EntityVersion")]
    version: Option<Texts>,
}

impl Entity {
    fn text(member: Option<&Texts>) -> Option<&str> {
        member.and_then(|texts| texts.0.first()).map(|text| text.trim()).filter(|text| !text.is_empty())
    }

    fn property(&self, name: &str) -> &[String] {
        self.properties.0.iter().find(|(key, _)| key == name).map_or(&[], |(_, texts)| &texts.0)
    }

    fn property_text(&self, name: &str) -> Option<&str> {
        self.property(name).first().map(|text| text.trim()).filter(|text| !text.is_empty())
    }

    /// Where payments may be initiated.
    fn countries(&self) -> BTreeSet<String> {
        let initiates = |texts: &Texts| texts.0.iter().any(|service| service == PAYMENT_INITIATION);
        let countries =
            self.services.0.iter().filter(|(country, texts)| is_country(country) && initiates(texts));
        countries.map(|(country, _)| country.clone()).collect()
    }
}

/// An institution, and the branches found of it.
struct Institution {
    identifier: String,
    name: String,
    authorised: bool,
    countries: BTreeSet<String>,
}

/// What a branch or its institution is found by: type and code.
type Key = (String, String);

struct Reading<'a> {
    on: Date,
    progress: &'a mut dyn FnMut(u64),
    entities: u64,
    register: Register,
    institutions: Vec<Institution>,
    by_key: BTreeMap<Key, usize>,
    branches: Vec<(Key, BTreeSet<String>)>,
}

impl<'a> Reading<'a> {
    fn new(on: Date, progress: &'a mut dyn FnMut(u64)) -> Self {
        Self {
            on,
            progress,
            entities: 0,
            register: Register::default(),
            institutions: Vec::new(),
            by_key: BTreeMap::new(),
            branches: Vec::new(),
        }
    }

    fn add(&mut self, entity: &Entity) {
        let (Some(kind), Some(code)) =
            (Entity::text(entity.kind.as_ref()), Entity::text(entity.code.as_ref()))
        else {
            // The disclaimer, or nothing we could name.
            return;
        };
        self.entities += 1;
        if self.entities.is_multiple_of(PROGRESS_EVERY) {
            (self.progress)(self.entities);
        }
        let version = Entity::text(entity.version.as_ref()).and_then(changed_at);
        self.register.published_at = self.register.published_at.max(version);
        if INSTITUTIONS.contains(&kind) {
            self.add_institution(entity, kind, code);
        } else if kind == BRANCH {
            self.add_branch(entity);
        } else if !OTHERS.contains(&kind) {
            self.register.pass_over("entities of an unknown type", &format!("{code} ({kind})"));
        }
    }

    fn add_institution(&mut self, entity: &Entity, kind: &str, code: &str) {
        let Some(identifier) = identifier(entity) else {
            let why = "institutions whose authority and number give no organizationIdentifier";
            return self.register.pass_over(why, code);
        };
        let Some(authorised) = is_authorised(entity.property("ENT_AUT"), self.on) else {
            let why = "institutions without clear dates of authorisation and withdrawal";
            return self.register.pass_over(why, code);
        };
        self.by_key.insert((kind.to_owned(), bare(code).to_owned()), self.institutions.len());
        // A name in another script comes first, the international one last.
        let name = entity.property("ENT_NAM").last().map(|name| printable(name)).unwrap_or_default();
        self.institutions.push(Institution { identifier, name, authorised, countries: entity.countries() });
    }

    fn add_branch(&mut self, entity: &Entity) {
        let countries = entity.countries();
        let active = entity.property_text("DER_CHI_ENT_AUT") == Some("Active");
        let parent = (entity.property_text("ENT_TYP_PAR_ENT"), entity.property_text("ENT_COD_PAR_ENT"));
        if let ((Some(kind), Some(code)), true, false) = (parent, active, countries.is_empty()) {
            self.branches.push(((kind.to_owned(), bare(code).to_owned()), countries));
        }
    }

    fn finish(mut self, register: &str) -> Result<Register, InvalidRegister> {
        if self.institutions.is_empty() {
            return Err(InvalidRegister::Empty);
        }
        for (parent, countries) in self.branches {
            let parent = self.by_key.get(&parent).and_then(|index| self.institutions.get_mut(*index));
            if let Some(institution) = parent {
                institution.countries.extend(countries);
            } else {
                let countries: Vec<String> = countries.into_iter().collect();
                self.register.pass_over("branches of an institution that is not there", &countries.join(" "));
            }
        }
        let mut listings: BTreeMap<String, Listing> = BTreeMap::new();
        for institution in self.institutions {
            let listing = institution.listing(register);
            match listings.get_mut(&listing.organization_identifier) {
                Some(present) => merge(present, listing),
                None => drop(listings.insert(listing.organization_identifier.clone(), listing)),
            }
        }
        self.register.listings = listings.into_values().collect();
        Ok(self.register)
    }
}

impl Institution {
    fn listing(self, register: &str) -> Listing {
        Listing {
            register: register.to_owned(),
            organization_identifier: self.identifier,
            name: self.name,
            standing: if self.authorised { Licence::Active } else { Licence::Withdrawn },
            payment_initiation_in: self.countries,
        }
    }
}

/// A provider that is listed under several types, as a payment institution that became one for electronic
/// money: what is authorised counts, and what is withdrawn only if nothing is.
fn merge(present: &mut Listing, other: Listing) {
    if present.standing == other.standing {
        present.payment_initiation_in.extend(other.payment_initiation_in);
    } else if other.standing == Licence::Active {
        *present = other;
    }
}

/// `PSDFR-ACPR-12345` of `FR_ACPR` and `12345` (ETSI TS 119 495, 5.2.1). What an authority's short name has
/// besides letters (`FI_FIN-FSA`) is left out in certificates.
fn identifier(entity: &Entity) -> Option<String> {
    let (country, authority) = Entity::text(entity.authority.as_ref())?.split_once('_')?;
    let authority: String = authority.chars().filter(char::is_ascii_alphabetic).collect();
    let number = entity.property_text("ENT_NAT_REF_COD")?;
    let text = format!("PSD{country}-{}-{number}", authority.to_ascii_uppercase());
    OrganizationIdentifier::parse(&text).ok().map(|identifier| identifier.to_string())
}

/// Codes of the same entity come with and without the type before them: `PSD_PI!FR_ACPR!1`, `FR_ACPR!1`.
fn bare(code: &str) -> &str {
    match code.split_once('!') {
        Some((kind, rest)) if kind.starts_with("PSD_") => rest,
        _ => code,
    }
}

/// Whether the dates of authorisation and withdrawal, in turns and in order, leave an authorisation on a
/// day. Nothing if they are not of that form, or begin later.
fn is_authorised(dates: &[String], on: Date) -> Option<bool> {
    let dates: Vec<Date> = dates.iter().map(|text| text.trim().parse()).collect::<Result<_, _>>().ok()?;
    if !dates.is_sorted() {
        return None;
    }
    match dates.iter().filter(|date| **date <= on).count() {
        0 => None,
        turns => Some(turns % 2 == 1),
    }
}

/// When an entity was changed: `20260814223344848`, with or without the milliseconds.
fn changed_at(version: &str) -> Option<Timestamp> {
    let seconds = version.get(..14).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    let civil = jiff::civil::DateTime::strptime("%Y%m%d%H%M%S", seconds).ok()?;
    civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

/// The file: arrays of entities in an array.
struct File<'r, 'a>(&'r mut Reading<'a>);

impl<'de> DeserializeSeed<'de> for File<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for File<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array of a disclaimer and the entities")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut arrays: A) -> Result<(), A::Error> {
        while arrays.next_element_seed(Entities(self.0))?.is_some() {}
        Ok(())
    }
}

struct Entities<'r, 'a>(&'r mut Reading<'a>);

impl<'de> DeserializeSeed<'de> for Entities<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Entities<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array of entities")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entities: A) -> Result<(), A::Error> {
        while let Some(entity) = entities.next_element::<Entity>()? {
            self.0.add(&entity);
        }
        Ok(())
    }
}

/// Objects of one member each, or one object, as the members in their order.
#[derive(Default)]
struct Members(Vec<(String, Texts)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("objects of one member each")
    }

    fn visit_unit<E>(self) -> Result<Members, E> {
        Ok(Members::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut objects: A) -> Result<Members, A::Error> {
        let mut members = Members::default();
        while let Some(more) = objects.next_element::<Members>()? {
            members.0.extend(more.0);
        }
        Ok(members)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Members, A::Error> {
        let mut members = Members::default();
        while let Some(member) = object.next_entry()? {
            members.0.push(member);
        }
        Ok(members)
    }
}

/// A text or several. Anything else counts as none: no property that we read is of another kind.
#[derive(Default)]
struct Texts(Vec<String>);

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextsVisitor)
    }
}

struct TextsVisitor;

impl<'de> Visitor<'de> for TextsVisitor {
    type Value = Texts;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text or an array of texts")
    }

    fn visit_str<E>(self, text: &str) -> Result<Texts, E> {
        Ok(Texts(vec![text.to_owned()]))
    }

    fn visit_string<E>(self, text: String) -> Result<Texts, E> {
        Ok(Texts(vec![text]))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Texts, E> {
        Ok(Texts(vec![number.to_string()]))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Texts, E> {
        Ok(Texts::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Texts, E> {
        Ok(Texts::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Texts, E> {
        Ok(Texts::default())
    }

    fn visit_unit<E>(self) -> Result<Texts, E> {
        Ok(Texts::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Texts, A::Error> {
        let mut texts = Texts::default();
        while let Some(more) = array.next_element::<Texts>()? {
            texts.0.extend(more.0);
        }
        Ok(texts)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Texts, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Texts::default())
    }
}

#[cfg(test)]
#[path = "eba/tests.rs"]
mod tests;
