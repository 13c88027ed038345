//! A form with one file, `multipart/form-data` (RFC 7578): small fields, one file, nothing kept on disk.

use axum::{
    body::Bytes,
    http::{HeaderMap, header::CONTENT_TYPE},
};

use super::PageError;
use crate::access::{random::same_secret, signed_in::SignedIn};

/// So many parts of a form are looked at.
const PARTS_MAX: usize = 16;

/// What was posted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Upload {
    pub(super) fields: Vec<(String, String)>,
    /// Its name and its bytes, as the browser sent them.
    pub(super) file: Option<(String, Bytes)>,
}

impl Upload {
    /// What stands in a field; nothing, if it was not posted.
    pub(super) fn given(&self, name: &str) -> &str {
        self.fields.iter().find(|(of, _)| of == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    }
}

/// The form, if it carries the session's token.
///
/// # Errors
/// [`PageError::Forbidden`] without the token; [`PageError::BadRequest`] if it is no such form.
pub(super) fn of_session(who: &SignedIn, headers: &HeaderMap, body: &Bytes) -> Result<Upload, PageError> {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let upload = boundary(content_type).and_then(|boundary| read(boundary, body));
    let upload = upload.ok_or(PageError::BadRequest)?;
    match same_secret(&who.csrf, upload.given("csrf")) {
        true => Ok(upload),
        false => Err(PageError::Forbidden),
    }
}

/// The boundary that `multipart/form-data; boundary=…` names.
fn boundary(content_type: &str) -> Option<&str> {
    let rest = content_type.strip_prefix("multipart/form-data")?;
    let mut parameters = rest.split(';').map(str::trim);
    let value = parameters.find_map(|parameter| parameter.strip_prefix("boundary="))?.trim_matches('"');
    (1..=70).contains(&value.len()).then_some(value)
}

fn read(boundary: &str, body: &Bytes) -> Option<Upload> {
    let mark = format!("--{boundary}");
    let mut upload = Upload::default();
    let mut at = find(body, mark.as_bytes(), 0)? + mark.len();
    for _ in 0..PARTS_MAX {
        if body.get(at..at + 2)? == b"--" {
            return Some(upload);
        }
        let begin = at + 2;
        let head_end = find(body, b"\r\n\r\n", begin)?;
        let head = std::str::from_utf8(body.get(begin..head_end)?).ok()?;
        let content = head_end + 4;
        let end = find(body, format!("\r\n{mark}").as_bytes(), content)?;
        let (name, file_name) = disposition(head)?;
        match file_name {
            // A field for a file that was left empty.
            Some(file_name) if file_name.is_empty() && content == end => {}
            Some(file_name) => upload.file = Some((file_name, body.slice(content..end))),
            None => {
                let value = std::str::from_utf8(body.get(content..end)?).ok()?.to_owned();
                upload.fields.push((name, value));
            }
        }
        at = end + 2 + mark.len();
    }
    None
}

/// The names in `Content-Disposition: form-data; name="…"; filename="…"`.
fn disposition(head: &str) -> Option<(String, Option<String>)> {
    let line = head.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("content-disposition").then_some(value.trim())
    })?;
    let quoted = |name: &str| {
        let (_, rest) = line.split_once(&format!("; {name}=\""))?;
        Some(rest.split('"').next()?.replace("%22", "\""))
    };
    Some((quoted("name")?, quoted("filename")))
}

fn find(within: &[u8], wanted: &[u8], from: usize) -> Option<usize> {
    let rest = within.get(from..)?;
    rest.windows(wanted.len()).position(|window| window == wanted).map(|at| from + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &str = "--x1\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\nabc\r\n--x1\r\n\
        Content-Disposition: form-data; name=\"file\"; filename=\"a %22b%22.txt\"\r\nContent-Type: text/plain\r\n\r\n\
        line\r\n--x\r\n\r\n--x1--\r\n";

    #[test]
    fn fields_and_one_file_are_read_to_the_byte() {
        let upload = read("x1", &Bytes::from(FORM)).unwrap();
        assert_eq!(upload.given("csrf"), "abc");
        assert_eq!(upload.given("other"), "");
        assert_eq!(upload.file, Some(("a \"b\".txt".to_owned(), Bytes::from("line\r\n--x\r\n"))));
        let empty = FORM.replace("a %22b%22.txt", "").replace("line\r\n--x\r\n", "");
        assert_eq!(read("x1", &Bytes::from(empty)).unwrap().file, None);
    }

    #[test]
    fn what_is_no_such_form_is_none() {
        assert_eq!(boundary("multipart/form-data; boundary=x1"), Some("x1"));
        assert_eq!(boundary("multipart/form-data; charset=utf-8; boundary=\"x 1\""), Some("x 1"));
        assert_eq!(boundary("application/x-www-form-urlencoded"), None);
        assert_eq!(boundary("multipart/form-data; boundary="), None);
        for end in 0..FORM.len() - 4 {
            assert_eq!(read("x1", &Bytes::from(&FORM[..end])), None, "{end}");
        }
        let endless = format!(
            "{}{}",
            "--x1\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n".repeat(40),
            "--x1--"
        );
        assert_eq!(read("x1", &Bytes::from(endless)), None);
    }
}
