//! Which data elements a message type has, and what a reply gives back.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use iso8583::{Builder, Dialect, FindingProblem, Mti, Place, Presence};

const FILE: &str = "name = 'bank'
extends = 'iso87-ascii'
[fields.48.inside]
kind = 'tagged'
tag_bytes = 2
[messages.0100]
name = 'authorization request'
mandatory = [3, 4, 11]
conditional = { 2 = 'when the card was read by hand', 35 = 'when it was swiped' }
optional = [48]
notes = { 11 = 'unique per day' }
[messages.0110]
name = 'authorization response'
mandatory = [39]
mandatory_echo = [3, 11]
conditional_echo = [2, 48]
others = 'refused'
";

fn dialect() -> Dialect {
    Dialect::from_toml(FILE).unwrap()
}

fn message(mti: &'static str, fields: &[(u8, &str)]) -> Vec<u8> {
    let new = Builder::new(Mti::new(mti));
    fields.iter().fold(new, |builder, (de, value)| builder.set(*de, *value)).encode(&dialect()).unwrap()
}

/// What is found in a message, one line each.
fn check(mti: &'static str, fields: &[(u8, &str)], expected: &[&str]) {
    let dialect = dialect();
    let bytes = message(mti, fields);
    let found: Vec<String> =
        dialect.check(&dialect.decode(&bytes).unwrap()).iter().map(ToString::to_string).collect();
    assert_eq!(found, expected, "{mti} {fields:?}");
}

/// What is found in a reply beside its request.
fn check_echo(request: &[(u8, &str)], reply: &[(u8, &str)], expected: &[&str]) {
    let dialect = dialect();
    let (request, reply) = (message("0100", request), message("0110", reply));
    let (request, reply) = (dialect.decode(&request).unwrap(), dialect.decode(&reply).unwrap());
    let found: Vec<String> = dialect.check_echo(&request, &reply).iter().map(ToString::to_string).collect();
    assert_eq!(found, expected);
    // Nothing is agreed for what a request gives back.
    assert!(dialect.check_echo(&reply, &request).is_empty());
}

const PURCHASE: [(u8, &str); 3] = [(3, "000000"), (4, "000000000100"), (11, "000001")];

#[test]
fn mandatory_and_unexpected_elements() {
    check("0100", &PURCHASE, &[]);
    check("0101", &PURCHASE, &[]);
    check("0100", &[&PURCHASE[..], &[(2, "4111111111111111"), (60, "x")]].concat(), &[]);
    let missing = |de| format!("DE{de}: mandatory in this message type, and not there");
    check("0100", &PURCHASE[..1], &[&missing(4), &missing(11)]);
    check("0100", &[], &[&missing(3), &missing(4), &missing(11)]);
    let reply = [(3, "000000"), (11, "000001"), (39, "00")];
    check("0110", &reply, &[]);
    check("0110", &reply[..2], &[&missing(39)]);
    check(
        "0110",
        &[&reply[..], &[(60, "4111111111111111")]].concat(),
        &["DE60: not agreed for this message type"],
    );
    check("0800", &[], &["MTI: a message type for which nothing is agreed"]);
}

#[test]
fn what_is_inside_is_looked_at() {
    let wrong = "DE48.A1 at byte 52: expected 3 bytes, found 2; the sender must send the whole data element, or \
        correct the frame length or the bitmap";
    check("0100", &[&PURCHASE[..], &[(48, "A1003ab")]].concat(), &[wrong]);
    check("0100", &[&PURCHASE[..], &[(48, "A1002ab")]].concat(), &[]);
    let (dialect, bytes) = (dialect(), message("0100", &[&PURCHASE[..], &[(48, "A1003ab")]].concat()));
    let finding = dialect.check(&dialect.decode(&bytes).unwrap()).remove(0);
    assert_eq!((finding.place, finding.path.as_str()), (Place::Field(48), "DE48.A1"));
    assert_eq!(finding.problem, FindingProblem::Inside(wrong.into()));
}

#[test]
fn a_reply_gives_back_what_it_must() {
    let request = [&[(2, "4111111111111111")], &PURCHASE[..]].concat();
    let reply = [(2, "4111111111111111"), (3, "000000"), (11, "000001"), (39, "00")];
    check_echo(&request, &reply, &[]);
    let (none, other) =
        ("expected the value of the request, found none", "expected the value of the request, found another");
    check_echo(&request, &reply[1..], &[&format!("DE2: {none}")]);
    check_echo(
        &request,
        &[(39, "00")],
        &[&format!("DE2: {none}"), &format!("DE3: {none}"), &format!("DE11: {none}")],
    );
    check_echo(&PURCHASE, &reply[1..], &[]);
    let changed = [(2, "4111111111111112"), (3, "000000"), (11, "000002"), (39, "00")];
    check_echo(&request, &changed, &[&format!("DE2: {other}"), &format!("DE11: {other}")]);
    // An empty value is a value.
    check_echo(&[&PURCHASE[..], &[(48, "")]].concat(), &reply[1..], &[&format!("DE48: {none}")]);
}

#[test]
fn nothing_is_found_where_nothing_is_agreed() {
    let plain = iso8583::dialects::iso87_ascii();
    if plain.messages().next().is_none() {
        let bytes = Builder::new(Mti::new("0800")).encode(plain).unwrap();
        assert!(plain.check(&plain.decode(&bytes).unwrap()).is_empty());
    }
    let dialect = dialect();
    let spec = dialect.message(Mti::new("0101")).unwrap();
    assert_eq!((spec.name.as_str(), spec.refuses_others), ("authorization request", false));
    let usage = |de: u8| (spec.fields[&de].presence.letters(), spec.fields[&de].note.as_str());
    assert_eq!([usage(3), usage(11)], [("M", ""), ("M", "unique per day")]);
    assert_eq!([usage(2), usage(48)], [("C", "when the card was read by hand"), ("O", "")]);
    let reply = dialect.message(Mti::new("0110")).unwrap();
    assert_eq!(
        (reply.fields[&3].presence, reply.fields[&2].presence),
        (Presence::MandatoryEcho, Presence::ConditionalEcho)
    );
    assert_eq!((reply.fields[&3].presence.letters(), reply.fields[&2].presence.letters()), ("ME", "CE"));
    assert_eq!(dialect.messages().map(|(mti, _)| mti.to_string()).collect::<Vec<_>>(), ["0100", "0110"]);
}
