//! Redemptions and their pieces.

use std::collections::BTreeMap;

use domain::{Purpose, WorkingSet};
use tokio_postgres::types::ToSql;

use super::{Columns, Decided, number};

/// The last state of each redemption of the batch: a statement must not touch a row twice.
pub(super) fn redemptions(decided: &Decided<'_>, state: &WorkingSet) -> Option<Columns> {
    let mut touched: BTreeMap<_, domain::BankId> = BTreeMap::new();
    for (record, outcome) in decided {
        touched.extend(outcome.redemptions.iter().map(|of| ((outcome.bucket, of.key), record.event.bank)));
    }
    let rows: Vec<_> = touched
        .iter()
        .filter_map(|(key, bank)| state.redemptions.get(key).map(|redemption| (key.0, *bank, redemption)))
        .collect();
    let to = |purpose: Purpose| match purpose {
        Purpose::Payment => (None, None),
        Purpose::Transfer { bucket, account } => (Some(number(bucket)), Some(account.0)),
    };
    (!rows.is_empty()).then(|| {
        vec![
            column!(rows, (bucket, _, _) => number(*bucket)),
            column!(rows, (_, _, redemption) => redemption.key.as_bytes().to_vec()),
            column!(rows, (_, bank, _) => bank.0),
            column!(rows, (_, _, redemption) => redemption.account.0),
            column!(rows, (_, _, redemption) => redemption.program.0),
            column!(rows, (_, _, redemption) => i32::from(redemption.currency.0)),
            column!(rows, (_, _, redemption) => to(redemption.purpose).0),
            column!(rows, (_, _, redemption) => to(redemption.purpose).1),
            column!(rows, (_, _, redemption) => redemption.state.name()),
            column!(rows, (_, _, redemption) => redemption.miles),
            column!(rows, (_, _, redemption) => redemption.worth_minor),
            column!(rows, (_, _, redemption) => redemption.reserved_until),
            column!(rows, (_, _, redemption) => redemption.purchase.map(|key| key.as_bytes().to_vec())),
        ]
    })
}

/// The pieces of redemptions that are new: those of the event itself.
pub(super) fn pieces(decided: &Decided<'_>) -> Option<Columns> {
    let new = decided.iter().flat_map(|(_, outcome)| {
        outcome.redemptions.iter().filter(|of| of.key == outcome.key).map(|of| (outcome.bucket, of))
    });
    let rows: Vec<_> = new
        .flat_map(|(bucket, of)| {
            (0_i32..).zip(&of.pieces).map(move |(place, piece)| (bucket, of.key, place, piece))
        })
        .collect();
    (!rows.is_empty()).then(|| {
        vec![
            column!(rows, (bucket, _, _, _) => number(*bucket)),
            column!(rows, (_, key, _, _) => key.as_bytes().to_vec()),
            column!(rows, (_, _, place, _) => *place),
            column!(rows, (_, _, _, piece) => piece.lot.as_bytes().to_vec()),
            column!(rows, (_, _, _, piece) => piece.miles),
            column!(rows, (_, _, _, piece) => piece.granted_on),
            column!(rows, (_, _, _, piece) => piece.vests_on),
            column!(rows, (_, _, _, piece) => piece.expire_on),
        ]
    })
}
