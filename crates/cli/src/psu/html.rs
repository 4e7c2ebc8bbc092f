//! Reading our own pages as a browser does: headings, links and forms. No general HTML parser: it knows what
//! server-rendered pages are made of, and passes over the rest.

use std::collections::BTreeMap;

/// What a page offers.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    /// Text of the first `h1`.
    pub(crate) heading: String,
    /// Its forms, in order.
    pub(crate) forms: Vec<Form>,
    /// Targets of its links, in order.
    pub(crate) links: Vec<String>,
}

/// A form.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Form {
    id: Option<String>,
    /// Where it is sent, relative to the page; empty for the page itself.
    pub(crate) action: String,
    /// Whether it is sent as `POST`.
    pub(crate) is_post: bool,
    /// Its inputs, in order.
    pub(crate) inputs: Vec<Input>,
    /// Its submit buttons, in order.
    pub(crate) buttons: Vec<Button>,
}

/// An input that can be filled in.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Input {
    /// Its name; inputs without one are not sent.
    pub(crate) name: String,
    /// Its type, `text` if it has none.
    pub(crate) kind: String,
    /// What it holds.
    pub(crate) value: String,
    /// What browsers may fill in: `username`, `current-password`, `one-time-code`.
    pub(crate) autocomplete: String,
    /// Whether a radio button or check box is on.
    pub(crate) checked: bool,
}

/// A submit button.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Button {
    /// Its name, if pressing it sends something.
    pub(crate) name: Option<String>,
    /// What it sends.
    pub(crate) value: String,
    /// Where it sends the form instead of its action.
    pub(crate) action: Option<String>,
}

impl Page {
    /// Reads a page.
    pub(crate) fn read(html: &str) -> Self {
        let mut reader = Reader::default();
        let mut rest = html;
        while let Some((text, tag, after)) = next_tag(rest) {
            reader.text(text);
            reader.tag(&tag);
            rest = after;
        }
        reader.page.heading = reader.page.heading.split_whitespace().collect::<Vec<_>>().join(" ");
        reader.page
    }
}

impl Form {
    /// What a browser sends when nothing was changed and no button pressed.
    pub(crate) fn preset(&self) -> BTreeMap<String, String> {
        self.inputs
            .iter()
            .filter(|input| input.checked || !matches!(input.kind.as_str(), "radio" | "checkbox"))
            .map(|input| (input.name.clone(), input.value.clone()))
            .collect()
    }
}

#[derive(Default)]
struct Reader {
    page: Page,
    in_heading: bool,
    in_form: bool,
}

impl Reader {
    fn text(&mut self, text: &str) {
        if self.in_heading {
            self.page.heading.push_str(&decode(text));
        }
    }

    fn tag(&mut self, tag: &Tag<'_>) {
        match tag.name.as_str() {
            "h1" => self.in_heading = self.page.heading.is_empty(),
            "/h1" => self.in_heading = false,
            "form" => self.open_form(tag),
            "/form" => self.in_form = false,
            "input" => self.input(tag),
            "button" => self.button(tag),
            "a" => self.page.links.extend(tag.attribute("href")),
            _ => {}
        }
    }

    fn open_form(&mut self, tag: &Tag<'_>) {
        self.in_form = true;
        self.page.forms.push(Form {
            id: tag.attribute("id"),
            action: tag.attribute("action").unwrap_or_default(),
            is_post: tag.attribute("method").is_some_and(|method| method.eq_ignore_ascii_case("post")),
            ..Form::default()
        });
    }

    /// The form an element belongs to: the one it names, else the one around it.
    fn form_of(&mut self, tag: &Tag<'_>) -> Option<&mut Form> {
        match tag.attribute("form") {
            Some(id) => self.page.forms.iter_mut().find(|form| form.id.as_ref() == Some(&id)),
            None if self.in_form => self.page.forms.last_mut(),
            None => None,
        }
    }

    fn input(&mut self, tag: &Tag<'_>) {
        let kind = tag.attribute("type").unwrap_or_else(|| "text".to_owned()).to_ascii_lowercase();
        if kind == "submit" {
            return self.button(tag);
        }
        let Some(name) = tag.attribute("name").filter(|_| !tag.has("disabled")) else {
            return;
        };
        let input = Input {
            name,
            kind,
            value: tag.attribute("value").unwrap_or_default(),
            autocomplete: tag.attribute("autocomplete").unwrap_or_default(),
            checked: tag.has("checked"),
        };
        if let Some(form) = self.form_of(tag) {
            form.inputs.push(input);
        }
    }

    fn button(&mut self, tag: &Tag<'_>) {
        let submits = tag.attribute("type").is_none_or(|kind| kind.eq_ignore_ascii_case("submit"));
        if !submits || tag.has("disabled") {
            return;
        }
        let button = Button {
            name: tag.attribute("name"),
            value: tag.attribute("value").unwrap_or_default(),
            action: tag.attribute("formaction"),
        };
        if let Some(form) = self.form_of(tag) {
            form.buttons.push(button);
        }
    }
}

struct Tag<'a> {
    /// In lower case; closing tags keep their slash.
    name: String,
    attributes: Vec<(String, &'a str)>,
}

impl Tag<'_> {
    fn attribute(&self, name: &str) -> Option<String> {
        let (_, value) = self.attributes.iter().find(|(known, _)| known == name)?;
        Some(decode(value))
    }

    fn has(&self, name: &str) -> bool {
        self.attributes.iter().any(|(known, _)| known == name)
    }
}

/// The text before the next tag, the tag, and what follows it. Comments, styles and scripts are passed over.
fn next_tag(html: &str) -> Option<(&str, Tag<'_>, &str)> {
    let (text, rest) = html.split_once('<')?;
    if let Some(comment) = rest.strip_prefix("!--") {
        let after = comment.split_once("-->").map_or("", |(_, after)| after);
        return Some((text, read_tag("!--"), after));
    }
    let end = end_of_tag(rest);
    let tag = read_tag(rest.get(..end)?);
    let after = rest.get(end + 1..).unwrap_or_default();
    let after = match tag.name.as_str() {
        "script" | "style" => {
            after.find(&format!("</{}", tag.name)).and_then(|start| after.get(start..)).unwrap_or_default()
        }
        _ => after,
    };
    Some((text, tag, after))
}

/// Where the `>` of a tag is: not inside quotes.
fn end_of_tag(rest: &str) -> usize {
    let mut quote = None;
    for (index, c) in rest.char_indices() {
        match (quote, c) {
            (None, '>') => return index,
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    rest.len()
}

fn read_tag(inside: &str) -> Tag<'_> {
    let inside = inside.strip_suffix('/').unwrap_or(inside);
    let (name, mut rest) = inside.split_once(char::is_whitespace).unwrap_or((inside, ""));
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            break;
        }
        let end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end.max(1).min(rest.len()));
        let (value, after) = match after.trim_start().strip_prefix('=') {
            Some(value) => read_value(value.trim_start()),
            None => ("", after),
        };
        attributes.push((name.to_ascii_lowercase(), value));
        rest = after;
    }
    Tag { name: name.to_ascii_lowercase(), attributes }
}

fn read_value(text: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(quoted) = text.strip_prefix(quote) {
            return quoted.split_once(quote).unwrap_or((quoted, ""));
        }
    }
    text.split_once(char::is_whitespace).unwrap_or((text, ""))
}

/// Decodes the character references that templates write.
fn decode(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        decoded.push_str(before);
        let reference = after.split_once(';');
        let read = reference.and_then(|(name, after)| Some((character(name)?, after)));
        // An ampersand that begins no reference stands for itself.
        let (c, after) = read.unwrap_or(('&', after));
        decoded.push(c);
        rest = after;
    }
    decoded.push_str(rest);
    decoded
}

fn character(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some('\u{a0}'),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(html: &str) -> String {
        let page = Page::read(html);
        let shown = page.forms.iter().map(|form| {
            let inputs = form.preset();
            let inputs = inputs.iter().map(|(name, value)| format!("{name}={value}"));
            inputs.collect::<Vec<_>>().join("&")
        });
        shown.collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn a_form_sends_what_a_browser_would_send() {
        let table = [
            ("<form><input name=a value=1><input name='b' value='2'/></form>", "a=1&b=2"),
            (r#"<form><input type="hidden" name="csrf" value="a&#38;b&quot;&#x27;"></form>"#, "csrf=a&b\"'"),
            ("<FORM><INPUT NAME=a VALUE=1></FORM>", "a=1"),
            ("<form><input name=a value=1 disabled></form>", ""),
            ("<form><input value=1></form>", ""),
            (
                "<form><input type=radio name=r value=1><input type=radio name=r value=2 checked></form>",
                "r=2",
            ),
            ("<form><input type=checkbox name=c value=1></form>", ""),
            ("<form><input type=submit name=s value=1></form>", ""),
            ("<input name=out value=1><form></form><input name=late value=2>", ""),
            ("<form id=f></form><input name=a value=1 form=f>", "a=1"),
            ("<form><input name=a value='x > y'></form>", "a=x > y"),
            ("<!-- <form><input name=no></form> --><form><input name=a></form>", "a="),
            ("<script>'<form><input name=no>'</script><form><input name=a></form>", "a="),
            ("<form><input name=a value=1></form><form><input name=b value=2></form>", "a=1 | b=2"),
        ];
        for (html, expected) in table {
            assert_eq!(inputs(html), expected, "{html}");
        }
    }

    #[test]
    fn headings_links_and_buttons_are_found() {
        let page = Page::read(
            r#"<h1>
                 Vous payez <b>12,34&nbsp;€</b></h1><h1>Autre</h1>
               <a class="x" href="/a?b=1&amp;c=2">x</a><a name="anchor">y</a>
               <form method="POST" action="/next">
                 <button type="button" name="no">n</button>
                 <button name="decision" value="approve">Oui</button>
                 <button disabled name="gone">z</button>
                 <button formaction="/refuse">Non</button>
               </form>"#,
        );
        assert_eq!(page.heading, "Vous payez 12,34 €");
        assert_eq!(page.links, ["/a?b=1&c=2"]);
        let form = &page.forms[0];
        assert!(form.is_post && form.action == "/next");
        let buttons: Vec<_> = form.buttons.iter().map(|b| (b.name.as_deref(), b.action.as_deref())).collect();
        assert_eq!(buttons, [(Some("decision"), None), (None, Some("/refuse"))]);
    }

    #[test]
    fn anything_can_be_read() {
        for html in
            ["", "<", "<<>>", "<form", "<form =", "<a b='", "</", "&", "&;", "&#;", "&#xffffffff;", "<é è=à>"]
        {
            Page::read(html);
            Page::read(&format!("<form>{html}"));
        }
    }
}
