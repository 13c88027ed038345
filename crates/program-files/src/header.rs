//! What a program file names, so that the caller can allot numbers before reading it.

use std::collections::BTreeSet;

use crate::codes::{Codes, NamedCurrency};
use crate::document::{Document, Text};
use crate::errors::{ErrorLog, FileErrors, Problem};
use crate::meaning::Reading;
use crate::scalars::{self, quoted};
use crate::shape;

/// The codes that a program file names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The program's code.
    pub code: String,
    /// The bank's code.
    pub bank: String,
    /// The code of the co-brand partner.
    pub cobrand_partner: String,
    /// The codes of all partners in the file, the co-brand partner among them.
    pub partners_named: BTreeSet<String>,
    /// The program's currency.
    pub currency: NamedCurrency,
    /// The program's time zone, by its IANA name.
    pub timezone: String,
}

/// Reads the codes that a program file names.
pub fn program_header(text: &str) -> Result<Header, FileErrors> {
    let mut log = ErrorLog::new(text);
    let Some(document) = shape::document(text, &mut log) else { return log.finish(None) };
    let codes = Codes::default();
    let mut reading = Reading::new(log, &codes);
    let header = reading.header(&document);
    reading.log.finish(header)
}

impl Reading<'_> {
    /// The head of the file: everything that can be checked without knowing the codes.
    pub(crate) fn header(&mut self, document: &Document) -> Option<Header> {
        let code = self.value("code", &document.code, scalars::code);
        let bank = self.value("bank", &document.bank, scalars::code);
        let currency = self.value("currency", &document.currency, scalars::currency);
        let timezone = self.value("timezone", &document.timezone, scalars::timezone);
        let mut partners_named = BTreeSet::new();
        for (path, text) in partners(document) {
            partners_named.extend(self.value(&path, text, partner_code));
        }
        Some(Header {
            code: code?,
            bank: bank?,
            cobrand_partner: document.cobrand_partner.get_ref().clone(),
            partners_named,
            currency: currency?,
            timezone: timezone?,
        })
    }
}

/// A code that is not the word for the bank.
fn partner_code(text: &str) -> scalars::Read<String> {
    let code = scalars::code(text)?;
    if code == "bank" {
        let advice = "the word stands for the bank: write the code of a partner";
        return Err(Problem::new("the code of a partner", quoted(text), advice));
    }
    Ok(code)
}

/// Every place at which the file names a partner.
fn partners(document: &Document) -> Vec<(String, &Text)> {
    let mut places = vec![("cobrand_partner".to_owned(), &document.cobrand_partner)];
    for (index, bonus) in document.bonus.iter().enumerate() {
        if bonus.funded_by.get_ref() != "bank" {
            places.push((format!("bonus[{index}].funded_by"), &bonus.funded_by));
        }
        let named = bonus.when.iter().filter_map(|when| when.partner.as_ref()).flat_map(|words| &words.0);
        places.extend(named.map(|text| (format!("bonus[{index}].when.partner"), text)));
    }
    for (index, discount) in document.discount.iter().enumerate() {
        places.push((format!("discount[{index}].partner"), &discount.partner));
        let shares = discount.funding.partner.iter().flat_map(|shares| shares.0.keys());
        places.extend(shares.map(|text| (format!("discount[{index}].funding.partner"), text)));
        let named = discount.when.iter().filter_map(|when| when.partner.as_ref()).flat_map(|words| &words.0);
        places.extend(named.map(|text| (format!("discount[{index}].when.partner"), text)));
    }
    if let Some(miles) = &document.miles {
        let own = miles.vesting_by_partner.iter().flatten().enumerate();
        places.extend(
            own.map(|(index, own)| (format!("miles.vesting_by_partner[{index}].partner"), &own.partner)),
        );
        let funder = miles.negative_balance_funder.iter().filter(|funder| funder.get_ref() != "bank");
        places.extend(funder.map(|funder| ("miles.negative_balance_funder".to_owned(), funder)));
    }
    for (index, terms) in document.terms.iter().enumerate() {
        places.push((format!("terms[{index}].partner"), &terms.partner));
    }
    for (index, test) in document.test.iter().enumerate() {
        places.extend(test.given.partner.iter().map(|text| (format!("test[{index}].given.partner"), text)));
    }
    places
}
