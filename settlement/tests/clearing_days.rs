//! What a bank clears by file, beside what was asked for, against a real PostgreSQL: what the books know of a message
//! decides what is compared.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[allow(dead_code, reason = "other tests use the rest")]
mod database;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "worked-day/sample.rs"]
mod sample;

use database::World;
use settlement::{Environment, ProgramSetup, ReconcileSettings, ReconcileSummary, reconcile};

/// Everything is due by then.
const LATER: &str = "2026-10-30T00:00:00Z";

/// A message of the link or a record of a file, as it is stored.
#[derive(Clone)]
struct Told {
    mti: &'static str,
    /// Of the acquirer; a reversal names its original by it.
    stan: &'static str,
    retrieval: &'static str,
    acceptor: &'static str,
    approval: &'static str,
    arn: &'static str,
    amount: i64,
    content: &'static str,
    /// The local time.
    at: &'static str,
    /// The bank's date.
    came: &'static str,
    /// What its decision looked at.
    kind: &'static str,
    clears_by: &'static str,
    names: &'static str,
    /// The place of the message that began the purchase, from 1; 0: the books know of none.
    purchase: usize,
}

const AUTHORIZATION: &str = r#"{"authorization":{"preauthorization":false}}"#;
const DECLINED: &str = r#"{"authorization_advice":{"approved":false}}"#;
const PRESENTMENT: &str = r#"{"clearing":{"source":"advice","approved":true}}"#;
const RECORD: &str = r#"{"clearing":{"source":"file","approved":true}}"#;
const REVERSAL: &str = r#"{"reversal":{"remaining_minor":0}}"#;

/// 0100 of the tenth of October.
const fn asked(retrieval: &'static str, amount: i64) -> Told {
    Told {
        mti: "0100",
        stan: retrieval,
        retrieval,
        acceptor: "M",
        approval: "",
        arn: "",
        amount,
        content: "DE3=000000",
        at: "2026-10-10 12:00:00",
        came: "2026-10-10",
        kind: AUTHORIZATION,
        clears_by: "file",
        names: "",
        purchase: 0,
    }
}

const fn cleared(retrieval: &'static str, arn: &'static str, amount: i64) -> Told {
    let content = "kind=purchase|billing=";
    Told {
        mti: "file",
        stan: "",
        arn,
        approval: "123456",
        content,
        came: "2026-10-11",
        kind: RECORD,
        ..asked(retrieval, amount)
    }
}

const fn refunded(retrieval: &'static str, amount: i64) -> Told {
    Told { content: "kind=refund|billing=", ..cleared(retrieval, "", amount) }
}

/// 0400 of the 0100 with this number; it says no more than it must.
const fn undone(names: &'static str) -> Told {
    Told { mti: "0400", stan: "R", names, acceptor: "", kind: REVERSAL, ..asked("", 0) }
}

struct Books(World);

impl Books {
    async fn of(messages: &[Told]) -> Self {
        let world = World::new().await;
        let file = "INSERT INTO clearing_file (bank_id, file_id, sha256, records, state, series, sequence) VALUES \
                    (1, 'C-1', decode(repeat('01', 32), 'hex'), 9, 'taken', 'file', 1);\
                    INSERT INTO member_account (bucket, account_id, bank_id, program_id, member_number, enrolled_on) \
                    VALUES (7, 65, 1, 1, 'AB-A', '2020-01-01');";
        world.run(file).await;
        let books = Self(world);
        books.tell(messages, 1).await;
        books
    }

    /// One more after the other; the first has this number.
    async fn tell(&self, messages: &[Told], first: usize) {
        for (number, told) in (first..).zip(messages) {
            self.0.run(&told.rows(number)).await;
        }
    }

    async fn compare_at(&self, as_of: &str) -> ReconcileSummary {
        let (setup, settings) = (sample::setup(), ReconcileSettings::default());
        let as_of = as_of.parse().unwrap();
        reconcile(&self.0.pool, &self.0.out, &[&setup], &settings, as_of).await.unwrap()
    }

    /// What is open, as `class subject difference`.
    async fn open(&self) -> Vec<String> {
        let open = store::reconciliation::open_breaks(&self.0.pool, None).await.unwrap();
        let told =
            |of: &store::reconciliation::OpenBreak| format!("{} {} {}", of.class, of.subject, of.difference);
        let mut open: Vec<String> = open.iter().map(told).collect();
        open.sort();
        open
    }

    async fn check(&self, expected: &[&str]) {
        let summary = self.compare_at(LATER).await;
        assert_eq!(self.open().await, expected, "{summary:?}");
    }
}

impl Told {
    fn rows(&self, number: usize) -> String {
        let Self { mti, stan, retrieval, acceptor, approval, arn, amount, content, at, came, .. } = self;
        let source = if mti.starts_with("file") { "C-1" } else { "online" };
        let names = match self.names {
            "" => String::new(),
            stan => format!(r#","names":"0100:{stan}:{stan}:123456""#),
        };
        let (kind, clears_by) = (self.kind, self.clears_by);
        let event = format!(r#"{{"kind":{kind},"transaction":"purchase"{names},"clears_by":"{clears_by}"}}"#);
        let key = |number: usize| format!("decode(lpad('{number}', 48, '0'), 'hex')");
        let (own, rules) = (key(number), sample::RULES);
        let (account, purchase) = match self.purchase {
            0 => ("NULL", "NULL".to_owned()),
            first => ("65", key(first)),
        };
        let mut text = format!(
            "INSERT INTO message (bucket, message_key, bank_id, key_text, content, source, mti, stan, transmitted, \
             retrieval, approval, arn, acquirer, card_acceptor, terminal, mcc, last4, amount_minor, currency, local_time, \
             received_at, bank_date, counted_minor, reply, explanation, audit_mac, event, account_id, purchase_key) VALUES \
             (7, {own}, 1, 'text', '{content}', '{source}', '{mti}', '{stan}', '{stan}', '{retrieval}', '{approval}', \
             '{arn}', '0123456', '{acceptor}', 'T', '5411', '0000', {amount}, 643, '{at}', '{came} 09:00:00Z', '{came}', 0, \
             '', '', decode(repeat('00', 32), 'hex'), '{event}', {account}, {purchase});"
        );
        if self.purchase == number {
            text += &format!(
                "INSERT INTO purchase (bucket, purchase_key, bank_id, account_id, program_id, rules_hash, purchase_date, \
                 is_purchase, currency, held_minor, hold, cleared_minor, refunded_minor, booked, pending) VALUES \
                 (7, {own}, 1, 65, 1, decode('{rules}', 'hex'), '{at}', true, 643, {amount}, 'held', 0, 0, '', '');"
            );
        }
        text
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn how_a_bank_clears_is_what_it_has_agreed_and_not_what_one_message_looks_like() {
    let financial = Told { mti: "0220", kind: PRESENTMENT, ..asked("01", 100) };
    let books = Books::of(&[
        asked("01", 100),
        cleared("01", "A1", 100),
        asked("02", 200),
        cleared("02", "A2", 200),
        asked("03", 300),
        // A cash machine asks by 0200, an advice tells of what was asked, and of what nobody asked.
        Told { mti: "0200", ..asked("04", 400) },
        cleared("04", "A4", 400),
        financial.clone(),
        Told { retrieval: "05", ..financial.clone() },
        cleared("05", "A5", 100),
        cleared("06", "A6", 600),
    ])
    .await;
    books.check(&["missing_ours A6 600", "missing_theirs 03 -300"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_cleared_online_is_compared_only_with_records_that_come_beside_it() {
    let advice = Told { clears_by: "advice", ..asked("01", 100) };
    let financial = Told { mti: "0220", kind: PRESENTMENT, ..advice.clone() };
    let before = |told: Told| Told { at: "2026-10-05 12:00:00", came: "2026-10-05", ..told };
    // The bank has cleared online until the ninth.
    let books = Books::of(&[
        before(advice),
        before(financial.clone()),
        asked("02", 200),
        cleared("02", "A2", 200),
        asked("03", 300),
    ])
    .await;
    books.check(&["missing_theirs 03 -300"]).await;
    // Of that time come records, too: of one of two.
    let other = Told { retrieval: "04", amount: 400, ..before(financial) };
    let record = Told { clears_by: "advice", ..cleared("04", "A4", 400) };
    books.tell(&[other, before(record)], 10).await;
    books.check(&["missing_theirs 01 -100", "missing_theirs 03 -300"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reversal_takes_back_what_it_names_whenever_and_however_it_comes() {
    let night = |told: Told| Told { at: "2026-10-11 00:02:00", came: "2026-10-11", ..told };
    let books = Books::of(&[
        asked("01", 100),
        night(undone("01")),
        // Of a member, and of what comes behind its reversal.
        Told { purchase: 3, ..asked("02", 100) },
        Told { purchase: 3, ..night(undone("02")) },
        undone("03"),
        asked("03", 100),
        // A part: 30 of 100 is left, in another currency billed with 285 of 950.
        Told { content: "DE3=000000|DE6=950|DE51=978", ..asked("04", 100) },
        Told { kind: r#"{"reversal":{"remaining_minor":30}}"#, amount: 100, ..night(undone("04")) },
        // It names nothing, and has the reference.
        asked("05", 100),
        Told { names: "", retrieval: "05", acceptor: "M", ..undone("") },
        asked("06", 100),
        // What it names is another one.
        Told { retrieval: "06", acceptor: "M", amount: 100, ..night(undone("01")) },
    ])
    .await;
    books.check(&["missing_theirs 04 -285", "missing_theirs 06 -100"]).await;
    // The reversal of what was compared before.
    books.tell(&[Told { stan: "R2", ..night(undone("06")) }], 20).await;
    books.check(&["missing_theirs 04 -285"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_of_the_day_of_its_purchase() {
    let on = |told: Told, at: &'static str| Told { at, ..told };
    let parcel = "2026-10-12 12:00:00";
    let books = Books::of(&[
        // Of a member: the books know the purchase, whatever its record is called.
        Told { purchase: 1, ..asked("01", 100) },
        Told { purchase: 1, ..on(cleared("01", "A1", 100), parcel) },
        Told { purchase: 3, ..asked("02", 100) },
        Told { purchase: 3, ..on(cleared("22", "A2", 40), parcel) },
        Told { purchase: 3, ..on(cleared("02", "A2", 60), "2026-10-13 12:00:00") },
        // Again, which the books have passed over.
        on(cleared("02", "A2", 60), "2026-10-13 12:00:00"),
        // Of others: by the reference, and by the nearest day if it is given out again.
        on(asked("03", 100), "2026-10-10 23:59:00"),
        on(cleared("03", "A3", 100), "2026-10-11 01:59:00"),
        asked("04", 100),
        cleared("04", "A4", 100),
        on(asked("04", 200), "2026-10-11 12:00:00"),
        on(cleared("04", "B4", 200), "2026-10-11 12:00:00"),
        // Nobody has asked for it.
        on(cleared("05", "A5", 100), parcel),
    ])
    .await;
    books.check(&["duplicate A2 60", "missing_ours A5 100"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_is_compared_whole_or_not_at_all() {
    let early = |told: Told, came: &'static str| Told { at: "2026-10-10 01:00:00", came, ..told };
    // Before the cut-off of the bank's day it is yesterday.
    let books = Books::of(&[
        early(asked("01", 100), "2026-10-09"),
        early(cleared("01", "A1", 100), "2026-10-11"),
        early(asked("02", 100), "2026-10-09"),
    ])
    .await;
    books.check(&["missing_theirs 02 -100"]).await;
    for as_of in ["2026-12-11T00:00:00Z", "2026-12-12T00:00:00Z"] {
        let later = books.compare_at(as_of).await;
        assert_eq!((later.new_breaks.len(), later.cured), (0, 0), "{as_of}");
        assert_eq!(books.open().await, ["missing_theirs 02 -100"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_is_asked_for_is_there_once() {
    let unasked = |told: Told| Told { approval: "", ..told };
    let books = Books::of(&[
        unasked(cleared("01", "A1", 100)),
        unasked(cleared("01", "A1", 100)),
        unasked(cleared("02", "", 100)),
        unasked(cleared("02", "", 100)),
        unasked(cleared("03", "A3", 40)),
        unasked(cleared("03", "A3", 60)),
        refunded("04", 500),
        refunded("05", 500),
        Told { acceptor: "N", ..refunded("05", 500) },
        refunded("06", 500),
        refunded("06", 500),
    ])
    .await;
    books.check(&["duplicate 02 100", "duplicate 06 -500", "duplicate A1 100"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_is_asked_for_once_however_many_messages_do() {
    let advice = |told: Told| Told { mti: "0120", ..told };
    let books = Books::of(&[
        // A further one asks for the whole again.
        Told { purchase: 1, ..asked("01", 100) },
        Told { purchase: 1, stan: "11", ..asked("01", 150) },
        Told { purchase: 1, ..cleared("01", "A1", 150) },
        Told { stan: "12", ..asked("02", 100) },
        advice(Told { stan: "13", ..asked("02", 100) }),
        cleared("02", "A2", 90),
        // Declined in the end.
        asked("03", 100),
        advice(Told { kind: DECLINED, content: "DE3=000000|DE39=05", stan: "31", ..asked("03", 100) }),
    ])
    .await;
    books.check(&["amount A2 -10"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_is_undone_is_the_one_that_is_named() {
    let books = Books::of(&[
        asked("01", 100),
        cleared("01", "", 100),
        cleared("02", "", 100),
        Told { mti: "file-reversal", kind: REVERSAL, ..cleared("01", "", 100) },
    ])
    .await;
    // It may be presented again.
    books.check(&["missing_ours 02 100"]).await;
    let expected = books.compare_at("2026-10-31T00:00:00Z").await.sources[0].counts.expected;
    assert_eq!(expected, 1);
}
