//! A minimal WebDriver client: HTTP/1.1 over plain TCP to a `chromedriver` that it starts and ends itself.

use std::{
    fs::{self, File},
    io::{Read, Write},
    net::TcpStream,
    os::unix::{fs::MetadataExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

/// The longest start of the driver, and the longest that [`until`] waits.
const WAIT_MAX: Duration = Duration::from_secs(20);
/// The longest answer to one command; the first one starts the browser.
const COMMAND_MAX: Duration = Duration::from_secs(60);
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);
const ANSWER_BYTES_MAX: usize = 32 << 20;

/// Under this name an element stands in WebDriver's JSON.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Ends the driver and the browser, which are in the shell's process group, and removes their folder as soon as the
/// test closes its end of the pipe: also by a panic, by Ctrl-C or by SIGKILL.
const GUARD: &str = r#""$1" --port=0 </dev/null & cat >/dev/null; trap '' TERM; kill -TERM 0; sleep 1; rm -rf "$2"; kill -KILL 0"#;

/// A running `chromedriver` with a folder for everything that it and its browsers write.
pub(crate) struct Driver {
    guard: Child,
    pipe: Option<ChildStdin>,
    port: u16,
    dir: PathBuf,
    browser: PathBuf,
}

impl Driver {
    /// Starts the driver. COBRAND_CHROMIUM and COBRAND_CHROMEDRIVER name others than Debian's `chromium` and
    /// `chromedriver`.
    pub(crate) fn start() -> Self {
        let browser = program("COBRAND_CHROMIUM", "chromium");
        let program = program("COBRAND_CHROMEDRIVER", "chromedriver");
        let dir = std::env::temp_dir().join(format!("cobrand-web-{}", std::process::id()));
        fs::create_dir(&dir).unwrap();
        let log = File::create(dir.join("driver.log")).unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", GUARD, "guard"]).arg(program).arg(&dir);
        command.stdin(Stdio::piped()).stdout(log.try_clone().unwrap()).stderr(log);
        command
            .env("TMPDIR", &dir)
            .env("HOME", &dir)
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("XDG_CACHE_HOME");
        let mut guard = command.process_group(0).spawn().unwrap();
        let pipe = guard.stdin.take();
        let mut driver = Self { guard, pipe, port: 0, dir, browser };
        driver.port = until("chromedriver names its port", || driver.named_port());
        driver
    }

    fn named_port(&self) -> Option<u16> {
        let log = self.log();
        let (_, rest) = log.split_once("started successfully on port ")?;
        rest.split_once('.')?.0.parse().ok()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.dir.join("driver.log")).unwrap_or_default()
    }

    /// Opens a browser with a profile of its own.
    pub(crate) fn browser(&self, name: &str, javascript: bool) -> Browser<'_> {
        let profile = self.dir.join(name);
        fs::create_dir(&profile).unwrap();
        let mut arguments = vec![
            "--headless=new".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-quic".to_owned(),
            "--no-first-run".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            // A container's shared memory is small.
            "--disable-dev-shm-usage".to_owned(),
            // The pages are ours alone: nothing is looked up outside.
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1".to_owned(),
            "--lang=en-US".to_owned(),
            // A page that is still scrolling smoothly cannot be clicked.
            "--force-prefers-reduced-motion".to_owned(),
            // Grey edges of letters and no scrollbars: the pictures are small and look the same everywhere.
            "--disable-lcd-text".to_owned(),
            "--hide-scrollbars".to_owned(),
            format!("--user-data-dir={}", profile.display()),
        ];
        // Chromium refuses to be sandboxed as root.
        if fs::metadata(&profile).unwrap().uid() == 0 {
            arguments.push("--no-sandbox".to_owned());
        }
        let mut options = json!({ "binary": self.browser, "args": arguments });
        if !javascript {
            options["prefs"] = json!({ "profile.managed_default_content_settings.javascript": 2 });
        }
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "goog:chromeOptions": options,
            "goog:loggingPrefs": { "browser": "ALL" },
            "timeouts": { "pageLoad": 30_000, "script": 10_000, "implicit": 0 },
        } } });
        let answer = self.call("POST", "/session", Some(&wanted));
        let answer = answer.unwrap_or_else(|problem| panic!("no browser: {problem}\n{}", self.log()));
        Browser { driver: self, session: answer["sessionId"].as_str().unwrap().to_owned() }
    }

    /// The `value` of the answer, or what the driver says is wrong.
    fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, String> {
        let (status, text) = self.exchange(method, path, body).map_err(|error| error.to_string())?;
        let mut answer: Value = serde_json::from_slice(&text).map_err(|error| error.to_string())?;
        let value = answer["value"].take();
        match status {
            200 => Ok(value),
            _ => Err(format!("{}: {}", value["error"], value["message"])),
        }
    }

    fn exchange(&self, method: &str, path: &str, body: Option<&Value>) -> std::io::Result<(u16, Vec<u8>)> {
        let port = self.port;
        let body = body.map(Value::to_string).unwrap_or_default();
        let deadline = Instant::now() + COMMAND_MAX;
        let mut stream = TcpStream::connect_timeout(&([127, 0, 0, 1], port).into(), COMMAND_MAX)?;
        stream.set_write_timeout(Some(COMMAND_MAX))?;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\
             Content-Type: application/json; charset=utf-8\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(body.as_bytes())?;
        let (mut answer, mut part) = (Vec::new(), vec![0; 64 << 10]);
        loop {
            if let Some(whole) = complete(&answer)? {
                return Ok(whole);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || answer.len() > ANSWER_BYTES_MAX {
                return Err(std::io::ErrorKind::TimedOut.into());
            }
            stream.set_read_timeout(Some(left))?;
            match stream.read(&mut part)? {
                0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
                length => answer.extend_from_slice(&part[..length]),
            }
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- the driver said:\n{}", self.log());
        }
        drop(self.pipe.take());
        let _ = self.guard.wait();
        // The last process may still be about to end.
        for _ in 0..20 {
            if !self.dir.exists() || fs::remove_dir_all(&self.dir).is_ok() {
                break;
            }
            sleep(BETWEEN_LOOKS);
        }
    }
}

/// Status and body of an answer, once all of it is there.
fn complete(answer: &[u8]) -> std::io::Result<Option<(u16, Vec<u8>)>> {
    let broken = || std::io::Error::from(std::io::ErrorKind::InvalidData);
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(&answer[..end]).map_err(|_| broken())?;
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(broken)?;
    let lengths = head.lines().filter_map(|line| line.split_once(':'));
    let length = lengths
        .filter(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .find_map(|(_, value)| value.trim().parse::<usize>().ok())
        .ok_or_else(broken)?;
    Ok(answer[end + 4..].get(..length).map(|body| (status, body.to_vec())))
}

/// The path of a program: what the environment names, or the usual name, looked up in PATH.
fn program(variable: &str, usual: &str) -> PathBuf {
    let wanted = std::env::var_os(variable).unwrap_or_else(|| usual.into());
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places = std::env::split_paths(&path).map(|dir| dir.join(&wanted));
    let found = if Path::new(&wanted).components().count() > 1 { Some(wanted.clone().into()) } else { None };
    let found = found.or_else(|| places.find(|place| place.is_file()));
    found.unwrap_or_else(|| {
        panic!("no {} here; install the packages chromium and chromium-driver", wanted.display())
    })
}

/// Looks again and again until there is something to see.
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + WAIT_MAX;
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(Instant::now() < deadline, "after {WAIT_MAX:?} still not: {what}");
        sleep(BETWEEN_LOOKS);
    }
}

/// A browser with one window.
pub(crate) struct Browser<'a> {
    driver: &'a Driver,
    session: String,
}

impl Browser<'_> {
    fn try_command(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, String> {
        self.driver.call(method, &format!("/session/{}{path}", self.session), body)
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        self.try_command("POST", path, Some(body)).unwrap_or_else(|problem| panic!("{path}: {problem}"))
    }

    fn get(&self, path: &str) -> Value {
        self.try_command("GET", path, None).unwrap_or_else(|problem| panic!("{path}: {problem}"))
    }

    fn text_of(&self, path: &str) -> String {
        self.get(path).as_str().unwrap_or_default().to_owned()
    }

    /// Opens an address and waits until its page has been loaded.
    pub(crate) fn open(&self, url: &str) {
        self.post("/url", &json!({ "url": url }));
    }

    pub(crate) fn url(&self) -> String {
        self.text_of("/url")
    }

    pub(crate) fn title(&self) -> String {
        self.text_of("/title")
    }

    pub(crate) fn source(&self) -> String {
        self.text_of("/source")
    }

    /// The elements that a CSS selector finds now.
    pub(crate) fn all(&self, selector: &str) -> Vec<Element<'_>> {
        self.found("", selector)
    }

    fn found(&self, inside: &str, selector: &str) -> Vec<Element<'_>> {
        let wanted = json!({ "using": "css selector", "value": selector });
        let found = self.post(&format!("{inside}/elements"), &wanted);
        let id = |element: &Value| element[ELEMENT].as_str().unwrap().to_owned();
        found.as_array().unwrap().iter().map(|element| Element { browser: self, id: id(element) }).collect()
    }

    /// The only element that a CSS selector finds.
    pub(crate) fn one(&self, selector: &str) -> Element<'_> {
        only(self.all(selector), selector, &self.url())
    }

    /// The value of a script, which runs although the page's own are switched off.
    pub(crate) fn script(&self, script: &str) -> Value {
        self.post("/execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// The value of a cookie, also of one that scripts do not see.
    pub(crate) fn cookie(&self, name: &str) -> String {
        let cookie = self.get(&format!("/cookie/{name}"));
        cookie["value"].as_str().unwrap_or_else(|| panic!("there is no cookie {name}")).to_owned()
    }

    /// What the browser complained about since the last call.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let entries = self.post("/se/log", &json!({ "type": "browser" }));
        let entries = entries.as_array().unwrap().clone();
        let serious =
            entries.iter().filter(|entry| ["SEVERE", "WARNING"].iter().any(|l| entry["level"] == *l));
        serious.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Makes the page so wide; a narrow one is a telephone's.
    pub(crate) fn set_width(&self, width: u32) {
        self.devtools(
            "Emulation.setDeviceMetricsOverride",
            &json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600 }),
        );
    }

    /// The page as a PNG, down to the end of what a CSS selector finds, but no longer than some screens.
    pub(crate) fn screenshot(&self, until_the_end_of: &str) -> Vec<u8> {
        let size = self.script(&format!(
            "const last = document.querySelector('{until_the_end_of}').getBoundingClientRect();
             return [window.innerWidth, Math.min(2400, Math.ceil(last.bottom + window.scrollY))];"
        ));
        let clip = json!({ "x": 0, "y": 0, "scale": 1, "width": size[0], "height": size[1] });
        let wanted = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        from_base64(self.devtools("Page.captureScreenshot", &wanted)["data"].as_str().unwrap())
    }

    fn devtools(&self, command: &str, parameters: &Value) -> Value {
        self.post("/goog/cdp/execute", &json!({ "cmd": command, "params": parameters }))
    }
}

impl Drop for Browser<'_> {
    fn drop(&mut self) {
        let _ = self.try_command("DELETE", "", None);
    }
}

/// An element of the page that is shown.
pub(crate) struct Element<'a> {
    browser: &'a Browser<'a>,
    id: String,
}

impl<'a> Element<'a> {
    fn path(&self, what: &str) -> String {
        format!("/element/{}{what}", self.id)
    }

    /// The text that a reader sees.
    pub(crate) fn text(&self) -> String {
        self.browser.text_of(&self.path("/text"))
    }

    pub(crate) fn attribute(&self, name: &str) -> String {
        let value = self.browser.get(&self.path(&format!("/attribute/{name}")));
        value.as_str().unwrap_or_else(|| panic!("an element has no attribute {name}")).to_owned()
    }

    pub(crate) fn property(&self, name: &str) -> String {
        self.browser.text_of(&self.path(&format!("/property/{name}")))
    }

    /// The only element inside this one that a CSS selector finds.
    pub(crate) fn one(&self, selector: &str) -> Element<'a> {
        only(self.browser.found(&self.path(""), selector), selector, &self.browser.url())
    }

    /// Types as a person would: only what can be seen can be typed into.
    pub(crate) fn type_text(&self, text: &str) {
        self.browser.post(&self.path("/clear"), &json!({}));
        self.browser.post(&self.path("/value"), &json!({ "text": text }));
    }

    /// Clicks; what is covered or cannot be seen cannot be clicked.
    pub(crate) fn click(&self) {
        self.browser.post(&self.path("/click"), &json!({}));
    }
}

fn only<'a>(mut found: Vec<Element<'a>>, selector: &str, url: &str) -> Element<'a> {
    assert_eq!(found.len(), 1, "`{selector}` on {url}");
    found.remove(0)
}

fn from_base64(text: &str) -> Vec<u8> {
    let (mut bytes, mut held, mut bits) = (Vec::with_capacity(text.len() / 4 * 3), 0_u32, 0);
    for symbol in text.bytes().filter(|symbol| *symbol != b'=') {
        let value = match symbol {
            b'A'..=b'Z' => symbol - b'A',
            b'a'..=b'z' => symbol - b'a' + 26,
            b'0'..=b'9' => symbol - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => panic!("{symbol} is not of base64"),
        };
        held = (held << 6 | u32::from(value)) & 0xffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).unwrap());
        }
    }
    bytes
}
