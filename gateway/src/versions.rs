//! Where the versions of the standard differ: the same question, another data element.

use iso8583::{Message, Mti, OriginalData, Version};
use jiff::civil::{Date, DateTime, Time};

/// The message type as 1987 writes it: everything behind the version is the same.
pub(crate) fn canonical(mti: Mti) -> Mti {
    let [_, class, function, origin] = *mti.as_bytes();
    Mti::parse(&[b'0', class, function, origin]).unwrap_or(mti)
}

/// The code of network management: DE70 of 1987, the function code DE24 of 1993.
pub(crate) fn network_code(message: &Message<'_>) -> String {
    let de = if message.dialect().version() == Version::V1987 { 70 } else { 24 };
    message.text(de).unwrap_or_default().into_owned()
}

/// Whether the final amount is not known yet: condition code 06 of 1987, function code 101 of 1993.
pub(crate) fn is_preauthorization(message: &Message<'_>) -> bool {
    match message.dialect().version() {
        Version::V1987 => message.text(25).as_deref() == Some("06"),
        _ => message.text(24).as_deref() == Some("101"),
    }
}

/// The element that names the original message.
pub(crate) fn original_element(version: Version) -> &'static str {
    if OriginalData::data_element(version) == 90 { "DE90" } else { "DE56" }
}

/// How a later message names the time of this one: DE7 of 1987, DE12 of 1993 (DE7 if it is absent).
pub(crate) fn origin_time(message: &Message<'_>, transmitted: &str) -> String {
    match message.dialect().version() {
        Version::V1987 => transmitted.to_owned(),
        _ => message.text(12).map_or_else(|| transmitted.to_owned(), |text| text.into_owned()),
    }
}

/// DE12 of 1993: YYMMDDhhmmss.
pub(crate) fn local_time_1993(text: &str) -> Option<DateTime> {
    let date = date_1993(text.get(..6)?)?;
    let two = |at: usize| text.get(at..at + 2)?.parse::<i8>().ok();
    Some(date.to_datetime(Time::new(two(6)?, two(8)?, two(10)?, 0).ok()?))
}

/// YYMMDD of this century.
pub(crate) fn date_1993(text: &str) -> Option<Date> {
    let year: i16 = text.get(..2)?.parse().ok()?;
    Date::new(2000 + year, text.get(2..4)?.parse().ok()?, text.get(4..6)?.parse().ok()?).ok()
}

/// Whether the issuer approved, as DE39 of either version says.
pub(crate) fn is_approval(code: &str) -> bool {
    match code.len() {
        3 => code.starts_with('0'),
        _ => matches!(code, "00" | "08" | "10" | "11" | "16"),
    }
}

/// The fields that a true repeat carries unchanged.
pub(crate) fn compared(version: Version) -> &'static [(u8, &'static str)] {
    match version {
        Version::V1987 => &[
            (3, "DE3"),
            (4, "DE4"),
            (6, "DE6"),
            (12, "DE12"),
            (13, "DE13"),
            (18, "DE18"),
            (25, "DE25"),
            (38, "DE38"),
            (39, "DE39"),
            (42, "DE42"),
            (49, "DE49"),
            (51, "DE51"),
            (54, "DE54"),
            (90, "DE90"),
            (95, "DE95"),
        ],
        _ => &[
            (3, "DE3"),
            (4, "DE4"),
            (6, "DE6"),
            (12, "DE12"),
            (24, "DE24"),
            (26, "DE26"),
            (30, "DE30"),
            (38, "DE38"),
            (39, "DE39"),
            (42, "DE42"),
            (49, "DE49"),
            (51, "DE51"),
            (54, "DE54"),
            (56, "DE56"),
        ],
    }
}

#[cfg(test)]
mod tests {
    use iso8583::Mti;
    use jiff::civil::date;

    use super::{canonical, is_approval, local_time_1993};

    #[test]
    fn message_types_lose_their_version() {
        for (mti, expected) in [("1220", "0220"), ("0220", "0220"), ("2421", "0421")] {
            assert_eq!(canonical(Mti::new(mti)), Mti::new(expected));
        }
    }

    #[test]
    fn local_times_of_1993_have_a_year() {
        assert_eq!(local_time_1993("261010140500"), Some(date(2026, 10, 10).at(14, 5, 0, 0)));
        for wrong in ["", "261310140500", "2610101405", "261010240000", "26101014050x"] {
            assert_eq!(local_time_1993(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn approvals_of_either_version() {
        for (code, expected) in [("00", true), ("10", true), ("05", false), ("000", true), ("100", false)] {
            assert_eq!(is_approval(code), expected, "{code}");
        }
    }
}
