//! A browser that takes the time: cookies, forms with their hidden fields, whole pages.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// The largest answer that is read.
const ANSWER_MAX: u64 = 256 * 1024 * 1024;

/// An answer of the console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// `Location`, if it sends elsewhere.
    pub location: Option<String>,
    /// The body.
    pub body: String,
    /// From the first byte of the request to the last one of the answer, the connection included.
    pub took: Duration,
}

/// Somebody in front of the console.
#[derive(Debug, Clone)]
pub struct Browser {
    address: SocketAddr,
    cookies: BTreeMap<String, String>,
    token: Option<String>,
}

impl Browser {
    /// With nothing in it.
    pub fn new(address: SocketAddr) -> Self {
        Self { address, cookies: BTreeMap::new(), token: None }
    }

    /// Asks with this token from now on, where a program would.
    pub fn with_token(mut self, token: String) -> Self {
        self.token = Some(token);
        self
    }

    /// Signs in by the form of the sign-in page.
    ///
    /// # Errors
    /// If the console does not let him in.
    pub async fn sign_in(&mut self, name: &str, password: &str) -> anyhow::Result<Duration> {
        let page = self.get("/sign-in").await?;
        ensure!(page.status == 200, "the sign-in page answers {}", page.status);
        let mut fields = hidden_fields(&page.body);
        fields.insert("name".to_owned(), name.to_owned());
        fields.insert("password".to_owned(), password.to_owned());
        let form: Vec<String> =
            fields.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect();
        let answer = self.post("/sign-in", &form.join("&")).await?;
        let inside = matches!(answer.location.as_deref(), Some(target) if !target.starts_with("/sign-in"));
        ensure!(answer.status == 303 && inside, "the console did not let {name} in: {}", answer.status);
        Ok(answer.took)
    }

    /// GET of a page.
    ///
    /// # Errors
    /// If there is no answer, or one that is not HTTP.
    pub async fn get(&mut self, path: &str) -> anyhow::Result<Answer> {
        self.ask("GET", path, None).await
    }

    async fn post(&mut self, path: &str, form: &str) -> anyhow::Result<Answer> {
        self.ask("POST", path, Some(form)).await
    }

    async fn ask(&mut self, method: &str, path: &str, form: Option<&str>) -> anyhow::Result<Answer> {
        let mut request =
            format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.address);
        if !self.cookies.is_empty() {
            let pairs: Vec<String> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request.push_str(&format!("Cookie: {}\r\n", pairs.join("; ")));
        }
        if let Some(token) = &self.token {
            request.push_str(&format!("Authorization: Bearer {token}\r\n"));
        }
        if let Some(form) = form {
            request.push_str(
                "Sec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\n",
            );
            request.push_str(&format!(
                "Origin: http://{}\r\nContent-Length: {}\r\n",
                self.address,
                form.len()
            ));
        }
        request.push_str("\r\n");
        request.push_str(form.unwrap_or_default());
        let began = Instant::now();
        let mut stream = TcpStream::connect(self.address).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut bytes = Vec::new();
        stream.take(ANSWER_MAX).read_to_end(&mut bytes).await?;
        let took = began.elapsed();
        self.read(&bytes, took).with_context(|| format!("{method} {path}"))
    }

    fn read(&mut self, bytes: &[u8], took: Duration) -> anyhow::Result<Answer> {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").context("the answer has no head")?;
        let head = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned();
        let body = String::from_utf8_lossy(bytes.get(end + 4..).unwrap_or_default()).into_owned();
        let mut lines = head.lines();
        let first = lines.next().unwrap_or_default();
        let status = first.split(' ').nth(1).and_then(|status| status.parse().ok());
        let Some(status) = status else { bail!("the answer begins with {first:?}") };
        let mut location = None;
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            match name.to_ascii_lowercase().as_str() {
                "set-cookie" => self.keep(value),
                "location" => location = Some(value.trim().to_owned()),
                _ => {}
            }
        }
        Ok(Answer { status, location, body, took })
    }

    fn keep(&mut self, cookie: &str) {
        let pair = cookie.split(';').next().unwrap_or_default();
        if let Some((name, value)) = pair.trim().split_once('=') {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}

/// The hidden fields of the forms of a page.
fn hidden_fields(page: &str) -> BTreeMap<String, String> {
    let inputs = page.split("<input").skip(1).filter_map(|rest| rest.split('>').next());
    let hidden = inputs.filter(|tag| tag.contains("type=\"hidden\""));
    let attribute = |tag: &str, name: &str| {
        let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
        rest.split('"').next().map(str::to_owned)
    };
    hidden
        .filter_map(|tag| Some((attribute(tag, "name")?, attribute(tag, "value").unwrap_or_default())))
        .collect()
}

/// A value of a query or of a form.
pub(super) fn escaped(text: &str) -> String {
    let one = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(one).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_form_goes_back_with_its_hidden_fields() {
        let page = "<form><input type=\"hidden\" name=\"csrf\" value=\"a1\"><input name=\"name\" type=\"text\" value=\"x\">\
                    <input type=\"hidden\" name=\"next\"></form>";
        let expected = [("csrf".to_owned(), "a1".to_owned()), ("next".to_owned(), String::new())];
        assert_eq!(hidden_fields(page), expected.into());
        assert_eq!(escaped("a b&c=1"), "a%20b%26c%3D1");
    }

    #[test]
    fn an_answer_is_read_with_its_cookies() {
        let mut browser = Browser::new(([127, 0, 0, 1], 1).into());
        let bytes = b"HTTP/1.1 303 See Other\r\nLocation: /\r\nSet-Cookie: s=1; HttpOnly\r\n\r\nbody";
        let answer = browser.read(bytes, Duration::ZERO).unwrap();
        assert_eq!(
            (answer.status, answer.location.as_deref(), answer.body.as_str()),
            (303, Some("/"), "body")
        );
        assert_eq!(browser.cookies.get("s").map(String::as_str), Some("1"));
        assert!(browser.read(b"no head", Duration::ZERO).is_err());
    }
}
