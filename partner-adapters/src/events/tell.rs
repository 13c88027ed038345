//! Who is told what of a movement.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::digest::{SHA256, digest};
use domain::{Funder, Item, PartnerId};
use jiff::Timestamp;
use serde::Serialize;

use super::{
    BonusShare, ChangedMiles, DiscountShare, MemberEnrolled, PurchaseMiles, RedeemedMiles, TierChanged, text,
};

/// Bytes of the hash that stands for an account.
const NAME_BYTES: usize = 12;

/// What happened to an account.
#[derive(Debug, Clone, Copy)]
pub struct Happened<'a> {
    /// Such as `purchase.accrued`.
    pub topic: &'a str,
    /// Facts by name.
    pub facts: &'a BTreeMap<String, String>,
    /// The bucket of the account.
    pub bucket: i32,
    /// The account.
    pub account: i64,
    /// The place in the account's order.
    pub order: i64,
    /// The member's number at the co-brand partner; empty if there is none.
    pub member_number: &'a str,
    /// The co-brand partner of the program.
    pub cobrand: PartnerId,
}

/// What a partner is told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Whom.
    pub partner: PartnerId,
    /// The type of the event.
    pub topic: &'static str,
    /// Whom or what it is about.
    pub subject: String,
    /// The place in the account's order, for who is told of accounts.
    pub order: Option<i64>,
    /// When it happened, if it is known.
    pub at: Option<Timestamp>,
    /// JSON.
    pub data: String,
}

/// What each partner is told of what happened; nothing of what is not final.
pub fn tell(happened: &Happened<'_>) -> Vec<Told> {
    match happened.topic {
        "purchase.accrued" | "purchase.reversed" => {
            let mut told: Vec<Told> = happened.purchase_miles().into_iter().collect();
            told.extend(happened.shares());
            told
        }
        "miles.reserved" => happened.redemption("miles.reserved"),
        "miles.confirmed" => happened.redemption("miles.redeemed"),
        "miles.returned" => happened.redemption("miles.returned"),
        "miles.adjusted" | "miles.expired" | "miles.sent" | "miles.arrived" => happened.changed(),
        "member.enrolled" => {
            let number = happened.member_number;
            let member_number = (!number.is_empty()).then(|| number.to_owned());
            vec![
                happened.cobrand(
                    "member.enrolled",
                    &MemberEnrolled { date: happened.text("date"), member_number },
                ),
            ]
        }
        "member.tier_changed" => {
            let [tier, tier_before, until] = ["tier", "tier_before", "until"].map(|name| happened.text(name));
            vec![happened.cobrand("member.tier_changed", &TierChanged { tier, tier_before, until })]
        }
        _ => Vec::new(),
    }
}

impl Happened<'_> {
    fn text(&self, fact: &str) -> String {
        self.facts.get(fact).cloned().unwrap_or_default()
    }

    fn number(&self, fact: &str) -> i64 {
        self.facts.get(fact).and_then(|text| text.parse().ok()).unwrap_or(0)
    }

    fn at(&self) -> Option<Timestamp> {
        self.facts.get("at")?.parse().ok()
    }

    /// The member as this partner knows him. A name of ours says nothing to any other partner.
    fn member(&self, partner: PartnerId) -> String {
        if !self.member_number.is_empty() {
            return self.member_number.to_owned();
        }
        let text = format!("cobrand member|{partner}|{}|{}", self.bucket, self.account);
        let hash = digest(&SHA256, text.as_bytes());
        let begin = hash.as_ref().get(..NAME_BYTES).unwrap_or_default();
        format!("member-{}", hex::encode(begin))
    }

    fn cobrand(&self, topic: &'static str, data: &impl Serialize) -> Told {
        Told {
            partner: self.cobrand,
            topic,
            subject: self.member(self.cobrand),
            order: Some(self.order),
            at: self.at(),
            data: text(data),
        }
    }

    fn purchase_miles(&self) -> Option<Told> {
        let (base_miles, bonus_miles) = (self.number("base_miles"), self.number("bonus_miles"));
        if (base_miles, bonus_miles) == (0, 0) {
            return None;
        }
        let data = PurchaseMiles {
            purchase: self.text("purchase"),
            message: self.text("message"),
            date: self.text("date"),
            base_miles,
            bonus_miles,
            pending_miles: self.number("pending_miles"),
        };
        let taken = base_miles < 0 || bonus_miles < 0;
        Some(self.cobrand(if taken { "purchase.reversed" } else { "purchase.accrued" }, &data))
    }

    fn redemption(&self, topic: &'static str) -> Vec<Told> {
        let miles = self.number("redeemed");
        if miles == 0 {
            return Vec::new();
        }
        let data = RedeemedMiles { redemption: self.text("redemption"), date: self.text("date"), miles };
        vec![self.cobrand(topic, &data)]
    }

    fn changed(&self) -> Vec<Told> {
        let reason = self.topic.strip_prefix("miles.").unwrap_or_default().to_owned();
        let data = ChangedMiles { reason, date: self.text("date"), miles: self.number("miles") };
        if data.miles == 0 { Vec::new() } else { vec![self.cobrand("miles.changed", &data)] }
    }

    /// What merchants and other funders bear of it, each told of its own.
    fn shares(&self) -> Vec<Told> {
        let (mut discounts, mut bonuses) = (BTreeMap::<PartnerId, i64>::new(), BTreeMap::new());
        let mut merchants = BTreeSet::new();
        for (item, amount) in self.items() {
            match item {
                Item::Discount { funder: Funder::Partner(partner), partner: merchant, .. } => {
                    let sum = discounts.entry(partner).or_default();
                    *sum = amount.saturating_add(*sum);
                    if partner == merchant {
                        merchants.insert(partner);
                    }
                }
                Item::Bonus { funder: Funder::Partner(partner), .. } => {
                    let sum = bonuses.entry(partner).or_insert(0_i64);
                    *sum = amount.saturating_add(*sum);
                }
                _ => {}
            }
        }
        let mut told = Vec::new();
        for (partner, share) in discounts.into_iter().filter(|(_, share)| *share != 0) {
            let topic = if share < 0 { "discount.taken_back" } else { "discount.given" };
            let data = DiscountShare {
                purchase: self.text("purchase"),
                date: self.text("date"),
                share_minor: share.unsigned_abs(),
                currency: self.currency(),
                at_your_merchant: merchants.contains(&partner),
            };
            told.push(self.to_funder(partner, topic, &data));
        }
        for (partner, miles) in bonuses.into_iter().filter(|(_, miles)| *miles != 0) {
            let topic = if miles < 0 { "bonus.taken_back" } else { "bonus.given" };
            let data = BonusShare {
                purchase: self.text("purchase"),
                date: self.text("date"),
                miles: miles.unsigned_abs(),
            };
            told.push(self.to_funder(partner, topic, &data));
        }
        told
    }

    /// A merchant needs the purchase, and nothing that tells two members apart.
    fn to_funder(&self, partner: PartnerId, topic: &'static str, data: &impl Serialize) -> Told {
        let subject = self.text("purchase");
        Told { partner, topic, subject, order: None, at: self.at(), data: text(data) }
    }

    /// The movements; rows of before they were kept have none.
    fn items(&self) -> Vec<(Item, i64)> {
        let text = self.facts.get("items").map(String::as_str).unwrap_or_default();
        let one = |part: &str| {
            let (item, amount) = part.rsplit_once('=')?;
            Some((Item::parse(item)?, amount.parse().ok()?))
        };
        text.split(';').filter_map(one).collect()
    }

    fn currency(&self) -> String {
        let number = self.text("currency");
        let known = number.parse().ok().and_then(iso_currency::Currency::from_numeric);
        known.map_or(number, |currency| currency.code().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACTS: &[(&str, &str)] = &[
        ("purchase", "p1"),
        ("message", "m1"),
        ("date", "2026-10-10"),
        ("at", "2026-10-10T09:00:00Z"),
        ("currency", "643"),
        ("pending_miles", "0"),
    ];

    fn told(topic: &str, number: &str, more: &[(&str, &str)]) -> Vec<Told> {
        let facts = FACTS.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let facts: BTreeMap<String, String> = facts.collect();
        let happened = Happened {
            topic,
            facts: &facts,
            bucket: 7,
            account: 8,
            order: 3,
            member_number: number,
            cobrand: PartnerId(1),
        };
        tell(&happened)
    }

    #[track_caller]
    fn check(topic: &str, more: &[(&str, &str)], expected: &[(i32, &str, &str)]) {
        let told = told(topic, "AB-1", more);
        let found: Vec<_> = told.iter().map(|it| (it.partner.0, it.topic, it.data.as_str())).collect();
        assert_eq!(found, expected, "{topic} {more:?}");
    }

    #[test]
    fn each_partner_is_told_its_own_part() {
        let items = "base=10;bonus:partner-2:fuel=5;bonus:bank:x=4;discount:at_till:partner-2:2=150;\
                     discount:at_till:partner-3:2=50;discount:at_till:bank:2=100;turnover:2=60000";
        let miles = [("base_miles", "10"), ("bonus_miles", "9"), ("items", items)];
        let accrued = r#"{"purchase":"p1","message":"m1","date":"2026-10-10","base_miles":10,"bonus_miles":9,"pending_miles":0}"#;
        let share = |minor: u64, own: bool| {
            format!(
                r#"{{"purchase":"p1","date":"2026-10-10","share_minor":{minor},"currency":"RUB","at_your_merchant":{own}}}"#
            )
        };
        let bonus = r#"{"purchase":"p1","date":"2026-10-10","miles":5}"#;
        check(
            "purchase.accrued",
            &miles,
            &[
                (1, "purchase.accrued", accrued),
                (2, "discount.given", &share(150, true)),
                (3, "discount.given", &share(50, false)),
                (2, "bonus.given", bonus),
            ],
        );
        let back = "bonus:partner-2:fuel=-5;discount:at_till:partner-2:2=-150;turnover:2=-60000";
        check(
            "purchase.reversed",
            &[("items", back)],
            &[(2, "discount.taken_back", &share(150, true)), (2, "bonus.taken_back", bonus)],
        );
    }

    #[test]
    fn what_is_not_final_or_nobody_s_is_not_told() {
        check("purchase.provisional", &[("base_miles", "0")], &[]);
        check("purchase.accrued", &[("items", "turnover:2=60000;qualifying=10")], &[]);
        check("miles.refused", &[("miles", "5")], &[]);
        check("miles.expired", &[("miles", "0")], &[]);
    }

    #[test]
    fn a_member_is_named_by_the_partner_s_number_or_by_a_name_for_this_partner_alone() {
        let named = told("member.enrolled", "AB-1", &[]);
        let Some(named) = named.first() else { panic!("nothing was told") };
        assert_eq!((named.subject.as_str(), named.order), ("AB-1", Some(3)));
        assert_eq!(named.data, r#"{"date":"2026-10-10","member_number":"AB-1"}"#);
        let unnamed = told("member.enrolled", "", &[]);
        let Some(unnamed) = unnamed.first() else { panic!("nothing was told") };
        assert!(unnamed.subject.starts_with("member-") && unnamed.subject.len() == 7 + 2 * NAME_BYTES);
        assert_eq!(unnamed.data, r#"{"date":"2026-10-10"}"#);
        let of = |partner| {
            let facts = BTreeMap::new();
            let happened = Happened {
                topic: "member.enrolled",
                facts: &facts,
                bucket: 7,
                account: 8,
                order: 1,
                member_number: "",
                cobrand: PartnerId(partner),
            };
            tell(&happened).into_iter().map(|told| told.subject).collect::<Vec<_>>()
        };
        assert!(of(1) != of(2) && of(1) == of(1));
    }

    #[test]
    fn what_is_spent_is_told_with_its_redemption() {
        let redeemed = r#"{"redemption":"r1","date":"2026-10-10","miles":40}"#;
        for (topic, expected) in [
            ("miles.reserved", "miles.reserved"),
            ("miles.confirmed", "miles.redeemed"),
            ("miles.returned", "miles.returned"),
        ] {
            check(topic, &[("redemption", "r1"), ("redeemed", "40")], &[(1, expected, redeemed)]);
        }
        let expired = r#"{"reason":"expired","date":"2026-10-10","miles":-7}"#;
        check("miles.expired", &[("miles", "-7")], &[(1, "miles.changed", expired)]);
    }
}
