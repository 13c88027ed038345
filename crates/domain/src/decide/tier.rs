//! Tiers: a purchase may lift a member to one, a review may take it.

use super::{answered, nothing};
use crate::{
    AccountState, Event, Explanation, Gate, LoyaltyResult, OutboxEntry, Outcome, Phase, Program, Reply,
    ReplyCode, Standing, TierRules, tiers::qualifying_of,
};

/// Counts the units that an outcome has moved, by the year of each purchase, and lifts the member if they suffice.
pub(super) fn advance(
    event: &Event,
    current: &Program,
    gate: &Gate,
    account: &AccountState,
    mut outcome: Outcome,
) -> Outcome {
    let before = account.standing;
    let (mut after, mut risen_in) = (before, 0);
    for purchase in &outcome.purchases {
        let of_purchase = outcome
            .transfers
            .iter()
            .filter(|transfer| transfer.phase == Phase::Posted && transfer.purchase == purchase.key)
            .map(|transfer| (transfer.item.clone(), transfer.signed_for_member()))
            .collect::<Vec<_>>();
        let units = qualifying_of(of_purchase.iter());
        let year = purchase.date.year();
        // A date far ahead is an error of its sender; it must not close the years in between.
        if units != 0 && year <= gate.business_date.year().saturating_add(1) {
            after = after.with_units(year, units);
            // Units that were earned before the program had tiers no more, or not yet, lift nobody.
            if let (Some(rules), true) = (&current.tiers, units > 0) {
                let risen = after.risen(rules, year);
                risen_in = if risen.rank > after.rank { year } else { risen_in };
                after = risen;
            }
        }
    }
    if after == before {
        return outcome;
    }
    let Some(member) = event.member else { return outcome };
    if let (Some(rules), true) = (&current.tiers, after.rank > before.rank) {
        let tier = rules.of_rank(after.rank);
        let values = vec![
            ("tier", name(rules, after)),
            ("tier_before", name(rules, before)),
            ("year", risen_in.to_string()),
            ("qualifying_units", after.units_of(risen_in).to_string()),
            ("units_from", tier.map_or(0, |tier| tier.units_from).to_string()),
            ("until", until(after)),
        ];
        outcome.explanation.applied("tiers", "tier_reached", values);
        announce(&mut outcome, event, account.seq, rules, before, after);
    }
    outcome.standing = Some((member.account, after));
    outcome
}

/// The review of a member's tier on the day of the event.
pub(super) fn review(event: &Event, current: &Program, account: &AccountState) -> Outcome {
    let before = account.standing;
    let day = event.local.date();
    let (Some(rules), Some(member)) = (&current.tiers, event.member) else {
        return nothing(event, "no_tier_to_review");
    };
    if before.rank == 0 || before.review_on.is_none_or(|review_on| review_on > day) {
        return nothing(event, "no_tier_to_review");
    }
    let after = before.reviewed(rules, day);
    let reason = if after.rank < before.rank { "tier_lost" } else { "tier_kept" };
    let reply =
        Reply { code: ReplyCode::Taken, till: None, result: LoyaltyResult::none(reason), miles: None };
    let mut outcome = answered(event, reply);
    let year = day.year() - 1;
    let mut explanation = Explanation::default();
    explanation.applied(
        "tiers",
        reason,
        vec![
            ("tier", name(rules, after)),
            ("tier_before", name(rules, before)),
            ("year", year.to_string()),
            ("qualifying_units", before.units_of(year).to_string()),
            ("until", until(after)),
        ],
    );
    outcome.explanation = explanation;
    if after.rank != before.rank {
        announce(&mut outcome, event, account.seq, rules, before, after);
    }
    outcome.standing = Some((member.account, after));
    outcome
}

fn name(rules: &TierRules, standing: Standing) -> String {
    rules.of_rank(standing.rank).map_or_else(|| "none".to_owned(), |tier| tier.id.clone())
}

fn until(standing: Standing) -> String {
    standing.review_on.map(|day| day.to_string()).unwrap_or_default()
}

fn announce(
    outcome: &mut Outcome,
    event: &Event,
    seq: i64,
    rules: &TierRules,
    before: Standing,
    after: Standing,
) {
    let Some(member) = event.member else { return };
    let place = i64::try_from(outcome.outbox.len()).unwrap_or(i64::MAX);
    outcome.outbox.push(OutboxEntry {
        account: member.account,
        account_seq: seq.saturating_add(1).saturating_add(place),
        topic: "member.tier_changed",
        facts: vec![
            ("message", outcome.key.to_string()),
            ("tier", name(rules, after)),
            ("tier_before", name(rules, before)),
            ("until", until(after)),
            ("date", event.local.date().to_string()),
            ("at", event.received_at.to_string()),
        ],
    });
}
