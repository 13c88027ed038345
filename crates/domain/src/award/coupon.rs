//! Whether the coupon that a rule demands was shown, and if it does not count, why.

use super::condition::Because;
use crate::{Condition, CouponCampaign, CouponState, Effective, Program, Rooms};

use jiff::civil::Date;

/// Why a rule that demands a coupon does not hold; `None` if it demands none, or a good one was shown.
pub(super) fn refused(program: &Program, when: &Condition, date: Date, rooms: &Rooms) -> Option<Because> {
    let wanted = when.coupon.as_ref()?;
    let Some(room) = &rooms.coupon else {
        return Some(("no_coupon_shown", vec![("campaign", wanted.clone())]));
    };
    let not_good = match room.state {
        CouponState::Unknown => Some("coupon_unknown"),
        CouponState::NotLookedUp => Some("coupon_not_looked_up"),
        CouponState::OfAnotherMember => Some("coupon_of_another_member"),
        CouponState::Revoked => Some("coupon_revoked"),
        CouponState::Shown | CouponState::Held | CouponState::Used => None,
    };
    if let Some(reason) = not_good {
        return Some((reason, vec![("campaign", wanted.clone())]));
    }
    // A reader of the file has seen to it that the campaign is there.
    let campaign = program.coupon_campaigns.iter().find(|campaign| campaign.id == *wanted);
    let Some(campaign) = campaign.filter(|campaign| campaign.id == room.campaign) else {
        let values = vec![("campaign", wanted.clone()), ("campaign_shown", room.campaign.clone())];
        return Some(("coupon_of_another_campaign", values));
    };
    off_its_dates(campaign, date).or_else(|| {
        // A purchase that has the coupon keeps it, whatever others have done since.
        let used =
            |most: u64, used: i64| !room.state.counts() && u64::try_from(used).is_ok_and(|used| used >= most);
        let values = |name, most: u64, used: i64| {
            vec![("campaign", wanted.clone()), (name, most.to_string()), ("uses_elsewhere", used.to_string())]
        };
        if used(campaign.uses_max, room.uses_elsewhere) {
            return Some(("coupon_used_up", values("uses_max", campaign.uses_max, room.uses_elsewhere)));
        }
        let most = campaign.uses_max_per_member?;
        let by_member = room.member_uses_elsewhere;
        used(most, by_member)
            .then(|| ("coupon_used_by_member", values("uses_max_per_member", most, by_member)))
    })
}

fn off_its_dates(campaign: &CouponCampaign, date: Date) -> Option<Because> {
    let Effective { from, to } = campaign.effective;
    let seen = |name, bound: Date| {
        vec![("campaign", campaign.id.clone()), ("date", date.to_string()), (name, bound.to_string())]
    };
    if let Some(from) = from.filter(|from| date < *from) {
        return Some(("coupon_not_yet_valid", seen("from", from)));
    }
    to.filter(|to| date >= *to).map(|to| ("coupon_ended", seen("until", to)))
}
