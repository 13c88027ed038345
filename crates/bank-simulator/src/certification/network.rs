//! Cases of the connection and of network management.

use crate::{
    case::Case,
    report::Level,
    script::{Damage, Draft, Edit, Expect, NetworkCode, Step},
    wire::NetworkFunction,
};

const SECTION: &str = "Network management";

pub(super) fn cases() -> Vec<Case> {
    vec![
        sign_on(),
        sign_off(),
        not_signed_on(),
        echo(),
        cut_over(),
        other_codes(),
        unknown_code(),
        repeat(),
        key_change(),
        totals(),
        totals_compared(),
        totals_advice(),
        bad_mac("MAC-01", "A wrong MAC", Damage::WrongMac),
        bad_mac("MAC-02", "A missing MAC", Damage::NoMac),
    ]
}

fn network(label: &'static str, function: NetworkFunction) -> Step {
    coded(label, NetworkCode::First(function))
}

fn coded(label: &'static str, code: NetworkCode) -> Step {
    Step::send(label, Draft::network_code(code)).code("00").expect(Expect::NoLoyaltyResult)
}

fn sign_on() -> Case {
    let purpose = "0800 with the DE70 of a sign-on is answered by 0810 with DE7, DE11, DE39 and DE70.";
    Case::new("NET-01", "Sign-on", purpose, SECTION)
        .without_sign_on()
        .step(network("sign on", NetworkFunction::SignOn))
}

fn sign_off() -> Case {
    let refused = Step::send("authorization", Draft::new("0100")).refused("91", &["not_signed_on"]);
    let purpose = "After a sign-off purchases are answered with 91 until the next sign-on.";
    Case::new("NET-02", "Sign-off", purpose, SECTION)
        .step(network("sign off", NetworkFunction::SignOff))
        .step(refused)
}

fn not_signed_on() -> Case {
    let refused = |label, mti| Step::send(label, Draft::new(mti)).refused("91", &["not_signed_on"]);
    let again = Step::send("authorization after it", Draft::new("0100").purchase(1)).code("00");
    let purpose = "Before the sign-on requests and advices are answered with 91 not_signed_on, afterwards they are taken.";
    Case::new("NET-03", "Not signed on", purpose, SECTION)
        .without_sign_on()
        .step(refused("authorization", "0100"))
        .step(refused("advice", "0120"))
        .step(Step::sign_on())
        .step(again)
}

fn echo() -> Case {
    let purpose = "The agreed codes of an echo are answered with 00 if the gateway could commit now.";
    Case::new("NET-04", "Echo", purpose, SECTION)
        .step(network("echo", NetworkFunction::Echo))
        .step(coded("other echo", NetworkCode::Last(NetworkFunction::Echo)))
}

fn cut_over() -> Case {
    let that_date = |draft: Draft| draft.edit(Edit::Answered { de: 15, to: "cut-over" });
    let again = Step::send("cut-over to that date", that_date(Draft::network(NetworkFunction::CutOver)));
    let totals = |label| ask(label, that_date(Draft::new("0500")));
    let purpose = "A cut-over is acknowledged with the date that is open, and so is one to that date; what comes \
                   without DE15 counts in its window. It moves the bank's date.";
    Case::new("NET-05", "Cut-over", purpose, SECTION)
        .step(network("cut-over", NetworkFunction::CutOver))
        .step(again.code("00").expect(Expect::NoLoyaltyResult))
        .step(totals("totals before").expect(Expect::Totals { since: None, by: &[] }))
        .step(Step::send("authorization", Draft::new("0100")).code("00"))
        .step(
            totals("totals after")
                .expect(Expect::Totals { since: Some("totals before"), by: &["authorization"] }),
        )
}

fn other_codes() -> Case {
    let purpose = "The last agreed codes sign on and off too: some networks write 061 and 062.";
    Case::new("NET-06", "Other codes of sign-on and sign-off", purpose, SECTION)
        .level(Level::Optional)
        .without_sign_on()
        .step(coded("sign on by the other code", NetworkCode::Last(NetworkFunction::SignOn)))
        .step(coded("sign off by the other code", NetworkCode::Last(NetworkFunction::SignOff)))
}

fn unknown_code() -> Case {
    let unknown = Step::send("unknown code", Draft::network_code(NetworkCode::Unknown))
        .code("12")
        .expect(Expect::NoLoyaltyResult);
    let without = Draft::new("0800").edit(Edit::Remove(70));
    let purpose = "A DE70 that is not agreed, or none, is answered with 12.";
    Case::new("NET-07", "Unknown network code", purpose, SECTION)
        .step(unknown)
        .step(Step::send("no code", without).code("12"))
}

fn repeat() -> Case {
    let purpose = "0801 is answered by 0810.";
    Case::new("NET-08", "Repeat of an echo", purpose, "Message types")
        .step(network("echo", NetworkFunction::Echo))
        .step(Step::altered_repeat("repeat", "echo", Vec::new()).code("00"))
}

fn key_change() -> Case {
    let refused =
        |label, code| Step::send(label, Draft::network_code(code)).refused("12", &["key_exchange_needs_hsm"]);
    let purpose = "A key change is answered with 12, the reason being key_exchange_needs_hsm; the link goes on with its keys.";
    Case::new("NET-09", "Key change", purpose, SECTION)
        .step(refused("key change", NetworkCode::First(NetworkFunction::KeyChange)))
        .step(refused("other key change", NetworkCode::Last(NetworkFunction::KeyChange)))
        .step(coded("sign of life behind it", NetworkCode::SignOfLife))
}

fn totals() -> Case {
    // Nothing is stated, so nothing can be in balance.
    let answered =
        Step::send("totals", Draft::new("0500")).taken("none", &["no_totals_stated", "reversal_incomplete"]);
    let purpose =
        "0500 that states no totals is answered by 0510 with DE39 00 and DE66 9; its repeat by the same.";
    Case::new("TOT-01", "Totals", purpose, "Totals")
        .step(answered.expect(Expect::Field(66, &["9"])))
        .step(Step::repeat("repeat", "totals"))
}

/// Asks for the totals of a window without stating any.
fn ask(label: &'static str, draft: Draft) -> Step {
    Step::send(label, draft).taken("none", &["no_totals_stated"]).expect(Expect::Field(66, &["9"]))
}

fn in_balance(label: &'static str, draft: Draft) -> Step {
    Step::send(label, draft).taken("none", &["in_balance"]).expect(Expect::Field(66, &["1"]))
}

fn out_of_balance(label: &'static str, draft: Draft) -> Step {
    Step::send(label, draft.edit(Edit::Increase(88)))
        .taken("none", &["out_of_balance"])
        .expect(Expect::Field(66, &["2"]))
        .expect(Expect::Tag("ER", &["DE88"]))
}

/// Every message has another amount, so that none can count in another one's place.
fn totals_compared() -> Case {
    let dated = |draft: Draft| draft.edit(Edit::Copy { to: 15, from: 13 });
    let refund = dated(Draft::refund(Some("presentment")).per_mille(300));
    let reversal = |of, remains| Draft::reversal("0420", of).edit(Edit::Remaining(remains));
    let sent = &["authorization", "presentment", "reversal", "refund", "reversal of the refund"];
    let same = Expect::Totals { since: Some("totals after"), by: &[] };
    let purpose = "What the bank sends moves the totals of its window. 0500 with them is in balance, DE66 1; with another \
                   DE88 it is not, DE66 2 and ER DE88.";
    Case::new("TOT-02", "Totals compared", purpose, "Totals")
        .step(ask("totals before", Draft::new("0500")).expect(Expect::Totals { since: None, by: &[] }))
        .step(Step::send("authorization", dated(Draft::new("0100"))).code("00"))
        .step(Step::send("presentment", dated(Draft::presentment())).code("00"))
        .step(Step::send("reversal", reversal("presentment", 400)).code("00"))
        .step(Step::send("refund", refund).code("00"))
        .step(Step::send("reversal of the refund", reversal("refund", 100)).code("00"))
        .step(
            ask("totals after", Draft::new("0500"))
                .expect(Expect::Totals { since: Some("totals before"), by: sent }),
        )
        .step(in_balance("the same totals", Draft::totals_of("totals after")).expect(same))
        .step(out_of_balance("other totals", Draft::totals_of("totals after")).expect(same))
}

fn totals_advice() -> Case {
    let stated = || Draft::totals_of("totals").as_totals_advice();
    let same = Expect::Totals { since: Some("totals"), by: &[] };
    let purpose = "0520 is answered by 0530 as 0500 is by 0510; its repeat by the same.";
    Case::new("TOT-03", "Totals as an advice", purpose, "Totals")
        .step(
            ask("totals", Draft::new("0500").as_totals_advice())
                .expect(Expect::Totals { since: None, by: &[] }),
        )
        .step(in_balance("the same totals", stated()).expect(same))
        .step(out_of_balance("other totals", stated()).expect(same))
        .step(Step::repeat("repeat", "other totals"))
}

/// The reversal tells whether the message was taken all the same.
fn bad_mac(id: &'static str, title: &'static str, damage: Damage) -> Case {
    let refused = Step::send_damaged("presentment", Draft::new("0220"), damage);
    let reversal = Step::send("reversal", Draft::reversal("0420", "presentment"));
    let purpose = "It is refused and books nothing: a reversal of it finds no original.";
    Case::new(id, title, purpose, "Other dialects, framings and headers")
        .level(Level::Conditional)
        .step(refused.expect(Expect::NotCode("00")).expect(Expect::NoMiles))
        .step(reversal.taken("none", &["original_not_seen_yet"]))
}
