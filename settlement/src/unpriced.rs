//! Nothing may be owed that appears in no file.

use std::collections::BTreeSet;

use domain::settlement::{Basis, Quantities};
use domain::{Funder, Item, PartnerId};
use jiff::civil::Date;

use crate::{CloseError, ProgramSetup};

/// Refuses an item of which something would be owed under no terms.
pub(crate) fn is_priced(setup: &ProgramSetup, date: Date, item: &Item) -> Result<(), CloseError> {
    for partner in partners_of(item, setup.cobrand_partner) {
        let mut owed = Quantities::default();
        owed.add(item, 1, partner, partner == setup.cobrand_partner);
        let mut terms = setup.terms_on(date).filter(|terms| terms.partner == partner);
        let priced: BTreeSet<Basis> =
            terms.by_ref().flat_map(|terms| &terms.items).map(|item| item.basis).collect();
        // What terms may leave out is a memorandum then.
        let missing = |basis: &Basis| !basis.is_optional() && owed.of(*basis) != 0 && !priced.contains(basis);
        if let Some(basis) = Basis::ALL.into_iter().find(missing) {
            let code = setup.partner_codes.get(&partner).cloned();
            let partner = code.unwrap_or_else(|| partner.to_string());
            return Err(CloseError::Unpriced { partner, basis, date });
        }
    }
    Ok(())
}

/// Everybody to whom an item could matter.
pub(crate) fn partners_of(item: &Item, cobrand: PartnerId) -> BTreeSet<PartnerId> {
    let funded_by = |funder: &Funder| match funder {
        Funder::Bank => None,
        Funder::Partner(partner) => Some(*partner),
    };
    let (funder, at) = match item {
        Item::Base | Item::Qualifying => (None, None),
        Item::Bonus { funder, .. } => (funded_by(funder), None),
        Item::Discount { funder, partner, .. } => (funded_by(funder), Some(*partner)),
        Item::Turnover(partner) => (None, Some(*partner)),
        // Miles that are spent are paid for only where terms say so.
        Item::Refused | Item::WrittenOff { .. } | Item::Redeemed => (None, None),
        // What happens to miles after rules granted them stays in the books.
        Item::Adjusted { .. } | Item::Borne { .. } | Item::Moved | Item::Expired | Item::Covered => {
            return BTreeSet::new();
        }
    };
    [Some(cobrand), funder, at].into_iter().flatten().collect()
}
