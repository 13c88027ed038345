//! One entry of camt.053 and camt.054, and the sums over them.

use super::short_reference;
use super::xml::Xml;
use crate::formats::amount::{major, unsigned_major};
use crate::formats::error::RenderError;
use crate::formats::movement::{Batch, Movement, Side};

use super::REFERENCE_CHARS_MAX;

/// A paragraph of free text (Max140Text).
const PARAGRAPH_CHARS_MAX: usize = 140;

pub(crate) fn side(minor: i64) -> &'static str {
    if minor < 0 { "DBIT" } else { "CRDT" }
}

/// A movement as an entry: its references stand in full, a paragraph each, in the remittance information.
pub(crate) fn movement(xml: &mut Xml<'_>, batch: &Batch, movement: &Movement) -> Result<(), RenderError> {
    xml.at(format!("Ntry {}", movement.line_id));
    let mut paragraphs = vec![format!("LINE {}", movement.line_id)];
    paragraphs.extend(references(movement));
    paragraphs.extend(parts(batch, movement));
    entry(xml, batch, &movement.line_id, movement.kind.name(), movement.amount_minor, &paragraphs)
}

/// What is paid, as the entry that settles the batch.
pub(crate) fn payment(xml: &mut Xml<'_>, batch: &Batch) -> Result<(), RenderError> {
    if batch.payment_minor == 0 {
        return Ok(());
    }
    let id = format!("{}-payment", batch.payout_id());
    xml.at(format!("Ntry {id}"));
    let paid = batch.payment_minor.checked_neg().unwrap_or(i64::MAX);
    let paragraph = format!("PAYOUT {}", batch.payout_id());
    entry(xml, batch, &id, "payment", paid, &[paragraph])
}

fn entry(
    xml: &mut Xml<'_>,
    batch: &Batch,
    id: &str,
    code: &'static str,
    minor: i64,
    paragraphs: &[String],
) -> Result<(), RenderError> {
    let amount = unsigned_major(minor, batch.header.exponent, '.');
    let reference = short_reference(id, REFERENCE_CHARS_MAX);
    xml.inside("Ntry", |xml| {
        xml.text("NtryRef", REFERENCE_CHARS_MAX, &reference)?;
        xml.amount("Amt", &batch.header.currency, &amount)?;
        xml.word("CdtDbtInd", side(minor))?;
        xml.inside("Sts", |xml| xml.word("Cd", "BOOK"))?;
        xml.inside("BookgDt", |xml| xml.word("Dt", batch.header.business_date))?;
        xml.inside("ValDt", |xml| xml.word("Dt", batch.header.payment_date))?;
        xml.text(
            "AcctSvcrRef",
            REFERENCE_CHARS_MAX,
            &short_reference(&batch.payout_id(), REFERENCE_CHARS_MAX),
        )?;
        transaction_code(xml, code)?;
        xml.inside("NtryDtls", |xml| {
            xml.inside("TxDtls", |xml| {
                xml.inside("Refs", |xml| xml.text("TxId", REFERENCE_CHARS_MAX, &reference))?;
                xml.amount("Amt", &batch.header.currency, &amount)?;
                xml.word("CdtDbtInd", side(minor))?;
                xml.inside("RmtInf", |xml| {
                    paragraphs.iter().try_for_each(|text| xml.text("Ustrd", PARAGRAPH_CHARS_MAX, text))
                })
            })
        })
    })
}

/// The kind of movement in our own words: the codes of the standard have none for miles.
fn transaction_code(xml: &mut Xml<'_>, code: &'static str) -> Result<(), RenderError> {
    xml.inside("BkTxCd", |xml| {
        xml.inside("Prtry", |xml| {
            xml.word("Cd", code)?;
            xml.word("Issr", "cobrand")
        })
    })
}

/// Each by its word; what is not known is left out.
fn references(movement: &Movement) -> Vec<String> {
    let mut known = vec![
        ("REASON", movement.reason.as_str()),
        ("ORIGINAL", movement.original.as_str()),
        ("CHARGED", movement.charged.as_str()),
    ];
    if let Some(references) = &movement.references {
        known.extend([
            ("MESSAGE", references.message.as_str()),
            ("PURCHASE", references.purchase.as_str()),
            ("MTI", references.mti.as_str()),
            ("RETRIEVAL", references.retrieval.as_str()),
            ("APPROVAL", references.approval.as_str()),
            ("STAN", references.stan.as_str()),
            ("TRANSMITTED", references.transmitted.as_str()),
            ("ARN", references.arn.as_str()),
            ("NETWORK", references.network_id.as_str()),
            ("ACQUIRER", references.acquirer.as_str()),
            ("ACCEPTOR", references.card_acceptor.as_str()),
            ("TERMINAL", references.terminal.as_str()),
            ("MEMBER", references.member_number.as_str()),
            ("RULES", references.rules.as_str()),
        ]);
    }
    let mut paragraphs: Vec<String> = known
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(word, value)| format!("{word} {value}"))
        .collect();
    paragraphs.push(format!("DATE {}", movement.date));
    paragraphs
}

fn parts(batch: &Batch, movement: &Movement) -> Vec<String> {
    let money = |minor| major(minor, batch.header.exponent, '.');
    let one = |part: &crate::formats::movement::Part| {
        let quantity = part.quantity.map(|quantity| format!(" QUANTITY {quantity}")).unwrap_or_default();
        format!("ITEM {}{quantity} NET {} VAT {}", part.name, money(part.net_minor), money(part.vat_minor))
    };
    movement.shown_parts().filter(|part| part.quantity.is_some()).map(one).collect()
}

/// How many entries there are, and what they come to.
pub(crate) fn totals(
    xml: &mut Xml<'_>,
    batch: &Batch,
    credits: Side,
    debits: Side,
) -> Result<(), RenderError> {
    let exponent = batch.header.exponent;
    let money = |minor: u128| wide_major(minor, exponent);
    let net = credits.minor.abs_diff(debits.minor);
    let net_side = if debits.minor > credits.minor { "DBIT" } else { "CRDT" };
    xml.inside("TxsSummry", |xml| {
        xml.inside("TtlNtries", |xml| {
            xml.word("NbOfNtries", credits.count + debits.count)?;
            xml.decimal("Sum", &money(credits.minor + debits.minor))?;
            xml.inside("TtlNetNtry", |xml| {
                xml.decimal("Amt", &money(net))?;
                xml.word("CdtDbtInd", net_side)
            })
        })?;
        for (name, side) in [("TtlCdtNtries", credits), ("TtlDbtNtries", debits)] {
            xml.inside(name, |xml| {
                xml.word("NbOfNtries", side.count)?;
                xml.decimal("Sum", &money(side.minor))
            })?;
        }
        Ok(())
    })
}

/// As [`unsigned_major`], for sums.
pub(crate) fn wide_major(minor: u128, exponent: u16) -> String {
    let decimals = usize::from(exponent);
    let digits = format!("{minor:0>width$}", width = decimals + 1);
    match digits.split_at_checked(digits.len().saturating_sub(decimals)) {
        Some((whole, fraction)) if decimals > 0 => format!("{whole}.{fraction}"),
        _ => digits,
    }
}
