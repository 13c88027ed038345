//! camt.054.001.08 (every movement of the batches) and camt.053.001.08 (the same between its balances).

use std::error::Error;
use std::io::Write;

use super::entry::{self, side};
use super::xml::Xml;
use super::{REFERENCE_CHARS_MAX, about, created, short_reference};
use crate::canonical::Record;
use crate::formats::amount::unsigned_major;
use crate::formats::error::RenderError;
use crate::formats::movement::{Batch, Step, Summary, walk};
use crate::formats::settings::FileSettings;

/// An account that is no IBAN (Max34Text).
const ACCOUNT_CHARS_MAX: usize = 34;

/// The debit and credit notification: the entries of a batch add up to what is paid.
pub(crate) fn camt054<E>(
    settings: &FileSettings,
    summary: &Summary,
    records: impl Iterator<Item = Result<Record, E>>,
    out: &mut dyn Write,
) -> Result<(), RenderError>
where
    E: Error + Send + Sync + 'static,
{
    Message { kind: Kind::Notification, settings, summary }.write(records, out)
}

/// The statement: opening balance, movements, the payment, closing balance.
pub(crate) fn camt053<E>(
    settings: &FileSettings,
    summary: &Summary,
    records: impl Iterator<Item = Result<Record, E>>,
    out: &mut dyn Write,
) -> Result<(), RenderError>
where
    E: Error + Send + Sync + 'static,
{
    Message { kind: Kind::Statement, settings, summary }.write(records, out)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Notification,
    Statement,
}

impl Kind {
    fn message(self) -> &'static str {
        match self {
            Self::Notification => "camt.054.001.08",
            Self::Statement => "camt.053.001.08",
        }
    }

    fn root(self) -> &'static str {
        match self {
            Self::Notification => "BkToCstmrDbtCdtNtfctn",
            Self::Statement => "BkToCstmrStmt",
        }
    }

    /// The element of one batch.
    fn report(self) -> &'static str {
        match self {
            Self::Notification => "Ntfctn",
            Self::Statement => "Stmt",
        }
    }
}

struct Message<'a> {
    kind: Kind,
    settings: &'a FileSettings,
    summary: &'a Summary,
}

impl Message<'_> {
    fn write<E>(
        &self,
        records: impl Iterator<Item = Result<Record, E>>,
        out: &mut dyn Write,
    ) -> Result<(), RenderError>
    where
        E: Error + Send + Sync + 'static,
    {
        Xml::document(self.kind.message(), out, |xml| {
            xml.inside(self.kind.root(), |xml| {
                self.group_header(xml)?;
                if self.summary.batches.is_empty() {
                    return xml.inside(self.kind.report(), |xml| self.nothing(xml));
                }
                self.reports(xml, records)
            })
        })
    }

    fn group_header(&self, xml: &mut Xml<'_>) -> Result<(), RenderError> {
        let id = short_reference(&self.summary.file_id(), REFERENCE_CHARS_MAX);
        xml.inside("GrpHdr", |xml| {
            xml.text("MsgId", REFERENCE_CHARS_MAX, &id)?;
            xml.word("CreDtTm", created(self.summary))?;
            xml.text("AddtlInf", 500, &about(self.summary))
        })
    }

    /// Elements of a batch stand open over many steps, so they are opened and closed by hand.
    fn reports<E>(
        &self,
        xml: &mut Xml<'_>,
        records: impl Iterator<Item = Result<Record, E>>,
    ) -> Result<(), RenderError>
    where
        E: Error + Send + Sync + 'static,
    {
        walk(self.summary, records, |step| match step {
            Step::Open(batch) => {
                xml.open(self.kind.report())?;
                xml.at(format!("{} {}", self.kind.report(), batch.payout_id()));
                self.report_head(xml, batch)
            }
            Step::Movement(_, movement) if self.kind == Kind::Statement && movement.kind.is_balance() => {
                Ok(())
            }
            Step::Movement(batch, movement) => entry::movement(xml, batch, &movement),
            Step::Close(batch) => {
                if self.kind == Kind::Statement {
                    entry::payment(xml, batch)?;
                }
                xml.close(self.kind.report())
            }
        })
    }

    fn report_head(&self, xml: &mut Xml<'_>, batch: &Batch) -> Result<(), RenderError> {
        let id = format!("{}-{}", batch.payout_id(), self.summary.header.revision);
        let code = batch.header.partner.as_str();
        let account = format!("{code}-{}-{}", batch.header.program, batch.header.currency);
        self.identify(xml, &id, &account, Some(&batch.header.currency), code)?;
        if self.kind == Kind::Statement {
            balance(xml, batch, "OPBD", batch.opening_minor)?;
            balance(xml, batch, "CLBD", batch.closing_minor)?;
        }
        let (mut credits, mut debits) = (batch.credits, batch.debits);
        let others = match self.kind {
            Kind::Statement => [batch.payment_minor.checked_neg().unwrap_or(i64::MAX), 0],
            Kind::Notification => {
                [batch.opening_minor, batch.closing_minor.checked_neg().unwrap_or(i64::MAX)]
            }
        };
        for minor in others.into_iter().filter(|minor| *minor != 0) {
            if minor < 0 { debits.add(minor) } else { credits.add(minor) }
        }
        entry::totals(xml, batch, credits, debits)
    }

    fn identify(
        &self,
        xml: &mut Xml<'_>,
        id: &str,
        account: &str,
        currency: Option<&str>,
        owner: &str,
    ) -> Result<(), RenderError> {
        xml.text("Id", REFERENCE_CHARS_MAX, &short_reference(id, REFERENCE_CHARS_MAX))?;
        xml.word("ElctrncSeqNb", self.summary.header.sequence)?;
        xml.word("CreDtTm", created(self.summary))?;
        xml.inside("Acct", |xml| {
            let account = short_reference(account, ACCOUNT_CHARS_MAX);
            xml.inside("Id", |xml| xml.inside("Othr", |xml| xml.text("Id", ACCOUNT_CHARS_MAX, &account)))?;
            if let Some(currency) = currency {
                xml.word("Ccy", currency)?;
            }
            let name = self.settings.parties.get(owner).map_or(owner, |party| party.name.as_str());
            xml.inside("Ownr", |xml| xml.text("Nm", 140, name))
        })
    }

    /// A day on which there was no batch: one report without entries. `XXX` is no currency.
    fn nothing(&self, xml: &mut Xml<'_>) -> Result<(), RenderError> {
        let header = &self.summary.header;
        let account = format!("{}-{}", header.receiver, header.program);
        self.identify(xml, &self.summary.file_id(), &account, None, &header.receiver)?;
        if self.kind == Kind::Statement {
            for code in ["OPBD", "CLBD"] {
                balance_of(xml, code, "XXX", "0", "CRDT", header.business_date)?;
            }
        }
        xml.inside("TxsSummry", |xml| xml.inside("TtlNtries", |xml| xml.word("NbOfNtries", 0)))
    }
}

fn balance(xml: &mut Xml<'_>, batch: &Batch, code: &'static str, minor: i64) -> Result<(), RenderError> {
    let header = &batch.header;
    let amount = unsigned_major(minor, header.exponent, '.');
    balance_of(xml, code, &header.currency, &amount, side(minor), header.business_date)
}

fn balance_of(
    xml: &mut Xml<'_>,
    code: &'static str,
    currency: &str,
    amount: &str,
    side: &'static str,
    date: jiff::civil::Date,
) -> Result<(), RenderError> {
    xml.inside("Bal", |xml| {
        xml.inside("Tp", |xml| xml.inside("CdOrPrtry", |xml| xml.word("Cd", code)))?;
        xml.amount("Amt", currency, amount)?;
        xml.word("CdtDbtInd", side)?;
        xml.inside("Dt", |xml| xml.word("Dt", date))
    })
}
