//! The catalogue: every type of event with its schema and an example, and the document made of it.

use std::fmt::Write as _;

use schemars::{JsonSchema, schema_for};
use serde_json::{Value, json};

use super::{
    BonusShare, ChangedMiles, DiscountShare, EVENT_VERSION, Event, MemberEnrolled, PurchaseMiles,
    RedeemedMiles, SettlementPublished, TierChanged, body, data, event_id, text,
};

/// Who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whom {
    /// The co-brand partner of the program.
    Cobrand,
    /// Merchant partners and other funders, each of its own share.
    Funder,
    /// Everybody.
    Everybody,
}

impl Whom {
    fn words(self) -> &'static str {
        match self {
            Self::Cobrand => "co-brand partner",
            Self::Funder => "merchant partner, other funder",
            Self::Everybody => "every partner",
        }
    }
}

/// A type of event.
pub struct Topic {
    /// Its name.
    pub name: &'static str,
    /// Who is told.
    pub whom: Whom,
    /// When it comes.
    pub when: &'static str,
    schema: fn() -> Value,
    example: fn() -> String,
}

fn schema<T: JsonSchema>() -> Value {
    schema_for!(Event<T>).to_value()
}

const PURCHASE: &str = "000000006abcdef000112233445566778899aabbccddeeff";

fn purchase_miles(base_miles: i64, bonus_miles: i64) -> String {
    text(&PurchaseMiles {
        purchase: PURCHASE.to_owned(),
        message: PURCHASE.to_owned(),
        date: "2026-10-10".to_owned(),
        base_miles,
        bonus_miles,
        pending_miles: 0,
    })
}

fn redeemed() -> String {
    let redemption = "000000006abcdef10102030405060708090a0b0c0d0e0f10".to_owned();
    text(&RedeemedMiles { redemption, date: "2026-10-10".to_owned(), miles: 2_000 })
}

fn share() -> String {
    text(&DiscountShare {
        purchase: PURCHASE.to_owned(),
        date: "2026-10-10".to_owned(),
        share_minor: 1_500,
        currency: "RUB".to_owned(),
        at_your_merchant: true,
    })
}

fn bonus() -> String {
    text(&BonusShare { purchase: PURCHASE.to_owned(), date: "2026-10-10".to_owned(), miles: 20 })
}

/// Every type of event.
pub const TOPICS: &[Topic] = &[
    Topic {
        name: "purchase.accrued",
        whom: Whom::Cobrand,
        when: "a purchase was cleared and miles are booked",
        schema: schema::<PurchaseMiles>,
        example: || purchase_miles(120, 20),
    },
    Topic {
        name: "purchase.reversed",
        whom: Whom::Cobrand,
        when: "miles of a purchase are taken back: a refund, a reversal, a chargeback, a correction",
        schema: schema::<PurchaseMiles>,
        example: || purchase_miles(-60, -10),
    },
    Topic {
        name: "miles.reserved",
        whom: Whom::Cobrand,
        when: "miles are kept to pay with, and cannot be spent elsewhere",
        schema: schema::<RedeemedMiles>,
        example: redeemed,
    },
    Topic {
        name: "miles.redeemed",
        whom: Whom::Cobrand,
        when: "what was reserved is spent",
        schema: schema::<RedeemedMiles>,
        example: redeemed,
    },
    Topic {
        name: "miles.returned",
        whom: Whom::Cobrand,
        when: "what was reserved or spent is the member's again",
        schema: schema::<RedeemedMiles>,
        example: redeemed,
    },
    Topic {
        name: "miles.changed",
        whom: Whom::Cobrand,
        when: "staff adjusted miles, they expired, or they went to another member",
        schema: schema::<ChangedMiles>,
        example: || {
            let (reason, date) = ("expired".to_owned(), "2026-10-10".to_owned());
            text(&ChangedMiles { reason, date, miles: -300 })
        },
    },
    Topic {
        name: "member.enrolled",
        whom: Whom::Cobrand,
        when: "an account was opened; further cards of it are not told",
        schema: schema::<MemberEnrolled>,
        example: || {
            let member_number = Some("AB-100200".to_owned());
            text(&MemberEnrolled { date: "2026-10-10".to_owned(), member_number })
        },
    },
    Topic {
        name: "member.tier_changed",
        whom: Whom::Cobrand,
        when: "a member rose to a tier, or a review took it",
        schema: schema::<TierChanged>,
        example: || {
            let [tier, tier_before, until] = ["gold", "silver", "2027-12-31"].map(str::to_owned);
            text(&TierChanged { tier, tier_before, until })
        },
    },
    Topic {
        name: "discount.given",
        whom: Whom::Funder,
        when: "a discount that you share in is final",
        schema: schema::<DiscountShare>,
        example: share,
    },
    Topic {
        name: "discount.taken_back",
        whom: Whom::Funder,
        when: "your share of a discount is yours again",
        schema: schema::<DiscountShare>,
        example: share,
    },
    Topic {
        name: "bonus.given",
        whom: Whom::Funder,
        when: "bonus miles that you pay for are booked",
        schema: schema::<BonusShare>,
        example: bonus,
    },
    Topic {
        name: "bonus.taken_back",
        whom: Whom::Funder,
        when: "bonus miles that you pay for are taken back",
        schema: schema::<BonusShare>,
        example: bonus,
    },
    Topic {
        name: "settlement.published",
        whom: Whom::Everybody,
        when: "a settlement file for you, or another edition of one, is published",
        schema: schema::<SettlementPublished>,
        example: || {
            text(&SettlementPublished {
                file: "airboreal_boreal-gold_2026-10-10_000042_0.cbs".to_owned(),
                business_date: "2026-10-10".to_owned(),
                sequence: 42,
                revision: 0,
                sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(),
                records: 318,
            })
        },
    },
];

/// A type of event by its name.
pub fn topic(name: &str) -> Option<&'static Topic> {
    TOPICS.iter().find(|topic| topic.name == name)
}

/// The JSON Schema of each type of event, by name.
pub fn schemas() -> Value {
    let mut all = serde_json::Map::new();
    for topic in TOPICS {
        let mut schema = (topic.schema)();
        if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
            properties.insert("type".to_owned(), json!({ "const": topic.name }));
            properties.insert("version".to_owned(), json!({ "const": EVENT_VERSION }));
        }
        if let Some(schema) = schema.as_object_mut() {
            schema.insert("title".to_owned(), topic.name.into());
            schema.insert("description".to_owned(), topic.when.into());
        }
        all.insert(topic.name.to_owned(), schema);
    }
    Value::Object(all)
}

fn example(topic: &Topic) -> String {
    let subject = match topic.whom {
        Whom::Cobrand => "AB-100200",
        Whom::Funder => PURCHASE,
        Whom::Everybody => "000042-0",
    };
    let partner = if topic.whom == Whom::Funder { "skyfuel" } else { "airboreal" };
    let event = Event {
        id: event_id(partner, 1_207),
        topic: topic.name.to_owned(),
        version: EVENT_VERSION,
        number: 1_207,
        environment: "LIVE".to_owned(),
        at: "2026-10-10T09:04:11Z".to_owned(),
        program: "boreal-gold".to_owned(),
        subject: subject.to_owned(),
        order: (topic.whom == Whom::Cobrand).then_some(17),
        data: data(&(topic.example)()),
    };
    let value: Value = serde_json::from_slice(&body(&event)).unwrap_or_default();
    serde_json::to_string_pretty(&value).unwrap_or_default()
}

const HEAD: &str = "\
# Events for partners

Made by `cobrand partner events`; do not edit. The JSON Schemas are in
[events.schema.json](schema/events.schema.json) (`cobrand partner events --schema`).

- **At least once.** The same event may come again, always with the same `id`, which is also the `webhook-id`: keep the
  ids that you have seen, or the greatest `number`, and answer 2xx to a repetition.
- **In order.** Your events are numbered without gaps. A webhook brings them one after the other: the next one comes when
  the one before was answered with 2xx. So the events of an account come in its order, too.
- **Final.** Provisional results are not told; what is taken back later comes as an event of its own.
- **Careful.** No event holds card data. A merchant partner is told of purchases, not of members.
- **Versioned.** Fields are added under the same `version`: read by name, and pass over what you do not know.
- `TEST` events are never to be booked.

";

/// The catalogue as a document.
pub fn markdown() -> String {
    let mut text = HEAD.to_owned();
    text.push_str("| type | who is told | when |\n|---|---|---|\n");
    for Topic { name, whom, when, .. } in TOPICS {
        let _ = writeln!(text, "| [`{name}`](#{}) | {} | {when} |", name.replace('.', ""), whom.words());
    }
    for topic in TOPICS {
        let _ = write!(text, "\n## {}\n\n```json\n{}\n```\n", topic.name, example(topic));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_catalogue_is_the_one_of_the_code() {
        let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
        let schemas = serde_json::to_string_pretty(&schemas()).unwrap() + "\n";
        for (file, made, command) in [
            ("events.md", markdown(), "cobrand partner events > docs/events.md"),
            (
                "schema/events.schema.json",
                schemas,
                "cobrand partner events --schema > docs/schema/events.schema.json",
            ),
        ] {
            let committed = std::fs::read_to_string(docs.join(file)).unwrap_or_default();
            assert!(committed == made, "docs/{file} is not that of the code: {command}");
        }
    }

    #[test]
    fn every_example_has_the_fields_of_its_schema() {
        let schemas = schemas();
        for topic in TOPICS {
            let schema = &schemas[topic.name];
            let value: Value = serde_json::from_str(&example(topic)).unwrap();
            let required = schema["required"].as_array().unwrap();
            for field in required.iter().map(|name| name.as_str().unwrap()) {
                assert!(value.get(field).is_some(), "{}: {field}", topic.name);
            }
            let known = schema["properties"].as_object().unwrap();
            assert!(value.as_object().unwrap().keys().all(|key| known.contains_key(key)), "{}", topic.name);
        }
    }
}
