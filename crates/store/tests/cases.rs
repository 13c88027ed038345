//! Cases on a real database, with the rights of the console: of several who decide one counts and never the proposer, what is
//! approved is booked in the same instant and once, and SQL by hand gets no further than the program.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use domain::case::{
    AgeBucket, CaseBookingKind, CaseProposalKind, CaseRefusal, CaseRules, CaseState, Resolution, Severity,
    WriteOffAccount,
};
use domain::{AdjustedItem, reconciliation::Source, settlement::Direction};
use jiff::{SignedDuration, Timestamp, civil::date};
use store::{
    Pool,
    cases::{
        self, Assigned, CaseDecided, CaseDecision, CaseError, CaseFilter, CaseOrder, CaseRow, CaseSort,
        CaseStep, CaseView, CasesFollowed, CasesTurned, NewCaseAdjustment, NewCaseProposal, Owner,
    },
};
use support::{DAY, RUB, World, count, until};

fn noon() -> Timestamp {
    "2026-10-10T09:00:00Z".parse().unwrap()
}

fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}

/// A world with staff; `console` has the rights of the console.
struct Desk {
    world: World,
    console: Pool,
}

/// A break as a comparison finds it.
#[derive(Clone, Copy)]
struct Found {
    subject: &'static str,
    class: &'static str,
    unit: &'static str,
    difference: i64,
    with_partner: bool,
}

const AMOUNT: Found =
    Found { subject: "line 1", class: "amount", unit: "RUB", difference: 9_000, with_partner: true };

impl Desk {
    async fn new() -> Self {
        let world = World::new().await;
        let staff = "INSERT INTO staff_user (name, password_hash) VALUES ('ann', 'x'), ('bob', 'x'), ('eve', 'x'), \
                     ('zoe', 'x'); UPDATE staff_user SET locked_at = now() WHERE name = 'zoe'";
        world.admin.batch_execute(staff).await.unwrap();
        let console = store::console_pool(&world.database);
        Self { world, console }
    }

    /// A run; its number.
    async fn run(&self) -> i64 {
        let text = "INSERT INTO reconciliation_run (source, scope, business_date, as_of, compared_at, inputs_sha256, matched, \
                    suggested, expected, broken, problem) VALUES ('partner_statement', 'statement 1', $1, $2, $2, \
                    sha256('x'), 0, 0, 0, 1, '') RETURNING run_id";
        self.world.admin.query_one(text, &[&DAY, &noon()]).await.unwrap().get(0)
    }

    /// Keeps breaks as a run finds them, and brings the cases up with it.
    async fn compared(&self, found: &[Found], at: Timestamp) -> (i64, CasesFollowed) {
        let run = self.run().await;
        let text = "INSERT INTO reconciliation_break (break_key, source, scope, class, timing, program_id, partner_id, \
                    business_date, subject, unit, ours, theirs, difference, reason, fields, first_run, found_at, last_run) \
                    VALUES (sha256(convert_to($1 || $2 || $3, 'UTF8')), 'partner_statement', 'statement 1', $2, 'data', $4, $5, \
                    $6, $1, $3, 0, $7, $7, 'amounts_differ', '[{\"field\":\"amount\",\"theirs\":\"12435\"}]', $8, $9, $8) \
                    ON CONFLICT (break_key) DO UPDATE SET last_run = excluded.last_run, cured_run = NULL, \
                    difference = excluded.difference";
        for one in found {
            let partner = one.with_partner.then_some(self.world.fuel.0);
            let values: [&(dyn tokio_postgres::types::ToSql + Sync); 9] = [
                &one.subject,
                &one.class,
                &one.unit,
                &self.world.program.0,
                &partner,
                &DAY,
                &one.difference,
                &run,
                &at,
            ];
            self.world.admin.execute(text, &values).await.unwrap();
        }
        (run, self.follow(run, at).await)
    }

    /// A run that no longer finds what it found.
    async fn cured(&self, case: i64, at: Timestamp) -> CasesFollowed {
        let run = self.run().await;
        let text = "UPDATE reconciliation_break SET cured_run = $2 WHERE break_id = $1";
        self.world.admin.execute(text, &[&case, &run]).await.unwrap();
        self.follow(run, at).await
    }

    async fn follow(&self, run: i64, at: Timestamp) -> CasesFollowed {
        let mut client = self.world.pool.get().await.unwrap();
        let transaction = client.transaction().await.unwrap();
        let followed = cases::follow_run(&transaction, run, &CaseRules::default(), at).await.unwrap();
        transaction.commit().await.unwrap();
        followed
    }

    /// The case of a single break.
    async fn case_of(&self, found: Found) -> i64 {
        let (_, followed) = self.compared(&[found], noon()).await;
        assert_eq!(followed.opened, 1);
        let text = "SELECT break_id FROM reconciliation_break WHERE subject = $1 AND class = $2";
        self.world.admin.query_one(text, &[&found.subject, &found.class]).await.unwrap().get(0)
    }

    async fn view(&self, case: i64) -> CaseView {
        cases::show(&self.console, case).await.unwrap().unwrap()
    }

    /// State, what is left, and by what it is resolved.
    async fn stands(&self, case: i64) -> (CaseState, i64, Option<Resolution>) {
        let row = self.view(case).await.row;
        (row.state, row.left, row.resolved.map(|(_, resolution)| resolution))
    }

    async fn propose(&self, case: i64, by: &str, new: &NewCaseProposal<'_>) -> Result<i64, CaseRefusal> {
        refused(cases::propose(&self.console, &step(case, by), new).await)
    }

    async fn decide(
        &self,
        case: i64,
        by: &str,
        proposal: i64,
        approves: bool,
    ) -> Result<CaseDecided, CaseRefusal> {
        let decision = CaseDecision { proposal, approves, reason: "seen" };
        refused(cases::decide(&self.console, &step(case, by), &decision).await)
    }

    /// Proposed by ann, approved by bob.
    async fn approved(&self, case: i64, new: &NewCaseProposal<'_>) -> CaseDecided {
        let proposal = self.propose(case, "ann", new).await.unwrap();
        self.decide(case, "bob", proposal, true).await.unwrap()
    }

    async fn sums_hold(&self) {
        let sums = cases::sums(&self.console).await.unwrap();
        assert!(!sums.is_empty() && sums.iter().all(cases::CaseSums::hold), "{sums:?}");
    }

    async fn listed(&self, filter: &CaseFilter) -> Vec<i64> {
        let order = CaseOrder { limit: 100, ..CaseOrder::default() };
        let page = cases::list(&self.console, filter, &order, noon()).await.unwrap();
        page.rows.iter().map(|row| row.id).collect()
    }
}

fn step(case: i64, by: &str) -> CaseStep<'_> {
    CaseStep { case, version: None, by, at: noon() }
}

fn refused<T>(result: Result<T, CaseError>) -> Result<T, CaseRefusal> {
    result.map_err(|error| match error {
        CaseError::Refused(refusal) => refusal,
        CaseError::Store(error) => panic!("{error}"),
    })
}

fn new(kind: CaseProposalKind, amount: Option<i64>) -> NewCaseProposal<'static> {
    NewCaseProposal {
        kind,
        amount,
        wait_until: None,
        their_ref: "",
        our_ref: "",
        account: None,
        adjustment: None,
        reason: "agreed by letter",
    }
}

fn write_off(amount: i64) -> NewCaseProposal<'static> {
    new(CaseProposalKind::WriteOff, Some(amount))
}

fn adjust(net: i64, vat: i64) -> NewCaseProposal<'static> {
    let item = AdjustedItem { basis: None, quantity: 0, net_minor: net, vat_minor: vat };
    let adjustment = NewCaseAdjustment {
        currency: RUB,
        currency_code: "RUB",
        stated: Direction::BankPaysPartner,
        original: "line 1",
        item,
    };
    NewCaseProposal { adjustment: Some(adjustment), ..new(CaseProposalKind::Adjust, Some(net + vat)) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_opens_a_case_for_each_new_break_once() {
    let desk = Desk::new().await;
    let small = Found { subject: "line 2", difference: -5, ..AMOUNT };
    let file =
        Found { subject: "file 7", class: "altered_file", unit: "", difference: 0, with_partner: true };
    let (run, followed) = desk.compared(&[AMOUNT, small, file], noon()).await;
    assert_eq!(followed, CasesFollowed { opened: 3, cured: 0, found_again: 0 });
    assert_eq!(desk.follow(run, noon()).await, CasesFollowed::default());
    let (_, followed) = desk.compared(&[AMOUNT, small, file], noon() + days(1)).await;
    assert_eq!(followed, CasesFollowed::default());

    let (all, order) = (CaseFilter::default(), CaseOrder { limit: 9, ..CaseOrder::default() });
    let rows = cases::list(&desk.console, &all, &order, noon()).await.unwrap().rows;
    let told: Vec<_> =
        rows.iter().map(|row| (row.subject.as_str(), row.severity, row.left, row.due_at)).collect();
    let hours = |hours| noon() + SignedDuration::from_hours(hours);
    assert_eq!(
        told,
        [
            ("line 1", Severity::Low, 9_000, hours(168)),
            ("line 2", Severity::Low, -5, hours(168)),
            ("file 7", Severity::Critical, 0, hours(24)),
        ]
    );
    assert!(
        rows.iter().all(|row| row.state == CaseState::Open && row.opened_at == noon() && row.version == 1)
    );
    let view = desk.view(rows[0].id).await;
    assert_eq!(view.fields[0]["theirs"], "12435");
    assert_eq!((view.events.len(), view.events[0].what.as_str(), &view.events[0].by), (1, "opened", &None));
    assert!(cases::show(&desk.console, 99).await.unwrap().is_none());
    desk.sums_hold().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_two_people_decide_is_booked_until_nothing_is_left() {
    let desk = Desk::new().await;
    let case = desk.case_of(AMOUNT).await;
    let done = desk.approved(case, &write_off(3_000)).await;
    assert_eq!((done.after.left, done.after.state, done.adjustment), (6_000, CaseState::Open, None));
    let matched = NewCaseProposal { their_ref: "S-7", ..new(CaseProposalKind::Match, Some(1_000)) };
    assert_eq!(desk.approved(case, &matched).await.after.left, 5_000);
    let waits =
        NewCaseProposal { wait_until: Some(date(2026, 10, 20)), ..new(CaseProposalKind::WaitUntil, None) };
    assert_eq!(desk.approved(case, &waits).await.after.state, CaseState::PendingExternal);
    let done = desk.approved(case, &adjust(4_000, 1_000)).await;
    assert_eq!((done.after.left, done.after.state), (0, CaseState::Resolved));
    assert_eq!(done.after.resolution, Some(Resolution::Adjusted));

    let view = desk.view(case).await;
    let booked: Vec<_> =
        view.bookings.iter().map(|row| (row.kind, row.amount, row.direction.as_str())).collect();
    assert_eq!(
        booked,
        [
            (CaseBookingKind::WriteOff, 3_000, "theirs_more"),
            (CaseBookingKind::Match, 1_000, "theirs_more"),
            (CaseBookingKind::Nothing, 0, "none"),
            (CaseBookingKind::Adjust, 5_000, "theirs_more"),
        ]
    );
    assert_eq!(view.bookings[0].account, Some(WriteOffAccount::Differences));
    assert_eq!(view.bookings[3].adjustment, done.adjustment);
    let told: Vec<&str> = view.events.iter().map(|event| event.what.as_str()).collect();
    let twice = ["proposed", "approved"];
    assert_eq!(told, [vec!["opened"], twice.repeat(4)].concat());
    assert!(
        view.proposals.iter().all(|it| it.decision.as_ref().is_some_and(|it| it.approved && it.by == "bob"))
    );
    assert_eq!(view.row.wait_until, None);
    desk.sums_hold().await;
    let sums = &cases::sums(&desk.console).await.unwrap()[0];
    assert_eq!(
        (sums.differences, sums.written_off, sums.matched, sums.adjusted),
        (9_000, 3_000, 1_000, 5_000)
    );
    assert_eq!((sums.left, sums.unresolved, sums.exposure), (0, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approved_adjustment_enters_the_next_file_once() {
    let desk = Desk::new().await;
    let case = desk.case_of(AMOUNT).await;
    let adjustment = desk.approved(case, &adjust(7_500, 1_500)).await.adjustment.unwrap();
    let kept = store::adjustment_proposal(&desk.world.pool, adjustment).await.unwrap().unwrap();
    assert_eq!((kept.partner, kept.by.as_str(), kept.original.as_str()), (desk.world.fuel, "ann", "line 1"));
    assert_eq!(kept.decision, Some((true, "bob".to_owned(), "seen".to_owned())));
    let cycle = store::cycle_by_date(&desk.world.pool, desk.world.program, DAY).await.unwrap().unwrap();
    let take = async |cycle| {
        let mut client = desk.world.pool.get().await.unwrap();
        let transaction = client.transaction().await.unwrap();
        let rows = store::take_adjustments(&transaction, cycle, desk.world.fuel, RUB).await.unwrap();
        transaction.commit().await.unwrap();
        rows
    };
    let taken = take(cycle.id).await;
    assert_eq!((taken.len(), taken[0].id, taken[0].items[0].net_minor), (1, adjustment, 7_500));
    assert_eq!(take(cycle.id).await, taken);
    let next = store::prepare_next(&desk.world.pool, &cycle, DAY.tomorrow().unwrap()).await.unwrap();
    assert_eq!(take(next.id).await, []);
    assert_eq!(desk.view(case).await.bookings[0].adjusted_in, Some(cycle.id));
    desk.sums_hold().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_who_decide_at_once_one_counts_and_never_the_proposer() {
    let desk = Desk::new().await;
    let case = desk.case_of(AMOUNT).await;
    let proposal = desk.propose(case, "ann", &write_off(9_000)).await.unwrap();
    assert_eq!(desk.decide(case, "ann", proposal, true).await, Err(CaseRefusal::SamePerson));
    assert_eq!(desk.propose(case, "bob", &write_off(1)).await, Err(CaseRefusal::Undecided));
    let all = tokio::join!(
        desk.decide(case, "bob", proposal, true),
        desk.decide(case, "eve", proposal, true),
        desk.decide(case, "eve", proposal, false),
        desk.decide(case, "bob", proposal, true),
    );
    let all = [all.0, all.1, all.2, all.3];
    assert_eq!(all.iter().filter(|one| one.is_ok()).count(), 1, "{all:?}");
    let late = all.iter().filter(|one| **one == Err(CaseRefusal::NothingProposed)).count();
    assert_eq!(late, 3, "{all:?}");
    let bookings = count(&desk.world.admin, "SELECT count(*) FROM case_booking").await;
    let approved =
        count(&desk.world.admin, "SELECT count(*) FROM case_decision WHERE verdict = 'approved'").await;
    assert_eq!((bookings, approved <= 1), (approved, true));
    desk.sums_hold().await;

    // Whoever acts upon what is no longer there is told so.
    let other = desk.case_of(Found { subject: "line 2", ..AMOUNT }).await;
    let seen = Some(desk.view(other).await.row.version);
    let proposal = desk.propose(other, "ann", &write_off(1)).await.unwrap();
    let decision = CaseDecision { proposal, approves: true, reason: "seen" };
    let stale = CaseStep { version: seen, ..step(other, "bob") };
    assert_eq!(refused(cases::decide(&desk.console, &stale, &decision).await), Err(CaseRefusal::Outdated));
}

/// One holds the case and has not committed: the other one waits, and then sees what the first has done.
#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_a_case_sees_what_was_done_meanwhile() {
    let desk = Desk::new().await;
    let case = desk.case_of(AMOUNT).await;
    let proposal = desk.propose(case, "ann", &write_off(9_000)).await.unwrap();
    let mut holder = support::client(&desk.world.text).await;
    let transaction = holder.transaction().await.unwrap();
    let lock = "SELECT FROM break_case WHERE case_id = $1 FOR UPDATE";
    transaction.query(lock, &[&case]).await.unwrap();
    let decide = "INSERT INTO case_decision VALUES ($1, $2, 'ann', 'rejected', 'eve', now(), 'no')";
    transaction.execute(decide, &[&proposal, &case]).await.unwrap();
    let second = async {
        let waits = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' \
                     AND query LIKE 'SELECT case_id FROM break_case%')";
        until(&desk.world.admin, "the other waits", waits).await;
        transaction.commit().await.unwrap();
    };
    let (late, ()) = tokio::join!(desk.decide(case, "bob", proposal, true), second);
    assert_eq!(late, Err(CaseRefusal::NothingProposed));
    assert_eq!(desk.stands(case).await, (CaseState::Open, 9_000, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn proposals_wait_one_at_a_time_and_are_taken_back_by_their_proposer() {
    let desk = Desk::new().await;
    let case = desk.case_of(AMOUNT).await;
    let take_back = async |by, proposal| {
        refused(cases::take_back(&desk.console, &step(case, by), proposal, "a mistake").await)
    };
    let first = desk.propose(case, "ann", &write_off(1)).await.unwrap();
    assert_eq!(take_back("bob", first).await, Err(CaseRefusal::NotTheProposer));
    assert_eq!(take_back("ann", first).await, Ok(()));
    assert_eq!(take_back("ann", first).await, Err(CaseRefusal::NothingProposed));
    assert_eq!(desk.decide(case, "bob", first, true).await, Err(CaseRefusal::NothingProposed));
    let second = desk.propose(case, "ann", &write_off(2)).await.unwrap();
    desk.decide(case, "bob", second, false).await.unwrap();
    assert_eq!(desk.stands(case).await, (CaseState::Open, 9_000, None));
    for (new, refusal) in [
        (write_off(9_001), CaseRefusal::PastWhatIsLeft),
        (write_off(-1), CaseRefusal::PastWhatIsLeft),
        (new(CaseProposalKind::Explain, None), CaseRefusal::NotAllowed(CaseProposalKind::Explain)),
        (new(CaseProposalKind::Match, None), CaseRefusal::NoReference),
        (new(CaseProposalKind::Adjust, None), CaseRefusal::AdjustmentDiffers),
        (NewCaseProposal { amount: Some(8_999), ..adjust(9_000, 0) }, CaseRefusal::AdjustmentDiffers),
        (NewCaseProposal { account: Some(WriteOffAccount::Miles), ..write_off(1) }, CaseRefusal::Account),
        (new(CaseProposalKind::WaitUntil, None), CaseRefusal::WaitDate),
        (NewCaseProposal { reason: " ", ..write_off(1) }, CaseRefusal::SaysNothing),
        (NewCaseProposal { reason: "4111 1111 1111 1111", ..write_off(1) }, CaseRefusal::CardNumber),
        (NewCaseProposal { their_ref: "4111111111111111", ..write_off(1) }, CaseRefusal::CardNumber),
    ] {
        assert_eq!(desk.propose(case, "ann", &new).await, Err(refusal), "{new:?}");
    }
    let lone = desk.case_of(Found { subject: "line 2", with_partner: false, ..AMOUNT }).await;
    let refusal = CaseRefusal::NotAllowed(CaseProposalKind::Adjust);
    assert_eq!(desk.propose(lone, "ann", &adjust(9_000, 0)).await, Err(refusal));
    assert_eq!(desk.propose(99, "ann", &write_off(1)).await, Err(CaseRefusal::NotFound));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_break_without_an_amount_is_explained() {
    let desk = Desk::new().await;
    let file =
        Found { subject: "file 7", class: "sequence_gap", unit: "", difference: 0, with_partner: true };
    let case = desk.case_of(file).await;
    let sent = desk.approved(case, &new(CaseProposalKind::SendBack, None)).await;
    assert_eq!(sent.after.state, CaseState::PendingExternal);
    let done = desk.approved(case, &new(CaseProposalKind::Explain, None)).await;
    assert_eq!((done.after.state, done.after.resolution), (CaseState::Resolved, Some(Resolution::Explained)));
    let kinds: Vec<_> = desk.view(case).await.bookings.iter().map(|row| row.kind).collect();
    assert_eq!(kinds, [CaseBookingKind::Nothing, CaseBookingKind::Nothing], "recorded as none");

    // Records may be counted: also then no amount is left.
    let records =
        Found { subject: "window 7", class: "totals", unit: "", difference: 3, with_partner: false };
    let counted = desk.case_of(records).await;
    assert_eq!(desk.stands(counted).await, (CaseState::Open, 0, None));
    let (_, followed) = desk.compared(&[Found { difference: 4, ..records }], noon() + days(1)).await;
    assert_eq!(followed, CasesFollowed::default());
    desk.cured(counted, noon() + days(2)).await;
    let (_, followed) = desk.compared(&[records], noon() + days(3)).await;
    assert_eq!(followed.found_again, 1);
    desk.approved(counted, &new(CaseProposalKind::Explain, None)).await;
    assert_eq!(desk.stands(counted).await, (CaseState::Resolved, 0, Some(Resolution::Explained)));
    assert_eq!(
        desk.propose(case, "ann", &new(CaseProposalKind::Explain, None)).await,
        Err(CaseRefusal::Resolved)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_cured_is_resolved_and_comes_back_as_old_as_it_is() {
    let desk = Desk::new().await;
    let case = desk.case_of(AMOUNT).await;
    desk.approved(case, &write_off(3_000)).await;
    let undecided = desk.propose(case, "ann", &write_off(6_000)).await.unwrap();
    let followed = desk.cured(case, noon() + days(1)).await;
    assert_eq!(followed, CasesFollowed { opened: 0, cured: 1, found_again: 0 });
    assert_eq!(desk.stands(case).await, (CaseState::Resolved, 0, Some(Resolution::Cured)));
    assert_eq!(desk.decide(case, "bob", undecided, true).await, Err(CaseRefusal::Resolved));
    desk.sums_hold().await;

    let (_, followed) = desk.compared(&[AMOUNT], noon() + days(9)).await;
    assert_eq!(followed, CasesFollowed { opened: 0, cured: 0, found_again: 1 });
    assert_eq!(desk.stands(case).await, (CaseState::Open, 6_000, None));
    assert_eq!(desk.view(case).await.row.opened_at, noon());
    desk.sums_hold().await;

    // With another difference: what was decided stays, and what is left is what is missing now.
    let (_, followed) = desk.compared(&[Found { difference: 5_000, ..AMOUNT }], noon() + days(10)).await;
    assert_eq!(followed.found_again, 1);
    assert_eq!(desk.stands(case).await, (CaseState::Open, 2_000, None));
    assert_eq!(desk.decide(case, "bob", undecided, true).await, Err(CaseRefusal::PastWhatIsLeft));
    desk.decide(case, "bob", undecided, false).await.unwrap();
    let done = desk.approved(case, &write_off(2_000)).await;
    assert_eq!(done.after.state, CaseState::Resolved);
    desk.sums_hold().await;
    // Decided by people: a cure changes nothing any more, the same difference is no news, another one is.
    assert_eq!(desk.cured(case, noon() + days(11)).await, CasesFollowed::default());
    let (_, followed) = desk.compared(&[Found { difference: 5_000, ..AMOUNT }], noon() + days(12)).await;
    assert_eq!(followed, CasesFollowed::default());
    let (_, followed) = desk.compared(&[AMOUNT], noon() + days(13)).await;
    assert_eq!(followed.found_again, 1);
    assert_eq!(desk.stands(case).await, (CaseState::Open, 4_000, None));
    let kinds: Vec<_> = desk.view(case).await.bookings.iter().map(|row| (row.kind, row.amount)).collect();
    let (off, cured) = (CaseBookingKind::WriteOff, CaseBookingKind::Cured);
    assert_eq!(kinds, [(off, 3_000), (cured, 6_000), (cured, -6_000), (off, 2_000)]);
    desk.sums_hold().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_grows_more_severe_with_its_amount() {
    let desk = Desk::new().await;
    let case = desk.case_of(Found { class: "split", difference: -1, ..AMOUNT }).await;
    let stands = async || {
        let row = desk.view(case).await.row;
        (row.severity, row.due_at)
    };
    let hours = |hours| noon() + SignedDuration::from_hours(hours);
    assert_eq!(stands().await, (Severity::Low, hours(168)));
    let found = async |difference, at| {
        desk.compared(&[Found { class: "split", difference, ..AMOUNT }], at).await;
    };
    found(4_999_999, noon() + days(1)).await;
    assert_eq!(stands().await, (Severity::High, hours(72)), "as a new break of this size");
    let view = desk.view(case).await;
    let last = view.events.last().unwrap();
    assert_eq!(
        (last.what.as_str(), &last.body["from"], &last.body["to"]),
        ("escalated", &"low".into(), &"high".into())
    );
    // It never falls, and the case is as old as it was.
    found(2, noon() + days(2)).await;
    assert_eq!(stands().await, (Severity::High, hours(72)));
    assert_eq!(desk.view(case).await.row.opened_at, noon());

    // A wait that two people agreed upon holds what is due.
    let waits =
        NewCaseProposal { wait_until: Some(date(2026, 10, 20)), ..new(CaseProposalKind::WaitUntil, None) };
    desk.approved(case, &waits).await;
    let (_, due) = stands().await;
    found(50_000_000, noon() + days(3)).await;
    assert_eq!(stands().await, (Severity::Critical, due));
    desk.sums_hold().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_suggested_is_confirmed_or_kept_apart_by_two_people() {
    let desk = Desk::new().await;
    let suggested =
        |subject| Found { subject, class: "suggested", unit: "", difference: 0, with_partner: true };
    let (one, two) = (desk.case_of(suggested("X-77")).await, desk.case_of(suggested("X-78")).await);
    let refs = "UPDATE reconciliation_break SET our_refs = '{payout 1,payout 2}', their_refs = '{1/1}'";
    desk.world.admin.batch_execute(refs).await.unwrap();
    let explain = new(CaseProposalKind::Explain, None);
    let refused = CaseRefusal::NotAllowed(CaseProposalKind::Explain);
    assert_eq!(desk.propose(one, "ann", &explain).await, Err(refused), "it is answered");
    let apart = new(CaseProposalKind::KeepApart, None);
    let other = desk.case_of(AMOUNT).await;
    let refused = CaseRefusal::NotAllowed(CaseProposalKind::KeepApart);
    assert_eq!(desk.propose(other, "ann", &apart).await, Err(refused));

    // Whoever agrees need not type what it names itself.
    let proposal = desk.propose(one, "ann", &new(CaseProposalKind::Match, None)).await.unwrap();
    assert_eq!(desk.decide(one, "ann", proposal, true).await, Err(CaseRefusal::SamePerson));
    assert_eq!(desk.stands(one).await, (CaseState::Open, 0, None), "nothing is confirmed by itself");
    desk.decide(one, "bob", proposal, true).await.unwrap();
    assert_eq!(desk.stands(one).await, (CaseState::Resolved, 0, Some(Resolution::Matched)));
    let kept = &desk.view(one).await.proposals[0];
    assert_eq!((kept.our_ref.as_str(), kept.their_ref.as_str()), ("payout 1 + payout 2", "1/1"));

    desk.approved(two, &apart).await;
    assert_eq!(desk.stands(two).await, (CaseState::Resolved, 0, Some(Resolution::KeptApart)));
    let kept = store::reconciliation::kept_apart(&desk.world.pool, Source::PartnerStatement).await.unwrap();
    let pair = |ours: &str| (ours.to_owned(), "1/1".to_owned());
    assert_eq!(kept, [("statement 1".to_owned(), vec![pair("payout 1"), pair("payout 2")])].into());
    let other_source =
        store::reconciliation::kept_apart(&desk.world.pool, Source::BankStatement).await.unwrap();
    assert_eq!(other_source.len(), 0);

    // What is answered is not open any more; all else that was not cured is.
    let open = store::reconciliation::open_breaks(&desk.world.pool, None).await.unwrap();
    assert_eq!(open.iter().map(|open| open.id).collect::<Vec<_>>(), [other]);
    // Found again it stays answered.
    let (_, followed) = desk.compared(&[suggested("X-77")], noon() + days(1)).await;
    assert_eq!(followed, CasesFollowed::default());
    assert_eq!(desk.stands(one).await.0, CaseState::Resolved);
}

#[tokio::test(flavor = "multi_thread")]
async fn waits_end_and_cases_grow_more_severe_with_age() {
    let desk = Desk::new().await;
    let case = desk.case_of(AMOUNT).await;
    let assigned = cases::assign(&desk.console, &[(case, None)], Some("eve"), ("ann", noon())).await.unwrap();
    assert_eq!(assigned, Assigned::All(1));
    let waits =
        NewCaseProposal { wait_until: Some(date(2026, 10, 25)), ..new(CaseProposalKind::WaitUntil, None) };
    desk.approved(case, &waits).await;
    let row = desk.view(case).await.row;
    // The day begins in Moscow.
    let begins: Timestamp = "2026-10-24T21:00:00Z".parse().unwrap();
    assert_eq!((row.state, row.due_at), (CaseState::PendingExternal, begins));
    let rules = CaseRules::default();
    let turned = async |now| cases::turn(&desk.world.pool, &rules, now).await.unwrap();
    let second = SignedDuration::from_secs(1);
    assert_eq!(turned(noon() + days(1) - second).await, CasesTurned::default());
    assert_eq!(turned(noon() + days(1)).await, CasesTurned { ripened: 0, escalated: 1 });
    assert_eq!(desk.view(case).await.row.severity, Severity::Medium);
    assert_eq!(turned(begins - second).await, CasesTurned { ripened: 0, escalated: 1 });
    assert_eq!(turned(begins).await, CasesTurned { ripened: 1, escalated: 0 });
    assert_eq!(turned(begins).await, CasesTurned::default());
    let row = desk.view(case).await.row;
    assert_eq!((row.state, row.severity, row.wait_until), (CaseState::Assigned, Severity::Critical, None));
    assert_eq!((row.opened_at, row.assigned_to.as_deref()), (noon(), Some("eve")));
    let ages = cases::ageing(&desk.console, begins).await.unwrap();
    let told: Vec<_> = ages.iter().map(|age| (age.bucket, age.cases, age.exposure)).collect();
    assert_eq!(told, [(AgeBucket::Days8To30, 1, 9_000)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn cases_are_assigned_all_or_none_and_each_that_stands_in_the_way_is_named() {
    let desk = Desk::new().await;
    let one = desk.case_of(AMOUNT).await;
    let two = desk.case_of(Found { subject: "line 2", ..AMOUNT }).await;
    let gone = desk.case_of(Found { subject: "line 3", ..AMOUNT }).await;
    desk.cured(gone, noon()).await;
    let assign = async |all: &[(i64, Option<i32>)], to| {
        refused(cases::assign(&desk.console, all, to, ("ann", noon())).await)
    };
    let refusals =
        vec![(two, CaseRefusal::Outdated), (gone, CaseRefusal::Resolved), (99, CaseRefusal::NotFound)];
    let found = assign(&[(99, None), (gone, None), (two, Some(7)), (one, Some(1))], Some("bob")).await;
    assert_eq!(found, Ok(Assigned::None(refusals)));
    assert_eq!(desk.stands(one).await.0, CaseState::Open);
    assert_eq!(assign(&[(two, Some(1)), (one, None), (one, None)], Some("bob")).await, Ok(Assigned::All(2)));
    assert_eq!(desk.stands(two).await.0, CaseState::Assigned);
    for name in ["nobody", "zoe"] {
        assert_eq!(assign(&[(one, None)], Some(name)).await, Err(CaseRefusal::NoSuchPerson), "{name}");
    }
    let many: Vec<_> = (1..=501).map(|case| (case, None)).collect();
    assert_eq!(assign(&many, Some("bob")).await, Err(CaseRefusal::TooLong));
    assert_eq!(assign(&[(one, None)], None).await, Ok(Assigned::All(1)));
    assert_eq!(desk.stands(one).await.0, CaseState::Open);
    let events: Vec<_> = desk.view(one).await.events.iter().map(|event| event.body["to"].clone()).collect();
    assert_eq!(events[1..], [serde_json::json!("bob"), serde_json::Value::Null]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_and_attached_stays() {
    let desk = Desk::new().await;
    let case = desk.case_of(AMOUNT).await;
    let comment = async |text| refused(cases::comment(&desk.console, &step(case, "ann"), text).await);
    assert_eq!(comment("asked the bank").await, Ok(2));
    assert_eq!(comment("4111 1111 1111 1111").await, Err(CaseRefusal::CardNumber));
    let attach = async |name: &str, bytes: &[u8]| {
        refused(cases::attach(&desk.console, &step(case, "ann"), name, bytes).await)
    };
    assert_eq!(attach("letter.txt", b"we agree").await, Ok(3));
    assert_eq!(attach("again.txt", b"we agree").await, Err(CaseRefusal::AttachedAlready));
    assert_eq!(attach("a.txt", b"4111111111111111").await, Err(CaseRefusal::CardNumber));
    assert_eq!(attach("4111111111111111.txt", b"x").await, Err(CaseRefusal::CardNumber));
    assert_eq!(attach("a.exe", b"MZ").await, Err(CaseRefusal::AttachmentType));
    for number in 1..domain::case::ATTACHMENTS_MAX {
        attach("n.txt", number.to_string().as_bytes()).await.unwrap();
    }
    assert_eq!(attach("n.txt", b"one more").await, Err(CaseRefusal::TooLong));
    let (row, bytes) = cases::attachment(&desk.console, case, 3).await.unwrap().unwrap();
    assert_eq!(
        (row.name.as_str(), row.media_type.as_str(), bytes.as_slice()),
        ("letter.txt", "text/plain", &b"we agree"[..])
    );
    assert_eq!(row.sha256, "31ea1357f91cf9fb90e412668ea87280247b873272ff25aff881b4f90b2c96b3");
    assert!(cases::attachment(&desk.console, case, 2).await.unwrap().is_none());
    assert_eq!(desk.view(case).await.row.version, 1, "what is said changes nothing");
    desk.cured(case, noon()).await;
    assert!(comment("it has come").await.is_ok(), "also behind the end");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_filtered_sorted_and_turned_page_by_page() {
    let desk = Desk::new().await;
    let subjects = ["line 1", "line 2", "line 3", "line 4", "line 5", "line 6", "line 7"];
    for (place, subject) in (0_i64..).zip(subjects) {
        let difference = if place % 2 == 0 { 100_000 * (place + 1) } else { -7 };
        let found = Found { subject, difference, ..AMOUNT };
        desk.compared(&[found], noon() - days(place * 5 / 2)).await;
    }
    let file =
        Found { subject: "100%_file", class: "signature", unit: "", difference: 0, with_partner: false };
    desk.compared(&[file], noon() - days(1)).await;

    let rows = |sort, reversed| {
        let console = &desk.console;
        async move {
            let (mut all, mut after): (Vec<CaseRow>, Option<String>) = (Vec::new(), None);
            loop {
                let order = CaseOrder { sort, reversed, after, limit: 3 };
                let page = cases::list(console, &CaseFilter::default(), &order, noon()).await.unwrap();
                all.extend(page.rows);
                after = page.next;
                if after.is_none() {
                    return all;
                }
            }
        }
    };
    for sort in CaseSort::ALL {
        let all = rows(sort, false).await;
        assert_eq!(all.len(), 8, "{sort:?}");
        let key = |row: &CaseRow| match sort {
            CaseSort::Age => (0, row.opened_at, row.id),
            CaseSort::Amount => (-row.difference.abs(), Timestamp::MIN, row.id),
            CaseSort::Severity => (
                -i64::try_from(Severity::ALL.iter().position(|it| *it == row.severity).unwrap()).unwrap(),
                row.opened_at,
                row.id,
            ),
        };
        assert!(all.is_sorted_by_key(key), "{sort:?}");
        let mut turned: Vec<_> = rows(sort, true).await.iter().map(|row| row.id).collect();
        turned.reverse();
        assert_eq!(turned, all.iter().map(|row| row.id).collect::<Vec<_>>(), "{sort:?}");
    }
    let unread = CaseOrder { after: Some("x.1".to_owned()), limit: 1, ..CaseOrder::default() };
    let page = cases::list(&desk.console, &CaseFilter::default(), &unread, noon()).await.unwrap();
    assert_eq!(page.rows.len(), 1);

    let all = desk.listed(&CaseFilter::default()).await;
    let (file, first) = (all.iter().copied().max().unwrap(), all.iter().copied().min().unwrap());
    cases::assign(&desk.console, &[(first, None)], Some("bob"), ("ann", noon())).await.unwrap();
    desk.propose(first, "ann", &write_off(1)).await.unwrap();
    let check = async |filter: CaseFilter, wanted: usize, has: i64| {
        let found = desk.listed(&filter).await;
        assert_eq!((found.len(), found.contains(&has)), (wanted, true), "{filter:?}: {found:?}");
    };
    let any = CaseFilter::default;
    check(CaseFilter { states: vec![CaseState::Assigned], ..any() }, 1, first).await;
    check(CaseFilter { states: vec![CaseState::Assigned, CaseState::Open], ..any() }, 8, first).await;
    check(CaseFilter { classes: vec!["signature".to_owned()], ..any() }, 1, file).await;
    check(
        CaseFilter { source: Some("partner_statement".to_owned()), timing: Some("data".to_owned()), ..any() },
        8,
        file,
    )
    .await;
    check(CaseFilter { program: Some(desk.world.program), business_date: Some(DAY), ..any() }, 8, file).await;
    check(CaseFilter { partner: Some(desk.world.fuel), unit: Some("RUB".to_owned()), ..any() }, 7, first)
        .await;
    check(CaseFilter { owner: Some(Owner::Person("bob".to_owned())), ..any() }, 1, first).await;
    check(CaseFilter { owner: Some(Owner::Nobody), ..any() }, 7, file).await;
    check(CaseFilter { severity: Some(Severity::Critical), ..any() }, 1, file).await;
    check(CaseFilter { age: Some(AgeBucket::UpTo1), ..any() }, 2, file).await;
    check(CaseFilter { age: Some(AgeBucket::Days2To3), ..any() }, 1, first + 1).await;
    check(CaseFilter { size_min: Some(100_000), size_max: Some(100_000), ..any() }, 1, first).await;
    check(CaseFilter { waits_for: Some("bob".to_owned()), ..any() }, 1, first).await;
    check(CaseFilter { search: Some("100%_".to_owned()), ..any() }, 1, file).await;
    check(CaseFilter { search: Some("LINE".to_owned()), ..any() }, 7, first).await;
    check(CaseFilter { search: Some(format!(" #{file} ")), ..any() }, 1, file).await;
    check(CaseFilter { search: Some("12435".to_owned()), ..any() }, 8, file).await;
    // The four oldest; one of 3,000.00 that is just five days old; the signature.
    check(CaseFilter { overdue: true, ..any() }, 6, file).await;
    let nothing = CaseFilter { waits_for: Some("ann".to_owned()), ..any() };
    assert!(desk.listed(&nothing).await.is_empty(), "one's own proposals wait for others");
}

impl Desk {
    /// A line that skyfuel disputes; the number of the dispute.
    async fn disputed(&self, line: &str, number: i32) -> i64 {
        let dispute = "WITH answer AS (INSERT INTO settlement_answer (receiver, number, sha256, body, outcome, problem, brought_by, \
                   received_at) VALUES ('skyfuel', $4, sha256($3::text::bytea), 'x', 'disputed', '', 'inbox', now()) \
                   RETURNING answer_id) INSERT INTO settlement_dispute (answer_id, receiver, file_sequence, revision, line_id, \
                   code, their_reference, program_id, partner_id, currency, stated, record) SELECT answer_id, 'skyfuel', 1, 0, \
                   $3, 'price', '', $1, $2, 643, 'partner_pays_bank', 'TX' FROM answer RETURNING dispute_id";
        let (program, partner) = (self.world.program.0, self.world.fuel.0);
        self.world.admin.query_one(dispute, &[&program, &partner, &line, &number]).await.unwrap().get(0)
    }

    /// Proposes to correct it by its dispute, by so much; by nothing: to leave the line as it is.
    async fn by_dispute(&self, dispute: i64, net_minor: i64) -> store::AdjustmentStep {
        let item = AdjustedItem { basis: None, quantity: 0, net_minor, vat_minor: 0 };
        let items: Vec<AdjustedItem> = (net_minor != 0).then_some(item).into_iter().collect();
        let new = store::NewAdjustment {
            dispute: Some(dispute),
            program: self.world.program,
            partner: self.world.fuel,
            currency: RUB,
            stated: Direction::PartnerPaysBank,
            original: "line 1",
            items: &items,
            reason: "agreed",
            by: "ann",
            at: noon(),
        };
        store::propose_adjustment(&self.world.pool, &new).await.unwrap()
    }
}

/// What a case has given up or adjusted is not corrected by the dispute of its line, and the other way round: in each order,
/// also if one waits for a decision meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_disputed_line_counts_twice() {
    let desk = Desk::new().await;
    let case_of = async |subject| desk.case_of(Found { subject, difference: -9_000, ..AMOUNT }).await;
    let of_line = |subject, new: NewCaseProposal<'static>| NewCaseProposal {
        adjustment: new.adjustment.map(|it| NewCaseAdjustment { original: subject, ..it }),
        ..new
    };

    // Written off, and then disputed: the dispute can only leave the line as it is.
    let case = case_of("line 1").await;
    desk.approved(case, &write_off(-9_000)).await;
    let one = desk.disputed("line 1", 1).await;
    assert_eq!(desk.by_dispute(one, -9_000).await, store::AdjustmentStep::SettledByItsCase);
    assert!(matches!(desk.by_dispute(one, 0).await, store::AdjustmentStep::Done(_)));

    // An adjustment decides its dispute, so it is of all that is left: nothing is cured that nobody has paid.
    let case = case_of("line 2").await;
    desk.disputed("line 2", 2).await;
    let part = of_line("line 2", adjust(-6_000, 0));
    assert_eq!(desk.propose(case, "ann", &part).await, Err(CaseRefusal::NotAllOfTheLine));
    desk.approved(case, &write_off(-3_000)).await;
    let done = desk.approved(case, &part).await;
    assert_eq!((done.after.left, done.after.resolution), (0, Some(Resolution::Adjusted)));

    // The dispute goes first, before the write-off is proposed or before it is decided.
    let (case, three) = (case_of("line 3").await, desk.disputed("line 3", 3).await);
    let proposal = desk.propose(case, "ann", &write_off(-9_000)).await.unwrap();
    assert!(matches!(desk.by_dispute(three, -9_000).await, store::AdjustmentStep::Done(_)));
    assert_eq!(desk.decide(case, "bob", proposal, true).await, Err(CaseRefusal::CorrectedAlready));
    desk.decide(case, "bob", proposal, false).await.unwrap();
    assert_eq!(desk.propose(case, "ann", &write_off(-1)).await, Err(CaseRefusal::CorrectedAlready));
    assert_eq!(desk.stands(case).await, (CaseState::Open, -9_000, None));

    // A line is disputed after a part of it was proposed.
    let case = case_of("line 4").await;
    let part = of_line("line 4", adjust(-6_000, 0));
    let proposal = desk.propose(case, "ann", &part).await.unwrap();
    desk.disputed("line 4", 4).await;
    assert_eq!(desk.decide(case, "bob", proposal, true).await, Err(CaseRefusal::NotAllOfTheLine));
    desk.sums_hold().await;
}

/// A line that a receiver disputes is corrected once, whether by its case or by its dispute.
#[tokio::test(flavor = "multi_thread")]
async fn a_disputed_line_is_corrected_once_whichever_way_is_gone() {
    let desk = Desk::new().await;
    let as_dispute = async |dispute: i64| desk.by_dispute(dispute, 9_000).await;
    let (one, two) = (desk.disputed("line 1", 1).await, desk.disputed("line 2", 2).await);

    // The case is first: its adjustment is that of the dispute.
    let case = desk.case_of(AMOUNT).await;
    assert_eq!(desk.view(case).await.stated, Some(Direction::PartnerPaysBank));
    let adjustment = desk.approved(case, &adjust(9_000, 0)).await.adjustment.unwrap();
    let kept = store::adjustment_proposal(&desk.world.pool, adjustment).await.unwrap().unwrap();
    assert_eq!(kept.dispute, Some(one));
    let accepted = store::AdjustmentStep::Stands(domain::DisputeState::Accepted);
    assert_eq!(as_dispute(one).await, accepted);

    // The dispute is first, before the case is proposed or before it is decided.
    let second = desk.case_of(Found { subject: "line 2", ..AMOUNT }).await;
    let of_second = adjust(9_000, 0);
    let of_second = NewCaseProposal {
        adjustment: of_second.adjustment.map(|it| NewCaseAdjustment { original: "line 2", ..it }),
        ..of_second
    };
    let proposal = desk.propose(second, "ann", &of_second).await.unwrap();
    assert!(matches!(as_dispute(two).await, store::AdjustmentStep::Done(_)));
    assert_eq!(desk.decide(second, "bob", proposal, true).await, Err(CaseRefusal::CorrectedAlready));
    desk.decide(second, "bob", proposal, false).await.unwrap();
    assert_eq!(desk.propose(second, "ann", &of_second).await, Err(CaseRefusal::CorrectedAlready));
    assert_eq!(desk.stands(second).await, (CaseState::Open, 9_000, None));
    desk.sums_hold().await;
}

/// Everything that people do is told with how it was and how it is, and nothing is told of what was refused.
#[tokio::test(flavor = "multi_thread")]
async fn the_audit_knows_who_did_what() {
    let desk = Desk::new().await;
    let case = desk.case_of(AMOUNT).await;
    cases::assign(&desk.console, &[(case, None)], Some("eve"), ("ann", noon())).await.unwrap();
    cases::comment(&desk.console, &step(case, "ann"), "asked").await.unwrap();
    cases::attach(&desk.console, &step(case, "ann"), "a.txt", b"yes").await.unwrap();
    let proposal = desk.propose(case, "ann", &write_off(1)).await.unwrap();
    assert_eq!(desk.decide(case, "ann", proposal, true).await, Err(CaseRefusal::SamePerson));
    cases::take_back(&desk.console, &step(case, "ann"), proposal, "a mistake").await.unwrap();
    let proposal = desk.propose(case, "ann", &write_off(2)).await.unwrap();
    desk.decide(case, "bob", proposal, false).await.unwrap();
    let proposal = desk.propose(case, "ann", &write_off(9_000)).await.unwrap();
    desk.decide(case, "bob", proposal, true).await.unwrap();
    let text = "SELECT by, what, note, before ->> 'left', after ->> 'left', after ->> 'state' FROM audit_entry \
                WHERE object_kind = 'case' AND object = $1 ORDER BY entry_id";
    let rows = desk.world.admin.query(text, &[&case.to_string()]).await.unwrap();
    let told: Vec<[String; 6]> =
        rows.iter().map(|row| [0, 1, 2, 3, 4, 5].map(|column| row.get(column))).collect();
    let words: Vec<&str> = told.iter().map(|row| row[1].as_str()).collect();
    assert_eq!(
        words,
        [
            "case.assign",
            "case.comment",
            "case.attach",
            "case.propose",
            "case.take_back",
            "case.propose",
            "case.reject",
            "case.propose",
            "case.approve"
        ]
    );
    let known: Vec<&str> =
        store::audit::WORDS.iter().copied().filter(|word| word.starts_with("case.")).collect();
    assert!(known.iter().all(|word| words.contains(word)), "{known:?}");
    assert_eq!(told[8], ["bob", "case.approve", "seen", "9000", "0", "resolved"]);
    assert!(store::audit::seal(&desk.world.pool).await.unwrap() > 0);
}

/// Whoever has the console's rights in the database, and nothing between, gets no further than the program.
#[tokio::test(flavor = "multi_thread")]
async fn sql_by_hand_with_the_rights_of_the_console_is_refused() {
    let desk = Desk::new().await;
    let case = desk.case_of(AMOUNT).await;
    let other = desk.case_of(Found { subject: "line 2", ..AMOUNT }).await;
    let proposal = desk.propose(case, "ann", &write_off(9_000)).await.unwrap();
    let client = desk.console.get().await.unwrap();
    let denied = "42501";
    let decision = |who: &str, proposer: &str, of: i64| {
        format!(
            "INSERT INTO case_decision VALUES ({proposal}, {of}, '{proposer}', 'approved', '{who}', now(), 'x')"
        )
    };
    let proposed = |of: i64, kind: &str, unit: &str, amount: i64, more: (&str, &str)| {
        format!(
            "INSERT INTO case_proposal (case_id, kind, unit, amount_minor, their_ref, our_ref, reason, proposed_by, \
             proposed_at{}) VALUES ({of}, '{kind}', '{unit}', {amount}, '', 'x', 'x', 'ann', now(){})",
            more.0, more.1
        )
    };
    let account = (", account", ", 'differences'");
    let none = ("", "");
    let tried = [
        // Four eyes.
        (decision("ann", "ann", case), "case_decision_by_another_person"),
        (decision("ann", "eve", case), "case_decision_proposal_id_proposed_by_fkey"),
        (decision("bob", "ann", other), "case_decision_proposal_id_case_id_fkey"),
        (decision("nobody", "ann", case), "case_decision_decided_by_fkey"),
        // One proposal at a time, in the unit of the break, never past what is left.
        (proposed(case, "write_off", "RUB", 1, account), "case_proposal_first"),
        (proposed(other, "write_off", "USD", 1, account), "case_proposal_case_id_unit_fkey"),
        (proposed(other, "write_off", "RUB", 9_001, account), "case_proposal_within_what_is_left"),
        (proposed(other, "write_off", "RUB", -1, account), "case_proposal_within_what_is_left"),
        (proposed(other, "explain", "RUB", 0, none), "case_proposal_within_what_is_left"),
        (proposed(other, "send_back", "RUB", 5, none), "case_proposal_check"),
        (
            proposed(other, "match", "RUB", 1, (", previous", &format!(", {proposal}"))),
            "case_proposal_behind_a_decided_one",
        ),
        // What is booked, and what is left, nobody writes by hand.
        (
            format!(
                "INSERT INTO case_booking (case_id, kind, unit, amount, booked_at) VALUES ({case}, 'none', 'RUB', 0, now())"
            ),
            denied,
        ),
        (format!("UPDATE break_case SET left_amount = 0 WHERE case_id = {case}"), denied),
        (format!("UPDATE break_case SET difference = 0 WHERE case_id = {case}"), denied),
        (format!("UPDATE break_case SET opened_at = now() WHERE case_id = {case}"), denied),
        (format!("UPDATE break_case SET severity = 'low' WHERE case_id = {case}"), denied),
        (
            format!(
                "UPDATE break_case SET state = 'resolved', resolution = 'explained', resolved_at = now() WHERE case_id = {case}"
            ),
            "break_case_stands_by_its_bookings",
        ),
        (
            format!("UPDATE break_case SET state = 'pending_external' WHERE case_id = {case}"),
            "break_case_stands_by_its_bookings",
        ),
        ("INSERT INTO settlement_adjustment (proposal_id) VALUES (1)".to_owned(), denied),
        ("INSERT INTO adjustment_proposal (verdict) VALUES ('adjust')".to_owned(), denied),
        ("UPDATE reconciliation_break SET difference = 0".to_owned(), denied),
        // Nothing that was said is changed.
        ("UPDATE case_event SET body = '{}'".to_owned(), denied),
        ("DELETE FROM case_event".to_owned(), denied),
        ("UPDATE case_proposal SET amount_minor = 1".to_owned(), denied),
        ("DELETE FROM case_decision".to_owned(), denied),
        ("TRUNCATE case_booking".to_owned(), denied),
        ("DELETE FROM break_case".to_owned(), denied),
        ("ALTER TABLE case_decision DROP CONSTRAINT case_decision_by_another_person".to_owned(), denied),
    ];
    for (sql, why) in &tried {
        let error = client.execute(sql.as_str(), &[]).await.expect_err(sql);
        let error = error.as_db_error().expect(sql);
        let told = if *why == denied { Some(error.code().code()) } else { error.constraint() };
        assert_eq!(told, Some(*why), "{sql}: {error}");
    }
    // Not even its owner changes what was said, or lets a case grow younger.
    for table in ["case_event", "case_attachment", "case_proposal", "case_decision", "case_booking"] {
        for sql in [format!("DELETE FROM {table}"), format!("TRUNCATE {table} CASCADE")] {
            let error = desk.world.admin.execute(sql.as_str(), &[]).await.expect_err(&sql);
            assert_eq!(error.as_db_error().unwrap().constraint(), Some("case_rows_are_only_added"), "{sql}");
        }
    }
    let younger = "UPDATE break_case SET opened_at = opened_at + interval '1 day'";
    let error = desk.world.admin.execute(younger, &[]).await.unwrap_err();
    assert_eq!(error.as_db_error().unwrap().constraint(), Some("break_case_age"));
    assert_eq!(desk.stands(case).await, (CaseState::Open, 9_000, None));
    assert_eq!(count(&desk.world.admin, "SELECT count(*) FROM case_booking").await, 0);

    // What it may do is booked by the database itself: also an approval that was written by hand.
    client.execute(decision("bob", "ann", case).as_str(), &[]).await.unwrap();
    assert_eq!(desk.stands(case).await, (CaseState::Open, 0, None));
    let again = client.execute(decision("eve", "ann", case).as_str(), &[]).await.unwrap_err();
    assert_eq!(again.as_db_error().unwrap().constraint(), Some("case_decision_pkey"));
    desk.sums_hold().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sum_that_does_not_hold_is_seen() {
    let desk = Desk::new().await;
    let case = desk.case_of(AMOUNT).await;
    desk.approved(case, &adjust(9_000, 0)).await;
    desk.sums_hold().await;
    let check = async |spoil: &str, mend: &str| {
        desk.world.admin.batch_execute(spoil).await.unwrap();
        let sums = cases::sums(&desk.console).await.unwrap();
        assert!(!sums[0].hold() && sums[0].cases_off == 1, "{spoil}: {sums:?}");
        desk.world.admin.batch_execute(mend).await.unwrap();
        desk.sums_hold().await;
    };
    check(
        "UPDATE reconciliation_break SET difference = difference + 1",
        "UPDATE reconciliation_break SET difference = difference - 1",
    )
    .await;
    check(
        "UPDATE adjustment_proposal_item SET net_minor = net_minor + 1",
        "UPDATE adjustment_proposal_item SET net_minor = net_minor - 1",
    )
    .await;
}
