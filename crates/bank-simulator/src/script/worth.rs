//! Holds what an answer grants against what the operator says that purchases are worth.
//!
//! What a message moves is what the purchase is worth with it less what it was worth before it. So a refund of a part
//! takes back just what the rest is worth less, and parts come to what the whole is worth.

use iso8583::Builder;

use super::{
    agreed::Share,
    compose::Memory,
    expect::Check,
    judge::{Pair, discount, tag},
    miles::{CAP, told},
};

/// The messages of the purchase before this one that count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Worth {
    /// Steps whose amounts this message adds to or takes from.
    pub after: &'static [&'static str],
    /// The step whose answer has offered a discount at the till.
    pub offer: Option<&'static str>,
}

/// A purchase before and after this message, in minor units.
#[derive(Clone, Copy)]
struct Moved {
    before: Standing,
    now: Standing,
}

#[derive(Clone, Copy, Default)]
struct Standing {
    /// What was cleared, without what came back.
    cleared: u64,
    /// What is left of it.
    net: u64,
}

/// What a purchase is called that shows whether the cap of the month leaves room: where there is a discount too, an
/// answer without miles does not tell why.
pub(crate) const ROOM: &str = "room under the cap";

/// BM, XM and DC of an answer.
pub(super) fn checks(worth: Worth, pair: &Pair<'_>, memory: &impl Memory) -> Vec<Check> {
    let Some(moved) = moved(worth, pair, memory) else {
        let found = "that messages before it, or its amount, are missing";
        return vec![Check::failed("DE48 BM", "miles of known amounts", found)];
    };
    let mut checks = match untold(worth, pair, memory) {
        Some(why) => vec![not_checked(&why)],
        None => miles(&moved, pair),
    };
    checks.extend(discount_moved(worth, &moved, pair, memory));
    checks
}

fn moved(worth: Worth, pair: &Pair<'_>, memory: &impl Memory) -> Option<Moved> {
    let mut before = Standing::default();
    for label in worth.after {
        before = before.with(memory.sent(label)?, memory.answer(label))?;
    }
    Some(Moved { before, now: before.with(pair.sent, Some(pair.answer))? })
}

impl Standing {
    fn with(self, sent: &Builder, answer: Option<&Builder>) -> Option<Self> {
        let amount = minor(sent, 4)?;
        let less = |by: u64| Self { net: self.net.saturating_sub(by), ..self };
        if sent.mti().class() == 4 {
            return Some(less(taken_back(sent)?));
        }
        if sent.get(3)?.starts_with('2') {
            return Some(less(amount));
        }
        // Of a hold counts what was asked of the till.
        let held = answer.filter(|_| sent.mti().class() == 1).and_then(|answer| minor(answer, 4));
        let amount = held.map_or(amount, |held| held.min(amount));
        Some(Self { cleared: self.cleared.checked_add(amount)?, net: self.net.checked_add(amount)? })
    }
}

/// What a reversal takes back: its amount less what remains by DE95.
pub(super) fn taken_back(reversal: &Builder) -> Option<u64> {
    let remains = reversal.get(95).and_then(|amounts| amounts.get(..12)).map_or(Ok(0), str::parse).ok()?;
    Some(minor(reversal, 4)?.saturating_sub(remains))
}

pub(super) fn minor(message: &Builder, de: u8) -> Option<u64> {
    message.get(de)?.parse().ok()
}

fn at_till(pair: &Pair<'_>) -> bool {
    let till = pair.parties.till.as_ref();
    till.is_some_and(|till| {
        pair.sent.get(42).is_some_and(|place| place.trim_end() == till.card_acceptor.trim_end())
            && pair.sent.get(41).is_some_and(|terminal| terminal.trim_end() == till.terminal.trim_end())
    })
}

fn miles(moved: &Moved, pair: &Pair<'_>) -> Vec<Check> {
    let Some(earn) = pair.parties.agreed.earn else {
        return vec![not_checked("the rate was not stated")];
    };
    let agreed = &pair.parties.agreed;
    let bonus = if at_till(pair) { agreed.till_bonus } else { agreed.bonus };
    let mut checks = vec![compared("BM", pair.answer, moved, earn, |net| earn.of(net))];
    if let Some(bonus) = bonus {
        let of_base = |net| bonus.of(u64::try_from(earn.of(net)).unwrap_or(u64::MAX));
        checks.push(compared("XM", pair.answer, moved, format!("bonus {bonus} of {earn}"), of_base));
    }
    checks
}

/// Why the rate says nothing of this answer. What a cap has kept from a purchase cannot be taken back either.
fn untold(worth: Worth, pair: &Pair<'_>, memory: &impl Memory) -> Option<String> {
    if is_capped(pair.answer) {
        return Some("the answer says cap_truncates".to_owned());
    }
    let none = ["BM", "XM"].iter().all(|name| tag(pair.answer, name).is_none());
    let room = none.then_some(&ROOM);
    let before = worth.after.iter().chain(room).find(|label| memory.answer(label).is_some_and(is_capped));
    before.map(|label| format!("the answer to \"{label}\" says cap_truncates"))
}

fn is_capped(answer: &Builder) -> bool {
    tag(answer, "RS").as_deref() == Some(CAP)
}

fn not_checked(why: &str) -> Check {
    Check::new("DE48 BM", "what the amount is worth", format!("miles were not checked, because {why}"), true)
}

fn compared(
    name: &str,
    answer: &Builder,
    moved: &Moved,
    rate: impl std::fmt::Display,
    worth: impl Fn(u64) -> i128,
) -> Check {
    let (before, now) = (worth(moved.before.net), worth(moved.now.net));
    let expected = match moved.before.net {
        0 => format!("{now}: {} minor units at {rate}", moved.now.net),
        net => format!(
            "{}: {now} for {} minor units less {before} for {net}, at {rate}",
            now - before,
            moved.now.net
        ),
    };
    found(name, answer, expected, now - before)
}

fn found(name: &str, answer: &Builder, expected: String, wanted: i128) -> Check {
    let field = format!("DE48 {name}");
    match (tag(answer, name).is_some(), told(answer, name)) {
        (_, None) => Check::failed(field, expected, "no number"),
        (false, Some(_)) => Check::new(field, expected, "none", wanted == 0),
        (true, Some(found)) => Check::new(field, expected, found.to_string(), i128::from(found) == wanted),
    }
}

fn discount_moved(worth: Worth, moved: &Moved, pair: &Pair<'_>, memory: &impl Memory) -> Option<Check> {
    if !at_till(pair) {
        return Some(found("DC", pair.answer, "none at a merchant of no partner".to_owned(), 0));
    }
    match worth.offer {
        Some(label) => Some(as_offered(label, moved, pair, memory)),
        // Offered now, if DE4 was reduced.
        None => offered_now(pair, pair.parties.agreed.till_discount?),
    }
}

fn offered_now(pair: &Pair<'_>, share: Share) -> Option<Check> {
    let (asked, _) = (minor(pair.sent, 4)?, discount(pair)?);
    let wanted = share.of(asked);
    Some(found("DC", pair.answer, format!("{wanted}: {share} of {asked}"), wanted))
}

/// Exactly the reduced amount confirms an offer; what comes back takes of it in proportion, and the rest is floored.
fn as_offered(label: &str, moved: &Moved, pair: &Pair<'_>, memory: &impl Memory) -> Check {
    let offer = memory.answer(label).and_then(|answer| {
        let discount: u64 = tag(answer, "DC")?.parse().ok()?;
        Some((discount, minor(answer, 4)?))
    });
    let Some((offered, net)) = offer else {
        let found = format!("none in the answer to \"{label}\"");
        return Check::failed("DE48 DC", "a discount that was offered", found);
    };
    let of = |standing: Standing| match u128::from(standing.net).checked_mul(u128::from(offered)) {
        Some(product) if standing.cleared == net => {
            product.checked_div(u128::from(net)).and_then(|part| i128::try_from(part).ok()).unwrap_or(0)
        }
        _ => 0,
    };
    let (before, now) = (of(moved.before), of(moved.now));
    let expected = format!(
        "{}: {offered} was offered if exactly {net} is cleared; {} is cleared and {} of it is left",
        now - before,
        moved.now.cleared,
        moved.now.net
    );
    found("DC", pair.answer, expected, now - before)
}
