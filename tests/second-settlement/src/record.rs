//! Composes the file that a receiver must get.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use jiff::civil::Date;

use crate::{
    adjusted::{References, Row},
    message::Message,
    month::Month,
    price::{Batch, BatchRow, Line, Priced},
    programs::{COBRAND, Program},
    terms::EXPONENT,
    turn::Turn,
};

/// Which layout a file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Amounts in the direction in which the batch is paid.
    One,
    /// Amounts in the direction of the first item.
    Two,
}

/// The place of a file in its receiver's chain.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// From 1.
    pub sequence: i32,
    /// From 0.
    pub revision: i32,
    /// All bytes of the receiver's file before.
    pub previous: Option<&'a [u8]>,
}

const HASH_TOTAL_BELOW: u128 = 1_000_000_000_000_000_000;

impl Month {
    /// Who receives files of a program on a date: the bank, and each partner that takes files on that day.
    #[must_use]
    pub fn receivers(&self, program: usize, date: Date) -> Vec<String> {
        let program = &self.programs[program];
        let terms =
            program.terms.iter().filter(|terms| terms.hold_on(date) && terms.calendar.processes(date));
        let mut receivers: Vec<String> = terms.map(|terms| terms.partner.clone()).collect();
        receivers.push(program.bank.to_owned());
        receivers.sort();
        receivers.dedup();
        receivers
    }

    /// The cycles that the file of a cycle has. What waited since closed days is in the first file of a date.
    fn covered_turns(&self, program: &Program, turn: Turn, receiver: &str) -> Vec<Turn> {
        if turn.number > 1 {
            return vec![turn];
        }
        let mut dates = self.covered(program, turn.date, receiver);
        dates.pop();
        let of_date = |date| (1..=program.cycles()).map(move |number| Turn { date, number });
        dates.into_iter().flat_map(of_date).chain([turn]).collect()
    }

    /// The business dates whose cycles the first file of a date has.
    fn covered(&self, program: &Program, date: Date, receiver: &str) -> Vec<Date> {
        let closed = |date: Date| {
            let mut terms =
                program.terms.iter().filter(|terms| terms.partner == receiver && terms.hold_on(date));
            receiver != program.bank && terms.any(|terms| !terms.calendar.processes(date))
        };
        let mut dates = vec![date];
        let mut before = date.yesterday().unwrap();
        while before >= self.dates()[0] && closed(before) {
            dates.push(before);
            before = before.yesterday().unwrap();
        }
        dates.reverse();
        dates
    }

    /// The name and the text of the file of a receiver.
    #[must_use]
    pub fn file(
        &self,
        (place, turn): (usize, impl Into<Turn>),
        receiver: &str,
        of: Place<'_>,
        layout: Layout,
    ) -> (String, String) {
        let (program, turn) = (&self.programs[place], turn.into());
        let date = turn.date;
        let covered = self.covered_turns(program, turn, receiver);
        let movements: Vec<_> = covered.iter().map(|turn| (*turn, self.movements(place, *turn))).collect();
        let batches = movements.iter().flat_map(|(turn, movements)| {
            self.batches((place, *turn), movements, &mut self.openings(place, *turn))
        });
        let ours = |batch: &Batch<'_>| receiver == program.bank || batch.terms.partner == receiver;
        let mut batches: Vec<Batch<'_>> = batches.filter(ours).collect();
        batches.sort_by_key(|batch| (&batch.terms.partner, &batch.terms.currency, batch.date, batch.number));
        let (text, records, hash_total) = (String::new(), 0, 0);
        let mut writer = Writer { month: self, program, turn, layout, text, records, hash_total };
        writer.file_header(receiver, of);
        batches.iter().for_each(|batch| writer.batch(batch));
        writer.file_trailer(&batches);
        let name = format!("{receiver}_{}_{date}_{:06}_{}.cbs", program.code, of.sequence, of.revision);
        (name, writer.text)
    }
}

struct Writer<'p> {
    month: &'p Month,
    program: &'p Program,
    /// The file's last cycle.
    turn: Turn,
    layout: Layout,
    text: String,
    records: u64,
    hash_total: u128,
}

/// The id of a row of a batch.
pub(crate) fn line_id(program: &str, cycle: i32, batch: &Batch<'_>, number: u64) -> String {
    format!("{program}-{cycle:06}-{}-{}-{number:06}", batch.terms.partner, batch.terms.currency)
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest(&SHA256, bytes))
}

fn direction(bank_pays: bool) -> &'static str {
    if bank_pays { "bank_pays_partner" } else { "partner_pays_bank" }
}

impl Writer<'_> {
    fn record(&mut self, fields: &[String]) {
        self.records += 1;
        self.text.push_str(&fields.join("|"));
        self.text.push('\n');
    }

    fn sequence(&self, batch: &Batch<'_>) -> i32 {
        self.month.sequence(self.program, Turn { date: batch.date, number: batch.number })
    }

    fn counts(&mut self, total: i128) {
        self.hash_total = (self.hash_total + total.unsigned_abs()) % HASH_TOTAL_BELOW;
    }

    fn file_header(&mut self, receiver: &str, place: Place<'_>) {
        let program = self.program;
        let sequence = self.month.sequence(program, self.turn);
        let mut fields = vec![
            "FH".to_owned(),
            if self.layout == Layout::One { "1" } else { "2" }.to_owned(),
            "TEST".to_owned(),
            program.bank.to_owned(),
            receiver.to_owned(),
            format!("{receiver}-{}-{sequence:06}-{}", program.code, place.revision),
            program.code.to_owned(),
        ];
        if self.layout == Layout::Two {
            fields.push(program.zone_name.to_owned());
        }
        fields.extend([
            self.turn.date.to_string(),
            sequence.to_string(),
            program.end_text(self.turn),
            place.sequence.to_string(),
            place.revision.to_string(),
            place.previous.map_or_else(|| "0".repeat(64), sha256),
        ]);
        self.record(&fields);
    }

    fn batch_header(&mut self, batch: &Batch<'_>) {
        let items: Vec<&str> = batch.terms.items.iter().map(|item| item.basis.as_str()).collect();
        let stated = match self.layout {
            Layout::One => batch.bank_pays(),
            Layout::Two => batch.terms.bank_pays_stated(),
        };
        let mut fields = vec![
            "BH".to_owned(),
            batch.terms.partner.clone(),
            self.program.code.to_owned(),
            batch.terms.currency.clone(),
            EXPONENT.to_string(),
            direction(stated).to_owned(),
            batch.opening.to_string(),
            if batch.partner == COBRAND { "cobrand" } else { "merchant" }.to_owned(),
        ];
        if self.layout == Layout::Two {
            fields.extend([
                batch.date.to_string(),
                self.sequence(batch).to_string(),
                self.program.version(),
                batch.terms.payment_date(batch.date).to_string(),
            ]);
        }
        fields.push(items.join(","));
        self.record(&fields);
    }

    fn batch(&mut self, batch: &Batch<'_>) {
        self.batch_header(batch);
        let sign = match self.layout {
            Layout::One if batch.bank_pays() != batch.terms.bank_pays_stated() => -1,
            _ => 1,
        };
        let mut number = 0;
        let (program, cycle) = (self.program.code, self.sequence(batch));
        let id = |number: u64| line_id(program, cycle, batch, number);
        let (mut debit, mut credit) = (0, 0);
        let mut add = |total: i128| if total > 0 { debit += total } else { credit -= total };
        for row in batch.rows() {
            number += 1;
            match row {
                BatchRow::Line(line) => self.line(&id(number), line, batch.date, sign),
                BatchRow::Adjusted(row) => self.adjustment(&id(number), row),
            }
            add(row.total());
        }
        for charge in &batch.charges {
            number += 1;
            let Priced { quantity, net, vat } = charge.priced;
            let mut fields = vec!["CH".to_owned(), id(number), charge.basis.clone()];
            fields.extend([charge.reference.clone(), charge.date.to_string()]);
            fields.extend([quantity, net, vat, net + vat].map(|number| number.to_string()));
            self.record(&fields);
            self.counts(net + vat);
            add(net + vat);
        }
        for prepaid in &batch.prepaid {
            number += 1;
            let (net, vat) = (prepaid.net, prepaid.vat);
            let mut fields = vec!["PP".to_owned(), id(number), prepaid.basis.clone()];
            fields.extend(prepaid.units.iter().chain(&[net, vat, net + vat]).map(i128::to_string));
            self.record(&fields);
            self.counts(net + vat);
            add(net + vat);
        }
        for (of, amount) in [("RD", batch.rounding), ("VD", batch.document_vat)] {
            if amount != 0 {
                number += 1;
                self.record(&[of.to_owned(), id(number), (amount * sign).to_string()]);
                self.counts(amount);
                add(amount);
            }
        }
        if batch.closing != 0 {
            number += 1;
            self.record(&["CF".to_owned(), id(number), batch.closing.to_string()]);
            self.counts(batch.closing);
        }
        self.batch_trailer(batch, sign, (debit, credit));
    }

    fn line(&mut self, id: &str, line: &Line<'_>, date: Date, sign: i128) {
        let (movement, message) = (line.movement, &line.movement.message);
        let two = self.layout == Layout::Two;
        let mut fields: Vec<String> = vec!["TX".to_owned(), id.to_owned()];
        let kind = movement.kind().to_owned();
        if two {
            fields.push(kind.clone());
        }
        fields.extend([message.key(), movement.purchase.clone()]);
        if !two {
            fields.push(kind);
        }
        fields.extend(self.of_message(message, two));
        fields.push(movement.counted.to_string());
        if two {
            fields.push((date - message.local_date()).get_days().to_string());
        }
        for item in &line.items {
            fields.extend([item.quantity, item.net * sign, item.vat * sign].map(|number| number.to_string()));
        }
        fields.push((line.total() * sign).to_string());
        self.record(&fields);
        self.counts(line.total());
    }

    /// From the message type to the rules.
    fn of_message(&self, message: &Message, has_network_id: bool) -> Vec<String> {
        let of_bank = [
            message.mti,
            &message.retrieval,
            &message.approval,
            &message.stan,
            &message.transmitted,
            &message.arn,
        ];
        let mut fields = of_bank.map(str::to_owned).to_vec();
        if has_network_id {
            // No message of the month has the network's own id.
            fields.push(String::new());
        }
        fields.extend([message.acquirer, message.card_acceptor, message.terminal].map(str::to_owned));
        let member = message.member.map(|member| format!("{member:08}")).unwrap_or_default();
        fields.extend([member, message.local_date().to_string(), self.program.version()]);
        fields
    }

    fn adjustment(&mut self, id: &str, row: &Row<'_>) {
        let adjustment = row.adjustment;
        let (message, purchase) = adjustment.references.keys();
        let plain = |text: &str| text.replace(|letter: char| letter == '|' || letter.is_control(), " ");
        let mut fields = vec!["AJ".to_owned(), id.to_owned()];
        fields.extend([plain(&adjustment.reason), plain(&adjustment.original), message, purchase]);
        match &adjustment.references {
            References::Of(movement) => fields.extend(self.of_message(&movement.message, true)),
            References::Nothing(date) => {
                fields.extend(vec![String::new(); 11]);
                fields.extend([date.to_string(), "0".repeat(8)]);
            }
        }
        // Nothing counted anew.
        fields.push("0".to_owned());
        for item in &row.items {
            fields.extend([item.quantity, item.net, item.vat].map(|number| number.to_string()));
        }
        fields.push(row.total().to_string());
        self.record(&fields);
        self.counts(row.total());
    }

    fn batch_trailer(&mut self, batch: &Batch<'_>, sign: i128, (debit, credit): (i128, i128)) {
        let mut fields = vec!["BT".to_owned(), batch.lines.len().to_string()];
        if self.layout == Layout::Two {
            fields.extend([batch.adjusted.len(), batch.charges.len()].map(|count| count.to_string()));
        }
        fields.extend(batch.quantities.iter().map(i128::to_string));
        if self.layout == Layout::Two {
            fields.extend([debit.to_string(), credit.to_string()]);
        }
        fields.extend([batch.net, batch.vat, batch.rounding].map(|amount| (amount * sign).to_string()));
        if self.layout == Layout::Two {
            fields.push(batch.closing.to_string());
            fields.push(direction(batch.bank_pays()).to_owned());
        }
        fields.push(batch.to_pay.abs().to_string());
        self.record(&fields);
    }

    fn file_trailer(&mut self, batches: &[Batch<'_>]) {
        let mut totals: BTreeMap<(&str, &str), i128> = BTreeMap::new();
        for batch in batches {
            *totals.entry((&batch.terms.currency, direction(batch.bank_pays()))).or_default() +=
                batch.to_pay.abs();
        }
        let totals = totals.iter().map(|((currency, to), amount)| format!("{currency}:{to}:{amount}"));
        let totals = totals.collect::<Vec<_>>().join(";");
        let (records, hash_total) = (self.records + 1, self.hash_total);
        self.text.push_str(&format!("FT|{records}|{}|{totals}|{hash_total}|", batches.len()));
        let hash = sha256(self.text.as_bytes());
        self.text.push_str(&hash);
        self.text.push('\n');
    }
}
