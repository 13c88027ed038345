//! What the movements of one cycle cost one partner.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::{
    adjusted::{self, Adjustment, Row, column},
    book::Movement,
    programs::PARTNERS,
    terms::{Every, Item, Level, Terms},
};

/// Quantity, net and tax.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Priced {
    pub(crate) quantity: i128,
    pub(crate) net: i128,
    pub(crate) vat: i128,
}

pub(crate) struct Line<'m> {
    pub(crate) movement: &'m Movement,
    pub(crate) items: Vec<Priced>,
}

impl Line<'_> {
    pub(crate) fn total(&self) -> i128 {
        self.items.iter().map(|item| item.net + item.vat).sum()
    }
}

/// What is owed without a transaction.
pub(crate) struct Charge {
    pub(crate) basis: String,
    pub(crate) reference: String,
    pub(crate) date: Date,
    pub(crate) priced: Priced,
}

/// What a block covers: units before, drawn and after, and what is not to be paid again.
pub(crate) struct Prepaid {
    pub(crate) basis: String,
    pub(crate) units: [i128; 3],
    pub(crate) net: i128,
    pub(crate) vat: i128,
}

/// What earlier cycles leave to those that come after, of one partner and currency.
#[derive(Debug, Clone, Default)]
pub(crate) struct State {
    /// Positive if the bank owes it.
    pub(crate) balance: i128,
    month: Option<(i16, i8)>,
    /// Units of each basis since the month began, and their net as the payer of the item sees it.
    to_date: BTreeMap<String, (i128, i128)>,
    /// Units left of the blocks of each basis that were ever bought.
    pub(crate) prepaid: BTreeMap<String, i128>,
}

impl State {
    fn enter(&mut self, date: Date) {
        if self.month.replace((date.year(), date.month())) != Some((date.year(), date.month())) {
            self.to_date.clear();
        }
    }
}

/// A cycle, and whether others follow it.
pub(crate) struct Cycle<'m> {
    pub(crate) date: Date,
    /// In the order of lines.
    pub(crate) movements: &'m [&'m Movement],
    /// The member numbers of cards that are new in it.
    pub(crate) cards: Vec<String>,
    /// What staff propose in it.
    pub(crate) adjustments: &'m [Adjustment],
    pub(crate) last_of_month: bool,
    pub(crate) last_of_terms: bool,
}

/// All amounts are positive in the stated direction.
pub(crate) struct Batch<'m> {
    pub(crate) terms: &'m Terms,
    pub(crate) date: Date,
    /// The place of its cycle in the date.
    pub(crate) number: i32,
    pub(crate) partner: i32,
    pub(crate) opening: i128,
    pub(crate) lines: Vec<Line<'m>>,
    /// In their order.
    pub(crate) adjusted: Vec<Row<'m>>,
    pub(crate) charges: Vec<Charge>,
    pub(crate) prepaid: Vec<Prepaid>,
    pub(crate) quantities: Vec<i128>,
    pub(crate) rounding: i128,
    pub(crate) document_vat: i128,
    pub(crate) net: i128,
    pub(crate) vat: i128,
    /// Carried forward.
    pub(crate) closing: i128,
    /// Signed.
    pub(crate) to_pay: i128,
}

/// A row about a transaction.
#[derive(Clone, Copy)]
pub(crate) enum BatchRow<'b> {
    Line(&'b Line<'b>),
    Adjusted(&'b Row<'b>),
}

impl BatchRow<'_> {
    pub(crate) fn total(self) -> i128 {
        match self {
            Self::Line(line) => line.total(),
            Self::Adjusted(row) => row.total(),
        }
    }
}

impl Batch<'_> {
    /// By message and purchase; what corrects a line stands before lines of the same keys.
    pub(crate) fn rows(&self) -> Vec<BatchRow<'_>> {
        let mut rows = Vec::with_capacity(self.lines.len() + self.adjusted.len());
        let mut adjusted = self.adjusted.iter().peekable();
        for line in &self.lines {
            if !self.adjusted.is_empty() {
                let keys = (line.movement.message.key(), line.movement.purchase.clone());
                while let Some(row) = adjusted.next_if(|row| row.adjustment.references.keys() <= keys) {
                    rows.push(BatchRow::Adjusted(row));
                }
            }
            rows.push(BatchRow::Line(line));
        }
        rows.extend(adjusted.map(BatchRow::Adjusted));
        rows
    }

    /// Nothing is paid in the stated direction.
    pub(crate) fn bank_pays(&self) -> bool {
        if self.to_pay < 0 { !self.terms.bank_pays_stated() } else { self.terms.bank_pays_stated() }
    }

    fn charge(&mut self, item: &Item, reference: String, date: Date, priced: Priced) {
        self.net += priced.net;
        self.vat += priced.vat;
        self.charges.push(Charge { basis: item.basis.clone(), reference, date, priced });
    }

    fn tax(&mut self, vat: i128) {
        self.document_vat += vat;
        self.vat += vat;
    }
}

pub(crate) fn price<'m>(terms: &'m Terms, cycle: &Cycle<'m>, state: &mut State) -> Batch<'m> {
    let partner = PARTNERS.iter().position(|code| *code == terms.partner).unwrap();
    let partner = i32::try_from(partner).unwrap() + 1;
    let stated = terms.bank_pays_stated();
    state.enter(cycle.date);
    let mut batch = Batch {
        terms,
        date: cycle.date,
        number: 1,
        partner,
        opening: if stated { state.balance } else { -state.balance },
        lines: Vec::new(),
        adjusted: adjusted::rows(cycle.adjustments, terms),
        charges: Vec::new(),
        prepaid: Vec::new(),
        quantities: Vec::new(),
        rounding: 0,
        document_vat: 0,
        net: 0,
        vat: 0,
        closing: 0,
        to_pay: 0,
    };
    lines(&mut batch, cycle, state);
    for fee in terms.charges.iter().filter(|fee| fee.basis == "new_cards") {
        let sign = if fee.bank_pays == stated { 1 } else { -1 };
        for card in &cycle.cards {
            let net = fee.cost(0, 1).rounded(fee.mode) * sign;
            let vat = fee.vat_at(Level::Line, net);
            batch.charge(fee, card.clone(), cycle.date, Priced { quantity: 1, net, vat });
        }
        let all: i128 = batch.charges.iter().map(|charge| charge.priced.net).sum();
        batch.tax(fee.vat_at(Level::Batch, all));
    }
    for (of, item) in terms.items.iter().enumerate() {
        close_item(&mut batch, cycle, state, (of, item));
    }
    for fee in &terms.charges {
        let sign = if fee.bank_pays == stated { 1 } else { -1 };
        let due = fee.every == Every::Cycle || (fee.every == Every::Month && cycle.last_of_month);
        if !due {
            continue;
        }
        let reference = cycle.date.strftime("%Y-%m").to_string();
        let net = fee.cost(0, 1).rounded(fee.mode) * sign;
        let vat = fee.vat_at(Level::Line, net);
        batch.charge(fee, reference, cycle.date, Priced { quantity: 1, net, vat });
        batch.tax(fee.vat_at(Level::Batch, net));
    }
    let owed = batch.opening + batch.net + batch.vat;
    let small = terms.minimum_payable.is_some_and(|least| owed.abs() < least);
    if small && !cycle.last_of_terms {
        batch.closing = owed;
    } else {
        batch.to_pay = owed;
    }
    state.balance = if stated { batch.closing } else { -batch.closing };
    batch
}

fn lines<'m>(batch: &mut Batch<'m>, cycle: &Cycle<'m>, state: &State) {
    let items = &batch.terms.items;
    let to_date = |item: &Item| state.to_date.get(&item.basis).map_or(0, |(quantity, _)| *quantity);
    let mut before: Vec<i128> = items.iter().map(to_date).collect();
    for movement in cycle.movements {
        let quantities: Vec<i128> =
            items.iter().map(|item| movement.quantity(&item.basis, batch.partner)).collect();
        if quantities.iter().all(|quantity| *quantity == 0) {
            continue;
        }
        let mut priced = Vec::with_capacity(items.len());
        for ((item, quantity), before) in items.iter().zip(quantities).zip(&mut before) {
            let sign = if item.bank_pays == batch.terms.bank_pays_stated() { 1 } else { -1 };
            let net = batch.terms.cost(item, cycle.date, *before, quantity).rounded(item.mode) * sign;
            *before += quantity;
            priced.push(Priced { quantity, net, vat: item.vat_at(Level::Line, net) });
        }
        batch.lines.push(Line { movement, items: priced });
    }
}

fn close_item(batch: &mut Batch<'_>, cycle: &Cycle<'_>, state: &mut State, (of, item): (usize, &Item)) {
    let sign = if item.bank_pays == batch.terms.bank_pays_stated() { 1 } else { -1 };
    let sum =
        |value: fn(&Priced) -> i128| -> i128 { batch.lines.iter().map(|line| value(&line.items[of])).sum() };
    let (quantity, shown, vat) = (sum(|item| item.quantity), sum(|item| item.net), sum(|item| item.vat));
    let to_date = state.to_date.entry(item.basis.clone()).or_default();
    let net = match item.level {
        Level::Line => shown,
        Level::Batch => batch.terms.cost(item, cycle.date, to_date.0, quantity).rounded(item.mode) * sign,
    };
    let before = to_date.0;
    *to_date = (to_date.0 + quantity, to_date.1 + net * sign);
    // What is given counts in the sums and moves nothing else.
    let (given, given_taxed) = column(&batch.adjusted, of);
    batch.quantities.push(quantity + given.quantity);
    batch.rounding += net - shown;
    batch.net += net + given.net;
    batch.vat += vat + given.vat;
    let mut taxed = net + given_taxed;
    let missing = item.minimum.filter(|_| cycle.last_of_month).map_or(0, |least| (least - to_date.1).max(0));
    if missing > 0 {
        let net = missing * sign;
        taxed += net;
        let priced = Priced { quantity: 0, net, vat: item.vat_at(Level::Line, net) };
        batch.charge(item, cycle.date.strftime("%Y-%m").to_string(), cycle.date, priced);
    }
    batch.tax(item.vat_at(Level::Batch, taxed));
    let Some(left) = state.prepaid.get_mut(&item.basis).filter(|_| item.prepaid) else { return };
    // What goes back goes into the block again.
    let drawn = if quantity > 0 { quantity.min((*left).max(0)) } else { quantity };
    let (net, vat) = if drawn == quantity {
        (net, vat + item.vat_at(Level::Batch, net))
    } else {
        // As one amount, but never more than the lines show, which were rounded each by itself.
        let part = batch.terms.cost(item, cycle.date, before, drawn).rounded(item.mode);
        let part = part.clamp(0, (net * sign).max(0)) * sign;
        let tax = item.vat_at(Level::Line, part) + item.vat_at(Level::Batch, part);
        let shown = vat + item.vat_at(Level::Batch, net);
        (part, (tax * sign).clamp(0, (shown * sign).max(0)) * sign)
    };
    let units = [*left, drawn, *left - drawn];
    *left -= drawn;
    batch.net -= net;
    batch.vat -= vat;
    batch.prepaid.push(Prepaid { basis: item.basis.clone(), units, net: -net, vat: -vat });
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::{month::Month, terms};

    /// A line of the worked day: miles, bonus at skyfuel, turnover and shares at kosta and skyfuel.
    fn movement(of: &Movement, changes: &[(&str, i128)]) -> Movement {
        let changes = changes.iter().map(|(item, amount)| ((*item).to_owned(), *amount)).collect();
        Movement { changes, ..of.clone() }
    }

    /// The numbers of the worked day, which a program of its own computed.
    #[test]
    fn the_worked_day_comes_to_its_numbers() {
        let file = include_str!("../../../docs/samples/programs/boreal-gold.toml");
        let read = terms::read(file);
        let month = Month::new(1, 300);
        let some =
            month.dates().into_iter().find_map(|date| month.movements(0, date).first().copied()).unwrap();
        let credit = |merchant, bank| {
            [("discount:statement_credit:partner-3:3", merchant), ("discount:statement_credit:bank:3", bank)]
        };
        let kosta = |miles, turnover, merchant, bank| {
            let [one, other] = credit(merchant, bank);
            movement(some, &[("base", miles), ("turnover:3", turnover), one, other])
        };
        let fuel = [
            ("base", 120),
            ("bonus:partner-2:weekend-fuel", 120),
            ("turnover:2", 722_650),
            ("discount:at_till:partner-2:2", 11_175),
            ("discount:at_till:bank:2", 11_175),
        ];
        let alone = |miles| movement(some, &[("base", miles)]);
        let day = [
            alone(59),
            movement(some, &fuel),
            kosta(205, 1_234_567, 30_000, 20_000),
            kosta(16, 99_999, 0, 0),
            kosta(16, 100_000, 3_000, 2_000),
            kosta(25, 150_000, 4_500, 3_000),
            kosta(-16, -100_000, -3_000, -2_000),
            alone(1_500),
            alone(7),
            alone(20),
            alone(158),
        ];
        let day: Vec<&Movement> = day.iter().collect();
        for (partner, lines, rounding, net, vat, to_pay) in [
            (
                "airboreal",
                &[3_629, 14_760, 12_608, 984, 984, 1_538, -984, 92_250, 431, 1_230, 9_717][..],
                -2,
                137_145,
                27_429,
                164_574,
            ),
            ("kosta", &[47_778, 1_440, 4_440, 6_660, -4_440], 0, 52_315, 3_563, 55_878),
            ("skyfuel", &[-1_095], 0, -2_775, 1_680, -1_095),
        ] {
            let terms = read.terms.iter().find(|terms| terms.partner == partner).unwrap();
            let (movements, cards, adjustments) = (day.as_slice(), Vec::new(), &[][..]);
            let cycle = Cycle {
                date: date(2026, 10, 10),
                movements,
                cards,
                adjustments,
                last_of_month: false,
                last_of_terms: false,
            };
            let batch = price(terms, &cycle, &mut State::default());
            let totals: Vec<i128> = batch.lines.iter().map(Line::total).collect();
            assert_eq!(totals, lines, "{partner}");
            assert_eq!((batch.rounding, batch.net, batch.vat, batch.to_pay), (rounding, net, vat, to_pay));
        }
    }
}
