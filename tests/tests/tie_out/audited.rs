//! Days of the demo's program over mutual TLS, and what the bank's own auditor makes of them from what it sent and what it
//! was answered.

use std::collections::{BTreeMap, BTreeSet};

use bank_simulator::{
    Exchange,
    auditor::{AgreedProgram, Audit, Line as AuditLine, audit},
    replay,
};
use cobrand::demo::{BankDay, World, WorldOptions, audited_messages, directory};
use jiff::civil::{Date, Weekday};
use serde_json::Value;

use crate::console_reader::{
    Reader,
    table::{Table, minor, number},
};

const PROGRAM: &str = "boreal-gold";
const CURRENCY: &str = "RUB";
/// Purchases of a day.
const PURCHASES: usize = 60;
/// So many messages of a day are followed to their own page.
const FOLLOWED: usize = 12;
const PARTNERS: [&str; 3] = ["airboreal", "kosta", "skyfuel"];

/// A day, with what the auditor knew before it and knows after it.
pub(crate) struct AuditedDay {
    date: Date,
    is_closed: bool,
    before: Audit,
    after: Audit,
    /// By message type: messages of members, each once however often it was repeated.
    arrived: BTreeMap<String, i128>,
}

pub(crate) struct AuditedDays {
    pub(crate) world: World,
    pub(crate) days: Vec<AuditedDay>,
}

impl AuditedDays {
    /// These dates, closed, and one more that is open.
    pub(crate) async fn pass(closed: &[Date], open: Date) -> Self {
        let all: Vec<Date> = closed.iter().copied().chain([open]).collect();
        let plans: Vec<BankDay> =
            (7..).zip(&all).map(|(seed, date)| BankDay::seeded(seed, *date, PURCHASES).unwrap()).collect();
        // Patience for a busy machine; the deadline of the contract is tested elsewhere.
        let options = WorldOptions {
            business_date: all[0],
            log_to_file: false,
            answer_max_ms: 20_000,
            ..WorldOptions::default()
        };
        let world = World::start(options).await.unwrap();
        world.enroll(&plans[0]).await.unwrap();
        let (mut messages, mut days) = (Vec::new(), Vec::new());
        let mut before = Audit::default();
        for plan in &plans {
            let (bank, date) = (world.bank().unwrap(), plan.business_date());
            let transcript = replay(&bank, plan.day(), 8, |_| {}).await;
            bank.stop().await;
            messages.extend(audited_messages(transcript.exchanges(), date).unwrap());
            let after = audit(&AgreedProgram::boreal_gold(), &directory(plan), &messages);
            assert_eq!((&after.unknown, &after.disagreements), (&Vec::new(), &Vec::new()));
            let is_closed = date != open;
            if is_closed {
                let program = world.assembly.program(PROGRAM).unwrap();
                let out = &world.assembly.config.settlement.out;
                settlement::close_day(&world.assembly.pool, &program.setup, date, out).await.unwrap();
            }
            let arrived = arrived(plan, transcript.exchanges());
            days.push(AuditedDay { date, is_closed, before, after: after.clone(), arrived });
            before = after;
        }
        Self { world, days }
    }
}

fn arrived<'e>(plan: &BankDay, exchanges: impl Iterator<Item = &'e Exchange>) -> BTreeMap<String, i128> {
    let members: BTreeSet<&str> = plan.members().iter().map(|card| card.label.as_str()).collect();
    let mut seen = BTreeSet::new();
    let mut arrived = BTreeMap::new();
    for exchange in exchanges.filter(|exchange| members.contains(exchange.sent.card.as_str())) {
        let mti = format!("{}0", &exchange.sent.mti.to_string()[..3]);
        if seen.insert((mti.clone(), exchange.sent.de11.clone())) {
            *arrived.entry(mti).or_default() += 1;
        }
    }
    arrived
}

impl AuditedDay {
    /// The lines of a partner that this day has added.
    fn lines(&self, partner: &str) -> &[AuditLine] {
        let of_before =
            self.before.positions.get(partner).map_or(&[][..], |position| position.lines.as_slice());
        let of_after = &self.after.positions[partner].lines;
        assert_eq!(of_before, &of_after[..of_before.len()], "earlier days stay as they are");
        &of_after[of_before.len()..]
    }

    fn sum(&self, partner: &str, value: fn(&AuditLine) -> i128) -> i128 {
        self.lines(partner).iter().map(value).sum()
    }

    /// Net and tax, positive if the bank pays.
    fn payment(&self, partner: &str) -> [i128; 2] {
        if partner == "airboreal" {
            // Rounded and taxed once for each document: 0.615 a mile, 20 %.
            let net = (self.sum(partner, |line| line.miles) * 123 + 1).div_euclid(2);
            return [net, (net * 20 + 50).div_euclid(100)];
        }
        [-self.sum(partner, |line| line.fee + line.share), -self.sum(partner, |line| line.vat)]
    }

    /// Discounts that this day has added, at the partner.
    fn discount(&self, partner: &str) -> i128 {
        let of = |audit: &Audit| -> i128 {
            let balances = audit.balances.values();
            match partner {
                "kosta" => balances.map(|held| held.credit).sum(),
                "skyfuel" => balances.map(|held| held.at_till).sum(),
                _ => 0,
            }
        };
        of(&self.after) - of(&self.before)
    }

    /// What the tie-out must say of a measure of a partner.
    fn measure(&self, partner: &str, label: &str) -> i128 {
        let [net, vat] = self.payment(partner);
        match label {
            "Miles" => self.sum(partner, |line| line.miles),
            // At skyfuel a line needs miles or a discount; turnover alone is paid for at kosta only.
            "Turnover, RUB" if partner == "skyfuel" => {
                let all = self.after.totals.turnover - self.before.totals.turnover;
                all - self.sum("kosta", |line| line.turnover)
            }
            "Turnover, RUB" => self.sum(partner, |line| line.turnover),
            "Discount, RUB" => self.discount(partner),
            // At the till the bank owes it, so the auditor has it below zero.
            "Discount, settled share, RUB" if partner == "skyfuel" => -self.sum(partner, |line| line.share),
            "Discount, settled share, RUB" => self.sum(partner, |line| line.share),
            "Net, RUB" => net,
            "VAT, RUB" => vat,
            "To pay, RUB" => net + vat,
            other => panic!("a measure {other}"),
        }
    }
}

/// The page of a day.
pub(crate) async fn day(reader: &Reader, day: &AuditedDay) {
    let path = format!("/day/{PROGRAM}/{}", day.date);
    let page = reader.page(&path).await;
    let shown = page.captioned("Messages of members' cards").unwrap();
    let lines = shown.lines().filter(|line| line.row.keys.contains_key("data-mti"));
    let arrived: BTreeMap<String, i128> =
        lines.map(|line| (line.row.keys["data-mti"].clone(), line.number("Messages"))).collect();
    assert_eq!(arrived, day.arrived, "{path}");
    let tie = page.captioned("Net, VAT and to pay are negative").unwrap();
    tie_out(day, tie, |row| row.row.group.clone());
    let file = reader.csv(&path, "tie-table").await;
    tie_out(day, &file, |row| row.text("Partner").to_owned());
    let told = reader.api(&format!("/api/v1/programs/{PROGRAM}/days/{}", day.date)).await;
    assert_eq!(told["ties"], true);
    let balances = page.table("balances-table");
    assert_eq!(balances.rows.len(), if day.is_closed { PARTNERS.len() } else { 0 });
    for line in balances.lines() {
        let [net, vat] = day.payment(line.text("Partner"));
        let shown = [
            "Opening",
            "Earned less reversed",
            "Adjusted, without VAT",
            "VAT",
            "Paid",
            "Closing",
            "Difference",
        ]
        .map(|head| line.minor(head, CURRENCY));
        assert_eq!(shown, [0, -net, 0, -vat, -net - vat, 0, 0], "{path} {:?}", line.row);
    }
    if day.is_closed {
        let held: i128 = day.after.balances.values().map(|held| held.miles).sum();
        let miles = page.table("miles-table");
        assert_eq!(miles.line(&[("Step", "Closing")]).number("Miles"), held, "{path}");
    }
}

fn tie_out(
    day: &AuditedDay,
    table: &Table,
    partner: impl Fn(&crate::console_reader::table::Line<'_>) -> String,
) {
    let mut seen = BTreeSet::new();
    for line in table.lines() {
        let (partner, label) = (partner(&line), line.text("Measure"));
        let wanted = day.measure(&partner, label);
        let read = |text: &str| if label == "Miles" { number(text) } else { minor(text) };
        let numbers = ["Transactions", "Ledger", "Files"].map(|head| line.text(head));
        let numbers = numbers.into_iter().filter(|text| text.ends_with(|last: char| last.is_ascii_digit()));
        let numbers: Vec<i128> = numbers.map(read).collect();
        assert!(!numbers.is_empty() || !day.is_closed, "{partner} {label} {:?}", line.row);
        for shown in numbers {
            assert_eq!(shown, wanted, "{} {partner} {label} {:?}", day.date, line.row);
        }
        let result = if day.is_closed { "ties" } else { "ties so far" };
        assert_eq!((line.text("Difference").trim_end_matches(".00"), line.text("Result")), ("0", result));
        seen.insert((partner, label.to_owned()));
    }
    let has = |partner: &str, label: &str| seen.contains(&(partner.to_owned(), label.to_owned()));
    // Bonus miles are for weekends.
    let is_weekend = matches!(day.date.weekday(), Weekday::Saturday | Weekday::Sunday);
    assert!(has("airboreal", "Miles") && has("skyfuel", "Miles") == is_weekend, "{seen:?}");
    assert!(has("kosta", "Turnover, RUB") && has("skyfuel", "Discount, RUB"), "{seen:?}");
    assert_eq!(has("kosta", "To pay, RUB"), day.is_closed, "{seen:?}");
}

/// Some messages, on their own pages and in the API.
pub(crate) async fn transactions(reader: &Reader, day: &AuditedDay) {
    let lines = day.lines("airboreal");
    assert!(lines.len() > FOLLOWED, "{} lines", lines.len());
    for line in lines.iter().step_by(lines.len() / FOLLOWED) {
        let told = reader.api(&format!("/api/v1/transactions/{}", line.retrieval)).await;
        let is_it = |one: &&Value| one["stan"] == line.stan && one["listed"]["mti"] == line.mti;
        let found: Vec<&Value> = told["transactions"].as_array().unwrap().iter().filter(is_it).collect();
        let [one] = found[..] else { panic!("{line:?} in {told}") };
        let of_miles = |moved: &&Value| {
            let item = moved["item"].as_str().unwrap();
            moved["phase"] == "posted" && (item == "base" || item.starts_with("bonus:"))
        };
        let moved = one["transfers"].as_array().unwrap().iter().filter(of_miles);
        let moved: i64 = moved.map(|moved| moved["amount"].as_i64().unwrap()).sum();
        assert_eq!(i128::from(moved), line.miles, "{line:?} in {one}");
        let path = format!("/t/{}/{}", one["listed"]["bucket"], one["listed"]["key"].as_str().unwrap());
        let page = reader.page(&path).await;
        let table = page.captioned("What this message moved").unwrap();
        let posted = table.lines().filter(|row| row.text("Phase").contains("posted"));
        let shown = posted.filter(|row| row.text("What").contains("miles"));
        let shown: i128 = shown.map(|row| number(row.text("Amount").split('\u{a0}').next().unwrap())).sum();
        assert_eq!(shown, line.miles, "{path}");
    }
}

/// The health of the program as the last closed day left it.
pub(crate) async fn health(reader: &Reader, days: &AuditedDays) {
    let closed: Vec<&AuditedDay> = days.days.iter().filter(|day| day.is_closed).collect();
    let last = closed[closed.len() - 1];
    let audit = &last.after;
    let page = reader.page(&format!("/programs/{PROGRAM}/health")).await;
    let held: i128 = audit.balances.values().map(|held| held.miles).sum();
    let tile = |mark: &str| number(page.tile(mark).split('\u{a0}').next().unwrap());
    assert_eq!((tile("liability"), tile("members")), (held, audit.balances.len().try_into().unwrap()));
    let ages: i128 = page.table("by-age-table").lines().map(|line| line.number("Miles")).sum();
    assert_eq!(ages, held);

    let cost = page.table("cost");
    let of = |partner: &str, value: fn(&AuditLine) -> i128| -> i128 {
        audit.positions[partner].lines.iter().map(value).sum()
    };
    let (credit, at_till) = (
        audit.balances.values().map(|held| held.credit).sum::<i128>(),
        audit.balances.values().map(|held| held.at_till).sum::<i128>(),
    );
    let share = |line: &AuditLine| line.share;
    // The merchants' shares, and what is left to the bank.
    let (of_kosta, of_skyfuel) = (of("kosta", share), at_till + of("skyfuel", share));
    for (funder, base, bonus, discount) in [
        ("the bank", audit.totals.base, 0, credit + at_till - of_kosta - of_skyfuel),
        ("kosta", 0, 0, of_kosta),
        ("skyfuel", 0, audit.totals.bonus, of_skyfuel),
    ] {
        let line = cost.line(&[("Funder", funder)]);
        let shown =
            [line.number("Base miles"), line.number("Bonus miles"), line.minor("Discounts", CURRENCY)];
        assert_eq!(shown, [base, bonus, discount], "{funder}");
    }
    let (turnover, accrual) = (page.table("turnover"), page.table("accrual-table"));
    let told = reader.api(&format!("/api/v1/programs/{PROGRAM}/health")).await;
    assert_eq!(told["counted"]["liability_miles"].as_i64().map(i128::from), Some(held));
    for day in closed {
        let date = day.date.to_string();
        let at_partners = day.after.totals.turnover - day.before.totals.turnover;
        let line = turnover.line(&[("Business date", &date)]);
        assert_eq!(line.minor("At partners", CURRENCY), at_partners, "{date}");
        let line = accrual.line(&[("Business date", &date)]);
        let granted = |audit: &Audit| audit.totals.base + audit.totals.bonus;
        let moved = line.number("Earned") + line.number("Reversed");
        assert_eq!(moved, granted(&day.after) - granted(&day.before), "{date}");
        let of_day = told["totals"].as_array().unwrap().iter().filter(|total| total["business_date"] == date);
        let told = of_day.filter(|total| {
            total["side"] == "told" && total["subject"].as_str().unwrap().starts_with("turnover:")
        });
        let told: i64 = told.map(|total| total["amount"].as_i64().unwrap()).sum();
        assert_eq!(i128::from(told), at_partners, "{date}");
    }
}
