//! The lines of tables that speak of miles after they are booked:
//!
//! ```text
//! program vests 14                         miles may be spent 14 days after the purchase
//! program vests 30 at kosta                the same at one partner
//! program expires age 24 month_end         also `inactivity 18`, `on 12-31 years 1`
//! program debts bank                       the bank bears what was spent and is taken back; or a partner
//! program redemption 0.50 min 10 share 50 minutes 15    a mile pays 0.50, half of an amount at most
//! expire-miles 5 A of 1 on 2028-11-01 -> reversed miles_expired base -10
//! reserve 6 A 100 on 2026-11-01 pays 500.00 -> booked miles_reserved base -100
//! confirm 7 A of 6 -> booked redemption_confirmed
//! cancel 8 A of 6 -> reversed redemption_cancelled base 100
//! lapse 9 A of 6 after 15 -> ...           15 minutes after message 6
//! unanswered 9 A of 1                      the gateway was late with the answer to authorization 1
//! adjust 10 A -50 by bank -> reversed adjusted base -50
//! send 11 A 30 to B -> booked miles_sent base -30
//! program household pooled                 behind a `redemption` line: households spend together
//! share 6 A 70 pool 5 worth 35.00 -> ...   what one account gives to the pool of that number
//! arrive 12 B 30 granted 2026-10-10 vests 2026-10-24 expires 2028-11-01 -> booked miles_arrived base 30
//! program ledger partner                   the partner keeps the miles; `debts` says who bears what it keeps
//! refused 13 A 60 of 1 -> reversed refused_by_the_partner base -60    the partner refused a line of so many miles
//! lot 1 open 70 spent 30 expired 0         the miles of the purchase of message 1; `covered`, `borne`, and
//!                                          `vests`, `expires` with a day
//! ```

use domain::{
    Event, EventKind, ExpiryRule, Funder, MilesEvent, MilesLedger, Outcome, Program, Ratio, RedemptionRules,
    RoundedTo,
};
use jiff::{ToSpan, civil::Date};

use crate::{language::letter, support::world};

/// The verbs of these events.
pub(crate) const VERBS: [&str; 11] = [
    "expire-miles",
    "reserve",
    "confirm",
    "cancel",
    "lapse",
    "adjust",
    "send",
    "arrive",
    "unanswered",
    "share",
    "refused",
];

/// `boreal-gold` with what the `program` lines of a table say.
pub(crate) fn program(table: &str) -> Program {
    let mut program = world::boreal_gold();
    for line in table.lines() {
        if let ["program", words @ ..] = line.split_whitespace().collect::<Vec<_>>().as_slice() {
            add(&mut program, words);
        }
    }
    program
}

pub(crate) fn add(program: &mut Program, words: &[&str]) {
    let miles = &mut program.miles;
    match words {
        ["vests", days] => miles.vesting_days = days.parse().unwrap(),
        ["vests", days, "at", partner] => {
            miles.vesting_by_partner.push((partner_named(partner), days.parse().unwrap()));
        }
        ["expires", "age", months, end] => {
            let rounded_to = RoundedTo::ALL.into_iter().find(|rounded| rounded.name() == *end).unwrap();
            miles.expiry = Some(ExpiryRule::Age { months: months.parse().unwrap(), rounded_to });
        }
        ["expires", "inactivity", months] => {
            miles.expiry = Some(ExpiryRule::Inactivity { months: months.parse().unwrap() });
        }
        ["expires", "on", day, "years", years] => {
            let (month, day) = day.split_once('-').unwrap();
            let (month, day) = (month.parse().unwrap(), day.parse().unwrap());
            miles.expiry = Some(ExpiryRule::OnDay { month, day, years: years.parse().unwrap() });
        }
        ["ledger", "partner"] => miles.ledger = MilesLedger::Partner,
        ["debts", funder] => miles.debts_borne_by = Some(funder_named(funder)),
        ["redemption", value, "min", least, "share", percent, "minutes", minutes] => {
            program.redemption = Some(RedemptionRules {
                value: Ratio::new(value.replace('.', "").parse().unwrap(), 1).unwrap(),
                miles_min: least.parse().unwrap(),
                share_max: Ratio::new(percent.parse().unwrap(), 100).unwrap(),
                reserve_minutes: minutes.parse().unwrap(),
                household: domain::HouseholdSpending::Own,
            });
        }
        ["household", "pooled"] => {
            program.redemption.as_mut().unwrap().household = domain::HouseholdSpending::Pooled;
        }
        _ => panic!("no program line {words:?}"),
    }
}

/// The event of a line, and those of its words that are options.
pub(crate) fn event<'a>(
    id: u32,
    words: &'a [&'a str],
    get: impl Fn(&str) -> Event,
) -> (Event, &'a [&'a str]) {
    let of = || get(words[4]).key;
    let (asked, options) = match words[0] {
        "expire-miles" => (MilesEvent::Expiry { purchase: of() }, &words[5..]),
        "reserve" => (MilesEvent::Reserve { miles: words[3].parse().unwrap() }, &words[4..]),
        "confirm" => (MilesEvent::Confirm { redemption: of() }, &words[5..]),
        "cancel" => (MilesEvent::Cancel { redemption: of() }, &words[5..]),
        "unanswered" => (MilesEvent::Unanswered { redemption: of() }, &words[5..]),
        "lapse" => (MilesEvent::Lapse { redemption: of() }, &words[7..]),
        "adjust" => {
            let (miles, funder) = (words[3].parse().unwrap(), funder_named(words[5]));
            (MilesEvent::Adjust { miles, funder }, &words[6..])
        }
        "send" => {
            let (miles, to) = (words[3].parse().unwrap(), world::account(letter(words[5])));
            (MilesEvent::Send { miles, to_bucket: world::bucket(), to }, &words[6..])
        }
        "share" => {
            let pool = world::message(words[5].parse().unwrap(), world::CLEARING, 0).key;
            let worth_minor = words[7].replace('.', "").parse().unwrap();
            (MilesEvent::ReserveShare { pool, miles: words[3].parse().unwrap(), worth_minor }, &words[8..])
        }
        "refused" => {
            let (purchase, miles) = (get(words[5]).key, words[3].parse().unwrap());
            (MilesEvent::Refused { purchase, miles }, &words[6..])
        }
        _ => arrival(words),
    };
    let mut event = world::message(id, EventKind::Miles(asked), 0);
    event.member = Some(world::member(letter(words[2])));
    if words[0] == "lapse" {
        let minutes: i64 = words[6].parse().unwrap();
        event.received_at = get(words[4]).received_at + minutes.minutes();
    }
    (event, options)
}

fn arrival<'a>(words: &'a [&'a str]) -> (MilesEvent, &'a [&'a str]) {
    let day = |word: &str| -> Option<Date> {
        words.iter().position(|other| *other == word).map(|place| words[place + 1].parse().unwrap())
    };
    let miles = words[3].parse().unwrap();
    let (vests_on, expire_on) = (day("vests"), day("expires"));
    (MilesEvent::Arrive { miles, granted_on: day("granted").unwrap(), vests_on, expire_on }, &[])
}

/// What is asked of a lot, as it stands after these outcomes.
pub(crate) fn lot(number: &str, parts: &[&str], outcomes: &[Outcome]) -> String {
    let key = world::message(number.parse().unwrap(), world::CLEARING, 0).key;
    let states = outcomes.iter().flat_map(|outcome| &outcome.purchases);
    let purchase = states.rev().find(|purchase| purchase.key == key).expect("such a lot");
    let lot = &purchase.lot;
    let day = |day: Option<Date>| day.map_or("never".to_owned(), |day| day.to_string());
    let value = |part: &str| match part {
        "open" => purchase.open_miles().to_string(),
        "spent" => lot.spent_miles.to_string(),
        "expired" => lot.expired_miles.to_string(),
        "covered" => lot.covered_miles.to_string(),
        "borne" => lot.borne_miles.to_string(),
        "vests" => day(lot.vests_on),
        "expires" => day(lot.expire_on),
        part => panic!("no part {part} of a lot"),
    };
    parts.chunks(2).map(|pair| format!(" {} {}", pair[0], value(pair[0]))).collect()
}

fn funder_named(name: &str) -> Funder {
    if name == "bank" { Funder::Bank } else { Funder::Partner(partner_named(name)) }
}

fn partner_named(name: &str) -> domain::PartnerId {
    match name {
        "airboreal" => world::AIRBOREAL,
        "skyfuel" => world::SKYFUEL,
        "kosta" => world::KOSTA,
        _ => panic!("no partner {name}"),
    }
}
