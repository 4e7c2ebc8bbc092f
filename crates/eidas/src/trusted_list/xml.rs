//! A walk through a bounded XML document, element by element, with names that no prefix can disguise.
//!
//! What is handed on is what a canonical form keeps (Canonical XML 1.0): text runs over comments and CDATA,
//! references are resolved, prefixes do not count. So nothing that the signature leaves open is read.

use quick_xml::{
    NsReader, XmlVersion,
    escape::resolve_predefined_entity,
    events::{BytesDecl, BytesRef, BytesStart, Event},
    name::{Namespace, ResolveResult},
};

use super::InvalidTrustedList as Invalid;

/// Largest trusted list read, in bytes. The largest national lists have four or five million.
pub const MAX_LIST_BYTES: usize = 16 * 1024 * 1024;
/// Deepest element read. Lists with their signatures need about twenty.
const MAX_DEPTH: usize = 64;
/// Most attributes of one element, namespaces included.
const MAX_ATTRIBUTES: usize = 64;
/// Longest name of an element, in bytes.
const MAX_NAME: usize = 128;

/// Namespaces that we read, and how a path writes them. Every other is `?`.
const NAMESPACES: [(&str, &str); 5] = [
    ("http://uri.etsi.org/02231/v2#", "tsl:"),
    ("http://uri.etsi.org/02231/v2/additionaltypes#", "tslx:"),
    ("http://uri.etsi.org/TrstSvc/SvcInfoExt/eSigDir-1999-93-EC-TrustedList/#", "sie:"),
    ("http://www.w3.org/2000/09/xmldsig#", "ds:"),
    ("http://uri.etsi.org/01903/v1.3.2#", "xades:"),
];

/// Attributes by their names as written.
pub(super) type Attributes = Vec<(String, String)>;

/// The attribute of this name.
pub(super) fn attribute<'a>(attributes: &'a Attributes, name: &str) -> Option<&'a str> {
    attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// Who is told of every element. A path reads `tsl:TrustServiceStatusList/tsl:SchemeInformation`.
pub(super) trait Visitor {
    /// An element begins.
    fn open(&mut self, path: &str, attributes: &Attributes) -> Result<(), Invalid>;

    /// It ends; `text` is what stood directly in it, trimmed.
    fn close(&mut self, path: &str, text: &str) -> Result<(), Invalid>;
}

/// Tells `visitor` of every element of a document.
///
/// # Errors
///
/// If the document is too large or too deep, is no well-formed XML 1.0 in UTF-8, or has a document type; or
/// what the visitor says.
pub(super) fn walk(bytes: &[u8], visitor: &mut impl Visitor) -> Result<(), Invalid> {
    if bytes.len() > MAX_LIST_BYTES {
        return Err(Invalid::TooLarge);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| Invalid::NotUtf8)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = NsReader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    reader.config_mut().check_comments = true;
    let mut walk = Walk::default();
    loop {
        let position = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let step = match reader.read_resolved_event() {
            Ok((_, Event::Eof)) => break,
            Ok((namespace, event)) => walk.step(&namespace, event, position, visitor),
            Err(_) => Err(Step::Broken),
        };
        step.map_err(|step| match step {
            Step::Broken => Invalid::Xml { line: line_of(text, position) },
            Step::Refused(invalid) => invalid,
        })?;
    }
    if walk.ended { Ok(()) } else { Err(Invalid::Xml { line: line_of(text, text.len()) }) }
}

/// What stops a walk.
enum Step {
    /// The document is not well formed.
    Broken,
    /// It is, and we do not take it.
    Refused(Invalid),
}

impl From<Invalid> for Step {
    fn from(invalid: Invalid) -> Self {
        Self::Refused(invalid)
    }
}

impl From<quick_xml::Error> for Step {
    fn from(_: quick_xml::Error) -> Self {
        Self::Broken
    }
}

fn line_of(text: &str, position: usize) -> usize {
    text.get(..position).unwrap_or(text).matches('\n').count() + 1
}

/// Where a walk is.
#[derive(Default)]
struct Walk {
    path: String,
    /// For every open element, the length of the path before it, and its text so far.
    open: Vec<(usize, String)>,
    /// The root was closed.
    ended: bool,
}

impl Walk {
    fn step(
        &mut self,
        namespace: &ResolveResult<'_>,
        event: Event<'_>,
        position: usize,
        visitor: &mut impl Visitor,
    ) -> Result<(), Step> {
        match event {
            Event::Start(start) => self.start(namespace, &start, visitor),
            Event::End(_) => self.end(visitor),
            Event::Text(text) => self.text(&text.xml10_content()),
            Event::CData(text) if !self.open.is_empty() => self.text(&text.xml10_content()),
            Event::GeneralRef(reference) => self.reference(&reference),
            Event::Comment(_) | Event::PI(_) => Ok(()),
            Event::Decl(declaration) if position == 0 => declared(&declaration),
            Event::DocType(_) => Err(Invalid::DocumentType.into()),
            Event::CData(_) | Event::Decl(_) | Event::Empty(_) | Event::Eof => Err(Step::Broken),
        }
    }

    fn start(
        &mut self,
        namespace: &ResolveResult<'_>,
        start: &BytesStart<'_>,
        visitor: &mut impl Visitor,
    ) -> Result<(), Step> {
        if self.ended {
            return Err(Step::Broken);
        }
        if self.open.len() == MAX_DEPTH {
            return Err(Invalid::TooDeep.into());
        }
        let local = start.local_name();
        let local = local.as_ref();
        // A path must not be made up of a name.
        if local.is_empty() || local.len() > MAX_NAME || !local.chars().all(is_name_character) {
            return Err(Step::Broken);
        }
        let prefix = match namespace {
            ResolveResult::Bound(Namespace(uri)) => {
                NAMESPACES.iter().find(|(known, _)| known == uri).map_or("?", |(_, prefix)| prefix)
            }
            ResolveResult::Unbound => "?",
            ResolveResult::Unknown(_) => return Err(Step::Broken),
        };
        self.open.push((self.path.len(), String::new()));
        if !self.path.is_empty() {
            self.path.push('/');
        }
        self.path.push_str(prefix);
        self.path.push_str(local);
        visitor.open(&self.path, &attributes(start)?)?;
        Ok(())
    }

    fn end(&mut self, visitor: &mut impl Visitor) -> Result<(), Step> {
        let (length, text) = self.open.pop().ok_or(Step::Broken)?;
        visitor.close(&self.path, text.trim())?;
        self.path.truncate(length);
        self.ended = self.open.is_empty();
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), Step> {
        match self.open.last_mut() {
            Some((_, kept)) => kept.push_str(text),
            None if text.trim().is_empty() => {}
            None => return Err(Step::Broken),
        }
        Ok(())
    }

    /// A character, or one of the five entities that need no document type.
    fn reference(&mut self, reference: &BytesRef<'_>) -> Result<(), Step> {
        if self.open.is_empty() {
            return Err(Step::Broken);
        }
        match reference.resolve_char_ref()? {
            Some(character) => self.text(character.encode_utf8(&mut [0; 4])),
            None => self.text(resolve_predefined_entity(reference).ok_or(Step::Broken)?),
        }
    }
}

fn is_name_character(character: char) -> bool {
    character.is_alphanumeric() || "-_.".contains(character)
}

/// Only XML 1.0 in UTF-8: whoever verifies the signature must see the same characters as we do.
fn declared(declaration: &BytesDecl<'_>) -> Result<(), Step> {
    if declaration.version()? != "1.0" {
        return Err(Step::Broken);
    }
    match declaration.encoding() {
        None => Ok(()),
        Some(Ok(encoding)) if encoding.eq_ignore_ascii_case("utf-8") => Ok(()),
        Some(_) => Err(Invalid::NotUtf8.into()),
    }
}

fn attributes(start: &BytesStart<'_>) -> Result<Attributes, Step> {
    let mut read = Attributes::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|_| Step::Broken)?;
        if read.len() == MAX_ATTRIBUTES {
            return Err(Invalid::TooDeep.into());
        }
        let value = attribute.normalized_value(XmlVersion::Explicit1_0)?;
        read.push((attribute.key.0.to_owned(), value.into_owned()));
    }
    Ok(read)
}
