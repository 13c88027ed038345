//! pain.001.001.09: what the bank pays to partners, one payment for each batch.

use std::io::Write;

use super::entry::wide_major;
use super::xml::Xml;
use super::{REFERENCE_CHARS_MAX, created, environment, short_reference};
use crate::canonical::Environment;
use crate::formats::amount::unsigned_major;
use crate::formats::error::RenderError;
use crate::formats::movement::{Batch, Summary};
use crate::formats::settings::{FileSettings, Party};

const FORMAT: &str = "pain.001";

/// Writes the payments; `false` and nothing is written if the bank pays nothing: the message cannot be empty.
///
/// It needs no line of the file, only what is known of its batches.
pub(crate) fn pain001(
    settings: &FileSettings,
    summary: &Summary,
    out: &mut dyn Write,
) -> Result<bool, RenderError> {
    let paid: Vec<&Batch> = summary.batches.iter().filter(|batch| batch.payment_minor > 0).collect();
    if paid.is_empty() {
        return Ok(false);
    }
    let payer = party(settings, &summary.header.sender)?;
    let sum = paid.iter().map(|batch| wide_five(batch)).sum::<u128>();
    Xml::document("pain.001.001.09", out, |xml| {
        xml.inside("CstmrCdtTrfInitn", |xml| {
            xml.inside("GrpHdr", |xml| {
                xml.text("MsgId", REFERENCE_CHARS_MAX, &message_id(summary))?;
                xml.word("CreDtTm", created(summary))?;
                // The message has no flag for a trial: the authorisation says it to whoever reads the file.
                if summary.header.environment == Environment::Test {
                    xml.inside("Authstn", |xml| xml.text("Prtry", 128, environment(summary)))?;
                }
                xml.word("NbOfTxs", paid.len())?;
                xml.decimal("CtrlSum", &wide_major(sum, 5))?;
                xml.inside("InitgPty", |xml| xml.text("Nm", 140, &payer.name))
            })?;
            paid.iter().try_for_each(|batch| payment(xml, settings, summary, batch))
        })
    })?;
    Ok(true)
}

/// A trial's id begins with `TEST`.
fn message_id(summary: &Summary) -> String {
    let mark = match summary.header.environment {
        Environment::Test => "TEST ",
        Environment::Live => "",
    };
    short_reference(&format!("{mark}{}", summary.file_id()), REFERENCE_CHARS_MAX)
}

/// The control sum adds numbers whatever their currency, so all have five decimals, the most that there may be.
fn wide_five(batch: &Batch) -> u128 {
    let decimals = 5_u32.saturating_sub(u32::from(batch.header.exponent));
    u128::from(batch.payment_minor.unsigned_abs()) * 10_u128.pow(decimals)
}

fn party<'s>(settings: &'s FileSettings, code: &str) -> Result<&'s Party, RenderError> {
    settings
        .parties
        .get(code)
        .ok_or_else(|| RenderError::Settings { format: FORMAT, missing: format!("[file.parties.{code}]") })
}

fn payment(
    xml: &mut Xml<'_>,
    settings: &FileSettings,
    summary: &Summary,
    batch: &Batch,
) -> Result<(), RenderError> {
    let header = &batch.header;
    let (payer, payee) = (party(settings, &summary.header.sender)?, party(settings, &header.partner)?);
    let id = short_reference(&batch.payout_id(), REFERENCE_CHARS_MAX);
    let amount = unsigned_major(batch.payment_minor, header.exponent, '.');
    xml.at(format!("PmtInf {id}"));
    xml.inside("PmtInf", |xml| {
        xml.text("PmtInfId", REFERENCE_CHARS_MAX, &id)?;
        xml.word("PmtMtd", "TRF")?;
        xml.word("NbOfTxs", 1)?;
        xml.decimal("CtrlSum", &amount)?;
        xml.inside("ReqdExctnDt", |xml| xml.word("Dt", header.payment_date))?;
        xml.inside("Dbtr", |xml| xml.text("Nm", 140, &payer.name))?;
        account(xml, "DbtrAcct", payer, &summary.header.sender)?;
        agent(xml, "DbtrAgt", payer, &summary.header.sender)?;
        xml.inside("CdtTrfTxInf", |xml| {
            xml.inside("PmtId", |xml| {
                xml.text("InstrId", REFERENCE_CHARS_MAX, &id)?;
                xml.text("EndToEndId", REFERENCE_CHARS_MAX, &id)
            })?;
            xml.inside("Amt", |xml| xml.amount("InstdAmt", &header.currency, &amount))?;
            agent(xml, "CdtrAgt", payee, &header.partner)?;
            xml.inside("Cdtr", |xml| xml.text("Nm", 140, &payee.name))?;
            account(xml, "CdtrAcct", payee, &header.partner)?;
            xml.inside("RmtInf", |xml| {
                let mark = if summary.header.environment == Environment::Test { "TEST " } else { "" };
                xml.text("Ustrd", 140, &format!("{mark}payout {}", batch.payout_id()))
            })
        })
    })
}

fn account(xml: &mut Xml<'_>, element: &'static str, party: &Party, code: &str) -> Result<(), RenderError> {
    xml.inside(element, |xml| {
        xml.inside("Id", |xml| match (&party.iban, &party.account) {
            (Some(iban), _) => xml.word("IBAN", iban),
            (None, Some(account)) => xml.inside("Othr", |xml| xml.text("Id", 34, account)),
            (None, None) => Err(RenderError::Settings {
                format: FORMAT,
                missing: format!("`iban` or `account` of [file.parties.{code}]"),
            }),
        })
    })
}

fn agent(xml: &mut Xml<'_>, element: &'static str, party: &Party, code: &str) -> Result<(), RenderError> {
    xml.inside(element, |xml| {
        xml.inside("FinInstnId", |xml| match (&party.bic, &party.clearing) {
            (None, None) => Err(RenderError::Settings {
                format: FORMAT,
                missing: format!("`bic` or `clearing` of [file.parties.{code}]"),
            }),
            (bic, clearing) => {
                if let Some(bic) = bic {
                    xml.word("BICFI", bic)?;
                }
                let Some(clearing) = clearing else { return Ok(()) };
                xml.inside("ClrSysMmbId", |xml| {
                    xml.inside("ClrSysId", |xml| xml.text("Cd", 5, &clearing.system))?;
                    xml.text("MmbId", 35, &clearing.member)
                })
            }
        })
    })
}
