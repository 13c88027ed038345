//! Messages that our encoder did not make, through the running gateway over mutual TLS: each with its expected reply,
//! its located refusal, or silence. One row of the table for each vector; a vector without a row fails.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support_link;

use std::{collections::BTreeMap, time::Duration};

use bank_simulator::{Link, LinkError, LinkOptions, Loyalty, Reply};
use cobrand::demo::{World, WorldOptions};
use iso8583::{Message, dialects};
use serde::Deserialize;
use support_link::{PATIENCE, counted, enroll, log_file, logged, purchase, rejects};

#[derive(Deserialize)]
struct Vector {
    id: String,
    hex: String,
    /// The layout; those of pyiso8583 have none, they are all plain text.
    spec: Option<String>,
}

const MESSAGES: &str = include_str!("../../crates/iso8583/tests/vectors/messages.jsonl");
const PYISO8583: &str = include_str!("../../crates/iso8583/tests/vectors/pyiso8583.jsonl");
const REJECTS: &str = include_str!("../../crates/iso8583/tests/vectors/rejects.jsonl");
/// The layouts that are the gateway's plain text, or so near to it that a bank could send them.
const LAYOUTS: [&str; 2] = ["jpos-iso87ascii", "moov-testdata-87"];
const PROGRAM: &str = include_str!("../../docs/samples/programs/boreal-gold.toml");

/// The cards of the vectors that are members.
const MEMBERS: [&str; 5] =
    ["4111111111111111", "5500005555555559", "5555555555554444", "4012888888881881", "5413330089010434"];

enum Expected {
    /// 00 with this status, reason and base miles. The vectors' merchants are no partners: no bonus, no discount.
    Taken(&'static str, &'static str, i64),
    /// DE39, reason and, if it is located, the place; nothing is booked.
    Refused(&'static str, &'static str, Option<&'static str>),
    /// Network management: DE39 alone.
    Network(&'static str),
    /// A response: there is nothing to answer.
    Silence,
}
use Expected::{Network, Refused, Silence, Taken};

const NO_CARD: Expected = Refused("30", "field_missing", Some("DE2"));
const NO_AMOUNT: Expected = Refused("30", "field_missing", Some("DE4"));
/// Totals of a day that this gateway never saw.
const OTHER_TOTALS: Expected = Refused("00", "out_of_balance", Some("DE74"));
/// DE90 names a message that was not sent before: remembered for when it comes.
const EARLY_REVERSAL: Expected = Taken("none", "original_not_seen_yet", 0);

const fn undecodable(at: &'static str) -> Expected {
    Refused("30", "undecodable", Some(at))
}

/// Vector, message type of the reply, and what it says. A mile is earned for each full 60.00 TRY.
const TABLE: &[(&str, &str, Expected)] = &[
    // messages.jsonl, layout jpos-iso87ascii
    ("erl8583-asc-pan", "0210", NO_AMOUNT),
    ("erl8583-asc-fields_11_12_13_14", "0210", NO_CARD),
    ("erl8583-asc-field_27_to_33", "0210", NO_CARD),
    ("erl8583-asc-fields_36_37_38", "0210", NO_CARD),
    ("erl8583-asc-field_39", "0210", NO_CARD),
    ("erl8583-asc-field_40", "0210", NO_CARD),
    ("erl8583-asc-field_42", "0210", NO_CARD),
    ("erl8583-asc-field_44", "0210", NO_CARD),
    ("erl8583-asc-fields_47_48", "0210", NO_CARD),
    ("erl8583-asc-fields_49_50_51", "0210", NO_CARD),
    ("erl8583-asc-fields_58_to_63", "0210", NO_AMOUNT),
    ("erl8583-asc-field_64", "0210", NO_CARD),
    ("erl8583-asc-fields_71_72", "0210", NO_CARD),
    ("erl8583-asc-field_73", "0210", NO_CARD),
    ("erl8583-asc-field_78_to_82", "0210", NO_CARD),
    ("erl8583-asc-fields_102_103_104_128", "0210", NO_CARD),
    ("gen-87a-0121", "0130", Taken("provisional", "estimate", 2)),
    ("gen-87a-0200", "0210", Taken("provisional", "estimate", 2)),
    ("gen-87a-0221", "0230", Taken("booked", "cleared", 2)),
    ("gen-87a-0400", "0410", EARLY_REVERSAL),
    ("gen-87a-0401", "0410", EARLY_REVERSAL),
    ("gen-87a-0410", "", Silence),
    ("gen-87a-0420", "0430", EARLY_REVERSAL),
    ("gen-87a-0421", "0430", EARLY_REVERSAL),
    ("gen-87a-0500", "0510", OTHER_TOTALS),
    ("gen-87a-0520", "0530", OTHER_TOTALS),
    ("gen-87a-0800-001", "0810", Network("00")),
    ("gen-87a-0810-001", "", Silence),
    ("gen-87a-0800-002", "0810", Network("00")),
    ("gen-87a-0800-201", "0810", Network("00")),
    ("gen-87a-0820-301", "0830", Network("00")),
    // messages.jsonl, layout moov-testdata-87
    ("moov-financial_transaction_message", "0210", NO_CARD),
    ("moov-financial_transaction_message_response", "", Silence),
    ("moov-iso_reversal_message_advice", "0430", NO_CARD),
    ("moov-iso_reversal_message_advice_unexpected_field", "0430", NO_CARD),
    ("moov-iso_reversal_message_response", "", Silence),
    ("moov-iso_reversal_repeat_message", "0410", Refused("57", "card_of_another_bank", Some("DE2"))),
    ("moov-iso_reversal_repeat_message_response", "", Silence),
    ("moov-message_with_character_ebcdic_encoding", "0810", undecodable("DE42@58")),
    ("moov-network_management_message_response", "", Silence),
    ("moov-network_management_message_with_track", "0810", undecodable("DE35@68")),
    // rejects.jsonl
    ("erl8583-asc-fields_91_to_94", "0210", undecodable("DE93@44")),
    ("moov-message_with_error_indicate_numeric", "0810", undecodable("DE28@66")),
    ("moov-message_with_hex_bcd", "0810", undecodable("DE48 length@66")),
    ("moov-message_with_hex_length", "0810", undecodable("DE32 length@66")),
    ("moov-message_with_hex_rbcd", "0810", undecodable("DE48 length@66")),
    // pyiso8583.jsonl
    ("0100-authorization", "0110", Taken("provisional", "estimate", 2)),
    ("0101-repeat", "0110", Taken("provisional", "estimate", 2)),
    ("0110-response", "", Silence),
    ("0120-advice", "0130", Taken("none", "below_the_first_mile", 0)),
    ("0200-purchase-cashback", "0210", Taken("provisional", "estimate", 5)),
    ("0220-advice", "0230", Taken("none", "below_the_first_mile", 0)),
    // It lacks DE6 and DE51 of the first: a repeat must not differ, and nothing is booked.
    ("0221-advice-repeat", "0230", Refused("94", "altered_repeat:DE6", None)),
    // Of a purchase that this gateway never saw: nothing was granted, so nothing is taken back.
    ("0220-refund", "0230", Taken("reversed", "refunded", 0)),
    ("0400-reversal", "0410", Taken("reversed", "authorization_reversed", -2)),
    ("0420-partial-reversal", "0430", Taken("reversed", "authorization_reversed", -4)),
    ("0420-fees", "0430", Taken("reversed", "authorization_reversed", 0)),
    ("0800-sign-on", "0810", Network("00")),
    ("0810-sign-on-response", "", Silence),
    ("0200-transfer", "0210", Taken("none", "transaction_type_without_loyalty", 0)),
];

/// Card, miles and pending miles after all vectors: 125.50 TRY cleared is 2 miles, 100.00 TRY left on hold is 1.
const BALANCES: [(&str, i64, i64); 5] = [
    ("4111111111111111", 0, 0),
    ("5500005555555559", 0, 0),
    ("5555555555554444", 0, 1),
    ("4012888888881881", 0, 0),
    ("5413330089010434", 2, 0),
];

fn vectors() -> Vec<Vector> {
    let lines = [MESSAGES, REJECTS, PYISO8583].into_iter().flat_map(str::lines);
    let vectors = lines.map(|line| serde_json::from_str::<Vector>(line).unwrap());
    let plain = |spec: &str| LAYOUTS.contains(&spec);
    vectors.filter(|vector| vector.spec.as_deref().is_none_or(plain)).collect()
}

async fn signed_on(world: &World) -> Link {
    let address = world.gateway().unwrap().address();
    let link = Link::connect(address, &world.bank_tls().unwrap(), LinkOptions::default()).await.unwrap();
    link.sign_on().await.unwrap();
    link
}

/// What came back, in one line that a failing test can show beside the wanted one.
fn told(reply: &Message<'_>) -> String {
    let loyalty = reply.text(48).map(|text| Loyalty::parse(&text).unwrap());
    let Some(result) = loyalty else { return format!("{} {}", reply.mti(), reply.text(39).unwrap()) };
    let at = result.other.iter().find(|(tag, _)| tag == "ER").map_or("", |(_, at)| at);
    assert_eq!((result.bonus_miles, result.discount_minor), (0, 0));
    format!(
        "{} {} {} {} {} miles {at}",
        reply.mti(),
        reply.text(39).unwrap(),
        result.status,
        result.reason,
        result.base_miles
    )
}

fn wanted(mti: &str, expected: &Expected) -> String {
    match expected {
        Taken(status, reason, miles) => format!("{mti} 00 {status} {reason} {miles} miles "),
        Refused(code, reason, at) => format!("{mti} {code} none {reason} 0 miles {}", at.unwrap_or_default()),
        Network(code) => format!("{mti} {code}"),
        Silence => String::new(),
    }
}

/// Nothing came back: an echo behind it is answered first.
async fn silence(link: &Link) -> String {
    link.echo().await.unwrap();
    match link.next_raw(Duration::from_millis(1)).await {
        Err(LinkError::NoReply { .. }) => String::new(),
        other => format!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_vector_gets_its_expected_reply_or_its_located_refusal() {
    log_file();
    let options = WorldOptions {
        business_date: jiff::civil::date(2026, 11, 21),
        program: Some(PROGRAM.replace("RUB", "TRY")),
        log_to_file: false,
        ..WorldOptions::default()
    };
    let world = World::start(options).await.unwrap();
    enroll(&world, &MEMBERS).await;
    let (link, steady) = (signed_on(&world).await, signed_on(&world).await);
    let vectors = vectors();
    let table: BTreeMap<&str, (&str, &Expected)> =
        TABLE.iter().map(|(id, mti, expected)| (*id, (*mti, expected))).collect();
    assert_eq!((vectors.len(), table.len()), (60, 60));

    let mut problems = Vec::new();
    for (vector, number) in vectors.iter().zip(1..) {
        let (mti, expected) =
            table.get(vector.id.as_str()).unwrap_or_else(|| panic!("{}: no row", vector.id));
        let bytes = hex::decode(&vector.hex).unwrap();
        // Some vectors sign off.
        link.sign_on().await.unwrap();
        let (undecodable, responses) = (rejects("undecodable"), ignored_responses());
        link.send_raw(&bytes).await.unwrap();
        let got = if matches!(expected, Silence) {
            silence(&link).await
        } else {
            let frame =
                link.next_raw(PATIENCE).await.unwrap_or_else(|error| panic!("{}: {error}", vector.id));
            let reply = dialects::iso87_ascii().decode(&frame).unwrap();
            assert_eq!(reply.text(2), None, "{}: the reply carries the card number", vector.id);
            told(&reply)
        };
        if got != wanted(mti, expected) {
            problems.push(format!("{}: expected [{}], found [{got}]", vector.id, wanted(mti, expected)));
        }
        match expected {
            Silence => assert!(ignored_responses() > responses, "{}", vector.id),
            Refused(_, "undecodable", _) => {
                assert!(rejects("undecodable") > undecodable, "{}", vector.id);
                let error = dialects::iso87_ascii().decode(&bytes).unwrap_err().to_string();
                logged(&["a message cannot be decoded", &error]).await;
            }
            _ => {}
        }
        let other = steady.ask(purchase("4222222222222220", number), PATIENCE).await.unwrap();
        assert!(other.is_taken(), "{} disturbed another link: {other:?}", vector.id);
    }
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));

    let ledger = store::ledger_check(&world.assembly.pool).await.unwrap();
    assert_eq!((ledger.balances_off, ledger.counters_off), (0, 0));
    assert_eq!(
        balances(&world).await,
        BALANCES.map(|(card, miles, pending)| (card.to_owned(), miles, pending))
    );
    support_link::replays(&world).await;
    world.stop().await.unwrap();
}

fn ignored_responses() -> u64 {
    counted("cobrand_iso_messages_total", &[("result", "unexpected_response")])
}

async fn balances(world: &World) -> Vec<(String, i64, i64)> {
    let (pool, keys) = (&world.assembly.pool, world.assembly.card_keys().unwrap());
    let rows = store::balances(pool).await.unwrap();
    let mut found = Vec::new();
    for card in MEMBERS {
        let token = keys.tokens(&iso8583::Pan::parse(card).unwrap())[0];
        let account = store::routes(pool, &[token]).await.unwrap()[0].unwrap().member.account;
        let of_miles = rows.iter().find(|row| row.account == account && row.unit_kind == 1);
        found.push((
            card.to_owned(),
            of_miles.map_or(0, |row| row.posted),
            of_miles.map_or(0, |row| row.pending),
        ));
    }
    found
}

/// The golden bytes say what they must decode to; the gateway's answer to one of them is read field by field.
#[tokio::test(flavor = "multi_thread")]
async fn a_reply_gives_back_what_the_bank_needs_to_match_it() {
    log_file();
    let options = WorldOptions {
        business_date: jiff::civil::date(2026, 11, 21),
        log_to_file: false,
        ..WorldOptions::default()
    };
    let world = World::start(options).await.unwrap();
    enroll(&world, &MEMBERS).await;
    let link = signed_on(&world).await;
    let vectors = vectors();
    let vector = vectors.iter().find(|vector| vector.id == "0400-reversal").unwrap();
    let bytes = hex::decode(&vector.hex).unwrap();
    let sent = dialects::iso87_ascii().decode(&bytes).unwrap();
    link.send_raw(&bytes).await.unwrap();
    let frame = link.next_raw(PATIENCE).await.unwrap();
    let reply = dialects::iso87_ascii().decode(&frame).unwrap();
    for de in [3, 4, 7, 11, 12, 13, 32, 37, 41, 42, 49, 90] {
        assert_eq!(reply.text(de), sent.text(de), "DE{de}");
    }
    assert_eq!(reply.fields().map(|(de, _)| de).filter(|de| [2, 14, 22, 43].contains(de)).count(), 0);
    // A currency that is not the program's, and no DE6 beside it: taken, without loyalty.
    let vector = vectors.iter().find(|vector| vector.id == "0100-authorization").unwrap();
    link.send_raw(&hex::decode(&vector.hex).unwrap()).await.unwrap();
    let frame = link.next_raw(PATIENCE).await.unwrap();
    let reply = Reply::from_message(&dialects::iso87_ascii().decode(&frame).unwrap());
    let loyalty = reply.loyalty.unwrap();
    assert_eq!((reply.code.as_str(), loyalty.status.as_str(), loyalty.base_miles), ("00", "none", 0));
    support_link::replays(&world).await;
    world.stop().await.unwrap();
}
