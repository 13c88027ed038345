//! What each cycle comes to, read from the files that the second settlement composes from messages and terms. Nothing here
//! has seen the database, or a file that was published.

use std::collections::{BTreeMap, BTreeSet};

use second_settlement::{Layout, Month, Place, Turn};

/// What a cycle settles with a partner in a currency. Amounts are positive if the partner owes or pays them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Must {
    pub(crate) partner: String,
    pub(crate) currency: String,
    pub(crate) opening: i128,
    /// Before tax, with what was adjusted.
    pub(crate) net: i128,
    pub(crate) vat: i128,
    /// Of the net and of the tax, what two people adjusted.
    pub(crate) adjusted: [i128; 2],
    pub(crate) paid: i128,
    pub(crate) closing: i128,
    /// Transactions and adjustments.
    pub(crate) lines: i128,
    /// By basis, of transactions and adjustments.
    pub(crate) quantities: BTreeMap<String, i128>,
    /// By basis, of transactions alone.
    pub(crate) moved: BTreeMap<String, i128>,
    /// The partner whose miles they are.
    pub(crate) is_cobrand: bool,
}

impl Must {
    pub(crate) fn movements(&self) -> i128 {
        self.net + self.vat
    }

    /// The basis whose quantity is called its miles.
    fn basis_of_miles(&self) -> &'static str {
        if self.is_cobrand { "miles_granted" } else { "bonus_miles" }
    }

    /// Miles that are paid for.
    pub(crate) fn miles(&self) -> i128 {
        self.quantities.get(self.basis_of_miles()).copied().unwrap_or(0)
    }

    /// What files state of a measure of the tie-out; `None`: nothing.
    pub(crate) fn stated(&self, measure: &str) -> Option<i128> {
        let bases: &[&str] = match measure {
            "miles" => &[self.basis_of_miles()],
            "turnover" => &["turnover"],
            "discount-share" => &["statement_credit_share", "till_share"],
            // The tie-out has the bank's view: positive is what it pays.
            "net" => return Some(-self.net),
            "vat" => return Some(-self.vat),
            "to-pay" => return Some(-self.paid),
            _ => return None,
        };
        let of: Vec<i128> = bases.iter().filter_map(|basis| self.quantities.get(*basis).copied()).collect();
        (!of.is_empty()).then(|| of.iter().sum())
    }

    fn begin(fields: &[&str]) -> (Self, i128, Vec<String>) {
        let sign = if fields[5] == "partner_pays_bank" { 1 } else { -1 };
        let items = fields[12].split(',').filter(|item| !item.is_empty()).map(str::to_owned).collect();
        let must = Self {
            partner: fields[1].to_owned(),
            currency: fields[3].to_owned(),
            opening: sign * amount(fields[6]),
            is_cobrand: fields[7] == "cobrand",
            ..Self::default()
        };
        (must, sign, items)
    }

    fn take(&mut self, fields: &[&str], sign: i128, items: &[String]) {
        match fields[0] {
            "TX" | "AJ" => {
                let numbers: Vec<i128> = fields[20..fields.len() - 1].iter().copied().map(amount).collect();
                for (item, triple) in items.iter().zip(numbers.chunks(3)) {
                    let [quantity, net, vat] = triple else { panic!("{fields:?}") };
                    if fields[0] == "AJ" {
                        self.adjusted[0] += sign * net;
                        self.adjusted[1] += sign * vat;
                    } else {
                        *self.moved.entry(item.clone()).or_default() += quantity;
                    }
                }
            }
            "BT" => self.close(fields, sign, items),
            _ => {}
        }
    }

    fn close(&mut self, fields: &[&str], sign: i128, items: &[String]) {
        let numbers: Vec<i128> = fields[1..fields.len() - 2].iter().copied().map(amount).collect();
        self.lines = numbers[0] + numbers[1];
        let (quantities, sums) = numbers[3..].split_at(items.len());
        self.quantities = items.iter().cloned().zip(quantities.iter().copied()).collect();
        let [_, _, net, vat, _, closing] = sums else { panic!("{fields:?}") };
        (self.net, self.vat, self.closing) = (sign * net, sign * vat, sign * closing);
        let to_pay = amount(fields[fields.len() - 1]);
        let partner_pays = fields[fields.len() - 2] == "partner_pays_bank";
        self.paid = if partner_pays { to_pay } else { -to_pay };
        assert_eq!(self.opening + self.movements() - self.paid - self.closing, 0, "{fields:?}");
    }
}

fn amount(text: &str) -> i128 {
    text.parse().unwrap_or_else(|_| panic!("{text:?} is no number"))
}

/// What a cycle comes to, by partner and currency: the batches of the bank's file.
pub(crate) fn of_cycle(month: &Month, program: usize, turn: Turn) -> Vec<Must> {
    let place = Place { sequence: 1, revision: 0, previous: None };
    let (_, text) = month.file((program, turn), month.programs[program].bank, place, Layout::Two);
    let mut all: Vec<(Must, i128, Vec<String>)> = Vec::new();
    for record in text.lines() {
        let fields: Vec<&str> = record.split('|').collect();
        match fields[0] {
            "FH" | "FT" => {}
            "BH" => all.push(Must::begin(&fields)),
            _ => {
                let (must, sign, items) = all.last_mut().unwrap();
                must.take(&fields, *sign, items);
            }
        }
    }
    all.into_iter().map(|(must, ..)| must).collect()
}

/// How many messages of members come to each cycle, by message type; repeats come once.
pub(crate) fn arrivals(
    month: &Month,
    program: usize,
    turns: &[Turn],
) -> BTreeMap<Turn, BTreeMap<String, i128>> {
    let (mut seen, mut all) = (BTreeSet::new(), BTreeMap::new());
    for turn in turns {
        let of_turn: &mut BTreeMap<String, i128> = all.entry(*turn).or_default();
        for message in month.messages(program, *turn) {
            if seen.insert(message.number) && message.member.is_some() {
                *of_turn.entry(message.mti.to_owned()).or_default() += 1;
            }
        }
    }
    all
}
