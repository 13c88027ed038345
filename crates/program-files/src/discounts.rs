//! Discounts: what they take off, and who bears them.

use domain::{DiscountMode, DiscountRule, DiscountTier, PartnerId, Ratio, Reduction, Rounding};

use crate::codes::NamedCurrency;
use crate::document::{self, Table, Text};
use crate::errors::Problem;
use crate::meaning::Reading;
use crate::rules::MODES;
use crate::scalars::{self, quoted};

impl Reading<'_> {
    /// A discount.
    pub(crate) fn discount(
        &mut self,
        path: &str,
        entry: &document::Discount,
        currency: &NamedCurrency,
    ) -> Option<DiscountRule> {
        let at = |key: &str| format!("{path}.{key}");
        let amount = |text: &str| scalars::amount(text, currency);
        let id = self.id(&at("id"), &entry.id);
        let effective = self.effective(path, entry.effective.as_deref());
        let partner = self.partner(&at("partner"), &entry.partner);
        let when = self.condition(path, entry.when.as_deref(), currency);
        let mode = self.optional(&at("mode"), entry.mode.as_ref(), |text| scalars::word(text, &MODES));
        let tiers = self.reductions(path, entry, currency);
        let rounding = self.discount_rounding(path, entry, tiers.as_deref());
        let amount_min = self.optional(&at("amount_at_least"), entry.amount_at_least.as_ref(), amount);
        let discount_max = self.optional(&at("at_most"), entry.at_most.as_ref(), amount);
        let shares = self.funding(path, entry);
        let limit = self.discount_limit(path, entry.limit.as_ref(), currency);
        let budget = self.discount_budget(path, entry.budget.as_ref(), currency);
        let (merchant_share, partner_shares) = shares?;
        let rule = DiscountRule {
            id: id?,
            effective: effective?,
            partner: partner?,
            when: when?,
            mode: mode?.unwrap_or(DiscountMode::StatementCredit),
            tiers: tiers?,
            rounding: rounding?,
            amount_min: amount_min?,
            discount_max: discount_max?,
            merchant_share,
            partner_shares,
            limit: limit?,
            budget: budget?,
        };
        if !rule.when.partners.is_empty() && !rule.when.partners.contains(&rule.partner) {
            let expected = format!("the discount's own partner {}", quoted(entry.partner.get_ref()));
            let advice = "delete `when.partner`: the discount already names its partner";
            self.report(&at("when.partner"), &entry.partner, Problem::new(expected, "others only", advice));
            return None;
        }
        Some(rule)
    }

    /// `percent`, `amount` or `tiers`: one of them.
    fn reductions(
        &mut self,
        path: &str,
        entry: &document::Discount,
        currency: &NamedCurrency,
    ) -> Option<Vec<DiscountTier>> {
        match (&entry.tiers, &entry.percent, &entry.amount) {
            (Some(tiers), None, None) => self.tiers(path, &entry.id, tiers, currency),
            (None, percent, fixed) => {
                let gives = self.reduction(path, &entry.id, percent.as_ref(), fixed.as_ref(), currency)?;
                Some(DiscountTier::of_all(gives))
            }
            (Some(_), percent, fixed) => {
                let place = percent.as_ref().or(fixed.as_ref()).unwrap_or(&entry.id);
                let advice = "delete `percent` and `amount`, or `tiers`";
                self.report(
                    path,
                    place,
                    Problem::new("one of `percent`, `amount` and `tiers`", "`tiers` and another", advice),
                );
                None
            }
        }
    }

    fn reduction(
        &mut self,
        path: &str,
        place: &Text,
        percent: Option<&Text>,
        fixed: Option<&Text>,
        currency: &NamedCurrency,
    ) -> Option<Reduction> {
        match (percent, fixed) {
            (Some(percent), None) => {
                self.value(&format!("{path}.percent"), percent, scalars::percent).map(Reduction::Percent)
            }
            (None, Some(fixed)) => {
                let amount = |text: &str| scalars::amount(text, currency);
                self.value(&format!("{path}.amount"), fixed, amount).map(Reduction::Amount)
            }
            (percent, _) => {
                let (found, advice) = match percent {
                    Some(_) => ("both", "delete one of the two"),
                    None => ("neither", "add percent = \"5\" or amount = \"300.00\""),
                };
                self.report(path, place, Problem::new("`percent` or `amount`", found, advice));
                None
            }
        }
    }

    fn tiers(
        &mut self,
        path: &str,
        id: &Text,
        entries: &[Table<document::Tier>],
        currency: &NamedCurrency,
    ) -> Option<Vec<DiscountTier>> {
        let mut tiers: Vec<DiscountTier> = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            let path = format!("{path}.tiers[{index}]");
            let from = self
                .value(&format!("{path}.from"), &entry.from, |text| scalars::amount_or_zero(text, currency));
            let (percent, fixed) = (entry.percent.as_ref(), entry.amount.as_ref());
            let gives = self.reduction(&path, &entry.from, percent, fixed, currency);
            let (Some(from), Some(gives)) = (from, gives) else { continue };
            if let Some(last) = tiers.last().filter(|last| last.from >= from) {
                let expected = format!("more than {}", currency.format(signed(last.from)));
                let problem = Problem::new(
                    expected,
                    quoted(entry.from.get_ref()),
                    "write the tiers from the lowest amount to the highest, each once",
                );
                self.report(&format!("{path}.from"), &entry.from, problem);
                continue;
            }
            tiers.push(DiscountTier { from, gives });
        }
        if entries.is_empty() {
            let advice = "add { from = \"1000.00\", percent = \"3\" }, or write `percent` alone";
            let problem = Problem::new("at least one tier", "an empty list", advice);
            self.report(&format!("{path}.tiers"), id, problem);
        }
        (!tiers.is_empty() && tiers.len() == entries.len()).then_some(tiers)
    }

    /// May be left out where nothing is rounded.
    fn discount_rounding(
        &mut self,
        path: &str,
        entry: &document::Discount,
        tiers: Option<&[DiscountTier]>,
    ) -> Option<Rounding> {
        let path = format!("{path}.rounding");
        if let Some(rounding) = &entry.rounding {
            return self.value(&path, rounding, scalars::rounding);
        }
        let rounds = |tier: &DiscountTier| matches!(tier.gives, Reduction::Percent(_));
        if tiers?.iter().any(rounds) {
            let advice = "add rounding = \"floor\"";
            self.report(&path, &entry.id, Problem::new("the key `rounding`", "nothing", advice));
            return None;
        }
        Some(Rounding::Floor)
    }

    /// The merchant's share and those of other partners.
    fn funding(
        &mut self,
        path: &str,
        entry: &document::Discount,
    ) -> Option<(Ratio, Vec<(PartnerId, Ratio)>)> {
        let at = |key: &str| format!("{path}.funding.{key}");
        let merchant = self.value(&at("merchant"), &entry.funding.merchant, scalars::percent_or_zero);
        let partners = entry.funding.partner.iter().flat_map(|shares| &shares.0);
        let mut shares = Vec::new();
        let mut complete = true;
        for (code, share) in partners {
            let path = at(&format!("partner.{}", code.get_ref()));
            let partner = self.partner(&path, code);
            let read = self.value(&path, share, scalars::percent);
            if code.get_ref() == entry.partner.get_ref() {
                let advice = "write it as `merchant`: that is the share of the discount's own partner";
                let problem = Problem::new("another partner", quoted(code.get_ref()), advice);
                self.report(&path, code, problem);
                complete = false;
            }
            complete &= partner.is_some() && read.is_some();
            shares.extend(partner.zip(read));
        }
        let merchant = merchant.filter(|_| complete)?;
        let all = std::iter::once(merchant).chain(shares.iter().map(|(_, share)| *share));
        if all.map(scalars::as_decimal).sum::<rust_decimal::Decimal>() > rust_decimal::Decimal::ONE {
            let advice = "lower one of them; what they leave of 100 % is the bank's";
            let problem = Problem::new("shares of at most 100 % together", "more", advice);
            self.report(&at("partner"), &entry.funding.merchant, problem);
            return None;
        }
        Some((merchant, shares))
    }
}

fn signed(minor: u64) -> i64 {
    i64::try_from(minor).unwrap_or(i64::MAX)
}
