//! What was booked, computed again from nothing but an explanation.

use std::collections::BTreeMap;

use domain::{Finding, Item, Outcome, Purchase, Verdict};

use crate::model::{Round, rules::Rules, share, within};

/// The numbers of a finding by name.
struct Values<'a>(&'a Finding);

impl Values<'_> {
    fn text(&self, name: &str) -> Option<&str> {
        self.0.values.iter().find(|(known, _)| *known == name).map(|(_, text)| text.as_str())
    }

    fn number(&self, name: &str) -> Option<i128> {
        self.text(name).map(|text| text.parse().unwrap())
    }

    fn needed(&self, name: &str) -> i128 {
        self.number(name).unwrap_or_else(|| panic!("{name} is missing: {:?}", self.0))
    }

    /// What the rule's limit and budget leave, as far as it says.
    fn room(&self, unit: &str) -> Option<i128> {
        let limit = self.number(&format!("limit_{unit}"));
        let of_member = limit.map(|most| most - self.needed(&format!("used_elsewhere_{unit}")));
        let uses = self.number("uses_max").filter(|most| self.needed("uses_elsewhere") >= *most).map(|_| 0);
        let of_all = self.number(&format!("budget_left_{unit}"));
        let bounds = [of_member, uses, of_all, self.number("budget_uses_left")];
        bounds.into_iter().flatten().min().map(|room| room.max(0))
    }

    /// `of` times the ratio called `ratio`, rounded as the finding says.
    fn product(&self, of: &str, ratio: &str) -> i128 {
        let (upper, lower) = self.text(ratio).unwrap().split_once('/').unwrap();
        let (upper, lower) = (upper.parse::<i128>().unwrap(), lower.parse().unwrap());
        match self.text("rounding").unwrap() {
            "each_full_step" => self.needed(of) / lower * upper,
            "floor" => share(self.needed(of), (upper, lower), Round::Down),
            "half_up" => share(self.needed(of), (upper, lower), Round::HalfUp),
            "half_even" => share(self.needed(of), (upper, lower), Round::HalfEven),
            rounding => panic!("{rounding} is no rounding"),
        }
    }
}

/// Computed from an explanation alone.
#[derive(Debug, Default)]
struct Computed {
    /// After refunds and chargebacks.
    net: i128,
    base: i128,
    bonuses: Vec<(String, i128)>,
    /// What each bonus says that it granted.
    stated: BTreeMap<String, i128>,
    room: Option<i128>,
    discount: i128,
    /// What was given at the till, and the parts that rules have in it.
    at_till: Option<i128>,
    parts: i128,
    /// A limit may have taken something of it.
    till_is_short: bool,
}

/// Whatever has hours takes effect within them, and gives that as its reason outside.
fn check_hours(rules: &Rules, purchase: &Purchase, finding: &Finding) {
    let bonuses = rules.bonuses.iter().map(|rule| (rule.id, &rule.when.hours));
    let discounts = rules.discounts.iter().map(|rule| (rule.id, &rule.when.hours));
    let Some((_, hours)) = bonuses.chain(discounts).find(|(id, _)| *id == finding.rule) else { return };
    let minute = purchase.time.map(|time| i16::from(time.hour()) * 60 + i16::from(time.minute()));
    match (finding.verdict, finding.reason) {
        (Verdict::Applied, _) => assert!(within(hours, minute), "{finding:?} at {minute:?}"),
        (_, "hours") => assert!(!within(hours, minute), "{finding:?} at {minute:?}"),
        _ => {}
    }
}

/// Checks a decision whose explanation speaks of an award.
pub(crate) fn check(rules: &Rules, outcome: &Outcome) {
    let findings = &outcome.explanation.0;
    let Some(purchase) = outcome.purchases.iter().find(|purchase| Some(purchase.key) == outcome.purchase)
    else {
        return;
    };
    if !findings.iter().any(|finding| finding.reason == "base_rate") {
        return;
    }
    let mut computed = Computed::default();
    findings.iter().for_each(|finding| computed.read(finding));
    findings.iter().for_each(|finding| check_hours(rules, purchase, finding));
    computed.compare(purchase);
}

impl Computed {
    fn read(&mut self, finding: &Finding) {
        let values = Values(finding);
        match finding.reason {
            "base_rate" => {
                self.net = values.needed("amount_minor");
                self.base = values.product("amount_minor", "miles_per");
                assert_eq!(values.needed("miles"), self.base, "{finding:?}");
            }
            "bonus" => {
                let miles = values.product("base_miles", "times_base");
                assert_eq!(
                    (values.needed("base_miles"), values.needed("miles")),
                    (self.base, miles),
                    "{finding:?}"
                );
                // Limits and budgets before the caps.
                let allowed = values.room("miles").map_or(miles, |room| miles.min(room));
                let item = format!("bonus:{}:{}", values.text("funder").unwrap(), finding.rule);
                self.stated.insert(item.clone(), values.needed("granted"));
                self.bonuses.push((item, allowed));
            }
            "cap_truncates" | "below_cap" => {
                let room = values.needed("miles_max") - values.needed("granted_elsewhere");
                let room = room.max(values.needed("granted_here")).max(0);
                let asked = values.needed("asked");
                assert_eq!(values.needed("allowed"), asked.min(room), "{finding:?}");
                assert_eq!(finding.verdict == Verdict::Applied, asked > room, "{finding:?}");
                self.room = Some(self.room.map_or(room, |other| other.min(room)));
            }
            "statement_credit" | "at_till" if finding.verdict == Verdict::Applied => {
                let fixed = values.number("fixed_minor");
                let whole = fixed.unwrap_or_else(|| values.product("amount_minor", "percent"));
                assert_eq!(values.number("before_maximum").unwrap_or(whole), whole, "{finding:?}");
                let bounds = ["discount_max", "left_minor", "amount_minor"].map(|name| values.number(name));
                let bounds = bounds.into_iter().chain([values.room("minor")]);
                let given = bounds.flatten().fold(whole, i128::min);
                assert_eq!(values.needed("discount_minor"), given, "{finding:?}");
                self.discount += given;
            }
            "limit_reached" | "budget_used_up" => {
                let room = [values.room("minor"), values.room("miles")];
                assert_eq!(room.into_iter().flatten().min(), Some(0), "{finding:?}");
                self.till_is_short = true;
            }
            "till_discount_confirmed" => {
                let (original, offered) = (values.needed("original_minor"), values.needed("offered_minor"));
                assert_eq!(values.needed("cleared_minor"), original - offered, "{finding:?}");
                let given = share(offered, (self.net, original - offered), Round::Down);
                let part = values.needed("discount_minor");
                // Who reversed his authorization has his room no more.
                let room = values.room("minor");
                assert!(room.is_none_or(|room| part <= room), "{finding:?}");
                self.till_is_short |= room.is_some_and(|room| part == room);
                self.at_till = Some(given);
                self.parts += part;
                self.discount += part;
            }
            _ => {}
        }
    }

    /// While nothing is cleared of an open hold the explanation is that of the estimate.
    fn compare(&self, purchase: &Purchase) {
        let estimate = purchase.cleared_minor == 0 && purchase.open_hold_minor() > 0;
        let amounts = if estimate { &purchase.pending } else { &purchase.booked };
        let mut room = self.room.unwrap_or(i128::MAX);
        let miles = [("base".to_owned(), self.base)].into_iter().chain(self.bonuses.clone());
        let granted: Vec<(String, i128)> = miles
            .map(|(item, miles)| {
                let granted = miles.min(room);
                room -= granted;
                assert_eq!(
                    self.stated.get(&item).copied().unwrap_or(granted),
                    granted,
                    "{item}: {purchase:?}"
                );
                (item, granted)
            })
            .filter(|(_, miles)| *miles != 0)
            .collect();
        let booked = amounts.iter().filter(|(item, _)| item.is_miles());
        let mut booked: Vec<(String, i128)> =
            booked.map(|(item, miles)| (item.to_string(), miles.into())).collect();
        let mut granted = granted;
        granted.sort();
        booked.sort();
        assert_eq!(granted, booked, "{purchase:?}");
        let at_till = self.at_till.unwrap_or(0);
        assert!(self.parts == at_till || (self.till_is_short && self.parts < at_till), "{purchase:?}");
        let is_discount = |item: &Item| matches!(item, Item::Discount { .. });
        let discount: i128 =
            amounts.iter().filter(|(item, _)| is_discount(item)).map(|(_, minor)| i128::from(minor)).sum();
        assert_eq!(self.discount, discount, "{purchase:?}");
    }
}
