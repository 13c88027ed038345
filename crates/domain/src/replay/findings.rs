//! What a back-test has found: sums that can be added up in any order, and the few that stand for the many.

use std::{cmp::Reverse, collections::BTreeMap};

use jiff::civil::Date;

use crate::{AccountId, Bucket, Funder, Item, MessageKey, PartnerId, Transfer};

/// Differences from the books that are kept; the others are counted.
pub(super) const DIFFERENCES_MAX: usize = 20;
/// Accounts that are kept.
pub(super) const ACCOUNTS_MAX: usize = 10;

/// A message that, decided again by its own rules, gives something else than the ledger holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The account; `None` if the message is of no member.
    pub account: Option<AccountId>,
    /// Why it could not be decided, if that is so.
    pub undecided: Option<String>,
    /// The first movement of the ledger that was not made again.
    pub ledger: Option<Box<Transfer>>,
    /// The first movement that is not in the ledger, or differs.
    pub again: Option<Box<Transfer>>,
}

/// Miles and money that the candidate gives more, or takes (below zero).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Change {
    /// Miles.
    pub miles: i64,
    /// Discounts, in minor units of the program's currency.
    pub discount_minor: i64,
}

impl Change {
    /// Adds another one.
    pub fn add(&mut self, other: Self) {
        self.miles = self.miles.saturating_add(other.miles);
        self.discount_minor = self.discount_minor.saturating_add(other.discount_minor);
    }

    /// Whether nothing changes.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// What a movement of an item comes to. Turnover is a memorandum.
    pub fn of(item: &Item, amount: i64) -> Self {
        match item {
            item if item.is_granted() => Self { miles: amount, discount_minor: 0 },
            Item::Discount { .. } => Self { miles: 0, discount_minor: amount },
            // Turnover and units are memoranda; what becomes of miles later is not what rules give.
            _ => Self::default(),
        }
    }
}

/// What changes for an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountChange {
    /// Where it lies.
    pub bucket: Bucket,
    /// The account.
    pub account: AccountId,
    /// Its purchases that change.
    pub purchases: u64,
    /// What it is given.
    pub change: Change,
}

/// What a rule gives to the purchases that change: before, and under the candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RuleChange {
    /// How many of them it applies to.
    pub purchases: [u64; 2],
    /// What it gives them.
    pub gives: [Change; 2],
}

/// Posted movements by business date and item, the candidate's less the booked ones.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Moved(pub BTreeMap<(Date, Item), i64>);

impl Moved {
    pub(super) fn add(&mut self, date: Date, item: &Item, amount: i64) {
        let sum = self.0.entry((date, item.clone())).or_default();
        *sum = sum.saturating_add(amount);
    }

    /// What the members are given by each funder.
    pub fn by_funder(&self) -> BTreeMap<Funder, Change> {
        let mut sums: BTreeMap<Funder, Change> = BTreeMap::new();
        for ((_, item), amount) in &self.0 {
            let funder = match item {
                Item::Base => Funder::Bank,
                Item::Bonus { funder, .. } | Item::Discount { funder, .. } => *funder,
                // What becomes of miles after they were granted is not what rules give.
                _ => continue,
            };
            sums.entry(funder).or_default().add(Change::of(item, *amount));
        }
        sums
    }

    /// What the members are given in all.
    pub fn total(&self) -> Change {
        let mut total = Change::default();
        self.0.iter().for_each(|((_, item), amount)| total.add(Change::of(item, *amount)));
        total
    }
}

/// What a back-test has found in some of the accounts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Findings {
    /// Messages that were decided again.
    pub messages: u64,
    /// Movements of the ledger that they were compared with.
    pub transfers: u64,
    /// Messages that gave something else than the ledger holds.
    pub differing: u64,
    /// The first of them, by bucket and message.
    pub differences: BTreeMap<(Bucket, MessageKey), Difference>,
    /// Purchases that followed the candidate.
    pub purchases: u64,
    /// Purchases that change, by what is booked or pending.
    pub changed: u64,
    /// Authorizations that would have been answered with another offer at the till.
    pub offers_changed: u64,
    /// Messages that the candidate could not decide.
    pub undecided: u64,
    /// What moves otherwise.
    pub moved: Moved,
    /// The same by the merchant partner of the purchase; `None`: at no partner.
    pub partners: BTreeMap<Option<PartnerId>, Change>,
    /// The same by rule.
    pub rules: BTreeMap<String, RuleChange>,
    /// The accounts that change most: by miles, then by discounts.
    pub accounts: Vec<AccountChange>,
}

impl Findings {
    /// Adds those of other accounts. The result is the same in any order.
    pub fn merge(&mut self, other: Self) {
        self.messages += other.messages;
        self.transfers += other.transfers;
        self.differing += other.differing;
        self.differences.extend(other.differences);
        self.purchases += other.purchases;
        self.changed += other.changed;
        self.offers_changed += other.offers_changed;
        self.undecided += other.undecided;
        for ((date, item), amount) in &other.moved.0 {
            self.moved.add(*date, item, *amount);
        }
        for (partner, change) in other.partners {
            self.partners.entry(partner).or_default().add(change);
        }
        for (rule, change) in other.rules {
            self.rules.entry(rule).or_default().add(&change);
        }
        self.accounts.extend(other.accounts);
        self.keep_the_first();
    }

    /// A difference from the books.
    pub(super) fn differs(&mut self, bucket: Bucket, message: MessageKey, difference: Difference) {
        self.differing += 1;
        self.differences.insert((bucket, message), difference);
        self.keep_the_first();
    }

    fn keep_the_first(&mut self) {
        while self.differences.len() > DIFFERENCES_MAX {
            self.differences.pop_last();
        }
        self.accounts.sort_by_key(|one| {
            let Change { miles, discount_minor } = one.change;
            let most = (miles.unsigned_abs(), discount_minor.unsigned_abs(), one.purchases);
            (Reverse(most), one.bucket, one.account)
        });
        self.accounts.truncate(ACCOUNTS_MAX);
        self.moved.0.retain(|_, amount| *amount != 0);
        self.partners.retain(|_, change| !change.is_none());
    }
}

impl RuleChange {
    fn add(&mut self, other: &Self) {
        for (sum, more) in self.purchases.iter_mut().zip(other.purchases) {
            *sum += more;
        }
        for (sum, more) in self.gives.iter_mut().zip(other.gives) {
            sum.add(more);
        }
    }
}
