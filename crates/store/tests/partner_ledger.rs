//! Lines of miles that the partner keeps, in PostgreSQL: what a reversal names, and when there is something to look
//! through.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::fmt::Write as _;

use domain::{LineState, MessageKey, RejectCode};
use store::{
    AccrualFile, AccrualLine, AnsweredLine, Cycle, Handback, HandbackKept, MemberChange, NewLine, Route,
};
use support::{DAY, World, by, count};

/// A world with one member, and what it moves by hand.
struct Partner {
    world: World,
    member: Route,
}

impl Partner {
    async fn new() -> Self {
        let world = World::new().await;
        let member = world.member(9, 1).await;
        let partner = Self { world, member };
        partner.correct("AB-1").await;
        partner
    }

    async fn correct(&self, number: &str) {
        let mut client = self.world.pool.get().await.unwrap();
        let change = MemberChange::begin(&mut client, by()).await.unwrap();
        let at = (i32::from(self.member.bucket.number()), self.member.member.account.0);
        change.correct_at_partner(at, self.world.program, Some(number), None).await.unwrap();
        change.commit().await.unwrap();
    }

    /// Cuts the open cycle.
    async fn cut(&self) -> Cycle {
        let open = *store::cycles(&self.world.pool, self.world.program).await.unwrap().last().unwrap();
        let date = open.business_date.tomorrow().unwrap();
        let next = store::prepare_next(&self.world.pool, &open, date).await.unwrap();
        assert!(store::cut(&self.world.pool, &open, &next).await.unwrap());
        open
    }

    /// Cuts the open cycle and keeps lines of one purchase: id and miles.
    async fn tell(&self, lines: &[(&str, i64)]) {
        let cycle = self.cut().await;
        let line = |(number, (id, miles)): (usize, &(&str, i64))| {
            let mut hash = [0; 16];
            hash[0] = u8::try_from(cycle.sequence).unwrap();
            hash[1] = u8::try_from(number).unwrap();
            let line = NewLine {
                bucket: i32::from(self.member.bucket.number()),
                account: self.member.member.account,
                message: MessageKey::new(1_791_622_800, hash),
                purchase: MessageKey::new(1_791_622_800, [1; 16]),
                miles: *miles,
                mti: "0220".into(),
                counted_minor: 1,
                activity_date: DAY,
            };
            ((*id).to_owned(), "purchase", line)
        };
        let lines: Vec<_> = lines.iter().enumerate().map(line).collect();
        assert!(store::keep_lines(&self.world.pool, &cycle, &lines).await.unwrap());
    }

    async fn assign(&self) -> Option<AccrualFile> {
        store::assign_accruals(&self.world.pool, self.world.program, self.world.airline).await.unwrap()
    }

    /// The lines of the next file, which is published.
    async fn send(&self) -> Vec<AccrualLine> {
        let (pool, program) = (&self.world.pool, self.world.program);
        let Some(file) = self.assign().await else { return Vec::new() };
        store::publish_accrual_file(pool, program, file.sequence).await.unwrap();
        store::accrual_lines(pool, program, file.sequence).await.unwrap()
    }

    /// The partner's answers to the last file, under its number; what it refuses for good is booked.
    async fn answer(&self, sequence: i32, answers: &[(&str, Option<RejectCode>)]) {
        let (pool, program) = (&self.world.pool, self.world.program);
        let line = |(id, code): &(&str, Option<RejectCode>)| AnsweredLine {
            id: (*id).to_owned(),
            state: if code.is_some() { LineState::Rejected } else { LineState::Accepted },
            code: *code,
        };
        let lines = answers.iter().map(line).collect();
        let handback = Handback { program, sequence, file_sequence: sequence, sha256: [7; 32], lines };
        assert_eq!(store::keep_handback(pool, &handback).await.unwrap(), HandbackKept::New);
        for (id, _) in answers.iter().filter(|(_, code)| *code == Some(RejectCode::Refused)) {
            store::line_booked(pool, program, id, LineState::Reversed, 10).await.unwrap();
        }
    }

    async fn has_news(&self) -> bool {
        store::accruals_have_news(&self.world.pool, self.world.program).await.unwrap()
    }
}

/// Lines as `id miles original`.
fn told(lines: &[AccrualLine]) -> String {
    let mut text = String::new();
    for line in lines {
        let original = line.original.as_deref().unwrap_or("-");
        writeln!(text, "{} {} {original}", line.id, line.miles).unwrap();
    }
    text
}

#[tokio::test]
async fn a_reversal_names_the_line_that_was_booked_after_a_resubmission() {
    let partner = Partner::new().await;
    partner.tell(&[("p-1", 10), ("p-2", -5)]).await;
    assert_eq!(told(&partner.send().await), "p-1 10 -\n");
    partner.answer(1, &[("p-1", Some(RejectCode::UnknownMember))]).await;
    partner.correct("AB-2").await;
    assert_eq!(told(&partner.send().await), "p-1-R1 10 -\n");
    partner.answer(2, &[("p-1-R1", None)]).await;
    assert_eq!(told(&partner.send().await), "p-2 -5 p-1-R1\n");
    // A reversal that goes again names the same.
    partner.answer(3, &[("p-2", Some(RejectCode::NameMismatch))]).await;
    partner.correct("AB-3").await;
    assert_eq!(told(&partner.send().await), "p-2-R1 -5 p-1-R1\n");
}

#[tokio::test]
async fn a_reversal_does_not_name_a_line_that_was_refused() {
    let partner = Partner::new().await;
    partner.tell(&[("p-1", 10), ("p-2", 10), ("p-3", -5)]).await;
    assert_eq!(told(&partner.send().await), "p-1 10 -\np-2 10 -\n");
    partner.answer(1, &[("p-1", Some(RejectCode::Refused)), ("p-2", None)]).await;
    assert_eq!(told(&partner.send().await), "p-3 -5 p-2\n");
}

#[tokio::test]
async fn there_is_news_until_it_is_looked_through() {
    let partner = Partner::new().await;
    assert!(!partner.has_news().await, "nothing was told, so no member is news");
    partner.cut().await;
    assert!(partner.has_news().await, "a cut cycle is no lines yet");
    let untold = store::cycles_to_tell(&partner.world.pool, partner.world.program).await.unwrap();
    store::keep_lines(&partner.world.pool, &untold[0], &[]).await.unwrap();
    assert!(partner.send().await.is_empty());
    assert!(!partner.has_news().await);

    partner.tell(&[("p-1", 10), ("p-2", -5)]).await;
    assert!(partner.has_news().await, "new lines");
    let file = partner.assign().await.unwrap();
    assert!(partner.has_news().await, "a file that is begun");
    store::publish_accrual_file(&partner.world.pool, partner.world.program, file.sequence).await.unwrap();
    assert!(!partner.has_news().await);

    partner.answer(1, &[("p-1", Some(RejectCode::UnknownMember))]).await;
    assert!(partner.has_news().await, "an answer");
    assert!(partner.send().await.is_empty());
    assert!(!partner.has_news().await);
    partner.correct("AB-1").await;
    assert!(!partner.has_news().await, "the same number as before");
    partner.correct("AB-2").await;
    assert!(partner.has_news().await, "another number");
    assert_eq!(told(&partner.send().await), "p-1-R1 10 -\n");
    partner.answer(2, &[("p-1-R1", Some(RejectCode::TooLate))]).await;
    assert!(partner.send().await.is_empty());
    assert!(!partner.has_news().await);
    let (pool, program) = (&partner.world.pool, partner.world.program);
    store::line_booked(pool, program, "p-1-R1", LineState::Reversed, 5).await.unwrap();
    assert!(partner.has_news().await, "a refusal that is booked");
    assert!(partner.send().await.is_empty(), "the partner never had what was refunded");
    assert!(!partner.has_news().await);
}

#[tokio::test]
async fn a_line_that_waits_for_the_same_reason_is_not_written_again() {
    let partner = Partner::new().await;
    partner.tell(&[("p-1", 10), ("p-2", -5)]).await;
    partner.send().await;
    let version = "SELECT xmin::text::bigint FROM partner_line WHERE line_id = 'p-2'";
    let before = count(&partner.world.admin, version).await;
    assert!(partner.send().await.is_empty());
    assert_eq!(count(&partner.world.admin, version).await, before);
}
