//! From a step to a message. What a purchase's earlier replies have said goes in here, and nothing else from outside.

use iso8583::{Builder, Mti};

use super::{
    day::{Day, Slot},
    purchase::{ClearAmount, Money, Part, Purchase, Step, Target},
};
use crate::bank::repeat_form;

/// DE22: chip, PIN possible.
const ENTRY_MODE: &str = "051";
/// DE95 behind its first amount: settlement amount and two fees.
const REPLACEMENT_REST: usize = 30;

/// A purchase on its way: what was sent for it and what came back.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    sent: Vec<(Kind, Builder)>,
    /// What may be presented.
    approved: u64,
    presented: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Authorization,
    Presentment,
    Refund,
    Other,
}

impl Kind {
    const fn of(step: &Step) -> Self {
        match step {
            Step::Authorize { .. } | Step::AuthorizeFinancial | Step::ApprovedAdvice => Self::Authorization,
            Step::Clear(_) => Self::Presentment,
            Step::Refund { .. } => Self::Refund,
            _ => Self::Other,
        }
    }
}

impl Run {
    pub(crate) const fn new(purchase: &Purchase) -> Self {
        Self { sent: Vec::new(), approved: purchase.amount.minor, presented: 0 }
    }

    /// The message of a slot.
    ///
    /// # Errors
    ///
    /// What is missing for it.
    pub(crate) fn compose(&self, day: &Day, slot: &Slot) -> Result<Builder, &'static str> {
        let purchase = day.purchase_of(slot).ok_or("there is no such purchase")?;
        let step = day.step_of(slot).ok_or("there is no such step")?;
        let fresh = |mti| self.fresh(day, slot, purchase, mti);
        let issuer = |message: Builder, amount| {
            with_amount(message, purchase, amount).set(38, slot.approval.clone()).set(39, "00")
        };
        Ok(match step {
            Step::Authorize { preauthorization } => {
                let message = with_amount(fresh(Mti::new("0100"))?, purchase, purchase.amount.minor);
                if *preauthorization { message.set(25, "06") } else { message }
            }
            Step::AuthorizeFinancial => {
                with_amount(fresh(Mti::new("0200"))?, purchase, purchase.amount.minor)
            }
            Step::ApprovedAdvice => issuer(fresh(Mti::new("0120"))?, purchase.amount.minor),
            Step::DeclinedAdvice { code } => {
                with_amount(fresh(Mti::new("0120"))?, purchase, purchase.amount.minor).set(39, *code)
            }
            Step::DeclinedClearing { code } => {
                with_amount(fresh(Mti::new("0220"))?, purchase, self.approved).set(39, *code)
            }
            Step::Clear(amount) => issuer(fresh(Mti::new("0220"))?, self.to_present(*amount, purchase)),
            Step::Refund { presentment, amount } => {
                let original = self.nth(Kind::Presentment, *presentment).ok_or("no such presentment")?;
                issuer(fresh(Mti::new("0220"))?, part(*amount, amount_of(original)))
                    .set(3, "200000")
                    .set(90, names(original)?)
            }
            Step::Reverse { target, remaining, advice } => {
                let (kind, number) = match *target {
                    Target::Authorization => (Kind::Authorization, 0),
                    Target::Presentment(number) => (Kind::Presentment, number),
                    Target::Refund(number) => (Kind::Refund, number),
                };
                let original = self.nth(kind, number).ok_or("no message to reverse")?;
                let mti = if *advice { Mti::new("0420") } else { Mti::new("0400") };
                let time = fresh(mti)?;
                let reversal = original
                    .clone()
                    .with_mti(mti)
                    .remove(38)
                    .remove(39)
                    .set(7, time.get(7).unwrap_or_default())
                    .set(11, time.get(11).unwrap_or_default())
                    .set(90, names(original)?);
                match remaining {
                    None => reversal,
                    Some(left) => {
                        let left = part(*left, amount_of(original));
                        reversal.set(95, format!("{left:012}{:0REPLACEMENT_REST$}", 0))
                    }
                }
            }
            Step::RepeatLast => {
                let (_, last) = self.sent.last().ok_or("nothing to repeat")?;
                repeat_form(last.clone())
            }
        })
    }

    /// Takes note of what was sent and, if it is known, of the reply's DE39 and DE4.
    pub(crate) fn took(&mut self, step: &Step, message: &Builder, code: Option<&str>, amount: Option<u64>) {
        let sent = amount_of(message);
        match step {
            Step::RepeatLast => return,
            Step::Authorize { .. } | Step::AuthorizeFinancial if code == Some("00") => {
                self.approved = amount.filter(|reduced| *reduced < sent).unwrap_or(sent);
            }
            Step::Clear(_) => self.presented = self.presented.saturating_add(sent),
            Step::Reverse { target: Target::Authorization, .. } => {
                let left = message.get(95).and_then(|text| text.get(..12)).and_then(|text| text.parse().ok());
                self.approved = self.approved.min(left.unwrap_or_default());
            }
            _ => {}
        }
        self.sent.push((Kind::of(step), message.clone()));
    }

    fn to_present(&self, amount: ClearAmount, purchase: &Purchase) -> u64 {
        match amount {
            ClearAmount::Full => self.approved,
            ClearAmount::Gross => purchase.amount.minor,
            ClearAmount::Minor(minor) => minor,
            ClearAmount::PerMille(share) => per_mille(self.approved, share),
            ClearAmount::Rest => self.approved.saturating_sub(self.presented),
        }
    }

    fn nth(&self, kind: Kind, number: usize) -> Option<&Builder> {
        self.sent.iter().filter(|(sent, _)| *sent == kind).nth(number).map(|(_, message)| message)
    }

    /// What every new message of a purchase has. A presentment tells the local time of the purchase, a refund its
    /// own.
    fn fresh(&self, day: &Day, slot: &Slot, purchase: &Purchase, mti: Mti) -> Result<Builder, &'static str> {
        let card = day.cards().get(purchase.card).ok_or("there is no such card")?;
        let merchant = day.merchants().get(purchase.merchant).ok_or("there is no such merchant")?;
        let refund = matches!(day.step_of(slot), Some(Step::Refund { .. }));
        let (time, date) = match self.sent.first() {
            Some((_, first)) if !refund => (first.get(12), first.get(13)),
            _ => (None, None),
        };
        Ok(Builder::new(mti)
            .set(2, card.pan.expose())
            .set(3, purchase.processing_code.clone())
            .set(7, slot.transmission.clone())
            .set(11, format!("{:06}", slot.stan))
            .set(12, time.unwrap_or(&slot.local_time))
            .set(13, date.unwrap_or(&slot.local_date))
            .set(18, merchant.mcc.clone())
            .set(22, ENTRY_MODE)
            .set(25, "00")
            .set(32, merchant.acquirer.clone())
            .set(37, slot.retrieval.clone())
            .set(41, format!("{:<8}", merchant.terminal))
            .set(42, format!("{:<15}", merchant.card_acceptor))
            .set(49, purchase.amount.currency.clone()))
    }
}

/// Sets DE4, and DE6 with DE51 in the proportion of the purchase.
fn with_amount(message: Builder, purchase: &Purchase, minor: u64) -> Builder {
    let message = message.set(4, format!("{minor:012}"));
    match &purchase.billing {
        None => message,
        Some(billing) => {
            let billed = proportion(billing, minor, purchase.amount.minor);
            message.set(6, format!("{billed:012}")).set(51, billing.currency.clone())
        }
    }
}

/// `billing` for `minor` of `whole`, half up.
fn proportion(billing: &Money, minor: u64, whole: u64) -> u64 {
    if minor == whole || whole == 0 {
        return billing.minor;
    }
    let (minor, whole) = (u128::from(minor), u128::from(whole));
    let billed = (u128::from(billing.minor) * minor * 2 + whole) / (whole * 2);
    u64::try_from(billed).unwrap_or(u64::MAX)
}

fn part(part: Part, whole: u64) -> u64 {
    match part {
        Part::Full => whole,
        Part::Minor(minor) => minor.min(whole),
        Part::PerMille(share) => per_mille(whole, share).min(whole),
    }
}

fn per_mille(whole: u64, share: u64) -> u64 {
    u64::try_from(u128::from(whole) * u128::from(share) / 1000).unwrap_or(u64::MAX)
}

fn amount_of(message: &Builder) -> u64 {
    message.get(4).and_then(|digits| digits.parse().ok()).unwrap_or_default()
}

/// DE90: how a later message names this one.
fn names(original: &Builder) -> Result<String, &'static str> {
    let field = |de| original.get(de).ok_or("the original lacks what DE90 needs");
    let mti = original.mti().without_repeat();
    Ok(format!("{mti}{}{}{:0>11}{:011}", field(11)?, field(7)?, field(32)?, 0))
}
