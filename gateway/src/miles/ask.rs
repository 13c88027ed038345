//! Spending, adjusting and sending miles, one event at a time. Whoever offers these to a member or to staff calls them
//! from here, so that all of them have the same keys.

use domain::{Content, Currency, EventKind, Funder, MessageKey, MilesEvent};
use jiff::{Timestamp, civil::DateTime};
use store::AccountPlace;

use super::schedule::arrivals;
use crate::{
    Gateway,
    internal_event::{Decided, InternalEvent, decide_events},
};

/// Who asks, for which account, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asker {
    /// The account.
    pub place: AccountPlace,
    /// `staff`, `member` and the like, as it is stored.
    pub source: &'static str,
    /// The asker's own name for this request: the same again is a repeat and changes nothing.
    pub id: String,
    /// A time that is part of the request, as its id is: the same in a repeat.
    pub at: Timestamp,
    /// That time in the program's zone: by it lots have vested and expire.
    pub local: DateTime,
    /// The currency of the program.
    pub currency: Currency,
}

/// Miles to pay with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spending {
    /// How many.
    pub miles: u64,
    /// The amount of which they pay a part, in minor units, with its currency; `None`: they pay for no purchase.
    pub pays: Option<(u64, Currency)>,
}

/// Miles that staff give, or take if there are less than none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adjustment {
    /// How many.
    pub miles: i64,
    /// Why, in words; never card data.
    pub reason: String,
    /// Who bears it.
    pub funder: Funder,
    /// The member of staff.
    pub by: String,
}

/// Miles for another account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sending<'a> {
    /// How many.
    pub miles: u64,
    /// Whose they will be. The caller has looked it up: it exists and is of the same program.
    pub to: AccountPlace,
    /// Who of the staff asked for it, if it was not the member.
    pub by: Option<&'a str>,
}

impl Asker {
    /// What tells the request from all others.
    pub(super) fn request(&self) -> String {
        format!("{}|{}|{}", self.source, self.place.member.account, self.id)
    }

    fn event(
        &self,
        name: &'static str,
        asked: MilesEvent,
        content: Vec<(&'static str, String)>,
    ) -> InternalEvent {
        InternalEvent {
            place: self.place,
            kind: EventKind::Miles(asked),
            source: self.source,
            name,
            id: self.request(),
            key_at: self.at,
            local: self.local,
            amount: (0, self.currency),
            content: Content(content),
        }
    }
}

/// Keeps miles for a payment. They are gone from the balance at once, and come back if nobody confirms in time. The key
/// of what was decided names the redemption.
pub async fn reserve(gateway: &Gateway, asker: &Asker, spending: Spending) -> Decided {
    let (minor, currency) = spending.pays.unwrap_or((0, asker.currency));
    let content = vec![
        ("miles", spending.miles.to_string()),
        ("amount", minor.to_string()),
        ("currency", currency.to_string()),
    ];
    let event = asker.event("miles-reserve", MilesEvent::Reserve { miles: spending.miles }, content);
    one(gateway, InternalEvent { amount: (minor, currency), ..event }).await
}

/// Spends what was reserved.
pub async fn confirm(gateway: &Gateway, asker: &Asker, redemption: MessageKey) -> Decided {
    let content = vec![("redemption", redemption.to_string())];
    one(gateway, asker.event("miles-confirm", MilesEvent::Confirm { redemption }, content)).await
}

/// Gives back what was reserved or spent.
pub async fn cancel(gateway: &Gateway, asker: &Asker, redemption: MessageKey) -> Decided {
    let content = vec![("redemption", redemption.to_string())];
    one(gateway, asker.event("miles-cancel", MilesEvent::Cancel { redemption }, content)).await
}

/// Gives or takes miles for a reason.
pub async fn adjust(gateway: &Gateway, asker: &Asker, adjustment: &Adjustment) -> Decided {
    let Adjustment { miles, reason, funder, by } = adjustment;
    let content = vec![
        ("miles", miles.to_string()),
        ("reason", reason.clone()),
        ("funder", funder.to_string()),
        ("by", by.clone()),
    ];
    let asked = MilesEvent::Adjust { miles: *miles, funder: *funder };
    one(gateway, asker.event("miles-adjust", asked, content)).await
}

/// Sends miles to another account. They have left when this returns, and arrive at once or with the scheduler's next
/// look.
pub async fn send(gateway: &Gateway, asker: &Asker, sending: Sending<'_>) -> Decided {
    let Sending { miles, to, by } = sending;
    let mut content = vec![("miles", miles.to_string()), ("to", to.member.account.to_string())];
    content.extend(by.map(|by| ("by", by.to_owned())));
    let asked = MilesEvent::Send { miles, to_bucket: to.bucket, to: to.member.account };
    let decided = one(gateway, asker.event("miles-send", asked, content)).await;
    // What fails here is found again by the scheduler.
    if let Ok(underway) = store::transfers_under_way(&gateway.pool, None, ARRIVE_AT_ONCE).await {
        let own = underway.iter().filter(|transfer| transfer.sent == decided.key);
        for transfer in own {
            arrivals(gateway, transfer).await;
        }
    }
    decided
}

/// Transfers that are looked through for the one that has just left; a longer queue is the scheduler's.
const ARRIVE_AT_ONCE: u16 = 64;

async fn one(gateway: &Gateway, event: InternalEvent) -> Decided {
    let key = event.key();
    decide_events(gateway, vec![event]).await.pop().unwrap_or(Decided { key, reply: None })
}
