//! Miles that pay for a part of a purchase, asked for in its authorization.
//!
//! Giving value fails closed: unless all of what was asked for can be had, nothing is reserved, and the bank decides
//! without it. What becomes of a reservation follows from what the purchase's messages have told, in whatever order:
//! see `follow.rs`.

mod follow;

pub(super) use follow::{follow, unanswered};

use super::{
    advance::share_minor,
    miles::{
        Desk,
        draw::{Drawing, Drawn, draw_for},
    },
};
use crate::{
    ClearingSource, Disposition, Event, EventKind, HoldState, Item, LoyaltyResult, MilesLedger, MilesPaid,
    Outcome, Purchase, Purpose, Redeemed, Redemption, RedemptionState, ReplyCode, ResultStatus, Till,
    TransactionKind,
};

const RANGE: &str = "an amount within 64 bits";

/// Numbers behind a reason, by name.
type Values = Vec<(&'static str, String)>;

/// What becomes of the wish to pay with miles.
pub(super) enum Wish {
    /// There is none.
    None,
    /// Nothing is reserved.
    Refused(&'static str, Values),
    /// All of it can be had.
    Granted(Box<Granted>),
}

/// Miles that can be had for a purchase.
pub(super) struct Granted {
    drawing: Drawing,
    miles: i64,
    by: Redeemed,
    value: String,
    /// How the redemption begins; settled by what is known of the purchase already.
    state: RedemptionState,
}

/// Looks what is asked for, before the message counts for its `purchase`. Miles pay of what a discount at the till
/// leaves.
pub(super) fn ask(
    desk: &Desk<'_>,
    purchase: &Purchase,
    amount: u64,
    offer: Option<Till>,
) -> Result<Wish, &'static str> {
    let Some(asked) = desk.event.asked.miles else { return Ok(Wish::None) };
    match desk.event.kind {
        EventKind::Authorization { .. } => {}
        // Nobody waits for the answer to an advice, and what is cleared at once has no money left to lower.
        EventKind::AuthorizationAdvice { approved: true }
        | EventKind::Clearing { source: ClearingSource::SingleMessage, approved: true }
            if purchase.redeemed.is_none() =>
        {
            return Ok(Wish::Refused("redemption_in_requests_only", vec![]));
        }
        _ => return Ok(Wish::None),
    }
    if let Some(reason) = unfit(desk, purchase, amount) {
        return Ok(Wish::Refused(reason, vec![]));
    }
    let before = amount.saturating_sub(offer.map_or(0, |till| till.discount_minor));
    priced(desk, purchase, asked, before)
}

/// Why no miles at all can pay for it.
fn unfit(desk: &Desk<'_>, purchase: &Purchase, amount: u64) -> Option<&'static str> {
    let event = desk.event;
    // A decline may come before the request that it answers; then nothing has waited for a clearing yet.
    let declined_first = purchase.hold == HoldState::Released && purchase.hold_until.is_none();
    if event.kind == (EventKind::Authorization { preauthorization: true }) {
        Some("no_redemption_on_a_preauthorization")
    } else if event.transaction != TransactionKind::Purchase {
        Some("redemption_pays_for_purchases_only")
    } else if purchase.redeemed.is_some() || (purchase.hold != HoldState::None && !declined_first) {
        Some("redemption_in_the_first_request_only")
    } else if event.currency != desk.program.currency || amount != event.amount_minor {
        // The amount that is lowered is DE4.
        Some("redemption_in_another_currency")
    } else if desk.program.miles.ledger == MilesLedger::Partner {
        Some("miles_kept_by_the_partner")
    } else {
        desk.program.redemption.is_none().then_some("redemption_not_offered")
    }
}

/// What so many miles pay of `before`, and from which lots they come: all or nothing.
fn priced(desk: &Desk<'_>, purchase: &Purchase, asked: u64, before: u64) -> Result<Wish, &'static str> {
    let Some(rules) = desk.program.redemption else { return Ok(Wish::None) };
    let miles = i64::try_from(asked).map_err(|_| RANGE)?;
    let amount = i64::try_from(before).map_err(|_| RANGE)?;
    let worth = rules.worth(miles).map_err(|_| RANGE)?;
    let worth_minor = u64::try_from(worth).map_err(|_| RANGE)?;
    let value = format!("{}/{}", rules.value.numerator(), rules.value.denominator());
    let mut values = vec![
        ("asked", miles.to_string()),
        ("value", value.clone()),
        ("worth_minor", worth_minor.to_string()),
        ("amount_minor", before.to_string()),
    ];
    let refused = if asked < rules.miles_min || worth_minor == 0 {
        Some("below_redemption_minimum")
    } else if worth > rules.payable(amount).map_err(|_| RANGE)? {
        Some("above_redemption_share")
    } else {
        // Of nothing there is no clearing that could confirm it.
        (worth_minor >= before).then_some("nothing_would_be_left")
    };
    if let Some(reason) = refused {
        return Ok(Wish::Refused(reason, values));
    }
    let drawing = match draw_for(desk, miles, &Item::Redeemed, Some(purchase.key))? {
        Drawn::All(drawing) => drawing,
        Drawn::TooFew(available) => {
            values.push(("available", available.to_string()));
            return Ok(Wish::Refused("not_enough_miles", values));
        }
    };
    let by = Redeemed { redemption: desk.event.key, amount_minor: before, worth_minor, unanswered: false };
    let state = RedemptionState::Reserved;
    Ok(Wish::Granted(Box::new(Granted { drawing, miles, by, value, state })))
}

impl Wish {
    /// Hangs the redemption on its purchase, of whose authorization `counts` of `amount` is left. What is known of it
    /// already may say that the miles stay where they are.
    pub(super) fn hang(
        &mut self,
        purchase: &mut Purchase,
        counts: u64,
        amount: u64,
    ) -> Result<(), &'static str> {
        let Self::Granted(granted) = self else { return Ok(()) };
        purchase.redeemed = Some(granted.by);
        purchase.hold_for(granted.by.redemption, share_minor(granted.by.net_minor(), counts, amount)?);
        granted.state = follow::standing(purchase, granted.by).0;
        Ok(())
    }

    /// Answers the wish, and writes down what was reserved. An `offer` at the till lowers what is to be paid.
    pub(super) fn record(self, desk: &Desk<'_>, offer: Option<Till>, outcome: &mut Outcome) {
        let asked = desk.event.amount_minor;
        let before = asked.saturating_sub(offer.map_or(0, |till| till.discount_minor));
        match self {
            Self::None => {}
            Self::Refused(reason, values) => {
                outcome.explanation.skipped("redemption", reason, values);
                reason.clone_into(&mut outcome.reply.result.reason);
                outcome.reply.miles = Some(MilesPaid { reserved: 0, remains_minor: before });
            }
            Self::Granted(granted) => granted.record(desk, before, outcome),
        }
    }
}

impl Granted {
    fn record(self, desk: &Desk<'_>, before: u64, outcome: &mut Outcome) {
        let Self { drawing, miles, by, value, state } = self;
        let (Some(member), Some(purchase)) = (desk.event.member, outcome.purchase) else { return };
        outcome.redemptions.push(Redemption {
            key: by.redemption,
            account: member.account,
            program: member.program,
            purpose: Purpose::Payment,
            state,
            miles,
            currency: desk.program.currency,
            worth_minor: i64::try_from(by.worth_minor).unwrap_or(i64::MAX),
            // Its purchase says how long it waits.
            reserved_until: None,
            pieces: drawing.pieces,
            purchase: Some(purchase),
        });
        if !follow::takes(state) {
            outcome.reply.miles = Some(MilesPaid { reserved: 0, remains_minor: before });
            return;
        }
        let values = vec![
            ("miles", miles.to_string()),
            ("value", value),
            ("worth_minor", by.worth_minor.to_string()),
            ("amount_minor", by.amount_minor.to_string()),
            ("left_minor", by.net_minor().to_string()),
        ];
        outcome.explanation.applied("redemption", "miles_reserved", values);
        outcome.explanation.0.extend(drawing.explanation.0);
        desk.record(outcome, drawing.lots, &drawing.movements, "miles.reserved");
        outcome.reply.till = Some((by.net_minor(), desk.event.amount_minor));
        outcome.reply.miles =
            Some(MilesPaid { reserved: miles.unsigned_abs(), remains_minor: by.net_minor() });
        let result = &mut outcome.reply.result;
        *result = LoyaltyResult {
            status: ResultStatus::Provisional,
            reason: "miles_reserved".to_owned(),
            ..result.clone()
        };
    }
}

/// A request whose wish no part of a decision came to: nothing is reserved, and the reason is that of the whole.
pub(super) fn told(event: &Event, mut outcome: Outcome) -> Outcome {
    let wished = event.asked.miles.is_some() && matches!(event.kind, EventKind::Authorization { .. });
    let decided = outcome.disposition == Disposition::Decided && outcome.reply.code == ReplyCode::Taken;
    if wished && decided && outcome.reply.miles.is_none() {
        outcome.reply.miles = Some(MilesPaid { reserved: 0, remains_minor: event.amount_minor });
    }
    outcome
}

/// Whether the member has paid with miles by this event.
pub(super) fn has_paid(outcome: &Outcome) -> bool {
    outcome.reply.miles.is_some_and(|paid| paid.reserved > 0)
}
