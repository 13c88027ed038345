//! The shape of a program file, `program/1`: its keys and their types, each value with its place.
//!
//! Amounts, rates and words are text here; what they mean is checked in the second pass.

use std::marker::PhantomData;

use serde::de::MapAccess;
use serde::de::value::MapAccessDeserializer;
use serde::{Deserialize, Deserializer};
use toml::Spanned;
use toml::value::Datetime;

/// A text and its place.
pub(crate) type Text = Spanned<String>;

/// A whole program file.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) code: Text,
    pub(crate) bank: Text,
    pub(crate) cobrand_partner: Text,
    pub(crate) currency: Text,
    pub(crate) timezone: Text,
    pub(crate) cut_off: Text,
    pub(crate) exclude: Option<Table<Exclude>>,
    pub(crate) base: Vec<Table<Base>>,
    pub(crate) bonus: Vec<Table<Bonus>>,
    pub(crate) discount: Vec<Table<Discount>>,
    pub(crate) cap: Vec<Table<Cap>>,
    pub(crate) auto_enroll: Vec<Table<AutoEnroll>>,
    pub(crate) terms: Vec<Table<Terms>>,
    pub(crate) test: Vec<Table<Test>>,
}

/// A table with named keys. Without this wrapper a list of values without keys would be taken for one.
#[derive(Debug)]
pub(crate) struct Table<T>(T);

impl<T> std::ops::Deref for Table<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Table<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> serde::de::Visitor<'de> for Visitor<T> {
            type Value = Table<T>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a table")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Table<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Table)
            }
        }
        deserializer.deserialize_map(Visitor(PhantomData))
    }
}

/// One word or a list of words.
#[derive(Debug, Default)]
pub(crate) struct Words(pub(crate) Vec<Text>);

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Spanned::<OneOrMany>::deserialize(deserializer)?;
        let span = value.span();
        Ok(match value.into_inner() {
            OneOrMany::One(text) => Self(vec![Spanned::new(span, text)]),
            OneOrMany::Many(texts) => Self(texts),
        })
    }
}

enum OneOrMany {
    One(String),
    Many(Vec<Text>),
}

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = OneOrMany;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a string or a list of strings")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<OneOrMany, E> {
                Ok(OneOrMany::One(text.to_owned()))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<OneOrMany, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = list.next_element()? {
                    texts.push(text);
                }
                Ok(OneOrMany::Many(texts))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Effective {
    pub(crate) from: Option<Spanned<Datetime>>,
    pub(crate) to: Option<Spanned<Datetime>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct When {
    pub(crate) partner: Option<Words>,
    pub(crate) mcc: Option<Words>,
    pub(crate) weekday: Option<Words>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exclude {
    pub(crate) mcc: Words,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Base {
    pub(crate) id: Text,
    pub(crate) effective: Option<Table<Effective>>,
    pub(crate) earn: Table<Earn>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Earn {
    pub(crate) miles: Spanned<u64>,
    pub(crate) per: Text,
    pub(crate) rounding: Text,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bonus {
    pub(crate) id: Text,
    pub(crate) effective: Option<Table<Effective>>,
    pub(crate) when: Option<Table<When>>,
    pub(crate) times_base: Text,
    pub(crate) rounding: Text,
    pub(crate) funded_by: Text,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Discount {
    pub(crate) id: Text,
    pub(crate) effective: Option<Table<Effective>>,
    pub(crate) partner: Text,
    pub(crate) when: Option<Table<When>>,
    pub(crate) mode: Option<Text>,
    pub(crate) percent: Text,
    pub(crate) rounding: Text,
    pub(crate) amount_at_least: Option<Text>,
    pub(crate) at_most: Option<Text>,
    pub(crate) funding: Table<Funding>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Funding {
    pub(crate) merchant: Text,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cap {
    pub(crate) id: Text,
    pub(crate) effective: Option<Table<Effective>>,
    pub(crate) miles_max: Spanned<u64>,
    pub(crate) window: Text,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AutoEnroll {
    pub(crate) bin_from: Text,
    pub(crate) bin_to: Text,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Terms {
    pub(crate) partner: Text,
    pub(crate) currency: Text,
    pub(crate) effective: Option<Table<Effective>>,
    pub(crate) item: Vec<Table<TermItem>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TermItem {
    pub(crate) basis: Text,
    pub(crate) payer: Text,
    pub(crate) price: Option<Text>,
    pub(crate) percent: Option<Text>,
    pub(crate) vat: Option<Table<Vat>>,
    pub(crate) rounding: Option<Table<TermRounding>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TermRounding {
    pub(crate) mode: Text,
    pub(crate) level: Text,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Vat {
    pub(crate) percent: Text,
    pub(crate) level: Text,
    pub(crate) mode: Text,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Test {
    pub(crate) name: Text,
    pub(crate) given: Table<Given>,
    pub(crate) expect: Spanned<Table<Expect>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Given {
    pub(crate) local_date: Option<Spanned<Datetime>>,
    pub(crate) local_time: Option<Spanned<Datetime>>,
    pub(crate) mcc: Option<Text>,
    pub(crate) partner: Option<Text>,
    pub(crate) amount: Text,
    pub(crate) already_earned: Option<Spanned<u64>>,
    #[serde(default)]
    pub(crate) authorization: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expect {
    pub(crate) miles: Option<u64>,
    pub(crate) base_miles: Option<u64>,
    pub(crate) bonus_miles: Option<u64>,
    pub(crate) discount: Option<Text>,
    pub(crate) merchant_share: Option<Text>,
    pub(crate) bank_share: Option<Text>,
    pub(crate) applied: Option<Words>,
    pub(crate) skipped: Option<Words>,
}
