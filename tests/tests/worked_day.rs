//! The worked day, from messages over mutual TLS to the settlement files, to the kopeck. Every number that is expected
//! here was computed by another program with exact fractions and is typed in; none comes from our code.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use bank_simulator::{Exchange, Transcript, replay};
use cobrand::demo::{BankDay, World, WorldOptions};
use end_to_end::settlement_file::{Batch, SettlementFile};
use settlement::Closed;

/// What the day has left behind; the world itself is gone.
struct Evidence {
    transcript: Transcript,
    /// By label, such as `P5.3`: the presentments and refunds in the ledger.
    booked: BTreeMap<String, Booked>,
    /// `[miles, pending miles, money, pending money]` by account.
    balances: BTreeMap<String, [i64; 4]>,
    /// Statement credits that are posted, by account.
    statement_credits: BTreeMap<String, i64>,
    /// DE11 and stored explanation of every message.
    explanations: BTreeMap<String, String>,
    messages: i64,
    transfers_of_strangers: i64,
    quarantined: i64,
    closed: Closed,
    /// By receiver.
    files: BTreeMap<String, String>,
}

/// One row of the table "booked by line".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Booked {
    counted: i64,
    base: i64,
    bonus: i64,
    discount: i64,
    merchant_share: i64,
    bank_share: i64,
}

static DAY: LazyLock<Evidence> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(Box::pin(run_the_day()))
});

async fn run_the_day() -> Evidence {
    let day = BankDay::worked().unwrap();
    let options = WorldOptions { log_to_file: false, ..WorldOptions::default() };
    let world = World::start(options).await.unwrap();
    world.enroll(&day).await.unwrap();
    let bank = world.bank().unwrap();
    let transcript = replay(&bank, day.day(), 8, |_| {}).await;
    bank.stop().await;
    let program = world.assembly.program("boreal-gold").unwrap();
    let out = &world.assembly.config.settlement.out;
    let closed =
        settlement::close_day(&world.assembly.pool, &program.setup, day.business_date(), out).await.unwrap();
    let files = closed.files.iter().map(|file| {
        let bytes = std::fs::read(&file.path).unwrap();
        let done = std::fs::read_to_string(format!("{}.done", file.path.display())).unwrap();
        let name = file.path.file_name().unwrap().to_str().unwrap();
        assert_eq!(done, format!("{}  {name}\n", file.sha256), "the announcement");
        settlement::verify_path(&file.path).unwrap();
        (file.receiver.clone(), String::from_utf8(bytes).unwrap())
    });
    let files = files.collect();
    let evidence = from_the_database(&world, transcript, closed, files).await;
    world.stop().await.unwrap();
    evidence
}

async fn from_the_database(
    world: &World,
    transcript: Transcript,
    closed: Closed,
    files: BTreeMap<String, String>,
) -> Evidence {
    let sql = world.assembly.pool.get().await.unwrap();
    let labels = labels(&transcript);
    let rows = "SELECT m.stan, m.counted_minor, t.item, CASE WHEN t.credit_kind = 1 THEN t.amount ELSE -t.amount END \
                FROM message m LEFT JOIN transfer t ON t.bucket = m.bucket AND t.message_key = m.message_key \
                AND t.phase = 1 WHERE m.mti = '0220'";
    let mut booked: BTreeMap<String, Booked> = BTreeMap::new();
    for row in sql.query(rows, &[]).await.unwrap() {
        let (stan, counted): (String, i64) = (row.get(0), row.get(1));
        let line = booked.entry(labels[&stan].clone()).or_default();
        line.counted = counted;
        let (item, amount): (Option<String>, Option<i64>) = (row.get(2), row.get(3));
        if let (Some(item), Some(amount)) = (item, amount) {
            line.add(&item, amount);
        }
    }
    let rows = "SELECT a.member_number, b.unit_kind, b.posted, b.pending FROM member_account a \
                LEFT JOIN member_balance b ON b.bucket = a.bucket AND b.account_id = a.account_id";
    let mut balances: BTreeMap<String, [i64; 4]> = BTreeMap::new();
    for row in sql.query(rows, &[]).await.unwrap() {
        let held = balances.entry(row.get(0)).or_default();
        match row.get(1) {
            Some(1_i16) => (held[0], held[1]) = (row.get(2), row.get(3)),
            Some(2) => (held[2], held[3]) = (row.get(2), row.get(3)),
            _ => {}
        }
    }
    let rows = "SELECT a.member_number, sum(CASE WHEN t.credit_kind = 1 THEN t.amount ELSE -t.amount END)::bigint \
                FROM transfer t JOIN member_account a ON a.bucket = t.bucket AND a.account_id = t.account_id \
                WHERE t.phase = 1 AND t.item LIKE 'discount:statement_credit:%' GROUP BY 1";
    let statement_credits =
        sql.query(rows, &[]).await.unwrap().iter().map(|row| (row.get(0), row.get(1))).collect();
    let rows = sql.query("SELECT stan, explanation FROM message", &[]).await.unwrap();
    let explanations = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let count = async |text: &str| sql.query_one(text, &[]).await.unwrap().get::<_, i64>(0);
    let strangers = "SELECT count(*) FROM transfer t JOIN message m ON m.bucket = t.bucket \
                     AND m.message_key = t.message_key WHERE m.account_id IS NULL";
    Evidence {
        booked,
        balances,
        statement_credits,
        explanations,
        messages: count("SELECT count(*) FROM message").await,
        transfers_of_strangers: count(strangers).await,
        quarantined: count("SELECT count(*) FROM quarantine").await,
        transcript,
        closed,
        files,
    }
}

impl Booked {
    fn add(&mut self, item: &str, amount: i64) {
        let parts: Vec<&str> = item.split(':').collect();
        match parts[0] {
            "base" => self.base += amount,
            "bonus" => self.bonus += amount,
            "discount" => {
                self.discount += amount;
                *if parts[2] == "bank" { &mut self.bank_share } else { &mut self.merchant_share } += amount;
            }
            "turnover" => {}
            other => panic!("an item {other}"),
        }
    }
}

/// DE11 of each presentment and refund, to its name in the table: `P5.3` is the third of P5.
fn labels(transcript: &Transcript) -> BTreeMap<String, String> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut labels = BTreeMap::new();
    for exchange in transcript.exchanges().filter(|exchange| exchange.sent.mti.to_string() == "0220") {
        let number = seen.entry(&exchange.sent.purchase).or_default();
        *number += 1;
        labels.insert(exchange.sent.de11.clone(), format!("{}.{number}", exchange.sent.purchase));
    }
    labels
}

fn exchanges_of(purchase: &str) -> Vec<&'static Exchange> {
    DAY.transcript.exchanges().filter(|exchange| exchange.sent.purchase == purchase).collect()
}

/// A reply as the table of replies writes it.
fn shown(exchange: &Exchange) -> String {
    let answer = exchange.answer.as_ref().unwrap();
    let loyalty = answer.de48.clone().unwrap();
    assert!(loyalty.other.is_empty(), "{loyalty:?}");
    format!(
        "{} {} {} DE4 {} DE54 {} {} {} base {} bonus {} discount {} {}",
        exchange.sent.purchase,
        exchange.sent.mti,
        answer.de39,
        answer.de4.unwrap(),
        answer.de54.map_or_else(|| "-".to_owned(), |original| original.to_string()),
        loyalty.status,
        loyalty.reason,
        loyalty.base_miles,
        loyalty.bonus_miles,
        loyalty.discount_minor,
        loyalty.discount_mode.as_deref().unwrap_or("-"),
    )
}

#[test]
fn every_message_is_answered_as_the_worked_day_says() {
    let expected = "
P1 0100 00 DE4 359999 DE54 - provisional estimate base 59 bonus 0 discount 0 -
P1 0220 00 DE4 359999 DE54 - booked cleared base 59 bonus 0 discount 0 -
P2 0100 00 DE4 722650 DE54 745000 provisional estimate base 120 bonus 120 discount 22350 at_till
P2 0220 00 DE4 722650 DE54 - booked cleared base 120 bonus 120 discount 22350 at_till
P3 0100 00 DE4 1234567 DE54 - provisional estimate base 205 bonus 0 discount 50000 statement_credit
P3 0220 00 DE4 1234567 DE54 - booked cleared base 205 bonus 0 discount 50000 statement_credit
P4 0100 00 DE4 99999 DE54 - provisional estimate base 16 bonus 0 discount 0 -
P4 0220 00 DE4 99999 DE54 - booked cleared base 16 bonus 0 discount 0 -
P5 0100 00 DE4 250000 DE54 - provisional estimate base 41 bonus 0 discount 12500 statement_credit
P5 0220 00 DE4 100000 DE54 - booked cleared base 16 bonus 0 discount 5000 statement_credit
P5 0220 00 DE4 150000 DE54 - booked cleared base 25 bonus 0 discount 7500 statement_credit
P5 0220 00 DE4 100000 DE54 - reversed refunded base -16 bonus 0 discount -5000 statement_credit
P6 0100 00 DE4 1000000 DE54 - none mcc_excluded base 0 bonus 0 discount 0 -
P6 0220 00 DE4 1000000 DE54 - none mcc_excluded base 0 bonus 0 discount 0 -
P7 0100 00 DE4 20000000 DE54 - provisional estimate base 1500 bonus 0 discount 0 -
P7 0220 00 DE4 20000000 DE54 - booked cleared base 1500 bonus 0 discount 0 -
P8 0100 00 DE4 60000 DE54 - provisional estimate base 10 bonus 0 discount 0 -
P8 0400 00 DE4 60000 DE54 - reversed authorization_reversed base -10 bonus 0 discount 0 -
P9 0100 00 DE4 250000 DE54 - none not_a_member base 0 bonus 0 discount 0 -
P9 0220 00 DE4 250000 DE54 - none not_a_member base 0 bonus 0 discount 0 -
P10 0100 00 DE4 45000 DE54 - provisional estimate base 7 bonus 0 discount 0 -
P10 0101 00 DE4 45000 DE54 - provisional estimate base 7 bonus 0 discount 0 -
P10 0220 00 DE4 45000 DE54 - booked cleared base 7 bonus 0 discount 0 -
P10 0221 00 DE4 45000 DE54 - booked cleared base 7 bonus 0 discount 0 -
P11 0220 00 DE4 123456 DE54 - booked cleared base 20 bonus 0 discount 0 -
P12 0100 00 DE4 10000 DE54 - provisional estimate base 158 bonus 0 discount 0 -
P12 0220 00 DE4 10000 DE54 - booked cleared base 158 bonus 0 discount 0 -";
    assert!(DAY.transcript.is_complete());
    let found: Vec<String> = DAY.transcript.exchanges().map(shown).collect();
    assert_eq!(found, expected.trim().lines().collect::<Vec<_>>());
}

#[test]
fn a_repeat_is_answered_as_the_first_and_stored_once() {
    for purchase in ["P10"] {
        let exchanges = exchanges_of(purchase);
        for pair in exchanges.chunks(2) {
            let (first, repeat) = (pair[0].answer.as_ref().unwrap(), pair[1].answer.as_ref().unwrap());
            assert_eq!((first.de39.as_str(), first.de4), (repeat.de39.as_str(), repeat.de4));
            assert_eq!((&first.de48, first.de54), (&repeat.de48, repeat.de54));
        }
        assert_eq!(exchanges.len(), 4);
    }
    // 27 were sent, two of them repeats.
    assert_eq!(DAY.transcript.sent(), 27);
    assert_eq!((DAY.messages, DAY.quarantined), (25, 0));
}

#[test]
fn a_discount_at_the_till_reduces_the_amount_that_is_presented() {
    let exchanges = exchanges_of("P2");
    assert_eq!(exchanges[0].sent.de4, 745_000);
    assert_eq!(exchanges[0].answer.as_ref().unwrap().de4, Some(722_650));
    assert_eq!(exchanges[0].answer.as_ref().unwrap().de54, Some(745_000));
    assert_eq!(exchanges[1].sent.de4, 722_650);
}

#[test]
fn who_does_not_earn_is_told_why_and_nothing_is_booked() {
    for (purchase, reason) in [("P9", "not_a_member"), ("P6", "mcc_excluded")] {
        for exchange in exchanges_of(purchase) {
            let answer = exchange.answer.as_ref().unwrap();
            assert_eq!(answer.de39, "00");
            let loyalty = answer.de48.as_ref().unwrap();
            assert_eq!((loyalty.status.as_str(), loyalty.reason.as_str()), ("none", reason));
            assert!(DAY.explanations[&exchange.sent.de11].contains(reason), "the stored explanation");
        }
    }
    assert_eq!(DAY.transfers_of_strangers, 0);
    assert!(!DAY.balances.contains_key("AB-G"), "a card of no member has no account");
    assert!(DAY.explanations[&exchanges_of("P7")[1].sent.de11].contains("cap_truncates"));
}

#[test]
fn every_line_is_booked_as_the_table_says() {
    let rows: [(&str, i64, i64, i64, i64, i64, i64); 13] = [
        ("P1.1", 359_999, 59, 0, 0, 0, 0),
        ("P2.1", 722_650, 120, 120, 22_350, 11_175, 11_175),
        ("P3.1", 1_234_567, 205, 0, 50_000, 30_000, 20_000),
        ("P4.1", 99_999, 16, 0, 0, 0, 0),
        ("P5.1", 100_000, 16, 0, 5_000, 3_000, 2_000),
        ("P5.2", 150_000, 25, 0, 7_500, 4_500, 3_000),
        ("P5.3", -100_000, -16, 0, -5_000, -3_000, -2_000),
        ("P6.1", 1_000_000, 0, 0, 0, 0, 0),
        ("P7.1", 20_000_000, 1_500, 0, 0, 0, 0),
        // No member: stored, but it counts with nothing.
        ("P9.1", 0, 0, 0, 0, 0, 0),
        ("P10.1", 45_000, 7, 0, 0, 0, 0),
        ("P11.1", 123_456, 20, 0, 0, 0, 0),
        ("P12.1", 950_000, 158, 0, 0, 0, 0),
    ];
    let expected: BTreeMap<String, Booked> = rows
        .into_iter()
        .map(|(label, counted, base, bonus, discount, merchant_share, bank_share)| {
            (label.to_owned(), Booked { counted, base, bonus, discount, merchant_share, bank_share })
        })
        .collect();
    assert_eq!(DAY.booked, expected);
}

#[test]
fn the_accounts_hold_what_the_table_says_and_nothing_is_pending() {
    // Miles, pending miles, discounts of both modes, pending discounts.
    let expected = BTreeMap::from([
        ("AB-A".to_owned(), [306, 0, 22_350, 0]),
        ("AB-B".to_owned(), [221, 0, 50_000, 0]),
        ("AB-C".to_owned(), [25, 0, 7_500, 0]),
        ("AB-D".to_owned(), [0; 4]),
        ("AB-E".to_owned(), [1_500, 0, 0, 0]),
        ("AB-F".to_owned(), [0; 4]),
        ("AB-H".to_owned(), [178, 0, 0, 0]),
    ]);
    assert_eq!(DAY.balances, expected);
    assert_eq!(DAY.balances.values().map(|held| held[0]).sum::<i64>(), 2_230);
    let credits = BTreeMap::from([("AB-B".to_owned(), 50_000), ("AB-C".to_owned(), 7_500)]);
    assert_eq!(DAY.statement_credits, credits);
}

fn batch(partner: &str) -> Batch {
    let file = SettlementFile::parse(&DAY.files[partner]);
    assert_eq!(file.batches.len(), 1);
    file.batch(partner).clone()
}

/// The lines of a batch: label, counted amount, the items' quantity, net and tax, total.
fn lines(batch: &Batch) -> Vec<(String, i64, Vec<[i64; 3]>, i64)> {
    let labels = labels(&DAY.transcript);
    let lines = batch.lines.iter();
    lines.map(|line| (labels[&line.stan].clone(), line.counted, line.items.clone(), line.total)).collect()
}

#[test]
fn airboreal_is_paid_for_every_mile_line_by_line_with_rounding_and_tax_by_document() {
    let batch = batch("airboreal");
    let rows: [(&str, i64, i64, i64); 11] = [
        ("P1.1", 359_999, 59, 3_629),
        ("P2.1", 722_650, 240, 14_760),
        ("P3.1", 1_234_567, 205, 12_608),
        ("P4.1", 99_999, 16, 984),
        ("P5.1", 100_000, 16, 984),
        ("P5.2", 150_000, 25, 1_538),
        ("P5.3", -100_000, -16, -984),
        ("P7.1", 20_000_000, 1_500, 92_250),
        ("P10.1", 45_000, 7, 431),
        ("P11.1", 123_456, 20, 1_230),
        ("P12.1", 950_000, 158, 9_717),
    ];
    let expected: Vec<_> = rows
        .into_iter()
        .map(|(label, counted, miles, net)| (label.to_owned(), counted, vec![[miles, net, 0]], net))
        .collect();
    assert_eq!(batch.direction, "bank_pays_partner");
    assert_eq!(batch.items, ["miles_granted"]);
    assert_eq!(lines(&batch), expected);
    assert_eq!((batch.rounding, batch.document_vat), (-2, 27_429));
    assert_eq!(batch.trailer, [11, 2_230, 137_145, 27_429, -2, 164_574]);
    let kinds: Vec<&str> = batch.lines.iter().map(|line| line.kind.as_str()).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "purchase").count(), 10);
    assert_eq!(kinds[6], "refund");
    assert_eq!(batch.lines[0].member, "AB-A");
}

#[test]
fn kosta_pays_commission_tax_and_its_share_of_discounts() {
    let batch = batch("kosta");
    let rows: [(&str, i64, i64, i64, i64, i64); 5] = [
        ("P3.1", 1_234_567, 14_815, 2_963, 30_000, 47_778),
        ("P4.1", 99_999, 1_200, 240, 0, 1_440),
        ("P5.1", 100_000, 1_200, 240, 3_000, 4_440),
        ("P5.2", 150_000, 1_800, 360, 4_500, 6_660),
        ("P5.3", -100_000, -1_200, -240, -3_000, -4_440),
    ];
    let expected: Vec<_> = rows
        .into_iter()
        .map(|(label, turnover, commission, vat, share, total)| {
            (label.to_owned(), turnover, vec![[turnover, commission, vat], [share, share, 0]], total)
        })
        .collect();
    assert_eq!(batch.direction, "partner_pays_bank");
    assert_eq!(batch.items, ["turnover", "statement_credit_share"]);
    assert_eq!(lines(&batch), expected);
    assert_eq!((batch.rounding, batch.document_vat), (0, 0));
    // Net: commission 17,815 and shares 34,500; tax 3,563.
    assert_eq!(batch.trailer, [5, 1_484_566, 34_500, 52_315, 3_563, 0, 55_878]);
}

#[test]
fn skyfuel_is_paid_the_discount_share_less_its_bonus_miles() {
    let batch = batch("skyfuel");
    assert_eq!(batch.direction, "bank_pays_partner");
    assert_eq!(batch.items, ["bonus_miles", "till_share"]);
    let line = ("P2.1".to_owned(), 722_650, vec![[120, -8_400, -1_680], [11_175, 11_175, 0]], 1_095);
    assert_eq!(lines(&batch), [line]);
    assert_eq!((batch.rounding, batch.document_vat), (0, 0));
    assert_eq!(batch.trailer, [1, 120, 11_175, 2_775, -1_680, 0, 1_095]);
}

#[test]
fn the_bank_s_file_has_the_same_batches_record_for_record() {
    let bank = SettlementFile::parse(&DAY.files["northbank"]);
    let partners: Vec<&str> = bank.batches.iter().map(|batch| batch.partner.as_str()).collect();
    assert_eq!(partners, ["airboreal", "kosta", "skyfuel"]);
    for partner in partners {
        assert_eq!(bank.batch(partner).records, batch(partner).records);
    }
    assert_eq!(bank.trailer[3], "RUB:bank_pays_partner:165669;RUB:partner_pays_bank:55878");
    assert_eq!(bank.header[9 - 1], "2026-10-10");
}

#[test]
fn the_positions_are_those_of_the_files() {
    let expected = [
        ("airboreal", "bank_pays_partner", 164_574, 137_145, 27_429, -2, 2_230, 11),
        ("kosta", "partner_pays_bank", 55_878, 52_315, 3_563, 0, 0, 5),
        ("skyfuel", "bank_pays_partner", 1_095, 2_775, -1_680, 0, 120, 1),
    ];
    let found: Vec<_> = DAY
        .closed
        .positions
        .iter()
        .map(|position| {
            (
                position.partner.as_str(),
                position.direction.name(),
                position.net_minor,
                position.before_tax_minor,
                position.vat_minor,
                position.rounding_minor,
                position.miles,
                position.transactions,
            )
        })
        .collect();
    assert_eq!(found, expected);
    let receivers: BTreeSet<&str> = DAY.files.keys().map(String::as_str).collect();
    assert_eq!(receivers, BTreeSet::from(["airboreal", "kosta", "northbank", "skyfuel"]));
}
