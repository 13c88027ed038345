//! Composes the file that a receiver must get.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use jiff::civil::Date;

use crate::{
    month::Month,
    price::{Batch, Line, price},
    programs::{COBRAND, PARTNERS, Program},
    terms::EXPONENT,
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
    /// All bytes of the receiver's file before.
    pub previous: Option<&'a [u8]>,
}

const HASH_TOTAL_BELOW: u128 = 1_000_000_000_000_000_000;

impl Month {
    /// Who receives files of a program on a date.
    #[must_use]
    pub fn receivers(&self, program: usize, date: Date) -> Vec<String> {
        let program = &self.programs[program];
        let terms = program.terms.iter().filter(|terms| terms.hold_on(date));
        let mut receivers: Vec<String> = terms.map(|terms| terms.partner.clone()).collect();
        receivers.push(program.bank.to_owned());
        receivers.sort();
        receivers.dedup();
        receivers
    }

    /// The name and the text of the file of a receiver.
    #[must_use]
    pub fn file(
        &self,
        (place, date): (usize, Date),
        receiver: &str,
        of: Place<'_>,
        layout: Layout,
    ) -> (String, String) {
        let program = &self.programs[place];
        let mut movements: Vec<_> = self.book(place).days.get(&date).into_iter().flatten().collect();
        movements.sort_by_key(|movement| (movement.message.key(), movement.purchase.clone()));
        let mut terms: Vec<_> = program.terms.iter().filter(|terms| terms.hold_on(date)).collect();
        terms.sort_by_key(|terms| (&terms.partner, &terms.currency));
        let batches = terms.into_iter().filter(|terms| receiver == program.bank || terms.partner == receiver);
        let batches: Vec<Batch<'_>> = batches.map(|terms| price(terms, &movements)).collect();
        let cycle = self.cycle(date);
        let mut writer =
            Writer { program, date, cycle, layout, text: String::new(), records: 0, hash_total: 0 };
        writer.file_header(receiver, of);
        batches.iter().for_each(|batch| writer.batch(batch));
        writer.file_trailer(&batches);
        let name = format!("{receiver}_{}_{date}_{:06}_0.cbs", program.code, of.sequence);
        (name, writer.text)
    }
}

struct Writer<'p> {
    program: &'p Program,
    date: Date,
    cycle: i32,
    layout: Layout,
    text: String,
    records: u64,
    hash_total: u128,
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest(&SHA256, bytes))
}

fn direction(bank_pays: bool) -> &'static str {
    if bank_pays { "bank_pays_partner" } else { "partner_pays_bank" }
}

impl Batch<'_> {
    /// Whether the bank pays what is owed; nothing is owed in the stated direction.
    fn bank_pays(&self) -> bool {
        if self.owed() < 0 { !self.bank_pays_stated() } else { self.bank_pays_stated() }
    }
}

impl Writer<'_> {
    fn record(&mut self, fields: &[String]) {
        self.records += 1;
        self.text.push_str(&fields.join("|"));
        self.text.push('\n');
    }

    fn counts(&mut self, total: i128) {
        self.hash_total = (self.hash_total + total.unsigned_abs()) % HASH_TOTAL_BELOW;
    }

    fn file_header(&mut self, receiver: &str, place: Place<'_>) {
        let program = self.program;
        let mut fields = vec![
            "FH".to_owned(),
            if self.layout == Layout::One { "1" } else { "2" }.to_owned(),
            "TEST".to_owned(),
            program.bank.to_owned(),
            receiver.to_owned(),
            format!("{receiver}-{}-{:06}-0", program.code, self.cycle),
            program.code.to_owned(),
        ];
        if self.layout == Layout::Two {
            fields.push(program.zone_name.to_owned());
        }
        fields.extend([
            self.date.to_string(),
            self.cycle.to_string(),
            program.cut_off_text(self.date),
            place.sequence.to_string(),
            "0".to_owned(),
            place.previous.map_or_else(|| "0".repeat(64), sha256),
        ]);
        self.record(&fields);
    }

    fn batch_header(&mut self, batch: &Batch<'_>) {
        let items: Vec<&str> = batch.terms.items.iter().map(|item| item.basis.as_str()).collect();
        let stated = match self.layout {
            Layout::One => batch.bank_pays(),
            Layout::Two => batch.bank_pays_stated(),
        };
        let mut fields = vec![
            "BH".to_owned(),
            batch.terms.partner.clone(),
            self.program.code.to_owned(),
            batch.terms.currency.clone(),
            EXPONENT.to_string(),
            direction(stated).to_owned(),
            "0".to_owned(),
            if batch.partner == COBRAND { "cobrand" } else { "merchant" }.to_owned(),
        ];
        if self.layout == Layout::Two {
            fields.extend([
                self.date.to_string(),
                self.cycle.to_string(),
                self.program.version(),
                self.date.to_string(),
            ]);
        }
        fields.push(items.join(","));
        self.record(&fields);
    }

    fn batch(&mut self, batch: &Batch<'_>) {
        self.batch_header(batch);
        let sign = match self.layout {
            Layout::One if batch.bank_pays() != batch.bank_pays_stated() => -1,
            _ => 1,
        };
        let mut number = 0;
        let id = {
            let (program, cycle) = (self.program.code, self.cycle);
            let (partner, currency) = (&batch.terms.partner, &batch.terms.currency);
            move |number: u64| format!("{program}-{cycle:06}-{partner}-{currency}-{number:06}")
        };
        let (mut debit, mut credit) = (0, 0);
        let mut add = |total: i128| if total > 0 { debit += total } else { credit -= total };
        for line in &batch.lines {
            number += 1;
            self.line(&id(number), line, sign);
            add(line.total());
        }
        for (of, amount) in [("RD", batch.rounding), ("VD", batch.document_vat)] {
            if amount != 0 {
                number += 1;
                self.record(&[of.to_owned(), id(number), (amount * sign).to_string()]);
                self.counts(amount);
                add(amount);
            }
        }
        self.batch_trailer(batch, sign, (debit, credit));
    }

    fn line(&mut self, id: &str, line: &Line<'_>, sign: i128) {
        let (movement, message) = (line.movement, &line.movement.message);
        let member = message.member.map(|member| format!("{member:08}")).unwrap_or_default();
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
        let of_message = [
            message.mti,
            &message.retrieval,
            &message.approval,
            &message.stan,
            &message.transmitted,
            &message.arn,
        ];
        fields.extend(of_message.map(str::to_owned));
        if two {
            // No message of the month has the network's own id.
            fields.push(String::new());
        }
        fields.extend([message.acquirer, message.card_acceptor, message.terminal].map(str::to_owned));
        fields.extend([member, message.local_date().to_string(), self.program.version()]);
        fields.push(movement.counted.to_string());
        if two {
            fields.push((self.date - message.local_date()).get_days().to_string());
        }
        for item in &line.items {
            fields.extend([item.quantity, item.net * sign, item.vat * sign].map(|number| number.to_string()));
        }
        fields.push((line.total() * sign).to_string());
        self.record(&fields);
        self.counts(line.total());
    }

    fn batch_trailer(&mut self, batch: &Batch<'_>, sign: i128, (debit, credit): (i128, i128)) {
        let mut fields = vec!["BT".to_owned(), batch.lines.len().to_string()];
        if self.layout == Layout::Two {
            // Adjustments and charges.
            fields.extend(["0".to_owned(), "0".to_owned()]);
        }
        fields.extend(batch.quantities.iter().map(i128::to_string));
        if self.layout == Layout::Two {
            fields.extend([debit.to_string(), credit.to_string()]);
        }
        fields.extend([batch.net, batch.vat, batch.rounding].map(|amount| (amount * sign).to_string()));
        if self.layout == Layout::Two {
            fields.push("0".to_owned());
            fields.push(direction(batch.bank_pays()).to_owned());
        }
        fields.push(batch.owed().abs().to_string());
        self.record(&fields);
    }

    fn file_trailer(&mut self, batches: &[Batch<'_>]) {
        let mut totals: BTreeMap<(&str, &str), i128> = BTreeMap::new();
        for batch in batches {
            *totals.entry((&batch.terms.currency, direction(batch.bank_pays()))).or_default() +=
                batch.owed().abs();
        }
        let totals = totals.iter().map(|((currency, to), amount)| format!("{currency}:{to}:{amount}"));
        let totals = totals.collect::<Vec<_>>().join(";");
        let (records, hash_total) = (self.records + 1, self.hash_total);
        self.text.push_str(&format!("FT|{records}|{}|{totals}|{hash_total}|", batches.len()));
        let hash = sha256(self.text.as_bytes());
        self.text.push_str(&hash);
        self.text.push('\n');
        assert!(PARTNERS.len() >= batches.len());
    }
}
