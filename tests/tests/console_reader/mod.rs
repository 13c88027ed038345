//! Reads the console as people and programs do: pages, their files, and the API for staff, over HTTP.

#![allow(dead_code, reason = "each test reads what it needs")]

pub(crate) mod pdf;
pub(crate) mod table;

use std::collections::BTreeMap;

use cobrand::{commands::console_state, demo::World};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use table::Table;

const PASSWORD: &str = "correct horse battery staple";

/// A console that serves, and somebody who is signed in to it and has a token for its API.
pub(crate) struct Reader {
    authority: String,
    cookies: BTreeMap<String, String>,
    token: String,
    serving: JoinHandle<std::io::Result<()>>,
}

/// What came back.
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Reader {
    /// The console of a world, and a new person of its staff with this name.
    pub(crate) async fn of(world: &World, name: &str) -> Self {
        let pool = &world.assembly.pool;
        console::add_user(pool, name, PASSWORD).await.unwrap();
        let token = console::new_token(pool, name, 1, jiff::Timestamp::now()).await.unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let authority = listener.local_addr().unwrap().to_string();
        let state = console_state(&world.assembly, None);
        let serving = tokio::spawn(console::serve(listener, state, std::future::pending()));
        let mut reader = Self { authority, cookies: BTreeMap::new(), token, serving };
        reader.sign_in(name).await;
        reader
    }

    async fn sign_in(&mut self, name: &str) {
        let form = self.ask("GET", "/sign-in", &[], "").await;
        self.keep_cookies(&form);
        let form = form.text();
        let (_, csrf) = form.split_once("name=\"csrf\" value=\"").unwrap();
        let csrf = csrf.split('"').next().unwrap();
        let fields = format!("csrf={csrf}&name={name}&password={}", PASSWORD.replace(' ', "+"));
        let kind = ("Content-Type", "application/x-www-form-urlencoded");
        let signed_in = self.ask("POST", "/sign-in", &[kind], &fields).await;
        assert_eq!(signed_in.status, 303, "{}", signed_in.text());
        self.keep_cookies(&signed_in);
    }

    fn keep_cookies(&mut self, answer: &Answer) {
        for line in answer.head.lines() {
            let Some((header, value)) = line.split_once(": ") else { continue };
            if header.eq_ignore_ascii_case("set-cookie") {
                let (name, value) = value.split(';').next().unwrap().split_once('=').unwrap();
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    async fn ask(&self, method: &str, path: &str, more: &[(&str, &str)], body: &str) -> Answer {
        let mut stream = TcpStream::connect(&self.authority).await.unwrap();
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let more: String = more.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nCookie: {}\r\n{more}Content-Length: {}\r\n\r\n",
            self.authority,
            cookies.join("; "),
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(body.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        let behind = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(bytes[..behind].to_vec()).unwrap();
        assert!(!head.to_ascii_lowercase().contains("transfer-encoding"), "{head}");
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head, body: bytes[behind + 4..].to_vec() }
    }

    /// The bytes at an address.
    pub(crate) async fn bytes(&self, path: &str) -> Vec<u8> {
        let answer = self.ask("GET", path, &[], "").await;
        assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
        answer.body
    }

    /// A page.
    pub(crate) async fn page(&self, path: &str) -> Page {
        let body = String::from_utf8(self.bytes(path).await).unwrap();
        Page { path: path.to_owned(), tables: table::tables(&body), body }
    }

    /// A table of a page as its file has it.
    pub(crate) async fn csv(&self, path: &str, id: &str) -> Table {
        let joint = if path.contains('?') { '&' } else { '?' };
        let text = self.bytes(&format!("{path}{joint}table={id}&format=csv")).await;
        table::of_csv(id, &String::from_utf8(text).unwrap())
    }

    /// What the API for staff answers.
    pub(crate) async fn api(&self, path: &str) -> Value {
        let token = format!("Bearer {}", self.token);
        let answer = self.ask("GET", path, &[("Authorization", &token)], "").await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        serde_json::from_slice(&answer.body).unwrap()
    }
}

/// A page with its tables.
pub(crate) struct Page {
    pub(crate) path: String,
    pub(crate) body: String,
    tables: Vec<Table>,
}

impl Page {
    /// The table with this id; one without rows if the page has a sentence in its place.
    pub(crate) fn table(&self, id: &str) -> Table {
        if let Some(table) = self.tables.iter().find(|table| table.id == id) {
            return table.clone();
        }
        assert!(
            self.body.contains(&format!("id=\"{id}\"")),
            "no table {id} on {}:\n{}",
            self.path,
            self.body
        );
        Table { id: id.to_owned(), ..Table::default() }
    }

    /// The table whose caption begins so; `None` if the page has none.
    pub(crate) fn captioned(&self, caption: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.caption.starts_with(caption))
    }

    /// What stands in the description of a term.
    pub(crate) fn fact(&self, term: &str) -> String {
        let (_, rest) = self
            .body
            .split_once(&format!("<dt>{term}</dt>"))
            .unwrap_or_else(|| panic!("no {term} on {}:\n{}", self.path, self.body));
        table::words(rest.split("</dd>").next().unwrap())
    }

    /// The text of the tile that is marked so.
    pub(crate) fn tile(&self, mark: &str) -> String {
        let (_, rest) = self
            .body
            .split_once(&format!(" data-{mark}>"))
            .unwrap_or_else(|| panic!("no {mark} on {}:\n{}", self.path, self.body));
        table::words(rest.split("</span>").next().unwrap())
    }
}
