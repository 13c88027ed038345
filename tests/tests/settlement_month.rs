//! A random month through the real lanes, each day closed by the real close: every line and every trailer of every
//! file is what the second computation of settlement says, which knows only the messages and the terms.
//!
//! `SETTLEMENT_MESSAGES` makes it longer, `SETTLEMENT_SEED` another one.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::print_stdout, reason = "the counts are what this test is for")]

mod settlement_lanes;

use std::collections::{BTreeMap, BTreeSet};

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
    /// Lines whose day was over before they came.
    late: usize,
    /// Lines of cycles that are not the first of their date.
    of_later_cycles: usize,
    /// What is paid, by currency and direction.
    paid: BTreeMap<(String, String), i128>,
    differences: Vec<Difference>,
}

impl Compared {
    fn file(&mut self, text: &str, date: Date, for_bank: bool) {
        self.files += 1;
        self.bytes += text.len();
        if for_bank {
            return;
        }
        self.empty_days += usize::from(!text.contains("\nTX|"));
        for line in text.lines() {
            let fields: Vec<&str> = line.split('|').collect();
            *self.records.entry(fields[0].to_owned()).or_default() += 1;
            if fields[0] == "TX" {
                let kind = ["purchase", "refund", "reversal"].into_iter().find(|kind| fields.contains(kind));
                *self.lines.entry(kind.unwrap_or("other").to_owned()).or_default() += 1;
                // The local date stands before the rules, in both layouts.
                let local = fields.iter().find(|field| field.parse::<Date>().is_ok());
                self.late += usize::from(local.is_some_and(|local| local.parse::<Date>().unwrap() < date));
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
    /// A month that lacks something compares it in vain.
    fn lacks(&self) -> Vec<&str> {
        let (of, record) = (&self.lines, |record: &str| self.records.contains_key(record));
        let paid = |currency: &str| self.paid.keys().filter(|(of, _)| of == currency).count() == 2;
        let has = [
            ("refunds", of.contains_key("refund")),
            ("reversals", of.contains_key("reversal")),
            ("late lines", self.late > 0),
            ("days with nothing", self.empty_days > 0),
            ("lines of a date's second cycle", self.of_later_cycles > 0),
            ("rounding rows", record("RD")),
            ("tax by document", record("VD")),
            ("fees", record("CH")),
            ("prepaid blocks", record("PP")),
            ("what is carried forward", record("CF")),
            ("roubles both ways", paid("RUB")),
            ("euros both ways", paid("EUR")),
        ];
        has.into_iter().filter(|(_, has)| !has).map(|(what, _)| what).collect()
    }
}

/// The files that each receiver has so far.
type Chains = BTreeMap<String, Vec<Vec<u8>>>;

async fn close(
    lanes: &Lanes,
    month: &Month,
    (program, turn): (usize, Turn),
    chains: &mut Chains,
    compared: &mut Compared,
) {
    let (assembly, date) = (&lanes.world.assembly, turn.date);
    let setup = &assembly.program(month.programs[program].code).unwrap().setup;
    let out = &assembly.config.settlement.out;
    let closed = settlement::close_day(&assembly.pool, setup, date, out).await.unwrap();
    let receivers: BTreeSet<String> = closed.files.iter().map(|file| file.receiver.clone()).collect();
    assert_eq!(receivers, month.receivers(program, date).into_iter().collect(), "{date}");
    assert_eq!(closed.files.len(), receivers.len(), "{date}");
    for file in &closed.files {
        let chain = chains.entry(file.receiver.clone()).or_default();
        let sequence = i32::try_from(chain.len()).unwrap() + 1;
        let is = String::from_utf8(std::fs::read(&file.path).unwrap()).unwrap();
        let layout = if is.starts_with("FH|1|") { Layout::One } else { Layout::Two };
        let place = Place { sequence, previous: chain.last().map(Vec::as_slice) };
        let lines = is.lines().filter(|line| turn.number > 1 && line.starts_with("TX|"));
        compared.of_later_cycles += lines.count();
        let (name, must) = month.file((program, turn), &file.receiver, place, layout);
        assert_eq!(file.path.file_name().unwrap().to_str().unwrap(), name);
        compared.differences.extend(compare(month, program, &name, &must, &is));
        compared.file(&is, date, file.receiver == month.programs[program].bank);
        chain.push(is.into_bytes());
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
            close(&lanes, &month, of, &mut chains, &mut compared).await;
        }
        if compared.differences.len() > SHOWN_MAX {
            break;
        }
    }
    println!(
        "{} messages of seed {seed} (computed in {} s, all in {} s): {} files, {} bytes, partners' records {:?}, lines \
         {:?}, {} late, {} partners' files without a transaction, paid {:?}: {} differences",
        month.len(),
        computed.as_secs(),
        began.elapsed().as_secs(),
        compared.files,
        compared.bytes,
        compared.records,
        compared.lines,
        compared.late,
        compared.empty_days,
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
