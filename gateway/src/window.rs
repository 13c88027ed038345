//! The bank's own business date: by its cut-over messages, else by the clock.
//!
//! A cut-over message opens a date for all messages that come without DE15. What it opened is stored, so that a
//! gateway that starts again knows it, and other gateways learn of it within [`REFRESH_EVERY`]. So they do if an operator
//! withdraws it.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use domain::BankId;
use iso8583::{Builder, Message};
use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date};
use store::{CutOver, Pool, StoreError};
use tokio::sync::{Mutex, MutexGuard, Semaphore, watch};

use crate::{
    Gateway, Link, ResponseCode, answer,
    translate::{Refusal, window_date},
    versions,
};

/// How late another gateway learns of a cut-over, at the most.
const REFRESH_EVERY: Duration = Duration::from_secs(5);
/// After so long no message gets a date any more that was withdrawn: every gateway that reaches the database has learnt of
/// it, and what it took before is committed.
pub const WITHDRAWN_EVERYWHERE: Duration = Duration::from_secs(7);
/// A cut-over message may come so long before or after the cut-over by the clock.
const AROUND_THE_CUT_OVER: SignedDuration = SignedDuration::from_hours(12);
/// A cut-over opens no date that lies further ahead: the longest holidays are shorter.
const AHEAD_MAX_DAYS: i32 = 14;
/// Totals of one bank that are counted or wait at once; further ones are refused.
const TOTALS_AT_ONCE_MAX: usize = 4;
/// Readers of what the database knows go one after another.
static READING: Mutex<()> = Mutex::const_new(());

/// What is open of a bank: shared by its connections, and by all copies of its link.
#[derive(Debug, Clone)]
pub struct BankWindow {
    last: Arc<RwLock<Option<CutOver>>>,
    pub(crate) totals: Arc<Semaphore>,
}

impl Default for BankWindow {
    fn default() -> Self {
        Self { last: Arc::default(), totals: Arc::new(Semaphore::new(TOTALS_AT_ONCE_MAX)) }
    }
}

impl BankWindow {
    fn last(&self) -> Option<CutOver> {
        *self.last.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what the database knows: another date that was opened, or that one was withdrawn.
    fn learn(&self, cut: Option<CutOver>) {
        *self.last.write().unwrap_or_else(PoisonError::into_inner) = cut;
    }
}

impl Link {
    /// The business date that is open for messages without DE15.
    ///
    /// It is the one that the last cut-over message opened. If none came for half a day after the cut-over by the
    /// clock, or none ever came, it is the clock's.
    pub(crate) fn open_date(&self, at: Timestamp) -> Date {
        let waits_since = self.date_by_clock(shifted(at, -AROUND_THE_CUT_OVER));
        match self.window.last() {
            Some(cut) if cut.bank_date >= waits_since => cut.bank_date,
            _ => self.date_by_clock(at),
        }
    }

    /// The business date that was closed last: the one before the open one.
    pub(crate) fn closed_date(&self, at: Timestamp) -> Date {
        let open = self.open_date(at);
        match self.window.last() {
            Some(cut) if cut.bank_date == open => cut.closed_date,
            _ => open.yesterday().unwrap_or(open),
        }
    }

    /// What a cut-over message asks for: `None` if its date is open already.
    ///
    /// Without DE15 it opens the date whose beginning by the clock is nearest, so that a second one opens nothing.
    /// A repeat that comes after the next cut-over opens nothing and is no mistake.
    fn cut(
        &self,
        settlement_date: Option<Date>,
        repeat: bool,
        at: Timestamp,
    ) -> Result<Option<CutOver>, Refusal> {
        let refused = |code, reason| Refusal { code, reason, at: Some("DE15") };
        let open = self.open_date(at);
        let nearest = self.date_by_clock(shifted(at, AROUND_THE_CUT_OVER));
        let next = match settlement_date {
            Some(date) if date < open && !repeat => {
                return Err(refused(ResponseCode::Invalid, "bank_date_is_closed"));
            }
            Some(date) => date,
            None => nearest,
        };
        let latest = self.date_by_clock(at).saturating_add(AHEAD_MAX_DAYS.days());
        if next > latest {
            return Err(refused(ResponseCode::FormatError, "field_malformed"));
        }
        let known = self.window.last().is_some_and(|last| last.bank_date >= next);
        // The clock may have been first: then nothing changes now, but the next date waits for its message.
        let closed_date = if next == open { self.closed_date(at) } else { open };
        let cut = CutOver { bank: self.bank, bank_date: next, closed_date, cut_at: at };
        Ok((!known && next >= open).then_some(cut))
    }
}

fn shifted(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(at)
}

/// Answers a cut-over message once the date that it opens is stored: 00 with that date in DE15.
pub(crate) async fn cut_over(
    gateway: &Arc<Gateway>,
    link: &Arc<Link>,
    message: &Message<'_>,
    received: Instant,
) -> Result<Builder, Refusal> {
    let at = gateway.clock.now();
    let (element, named) = window_date(message, at, &link.time_zone)?;
    let (pool, asked, repeat) = (gateway.pool.clone(), Arc::clone(link), message.mti().is_repeat());
    // A task of its own: its database future is never dropped, only no longer waited for.
    let kept = tokio::spawn(async move { keep(&pool, &asked, named, repeat, at).await });
    let deadline = received + gateway.limits.answer_max;
    match tokio::time::timeout_at(deadline.into(), kept).await {
        Ok(Ok(Ok(judged))) => judged?,
        Ok(Ok(Err(error))) => {
            tracing::warn!(link = link.code, %error, "a cut-over could not be stored");
            return Err(UNAVAILABLE);
        }
        _ => return Err(UNAVAILABLE),
    }
    let open = versions::date_as_sent(message.dialect().version(), link.open_date(at));
    Ok(answer::network(message, ResponseCode::Taken).set(element, open))
}

const UNAVAILABLE: Refusal = Refusal { code: ResponseCode::Unavailable, reason: "unavailable", at: None };

/// Judges a cut-over by what is stored, not by what was known: an operator may just have withdrawn the same date.
async fn keep(
    pool: &Pool,
    link: &Link,
    named: Option<Date>,
    repeat: bool,
    at: Timestamp,
) -> Result<Result<(), Refusal>, StoreError> {
    let turn = READING.lock().await;
    read_in_turn(&turn, pool, [(link.bank, &link.window)]).await?;
    let cut = match link.cut(named, repeat, at) {
        Ok(Some(cut)) => cut,
        Ok(None) => return Ok(Ok(())),
        Err(refusal) => return Ok(Err(refusal)),
    };
    store::keep_cut_over(pool, &cut).await?;
    tracing::info!(link = link.code, closed = %cut.closed_date, open = %cut.bank_date, "cut-over");
    // Another gateway may have opened it first, or a later one: what is stored counts.
    read_in_turn(&turn, pool, [(link.bank, &link.window)]).await?;
    Ok(Ok(()))
}

/// Reads which dates the banks' cut-over messages have opened. Without it a link goes by the clock.
pub async fn read_cut_overs(pool: &Pool, links: &[Arc<Link>]) -> Result<(), StoreError> {
    read(pool, links.iter().map(|link| (link.bank, &link.window))).await
}

async fn read(
    pool: &Pool,
    windows: impl IntoIterator<Item = (BankId, &BankWindow)>,
) -> Result<(), StoreError> {
    read_in_turn(&READING.lock().await, pool, windows).await
}

/// An older answer must not overtake a newer one: it would take back a date that was just opened.
async fn read_in_turn(
    _turn: &MutexGuard<'_, ()>,
    pool: &Pool,
    windows: impl IntoIterator<Item = (BankId, &BankWindow)>,
) -> Result<(), StoreError> {
    let stored = store::last_cut_overs(pool).await?;
    for (bank, window) in windows {
        window.learn(stored.iter().find(|cut| cut.bank == bank).copied());
    }
    Ok(())
}

/// Learns of cut-overs that other gateways took, and of those that an operator withdrew, until the gateway drains.
pub(crate) async fn follow(gateway: Arc<Gateway>, mut draining: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(REFRESH_EVERY) => {}
            _ = draining.changed() => return,
        }
        // An absent database is told of where it matters.
        if let Err(error) = read_cut_overs(&gateway.pool, &gateway.links).await {
            tracing::debug!(%error, "cut-overs of other gateways could not be read");
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Time, date};

    use super::*;

    fn link(cut_over: Time) -> Link {
        Link { cut_over, ..Link::for_tests() }
    }

    fn october(text: &str) -> Timestamp {
        format!("2026-10-{text}:00Z").parse().unwrap()
    }

    /// Lines such as `10T22:00`, `10T22:00 cut` and `10T22:00 repeat 12`, each with what comes of it and which date is
    /// open after which.
    fn check(link: &Link, lines: &[(&str, &str)]) {
        for (line, expected) in lines {
            let words: Vec<&str> = line.split(' ').collect();
            let at = october(words[0]);
            let mut told = String::new();
            if let Some(verb @ ("cut" | "repeat")) = words.get(1).copied() {
                let named = words.get(2).map(|day| date(2026, 10, day.parse().unwrap()));
                told = match link.cut(named, verb == "repeat", at) {
                    Ok(Some(cut)) => {
                        link.window.learn(Some(cut));
                        "opens ".to_owned()
                    }
                    Ok(None) => "nothing ".to_owned(),
                    Err(refusal) => format!("{} ", refusal.reason),
                };
            }
            let (open, closed) = (link.open_date(at).day(), link.closed_date(at).day());
            assert_eq!(format!("{told}{open} after {closed}"), *expected, "{line}");
        }
    }

    #[test]
    fn without_messages_the_clock_cuts() {
        check(
            &link(Time::MIN),
            &[("10T00:00", "10 after 9"), ("10T23:59", "10 after 9"), ("11T00:00", "11 after 10")],
        );
        let evening = link(Time::constant(22, 0, 0, 0));
        check(&evening, &[("10T21:59", "10 after 9"), ("10T22:00", "11 after 10")]);
    }

    #[test]
    fn a_message_cuts_early_or_late_and_its_repeat_does_nothing() {
        check(
            &link(Time::MIN),
            &[
                ("10T21:30", "10 after 9"),
                ("10T21:30 cut", "opens 11 after 10"),
                ("10T21:31 cut", "nothing 11 after 10"),
                ("11T20:00", "11 after 10"),
                // The next one is late: its date waits for it.
                ("12T00:05", "11 after 10"),
                ("12T00:10 cut", "opens 12 after 11"),
                ("12T00:11 cut", "nothing 12 after 11"),
                // One that never comes is waited for half a day.
                ("13T11:59", "12 after 11"),
                ("13T12:00", "13 after 12"),
                // From then on the clock cuts, until the next message.
                ("14T00:00", "14 after 13"),
                ("14T23:00 cut", "opens 15 after 14"),
            ],
        );
    }

    #[test]
    fn the_first_message_may_come_after_the_clock() {
        check(
            &link(Time::MIN),
            &[
                ("10T00:05 cut", "opens 10 after 9"),
                ("10T00:06 cut", "nothing 10 after 9"),
                ("11T00:05", "10 after 9"),
                ("11T00:06 cut", "opens 11 after 10"),
            ],
        );
    }

    #[test]
    fn de15_names_the_date_that_begins() {
        check(
            &link(Time::MIN),
            &[
                ("09T22:00 cut 12", "opens 12 after 9"),
                ("09T22:01 cut 12", "nothing 12 after 9"),
                ("10T22:00 cut", "nothing 12 after 9"),
                ("11T12:00", "12 after 9"),
                ("11T12:00 cut 11", "bank_date_is_closed 12 after 9"),
                ("11T12:00 repeat 11", "nothing 12 after 9"),
                ("12T09:00 cut 13", "opens 13 after 12"),
                ("12T09:00 cut 30", "field_malformed 13 after 12"),
            ],
        );
    }

    #[test]
    fn a_withdrawn_cut_over_leaves_what_was_open_before() {
        let link = link(Time::MIN);
        check(&link, &[("09T22:00 cut", "opens 10 after 9")]);
        let before = link.window.last();
        check(&link, &[("10T10:00 cut 20", "opens 20 after 10"), ("10T23:00 cut", "nothing 20 after 10")]);
        link.window.learn(before);
        check(
            &link,
            &[("10T23:00", "10 after 9"), ("10T23:01 cut", "opens 11 after 10"), ("11T12:00", "11 after 10")],
        );
        // Without any, the clock says what is open.
        link.window.learn(None);
        check(&link, &[("10T23:02", "10 after 9"), ("11T00:00", "11 after 10")]);
    }
}
