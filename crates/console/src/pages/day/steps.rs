//! The bar of a day's steps: which are done, and by whom.

use store::{Cycle, CycleState};

use crate::{queries::books::Steps, words::day::DayLabels};

/// A step.
pub(super) struct Step {
    pub(super) name: &'static str,
    /// `done`, `now` or `next`, for the stylesheet.
    pub(super) class: &'static str,
    pub(super) icon: &'static str,
    pub(super) note: String,
}

const ORDER: [CycleState; 7] = [
    CycleState::Open,
    CycleState::Closing,
    CycleState::Computed,
    CycleState::Approved,
    CycleState::Published,
    CycleState::Delivered,
    CycleState::Acknowledged,
];

/// The steps up to the acknowledgement.
pub(super) fn of(cycle: &Cycle, steps: &Steps, w: &'static DayLabels) -> Vec<Step> {
    let at = ORDER.iter().position(|state| *state == cycle.state);
    let names = [
        w.step_open,
        w.step_closed,
        w.step_computed,
        w.step_approved,
        w.step_published,
        w.step_delivered,
        w.step_acknowledged,
    ];
    let person = |by: &Option<String>| match by.as_deref() {
        None => String::new(),
        Some("") => w.by_scheduler.to_owned(),
        Some(by) => by.to_owned(),
    };
    ORDER
        .iter()
        .zip(names)
        .enumerate()
        .map(|(place, (state, name))| {
            let (class, icon) = match at {
                // An acknowledgement is the end, not a step under way.
                Some(at) if place < at || (place == at && *state == CycleState::Acknowledged) => {
                    ("done", "✓")
                }
                Some(at) if place == at => ("now", "◑"),
                _ => ("next", "○"),
            };
            let note = match state {
                _ if class == "next" => w.not_begun.to_owned(),
                CycleState::Computed => person(&steps.computed_by),
                CycleState::Approved if !steps.two_people => w.alone.to_owned(),
                CycleState::Approved => person(&steps.approved_by),
                _ => String::new(),
            };
            Step { name, class, icon, note }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use domain::{CycleId, ProgramId};
    use program_files::Language;

    use super::*;

    #[test]
    fn what_is_done_is_told_from_what_comes() {
        let cycle = |state| Cycle {
            id: CycleId(1),
            program: ProgramId(1),
            sequence: 1,
            business_date: jiff::civil::date(2026, 10, 10),
            state,
        };
        let people = Steps {
            computed_by: Some("ann".to_owned()),
            approved_by: Some("bob".to_owned()),
            two_people: true,
        };
        let shown = |state| {
            let bar = of(&cycle(state), &people, DayLabels::of(Language::English));
            bar.iter().map(|step| step.class).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(shown(CycleState::Open), "now next next next next next next");
        assert_eq!(shown(CycleState::Published), "done done done done now next next");
        assert_eq!(shown(CycleState::Acknowledged), "done done done done done done done");
        let bar = of(&cycle(CycleState::Published), &people, DayLabels::of(Language::English));
        assert_eq!((bar[2].note.as_str(), bar[3].note.as_str()), ("ann", "bob"));
    }
}
