//! Off-peak hours.

/// Whether the local time lies in one of these; a time that nobody knows lies in none.
pub(crate) fn within(hours: &[(i16, i16)], minute: Option<i16>) -> bool {
    let inside = |(from, to): &(i16, i16), minute: i16| {
        if from < to { *from <= minute && minute < *to } else { *from <= minute || minute < *to }
    };
    hours.is_empty() || minute.is_some_and(|minute| hours.iter().any(|hours| inside(hours, minute)))
}
