//! One purchase of a random month: what is told of it and when, with everything that goes wrong in real life.

use jiff::{
    ToSpan,
    civil::{Date, date},
};

use super::random::Random;
use crate::{
    model::{Kind, Link, Room, Says, Told, offer, rules::Rules},
    programs::Reading,
};

const FIRST_DAY: Date = date(2026, 10, 1);
pub(crate) const DAY: i128 = 24 * 60;
const MCC: [u16; 9] = [5411, 5411, 5812, 5732, 5541, 7011, 3501, 4121, 5814];
const EXCLUDED: [u16; 4] = [6011, 4829, 7995, 6010];

/// Minutes of the day around which rules begin and end.
const BOUNDS: [i16; 9] = [0, 29, 30, 5 * 60 + 59, 6 * 60, 16 * 60 + 30, 18 * 60, 21 * 60 + 59, 22 * 60];

/// A message and the minute of the month at which it arrives.
pub(crate) type Timed = (i128, Told);

pub(crate) struct Story<'a> {
    random: &'a mut Random,
    rules: &'a Rules,
    by_file: bool,
    next: &'a mut u32,
    /// What the first word on the purchase says.
    first: Told,
    minute: i128,
    /// Nothing overtakes anything.
    orderly: bool,
    told: Vec<Timed>,
}

pub(crate) fn day_of(minute: i128) -> Date {
    FIRST_DAY + i32::try_from(minute / DAY).unwrap().days()
}

/// The messages of one purchase; `next` is the number of the next message.
pub(crate) fn story(
    reading: &Reading,
    random: &mut Random,
    next: &mut u32,
    (member, enrolled, purchase): (u32, Date, u32),
) -> Vec<Timed> {
    let minute = random.below(30 * DAY);
    let foreign = random.percent(8);
    let amount = amount(random, foreign);
    let [one, other] = reading.partners;
    let partner = random.pick(&[None, None, Some(one), Some(other)]);
    let first = Told {
        id: 0,
        member: (!random.percent(2)).then_some(member),
        purchase,
        says: Says::Ask,
        amount,
        foreign,
        billed: foreign.then_some(billed(amount)),
        day: day_of(minute),
        minute: Some(minute_of(random, minute)),
        partner,
        mcc: if random.percent(4) { random.pick(&EXCLUDED) } else { random.pick(&MCC) },
        kind: if random.percent(4) {
            random.pick(&[Kind::Cash, Kind::Cash, Kind::Inquiry])
        } else {
            Kind::Purchase
        },
        link: Link::Retrieval,
        record: None,
    };
    // A message that names another leads nowhere if that one did not count.
    let orderly = first.day >= enrolled && random.percent(80);
    let mut story = Story {
        random,
        rules: &reading.rules,
        by_file: reading.by_file,
        next,
        first,
        minute,
        orderly,
        told: Vec::new(),
    };
    story.tell();
    story.told
}

/// The local time of a purchase, now and then at the very bound of some rule's hours.
fn minute_of(random: &mut Random, minute: i128) -> i16 {
    if random.percent(15) {
        return random.pick(&BOUNDS);
    }
    i16::try_from(minute % DAY).unwrap()
}

fn billed(amount: i128) -> i128 {
    if amount == 0 { 0 } else { amount * 95 + 17 }
}

/// Small amounts, amounts around bounds of rules, and large ones.
fn amount(random: &mut Random, foreign: bool) -> i128 {
    let (first, last) = random.pick(&[
        (1, 200_00),
        (1, 200_00),
        (30_00, 3_000_00),
        (30_00, 3_000_00),
        (950_00, 1_050_00),
        (2_900_00, 4_100_00),
        (5_000_00, 60_000_00),
    ]);
    let amount = random.between(first, last);
    let amount = if random.percent(30) { (amount / 60_00).max(1) * 60_00 } else { amount };
    if foreign { amount / 95 + 1 } else { amount }
}

impl Story<'_> {
    fn tell(&mut self) {
        if self.random.percent(2) {
            // A refund of something that we were never told of.
            let refund = Told { says: Says::Refund, ..self.first };
            self.say(refund, 0);
            return;
        }
        let asked = self.authorize();
        let cleared = self.clear(asked);
        self.give_back(&cleared);
        self.charge_back(&cleared);
        self.reverse();
        self.come_again();
        if !self.orderly {
            self.overtake();
        }
        if asked.is_some() {
            self.give_up();
        }
        self.expire();
    }

    /// Sends a message so many minutes after the purchase.
    fn say(&mut self, told: Told, after: i128) -> Told {
        let id = *self.next;
        // Chargebacks come by file from every bank.
        let is_filed = match told.says {
            Says::ChargeBack | Says::PresentAgain => true,
            Says::Clear | Says::Refund => self.by_file,
            _ => false,
        };
        let record =
            if matches!(told.says, Says::Reverse { .. }) { told.record } else { is_filed.then_some(id) };
        let told = Told { id, record, minute: self.minute_told(&told, record.is_some()), ..told };
        *self.next += 1;
        self.told.push((self.minute + after, told));
        told
    }

    /// Records of files know the time or do not; then they say midnight. What comes later has a time of its own.
    fn minute_told(&mut self, told: &Told, is_filed: bool) -> Option<i16> {
        let elsewhen = self.random.percent(20).then(|| self.random.pick(&BOUNDS));
        let minute = elsewhen.or(told.minute);
        let unknown = is_filed && (minute == Some(0) || self.random.percent(40));
        minute.filter(|_| !unknown)
    }

    /// A message of another amount, billed in proportion; now and then the billing amount is missing.
    fn of(&mut self, says: Says, amount: i128) -> Told {
        let billed = self.first.foreign.then_some(billed(amount)).filter(|_| !self.random.percent(3));
        Told { says, amount, billed, ..self.first }
    }

    fn authorize(&mut self) -> Option<Told> {
        let says = match self.random.below(100) {
            0..8 => return None,
            8..18 => Says::AskEarly,
            18..25 => Says::Advise,
            _ => Says::Ask,
        };
        let told = self.of(says, self.first.amount);
        let asked = self.say(told, 0);
        if self.random.percent(10) {
            let amount = self.first.amount * self.random.between(30, 200) / 100 + 1;
            let says = self.random.pick(&[Says::Ask, Says::AskEarly, Says::Advise]);
            // Some come when the hold is over, and some of those are only late.
            let days = self.random.pick(&[4, 4, 14]);
            let after = self.random.below(days * DAY);
            let day = if self.random.percent(30) { self.first.day } else { day_of(self.minute + after) };
            let more = Told { day, ..self.of(says, amount) };
            self.say(more, after);
        }
        if self.random.percent(3) {
            let declined = self.of(Says::Decline, self.first.amount);
            self.say(declined, 1);
        }
        Some(asked)
    }

    fn clear(&mut self, asked: Option<Told>) -> Vec<Told> {
        let late = self.random.percent(7);
        let mut after = if late { self.random.between(8, 34) * DAY } else { self.random.below(3 * DAY) };
        let mut cleared = Vec::new();
        for part in self.parts() {
            let says = match self.random.below(100) {
                0..2 if !self.by_file => Says::ClearDeclined,
                2..5 => Says::ClearElsewhere,
                _ => Says::Clear,
            };
            let mut told = self.of(says, part);
            if let Some(asked) = asked.filter(|asked| self.orderly && !self.by_file && asked.has_amount()) {
                told.link = if self.random.percent(10) { Link::Names(asked.id) } else { Link::Retrieval };
            }
            if self.random.percent(5) {
                told.day = day_of(self.minute + after);
            }
            let told = self.say(told, after);
            after += self.random.below(2 * DAY);
            cleared.push(told);
        }
        cleared.retain(|told| told.says == Says::Clear);
        cleared
    }

    /// The amounts that are presented.
    fn parts(&mut self) -> Vec<i128> {
        let asked = self.first.amount;
        let asks = Told { says: Says::Ask, ..self.first };
        let price = offer(self.rules, &asks, 0, &Room::UNBOUNDED).map_or(asked, |offer| offer.price());
        let whole = match self.random.below(100) {
            0..60 => price,
            60..80 => asked,
            80..85 => asked + self.random.between(1, 500_00),
            85..93 => self.random.between(1, asked),
            93..96 => 0,
            _ => return Vec::new(),
        };
        let mut parts = vec![whole];
        while whole > 1 && self.random.percent(20) && parts.len() < 4 {
            let last = parts.pop().unwrap();
            let cut = self.random.between(0, last);
            parts.extend([cut, last - cut]);
        }
        // A completion of nothing is told by itself; a part of nothing is not.
        if whole > 0 {
            parts.retain(|part| *part > 0);
        }
        parts
    }

    fn give_back(&mut self, cleared: &[Told]) {
        let mut percent = 14;
        while self.random.percent(percent) {
            percent = 35;
            let amount = match self.random.below(10) {
                0..4 => self.first.amount,
                4..9 => self.random.between(0, self.first.amount),
                _ => self.first.amount * 2,
            };
            let after = self.random.between(0, 12) * DAY + self.random.below(DAY);
            let mut told = Told { day: day_of(self.minute + after), ..self.of(Says::Refund, amount) };
            if let Some(of) = cleared.last().filter(|of| self.orderly && self.comes_before(of, after)) {
                let named = !self.by_file && self.random.percent(20);
                told.link = if named { Link::Names(of.id) } else { Link::Retrieval };
            }
            self.say(told, after);
        }
    }

    fn comes_before(&self, told: &Told, after: i128) -> bool {
        let arrives = self.told.iter().find(|(_, other)| other.id == told.id);
        told.has_amount() && arrives.is_some_and(|(minute, _)| *minute < self.minute + after)
    }

    fn charge_back(&mut self, cleared: &[Told]) {
        let mut percent = 5;
        let mut after = self.random.between(1, 14) * DAY;
        while self.random.percent(percent) {
            percent = 40;
            let amount = if self.random.percent(60) {
                self.first.amount
            } else {
                self.random.between(1, self.first.amount)
            };
            for says in [Says::ChargeBack, Says::PresentAgain] {
                let mut told = self.of(says, amount);
                if cleared.iter().any(|of| self.orderly && self.comes_before(of, after))
                    && self.random.percent(50)
                {
                    told.link = Link::Acquirer;
                }
                if says == Says::ChargeBack || self.random.percent(50) {
                    self.say(told, after);
                }
                after += self.random.below(2 * DAY);
            }
        }
    }

    fn reverse(&mut self) {
        let originals: Vec<Timed> = self.told.clone();
        for (minute, of) in originals {
            let mut percent = 7;
            while self.random.percent(percent) {
                percent = 25;
                // Of one authorization among several, a part that remains has no meaning that all orders share.
                let one_of_several = of.is_authorization()
                    && self.told.iter().filter(|(_, told)| told.is_authorization()).count() > 1;
                // A file undoes its records as a whole.
                let part = !one_of_several && of.record.is_none() && self.random.percent(50);
                let remains = if part { self.random.between(0, of.amount) } else { 0 };
                let before = !self.orderly && self.random.percent(40);
                let after = if before { -self.random.below(DAY) } else { self.random.below(5 * DAY) };
                let after = (minute + after).max(0) - self.minute;
                self.say(
                    Told { says: Says::Reverse { of: of.id, remains }, link: Link::Retrieval, ..of },
                    after,
                );
            }
        }
    }

    /// Repeats, repeats that differ, and records that stand in a second file.
    fn come_again(&mut self) {
        let nothing_undone = !self.told.iter().any(|(_, told)| matches!(told.says, Says::Reverse { .. }));
        for (minute, told) in self.told.clone() {
            if nothing_undone && told.record.is_some() && self.random.percent(5) {
                let id = *self.next;
                *self.next += 1;
                self.told.push((minute + self.random.below(3 * DAY), Told { id, ..told }));
            }
            if self.random.percent(4) {
                let minute = minute + self.random.below(3 * DAY);
                let amount = told.amount + 1;
                let altered = Told { amount, billed: told.billed.map(|_| billed(amount)), ..told };
                let told = if self.random.percent(30) { altered } else { told };
                self.told.push((minute, told));
            }
        }
    }

    /// Messages arrive in each other's place.
    fn overtake(&mut self) {
        for place in 1..self.told.len() {
            let other = usize::try_from(self.random.below(i128::try_from(place).unwrap() + 1)).unwrap();
            let (one, two) = (self.told[place].0, self.told[other].0);
            (self.told[place].0, self.told[other].0) = (two, one);
        }
    }

    /// The scheduler comes on the day that the rules name, now and then earlier and again later.
    fn give_up(&mut self) {
        let of = self.first;
        let last = [false, true].map(|early| self.rules.hold.over(of.day, of.mcc, early));
        let days = last.into_iter().chain([last[0] + 3.days(), last[0] - 1.day()]);
        for day in days {
            if self.random.percent(40) {
                let after =
                    i128::from((day - FIRST_DAY).get_days()) * DAY + self.random.below(DAY) - self.minute;
                self.say(Told { says: Says::HoldIsOver, day, amount: 0, billed: None, ..of }, after.max(0));
            }
        }
    }

    /// So does the one who looks for miles whose time is over.
    fn expire(&mut self) {
        let Some(first) = self.rules.miles.expire(self.first.day) else { return };
        for day in [first - 1.day(), first, first, first + 1.day(), first + 20.days()] {
            if self.random.percent(25) {
                let after =
                    i128::from((day - FIRST_DAY).get_days()) * DAY + self.random.below(DAY) - self.minute;
                let of = self.first;
                self.say(Told { says: Says::MilesAreOver, day, amount: 0, billed: None, ..of }, after.max(0));
            }
        }
    }
}
