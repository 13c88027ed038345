//! The shortest story of a member on which core and model still differ.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::{
    model::{Link, Says, Told},
    play::{Difference, Play},
    programs::Read,
};

/// Whose messages a story may have, each with the day on which he was enrolled.
type Enrolled = BTreeMap<u32, Date>;

/// All is compared after each message of a story that is no longer than this, and now and then in a longer one.
const SHORT: usize = 60;

/// Tells the messages one by one.
fn difference(
    program: &'static Read,
    enrolled: &Enrolled,
    told: &[Told],
    all: &BTreeMap<u32, Told>,
) -> Option<(usize, Difference)> {
    let mut play = Play::new(program, enrolled);
    if !told.iter().enumerate().all(|(place, one)| is_connected(one, &told[..place])) {
        return None;
    }
    told.iter().enumerate().find_map(|(place, one)| {
        let looks = told.len() <= SHORT || place % SHORT == 0 || place + 1 == told.len();
        let told = play.tell(std::slice::from_ref(one), all).map(drop);
        let told = told.and_then(|()| if looks { play.compare_all() } else { Ok(()) });
        told.err().map(|difference| (place, difference))
    })
}

/// Whether what a message leads by was told before: in a story that lacks it the core cannot find the purchase.
fn is_connected(told: &Told, before: &[Told]) -> bool {
    match told.link {
        Link::Retrieval => true,
        Link::Names(of) => before.iter().any(|other| other.id == of),
        Link::Acquirer => {
            before.iter().any(|other| other.says == Says::Clear && other.purchase == told.purchase)
        }
    }
}

/// Leaves out as much as it can, in ever smaller pieces, and shows what is left with the difference.
pub(crate) fn shortest(
    program: &'static Read,
    enrolled: &Enrolled,
    (member, everybody): (u32, &[Told]),
    all: &BTreeMap<u32, Told>,
) -> String {
    // Others matter where they share a budget or send miles.
    let mut told: Vec<Told> = everybody.iter().filter(|told| told.member == Some(member)).copied().collect();
    let mut found = difference(program, enrolled, &told, all);
    if found.is_none() {
        told = everybody.to_vec();
        found = difference(program, enrolled, &told, all);
    }
    let Some((place, _)) = found else {
        return "told one by one they agree: the difference comes of the batch".to_owned();
    };
    told.truncate(place + 1);
    let mut piece = told.len().div_ceil(2);
    while piece > 0 {
        let mut from = 0;
        while from < told.len() {
            let mut fewer = told.clone();
            fewer.drain(from..(from + piece).min(told.len()));
            match difference(program, enrolled, &fewer, all) {
                Some((place, _)) => {
                    fewer.truncate(place + 1);
                    told = fewer;
                }
                None => from += piece,
            }
        }
        piece /= 2;
    }
    let found = difference(program, enrolled, &told, all).map(|(_, found)| found.what).unwrap_or_default();
    let lines: Vec<String> = told.iter().map(|told| format!("  {told:?}")).collect();
    format!("{}\n  enrolled {enrolled:?}\n{found}", lines.join("\n"))
}
