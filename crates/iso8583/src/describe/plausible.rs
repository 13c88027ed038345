//! Whether a message that was decoded says what messages say: wrong dialects decode by chance, and then say nonsense.

use super::check_digit;
use crate::{codes, message::Message, presence::FindingProblem};

/// What speaks for and against a message.
#[derive(Default)]
pub(crate) struct Judgement {
    pub(crate) points: i32,
    pub(crate) why: Vec<String>,
}

impl Judgement {
    fn add(&mut self, good: bool, points: i32, what: &str) {
        self.points += if good { points } else { -points };
        let verb = if good { "+" } else { "-" };
        self.why.push(format!("{verb} {what}"));
    }
}

pub(crate) fn judge(message: &Message<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let dialect = message.dialect();
    let same = message.mti().version() == dialect.version().digit();
    judgement.add(same, 15, &format!("the message type is of the version {}", dialect.version().year()));
    if message.bitmaps().first_bit() {
        judgement.add(false, 10, "bit 1 announces something");
    }
    presence(message, &mut judgement);
    values(message, &mut judgement);
    parts(message, &mut judgement);
    judgement
}

fn presence(message: &Message<'_>, judgement: &mut Judgement) {
    let findings = message.dialect().check(message);
    if findings.iter().any(|finding| finding.problem == FindingProblem::UnknownType) {
        return judgement.add(false, 10, "the dialect agrees on this message type");
    }
    if findings.is_empty() {
        if message.dialect().message(message.mti()).is_some() {
            judgement.add(true, 15, "all that is agreed for this message type is there");
        }
        return;
    }
    for finding in findings.iter().take(3) {
        judgement.points -= 5;
        judgement.why.push(format!("- {finding}"));
    }
}

/// Parts that read to their end hardly do so by chance.
fn parts(message: &Message<'_>, judgement: &mut Judgement) {
    for (de, value) in message.values().filter(|(_, value)| value.spec().inside.is_some()) {
        if !value.is_empty() && message.parts(de).is_ok() {
            judgement.add(true, 6, &format!("DE{de} has the agreed parts"));
        }
    }
}

fn values(message: &Message<'_>, judgement: &mut Judgement) {
    let mut check = |de: u8, points: i32, what: &str, good: &dyn Fn(&str) -> bool| {
        if let Some(text) = message.text(de).filter(|text| !text.is_empty()) {
            judgement.add(good(&text), points, &format!("DE{de} {what}"));
        }
    };
    check(7, 12, "is a date and a time", &|text| {
        text.split_at_checked(4).is_some_and(|(date, time)| is_date(date) && is_time(time))
    });
    check(2, 10, "ends with its check digit", &check_digit::passes);
    check(11, 3, "is a trace number", &|text| text.len() == 6 && text.bytes().all(|b| b.is_ascii_digit()));
    check(12, 4, "is a time", &|text| match text.len() {
        12 => text.split_at_checked(6).is_some_and(|(date, time)| {
            date.split_at_checked(2).is_some_and(|(_, date)| is_date(date)) && is_time(time)
        }),
        _ => is_time(text),
    });
    check(13, 4, "is a date", &is_date);
    check(37, 4, "is text", &readable);
    check(41, 4, "is text", &readable);
    check(42, 4, "is text", &readable);
    check(43, 6, "is text", &readable);
    check(49, 8, "is a known currency", &|text| {
        codes::meaning("currency", text).is_some() || is_letters(text)
    });
    check(70, 4, "is a known code", &|text| codes::meaning("network-management-code", text).is_some());
}

fn is_letters(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn within(digits: &str, range: std::ops::RangeInclusive<u8>) -> bool {
    digits.len() == 2 && digits.parse().is_ok_and(|number: u8| range.contains(&number))
}

/// `MMDD`, in 1993 also `YYMM`.
fn is_date(text: &str) -> bool {
    let pairs = text.split_at_checked(2).filter(|_| text.len() == 4);
    pairs.is_some_and(|(month, day)| within(month, 1..=12) && within(day, 1..=31) || within(day, 1..=12))
}

fn is_time(text: &str) -> bool {
    let pairs = text.split_at_checked(2).filter(|_| text.len() == 6);
    pairs.is_some_and(|(hour, rest)| {
        within(hour, 0..=23)
            && rest.split_at_checked(2).is_some_and(|(m, s)| within(m, 0..=59) && within(s, 0..=59))
    })
}

/// Letters, digits and blanks for the most part: in a wrong code page they are not.
fn readable(text: &str) -> bool {
    let plain = |character: &char| character.is_ascii_alphanumeric() || *character == ' ';
    text.chars().filter(plain).count() * 10 >= text.chars().count() * 7
}
