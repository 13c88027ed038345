//! A random month through the real lanes, each day closed by the real close: every line and every trailer of every
//! file is what the second computation of settlement says, which knows only the messages and the terms.
//!
//! `SETTLEMENT_MESSAGES` makes it longer, `SETTLEMENT_SEED` another one.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::print_stdout, reason = "the counts are what this test is for")]

mod settlement_lanes;
mod support_answers;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use jiff::civil::Date;
use second_settlement::{Difference, Layout, Month, Place, Turn, compare};
use settlement_lanes::Lanes;

/// So many differences are shown.
const SHOWN_MAX: usize = 12;

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name)
        .map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

/// What was compared.
#[derive(Default)]
struct Compared {
    files: usize,
    empty_days: usize,
    bytes: usize,
    /// By record type, of partners' files alone.
    records: BTreeMap<String, usize>,
    /// By kind and lateness.
    lines: BTreeMap<String, usize>,
    /// Files that came again with another revision.
    editions: usize,
    /// Lines whose day was over before they came.
    late: usize,
    /// Lines of cycles that are not the first of their date.
    of_later_cycles: usize,
    /// Partners' files with batches of several cycles, by how many; 0 are those of two months.
    covering: BTreeMap<usize, usize>,
    /// What is paid, by currency and direction.
    paid: BTreeMap<(String, String), i128>,
    differences: Vec<Difference>,
}

/// The business date of a batch header.
fn date_of(header: &[&str]) -> Date {
    header[8].parse().unwrap()
}

impl Compared {
    fn file(&mut self, text: &str, for_bank: bool) {
        self.files += 1;
        self.bytes += text.len();
        if for_bank {
            return;
        }
        self.empty_days += usize::from(!text.contains("\nTX|"));
        self.covers(text);
        let mut of = Date::MIN;
        for line in text.lines() {
            let fields: Vec<&str> = line.split('|').collect();
            if fields[0] == "BH" {
                of = date_of(&fields);
            }
            *self.records.entry(fields[0].to_owned()).or_default() += 1;
            if fields[0] == "TX" {
                let kind = ["purchase", "refund", "reversal"].into_iter().find(|kind| fields.contains(kind));
                *self.lines.entry(kind.unwrap_or("other").to_owned()).or_default() += 1;
                let of_miles = fields.iter().find(|field| field.starts_with("miles-"));
                of_miles.into_iter().for_each(|of| *self.lines.entry((*of).to_owned()).or_default() += 1);
                // The local date stands before the rules, in both layouts.
                let local = fields.iter().find(|field| field.parse::<Date>().is_ok());
                self.late += usize::from(local.is_some_and(|local| local.parse::<Date>().unwrap() < of));
            }
            if let ["FT", _, _, totals, ..] = fields.as_slice() {
                for total in totals.split(';').filter(|total| !total.is_empty()) {
                    let [currency, direction, amount] = total.split(':').collect::<Vec<_>>()[..] else {
                        panic!("a total {total:?}")
                    };
                    *self.paid.entry((currency.to_owned(), direction.to_owned())).or_default() +=
                        amount.parse::<i128>().unwrap();
                }
            }
        }
    }
}

impl Compared {
    /// Which cycles a file has: those that waited for it, and its own.
    fn covers(&mut self, text: &str) {
        let headers = text.lines().filter(|line| line.starts_with("BH|"));
        let dates: BTreeSet<Date> =
            headers.map(|line| date_of(&line.split('|').collect::<Vec<_>>())).collect();
        let months: BTreeSet<i8> = dates.iter().map(|date| date.month()).collect();
        let of = [Some(dates.len()).filter(|cycles| *cycles > 1), (months.len() > 1).then_some(0)];
        of.into_iter().flatten().for_each(|of| *self.covering.entry(of).or_default() += 1);
    }

    /// A month that lacks something compares it in vain.
    fn lacks(&self) -> Vec<&str> {
        let (of, record) = (&self.lines, |record: &str| self.records.contains_key(record));
        let paid = |currency: &str| self.paid.keys().filter(|(of, _)| of == currency).count() == 2;
        let has = [
            ("refunds", of.contains_key("refund")),
            ("reversals", of.contains_key("reversal")),
            ("spent miles", of.contains_key("miles-reserve")),
            ("miles that came back", of.contains_key("miles-cancel") && of.contains_key("miles-lapse")),
            ("late lines", self.late > 0),
            ("days with nothing", self.empty_days > 0),
            ("lines of a date's second cycle", self.of_later_cycles > 0),
            ("rounding rows", record("RD")),
            ("tax by document", record("VD")),
            ("fees", record("CH")),
            ("prepaid blocks", record("PP")),
            ("what is carried forward", record("CF")),
            ("adjustments", record("AJ")),
            ("other editions", self.editions > 0),
            ("files of several cycles", self.covering.keys().any(|cycles| *cycles > 2)),
            ("a file of two months", self.covering.contains_key(&0)),
            ("roubles both ways", paid("RUB")),
            ("euros both ways", paid("EUR")),
        ];
        has.into_iter().filter(|(_, has)| !has).map(|(what, _)| what).collect()
    }
}

/// The files that each receiver has so far.
type Chains = BTreeMap<String, Vec<Vec<u8>>>;

async fn close(
    lanes: &mut Lanes,
    month: &Month,
    (program, turn): (usize, Turn),
    chains: &mut Chains,
    compared: &mut Compared,
) {
    let (assembly, date) = (&lanes.world.assembly, turn.date);
    let bank = month.programs[program].bank;
    let setup = &assembly.program(month.programs[program].code).unwrap().setup;
    let out = &assembly.config.settlement.out;
    let closed = settlement::close_day(&assembly.pool, setup, date, out).await.unwrap();
    let receivers: BTreeSet<String> = closed.files.iter().map(|file| file.receiver.clone()).collect();
    assert_eq!(receivers, month.receivers(program, date).into_iter().collect(), "{date}");
    assert_eq!(closed.files.len(), receivers.len(), "{date}");
    for file in &closed.files {
        let chain = chains.entry(file.receiver.clone()).or_default();
        let mut edition = Edition { revision: 0, path: file.path.clone() };
        let bytes = edition.compare(month, (program, turn), &file.receiver, chain, compared);
        compared.file(&bytes, file.receiver == bank);
        chain.push(bytes.into_bytes());
        if lanes.answer(month, (program, turn), (&file.receiver, &file.path)).await {
            let name = file.path.file_name().unwrap().to_str().unwrap().replace("_0.cbs", "_1.cbs");
            edition = Edition { revision: 1, path: file.path.with_file_name(name) };
            let last = chain.pop().unwrap();
            let bytes = edition.compare(month, (program, turn), &file.receiver, chain, compared);
            assert_eq!(std::fs::read(&file.path).unwrap(), last, "what was published stays");
            compared.editions += 1;
            chain.push(bytes.into_bytes());
        }
    }
}

/// A published edition of a file.
struct Edition {
    revision: i32,
    path: PathBuf,
}

impl Edition {
    /// Compares it with what it must be; `chain` has the files of its receiver before it.
    fn compare(
        &self,
        month: &Month,
        (program, turn): (usize, Turn),
        receiver: &str,
        chain: &[Vec<u8>],
        compared: &mut Compared,
    ) -> String {
        let is = std::fs::read_to_string(&self.path).unwrap();
        let layout = if is.starts_with("FH|1|") { Layout::One } else { Layout::Two };
        let lines = is.lines().filter(|line| turn.number > 1 && line.starts_with("TX|"));
        compared.of_later_cycles += lines.count();
        let sequence = i32::try_from(chain.len()).unwrap() + 1;
        let previous = chain.last().map(Vec::as_slice);
        let place = Place { sequence, revision: self.revision, previous };
        let (name, must) = month.file((program, turn), receiver, place, layout);
        assert_eq!(self.path.file_name().unwrap().to_str().unwrap(), name);
        compared.differences.extend(compare(month, program, &name, &must, &is));
        is
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_file_of_a_month_is_what_messages_and_terms_come_to() {
    let messages = usize::try_from(number("SETTLEMENT_MESSAGES", 4_000)).unwrap();
    let seed = number("SETTLEMENT_SEED", 20_261_001);
    let began = std::time::Instant::now();
    let month = Month::new(seed, messages);
    let computed = began.elapsed();
    let mut lanes = Lanes::open(&month).await;
    let (mut chains, mut compared) = (Chains::new(), Compared::default());
    let numbers = || 1..=month.cycles_max();
    for (date, number) in
        month.dates().into_iter().flat_map(|date| numbers().map(move |number| (date, number)))
    {
        for (program, turn) in month.turns(date, number) {
            lanes.happen(&month, (program, turn)).await;
            lanes.hear(month.messages(program, turn)).await;
        }
        for of in month.turns(date, number) {
            close(&mut lanes, &month, of, &mut chains, &mut compared).await;
        }
        if compared.differences.len() > SHOWN_MAX {
            break;
        }
    }
    println!(
        "{} messages of seed {seed} (computed in {} s, all in {} s): {} files, {} bytes, partners' records {:?}, lines \
         {:?}, {} late, {} partners' files without a transaction, files of several cycles {:?}, {} \
         other editions, paid {:?}: {} differences",
        month.len(),
        computed.as_secs(),
        began.elapsed().as_secs(),
        compared.files,
        compared.bytes,
        compared.records,
        compared.lines,
        compared.late,
        compared.empty_days,
        compared.covering,
        compared.editions,
        compared.paid,
        compared.differences.len()
    );
    let shown: Vec<&str> = compared.differences.iter().take(SHOWN_MAX).map(|one| one.0.as_str()).collect();
    assert!(shown.is_empty(), "\n{}\n", shown.join("\n"));
    // A short month of one's own may lack something.
    assert!(compared.lacks().is_empty() || messages < 4_000, "{:?}", compared.lacks());
    lanes.gateway.batcher.finish().await;
    let Lanes { world, gateway, .. } = lanes;
    drop(gateway);
    world.stop().await.unwrap();
}
