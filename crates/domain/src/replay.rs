//! Deciding again what was decided before, in memory: from the first message on, in the same order.
//!
//! Everything that a decision looked at is either in the message, or has come from the decisions before it, or was the
//! state of the world: which version new purchases followed, how the bank cleared, whose merchant it was. The last is
//! kept with each message ([`Recorded`]), so that no configuration of today decides about yesterday.

mod back_test;
mod findings;

use std::collections::BTreeMap;

use jiff::civil::Date;

pub use back_test::{BackTest, Candidate};
pub use findings::{AccountChange, Change, Difference, Findings, Moved, RuleChange};

use crate::{
    AccountId, AccountState, BankRules, Birthday, Bucket, BudgetKey, BudgetLeft, ClearingSource, CouponCode,
    CouponKey, Event, Gate, Keys, MerchantMap, Outcome, PartnerId, PinnedRate, Program, RateTable, Rules,
    RulesHash, WorkingSet, decide, needs, needs_more,
};

/// A message as it was decided, with the state of the world then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The event. Its content is empty: no repeat is stored, so none is compared.
    pub event: Event,
    /// The open cycle of the member's program and the version that new purchases followed; `None` without a member.
    pub gate: Option<Gate>,
    /// How the bank cleared; `None` if nothing was agreed.
    pub clearing_source: Option<ClearingSource>,
    /// The partner of its purchase, as the merchant map said.
    pub partner: Option<PartnerId>,
    /// The rate by which it was converted, if it was.
    pub rate: Option<PinnedRate>,
    /// Whether the card or its account was blocked.
    pub blocked: bool,
    /// The last day on which purchases counted, if the account was closed.
    pub closed_on: Option<Date>,
    /// The code that was shown, as it was given out; its uses come from the decisions before.
    pub coupon: Option<CouponCode>,
    /// The member's birthday, if a version asked for it; see [`asks_birthday`].
    pub birthday: Option<Birthday>,
}

/// The state of one run through what was recorded.
#[derive(Debug, Clone, Default)]
pub struct Replay {
    state: WorkingSet,
    /// The birthdays of today, for versions that ask where nothing was kept, since none asked then.
    birthdays: BTreeMap<(Bucket, AccountId), Birthday>,
    /// What was taken of budgets: amount and uses.
    used: BTreeMap<BudgetKey, (i64, i64)>,
}

impl Replay {
    /// Before the first message of these accounts.
    pub fn new(accounts: &BTreeMap<(Bucket, AccountId), AccountState>) -> Self {
        let states = accounts
            .iter()
            .map(|(key, account)| (*key, AccountState { seq: 0, active_on: None, ..*account }));
        let birthdays = accounts.iter().filter_map(|(key, account)| Some((*key, account.birthday?)));
        Self {
            birthdays: birthdays.collect(),
            state: WorkingSet { accounts: states.collect(), ..WorkingSet::default() },
            used: BTreeMap::new(),
        }
    }

    /// Decides the next message; a purchase that it opens follows `current`. `rules` has every version, and is given
    /// the world of this message.
    pub fn decide(&mut self, recorded: &Recorded, current: Option<RulesHash>, rules: &mut Rules) -> Outcome {
        let event = &recorded.event;
        set_world(rules, recorded);
        if let (Some(member), Some(gate), Some(current)) = (event.member, recorded.gate, current) {
            self.state.gates.insert(member.program, Gate { rules: current, ..gate });
        }
        let member = event.member.map(|member| (event.bucket, member.account));
        let kept = recorded.gate.is_some_and(|gate| asks_birthday(event, gate.rules, rules));
        let today = member.and_then(|key| self.birthdays.get(&key)).copied();
        if let Some(account) = member.and_then(|key| self.state.accounts.get_mut(&key)) {
            (account.blocked, account.closed_on) = (recorded.blocked, recorded.closed_on);
            account.birthday = if kept { recorded.birthday } else { today };
        }
        self.load(event, rules);
        self.give_out(recorded);
        let outcome = decide(&self.state, event, rules);
        self.state.apply(event, &outcome);
        for taken in &outcome.budgeted {
            let (amount, uses) = self.used.entry(taken.key.clone()).or_default();
            (*amount, *uses) = (amount.saturating_add(taken.amount), uses.saturating_add(taken.uses));
        }
        // A message is stored once, so nothing is a repeat.
        self.state.seen.clear();
        outcome
    }

    /// The code that a message shows is known from then on, with the uses that decisions have made of it.
    fn give_out(&mut self, recorded: &Recorded) {
        let (event, Some(code)) = (&recorded.event, &recorded.coupon) else { return };
        let (Some(member), Some(coupon)) = (event.member, event.asked.coupon) else { return };
        let key = CouponKey { program: member.program, coupon };
        let uses = self.state.coupons.get(&key).map_or(0, |code| code.uses);
        self.state.coupons.insert(key, CouponCode { uses, ..code.clone() });
    }

    /// All rows are here: what the event asks for counts as read.
    fn load(&mut self, event: &Event, rules: &Rules) {
        let mut keys = needs(event, rules);
        keys.merge(needs_more(event, &self.state, rules));
        for key in &keys.budgets {
            let mut left = BudgetLeft::of(key, &self.state.gates, rules).unwrap_or_default();
            let (amount, uses) = self.used.get(key).copied().unwrap_or_default();
            left.take(amount, uses);
            self.state.budgets.insert(key.clone(), left);
        }
        // Those of earlier decisions stay known. They are many, so the few new ones go to them.
        let mut purchases = std::mem::take(&mut self.state.loaded.purchases);
        purchases.extend(std::mem::take(&mut keys.purchases));
        let mut redemptions = std::mem::take(&mut self.state.loaded.redemptions);
        redemptions.extend(std::mem::take(&mut keys.redemptions));
        self.state.loaded = Keys { purchases, redemptions, ..keys };
    }

    /// The state after the last message.
    pub fn state(&self) -> &WorkingSet {
        &self.state
    }
}

fn set_world(rules: &mut Rules, recorded: &Recorded) {
    rules.merchants = MerchantMap::attributing(recorded.partner);
    match recorded.clearing_source {
        Some(clearing_source) => rules.banks.insert(recorded.event.bank, BankRules { clearing_source }),
        None => rules.banks.remove(&recorded.event.bank),
    };
    rules.rates.clear();
    let current = recorded.gate.and_then(|gate| rules.programs.get(&gate.rules));
    if let (Some(pinned), Some(program)) = (&recorded.rate, current) {
        let mut table = RateTable::new(pinned.version);
        table.add(pinned.currency, program.currency, pinned.date, pinned.rate);
        rules.rates.insert(pinned.table.clone(), table);
    }
}

/// Whether deciding an event looked at the member's birthday: the version that new purchases followed asks for it, or
/// the one that the event itself names. Only then it is kept with the message.
pub fn asks_birthday(event: &Event, current: RulesHash, rules: &Rules) -> bool {
    let versions = [Some(current), event.kind.version_asked()];
    let mut programs = versions.into_iter().flatten().filter_map(|version| rules.programs.get(&version));
    programs.any(Program::asks_birthday)
}

/// Whether what an account gets depends on what others got, so that all accounts must be replayed in one order.
pub fn binds_accounts_together(program: &Program) -> bool {
    // Every field is named: whoever adds one says here what it does.
    let Program {
        id: _,
        code: _,
        hash: _,
        bank: _,
        cobrand_partner: _,
        currency: _,
        base: _,
        // Their budgets do; limits count for one account.
        bonuses: _,
        discounts: _,
        stacking: _,
        // They count for one account.
        caps: _,
        holds: _,
        excluded_mcc: _,
        tiers: _,
        fx: _,
        // They say what becomes of an account's own miles; those that are sent to another one arrive by an event.
        miles: _,
        redemption: _,
        // Several members may show one code.
        coupon_campaigns,
    } = program;
    !coupon_campaigns.is_empty() || program.limited().any(|rule| rule.budget.is_some())
}
