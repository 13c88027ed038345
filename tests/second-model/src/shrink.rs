//! The shortest story of a member on which core and model still differ.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::{
    model::{Link, Says, Told},
    play::{Difference, Play},
    programs::Read,
};

/// Tells the messages one by one.
fn difference(
    program: &'static Read,
    enrolled: Date,
    told: &[Told],
    all: &BTreeMap<u32, Told>,
) -> Option<(usize, Difference)> {
    let member = told.first()?.member?;
    let mut play = Play::new(program, &[(member, enrolled)].into());
    if !told.iter().enumerate().all(|(place, one)| is_connected(one, &told[..place])) {
        return None;
    }
    told.iter().enumerate().find_map(|(place, told)| {
        let told = play.tell(std::slice::from_ref(told), all).map(drop);
        told.and_then(|()| play.compare_all()).err().map(|difference| (place, difference))
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
    enrolled: Date,
    told: &[Told],
    all: &BTreeMap<u32, Told>,
) -> String {
    let mut told = told.to_vec();
    let Some((place, _)) = difference(program, enrolled, &told, all) else {
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
    format!("{}\n  enrolled {enrolled}\n{found}", lines.join("\n"))
}
