//! Reconciliation against a real PostgreSQL: a day that agrees, and each kind of input altered.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "reconciliation/agreed.rs"]
mod agreed;
#[allow(dead_code, reason = "other tests use the rest")]
mod database;
#[path = "reconciliation/over_time.rs"]
mod over_time;
#[path = "worked-day/sample.rs"]
mod sample;

use std::collections::BTreeMap;

use database::World;
use domain::case::CaseProposalKind;
use jiff::{Timestamp, civil::date};
use partner_adapters::{IncomingFormat, canonical};
use settlement::{
    BankStatementBrought, Brought, Environment, ProgramSetup, ReconcileSettings, ReconcileSummary,
    StatementBrought, close_day, reconcile, take_answer, take_bank_statement, take_statement,
};
use store::cases::{CaseDecision, CaseStep, NewCaseProposal};

const RECEIVERS: [&str; 3] = ["airboreal", "kosta", "skyfuel"];
const HEADER: &str = "reference,date,amount_minor,currency,direction,text\n";
/// Everything is due by then.
const LATER: &str = "2026-10-30T00:00:00Z";

/// A record of one of our files: its id, its total and the direction in which its batch is stated.
#[derive(Clone)]
struct Line {
    id: String,
    total: i64,
    stated: String,
}

/// The worked day, closed; `lines` by receiver.
struct Day {
    world: World,
    lines: BTreeMap<String, Vec<Line>>,
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The file of a receiver as it lies in the folder.
fn file(world: &World, receiver: &str) -> std::path::PathBuf {
    world.out.join(format!("{receiver}_boreal-gold_2026-10-10_000001_0.cbs"))
}

fn lines(text: &str) -> Vec<Line> {
    let mut stated = String::new();
    let mut found = Vec::new();
    for record in text.lines() {
        let fields: Vec<&str> = record.split('|').collect();
        match fields[0] {
            "BH" => stated = fields[5].to_owned(),
            "TX" | "AJ" | "CH" | "PP" | "RD" | "VD" => found.push(Line {
                id: fields[1].to_owned(),
                total: fields.last().unwrap().parse().unwrap(),
                stated: stated.clone(),
            }),
            _ => {}
        }
    }
    found
}

impl Day {
    async fn closed() -> Self {
        let world = World::new().await;
        world.book(&sample::movements()).await;
        close_day(&world.pool, &sample::setup(), sample::SATURDAY, &world.out).await.unwrap();
        let of = |receiver: &str| lines(&std::fs::read_to_string(file(&world, receiver)).unwrap());
        let lines = RECEIVERS.map(|receiver| (receiver.to_owned(), of(receiver))).into();
        Self { world, lines }
    }

    /// What an honest receiver states.
    fn honest(&self, receiver: &str) -> Vec<String> {
        let line = |line: &Line| format!("{},2026-10-10,{},RUB,{},", line.id, line.total, line.stated);
        self.lines[receiver].iter().map(line).collect()
    }

    async fn state(&self, receiver: &str, lines: &[String]) {
        let text = format!("{HEADER}{}\n", lines.join("\n"));
        let brought = StatementBrought {
            receiver,
            name: "statement.csv",
            by: "test",
            at: at(LATER),
            format: IncomingFormat::Csv,
            columns: None,
            environment: canonical::Environment::Test,
        };
        take_statement(&self.world.pool, &self.world.out, brought, text.as_bytes()).await.unwrap();
    }

    async fn paid(&self, lines: &[String]) {
        let text = format!("{HEADER}{}\n", lines.join("\n"));
        let brought = BankStatementBrought {
            bank: "northbank",
            name: "account.csv",
            by: "test",
            at: at(LATER),
            format: IncomingFormat::Csv,
            columns: None,
            environment: canonical::Environment::Test,
        };
        take_bank_statement(&self.world.pool, brought, text.as_bytes()).await.unwrap();
    }

    /// An answer of skyfuel: `tail` follows the totals.
    async fn answer(&self, kind: &str, number: i32, hash: &str, tail: &str) {
        let end = 2 + tail.matches("\nLINE").count();
        let text = format!(
            "{kind}|1|TEST|skyfuel|northbank|{number}|skyfuel-boreal-gold-000001-0|1|0|{hash}|5|\
             RUB:bank_pays_partner:1095{tail}\nEND|{end}\n"
        );
        let brought = Brought { receiver: None, by: "test", at: at("2026-10-11T06:00:00Z") };
        let setup = sample::setup();
        let (pool, out) = (&self.world.pool, &self.world.out);
        take_answer(pool, &[&setup], out, brought, text.as_bytes()).await.unwrap();
    }

    fn hash(&self) -> String {
        hex::encode(partner_adapters::sha256(&std::fs::read(file(&self.world, "skyfuel")).unwrap()))
    }

    async fn expect_answer(&self) {
        let (pool, now) = (&self.world.pool, at("2026-10-11T00:00:00Z"));
        assert_eq!(store::expect_answers(pool, "skyfuel", 24, now).await.unwrap(), 1);
    }

    async fn compare_at(&self, as_of: &str) -> ReconcileSummary {
        self.compare_with(&ReconcileSettings::default(), as_of).await
    }

    async fn compare_with(&self, settings: &ReconcileSettings, as_of: &str) -> ReconcileSummary {
        let (setup, pool, out) = (sample::setup(), &self.world.pool, &self.world.out);
        reconcile(pool, out, &[&setup], settings, at(as_of)).await.unwrap()
    }

    async fn compare(&self) -> ReconcileSummary {
        self.compare_at(LATER).await
    }

    /// What is open, as `source class subject difference unit`.
    async fn open(&self) -> Vec<String> {
        let open = store::reconciliation::open_breaks(&self.world.pool, None).await.unwrap();
        let told = |of: &store::reconciliation::OpenBreak| {
            format!("{} {} {} {} {}", of.source, of.class, of.subject, of.difference, of.unit)
                .trim_end()
                .to_owned()
        };
        let mut open: Vec<String> = open.iter().map(told).collect();
        open.sort();
        open
    }

    async fn check(&self, expected: &[&str]) {
        let summary = self.compare().await;
        assert_eq!(self.open().await, expected, "{summary:?}");
    }
}

fn counts(summary: &ReconcileSummary, source: &str) -> (i64, i64, i64, i64) {
    let of = summary.sources.iter().find(|of| of.source.name() == source).unwrap();
    (of.counts.matched, of.counts.suggested, of.counts.expected, of.counts.broken)
}

const PAID: [&str; 3] = [
    "boreal-gold-000001-airboreal-RUB,2026-10-10,164574,RUB,bank_pays_partner,",
    "boreal-gold-000001-kosta-RUB,2026-10-10,55878,RUB,partner_pays_bank,",
    "boreal-gold-000001-skyfuel-RUB,2026-10-11,-1095,RUB,partner_pays_bank,",
];

fn paid() -> Vec<String> {
    PAID.map(str::to_owned).to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_that_agrees_has_no_break_and_is_compared_once() {
    let day = Day::closed().await;
    for receiver in RECEIVERS {
        day.state(receiver, &day.honest(receiver)).await;
    }
    day.paid(&paid()).await;
    day.expect_answer().await;
    day.answer("ACK", 1, &day.hash(), "").await;
    let summary = day.compare().await;
    assert_eq!(day.open().await, Vec::<String>::new());
    assert_eq!(counts(&summary, "partner_statement"), (13 + 5 + 1, 0, 0, 0));
    assert_eq!(counts(&summary, "bank_statement"), (3, 0, 0, 0));
    assert_eq!(counts(&summary, "acknowledgement"), (1, 0, 0, 0));
    assert_eq!(counts(&summary, "own_file"), (4, 0, 0, 0));
    assert!(summary.sources.iter().all(|of| of.problems.is_empty()), "{summary:?}");
    let again = day.compare().await;
    assert!(again.sources.iter().all(|of| of.compared == 0), "nothing is new: {again:?}");
    let rates = store::reconciliation::match_rates(&day.world.pool, (sample::SATURDAY, date(2026, 10, 31)))
        .await
        .unwrap();
    assert!(rates.iter().all(|rate| rate.broken == 0 && rate.matched > 0), "{rates:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_of_a_statement_has_its_class() {
    let day = Day::closed().await;
    let mut told = day.honest("kosta");
    let total = day.lines["kosta"][2].total;
    assert_eq!(total, 4_440);
    // Left out, other amount, tax by a unit, in dollars, in two parts that do not add up, and nothing of ours.
    told[0] = "BOOK-1,2026-10-10,777,RUB,partner_pays_bank,".to_owned();
    told[1] = told[1].replace(",1440,", ",1200,");
    told[2] = told[2].replace(",4440,", ",4441,");
    told[3] = told[3].replace(",RUB,", ",USD,");
    let half = told[4].replace(",-4440,", ",-2000,");
    told[4].clone_from(&half);
    told.push(half);
    day.state("kosta", &told).await;
    let mut told = day.honest("airboreal");
    // Later by two weeks, twice, at another price of a mile, without what is ours.
    told[0] = told[0].replace("2026-10-10", "2026-10-25");
    told.push(told[1].clone());
    let (id, total) = (&day.lines["airboreal"][2].id, day.lines["airboreal"][2].total);
    told[2] = format!("{id},2026-10-10,{},RUB,bank_pays_partner,", total + 900);
    told.push("boreal-gold-000001-airboreal-RUB-800001,2026-10-10,55,RUB,bank_pays_partner,".to_owned());
    day.state("airboreal", &told).await;
    let line = |receiver: &str, number: u32| format!("boreal-gold-000001-{receiver}-RUB-{number:06}");
    let mut expected = [
        format!("partner_statement missing_theirs {} -47778 RUB", line("kosta", 1)),
        "partner_statement missing_ours BOOK-1 777 RUB".to_owned(),
        format!("partner_statement amount {} -240 RUB", line("kosta", 2)),
        format!("partner_statement vat_rounding {} 1 RUB", line("kosta", 3)),
        format!("partner_statement currency {} 0", line("kosta", 4)),
        format!("partner_statement split {} 440 RUB", line("kosta", 5)),
        format!("partner_statement late {} 0", line("airboreal", 1)),
        format!("partner_statement duplicate {} 14760 RUB", line("airboreal", 2)),
        format!("partner_statement miles_rate {} 900 RUB", line("airboreal", 3)),
        format!("partner_statement missing_ours {} 55 RUB", line("airboreal", 800_001)),
    ];
    expected.sort();
    day.check(&expected.each_ref().map(String::as_str)).await;
    // The transaction of a line leads to its message.
    let client = day.world.pool.get().await.unwrap();
    let text = "SELECT count(*) FROM reconciliation_break b JOIN message m USING (bucket, message_key)";
    let known: i64 = client.query_one(text, &[]).await.unwrap().get(0);
    assert_eq!(known, 8, "all but what is not ours");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_of_a_payment_has_its_class() {
    let day = Day::closed().await;
    let of = |number: usize| PAID[number].split(',').next().unwrap();
    let (airboreal, kosta, skyfuel) = (of(0), of(1), of(2));
    // A later line says that the statement reaches beyond.
    let end = "OTHER-1,2026-10-20,500,RUB,bank_pays_partner,".to_owned();
    day.paid(&[paid()[0].clone(), paid()[0].clone(), PAID[1].replace("55878", "55000"), end.clone()]).await;
    let mut expected = [
        format!("bank_statement duplicate {airboreal} 164574 RUB"),
        format!("bank_statement amount {kosta} -878 RUB"),
        format!("bank_statement missing_theirs {skyfuel} -1095 RUB"),
        "bank_statement missing_ours OTHER-1 500 RUB".to_owned(),
    ];
    expected.sort();
    day.check(&expected.each_ref().map(String::as_str)).await;
    // Two weeks later it is paid: what was missing is late now, and the break of before is cured.
    day.paid(&[PAID[2].replace("2026-10-11", "2026-10-24")]).await;
    let found = day.compare().await;
    assert_eq!((found.new_breaks.len(), found.cured), (1, 1));
    assert!(day.open().await.contains(&format!("bank_statement late {skyfuel} 0")));
}

impl Day {
    /// Two people decide about the only break of a class.
    async fn decided(&self, class: &str, kind: CaseProposalKind) {
        let pool = &self.world.pool;
        let client = pool.get().await.unwrap();
        let staff = "INSERT INTO staff_user (name, password_hash) VALUES ('ann', 'x'), ('bob', 'x') ON CONFLICT DO NOTHING";
        client.batch_execute(staff).await.unwrap();
        let text = "SELECT break_id FROM reconciliation_break WHERE class = $1 AND cured_run IS NULL";
        let case: i64 = client.query_one(text, &[&class]).await.unwrap().get(0);
        let step = |by| CaseStep { case, version: None, by, at: at(LATER) };
        let new = NewCaseProposal {
            kind,
            amount: None,
            wait_until: None,
            their_ref: "",
            our_ref: "",
            account: None,
            adjustment: None,
            reason: "asked the bank",
        };
        let proposal = store::cases::propose(pool, &step("ann"), &new).await.unwrap();
        let decision = CaseDecision { proposal, approves: true, reason: "seen" };
        store::cases::decide(pool, &step("bob"), &decision).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_amount_and_date_say_two_people_decide() {
    let stranger = "X-77,2026-10-12,164574,RUB,bank_pays_partner,";
    let suggested = ["bank_statement suggested X-77 0"];
    let fields = "SELECT fields::text FROM reconciliation_break WHERE class = 'suggested'";

    // It is a break with a case, and in the counts it is what it is.
    let day = Day::closed().await;
    day.paid(&[stranger, PAID[1], PAID[2]].map(str::to_owned)).await;
    let summary = day.compare().await;
    assert_eq!(day.open().await, suggested);
    assert_eq!(counts(&summary, "bank_statement"), (2, 1, 0, 0));
    assert_eq!(summary.new_breaks.len(), 1);
    let text: String = day.world.pool.get().await.unwrap().query_one(fields, &[]).await.unwrap().get(0);
    for word in ["boreal-gold-000001-airboreal-RUB", "2026-10-12", "164574"] {
        assert!(text.contains(word), "{word}: {text}");
    }

    // They say it is not the same: each is missing for itself, once, and it is not suggested again.
    day.decided("suggested", CaseProposalKind::KeepApart).await;
    let apart = [
        "bank_statement missing_ours X-77 164574 RUB",
        "bank_statement missing_theirs boreal-gold-000001-airboreal-RUB -164574 RUB",
    ];
    let summary = day.compare().await;
    assert_eq!(day.open().await, apart);
    assert_eq!((counts(&summary, "bank_statement"), summary.cured), ((2, 0, 0, 2), 1));
    let again = day.compare().await;
    assert!(again.sources.iter().all(|of| of.compared == 0), "nothing is new: {again:?}");

    // Or it is: nothing is open, also when it is compared with a further payment.
    let day = Day::closed().await;
    day.paid(&[stranger, PAID[1], PAID[2]].map(str::to_owned)).await;
    day.compare().await;
    day.decided("suggested", CaseProposalKind::Match).await;
    assert_eq!(day.open().await, Vec::<String>::new());
    day.paid(&["OTHER,2026-10-20,5,RUB,bank_pays_partner,".to_owned()]).await;
    let summary = day.compare().await;
    assert_eq!(day.open().await, ["bank_statement missing_ours OTHER 5 RUB"]);
    assert_eq!(counts(&summary, "bank_statement"), (2, 1, 0, 1));
    // What an identifier says is not asked about.
    let day = Day::closed().await;
    day.paid(&[PAID[0], PAID[1], PAID[2], stranger].map(str::to_owned)).await;
    day.compare().await;
    assert_eq!(day.open().await, ["bank_statement missing_ours X-77 164574 RUB"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_due_is_expected_and_no_break() {
    let day = Day::closed().await;
    day.expect_answer().await;
    let early = day.compare_at("2026-10-11T12:00:00Z").await;
    assert_eq!(counts(&early, "acknowledgement"), (0, 0, 1, 0));
    assert_eq!(day.open().await, Vec::<String>::new());
    day.check(&["acknowledgement missing skyfuel-boreal-gold-000001-0 0"]).await;
    day.answer("ACK", 1, &day.hash(), "").await;
    day.check(&[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_of_an_answer_has_its_class() {
    let id = "skyfuel-boreal-gold-000001-0";
    let line = "boreal-gold-000001-skyfuel-RUB-000001";
    let disputes = [
        ("not_found||", format!("acknowledgement missing_theirs {line} 1095 RUB")),
        ("duplicate||", format!("acknowledgement duplicate {line} -1095 RUB")),
        ("rounding|-2775|1681", format!("acknowledgement vat_rounding {line} 1 RUB")),
        ("price|-2700|1680", format!("acknowledgement amount {line} 75 RUB")),
        ("member||", format!("acknowledgement reference {line} 0")),
    ];
    for (said, expected) in disputes {
        let day = Day::closed().await;
        day.answer("NACK", 1, &day.hash(), &format!("|content|see\nLINE|{line}|{said}|")).await;
        day.check(&[&expected]).await;
    }
    let day = Day::closed().await;
    // What is no answer is a problem until one comes, and stops nothing else.
    let brought = Brought { receiver: Some("skyfuel"), by: "test", at: at("2026-10-11T05:00:00Z") };
    let (pool, setup) = (&day.world.pool, sample::setup());
    assert!(take_answer(pool, &[&setup], &day.world.out, brought, b"ACK").await.is_err());
    let problems = |summary: ReconcileSummary| -> Vec<String> {
        summary.sources.into_iter().flat_map(|of| of.problems).map(|(scope, _)| scope).collect()
    };
    assert_eq!(problems(day.compare().await), ["skyfuel:unreadable"]);
    day.answer("ACK", 2, &"ab".repeat(32), "").await;
    assert_eq!(problems(day.compare().await), [""; 0]);
    day.check(&[
        &format!("acknowledgement altered_file {id} 0"),
        &format!("acknowledgement sequence_gap {id} 0"),
    ])
    .await;
    // The number that was missing brings the right answer.
    day.answer("ACK", 1, &day.hash(), "").await;
    day.check(&[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn our_files_are_those_of_the_books() {
    let day = Day::closed().await;
    for receiver in RECEIVERS {
        day.state(receiver, &day.honest(receiver)).await;
    }
    day.check(&[]).await;
    // A line once more, in a statement that came before the files were touched.
    let again = day.honest("kosta")[0].clone();
    let duplicate = format!("partner_statement duplicate {} 47778 RUB", day.lines["kosta"][0].id);
    day.state("kosta", &[again]).await;
    let path = file(&day.world, "kosta");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("|55878\n", "|55879\n", 1)).unwrap();
    std::fs::remove_file(file(&day.world, "skyfuel")).unwrap();
    let expected = [
        "own_file altered_file kosta-boreal-gold-000001-0 0",
        "own_file sequence_gap skyfuel-boreal-gold-000001-0 0",
    ];
    // What cannot be compared because our own file is altered is a problem of its own, and stops nothing else.
    let summary = day.compare().await;
    assert_eq!(day.open().await, expected);
    let of = summary.sources.iter().find(|of| of.source.name() == "partner_statement").unwrap();
    assert_eq!(of.problems.len(), 1, "{summary:?}");
    // What is put right is cured, and what could not be compared is; the same break later is the same row.
    std::fs::write(&path, &text).unwrap();
    let summary = day.compare().await;
    assert_eq!((summary.cured, summary.new_breaks.len()), (1, 1));
    std::fs::write(&path, text.replacen("|55878\n", "|55879\n", 1)).unwrap();
    assert!(day.compare().await.new_breaks.is_empty());
    assert_eq!(day.open().await, [expected[0], expected[1], &duplicate]);
}

/// A message of a bank without a member: `file` is the id of the clearing file, or `online`.
#[derive(Clone, Copy)]
struct Row {
    mti: &'static str,
    file: &'static str,
    retrieval: &'static str,
    arn: &'static str,
    amount: i64,
    currency: i32,
    content: &'static str,
    came: &'static str,
}

const fn asked(retrieval: &'static str, amount: i64) -> Row {
    Row {
        mti: "0100",
        file: "online",
        retrieval,
        arn: "",
        amount,
        currency: 643,
        content: "DE3=000000",
        came: "2026-10-10",
    }
}

const fn cleared(retrieval: &'static str, arn: &'static str, amount: i64) -> Row {
    let content = "kind=purchase|billing=";
    Row { mti: "file", file: "C-1", retrieval, arn, amount, currency: 643, content, came: "2026-10-11" }
}

async fn clearing(rows: &[Row]) -> Day {
    let world = World::new().await;
    let mut text =
        "INSERT INTO clearing_file (bank_id, file_id, sha256, records, state, series, sequence) VALUES \
                    (1, 'C-1', decode(repeat('01', 32), 'hex'), 9, 'taken', 'file', 1);"
            .to_owned();
    for (number, row) in rows.iter().enumerate() {
        let Row { mti, file, retrieval, arn, amount, currency, content, came } = row;
        text += &format!(
            "INSERT INTO message (bucket, message_key, bank_id, key_text, content, source, mti, stan, transmitted, \
             retrieval, approval, arn, acquirer, card_acceptor, terminal, mcc, last4, amount_minor, currency, local_time, \
             received_at, bank_date, counted_minor, reply, explanation, audit_mac) VALUES (7, \
             decode(lpad('{number}', 48, '0'), 'hex'), 1, 'text', '{content}', '{file}', '{mti}', '', '', '{retrieval}', \
             '{retrieval}', '{arn}', '123456', 'M', 'T', '5411', '0000', {amount}, {currency}, '2026-10-10 12:00:00', \
             '{came} 09:00:00Z', '{came}', 0, '', '', decode(repeat('00', 32), 'hex'));"
        );
    }
    world.run(&text).await;
    Day { world, lines: BTreeMap::new() }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_of_a_clearing_record_has_its_class() {
    let foreign = |mut row: Row, content| {
        (row.currency, row.content) = (840, content);
        row
    };
    let day = clearing(&[
        asked("01", 100),
        cleared("01", "A1", 100),
        // In parts, with a refund behind it.
        asked("02", 100),
        cleared("02", "A2", 40),
        cleared("02", "A2", 60),
        Row { content: "kind=refund|billing=", ..cleared("02", "R2", 30) },
        // Reversed, and never presented.
        asked("03", 100),
        Row { mti: "0400", ..asked("03", 100) },
        // Below the floor limit: nobody asks, and there is no approval.
        asked("04", 100),
        cleared("05", "A5", 70),
        cleared("06", "A6", 100),
        cleared("06", "A6", 100),
        asked("06", 100),
        asked("07", 100),
        cleared("07", "A7", 130),
        foreign(asked("08", 10), "DE6=950|DE51=643"),
        foreign(cleared("08", "A8", 10), "kind=purchase|billing=990"),
        asked("09", 100),
        foreign(cleared("09", "A9", 100), "kind=purchase|billing=100"),
        asked("10", 100),
        cleared("10", "B1", 40),
        cleared("10", "B1", 50),
        // Nobody said when it was asked for what it would be billed with.
        foreign(asked("12", 10), "DE3=000000"),
        foreign(cleared("12", "B3", 10), "kind=purchase|billing=950"),
        asked("11", 100),
        Row { came: "2026-10-26", ..cleared("11", "B2", 100) },
    ])
    .await;
    let expected = [
        "bank_clearing amount A7 30 RUB",
        "bank_clearing currency A9 0",
        "bank_clearing duplicate A6 100 RUB",
        "bank_clearing fx A8 40 RUB",
        "bank_clearing late B2 0",
        "bank_clearing missing_ours A5 70 RUB",
        "bank_clearing missing_theirs 04 -100 RUB",
        "bank_clearing split B1 -10 RUB",
    ];
    day.check(&expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clearing_that_is_not_due_is_expected() {
    let day = clearing(&[asked("01", 100), cleared("01", "A1", 40), asked("02", 50)]).await;
    let summary = day.compare_at("2026-10-12T00:00:00Z").await;
    assert_eq!(counts(&summary, "bank_clearing"), (1, 0, 3, 0), "the file itself is matched");
    day.check(&["bank_clearing amount A1 -60 RUB", "bank_clearing missing_theirs 02 -50 RUB"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_a_series_come_once_unaltered_and_in_order() {
    let day = clearing(&[]).await;
    let file = |id: &str, hash: &str, state: &str, sequence: i32, reason: &str| {
        format!(
            "INSERT INTO clearing_file (bank_id, file_id, sha256, records, state, series, sequence, reason) VALUES \
             (1, '{id}', decode(repeat('{hash}', 32), 'hex'), 9, '{state}', 'file', {sequence}, '{reason}');"
        )
    };
    day.world.run(&file("C-2", "02", "taken", 2, "")).await;
    day.check(&[]).await;
    day.world.run(&file("C-4", "04", "taken", 4, "")).await;
    day.world.run(&file("C-2", "05", "quarantined", 2, "altered")).await;
    day.world.run(&file("C-5", "06", "quarantined", 5, "truncated")).await;
    day.check(&["bank_clearing altered_file C-2 0", "bank_clearing sequence_gap C-4 0"]).await;
    let problems: Vec<_> = day.compare().await.sources[0].problems.clone();
    assert_eq!(problems, [("northbank:C-5".to_owned(), "truncated: ".to_owned())]);
    day.world.run(&file("C-3", "03", "taken", 3, "")).await;
    day.check(&["bank_clearing altered_file C-2 0"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn totals_of_a_window_are_compared_by_element() {
    let day = clearing(&[]).await;
    let totals = |key: &str, stated: &str, at: &str| {
        format!(
            "INSERT INTO bank_totals (bank_id, totals_key, key_text, content, mti, stan, transmitted, received_at, bank_date, \
             currency, stated, counted, balance, reason, differs_at) VALUES (1, decode(repeat('{key}', 24), 'hex'), '', '', \
             '0520', '', '', '2026-10-{at}T00:00:00Z', '2026-10-10', 643, '{stated}', \
             'DE76=0000000003|DE84=000000000000|DE88=0000000000000900|DE97=D0000000000000900', 2, '', '');"
        )
    };
    day.world.run(&totals("01", "DE76=0000000004|DE88=0000000000000950|DE84=000000000007", "11")).await;
    day.check(&["bank_totals fee DE84 7 RUB", "bank_totals totals DE76 0", "bank_totals totals DE88 50 RUB"])
        .await;
    // It states the right ones later.
    day.world.run(&totals("02", "DE76=0000000003|DE88=0000000000000900|DE97=D0000000000000900", "12")).await;
    day.check(&[]).await;
    day.world
        .run(
            "INSERT INTO bank_window (bank_id, bank_date, closed_date, cut_at) VALUES \
             (1, '2026-10-12', '2026-10-11', '2026-10-12T00:00:00Z')",
        )
        .await;
    day.check(&["bank_totals missing northbank:2026-10-11 0"]).await;
    // It comes after all.
    day.world
        .run(&totals("03", "DE76=0000000003", "13").replace("'2026-10-10', 643", "'2026-10-11', 643"))
        .await;
    day.check(&[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_that_a_partner_does_not_book_are_told() {
    let day = clearing(&[]).await;
    let line = |number: i32, state: &str| {
        format!(
            "INSERT INTO partner_line (program_id, line_id, cycle_id, account_bucket, account_id, message_key, \
             purchase_key, attempt, miles, activity_date, reason, state, file_sequence, place) VALUES (1, 'L-{number}', 1, 7, \
             1, decode(lpad('{number}', 48, '0'), 'hex'), decode(lpad('{number}', 48, '0'), 'hex'), 0, 10, '2026-10-10', \
             'purchase', '{state}', 1, {number});"
        )
    };
    let file = "INSERT INTO partner_file (program_id, sequence, partner_id, business_date, lines, miles, published) VALUES \
                (1, 1, 1, '2026-10-10', 3, 30, true);";
    let rows = [line(1, "sent"), line(2, "sent"), line(3, "sent")].concat();
    day.world.run(&format!("{file}{rows}")).await;
    let early = day.compare_at("2026-10-12T00:00:00Z").await;
    assert_eq!(counts(&early, "handback"), (0, 0, 3, 0));
    day.check(&["handback missing boreal-gold-000001 0"]).await;
    let answer = "INSERT INTO partner_handback (program_id, sequence, file_sequence, sha256, accepted, rejected) VALUES \
                  (1, 2, 1, decode(repeat('01', 32), 'hex'), 1, 1);\
                  UPDATE partner_line SET state = 'accepted' WHERE line_id = 'L-1';\
                  UPDATE partner_line SET state = 'rejected', code = 'unknown_member' WHERE line_id = 'L-2';";
    day.world.run(answer).await;
    day.check(&[
        "handback missing_theirs L-3 -10 MILES",
        "handback nack L-2 -10 MILES",
        "handback sequence_gap boreal-gold-000001 0",
    ])
    .await;
}

/// A month of authorizations and presentments of one bank; `RECONCILE_PURCHASES` makes it larger.
#[tokio::test(flavor = "multi_thread")]
#[allow(clippy::print_stdout, reason = "how long it takes is worth knowing")]
async fn a_month_of_clearing_is_compared_day_by_day() {
    let purchases: i64 =
        std::env::var("RECONCILE_PURCHASES").map_or(3_000, |text| text.parse().expect("a number"));
    let day = clearing(&[]).await;
    let rows = |mti: &str, source: &str, content: &str, arn: &str, begin: i64| {
        format!(
            "INSERT INTO message (bucket, message_key, bank_id, key_text, content, source, mti, stan, transmitted, \
             retrieval, approval, arn, acquirer, card_acceptor, terminal, mcc, last4, amount_minor, currency, local_time, \
             received_at, bank_date, counted_minor, reply, explanation, audit_mac) SELECT n % 1024, \
             decode(lpad(to_hex(n + {begin}), 48, '0'), 'hex'), 1, 'text', '{content}', '{source}', '{mti}', '', '', \
             lpad(n::text, 12, '0'), '123456', {arn}, '123456', 'M', 'T', '5411', '0000', 1000 + n, 643, at, at, at::date, \
             0, '', '', decode(repeat('00', 32), 'hex') FROM (SELECT n, '2026-10-01 12:00'::timestamp + n % 30 * \
             interval '1 day' AS at FROM generate_series(1, {purchases}) n) of_month;"
        )
    };
    let asked = rows("0100", "online", "DE3=000000", "''", 0);
    let presented = rows("file", "C-1", "kind=purchase|billing=", "'A' || n", 1 << 40);
    day.world.run(&format!("{asked}{presented}ANALYZE message;")).await;
    // One is presented under the reference of another one of its day.
    day.world
        .run("UPDATE message SET retrieval = '000000000007' WHERE arn = 'A37' AND source = 'C-1';")
        .await;
    let began = std::time::Instant::now();
    let summary = day.compare().await;
    println!("{purchases} purchases: {:?}", began.elapsed());
    let open = day.open().await;
    // All but one, and the file.
    assert_eq!(counts(&summary, "bank_clearing"), (purchases - 1 + 1, 0, 0, 2), "{open:?}");
    assert_eq!(
        open,
        ["bank_clearing missing_theirs 000000000037 -1037 RUB", "bank_clearing split A37 1037 RUB"]
    );
    let began = std::time::Instant::now();
    let again = day.compare().await;
    println!("again, without news: {:?}", began.elapsed());
    assert!(again.sources.iter().all(|of| of.compared == 0));
}
