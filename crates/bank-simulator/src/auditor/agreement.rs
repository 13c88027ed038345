//! What bank and partners have agreed, as plain numbers: the auditor's own program.

use std::collections::BTreeSet;

use jiff::civil::Weekday;

/// The rules of one program and the terms of its partners. Amounts are in minor units of `currency`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgreedProgram {
    /// The program's currency as DE49 and DE51 write it: three digits.
    pub currency: String,
    /// One base mile for each full amount of this size.
    pub minor_per_mile: u64,
    /// Merchant categories (DE18) that earn neither miles nor discount.
    pub excluded_mccs: BTreeSet<String>,
    /// At most so many miles per account and calendar month, base and bonus together.
    pub monthly_cap: Option<u64>,
    /// Bonuses on top of the base, in the order in which the cap leaves room for them.
    pub bonuses: Vec<AgreedBonus>,
    /// Discounts; the first one of a merchant holds.
    pub discounts: Vec<AgreedDiscount>,
    /// The terms of the partner whose miles they are.
    pub co_brand: CoBrandTerms,
    /// The terms of the partners at whose merchants something happens.
    pub merchants: Vec<MerchantTerms>,
}

/// Miles on top of the base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgreedBonus {
    /// The label of the merchant; none means anywhere.
    pub merchant: Option<String>,
    /// Merchant categories (DE18); none listed means all.
    pub mccs: BTreeSet<String>,
    /// The weekdays of the purchase's local date; none listed means all.
    pub weekdays: Vec<Weekday>,
    /// The bonus is the base so many times.
    pub times: u64,
    /// The partner who pays for these miles.
    pub funder: String,
}

/// How a discount reaches the cardholder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiscountMode {
    /// The authorization is answered with a smaller DE4. A clearing of exactly that amount confirms it.
    AtTill,
    /// The bank credits the cardholder after the clearing.
    StatementCredit,
}

/// Money off at one merchant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgreedDiscount {
    /// The label of the merchant.
    pub merchant: String,
    /// How it reaches the cardholder.
    pub mode: DiscountMode,
    /// Its size in thousandths of the amount, rounded down.
    pub per_mille: u64,
    /// Nothing below this amount.
    pub minimum: u64,
    /// Never more than this for one purchase.
    pub maximum: Option<u64>,
    /// The merchant's share in hundredths, rounded down; the bank bears the rest.
    pub merchant_percent: u64,
}

/// An exact price: minor units per mile, or commission per minor unit of turnover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ratio {
    /// Above the line.
    pub numerator: u64,
    /// Below the line.
    pub denominator: u64,
}

/// Where a fee is rounded half up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// Each line; the sum is the sum of the lines.
    Line,
    /// The sum; the lines are shown rounded and one more line makes up the difference.
    Batch,
}

/// Where value-added tax is computed, half up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VatLevel {
    /// On each line's rounded fee.
    Line,
    /// Once, on the rounded fee of the whole document.
    Document,
}

/// Value-added tax on a fee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vat {
    /// The rate in hundredths.
    pub percent: u64,
    /// Where it is computed.
    pub level: VatLevel,
}

/// The bank pays the co-brand partner for every mile granted, base and bonus, less what was clawed back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoBrandTerms {
    /// The partner's label.
    pub partner: String,
    /// Minor units per mile.
    pub per_mile: Ratio,
    /// Where the fee is rounded.
    pub rounding: Rounding,
    /// Tax on the fee.
    pub vat: Vat,
}

/// A merchant partner pays the bank for bonus miles and turnover. Discount shares follow from the mode: of a
/// statement credit the merchant owes its share to the bank, of a discount at the till the bank owes its
/// share to the merchant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MerchantTerms {
    /// The partner's label, which is the label of its merchants too.
    pub partner: String,
    /// Minor units per bonus mile that this partner funds.
    pub per_bonus_mile: Option<Ratio>,
    /// Commission on the net turnover.
    pub commission: Option<Ratio>,
    /// Where each of the two fees is rounded.
    pub rounding: Rounding,
    /// Tax on each of the two fees, not on discount shares.
    pub vat: Vat,
}

impl AgreedProgram {
    /// The program of the worked day: Northbank's `boreal-gold`.
    pub fn boreal_gold() -> Self {
        Self {
            currency: "643".to_owned(),
            minor_per_mile: 6_000,
            excluded_mccs: ["6011", "4829", "7995"].map(str::to_owned).into(),
            monthly_cap: Some(1_500),
            bonuses: vec![AgreedBonus {
                merchant: Some("skyfuel".to_owned()),
                mccs: BTreeSet::new(),
                weekdays: vec![Weekday::Saturday, Weekday::Sunday],
                times: 1,
                funder: "skyfuel".to_owned(),
            }],
            discounts: vec![
                AgreedDiscount {
                    merchant: "skyfuel".to_owned(),
                    mode: DiscountMode::AtTill,
                    per_mille: 30,
                    minimum: 0,
                    maximum: None,
                    merchant_percent: 50,
                },
                AgreedDiscount {
                    merchant: "kosta".to_owned(),
                    mode: DiscountMode::StatementCredit,
                    per_mille: 50,
                    minimum: 100_000,
                    maximum: Some(50_000),
                    merchant_percent: 60,
                },
            ],
            co_brand: CoBrandTerms {
                partner: "airboreal".to_owned(),
                per_mile: Ratio { numerator: 123, denominator: 2 },
                rounding: Rounding::Batch,
                vat: Vat { percent: 20, level: VatLevel::Document },
            },
            merchants: vec![
                MerchantTerms {
                    partner: "skyfuel".to_owned(),
                    per_bonus_mile: Some(Ratio { numerator: 70, denominator: 1 }),
                    commission: None,
                    rounding: Rounding::Line,
                    vat: Vat { percent: 20, level: VatLevel::Line },
                },
                MerchantTerms {
                    partner: "kosta".to_owned(),
                    per_bonus_mile: None,
                    commission: Some(Ratio { numerator: 12, denominator: 1_000 }),
                    rounding: Rounding::Line,
                    vat: Vat { percent: 20, level: VatLevel::Line },
                },
            ],
        }
    }
}
