//! The pass over a cut cycle: each movement is seen once, priced, and written into the batches that it concerns.

mod adjusted;

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use domain::settlement::{Basis, BatchClosing, BatchFold, ClosingRow, PricedLine, Quantities, Terms, place};
use domain::{Currency, InDay, Item, MessageKey, MoneyError, PartnerId};
use partner_adapters::Staged;
use partner_adapters::canonical::{
    BatchHeader, BatchTrailer, BatchWriter, Charge, LineItem, Prepaid, References, Role, WriteError,
};
use store::{AdjustmentRow, Cycle, Movement, StoredOpening};

use adjusted::Adjusted;

use crate::computed::{Computed, ComputedBatch};
use crate::setup::currency;
use crate::{CloseError, ProgramSetup, lines, unpriced};

/// What the books know before the first movement is seen.
#[derive(Debug, Clone)]
pub(crate) struct Before {
    /// Where the cycle stands in its business date.
    pub(crate) in_day: InDay,
    /// What batches begin with, by partner and currency.
    pub(crate) openings: Vec<((PartnerId, Currency), StoredOpening)>,
    /// The member numbers of new cards.
    pub(crate) new_cards: Vec<String>,
    /// What staff have adjusted and the cycle has taken.
    pub(crate) adjustments: Vec<AdjustmentRow>,
}

/// In errors.
const SPOOL: &str = "a batch's temporary file";

/// What temporary files of a cycle's batches begin with.
pub(crate) fn spool_label(setup: &ProgramSetup, cycle: &Cycle) -> String {
    format!("spool-{}-{:06}-", setup.code, cycle.sequence)
}

/// The batches of a cycle while its movements come in.
pub(crate) struct Pass<'s> {
    setup: &'s ProgramSetup,
    cycle: Cycle,
    in_day: InDay,
    batches: Vec<OpenBatch<'s>>,
    /// By the text of an item: a day has few of them.
    known: HashMap<String, Known>,
    line: Line,
    new_cards: Vec<String>,
}

struct OpenBatch<'s> {
    terms: &'s Terms,
    code: &'s str,
    cobrand: bool,
    opening: StoredOpening,
    fold: BatchFold<'s>,
    writer: BatchWriter<Staged>,
    /// What staff have adjusted, the next one to be written last.
    adjusted: Vec<Adjusted>,
    /// Of the line that is coming in.
    quantities: Quantities,
    items: Vec<LineItem>,
}

/// An item that was seen before, and whose batches it may concern.
struct Known {
    item: Item,
    batches: Vec<usize>,
}

/// All that one message moved for one purchase, as far as it has come in.
struct Line {
    key: Option<(MessageKey, MessageKey, i32)>,
    references: References,
    counted_minor: i64,
    touched: BTreeSet<usize>,
}

impl<'s> Pass<'s> {
    /// Begins the batches of all terms in force; each writes into a temporary file in `dir`.
    pub(crate) fn begin(
        setup: &'s ProgramSetup,
        cycle: Cycle,
        before: &Before,
        dir: &Path,
    ) -> Result<Self, CloseError> {
        setup.check(cycle.business_date)?;
        let mut batches = Vec::new();
        for terms in setup.terms_on(cycle.business_date) {
            batches.push(OpenBatch::begin(setup, &cycle, terms, before, dir)?);
        }
        batches.sort_by(|left, right| left.order().cmp(&right.order()));
        let references = adjusted::no_references(cycle.business_date);
        let line = Line { key: None, references, counted_minor: 0, touched: BTreeSet::new() };
        let new_cards = before.new_cards.clone();
        Ok(Self { setup, cycle, in_day: before.in_day, batches, known: HashMap::new(), line, new_cards })
    }

    /// Takes the next movement, in the order of the lines of a file.
    pub(crate) fn movement(&mut self, movement: &Movement<'_>) -> Result<(), CloseError> {
        let key = (movement.message, movement.purchase, movement.bucket);
        if self.line.key != Some(key) {
            self.end_line()?;
            self.line.begin(key, movement);
        }
        if !self.known.contains_key(movement.item) {
            let known = self.look_at(movement.item)?;
            self.known.insert(movement.item.to_owned(), known);
        }
        let Some(known) = self.known.get(movement.item) else { return Ok(()) };
        for at in &known.batches {
            if let Some(batch) = self.batches.get_mut(*at) {
                let (partner, cobrand) = (batch.terms.partner, batch.cobrand);
                batch.quantities.add(&known.item, movement.amount, partner, cobrand);
                self.line.touched.insert(*at);
            }
        }
        Ok(())
    }

    fn look_at(&self, text: &str) -> Result<Known, CloseError> {
        let item = Item::parse(text)
            .ok_or_else(|| self.setup.problem(format!("the stored item {text:?} cannot be read")))?;
        unpriced::is_priced(self.setup, self.cycle.business_date, &item)?;
        let partners = unpriced::partners_of(&item, self.setup.cobrand_partner);
        let concerned = self.batches.iter().enumerate();
        let batches = concerned.filter(|(_, batch)| partners.contains(&batch.terms.partner));
        Ok(Known { item, batches: batches.map(|(at, _)| at).collect() })
    }

    fn end_line(&mut self) -> Result<(), CloseError> {
        for at in std::mem::take(&mut self.line.touched) {
            if let Some(batch) = self.batches.get_mut(at) {
                batch.line(&self.line, &self.cycle)?;
            }
        }
        Ok(())
    }

    /// Closes all batches.
    pub(crate) fn finish(mut self) -> Result<Computed, CloseError> {
        self.end_line()?;
        let mut batches = Vec::new();
        for mut batch in self.batches {
            batch.adjustments(None)?;
            batch.charge_cards(&self.new_cards, &self.cycle)?;
            batches.push(batch.close(&self.cycle)?);
        }
        Computed::new(self.setup.clone(), (self.cycle, self.in_day), batches)
    }
}

impl Line {
    fn begin(&mut self, key: (MessageKey, MessageKey, i32), movement: &Movement<'_>) {
        let put = |to: &mut String, text: &str| {
            to.clear();
            to.push_str(text);
        };
        self.key = Some(key);
        self.counted_minor = movement.counted_minor;
        let to = &mut self.references;
        to.message = hex::encode(movement.message.as_bytes());
        to.purchase = hex::encode(movement.purchase.as_bytes());
        put(&mut to.mti, movement.mti);
        put(&mut to.retrieval, movement.retrieval);
        put(&mut to.approval, movement.approval);
        put(&mut to.stan, movement.stan);
        put(&mut to.transmitted, movement.transmitted);
        put(&mut to.arn, movement.arn);
        put(&mut to.network_id, movement.network_id);
        put(&mut to.acquirer, movement.acquirer);
        put(&mut to.card_acceptor, movement.card_acceptor);
        put(&mut to.terminal, movement.terminal);
        put(&mut to.member_number, movement.member_number);
        to.local_date = movement.local_date;
        put(&mut to.rules, movement.rules);
    }
}

impl<'s> OpenBatch<'s> {
    fn begin(
        setup: &'s ProgramSetup,
        cycle: &Cycle,
        terms: &'s Terms,
        before: &Before,
        dir: &Path,
    ) -> Result<Self, CloseError> {
        let code = setup.partner_code(terms.partner)?;
        let (currency_code, exponent) = currency(terms.currency)
            .ok_or_else(|| setup.problem(format!("the currency {} is not known", terms.currency)))?;
        let cobrand = terms.partner == setup.cobrand_partner;
        let key = (terms.partner, terms.currency);
        let stored = before.openings.iter().find(|(other, _)| *other == key);
        let mut stored = stored.map(|(_, opening)| opening.clone()).unwrap_or_default();
        let place = place(terms, &setup.terms, cycle.business_date, before.in_day.is_last);
        stored.opening.last_of_month = place.last_of_month;
        stored.opening.last_of_terms = place.last_of_terms;
        let header = BatchHeader {
            partner: code.to_owned(),
            program: setup.code.clone(),
            currency: currency_code.to_owned(),
            exponent,
            stated: terms.stated(),
            opening_minor: stored.opening.balance_minor,
            role: if cobrand { Role::Cobrand } else { Role::Merchant },
            business_date: cycle.business_date,
            cycle_sequence: cycle.sequence,
            terms: setup.rules.short(),
            payment_date: setup.payment_date(terms, cycle.business_date)?,
            items: terms.items.iter().map(|item| item.basis).collect(),
        };
        let label = format!("{}{code}-{currency_code}", spool_label(setup, cycle));
        let spool = Staged::create(dir, &label)?;
        let writer = BatchWriter::new(spool, header).map_err(|error| refused(code, dir, error))?;
        let fold = BatchFold::new(terms, stored.opening.clone());
        let quantities = Quantities::default();
        let adjusted = adjusted::of_batch(&before.adjustments, key, cycle.business_date);
        Ok(Self {
            terms,
            code,
            cobrand,
            opening: stored,
            fold,
            writer,
            adjusted,
            quantities,
            items: Vec::new(),
        })
    }

    fn order(&self) -> (&'s str, Currency) {
        (self.code, self.terms.currency)
    }

    /// Prices what the line moved for this partner, and writes it if it is anything.
    fn line(&mut self, line: &Line, cycle: &Cycle) -> Result<(), CloseError> {
        let quantities = std::mem::take(&mut self.quantities);
        let code = self.code;
        let references = &line.references;
        self.adjustments(Some(references))?;
        let Some(priced) = self.fold.line(&quantities).map_err(|source| too_large(code, source))? else {
            return Ok(());
        };
        shown(&mut self.items, priced);
        let written = match lines::adjustment(&references.mti) {
            Some(reason) => self.writer.adjustment(reason, "", references, line.counted_minor, &self.items),
            None => {
                let kind = lines::kind(&references.mti, line.counted_minor);
                let late = late_days(references, cycle);
                self.writer.transaction(kind, references, line.counted_minor, late, &self.items)
            }
        };
        written.map_err(|error| refused(code, Path::new(SPOOL), error))
    }

    /// Writes what staff have adjusted and what stands before a line with these references, or all that is left.
    fn adjustments(&mut self, before: Option<&References>) -> Result<(), CloseError> {
        let code = self.code;
        let is_due = |next: &Adjusted| before.is_none_or(|line| next.stands_before(line));
        while let Some(next) = self.adjusted.pop_if(|next| is_due(next)) {
            let given =
                self.fold.given(next.stated, &next.items).map_err(|source| too_large(code, source))?;
            // Adjustments wait for terms that have a line for them.
            let Some(priced) = given else { continue };
            shown(&mut self.items, priced);
            self.writer
                .adjustment(&next.reason, &next.original, &next.references, 0, &self.items)
                .map_err(|error| refused(code, Path::new(SPOOL), error))?;
        }
        Ok(())
    }

    /// A row for each new card, if the terms charge for them.
    fn charge_cards(&mut self, cards: &[String], cycle: &Cycle) -> Result<(), CloseError> {
        let code = self.code;
        for member_number in cards {
            let priced = self.fold.charge(Basis::NewCards, 1).map_err(|source| too_large(code, source))?;
            let Some(priced) = priced else { return Ok(()) };
            let charge = Charge {
                line_id: String::new(),
                basis: Basis::NewCards,
                reference: member_number.clone(),
                date: cycle.business_date,
                quantity: priced.quantity,
                net_minor: priced.net_minor,
                vat_minor: priced.vat_minor,
                total_minor: 0,
            };
            self.writer.charge(charge).map_err(|error| refused(code, Path::new(SPOOL), error))?;
        }
        Ok(())
    }

    fn close(self, cycle: &Cycle) -> Result<ComputedBatch, CloseError> {
        let Self { terms, code, fold, opening, mut writer, .. } = self;
        let closing = fold.close().map_err(|source| too_large(code, source))?;
        let wrong = |error| refused(code, Path::new(SPOOL), error);
        closing.rows.iter().try_for_each(|row| put_row(&mut writer, row, cycle)).map_err(wrong)?;
        let (spool, batch) = writer.close().map_err(wrong)?;
        if !agree(&batch.trailer, &closing) {
            let what = format!("control totals of the batch of {code}");
            return Err(CloseError::Changed { cycle: cycle.id, what });
        }
        for basis in &closing.reorder {
            metrics::counter!("cobrand_prepaid_reorder_total").increment(1);
            tracing::warn!(
                partner = code,
                item = basis.name(),
                "little is left of a prepaid block: the next one should be bought"
            );
        }
        Ok(ComputedBatch { terms: terms.clone(), opening, closing, batch, spool })
    }
}

fn shown(items: &mut Vec<LineItem>, priced: &PricedLine) {
    items.clear();
    items.extend(priced.items.iter().map(|item| LineItem {
        quantity: item.quantity,
        net_minor: item.net_minor,
        vat_minor: item.vat_minor,
    }));
}

fn late_days(references: &References, cycle: &Cycle) -> i32 {
    let late = references.local_date.until(cycle.business_date);
    late.map(|span| span.get_days()).unwrap_or_default()
}

/// Pricing and writing have each added up for themselves.
fn agree(trailer: &BatchTrailer, closing: &BatchClosing) -> bool {
    trailer.transactions + trailer.adjustments == closing.transactions
        && trailer.charges == closing.charges
        && trailer.quantities == closing.quantities
        && [
            trailer.net_minor,
            trailer.vat_minor,
            trailer.rounding_minor,
            trailer.closing_minor,
            trailer.to_pay_minor,
        ] == [
            closing.net_minor,
            closing.vat_minor,
            closing.rounding_minor,
            closing.closing_minor,
            closing.to_pay_minor,
        ]
        && (trailer.direction == closing.direction || trailer.to_pay_minor == 0)
}

fn put_row(writer: &mut BatchWriter<Staged>, row: &ClosingRow, cycle: &Cycle) -> Result<(), WriteError> {
    match row {
        ClosingRow::Charge { basis, minimum: _, quantity, net_minor, vat_minor } => writer.charge(Charge {
            line_id: String::new(),
            basis: *basis,
            reference: cycle.business_date.strftime("%Y-%m").to_string(),
            date: cycle.business_date,
            quantity: *quantity,
            net_minor: *net_minor,
            vat_minor: *vat_minor,
            total_minor: 0,
        }),
        ClosingRow::Prepaid { basis, opening, drawn, closing, net_minor, vat_minor } => {
            writer.prepaid(Prepaid {
                line_id: String::new(),
                basis: *basis,
                opening: *opening,
                drawn: *drawn,
                closing: *closing,
                net_minor: *net_minor,
                vat_minor: *vat_minor,
                total_minor: 0,
            })
        }
        ClosingRow::Rounding { amount_minor } => writer.rounding(*amount_minor),
        ClosingRow::DocumentVat { amount_minor } => writer.document_vat(*amount_minor),
        ClosingRow::CarryForward { amount_minor } => writer.carry_forward(*amount_minor),
    }
}

fn too_large(partner: &str, source: MoneyError) -> CloseError {
    CloseError::Arithmetic { partner: partner.to_owned(), source }
}

/// Why a record was not written.
pub(crate) fn refused(partner: &str, path: &Path, error: WriteError) -> CloseError {
    match error {
        WriteError::Io(source) => partner_adapters::PublishError::write(path, source).into(),
        _ => too_large(partner, MoneyError::Overflow),
    }
}
