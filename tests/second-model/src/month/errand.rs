//! What members and staff do with miles, beside purchases.

use super::{
    random::Random,
    story::{DAY, Timed, day_of},
};
use crate::model::{Kind, Link, Says, Told, rules::Redemption};

/// One errand of a member; `next` is the number of the next message.
pub(crate) fn errand(
    redemption: &Redemption,
    random: &mut Random,
    next: &mut u32,
    (member, other, purchase): (u32, u32, u32),
) -> Vec<Timed> {
    let minute = random.below(36 * DAY);
    let miles = {
        let most = random.pick(&[8, 40, 40, 150, 150, 600]);
        random.between(0, most)
    };
    let by = random.pick(&[None, None, Some(1)]);
    let says = match random.below(10) {
        0..6 => Says::Spend { miles },
        6 => Says::Adjust { miles, by },
        7 => Says::Adjust { miles: -miles, by },
        _ => Says::Send { miles, to: other },
    };
    let mut first = Told {
        id: *next,
        member: Some(member),
        purchase,
        says,
        amount: 0,
        foreign: false,
        billed: None,
        day: day_of(minute),
        minute: i16::try_from(minute % DAY).ok(),
        partner: None,
        mcc: 0,
        kind: Kind::Purchase,
        link: Link::Retrieval,
        record: None,
    };
    if matches!(says, Says::Spend { .. }) && random.percent(50) {
        first.amount = miles * redemption.value * random.between(80, 400) / 100;
        first.foreign = random.percent(15);
        first.billed = (first.foreign && random.percent(70)).then_some(first.amount);
    }
    *next += 1;
    let mut told = vec![(minute, first)];
    while random.percent(45) {
        let of = first.id;
        let says = random.pick(&[
            Says::Confirm { of },
            Says::Cancel { of },
            Says::Cancel { of },
            Says::Lapse { of },
        ]);
        // Around the end of the reserve, or much later.
        let end = i128::from(redemption.minutes);
        let after = random.pick(&[0, end - 1, end, end + 1, 2 * DAY, 20 * DAY]);
        let (at, id) = (minute + after, *next);
        *next += 1;
        let (day, minute) = (day_of(at), i16::try_from(at % DAY).ok());
        told.push((at, Told { id, says, day, minute, amount: 0, billed: None, foreign: false, ..first }));
    }
    if random.percent(5) {
        let again = told[0];
        told.push((again.0 + random.below(DAY), again.1));
    }
    told
}
