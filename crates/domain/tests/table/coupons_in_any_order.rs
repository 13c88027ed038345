//! Codes that several members show, in any order of what may happen to their purchases: what `audit` says of coupons holds
//! after every batch, so no code is used more often than its campaign allows, and its uses are the purchases that have it.

use proptest::{prelude::*, sample::select};

use crate::language::holds_together;

/// One line of a table; `{of}` is an earlier message of the same member.
fn line() -> impl Strategy<Value = (&'static str, &'static str, usize)> {
    let verbs = [
        "auth {id} {member} 1000.00 at kosta rrn {member}{choice} shows {code}",
        "auth {id} {member} 1000.00 at skyfuel rrn {member}{choice} mcc 5541 shows {code}",
        "clear {id} {member} 1000.00 at kosta rrn {member}{choice} shows {code}",
        "clear {id} {member} 1000.00 of {of}",
        "clear {id} {member} 900.00 of {of}",
        "clear {id} {member} 500.00 of {of}",
        "clear {id} {member} 400.00 of {of}",
        "advice {id} {member} 1000.00 of {of} declined",
        "refund {id} {member} 1000.00 of {of}",
        "refund {id} {member} 1000.00 at kosta rrn {member}{choice}",
        "chargeback {id} {member} 400.00 of {of}",
        "reverse {id} of {of}",
        "reverse {id} of {of}",
        "reverse {id} of {of} remaining 400.00",
        "expire {id} {member} of {of} on 2026-12-01",
        "rerate {id} {member} of {of} to generous",
        "rerate {id} {member} of {of} to gold",
    ];
    (select(verbs.to_vec()), select(vec!["A", "B", "C"]), any::<usize>())
}

fn table() -> impl Strategy<Value = String> {
    let campaign = || {
        select(vec![
            "spring",
            "spring each 2",
            "spring each 2 member 1",
            "spring refund-back",
            "spring until 2026-10-10",
        ])
    };
    // As in `random.rs`: a partner's discounts are of one kind, whichever version holds.
    let rule =
        || select(vec!["gift at kosta credit 10%", "off at skyfuel till 100.00", "off at skyfuel till 50%"]);
    let rules = (campaign(), campaign(), rule(), rule());
    (rules, prop::collection::vec(line(), 3..16)).prop_map(|((gold, generous, one, other), drafts)| {
        let mut lines = vec![
            format!("coupons {gold}\ndiscount {one} coupon spring\nbonus weekend-fuel coupon spring"),
            format!("generous-coupons {generous}\ngenerous-discount {other} coupon spring"),
            "code SPRING-1 of spring\ncode SPRING-2 of spring\ncode OF-B of spring for B".to_owned(),
        ];
        let mut sent: Vec<(usize, &str)> = Vec::new();
        for (id, (text, member, choice)) in (1..).zip(drafts) {
            let of_member: Vec<usize> =
                sent.iter().filter(|(_, of)| *of == member).map(|(id, _)| *id).collect();
            let text = match (text.contains("{of}"), of_member.is_empty()) {
                (true, true) => "auth {id} {member} 1000.00 at kosta rrn {member}{choice} shows {code}",
                _ => text,
            };
            let of = of_member.get(choice % of_member.len().max(1)).copied().unwrap_or_default();
            let code = ["SPRING-1", "SPRING-1", "SPRING-2", "OF-B", "WRONG"][choice % 5];
            if ["auth", "clear", "refund"].iter().any(|verb| text.starts_with(verb)) {
                sent.push((id, member));
            }
            let filled =
                text.replace("{id}", &id.to_string()).replace("{member}", member).replace("{code}", code);
            let filled =
                filled.replace("{of}", &of.to_string()).replace("{choice}", &(choice % 2).to_string());
            lines.push(format!("{filled} -> whatever"));
        }
        lines.join("\n")
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(ProptestConfig::default().cases.max(1_024))
    })]

    #[test]
    fn no_code_is_used_more_often_than_its_campaign_allows(table in table()) {
        holds_together(&table);
    }
}
