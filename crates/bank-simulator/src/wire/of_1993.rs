//! From the terms of 1987 to a message of 1993, and back.

use iso8583::{Builder, Dialect, Length, Mti, OriginalData, Version};
use jiff::civil::Date;

use super::spoken::{Spoken, original};

/// DE22 of 1993: chip and PIN, cardholder and card present.
const POINT_OF_SERVICE: &str = "510101513344";
/// DE24 of a full and of a partial reversal.
const FULL_REVERSAL: &str = "400";
const PARTIAL_REVERSAL: &str = "401";
/// DE70 of 1987 and DE24 of 1993, the usual code of each first.
const NETWORK: [(&str, &str); 9] = [
    ("001", "801"),
    ("061", "801"),
    ("002", "802"),
    ("062", "802"),
    ("301", "831"),
    ("270", "831"),
    ("201", "821"),
    ("101", "811"),
    ("161", "812"),
];
/// DE39 of the two versions, apart from 00.
const CODES: [(&str, &str); 10] = [
    ("12", "902"),
    ("30", "904"),
    ("57", "119"),
    ("91", "907"),
    ("94", "913"),
    ("96", "909"),
    ("05", "100"),
    ("51", "116"),
    ("08", "001"),
    ("10", "002"),
];

/// Where a data element of 1987 stands in 1993.
pub(super) fn element(of_1987: &str) -> &str {
    match of_1987 {
        "DE13" => "DE12",
        "DE18" => "DE26",
        "DE25" | "DE70" => "DE24",
        "DE90" => "DE56",
        "DE95" => "DE4",
        "DE66" => "DE39",
        same => same,
    }
}

/// A message of 1987 as 1993 writes it.
pub(super) fn written(message: &Builder, near: Date, dialect: &Dialect, spoken: &Spoken) -> Builder {
    let mut out = message.clone().with_mti(with_version(message.mti(), b'1'));
    for de in [13, 18, 25, 70, 90, 95] {
        out = out.remove(de);
    }
    let text = |de| message.get(de);
    // In 1993 DE12 is always there: without a local time that of DE7 is meant.
    let moves = matches!(message.mti().class(), 1 | 2 | 4);
    if let Some(time) = text(12).or_else(|| text(7).filter(|_| moves)?.get(4..10)) {
        // Without a local date the day of DE7 is meant.
        let date = text(13).or_else(|| text(7)?.get(..4)).unwrap_or("0101");
        out = out.set(12, format!("{}{time}", with_year(date, near)));
    }
    let values = [
        (15, text(15).map(|date| with_year(date, near))),
        (22, text(22).map(|mode| entry_mode(mode, dialect))),
        (24, function_code(message)),
        (26, text(18).map(str::to_owned)),
        (39, text(39).map(|code| code_of_1993(code).to_owned())),
        (56, text(90).map(|named| named_original(named, out.get(12), spoken))),
    ];
    for (de, value) in values {
        out = set(out, de, value);
    }
    match text(95).and_then(|amounts| amounts.get(..12)) {
        // The original amount, and its amount of reconciliation, which nobody has agreed on.
        Some(remains) => {
            out.set(30, format!("{}{:012}", text(4).unwrap_or("000000000000"), 0)).set(4, remains)
        }
        None => out,
    }
}

fn set(message: Builder, de: u8, value: Option<String>) -> Builder {
    match value {
        Some(value) => message.set(de, value),
        None => message,
    }
}

fn with_version(mti: Mti, digit: u8) -> Mti {
    let [_, class, function, origin] = *mti.as_bytes();
    Mti::parse(&[digit, class, function, origin]).unwrap_or(mti)
}

/// MMDD with the year that brings it nearest. Dates that cannot be keep what is wrong with them.
fn with_year(date: &str, near: Date) -> String {
    let number = |range: std::ops::Range<usize>| date.get(range).and_then(|text| text.parse::<i32>().ok());
    let (month, day) = (number(0..2).unwrap_or(1), number(2..4).unwrap_or(1));
    let days = |year: i32, month: i32, day: i32| year * 372 + month * 31 + day;
    let now = days(i32::from(near.year()), i32::from(near.month()), i32::from(near.day()));
    let year = i32::from(near.year());
    let nearest =
        [year, year - 1, year + 1].into_iter().min_by_key(|year| (days(*year, month, day) - now).abs());
    format!("{:02}{date}", nearest.unwrap_or(year) % 100)
}

fn entry_mode(mode: &str, dialect: &Dialect) -> String {
    let of_1993 = dialect.field(22).is_some_and(|spec| spec.format.length == Length::Fixed(12));
    if of_1993 { POINT_OF_SERVICE } else { mode }.to_owned()
}

/// DE24: DE70 of network management, the kind of reversal, or what DE25 says of the amount.
fn function_code(message: &Builder) -> Option<String> {
    let code = match message.mti().class() {
        8 => {
            let code = message.get(70)?;
            NETWORK.iter().find(|(of_1987, _)| *of_1987 == code).map_or(code, |(_, of_1993)| *of_1993)
        }
        4 if message.get(95).is_some() => PARTIAL_REVERSAL,
        4 => FULL_REVERSAL,
        1 | 2 => match (message.get(25)?, message.mti().class()) {
            ("06", _) => "101",
            (_, 1) => "100",
            _ => "200",
        },
        _ => return None,
    };
    Some(code.to_owned())
}

fn code_of_1993(code: &str) -> &str {
    match code {
        "00" => "000",
        _ => CODES.iter().find(|(of_1987, _)| *of_1987 == code).map_or("100", |(_, of_1993)| *of_1993),
    }
}

/// DE39 of an answer. What is no code of its class, or none we know, stays as it came.
fn code_of_1987(code: &str, class: u8) -> &str {
    match (code, class) {
        ("000", 1 | 2) | ("400", 4) | ("500" | "501" | "503" | "504", 5) | ("800", 8) => "00",
        _ => CODES.iter().find(|(_, of_1993)| *of_1993 == code).map_or(code, |(of_1987, _)| *of_1987),
    }
}

/// DE56 for a DE90: it names the local time of the original, not its DE7.
fn named_original(named: &str, own_local_time: Option<&str>, spoken: &Spoken) -> String {
    let Some(original) = original(named) else { return named.to_owned() };
    let local = spoken.local_time_of(&original);
    // What was not sent yet has the local time of its purchase, which this message tells too.
    let local = local.as_deref().or(own_local_time).unwrap_or("000000000000").to_owned();
    let acquirer = original.acquirer.trim_start_matches('0').to_owned();
    let mti = with_version(original.mti, b'1');
    let renamed = OriginalData { mti, transmission: local, acquirer, forwarder: String::new(), ..original };
    renamed.write(Version::V1993).unwrap_or_else(|_| named.to_owned())
}

/// An answer of 1993 in the terms of 1987. What came back as sent is told as it was meant.
pub(super) fn read(received: Builder, spoken: &Spoken) -> Builder {
    let class = received.mti().class();
    let sent = spoken.request_of(&received);
    let code = received.get(39).map(|code| code_of_1987(code, class).to_owned());
    let mut out = received.clone().with_mti(with_version(received.mti(), b'0'));
    for de in [12, 13, 15, 24, 26, 30, 56, 70, 90] {
        out = out.remove(de);
    }
    out = set(out, 39, code);
    if class == 5 {
        out = totals_read(out, received.get(39));
    }
    // In 1993, and where that stands in 1987.
    let places: [(u8, &[u8]); 5] = [(4, &[4]), (12, &[12, 13]), (15, &[15]), (24, &[70]), (56, &[90])];
    for (de, of_1987) in places {
        let value = received.get(de);
        match &sent {
            Some(sent) if sent.of_1993.get(de) == value => {
                for de in of_1987 {
                    out = set(out, *de, sent.of_1987.get(*de).map(str::to_owned));
                }
            }
            _ => out = plainly(out, de, value, class),
        }
    }
    out
}

/// DE39 of totals says what DE66 does in 1987. Chargebacks have no data element there.
fn totals_read(out: Builder, code: Option<&str>) -> Builder {
    let out = [105, 106, 107, 108].into_iter().fold(out, Builder::remove);
    match code {
        Some("500") => out.set(66, "1"),
        Some("501") => out.set(66, "2"),
        Some("503" | "504") => out.set(66, "9"),
        _ => out,
    }
}

/// Another value than was sent, told as well as it can be.
fn plainly(out: Builder, de: u8, value: Option<&str>, class: u8) -> Builder {
    let Some(value) = value else { return out };
    let part = |range: std::ops::Range<usize>| value.get(range).unwrap_or_default().to_owned();
    match de {
        12 => out.set(12, part(6..12)).set(13, part(2..6)),
        15 => out.set(15, part(2..6)),
        24 if class == 8 => {
            let code = NETWORK.iter().find(|(_, of_1993)| *of_1993 == value);
            out.set(70, code.map_or(value, |(of_1987, _)| *of_1987))
        }
        56 => out.set(90, value),
        _ => out,
    }
}
