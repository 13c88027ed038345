//! Changes by the API for staff: made once for each key, in one transaction with their answer and their line in the audit, and
//! never by the same person twice.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use domain::{Role, case::CaseRules};
use serde_json::{Value, json};
use store::TokenScope;
use support::{caller::Program, world::World};

const PROGRAM: &str = include_str!("../../../docs/samples/programs/boreal-gold.toml");
const PROPOSALS: &str = "/api/v1/programs/boreal-gold/proposals";

fn version(comment: &str) -> Value {
    json!({ "text": PROGRAM, "comment": comment, "wanted": "now", "backtest": null })
}

async fn count(world: &World, text: &str) -> i64 {
    world.pool.get().await.unwrap().query_one(text, &[]).await.unwrap().get(0)
}

/// Somebody who proposes and somebody who decides, each with a token.
async fn two(world: &World) -> (Program, Program) {
    let router = world.router();
    world.user("mia", &[Role::ProgramManager, Role::Reconciler]).await;
    world.user("bob", &[Role::Approver, Role::Auditor]).await;
    let mia = Program::with(&router, &world.token("mia", TokenScope::Propose).await);
    (mia, Program::with(&router, &world.token("bob", TokenScope::Decide).await))
}

#[tokio::test]
async fn a_change_is_made_once_whatever_comes_again() {
    let world = World::new().await;
    let (mia, _) = two(&world).await;
    let first = mia.post(PROPOSALS, "key-1", &version("more miles")).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.body);
    let again = mia.post(PROPOSALS, "key-1", &version("more miles")).await;
    assert_eq!((again.status, &again.body), (first.status, &first.body), "the kept answer");
    assert_eq!(count(&world, "SELECT count(*) FROM rules_proposal").await, 1);
    mia.post(PROPOSALS, "key-1", &version("fewer miles"))
        .await
        .is_problem(422, "key_used_for_another_request");
    let elsewhere = format!("/api/v1/program-proposals/{}/withdrawal", first.json()["id"]);
    let told = mia.post(&elsewhere, "key-1", &json!({ "reason": "no" })).await;
    told.is_problem(422, "key_used_for_another_request");
    // Another key is another change, and another person's key is none of hers.
    mia.post(PROPOSALS, "key-2", &version("more miles")).await.ok();
    world.user("max", &[Role::ProgramManager]).await;
    let max = Program::with(&world.router(), &world.token("max", TokenScope::Propose).await);
    max.post(PROPOSALS, "key-1", &version("fewer miles")).await.ok();
    assert_eq!(count(&world, "SELECT count(*) FROM rules_proposal").await, 3);
    // Each stands in the audit, as itself and with the token that made it.
    for what in ["program.propose", "api.change"] {
        let text = format!("SELECT count(*) FROM audit_entry WHERE what = '{what}'");
        assert_eq!(count(&world, &text).await, 3, "{what}");
    }
    let text = "SELECT count(*) FROM audit_entry WHERE what = 'api.change' AND after ->> 'token' = 'a test' \
                AND object = 'proposeVersion' AND by IN ('mia', 'max')";
    assert_eq!(count(&world, text).await, 3);
}

#[tokio::test]
async fn kept_answers_are_removed_when_their_time_is_over_some_at_a_time() {
    let world = World::new().await;
    let (mia, _) = two(&world).await;
    for key in ["key-1", "key-2", "key-3"] {
        mia.post(PROPOSALS, key, &version("more miles")).await.ok();
    }
    let at = "UPDATE staff_api_request SET answered_at = timestamptz '2026-10-10 09:00Z'";
    world.run(at).await;
    // With the rights of the console, and no more.
    let pool = store::console_pool(&world.database);
    let made: jiff::Timestamp = "2026-10-10T09:00:00Z".parse().unwrap();
    let second = jiff::SignedDuration::from_secs(1);
    assert_eq!(store::forget_staff_answers(&pool, made, 10).await.unwrap(), 0, "their time is not over");
    world
        .run(
            "UPDATE staff_api_request SET answered_at = answered_at - interval '1 day' WHERE key_sha256 = \
               (SELECT key_sha256 FROM staff_api_request LIMIT 1)",
        )
        .await;
    assert_eq!(store::forget_staff_answers(&pool, made, 10).await.unwrap(), 1, "the old one");
    assert_eq!(store::forget_staff_answers(&pool, made + second, 1).await.unwrap(), 1, "no more than asked");
    assert_eq!(store::forget_staff_answers(&pool, made + second, 1).await.unwrap(), 1);
    assert_eq!(count(&world, "SELECT count(*) FROM staff_api_request").await, 0);
    // The key is free again, and what was done under it stays in the journal.
    mia.post(PROPOSALS, "key-1", &version("more miles")).await.ok();
    assert_eq!(count(&world, "SELECT count(*) FROM rules_proposal").await, 4);
}

#[tokio::test]
async fn of_many_at_once_with_one_key_one_is_made_and_all_are_answered() {
    let world = World::new().await;
    let (mia, _) = two(&world).await;
    let many = (0..8).map(|_| {
        let mia = mia.clone();
        tokio::spawn(async move { mia.post(PROPOSALS, "contest", &version("more miles")).await })
    });
    let mut ids = std::collections::BTreeSet::new();
    for one in many.collect::<Vec<_>>() {
        let told = one.await.unwrap();
        assert_eq!(told.status, StatusCode::CREATED, "{}", told.body);
        ids.insert(told.json()["id"].as_i64().unwrap());
    }
    assert_eq!(ids.len(), 1);
    assert_eq!(count(&world, "SELECT count(*) FROM rules_proposal").await, 1);
    assert_eq!(count(&world, "SELECT count(*) FROM staff_api_request").await, 1);
}

#[tokio::test]
async fn what_was_refused_leaves_nothing_and_its_key_free() {
    let world = World::new().await;
    let (mia, _) = two(&world).await;
    mia.post(PROPOSALS, "k", &version("")).await.is_problem(422, "wrong_value");
    assert_eq!(count(&world, "SELECT count(*) FROM staff_api_request").await, 0);
    assert_eq!(count(&world, "SELECT count(*) FROM audit_entry WHERE what LIKE 'api.%'").await, 0);
    mia.post(PROPOSALS, "k", &version("now with a comment")).await.ok();
    // An answer that cannot be kept takes its change with it.
    world.run("ALTER TABLE staff_api_request ADD CONSTRAINT no_room CHECK (status = 0) NOT VALID").await;
    let told = mia.post(PROPOSALS, "k-2", &version("not kept")).await;
    told.is_problem(503, "unavailable");
    let text = "SELECT count(*) FROM rules_proposal WHERE comment = 'not kept'";
    assert_eq!(count(&world, text).await, 0);
}

#[tokio::test]
async fn a_version_is_proposed_by_one_and_approved_by_another() {
    let world = World::new().await;
    let (mia, bob) = two(&world).await;
    world.user("mia2", &[Role::ProgramManager, Role::Approver]).await;
    let router = world.router();
    let both = Program::with(&router, &world.token("mia2", TokenScope::Propose).await);
    let decides = Program::with(&router, &world.token("mia2", TokenScope::Decide).await);
    let own = both.post(PROPOSALS, "k", &version("mine")).await.ok()["id"].clone();
    let decision = |id: &Value| format!("/api/v1/program-proposals/{id}/decision");
    let yes = json!({ "verdict": "approved", "reason": "as agreed" });
    decides.post(&decision(&own), "d", &yes).await.is_problem(403, "four_eyes");
    both.post(&decision(&own), "d", &yes).await.is_problem(403, "not_allowed");

    let id = mia.post(PROPOSALS, "k", &version("more miles")).await.ok()["id"].clone();
    let waiting = bob.get("/api/v1/approvals").await.ok();
    let entry = waiting["approvals"].as_array().unwrap().iter().find(|one| one["id"] == id).unwrap().clone();
    assert_eq!(
        (&entry["kind"], &entry["by"], &entry["yours"]),
        (&"program_version".into(), &"mia".into(), &true.into())
    );
    let told = bob.post(&decision(&id), "d", &yes).await.ok();
    assert_eq!((&told["verdict"], told["effective_at"].is_string()), (&"approved".into(), true));
    let again = bob.post(&decision(&id), "d", &yes).await.ok();
    assert_eq!(again, told, "the kept answer, though nothing can be decided any more");
    bob.post(&decision(&id), "d-2", &yes).await.is_problem(409, "decided_before");
    let shown = bob.get(&format!("/api/v1/program-proposals/{id}")).await.ok();
    assert_eq!(shown["proposal"]["decision"]["by"], "bob");
    assert_eq!(shown["text"], PROGRAM);
    let entries = bob.get("/api/v1/audit?what=program.approve").await.ok();
    assert_eq!(entries["entries"].as_array().unwrap().len(), 1);
    assert_eq!(entries["entries"][0]["note"], "as agreed");
    store::audit::seal(&world.pool).await.unwrap();
    let verified = bob.get("/api/v1/audit/verification").await.ok();
    assert_eq!((&verified["holds"], &verified["waiting"]), (&true.into(), &0.into()), "{verified}");
    let kept = format!("/api/v1/audit/verification?place={}&hash={}", verified["place"], "ab".repeat(32));
    assert_eq!(bob.get(&kept).await.ok()["holds"], false, "an end that was never there");
    bob.get(&format!("{kept}&what=nothing")).await.is_problem(400, "wrong_parameter");
    bob.get("/api/v1/audit/verification?what=behind").await.is_problem(400, "wrong_parameter");
    assert_eq!(bob.get(&format!("{kept}&what=behind")).await.ok()["holds"], false);
    let (place, hash) = (&verified["place"], verified["hash"].as_str().unwrap());
    let behind = format!("/api/v1/audit/verification?place={place}&hash={hash}&what=behind");
    assert_eq!(bob.get(&behind).await.ok()["holds"], true);
}

/// A break with its case, as a comparison leaves them; its number.
async fn break_of(world: &World, subject: &str) -> i64 {
    let mut client = world.pool.get().await.unwrap();
    let transaction = client.transaction().await.unwrap();
    let text = "INSERT INTO reconciliation_run (source, scope, business_date, as_of, compared_at, inputs_sha256, matched, \
                suggested, expected, broken, problem) VALUES ('partner_statement', 'statement 1', '2026-10-10', now(), now(), \
                sha256('x'), 0, 0, 0, 1, '') RETURNING run_id";
    let run: i64 = transaction.query_one(text, &[]).await.unwrap().get(0);
    let text = "INSERT INTO reconciliation_break (break_key, source, scope, class, timing, program_id, business_date, subject, \
                unit, ours, theirs, difference, reason, fields, first_run, found_at, last_run) VALUES \
                (sha256(convert_to($1, 'UTF8')), 'partner_statement', 'statement 1', 'amount', 'data', $2, '2026-10-10', $1, \
                'RUB', 12345, 12435, 90, 'amounts_differ', '[{\"field\":\"amount\",\"theirs\":\"12435\"}]', $3, now(), $3) \
                RETURNING break_id";
    let program = world.file.program.id.0;
    let id = transaction.query_one(text, &[&subject, &program, &run]).await.unwrap().get(0);
    let at = "2026-10-10T09:00:00Z".parse().unwrap();
    store::cases::follow_run(&transaction, run, &CaseRules::default(), at).await.unwrap();
    transaction.commit().await.unwrap();
    id
}

#[tokio::test]
async fn a_break_is_worked_on_by_one_and_written_off_by_another() {
    let world = World::new().await;
    let (mia, bob) = two(&world).await;
    let id = break_of(&world, "line 1").await;
    let other = break_of(&world, "line 2").await;
    let path = |rest: &str| format!("/api/v1/breaks/{id}{rest}");

    // A list by keyset, one at a time.
    let page = mia.get("/api/v1/breaks?limit=1").await.ok();
    assert_eq!(page["breaks"][0]["id"], id);
    let after = page["next"].as_str().unwrap();
    let page = mia.get(&format!("/api/v1/breaks?limit=1&after={after}")).await.ok();
    assert_eq!((&page["breaks"][0]["id"], &page["next"]), (&other.into(), &Value::Null));
    assert_eq!(mia.get("/api/v1/breaks?owner=me").await.ok()["breaks"], json!([]));
    let wrong = "/api/v1/programs/boreal-gold/days?after=";
    mia.get(&format!("{wrong}{after}")).await.is_problem(400, "wrong_parameter");

    let shown = mia.get(&path("")).await.ok();
    let version = shown["listed"]["version"].clone();
    assert_eq!((&shown["listed"]["difference"], &shown["listed"]["unit"]), (&90.into(), &"RUB".into()));
    let all =
        json!({ "cases": [{ "id": id, "version": version }, { "id": other, "version": null }], "to": "mia" });
    assert_eq!(mia.post("/api/v1/assignments", "a", &all).await.ok()["assigned"], 2);
    assert_eq!(mia.post("/api/v1/assignments", "a", &all).await.ok()["assigned"], 2, "kept");
    mia.post("/api/v1/assignments", "a-2", &all).await.is_problem(409, "not_assigned");
    assert_eq!(mia.get("/api/v1/breaks?owner=me").await.ok()["breaks"].as_array().unwrap().len(), 2);
    mia.post(&path("/comments"), "c", &json!({ "text": "the bank looks into it" })).await.ok();
    mia.post(&path("/comments"), "c-2", &json!({ "text": "4111111111111111" }))
        .await
        .is_problem(422, "card_number");

    let attach = |key: &'static str| {
        let request = Request::builder().method("POST").uri(path("/attachments?name=letter.txt"));
        request.header("idempotency-key", key).header("content-type", "text/plain")
    };
    let told = mia.send(attach("f"), Body::from("a letter")).await;
    assert_eq!(told.status, StatusCode::CREATED, "{}", told.body);
    let place = told.json()["place"].clone();
    assert_eq!(mia.send(attach("f"), Body::from("a letter")).await.body, told.body, "kept");
    mia.send(attach("f"), Body::from("another letter")).await.is_problem(422, "key_used_for_another_request");
    mia.send(attach("f-2"), Body::from("a letter")).await.is_problem(409, "attached_already");
    let file = bob.get(&path(&format!("/attachments/{place}"))).await;
    assert_eq!(
        (file.body.as_str(), file.header("content-disposition")),
        ("a letter", "attachment; filename=\"letter.txt\"")
    );

    let off = json!({ "version": null, "kind": "write_off", "amount": null, "wait_until": null, "their_ref": null,
                      "our_ref": null, "account": null, "adjustment": null, "reason": "small" });
    let first = mia.post(&path("/proposals"), "p", &off).await.ok()["proposal"].clone();
    mia.post(&path("/proposals"), "p-2", &off).await.is_problem(409, "undecided");
    let back = path(&format!("/proposals/{first}/withdrawal"));
    mia.post(&back, "w", &json!({ "reason": "too early" })).await.ok();
    let proposal = mia.post(&path("/proposals"), "p-3", &off).await.ok()["proposal"].clone();
    let waiting = bob.get("/api/v1/approvals").await.ok();
    assert_eq!(
        (&waiting["approvals"][0]["kind"], &waiting["approvals"][0]["id"]),
        (&"case".into(), &proposal)
    );

    let decide = path(&format!("/proposals/{proposal}/decision"));
    let yes = json!({ "version": null, "verdict": "approved", "reason": "agreed" });
    world.user("mia", &[]).await;
    console::set_roles(
        &world.pool,
        "mia",
        [Role::Reconciler, Role::Approver].into_iter().collect(),
        "operator",
    )
    .await
    .unwrap();
    let decides = Program::with(&world.router(), &world.token("mia", TokenScope::Decide).await);
    decides.post(&decide, "d", &yes).await.is_problem(403, "four_eyes");
    let stands = bob.post(&decide, "d", &yes).await.ok();
    assert_eq!((&stands["state"], &stands["left"]), (&"resolved".into(), &0.into()));
    assert_eq!(bob.post(&decide, "d", &yes).await.ok(), stands);
    bob.post(&decide, "d-2", &yes).await.is_problem(409, "nothing_proposed");
    let shown = bob.get(&path("")).await.ok();
    assert_eq!(shown["bookings"].as_array().unwrap().len(), 1, "booked once");
    assert_eq!(shown["bookings"][0]["amount"], 90);
    assert_eq!(count(&world, "SELECT count(*) FROM audit_entry WHERE what = 'case.approve'").await, 1);
}
