//! Replaying a day: order, concurrency, what replies change, and what the transcript says.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use bank_simulator::{
    BankOptions, ClearAmount, Day, Exchange, Money, Part, PersistentBank, Purchase, Step, Target, Timed,
    WorkedMerchants, replay,
};
use iso8583::{AdditionalAmount, Builder};
use jiff::{civil::date, tz::TimeZone};
use support::{Gateway, LONG, SECOND, cards, merchants, reply, seeded};
use tokio::time::timeout;

/// Takes everything, and gives 3 % at the till of skyfuel.
fn with_till(request: &Builder) -> Builder {
    let answer = reply(request, "00");
    let fuel = request.get(18) == Some("5541") && request.mti().class() == 1;
    if !fuel || request.mti().function() != 0 || request.get(49) != Some("643") {
        return answer.set(48, "ST004noneRS004test");
    }
    let amount: u64 = request.get(4).unwrap().parse().unwrap();
    let original = AdditionalAmount {
        account_type: "00".to_owned(),
        amount_type: "57".to_owned(),
        currency: "643".to_owned(),
        credit: true,
        amount,
    };
    answer
        .set(4, format!("{:012}", amount - amount * 3 / 100))
        .set(48, "ST011provisionalRS008estimateBM003120XM003120DM007at_till")
        .set(54, AdditionalAmount::write_all(&[original]).unwrap())
}

fn bank(gateway: &Gateway, links: usize) -> PersistentBank {
    let options = BankOptions { links, reply_timeout: LONG, ..BankOptions::default() };
    PersistentBank::start(gateway.address, gateway.pki.client_tls(), options)
}

fn amounts<'a>(exchanges: impl Iterator<Item = &'a Exchange>) -> Vec<(String, u64)> {
    exchanges.map(|exchange| (exchange.sent.mti.to_string(), exchange.sent.de4)).collect()
}

#[tokio::test]
async fn the_worked_day_goes_out_in_its_order_and_clears_what_the_till_left() {
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let writes = Arc::clone(&seen);
    let gateway = Gateway::answering(move |request| {
        if request.mti().class() != 8 {
            writes.lock().unwrap().push(format!("{} {}", request.mti(), request.get(11).unwrap()));
        }
        with_till(request)
    })
    .await;
    let day = Day::worked(Day::worked_cards().unwrap(), &WorkedMerchants::default()).unwrap();
    let calls = Cell::new(0);
    let transcript = replay(&bank(&gateway, 1), &day, 1, |progress| {
        calls.set(calls.get() + 1);
        assert_eq!((progress.answered, progress.unanswered, progress.total), (calls.get(), 0, 27));
    })
    .await;
    assert!(transcript.is_complete());
    assert_eq!((transcript.sent(), transcript.replied(), transcript.attempts()), (27, 27, 27));
    let by_mti: BTreeMap<String, u64> = [("0100", 11), ("0101", 1), ("0220", 13), ("0221", 1), ("0400", 1)]
        .map(|(mti, count)| (mti.to_owned(), count))
        .into();
    assert_eq!(transcript.by_mti(), by_mti);
    assert_eq!(transcript.by_code(), BTreeMap::from([("00".to_owned(), 27)]));

    let planned: Vec<String> = day
        .planned()
        .iter()
        .map(|planned| format!("{} {}", planned.message.mti(), planned.message.get(11).unwrap()))
        .collect();
    assert_eq!(*seen.lock().unwrap(), planned);

    let fuel: Vec<&Exchange> = transcript.exchanges().filter(|each| each.sent.purchase == "P2").collect();
    assert_eq!(amounts(fuel.iter().copied()), [("0100".to_owned(), 745_000), ("0220".to_owned(), 722_650)]);
    let answer = fuel[0].answer.as_ref().unwrap();
    assert_eq!((answer.de4, answer.de54), (Some(722_650), Some(745_000)));
    assert_eq!(answer.de48.as_ref().unwrap().bonus_miles, 120);
    assert_eq!((fuel[0].sent.card.as_str(), fuel[0].sent.de42.as_str()), ("A", "SKYFUEL00000001"));

    let shown = format!("{transcript:?}");
    assert!(shown.contains("****1111") && !shown.contains("41111"), "{shown}");
}

#[tokio::test]
async fn what_a_reply_left_is_shared_out_and_taken_back() {
    let gateway = Gateway::answering(with_till).await;
    let at = date(2026, 10, 10).at(9, 0, 0, 0);
    let authorize = Step::Authorize { preauthorization: false };
    let scripts = [
        vec![authorize.clone(), Step::Clear(ClearAmount::PerMille(400)), Step::Clear(ClearAmount::Rest)],
        vec![authorize.clone(), Step::Clear(ClearAmount::Gross), Step::RepeatLast],
        vec![
            authorize.clone(),
            Step::Clear(ClearAmount::Full),
            Step::Refund { presentment: 0, amount: Part::PerMille(500) },
            Step::Reverse { target: Target::Refund(0), remaining: None, advice: true },
        ],
        vec![
            authorize.clone(),
            Step::Reverse {
                target: Target::Authorization,
                remaining: Some(Part::Minor(30_000)),
                advice: false,
            },
            Step::Clear(ClearAmount::Full),
        ],
        vec![authorize, Step::DeclinedAdvice { code: "05" }],
    ];
    let purchases = scripts.into_iter().enumerate().map(|(number, steps)| Purchase {
        id: format!("X{number}"),
        card: 0,
        merchant: 2,
        processing_code: "000000".to_owned(),
        amount: Money::rub(100_000),
        billing: None,
        steps: steps.into_iter().map(|step| Timed { at, step }).collect(),
    });
    let zone = TimeZone::get("Europe/Moscow").unwrap();
    let day = Day::new(date(2026, 10, 10), zone, cards(1), merchants(), purchases.collect(), 1).unwrap();
    let transcript = replay(&bank(&gateway, 1), &day, 8, |_| {}).await;
    for (id, expected) in [
        ("X0", &[("0100", 100_000), ("0220", 38_800), ("0220", 58_200)][..]),
        ("X1", &[("0100", 100_000), ("0220", 100_000), ("0221", 100_000)]),
        ("X2", &[("0100", 100_000), ("0220", 97_000), ("0220", 48_500), ("0420", 48_500)]),
        ("X3", &[("0100", 100_000), ("0400", 100_000), ("0220", 30_000)]),
        ("X4", &[("0100", 100_000), ("0120", 100_000)]),
    ] {
        let found = amounts(transcript.exchanges().filter(|each| each.sent.purchase == id));
        let expected: Vec<_> = expected.iter().map(|(mti, minor)| ((*mti).to_owned(), *minor)).collect();
        assert_eq!(found, expected, "{id}");
    }
    let reversals: Vec<&Exchange> =
        transcript.exchanges().filter(|each| each.sent.mti.class() == 4).collect();
    assert_eq!(reversals.len(), 2);
    let left: BTreeSet<u64> = reversals.iter().map(|each| each.sent.remaining_minor()).collect();
    assert_eq!(left, BTreeSet::from([0, 30_000]));
}

#[tokio::test]
async fn one_card_never_has_two_messages_in_flight_and_the_result_is_the_same() {
    let in_flight: Arc<Mutex<(BTreeSet<String>, usize)>> = Arc::default();
    let shared = Arc::clone(&in_flight);
    let gateway = Gateway::start(move |_, mut peer| {
        let in_flight = Arc::clone(&shared);
        async move {
            // Answers, last first, when nothing has come for a while.
            let mut waiting: Vec<Builder> = Vec::new();
            loop {
                match timeout(SECOND / 100, peer.next_financial()).await {
                    Ok(None) => return,
                    Ok(Some(request)) => {
                        let mut state = in_flight.lock().unwrap();
                        let new = state.0.insert(request.get(2).unwrap().to_owned());
                        assert!(new, "two messages of one card");
                        state.1 = state.1.max(state.0.len());
                        waiting.push(request);
                    }
                    Err(_) => {
                        for request in waiting.drain(..).rev() {
                            in_flight.lock().unwrap().0.remove(request.get(2).unwrap());
                            peer.send(&with_till(&request)).await;
                        }
                    }
                }
            }
        }
    })
    .await;
    let day = seeded(9, 150).plan().unwrap();
    let bank_of_two = bank(&gateway, 2);
    let transcript = sendable(replay(&bank_of_two, &day, 16, |_| {})).await;
    assert!(transcript.is_complete(), "{:?}", transcript.by_code());
    assert_eq!(transcript.attempts(), u64::try_from(day.message_count()).unwrap());
    assert!(in_flight.lock().unwrap().1 > 4);

    let calm = Gateway::answering(with_till).await;
    let again = replay(&bank(&calm, 1), &day, 1, |_| {}).await;
    let said = |each: &Exchange| (each.sent.clone(), each.answer.clone());
    let (first, second): (Vec<_>, Vec<_>) =
        (transcript.exchanges().map(said).collect(), again.exchanges().map(said).collect());
    assert_eq!(first, second);
}

#[tokio::test]
async fn a_card_whose_message_stays_unanswered_stops_and_the_others_go_on() {
    let gateway = Gateway::start(|_, mut peer| async move {
        while let Some(request) = peer.next_financial().await {
            // Card F of the worked day.
            if request.get(2) != Some("5200828282828210") {
                peer.send(&with_till(&request)).await;
            }
        }
    })
    .await;
    let options = BankOptions { reply_timeout: SECOND / 10, attempts_max: 2, ..BankOptions::default() };
    let bank = PersistentBank::start(gateway.address, gateway.pki.client_tls(), options);
    let day = Day::worked(Day::worked_cards().unwrap(), &WorkedMerchants::default()).unwrap();
    let transcript = replay(&bank, &day, 8, |_| {}).await;
    assert!(!transcript.is_complete());
    assert_eq!((transcript.sent(), transcript.replied(), transcript.not_sent()), (26, 25, 1));
    let stuck = transcript.exchanges().find(|each| each.answer.is_none()).unwrap();
    assert_eq!((stuck.sent.card.as_str(), stuck.attempts), ("F", 2));
    assert!(stuck.problem.as_deref().unwrap().contains("no reply"));
}

/// A replay may run as a task of its own.
fn sendable<F: Future + Send>(future: F) -> F {
    future
}
