//! Cases of well-formed messages that must be refused.

use crate::{
    case::{Case, Need},
    report::Level,
    script::{Damage, Draft, Edit, Expect, NetworkCode, Step, Whose},
};

const FIELDS: &str = "Fields";
const CODES: &str = "DE39: what it means and what to do";

pub(super) fn cases() -> Vec<Case> {
    vec![
        missing("ERR-01", "No trace number", 11, "DE11"),
        missing("ERR-02", "No card number", 2, "DE2"),
        missing("ERR-03", "No processing code", 3, "DE3"),
        missing("ERR-04", "No amount", 4, "DE4"),
        missing("ERR-05", "No transmission time", 7, "DE7"),
        missing("ERR-06", "No currency", 49, "DE49"),
        malformed_length(),
        impossible("ERR-08", "A thirteenth month", 7, "1310090000", "DE7"),
        impossible("ERR-09", "The thirtieth of February", 13, "0230", "DE13").level(Level::Optional),
        types_not_served(),
        unknown_currency(),
        billing_without_currency(),
        another_bank(),
    ]
}

fn missing(id: &'static str, title: &'static str, de: u8, name: &'static str) -> Case {
    let draft = Draft::new("0100").edit(Edit::Remove(de));
    let refused = Step::send("authorization", draft).refused("30", &["field_missing"]);
    Case::new(id, title, "A mandatory field that is absent is 30, and the tag ER of DE48 names it.", CODES)
        .step(refused.expect(Expect::TagBegins("ER", name)))
        .step(goes_on())
}

fn impossible(
    id: &'static str,
    title: &'static str,
    de: u8,
    value: &'static str,
    name: &'static str,
) -> Case {
    let draft = Draft::new("0100").edit(Edit::Set(de, value));
    let refused = Step::send("authorization", draft).refused("30", &["field_malformed"]);
    Case::new(id, title, "A value that cannot be is 30, and the tag ER of DE48 names its field.", CODES)
        .step(refused.expect(Expect::TagBegins("ER", name)))
        .step(goes_on())
}

/// The link goes on after a refusal.
fn goes_on() -> Step {
    Step::send("echo behind it", Draft::network_code(NetworkCode::SignOfLife)).code("00")
}

fn malformed_length() -> Case {
    let step = Step::send_damaged("authorization", Draft::new("0100"), Damage::LengthNotNumber(2));
    let purpose =
        "A length that is no number is 30 undecodable; ER tells the place with its offset, the link goes on.";
    Case::new("ERR-07", "Malformed length", purpose, CODES)
        .step(step.refused("30", &["undecodable"]).expect(Expect::TagBegins("ER", "DE2 length@")))
        .step(goes_on())
}

fn types_not_served() -> Case {
    let refused = |label, mti| Step::send(label, Draft::new(mti)).refused("12", &["message_type_not_served"]);
    let purpose = "Message types that are not served are answered with 12 message_type_not_served.";
    Case::new("ERR-10", "Message types not served", purpose, "Message types")
        .step(refused("file action", "0300"))
        .step(refused("administrative message", "0600"))
        .step(goes_on())
}

fn unknown_currency() -> Case {
    let draft = Draft::new("0100").edit(Edit::Set(49, "000"));
    Case::new(
        "ERR-11",
        "Unknown currency",
        "A DE49 that ISO 4217 does not have is 12 unknown_currency.",
        CODES,
    )
    .level(Level::Optional)
    .step(Step::send("authorization", draft).refused("12", &["unknown_currency"]))
}

fn billing_without_currency() -> Case {
    let draft = Draft::new("0100").edit(Edit::Copy { to: 6, from: 4 });
    let refused = Step::send("authorization", draft).refused("30", &["field_missing"]);
    Case::new("ERR-12", "Billing amount without currency", "DE6 needs DE51: 30, and ER names it.", FIELDS)
        .level(Level::Optional)
        .step(refused.expect(Expect::TagBegins("ER", "DE51")))
}

fn another_bank() -> Case {
    let draft = Draft::new("0100").card(Whose::OtherBank);
    Case::new("ERR-13", "A card of another bank", "A card in none of the bank's ranges is 57.", CODES)
        .level(Level::Conditional)
        .needs(Need::CardOfAnotherBank)
        .step(Step::send("authorization", draft).refused("57", &["card_of_another_bank"]))
}
