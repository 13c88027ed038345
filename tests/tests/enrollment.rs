//! Members by sealed file and by API: replaced and blocked cards, households, consent, and no card number left behind.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support_http;
mod support_link;

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Output, Stdio},
};

use bank_simulator::{Link, LinkOptions};
use cobrand::demo::{World, WorldOptions, scan_bytes, scan_tree};
use iso8583::{Builder, Mti, Pan};
use serde_json::{Value, json};
use support_http::{Answer, Client};
use support_link::{PATIENCE, binary, card, cobrand, purchase, said};

const COLUMNS: &str = "pan,program,member_number,enrolled_on";

/// Runs `cobrand enroll seal` with the plain text on its standard input, so that it never lies on a disk.
fn seal(folder: &Path, plain: &str, out: &str) -> Output {
    let mut command = Command::new(binary())
        .args(["enroll", "seal", "--key", "certs/enrollment.pub", "--out", out, "-"])
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    command.stdin.take().unwrap().write_all(plain.as_bytes()).unwrap();
    command.wait_with_output().unwrap()
}

fn import(folder: &Path, more: &[&str], file: &str) -> Output {
    let arguments = ["enroll", "--config", "cobrand.toml", "--bank", "northbank", "--by", "ann"];
    let arguments: Vec<&str> = arguments.iter().chain(more).copied().chain([file]).collect();
    cobrand(folder, &arguments)
}

async fn text(world: &World, sql: &str) -> String {
    let row = world.assembly.pool.get().await.unwrap().query_one(sql, &[]).await.unwrap();
    row.get::<_, Option<String>>(0).unwrap_or_default()
}

fn pans(numbers: std::ops::RangeInclusive<u64>) -> Vec<Pan> {
    numbers.map(|number| Pan::parse(&card(number)).unwrap()).collect()
}

/// Where a card number stands: folder of the world, files of the database, and what was said.
fn leaks(world: &World, said: &[&str], pans: &[Pan]) -> Vec<String> {
    let mut leaks = scan_tree(&world.dir, pans).unwrap();
    leaks.merge(scan_tree(world.cluster.data_dir(), pans).unwrap());
    said.iter().for_each(|said| leaks.merge(scan_bytes("what was said", said.as_bytes(), pans)));
    leaks.hits
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_file_is_enrolled_and_removed_and_leaves_no_card_number() {
    let world = World::prepare(WorldOptions { log_to_file: false, ..WorldOptions::default() }).await.unwrap();
    let dir = world.dir.clone();
    let mut all_said = Vec::new();
    let mut told = |output: &Output, status: i32, expected: &str| {
        let said = said(output);
        assert_eq!(output.status.code(), Some(status), "{said}");
        assert!(said.contains(expected), "expected {expected:?} in: {said}");
        all_said.push(said);
    };
    let more = "card_kind,holder,household,birthday,consent,consent_on";
    let plain = format!(
        "{COLUMNS},{more}\n\
         {},boreal-gold,AB-1,2026-01-01,main,,H-1,02-29,marketing:2;profiling:1,2026-01-01\n\
         {},boreal-gold,AB-1,2026-01-01,additional,son,,,,\n\
         {},boreal-gold,AB-2,2026-01-01,,,H-1,1990-05-01,,\n",
        card(1),
        card(2),
        card(3)
    );
    told(&seal(&dir, &plain, "members.sealed"), 0, "sealed members.sealed for the enrollment key");
    let nowhere = cobrand(&dir, &["enroll", "seal", "--key", "certs/enrollment.pub", "-"]);
    told(&nowhere, 2, "say with --out where the sealed file goes");
    // What could not be read to its end leaves no part of a sealed file.
    std::fs::create_dir(dir.join("folder")).unwrap();
    let failed = cobrand(&dir, &["enroll", "seal", "--key", "certs/enrollment.pub", "folder"]);
    told(&failed, 1, "folder was not sealed");
    assert!(!dir.join("folder.sealed").exists());
    // A file that is there is not written over.
    told(&seal(&dir, &plain, "members.sealed"), 1, "cannot write members.sealed");
    let expected =
        "nothing was enrolled: 3 cards would be enrolled, 0 of them in place of others; 0 were known";
    told(&import(&dir, &["--dry-run"], "members.sealed"), 0, expected);
    assert_eq!(text(&world, "SELECT count(*)::text FROM card").await, "0");

    // What was cut short is refused as a whole.
    let bytes = std::fs::read(dir.join("members.sealed")).unwrap();
    std::fs::write(dir.join("short.sealed"), &bytes[..bytes.len() - 1]).unwrap();
    told(&import(&dir, &[], "short.sealed"), 1, "line 1: cannot be read: the sealed file was cut short");
    assert!(dir.join("short.sealed").exists());
    // Behind the first piece, too: a file of which a half could be read must neither be enrolled nor removed.
    let many = format!("{},boreal-gold,AB-1,2026-01-01\n", card(1)).repeat(3_000);
    told(&seal(&dir, &format!("{COLUMNS}\n{many}"), "long.sealed"), 0, "sealed");
    let bytes = std::fs::read(dir.join("long.sealed")).unwrap();
    std::fs::write(dir.join("long.sealed"), &bytes[..bytes.len() - 100]).unwrap();
    told(&import(&dir, &[], "long.sealed"), 1, "cannot be read: the sealed file was cut short");
    assert!(dir.join("long.sealed").exists());
    assert_eq!(text(&world, "SELECT count(*)::text FROM card").await, "0");
    std::fs::write(dir.join("empty.csv"), format!("{COLUMNS}\n")).unwrap();
    told(&import(&dir, &[], "empty.csv"), 1, "the file is not sealed");

    told(&import(&dir, &[], "members.sealed"), 0, "3 cards enrolled, 0 of them");
    assert!(!dir.join("members.sealed").exists());
    let shown = "SELECT string_agg(a.member_number || ' ' || c.kind || ' ' || c.holder || ' ' || a.household || ' ' || \
                 a.birthday, '; ' ORDER BY a.member_number, c.kind DESC) FROM card c JOIN member_account a \
                 ON a.bucket = c.bucket AND a.account_id = c.account_id";
    assert_eq!(
        text(&world, shown).await,
        "AB-1 main  H-1 02-29; AB-1 additional son H-1 02-29; AB-2 main  H-1 1990-05-01"
    );
    assert_eq!(text(&world, "SELECT count(DISTINCT bucket)::text FROM member_account").await, "1");
    let consents = "SELECT string_agg(consent || ' ' || version || ' ' || given_at::text, '; ' ORDER BY consent) \
                    FROM member_consent";
    let consents = text(&world, consents).await;
    assert!(
        consents.starts_with("marketing 2 2025-12-31") || consents.starts_with("marketing 2 2026-01-01"),
        "{consents}"
    );
    let who = "SELECT string_agg(DISTINCT changed_by, ';') FROM member_change";
    assert_eq!(text(&world, who).await, "ann by file members.sealed");

    // New cards in place of old ones, by number and by last four digits; the old ones keep their routes.
    let last4 = &card(3)[card(3).len() - 4..];
    let replaced = format!(
        "{COLUMNS},replaces_pan,replaces_last4,replaces_reason\n\
         {},boreal-gold,AB-1,2026-01-01,{},,stolen\n\
         {},boreal-gold,AB-2,2026-01-01,,{last4},\n",
        card(4),
        card(1),
        card(5)
    );
    told(&seal(&dir, &replaced, "new.sealed"), 0, "");
    told(&import(&dir, &["--keep"], "new.sealed"), 0, "2 cards enrolled, 2 of them in place of others");
    assert!(dir.join("new.sealed").exists());
    // The same file again changes nothing.
    told(
        &import(&dir, &["--keep"], "new.sealed"),
        0,
        "0 cards enrolled, 0 of them in place of others; 2 were known",
    );
    // Nor does one that brings the old card, too: a card is counted once, in the books or on a line.
    let both = format!(
        "{COLUMNS},replaces_last4\n{},boreal-gold,AB-2,2026-01-01,\n{},boreal-gold,AB-2,2026-01-01,{last4}\n",
        card(3),
        card(5)
    );
    told(&seal(&dir, &both, "both.sealed"), 0, "");
    told(&import(&dir, &["--keep"], "both.sealed"), 0, "0 cards enrolled, 0 of them in place of others; 2");
    // Another member's card is named, and the file stays.
    for (name, lines, place) in [
        (
            "other",
            format!("{},boreal-gold,AB-2,2026-01-01\n", card(1)),
            "line 2: column pan: the card is another member's",
        ),
        (
            "twice",
            format!("{0},boreal-gold,AB-1,2026-01-01\n{0},boreal-gold,AB-2,2026-01-01\n", card(7)),
            "line 3: column pan: the card is another member's",
        ),
    ] {
        let file = format!("{name}.sealed");
        told(&seal(&dir, &format!("{COLUMNS}\n{lines}"), &file), 0, "");
        told(&import(&dir, &[], &file), 1, place);
        assert!(dir.join(&file).exists());
    }
    let accounts = "SELECT count(*)::text || ' ' || (SELECT count(*) FROM card) || ' ' || \
                    (SELECT count(*) FROM card WHERE blocked) FROM member_account";
    assert_eq!(text(&world, accounts).await, "2 5 1");

    let all: Vec<&str> = all_said.iter().map(String::as_str).collect();
    assert_eq!(leaks(&world, &all, &pans(1..=5)), Vec::<String>::new());
    // Plain text only with a word for it.
    std::fs::write(dir.join("plain.csv"), format!("{COLUMNS}\n{},boreal-gold,AB-6,2026-01-01\n", card(6)))
        .unwrap();
    assert!(!leaks(&world, &[], &pans(6..=6)).is_empty(), "the search finds what is there");
    let taken = import(&dir, &["--plain"], "plain.csv");
    assert!(said(&taken).contains("warning: plain.csv holds card numbers in plain text"), "{}", said(&taken));
    assert_eq!((taken.status.code(), dir.join("plain.csv").exists()), (Some(0), false));
    world.stop().await.unwrap();
}

/// A world with its API, a client of northbank and a link of it.
struct Running {
    world: World,
    api: Client,
    link: Link,
    said: Vec<String>,
}

impl Running {
    async fn start(program: Option<String>) -> Self {
        let options = WorldOptions { log_to_file: true, program, ..WorldOptions::default() };
        let world = World::start(options).await.unwrap();
        let api = Client::of(&world, "northbank-api");
        let address = world.gateway().unwrap().address();
        let link = Link::connect(address, &world.bank_tls().unwrap(), LinkOptions::default()).await.unwrap();
        link.sign_on().await.unwrap();
        Self { world, api, link, said: Vec::new() }
    }

    async fn call(&mut self, method: &str, path: &str, key: &str, body: &Value) -> Answer {
        let answer = self.api.send(method, path, key, &body.to_string()).await;
        self.said.push(answer.text.clone());
        answer
    }

    async fn ask(&self, message: Builder) -> (String, String, i64) {
        let reply = self.link.ask(message, PATIENCE).await.unwrap();
        assert!(reply.is_taken(), "{}", reply.code);
        let loyalty = reply.loyalty.unwrap();
        (loyalty.status, loyalty.reason, loyalty.base_miles)
    }

    /// Miles of a member, posted and pending, as the API tells.
    async fn miles(&mut self, member: &str) -> (i64, i64) {
        let path = format!("/v1/members/boreal-gold/{member}");
        let shown = self.call("GET", &path, "", &Value::Null).await;
        assert_eq!(shown.status, 200, "{}", shown.text);
        let balances = shown.json()["balances"].as_array().unwrap().clone();
        let miles = balances.iter().find(|balance| balance["unit"] == "miles");
        miles.map_or((0, 0), |miles| (miles["posted"].as_i64().unwrap(), miles["pending"].as_i64().unwrap()))
    }
}

fn member(pan: &str, number: &str) -> Value {
    json!({ "pan": pan, "program": "boreal-gold", "member_number": number, "enrolled_on": "2026-01-01" })
}

fn clearing(pan: &str, number: u32) -> Builder {
    purchase(pan, number).with_mti(Mti::new("0220")).set(38, "123456").set(39, "00")
}

/// A refund that carries the retrieval reference of another message.
fn refund(pan: &str, number: u32, of: u32) -> Builder {
    clearing(pan, number).set(3, "200000").set(37, format!("{of:012}"))
}

const RANGE: &str = "\n[[auto_enroll]]\nbin_from = \"22009900\"\nbin_to = \"22009999\"\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_member_s_life_by_api_and_link() {
    let program = include_str!("../../docs/samples/programs/boreal-gold.toml");
    let mut running = Running::start(Some(format!("{program}{RANGE}"))).await;
    let (old, new) = (card(1), card(2));

    let made = running.call("POST", "/v1/members", "k-1", &member(&old, "AB-1")).await;
    assert_eq!((made.status, made.json()["account_created"].clone()), (201, true.into()), "{}", made.text);
    // The same request gets the same answer; another one with its key is refused.
    let again = running.call("POST", "/v1/members", "k-1", &member(&old, "AB-1")).await;
    assert_eq!((again.status, &again.text), (201, &made.text));
    let other = running.call("POST", "/v1/members", "k-1", &member(&new, "AB-1")).await;
    assert_eq!((other.status, other.json()["type"].clone()), (422, "key_used_for_another_request".into()));
    let known = running.call("POST", "/v1/members", "k-2", &member(&old, "AB-1")).await;
    assert_eq!((known.status, known.json()["card_created"].clone()), (200, false.into()));
    let elsewhere = running.call("POST", "/v1/members", "k-3", &member(&old, "AB-2")).await;
    assert_eq!((elsewhere.status, elsewhere.json()["type"].clone()), (409, "card_of_another_account".into()));

    // A purchase of the old card, a new card, a purchase with that, and late messages of the old one.
    assert_eq!(running.ask(clearing(&old, 1)).await.0, "booked");
    let replace = json!({ "program": "boreal-gold", "old_pan": old, "new_pan": new, "reason": "lost" });
    let replaced = running.call("POST", "/v1/cards/replacements", "k-4", &replace).await;
    assert_eq!(
        (replaced.status, replaced.json()["changed"].clone()),
        (201, true.into()),
        "{}",
        replaced.text
    );
    assert_eq!(running.ask(purchase(&new, 2)).await, ("provisional".into(), "estimate".into(), 10));
    assert_eq!(running.ask(clearing(&new, 2)).await.0, "booked");
    assert_eq!(running.miles("AB-1").await, (20, 0));
    assert_eq!(running.ask(purchase(&old, 3)).await.1, "card_blocked");
    assert_eq!(running.ask(clearing(&old, 4)).await.0, "booked", "late clearing of the old card");
    assert_eq!(running.ask(refund(&old, 5, 1)).await, ("reversed".into(), "refunded".into(), -10));
    // The issuer may rewrite the number of a refund: it still finds its purchase.
    assert_eq!(running.ask(refund(&new, 6, 4)).await, ("reversed".into(), "refunded".into(), -10));
    assert_eq!(running.miles("AB-1").await, (10, 0));

    let block =
        |blocked: bool| json!({ "program": "boreal-gold", "pan": new, "blocked": blocked, "reason": "lost" });
    assert_eq!(running.call("POST", "/v1/cards/blocks", "k-5", &block(true)).await.status, 200);
    assert_eq!(running.ask(purchase(&new, 7)).await.1, "card_blocked");
    assert_eq!(running.call("POST", "/v1/cards/blocks", "k-6", &block(false)).await.status, 200);
    assert_eq!(running.ask(purchase(&new, 8)).await.0, "provisional");

    let patch = json!({ "household": "H-1", "birthday": "02-29", "consents": [{ "what": "marketing", "version": "2" }] });
    let path = "/v1/members/boreal-gold/AB-1";
    let patched = running.call("PATCH", path, "k-7", &patch).await;
    assert_eq!(patched.status, 200, "{}", patched.text);
    let shown = running.call("GET", path, "", &Value::Null).await.json();
    assert_eq!((&shown["household"], &shown["birthday"]), (&"H-1".into(), &"02-29".into()));
    assert_eq!(
        (&shown["consents"][0]["what"], &shown["consents"][0]["withdrawn_at"]),
        (&"marketing".into(), &Value::Null)
    );
    assert_eq!(shown["cards"].as_array().unwrap().len(), 2);
    assert!(!shown.to_string().contains(&old) && shown.to_string().contains(&old[old.len() - 4..]));
    let withdraw = json!({ "consents": [{ "what": "marketing", "withdrawn": true }] });
    let withdrawn = running.call("PATCH", path, "k-8", &withdraw).await.json();
    assert!(withdrawn["consents"][0]["withdrawn_at"].is_string(), "{withdrawn}");
    let closed = json!({ "status": "closed", "closed_on": "2026-10-09" });
    assert_eq!(running.call("PATCH", path, "k-9", &closed).await.json()["status"], "closed");
    assert_eq!(running.ask(purchase(&new, 9)).await.1, "account_closed_before_the_purchase");

    // A range still enrolls by itself: main card, alone.
    let ranged = bank_simulator::test_pan("220099", 7).unwrap();
    assert_eq!(running.ask(purchase(ranged.expose(), 10)).await.0, "provisional");
    let by_range = "SELECT c.kind || '/' || a.household || '/' || m.changed_by FROM member_account a \
                    JOIN card c ON c.bucket = a.bucket AND c.account_id = a.account_id \
                    JOIN member_change m ON m.bucket = a.bucket AND m.account_id = a.account_id \
                    WHERE a.member_number = ''";
    assert_eq!(text(&running.world, by_range).await, "main//range");

    support_link::replays(&running.world).await;
    let check = store::ledger_check(&running.world.assembly.pool).await.unwrap();
    assert_eq!((check.balances_off, check.counters_off), (0, 0), "{check:?}");
    let audit = "SELECT string_agg(what, ' ' ORDER BY change_seq) FROM member_change WHERE changed_by = 'api northbank'";
    assert_eq!(
        text(&running.world, audit).await,
        "enrolled card_replaced card_blocked card_blocked profile consent consent profile"
    );
    let said: Vec<&str> = running.said.iter().map(String::as_str).collect();
    let mut canaries = pans(1..=2);
    canaries.push(ranged);
    assert_eq!(leaks(&running.world, &said, &canaries), Vec::<String>::new());
    running.world.stop().await.unwrap();
}

/// A body that cannot be used, and the words of what is wrong with it.
async fn check(running: &mut Running, body: Value, place: &str, detail: &str) {
    let answer = running.call("POST", "/v1/members", "bad", &body).await;
    let said = answer.json();
    assert_eq!(answer.status, 400, "{body}: {said}");
    assert_eq!(answer.kind, "application/problem+json");
    assert_eq!((&said["where"], &said["who"]), (&place.into(), &"caller".into()), "{body}: {said}");
    assert!(said["detail"].as_str().unwrap().contains(detail), "{body}: {said}");
    assert!(said["next"].is_string(), "{said}");
    let leaks = scan_bytes("answer", answer.text.as_bytes(), &pans(1..=9));
    assert_eq!(leaks.hits, Vec::<String>::new(), "{body}");
    // The same line in a file is refused with the same words, and shows no card number either.
    let Some(line) = line(&body) else { return };
    let assembly = &running.world.assembly;
    let (link, keys) = (assembly.link("northbank").unwrap(), assembly.card_keys().unwrap());
    let programs = &assembly.codes.programs;
    let refused = gateway::import_enrollment(line.as_bytes(), link, programs, &keys, &assembly.pool).await;
    let refused = refused.unwrap_err().to_string();
    assert!(
        refused.contains(&format!("line 2: column {place}: ")) && refused.contains(detail),
        "{line}: {refused}"
    );
    assert_eq!(scan_bytes("file", refused.as_bytes(), &pans(1..=9)).hits, Vec::<String>::new());
}

/// The body as a file; `None` if it is not of texts alone.
fn line(body: &Value) -> Option<String> {
    let fields = body.as_object()?;
    let names: Vec<&str> = fields.keys().map(String::as_str).collect();
    let values: Vec<&str> = fields.values().map(Value::as_str).collect::<Option<_>>()?;
    let known =
        ["pan", "program", "member_number", "enrolled_on", "card_kind", "holder", "household", "birthday"];
    let whole =
        known[..4].iter().all(|name| names.contains(name)) && names.iter().all(|name| known.contains(name));
    whole.then(|| format!("{}\n{}\n", names.join(","), values.join(",")))
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_bodies_and_bad_lines_are_refused_by_one_check_without_card_numbers() {
    let mut running = Running::start(None).await;
    let with = |name: &str, value: Value| {
        let mut body = member(&card(1), "AB-1");
        body[name] = value;
        body
    };
    let long = "x".repeat(65);
    for (name, value, place, detail) in [
        ("pan", json!("12345"), "pan", "expected 12 to 19 digits"),
        ("pan", json!(card(1).replacen("22", "60", 1)), "pan", "the card is in no BIN range of northbank"),
        ("pan", json!(4_111_111_111_111_111_u64), "pan", "expected a text of 12 to 19 digits"),
        ("program", json!(card(2)), "program", "is not configured; known are boreal-gold"),
        ("program", json!(7), "program", "expected a string"),
        ("member_number", json!(card(3)), "member_number", "looks like a card number"),
        ("member_number", json!(long), "member_number", "at most 64 printable characters"),
        ("enrolled_on", json!(card(4)), "enrolled_on", "expected a date such as"),
        ("enrolled_on", json!("2026-02-30"), "enrolled_on", "expected a date such as"),
        ("enrolled_on", json!("-009999-01-01"), "enrolled_on", "in the years 1900 to 2200"),
        ("enrolled_on", json!("2201-01-01"), "enrolled_on", "in the years 1900 to 2200"),
        ("enrolled_on", json!("2026-01-01T12:00"), "enrolled_on", "expected a date such as"),
        ("birthday", json!("0001-01-01"), "birthday", "expected a day such as 02-29"),
        ("card_kind", json!("gold"), "card_kind", "expected main, additional or gift"),
        ("holder", json!(card(5)), "holder", "looks like a card number"),
        ("household", json!(card(6)), "household", "looks like a card number"),
        ("holder", json!("4111-1111 1111.1111"), "holder", "looks like a card number"),
        ("household", json!("４１１１１１１１１１１１１１１１"), "household", "looks like a card number"),
        ("household", json!("H\u{7}1"), "household", "printable characters"),
        ("birthday", json!("02-30"), "birthday", "expected a day such as 02-29"),
        ("birthday", json!("1990-02-29"), "birthday", "expected a day such as 02-29"),
        ("birthday", json!(card(7)), "birthday", "expected a day such as 02-29"),
        ("consents", json!([{ "what": "", "version": "1" }]), "consent", "to what and to which version"),
        ("consents", json!([{ "what": "marketing" }]), "consents[0]", "missing field `version`"),
        (&card(8), json!("x"), ".", "unknown field"),
    ] {
        let place = if place == "." { "************0087" } else { place };
        check(&mut running, with(name, value), place, detail).await;
    }
    let mut gift = with("card_kind", json!("gift"));
    gift["member_number"] = json!("");
    check(&mut running, gift, "member_number", "expected the number of the member who pays").await;
    assert_eq!(text(&running.world, "SELECT count(*)::text FROM member_account").await, "0");
    assert_eq!(text(&running.world, "SELECT count(*)::text FROM api_request").await, "0");
    let said: Vec<&str> = running.said.iter().map(String::as_str).collect();
    assert_eq!(leaks(&running.world, &said, &pans(1..=9)), Vec::<String>::new());
    running.world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_touches_only_its_own_bank_and_nothing_without_its_certificate() {
    let mut running = Running::start(None).await;
    let made = running.call("POST", "/v1/members", "k", &member(&card(1), "AB-1")).await;
    assert_eq!(made.status, 201, "{}", made.text);
    // The other bank: its card, its program, its member, and the same key, which is another one there.
    let south = Client::of(&running.world, "southbank-api");
    let no_card = south.send("POST", "/v1/members", "k", &member(&card(1), "AB-1").to_string()).await;
    assert_eq!((no_card.status, no_card.json()["where"].clone()), (400, "pan".into()), "{}", no_card.text);
    let no_program = south.send("GET", "/v1/members/boreal-gold/AB-1", "", "null").await;
    assert_eq!((no_program.status, no_program.json()["where"].clone()), (400, "program".into()));
    // The certificate of the bank's link is none of the API's clients.
    for stranger in ["northbank", "gateway"] {
        assert!(
            Client::of(&running.world, stranger).try_send("GET", "/v1/members/x/y", "", "").await.is_err()
        );
    }
    let problem = |status: u16, code: &str| (status, Value::from(code));
    let put = async |method: &str, path: &str, key: &str, body: &str| {
        let answer = running.api.send(method, path, key, body).await;
        (answer.status, answer.json()["type"].clone())
    };
    assert_eq!(put("GET", "/v1/nothing", "", "").await, problem(404, "no_such_path"));
    assert_eq!(put("DELETE", "/v1/members", "k", "").await, problem(405, "no_such_method"));
    assert_eq!(put("GET", "/v1/members/boreal-gold/AB-9", "", "").await, problem(404, "no_such_member"));
    assert_eq!(put("POST", "/v1/members", "", "{}").await, problem(400, "wrong_header"));
    assert_eq!(put("POST", "/v1/members", "a key", "{}").await, problem(400, "wrong_header"));
    assert_eq!(put("POST", "/v1/members", "n", "{").await, problem(400, "wrong_body"));
    assert_eq!(put("POST", "/v1/members", "n", "{} {}").await, problem(400, "wrong_body"));
    assert_eq!(put("POST", "/v1/members", "n", &" ".repeat(17_000)).await, problem(413, "body_too_large"));
    running.world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn of_equal_requests_at_once_one_is_carried_out_and_all_get_its_answer() {
    let running = Running::start(None).await;
    let body = member(&card(1), "AB-1").to_string();
    // Of the key only a hash is kept: it may look like whatever it likes.
    let key = &card(2);
    let all = (0..12).map(|_| running.api.send("POST", "/v1/members", key, &body));
    let answers = futures_util::future::join_all(all).await;
    assert!(answers.iter().all(|answer| (answer.status, &answer.text) == (201, &answers[0].text)));
    assert_eq!(text(&running.world, "SELECT count(*)::text FROM member_change").await, "1");
    assert_eq!(leaks(&running.world, &[], &pans(1..=2)), Vec::<String>::new());
    running.world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_what_is_held_is_refused_as_busy_and_made_when_it_comes_again() {
    let mut running = Running::start(None).await;
    let made = running.call("POST", "/v1/members", "k-1", &member(&card(1), "AB-1")).await;
    assert_eq!(made.status, 201, "{}", made.text);
    // Somebody else holds the account, as a lane with a stuck disk would.
    let mut other = store::connect(&running.world.assembly.database).await.unwrap();
    let held = other.transaction().await.unwrap();
    held.execute("SELECT FROM member_account FOR UPDATE", &[]).await.unwrap();
    let body = json!({ "program": "boreal-gold", "pan": card(1) });
    let late = running.call("POST", "/v1/cards/blocks", "k-2", &body).await;
    assert_eq!((late.status, late.json()["type"].clone()), (503, "busy".into()), "{}", late.text);
    held.rollback().await.unwrap();
    // It has left nothing: neither its change nor its key.
    let done = running.call("POST", "/v1/cards/blocks", "k-2", &body).await;
    assert_eq!((done.status, done.json()["changed"].clone()), (200, true.into()), "{}", done.text);
    assert_eq!(
        text(&running.world, "SELECT count(*)::text FROM member_change WHERE what = 'card_blocked'").await,
        "1"
    );
    running.world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_of_the_document_is_served() {
    let running = Running::start(None).await;
    let document: Value = serde_json::from_str(include_str!("../../docs/api/openapi.json")).unwrap();
    let paths = document["paths"].as_object().unwrap();
    assert_eq!(paths.len(), 12);
    for (path, operations) in paths {
        let path = path.replace("{program}", "boreal-gold").replace("{member_number}", "AB-1");
        let path = path.replace("{redemption}", &"0".repeat(48));
        for method in operations.as_object().unwrap().keys() {
            let answer = running.api.send(&method.to_uppercase(), &path, "k", "{}").await;
            let code = answer.json()["type"].clone();
            assert!(code != "no_such_path" && code != "no_such_method", "{method} {path}: {code}");
        }
    }
    running.world.stop().await.unwrap();
}
