//! What must hold after a day, each found out by itself.

use std::collections::BTreeMap;

use anyhow::Context;
use bank_simulator::{
    Exchange, Transcript,
    auditor::{AgreedProgram, Audit, AuditedAnswer, AuditedMessage, Directory, Member, audit},
};
use jiff::civil::Date;
use settlement::{BatchSummary, Closed, Position};
use store::PositionRow;

use super::{BankDay, Leaks, World, merchant_labels, scan_bytes, scan_tree};

/// The answers to the four questions, and what is wrong where one is no.
#[derive(Debug, Clone, Default)]
pub struct Checks {
    /// Balance rows = sums of transfers = the bank's own recomputation.
    pub ledger_balanced: bool,
    /// Positions on the books = trailers of the files = the bank's own recomputation.
    pub totals_tie: bool,
    /// Every message was answered, and none but those.
    pub replies_complete: bool,
    /// Card numbers in logs, the data directory with its WAL, files and pages.
    pub leaks: Leaks,
    /// Whether the search finds a number that was planted.
    pub canary_found: bool,
    /// In words.
    pub problems: Vec<String>,
}

/// Problems that are listed of each kind.
const PROBLEMS_MAX: usize = 10;

impl Checks {
    /// Runs all checks.
    pub async fn run(
        world: &World,
        day: &BankDay,
        transcript: &Transcript,
        closed: &Closed,
        pages: &[(String, Vec<u8>)],
    ) -> anyhow::Result<Self> {
        let messages = audited_messages(transcript.exchanges(), day.business_date())?;
        let expected = audit(&AgreedProgram::boreal_gold(), &directory(day), &messages);
        let mut checks = Self::default();
        checks.check_ledger(world, day, &expected).await?;
        checks.check_totals(world, closed, &expected).await?;
        checks.check_replies(transcript, &expected);
        checks.check_leaks(world, day, pages)?;
        Ok(checks)
    }

    /// Whether everything holds.
    pub fn all_hold(&self) -> bool {
        self.ledger_balanced
            && self.totals_tie
            && self.replies_complete
            && self.leaks.hits.is_empty()
            && self.canary_found
    }

    fn note(&mut self, problems: Vec<String>) -> bool {
        let fine = problems.is_empty();
        self.problems.extend(problems.into_iter().take(PROBLEMS_MAX));
        fine
    }

    async fn check_ledger(&mut self, world: &World, day: &BankDay, expected: &Audit) -> anyhow::Result<()> {
        let pool = &world.assembly.pool;
        let mut problems = Vec::new();
        let ledger = store::ledger_check(pool).await?;
        let counted_off = ledger.counters_off
            + ledger.limits_off
            + ledger.budgets_off
            + ledger.standings_off
            + ledger.coupons_off;
        if ledger.balances_off > 0 || counted_off > 0 || ledger.lots_off > 0 || ledger.orphans > 0 {
            problems.push(format!(
                "{} balances and {counted_off} counters differ from their transfers, and {} lots; {} transfers belong to \
                 nothing",
                ledger.balances_off, ledger.lots_off, ledger.orphans
            ));
        }
        let found = balances_by_card(world, day).await?;
        for (card, balance) in &expected.balances {
            let want = [balance.miles, balance.pending_miles, balance.discount(), balance.pending_discount()];
            let have = found.get(card).copied().unwrap_or_default().map(i128::from);
            if want != have {
                problems.push(format!(
                    "{card}: the bank computes {want:?} (miles, pending, discount, pending), we hold {have:?}"
                ));
            }
        }
        let strangers =
            found.iter().filter(|(card, held)| !expected.balances.contains_key(*card) && **held != [0; 4]);
        problems.extend(
            strangers.map(|(card, held)| format!("{card}: we hold {held:?}, the bank knows nothing of it")),
        );
        self.ledger_balanced = self.note(problems);
        Ok(())
    }

    async fn check_totals(&mut self, world: &World, closed: &Closed, expected: &Audit) -> anyhow::Result<()> {
        let mut problems = Vec::new();
        let on_the_books = store::positions_of(&world.assembly.pool, closed.cycle.id).await?;
        if on_the_books.len() != closed.positions.len() {
            problems.push(format!(
                "{} positions on the books, {} were reported",
                on_the_books.len(),
                closed.positions.len()
            ));
        }
        let mut trailers: BTreeMap<(String, String), Vec<Owed>> = BTreeMap::new();
        for file in &closed.files {
            match settlement::verify_path(&file.path) {
                Ok(summary) => summary.batches.into_iter().for_each(|batch| {
                    let stated = Owed::of_batch(&batch);
                    trailers.entry((batch.partner, batch.currency)).or_default().push(stated);
                }),
                Err(error) => problems.push(format!("{}: {error}", file.path.display())),
            }
        }
        for position in &closed.positions {
            let owed = Owed::of_position(position);
            let stated =
                trailers.remove(&(position.partner.clone(), position.currency.clone())).unwrap_or_default();
            // Once in the partner's file, once in the bank's.
            if stated.len() != 2 || stated.iter().any(|total| *total != owed) {
                problems
                    .push(format!("{}: reported was {owed:?}, the files say {stated:?}", position.partner));
            }
            let partner = world.assembly.codes.partners.get(&position.partner);
            let mut rows = on_the_books.iter().filter(|row| Some(&row.partner) == partner);
            if !rows.any(|row| Owed::of_row(row) == owed) {
                problems.push(format!("{}: reported {owed:?} is not on the books", position.partner));
            }
            let ours = expected.positions.get(&position.partner);
            let (want, direction) = ours.map_or((0, ""), |ours| (ours.to_pay_minor, ours.direction.as_str()));
            if want != i128::from(position.net_minor) || (want != 0 && direction != position.direction.name())
            {
                problems.push(format!(
                    "{}: the bank computes {direction} {want}, the files say {owed:?}",
                    position.partner
                ));
            }
        }
        problems.extend(
            trailers
                .keys()
                .map(|(partner, _)| format!("{partner}: a file has a batch that is not on the books")),
        );
        self.totals_tie = self.note(problems);
        Ok(())
    }

    fn check_replies(&mut self, transcript: &Transcript, expected: &Audit) {
        let mut problems = Vec::new();
        if !transcript.is_complete() || transcript.sent() != transcript.replied() {
            problems.push(format!("{} messages sent, {} answered", transcript.sent(), transcript.replied()));
        }
        problems.extend(expected.unknown.iter().map(|unknown| format!("not known to be taken: {unknown}")));
        problems.extend(expected.disagreements.iter().cloned());
        self.replies_complete = self.note(problems);
    }

    fn check_leaks(
        &mut self,
        world: &World,
        day: &BankDay,
        pages: &[(String, Vec<u8>)],
    ) -> anyhow::Result<()> {
        let pans: Vec<iso8583::Pan> = day.cards().iter().map(|card| card.pan.clone()).collect();
        let mut leaks = Leaks::default();
        for place in [world.dir.as_path(), world.cluster.data_dir(), world.cluster.log_file()] {
            leaks.merge(
                scan_tree(place, &pans).with_context(|| format!("cannot search {}", place.display()))?,
            );
        }
        for (name, bytes) in pages {
            leaks.merge(scan_bytes(&format!("page {name}"), bytes, &pans));
        }
        // A search that finds nothing proves something only if it finds what was planted.
        let canary = world.dir.join("canary.txt");
        let number = pans.first().context("the day has no card")?;
        std::fs::write(&canary, format!("planted by the demo: {}\n", number.expose()))?;
        self.canary_found = scan_tree(&canary, &pans).map(|found| !found.hits.is_empty())?;
        std::fs::remove_file(&canary)?;
        let problems = leaks.hits.iter().map(|hit| format!("a card number stands in {hit}")).collect();
        self.leaks = leaks;
        self.note(problems);
        Ok(())
    }
}

/// What a position comes to, as the books, the files and the close tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Owed {
    direction: &'static str,
    lines: i64,
    miles: i64,
    net_minor: i64,
    vat_minor: i64,
    rounding_minor: i64,
    to_pay_minor: i64,
}

impl Owed {
    fn of_batch(batch: &BatchSummary) -> Self {
        Self {
            direction: batch.direction.name(),
            lines: batch.transactions,
            miles: batch.miles().unwrap_or(0),
            net_minor: batch.net_minor,
            vat_minor: batch.vat_minor,
            rounding_minor: batch.rounding_minor,
            to_pay_minor: batch.to_pay_minor,
        }
    }

    fn of_position(position: &Position) -> Self {
        Self {
            direction: position.direction.name(),
            lines: i64::from(position.transactions),
            miles: position.miles,
            net_minor: position.before_tax_minor,
            vat_minor: position.vat_minor,
            rounding_minor: position.rounding_minor,
            to_pay_minor: position.net_minor,
        }
    }

    fn of_row(row: &PositionRow) -> Self {
        Self {
            direction: row.direction.name(),
            lines: i64::from(row.lines),
            miles: row.miles,
            net_minor: row.net_minor,
            vat_minor: row.vat_minor,
            rounding_minor: row.rounding_minor,
            to_pay_minor: row.to_pay_minor,
        }
    }
}

/// `[miles, pending miles, discount, pending discount]` of each member card's account.
async fn balances_by_card(world: &World, day: &BankDay) -> anyhow::Result<BTreeMap<String, [i64; 4]>> {
    let keys = world.assembly.card_keys()?;
    let tokens: Vec<_> =
        day.members().iter().filter_map(|card| keys.tokens(&card.pan).first().copied()).collect();
    let routes = store::routes(&world.assembly.pool, &tokens).await?;
    let rows = store::balances(&world.assembly.pool).await?;
    let mut found = BTreeMap::new();
    for (card, route) in day.members().iter().zip(routes) {
        let route = route.with_context(|| format!("{} has no route", card.label))?;
        let mut held = [0; 4];
        for row in rows.iter().filter(|row| row.account == route.member.account) {
            let [miles, pending_miles, discount, pending_discount] = &mut held;
            match row.unit_kind {
                1 => (*miles, *pending_miles) = (*miles + row.posted, *pending_miles + row.pending),
                2 => {
                    (*discount, *pending_discount) = (*discount + row.posted, *pending_discount + row.pending)
                }
                _ => {}
            }
        }
        found.insert(card.label.clone(), held);
    }
    Ok(found)
}

/// The bank's own directory of members and partners' merchants.
pub fn directory(day: &BankDay) -> Directory {
    let member = |label: &str| Member { account: label.to_owned(), enrolled: jiff::civil::date(2026, 1, 1) };
    Directory {
        members: day.members().iter().map(|card| (card.label.clone(), member(&card.label))).collect(),
        merchant_labels: merchant_labels(day.day()),
    }
}

/// What the bank sent and what it was told, as its auditor reads it.
pub fn audited_messages<'a>(
    exchanges: impl Iterator<Item = &'a Exchange>,
    business_date: Date,
) -> anyhow::Result<Vec<AuditedMessage>> {
    exchanges.map(|exchange| audited(exchange, business_date)).collect()
}

fn audited(exchange: &Exchange, business_date: Date) -> anyhow::Result<AuditedMessage> {
    let sent = &exchange.sent;
    let month = sent.de13.get(..2).and_then(|text| text.parse().ok()).context("DE13 has no month")?;
    let day = sent.de13.get(2..4).and_then(|text| text.parse().ok()).context("DE13 has no day")?;
    let answer = exchange.answer.as_ref().map(|answer| AuditedAnswer {
        response: answer.de39.clone(),
        amount: answer.de4,
        original_amount: answer.de54,
    });
    Ok(AuditedMessage {
        card: sent.card.clone(),
        mti: sent.mti.to_string(),
        processing_code: sent.de3.clone(),
        amount: sent.de4,
        currency: sent.de49.clone(),
        billing: sent.de6.zip(sent.de51.clone()),
        transmission: sent.de7.clone(),
        stan: sent.de11.clone(),
        local_date: Date::new(business_date.year(), month, day)?,
        mcc: Some(sent.de18.clone()),
        acquirer: sent.de32.clone(),
        retrieval: sent.de37.clone(),
        terminal: sent.de41.clone(),
        card_acceptor: sent.de42.clone(),
        condition: Some(sent.de25.clone()),
        sent_response: sent.de39.clone(),
        original: sent.de90.clone(),
        replacement: sent.de95.clone(),
        answer,
    })
}
