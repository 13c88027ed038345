//! The named scenarios: how purchases go at a bank, from the plain one to the late reply.

use crate::{
    case::{Case, Need},
    script::{Action, Draft, Edit, Expect, Step},
    wire::NetworkFunction,
};

const ESTIMATE: &[&str] = &["estimate", "cap_truncates", "below_the_first_mile"];
const CLEARED: &[&str] = &["cleared", "cap_truncates", "below_the_first_mile"];
/// What a reversal may be told when it overtakes its original on the way to the decision.
const REVERSED: &[&str] = &["authorization_reversed", "original_not_seen_yet"];
/// How long a bank that gives up does not look at the answer.
const GIVES_UP_AFTER_MS: u64 = 50;

const FIELDS: &str = "Message types";
const BELONGS: &str = "DE90 and what belongs together";
const REPEATS: &str = "Repeats and time";

/// All scenarios.
#[must_use]
pub fn all() -> Vec<Case> {
    vec![
        purchase(),
        multi_clearing(),
        clearing_above_authorization(),
        incremental(),
        force_post(),
        stand_in_advice(),
        reversal_on_timeout(),
        late_reply(),
        repeat(),
        cut_over(),
        partial_reversal(),
        refund_without_original(),
        chargeback(),
    ]
}

/// The scenario of this name.
#[must_use]
pub fn named(name: &str) -> Option<Case> {
    all().into_iter().find(|scenario| scenario.id == name)
}

fn authorize() -> Step {
    Step::send("authorization", Draft::new("0100")).taken("provisional", ESTIMATE).worth(&[])
}

fn clear(label: &'static str, per_mille: u64) -> Step {
    clear_after(label, per_mille, &[])
}

fn clear_after(label: &'static str, per_mille: u64, after: &'static [&'static str]) -> Step {
    Step::send(label, Draft::presentment().per_mille(per_mille)).taken("booked", CLEARED).worth(after)
}

fn purchase() -> Case {
    Case::new(
        "purchase",
        "Purchase",
        "An authorization is estimated, its clearing books what it is worth.",
        FIELDS,
    )
    .needs(Need::ClearsOnline)
    .step(authorize())
    .step(clear("clearing", 1000))
}

fn multi_clearing() -> Case {
    Case::new(
        "multi-clearing",
        "Clearing in parts",
        "One authorization is cleared by two presentments; each books its part.",
        BELONGS,
    )
    .needs(Need::ClearsOnline)
    .step(authorize())
    .step(clear("first clearing", 400))
    .step(
        clear_after("second clearing", 600, &["first clearing"])
            .expect(Expect::MilesAddUp { with: &["first clearing"], to: &["authorization"] }),
    )
}

fn clearing_above_authorization() -> Case {
    Case::new(
        "clearing-above-authorization",
        "Clearing above the authorization",
        "More is cleared than was authorized, as with a tip: what is cleared counts.",
        BELONGS,
    )
    .needs(Need::ClearsOnline)
    .step(authorize())
    .step(clear("clearing", 1150))
}

fn incremental() -> Case {
    let second = Draft::new("0100").per_mille(500).edit(Edit::Set(25, "00"));
    Case::new(
        "incremental",
        "Incremental authorization",
        "A second authorization with the same DE37 raises the hold; one clearing closes both.",
        BELONGS,
    )
    .needs(Need::ClearsOnline)
    .step(authorize())
    .step(Step::send("second authorization", second).taken("provisional", ESTIMATE))
    .step(clear("clearing", 1500))
}

fn force_post() -> Case {
    Case::new(
        "force-post",
        "Clearing without authorization",
        "A presentment whose purchase was never authorized stands alone and earns by itself.",
        BELONGS,
    )
    .needs(Need::ClearsOnline)
    .step(clear("clearing", 1000))
}

fn stand_in_advice() -> Case {
    // DE60: the reason of the advice and its detail.
    let advice = Draft::new("0120").edit(Edit::Set(60, "1000001"));
    Case::new(
        "stand-in-advice",
        "Advice of a stand-in",
        "The network has decided in the bank's place: 0120 tells what was approved, the clearing books it.",
        FIELDS,
    )
    .needs(Need::ClearsOnline)
    .step(Step::send("advice", advice).taken("provisional", ESTIMATE).worth(&[]))
    .step(clear("clearing", 1000))
}

fn reversal_on_timeout() -> Case {
    let reversal = Draft::reversal("0420", "authorization");
    Case::new(
        "reversal-on-timeout",
        "Reversal after a timeout",
        "The bank gives up waiting and takes the authorization back, whether it has arrived or not.",
        REPEATS,
    )
    .step(Step::send_only("authorization", Draft::new("0100"), GIVES_UP_AFTER_MS))
    .step(Step::send("reversal", reversal).code("00").expect(Expect::Tag("RS", REVERSED)))
}

fn late_reply() -> Case {
    let late = Step::await_answer("late reply", "authorization").code("00");
    Case::new(
        "late-reply",
        "Late reply",
        "The bank gives up and repeats; then the first reply comes after all, with the same result.",
        REPEATS,
    )
    .step(Step::send_only("authorization", Draft::new("0100"), GIVES_UP_AFTER_MS))
    .step(Step::altered_repeat("repeat", "authorization", Vec::new()).code("00"))
    .step(late.expect(Expect::SameResultAs("repeat")))
}

fn repeat() -> Case {
    Case::new(
        "repeat",
        "Repeat",
        "The same message again, on the same connection and on another one, gets the first result.",
        REPEATS,
    )
    .step(authorize())
    .step(Step::repeat("repeat", "authorization"))
    .step(Step::reconnect("another connection"))
    .step(Step::sign_on())
    .step(Step::repeat("repeat there", "authorization"))
}

fn cut_over() -> Case {
    Case::new(
        "cut-over",
        "Cut-over",
        "0800 with the DE70 of a cut-over tells that the bank's business day has ended; messages go on.",
        "Network management",
    )
    .step(Step::send("cut-over", Draft::network(NetworkFunction::CutOver)).code("00"))
    .step(authorize())
}

fn partial_reversal() -> Case {
    let reversal = Draft::reversal("0420", "authorization").edit(Edit::Remaining(400));
    Case::new(
        "partial-reversal",
        "Partial reversal",
        "DE95 says what remains of the authorization; the clearing books just that.",
        BELONGS,
    )
    .needs(Need::ClearsOnline)
    .step(authorize())
    .step(
        Step::send("reversal", reversal)
            .taken("reversed", &["authorization_reversed"])
            .worth(&["authorization"]),
    )
    .step(clear("clearing", 400).miles_as(&["authorization", "reversal"]))
}

fn refund_without_original() -> Case {
    Case::new(
        "refund-without-original",
        "Refund without original",
        "Money comes back for a purchase that nobody names: it is taken, and takes nothing back yet.",
        BELONGS,
    )
    .needs(Need::ClearsOnline)
    .step(Step::send("refund", Draft::refund(None)).code("00").expect(Expect::NoMiles))
}

fn chargeback() -> Case {
    let returned = Draft::refund(Some("clearing"));
    Case::new(
        "chargeback",
        "Chargeback",
        "The link contract has no chargeback message, it comes in clearing files: online the bank tells the money \
         back as 0220 with DE3 20, naming the presentment in DE90.",
        BELONGS,
    )
    .needs(Need::ClearsOnline)
    .step(authorize())
    .step(clear("clearing", 1000))
    .step(Step::send("money back", returned)
        .taken("reversed", &["refunded"])
        .worth(&["clearing"])
        .takes_back(&["clearing"]))
}

/// The messages of a scenario in short, such as `0800 0100 0220`.
#[must_use]
pub fn messages(case: &Case) -> String {
    let mut types: Vec<String> = Vec::new();
    for step in &case.steps {
        types.push(match &step.action {
            Action::Send(draft)
            | Action::SendOnly(draft, _)
            | Action::SendInVain(draft)
            | Action::SendDamaged(draft, _)
            | Action::SendFatal(draft, _) => draft.mti.to_owned(),
            Action::Repeat(..) => "repeat".to_owned(),
            Action::SendPrepared(_) => "prepared".to_owned(),
            Action::Reconnect => "reconnect".to_owned(),
            Action::AwaitAnswer(_) => "late reply".to_owned(),
            Action::Prepare(_) => continue,
        });
    }
    types.join(" ")
}
