//! A browser without a screen: keeps one cookie, sends the forms that a page holds, follows redirects here.

use axum::{Router, body::Body, response::Response};
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt;
use tower::ServiceExt;
use url::form_urlencoded;

/// A page as it was received.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    pub(crate) path: String,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

#[derive(Clone)]
pub(crate) struct Browser {
    router: Router,
    pub(crate) host: String,
    pub(crate) cookie: Option<String>,
    /// Sent with every request.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// The page that is shown.
    pub(crate) page: Option<Page>,
}

impl Browser {
    pub(crate) fn new(router: Router, host: &str) -> Self {
        Self {
            router,
            host: host.to_owned(),
            cookie: None,
            headers: vec![("accept-language", "en".to_owned())],
            page: None,
        }
    }

    /// The page that is shown.
    pub(crate) fn page(&self) -> &Page {
        self.page.as_ref().expect("a page is shown")
    }

    /// Opens an address and goes where it leads.
    pub(crate) async fn open(&mut self, path: &str) -> Page {
        let page = self.fetch(path).await;
        self.follow(page).await
    }

    /// Fetches one answer.
    pub(crate) async fn fetch(&mut self, path: &str) -> Page {
        let request = self.request("GET", path).body(Body::empty()).unwrap();
        self.send(path, request).await
    }

    /// Sends the form of the page that leads to `action`, and goes where the answer leads.
    pub(crate) async fn submit(&mut self, action: &str, typed: &[(&str, &str)]) -> Page {
        let page = self.post_form(action, typed).await;
        self.follow(page).await
    }

    /// Sends the form of the page that leads to `action`; gives the answer itself.
    pub(crate) async fn post_form(&mut self, action: &str, typed: &[(&str, &str)]) -> Page {
        let hidden = self.page().hidden(action);
        let fields = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let body = encode(fields.chain(typed.iter().copied()));
        self.post(action, body).await
    }

    /// Sends a body of one's own.
    pub(crate) async fn post(&mut self, path: &str, body: String) -> Page {
        let form = "application/x-www-form-urlencoded";
        let request = self.request("POST", path).header(header::CONTENT_TYPE, form);
        self.send(path, request.body(Body::from(body)).unwrap()).await
    }

    /// Says who one is and proves it.
    pub(crate) async fn sign_in(&mut self, psu: &str, password: &str) -> Page {
        self.submit("/psu/identify", &[("customer", psu)]).await;
        self.submit("/psu/password", &[("password", password)]).await
    }

    fn request(&self, method: &str, path: &str) -> http::request::Builder {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, &self.host);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        match &self.cookie {
            Some(cookie) => request.header(header::COOKIE, cookie),
            None => request,
        }
    }

    async fn send(&mut self, path: &str, request: Request<Body>) -> Page {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let page = Page::read(path, response).await;
        if let Some(cookie) = page.header("set-cookie") {
            let pair = cookie.split(';').next().unwrap().to_owned();
            self.cookie = (!cookie.contains("Max-Age=0")).then_some(pair);
        }
        self.page = Some(page.clone());
        page
    }

    async fn follow(&mut self, page: Page) -> Page {
        let mut page = page;
        for _ in 0..5 {
            match page.header("location").filter(|target| target.starts_with('/')) {
                Some(target) => page = self.fetch(&target).await,
                None => return page,
            }
        }
        panic!("too many redirects, the last to {}", page.path);
    }
}

/// Fields as a browser sends them.
pub(crate) fn encode<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

impl Page {
    async fn read(path: &str, response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Self {
            path: path.to_owned(),
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let value = self.headers.get(name)?;
        Some(value.to_str().unwrap().to_owned())
    }

    pub(crate) fn says(&self, text: &str) -> bool {
        self.body.contains(text)
    }

    /// The path without its query.
    pub(crate) fn name(&self) -> &str {
        self.path.split('?').next().unwrap()
    }

    /// The hidden fields of the form that leads to `action`.
    pub(crate) fn hidden(&self, action: &str) -> Vec<(String, String)> {
        let start = self.body.find(&format!("action=\"{action}\""));
        let start = start.unwrap_or_else(|| panic!("no form to {action} on {}:\n{}", self.path, self.body));
        let form = self.body.get(start..).unwrap().split("</form>").next().unwrap();
        let inputs = form.split("<input type=\"hidden\" ").skip(1);
        inputs
            .map(|input| {
                let value = |name: &str| {
                    let rest = input.split(&format!("{name}=\"")).nth(1).unwrap();
                    rest.split('"').next().unwrap().to_owned()
                };
                (value("name"), value("value"))
            })
            .collect()
    }

    /// The value of a hidden field of the form that leads to `action`.
    pub(crate) fn hidden_field(&self, action: &str, name: &str) -> String {
        let fields = self.hidden(action);
        let field = fields.into_iter().find(|(given, _)| given == name);
        field.expect("the field is there").1
    }
}
