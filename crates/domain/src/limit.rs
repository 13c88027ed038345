//! What a rule may give at most: to one member, and to all together.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::{CounterKey, CouponRoom, Gate, LimitedRule, Program, ProgramId, Purchase, Rules};

/// The period over which a limit counts, by the local date of the purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// One day.
    Day,
    /// One calendar month.
    CalendarMonth,
    /// One calendar year.
    CalendarYear,
    /// As long as the rule has its id.
    Always,
}

impl Window {
    /// The key under which a day's use is counted, such as `2026-10`.
    pub fn period(self, date: Date) -> String {
        match self {
            Self::Day => date.to_string(),
            Self::CalendarMonth => format!("{:04}-{:02}", date.year(), date.month()),
            Self::CalendarYear => format!("{:04}", date.year()),
            Self::Always => "always".to_owned(),
        }
    }

    /// The window of which [`Self::period`] made a key.
    pub fn of_period(period: &str) -> Self {
        match period.len() {
            10 => Self::Day,
            7 => Self::CalendarMonth,
            4 => Self::CalendarYear,
            _ => Self::Always,
        }
    }
}

/// The most that a rule gives in a window; a part that is absent is unlimited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// In minor units, or in miles for a bonus.
    pub most: Option<u64>,
    /// How many purchases.
    pub uses: Option<u64>,
    /// The window.
    pub window: Window,
}

/// Under which a campaign's budget is counted, for all accounts together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BudgetKey {
    /// The program.
    pub program: ProgramId,
    /// The rule's id.
    pub rule: String,
    /// The period.
    pub period: String,
}

/// What is left of a budget; a part that is absent is unlimited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BudgetLeft {
    /// In minor units, or in miles.
    pub amount: Option<i64>,
    /// How many purchases.
    pub uses: Option<i64>,
}

impl BudgetLeft {
    /// The whole of a budget.
    pub fn whole(budget: &Limit) -> Self {
        let signed = |number: Option<u64>| number.map(|number| i64::try_from(number).unwrap_or(i64::MAX));
        Self { amount: signed(budget.most), uses: signed(budget.uses) }
    }

    /// The whole of the budget behind a key, by the version in force; of a rule that it has no more, by any that has it.
    pub fn of(key: &BudgetKey, gates: &BTreeMap<ProgramId, Gate>, rules: &Rules) -> Option<Self> {
        let in_force = gates.get(&key.program).and_then(|gate| rules.programs.get(&gate.rules));
        let versions = rules.programs.values().filter(|program| program.id == key.program);
        let budgets = in_force.into_iter().chain(versions).flat_map(Program::limited);
        let window = Window::of_period(&key.period);
        let mut budgets = budgets.filter(|rule| rule.id == key.rule).filter_map(|rule| rule.budget);
        budgets.find(|budget| budget.window == window).map(Self::whole)
    }

    /// Takes off what is claimed; less than nothing gives it back.
    pub fn take(&mut self, amount: i64, uses: i64) {
        self.amount = self.amount.map(|left| left.saturating_sub(amount));
        self.uses = self.uses.map(|left| left.saturating_sub(uses));
    }
}

/// The counter of what a rule gave to one member.
pub(crate) fn amount_counter(rule: &str) -> String {
    format!("amount:{rule}")
}

/// The counter of how many purchases of one member a rule gave something to.
pub(crate) fn uses_counter(rule: &str) -> String {
    format!("uses:{rule}")
}

/// The key of a counter of a purchase's account.
pub(crate) fn counter(
    purchase: &Purchase,
    bucket: crate::Bucket,
    rule: String,
    period: String,
) -> CounterKey {
    CounterKey { bucket, account: purchase.account, program: purchase.program, rule, period }
}

/// What is left for one rule, seen from one purchase.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Room {
    /// What the rule gave to other purchases of the member in the window.
    pub amount_elsewhere: i64,
    /// To how many other purchases.
    pub uses_elsewhere: i64,
    /// What this purchase has of the limit: room that is lost elsewhere never takes it back.
    pub here: i64,
    /// What this purchase has of the budget.
    pub budget_here: i64,
    /// What is left of the campaign's budget beside that; `None` is the whole.
    pub budget: Option<BudgetLeft>,
}

/// What rules with limits have left for a purchase, and what they offered it at the till.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rooms {
    /// By the rule's id; a rule that is absent gave nothing so far.
    pub rules: BTreeMap<String, Room>,
    /// What each rule offered at the till, in minor units, if that was kept.
    pub offered: Vec<(String, u64)>,
    /// The coupon that it shows.
    pub coupon: Option<CouponRoom>,
}

/// What a limit counts beside purchases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitUnit {
    /// Minor units of the program's currency.
    Minor,
    /// Miles.
    Miles,
}

impl LimitUnit {
    fn limit_max(self) -> &'static str {
        if self == Self::Miles { "limit_miles" } else { "limit_minor" }
    }

    fn used_elsewhere(self) -> &'static str {
        if self == Self::Miles { "used_elsewhere_miles" } else { "used_elsewhere_minor" }
    }

    fn budget_left(self) -> &'static str {
        if self == Self::Miles { "budget_left_miles" } else { "budget_left_minor" }
    }
}

/// What a rule may give of what it would give.
pub(crate) struct Bound {
    pub(crate) allowed: i64,
    unit: LimitUnit,
    /// What was looked at, for the explanation.
    pub(crate) values: Vec<(&'static str, String)>,
    /// Why nothing is given.
    pub(crate) refused: Option<&'static str>,
    /// Whether the budget gave less than was asked of it.
    pub(crate) short: bool,
}

impl Rooms {
    /// How much of `asked` the rule's limit and budget allow. The limit comes first: what it does not allow is not
    /// asked of the budget.
    pub(crate) fn bound(&self, rule: LimitedRule<'_>, asked: i64) -> Bound {
        let LimitedRule { limit, budget, unit, .. } = rule;
        let mut bound = Bound { allowed: asked, unit, values: vec![], refused: None, short: false };
        let room = self.rules.get(rule.id).cloned().unwrap_or_default();
        if let Some(limit) = limit {
            bound.within_limit(limit, &room);
        }
        if let Some(budget) = budget.filter(|_| bound.allowed > 0) {
            bound.within_budget(&room.budget.unwrap_or(BudgetLeft::whole(budget)), &room);
        }
        bound
    }
}

impl Bound {
    fn within_limit(&mut self, limit: &Limit, room: &Room) {
        if let Some(uses) = limit.uses {
            self.values.push(("uses_max", uses.to_string()));
            self.values.push(("uses_elsewhere", room.uses_elsewhere.to_string()));
            let left = i64::try_from(uses).unwrap_or(i64::MAX).saturating_sub(room.uses_elsewhere);
            if left <= 0 && room.here == 0 {
                self.refuse("limit_reached");
            }
        }
        if let Some(most) = limit.most {
            let most = i64::try_from(most).unwrap_or(i64::MAX);
            self.values.push((self.unit.limit_max(), most.to_string()));
            self.values.push((self.unit.used_elsewhere(), room.amount_elsewhere.to_string()));
            self.allow(most.saturating_sub(room.amount_elsewhere).max(room.here), "limit_reached");
        }
    }

    fn within_budget(&mut self, left: &BudgetLeft, room: &Room) {
        let asked = self.allowed;
        if left.uses.is_some_and(|uses| uses <= 0) && room.budget_here == 0 {
            self.values.push(("budget_uses_left", "0".to_owned()));
            self.refuse("budget_used_up");
        }
        if let Some(amount) = left.amount {
            let amount = amount.max(0).saturating_add(room.budget_here);
            if amount < asked {
                self.values.push((self.unit.budget_left(), amount.to_string()));
            }
            self.allow(amount, "budget_used_up");
        }
        self.short = self.allowed < asked;
    }

    fn allow(&mut self, most: i64, or: &'static str) {
        let asked = self.allowed;
        self.allowed = asked.min(most.max(0));
        if self.allowed == 0 && asked > 0 {
            self.refuse(or);
        }
    }

    fn refuse(&mut self, reason: &'static str) {
        self.refused.get_or_insert(reason);
        self.allowed = 0;
    }
}
