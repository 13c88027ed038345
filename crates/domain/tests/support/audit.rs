//! A second opinion on the ledger: everything that is kept as a sum is summed up again from the transfers.

use std::collections::BTreeMap;

use domain::{
    AccountId, Amounts, BudgetKey, BudgetLeft, CouponCampaign, CouponKey, DiscountMode, Funder, Item,
    LedgerAccount, Limit, MessageKey, Phase, Purchase, Purpose, Ratio, RedemptionState, Rounding, Rules,
    Transfer, Unit, WRONG_COUPONS_MAX,
};

use super::{shell::Store, world};

/// The balance of each account in each unit and phase; zeros are left out.
pub(crate) type Positions = BTreeMap<(LedgerAccount, Unit, Phase), i64>;

pub(crate) fn positions<'a>(transfers: impl IntoIterator<Item = &'a Transfer>) -> Positions {
    let mut positions = Positions::new();
    for transfer in transfers {
        let amount = i64::try_from(transfer.amount).unwrap();
        *positions.entry((transfer.credit, transfer.unit, transfer.phase)).or_default() += amount;
        *positions.entry((transfer.debit, transfer.unit, transfer.phase)).or_default() -= amount;
    }
    positions.retain(|_, amount| *amount != 0);
    positions
}

/// Checks every sum that the store keeps; `rules` give the shares of discounts.
pub(crate) fn audit(store: &Store, rules: &Rules) {
    let mut by_purchase: BTreeMap<(MessageKey, Phase), Amounts> = BTreeMap::new();
    let mut by_period: BTreeMap<(AccountId, String), i64> = BTreeMap::new();
    for transfer in store.transfers.values() {
        assert!(transfer.amount > 0 && transfer.debit != transfer.credit, "{transfer:?}");
        assert!(is_member(transfer.debit) != is_member(transfer.credit), "{transfer:?}");
        let purchase = &store.purchases[&(super::world::bucket(), transfer.purchase)];
        assert_eq!((transfer.account, transfer.program), (purchase.account, purchase.program));
        if transfer.item.is_miles() && !transfer.item.is_granted() {
            continue;
        }
        let amounts = by_purchase.entry((transfer.purchase, transfer.phase)).or_default();
        let sum = amounts.amount(&transfer.item) + transfer.signed_for_member();
        // In every prefix of a life: nothing is clawed back that was not granted.
        amounts.set(transfer.item.clone(), sum);
        if transfer.phase == Phase::Posted && transfer.item.is_granted() {
            *by_period.entry((purchase.account, purchase.cap_period())).or_default() +=
                transfer.signed_for_member();
        }
    }
    for ((_, key), purchase) in &store.purchases {
        let of = |phase| by_purchase.get(&(*key, phase)).cloned().unwrap_or_default();
        let (granted, _) = split(&purchase.booked);
        assert_eq!(of(Phase::Posted), granted, "posted of {key}");
        assert_eq!(of(Phase::Pending), purchase.pending, "pending of {key}");
        for amounts in [&purchase.booked, &purchase.pending] {
            assert!(amounts.iter().all(|(_, amount)| amount > 0), "claw-back above accrual: {amounts:?}");
        }
        shares_add_up(purchase, rules);
    }
    standings_add_up(store);
    claims_add_up(store, rules);
    coupons_add_up(store, rules);
    lots_add_up(store, rules);
    redemptions_add_up(store);
    for (key, counted) in store.counters.iter().filter(|(key, _)| key.rule == domain::MILES_GRANTED) {
        let summed = by_period.remove(&(key.account, key.period.clone())).unwrap_or(0);
        assert_eq!(summed, *counted, "{key:?}");
        let caps = rules.programs.values().filter(|program| program.id == key.program);
        for cap in caps.flat_map(|program| &program.caps) {
            assert!(*counted >= 0 && counted.unsigned_abs() <= cap.miles_max, "cap: {key:?} {counted}");
        }
    }
    assert!(by_period.values().all(|miles| *miles == 0), "miles without a counter: {by_period:?}");
    let mut balance: BTreeMap<(Unit, Phase), i64> = BTreeMap::new();
    for ((_, unit, phase), amount) in positions(store.transfers.values()) {
        *balance.entry((unit, phase)).or_default() += amount;
    }
    assert!(balance.values().all(|amount| *amount == 0), "out of balance: {balance:?}");
}

/// The units of the two years that a standing holds are those of its purchases.
fn standings_add_up(store: &Store) {
    for ((_, account), state) in &store.accounts {
        let standing = state.standing;
        let of_year = |year: i16| -> i64 {
            let purchases = store.purchases.values().filter(|purchase| purchase.account == *account);
            let of_year = purchases.filter(|purchase| purchase.date.year() == year);
            of_year.map(|purchase| purchase.booked.amount(&Item::Qualifying)).sum()
        };
        if standing.year != 0 {
            assert_eq!(standing.units, of_year(standing.year), "{account:?}");
            assert_eq!(standing.units_before, of_year(standing.year - 1), "{account:?}");
        }
    }
}

/// What purchases have of rules with limits is what is counted, and never more than the limit: the highest, where
/// purchases follow different versions, and of budgets the one of the version in force.
fn claims_add_up(store: &Store, rules: &Rules) {
    let mut counted: BTreeMap<(Option<AccountId>, String, String), (i64, i64)> = BTreeMap::new();
    let mut highest: BTreeMap<(Option<AccountId>, String, String), (i64, i64)> = BTreeMap::new();
    for purchase in store.purchases.values() {
        let program = &rules.programs[&purchase.rules];
        for (id, claim) in purchase.claims.iter() {
            let offered_by = purchase.till_under.map(|under| &rules.programs[&under.rules]);
            let offers =
                offered_by.into_iter().flat_map(|program| program.limited()).filter(|rule| rule.at_till);
            let rule = offers.chain(program.limited()).find(|rule| rule.id == id).unwrap();
            assert!(claim.posted >= 0 && claim.held >= 0, "{claim:?}");
            let mut add = |account, limit: Option<&Limit>| {
                let Some(limit) = limit else { return };
                let key = (account, id.to_owned(), limit.window.period(purchase.date));
                let (amount, uses) = counted.entry(key.clone()).or_default();
                (*amount, *uses) = (*amount + claim.total(), *uses + claim.uses());
                let bound = |most: Option<u64>| most.map_or(i64::MAX, |most| i64::try_from(most).unwrap());
                let (most, most_uses) = highest.entry(key).or_default();
                (*most, *most_uses) = ((*most).max(bound(limit.most)), (*most_uses).max(bound(limit.uses)));
            };
            add(Some(purchase.account), rule.limit);
            add(None, rule.budget);
        }
    }
    for (key, (amount, uses)) in &counted {
        let (most, most_uses) = match key {
            (Some(_), ..) => highest[key],
            (None, rule, period) => {
                let (rule, period) = (rule.clone(), period.clone());
                let budget = BudgetKey { program: world::PROGRAM, rule, period };
                let whole = BudgetLeft::of(&budget, &store.gates, rules).unwrap();
                (whole.amount.unwrap_or(i64::MAX), whole.uses.unwrap_or(i64::MAX))
            }
        };
        assert!(*amount <= most && *uses <= most_uses, "{key:?}: {amount} in {uses} uses");
    }
    let of_rules = store
        .counters
        .iter()
        .filter(|(key, _)| key.rule != domain::MILES_GRANTED && !key.rule.starts_with("coupon"));
    for (key, value) in of_rules {
        let (kind, id) = key.rule.split_once(':').unwrap();
        let of_rule = counted.get(&(Some(key.account), id.to_owned(), key.period.clone()));
        let (amount, uses) = of_rule.copied().unwrap_or_default();
        assert_eq!(*value, if kind == "uses" { uses } else { amount }, "{key:?}");
    }
    for (key, taken) in &store.budgets {
        let of_rule = counted.get(&(None, key.rule.clone(), key.period.clone()));
        assert_eq!(*taken, of_rule.copied().unwrap_or_default(), "{key:?}");
    }
}

/// The uses of each code are the purchases that have it, never more than the campaign allows: the most, where purchases
/// follow different versions. So are those of a member, and nothing is wrong more often than it may be.
fn coupons_add_up(store: &Store, rules: &Rules) {
    let mut uses: BTreeMap<CouponKey, i64> = BTreeMap::new();
    let mut by_member: BTreeMap<(AccountId, String), i64> = BTreeMap::new();
    for purchase in store.purchases.values() {
        let Some(coupon) = purchase.coupon.as_ref().filter(|coupon| coupon.counts()) else { continue };
        *uses.entry(CouponKey { program: purchase.program, coupon: coupon.id }).or_default() += 1;
        *by_member.entry((purchase.account, format!("coupon:{}", coupon.campaign))).or_default() += 1;
    }
    let most = |id: &str, of: &dyn Fn(&CouponCampaign) -> Option<u64>| {
        let campaigns = rules.programs.values().flat_map(|program| &program.coupon_campaigns);
        let most =
            campaigns.filter(|campaign| campaign.id == id).map(|campaign| of(campaign).unwrap_or(u64::MAX));
        most.max().unwrap_or(0)
    };
    for (key, code) in &store.coupons {
        assert_eq!(code.uses, uses.remove(key).unwrap_or(0), "{key:?} {code:?}");
        let most = most(&code.campaign, &|campaign| Some(campaign.uses_max));
        assert!(code.uses == 0 || code.uses.unsigned_abs() <= most, "{key:?} {code:?}");
    }
    assert!(uses.is_empty(), "uses of codes that nobody gave out: {uses:?}");
    for (key, value) in store.counters.iter().filter(|(key, _)| key.rule.starts_with("coupon")) {
        let Some((_, campaign)) = key.rule.split_once(':').filter(|(kind, _)| *kind == "coupon") else {
            assert!((0..=WRONG_COUPONS_MAX).contains(value), "{key:?} {value}");
            continue;
        };
        assert_eq!(*value, by_member.remove(&(key.account, key.rule.clone())).unwrap_or(0), "{key:?}");
        assert!(value.unsigned_abs() <= most(campaign, &|campaign| campaign.uses_max_per_member), "{key:?}");
    }
    assert!(by_member.is_empty(), "coupons of members that are not counted: {by_member:?}");
}

/// What rules grant, and what staff or another account gave.
fn split(booked: &Amounts) -> (Amounts, Amounts) {
    let (mut granted, mut given) = (Amounts::none(), Amounts::none());
    for (item, amount) in booked.iter() {
        let part = if item.is_miles() && !item.is_granted() { &mut given } else { &mut granted };
        part.set(item.clone(), amount);
    }
    (granted, given)
}

/// Each lot is what its transfers say, and all of them together are the balance.
fn lots_add_up(store: &Store, rules: &Rules) {
    let mut open: BTreeMap<AccountId, i64> = BTreeMap::new();
    for ((_, key), purchase) in &store.purchases {
        let of_lot = store.transfers.values().filter(|transfer| {
            transfer.purchase == *key && transfer.phase == Phase::Posted && transfer.item.is_miles()
        });
        let sum = |wanted: &dyn Fn(&Item) -> bool| -> i64 {
            of_lot.clone().filter(|row| wanted(&row.item)).map(Transfer::signed_for_member).sum()
        };
        assert_eq!(sum(&|_| true), purchase.open_miles(), "open miles of {key}");
        assert_eq!(
            -sum(&|item| matches!(item, Item::Expired | Item::Refused)),
            purchase.lot.expired_miles,
            "expired of {key}"
        );
        assert_eq!(
            sum(&|item| matches!(item, Item::Borne { .. } | Item::WrittenOff { .. })),
            purchase.lot.borne_miles,
            "{key}"
        );
        let lot = &purchase.lot;
        let parts = [lot.spent_miles, lot.expired_miles, lot.covered_miles, lot.borne_miles];
        assert!(parts.iter().all(|part| *part >= 0), "{lot:?}");
        let miles = &rules.programs[&purchase.rules].miles;
        let borne = miles.debts_borne_by.is_some() && miles.ledger == domain::MilesLedger::Own;
        assert!(purchase.open_miles() >= 0 || !borne, "a debt that the funder bears: {purchase:?}");
        *open.entry(purchase.account).or_default() += purchase.open_miles();
    }
    let positions = positions(store.transfers.values());
    let balance = |account| {
        let unit = Unit::Miles(super::world::PROGRAM);
        positions.get(&(LedgerAccount::Member(account), unit, Phase::Posted)).copied().unwrap_or(0)
    };
    open.iter().for_each(|(account, open)| assert_eq!(balance(*account), *open, "lots of {account}"));
}

/// What is spent is what redemptions that stand have taken, lot by lot; each hangs on one purchase at most.
fn redemptions_add_up(store: &Store) {
    let mut spent: BTreeMap<MessageKey, i64> = BTreeMap::new();
    for redemption in store.redemptions.values().filter(|of| of.purpose == Purpose::Payment) {
        let pieces: i64 = redemption.pieces.iter().map(|piece| piece.miles).sum();
        assert_eq!(pieces, redemption.miles, "{redemption:?}");
        let hangs =
            |purchase: &&Purchase| purchase.redeemed.is_some_and(|by| by.redemption == redemption.key);
        let purchases = store.purchases.values().filter(hangs).count();
        assert_eq!(purchases, usize::from(redemption.purchase.is_some()), "{redemption:?}");
        if matches!(redemption.state, RedemptionState::Reserved | RedemptionState::Confirmed) {
            let pieces = redemption.pieces.iter();
            pieces.for_each(|piece| *spent.entry(piece.lot).or_default() += piece.miles);
        }
    }
    for (_, key) in store.purchases.keys() {
        let moved = store.transfers.values().filter(|row| row.purchase == *key && row.item == Item::Redeemed);
        let sum: i64 = moved.map(Transfer::signed_for_member).sum();
        assert_eq!(-sum, spent.get(key).copied().unwrap_or(0), "redeemed of {key}");
    }
}

fn is_member(account: LedgerAccount) -> bool {
    matches!(account, LedgerAccount::Member(_))
}

/// Each partner's share is the floor of its part of the whole discount; the bank bears the rest.
fn shares_add_up(purchase: &Purchase, rules: &Rules) {
    let booked = &purchase.booked;
    // What was offered at a till keeps the version that offered it.
    let offered = purchase.till_under.map_or(purchase.rules, |under| under.rules);
    let decides = |mode| if mode == DiscountMode::AtTill { offered } else { purchase.rules };
    let discounts = rules
        .programs
        .iter()
        .flat_map(|(hash, program)| program.discounts.iter().filter(move |rule| decides(rule.mode) == *hash));
    for rule in discounts {
        let share =
            |funder| booked.amount(&Item::Discount { mode: rule.mode, funder, partner: rule.partner });
        let (merchant, bank) = (share(Funder::Partner(rule.partner)), share(Funder::Bank));
        let others: Vec<(Ratio, i64)> = rule
            .partner_shares
            .iter()
            .map(|(partner, part)| (*part, share(Funder::Partner(*partner))))
            .collect();
        let whole = merchant + bank + others.iter().map(|(_, part)| part).sum::<i64>();
        assert_eq!(floor_share(rule.merchant_share, whole), merchant);
        others.iter().for_each(|(part, borne)| assert_eq!(floor_share(*part, whole), *borne));
        let here = booked.iter().any(|(item, _)| matches!(item, Item::Turnover(at) if *at == rule.partner));
        // What was given at the till of another partner stays there.
        if here && purchase.till_under.is_none_or(|under| under.partner == rule.partner) {
            assert_eq!(whole, booked.discount_minor());
        }
        if rule.mode == DiscountMode::StatementCredit {
            let max = rule.discount_max.map_or(i64::MAX, |max| i64::try_from(max).unwrap());
            assert!(whole <= max);
        }
    }
}

fn floor_share(share: Ratio, whole: i64) -> i64 {
    share.of(whole, Rounding::Floor).unwrap()
}
