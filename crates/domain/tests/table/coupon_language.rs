//! The lines of tables that speak of coupons:
//!
//! ```text
//! coupons spring                           the program has a campaign, each code of which counts once
//! coupons spring from 2026-10-01 until 2026-11-01 each 3 member 2 refund-back
//!                                          on these days, each code three times, a member two of all codes, and a
//!                                          refund gives a use back
//! discount off at kosta credit 10% coupon spring      a rule that demands one; likewise `bonus weekend-fuel coupon spring`
//! code SPRING-1 of spring                  a code that was given out; `for A` is A's alone, `revoked` is out of use
//! auth 1 A 1000.00 at kosta shows SPRING-1 -> ...     an option of every message
//! coupon SPRING-1 uses 1                   how many purchases have it
//! ```

use domain::{CouponCampaign, CouponCode, CouponId, CouponKey, Effective, Outcome, Program};

use crate::{
    language::letter,
    support::{shell::Store, world},
};

/// What stands for a code in tables.
pub(crate) fn id(code: &str) -> CouponId {
    let mut id = [0; 32];
    id.iter_mut().zip(code.bytes()).for_each(|(place, byte)| *place = byte);
    CouponId(id)
}

fn key(code: &str) -> CouponKey {
    CouponKey { program: world::PROGRAM, coupon: id(code) }
}

/// The campaign of a `coupons` line.
pub(crate) fn add(program: &mut Program, words: &[&str]) {
    let mut campaign = CouponCampaign {
        id: words[1].to_owned(),
        effective: Effective::default(),
        uses_max: 1,
        uses_max_per_member: None,
        refund_gives_back: false,
    };
    let mut words = words[2..].iter().copied();
    while let Some(word) = words.next() {
        let mut value = || words.next().unwrap();
        match word {
            "from" => campaign.effective.from = Some(value().parse().unwrap()),
            "until" => campaign.effective.to = Some(value().parse().unwrap()),
            "each" => campaign.uses_max = value().parse().unwrap(),
            "member" => campaign.uses_max_per_member = Some(value().parse().unwrap()),
            "refund-back" => campaign.refund_gives_back = true,
            _ => panic!("no option {word}"),
        }
    }
    program.coupon_campaigns.push(campaign);
}

/// The code of a `code` line.
pub(crate) fn give_out(store: &mut Store, words: &[&str]) {
    let member = words.iter().position(|word| *word == "for").map(|place| letter(words[place + 1]));
    let code = CouponCode {
        campaign: words[3].to_owned(),
        member: member.map(|letter| (world::bucket(), world::account(letter))),
        revoked: words.contains(&"revoked"),
        uses: 0,
    };
    store.coupons.insert(key(words[1]), code);
}

/// The uses of a code by these outcomes.
pub(crate) fn uses(code: &str, outcomes: &[Outcome]) -> String {
    let used = outcomes.iter().flat_map(|outcome| &outcome.coupons);
    let uses: i64 = used.filter(|used| used.key == key(code)).map(|used| used.uses).sum();
    format!("coupon {code} uses {uses}")
}
