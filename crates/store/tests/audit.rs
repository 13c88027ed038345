//! The audit: every change that people make leaves its entry in the transaction of the change, the chain over the entries
//! shows whatever is altered or lost, and the tables refuse to be changed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::collections::BTreeSet;

use domain::{
    AdjustedItem, AnswerVerdict, ComparedLine, Content, EventKind, FileAnswer, Funder, IncomingStatement,
    MapHash, MatchParts, MessageKey, MilesEvent, RatesHash, Role, Roles, RulesHash, StatementLine,
    StatementResult,
    settlement::{Basis, Direction},
};
use jiff::Timestamp;
use serde_json::json;
use store::{
    AdjustmentDecision, AdjustmentStep, AnswerIntake, Carries, ClearingArrival, ClearingFileConsent,
    ClearingFileCounts, ClearingFileKey, Closer, Correction, CorrectionScope, CutOver, Handback,
    HandbackKept, MemberChange, NewAdjustment, NewCoupon, NewPrepaidBlock, NewProposal, NewRefundDecision,
    NewRun, NewStatement, ProposalDecision, ProposalStep, RevokedCoupons, Wanted, WithdrawalRequest,
    audit::{self, AuditEntry, AuditFilter, BROUGHT_BY_HAND, ChainFault, ChainHead, WORDS},
    reconciliation::{NewBankStatement, keep_bank_statement},
    staff::{self, NewStaff, StaffStep},
};
use support::{DAY, HASH, RUB, World, by, committed, count};

fn noon() -> Timestamp {
    "2026-10-10T09:00:00Z".parse().unwrap()
}

async fn entry(world: &World, by: &str, what: &str, object: &str) {
    let entry =
        AuditEntry::new(by, what, "thing", object).from(json!({ "n": 1 })).to(json!({ "n": 2 })).why("so");
    audit::record(&*world.pool.get().await.unwrap(), &entry).await.unwrap();
}

async fn fault(world: &World) -> Option<ChainFault> {
    audit::verify(&world.pool, None).await.unwrap().fault
}

/// What only a superuser can do who switches the triggers off.
async fn behind_the_back(world: &World, text: &str) {
    let text =
        format!("SET session_replication_role = replica; {text}; SET session_replication_role = origin");
    world.admin.batch_execute(&text).await.unwrap();
}

#[tokio::test]
async fn an_entry_is_of_its_transaction_and_sealed_after_its_commit() {
    let world = World::without_cycle().await;
    let mut client = world.pool.get().await.unwrap();
    let slow = client.transaction().await.unwrap();
    audit::record(&slow, &AuditEntry::new("ann", "thing.slow", "thing", "1")).await.unwrap();
    entry(&world, "bob", "thing.fast", "2").await;
    // Nobody waits for the slow one: neither the other writer nor the sealer.
    assert_eq!(audit::seal(&world.pool).await.unwrap(), 1);
    slow.commit().await.unwrap();
    assert_eq!(audit::seal(&world.pool).await.unwrap(), 1);
    assert_eq!(audit::seal(&world.pool).await.unwrap(), 0);
    let mut client = world.pool.get().await.unwrap();
    let lost = client.transaction().await.unwrap();
    audit::record(&lost, &AuditEntry::new("ann", "thing.lost", "thing", "1")).await.unwrap();
    lost.rollback().await.unwrap();
    let verified = audit::verify(&world.pool, None).await.unwrap();
    assert_eq!((verified.head.place, verified.waiting, verified.fault), (2, 0, None));
    let rows = audit::entries(&world.pool, &AuditFilter::default(), 10).await.unwrap();
    let sealed: Vec<_> = rows.iter().map(|row| (row.what.as_str(), row.seal.unwrap().0)).collect();
    assert_eq!(sealed, [("thing.fast", 1), ("thing.slow", 2)], "by number; the chain by commit");
}

#[tokio::test(flavor = "multi_thread")]
async fn several_sealers_at_once_make_one_chain() {
    let world = World::without_cycle().await;
    for number in 0..40 {
        entry(&world, "ann", "thing.change", &number.to_string()).await;
    }
    let seal = || audit::seal(&world.pool);
    let sealed = tokio::join!(seal(), seal(), seal());
    assert_eq!(sealed.0.unwrap() + sealed.1.unwrap() + sealed.2.unwrap(), 40);
    let verified = audit::verify(&world.pool, None).await.unwrap();
    assert_eq!((verified.head.place, verified.waiting, verified.fault), (40, 0, None));
    assert_eq!(audit::head(&world.pool).await.unwrap(), verified.head);
}

#[tokio::test]
async fn the_tables_refuse_changes_by_grants_and_by_triggers() {
    let world = World::without_cycle().await;
    entry(&world, "ann", "thing.change", "1").await;
    audit::seal(&world.pool).await.unwrap();
    for (table, column) in [("audit_entry", "note"), ("audit_seal", "hash")] {
        for text in [
            format!("UPDATE {table} SET {column} = {column}"),
            format!("DELETE FROM {table}"),
            format!("TRUNCATE {table}"),
        ] {
            // The tests are a superuser, whom grants do not bind.
            let refused = world.admin.batch_execute(&text).await.unwrap_err();
            assert!(refused.as_db_error().unwrap().message().contains("refuses"), "{text}: {refused}");
        }
        let rights = format!(
            "SELECT coalesce(array_to_string(relacl, ' '), '') FROM pg_class WHERE relname = '{table}'"
        );
        let rights: String = world.admin.query_one(&rights, &[]).await.unwrap().get(0);
        for grant in rights.split(' ') {
            let (who, rest) = grant.split_once('=').unwrap();
            let letters = rest.split('/').next().unwrap();
            assert!(!letters.contains(['w', 'd', 'D']), "{table}: {who} may {letters}");
        }
        assert!(rights.contains("cobrand_console=ar/"), "{rights}");
    }
    assert_eq!(fault(&world).await, None);
}

#[tokio::test]
async fn what_is_altered_or_lost_is_found() {
    let world = World::without_cycle().await;
    for number in 0..6 {
        entry(&world, "ann", "thing.change", &number.to_string()).await;
    }
    audit::seal(&world.pool).await.unwrap();
    let known = audit::head(&world.pool).await.unwrap();
    assert_eq!(fault(&world).await, None);
    for change in [
        "by = 'eve'",
        "note = 'x'",
        "at = at + interval '1 microsecond'",
        "before = NULL",
        "after = '{\"n\": 3}'",
    ] {
        let kept = "CREATE TEMP TABLE kept AS SELECT * FROM audit_entry WHERE entry_id = 3";
        world.admin.batch_execute(kept).await.unwrap();
        behind_the_back(&world, &format!("UPDATE audit_entry SET {change} WHERE entry_id = 3")).await;
        assert_eq!(fault(&world).await, Some(ChainFault::Altered { place: 3, entry: 3 }), "{change}");
        let back = "UPDATE audit_entry e SET by = k.by, note = k.note, at = k.at, before = k.before, after = k.after \
                    FROM kept k WHERE e.entry_id = 3; DROP TABLE kept";
        behind_the_back(&world, back).await;
        assert_eq!(fault(&world).await, None);
    }
    behind_the_back(&world, "UPDATE audit_seal SET hash = decode(repeat('07', 32), 'hex') WHERE place = 6")
        .await;
    assert_eq!(fault(&world).await, Some(ChainFault::Altered { place: 6, entry: 6 }));
    // The end is cut off, which a chain alone cannot show: the end that somebody kept does.
    behind_the_back(
        &world,
        "DELETE FROM audit_seal WHERE place = 6; DELETE FROM audit_entry WHERE entry_id = 6",
    )
    .await;
    assert_eq!(fault(&world).await, None);
    let cut = audit::verify(&world.pool, Some(&known)).await.unwrap();
    assert_eq!(cut.fault, Some(ChainFault::EndIsAnother { place: 6 }));
    let nothing = ChainHead { place: 0, hash: [0; 32] };
    assert_eq!(audit::verify(&world.pool, Some(&nothing)).await.unwrap().fault, None);
    // Behind an end that was kept what stands before it is not looked at, the end itself is.
    let behind = async |known: &ChainHead| audit::verify_behind(&world.pool, known).await.unwrap();
    assert_eq!(behind(&known).await.fault, Some(ChainFault::EndIsAnother { place: 6 }));
    assert_eq!(behind(&nothing).await.fault, None);
    behind_the_back(&world, "UPDATE audit_entry SET note = 'never' WHERE entry_id = 2").await;
    assert_eq!(behind(&nothing).await.fault, Some(ChainFault::Altered { place: 2, entry: 2 }));
    let end = audit::head(&world.pool).await.unwrap();
    entry(&world, "ann", "thing.change", "8").await;
    audit::seal(&world.pool).await.unwrap();
    let found = behind(&end).await;
    assert_eq!(
        (found.fault, found.head.place),
        (None, 6),
        "one place behind it, and before it is not looked"
    );
    behind_the_back(&world, "UPDATE audit_entry SET note = 'never' WHERE object = '8'").await;
    assert!(matches!(behind(&end).await.fault, Some(ChainFault::Altered { place: 6, .. })));
    behind_the_back(
        &world,
        "DELETE FROM audit_seal WHERE place = 6; DELETE FROM audit_entry WHERE object = '8'; \
         UPDATE audit_entry SET note = 'so' WHERE entry_id = 2",
    )
    .await;
    assert_eq!(fault(&world).await, None);

    behind_the_back(&world, "DELETE FROM audit_entry WHERE entry_id = 5").await;
    assert_eq!(fault(&world).await, Some(ChainFault::Altered { place: 5, entry: 5 }));
    behind_the_back(&world, "DELETE FROM audit_seal WHERE place = 2").await;
    assert_eq!(fault(&world).await, Some(ChainFault::Gap { place: 3 }));
    behind_the_back(&world, "DELETE FROM audit_seal; DELETE FROM audit_entry").await;
    entry(&world, "ann", "thing.change", "7").await;
    behind_the_back(&world, "DELETE FROM audit_unsealed").await;
    assert!(matches!(fault(&world).await, Some(ChainFault::Unsealed { .. })));
}

#[tokio::test]
async fn entries_are_found_by_who_what_object_and_day_page_by_page() {
    let world = World::without_cycle().await;
    for (by, what, object) in [
        ("ann", "user.add", "eve"),
        ("bob", "user.lock", "eve"),
        ("ann", "users", "x"),
        ("ann", "program.propose", "1"),
        ("bob", "program.approve", "1"),
    ] {
        entry(&world, by, what, object).await;
    }
    let objects = async |filter: AuditFilter<'_>| -> Vec<String> {
        let rows = audit::entries(&world.pool, &filter, 10).await.unwrap();
        rows.iter().map(|row| format!("{} {} {}", row.by, row.what, row.object)).collect()
    };
    let all = AuditFilter::default();
    assert_eq!(
        objects(AuditFilter { what: Some("user"), ..all }).await,
        ["bob user.lock eve", "ann user.add eve"]
    );
    assert_eq!(objects(AuditFilter { what: Some("users"), ..all }).await, ["ann users x"]);
    assert_eq!(objects(AuditFilter { by: Some("bob"), ..all }).await.len(), 2);
    let of_one = AuditFilter { object_kind: Some("thing"), object: Some("1"), ..all };
    assert_eq!(objects(of_one).await, ["bob program.approve 1", "ann program.propose 1"]);
    assert!(
        objects(AuditFilter { until: Some("2026-01-01T00:00:00Z".parse().unwrap()), ..all }).await.is_empty()
    );
    assert!(
        objects(AuditFilter { from: Some("2200-01-01T00:00:00Z".parse().unwrap()), ..all }).await.is_empty()
    );
    let first = audit::entries(&world.pool, &all, 2).await.unwrap();
    let next = AuditFilter { before_entry: Some(first[1].entry), ..all };
    let second = audit::entries(&world.pool, &next, 2).await.unwrap();
    assert_eq!(second.iter().map(|row| row.what.as_str()).collect::<Vec<_>>(), ["users", "user.lock"]);
    let one = audit::entry(&world.pool, first[0].entry).await.unwrap().unwrap();
    assert_eq!(
        (one.before, one.after, one.note.as_str()),
        (Some(json!({"n": 1})), Some(json!({"n": 2})), "so")
    );
    let words = ["program.approve", "program.propose", "user.add", "user.lock", "users"];
    assert_eq!(audit::words(&world.pool).await.unwrap(), words);
}

/// The tables that say who of the staff did something, each with the words of the changes that write it. What is missing
/// here was added without thought of the audit.
const TABLES: &[(&str, &[&str])] = &[
    ("adjustment_decision", &["adjustment.approve", "adjustment.reject"]),
    ("adjustment_proposal", &["adjustment.propose"]),
    ("break_case", &["case.assign"]),
    ("case_decision", &["case.approve", "case.reject"]),
    ("case_event", &["case.comment", "case.attach"]),
    ("case_proposal", &["case.propose", "case.take_back"]),
    ("correction_run", &["correction.propose", "correction.approve", "correction.reject"]),
    ("prepaid_block", &["prepaid.propose", "prepaid.approve"]),
    ("rate_table_in_force", &["rates.import"]),
    ("refund_decision", &["refund.decide"]),
    ("rules_decision", &["program.approve", "program.reject"]),
    ("rules_proposal", &["program.propose"]),
    ("rules_withdrawal", &["program.withdraw"]),
    // How somebody likes to look at breaks changes nothing.
    ("saved_view", &[]),
    ("settlement_cycle", &["day.close", "day.approve"]),
    ("staff_api_request", &["api.change"]),
    ("staff_role", &["user.add", "user.roles"]),
    ("staff_second_factor", &["user.second_factor", "user.drop_second_factor"]),
    ("staff_token", &["user.token", "user.revoke_tokens"]),
];

#[tokio::test]
async fn every_table_that_names_a_person_is_known_to_the_audit() {
    let world = World::without_cycle().await;
    let text = "SELECT DISTINCT conrelid::regclass::text FROM pg_constraint \
                WHERE contype = 'f' AND confrelid = 'staff_user'::regclass ORDER BY 1";
    let rows = world.admin.query(text, &[]).await.unwrap();
    let found: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    let known: Vec<&str> = TABLES.iter().map(|(table, _)| *table).collect();
    assert_eq!(
        found, known,
        "a table that says who did something: record its changes, and name their words here"
    );
    for (table, words) in TABLES {
        assert!(words.iter().all(|word| WORDS.contains(word)), "{table}: {words:?}");
    }
    assert!(WORDS.is_sorted());
}

#[tokio::test]
async fn every_change_that_people_make_leaves_its_entry() {
    let world = World::new().await;
    users(&world).await;
    programs(&world).await;
    refunds_and_adjustments(&world).await;
    days_and_corrections(&world).await;
    campaigns(&world).await;
    operators(&world).await;
    brought(&world).await;
    Box::pin(miles(&world)).await;
    let left: BTreeSet<String> = audit::words(&world.pool).await.unwrap().into_iter().collect();
    // The tests of cases and of the API for staff look for theirs.
    let here = WORDS.iter().filter(|word| !word.starts_with("case.") && !word.starts_with("api."));
    let expected: BTreeSet<String> = here.map(|word| (*word).to_owned()).collect();
    assert_eq!(left, expected, "a change without its entry, or an entry without its change here");
    audit::seal(&world.pool).await.unwrap();
    assert_eq!(fault(&world).await, None);
}

async fn users(world: &World) {
    let pool = &world.pool;
    for name in ["ann", "bob"] {
        let new = NewStaff { name, password_hash: "x", roles: Roles::WORKING, partner: None, by: "root" };
        assert_eq!(staff::add(pool, &new).await.unwrap(), StaffStep::Done);
        assert_eq!(staff::add(pool, &new).await.unwrap(), StaffStep::NameTaken);
    }
    let of_shop = NewStaff {
        name: "kim",
        password_hash: "x",
        roles: Roles::NONE,
        partner: Some(world.shop),
        by: "root",
    };
    assert_eq!(staff::add(pool, &of_shop).await.unwrap(), StaffStep::Done);
    let viewer = Roles::from_iter([Role::Viewer]);
    assert_eq!(staff::set_roles(pool, "kim", viewer, "root").await.unwrap(), StaffStep::OfAPartner);
    // Whatever the program does, the table does not give a role to somebody of a partner.
    assert!(
        world
            .admin
            .batch_execute("INSERT INTO staff_role (name, role) VALUES ('kim', 'viewer')")
            .await
            .is_err()
    );
    assert_eq!(staff::set_roles(pool, "ann", viewer, "root").await.unwrap(), StaffStep::Done);
    assert_eq!(staff::set_roles(pool, "eve", viewer, "root").await.unwrap(), StaffStep::NoSuchUser);
    assert_eq!(staff::set_locked(pool, "ann", true, noon(), "root").await.unwrap(), StaffStep::Done);
    assert_eq!(staff::set_locked(pool, "ann", false, noon(), "root").await.unwrap(), StaffStep::Done);
    assert_eq!(staff::set_password(pool, "ann", "y", "root").await.unwrap(), StaffStep::Done);
    staff::add_token(pool, &[7; 32], "ann", noon(), noon() + jiff::SignedDuration::from_hours(1), "root")
        .await
        .unwrap();
    assert_eq!(staff::revoke_tokens(pool, "ann", "root").await.unwrap(), 1);
    assert!(staff::begin_second_factor(pool, "ann", b"sealed").await.unwrap());
    assert!(staff::confirm_second_factor(pool, "ann", b"sealed", 7, noon()).await.unwrap());
    assert!(staff::drop_second_factor(pool, "ann", "root").await.unwrap());
    let of = AuditFilter { what: Some("user.roles"), ..AuditFilter::default() };
    let rows = audit::entries(pool, &of, 10).await.unwrap();
    assert_eq!(rows.len(), 1, "what was refused leaves none");
    assert_eq!(rows[0].after.as_ref().unwrap()["roles"], json!(["viewer"]));
    assert_eq!(rows[0].before.as_ref().unwrap()["roles"], json!(Roles::WORKING.names()));
}

async fn programs(world: &World) {
    store::note_in_force(&world.pool, world.program, HASH, noon()).await.unwrap();
    let decision = |effective_at| ProposalDecision { by: "bob", at: noon(), reason: "seen", effective_at };
    for (number, effective_at) in [(1, None), (2, Some(noon()))] {
        let new = NewProposal {
            program: world.program,
            hash: RulesHash([8; 32]),
            body: "the new text",
            against: HASH,
            by: "ann",
            at: noon(),
            comment: "more",
            wanted: Wanted::Now,
            assessment: "{}",
            approvable: true,
            backtest: None,
        };
        assert_eq!(committed!(world.pool, |step| store::propose(&step, &new)).unwrap(), Some(number));
        let step =
            committed!(world.pool, |step| store::decide_proposal(&step, number, &decision(effective_at)))
                .unwrap();
        assert_eq!(step, ProposalStep::Done);
    }
    let step =
        committed!(world.pool, |step| store::withdraw_proposal(&step, 2, "ann", noon(), "no")).unwrap();
    assert_eq!(step, ProposalStep::Done);
}

async fn refunds_and_adjustments(world: &World) {
    let refund = NewRefundDecision {
        bucket: domain::Bucket::new(7).unwrap(),
        refund: MessageKey::parse(&"0".repeat(48)).unwrap(),
        purchase: None,
        parts: MatchParts::default(),
        reason: "a gift",
        by: "ann",
        at: noon(),
    };
    assert!(committed!(world.pool, |step| store::decide_refund(&step, &refund)).unwrap().is_some());
    assert!(committed!(world.pool, |step| store::decide_refund(&step, &refund)).unwrap().is_none());
    for approves in [true, false] {
        let items = [AdjustedItem { basis: None, quantity: 0, net_minor: -700, vat_minor: 0 }];
        let new = NewAdjustment {
            dispute: None,
            program: world.program,
            partner: world.fuel,
            currency: RUB,
            stated: Direction::BankPaysPartner,
            original: "contract 7",
            items: &items,
            reason: "agreed",
            by: "ann",
            at: noon(),
        };
        let step = store::propose_adjustment(&world.pool, &new).await.unwrap();
        let AdjustmentStep::Done(proposal) = step else { panic!("{step:?}") };
        let decision = AdjustmentDecision { proposal, approves, reason: "seen", by: "bob", at: noon() };
        assert_eq!(
            store::decide_adjustment(&world.pool, &decision).await.unwrap(),
            AdjustmentStep::Done(proposal)
        );
    }
    let block = NewPrepaidBlock {
        program: world.program,
        partner: world.fuel,
        basis: Basis::BonusMiles,
        units: 10,
        bought_on: DAY,
        paid_minor: 840,
        currency: RUB,
        reference: "invoice 1".into(),
        by: "ann".into(),
        at: noon(),
    };
    let id = store::propose_prepaid_block(&world.pool, &block).await.unwrap().unwrap();
    store::approve_prepaid_block(&world.pool, id, "bob", noon()).await.unwrap();
}

async fn days_and_corrections(world: &World) {
    let scope = CorrectionScope {
        correction: Correction::Rerate(HASH),
        program: Some(world.program),
        first: DAY,
        end: DAY.tomorrow().unwrap(),
    };
    let run = NewRun { scope, reason: "a wrong rate", price: "{}", maker: "ann", at: noon() };
    let first = store::propose_run(&world.pool, &run).await.unwrap();
    assert!(store::approve_run(&world.pool, first, "bob", noon()).await.unwrap());
    assert!(!store::approve_run(&world.pool, first, "bob", noon()).await.unwrap());
    let second = store::propose_run(&world.pool, &run).await.unwrap();
    assert!(store::reject_run(&world.pool, second, "bob", noon()).await.unwrap());

    let open = *store::cycles(&world.pool, world.program).await.unwrap().last().unwrap();
    let next = store::prepare_next(&world.pool, &open, DAY.tomorrow().unwrap()).await.unwrap();
    assert!(store::cut(&world.pool, &open, &next).await.unwrap());
    let lease = store::take_close_lease(&world.pool, world.program, "a test").await.unwrap().unwrap();
    let nothing = (&[][..], &[][..], Vec::new());
    let closer = Closer { staff: "ann", two_people: true, ..Closer::default() };
    assert!(store::record_computed(&world.pool, &lease.fence(), &open, nothing, closer).await.unwrap());
    assert!(!store::approve_cycle(&world.pool, open.id, "ann").await.unwrap());
    assert!(store::approve_cycle(&world.pool, open.id, "bob").await.unwrap());
}

async fn campaigns(world: &World) {
    let (pool, program) = (&world.pool, world.program);
    let code = NewCoupon { id: domain::CouponId([1; 32]), member: None };
    assert_eq!(store::give_out_coupons(pool, program, "spring", &[code], "ann", noon()).await.unwrap(), 1);
    let which = RevokedCoupons::Campaign("spring".to_owned());
    assert_eq!(store::revoke_coupons(pool, program, &which, "ann", noon()).await.unwrap(), 1);
    assert!(store::register_rates(pool, "cbr", RatesHash([3; 32]), "text", "ann", noon()).await.unwrap());
    assert!(!store::register_rates(pool, "cbr", RatesHash([3; 32]), "text", "ann", noon()).await.unwrap());
    assert!(store::register_merchant_map(pool, MapHash([4; 32]), "text", noon()).await.unwrap());
    let route = world.member(9, 1).await;
    let mut client = pool.get().await.unwrap();
    let change = MemberChange::begin(&mut client, by()).await.unwrap();
    let at = (i32::from(route.bucket.number()), route.member.account.0);
    change.correct_at_partner(at, program, Some("AB-9"), None).await.unwrap();
    change.commit().await.unwrap();
}

async fn operators(world: &World) {
    let pool = &world.pool;
    let arrival = ClearingArrival {
        key: ClearingFileKey { bank: world.bank, file_id: "F1".into(), sha256: [5; 32] },
        name: "F1.csv".into(),
        format: "csv".into(),
        series: String::new(),
        series_date: None,
        sequence: None,
        received_at: noon(),
        accept_same_content: false,
    };
    store::receive_clearing_file(pool, &arrival, false).await.unwrap();
    let consent = ClearingFileConsent { codes: "totals".into(), by: "olga".into() };
    store::check_clearing_file(pool, &arrival, ClearingFileCounts::default(), &consent).await.unwrap();
    let cut =
        CutOver { bank: world.bank, bank_date: DAY, closed_date: DAY.yesterday().unwrap(), cut_at: noon() };
    store::keep_cut_over(pool, &cut).await.unwrap();
    let request =
        WithdrawalRequest { bank: world.bank, bank_date: DAY, accept_used: false, by: "olga", at: noon() };
    store::withdraw_cut_over(pool, &request).await.unwrap();
    store::register_endpoint(pool, world.shop, "hook", Carries::Events).await.unwrap();
    store::enable_endpoint(pool, world.shop, "hook", None).await.unwrap();
    store::replay_events(pool, world.shop, "hook", (1, 2), "olga", noon()).await.unwrap();
    store::register_endpoint(pool, world.shop, "folder", Carries::Files).await.unwrap();
    let file = "INSERT INTO settlement_file (cycle_id, receiver, sequence, revision, file_name, sha256, records, published) \
                SELECT min(cycle_id), 'kosta', 1, 1, 'f1', decode(repeat('07', 32), 'hex'), 0, true FROM settlement_cycle; \
                INSERT INTO delivery_file (partner_id, endpoint, sequence, revision, place, output, cycle_id, state, since, \
                file_name) SELECT partner_id, 'folder', 1, 1, 0, 'jsonl', (SELECT min(cycle_id) FROM settlement_cycle), \
                'delivered', now(), 'f1' FROM partner WHERE code = 'kosta'";
    world.admin.batch_execute(file).await.unwrap();
    assert_eq!(store::send_file_again(pool, world.shop, "folder", "f1", noon()).await.unwrap(), 1);
    assert_eq!(
        count(&world.admin, "SELECT count(*) FROM audit_entry WHERE what = 'delivery.send_again'").await,
        1
    );
}

async fn brought(world: &World) {
    let pool = &world.pool;
    store::enrollment_begins(pool, "olga", "cards.csv.sealed", 3).await.unwrap();
    let file = "INSERT INTO partner_file (program_id, sequence, partner_id, business_date, lines, miles) \
                SELECT program_id, 1, partner_id, '2026-10-10', 1, 0 FROM program, partner WHERE partner.code = 'kosta'";
    world.admin.batch_execute(file).await.unwrap();
    let handback = Handback {
        program: world.program,
        sequence: 1,
        file_sequence: 1,
        sha256: [9; 32],
        lines: Vec::new(),
    };
    for kept in [HandbackKept::New, HandbackKept::Before] {
        assert_eq!(store::keep_handback(pool, &handback).await.unwrap(), kept);
    }
    let line = StatementLine {
        reference: "a".into(),
        date: DAY,
        amount_minor: 100,
        currency: "RUB".into(),
        direction: Direction::PartnerPaysBank,
        text: String::new(),
    };
    let statement = IncomingStatement { reference: "S1".into(), lines: vec![line] };
    let found = ComparedLine { result: StatementResult::UnknownId, id: None, our_minor: None };
    let answer = FileAnswer {
        number: 1,
        file_id: "F1".into(),
        sequence: 1,
        revision: 0,
        sha256: None,
        records: None,
        totals: None,
        verdict: AnswerVerdict::Accepted,
    };
    // What comes by itself is nobody's deed; by hand it is, once.
    for (number, by) in [(1, "sftp"), (2, BROUGHT_BY_HAND), (2, BROUGHT_BY_HAND)] {
        let sha256 = [number; 32];
        let new = NewStatement {
            receiver: "kosta",
            sha256,
            statement: &statement,
            compared: std::slice::from_ref(&found),
            period: (DAY, DAY),
            by,
            at: noon(),
        };
        store::keep_statement(pool, &new).await.unwrap();
        let new = NewBankStatement {
            bank: "boreal",
            sha256,
            statement: &statement,
            period: (DAY, DAY),
            by,
            at: noon(),
        };
        keep_bank_statement(pool, &new).await.unwrap();
        let intake = AnswerIntake {
            receiver: "kosta",
            answer: &FileAnswer { number: i32::from(number), ..answer.clone() },
            sha256,
            body: "",
            brought_by: by,
            at: noon(),
            file: None,
            lines: std::collections::BTreeMap::new(),
        };
        store::keep_answer(pool, &intake).await.unwrap();
    }
    for what in ["statement.import", "bank_statement.import", "answer.take"] {
        let left = audit::entries(pool, &AuditFilter { what: Some(what), ..AuditFilter::default() }, 10)
            .await
            .unwrap();
        assert_eq!(left.iter().map(|row| row.by.as_str()).collect::<Vec<_>>(), [audit::OPERATOR], "{what}");
    }
}

async fn miles(world: &World) {
    let (one, two) = (world.member(3, 4).await, world.member(700, 5).await);
    let asked = |id, asked, source: &str, said: &[(&'static str, &str)]| {
        let mut record = world.message(Some(one), id, EventKind::Miles(asked), 0);
        record.source = source.to_owned();
        record.event.content =
            Content(said.iter().map(|(name, value)| (*name, (*value).to_owned())).collect());
        record
    };
    let adjust = |miles| MilesEvent::Adjust { miles, funder: Funder::Bank };
    let send = |miles| MilesEvent::Send { miles, to_bucket: two.bucket, to: two.member.account };
    let by_ann = [("by", "ann"), ("reason", "a lost bag"), ("funder", "bank")];
    let first = asked(801, adjust(50), "staff", &by_ann);
    let batch = [
        first.clone(),
        asked(802, adjust(-500), "staff", &by_ann),
        asked(803, adjust(5), "api", &by_ann),
        asked(804, send(20), "staff", &[("by", "bob")]),
        asked(805, send(1), "member", &[]),
        asked(806, send(9_999), "staff", &[("by", "bob")]),
        // The same once more is a repeat, and nothing new.
        first,
    ];
    world.lane().await.run(&batch, &world.rules).await.unwrap();
    let filter = AuditFilter { what: Some("miles"), ..AuditFilter::default() };
    let left = audit::entries(&world.pool, &filter, 10).await.unwrap();
    let told: Vec<String> = left
        .iter()
        .map(|row| {
            let miles = &row.after.as_ref().unwrap()["miles"];
            format!("{} {} {} {} {miles} {}", row.by, row.what, row.object_kind, row.object, row.note)
        })
        .collect();
    let account = one.member.account.0;
    let expected = [
        format!("bob miles.send member 3/{account} 20 "),
        format!("ann miles.adjust member 3/{account} 50 a lost bag"),
    ];
    assert_eq!(told, expected, "what was refused, and what no member of staff asked for, is not there");
}
