//! What a person does with a browser, and what every page that comes must be.

use std::{path::PathBuf, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::{Value, json};
use thirtyfour::{By, Key, WebElement, WindowHandle, error::WebDriverResult, prelude::ElementQueryable as _};
use url::Url;

use crate::chromium::Chromium;

/// Widths a phone may have, in CSS pixels; the last is the one shown.
const PHONE_WIDTHS: [u32; 2] = [320, 390];
/// More stops than any page has on the way of the Tab key.
const MAX_TABS: usize = 40;

/// Whether there is an outline around what has the focus, or around its label.
const FOCUS_IS_SHOWN: &str = "const at = document.activeElement; \
    return [at, at.closest('label') ?? at].some((one) => getComputedStyle(one).outlineStyle !== 'none')";

/// What the pages are looked at with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Screen {
    /// 390 by 844, light.
    Phone,
    /// 390 by 844, dark.
    DarkPhone,
    /// 1280 by 800, light.
    Desktop,
}

/// A browser window in which a test looks at every page.
pub(crate) struct Window {
    chromium: Chromium,
    screen: Screen,
    language: &'static str,
    test: &'static str,
    pictures: usize,
    /// Every address the browser has asked for.
    asked: Vec<Url>,
}

impl Window {
    /// Opens one whose browser prefers `language`; pictures are named after `test`.
    pub(crate) async fn open(test: &'static str, screen: Screen, language: &'static str) -> Self {
        let window = Self {
            chromium: Chromium::start(language).await,
            screen,
            language,
            test,
            pictures: 0,
            asked: Vec::new(),
        };
        window.set_screen().await;
        window
    }

    /// Goes to an address, as if it was typed.
    pub(crate) async fn go(&self, url: &Url) {
        self.driver().goto(url.as_str()).await.unwrap();
    }

    /// Waits for an element.
    pub(crate) async fn find(&self, css: &str) -> WebElement {
        let found = self.driver().query(By::Css(css)).first().await;
        if found.is_err() {
            self.picture_of("failed").await;
            let url = self.address().await;
            let page = self.driver().query(By::Css("body")).nowait().first().await;
            let text = page.unwrap().text().await.unwrap();
            panic!("there is no {css} at {url}, which says:\n{text}");
        }
        found.unwrap()
    }

    /// Whether an element is there now.
    pub(crate) async fn has(&self, css: &str) -> bool {
        let query = self.driver().query(By::Css(css)).nowait();
        query.exists().await.unwrap()
    }

    /// Waits until the page at `path` is there.
    pub(crate) async fn arrive(&self, path: &'static str) {
        let session = Arc::clone(self.driver().handle());
        let here = move |_: WebElement| {
            let session = Arc::clone(&session);
            async move {
                let script = "return document.readyState === 'complete' && location.pathname";
                let shown = session.execute(script, Vec::new()).await;
                Ok(shown.is_ok_and(|shown| shown.json() == path))
            }
        };
        let body = self.driver().query(By::Css("body")).with_filter(here);
        if body.first().await.is_err() {
            self.picture_of("failed").await;
            panic!("the browser is at {}, not {path}", self.address().await);
        }
    }

    /// Waits for an element and clicks on it.
    pub(crate) async fn click(&self, css: &str) {
        done(self.find(css).await.click().await);
    }

    /// Types into a field.
    pub(crate) async fn fill(&self, css: &str, text: &str) {
        done(self.find(css).await.send_keys(text).await);
    }

    /// Waits for an element and gives what it says.
    pub(crate) async fn text(&self, css: &str) -> String {
        self.find(css).await;
        let script = "return document.querySelector(arguments[0])?.innerText";
        let text = self.driver().execute(script, vec![json!(css)]).await.unwrap();
        let text = text.json().as_str();
        text.unwrap_or_else(|| panic!("{css} has gone")).to_owned()
    }

    /// Waits until an element says something.
    pub(crate) async fn reads(&self, css: &str, part: &'static str) {
        // An element of the page that is just being left is not the one we wait for.
        let says = move |element: WebElement| async move {
            let text = element.text().await;
            Ok(text.is_ok_and(|text| text.contains(part)))
        };
        let element = self.driver().query(By::Css(css)).with_filter(says);
        if element.first().await.is_err() {
            let text = self.text(css).await;
            panic!("{css} says {text:?}, not {part:?}");
        }
    }

    /// Presses keys, wherever the focus is.
    pub(crate) async fn press(&self, keys: impl Into<thirtyfour::TypingData>) {
        let element = self.driver().active_element().await.unwrap();
        done(element.send_keys(keys).await);
    }

    /// Presses Tab until the focus is on the element called `id`.
    pub(crate) async fn tab_to(&self, id: &str) {
        for _ in 0..MAX_TABS {
            if self.run("return document.activeElement.id").await == id {
                assert_eq!(self.run(FOCUS_IS_SHOWN).await, true, "the focus on {id} cannot be seen");
                return;
            }
            self.press(Key::Tab).await;
        }
        panic!("the Tab key does not reach {id} at {}", self.address().await);
    }

    /// Goes back, as with the browser's button.
    pub(crate) async fn back(&self) {
        self.driver().back().await.unwrap();
    }

    /// Loads the page again.
    pub(crate) async fn reload(&self) {
        self.driver().refresh().await.unwrap();
    }

    /// Opens another tab there, and gives the one that was left.
    pub(crate) async fn open_tab(&self, url: &Url) -> WindowHandle {
        let left = self.driver().window().await.unwrap();
        let tab = self.driver().new_tab().await.unwrap();
        self.driver().switch_to_window(tab).await.unwrap();
        self.set_screen().await;
        self.go(url).await;
        left
    }

    /// Closes the tab and goes on with another.
    pub(crate) async fn close_tab(&self, next: WindowHandle) {
        self.driver().close_window().await.unwrap();
        self.driver().switch_to_window(next).await.unwrap();
    }

    /// Pages are expected in this language from now on.
    pub(crate) fn expect_language(&mut self, language: &'static str) {
        self.language = language;
    }

    /// Looks at a page: it is well made at every width, breaks no rule of its own, and is kept as a picture.
    pub(crate) async fn look(&mut self, page: &str) {
        self.look_at(page, None).await;
    }

    /// Looks at a page that comes with a status of failure.
    pub(crate) async fn look_at_error(&mut self, page: &str, status: u16) {
        self.look_at(page, Some(status)).await;
    }

    /// The latest address the browser has asked for whose query has this parameter.
    pub(crate) fn asked_with(&self, parameter: &str) -> Url {
        let has = |url: &&Url| url.query_pairs().any(|(name, _)| name == parameter);
        let found = self.asked.iter().rfind(has);
        found.expect("the browser has been there").clone()
    }

    async fn look_at(&mut self, page: &str, status: Option<u16>) {
        self.pictures += 1;
        let name = format!("{:02}-{page}", self.pictures);
        self.picture_of(&name).await;
        let wrong = self.faults(status).await;
        assert!(wrong.is_empty(), "{name} of {}:\n{}", self.test, wrong.join("\n"));
    }

    /// What is wrong with the page once this script has run.
    pub(crate) async fn faults_after(&mut self, script: &str) -> Vec<String> {
        self.run(script).await;
        self.faults(None).await
    }

    async fn faults(&mut self, status: Option<u16>) -> Vec<String> {
        let mut wrong = Vec::new();
        for width in self.widths() {
            self.set_width(*width).await;
            let found = self.inspect().await.wrong;
            wrong.extend(found.into_iter().map(|what| format!("at {width} px, {what}")));
        }
        wrong.extend(self.complaints(status).await);
        wrong.extend(self.strangers().await);
        wrong
    }

    fn widths(&self) -> &'static [u32] {
        match self.screen {
            Screen::Phone | Screen::DarkPhone => &PHONE_WIDTHS,
            Screen::Desktop => &[1280],
        }
    }

    async fn inspect(&self) -> Inspected {
        let script = include_str!("inspect.js");
        let arguments = vec![json!(self.language)];
        let found = self.driver().execute(script, arguments).await.unwrap();
        serde_json::from_value(found.json().clone()).unwrap()
    }

    /// What the browser's console complains about; violations of the content security policy come there.
    async fn complaints(&self, status: Option<u16>) -> Vec<String> {
        let expected = status.map(|status| format!("responded with a status of {status}"));
        let is_expected = |message: &str| expected.as_ref().is_some_and(|text| message.contains(text));
        let log = self.driver().browser_log().await.unwrap();
        log.into_iter()
            .filter(|entry| entry.level != "INFO" && !is_expected(&entry.message))
            .map(|entry| format!("the console says {}: {}", entry.level, entry.message))
            .collect()
    }

    /// Addresses the browser has asked for that are not on this machine.
    async fn strangers(&mut self) -> Vec<String> {
        let log = self.driver().get_log("performance").await.unwrap();
        let asked: Vec<Url> = log.iter().filter_map(|entry| request(&entry.message)).collect();
        let strangers = asked.iter().filter(|url| !is_here(url));
        let strangers = strangers.map(|url| format!("the browser asked for {url}")).collect();
        self.asked.extend(asked);
        strangers
    }

    async fn picture_of(&self, name: &str) {
        let Inspected { width, height, .. } = self.inspect().await;
        let whole = json!({
            "captureBeyondViewport": true,
            "clip": { "x": 0, "y": 0, "width": width, "height": height, "scale": 1 },
        });
        let picture = self.cdp("Page.captureScreenshot", whole).await;
        let bytes = STANDARD.decode(picture["data"].as_str().unwrap()).unwrap();
        let folder = pictures();
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{}-{name}.png", self.test)), bytes).unwrap();
    }

    async fn set_screen(&self) {
        let scheme = if self.screen == Screen::DarkPhone { "dark" } else { "light" };
        let scheme = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.cdp("Emulation.setEmulatedMedia", scheme).await;
        for width in self.widths() {
            self.set_width(*width).await;
        }
    }

    async fn set_width(&self, width: u32) {
        let is_phone = self.screen != Screen::Desktop;
        let metrics = json!({
            "width": width,
            "height": if is_phone { 844 } else { 800 },
            "deviceScaleFactor": if is_phone { 2 } else { 1 },
            "mobile": is_phone,
        });
        self.cdp("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    async fn address(&self) -> Url {
        self.driver().current_url().await.unwrap()
    }

    async fn run(&self, script: &str) -> Value {
        let ran = self.driver().execute(script, Vec::new()).await.unwrap();
        ran.json().clone()
    }

    async fn cdp(&self, method: &str, parameters: Value) -> Value {
        self.driver().cdp().send_raw(method, parameters).await.unwrap()
    }

    fn driver(&self) -> &thirtyfour::WebDriver {
        &self.chromium.driver
    }
}

/// What was done may lead to another page before the driver has answered.
fn done(outcome: WebDriverResult<()>) {
    if let Err(error) = outcome {
        let text = error.to_string();
        assert!(text.contains("aborted by navigation"), "{text}");
    }
}

/// What `inspect.js` finds.
#[derive(Deserialize)]
struct Inspected {
    wrong: Vec<String>,
    /// Size of the whole page, in CSS pixels.
    width: f64,
    height: f64,
}

/// Where pictures of pages are kept: `target/screenshots`.
fn pictures() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../screenshots")
}

/// The address in an entry of the performance log, if it tells of a request.
fn request(message: &str) -> Option<Url> {
    let entry: Value = serde_json::from_str(message).ok()?;
    let event = entry.get("message")?;
    if event.get("method")? != "Network.requestWillBeSent" {
        return None;
    }
    event.pointer("/params/request/url")?.as_str()?.parse().ok()
}

fn is_here(url: &Url) -> bool {
    match url.scheme() {
        "http" => url.host_str().is_some_and(|host| host == "localhost" || host.ends_with(".localhost")),
        // The browser's own pages, and pictures inside a page.
        scheme => matches!(scheme, "chrome" | "data"),
    }
}
