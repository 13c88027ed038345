//! One batch while it is read: its lines are added up and compared with its trailer.

use domain::settlement::{Basis, Direction};

use super::fields::Fields;
use super::layout;
use super::sums::{SumOverflow, Sums};
use super::text::{LineId, line_id_prefix};
use super::{
    Adjustment, BatchHeader, BatchTrailer, CarryForward, Charge, DocumentVat, FileHeader, Kind, LineItem,
    Prepaid, ReadError, Record, References, Role, Rounding, Transaction,
};

/// What may follow: lines stand in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Lines,
    Charges,
    Prepaid,
    Rounding,
    DocumentVat,
    CarryForward,
}

/// A batch that has no trailer yet.
pub(super) struct OpenBatch {
    pub(super) header: BatchHeader,
    prefix: String,
    stage: Stage,
    sums: Sums,
    last_key: (String, String),
}

impl OpenBatch {
    pub(super) fn of(fields: Fields<'_>, file: &FileHeader) -> Result<Self, ReadError> {
        let header = batch_header(fields, file)?;
        Ok(Self {
            prefix: line_id_prefix(&header),
            stage: Stage::Lines,
            sums: Sums::of_items(header.items.len()),
            last_key: Default::default(),
            header,
        })
    }

    pub(super) fn hash_total(&self) -> u128 {
        self.sums.hash_total
    }

    /// Takes a record between header and trailer.
    pub(super) fn line(&mut self, fields: Fields<'_>) -> Result<Record, ReadError> {
        let kind = fields.kind();
        let stages = [
            (&layout::TRANSACTION, Stage::Lines),
            (&layout::ADJUSTMENT, Stage::Lines),
            (&layout::CHARGE, Stage::Charges),
            (&layout::PREPAID, Stage::Prepaid),
            (&layout::ROUNDING, Stage::Rounding),
            (&layout::DOCUMENT_VAT, Stage::DocumentVat),
            (&layout::CARRY_FORWARD, Stage::CarryForward),
        ];
        let stage = stages.into_iter().find(|(record, _)| record.code == kind).map(|(_, stage)| stage);
        let once = |stage| stage >= Stage::Rounding;
        match stage {
            // Terms of fees only price no transaction.
            Some(Stage::Lines) if self.header.items.is_empty() => {
                return Err(fields.misplaced("no transaction in a batch without items"));
            }
            Some(stage) if stage > self.stage || (stage == self.stage && !once(stage)) => self.stage = stage,
            _ => return Err(fields.misplaced("TX and AJ, CH, PP, one RD, one VD, one CF, BT in this order")),
        }
        match self.stage {
            Stage::Lines if kind == layout::TRANSACTION.code => {
                self.transaction(fields).map(Record::Transaction)
            }
            Stage::Lines => self.adjustment(fields).map(Record::Adjustment),
            Stage::Charges => self.charge(fields).map(Record::Charge),
            Stage::Prepaid => self.prepaid(fields).map(Record::Prepaid),
            Stage::Rounding => {
                let (line_id, amount_minor) = self.amount(fields, Sums::round)?;
                Ok(Record::Rounding(Rounding { line_id, amount_minor }))
            }
            Stage::DocumentVat => {
                let (line_id, amount_minor) = self.amount(fields, Sums::tax_document)?;
                Ok(Record::DocumentVat(DocumentVat { line_id, amount_minor }))
            }
            Stage::CarryForward => {
                let (line_id, amount_minor) = self.amount(fields, |sums, amount| {
                    sums.carry(amount);
                    Ok(())
                })?;
                Ok(Record::CarryForward(CarryForward { line_id, amount_minor }))
            }
        }
    }

    fn transaction(&mut self, mut fields: Fields<'_>) -> Result<Transaction, ReadError> {
        let line_id = self.line_id(&mut fields)?;
        let kind = fields.word("purchase, refund or reversal", Kind::parse)?;
        let references = self.references(&mut fields)?;
        let counted_minor = fields.integer()?;
        let late_days = fields.value("a whole number")?;
        let expected = references.local_date.until(self.header.business_date).map(|late| late.get_days());
        if expected.ok() != Some(late_days) {
            return Err(fields.error("business date less local date", &late_days.to_string()));
        }
        let items = self.items(&mut fields)?;
        let total_minor = self.sums.transaction(&items).map_err(|overflow| too_large(&fields, overflow))?;
        fields.exactly(total_minor)?;
        fields.end()?;
        Ok(Transaction { line_id, kind, references, counted_minor, late_days, items, total_minor })
    }

    fn adjustment(&mut self, mut fields: Fields<'_>) -> Result<Adjustment, ReadError> {
        let line_id = self.line_id(&mut fields)?;
        let reason = fields.word("a reason", |text| (!text.is_empty()).then(|| text.to_owned()))?;
        let original = fields.owned()?;
        let references = self.references(&mut fields)?;
        let counted_minor = fields.integer()?;
        let items = self.items(&mut fields)?;
        let total_minor = self.sums.adjustment(&items).map_err(|overflow| too_large(&fields, overflow))?;
        fields.exactly(total_minor)?;
        fields.end()?;
        Ok(Adjustment { line_id, reason, original, references, counted_minor, items, total_minor })
    }

    fn references(&mut self, fields: &mut Fields<'_>) -> Result<References, ReadError> {
        let message = fields.digits(24)?.to_owned();
        let purchase = fields.digits(24)?.to_owned();
        // Of digits of one length, the order of the texts is that of the keys.
        let key = (message.clone(), purchase.clone());
        if self.last_key > key {
            return Err(fields.error("lines sorted by message key and purchase key", &message));
        }
        self.last_key = key;
        Ok(References {
            message,
            purchase,
            mti: fields.owned()?,
            retrieval: fields.owned()?,
            approval: fields.owned()?,
            stan: fields.owned()?,
            transmitted: fields.owned()?,
            arn: fields.owned()?,
            network_id: fields.owned()?,
            acquirer: fields.owned()?,
            card_acceptor: fields.owned()?,
            terminal: fields.owned()?,
            member_number: fields.owned()?,
            local_date: fields.date()?,
            rules: fields.digits(4)?.to_owned(),
        })
    }

    fn items(&self, fields: &mut Fields<'_>) -> Result<Vec<LineItem>, ReadError> {
        let mut items = Vec::with_capacity(self.header.items.len());
        for place in 0..self.header.items.len() {
            if place > 0 {
                fields.another_item();
            }
            items.push(LineItem {
                quantity: fields.integer()?,
                net_minor: fields.integer()?,
                vat_minor: fields.integer()?,
            });
        }
        Ok(items)
    }

    fn charge(&mut self, mut fields: Fields<'_>) -> Result<Charge, ReadError> {
        let line_id = self.line_id(&mut fields)?;
        let (basis, reference, date) = (fields.basis()?, fields.owned()?, fields.date()?);
        let quantity = fields.integer()?;
        let (net_minor, vat_minor) = (fields.integer()?, fields.integer()?);
        let total = self.sums.charge(net_minor, vat_minor);
        let total_minor = total.map_err(|overflow| too_large(&fields, overflow))?;
        fields.exactly(total_minor)?;
        fields.end()?;
        Ok(Charge { line_id, basis, reference, date, quantity, net_minor, vat_minor, total_minor })
    }

    fn prepaid(&mut self, mut fields: Fields<'_>) -> Result<Prepaid, ReadError> {
        let line_id = self.line_id(&mut fields)?;
        let basis = fields.basis()?;
        let (opening, drawn, closing) = (fields.integer()?, fields.integer()?, fields.integer()?);
        if opening.checked_sub(drawn) != Some(closing) {
            return Err(fields.error("units before less units drawn", &closing.to_string()));
        }
        let (net_minor, vat_minor) = (fields.integer()?, fields.integer()?);
        let total = self.sums.amounts(net_minor, vat_minor);
        let total_minor = total.map_err(|overflow| too_large(&fields, overflow))?;
        fields.exactly(total_minor)?;
        fields.end()?;
        Ok(Prepaid { line_id, basis, opening, drawn, closing, net_minor, vat_minor, total_minor })
    }

    /// A line that has only an amount, which is never zero.
    fn amount(
        &mut self,
        mut fields: Fields<'_>,
        take: impl FnOnce(&mut Sums, i64) -> Result<(), SumOverflow>,
    ) -> Result<(String, i64), ReadError> {
        let line_id = self.line_id(&mut fields)?;
        let amount = fields.integer()?;
        if amount == 0 {
            return Err(fields.error("an amount that is not zero", "0"));
        }
        take(&mut self.sums, amount).map_err(|overflow| too_large(&fields, overflow))?;
        fields.end()?;
        Ok((line_id, amount))
    }

    fn line_id(&self, fields: &mut Fields<'_>) -> Result<String, ReadError> {
        let id = LineId { prefix: &self.prefix, number: self.sums.lines + 1 }.to_string();
        fields.exactly(&id)?;
        Ok(id)
    }

    /// Compares the trailer with what was read.
    pub(super) fn trailer(&self, mut fields: Fields<'_>) -> Result<BatchTrailer, ReadError> {
        let expected = self.sums.trailer(&self.header).map_err(|overflow| too_large(&fields, overflow))?;
        fields.exactly(expected.transactions)?;
        fields.exactly(expected.adjustments)?;
        fields.exactly(expected.charges)?;
        if expected.quantities.is_empty() {
            fields.no_items();
        }
        for (place, quantity) in expected.quantities.iter().enumerate() {
            if place > 0 {
                fields.another_quantity();
            }
            fields.exactly(quantity)?;
        }
        fields.exactly(expected.debit_minor)?;
        fields.exactly(expected.credit_minor)?;
        fields.exactly(expected.net_minor)?;
        fields.exactly(expected.vat_minor)?;
        fields.exactly(expected.rounding_minor)?;
        fields.exactly(expected.closing_minor)?;
        fields.exactly(expected.direction.name())?;
        fields.exactly(expected.to_pay_minor)?;
        fields.end()?;
        Ok(expected)
    }
}

fn too_large(fields: &Fields<'_>, overflow: SumOverflow) -> ReadError {
    fields.error("sums that fit 64 bits", &overflow.to_string())
}

fn batch_header(mut fields: Fields<'_>, file: &FileHeader) -> Result<BatchHeader, ReadError> {
    let partner = fields.code()?;
    if file.receiver != file.sender && partner != file.receiver {
        return Err(fields.error(file.receiver.clone(), &partner));
    }
    fields.exactly(&file.program)?;
    let currency = fields.word("a currency of ISO 4217", iso_currency::Currency::from_code)?;
    let exponent = currency.exponent().unwrap_or_default();
    fields.exactly(exponent)?;
    let stated = fields.word("bank_pays_partner or partner_pays_bank", Direction::parse)?;
    let opening_minor = fields.integer()?;
    let role = fields.word("cobrand or merchant", Role::parse)?;
    let business_date = fields.date()?;
    let cycle_sequence = fields.ordinal(1)?;
    let (cycles, days) = (cycle_sequence.cmp(&file.cycle_sequence), business_date.cmp(&file.business_date));
    if cycles.is_gt() || days.is_gt() || (cycles.is_eq() && days.is_ne()) {
        let found = format!("{cycle_sequence} of {business_date}");
        return Err(fields.error("a cycle up to that of the file header, with its date", &found));
    }
    let terms = fields.digits(4)?.to_owned();
    let payment_date = fields.date()?;
    if payment_date < business_date {
        return Err(fields.error(format!("{business_date} or later"), &payment_date.to_string()));
    }
    let items = fields.word("a list of different items joined by ,", bases)?;
    fields.end()?;
    Ok(BatchHeader {
        partner,
        program: file.program.clone(),
        currency: currency.code().to_owned(),
        exponent,
        stated,
        opening_minor,
        role,
        business_date,
        cycle_sequence,
        terms,
        payment_date,
        items,
    })
}

fn bases(text: &str) -> Option<Vec<Basis>> {
    if text.is_empty() {
        return Some(Vec::new());
    }
    let bases: Vec<Basis> = text.split(',').map(Basis::parse).collect::<Option<_>>()?;
    let different =
        bases.iter().enumerate().all(|(at, basis)| !bases.iter().take(at).any(|other| other == basis));
    different.then_some(bases)
}
