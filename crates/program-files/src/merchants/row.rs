//! One line of the map of merchants; a value in quotes does not go over the end of its line.

use csv::{ReaderBuilder, StringRecord};
use domain::{Effective, MerchantCriteria, MerchantOrigin, MerchantRow, SubMerchant};
use jiff::civil::Date;

use super::header::{Column, Header};
use crate::codes::Codes;
use crate::errors::{ErrorLog, Problem};
use crate::meaning::unknown_code;
use crate::scalars::{Read, quoted};
use crate::suggest;

/// A line with its values.
pub(super) struct Row<'a> {
    line: usize,
    text: &'a str,
    header: &'a Header,
    values: StringRecord,
}

impl<'a> Row<'a> {
    /// The line's values, if it has as many as the header has columns.
    pub(super) fn split(
        line: usize,
        text: &'a str,
        header: &'a Header,
        log: &mut ErrorLog<'_>,
    ) -> Option<Self> {
        let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
        let mut values = StringRecord::new();
        let columns = header.0.len();
        if reader.read_record(&mut values).is_err() || values.len() != columns {
            let found = format!("{} columns", values.len());
            let advice = "write a value for each column of the header; an empty one keeps its comma";
            log.at(line, 1, "", Problem::new(format!("{columns} columns"), found, advice));
            return None;
        }
        Some(Self { line, text, header, values })
    }

    /// What the line says; `None` if something was reported.
    pub(super) fn read(&self, codes: &Codes, log: &mut ErrorLog<'_>) -> Option<MerchantRow> {
        let before = log.count();
        let partner = self.value(Column::Partner, log, |code| {
            let known = codes.partners.get(code).copied();
            known.ok_or_else(|| unknown_code(code, "partner", &codes.partners))
        });
        let acquirer = self.value(Column::Acquirer, log, acquirer);
        let sub_merchant = self.value(Column::Name, log, name);
        // Under its name a merchant is found at every card acceptor of the aggregator.
        let may_be_open = matches!(sub_merchant, Some(Some(_)));
        let card_acceptor = self.value(Column::CardAcceptor, log, |text| match text {
            "" if may_be_open => Ok(text),
            _ => card_acceptor(text),
        });
        let terminal = self.value(Column::Terminal, log, terminal);
        let mcc = self.value(Column::Mcc, log, mcc);
        let origin = self.value(Column::Origin, log, origin);
        let valid = self.valid(log);
        if log.count() > before {
            return None;
        }
        let criteria = MerchantCriteria::new(acquirer?, card_acceptor?).with_terminal(terminal?);
        Some(MerchantRow {
            line: self.line,
            criteria: criteria.with_sub_merchant(sub_merchant?).with_mcc(mcc?),
            valid,
            origin: origin?,
            partner: partner?,
        })
    }

    /// What stands in the column of the partner.
    pub(super) fn partner(&self) -> &str {
        self.text(Column::Partner)
    }

    /// The aggregator, if the line makes one known: its name has nothing behind the star, and there is no partner.
    pub(super) fn aggregator(&self) -> Option<SubMerchant> {
        let named = SubMerchant::parse(self.text(Column::Name)).filter(SubMerchant::is_prefix);
        named.filter(|_| self.text(Column::Partner).is_empty())
    }

    /// At which card acceptor the line makes it known, if it names one; the outer `None` if something was reported.
    pub(super) fn read_aggregator(&self, log: &mut ErrorLog<'_>) -> Option<Option<MerchantCriteria>> {
        let before = log.count();
        let nothing_else =
            [Column::Terminal, Column::ValidFrom, Column::ValidTo, Column::Mcc, Column::Origin];
        for column in nothing_else.into_iter().filter(|column| !self.text(*column).is_empty()) {
            let expected = "nothing in a line that makes an aggregator known";
            let advice = "delete it, or name the partner and the merchant behind the star";
            self.report(log, column, Problem::new(expected, quoted(self.text(column)), advice));
        }
        let columns = [Column::Acquirer, Column::CardAcceptor];
        if columns.iter().all(|column| self.text(*column).is_empty()) {
            return (log.count() == before).then_some(None);
        }
        let acquirer = self.value(Column::Acquirer, log, acquirer);
        let card_acceptor = self.value(Column::CardAcceptor, log, card_acceptor);
        let at = MerchantCriteria::new(acquirer?, card_acceptor?);
        (log.count() == before).then_some(Some(at))
    }

    fn valid(&self, log: &mut ErrorLog<'_>) -> Effective {
        let from = self.value(Column::ValidFrom, log, date).flatten();
        let to = self.value(Column::ValidTo, log, date).flatten();
        if let (Some(first), Some(last)) = (from, to)
            && last <= first
        {
            let expected = format!("a day after {first}, the first one on which the row does not hold");
            let advice = "correct one of the two, or leave valid_to empty";
            self.report(log, Column::ValidTo, Problem::new(expected, quoted(&last.to_string()), advice));
        }
        Effective { from, to }
    }

    /// What stands in a column; a column that the file does not have is empty.
    fn text(&self, column: Column) -> &str {
        let place = self.header.0.iter().position(|known| *known == column);
        place.and_then(|place| self.values.get(place)).unwrap_or_default().trim_end()
    }

    /// The value of a column, or `None` with the problem reported.
    fn value<'b, T>(
        &'b self,
        column: Column,
        log: &mut ErrorLog<'_>,
        read: impl FnOnce(&'b str) -> Read<T>,
    ) -> Option<T> {
        match read(self.text(column)) {
            Ok(value) => Some(value),
            Err(problem) => {
                self.report(log, column, problem);
                None
            }
        }
    }

    /// Reports a problem where the value of this column begins.
    fn report(&self, log: &mut ErrorLog<'_>, column: Column, problem: Problem) {
        let index = self.header.0.iter().position(|known| *known == column).unwrap_or(0);
        let (mut quotes, mut commas) = (false, 0);
        let begins = |letter: char| {
            quotes ^= letter == '"';
            commas += usize::from(letter == ',' && !quotes);
            commas == index
        };
        // The value begins after the comma that makes the count right; the first one begins the line.
        let place = self.text.chars().position(begins).map_or(1, |at| at + 1 + usize::from(index > 0));
        log.at(self.line, place, column.name(), problem);
    }
}

fn acquirer(text: &str) -> Read<&str> {
    let digits = text.bytes().all(|digit| digit.is_ascii_digit());
    if digits && text.len() <= 11 && !text.trim_start_matches('0').is_empty() {
        return Ok(text);
    }
    let expected = "the acquirer's number of 1 to 11 digits (DE32)";
    Err(Problem::new(expected, quoted(text), "write the digits as the bank sends them"))
}

/// Characters of the name in DE43, with its aggregator.
const NAME_MAX: usize = 40;
const AS_SENT: &str = "write it as the bank sends it, without leading blanks";

fn card_acceptor(text: &str) -> Read<&str> {
    if !text.is_empty() && fits(text, 15) {
        return Ok(text);
    }
    Err(Problem::new("a card acceptor of 1 to 15 characters (DE42)", quoted(text), AS_SENT))
}

fn terminal(text: &str) -> Read<&str> {
    if fits(text, 8) {
        return Ok(text);
    }
    let expected = "a terminal of up to 8 characters (DE41), or nothing for all terminals";
    Err(Problem::new(expected, quoted(text), AS_SENT))
}

fn name(text: &str) -> Read<Option<SubMerchant>> {
    if text.is_empty() {
        return Ok(None);
    }
    let whole = |name: &SubMerchant| !name.is_prefix();
    let named = SubMerchant::parse(text).filter(whole).filter(|_| text.chars().count() <= NAME_MAX);
    let expected = "a name under an aggregator of up to 40 characters (DE43), or nothing";
    let advice = "write the aggregator's prefix, a star and the name, such as SQ *BLUE CAFE";
    named.map(Some).ok_or_else(|| Problem::new(expected, quoted(text), advice))
}

fn mcc(text: &str) -> Read<Option<u16>> {
    if text.is_empty() {
        return Ok(None);
    }
    let code =
        text.parse().ok().filter(|_| text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit()));
    let expected = "a merchant category of four digits (DE18), or nothing for all of them";
    code.map(Some).ok_or_else(|| Problem::new(expected, quoted(text), "write one category, such as 5541"))
}

fn origin(text: &str) -> Read<MerchantOrigin> {
    if text.is_empty() {
        return Ok(MerchantOrigin::default());
    }
    let names = || MerchantOrigin::ALL.into_iter().map(MerchantOrigin::name);
    let unknown = || Problem::new("an origin, or nothing", quoted(text), suggest::advice(text, names()));
    MerchantOrigin::parse(text).ok_or_else(unknown)
}

fn date(text: &str) -> Read<Option<Date>> {
    if text.is_empty() {
        return Ok(None);
    }
    // Dates only: jiff would also read the date out of a date and time.
    let date = text.parse().ok().filter(|date: &Date| date.to_string() == text);
    let problem = || Problem::new("a local date, or nothing", quoted(text), "write it as 2026-10-10");
    date.map(Some).ok_or_else(problem)
}

fn fits(text: &str, max: usize) -> bool {
    text.len() <= max && !text.starts_with(' ') && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}
