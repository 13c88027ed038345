//! One batch: header, lines, rounding, tax by document, trailer.

use domain::settlement::{Basis, Direction};
use jiff::civil::Date;

use super::fields::Fields;
use super::{BatchSummary, VerifyError};
use crate::FileHeader;
use crate::layout::{HASH_TOTAL_MODULUS, line_id, record, role};
use crate::lines::Kind;

/// A batch while it is read.
pub(super) struct OpenBatch {
    program: String,
    cycle_sequence: i32,
    partner: String,
    currency: String,
    exponent: u16,
    direction: Direction,
    cobrand: bool,
    bases: Vec<Basis>,
    quantities: Vec<i64>,
    transactions: i64,
    rows: u64,
    /// Of the lines, without rounding.
    net: i64,
    /// Of the lines and the document.
    vat: i64,
    rounding: i64,
    document_vat: i64,
    /// The sum of the totals of all rows.
    total: i64,
    hash_total: u128,
    last_key: Option<(Vec<u8>, Vec<u8>)>,
}

impl OpenBatch {
    pub(super) fn header(mut fields: Fields<'_>, header: &FileHeader) -> Result<Self, VerifyError> {
        let partner = fields.code("partner")?;
        fields.exactly("program", &header.program)?;
        let (currency, exponent) = currency(&mut fields)?;
        let directions = "bank_pays_partner or partner_pays_bank";
        let direction = fields.word("direction", directions, Direction::parse)?;
        fields.exactly("opening balance", 0)?;
        let cobrand = fields.word("role", "cobrand or merchant", |text| match text {
            role::COBRAND => Some(true),
            role::MERCHANT => Some(false),
            _ => None,
        })?;
        let bases = fields.word("items", "a list of different items joined by ,", bases)?;
        fields.end()?;
        Ok(Self {
            program: header.program.clone(),
            cycle_sequence: header.cycle_sequence,
            partner,
            currency,
            exponent,
            direction,
            cobrand,
            quantities: vec![0; bases.len()],
            bases,
            transactions: 0,
            rows: 0,
            net: 0,
            vat: 0,
            rounding: 0,
            document_vat: 0,
            total: 0,
            hash_total: 0,
            last_key: None,
        })
    }

    /// By which batches are sorted.
    pub(super) fn order(&self) -> (&str, &str) {
        (&self.partner, &self.currency)
    }

    pub(super) fn hash_total(&self) -> u128 {
        self.hash_total
    }

    /// Takes a record between header and trailer.
    pub(super) fn row(&mut self, fields: Fields<'_>) -> Result<(), VerifyError> {
        match fields.kind() {
            record::TRANSACTION if self.rounding == 0 && self.document_vat == 0 => self.transaction(fields),
            record::ROUNDING if self.rounding == 0 && self.document_vat == 0 => {
                self.rounding = self.amount(fields, "rounding")?;
                Ok(())
            }
            record::DOCUMENT_VAT if self.document_vat == 0 => {
                self.document_vat = self.amount(fields, "value added tax")?;
                Ok(())
            }
            found => Err(fields.error("record type", "TX, one RD, one VD, BT in this order", found)),
        }
    }

    fn transaction(&mut self, mut fields: Fields<'_>) -> Result<(), VerifyError> {
        self.line_id(&mut fields)?;
        let message = fields.digits("message key", 24)?;
        let purchase = fields.digits("purchase key", 24)?;
        self.in_order(&fields, (message, purchase))?;
        fields.word("kind", "purchase, refund, reversal or adjustment", Kind::parse)?;
        for reference in ["message type", "DE37", "DE38", "DE11", "DE7", "ARN", "DE32", "DE42", "DE41"] {
            fields.text(reference)?;
        }
        fields.text("member number")?;
        fields.value::<Date>("local date", "a date YYYY-MM-DD")?;
        fields.digits("rules", 4)?;
        fields.integer("counted amount")?;
        let total = self.items(&mut fields)?;
        fields.exactly("line total", total)?;
        self.transactions += 1;
        self.take(&fields, total)?;
        fields.end()
    }

    /// Reads quantity, net and tax of each item; returns net and tax together.
    fn items(&mut self, fields: &mut Fields<'_>) -> Result<i64, VerifyError> {
        let mut total = 0;
        for sum in &mut self.quantities {
            let quantity = fields.integer("quantity")?;
            let (net, vat) = (fields.integer("net")?, fields.integer("value added tax")?);
            *sum = add(fields, *sum, quantity)?;
            self.net = add(fields, self.net, net)?;
            self.vat = add(fields, self.vat, vat)?;
            total = add(fields, total, add(fields, net, vat)?)?;
        }
        Ok(total)
    }

    /// The amount of a row of its own, which is never zero.
    fn amount(&mut self, mut fields: Fields<'_>, field: &'static str) -> Result<i64, VerifyError> {
        self.line_id(&mut fields)?;
        let amount = fields.integer(field)?;
        if amount == 0 {
            return Err(fields.error(field, "an amount that is not zero", "0"));
        }
        self.take(&fields, amount)?;
        fields.end()?;
        Ok(amount)
    }

    fn take(&mut self, fields: &Fields<'_>, total: i64) -> Result<(), VerifyError> {
        self.total = add(fields, self.total, total)?;
        self.hash_total = (self.hash_total + u128::from(total.unsigned_abs())) % HASH_TOTAL_MODULUS;
        Ok(())
    }

    fn line_id(&mut self, fields: &mut Fields<'_>) -> Result<(), VerifyError> {
        self.rows += 1;
        let id = line_id(&self.program, self.cycle_sequence, &self.partner, &self.currency, self.rows);
        fields.exactly("line id", id)
    }

    fn in_order(&mut self, fields: &Fields<'_>, key: (Vec<u8>, Vec<u8>)) -> Result<(), VerifyError> {
        if self.last_key.as_ref().is_some_and(|last| *last > key) {
            let found = hex::encode(&key.0);
            return Err(fields.error("message key", "one that comes after that of the line before", &found));
        }
        self.last_key = Some(key);
        Ok(())
    }

    /// Compares the trailer with what was read.
    pub(super) fn trailer(self, mut fields: Fields<'_>) -> Result<BatchSummary, VerifyError> {
        fields.exactly("transactions", self.transactions)?;
        for quantity in &self.quantities {
            fields.exactly("quantity", quantity)?;
        }
        let net = add(&fields, self.net, self.rounding)?;
        let vat = add(&fields, self.vat, self.document_vat)?;
        fields.exactly("net", net)?;
        fields.exactly("value added tax", vat)?;
        fields.exactly("rounding", self.rounding)?;
        let to_pay = fields.integer("to pay")?;
        if to_pay != self.total || to_pay != add(&fields, net, vat)? {
            return Err(fields.error("to pay", self.total.to_string(), &to_pay.to_string()));
        }
        if to_pay < 0 {
            return Err(fields.error("to pay", "no negative amount", &to_pay.to_string()));
        }
        fields.end()?;
        Ok(BatchSummary {
            partner: self.partner,
            program: self.program,
            currency: self.currency,
            exponent: self.exponent,
            direction: self.direction,
            cobrand: self.cobrand,
            quantities: self.bases.into_iter().zip(self.quantities).collect(),
            transactions: self.transactions,
            net_minor: net,
            vat_minor: vat,
            rounding_minor: self.rounding,
            to_pay_minor: to_pay,
        })
    }
}

/// Sums that leave 64 bits are none of ours.
pub(super) fn add(fields: &Fields<'_>, a: i64, b: i64) -> Result<i64, VerifyError> {
    a.checked_add(b).ok_or_else(|| fields.error("amount", "a sum that fits 64 bits", &format!("{a} + {b}")))
}

fn currency(fields: &mut Fields<'_>) -> Result<(String, u16), VerifyError> {
    let currency = fields.word("currency", "a currency of ISO 4217", iso_currency::Currency::from_code)?;
    let exponent = currency.exponent().unwrap_or_default();
    fields.exactly("exponent", exponent)?;
    Ok((currency.code().to_owned(), exponent))
}

fn bases(text: &str) -> Option<Vec<Basis>> {
    let bases: Vec<Basis> = text.split(',').map(Basis::parse).collect::<Option<_>>()?;
    let different =
        bases.iter().enumerate().all(|(at, basis)| !bases.iter().take(at).any(|other| other == basis));
    different.then_some(bases)
}
