//! Coupons: codes of a campaign that members show, and what becomes of one.
//!
//! A purchase has at most one coupon. It is used as long as a rule that demands it gives the purchase something, be it
//! only provisionally, so that of two purchases that show the last use of a code at once exactly one has it.

use crate::{AccountId, Bucket, CouponId, Effective, ProgramId};

/// So many wrong codes of a member in a day; after them coupons are not looked at until the day is over.
pub const WRONG_COUPONS_MAX: i64 = 10;

/// A campaign that gives out codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CouponCampaign {
    /// Its id in the file.
    pub id: String,
    /// The local dates of purchases on which its codes count.
    pub effective: Effective,
    /// To how many purchases each code gives something.
    pub uses_max: u64,
    /// To how many purchases of one member all of its codes give something.
    pub uses_max_per_member: Option<u64>,
    /// Whether a use comes back once all of the purchase was refunded or charged back.
    pub refund_gives_back: bool,
}

/// Which code of which program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CouponKey {
    /// The program.
    pub program: ProgramId,
    /// The code.
    pub coupon: CouponId,
}

/// A code that was given out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CouponCode {
    /// Its campaign.
    pub campaign: String,
    /// The only member that may use it.
    pub member: Option<(Bucket, AccountId)>,
    /// Whether it was taken out of use.
    pub revoked: bool,
    /// How many purchases have it.
    pub uses: i64,
}

/// What became of the coupon of a purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CouponState {
    /// Nobody has given out such a code.
    Unknown,
    /// The member had shown too many wrong codes that day.
    NotLookedUp,
    /// It is another member's.
    OfAnotherMember,
    /// It had been taken out of use.
    Revoked,
    /// It is good, and nothing has come of it so far.
    Shown,
    /// A hold, or a discount that the till may have given, has it.
    Held,
    /// Something that was cleared has it.
    Used,
}

impl CouponState {
    const ALL: [Self; 7] = [
        Self::Unknown,
        Self::NotLookedUp,
        Self::OfAnotherMember,
        Self::Revoked,
        Self::Shown,
        Self::Held,
        Self::Used,
    ];

    /// The stored word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::NotLookedUp => "not_looked_up",
            Self::OfAnotherMember => "of_another_member",
            Self::Revoked => "revoked",
            Self::Shown => "shown",
            Self::Held => "held",
            Self::Used => "used",
        }
    }

    /// Whether it is a use of the code.
    pub fn counts(self) -> bool {
        matches!(self, Self::Held | Self::Used)
    }
}

/// The coupon of a purchase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coupon {
    /// The code.
    pub id: CouponId,
    /// Its campaign; empty if the code was not good.
    pub campaign: String,
    /// What became of it.
    pub state: CouponState,
}

impl Coupon {
    /// Whether it is a use of the code.
    pub fn counts(&self) -> bool {
        self.state.counts()
    }

    /// The stored text form: code in hexadecimal, state and campaign, with slashes between them; empty for none.
    pub fn to_text(coupon: Option<&Self>) -> String {
        let Some(Self { id, campaign, state }) = coupon else { return String::new() };
        let hex: String = id.0.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{hex}/{}/{campaign}", state.name())
    }

    /// Reads the stored text form; `None` if it is damaged.
    pub fn parse(text: &str) -> Option<Option<Self>> {
        if text.is_empty() {
            return Some(None);
        }
        let (hex, rest) = text.split_once('/')?;
        let (state, campaign) = rest.split_once('/')?;
        let mut id = [0; 32];
        if hex.len() != 64 || !hex.is_ascii() {
            return None;
        }
        for (place, byte) in id.iter_mut().enumerate() {
            *byte = u8::from_str_radix(hex.get(2 * place..2 * place + 2)?, 16).ok()?;
        }
        let state = CouponState::ALL.into_iter().find(|one| one.name() == state)?;
        Some(Some(Self { id: CouponId(id), campaign: campaign.to_owned(), state }))
    }
}

/// A use that was taken of a code, or given back to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CouponUse {
    /// Which code.
    pub key: CouponKey,
    /// One, or less than nothing if it was given back.
    pub uses: i64,
}

/// What is known of the coupon that a purchase shows, for its award.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CouponRoom {
    /// What the code was found to be.
    pub state: CouponState,
    /// Its campaign.
    pub campaign: String,
    /// How many other purchases have it.
    pub uses_elsewhere: i64,
    /// How many other purchases of the member have a coupon of the campaign.
    pub member_uses_elsewhere: i64,
}

impl CouponRoom {
    /// A code of this campaign that nobody has used.
    pub fn fresh(campaign: &str) -> Self {
        Self {
            state: CouponState::Shown,
            campaign: campaign.to_owned(),
            uses_elsewhere: 0,
            member_uses_elsewhere: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_form_is_read_back() {
        for state in CouponState::ALL {
            let coupon = Coupon { id: CouponId([0xA5; 32]), campaign: "spring".to_owned(), state };
            assert_eq!(Coupon::parse(&Coupon::to_text(Some(&coupon))), Some(Some(coupon)));
        }
        assert_eq!(Coupon::parse(&Coupon::to_text(None)), Some(None));
        let hex = "a5".repeat(32);
        for damaged in [hex.clone(), format!("{hex}/lost/x"), format!("{}/shown/x", &hex[1..]), "x".into()] {
            assert_eq!(Coupon::parse(&damaged), None, "{damaged}");
        }
    }
}
