//! What receivers answer to their files, and what staff propose: by chance, with lines of all kinds.

use std::collections::BTreeMap;

use jiff::{ToSpan, civil::Date};

use crate::{
    adjusted::{Adjustment, Fate, Given, References},
    month::Random,
    price::{Batch, BatchRow, Priced},
    programs::Program,
    record::line_id,
};

/// What a receiver says of its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It could not be read.
    Layout,
    /// These lines are wrong.
    Content(Vec<Disputed>),
}

/// A line that a receiver disputes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disputed {
    /// Its id.
    pub line: String,
    /// What is wrong with it.
    pub code: &'static str,
    /// Net and tax that the receiver has.
    pub theirs: Option<(i128, i128)>,
}

/// Of one program.
pub(crate) struct Desk {
    random: Random,
    /// Lines that no receiver has seen yet, by partner.
    unseen: BTreeMap<String, Vec<Seen>>,
    /// What staff propose about disputed lines, by day.
    due: BTreeMap<Date, Vec<Adjustment>>,
}

/// A line as its receiver has it.
struct Seen {
    line: String,
    currency: String,
    bank_pays: bool,
    items: Vec<Given>,
    /// What is known of its transaction.
    references: Option<References>,
}

const BASES: [&str; 5] = ["miles_granted", "bonus_miles", "turnover", "statement_credit_share", "till_share"];
/// Also with what no field may hold.
const WORDS: [&str; 5] =
    ["agreed by letter", "по письму от 12-го", "=1+1", "two|fields", "a\ttab\nand a line"];
/// Rows about transactions that may be disputed, of each batch.
const ROWS_MAX: u64 = 3;

impl Desk {
    pub(crate) fn new(seed: u64) -> Self {
        Self { random: Random::new(seed), unseen: BTreeMap::new(), due: BTreeMap::new() }
    }

    /// What staff propose while the cycle of a date is open.
    pub(crate) fn proposes(&mut self, program: &Program, date: Date) -> Vec<Adjustment> {
        let mut all = self.due.remove(&date).unwrap_or_default();
        let terms: Vec<_> =
            program.terms.iter().filter(|terms| terms.hold_on(date) && !terms.items.is_empty()).collect();
        for _ in 0..self.random.pick(&[0, 0, 1, 2]) {
            let random = &mut self.random;
            let terms = random.pick(&terms);
            let own: Vec<&str> = terms.items.iter().map(|item| item.basis.as_str()).collect();
            let basis = match random.below(10) {
                0..6 => Some(random.pick(&own)),
                6..8 => None,
                _ => Some(random.pick(&BASES)),
            };
            let mut amount = |most: i128| if random.percent(60) { random.between(-most, most) } else { 0 };
            let (quantity, net, vat) = (amount(3_000), amount(50_000), amount(9_000));
            let net = if (quantity, net, vat) == (0, 0, 0) { 1 } else { net };
            let basis = basis.map(str::to_owned);
            all.push(Adjustment {
                partner: terms.partner.clone(),
                currency: terms.currency.clone(),
                bank_pays: random.percent(50),
                original: random.pick(&WORDS).to_owned(),
                reason: random.pick(&WORDS).to_owned(),
                items: vec![Given { basis, quantity, net, vat }],
                disputed: false,
                fate: random.pick(&[Fate::Approved, Fate::Approved, Fate::Rejected, Fate::Waits]),
                references: References::Nothing(date),
            });
        }
        for one in &mut all {
            match &mut one.references {
                References::Nothing(of) if *of == Date::MIN => *of = date,
                _ => {}
            }
        }
        all
    }

    /// What receivers of the files of a date answer; staff take days to decide about what is disputed.
    pub(crate) fn answers(
        &mut self,
        batches: &[Batch<'_>],
        receivers: &[String],
        (program, cycle, date): (&Program, i32, Date),
    ) -> BTreeMap<String, Answer> {
        for batch in batches {
            self.unseen.entry(batch.terms.partner.clone()).or_default().extend(seen(
                batch,
                program.code,
                cycle,
            ));
        }
        let mut answers = BTreeMap::new();
        for receiver in receivers.iter().filter(|receiver| *receiver != program.bank) {
            let mut lines = self.unseen.remove(receiver).unwrap_or_default();
            let disputed = match self.random.below(20) {
                0..11 => continue,
                11..13 => 0,
                _ => self.random.between(1, 2),
            };
            if disputed == 0 {
                answers.insert(receiver.clone(), Answer::Layout);
                continue;
            }
            let mut disputes = Vec::new();
            for _ in 0..disputed {
                let place = usize::try_from(self.random.below(i128::try_from(lines.len()).unwrap())).unwrap();
                if place < lines.len() {
                    disputes.push(self.dispute(receiver, lines.swap_remove(place), date));
                }
            }
            if !disputes.is_empty() {
                answers.insert(receiver.clone(), Answer::Content(disputes));
            }
        }
        answers
    }

    fn dispute(&mut self, receiver: &str, seen: Seen, date: Date) -> Disputed {
        let random = &mut self.random;
        let sum = |of: fn(&Given) -> i128| -> i128 { seen.items.iter().map(of).sum() };
        let (net, vat) = (sum(|item| item.net), sum(|item| item.vat));
        let code = random.pick(&["not_found", "duplicate", "not_ours", "price", "vat", "quantity"]);
        let mut carries = seen.items.iter().filter(|item| (item.quantity, item.net, item.vat) != (0, 0, 0));
        let denied = ["not_found", "duplicate", "not_ours"].contains(&code);
        let theirs = (!denied).then(|| (net + random.between(-40, -1), vat + random.between(-3, 3)));
        let items = match theirs {
            // All of it is taken back, and the document's tax with it.
            None => carries
                .map(|item| Given {
                    basis: item.basis.clone(),
                    quantity: -item.quantity,
                    net: -item.net,
                    vat: -item.vat,
                })
                .collect(),
            Some((their_net, their_vat)) => {
                let basis = carries.next().and_then(|item| item.basis.clone());
                vec![Given { basis, quantity: 0, net: their_net - net, vat: their_vat - vat }]
            }
        };
        let fate = random.pick(&[
            Fate::Approved,
            Fate::Approved,
            Fate::Approved,
            Fate::ApprovedTheSecondTime,
            Fate::Rejected,
            Fate::Waits,
        ]);
        let stands = random.percent(10);
        let day = date + i32::try_from(random.between(1, 3)).unwrap().days();
        self.due.entry(day).or_default().push(Adjustment {
            partner: receiver.to_owned(),
            currency: seen.currency,
            bank_pays: seen.bank_pays,
            original: seen.line.clone(),
            reason: random.pick(&WORDS).to_owned(),
            items: if stands { Vec::new() } else { items },
            disputed: true,
            fate,
            references: seen.references.unwrap_or(References::Nothing(Date::MIN)),
        });
        Disputed { line: seen.line, code, theirs }
    }
}

/// Lines of a batch that may be disputed.
fn seen(batch: &Batch<'_>, program: &str, cycle: i32) -> Vec<Seen> {
    let mut number = 0;
    let mut seen = Vec::new();
    let mut see = |items: Vec<Given>, references: Option<References>, counts: bool| {
        number += 1;
        let line = line_id(program, cycle, batch, number);
        let (currency, bank_pays) = (batch.terms.currency.clone(), batch.terms.bank_pays_stated());
        let carries = |item: &Given| (item.quantity, item.net, item.vat) != (0, 0, 0);
        if counts && items.iter().any(carries) {
            seen.push(Seen { line, currency, bank_pays, items, references });
        }
    };
    let given = |basis: Option<&String>, priced: Priced| Given {
        basis: basis.cloned(),
        quantity: priced.quantity,
        net: priced.net,
        vat: priced.vat,
    };
    let in_columns = |items: &[Priced]| -> Vec<Given> {
        let columns = batch.terms.items.iter().zip(items);
        columns.map(|(item, priced)| given(Some(&item.basis), *priced)).collect()
    };
    for (place, row) in (0_u64..).zip(batch.rows()) {
        match row {
            BatchRow::Line(line) if place < ROWS_MAX => {
                see(in_columns(&line.items), Some(References::Of(Box::new(line.movement.clone()))), true);
            }
            BatchRow::Line(_) => see(Vec::new(), None, false),
            BatchRow::Adjusted(row) => {
                see(in_columns(&row.items), Some(row.adjustment.references.clone()), true);
            }
        }
    }
    for charge in &batch.charges {
        see(vec![given(Some(&charge.basis), charge.priced)], None, true);
    }
    for prepaid in &batch.prepaid {
        let priced = Priced { quantity: 0, net: prepaid.net, vat: prepaid.vat };
        see(vec![given(Some(&prepaid.basis), priced)], None, true);
    }
    if batch.rounding != 0 {
        see(vec![given(None, Priced { quantity: 0, net: batch.rounding, vat: 0 })], None, true);
    }
    if batch.document_vat != 0 {
        see(vec![given(None, Priced { quantity: 0, net: 0, vat: batch.document_vat })], None, true);
    }
    seen
}
