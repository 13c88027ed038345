//! Cases of the connection and of network management.

use crate::{
    case::{Case, Need},
    report::Level,
    script::{Draft, Edit, Expect, Step},
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
    ]
}

fn network(label: &'static str, code: &'static str) -> Step {
    Step::send(label, Draft::network(code)).code("00").expect(Expect::NoLoyaltyResult)
}

fn sign_on() -> Case {
    let purpose = "0800 with DE70 001 is answered by 0810 with DE7, DE11, DE39 and DE70.";
    Case::new("NET-01", "Sign-on", purpose, SECTION).without_sign_on().step(network("sign on", "001"))
}

fn sign_off() -> Case {
    let refused = Step::send("authorization", Draft::new("0100")).refused("91", &["not_signed_on"]);
    let purpose = "After DE70 002 purchases are answered with 91 until the next sign-on.";
    Case::new("NET-02", "Sign-off", purpose, SECTION).step(network("sign off", "002")).step(refused)
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
    let purpose = "DE70 301 and 270 are answered with 00 if the gateway could commit now.";
    Case::new("NET-04", "Echo", purpose, SECTION)
        .step(network("echo", "301"))
        .step(network("other echo", "270"))
}

fn cut_over() -> Case {
    let purpose = "DE70 201 is acknowledged, and messages go on.";
    Case::new("NET-05", "Cut-over", purpose, SECTION)
        .step(network("cut-over", "201"))
        .step(Step::send("authorization", Draft::new("0100")).code("00"))
}

fn other_codes() -> Case {
    let purpose = "DE70 061 signs on and 062 signs off, as some networks write it.";
    Case::new("NET-06", "Other codes of sign-on and sign-off", purpose, SECTION)
        .level(Level::Optional)
        .without_sign_on()
        .step(network("sign on by 061", "061"))
        .step(network("sign off by 062", "062"))
}

fn unknown_code() -> Case {
    let unknown =
        Step::send("unknown code", Draft::network("999")).code("12").expect(Expect::NoLoyaltyResult);
    let without = Draft::new("0800").edit(Edit::Remove(70));
    let purpose = "A DE70 that is not agreed, or none, is answered with 12.";
    Case::new("NET-07", "Unknown network code", purpose, SECTION)
        .step(unknown)
        .step(Step::send("no code", without).code("12"))
}

fn repeat() -> Case {
    let purpose = "0801 is answered by 0810.";
    Case::new("NET-08", "Repeat of an echo", purpose, "Message types")
        .step(network("echo", "301"))
        .step(Step::altered_repeat("repeat", "echo", Vec::new()).code("00"))
}

fn key_change() -> Case {
    let refused = Step::send("key change", Draft::network("101")).refused("12", &["key_exchange_needs_hsm"]);
    let purpose = "DE70 101 is answered with 12 key_exchange_needs_hsm; the link goes on with its keys.";
    Case::new("NET-09", "Key change", purpose, SECTION)
        .level(Level::Optional)
        .step(refused)
        .step(network("echo behind it", "301"))
}

fn totals() -> Case {
    // Nothing is stated, so nothing can be in balance.
    let answered =
        Step::send("totals", Draft::new("0500")).taken("none", &["no_totals_stated", "reversal_incomplete"]);
    let purpose =
        "0500 that states no totals is answered by 0510 with DE39 00 and DE66 9; its repeat by the same.";
    Case::new("TOT-01", "Totals", purpose, "Totals")
        .needs(Need::Version1987)
        .step(answered.expect(Expect::Field(66, &["9"])))
        .step(Step::repeat("repeat", "totals"))
}
