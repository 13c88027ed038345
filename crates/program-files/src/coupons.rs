//! Coupons: the campaigns that give out codes, and the rules that demand one.

use domain::CouponCampaign;
use toml::Spanned;

use crate::document::{self, Table, Text};
use crate::errors::Problem;
use crate::meaning::Reading;
use crate::scalars::{self, quoted};
use crate::suggest;

/// What a refund of the whole purchase does with the use of a code; true gives it back.
pub(crate) const REFUNDS: [(&str, bool); 2] = [("keeps", false), ("gives_back", true)];

impl Reading<'_> {
    /// The campaigns; entries with errors are left out and reported. Rules that name one are read afterwards.
    pub(crate) fn coupon_campaigns(&mut self, entries: &[Table<document::Coupon>]) -> Vec<CouponCampaign> {
        // One whose id cannot be read may be the one that a rule names.
        let complete = entries.iter().all(|entry| scalars::code(entry.id.get_ref()).is_ok());
        let ids = entries.iter().map(|entry| entry.id.get_ref().clone());
        self.coupons_read = complete.then(|| ids.collect());
        let mut campaigns: Vec<CouponCampaign> = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            let path = format!("coupon[{index}]");
            let same = |other: &&Table<document::Coupon>| other.id.get_ref() == entry.id.get_ref();
            if let Some(first) = entries.iter().take(index).find(same) {
                let line = self.log.line(first.id.span().start);
                let found = format!("{} again, first used on line {line}", quoted(entry.id.get_ref()));
                let problem = Problem::new("an id used once among coupons", found, "rename one of the two");
                self.report(&format!("{path}.id"), &entry.id, problem);
            }
            campaigns.extend(self.coupon_campaign(&path, entry));
        }
        campaigns
    }

    fn coupon_campaign(&mut self, path: &str, entry: &document::Coupon) -> Option<CouponCampaign> {
        let id = self.value(&format!("{path}.id"), &entry.id, scalars::code);
        let effective = self.effective(path, entry.effective.as_deref());
        let uses_max = self.uses(&format!("{path}.uses_max"), entry.uses_max.as_ref());
        let per_member =
            self.uses(&format!("{path}.uses_max_per_member"), entry.uses_max_per_member.as_ref());
        let refund = self
            .optional(&format!("{path}.refund"), entry.refund.as_ref(), |text| scalars::word(text, &REFUNDS));
        Some(CouponCampaign {
            id: id?,
            effective: effective?,
            uses_max: uses_max?.unwrap_or(1),
            uses_max_per_member: per_member?,
            refund_gives_back: refund?.unwrap_or(false),
        })
    }

    /// `None` only if a problem was reported.
    fn uses(&mut self, path: &str, place: Option<&Spanned<u64>>) -> Option<Option<u64>> {
        let Some(place) = place else { return Some(None) };
        let uses = *place.get_ref();
        if uses >= 1 && i64::try_from(uses).is_ok() {
            return Some(Some(uses));
        }
        let advice = "correct the number or delete the entry";
        self.report(path, place, Problem::new("at least 1", uses.to_string(), advice));
        None
    }

    /// The campaign that a rule or a test names; `None` only if a problem was reported.
    pub(crate) fn coupon(&mut self, path: &str, text: Option<&Text>) -> Option<Option<String>> {
        let known = self.coupons_read.clone();
        self.optional(path, text, |id| {
            let id = scalars::code(id)?;
            let Some(known) = known.filter(|known| !known.contains(&id)) else { return Ok(id) };
            let advice = match suggest::nearest(&id, known.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "declare the campaign in [[coupon]], or correct the id".to_owned(),
            };
            Err(Problem::new("the id of a [[coupon]] of this file", quoted(&id), advice))
        })
    }
}
