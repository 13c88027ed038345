//! What the auditor is for: a message too few or too many shows.

use crate::days::{Change, check, worked_day};

/// Whether money, miles or lines would differ if the gateway had seen the one day and the bank the other.
fn differ(changed: &[bank_simulator::auditor::AuditedMessage]) -> bool {
    let (day, changed) = (check(&worked_day()), check(changed));
    (day.balances, day.positions) != (changed.balances, changed.positions)
}

#[test]
fn every_lost_message_that_moves_something_shows() {
    let day = worked_day();
    for place in 0..day.len() {
        let mut lossy = day.clone();
        let lost = lossy.remove(place);
        let number: u32 = lost.stan.parse().unwrap();
        // Without its hold a clearing stands alone; cash and strangers earn nothing; a repeat replaces what
        // it repeats.
        let moves = match number {
            20 | 81 => true,
            60 | 61 | 90 | 91 | 101 => false,
            stan => lost.mti == "0220" && stan != 80,
        };
        assert_eq!(differ(&lossy), moves, "without {} {}", lost.mti, lost.stan);
    }
}

#[test]
fn every_doubled_clearing_with_a_new_stan_shows() {
    let day = worked_day();
    let clearings = day.iter().filter(|message| message.mti == "0220");
    for doubled in clearings {
        let mut twice = day.clone();
        twice.push(doubled.clone());
        twice.last_mut().unwrap().stan = "999999".to_owned();
        // Nothing shows in the miles of E, who is at the cap; cash and strangers earn nothing.
        let moves = !["d", "e", "g"].contains(&doubled.card.as_str());
        assert_eq!(differ(&twice), moves, "{} twice", doubled.stan);
    }
}

#[test]
fn a_repeat_counts_once() {
    let day = worked_day();
    let mut repeated = Vec::new();
    for message in &day {
        repeated.extend([message.clone(), message.clone()]);
        let mut repeat = message.clone();
        repeat.mti = format!("{}1", &message.mti[..3]);
        repeated.push(repeat);
    }
    assert_eq!(check(&repeated), check(&day));
}

#[test]
fn an_unanswered_message_counts_once_it_is_repeated_and_answered() {
    let day = worked_day();
    let mut stuttering = Vec::new();
    for message in &day {
        stuttering.extend([message.clone().unanswered(), message.clone().answered("96"), message.clone()]);
    }
    assert_eq!(check(&stuttering), check(&day));
}

#[test]
fn what_is_not_known_is_said_and_not_counted() {
    let day = worked_day();
    for (response, said) in [("", "has no answer"), ("96", "was answered 96"), ("91", "was answered 91")] {
        let mut open = day.clone();
        let clearing = open.remove(1);
        let without = check(&open);
        open.insert(1, if response.is_empty() { clearing.unanswered() } else { clearing.answered(response) });
        let audit = check(&open);
        assert_eq!(audit.unknown.len(), 1);
        assert!(
            audit.unknown[0].contains(said) && audit.unknown[0].contains("000011"),
            "{:?}",
            audit.unknown
        );
        assert_eq!((audit.balances, audit.positions), (without.balances, without.positions));
    }
}

#[test]
fn what_was_refused_is_neither_counted_nor_unknown() {
    let mut day = worked_day();
    day.push(day[1].clone().answered("30"));
    day.last_mut().unwrap().stan = "999999".to_owned();
    assert_eq!(check(&day), check(&worked_day()));
}
