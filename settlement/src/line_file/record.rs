//! Where a record stands in the order of its file, and what a line says.

use std::cmp::Ordering;

/// A batch, by what batches are sorted by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BatchPlace {
    /// The partner's code.
    pub partner: String,
    /// The three letters of its currency.
    pub currency: String,
    /// The place of its cycle among the program's cycles.
    pub cycle_sequence: i32,
}

/// The id of a line in its parts: `{program}-{cycle}-{partner}-{currency}-{number}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineId {
    /// The program's code.
    pub program: String,
    /// The batch.
    pub batch: BatchPlace,
    /// Its number in the batch, from 1.
    pub number: u64,
}

impl LineId {
    /// Reads an id. `codes` are the programs' codes that there are: a code may hold hyphens itself.
    pub fn parse<'a>(text: &str, codes: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let program = codes
            .into_iter()
            .filter(|code| text.strip_prefix(code).is_some_and(|rest| rest.starts_with('-')))
            .max_by_key(|code| code.len())?;
        let (batch, number) = of_rest(text.strip_prefix(program)?.strip_prefix('-')?)?;
        Some(Self { program: program.to_owned(), batch, number })
    }
}

/// Reads `{cycle}-{partner}-{currency}-{number}`.
fn of_rest(rest: &str) -> Option<(BatchPlace, u64)> {
    let (cycle, rest) = rest.split_once('-')?;
    let (rest, number) = rest.rsplit_once('-')?;
    let (partner, currency) = rest.rsplit_once('-')?;
    let is_whole = |text: &str| text.len() >= 6 && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_code = currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_uppercase());
    if !is_whole(cycle) || !is_whole(number) || !is_code || partner.is_empty() {
        return None;
    }
    let (partner, currency) = (partner.to_owned(), currency.to_owned());
    Some((BatchPlace { partner, currency, cycle_sequence: cycle.parse().ok()? }, number.parse().ok()?))
}

/// Who or what a line is about, as bank and partner may look for it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LineParty {
    /// DE37.
    pub retrieval: String,
    /// DE38.
    pub approval: String,
    /// DE11.
    pub stan: String,
    /// The acquirer reference number.
    pub arn: String,
    /// The partner's number of the member.
    pub member_number: String,
    /// The local date of the transaction, `YYYY-MM-DD`.
    pub local_date: String,
}

/// A line of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileLine {
    /// Its id.
    pub id: LineId,
    /// The id as it stands in the file.
    pub id_text: String,
    /// The record type: `TX`, `AJ`, `CH`, `PP`, `RD`, `VD` or `CF`.
    pub record_type: String,
    /// Of TX the kind, of AJ the reason, of CH and PP the item.
    pub kind: String,
    /// The key of its message, 48 digits; empty if the line has none.
    pub message: String,
    /// The key of its purchase, 48 digits; empty if the line has none.
    pub purchase: String,
    /// As the bank sent it, such as `0220`.
    pub message_type: String,
    /// References.
    pub party: LineParty,
    /// Quantity, net and tax of each item, in the batch's order. CH and PP have one.
    pub items: Vec<(i64, i64, i64)>,
    /// What the line comes to, in minor units of the batch's currency, in its stated direction.
    pub total_minor: i64,
    /// The record as it stands in the file.
    pub record: String,
}

impl FileLine {
    /// Net of all items, in minor units.
    pub fn net_minor(&self) -> i64 {
        match self.record_type.as_str() {
            "RD" => self.total_minor,
            _ => self.items.iter().fold(0, |sum, item| sum.saturating_add(item.1)),
        }
    }

    /// The tax of all items, in minor units.
    pub fn vat_minor(&self) -> i64 {
        match self.record_type.as_str() {
            "VD" => self.total_minor,
            _ => self.items.iter().fold(0, |sum, item| sum.saturating_add(item.2)),
        }
    }
}

/// Where something stands: its batch, and then its number or its message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stands {
    batch: BatchPlace,
    within: Within,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Within {
    /// Before the batch's header.
    Before,
    Header,
    Line {
        number: u64,
        message: Option<String>,
    },
    /// A wish: the line with this number.
    Number(u64),
    /// A wish: the first line of this message.
    Message(String),
}

impl Stands {
    pub(super) fn batch(batch: &BatchPlace) -> Self {
        Self { batch: batch.clone(), within: Within::Header }
    }

    pub(super) fn number(batch: &BatchPlace, number: u64) -> Self {
        Self { batch: batch.clone(), within: Within::Number(number) }
    }

    pub(super) fn message(batch: &BatchPlace, key: &str) -> Self {
        Self { batch: batch.clone(), within: Within::Message(key.to_owned()) }
    }

    /// The end of the batch before this one.
    pub(super) fn just_before(self) -> Self {
        Self { within: Within::Before, ..self }
    }

    fn is_before(&self, wanted: &Self) -> bool {
        match self.batch.cmp(&wanted.batch) {
            Ordering::Less => true,
            Ordering::Greater => false,
            Ordering::Equal => match (&self.within, &wanted.within) {
                (Within::Before, _) => true,
                (Within::Header, within) => *within != Within::Header,
                (Within::Line { number, .. }, Within::Number(wanted)) => number < wanted,
                // Lines without a message stand behind all that have one.
                (Within::Line { message, .. }, Within::Message(wanted)) => {
                    message.as_ref().is_some_and(|message| message < wanted)
                }
                _ => false,
            },
        }
    }
}

/// Where a record stands in its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Order {
    /// The header of the file.
    First,
    At(Stands),
    /// The trailer of a batch: what follows tells.
    Unknown,
    /// The trailer of the file.
    Last,
}

impl Order {
    pub(super) fn is_before(&self, wanted: &Stands) -> bool {
        match self {
            Self::First => true,
            Self::At(stands) => stands.is_before(wanted),
            Self::Unknown | Self::Last => false,
        }
    }
}

/// The batch and the order of a record.
pub(super) fn order_of(record: &str) -> Order {
    let fields: Vec<&str> = record.split('|').collect();
    let field = |at: usize| fields.get(at).copied().unwrap_or_default();
    match field(0) {
        "FH" => Order::First,
        "FT" => Order::Last,
        "BH" => match batch_of(&fields) {
            Some(batch) => Order::At(Stands { batch, within: Within::Header }),
            None => Order::Unknown,
        },
        code => match id_of(field(1)) {
            Some(LineId { batch, number, .. }) => {
                let message = message_of(code, &fields).map(str::to_owned);
                Order::At(Stands { batch, within: Within::Line { number, message } })
            }
            None => Order::Unknown,
        },
    }
}

/// A line id in its file: the program's code is all that stands before the rest, and the rest never begins earlier than
/// at a hyphen with six digits behind it.
fn id_of(text: &str) -> Option<LineId> {
    text.match_indices('-').find_map(|(at, _)| {
        let (program, rest) = text.split_at(at);
        let (batch, number) = of_rest(rest.strip_prefix('-')?)?;
        Some(LineId { program: program.to_owned(), batch, number })
    })
}

fn batch_of(fields: &[&str]) -> Option<BatchPlace> {
    let cycle_sequence = fields.get(9)?.parse().ok()?;
    Some(BatchPlace {
        partner: (*fields.get(1)?).to_owned(),
        currency: (*fields.get(3)?).to_owned(),
        cycle_sequence,
    })
}

fn message_of<'a>(code: &str, fields: &[&'a str]) -> Option<&'a str> {
    match code {
        "TX" => fields.get(3).copied(),
        "AJ" => fields.get(4).copied(),
        _ => None,
    }
}

/// The items of a batch, if the record is its header.
pub(super) fn items_of(record: &str, batch: &BatchPlace) -> Option<Vec<String>> {
    let fields: Vec<&str> = record.split('|').collect();
    let is_it = fields.first() == Some(&"BH") && batch_of(&fields).as_ref() == Some(batch);
    let items = fields.last().filter(|_| is_it)?;
    Some(items.split(',').filter(|item| !item.is_empty()).map(str::to_owned).collect())
}

/// A record as a line; `None` if it is none.
pub(super) fn line_of(record: &str) -> Option<FileLine> {
    let fields: Vec<&str> = record.split('|').collect();
    let field = |at: usize| fields.get(at).copied().unwrap_or_default();
    let code = field(0);
    if !["TX", "AJ", "CH", "PP", "RD", "VD", "CF"].contains(&code) {
        return None;
    }
    // In AJ one field more stands before the references, and one less behind them.
    let (references, items_at) = match code {
        "TX" => (Some(3), 20),
        "AJ" => (Some(4), 20),
        "CH" => (None, 5),
        "PP" => (None, 6),
        _ => (None, fields.len().saturating_sub(1)),
    };
    let reference = |offset: usize| references.map(|at| field(at + offset).to_owned()).unwrap_or_default();
    let number = |text: &&str| text.parse::<i64>().ok();
    let total_minor = fields.last().and_then(number)?;
    let amounts = fields.get(items_at..fields.len().saturating_sub(1)).unwrap_or_default();
    let amounts: Vec<i64> = amounts.iter().map(number).collect::<Option<_>>()?;
    let items = match (code, amounts.as_slice()) {
        ("PP", [net, vat]) => vec![(0, *net, *vat)],
        _ => amounts.chunks_exact(3).filter_map(triple).collect(),
    };
    Some(FileLine {
        id: id_of(field(1))?,
        id_text: field(1).to_owned(),
        record_type: code.to_owned(),
        kind: if matches!(code, "RD" | "VD" | "CF") { String::new() } else { field(2).to_owned() },
        message: reference(0),
        purchase: reference(1),
        message_type: reference(2),
        party: LineParty {
            retrieval: reference(3),
            approval: reference(4),
            stan: reference(5),
            arn: reference(7),
            member_number: reference(12),
            local_date: reference(13),
        },
        items,
        total_minor,
        record: record.to_owned(),
    })
}

fn triple(part: &[i64]) -> Option<(i64, i64, i64)> {
    match part {
        [quantity, net, vat] => Some((*quantity, *net, *vat)),
        _ => None,
    }
}
