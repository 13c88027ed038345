//! The bank's own recomputation of what the gateway must have booked and settled.
//!
//! It knows three things: what was agreed ([`AgreedProgram`]), who and where ([`Directory`]), and the
//! messages of the day with the answers they got ([`AuditedMessage`]). From these it recomputes every balance
//! and every settlement line, slowly and plainly, and shares no code with the gateway. Whoever compares the
//! two sees what was lost or counted twice.
//!
//! In the order in which it works:
//!
//! 1. `evidence`: which messages count. Answered with 00, each once however often it was repeated.
//! 2. `purchase`: which messages belong together, and what reversals left of each of them.
//! 3. `award`: what a purchase is worth, as a function of its net cleared amount.
//! 4. `booking`: what each message moved: the function after it less the function before it.
//! 5. `settlement`: what the movements cost, and who pays whom.

mod agreement;
mod arithmetic;
mod award;
mod booking;
mod evidence;
mod findings;
mod message;
mod purchase;
mod settlement;

pub use agreement::{
    AgreedBonus, AgreedDiscount, AgreedProgram, CoBrandTerms, DiscountMode, MerchantTerms, Ratio, Rounding,
    Vat, VatLevel,
};
pub use findings::{Audit, Balance, Direction, Line, Position, Totals};
pub use message::{AuditedAnswer, AuditedMessage, Directory, Member};

/// Recomputes a day from what was agreed and from what was sent and answered.
///
/// `messages` stand in the order in which they were answered, at least per account: with a monthly cap the
/// order decides which of them is granted.
pub fn audit(program: &AgreedProgram, directory: &Directory, messages: &[AuditedMessage]) -> Audit {
    let evidence = evidence::collect(messages);
    let purchases = purchase::group(directory, &evidence.counted);
    let books = booking::book(program, directory, &evidence.counted, &purchases);
    Audit {
        positions: settlement::settle(program, &books.movements),
        totals: booking::totals(&books.movements),
        balances: books.balances,
        unknown: evidence.unknown,
        disagreements: books.disagreements,
    }
}
