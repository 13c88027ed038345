//! What each message moved: what its purchase is worth after it, less what it was worth before it.

use std::collections::BTreeMap;

use super::{
    agreement::{AgreedProgram, DiscountMode},
    award::{Award, Facts, award, discount_of, expected},
    evidence::Counted,
    findings::{Balance, Totals},
    message::{AuditedMessage, Directory, Kind},
    purchase::{Standing, stand},
};

/// What one message changed.
#[derive(Debug)]
pub(super) struct Movement<'a> {
    pub(super) message: &'a AuditedMessage,
    pub(super) merchant: Option<String>,
    pub(super) moved: Award,
}

/// The account's and the bank's view of a day.
#[derive(Debug, Default)]
pub(super) struct Books<'a> {
    pub(super) movements: Vec<Movement<'a>>,
    pub(super) balances: BTreeMap<String, Balance>,
    pub(super) disagreements: Vec<String>,
}

/// A purchase as far as its messages have been looked at.
#[derive(Debug, Default)]
struct Purchase<'a> {
    messages: Vec<Counted<'a>>,
    granted: Award,
    pending: Award,
}

pub(super) fn book<'a>(
    program: &AgreedProgram,
    directory: &Directory,
    counted: &[Counted<'a>],
    purchases: &[usize],
) -> Books<'a> {
    let accounts = directory.members.values().map(|member| (member.account.clone(), Balance::default()));
    let mut books = Books { balances: accounts.collect(), ..Books::default() };
    let facts = facts(directory, counted, purchases);
    let mut months: BTreeMap<_, BTreeMap<usize, Purchase<'a>>> = BTreeMap::new();
    for (counted, number) in counted.iter().zip(purchases) {
        // A purchase of which only reversals are known is none.
        let Some(facts) = facts.get(number) else { continue };
        let month = months.entry(facts.month()).or_default();
        let mut purchase = month.remove(number).unwrap_or_default();
        let used = || month.values().map(|other| other.granted.miles()).sum::<i128>();
        let cap = program.monthly_cap.filter(|_| facts.account.is_some());
        let limit = cap.map(|cap| i128::from(cap) - used());

        purchase.messages.push(*counted);
        let standing = stand(program, &purchase.messages);
        let after = capped(award(program, facts, &standing), limit);
        let moved = difference(&after, &purchase.granted);
        purchase.pending =
            expected(program, facts, &standing).map_or_else(Award::default, |whole| capped(whole, limit));
        purchase.granted = after;
        books.disagreements.extend(disagreement(program, facts, counted, &standing));
        books.movements.push(Movement { message: counted.message, merchant: facts.merchant.clone(), moved });
        month.insert(*number, purchase);
    }
    for ((account, ..), month) in &months {
        if let Some(account) = account {
            let balance = books.balances.entry(account.clone()).or_default();
            month.values().for_each(|purchase| add_to_balance(balance, purchase));
        }
    }
    books
}

/// What each purchase is: by its first message, if one can tell. A refund may have a date of its own and a
/// reversal need not say where it was; before the purchase they bring nothing.
fn facts(directory: &Directory, counted: &[Counted<'_>], purchases: &[usize]) -> BTreeMap<usize, Facts> {
    let of_kinds = |is_wanted: fn(Kind) -> bool| {
        let both =
            counted.iter().zip(purchases).filter(move |(counted, _)| is_wanted(counted.message.kind()));
        both.map(|(counted, number)| (*number, Facts::of(directory, counted.message)))
    };
    let mut facts = BTreeMap::new();
    let of_refunds = of_kinds(|kind| kind == Kind::Refund);
    for (number, found) in of_kinds(|kind| !matches!(kind, Kind::Refund | Kind::Reversal)).chain(of_refunds) {
        facts.entry(number).or_insert(found);
    }
    facts
}

/// Grants base first, then the bonuses in their order, in all not more than `limit`: what other purchases
/// left of the cap, which is the room left plus what this purchase has. Without a cap there is none.
fn capped(wanted: Award, limit: Option<i128>) -> Award {
    let Some(mut room) = limit else { return wanted };
    let mut grant = |wanted: i128| {
        let granted = wanted.min(room.max(0));
        room -= granted;
        granted
    };
    let base = grant(wanted.base);
    let bonuses = wanted.bonuses.into_iter().map(grant).collect();
    Award { base, bonuses, ..wanted }
}

fn difference(after: &Award, before: &Award) -> Award {
    let before_bonuses = before.bonuses.iter().copied().chain(std::iter::repeat(0));
    Award {
        base: after.base - before.base,
        bonuses: after.bonuses.iter().zip(before_bonuses).map(|(after, before)| after - before).collect(),
        credit: after.credit - before.credit,
        at_till: after.at_till - before.at_till,
        merchant_share: after.merchant_share - before.merchant_share,
        turnover: after.turnover - before.turnover,
    }
}

fn add_to_balance(balance: &mut Balance, purchase: &Purchase<'_>) {
    let (granted, pending) = (&purchase.granted, &purchase.pending);
    balance.miles += granted.miles();
    balance.pending_miles += (pending.miles() - granted.miles()).max(0);
    balance.credit += granted.credit;
    balance.pending_credit += (pending.credit - granted.credit).max(0);
    balance.at_till += granted.at_till;
    balance.pending_at_till += (pending.at_till - granted.at_till).max(0);
}

/// An offer at the till must be the agreed one, and there is none as long as the final amount is not known
/// (DE25 06).
fn disagreement(
    program: &AgreedProgram,
    facts: &Facts,
    counted: &Counted<'_>,
    standing: &Standing,
) -> Option<String> {
    let asked = counted.message;
    let answered = counted.answer.amount.filter(|&answered| answered != asked.amount)?;
    let offer = standing.offer.filter(|_| asked.kind() == Kind::Request && answered < asked.amount);
    let given = offer.map(|offer| offer.discount);
    let agreed = facts.discount(program).filter(|agreed| agreed.mode == DiscountMode::AtTill);
    let agreed = agreed.filter(|_| asked.condition.as_deref() != Some("06"));
    let due = agreed.zip(offer).map(|(agreed, offer)| discount_of(agreed, offer.net + offer.discount));
    let original_is_told = counted.answer.original_amount.is_none_or(|original| original == asked.amount);
    if given.is_some() && given == due && original_is_told {
        return None;
    }
    let AuditedMessage { mti, stan, card, amount, .. } = asked;
    Some(format!(
        "{mti} {stan} of card {card} asked for {amount} and was answered {answered}: not what was agreed"
    ))
}

/// Sums over all movements.
pub(super) fn totals(movements: &[Movement<'_>]) -> Totals {
    let sum = |part: fn(&Award) -> i128| movements.iter().map(|movement| part(&movement.moved)).sum();
    Totals {
        base: sum(|moved| moved.base),
        bonus: sum(|moved| moved.bonuses.iter().sum()),
        discount: sum(|moved| moved.credit + moved.at_till),
        turnover: sum(|moved| moved.turnover),
    }
}
