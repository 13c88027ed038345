//! What an answer says of the bank's windows: that their totals agree among themselves, and which one is open.

use iso8583::Builder;
use jiff::{Timestamp, ToSpan, civil::Date};

use super::{expect::Check, judge::Pair, shown::masked_value};

/// DE97 is what DE86 to DE89 come to.
pub(super) fn net(answer: &Builder) -> Option<Check> {
    if answer.mti().class() != 5 || [86, 87, 88, 89, 97].iter().all(|de| answer.get(*de).is_none()) {
        return None;
    }
    let expected = "what DE86 to DE89 come to";
    let amount = |de: u8| answer.get(de)?.parse::<i128>().ok();
    let parts = (amount(86), amount(87), amount(88), amount(89));
    let (Some(credits), Some(credits_back), Some(debits), Some(debits_back)) = parts else {
        return Some(Check::failed("DE97", expected, "that one of them is missing or no number"));
    };
    let wanted = credits + debits_back - debits - credits_back;
    let found = answer.get(97);
    let passed = found.and_then(signed) == Some(wanted);
    let found = found.map_or_else(|| "nothing".to_owned(), |found| masked_value(97, found));
    Some(Check::new("DE97", format!("{expected}: {wanted}"), found, passed))
}

/// `C` is a credit and positive, `D` a debit.
fn signed(text: &str) -> Option<i128> {
    let number = text.get(1..)?.parse::<i128>().ok()?;
    match text.get(..1)? {
        "C" => Some(number),
        "D" => Some(-number),
        _ => None,
    }
}

/// The answer to a cut-over names the date that was asked for; without one, that lies within a day of today.
pub(super) fn opened_date(pair: &Pair<'_>) -> Option<Check> {
    let codes = &pair.written.codes.cut_over;
    let cut_over = pair.sent.mti().class() == 8
        && pair.sent.get(70).is_some_and(|code| codes.iter().any(|of_cut_over| of_cut_over == code));
    if !cut_over || pair.answer.get(39) != Some("00") {
        return None;
    }
    let found = pair.answer.get(15);
    let shown = found.map_or_else(|| "nothing".to_owned(), |found| masked_value(15, found));
    Some(match pair.sent.get(15) {
        Some(sent) => {
            Check::new("DE15", format!("the date that was sent, {sent}"), shown, found == Some(sent))
        }
        None => {
            let near = days_around_today(pair);
            let passed = found.is_some_and(|found| near.iter().any(|day| day == found));
            Check::new("DE15", format!("a date within a day of today: {}", near.join(" or ")), shown, passed)
        }
    })
}

/// A gateway goes by its clock. That is ours, or in an environment with a time of its own that of our messages.
fn days_around_today(pair: &Pair<'_>) -> Vec<String> {
    let today = Timestamp::now().to_zoned(pair.parties.zone.clone()).date();
    let around =
        |day: Date| [-1, 0, 1].into_iter().filter_map(move |off: i64| day.checked_add(off.days()).ok());
    let mut days: Vec<Date> = around(today).chain(around(pair.today)).collect();
    days.sort_unstable();
    days.dedup();
    days.iter().map(|day| day.strftime("%m%d").to_string()).collect()
}
