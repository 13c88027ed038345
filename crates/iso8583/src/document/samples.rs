//! Values for examples: published test numbers, and where there is none a value that the format allows.

use crate::{
    builder::Builder,
    dialect::{Dialect, Version},
    field_spec::FieldSpec,
    format::{Class, Length},
    mti::Mti,
};

/// A value of a data element for an example of a message type; what is inside it can be read too.
pub(super) fn value(dialect: &Dialect, mti: Mti, de: u8) -> Option<String> {
    let known = match dialect.version() {
        Version::V1987 => in_1987(de, mti),
        Version::V1993 | Version::V2003 => in_1993(de, mti),
    };
    let known = known.iter().chain(in_every_version(de)).map(|text| (*text).to_owned());
    let right = |text: &String| {
        let bytes = Builder::new(mti).set(de, text.as_str()).encode(dialect).unwrap_or_default();
        dialect.decode(&bytes).is_ok_and(|message| message.parts(de).is_ok())
    };
    known.chain([made(dialect.field(de)?)]).find(right)
}

fn in_every_version(de: u8) -> &'static [&'static str] {
    match de {
        2 => &["4111111111111111"],
        3 => &["000000"],
        4 => &["000000012550"],
        7 => &["1121120000"],
        11 => &["000001"],
        32 => &["123456"],
        37 => &["632500000001"],
        38 => &["A1B2C3"],
        41 => &["TERM0001"],
        42 => &["MERCHANT0000001"],
        48 => &["R"],
        49 | 50 => &["949"],
        74..=85 => &["0000000000", "000000000000"],
        86..=89 => &["0000000000000000"],
        _ => &[],
    }
}

fn in_1987(de: u8, mti: Mti) -> &'static [&'static str] {
    match (de, mti.class()) {
        (12, _) => &["150000"],
        (13 | 15, _) => &["1121"],
        (18, _) => &["5411"],
        (22, _) => &["051", "0510"],
        (25 | 39, _) => &["00"],
        (48, 5) => &["ST004noneRS010in_balance"],
        (48, 4) => &["ST008reversedRS022authorization_reversed"],
        (48, 1 | 2) => &["ST011provisionalRS008estimateBM003125"],
        (66, _) => &["1"],
        (70, _) => &["001"],
        (76, 5) => &["0000000001"],
        (88, 5) => &["0000000000012550"],
        (90, _) => &["010000000111211200000000012345600000000000"],
        (97, _) => &["D0000000000012550"],
        // The reversal itself, not the message that it reverses.
        (11, 4) => &["000006"],
        (37, 4) => &["632500000006"],
        _ => &[],
    }
}

fn in_1993(de: u8, mti: Mti) -> &'static [&'static str] {
    match (de, mti.class(), mti.as_str()) {
        (12, ..) => &["261121150000"],
        (15 | 28, ..) => &["261121"],
        (22, ..) => &["510101511340"],
        (24, _, "1442") => &["450"],
        (24, _, "1644") => &["697"],
        (24, _, "1740") => &["783"],
        (24, 1, _) => &["100"],
        (24, 2, _) => &["200"],
        (24, 4, _) => &["400"],
        (24, 5, _) => &["500"],
        (24, 8, _) => &["801"],
        (25, _, "1442") => &["4837"],
        (25, _, "1740") => &["7800"],
        (26, ..) => &["5411"],
        (31, ..) => &["05413336325210047110001"],
        (39, 4, _) => &["400"],
        (39, 5, _) => &["500"],
        (39, 8, _) => &["800"],
        (39, ..) => &["000"],
        (48, 6, _) => &["010502500126112100000123456000010122001T"],
        (56, ..) => &["110000000126112115000006123456"],
        (71, ..) => &["00000001"],
        (76, 5, _) => &["0000000001"],
        (88, 5, _) => &["0000000000012550"],
        (97, ..) => &["D0000000000012550"],
        (11, 4, _) => &["000006"],
        (37, 4, _) => &["632500000006"],
        _ => &[],
    }
}

/// A value that the format allows.
fn made(spec: &FieldSpec) -> String {
    let length = match spec.format.length {
        Length::Fixed(length) => length,
        Length::Variable { min, max, .. } => min.max(max.min(8)),
    } as usize;
    match spec.format.class {
        Class::Numeric | Class::NumericSpecial | Class::Track => format!("{:0>length$}", 1),
        Class::SignedNumeric => format!("D{:0>width$}", 1, width = length.saturating_sub(1)),
        Class::Binary => "0".repeat(length * 2),
        _ => "A".repeat(length),
    }
}
