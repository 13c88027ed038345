//! What may stand in a field of a layout: the catalogue of values, and how each is taken from a file.

use domain::settlement::Basis;
use jiff::civil::Date;

use super::{Amounts, Details, Layout};
use crate::formats::movement::{Batch, Movement, Part, Summary};

/// Where a value may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scope {
    File,
    Batch,
    Detail,
}

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    Date,
    Money,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Date => "date",
            Self::Money => "amount",
        }
    }
}

/// A value that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Nothing,
    Text(String),
    Number(i128),
    Date(Date),
    Money(i128, u16),
    /// Amounts of several currencies cannot be one sum.
    ManyCurrencies,
}

/// From what a record is made.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) layout: &'a Layout,
    pub(super) summary: &'a Summary,
    pub(super) batch: Option<&'a Batch>,
    pub(super) movement: Option<&'a Movement>,
    pub(super) part: Option<&'a Part>,
    /// The place of the record, from 1.
    pub(super) record: u64,
    /// All records, first and last included.
    pub(super) records: u64,
}

/// One value of the catalogue.
pub(super) struct Known {
    pub(super) name: &'static str,
    pub(super) scope: Scope,
    pub(super) kind: Kind,
    /// Whether it is never empty.
    pub(super) always: bool,
    /// What it is, in words.
    pub(super) about: &'static str,
    get: for<'a> fn(&Context<'a>) -> Option<Value>,
}

fn text(text: &str) -> Option<Value> {
    Some(Value::Text(text.to_owned()))
}

fn number(number: impl Into<i128>) -> Option<Value> {
    Some(Value::Number(number.into()))
}

fn money(batch: Option<&Batch>, minor: i128) -> Option<Value> {
    Some(Value::Money(minor, batch?.header.exponent))
}

/// A text of the references that a transaction or adjustment has.
fn reference(context: &Context<'_>, of: fn(&crate::canonical::References) -> &String) -> Option<Value> {
    text(of(context.movement?.references.as_ref()?))
}

/// How many detail records a batch has.
fn details(layout: &Layout, batch: &Batch) -> u64 {
    match layout.details {
        Details::Line => batch.movements,
        Details::Item => batch.shown_parts,
    }
}

fn file_payment(context: &Context<'_>) -> Value {
    match context.summary.payments().as_slice() {
        [] => Value::Money(0, 0),
        [(_, exponent, minor)] => Value::Money(*minor, *exponent),
        _ => Value::ManyCurrencies,
    }
}

macro_rules! catalogue {
    ($($name:literal $scope:ident $kind:ident $always:ident $about:literal $get:expr;)*) => {
        /// All values that have a name of their own; those of an item are in [`Source`].
        pub(super) const CATALOGUE: &[Known] = &[$(Known {
            name: $name,
            scope: Scope::$scope,
            kind: Kind::$kind,
            always: catalogue!(@ $always),
            about: $about,
            get: $get,
        },)*];
    };
    (@ always) => { true };
    (@ maybe) => { false };
}

catalogue! {
    "layout" File Text always "name of the layout" |c| text(&c.layout.name);
    "environment" File Text always "`TEST` (never pay) or `LIVE`" |c| text(c.summary.header.environment.name());
    "sender" File Text always "code of the bank" |c| text(&c.summary.header.sender);
    "receiver" File Text always "code of whoever the file is for" |c| text(&c.summary.header.receiver);
    "file_id" File Text always "the same in every format of the file" |c| text(&c.summary.file_id());
    "program" File Text always "code of the program" |c| text(&c.summary.header.program);
    "zone" File Text always "IANA zone of all dates and times" |c| text(&c.summary.header.zone);
    "business_date" File Date always "of the last cycle in the file"
        |c| Some(Value::Date(c.summary.header.business_date));
    "cycle" File Number always "place of the last cycle among the program's" |c| number(c.summary.header.cycle_sequence);
    "cut_off" File Text always "nominal end of the last cycle, with offset and zone" |c| text(&c.summary.header.cut_off);
    "sequence" File Number always "place of the file among the receiver's, without gaps"
        |c| number(c.summary.header.sequence);
    "revision" File Number always "0 for the first edition" |c| number(c.summary.header.revision);
    "canonical_sha256" File Text always "SHA-256 that the last record of the canonical file holds"
        |c| text(&c.summary.trailer.sha256);
    "record" File Number always "place of this record in the file, from 1" |c| number(c.record);
    "records" File Number always "number of all records, first and last included" |c| number(c.records);
    "batches" File Number always "number of batches" |c| number(u64::try_from(c.summary.batches.len()).ok()?);
    "details" File Number always "number of detail records in the file"
        |c| number(c.summary.batches.iter().map(|batch| details(c.layout, batch)).sum::<u64>());
    "file_payment" File Money always "sum of all payments; only of files with one currency" |c| Some(file_payment(c));
    "payout_id" Batch Text always "what is paid under; all line ids of the batch begin with it"
        |c| text(&c.batch?.payout_id());
    "partner" Batch Text always "code of the partner" |c| text(&c.batch?.header.partner);
    "role" Batch Text always "`cobrand` or `merchant`" |c| text(c.batch?.header.role.name());
    "currency" Batch Text always "three letters of ISO 4217" |c| text(&c.batch?.header.currency);
    "exponent" Batch Number always "decimals of the major unit" |c| number(c.batch?.header.exponent);
    "batch_business_date" Batch Date always "of the batch's cycle"
        |c| Some(Value::Date(c.batch?.header.business_date));
    "batch_cycle" Batch Number always "place of the batch's cycle" |c| number(c.batch?.header.cycle_sequence);
    "payment_date" Batch Date always "when it is paid" |c| Some(Value::Date(c.batch?.header.payment_date));
    "terms" Batch Text always "first digits of the SHA-256 of the terms" |c| text(&c.batch?.header.terms);
    "opening" Batch Money always "carried in from earlier batches" |c| money(c.batch, c.batch?.opening_minor.into());
    "closing" Batch Money always "carried out to the next batch" |c| money(c.batch, c.batch?.closing_minor.into());
    "net_total" Batch Money always "net of all movements" |c| money(c.batch, c.batch?.net_minor.into());
    "vat_total" Batch Money always "value added tax of all movements" |c| money(c.batch, c.batch?.vat_minor.into());
    "payment" Batch Money always "what is paid: the sum of `amount` of the batch's details"
        |c| money(c.batch, c.batch?.payment_minor.into());
    "batch_details" Batch Number always "number of detail records of the batch"
        |c| number(details(c.layout, c.batch?));
    "kind" Detail Text always "kind of movement, see below" |c| text(c.movement?.kind.name());
    "line_id" Detail Text always "never given twice; the same in every format" |c| text(&c.movement?.line_id);
    "date" Detail Date always "local date of the transaction, else the business date"
        |c| Some(Value::Date(c.movement?.date));
    "late_days" Detail Number maybe "days by which a transaction is late" |c| number(c.movement?.late_days?);
    "message" Detail Text maybe "message key" |c| reference(c, |r| &r.message);
    "purchase" Detail Text maybe "purchase key; the lines of one purchase share it" |c| reference(c, |r| &r.purchase);
    "message_type" Detail Text maybe "as the bank sent it" |c| reference(c, |r| &r.mti);
    "retrieval_reference" Detail Text maybe "DE37" |c| reference(c, |r| &r.retrieval);
    "approval_code" Detail Text maybe "DE38" |c| reference(c, |r| &r.approval);
    "stan" Detail Text maybe "DE11" |c| reference(c, |r| &r.stan);
    "transmission_utc" Detail Text maybe "DE7, MMDDhhmmss" |c| reference(c, |r| &r.transmitted);
    "arn" Detail Text maybe "acquirer reference number" |c| reference(c, |r| &r.arn);
    "network_id" Detail Text maybe "the network's id of the transaction" |c| reference(c, |r| &r.network_id);
    "acquirer" Detail Text maybe "DE32" |c| reference(c, |r| &r.acquirer);
    "card_acceptor" Detail Text maybe "DE42" |c| reference(c, |r| &r.card_acceptor);
    "terminal" Detail Text maybe "DE41" |c| reference(c, |r| &r.terminal);
    "member_number" Detail Text maybe "at the co-brand partner" |c| reference(c, |r| &r.member_number);
    "rules" Detail Text maybe "first digits of the SHA-256 of the program file that decided"
        |c| reference(c, |r| &r.rules);
    "charged" Detail Text maybe "of a charge: member number or period" |c| text(&c.movement?.charged);
    "reason" Detail Text maybe "of an adjustment" |c| text(&c.movement?.reason);
    "original" Detail Text maybe "of an adjustment: the line that it corrects" |c| text(&c.movement?.original);
    "counted" Detail Number maybe "minor units of the program's currency with which the message counted"
        |c| number(c.movement?.counted_minor?);
    "item" Detail Text always "what is priced; only where each item has its record" |c| text(c.part?.name);
    "quantity" Detail Number maybe "miles or minor units; only where each item has its record"
        |c| number(c.part?.quantity?);
    "net" Detail Money always "net of the line, or of the item" |c| {
        let parts = c.movement?.parts.iter();
        let all = || parts.map(|part| i128::from(part.net_minor)).sum();
        money(c.batch, c.part.map_or_else(all, |part| part.net_minor.into()))
    };
    "vat" Detail Money always "tax of the line, or of the item" |c| {
        let parts = c.movement?.parts.iter();
        let all = || parts.map(|part| i128::from(part.vat_minor)).sum();
        money(c.batch, c.part.map_or_else(all, |part| part.vat_minor.into()))
    };
    "amount" Detail Money always "net and tax, or what is carried in or out" |c| {
        let minor = c.part.map_or(c.movement?.amount_minor, |part| part.amount_minor);
        money(c.batch, minor.into())
    };
}

/// What of one item a field shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OfItem {
    Quantity,
    Net,
    Vat,
    Amount,
}

impl OfItem {
    pub(super) const ALL: [(&'static str, Self); 4] =
        [("quantity", Self::Quantity), ("net", Self::Net), ("vat", Self::Vat), ("amount", Self::Amount)];
}

/// Where a field gets its content from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    Constant(String),
    /// By its place in [`CATALOGUE`].
    Known(usize),
    Item(Basis, OfItem),
    /// `CR` or `DR` of an amount.
    Side(Box<Source>),
}

impl Source {
    /// Reads the name of a value.
    pub(super) fn parse(name: &str) -> Option<Self> {
        if let Some(amount) = name.strip_suffix(".side") {
            let amount = Self::parse(amount)?;
            return (amount.kind() == Kind::Money).then(|| Self::Side(Box::new(amount)));
        }
        if let Some(place) = CATALOGUE.iter().position(|known| known.name == name) {
            return Some(Self::Known(place));
        }
        let (basis, what) = name.split_once('.')?;
        let what = OfItem::ALL.iter().find(|(word, _)| *word == what)?.1;
        Some(Self::Item(Basis::parse(basis)?, what))
    }

    pub(super) fn known(&self) -> Option<&'static Known> {
        match self {
            Self::Known(place) => CATALOGUE.get(*place),
            _ => None,
        }
    }

    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Constant(_) | Self::Side(_) => Kind::Text,
            Self::Item(_, OfItem::Quantity) => Kind::Number,
            Self::Item(..) => Kind::Money,
            Self::Known(_) => self.known().map_or(Kind::Text, |known| known.kind),
        }
    }

    pub(super) fn scope(&self) -> Scope {
        match self {
            Self::Constant(_) => Scope::File,
            Self::Side(amount) => amount.scope(),
            Self::Item(..) => Scope::Detail,
            Self::Known(_) => self.known().map_or(Scope::File, |known| known.scope),
        }
    }

    /// Whether it shows one item of those that have a record each.
    pub(super) fn needs_item_records(&self) -> bool {
        self.known().is_some_and(|known| matches!(known.name, "item" | "quantity"))
    }

    pub(super) fn value(&self, context: &Context<'_>) -> Value {
        match self {
            Self::Constant(constant) => Value::Text(constant.clone()),
            Self::Known(_) => self.known().and_then(|known| (known.get)(context)).unwrap_or(Value::Nothing),
            Self::Item(basis, what) => item(context, *basis, *what).unwrap_or(Value::Nothing),
            Self::Side(amount) => match amount.value(context) {
                Value::Money(minor, _) => {
                    let Amounts { credit, debit, .. } = context.layout.amounts;
                    Value::Text(if minor < 0 { debit } else { credit }.to_owned())
                }
                other => other,
            },
        }
    }
}

fn item(context: &Context<'_>, basis: Basis, what: OfItem) -> Option<Value> {
    let part = context.movement?.part(basis)?;
    match what {
        OfItem::Quantity => number(part.quantity?),
        OfItem::Net => money(context.batch, part.net_minor.into()),
        OfItem::Vat => money(context.batch, part.vat_minor.into()),
        OfItem::Amount => money(context.batch, part.amount_minor.into()),
    }
}
