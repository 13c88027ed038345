//! Miles through the bank's API, over mutual TLS and PostgreSQL: reserved, confirmed, cancelled, sent, adjusted and spent
//! by households, each once, of the bank's own members only, and never with a card number.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support_http;
mod support_link;

use cobrand::demo::{World, WorldOptions, scan_bytes, scan_tree};
use iso8583::Pan;
use serde_json::{Value, json};
use support_http::{Answer, Client};
use support_link::card;

const RULES: &str = "\n[miles]\nexpiry = { after_months = 12 }\n\
                     [redemption]\nvalue = \"0.50\"\nmiles_min = 5\nshare_max = \"50%\"\nreserve_minutes = 15\n";

struct Bank {
    world: World,
    api: Client,
    said: Vec<String>,
    keys: u32,
}

impl Bank {
    /// With members AB-1, AB-2, AB-3 of one household, and AB-4.
    async fn new(household: &str) -> Self {
        let sample = include_str!("../../docs/samples/programs/boreal-gold.toml");
        let program = Some(format!("{sample}{RULES}{household}"));
        let world = World::start(WorldOptions { log_to_file: false, program, ..WorldOptions::default() });
        let world = world.await.unwrap();
        let api = Client::of(&world, "northbank-api");
        let mut bank = Self { world, api, said: Vec::new(), keys: 0 };
        for number in 1..=4 {
            let home = if number < 4 { "H-1" } else { "" };
            let enrolled = bank
                .post(
                    "/v1/members",
                    json!({ "pan": card(number), "program": "boreal-gold",
                            "member_number": format!("AB-{number}"), "enrolled_on": "2026-01-01",
                            "household": home }),
                )
                .await;
            assert_eq!(enrolled.status, 201, "{}", enrolled.text);
        }
        bank
    }

    async fn send(&mut self, method: &str, path: &str, key: &str, body: &Value) -> Answer {
        let answer = self.api.send(method, path, key, &body.to_string()).await;
        self.said.push(answer.text.clone());
        answer
    }

    /// With a key of its own.
    async fn post(&mut self, path: &str, body: Value) -> Answer {
        self.keys += 1;
        let key = format!("key-{}", self.keys);
        self.send("POST", path, &key, &body).await
    }

    async fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, "", &Value::Null).await
    }

    async fn give(&mut self, member: &str, miles: i64) -> Answer {
        let body = json!({ "miles": miles, "reason": "a lost bag", "funder": "bank", "by": "anna" });
        self.post(&of(member, "/adjustments"), body).await
    }

    /// Posted, spendable and reserved.
    async fn balance(&mut self, member: &str) -> (i64, i64, i64) {
        let shown = self.get(&of(member, "/miles")).await;
        assert_eq!(shown.status, 200, "{}", shown.text);
        let number = |name: &str| shown.json()[name].as_i64().unwrap();
        (number("posted"), number("spendable"), number("reserved"))
    }

    /// A refusal: its status and code, and that it blames and helps.
    async fn refused(&mut self, path: &str, body: Value, status: u16, code: &str) {
        let answer = self.post(path, body.clone()).await;
        let said = answer.json();
        assert_eq!((answer.status, &said["type"]), (status, &code.into()), "{path} {body}: {said}");
        assert_eq!((answer.kind.as_str(), &said["who"]), ("application/problem+json", &"caller".into()));
        assert!(said["detail"].is_string() && said["next"].is_string(), "{said}");
    }

    async fn text(&self, sql: &str) -> String {
        let row = self.world.assembly.pool.get().await.unwrap().query_one(sql, &[]).await.unwrap();
        row.get::<_, Option<String>>(0).unwrap_or_default()
    }

    async fn end(self) {
        support_link::replays(&self.world).await;
        let check = store::ledger_check(&self.world.assembly.pool).await.unwrap();
        let off = (check.balances_off, check.counters_off, check.lots_off, check.orphans);
        assert_eq!(off, (0, 0, 0, 0), "{check:?}");
        let pans: Vec<Pan> = (1..=9).map(|number| Pan::parse(&card(number)).unwrap()).collect();
        let mut leaks = scan_tree(self.world.cluster.data_dir(), &pans).unwrap();
        self.said.iter().for_each(|said| leaks.merge(scan_bytes("what was said", said.as_bytes(), &pans)));
        assert_eq!(leaks.hits, Vec::<String>::new());
        self.world.stop().await.unwrap();
    }
}

fn of(member: &str, what: &str) -> String {
    format!("/v1/members/boreal-gold/{member}{what}")
}

#[tokio::test(flavor = "multi_thread")]
async fn miles_are_reserved_confirmed_and_cancelled_once() {
    let mut bank = Bank::new("").await;
    assert_eq!(bank.give("AB-1", 100).await.status, 201);
    let (path, body) = (of("AB-1", "/redemptions"), json!({ "miles": 12, "by": "anna" }));
    let reserved = bank.send("POST", &path, "r-1", &body).await;
    let said = reserved.json();
    assert_eq!((reserved.status, &said["state"]), (201, &"reserved".into()), "{said}");
    assert_eq!((&said["worth_minor"], &said["currency"]), (&600.into(), &"RUB".into()));
    assert!(said["reserved_until"].is_string(), "{said}");
    assert_eq!(bank.balance("AB-1").await, (88, 88, 12));

    // The same again, also from somebody whose first try broke off before its answer was kept.
    for _ in 0..2 {
        let again = bank.send("POST", &path, "r-1", &body).await;
        assert_eq!((again.status, &again.text), (201, &reserved.text));
        let forget = "UPDATE api_request SET status = 0, body = '' WHERE body LIKE '%\"reserved\"%'";
        let client = bank.world.assembly.pool.get().await.unwrap();
        assert_eq!(client.execute(forget, &[]).await.unwrap(), 1);
    }
    let again = bank.send("POST", &path, "r-1", &body).await;
    assert_eq!((again.status, &again.text), (201, &reserved.text));
    let other = bank.send("POST", &path, "r-1", &json!({ "miles": 13 })).await;
    assert_eq!((other.status, other.json()["type"].clone()), (422, "key_used_for_another_request".into()));
    assert_eq!(bank.balance("AB-1").await, (88, 88, 12));

    let id = said["redemption"].as_str().unwrap().to_owned();
    let (confirm, cancel) = (format!("{path}/{id}/confirmation"), format!("{path}/{id}/cancellation"));
    let confirmed = bank.send("POST", &confirm, "c-1", &json!({})).await;
    assert_eq!((confirmed.status, confirmed.json()["state"].clone()), (200, "confirmed".into()));
    assert_eq!(bank.send("POST", &confirm, "c-1", &json!({})).await.text, confirmed.text);
    bank.refused(&confirm, json!({}), 409, "redemption_is_not_open").await;
    assert_eq!(bank.balance("AB-1").await, (88, 88, 0));
    let cancelled = bank.send("POST", &cancel, "x-1", &json!({})).await;
    assert_eq!((cancelled.status, cancelled.json()["state"].clone()), (200, "cancelled".into()));
    bank.refused(&cancel, json!({}), 409, "redemption_is_not_open").await;
    assert_eq!(bank.balance("AB-1").await, (100, 100, 0));
    // What was confirmed is answered as it was, although it has been cancelled since.
    assert_eq!(bank.send("POST", &confirm, "c-1", &json!({})).await.text, confirmed.text);

    // Before it is confirmed, too.
    let next = bank.post(&path, json!({ "miles": 100 })).await.json();
    let next = next["redemption"].as_str().unwrap().to_owned();
    assert_eq!(bank.balance("AB-1").await, (0, 0, 100));
    assert_eq!(bank.post(&format!("{path}/{next}/cancellation"), json!({})).await.status, 200);
    assert_eq!(bank.balance("AB-1").await, (100, 100, 0));
    bank.refused(&format!("{path}/{next}/confirmation"), json!({}), 409, "redemption_is_not_open").await;

    let shown = bank.get(&format!("{path}/{id}")).await.json();
    assert_eq!((&shown["state"], &shown["kind"]), (&"cancelled".into(), &"payment".into()));
    let first = bank.get(&format!("{path}?limit=1")).await.json();
    assert_eq!(first["redemptions"].as_array().unwrap().len(), 1);
    let behind = format!("{path}?limit=1&after={}", first["next"].as_str().unwrap());
    let second = bank.get(&behind).await.json();
    assert_ne!(first["redemptions"][0]["redemption"], second["redemptions"][0]["redemption"]);
    assert_eq!(second["next"], Value::Null);

    let lines = "SELECT string_agg(changed_by || ' ' || what || ' ' || (after::json ->> 'by'), '; ' ORDER BY change_seq) \
                 FROM member_change WHERE what LIKE 'miles_%'";
    let expected = "api northbank miles_adjust anna; api northbank miles_reserve anna; api northbank miles_confirm ; \
                    api northbank miles_confirm ; api northbank miles_cancel ; api northbank miles_cancel ; \
                    api northbank miles_reserve ; api northbank miles_cancel ; api northbank miles_confirm ";
    assert_eq!(bank.text(lines).await, expected);
    bank.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_refused_and_told_the_same_again() {
    let mut bank = Bank::new("").await;
    bank.give("AB-1", 20).await;
    bank.give("AB-4", 20).await;
    let path = of("AB-1", "/redemptions");
    let few = bank.send("POST", &path, "few", &json!({ "miles": 21 })).await;
    assert_eq!((few.status, few.json()["type"].clone()), (409, "not_enough_miles".into()), "{}", few.text);
    // It stays so, although there are more by now; under another key it is another request.
    bank.give("AB-1", 80).await;
    let again = bank.send("POST", &path, "few", &json!({ "miles": 21 })).await;
    assert_eq!((again.status, &again.text, again.kind), (409, &few.text, few.kind));
    assert_eq!(bank.post(&path, json!({ "miles": 21 })).await.status, 201);

    let rub =
        |miles: u64, minor: u64| json!({ "miles": miles, "amount": { "minor": minor, "currency": "RUB" } });
    assert_eq!(bank.post(&path, rub(10, 1_000)).await.status, 201);
    let usd = json!({ "miles": 10, "amount": { "minor": 1_000, "currency": "USD" } });
    for (body, status, code) in [
        (rub(10, 999), 409, "above_redemption_share"),
        (usd, 409, "currency_without_billing_amount"),
        (json!({ "miles": 4 }), 409, "below_redemption_minimum"),
        (json!({ "miles": 5, "pooled": true }), 409, "household_spends_apart"),
        (json!({ "miles": 0 }), 400, "wrong_value"),
        (json!({ "miles": 1_000_000_001 }), 400, "wrong_value"),
        (json!({ "miles": -5 }), 400, "wrong_body"),
        (json!({ "miles": 5, "more": 1 }), 400, "wrong_body"),
        (json!({ "miles": 5, "by": card(5) }), 400, "wrong_value"),
        (json!({ "miles": 5, "amount": { "minor": 0, "currency": "RUB" } }), 400, "wrong_value"),
        (json!({ "miles": 5, "amount": { "minor": 1, "currency": "ruble" } }), 400, "wrong_value"),
    ] {
        bank.refused(&path, body, status, code).await;
    }
    let adjust = |name: &str, value: Value| {
        let mut body = json!({ "miles": 5, "reason": "a lost bag", "funder": "bank", "by": "anna" });
        body[name] = value;
        body
    };
    for (name, value) in [
        ("miles", json!(0)),
        ("miles", json!(-1_000_000_001)),
        ("reason", json!("")),
        ("reason", json!("x".repeat(65))),
        ("reason", json!(format!("for {}", card(6)))),
        ("by", json!("")),
        ("funder", json!("nobody")),
        ("funder", json!(card(7))),
    ] {
        bank.refused(&of("AB-1", "/adjustments"), adjust(name, value), 400, "wrong_value").await;
    }
    bank.refused(&of("AB-1", "/adjustments"), adjust("miles", json!(-1_000)), 409, "not_enough_miles").await;
    assert_eq!(bank.post(&of("AB-1", "/adjustments"), adjust("funder", json!("kosta"))).await.status, 201);

    // Whom the bank does not have, and what the member does not have.
    let theirs = bank.post(&of("AB-4", "/redemptions"), json!({ "miles": 10 })).await.json();
    let theirs = theirs["redemption"].as_str().unwrap().to_owned();
    bank.refused(&of("AB-9", "/redemptions"), json!({ "miles": 5 }), 404, "no_such_member").await;
    for id in [theirs.as_str(), &"0".repeat(48), "x"] {
        for end in ["confirmation", "cancellation"] {
            bank.refused(&format!("{path}/{id}/{end}"), json!({}), 404, "no_such_redemption").await;
        }
        assert_eq!(bank.get(&format!("{path}/{id}")).await.status, 404, "{id}");
    }
    for query in ["limit=0", "limit=201", "after=x", "page=2"] {
        let wrong = bank.get(&format!("{path}?{query}")).await;
        assert_eq!((wrong.status, wrong.json()["type"].clone()), (400, "wrong_parameter".into()), "{query}");
    }
    // Another bank: the program is none of its own, and its key is another one.
    let south = Client::of(&bank.world, "southbank-api");
    for (method, path) in [("POST", path.clone()), ("GET", path), ("GET", of("AB-1", "/miles"))] {
        let refused = south.send(method, &path, "few", &json!({ "miles": 21 }).to_string()).await;
        assert_eq!((refused.status, refused.json()["where"].clone()), (400, "program".into()));
    }

    let closed = json!({ "status": "closed", "closed_on": "2026-10-09" });
    assert_eq!(bank.send("PATCH", &of("AB-1", ""), "close", &closed).await.status, 200);
    let code = "account_closed_before_the_purchase";
    bank.refused(&of("AB-1", "/redemptions"), json!({ "miles": 5 }), 409, code).await;
    bank.refused(&of("AB-1", "/transfers"), json!({ "miles": 5, "to": "AB-2" }), 409, code).await;
    bank.refused(&of("AB-4", "/transfers"), json!({ "miles": 5, "to": "AB-1" }), 409, "receiver_is_closed")
        .await;
    assert_eq!(bank.balance("AB-1").await.1, 0, "nothing may be spent");
    let blocked = json!({ "status": "blocked" });
    assert_eq!(bank.send("PATCH", &of("AB-4", ""), "block", &blocked).await.status, 200);
    bank.refused(&of("AB-4", "/redemptions"), json!({ "miles": 5 }), 409, "account_blocked").await;
    bank.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn miles_are_sent_and_adjusted_once_and_lots_keep_their_days() {
    let mut bank = Bank::new("").await;
    let (path, body) = (
        of("AB-1", "/adjustments"),
        json!({ "miles": 30, "reason": "a lost bag", "funder": "bank", "by": "anna" }),
    );
    let given = bank.send("POST", &path, "a-1", &body).await;
    assert_eq!((given.status, given.json()["miles"].clone()), (201, 30.into()), "{}", given.text);
    assert_eq!(bank.send("POST", &path, "a-1", &body).await.text, given.text);
    let taken = bank.give("AB-1", -10).await;
    assert_eq!(taken.json()["miles"], -10);
    let kept = "SELECT count(*)::text FROM message WHERE mti = 'miles-adjust' AND content LIKE '%reason=a lost bag%' \
                AND content LIKE '%by=anna%' AND source = 'api'";
    assert_eq!(bank.text(kept).await, "2");

    let (path, body) = (of("AB-1", "/transfers"), json!({ "miles": 8, "to": "AB-4" }));
    let text = body.to_string();
    let at_once = (0..4).map(|_| bank.api.send("POST", &path, "s-1", &text));
    let all: Vec<String> =
        futures_util::future::join_all(at_once).await.into_iter().map(|answer| answer.text).collect();
    let sent: Value = serde_json::from_str(&all[0]).unwrap();
    assert!(all.iter().all(|text| *text == all[0]), "{all:?}");
    let told = (&sent["kind"], &sent["state"], &sent["sent_to"]);
    assert_eq!(told, (&"transfer".into(), &"sent".into(), &"AB-4".into()), "{sent}");
    assert_eq!((bank.balance("AB-1").await.0, bank.balance("AB-4").await.0), (12, 8));
    let id = sent["redemption"].as_str().unwrap().to_owned();
    let shown = bank.get(&format!("{}/{id}", of("AB-1", "/redemptions"))).await.json();
    assert_eq!(shown["state"], "arrived", "{shown}");
    let cancel = format!("{}/{id}/cancellation", of("AB-1", "/redemptions"));
    bank.refused(&cancel, json!({}), 409, "redemption_is_a_transfer").await;
    bank.refused(&path, json!({ "miles": 13, "to": "AB-4" }), 409, "not_enough_miles").await;
    bank.refused(&path, json!({ "miles": 5, "to": "AB-1" }), 409, "transfers_nothing").await;
    bank.refused(&path, json!({ "miles": 5, "to": card(8) }), 400, "wrong_value").await;
    let nobody = bank.post(&path, json!({ "miles": 5, "to": "AB-9" })).await;
    assert_eq!((nobody.status, nobody.json()["where"].clone()), (404, "to".into()), "{}", nobody.text);

    let lots = bank.get(&of("AB-4", "/lots")).await.json();
    let lot = &lots["lots"][0];
    let days = (&lot["granted_on"], &lot["vests_on"], &lot["expires_on"], &lot["miles"]);
    assert_eq!(days, (&"2026-10-10".into(), &Value::Null, &"2027-10-11".into(), &8.into()), "{lots}");
    // Page by page, each lot once.
    for _ in 0..3 {
        bank.give("AB-4", 5).await;
    }
    let (mut seen, mut path) = (Vec::new(), of("AB-4", "/lots?limit=3"));
    loop {
        let page = bank.get(&path).await.json();
        let ids = page["lots"].as_array().unwrap().iter().map(|lot| lot["lot"].as_str().unwrap().to_owned());
        seen.extend(ids);
        let Some(next) = page["next"].as_str() else { break };
        path = of("AB-4", &format!("/lots?limit=3&after={next}"));
    }
    let all = bank.get(&of("AB-4", "/lots")).await.json();
    let all: Vec<&str> =
        all["lots"].as_array().unwrap().iter().map(|lot| lot["lot"].as_str().unwrap()).collect();
    assert_eq!((seen.len(), seen.iter().map(String::as_str).collect::<Vec<_>>()), (4, all));
    bank.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_household_spends_together() {
    let mut bank = Bank::new("household = \"pooled\"\n").await;
    for (member, miles) in [("AB-1", 20), ("AB-2", 30), ("AB-3", 40)] {
        bank.give(member, miles).await;
    }
    let path = of("AB-1", "/redemptions");
    let body = json!({ "miles": 90, "pooled": true, "amount": { "minor": 9_000, "currency": "RUB" } });
    let reserved = bank.send("POST", &path, "p-1", &body).await;
    let said = reserved.json();
    assert_eq!(
        (reserved.status, &said["state"], &said["worth_minor"]),
        (201, &"reserved".into(), &4_500.into()),
        "{said}"
    );
    let mut parts: Vec<String> = said["parts"].as_array().unwrap().iter().map(Value::to_string).collect();
    parts.sort();
    let part = |member: &str, miles: i64| json!({ "member_number": member, "miles": miles }).to_string();
    assert_eq!(parts, [part("AB-1", 20), part("AB-2", 30), part("AB-3", 40)]);
    // Again, also if the first try broke off before its answer was kept.
    let forget = "UPDATE api_request SET status = 0, body = '' WHERE body LIKE '%\"parts\":[{%'";
    assert_eq!(bank.world.assembly.pool.get().await.unwrap().execute(forget, &[]).await.unwrap(), 1);
    for _ in 0..2 {
        assert_eq!(bank.send("POST", &path, "p-1", &body).await.text, reserved.text);
    }
    for (member, reserved) in [("AB-1", 20), ("AB-2", 30), ("AB-3", 40)] {
        assert_eq!(bank.balance(member).await, (0, 0, reserved), "{member}");
    }
    bank.refused(&path, json!({ "miles": 5, "pooled": true }), 409, "not_enough_miles").await;

    // The pool ends as a whole, by who asked for it.
    let id = said["redemption"].as_str().unwrap().to_owned();
    let listed = bank.get(&of("AB-2", "/redemptions")).await.json();
    let part = &listed["redemptions"][0];
    assert_eq!((&part["pool"], &part["miles"]), (&id.as_str().into(), &30.into()), "{listed}");
    let own = format!("{}/{}", of("AB-2", "/redemptions"), part["redemption"].as_str().unwrap());
    for end in ["confirmation", "cancellation"] {
        bank.refused(&format!("{own}/{end}"), json!({}), 409, "redemption_is_part_of_a_pool").await;
        let foreign = format!("{}/{id}/{end}", of("AB-2", "/redemptions"));
        bank.refused(&foreign, json!({}), 404, "no_such_redemption").await;
    }
    let confirm = format!("{path}/{id}/confirmation");
    let confirmed = bank.send("POST", &confirm, "p-2", &json!({})).await;
    assert_eq!(
        (confirmed.status, confirmed.json()["state"].clone()),
        (200, "confirmed".into()),
        "{}",
        confirmed.text
    );
    bank.refused(&confirm, json!({}), 409, "redemption_is_not_open").await;
    assert_eq!(bank.balance("AB-3").await, (0, 0, 0));
    let cancelled = bank.send("POST", &format!("{path}/{id}/cancellation"), "p-3", &json!({})).await;
    assert_eq!((cancelled.status, cancelled.json()["state"].clone()), (200, "cancelled".into()));
    assert_eq!(bank.send("POST", &confirm, "p-2", &json!({})).await.text, confirmed.text);
    let shown = bank.get(&format!("{path}/{id}")).await.json();
    assert_eq!(shown["state"], "cancelled", "{shown}");
    for (member, miles) in [("AB-1", 20), ("AB-2", 30), ("AB-3", 40)] {
        assert_eq!(bank.balance(member).await, (miles, miles, 0), "{member}");
    }
    // Who is blocked gives nothing, and who has no household spends what is his.
    let blocked = json!({ "status": "blocked" });
    assert_eq!(bank.send("PATCH", &of("AB-3", ""), "block", &blocked).await.status, 200);
    bank.refused(&path, json!({ "miles": 51, "pooled": true }), 409, "not_enough_miles").await;
    assert_eq!(bank.post(&path, json!({ "miles": 50, "pooled": true })).await.status, 201);
    bank.refused(&of("AB-3", "/redemptions"), json!({ "miles": 5, "pooled": true }), 409, "account_blocked")
        .await;
    bank.give("AB-4", 10).await;
    let alone = bank.post(&of("AB-4", "/redemptions"), json!({ "miles": 10, "pooled": true })).await;
    assert_eq!((alone.status, alone.json()["parts"].as_array().unwrap().len()), (201, 1), "{}", alone.text);
    bank.end().await;
}
