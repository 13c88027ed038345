//! Cases of purchases, repeats, reversals, refunds and discounts: what is taken and what comes of it.

use crate::{
    case::{Case, Need},
    report::Level,
    script::{Draft, Edit, Expect, NetworkCode, Place, ROOM, Step, Whose},
};

const TYPES: &str = "Message types";
const FIELDS: &str = "Fields";
const KEY: &str = "The message key";
const TIME: &str = "Repeats and time";
const BELONGS: &str = "DE90 and what belongs together";
const RESULT: &str = "DE48: the loyalty result";
const TILL: &str = "Discount at the till";

const ESTIMATE: &[&str] = &["estimate", "cap_truncates", "below_the_first_mile"];
const CLEARED: &[&str] = &["cleared", "cap_truncates", "below_the_first_mile"];

pub(super) fn cases() -> Vec<Case> {
    [types(), results(), repeats(), reversals(), refunds(), flight(), till()].concat()
}

fn authorize(label: &'static str) -> Step {
    Step::send(label, Draft::new("0100")).taken("provisional", ESTIMATE).worth(&[])
}

fn clear(label: &'static str, per_mille: u64) -> Step {
    clear_after(label, per_mille, &[])
}

fn clear_after(label: &'static str, per_mille: u64, after: &'static [&'static str]) -> Step {
    Step::send(label, Draft::presentment().per_mille(per_mille)).taken("booked", CLEARED).worth(after)
}

fn types() -> Vec<Case> {
    vec![
        Case::new("TYP-01", "Authorization request", "0100 is answered by 0110 with an estimate.", TYPES)
            .step(authorize("authorization")),
        Case::new("TYP-02", "Authorization advice", "0120 is answered by 0130 with an estimate.", TYPES)
            .step(Step::send("advice", Draft::new("0120")).taken("provisional", ESTIMATE).worth(&[])),
        Case::new(
            "TYP-03",
            "Financial request",
            "0200 of a bank that clears otherwise counts as 0100; by 0210.",
            TYPES,
        )
        .needs(Need::ClearsOtherwiseThan0200)
        .step(Step::send("financial request", Draft::new("0200")).taken("provisional", ESTIMATE).worth(&[])),
        Case::new(
            "TYP-04",
            "Presentment",
            "0220, or 0200 of a bank that clears so, books what was estimated.",
            TYPES,
        )
        .needs(Need::ClearsOnline)
        .step(authorize("authorization"))
        .step(clear("clearing", 1000).miles_as(&["authorization"])),
        Case::new("TYP-05", "Reversal request", "0400 is answered by 0410.", TYPES)
            .step(authorize("authorization"))
            .step(Step::send("reversal", Draft::reversal("0400", "authorization")).code("00")),
        Case::new("TYP-06", "Reversal advice", "0420 is answered by 0430.", TYPES)
            .step(authorize("authorization"))
            .step(Step::send("reversal", Draft::reversal("0420", "authorization")).code("00")),
        echoed_fields(),
        ignored_fields(),
    ]
}

/// Fields that are sent in few messages come back too.
fn echoed_fields() -> Case {
    let draft = Draft::new("0100").edit(Edit::Copy { to: 15, from: 13 });
    let purpose = "DE3, 7, 11, 12, 13, 15, 32, 37, 41, 42, 49 come back as sent, DE90 in a reversal; no card data does.";
    Case::new("TYP-07", "Echoed fields", purpose, FIELDS)
        .step(Step::send("authorization", draft).code("00"))
        .step(Step::send("reversal", Draft::reversal("0420", "authorization")).code("00"))
}

fn ignored_fields() -> Case {
    let few = [12, 13, 15, 18, 22, 25]
        .into_iter()
        .fold(Draft::new("0100"), |draft, de| draft.edit(Edit::Remove(de)));
    let many = Draft::new("0100").purchase(1).edit(Edit::Set(43, "TEST MARKET              ISTANBUL     TR"));
    let purpose =
        "What is not mandatory may be left out; further fields of the dialect are accepted and ignored.";
    Case::new("TYP-08", "Few and many fields", purpose, FIELDS)
        .step(Step::send("few fields", few).code("00"))
        .step(Step::send("many fields", many.edit(Edit::Set(62, "ANYTHING"))).code("00"))
}

fn results() -> Vec<Case> {
    let stranger = Draft::new("0100").card(Whose::Stranger);
    let declined = Draft::new("0120").purchase(0).edit(Edit::Set(39, "51"));
    vec![
        Case::new(
            "RES-01",
            "A card that is no member",
            "It is normal: 00 with status none and not_a_member.",
            RESULT,
        )
        .step(Step::send("authorization", stranger).taken("none", &["not_a_member"])),
        Case::new(
            "RES-02",
            "A merchant of no partner",
            "It is normal: 00, and the purchase earns base miles.",
            RESULT,
        )
        .step(authorize("authorization").expect(Expect::NoTillDiscount)),
        Case::new("RES-03", "Cash", "DE3 01 is no purchase: 00 with status none.", RESULT).step(
            Step::send("cash", Draft::new("0100").edit(Edit::Set(3, "010000")))
                .taken("none", &["not_a_purchase"]),
        ),
        Case::new(
            "RES-04",
            "Declined by the issuer",
            "0120 with another DE39 voids what was provisional.",
            FIELDS,
        )
        .step(authorize("authorization"))
        .step(Step::send("advice", declined).taken("reversed", &["declined_by_the_issuer"])),
        Case::new("RES-05", "Clearing in parts", "Each presentment books its part, together all.", BELONGS)
            .needs(Need::ClearsOnline)
            .step(authorize("authorization"))
            .step(clear("first clearing", 400))
            .step(
                clear_after("second clearing", 600, &["first clearing"])
                    .expect(Expect::MilesAddUp { with: &["first clearing"], to: &["authorization"] }),
            ),
        Case::new(
            "RES-06",
            "Clearing without authorization",
            "It stands alone and earns by itself.",
            BELONGS,
        )
        .needs(Need::ClearsOnline)
        .step(clear("clearing", 1000)),
        Case::new("RES-07", "Clearing above the authorization", "What the clearing says counts.", BELONGS)
            .needs(Need::ClearsOnline)
            .step(authorize("authorization"))
            .step(clear("clearing", 1150)),
        another_source(),
    ]
}

fn another_source() -> Case {
    let purpose = "0220 of a bank that clears otherwise is taken and books nothing.";
    let presented = Step::send("presentment", Draft::new("0220"));
    Case::new("RES-08", "Presentment from another source", purpose, "Clearing source")
        .level(Level::Conditional)
        .needs(Need::ClearsOtherwiseThan0220)
        .step(authorize("authorization"))
        .step(presented.taken("none", &["clearing_from_another_source"]).expect(Expect::NoMiles))
}

fn repeats() -> Vec<Case> {
    let of = |id, title, first: Step, label| {
        let purpose = "The repeat form gets the first answer's DE39, DE48, DE4 and DE54.";
        Case::new(id, title, purpose, KEY).step(first).step(Step::repeat("repeat", label))
    };
    let reversed = |id, title, mti| {
        let purpose = "The repeat form gets the first answer's DE39, DE48, DE4 and DE54.";
        Case::new(id, title, purpose, KEY)
            .step(authorize("authorization"))
            .step(Step::send("reversal", Draft::reversal(mti, "authorization")).code("00"))
            .step(Step::repeat("repeat", "reversal"))
    };
    let code = |mti| Step::send("first", Draft::new(mti)).code("00");
    vec![
        of("REP-01", "Repeat of an authorization", code("0100"), "first"),
        of("REP-02", "Repeat of an authorization advice", code("0120"), "first"),
        of("REP-03", "Repeat of a financial request", code("0200"), "first"),
        of("REP-04", "Repeat of a presentment", code("0220"), "first"),
        reversed("REP-05", "Repeat of a reversal request", "0400"),
        reversed("REP-06", "Repeat of a reversal advice", "0420"),
        altered_repeat(),
        Case::new(
            "REP-08",
            "Repeat on another connection",
            "The connection is no part of the message key.",
            KEY,
        )
        .step(authorize("authorization"))
        .step(Step::reconnect("another connection"))
        .step(Step::sign_on())
        .step(Step::repeat("repeat", "authorization")),
        Case::new("REP-09", "Repeat whose first never came", "It is simply the first message.", TIME)
            .step(Step::prepare("lost", Draft::new("0100")))
            .step(Step::altered_repeat("repeat", "lost", Vec::new()).taken("provisional", ESTIMATE)),
    ]
}

fn altered_repeat() -> Case {
    let altered = Step::altered_repeat("altered repeat", "authorization", vec![Edit::Amount(1100)]);
    Case::new(
        "REP-07",
        "Altered repeat",
        "The same key with another DE4 is 94 and named; the first stands.",
        KEY,
    )
    .step(authorize("authorization"))
    .step(altered.refused("94", &["altered_repeat:DE4"]))
    .step(Step::repeat("true repeat", "authorization"))
}

fn reversals() -> Vec<Case> {
    let reverse = |label, of| Step::send(label, Draft::reversal("0420", of));
    let partial = Draft::reversal("0420", "authorization").edit(Edit::Remaining(400));
    let part_reversed = Step::send("reversal", partial)
        .taken("reversed", &["authorization_reversed"])
        .worth(&["authorization"]);
    let early = Draft::reversal("0420", "authorization");
    let unnamed = Draft::new("0420");
    vec![
        Case::new(
            "REV-01",
            "Full reversal",
            "0400 takes back all of the authorization that DE90 names.",
            BELONGS,
        )
        .step(authorize("authorization"))
        .step(
            Step::send("reversal", Draft::reversal("0400", "authorization"))
                .taken("reversed", &["authorization_reversed"])
                .worth(&["authorization"])
                .takes_back(&["authorization"]),
        ),
        Case::new("REV-02", "Partial reversal", "DE95 says what remains.", BELONGS)
            .step(authorize("authorization"))
            .step(part_reversed.clone()),
        Case::new(
            "REV-03",
            "Reversal of a presentment",
            "0420 that names a 0220 takes back what it booked.",
            BELONGS,
        )
        .needs(Need::ClearsOnline)
        .step(authorize("authorization"))
        .step(clear("clearing", 1000))
        .step(
            reverse("reversal", "clearing")
                .taken("reversed", &["reversed"])
                .worth(&["clearing"])
                .takes_back(&["clearing"]),
        ),
        Case::new("REV-04", "Second reversal", "There is nothing more to take back.", BELONGS)
            .step(authorize("authorization"))
            .step(reverse("reversal", "authorization").taken("reversed", &["authorization_reversed"]))
            .step(reverse("second reversal", "authorization").taken("none", &["already_reversed"])),
        Case::new(
            "REV-05",
            "Reversal before its original",
            "It is remembered; the original then earns nothing.",
            BELONGS,
        )
        .step(Step::prepare("authorization", Draft::new("0100")))
        .step(Step::send("reversal", early).taken("none", &["original_not_seen_yet"]))
        .step(
            Step::send_prepared("authorization after it", "authorization")
                .taken("none", &["authorization_was_reversed_or_declined"]),
        ),
        Case::new("REV-06", "Reversal that names nothing", "Without DE90 it has no effect.", BELONGS)
            .step(Step::send("reversal", unnamed).taken("none", &["reversal_names_no_original"])),
        Case::new("REV-07", "Clearing of what is left", "What a partial reversal left is booked.", BELONGS)
            .needs(Need::ClearsOnline)
            .step(authorize("authorization"))
            .step(part_reversed)
            .step(clear("clearing", 400).miles_as(&["authorization", "reversal"])),
    ]
}

fn refunds() -> Vec<Case> {
    let part = Draft::refund(Some("clearing")).per_mille(400);
    let rest = Draft::refund(Some("clearing")).purchase(201).per_mille(600);
    vec![
        Case::new(
            "REF-01",
            "Refund",
            "A presentment with DE3 20 that names another one takes back what that earned.",
            BELONGS,
        )
        .needs(Need::ClearsOnline)
        .step(authorize("authorization"))
        .step(clear("clearing", 1000))
        .step(
            Step::send("refund", Draft::refund(Some("clearing")))
                .taken("reversed", &["refunded"])
                .worth(&["clearing"])
                .takes_back(&["clearing"]),
        ),
        Case::new(
            "REF-02",
            "Refund of a part",
            "It takes back what the rest is worth less; with the rest all is taken back.",
            BELONGS,
        )
        .needs(Need::ClearsOnline)
        .step(authorize("authorization"))
        .step(clear("clearing", 1000))
        .step(Step::send("refund", part).taken("reversed", &["refunded"]).worth(&["clearing"]))
        .step(
            Step::send("refund of the rest", rest)
                .taken("reversed", &["refunded"])
                .worth(&["clearing", "refund"])
                .takes_back(&["clearing", "refund"]),
        ),
        Case::new("REF-03", "Refund without original", "It is taken, and takes nothing back yet.", BELONGS)
            .needs(Need::ClearsOnline)
            .step(Step::send("refund", Draft::refund(None)).code("00").expect(Expect::NoMiles)),
    ]
}

fn flight() -> Vec<Case> {
    let first = Draft::new("0100");
    let second = Draft::new("0100").card(Whose::Stranger).purchase(1);
    vec![
        Case::new(
            "FLY-01",
            "Two messages in flight",
            "Both are answered, in any order, each with its own fields.",
            "Connection",
        )
        .step(Step::send_only("first", first.clone(), 0))
        .step(Step::send_only("second", second, 0))
        .step(Step::await_answer("answer to the second", "second").code("00"))
        .step(Step::await_answer("answer to the first", "first").code("00")),
        Case::new(
            "FLY-02",
            "Answers in time",
            "A request and an advice are answered while the bank waits.",
            TIME,
        )
        .step(Step::send("authorization", first).code("00"))
        .step(Step::send("advice", Draft::new("0120").purchase(1)).code("00")),
        Case::new(
            "FLY-03",
            "A reply that nobody asked for",
            "A message that is a reply itself is not answered.",
            TYPES,
        )
        .step(Step::send_in_vain("reply", Draft::new("0110")))
        .step(Step::send("echo behind it", Draft::network_code(NetworkCode::SignOfLife)).code("00")),
    ]
}

fn at_till() -> Draft {
    Draft::new("0100").at(Place::Till)
}

/// A purchase that would earn, if the cap of the month leaves room.
fn room() -> Step {
    Step::send(ROOM, Draft::new("0100").purchase(9)).taken("provisional", ESTIMATE).worth(&[])
}

/// An authorization whose answer has a discount.
fn offered() -> Step {
    let step = Step::send("authorization", at_till()).taken("provisional", ESTIMATE);
    step.expect(Expect::TillDiscount).expect(Expect::Tag("DM", &["at_till"])).worth(&[])
}

/// What was offered is cleared.
fn cleared_net() -> Step {
    let net = Draft::presentment().at(Place::Till).as_answered_to("authorization");
    Step::send("clearing", net)
        .taken("booked", CLEARED)
        .expect(Expect::Tag("DM", &["at_till"]))
        .worth_offered(&[], "authorization")
        .miles_as(&["authorization"])
}

fn till() -> Vec<Case> {
    let held = at_till().edit(Edit::Set(25, "06"));
    let conditional = |id, title, purpose| {
        Case::new(id, title, purpose, TILL).level(Level::Conditional).needs(Need::TillMerchant).step(room())
    };
    let cleared =
        |id, title, purpose| conditional(id, title, purpose).needs(Need::ClearsOnline).step(offered());
    let another = |per_mille| {
        let draft = Draft::presentment().at(Place::Till).per_mille(per_mille);
        Step::send("clearing", draft).taken("booked", CLEARED).worth_offered(&[], "authorization")
    };
    let refund = || Draft::refund(Some("clearing")).at(Place::Till);
    let refunded = |draft| Step::send("refund", draft).taken("reversed", &["refunded"]);
    vec![
        conditional(
            "TIL-01",
            "Discount at the till",
            "DE4 is reduced, DE54 has the original amount, DE48 the discount.",
        )
        .step(offered()),
        cleared("TIL-02", "Cleared net", "The reduced amount confirms the discount.").step(cleared_net()),
        cleared("TIL-03", "Cleared gross", "The original amount cancels the discount.").step(another(1000)),
        conditional(
            "TIL-04",
            "Preauthorization",
            "With DE25 06 the final amount is not known: no discount yet.",
        )
        .level(Level::Optional)
        .step(Step::send("preauthorization", held).code("00").expect(Expect::NoTillDiscount).worth(&[])),
        cleared("TIL-05", "Cleared at another amount", "Any other amount gives no discount.")
            .step(another(900)),
        cleared("TIL-06", "Refund of all", "It takes the discount back too.").step(cleared_net()).step(
            refunded(refund().as_answered_to("authorization"))
                .worth_offered(&["clearing"], "authorization")
                .takes_back(&["clearing"]),
        ),
        cleared("TIL-07", "Refund of a part", "It takes the discount back in proportion.")
            .step(cleared_net())
            .step(refunded(refund().per_mille(400)).worth_offered(&["clearing"], "authorization")),
    ]
}
