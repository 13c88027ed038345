//! Tables that nobody thought of: every part of the core between the messages of every other.

use std::fmt::Write as _;

use proptest::{prelude::*, sample::select};

use crate::language::holds_together;

/// One message, before it is known which message it may speak of: the other number chooses among those before it.
type Draft = (Verb, usize);

#[derive(Debug, Clone)]
enum Verb {
    /// A message of the bank that may open a purchase.
    Opens {
        verb: &'static str,
        place: &'static str,
        date: &'static str,
        amount: Amount,
        retrieval: &'static str,
        /// Miles to pay with, if it is an authorization.
        asks: &'static str,
    },
    /// A clearing, refund or chargeback of an earlier message.
    Follows {
        verb: &'static str,
        date: &'static str,
        amount: Amount,
    },
    /// A refund whose DE90 names a message that comes later, if it comes.
    RefundBefore {
        amount: Amount,
    },
    /// A refund that nothing connects with its purchase.
    RefundAlone {
        date: &'static str,
        amount: Amount,
    },
    /// A refund is matched to a purchase: whether the scheduler was certain, or staff decided.
    Matches {
        tail: &'static str,
    },
    Reverse {
        remaining: &'static str,
    },
    /// What a scheduler or staff do to an earlier purchase.
    Corrects(&'static str),
    Reserve(&'static str),
    /// What happens to an earlier reservation.
    Redeems(&'static str),
    /// What happens to the member's account.
    Account(String),
}

/// Minor units are of no interest here: amounts that meet or miss the limits and lower bounds of the rules.
#[derive(Debug, Clone, Copy)]
struct Amount {
    roubles: &'static str,
    dollars: u64,
    foreign: bool,
}

impl Amount {
    fn text(self, with_rates: bool) -> (String, &'static str) {
        match self.foreign && with_rates {
            true => (format!("{}.00", self.dollars), " usd"),
            false => (self.roubles.to_owned(), ""),
        }
    }
}

fn amount() -> impl Strategy<Value = Amount> {
    let roubles = select(["500.00", "600.00", "900.00", "1000.00", "6000.00"].as_slice());
    (roubles, 1_u64..60, prop::bool::weighted(0.3)).prop_map(|(roubles, dollars, foreign)| Amount {
        roubles,
        dollars,
        foreign,
    })
}

fn day() -> impl Strategy<Value = &'static str> {
    select(["2026-10-10", "2026-10-10", "2026-10-11", "2026-11-01", "2027-01-02"].as_slice())
}

fn verb() -> impl Strategy<Value = Verb> {
    let opens = (
        select(["auth", "auth", "clear", "clear", "preauth"].as_slice()),
        select(["kosta", "skyfuel", "skyfuel"].as_slice()),
        day(),
        amount(),
        select(["X", "X", "X", "Y"].as_slice()),
        select(["", " asks 2 miles", " asks 20 miles", " asks 80 miles"].as_slice()),
    );
    let opens = opens.prop_map(|(verb, place, date, amount, retrieval, asks)| Verb::Opens {
        verb,
        place,
        date,
        amount,
        retrieval,
        asks,
    });
    let follows = (select(["clear", "clear", "refund", "chargeback"].as_slice()), day(), amount());
    let follows = follows.prop_map(|(verb, date, amount)| Verb::Follows { verb, date, amount });
    let corrections = [
        "unanswered {id} A of {of}",
        "expire {id} A of {of} on 2026-10-20",
        "expire {id} A of {of} on 2027-06-01",
        "rerate {id} A of {of} to generous",
        "rerate {id} A of {of} to gold",
        "reattribute {id} A of {of} to kosta",
        "reattribute {id} A of {of} to nobody",
        "expire-miles {id} A of {of} on 2028-01-01",
    ];
    let account = prop_oneof![
        select(["10", "-5", "-16"].as_slice()).prop_map(|miles| format!("adjust {{id}} A {miles} by bank")),
        (1..30).prop_map(|miles| format!("send {{id}} A {miles} to B")),
        (27..30).prop_map(|year| format!("review {{id}} A on 20{year}-01-01")),
        (1..60).prop_map(|miles| format!("share {{id}} A {miles} pool 1 worth 2.50 on 2026-11-20")),
    ];
    prop_oneof![
        4 => opens,
        4 => follows,
        2 => amount().prop_map(|amount| Verb::RefundBefore { amount }),
        2 => (day(), amount()).prop_map(|(date, amount)| Verb::RefundAlone { date, amount }),
        2 => select(["", "", " scheduler"].as_slice()).prop_map(|tail| Verb::Matches { tail }),
        2 => select(["", "", " remaining 300.00"].as_slice()).prop_map(|remaining| Verb::Reverse { remaining }),
        4 => select(corrections.to_vec()).prop_map(Verb::Corrects),
        1 => select(["5", "16", "50", "100"].as_slice()).prop_map(Verb::Reserve),
        1 => select(["cancel {id} A of {of}", "confirm {id} A of {of}"].as_slice()).prop_map(Verb::Redeems),
        1 => account.prop_map(Verb::Account),
    ]
}

/// Lines that give a version of the program limits, budgets and a life of miles.
fn version(of_all: &'static str, program: &'static str) -> impl Strategy<Value = Vec<String>> {
    let window = || select(["day", "month", "year", "always"].as_slice());
    let limit = (select(["100.00", "300.00", "1 uses", "3 uses"].as_slice()), window());
    let budget = (select(["200.00", "1000.00", "2 uses"].as_slice()), window());
    let coupon = select(["", "", " coupon spring"].as_slice());
    let of = (
        coupon,
        select(["gift at kosta credit", "off at skyfuel till"].as_slice()),
        select(["10%", "50%", "100.00"].as_slice()),
        prop::option::weighted(0.7, limit),
        prop::option::of(budget),
    );
    let discount = of.prop_map(move |(coupon, rule, gives, limit, budget)| {
        let mut line = format!("{of_all}discount {rule} {gives}{coupon}");
        for (word, bound) in [("limit", limit), ("budget", budget)] {
            if let Some((most, window)) = bound {
                write!(line, " {word} {most} {window}").unwrap();
            }
        }
        line
    });
    let bonus = (select(["50", "150"].as_slice()), window())
        .prop_map(move |(most, window)| format!("{of_all}bonus weekend-fuel limit {most} miles {window}"));
    let miles = select(
        ["debts bank", "debts airboreal", "expires age 1 day", "expires age 12 day", "vests 0", "vests 14"]
            .as_slice(),
    );
    let miles = miles.prop_map(move |words| format!("{program} {words}"));
    let coupons =
        select(["each 1", "each 2 member 1", "each 2 until 2026-11-01", "each 1 refund-back"].as_slice())
            .prop_map(move |words| format!("{of_all}coupons spring {words}"));
    let rules = (prop::option::weighted(0.9, discount), prop::option::of(bonus));
    (coupons, rules, prop::collection::vec(miles, 0..3)).prop_map(|(coupons, (discount, bonus), miles)| {
        std::iter::once(coupons).chain(discount).chain(bonus).chain(miles).collect()
    })
}

fn table() -> impl Strategy<Value = String> {
    let before = [
        "program redemption 5.00 min 1 share 100 minutes 15\nprogram household pooled",
        "tiers one_tier",
        "closed A 2026-10-31\nprogram redemption 5.00 min 1 share 100 minutes 15",
    ];
    (
        select(before.to_vec()),
        any::<bool>(),
        version("", "program"),
        version("generous-", "generous-program"),
        prop::collection::vec((verb(), any::<usize>()), 4..14),
    )
        .prop_map(|(before, rates, gold, generous, drafts)| {
            let mut lines = vec![before.to_owned()];
            if rates {
                let rates = [("2026-10-10", "90.00"), ("2026-10-11", "100.00"), ("2026-11-01", "95.55")];
                lines.extend(rates.map(|(day, rate)| format!("rates usd {day} {rate}")));
            }
            lines.extend(["code SPRING-1 of spring".to_owned(), "code SPRING-2 of spring for A".to_owned()]);
            lines.extend(gold);
            lines.push("generous-as-gold".to_owned());
            lines.extend(generous);
            lines.extend(messages(&drafts, rates));
            lines.join("\n")
        })
}

/// The drafts as lines; a draft that has nothing to speak of is an authorization.
fn messages(drafts: &[Draft], rates: bool) -> Vec<String> {
    let (mut of_bank, mut reservations, mut alone) = (Vec::new(), Vec::new(), Vec::new());
    let opening = |id: usize| drafts.get(id - 1).is_some_and(|(verb, _)| matches!(verb, Verb::Opens { .. }));
    let mut lines = Vec::new();
    for (id, (verb, choice)) in (1..).zip(drafts) {
        let chosen = |from: &[usize]| (!from.is_empty()).then(|| from[choice % from.len()]);
        let filled =
            |text: &str, of: usize| text.replace("{id}", &id.to_string()).replace("{of}", &of.to_string());
        let record = ["", "", "", "", " presentment P1", " presentment P2 arn N"][choice % 6];
        let record = |verb: &str| if verb == "clear" { record } else { "" };
        let coupon = ["", " shows SPRING-1", " shows SPRING-2", " shows WRONG"][choice / 6 % 4];
        let line = match verb {
            Verb::Opens { verb, place, date, amount, retrieval, asks } => {
                let (amount, currency) = amount.text(rates);
                let record = record(verb);
                Some(format!(
                    "{verb} {id} A {amount} at {place} on {date} rrn {retrieval} mcc 5541{currency}{record}{coupon}{asks}"
                ))
            }
            Verb::Follows { verb, date, amount } => chosen(&of_bank).map(|of| {
                let (amount, currency) = amount.text(rates && *verb == "clear");
                format!("{verb} {id} A {amount} of {of} on {date}{currency}{}", record(verb))
            }),
            Verb::RefundBefore { amount } => {
                let later = id + 1 + choice % 3;
                let by = if opening(later) { format!("no-rrn names {later}") } else { "rrn X".to_owned() };
                let (amount, currency) = amount.text(rates);
                Some(format!("refund {id} A {amount} at skyfuel {by}{currency}"))
            }
            Verb::RefundAlone { date, amount } => {
                let (amount, currency) = amount.text(rates);
                alone.push(id);
                Some(format!("refund {id} A {amount} at skyfuel on {date} no-rrn{currency}"))
            }
            Verb::Matches { tail } => chosen(&alone)
                .zip(of_bank.get(choice / 7 % of_bank.len().max(1)))
                .map(|(refund, purchase)| format!("match {id} A of {refund} to {purchase}{tail}")),
            Verb::Reverse { remaining } => {
                chosen(&of_bank).map(|of| format!("reverse {id} of {of}{remaining}"))
            }
            Verb::Corrects(text) => chosen(&of_bank).map(|of| filled(text, of)),
            Verb::Reserve(miles) => Some(format!("reserve {id} A {miles} on 2026-11-{}", 10 + id)),
            Verb::Redeems(text) => chosen(&reservations).map(|of| filled(text, of)),
            Verb::Account(text) => Some(filled(text, 0)),
        };
        let line = line.unwrap_or_else(|| format!("auth {id} A 600.00 at skyfuel rrn X mcc 5541"));
        match line.split(' ').next() {
            Some("auth" | "preauth" | "clear" | "refund") => of_bank.push(id),
            Some("reserve" | "share") => reservations.push(id),
            _ => {}
        }
        lines.push(format!("{line} -> whatever"));
    }
    lines
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases()) })]

    #[test]
    fn a_table_of_anything_holds_together(table in table()) {
        holds_together(&table);
    }
}

/// Some three seconds of them in every test run; more if `PROPTEST_CASES` says so.
fn cases() -> u32 {
    ProptestConfig::default().cases.max(1_024)
}
