//! Which cycles there are, and that clocks which are set leave no moment without one.

use jiff::ToSpan;
use jiff::civil::{date, time};
use proptest::prelude::*;

use super::*;

fn of(times: &[&str]) -> Option<CutOffs> {
    CutOffs::new(times.iter().map(|time| time.parse().unwrap()).collect())
}

#[test]
fn cycles_end_one_after_the_other_within_their_date() {
    for (times, expected) in [
        (&["00:00"][..], Some(&["2026-10-11T00:00:00"][..])),
        (&["12:00", "00:00"], Some(&["2026-10-10T12:00:00", "2026-10-11T00:00:00"])),
        (&["18:00", "06:00"], Some(&["2026-10-10T18:00:00", "2026-10-11T06:00:00"])),
        (
            &["23:30", "09:00", "23:00"],
            Some(&["2026-10-09T23:30:00", "2026-10-10T09:00:00", "2026-10-10T23:00:00"]),
        ),
        (&["06:00", "18:00"], Some(&["2026-10-10T06:00:00", "2026-10-10T18:00:00"])),
        (&["12:00", "12:00"], None),
        (&["14:00", "12:00", "00:00"], None),
        (&[], None),
    ] {
        let ends = of(times).map(|cut_offs| cut_offs.ends(date(2026, 10, 10)));
        let ends = ends.map(|ends| ends.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(ends, expected.map(|ends| ends.iter().map(ToString::to_string).collect()), "{times:?}");
    }
}

fn check_end(times: &[&str], day: (i8, i8), number: usize, expected: &str) {
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let cycle = CycleOfDay { date: date(2026, day.0, day.1), number };
    let cut_offs = of(times).unwrap();
    let end = cut_offs.end(cycle, &zone).unwrap();
    assert_eq!(end.to_string(), format!("{expected}[Europe/Berlin]"), "{times:?} {cycle:?}");
    let before = end.timestamp() - 1.second();
    assert!(cut_offs.cycle_at(before, &zone).unwrap() <= cycle, "{times:?} {cycle:?}");
    assert!(cut_offs.cycle_at(end.timestamp(), &zone).unwrap() > cycle, "{times:?} {cycle:?}");
}

#[test]
fn clocks_that_are_set_leave_no_hour_without_a_cycle() {
    // On 29 March 2026 the hour from 02:00 is left out, on 25 October it comes twice.
    check_end(&["02:30"], (3, 28), 1, "2026-03-29T03:30:00+02:00");
    check_end(&["02:30"], (10, 24), 1, "2026-10-25T02:30:00+02:00");
    check_end(&["12:00", "00:00"], (3, 28), 2, "2026-03-29T00:00:00+01:00");
    check_end(&["12:00", "00:00"], (3, 29), 1, "2026-03-29T12:00:00+02:00");
    // Moved forward, 02:30 would end after 03:10: the later cycle ends with it and is empty.
    check_end(&["02:30", "03:10", "00:00"], (3, 29), 1, "2026-03-29T03:30:00+02:00");
    check_end(&["02:30", "03:10", "00:00"], (3, 29), 2, "2026-03-29T03:30:00+02:00");
    check_end(&["02:30", "03:10", "00:00"], (3, 29), 3, "2026-03-30T00:00:00+02:00");
    let (cut_offs, zone) = (of(&["02:30"]).unwrap(), TimeZone::get("Europe/Berlin").unwrap());
    // 02:15 comes again after the first 02:30: it is no longer of the date before.
    for (instant, day) in [("2026-10-25T00:15:00Z", 24), ("2026-10-25T01:15:00Z", 25)] {
        let cycle = cut_offs.cycle_at(instant.parse().unwrap(), &zone).unwrap();
        assert_eq!(cycle, CycleOfDay { date: date(2026, 10, day), number: 1 }, "{instant}");
    }
}

#[test]
fn the_last_of_several_ends_the_date() {
    let cut_offs = of(&["12:00", "00:00"]).unwrap();
    assert_eq!((cut_offs.last(), cut_offs.cycles()), (time(0, 0, 0, 0), 2));
    let first = CycleOfDay { date: date(2026, 10, 31), number: 1 };
    let second = cut_offs.next(first);
    assert_eq!(second, CycleOfDay { number: 2, ..first });
    assert_eq!(cut_offs.next(second), CycleOfDay { date: date(2026, 11, 1), number: 1 });
    assert!(!cut_offs.is_last(1) && cut_offs.is_last(2));
}

proptest! {
    #[test]
    fn every_instant_lies_in_one_cycle(minutes in prop::collection::btree_set(0_i32..1440, 1..5), at in 0_i64..31_536_000) {
        let zone = TimeZone::get("America/New_York").unwrap();
        let time = |minutes: &i32| Time::new(i8::try_from(minutes / 60).unwrap(), i8::try_from(minutes % 60).unwrap(), 0, 0).unwrap();
        let cut_offs = CutOffs::new(minutes.iter().map(time).collect()).unwrap();
        let instant = Timestamp::from_second(1_767_225_600 + at).unwrap();
        let cycle = cut_offs.cycle_at(instant, &zone).unwrap();
        prop_assert!(instant < cut_offs.end(cycle, &zone).unwrap().timestamp());
        let earlier = match cycle.number {
            1 => CycleOfDay { date: cycle.date.yesterday().unwrap(), number: cut_offs.cycles() },
            number => CycleOfDay { number: number - 1, ..cycle },
        };
        prop_assert!(cut_offs.end(earlier, &zone).unwrap().timestamp() <= instant);
    }
}

#[test]
fn what_is_on_the_books_says_which_cycle_ends_its_date() {
    let (day, zone) = (date(2026, 10, 10), TimeZone::get("Europe/Moscow").unwrap());
    let (sunday, noon, midnight) = (date(2026, 10, 11), "2026-10-10T12:00:00", "2026-10-11T00:00:00");
    for (times, number, next, is_last, end) in [
        (&["00:00"][..], 1, None, true, midnight),
        (&["00:00"], 1, Some(sunday), true, midnight),
        (&["12:00", "00:00"], 1, None, false, noon),
        (&["12:00", "00:00"], 1, Some(day), false, noon),
        (&["12:00", "00:00"], 2, None, true, midnight),
        (&["12:00", "00:00"], 2, Some(sunday), true, midnight),
        // Closed before the program had two.
        (&["12:00", "00:00"], 1, Some(sunday), true, midnight),
        // Open when it got one less.
        (&["00:00"], 2, None, true, midnight),
        (&["00:00"], 1, Some(day), false, midnight),
    ] {
        let cut_offs = of(times).unwrap();
        let place = cut_offs.in_day(CycleOfDay { date: day, number }, next);
        let found = cut_offs.end_of(place, &zone).unwrap();
        assert_eq!(
            (place.is_last, found.datetime().to_string()),
            (is_last, end.to_owned()),
            "{times:?} {number} {next:?}"
        );
    }
}

/// Cut-offs around the hours that are left out or come twice, each day for two years: from a cycle to the next, nothing
/// is left out, nothing comes twice, and a date is as long as its clock says.
fn check_walk(zone: &str, times: &[&str], lengths: &[i64]) {
    let (cut_offs, zone) = (of(times).unwrap(), TimeZone::get(zone).unwrap());
    let first = date(2026, 1, 1);
    let mut cycle = CycleOfDay { date: first, number: 1 };
    let mut day_before =
        cut_offs.end(CycleOfDay { date: first.yesterday().unwrap(), number: cut_offs.cycles() }, &zone);
    let mut before = day_before.as_ref().unwrap().timestamp();
    let mut found = std::collections::BTreeSet::new();
    while cycle.date < date(2028, 1, 1) {
        let end = cut_offs.end(cycle, &zone).unwrap();
        assert!(before <= end.timestamp(), "{times:?} {cycle:?}");
        if before < end.timestamp() {
            assert_eq!(cut_offs.cycle_at(before, &zone).unwrap(), cycle, "{times:?}: its first moment");
            assert_eq!(
                cut_offs.cycle_at(end.timestamp() - 1.nanosecond(), &zone).unwrap(),
                cycle,
                "{times:?}: its last"
            );
        }
        before = end.timestamp();
        let next = cut_offs.next(cycle);
        if cut_offs.is_last(cycle.number) {
            assert_eq!(next, CycleOfDay { date: cycle.date.tomorrow().unwrap(), number: 1 });
            let began = day_before.unwrap().timestamp();
            found.insert(end.timestamp().duration_since(began).as_mins());
            day_before = Ok(end);
        } else {
            assert_eq!(next, CycleOfDay { number: cycle.number + 1, ..cycle });
        }
        cycle = next;
    }
    assert_eq!(found.into_iter().collect::<Vec<_>>(), lengths, "{times:?}: minutes of the dates");
}

#[test]
fn each_cycle_begins_where_the_one_before_ended_when_clocks_are_set() {
    // A date has 24 hours, 23 in spring and 25 in autumn.
    let usual = [1_380, 1_440, 1_500];
    for times in
        [&["00:00"][..], &["12:00", "00:00"], &["02:30", "00:00"], &["01:59", "03:00", "12:00", "23:59"]]
    {
        check_walk("Europe/Berlin", times, &usual);
        check_walk("America/New_York", times, &usual);
        check_walk("Europe/Moscow", times, &[1_440]);
    }
    // 02:30 itself is left out, so that date ends at 03:30 and the next is shorter; when it comes twice, the first ends.
    check_walk("Europe/Berlin", &["02:30"], &[1_380, 1_440, 1_500]);
    check_walk("Europe/Berlin", &["12:00", "02:30"], &[1_380, 1_440, 1_500]);
    // Moved forward, the end of the date comes after the next one's first: that cycle ends with it and is empty.
    check_walk("Europe/Berlin", &["03:10", "02:30"], &[1_380, 1_440, 1_500]);
    // Clocks that are set by half an hour, around a cut-off in it.
    check_walk("Australia/Lord_Howe", &["01:45", "02:15", "00:00"], &[1_410, 1_440, 1_470]);
}

proptest! {
    #[test]
    fn the_next_cycle_ends_after_this_one_in_every_zone(
        minutes in prop::collection::btree_set(0_i32..1440, 1..5), at in 0_i64..63_072_000, zone in 0_usize..4,
        earlier in 0_usize..5,
    ) {
        let zone = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo"][zone];
        let zone = TimeZone::get(zone).unwrap();
        let time = |minutes: &i32| Time::new(i8::try_from(minutes / 60).unwrap(), i8::try_from(minutes % 60).unwrap(), 0, 0).unwrap();
        let mut times: Vec<Time> = minutes.iter().map(time).collect();
        // The date's first cycles may lie on the evening before.
        let earlier = earlier % times.len();
        times.rotate_left(earlier);
        let Some(cut_offs) = CutOffs::new(times) else { return Ok(()) };
        let cycle = cut_offs.cycle_at(Timestamp::from_second(1_767_225_600 + at).unwrap(), &zone).unwrap();
        let next = cut_offs.next(cycle);
        let (end, end_of_next) = (cut_offs.end(cycle, &zone).unwrap(), cut_offs.end(next, &zone).unwrap());
        prop_assert!(cycle < next && end.timestamp() <= end_of_next.timestamp());
        // Between them is no third: what does not lie in the next lies in one that ends no earlier.
        if end.timestamp() < end_of_next.timestamp() {
            prop_assert_eq!(cut_offs.cycle_at(end.timestamp(), &zone).unwrap(), next);
        }
        let place = cut_offs.in_day(cycle, Some(next.date));
        prop_assert_eq!(place, cut_offs.in_day(cycle, None));
        prop_assert_eq!(cut_offs.end_of(place, &zone).unwrap(), end);
    }
}
