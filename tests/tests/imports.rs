//! Clearing by file, enrollment by file and by BIN range: each record once, and no card number in what people read.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    collections::BTreeMap,
    fmt::{Debug, Write},
    sync::LazyLock,
};

use bank_simulator::{
    Card, ClearAmount, Day, Merchant, Money, Purchase, Step, Timed, Transcript, WorkedMerchants, replay,
    test_pan,
};
use cobrand::demo::{World, WorldOptions, scan_tree};
use end_to_end::settlement_file::{Batch, SettlementFile};
use gateway::{EnrollmentReport, ImportError, ImportOptions, ImportReport};
use iso8583::clearing::control::Mode;
use jiff::{
    civil::{Date, date},
    tz::TimeZone,
};

const PROGRAM: &str = include_str!("../../docs/samples/programs/boreal-gold.toml");
const AUTO_ENROLL: &str = "\n[[auto_enroll]]\nbin_from = \"22009900\"\nbin_to = \"22009999\"\n";
const DATE: Date = date(2026, 10, 10);

// Places in the list of cards.
const ANNA: usize = 0;
const BORIS: usize = 1;
/// In the range of automatic enrollment; first met in an online message.
const CLARA: usize = 2;
/// In the same range; first met in a file.
const DORA: usize = 3;
/// Neither a member nor in the range.
const STRANGER: usize = 4;

const HEADER: &str = "kind,pan,amount_minor,currency,billing_minor,billing_currency,local_time,mcc,acquirer,\
card_acceptor,terminal,retrieval,approval,arn,clearing_sequence,reversal\n";

struct Evidence {
    online: Transcript,
    retrievals: BTreeMap<String, String>,
    first: ImportReport,
    rows_after_first: Rows,
    again: ImportReport,
    altered: String,
    renamed: String,
    rows_after_refusals: Rows,
    other_file: ImportReport,
    reversal_first: ImportReport,
    broken: String,
    broken_without_header: String,
    rows_after_broken: Rows,
    mended: ImportReport,
    undecidable: String,
    undecidable_rows: (i64, i64),
    refused: String,
    /// By file and record number: `status reason base bonus discount`.
    results: BTreeMap<(String, usize), String>,
    enrollment: Enrollment,
    /// `[miles, money]` by card label, and the member number of the account.
    balances: BTreeMap<&'static str, ([i64; 2], [i64; 2], String)>,
    files: BTreeMap<String, SettlementFile>,
    ledger: store::LedgerCheck,
    leaks: Vec<String>,
}

struct Enrollment {
    broken: String,
    without_header: String,
    accounts_before: i64,
    accounts_after: i64,
    good: EnrollmentReport,
    again: EnrollmentReport,
    /// Two cards with one member number.
    accounts_of_family: i64,
}

/// What is in the books, to see that nothing was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rows {
    messages: i64,
    transfers: i64,
    files: i64,
}

static DAY: LazyLock<Evidence> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(Box::pin(run_the_day()))
});

/// Numbers that stand for cards; all are in the ranges of Northbank.
fn cards() -> Vec<Card> {
    let card = |label: &str, bin: &str, number| Card {
        pan: test_pan(bin, number).unwrap(),
        label: label.to_owned(),
    };
    vec![
        card("Anna", "220000", 1),
        card("Boris", "220000", 2),
        card("Clara", "220099", 3),
        card("Dora", "220099", 4),
        card("Stranger", "220000", 5),
    ]
}

fn pan(card: usize) -> String {
    cards()[card].pan.expose().to_owned()
}

/// The online part of the day: authorizations, and one 0220 that this bank must not send.
fn online() -> Day {
    let authorize = Step::Authorize { preauthorization: false };
    let merchants = WorkedMerchants::default();
    let purchase = |id: &str, card, merchant, minor, steps: &[Step]| {
        let number: i8 = id[1..].parse().unwrap();
        Purchase {
            id: id.to_owned(),
            card,
            merchant,
            processing_code: "000000".to_owned(),
            amount: Money::rub(minor),
            billing: None,
            steps: steps
                .iter()
                .map(|step| Timed { at: DATE.at(9, number, 0, 0), step: step.clone() })
                .collect(),
        }
    };
    let purchases = vec![
        purchase("F1", ANNA, 0, 359_999, std::slice::from_ref(&authorize)),
        purchase("F2", ANNA, 1, 745_000, std::slice::from_ref(&authorize)),
        purchase("F3", BORIS, 2, 250_000, std::slice::from_ref(&authorize)),
        purchase("F4", CLARA, 0, 60_000, std::slice::from_ref(&authorize)),
        purchase("F5", STRANGER, 0, 60_000, std::slice::from_ref(&authorize)),
        purchase("F6", ANNA, 0, 100_000, &[authorize, Step::Clear(ClearAmount::Full)]),
    ];
    let zone = TimeZone::get("Europe/Moscow").unwrap();
    let list = vec![merchants.grocery, merchants.skyfuel, merchants.kosta, merchants.hotel];
    Day::new(DATE, zone, cards(), list, purchases, 1).unwrap()
}

/// A record of a clearing file.
#[derive(Clone)]
struct Record {
    kind: &'static str,
    card: usize,
    amount: i64,
    currency: &'static str,
    billing: &'static str,
    merchant: Merchant,
    retrieval: String,
    arn: &'static str,
    sequence: u16,
    reversal: bool,
}

impl Record {
    fn purchase(card: usize, amount: i64, merchant: Merchant, arn: &'static str) -> Self {
        Self {
            kind: "purchase",
            card,
            amount,
            currency: "643",
            billing: ",",
            merchant,
            retrieval: String::new(),
            arn,
            sequence: 1,
            reversal: false,
        }
    }

    fn of(mut self, retrieval: &str) -> Self {
        self.retrieval = retrieval.to_owned();
        self
    }

    fn refund(mut self) -> Self {
        self.kind = "refund";
        self
    }

    fn reversed(mut self) -> Self {
        self.reversal = true;
        self
    }

    fn line(&self) -> String {
        let Merchant { acquirer, card_acceptor, terminal, mcc, .. } = &self.merchant;
        let Self { kind, amount, currency, billing, retrieval, arn, sequence, reversal, .. } = self;
        let pan = pan(self.card);
        format!(
            "{kind},{pan},{amount},{currency},{billing},2026-10-10T12:00:00,{mcc},{acquirer},{card_acceptor},\
             {terminal},{retrieval},,{arn},{sequence},{reversal}\n"
        )
    }
}

fn csv(records: &[Record]) -> String {
    records.iter().fold(HEADER.to_owned(), |text, record| text + &record.line())
}

fn first_file(retrievals: &BTreeMap<String, String>) -> Vec<Record> {
    let at = WorkedMerchants::default();
    let of = |id: &str| retrievals[id].as_str();
    let mut foreign = Record::purchase(BORIS, 10_000, at.hotel.clone(), "ARN-USD");
    (foreign.currency, foreign.billing) = ("840", "950000,643");
    vec![
        Record::purchase(ANNA, 359_999, at.grocery.clone(), "ARN-1").of(of("F1")),
        // What the reply had reduced the amount to.
        Record::purchase(ANNA, 722_650, at.skyfuel.clone(), "ARN-2").of(of("F2")),
        Record::purchase(BORIS, 250_000, at.kosta.clone(), "ARN-3").of(of("F3")),
        Record::purchase(BORIS, 100_000, at.kosta.clone(), "ARN-3").of(of("F3")).refund(),
        Record::purchase(CLARA, 60_000, at.grocery.clone(), "ARN-4").of(of("F4")),
        Record::purchase(CLARA, 60_000, at.grocery.clone(), "ARN-4").of(of("F4")).reversed(),
        Record::purchase(STRANGER, 60_000, at.grocery.clone(), "ARN-5").of(of("F5")),
        Record::purchase(ANNA, 123_456, at.grocery.clone(), "ARN-6"),
        foreign,
        Record::purchase(DORA, 60_000, at.grocery.clone(), "ARN-7"),
        // The same presentment twice in one file.
        Record::purchase(DORA, 60_000, at.grocery, "ARN-7"),
    ]
}

/// Good records, half-broken ones and quite broken ones.
fn broken_file() -> String {
    let at = WorkedMerchants::default().grocery;
    let good = || Record::purchase(ANNA, 60_000, at.clone(), "ARN-B").line();
    let (anna, other_bank) = (pan(ANNA), test_pan("600000", 1).unwrap());
    let mut text = HEADER.to_owned() + &good();
    text += &good().replacen(&anna, "22000000000", 1); // 3
    text += &good().replacen("purchase", &anna, 1); // 4: the columns have moved
    text += &good().replacen("purchase,", "", 1); // 5: a column is missing
    text += &good().replacen("60000,", &format!("{anna}x,"), 1); // 6
    text += &good().replacen("643", "000", 1); // 7
    text += &good().replacen(",643,,,", ",643,100,,", 1); // 8: an amount without its currency
    text += &good().replacen("ARN-B,1,false", ",1,true", 1); // 9
    text += &good().replacen("2026-10-10T12:00:00", &anna, 1); // 10
    text += &good().replacen(&anna, other_bank.expose(), 1); // 11
    text += &good().replacen("false", &anna, 1); // 12
    text += &good(); // 13
    text
}

fn broken_enrollment() -> String {
    let (clara, other_bank) = (pan(CLARA), test_pan("600000", 1).unwrap());
    let mut text = "pan,program,member_number,enrolled_on\n".to_owned();
    let anna = pan(ANNA);
    for line in [
        format!("{anna},boreal-gold,AB-1,2026-01-01"),
        "12345,boreal-gold,AB-2,2026-01-01".to_owned(),
        format!("{anna},{clara},AB-3,2026-01-01"),
        format!("{anna},boreal-gold,AB-4"),
        format!("{anna},boreal-gold,AB-5,{clara}"),
        format!("{},boreal-gold,AB-6,2026-01-01", other_bank.expose()),
        format!("{clara},{anna},boreal-gold,AB-7,2026-01-01"),
    ] {
        writeln!(text, "{line}").unwrap();
    }
    text
}

async fn enroll(world: &World, bank: &str, csv: &str) -> Result<EnrollmentReport, gateway::EnrollmentError> {
    let assembly = &world.assembly;
    let (link, keys) = (assembly.link(bank).unwrap(), assembly.card_keys().unwrap());
    gateway::import_enrollment(csv.as_bytes(), link, &assembly.codes.programs, &keys, &assembly.pool).await
}

async fn enroll_all(world: &World) -> Enrollment {
    let accounts = "SELECT count(*) FROM member_account";
    let accounts_before = count(world, accounts).await;
    let broken = told(enroll(world, "northbank", &broken_enrollment()).await);
    let without_header = broken_enrollment().lines().skip(1).collect::<Vec<_>>().join("\n");
    let without_header = told(enroll(world, "northbank", &without_header).await);
    let accounts_after = count(world, accounts).await;
    let good = format!(
        "pan,program,member_number,enrolled_on\n{},boreal-gold,AB-ANNA,2026-01-01\n{},boreal-gold,AB-BORIS,2026-01-01\n\
         {},boreal-gold,AB-BORIS,2026-01-01\n",
        pan(ANNA),
        pan(BORIS),
        test_pan("220000", 6).unwrap().expose()
    );
    let first = enroll(world, "northbank", &good).await.unwrap();
    let again = enroll(world, "northbank", &good).await.unwrap();
    let family = "SELECT count(*) FROM member_account WHERE member_number = 'AB-BORIS'";
    Enrollment {
        broken,
        without_header,
        accounts_before,
        accounts_after,
        good: first,
        again,
        accounts_of_family: count(world, family).await,
    }
}

async fn import(world: &World, id: &str, text: &str) -> Result<ImportReport, ImportError> {
    let link = world.assembly.link("northbank").unwrap();
    let gateway = world.gateway().unwrap().gateway();
    let options = ImportOptions::new(id, Mode::Test);
    let file = std::io::Cursor::new(text.as_bytes());
    gateway::import_clearing(file, &options, link, gateway).await.map(|imported| imported.report)
}

/// The words of a refusal.
fn told<T: Debug, E: std::error::Error>(result: Result<T, E>) -> String {
    result.unwrap_err().to_string()
}

async fn count(world: &World, text: &str) -> i64 {
    world.assembly.pool.get().await.unwrap().query_one(text, &[]).await.unwrap().get(0)
}

async fn rows(world: &World) -> Rows {
    Rows {
        messages: count(world, "SELECT count(*) FROM message").await,
        transfers: count(world, "SELECT count(*) FROM transfer").await,
        files: count(world, "SELECT count(*) FROM clearing_file WHERE state = 'taken'").await,
    }
}

async fn run_the_day() -> Evidence {
    let options = WorldOptions {
        clearing_source: "file",
        program: Some(format!("{PROGRAM}{AUTO_ENROLL}")),
        // In the world's folder, so that it is searched for card numbers.
        log_to_file: true,
        ..WorldOptions::default()
    };
    let world = World::start(options).await.unwrap();
    let enrollment = enroll_all(&world).await;
    let bank = world.bank().unwrap();
    let online = replay(&bank, &online(), 1, |_| {}).await;
    bank.stop().await;
    let retrievals =
        online.exchanges().map(|exchange| (exchange.sent.purchase.clone(), exchange.sent.de37.clone()));
    let retrievals: BTreeMap<String, String> = retrievals.collect();

    let records = first_file(&retrievals);
    let text = csv(&records);
    let first = import(&world, "F-1", &text).await.unwrap();
    let rows_after_first = rows(&world).await;
    let again = import(&world, "F-1", &text).await.unwrap();
    let altered = told(import(&world, "F-1", &text.replacen("359999", "359998", 1)).await);
    let renamed = told(import(&world, "F-2", &text).await);
    let rows_after_refusals = rows(&world).await;

    let at = WorkedMerchants::default();
    let mut second_presentment =
        Record::purchase(BORIS, 60_000, at.kosta.clone(), "ARN-3").of(&retrievals["F3"]);
    second_presentment.sequence = 2;
    let other = [
        records[0].clone(),
        // Another amount does not make it another presentment.
        Record::purchase(ANNA, 999_999, at.grocery.clone(), "ARN-6"),
        records[3].clone(),
        records[5].clone(),
        second_presentment,
    ];
    let other_file = import(&world, "F-3", &csv(&other)).await.unwrap();
    let lone = || Record::purchase(CLARA, 600_000, at.grocery.clone(), "ARN-8");
    let reversal_first = import(&world, "F-4", &csv(&[lone().reversed(), lone()])).await.unwrap();

    let broken = told(import(&world, "F-5", &broken_file()).await);
    let headless = broken_file().lines().skip(1).collect::<Vec<_>>().join("\n");
    let broken_without_header = told(import(&world, "F-5", &headless).await);
    let rows_after_broken = rows(&world).await;
    let mended = [Record::purchase(ANNA, 60_000, at.grocery.clone(), "ARN-B")];
    let mended = import(&world, "F-5", &csv(&mended)).await.unwrap();
    let huge = Record::purchase(ANNA, i64::MAX, at.grocery.clone(), "ARN-H");
    // One more than the books can count.
    let huge = csv(&[huge]).replacen("9223372036854775807", "9223372036854775808", 1);
    let undecidable = told(import(&world, "F-6", &huge).await);
    let undecidable_rows = (
        count(&world, "SELECT count(*) FROM message WHERE source = 'F-6'").await,
        count(&world, "SELECT count(*) FROM quarantine WHERE masked LIKE '%|F-6|1 %'").await,
    );
    let south = world.assembly.link("southbank").unwrap();
    let gateway = world.gateway().unwrap().gateway();
    let refused = told(
        gateway::import_clearing(
            std::io::Cursor::new(text.as_bytes()),
            &ImportOptions::new("S-1", Mode::Test),
            south,
            gateway,
        )
        .await,
    );

    let program = world.assembly.program("boreal-gold").unwrap();
    let out = &world.assembly.config.settlement.out;
    let closed = settlement::close_day(&world.assembly.pool, &program.setup, DATE, out).await.unwrap();
    let files = closed.files.iter().map(|file| {
        settlement::verify_path(&file.path).unwrap();
        (file.receiver.clone(), SettlementFile::parse(&std::fs::read_to_string(&file.path).unwrap()))
    });
    let files = files.collect();
    let pans: Vec<_> = cards().into_iter().map(|card| card.pan).collect();
    let mut leaks = scan_tree(&world.dir, &pans).unwrap();
    leaks.merge(scan_tree(world.cluster.data_dir(), &pans).unwrap());
    let evidence = Evidence {
        online,
        retrievals,
        first,
        rows_after_first,
        again,
        altered,
        renamed,
        rows_after_refusals,
        other_file,
        reversal_first,
        broken,
        broken_without_header,
        rows_after_broken,
        mended,
        undecidable,
        undecidable_rows,
        refused,
        results: results(&world).await,
        enrollment,
        balances: balances(&world).await,
        files,
        ledger: store::ledger_check(&world.assembly.pool).await.unwrap(),
        leaks: leaks.hits,
    };
    world.stop().await.unwrap();
    evidence
}

async fn results(world: &World) -> BTreeMap<(String, usize), String> {
    let sql = world.assembly.pool.get().await.unwrap();
    let text = "SELECT source, key_text, reply FROM message WHERE source <> 'online'";
    let result = |row: &tokio_postgres::Row| {
        let (source, key, reply): (String, String, String) = (row.get(0), row.get(1), row.get(2));
        let number = key.rsplit('|').next().unwrap().parse().unwrap();
        let reply: serde_json::Value = serde_json::from_str(&reply).unwrap();
        assert_eq!(reply["code"], "taken");
        let [status, reason] = ["status", "reason"].map(|name| reply[name].as_str().unwrap().to_owned());
        let [base, bonus, discount] = ["base", "bonus", "discount"].map(|name| reply[name].as_i64().unwrap());
        ((source, number), format!("{status} {reason} {base} {bonus} {discount}"))
    };
    sql.query(text, &[]).await.unwrap().iter().map(result).collect()
}

/// By card label: miles and money, each posted and pending, and the member number.
async fn balances(world: &World) -> BTreeMap<&'static str, ([i64; 2], [i64; 2], String)> {
    let sql = world.assembly.pool.get().await.unwrap();
    let keys = world.assembly.card_keys().unwrap();
    let text = "SELECT a.member_number, b.unit_kind, b.posted, b.pending FROM card c \
                JOIN member_account a ON a.bucket = c.bucket AND a.account_id = c.account_id \
                LEFT JOIN member_balance b ON b.bucket = a.bucket AND b.account_id = a.account_id WHERE c.token = $1";
    let mut found = BTreeMap::new();
    for (label, card) in ["Anna", "Boris", "Clara", "Dora", "Stranger"].into_iter().zip(cards()) {
        let token = keys.tokens(&card.pan)[0].to_bytes();
        for row in sql.query(text, &[&token]).await.unwrap() {
            let held: &mut ([i64; 2], [i64; 2], String) = found.entry(label).or_default();
            held.2 = row.get(0);
            match row.get(1) {
                Some(1_i16) => held.0 = [row.get(2), row.get(3)],
                Some(2) => held.1 = [row.get(2), row.get(3)],
                _ => {}
            }
        }
    }
    found
}

fn report(records: usize, booked: usize, without_loyalty: usize) -> ImportReport {
    ImportReport { records, booked, without_loyalty, ..ImportReport::default() }
}

#[track_caller]
fn assert_no_card_number(text: &str) {
    let more = [test_pan("600000", 1).unwrap()];
    let mut pans = cards().into_iter().map(|card| card.pan).chain(more);
    assert!(!pans.any(|pan| text.contains(pan.expose())), "a card number in: {text}");
}

#[track_caller]
fn assert_results(file: &str, expected: &[&str]) {
    let found: Vec<&str> = DAY
        .results
        .iter()
        .filter(|((source, _), _)| source == file)
        .map(|(_, result)| result.as_str())
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn a_file_clears_authorizations_and_what_stands_alone_refunds_and_reverses() {
    // The last one has the ARN of another one of the file.
    assert_eq!(DAY.first, ImportReport { already_known: 1, differing: 1, ..report(11, 9, 1) });
    assert_results(
        "F-1",
        &[
            "booked cleared 59 0 0",
            "booked cleared 120 120 22350",
            "booked cleared 41 0 12500",
            "reversed refunded -16 0 -5000",
            "booked cleared 10 0 0",
            "reversed reversed -10 0 0",
            "none not_a_member 0 0 0",
            "booked cleared 20 0 0",
            "booked cleared 158 0 0",
            "booked cleared 10 0 0",
            "none twice_in_its_file 0 0 0",
        ],
    );
    assert_eq!(DAY.ledger.balances_off + DAY.ledger.counters_off, 0);
}

#[test]
fn a_file_is_taken_once_whatever_it_is_called() {
    assert_eq!(DAY.again, ImportReport { already_imported: true, ..ImportReport::default() });
    assert!(DAY.altered.contains("\"F-1\" was imported before with other content"), "{}", DAY.altered);
    assert!(DAY.renamed.contains("imported before as \"F-1\""), "{}", DAY.renamed);
    assert_eq!(DAY.rows_after_refusals, DAY.rows_after_first);
    assert!(!DAY.results.keys().any(|(file, _)| file == "F-2"));
}

#[test]
fn a_presentment_that_came_in_another_file_is_not_booked_again() {
    // One of the three has another amount.
    assert_eq!(DAY.other_file, ImportReport { already_known: 3, differing: 1, ..report(5, 1, 1) });
    assert_results(
        "F-3",
        &[
            "none presentment_already_cleared 0 0 0",
            "none another_amount_stands 0 0 0",
            "none presentment_already_cleared 0 0 0",
            "none already_reversed 0 0 0",
            // 2,100.00 net in place of 1,500.00.
            "booked cleared 10 0 3000",
        ],
    );
}

#[test]
fn a_reversal_that_stands_before_a_presentment_in_its_file_is_not_meant_for_it_and_is_named() {
    assert_eq!(DAY.reversal_first, ImportReport { doubtful: 1, ..report(2, 1, 1) });
    assert_results("F-4", &["none original_not_seen_yet 0 0 0", "booked a_reversal_waits_beside_it 100 0 0"]);
}

#[test]
fn half_broken_lines_are_named_without_card_numbers_and_nothing_is_taken() {
    let lines: Vec<&str> = DAY.broken.lines().skip(1).collect();
    let starts = [
        "line 3: column pan: expected 12 to 19 digits",
        "line 4: column kind: expected purchase, cash or refund",
        "line 5: expected 16 columns as in the first line, found 15",
        "line 6: column amount_minor: expected a whole number of minor units",
        "line 7: column currency: expected a numeric code",
        "line 8: columns billing_minor and billing_currency: give both or none",
        "line 9: column reversal: a reversal names its presentment by the column arn",
        "line 10: column local_time: expected a time such as",
        "line 11: column pan: the card is in no BIN range of northbank",
        "line 12: column reversal: expected true or false",
    ];
    assert_eq!(lines.len(), starts.len(), "{lines:#?}");
    for (line, start) in lines.iter().zip(starts) {
        assert!(line.starts_with(start), "expected {start:?}, found {line:?}");
    }
    assert_no_card_number(&DAY.broken);
    // Two files came after the first count: F-3 with five records and F-4 with two.
    let Rows { messages, files, .. } = DAY.rows_after_broken;
    assert_eq!((messages, files), (DAY.rows_after_first.messages + 7, DAY.rows_after_first.files + 2));
    // The id is still free for the mended file.
    assert_eq!(DAY.mended, report(1, 1, 0));
}

#[test]
fn a_file_without_its_first_line_is_refused_without_card_numbers() {
    assert_no_card_number(&DAY.broken_without_header);
    assert_no_card_number(&DAY.enrollment.without_header);
    assert!(DAY.broken_without_header.contains("line 2: "), "{}", DAY.broken_without_header);
    let enrollment = &DAY.enrollment.without_header;
    assert!(
        enrollment.contains("line 1: columns pan, program, member_number, enrolled_on are missing"),
        "{enrollment}"
    );
}

#[test]
fn a_record_that_could_not_be_decided_is_refused_with_its_file() {
    assert!(
        DAY.undecidable.contains("line 2: column amount_minor: expected at most 12"),
        "{}",
        DAY.undecidable
    );
    assert_eq!(DAY.undecidable_rows, (0, 0), "neither in the books nor in the quarantine");
}

#[test]
fn online_clearing_of_a_bank_that_clears_by_file_is_taken_without_loyalty() {
    let clearing = DAY.online.exchanges().find(|exchange| exchange.sent.mti.to_string() == "0220").unwrap();
    let answer = clearing.answer.as_ref().unwrap();
    assert_eq!((answer.mti.as_str(), answer.de39.as_str()), ("0230", "00"));
    let loyalty = answer.de48.as_ref().unwrap();
    assert_eq!((loyalty.status.as_str(), loyalty.reason.as_str()), ("none", "clearing_from_another_source"));
    assert_eq!((loyalty.base_miles, loyalty.discount_minor), (0, 0));
}

#[test]
fn a_file_of_another_bank_is_refused() {
    let expected = "no card of the file is in a BIN range of southbank";
    assert!(DAY.refused.starts_with(expected), "{}", DAY.refused);
}

#[test]
fn a_card_of_the_range_is_a_member_with_its_first_message() {
    let reply = |purchase: &str| {
        let mut exchanges = DAY.online.exchanges();
        exchanges.find(|exchange| exchange.sent.purchase == purchase).unwrap().answer.clone().unwrap()
    };
    let loyalty = reply("F4").de48.unwrap();
    assert_eq!((loyalty.status.as_str(), loyalty.base_miles), ("provisional", 10));
    assert_eq!(reply("F5").de48.unwrap().reason, "not_a_member");
    let (miles, _, member) = &DAY.balances["Clara"];
    // A file has cleared ten miles and reversed that; the authorization itself is not reversed, so it waits again. Another
    // one has a reversal before what it is not meant for.
    assert_eq!((*miles, member.as_str()), ([100, 10], ""));
    // Dora was met first in the file.
    assert_eq!(DAY.balances["Dora"].0, [10, 0]);
    assert!(!DAY.balances.contains_key("Stranger"));
}

#[test]
fn the_members_hold_what_the_files_say() {
    // 59 + 240 + 20 + 10; 1,000.00 that was authorized and then cleared from another source is still held: 16.
    assert_eq!(DAY.balances["Anna"], ([329, 16], [22_350, 0], "AB-ANNA".to_owned()));
    // 25 + 10 at kosta, 158 in the hotel; a discount of 5 % of 2,100.00.
    assert_eq!(DAY.balances["Boris"], ([193, 0], [10_500, 0], "AB-BORIS".to_owned()));
}

#[test]
fn the_settlement_file_shows_where_a_line_came_from() {
    let airboreal = DAY.files["airboreal"].batch("airboreal");
    let shown = |batch: &Batch| {
        let lines = batch.lines.iter();
        let mut lines: Vec<String> = lines
            .map(|line| {
                format!("{} {} {} {} {}", line.arn, line.kind, line.mti, line.counted, line.items[0][0])
            })
            .collect();
        lines.sort();
        lines
    };
    assert_eq!(
        shown(airboreal),
        [
            "ARN-1 purchase file 359999 59",
            "ARN-2 purchase file 722650 240",
            "ARN-3 purchase file 250000 41",
            "ARN-3 purchase file 60000 10",
            "ARN-3 refund file -100000 -16",
            "ARN-4 purchase file 60000 10",
            "ARN-4 reversal file-reversal -60000 -10",
            "ARN-6 purchase file 123456 20",
            "ARN-7 purchase file 60000 10",
            "ARN-8 purchase file 600000 100",
            "ARN-B purchase file 60000 10",
            "ARN-USD purchase file 950000 158",
        ]
    );
    let kosta = DAY.files["kosta"].batch("kosta");
    // Turnover 2,100.00; 60 % of 105.00.
    assert_eq!(kosta.trailer[1..3], [210_000, 6_300]);
    let online = airboreal.lines.iter().find(|line| line.arn == "ARN-1").unwrap();
    assert_eq!(online.retrieval, DAY.retrievals["F1"]);
}

#[test]
fn enrollment_names_broken_lines_without_card_numbers_and_enrolls_nobody() {
    let Enrollment { broken, accounts_before, accounts_after, .. } = &DAY.enrollment;
    let lines: Vec<&str> = broken.lines().skip(1).collect();
    let starts = [
        "line 3: column pan: expected 12 to 19 digits",
        "line 4: column program: ",
        "line 5: expected 4 columns as in the first line, found 3",
        "line 6: column enrolled_on: expected a date such as",
        "line 7: column pan: the card is in no BIN range of northbank",
        "line 8: expected 4 columns as in the first line, found 5",
    ];
    assert_eq!(lines.len(), starts.len(), "{lines:#?}");
    for (line, start) in lines.iter().zip(starts) {
        assert!(line.starts_with(start), "expected {start:?}, found {line:?}");
    }
    assert_no_card_number(broken);
    assert_eq!((*accounts_before, *accounts_after), (0, 0));
}

#[test]
fn enrollment_may_be_repeated_and_cards_of_one_member_share_an_account() {
    let Enrollment { good, again, accounts_of_family, .. } = &DAY.enrollment;
    assert_eq!(*good, EnrollmentReport { enrolled: 3, ..EnrollmentReport::default() });
    assert_eq!(*again, EnrollmentReport { known: 3, ..EnrollmentReport::default() });
    assert_eq!(*accounts_of_family, 1);
}

#[test]
fn no_import_leaves_a_card_number_behind() {
    assert_eq!(DAY.leaks, Vec::<String>::new());
}
