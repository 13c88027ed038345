//! The data elements of totals, by version of the standard.

use domain::Content;
use iso8583::{Message, Version};

/// Of 1987: numbers, fees, amounts, net.
const OF_1987: [(u8, &str, usize); 17] = [
    (74, "DE74", 10),
    (75, "DE75", 10),
    (76, "DE76", 10),
    (77, "DE77", 10),
    (78, "DE78", 10),
    (79, "DE79", 10),
    (80, "DE80", 10),
    (81, "DE81", 10),
    (82, "DE82", 12),
    (83, "DE83", 12),
    (84, "DE84", 12),
    (85, "DE85", 12),
    (86, "DE86", 16),
    (87, "DE87", 16),
    (88, "DE88", 16),
    (89, "DE89", 16),
    (97, "DE97", 17),
];
/// Of 1993: DE82-85 and DE90 are numbers too; DE105-108 are chargebacks. Fees (DE109, DE110) are of no fixed form.
const OF_1993: [(u8, &str, usize); 22] = [
    (74, "DE74", 10),
    (75, "DE75", 10),
    (76, "DE76", 10),
    (77, "DE77", 10),
    (78, "DE78", 10),
    (79, "DE79", 10),
    (80, "DE80", 10),
    (81, "DE81", 10),
    (82, "DE82", 10),
    (83, "DE83", 10),
    (84, "DE84", 10),
    (85, "DE85", 10),
    (86, "DE86", 16),
    (87, "DE87", 16),
    (88, "DE88", 16),
    (89, "DE89", 16),
    (90, "DE90", 10),
    (97, "DE97", 17),
    (105, "DE105", 16),
    (106, "DE106", 16),
    (107, "DE107", 10),
    (108, "DE108", 10),
];
/// What else a true repeat carries unchanged: date, forwarder, currency, settlement institution.
const BESIDE: [(u8, &str); 4] = [(15, "DE15"), (33, "DE33"), (50, "DE50"), (99, "DE99")];

fn of(version: Version) -> &'static [(u8, &'static str, usize)] {
    if version == Version::V1987 { &OF_1987 } else { &OF_1993 }
}

/// How many characters the data element has; the sign of DE97 is one of them.
pub(super) fn characters(version: Version, de: u8) -> Option<usize> {
    of(version).iter().find(|(other, _, _)| *other == de).map(|(_, _, characters)| *characters)
}

/// What the data element is called, such as `DE74`.
pub(super) fn name(version: Version, de: u8) -> Option<&'static str> {
    of(version).iter().find(|(other, _, _)| *other == de).map(|(_, name, _)| *name)
}

/// The totals that the bank states.
pub(super) fn stated(message: &Message<'_>) -> Vec<(u8, String)> {
    let totals = of(message.dialect().version()).iter();
    totals.filter_map(|(de, _, _)| Some((*de, message.text(*de)?.into_owned()))).collect()
}

/// The fields that a true repeat carries unchanged.
pub(super) fn content(message: &Message<'_>) -> Content {
    let version = message.dialect().version();
    let totals = of(version).iter().map(|(de, name, _)| (*de, *name));
    let date = (version != Version::V1987).then_some((28, "DE28"));
    let all = BESIDE.into_iter().chain(date).chain(totals);
    Content(all.filter_map(|(de, name)| Some((name, message.text(de)?.trim_end().to_owned()))).collect())
}
