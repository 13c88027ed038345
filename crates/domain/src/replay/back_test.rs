//! Two runs in one pass: by the rules that held, which must give the ledger again, and by a candidate.

use std::collections::{BTreeMap, BTreeSet};

use super::{AccountChange, Change, Difference, Findings, Recorded, Replay};
use crate::{
    AccountId, AccountState, Bucket, Disposition, Effective, Event, Explanation, Finding, Item, MessageKey,
    Outcome, Phase, ProgramId, Purchase, Rules, RulesHash, Transfer, Verdict,
};

/// A version that purchases of a period would have followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// The program.
    pub program: ProgramId,
    /// The version.
    pub rules: RulesHash,
    /// The local dates of the purchases that follow it.
    pub period: Effective,
}

impl Candidate {
    /// Whether a purchase that begins with this message follows the candidate.
    fn covers(&self, event: &Event) -> bool {
        self.concerns(event) && self.period.contains(event.local.date())
    }

    fn concerns(&self, event: &Event) -> bool {
        event.member.is_some_and(|member| member.program == self.program)
    }
}

/// The back-test of some accounts: all messages of theirs, in the order of their decisions.
#[derive(Debug)]
pub struct BackTest {
    candidate: Candidate,
    booked: Replay,
    proposed: Replay,
    applied: BTreeMap<(Bucket, MessageKey), [Applied; 2]>,
    accounts: BTreeMap<(Bucket, AccountId), AccountChange>,
    findings: Findings,
}

/// The rules that apply to what is booked of a purchase.
type Applied = Vec<(String, Gives)>;

/// What a rule gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gives {
    /// The base miles that are booked in the end.
    Base,
    /// The bonus miles likewise: their item names the rule.
    Bonus,
    /// A discount: its item names no rule, so it is what the explanation says, in minor units.
    Discount(i64),
    /// Nothing: it only takes.
    Nothing,
}

/// The place of a run in pairs: as it was, and by the candidate.
const BOOKED: usize = 0;
const PROPOSED: usize = 1;

impl BackTest {
    /// Before the first message of these accounts.
    pub fn new(candidate: Candidate, accounts: &BTreeMap<(Bucket, AccountId), AccountState>) -> Self {
        Self {
            candidate,
            booked: Replay::new(accounts),
            proposed: Replay::new(accounts),
            applied: BTreeMap::new(),
            accounts: BTreeMap::new(),
            findings: Findings::default(),
        }
    }

    /// Decides the next message twice. `ledger` are its movements on the books, in the order of their legs.
    pub fn feed(&mut self, recorded: &Recorded, ledger: &[Transfer], rules: &mut Rules) {
        let event = &recorded.event;
        self.findings.messages += 1;
        self.findings.transfers += u64::try_from(ledger.len()).unwrap_or(u64::MAX);
        let stored = recorded.gate.map(|gate| gate.rules);
        let booked = self.booked.decide(recorded, stored, rules);
        if let Some(difference) = difference(event, &booked, ledger) {
            self.findings.differs(event.bucket, event.key, difference);
        }
        let covered = self.candidate.covers(event);
        let current = if covered { Some(self.candidate.rules) } else { stored };
        let proposed = self.proposed.decide(recorded, current, rules);
        if self.candidate.concerns(event) {
            self.findings.purchases += u64::from(covered && proposed.purchase == Some(event.key));
            self.findings.offers_changed += u64::from(booked.reply.till != proposed.reply.till);
            self.findings.undecided += u64::from(proposed.disposition != Disposition::Decided);
            self.count(recorded, &booked, BOOKED);
            self.count(recorded, &proposed, PROPOSED);
        }
    }

    /// Movements on the books of a message that is not there.
    pub fn ledger_without_message(&mut self, bucket: Bucket, message: MessageKey, ledger: &[Transfer]) {
        let first = ledger.first();
        self.findings.transfers += u64::try_from(ledger.len()).unwrap_or(u64::MAX);
        let difference = Difference {
            account: first.map(|transfer| transfer.account),
            undecided: Some("the message is not there".to_owned()),
            ledger: first.cloned().map(Box::new),
            again: None,
        };
        self.findings.differs(bucket, message, difference);
    }

    fn count(&mut self, recorded: &Recorded, outcome: &Outcome, run: usize) {
        let Some(date) = recorded.gate.map(|gate| gate.business_date) else { return };
        let bucket = outcome.bucket;
        let replay = if run == BOOKED { &self.booked } else { &self.proposed };
        for transfer in outcome.transfers.iter().filter(|transfer| transfer.phase == Phase::Posted) {
            let amount = transfer.signed_for_member() * if run == BOOKED { -1 } else { 1 };
            self.findings.moved.add(date, &transfer.item, amount);
            let change = Change::of(&transfer.item, amount);
            let purchase = replay.state().purchases.get(&(bucket, transfer.purchase));
            let partner = purchase.and_then(|purchase| purchase.partner);
            self.findings.partners.entry(partner).or_default().add(change);
            account_of(&mut self.accounts, bucket, transfer.account).change.add(change);
        }
        let own = outcome.purchases.iter().find(|purchase| Some(purchase.key) == outcome.purchase);
        if let Some(purchase) = own {
            let both = self.applied.entry((bucket, purchase.key)).or_default();
            let known = both.get_mut(run).zip(applied_to(purchase, &outcome.explanation));
            known.into_iter().for_each(|(applied, now)| *applied = now);
        }
    }

    /// What was found, once all messages have come.
    pub fn finish(mut self) -> Findings {
        let (booked, proposed) = (&self.booked.state().purchases, &self.proposed.state().purchases);
        let keys: BTreeSet<_> = booked.keys().chain(proposed.keys()).collect();
        for key in keys {
            let (one, other) = (booked.get(key), proposed.get(key));
            let both = || [one, other].into_iter().flatten();
            let ours = both().any(|purchase| purchase.program == self.candidate.program);
            let amounts = |purchase: &Purchase| (purchase.booked.clone(), purchase.pending.clone());
            if !ours || one.map(amounts) == other.map(amounts) {
                continue;
            }
            self.findings.changed += 1;
            if let Some(purchase) = both().next() {
                account_of(&mut self.accounts, key.0, purchase.account).purchases += 1;
            }
            let applied = self.applied.get(key).into_iter().flatten();
            for (run, (applied, purchase)) in applied.zip([one, other]).enumerate() {
                for (rule, gives) in applied {
                    let sum = self.findings.rules.entry(rule.clone()).or_default();
                    sum.purchases.get_mut(run).into_iter().for_each(|number| *number += 1);
                    let change = purchase.map(|purchase| gives.to(purchase, rule)).unwrap_or_default();
                    sum.gives.get_mut(run).into_iter().for_each(|sum| sum.add(change));
                }
            }
        }
        let changed = |one: &AccountChange| one.purchases > 0 || !one.change.is_none();
        self.findings.accounts = self.accounts.into_values().filter(changed).collect();
        let mut findings = Findings::default();
        findings.merge(self.findings);
        findings
    }
}

fn account_of(
    accounts: &mut BTreeMap<(Bucket, AccountId), AccountChange>,
    bucket: Bucket,
    account: AccountId,
) -> &mut AccountChange {
    accounts.entry((bucket, account)).or_insert(AccountChange {
        bucket,
        account,
        purchases: 0,
        change: Change::default(),
    })
}

/// The first thing in which an outcome is not what the ledger holds.
fn difference(event: &Event, outcome: &Outcome, ledger: &[Transfer]) -> Option<Difference> {
    let undecided = match &outcome.disposition {
        Disposition::Decided => None,
        Disposition::Undecidable { missing } => Some(missing.clone()),
        // The key of every stored message is its own.
        Disposition::Repeat | Disposition::Altered { .. } => Some("it repeats another message".to_owned()),
    };
    if undecided.is_none() && outcome.transfers == ledger {
        return None;
    }
    let same = outcome.transfers.iter().zip(ledger).take_while(|(again, booked)| again == booked).count();
    Some(Difference {
        account: event.member.map(|member| member.account),
        undecided,
        ledger: ledger.get(same).cloned().map(Box::new),
        again: outcome.transfers.get(same).cloned().map(Box::new),
    })
}

/// What tells that an explanation says what the purchase is worth, and does not only close a hold.
const AWARDED: [&str; 4] = ["base_rate", "no_base_rate_on_this_date", "mcc_excluded", "not_a_purchase"];

/// The rules that apply to what is booked of a purchase; `None` if this message does not say.
fn applied_to(purchase: &Purchase, explanation: &Explanation) -> Option<Applied> {
    if purchase.cleared_minor == 0 {
        // Nothing is booked: only an estimate is explained.
        return Some(Vec::new());
    }
    if !explanation.0.iter().any(|finding| AWARDED.contains(&finding.reason)) {
        return None;
    }
    let applied = explanation.0.iter().filter(|finding| finding.verdict == Verdict::Applied);
    Some(applied.filter_map(|finding| Some((finding.rule.clone(), gives(finding)?))).collect())
}

/// What a rule gives; `None` if the finding is not of a rule.
fn gives(finding: &Finding) -> Option<Gives> {
    Some(match finding.reason {
        "base_rate" => Gives::Base,
        "bonus" => Gives::Bonus,
        "cap_truncates" => Gives::Nothing,
        _ => {
            let (_, minor) = finding.values.iter().find(|(name, _)| *name == "discount_minor")?;
            Gives::Discount(minor.parse().ok()?)
        }
    })
}

impl Gives {
    fn to(self, purchase: &Purchase, rule: &str) -> Change {
        let miles = |of: &dyn Fn(&Item) -> bool| Change {
            miles: purchase.booked.iter().filter(|(item, _)| of(item)).map(|(_, amount)| amount).sum(),
            discount_minor: 0,
        };
        match self {
            Self::Base => miles(&|item| matches!(item, Item::Base)),
            Self::Bonus => miles(&|item| matches!(item, Item::Bonus { rule: of, .. } if of == rule)),
            Self::Discount(discount_minor) => Change { miles: 0, discount_minor },
            Self::Nothing => Change::default(),
        }
    }
}
