//! Partners connected from end to end: a bank's purchases become events of each partner and of nobody else, which it
//! fetches with its token over TLS, and the commands of an operator tell what they should.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support_answers;
mod support_link;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
};

use aws_lc_rs::digest::{SHA256, digest};
use cobrand::{
    certs::GATEWAY_NAME,
    demo::{World, WorldOptions},
};
use console::PartnerListener;
use domain::AnswerVerdict;
use serde_json::Value;
use support_answers::answer_to;
use support_link::{binary, card, cobrand, eventually, free_port, said, two_purchases};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const AIRBOREAL: &str = "cbp_of_airboreal";
const SKYFUEL: &str = "cbp_of_skyfuel";

fn file(code: &str, token: &str, per_minute: u32) -> String {
    let hash = hex::encode(digest(&SHA256, token.as_bytes()));
    format!(
        "schema = \"partner/1\"\ncode = \"{code}\"\n[[transport]]\nkind = \"folder\"\npath = \"../for-{code}\"\n\
         [pull]\ntoken_sha256 = [\"{hash}\"]\nrequests_per_minute = {per_minute}\n"
    )
}

async fn world() -> (World, PartnerListener) {
    let files = vec![
        ("partners/airboreal.toml".to_owned(), file("airboreal", AIRBOREAL, 1_000)),
        ("partners/skyfuel.toml".to_owned(), file("skyfuel", SKYFUEL, 12)),
        ("for-airboreal/readme".to_owned(), String::new()),
        ("for-skyfuel/readme".to_owned(), String::new()),
    ];
    let settlement = "partners = [\"partners/airboreal.toml\", \"partners/skyfuel.toml\"]\n\
                      [partners]\nlisten = \"127.0.0.1:0\""
        .to_owned();
    let options = WorldOptions { log_to_file: false, files, settlement, ..WorldOptions::default() };
    let world = World::start(options).await.unwrap();
    let listener = world.assembly.bind_partner_api().await.unwrap().unwrap().serve().unwrap();
    (world, listener)
}

struct Answer {
    status: u16,
    head: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{} is not JSON", self.status))
    }
}

/// One request on a connection of its own, checked against the world's authority.
async fn ask(world: &World, at: SocketAddr, token: &str, request: &str, more: &str, body: &str) -> Answer {
    let tls = world.bank_tls().unwrap();
    let mut stream = tls.connect_over(TcpStream::connect(at).await.unwrap()).await.unwrap();
    let text = format!(
        "{request} HTTP/1.1\r\nHost: {GATEWAY_NAME}\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n{more}\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let lines = head.lines().filter_map(|line| line.split_once(": "));
    let head = lines.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    Answer { status, head, body: bytes[end + 4..].to_vec() }
}

async fn get(world: &World, at: SocketAddr, token: &str, path: &str) -> Answer {
    ask(world, at, token, &format!("GET {path}"), "", "").await
}

fn types(events: &Value) -> Vec<&str> {
    events["events"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect()
}

/// A member's purchase at a grocer's and one at SkyFuel's, then the day is closed and told.
async fn a_day(world: &World) {
    two_purchases(world).await;
    let assembly = &world.assembly;
    let program = assembly.program("boreal-gold").unwrap();
    let out = &assembly.config.settlement.out;
    settlement::close_day(&assembly.pool, &program.setup, jiff::civil::date(2026, 10, 10), out)
        .await
        .unwrap();
}

/// What `settle` does all the time, once.
async fn deliver(world: &World) {
    let dispatch = world.assembly.dispatch().unwrap();
    let partners = world.assembly.connect_partners().unwrap();
    settlement::relay_news(&dispatch, &partners).await.unwrap();
    for partner in &partners {
        for endpoint in &partner.endpoints {
            settlement::deliver_due(&dispatch, partner, endpoint).await.unwrap();
        }
    }
}

async fn register(world: &World) {
    let dispatch = world.assembly.dispatch().unwrap();
    for partner in world.assembly.connect_partners().unwrap() {
        settlement::register(&dispatch, &partner).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_partner_sees_its_own_and_a_guess_finds_nothing() {
    let (world, listener) = world().await;
    register(&world).await;
    a_day(&world).await;
    deliver(&world).await;
    let at = listener.address();

    let airboreal = get(&world, at, AIRBOREAL, "/v1/events").await;
    assert_eq!((airboreal.status, airboreal.head["cache-control"].as_str()), (200, "no-store"));
    let airboreal = airboreal.json();
    let expected = ["member.enrolled", "purchase.accrued", "purchase.accrued", "settlement.published"];
    assert_eq!(types(&airboreal), expected);
    assert_eq!(airboreal["events"][0]["subject"], "AB-0000");
    let numbers: Vec<i64> = airboreal["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["number"].as_i64().unwrap())
        .collect();
    assert_eq!(numbers, [1, 2, 3, 4]);
    let skyfuel = get(&world, at, SKYFUEL, "/v1/events").await.json();
    let told = types(&skyfuel);
    assert!(told.contains(&"settlement.published") && told.len() > 1, "{told:?}");
    assert!(
        told.iter().all(|topic| !topic.starts_with("member.") && !topic.starts_with("purchase.")),
        "{told:?}"
    );
    // A merchant learns of no member, and nobody of a card.
    let text = skyfuel.to_string();
    assert!(
        !text.contains("AB-0000") && !text.contains(&card(1)) && !airboreal.to_string().contains(&card(1))
    );

    let files = get(&world, at, AIRBOREAL, "/v1/files").await.json();
    let (name, hash) =
        (files["files"][0]["file"].as_str().unwrap(), files["files"][0]["sha256"].as_str().unwrap());
    let file = get(&world, at, AIRBOREAL, &format!("/v1/files/{name}")).await;
    assert_eq!(hex::encode(digest(&SHA256, &file.body)), hash);
    assert_eq!((file.status, file.head["etag"].as_str()), (200, format!("\"{hash}\"").as_str()));
    assert_eq!(std::fs::read(world.dir.join("for-airboreal").join(name)).unwrap(), file.body);
    // Another partner's file is no file, and neither is a path.
    for guess in [
        name,
        "..%2Fcobrand.toml",
        "cobrand.toml",
        "%2e%2e%2fcobrand.toml",
        "northbank_boreal-gold_2026-10-10_000001_0.cbs",
    ] {
        let found = get(&world, at, SKYFUEL, &format!("/v1/files/{guess}")).await;
        assert_eq!((found.status, found.json()["type"].as_str()), (404, Some("no_such_file")), "{guess}");
    }
    let key = "Idempotency-Key: 1\r\n";
    let answer =
        ask(&world, at, SKYFUEL, &format!("POST /v1/files/{name}/acknowledgement"), key, "ACK").await;
    assert_eq!(answer.status, 404, "nobody answers another's file");
    listener.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_tokens_and_bounds_are_as_the_document_says() {
    let (world, listener) = world().await;
    register(&world).await;
    a_day(&world).await;
    deliver(&world).await;
    let at = listener.address();
    let page = get(&world, at, AIRBOREAL, "/v1/events?limit=3").await.json();
    assert_eq!((types(&page).len(), page["next"].as_str()), (3, Some("3")));
    let last = get(&world, at, AIRBOREAL, "/v1/events?after=3").await.json();
    assert_eq!((types(&last), last["next"].as_str()), (vec!["settlement.published"], Some("4")));
    let none = get(&world, at, AIRBOREAL, "/v1/events?after=4").await.json();
    assert_eq!((types(&none).len(), none["next"].as_str()), (0, Some("4")));
    let files = get(&world, at, AIRBOREAL, "/v1/files?after=1-0").await.json();
    assert_eq!((files["files"].as_array().unwrap().len(), files["next"].as_str()), (0, Some("1-0")));

    let problem = async |token: &str, path: &str| {
        let answer = get(&world, at, token, path).await;
        assert_eq!(answer.head["content-type"], "application/problem+json");
        (answer.status, answer.json()["type"].as_str().unwrap().to_owned())
    };
    for (token, path, status, code) in [
        ("", "/v1/events", 401, "no_such_token"),
        ("cbp_of_airborea", "/v1/events", 401, "no_such_token"),
        (AIRBOREAL, "/v1/events?limit=0", 400, "wrong_parameter"),
        (AIRBOREAL, "/v1/events?after=-1", 400, "wrong_parameter"),
        (AIRBOREAL, "/v1/events?since=1", 400, "wrong_parameter"),
        (AIRBOREAL, "/v1/files?after=x", 400, "wrong_parameter"),
        (AIRBOREAL, "/v1/members", 404, "no_such_path"),
        (AIRBOREAL, "/v1/files/%ff", 404, "no_such_file"),
    ] {
        assert_eq!(problem(token, path).await, (status, code.to_owned()), "{path}");
    }
    let post = "POST /v1/files/x/acknowledgement";
    assert_eq!(ask(&world, at, AIRBOREAL, post, "", "ACK").await.status, 400, "it has no key");
    let post = "POST /v1/files/%ff/acknowledgement";
    let answer = ask(&world, at, AIRBOREAL, post, "Idempotency-Key: 1\r\n", "ACK").await;
    assert_eq!((answer.status, answer.json()["type"].as_str()), (404, Some("no_such_file")));
    // What is no longer kept is not passed over in silence.
    let client = world.assembly.pool.get().await.unwrap();
    client.execute("DELETE FROM partner_event WHERE number <= 2", &[]).await.unwrap();
    assert_eq!(problem(AIRBOREAL, "/v1/events").await, (410, "events_gone".to_owned()));
    assert_eq!(types(&get(&world, at, AIRBOREAL, "/v1/events?after=2").await.json()).len(), 2);

    for _ in 0..12 {
        assert_ne!(get(&world, at, SKYFUEL, "/v1/files").await.status, 429);
    }
    let late = get(&world, at, SKYFUEL, "/v1/files").await;
    assert_eq!((late.status, late.json()["type"].as_str()), (429, Some("too_many_requests")));
    assert!((1..=60).contains(&late.head["retry-after"].parse::<u64>().unwrap()));
    assert_eq!(get(&world, at, AIRBOREAL, "/v1/files").await.status, 200, "another one's minute is its own");
    listener.drain().await;
}

/// A partner whose bodies never end has its own places, and no more.
#[tokio::test(flavor = "multi_thread")]
async fn one_partner_s_slow_requests_leave_room_for_the_others() {
    let (world, listener) = world().await;
    register(&world).await;
    let at = listener.address();
    let mut slow = Vec::new();
    for _ in 0..16 {
        let tls = world.bank_tls().unwrap();
        let mut stream = tls.connect_over(TcpStream::connect(at).await.unwrap()).await.unwrap();
        let text = format!(
            "POST /v1/files/x/acknowledgement HTTP/1.1\r\nHost: {GATEWAY_NAME}\r\nAuthorization: Bearer {AIRBOREAL}\r\n\
             Idempotency-Key: k\r\nContent-Length: 10\r\n\r\nACK"
        );
        stream.write_all(text.as_bytes()).await.unwrap();
        slow.push(stream);
    }
    let refused = loop {
        let answer = get(&world, at, AIRBOREAL, "/v1/files").await;
        if answer.status != 200 {
            break answer;
        }
    };
    assert_eq!((refused.status, refused.json()["type"].as_str()), (503, Some("busy")));
    assert_eq!(refused.head["connection"], "close");
    assert_eq!(get(&world, at, SKYFUEL, "/v1/files").await.status, 200, "another one's places are its own");
    drop(slow);
    while get(&world, at, AIRBOREAL, "/v1/files").await.status == 503 {}
    listener.drain().await;
}

fn run(folder: &Path, words: &[&str]) -> (bool, String) {
    let output = cobrand(folder, words);
    (output.status.success(), said(&output))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_answers_over_rest_and_the_same_answer_is_known() {
    let (world, listener) = world().await;
    register(&world).await;
    a_day(&world).await;
    let name = |code: &str| format!("{code}_boreal-gold_2026-10-10_000001_0.cbs");
    let right = answer_to(&world.dir.join("out").join(name("airboreal")), 1, AnswerVerdict::Accepted);
    let post = async |token: &str, code: &str, body: &str| {
        let path = format!("POST /v1/files/{}/acknowledgement", name(code));
        let answer = ask(&world, listener.address(), token, &path, "Idempotency-Key: k-1\r\n", body).await;
        (answer.status, answer.json())
    };
    let (status, problem) = post(AIRBOREAL, "airboreal", "ACK").await;
    assert_eq!((status, problem["type"].as_str()), (422, Some("answer_refused")), "{problem}");
    let (status, problem) = post(SKYFUEL, "airboreal", &right.to_text()).await;
    assert_eq!((status, problem["type"].as_str()), (404, Some("no_such_file")), "{problem}");
    let (status, problem) = post(SKYFUEL, "skyfuel", &right.to_text()).await;
    assert_eq!(status, 422, "another one's answer: {problem}");
    let (status, taken) = post(AIRBOREAL, "airboreal", &right.to_text()).await;
    assert_eq!((status, taken["state"].as_str()), (201, Some("acknowledged")), "{taken}");
    let (status, known) = post(AIRBOREAL, "airboreal", &right.to_text()).await;
    assert_eq!(
        (status, known["known"].as_bool(), known["state"].as_str()),
        (200, Some(true), Some("acknowledged"))
    );
    // Another answer under a number that was taken.
    let other = answer_to(&world.dir.join("out").join(name("airboreal")), 1, AnswerVerdict::Layout);
    assert_eq!(post(AIRBOREAL, "airboreal", &other.to_text()).await.0, 422);
    listener.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_adds_tests_watches_and_replays() {
    let (world, _listener) = world().await;
    let dir = &world.dir;
    let port = free_port().to_string();
    let hook = format!("http://127.0.0.1:{port}/");
    let add = ["partner", "add", "kosta", "--webhook", &hook, "--allow-network", "127.0.0.0/8"];
    let (added, text) = run(dir, &add);
    assert!(added && text.contains("cobrand partner test kosta"), "{text}");
    let (again, text) = run(dir, &add);
    assert!(!again && text.contains("exists and is not overwritten") && text.contains("--file"), "{text}");
    let (known, text) = run(dir, &["partner", "add", "nobody", "--folder", "x"]);
    assert!(!known && text.contains("airboreal, kosta, skyfuel"), "{text}");
    let (connected, text) = run(dir, &["partner", "test", "kosta"]);
    assert!(!connected && text.contains("has no file in [settlement] partners"), "{text}");
    assert!(text.contains("partners/kosta.toml is there: name it"), "no circle back to `add`: {text}");
    let config = dir.join("cobrand.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let text =
        text.replace("\"partners/skyfuel.toml\"]", "\"partners/skyfuel.toml\", \"partners/kosta.toml\"]");
    std::fs::write(&config, text).unwrap();
    let (works, text) = run(dir, &["partner", "test", "kosta"]);
    assert!(!works && text.contains("FAILED") && text.contains("whose turn"), "nobody listens: {text}");
    assert!(!text.contains("tried again"), "a trial is not repeated: {text}");
    // A way that is not ready hides nothing of another one, and says what is missing.
    let half = "[[transport]]\nkind = \"sftp\"\nhost = \"h\"\nuser = \"u\"\nhost_keys = []\nprivate_keys = [\"keys/k\"]\n";
    let kosta = std::fs::read_to_string(dir.join("partners/kosta.toml")).unwrap();
    std::fs::write(
        dir.join("partners/kosta.toml"),
        kosta.replacen("[[transport]]", &format!("{half}\n[[transport]]"), 1),
    )
    .unwrap();
    let (works, text) = run(dir, &["partner", "test", "kosta"]);
    assert!(
        !works && text.contains("ssh-keyscan -t ed25519 -p 22 h") && text.contains("Connection refused"),
        "{text}"
    );
    std::fs::write(dir.join("partners/kosta.toml"), kosta).unwrap();
    let (works, text) = run(dir, &["partner", "test", "skyfuel", "--send-file"]);
    assert!(works && text.contains("TEST_skyfuel_"), "{text}");

    register(&world).await;
    a_day(&world).await;
    deliver(&world).await;
    let (_, text) = run(dir, &["partner", "deliveries", "airboreal", "--json"]);
    let shown: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    let way = &shown["deliveries"][0];
    assert_eq!(
        (way["way"].as_str(), way["delivered"].as_i64(), way["backlog"].as_i64()),
        (Some("folder"), Some(1), Some(0))
    );
    let name = "airboreal_boreal-gold_2026-10-10_000001_0.cbs";
    let (again, text) = run(dir, &["partner", "replay", "airboreal", "--file", name]);
    assert!(again && text.contains("1 will go out once more"), "{text}");
    let (_, text) = run(dir, &["partner", "deliveries"]);
    assert!(text.contains("1 wait"), "{text}");
    let (found, text) = run(dir, &["partner", "replay", "skyfuel", "--file", name]);
    assert!(!found && text.contains("nothing to send once more"), "{text}");
    assert!(run(dir, &["partner", "enable", "skyfuel"]).0);
    // Another way in place of the old one: nothing is sent to where nobody looks any more.
    let airboreal = dir.join("partners/airboreal.toml");
    let text = std::fs::read_to_string(&airboreal).unwrap();
    let hook = format!(
        "kind = \"webhook\"\nurl = \"{hook}\"\nsecrets = [\"keys/kosta-webhook\"]\nallow_networks = [\"127.0.0.0/8\"]\n"
    );
    std::fs::write(&airboreal, text.replace("kind = \"folder\"\npath = \"../for-airboreal\"\n", &hook))
        .unwrap();
    let (_, text) = run(dir, &["partner", "deliveries", "airboreal"]);
    assert!(text.contains("its file has this way no more"), "{text}");
    let (again, text) = run(dir, &["partner", "replay", "airboreal", "--file", name]);
    assert!(!again && text.contains("no way that carries files"), "{text}");
    let (listed, text) = run(dir, &["partner", "enable", "skyfuel", "--way", "sftp"]);
    assert!(!listed && text.contains("known: folder"), "{text}");
}

/// Everything that can be known to be wrong is said by `add` itself, and starting over is no dead end.
#[tokio::test(flavor = "multi_thread")]
async fn add_refuses_what_test_would_refuse_and_can_be_done_again() {
    let (world, _listener) = world().await;
    let dir = &world.dir;
    let sftp = "cobrand@127.0.0.1:2222/in";
    for (arguments, expected) in [
        (vec![], "give --sftp, --webhook, --folder or --pull"),
        (vec!["--webhook", "hooks.example"], "--webhook: `https://...` is expected"),
        (vec!["--webhook", "ftp://x"], "--webhook: `https://...` is expected"),
        (vec!["--webhook", "https://user:pw@h.example/"], "--webhook: a user, a password"),
        (vec!["--webhook", "http://127.0.0.1:9200/"], "that is --allow-network"),
        (vec!["--webhook", "https://127.0.0.1/"], "is loopback"),
        (vec!["--webhook", "https://h.example/", "--allow-network", "foo"], "--allow-network: `foo`"),
        (vec!["--sftp", "h.example"], "expected user@host:port/folder"),
        (vec!["--sftp", sftp, "--host-key", "foo"], "--host-key: `foo` is no fingerprint"),
    ] {
        let words: Vec<&str> = ["partner", "add", "kosta"].into_iter().chain(arguments).collect();
        let output = cobrand(dir, &words);
        assert_eq!(output.status.code(), Some(2), "{words:?}: {}", said(&output));
        assert!(said(&output).contains(expected), "{words:?}: {}", said(&output));
        assert!(!dir.join("partners/kosta.toml").exists(), "{words:?}");
    }

    // Named before it is written: neither its own `add` nor another partner's is refused for that.
    let config = std::fs::read_to_string(dir.join("cobrand.toml")).unwrap();
    let named =
        config.replace("\"partners/skyfuel.toml\"]", "\"partners/skyfuel.toml\", \"partners/kosta.toml\"]");
    assert_ne!(config, named);
    std::fs::write(dir.join("cobrand.toml"), named).unwrap();
    let add = ["partner", "add", "kosta", "--sftp", sftp, "--webhook", "https://hooks.example/"];
    let (added, text) = run(dir, &add);
    assert!(added && text.contains("ssh-keyscan -t ed25519 -p 2222 127.0.0.1"), "{text}");
    let keys = dir.join("partners/keys");
    let rights = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((rights(&keys), rights(&keys.join("kosta-webhook"))), (0o700, 0o600));
    let secret = std::fs::read(keys.join("kosta-webhook")).unwrap();
    std::fs::remove_file(dir.join("partners/kosta.toml")).unwrap();
    let (added, text) = run(dir, &add);
    assert!(added && text.contains("it was there, and stays"), "{text}");
    assert_eq!(std::fs::read(keys.join("kosta-webhook")).unwrap(), secret);

    // What others may read is no secret.
    std::fs::set_permissions(keys.join("kosta-webhook"), std::fs::Permissions::from_mode(0o644)).unwrap();
    let (works, text) = run(dir, &["partner", "test", "kosta"]);
    assert!(!works && text.contains("its rights are 0644") && text.contains("chmod 600"), "{text}");
    let (listening, text) = run(dir, &["partner", "listen", "--secret", "partners/keys/kosta-webhook"]);
    assert!(!listening && text.contains("others may read or change it"), "{text}");
}

/// One partner's file is wrong: everybody else is served, and it is told of. Mended, it counts without a new start.
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_file_leaves_out_only_its_partner_until_it_is_mended_and_read_again() {
    let (world, listener) = world().await;
    listener.drain().await;
    let dir = &world.dir;
    register(&world).await;
    a_day(&world).await;
    let skyfuel = dir.join("partners/skyfuel.toml");
    let right = std::fs::read_to_string(&skyfuel).unwrap();
    std::fs::write(&skyfuel, right.replace("kind = \"folder\"", "kind = \"floder\"")).unwrap();
    let check = cobrand(dir, &["check"]);
    assert_eq!(check.status.code(), Some(78), "{}", said(&check));
    let port = free_port();
    admin_at(dir, port);

    let mut settle = settling(dir);
    let at = |code: &str| dir.join(format!("for-{code}/{code}_boreal-gold_2026-10-10_000001_0.cbs"));
    eventually("the other partner has its file", async || at("airboreal").exists()).await;
    eventually("it is told on /metrics", async || {
        metrics(port).await.contains("cobrand_partner_file_refused{file=\"skyfuel.toml\"} 1")
    })
    .await;
    assert!(!at("skyfuel").exists());

    std::fs::write(&skyfuel, right).unwrap();
    settle.signal("-HUP");
    eventually("the mended partner has its file", async || at("skyfuel").exists()).await;
    assert!(metrics(port).await.contains("cobrand_partner_file_refused{file=\"skyfuel.toml\"} 0"));
    settle.signal("-TERM");
    assert!(settle.0.wait().unwrap().success());
}

/// A partner's secret is not there yet when the process starts for the first time with it: its ways begin then all the same,
/// and it is told what its file asks for and nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn a_partner_without_its_secret_begins_with_what_happens_from_the_start_on() {
    let (world, listener) = world().await;
    listener.drain().await;
    let dir = &world.dir;
    let skyfuel = dir.join("partners/skyfuel.toml");
    let topics = "[events]\ntopics = [\"settlement.published\"]\n";
    let webhook = "[[transport]]\nkind = \"webhook\"\nurl = \"https://127.0.0.1:9/\"\nsecrets = [\"late\"]\n\
                   allow_networks = [\"127.0.0.0/8\"]\n";
    let file = std::fs::read_to_string(&skyfuel).unwrap();
    std::fs::write(&skyfuel, format!("{file}{topics}{webhook}")).unwrap();
    let port = free_port();
    admin_at(dir, port);
    let mut settle = settling(dir);
    eventually("it is told on /metrics", async || {
        metrics(port).await.contains("cobrand_partner_file_refused{file=\"skyfuel.toml\"} 1")
    })
    .await;
    a_day(&world).await;
    let at = |code: &str| dir.join(format!("for-{code}/{code}_boreal-gold_2026-10-10_000001_0.cbs"));
    eventually("the other partner has its file", async || at("airboreal").exists()).await;
    let topics_of = async || -> Vec<String> {
        let text =
            "SELECT e.topic FROM partner_event e JOIN partner p USING (partner_id) WHERE p.code = 'skyfuel'";
        let rows = world.assembly.pool.get().await.unwrap().query(text, &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    };
    eventually("what it asked for is numbered", async || {
        topics_of().await.contains(&"settlement.published".to_owned())
    })
    .await;
    assert_eq!(topics_of().await, ["settlement.published"]);

    let late = dir.join("partners/late");
    std::fs::write(&late, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    std::fs::set_permissions(&late, std::fs::Permissions::from_mode(0o600)).unwrap();
    settle.signal("-HUP");
    eventually("the mended partner has its file", async || at("skyfuel").exists()).await;
    let webhook = store::endpoint(&world.assembly.pool, partner_id(&world, "skyfuel").await, "webhook");
    assert_eq!(webhook.await.unwrap().backlog, 1, "its event waits for it");
    settle.signal("-TERM");
    assert!(settle.0.wait().unwrap().success());
}

async fn partner_id(world: &World, code: &str) -> domain::PartnerId {
    let text = "SELECT partner_id FROM partner WHERE code = $1";
    let row = world.assembly.pool.get().await.unwrap().query_one(text, &[&code]).await.unwrap();
    domain::PartnerId(row.get(0))
}

/// Writes down where the administration of the next process listens.
fn admin_at(dir: &Path, port: u16) {
    let config = std::fs::read_to_string(dir.join("cobrand.toml")).unwrap();
    let admin = "[admin]\nlisten = \"127.0.0.1:";
    let moved = config.replace(&format!("{admin}0\""), &format!("{admin}{port}\""));
    assert_ne!(config, moved);
    std::fs::write(dir.join("cobrand.toml"), moved).unwrap();
}

fn settling(dir: &Path) -> Running {
    Running(Command::new(binary()).arg("settle").current_dir(dir).stderr(Stdio::null()).spawn().unwrap())
}

/// A process that does not outlive its test.
struct Running(Child);

impl Running {
    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.0.id().to_string()]).status().unwrap();
        assert!(sent.success(), "kill {signal}");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn metrics(port: u16) -> String {
    let mut text = String::new();
    if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)).await {
        let request = b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        stream.write_all(request).await.unwrap();
        stream.read_to_string(&mut text).await.unwrap();
    }
    text
}
