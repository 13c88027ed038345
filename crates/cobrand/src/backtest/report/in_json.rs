//! The report as JSON.

use domain::replay::{AccountChange, Change, Difference};
use serde_json::{Value, json};

use super::{Report, movement};

impl Report {
    /// Amounts are minor units; differences are the candidate's less the booked ones.
    pub fn json(&self) -> Value {
        let found = &self.findings;
        let [from, to] = &self.period;
        let partner = |(name, one): &(Option<String>, Change)| with(json!({ "partner": name }), *one);
        let funder = |(name, one): &(String, Change)| with(json!({ "funder": name }), *one);
        let unpriced =
            |(partner, basis): &(String, &'static str)| json!({ "partner": partner, "basis": basis });
        let differences = self.differences().map(|(key, one)| difference(&key.to_string(), one));
        json!({
            "program": self.program,
            "candidate": self.version,
            "from": from,
            "to": to,
            "currency": self.currency.code,
            "messages": found.messages,
            "movements": found.transfers,
            "equals_the_ledger": self.equals_the_ledger(),
            "differing_messages": found.differing,
            "differences": differences.collect::<Vec<_>>(),
            "purchases_in_period": found.purchases,
            "purchases_changed": found.changed,
            "offers_at_the_till_changed": found.offers_changed,
            "undecided_by_the_candidate": found.undecided,
            "total": change(self.total),
            "partners": self.partners.iter().map(partner).collect::<Vec<_>>(),
            "funders": self.funders.iter().map(funder).collect::<Vec<_>>(),
            "settlement": self.settlement(),
            "unpriced": self.unpriced.iter().map(unpriced).collect::<Vec<_>>(),
            "rules": self.rules_json(),
            "accounts": self.accounts.iter().map(account).collect::<Vec<_>>(),
        })
    }

    fn settlement(&self) -> Vec<Value> {
        let one = |one: &super::Settled| {
            json!({
                "partner": one.partner,
                "currency": one.currency,
                "bank_receives_net_minor": one.net.0,
                "bank_receives_vat_minor": one.vat.0,
            })
        };
        self.settlement.iter().map(one).collect()
    }

    fn rules_json(&self) -> Vec<Value> {
        let one = |(rule, one): (&String, &domain::replay::RuleChange)| {
            let [before, after] = one.purchases;
            let [gave, gives] = one.gives;
            json!({
                "rule": rule,
                "purchases": { "booked": before, "candidate": after },
                "booked": change(gave),
                "candidate": change(gives),
            })
        };
        self.rules().iter().map(one).collect()
    }
}

fn change(change: Change) -> Value {
    json!({ "miles": change.miles, "discount_minor": change.discount_minor })
}

fn with(mut value: Value, more: Change) -> Value {
    if let (Some(map), Value::Object(more)) = (value.as_object_mut(), change(more)) {
        map.extend(more);
    }
    value
}

/// The number of an account comes from the token of its first card. As text: it may be beyond what JSON readers take
/// for a whole number.
fn account((one, number): &(AccountChange, String)) -> Value {
    let value = json!({
        "account": one.account.to_string(),
        "member_number": number,
        "purchases": one.purchases,
    });
    with(value, one.change)
}

fn difference(message: &str, one: &Difference) -> Value {
    json!({
        "message": message,
        "account": one.account.map(|account| account.to_string()),
        "undecided": one.undecided,
        "ledger": one.ledger.as_deref().map(movement),
        "decided_again": one.again.as_deref().map(movement),
    })
}
