//! Sends a day: cards run side by side, one card's messages strictly one after another.

mod sent;
mod transcript;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, VecDeque},
    time::Duration,
};

use iso8583::Builder;
use tokio::task::JoinSet;

pub use self::{
    sent::Sent,
    transcript::{Answer, Exchange, Transcript},
};
use crate::{
    bank::{Answered, AskError, PersistentBank},
    traffic::{Day, Run},
};

/// Cards that are served at the same time at most: each is one task and one message in flight.
const CONCURRENCY_MAX: usize = 4096;

/// How far a replay is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Messages with a final answer.
    pub answered: usize,
    /// Messages without one, for which patience ended.
    pub unanswered: usize,
    /// All messages of the day.
    pub total: usize,
}

/// Sends every message of a day and repeats it until it is answered. Of the cards that are free, the one whose
/// message comes first in the day is served first; with a concurrency of 1 the day is sent in its order.
///
/// A card whose message stays unanswered sends nothing more. `on_progress` is called after each message.
pub async fn replay(
    bank: &PersistentBank,
    day: &Day,
    concurrency: usize,
    on_progress: impl Fn(Progress),
) -> Transcript {
    let mut lanes = lanes(day);
    let mut runs: Vec<Run> = day.purchases().iter().map(Run::new).collect();
    let mut free: BinaryHeap<Reverse<(usize, usize)>> =
        lanes.iter().filter_map(|(card, lane)| Some(Reverse((*lane.front()?, *card)))).collect();
    let mut progress = Progress { answered: 0, unanswered: 0, total: day.message_count() };
    let mut transcript = Transcript::default();
    let mut asking: JoinSet<Asked> = JoinSet::new();
    // Each turn starts or ends a message, so there are at most twice as many as messages.
    loop {
        while asking.len() < concurrency.clamp(1, CONCURRENCY_MAX)
            && let Some(Reverse((place, card))) = free.pop()
        {
            let composed = day
                .slots()
                .get(place)
                .and_then(|slot| runs.get(slot.purchase).and_then(|run| run.compose(day, slot).ok()));
            // `Day::new` has composed every message; a reply changes amounts only.
            if let Some(message) = composed {
                asking.spawn(ask(bank.clone(), place, card, message));
            }
        }
        let Some(asked) = asking.join_next().await else { break };
        // A task neither panics nor is aborted; if it were, its card would send nothing more.
        let Ok(asked) = asked else { continue };
        let exchange = note(day, &mut runs, &asked);
        if exchange.answer.is_some() {
            progress.answered += 1;
            if let Some(lane) = lanes.get_mut(&asked.card) {
                lane.pop_front();
                free.extend(lane.front().map(|next| Reverse((*next, asked.card))));
            }
        } else {
            progress.unanswered += 1;
        }
        transcript.add(asked.place, exchange);
        on_progress(progress);
    }
    transcript.finish(day.message_count())
}

struct Asked {
    place: usize,
    card: usize,
    message: Builder,
    result: Result<Answered, AskError>,
}

async fn ask(bank: PersistentBank, place: usize, card: usize, message: Builder) -> Asked {
    let result = bank.ask_until_answered(message.clone()).await;
    Asked { place, card, message, result }
}

/// The places in the day of each card's messages.
fn lanes(day: &Day) -> BTreeMap<usize, VecDeque<usize>> {
    let mut lanes: BTreeMap<usize, VecDeque<usize>> = BTreeMap::new();
    for (place, slot) in day.slots().iter().enumerate() {
        lanes.entry(slot.card).or_default().push_back(place);
    }
    lanes
}

/// Tells the purchase what came back, and writes the exchange down.
fn note(day: &Day, runs: &mut [Run], asked: &Asked) -> Exchange {
    let answer = asked.result.as_ref().ok().map(Answer::of);
    let slot = day.slots().get(asked.place);
    let (purchase, step) = match slot {
        Some(slot) => (day.purchase_of(slot), day.step_of(slot)),
        None => (None, None),
    };
    if let (Some(slot), Some(step)) = (slot, step)
        && let Some(run) = runs.get_mut(slot.purchase)
    {
        let code = answer.as_ref().map(|answer| answer.de39.as_str());
        run.took(step, &asked.message, code, answer.as_ref().and_then(|answer| answer.de4));
    }
    let card = day.cards().get(asked.card).map(|card| card.label.clone()).unwrap_or_default();
    let (attempts, elapsed, problem) = match &asked.result {
        Ok(answered) => (answered.attempts, answered.elapsed, None),
        Err(AskError::Unanswered { attempts, elapsed, last }) => (*attempts, *elapsed, Some(last.clone())),
        Err(error) => (0, Duration::ZERO, Some(error.to_string())),
    };
    let purchase = purchase.map(|purchase| purchase.id.clone()).unwrap_or_default();
    Exchange { sent: Sent::of(purchase, card, &asked.message), answer, attempts, elapsed, problem }
}
