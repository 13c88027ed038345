//! A whole day, priced: everything that its files are rendered from.

use std::collections::BTreeSet;

use domain::settlement::{Basis, Quantities};
use domain::{Funder, Item, PartnerId};
use jiff::civil::Date;
use store::{Cycle, MovementRow, PositionRow};

use crate::batch::Batch;
use crate::layout::FileHeader;
use crate::render::{Rendered, render};
use crate::{CloseError, ProgramSetup, lines};

/// The place of a file in its receiver's chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) sequence: i32,
    pub(crate) revision: i32,
    pub(crate) previous_sha256: Option<[u8; 32]>,
}

/// A cycle with its movements and batches.
#[derive(Debug)]
pub(crate) struct Day {
    setup: ProgramSetup,
    cycle: Cycle,
    movements: Vec<MovementRow>,
    batches: Vec<Batch>,
    cut_off: String,
}

impl Day {
    /// Prices the movements of a cycle. Batches are sorted by partner code and currency.
    pub(crate) fn of(
        setup: ProgramSetup,
        cycle: Cycle,
        mut movements: Vec<MovementRow>,
    ) -> Result<Self, CloseError> {
        let date = cycle.business_date;
        setup.check(date)?;
        everything_is_priced(&setup, date, movements.iter().map(|movement| &movement.item).collect())?;
        lines::sort(&mut movements);
        let lines = lines::lines(&movements);
        let batches = setup.terms_on(date).map(|terms| Batch::of(&setup, terms, &lines));
        let mut batches = batches.collect::<Result<Vec<_>, _>>()?;
        batches.sort_by(|left, right| order(left).cmp(&order(right)));
        let cut_off = setup.cut_off_text(date)?;
        Ok(Self { setup, cycle, movements, batches, cut_off })
    }

    /// What goes on the books, by partner and currency as the store orders it.
    pub(crate) fn positions(&self) -> Vec<PositionRow> {
        let mut positions: Vec<_> = self.batches.iter().map(Batch::position).collect();
        positions.sort_by_key(|position| (position.partner, position.currency));
        positions
    }

    /// Every partner with terms, and the bank, sorted.
    pub(crate) fn receivers(&self) -> BTreeSet<&str> {
        let partners = self.batches.iter().map(|batch| batch.partner_code.as_str());
        partners.chain([self.setup.bank.1.as_str()]).collect()
    }

    /// The file of one receiver.
    pub(crate) fn file(&self, receiver: &str, place: Place) -> Result<(FileHeader, Rendered), CloseError> {
        let header = FileHeader {
            environment: self.setup.environment,
            sender: self.setup.bank.1.clone(),
            receiver: receiver.to_owned(),
            program: self.setup.code.clone(),
            business_date: self.cycle.business_date,
            cycle_sequence: self.cycle.sequence,
            cut_off: self.cut_off.clone(),
            sequence: place.sequence,
            revision: place.revision,
            previous_sha256: place.previous_sha256,
        };
        let for_bank = receiver == self.setup.bank.1;
        let batches: Vec<&Batch> =
            self.batches.iter().filter(|batch| for_bank || batch.partner_code == receiver).collect();
        let rendered = render(&header, &batches, &lines::lines(&self.movements))
            .map_err(|source| CloseError::Arithmetic { partner: receiver.to_owned(), source })?;
        Ok((header, rendered))
    }
}

fn order(batch: &Batch) -> (&str, &str) {
    (&batch.partner_code, batch.currency_code)
}

/// Refuses a day on which something would be owed and appear in no file.
pub(crate) fn everything_is_priced(
    setup: &ProgramSetup,
    date: Date,
    items: BTreeSet<&Item>,
) -> Result<(), CloseError> {
    for item in items {
        for partner in partners_of(item, setup.cobrand_partner) {
            let mut owed = Quantities::default();
            owed.add(item, 1, partner, partner == setup.cobrand_partner);
            let mut terms = setup.terms_on(date).filter(|terms| terms.partner == partner);
            let priced: BTreeSet<Basis> =
                terms.by_ref().flat_map(|terms| &terms.items).map(|item| item.basis).collect();
            // What terms may leave out is a memorandum then.
            let missing =
                |basis: &Basis| !basis.is_optional() && owed.of(*basis) != 0 && !priced.contains(basis);
            if let Some(basis) = Basis::ALL.into_iter().find(missing) {
                let code = setup.partner_codes.get(&partner).cloned();
                let partner = code.unwrap_or_else(|| partner.to_string());
                return Err(CloseError::Unpriced { partner, basis, date });
            }
        }
    }
    Ok(())
}

/// Everybody to whom an item could matter.
fn partners_of(item: &Item, cobrand: PartnerId) -> BTreeSet<PartnerId> {
    let funded_by = |funder: &Funder| match funder {
        Funder::Bank => None,
        Funder::Partner(partner) => Some(*partner),
    };
    let (funder, at) = match item {
        Item::Base | Item::Qualifying => (None, None),
        Item::Bonus { funder, .. } => (funded_by(funder), None),
        Item::Discount { funder, partner, .. } => (funded_by(funder), Some(*partner)),
        Item::Turnover(partner) => (None, Some(*partner)),
        Item::Refused | Item::WrittenOff { .. } => (None, None),
        // What happens to miles after rules granted them stays in the books.
        Item::Adjusted { .. }
        | Item::Borne { .. }
        | Item::Moved
        | Item::Expired
        // Miles that are spent are paid for only where terms say so.
        | Item::Redeemed
        | Item::Covered => return BTreeSet::new(),
    };
    [Some(cobrand), funder, at].into_iter().flatten().collect()
}
