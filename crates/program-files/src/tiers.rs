//! The tiers of a program.

use domain::{Fall, Qualifying, Tier, TierRank, TierRules};

use crate::codes::NamedCurrency;
use crate::document::{self, Text, Words};
use crate::errors::Problem;
use crate::meaning::Reading;
use crate::scalars::{self, quoted};
use crate::suggest;

pub(crate) const FALLS: [(&str, Fall); 2] =
    [("one_tier", Fall::OneTier), ("to_what_was_earned", Fall::ToEarned)];

pub(crate) const QUALIFYING: [&str; 2] = ["base_miles", "spend"];

/// Nobody tells more tiers apart; explanations and rows keep a rank in one byte.
pub(crate) const RANK_MAX: u64 = 100;

/// In `when.tier`: a member without a tier.
const NO_TIER: &str = "none";

impl Reading<'_> {
    /// The tiers; `None` only if a problem was reported. Rules that name a tier are read afterwards.
    pub(crate) fn member_tiers(
        &mut self,
        entry: Option<&document::MemberTiers>,
        currency: &NamedCurrency,
    ) -> Option<Option<TierRules>> {
        let Some(entry) = entry else { return Some(None) };
        let qualifying = self.qualifying(entry, currency);
        let fall = self.value("tiers.fall", &entry.fall, |text| scalars::word(text, &FALLS));
        let mut tiers: Vec<Tier> = Vec::new();
        for (index, entry) in entry.tier.iter().enumerate() {
            let tier = self.member_tier(&format!("tiers.tier[{index}]"), entry, tiers.last());
            tiers.extend(tier);
        }
        if entry.tier.is_empty() {
            let advice = "add [[tiers.tier]], or delete [tiers]";
            self.report(
                "tiers.fall",
                &entry.fall,
                Problem::new("at least one [[tiers.tier]]", "none", advice),
            );
        }
        let complete = tiers.len() == entry.tier.len() && !tiers.is_empty();
        let rules = TierRules { qualifying: qualifying?, tiers, fall: fall? };
        self.tiers_read = Some(rules.tiers.clone());
        complete.then_some(Some(rules))
    }

    fn qualifying(&mut self, entry: &document::MemberTiers, currency: &NamedCurrency) -> Option<Qualifying> {
        let per = self.optional("tiers.per", entry.per.as_ref(), |text| scalars::amount(text, currency))?;
        let word = |expected: &str| {
            let advice = "`per` is the amount that one unit stands for, and goes with \"spend\" only";
            Problem::new(expected, quoted(entry.qualifying.get_ref()), advice)
        };
        match (entry.qualifying.get_ref().as_str(), per) {
            ("base_miles", None) => Some(Qualifying::BaseMiles),
            ("spend", Some(per_minor)) => Some(Qualifying::Spend { per_minor }),
            ("base_miles", Some(_)) => {
                self.report("tiers.qualifying", &entry.qualifying, word("\"spend\" beside `per`"));
                None
            }
            ("spend", None) => {
                self.report("tiers.qualifying", &entry.qualifying, word("`per` beside \"spend\""));
                None
            }
            (other, _) => {
                let advice = match suggest::nearest(other, QUALIFYING) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "choose one of the two".to_owned(),
                };
                let problem = Problem::new("\"base_miles\" or \"spend\"", quoted(other), advice);
                self.report("tiers.qualifying", &entry.qualifying, problem);
                None
            }
        }
    }

    fn member_tier(
        &mut self,
        path: &str,
        entry: &document::MemberTier,
        below: Option<&Tier>,
    ) -> Option<Tier> {
        let id = self.id(&format!("{path}.id"), &entry.id)?;
        let rank = *entry.rank.get_ref();
        let read = u8::try_from(rank).ok().filter(|_| (1..=RANK_MAX).contains(&rank));
        let Some(rank) = read.filter(|rank| below.is_none_or(|below| *rank > below.rank)) else {
            let least = below.map_or(1, |below| u64::from(below.rank) + 1);
            let advice = "tiers stand in the file from the lowest to the highest";
            let problem = Problem::new(format!("{least} to {RANK_MAX}"), rank.to_string(), advice);
            self.report(&format!("{path}.rank"), &entry.rank, problem);
            return None;
        };
        let units = *entry.units_from.get_ref();
        let least = below.map_or(1, |below| below.units_from.saturating_add(1));
        if units < least || i64::try_from(units).is_err() {
            let advice = "a higher tier asks for more units than the one below it";
            let problem = Problem::new(format!("{least} units or more"), units.to_string(), advice);
            self.report(&format!("{path}.units_from"), &entry.units_from, problem);
            return None;
        }
        Some(Tier { id, rank, units_from: units })
    }

    /// The rank behind a tier's id.
    pub(crate) fn rank(&self, id: &str) -> Result<TierRank, Problem> {
        let tiers = self.tiers_read.as_deref().unwrap_or_default();
        if id == NO_TIER {
            return Ok(0);
        }
        tiers.iter().find(|tier| tier.id == id).map(|tier| tier.rank).ok_or_else(|| {
            let ids = tiers.iter().map(|tier| tier.id.as_str()).chain([NO_TIER]);
            let advice = match suggest::nearest(id, ids) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "declare the tier in [[tiers.tier]], or correct the id".to_owned(),
            };
            Problem::new("the id of a tier of this file", quoted(id), advice)
        })
    }

    /// The ranks behind a list of tiers; `None` only if a problem was reported.
    pub(crate) fn ranks(&mut self, path: &str, words: Option<&Words>) -> Option<Vec<TierRank>> {
        let words = words.map(|words| words.0.as_slice()).unwrap_or_default();
        let ranks: Vec<_> = words.iter().filter_map(|text| self.given_tier(path, Some(text))).collect();
        (ranks.len() == words.len()).then_some(ranks)
    }

    /// The rank of the member of a purchase that is given; none if nothing is said.
    pub(crate) fn given_tier(&mut self, path: &str, tier: Option<&Text>) -> Option<TierRank> {
        let Some(text) = tier else { return Some(0) };
        match self.rank(text.get_ref()) {
            Ok(rank) => Some(rank),
            Err(problem) => {
                self.report(path, text, problem);
                None
            }
        }
    }
}
