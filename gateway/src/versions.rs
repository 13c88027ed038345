//! Where the versions of the standard differ: the same question, another data element.

use std::borrow::Cow;

use domain::Content;
use iso8583::{Message, Mti, OriginalData, Version};
use jiff::civil::{Date, DateTime, Time};

/// The second digit of a reversal's message type.
const REVERSAL: u8 = 4;
/// What is compared of a repeat.
const COMPARED: [(u8, &str); 15] = [
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
];
/// The same of 1993, named as 1987 names it, and the function code. Date and time, the original and what remains are in
/// [`retold`].
const COMPARED_1993: [(u8, &str); 11] = [
    (3, "DE3"),
    (4, "DE4"),
    (6, "DE6"),
    (26, "DE18"),
    (24, "DE24"),
    (38, "DE38"),
    (39, "DE39"),
    (42, "DE42"),
    (49, "DE49"),
    (51, "DE51"),
    (54, "DE54"),
];

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

/// Whether a reversal of 1993 says that it takes back a part: function code 401. In 1987 DE95 alone tells.
pub(crate) fn is_partial_reversal(message: &Message<'_>) -> bool {
    message.dialect().version() != Version::V1987 && message.text(24).as_deref() == Some("401")
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

/// A date of the bank as a version writes it: MMDD, of 1993 YYMMDD.
pub(crate) fn date_as_sent(version: Version, date: Date) -> String {
    date.strftime(if version == Version::V1987 { "%m%d" } else { "%y%m%d" }).to_string()
}

/// Whether the issuer approved, as DE39 of either version says.
pub(crate) fn is_approval(code: &str) -> bool {
    match code.len() {
        3 => code.starts_with('0'),
        _ => matches!(code, "00" | "08" | "10" | "11" | "16"),
    }
}

/// The fields that a true repeat carries unchanged, in the terms of 1987.
pub(crate) fn content(message: &Message<'_>) -> Content {
    let present = |(de, name): &(u8, &'static str)| Some((*name, message.text(*de)?.trim_end().to_owned()));
    if message.dialect().version() == Version::V1987 {
        return Content(COMPARED.iter().filter_map(present).collect());
    }
    let mut fields = vec![(Content::VERSION, message.dialect().version().year().to_string())];
    fields.extend(COMPARED_1993.iter().filter_map(present));
    for (name, value) in retold(message) {
        fields.retain(|(other, _)| *other != name);
        fields.push((name, value));
    }
    Content(fields)
}

/// What a message of 1993 says in one element and 1987 in another, or in another form.
fn retold(message: &Message<'_>) -> Vec<(&'static str, String)> {
    let twelve_digits = |minor: u64| format!("{minor:012}");
    let mut told = Vec::new();
    if let Some(local) = message.text(12)
        && let (Some(date), Some(time)) = (local.get(2..6), local.get(6..))
    {
        told.extend([("DE12", time.to_owned()), ("DE13", date.to_owned())]);
    }
    if let Ok(Some(original)) = message.original_data() {
        let OriginalData { stan, transmission, acquirer, .. } = &original;
        told.push(("DE90", format!("{}{stan}{transmission}{acquirer}", canonical(original.mti))));
    }
    if message.mti().class() == REVERSAL {
        told.extend(message.original_amount().map(|minor| ("DE4", twelve_digits(minor))));
        let remains = message.replacement_amount().ok().flatten();
        told.extend(remains.map(|minor| ("DE95", twelve_digits(minor))));
    }
    told
}

/// A reason that names a field, in the terms of the bank's version.
pub(crate) fn in_its_terms(version: Version, reason: &str) -> Cow<'_, str> {
    let Some((told, field)) = reason.split_once(':').filter(|_| version != Version::V1987) else {
        return Cow::Borrowed(reason);
    };
    let own = match field {
        "DE13" => "DE12",
        "DE18" => "DE26",
        "DE90" => "DE56",
        "DE95" => "DE4",
        _ => return Cow::Borrowed(reason),
    };
    Cow::Owned(format!("{told}:{own}"))
}

#[cfg(test)]
mod tests {
    use iso8583::{Mti, Version};
    use jiff::civil::date;

    use super::{canonical, in_its_terms, is_approval, local_time_1993};

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
    #[test]
    fn a_field_is_named_as_the_bank_knows_it() {
        for (reason, of_1987, of_1993) in [
            ("altered_repeat:DE18", "altered_repeat:DE18", "altered_repeat:DE26"),
            ("altered_repeat:DE13", "altered_repeat:DE13", "altered_repeat:DE12"),
            ("altered_repeat:DE49", "altered_repeat:DE49", "altered_repeat:DE49"),
            ("cleared", "cleared", "cleared"),
        ] {
            assert_eq!(in_its_terms(Version::V1987, reason), of_1987);
            assert_eq!(in_its_terms(Version::V1993, reason), of_1993);
        }
    }
}
