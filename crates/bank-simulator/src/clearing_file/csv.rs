//! Clearing as CSV, with the columns of docs/operations/import-clearing.md.

use std::fmt::Write as _;

use super::{ClearingFileRecord, ClearingKind};

const COLUMNS: &str = "kind,pan,amount_minor,currency,billing_minor,billing_currency,local_time,mcc,acquirer,\
card_acceptor,terminal,retrieval,approval,arn,clearing_sequence,reversal,life_cycle\n";

/// The text of a file. Its values hold no commas, as those of the simulator's merchants do not.
#[must_use]
pub fn csv_text(records: &[ClearingFileRecord]) -> String {
    records.iter().fold(COLUMNS.to_owned(), |mut text, record| {
        let kind = match record.kind {
            ClearingKind::Purchase => "purchase",
            ClearingKind::Cash => "cash",
            ClearingKind::Refund => "refund",
            ClearingKind::Chargeback { .. } => "chargeback",
            ClearingKind::SecondPresentment { .. } => "second_presentment",
            ClearingKind::Arbitration { .. } => "arbitration",
        };
        let billing = record.billing.as_ref();
        let (billed, billing_currency) = billing
            .map(|money| (money.minor.to_string(), money.currency.to_string()))
            .unwrap_or_default();
        let ClearingFileRecord { pan, amount, merchant, local, retrieval, approval, arn, .. } = record;
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{kind},{},{},{},{billed},{billing_currency},{local},{},{},{},{},{retrieval},{approval},{arn},{},{},{}",
            pan.expose(),
            amount.minor,
            amount.currency,
            merchant.mcc,
            merchant.acquirer,
            merchant.card_acceptor,
            merchant.terminal,
            record.sequence,
            record.reversal,
            record.life_cycle
        );
        text
    })
}
