//! What a text in a program file may be, for the JSON Schema of editors: the reader's own lists of words, and patterns
//! that let through everything that the reader takes.

use std::borrow::Cow;
use std::marker::PhantomData;

use domain::{BirthdayWindow, settlement};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::json;

use crate::birthdays::LEAP_DAYS;
use crate::coupons::REFUNDS;
use crate::holds::DAYS_MAX;
use crate::limits::{BUDGET_WINDOWS, LIMIT_WINDOWS};
use crate::miles::{
    HOUSEHOLD, LEDGER, MINUTES_MAX, MONTHS_MAX, NEGATIVE_BALANCE, ROUNDED_TO, VESTING_DAYS_MAX, YEARS_MAX,
};
use crate::rates::FX_DATES;
use crate::rules::{EARN_ROUNDINGS, MODES, STACKINGS, WINDOWS};
use crate::scalars::{ROUNDINGS, WEEKDAYS};
use crate::shape::SCHEMA;
use crate::terms::{DAY_COUNTS, EVERY, LEVELS, PAYERS, PAYMENT_DAYS_MAX, VAT_LEVELS};
use crate::tiers::{FALLS, QUALIFYING, RANK_MAX};

/// One of a list of words.
fn one_of<'a>(words: impl IntoIterator<Item = &'a str>) -> Schema {
    let words: Vec<&str> = words.into_iter().collect();
    json_schema!({ "type": "string", "enum": words })
}

fn first<'a, T>(table: &'a [(&'a str, T)]) -> impl Iterator<Item = &'a str> {
    table.iter().map(|(word, _)| *word)
}

fn like(pattern: &str) -> Schema {
    json_schema!({ "type": "string", "pattern": pattern })
}

macro_rules! words {
    ($($name:ident: $schema:expr;)*) => {
        $(
            pub(crate) struct $name;

            impl JsonSchema for $name {
                fn inline_schema() -> bool {
                    true
                }

                fn schema_name() -> Cow<'static, str> {
                    stringify!($name).into()
                }

                fn json_schema(_: &mut SchemaGenerator) -> Schema {
                    $schema
                }
            }
        )*
    };
}

words! {
    ProgramSchema: json_schema!({ "const": SCHEMA });
    Code: like("^[a-z0-9-]{1,40}$");
    Currency: like("^[A-Z]{3}$");
    TimeOfDay: like("^([01][0-9]|2[0-3]):[0-5][0-9]$");
    Hours: like("^([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$");
    Day: json_schema!({ "type": "string", "format": "date" });
    LocalTime: json_schema!({ "type": "string" });
    Days: json_schema!({ "type": "integer", "minimum": 1, "maximum": DAYS_MAX });
    VestingDays: json_schema!({ "type": "integer", "minimum": 0, "maximum": VESTING_DAYS_MAX });
    Months: json_schema!({ "type": "integer", "minimum": 1, "maximum": MONTHS_MAX });
    Years: json_schema!({ "type": "integer", "minimum": 0, "maximum": YEARS_MAX });
    Minutes: json_schema!({ "type": "integer", "minimum": 1, "maximum": MINUTES_MAX });
    DaysNear: json_schema!({ "type": "integer", "minimum": 0, "maximum": BirthdayWindow::DAYS_MAX });
    LeapDay: one_of(first(&LEAP_DAYS));
    MonthAndDay: like("^[0-9]{2}-[0-9]{2}$");
    RoundedTo: one_of(first(&ROUNDED_TO));
    NegativeBalance: one_of(first(&NEGATIVE_BALANCE));
    Household: one_of(first(&HOUSEHOLD));
    Ledger: one_of(first(&LEDGER));
    Amount: like(r"^[0-9]+(\.[0-9]+)?$");
    Price: like(r"^[0-9]+(\.[0-9]{1,10})?$");
    Percent: like(r"^[0-9]+(\.[0-9]{1,10})?%?$");
    Ratio: like("^[0-9]+/[0-9]+$");
    Mcc: like("^[0-9]{4}$");
    MccRange: like("^[0-9]{4}(-[0-9]{4})?$");
    MonthDays: like("^[0-9]{1,2}(-[0-9]{1,2})?$");
    Bin: like("^[0-9]{6,8}$");
    Miles: json_schema!({ "type": "integer", "minimum": 1 });
    Rank: json_schema!({ "type": "integer", "minimum": 1, "maximum": RANK_MAX });
    Qualifying: one_of(QUALIFYING);
    Fall: one_of(first(&FALLS));
    CouponRefund: one_of(first(&REFUNDS));
    Weekday: one_of(first(&WEEKDAYS));
    Rounding: one_of(first(&ROUNDINGS));
    EarnRounding: one_of(first(&EARN_ROUNDINGS));
    FxDate: one_of(first(&FX_DATES));
    Mode: one_of(first(&MODES));
    Stacking: one_of(first(&STACKINGS));
    Window: one_of(first(&WINDOWS));
    LimitWindow: one_of(first(&LIMIT_WINDOWS));
    BudgetWindow: one_of(first(&BUDGET_WINDOWS));
    Basis: one_of(settlement::Basis::ALL.map(settlement::Basis::name));
    Payer: one_of(first(&PAYERS));
    Level: one_of(first(&LEVELS));
    Units: json_schema!({ "type": "integer", "minimum": 0 });
    Every: one_of(first(&EVERY));
    DayKind: one_of(settlement::DayKind::ALL.map(settlement::DayKind::name));
    DayCount: one_of(first(&DAY_COUNTS));
    PaymentDays: json_schema!({ "type": "integer", "minimum": 0, "maximum": PAYMENT_DAYS_MAX });
    VatLevel: one_of(first(&VAT_LEVELS));
}

/// One text or a list of at least so many.
pub(crate) struct Many<T, const LEAST: u8 = 1>(PhantomData<T>);

impl<T: JsonSchema, const LEAST: u8> JsonSchema for Many<T, LEAST> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Many{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<T>();
        let list = json!({ "type": "array", "items": one, "minItems": LEAST });
        json_schema!({ "anyOf": [one, list] })
    }
}

/// The JSON Schema of program files, for editors.
pub fn program_schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(crate::document::Document).to_value();
    without_null(&mut schema);
    schema
}

/// TOML has no null: what may be left out is simply not required.
fn without_null(schema: &mut serde_json::Value) {
    match schema {
        serde_json::Value::Object(keys) => {
            if let Some(serde_json::Value::Array(types)) = keys.get_mut("type") {
                types.retain(|name| name != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    keys.insert("type".to_owned(), only);
                }
            }
            if let Some(serde_json::Value::Array(ways)) = keys.get_mut("anyOf") {
                ways.retain(|way| way.get("type").is_none_or(|name| name != "null"));
                if let [serde_json::Value::Object(only)] = ways.as_slice() {
                    let only = only.clone();
                    keys.remove("anyOf");
                    keys.extend(only);
                }
            }
            keys.values_mut().for_each(without_null);
        }
        serde_json::Value::Array(list) => list.iter_mut().for_each(without_null),
        _ => {}
    }
}
