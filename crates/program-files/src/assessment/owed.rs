//! What the bank and each partner owe each other for one purchase under the terms of a file, tax included.

use std::collections::BTreeMap;

use domain::settlement::{Direction, Quantities, price};
use domain::{Amounts, Currency, PartnerId};
use jiff::civil::Date;

use crate::explain::{Language, Names, money};
use crate::program::ProgramFile;

/// Who pays, how much, in which currency. A purchase that is alone in its batch.
pub(super) type Debt = (Direction, i64, Currency);

/// The debts by partner; nothing for whom nothing is owed.
pub(super) fn debts(file: &ProgramFile, date: Date, amounts: &Amounts) -> BTreeMap<PartnerId, Debt> {
    let mut debts = BTreeMap::new();
    for terms in file.terms.iter().filter(|terms| terms.effective.contains(date)) {
        let mut quantities = Quantities::default();
        let cobrand = terms.partner == file.program.cobrand_partner;
        for (item, amount) in amounts.iter() {
            quantities.add(item, amount, terms.partner, cobrand);
        }
        // What leaves 64 bits is no example to learn from.
        let Ok(batch) = price(terms, &[quantities]) else { continue };
        if batch.to_pay_minor != 0 {
            debts.insert(terms.partner, (batch.direction, batch.to_pay_minor, terms.currency));
        }
    }
    debts
}

/// `bank pays 73.80 RUB`.
pub(super) fn words(debt: Option<&Debt>, language: Language, names: &Names<'_>) -> String {
    let Some((direction, minor, currency)) = debt else {
        return language.choose("nothing", "ничего").to_owned();
    };
    let who = match direction {
        Direction::BankPaysPartner => language.choose("bank pays", "платит банк"),
        Direction::PartnerPaysBank => language.choose("partner pays", "платит партнёр"),
    };
    let amount = if *currency == names.currency.number {
        money(*minor, language, names)
    } else {
        let units = language.choose("minor units of currency", "минимальных единиц валюты");
        format!("{minor} {units} {currency}")
    };
    format!("{who} {amount}")
}
