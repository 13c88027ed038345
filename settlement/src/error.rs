//! What can keep a day from being closed, and who must do what.

use std::path::PathBuf;

use domain::settlement::Basis;
use domain::{CycleId, InDay, MoneyError};
use jiff::civil::Date;
use partner_adapters::PublishError;
use store::StoreError;

/// A day was not closed, or not completely. Nothing that was done is undone: after the mend the same call goes on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CloseError {
    /// The setup of the program contradicts itself.
    #[error(
        "program {program:?} cannot be settled: {problem}; the program manager must correct the program file"
    )]
    Setup {
        /// The program's code.
        program: String,
        /// What is wrong.
        problem: String,
    },
    /// There is no cycle of this business date.
    #[error("program {program:?} has no settlement cycle of {date}{}; the operator must name a day that is open", open_text(.open))]
    NoCycle {
        /// The program's code.
        program: String,
        /// The date that was asked for.
        date: Date,
        /// The business date that is open.
        open: Option<Date>,
    },
    /// An earlier cycle is not settled yet, so that files would go out in the wrong order.
    #[error(
        "program {program:?}: {} cannot be closed before {}; the operator must close {} first",
        cycle_text(asked),
        cycle_text(earlier),
        cycle_text(earlier)
    )]
    EarlierOpen {
        /// The program's code.
        program: String,
        /// What was asked for.
        asked: InDay,
        /// What must be closed first.
        earlier: InDay,
    },
    /// Something is owed that no terms price.
    #[error(
        "partner {partner:?} has {} on {date} and no terms in force that price it; \
         the program manager must add them to the program file, then close the day again", basis.name()
    )]
    Unpriced {
        /// The partner's code, or its number if it has none in the program file.
        partner: String,
        /// What is owed for.
        basis: Basis,
        /// The business date.
        date: Date,
    },
    /// What was carried forward has no batch to stand in.
    #[error(
        "{balance_minor} minor units of {currency} that {since} carried forward between the bank and partner {partner:?} \
         (above zero: the partner owes them) have no terms on {date}; the program manager must let the terms of {since} \
         hold on {date} too, as their last day, so that they are paid"
    )]
    NoTerms {
        /// The partner's code, or its number if it has none in the program file.
        partner: String,
        /// Three letters.
        currency: String,
        /// Positive if the partner owes it.
        balance_minor: i64,
        /// The business date that carried it forward.
        since: Date,
        /// The business date that has no batch.
        date: Date,
    },
    /// Amounts must be converted, and the rate table has no rate of the day.
    #[error(
        "the batch of partner {partner:?} is in {to}, and the rate table {table:?} has no rate from {from} to {to} on \
         {date}; the operator must import it with `cobrand rates import`, then close the day again"
    )]
    NoRate {
        /// The partner's code.
        partner: String,
        /// The name of the table.
        table: String,
        /// Three letters of the program's currency.
        from: String,
        /// Three letters of the terms' currency.
        to: String,
        /// The business date.
        date: Date,
    },
    /// What is on the books is not what movements and terms give now.
    #[error(
        "cycle {cycle}: the {what} on the books differ from what movements and terms give now; the terms for its \
         business date were changed after it was settled, and the program manager must restore that program file"
    )]
    Changed {
        /// The cycle.
        cycle: CycleId,
        /// What differs.
        what: String,
    },
    /// An amount left the range of 64 bits.
    #[error(
        "the batch of partner {partner:?} cannot be priced: {source}; the program manager must check the terms"
    )]
    Arithmetic {
        /// The partner's code.
        partner: String,
        /// Why.
        source: MoneyError,
    },
    /// Other closes kept taking the receiver's next number.
    #[error(
        "no number for the file to {receiver:?} after {attempts} attempts; nothing is lost, the operator must run it again"
    )]
    SequenceBusy {
        /// The receiver's code.
        receiver: String,
        /// How often it was tried.
        attempts: u32,
    },
    /// Another process is closing a day of the program.
    #[error(
        "another process ({owner}) is closing a day of program {program:?}; the operator must wait for it, then run this again"
    )]
    Busy {
        /// The program's code.
        program: String,
        /// Who it is.
        owner: String,
    },
    /// There is no published file to revise.
    #[error(
        "program {program:?} has published no file of {date} to {receiver:?}; the operator must close the day first"
    )]
    NotPublished {
        /// The program's code.
        program: String,
        /// The receiver's code.
        receiver: String,
        /// The business date.
        date: Date,
    },
    /// The bank's file with batches that wait for their partner's next file is not as it was published.
    #[error(
        "what waits for partner {partner:?} since {date} stands in the bank's file of that day, which is gone from {} or \
         changed there; the operator must close {date} again, which puts it there, and then this day", folder.display()
    )]
    WaitingGone {
        /// The partner's code.
        partner: String,
        /// The business date of what waits.
        date: Date,
        /// Where the file should be.
        folder: PathBuf,
    },
    /// The database refused or was not there.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file could not be published.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// The program is ending.
    #[error("the close was interrupted because the program is ending; the operator must run it again")]
    Interrupted,
}

/// The date, and which of its cycles if it has several.
fn cycle_text(place: &InDay) -> String {
    match (place.cycle.number, place.is_last) {
        (1, true) => place.cycle.date.to_string(),
        (number, _) => format!("cycle {number} of {}", place.cycle.date),
    }
}

fn open_text(open: &Option<Date>) -> String {
    open.map(|date| format!(" (open is {date})")).unwrap_or_default()
}
