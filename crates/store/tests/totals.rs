//! Totals with banks: the window is grouped as the stored messages tell, and what was answered is kept once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use domain::{BankId, Content, Currency, EventKind, MessageKey};
use futures_util::future::join_all;
use jiff::Timestamp;
use store::{BankTotals, CutOver, MessageRecord, WindowGroup, Withdrawal, WithdrawalRequest};
use support::{CLEARING, DAY, RUB, World};

fn sent(mut record: MessageRecord, mti: &str, fields: &[(&'static str, &str)]) -> MessageRecord {
    record.mti = mti.to_owned();
    record.event.content = Content(fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect());
    record
}

/// `currency mti transaction response original amount? messages minor`.
fn line(group: &WindowGroup) -> String {
    let WindowGroup { mti, transaction, response, original_mti, has_amount, messages, minor, .. } = group;
    let currency = group.currency.map(|currency| currency.to_string()).unwrap_or_default();
    let response = response.as_deref().unwrap_or_default();
    format!("{currency} {mti} {transaction} {response} {original_mti} {has_amount} {messages} {minor}")
}

#[tokio::test]
async fn a_window_is_grouped_by_what_was_sent() {
    let world = World::new().await;
    let no_card = |id, kind, minor| world.message(None, id, kind, minor);
    let reversal = EventKind::Reversal { remaining_minor: 0 };
    let remains = format!("{:012}{}", 300, "0".repeat(30));
    let named = format!("0220000001{}", "0".repeat(32));
    let clearing = [("DE3", "000000"), ("DE4", "500"), ("DE39", "00"), ("DE42", "A DE39=99 DE3=20")];
    let mut batch = vec![
        sent(no_card(1, CLEARING, 500), "0220", &clearing),
        sent(no_card(2, CLEARING, 700), "0220", &clearing),
        sent(no_card(3, CLEARING, 500), "0221", &[("DE3", "200000"), ("DE4", "500")]),
        sent(
            no_card(4, reversal, 1000),
            "0420",
            &[("DE3", "000000"), ("DE4", "1000"), ("DE90", &named), ("DE95", &remains)],
        ),
        sent(no_card(5, reversal, 100), "0400", &[("DE4", "100"), ("DE95", &remains)]),
        sent(no_card(6, reversal, 0), "0400", &[("DE90", &named)]),
        sent(no_card(7, CLEARING, 500), "0220", &clearing),
        sent(no_card(8, CLEARING, 500), "file", &clearing),
        sent(no_card(9, CLEARING, 500), "0220", &clearing),
    ];
    batch[5].event.currency = Currency(0);
    batch[6].bank_date = DAY.tomorrow().unwrap();
    batch[7].source = "F1".to_owned();
    batch[8].event.currency = Currency(840);
    world.lane().await.run(&batch, &world.rules).await.unwrap();
    let groups = store::window_groups(&world.pool, world.bank, DAY).await.unwrap();
    let mut lines: Vec<String> = groups.iter().map(line).collect();
    lines.sort_unstable();
    let mut expected = [
        " 0400   0220 false 1 0",
        // More remains than there was: nothing is taken back.
        "643 0400    true 1 0",
        "643 0420 00  0220 true 1 700",
        "643 0220 00 00  true 2 1200",
        "643 0221 20   true 1 500",
        "840 0220 00 00  true 1 500",
    ];
    expected.sort_unstable();
    assert_eq!(lines, expected);
    let other = store::window_groups(&world.pool, BankId(99), DAY).await.unwrap();
    assert_eq!(other, vec![]);
}

fn totals(world: &World, reason: &str) -> BankTotals {
    BankTotals {
        bank: world.bank,
        key: MessageKey::new(1, [1; 16]),
        key_text: "boreal|0500".into(),
        content: "DE74=1".into(),
        mti: "0500".into(),
        stan: "000001".into(),
        transmitted: "1010200000".into(),
        received_at: Timestamp::from_second(1_791_622_800).unwrap(),
        bank_date: DAY,
        currency: Some(RUB),
        stated: "DE74=1".into(),
        counted: String::new(),
        balance: 9,
        reason: reason.into(),
        differs_at: String::new(),
    }
}

#[tokio::test]
async fn of_several_totals_under_one_key_the_first_is_kept() {
    let world = World::without_cycle().await;
    let reasons = ["a", "b", "c", "d"];
    let all = reasons.map(|reason| totals(&world, reason));
    let kept = join_all(all.iter().map(|totals| store::keep_bank_totals(&world.pool, totals))).await;
    let kept: Vec<BankTotals> = kept.into_iter().map(Result::unwrap).collect();
    assert!(kept.iter().all(|one| *one == kept[0]) && all.contains(&kept[0]), "{kept:?}");
    let found = store::bank_totals(&world.pool, world.bank, kept[0].key).await.unwrap();
    assert_eq!(found.as_ref(), kept.first());
    assert_eq!(world.rows("bank_totals").await, 1);
    let none = store::bank_totals(&world.pool, world.bank, MessageKey::new(2, [1; 16])).await.unwrap();
    assert_eq!(none, None);
}

#[tokio::test]
async fn the_first_cut_over_of_a_date_stands_and_the_latest_date_is_told() {
    let world = World::without_cycle().await;
    let other = store::allot_banks(&world.pool, &["other".to_owned()]).await.unwrap()["other"];
    let cut = |bank, ahead: i64, second: i64| CutOver {
        bank,
        bank_date: DAY.checked_add(jiff::Span::new().days(ahead)).unwrap(),
        closed_date: DAY,
        cut_at: Timestamp::from_second(1_791_622_800 + second).unwrap(),
    };
    assert_eq!(store::last_cut_overs(&world.pool).await.unwrap(), vec![]);
    for cut in [cut(world.bank, 1, 0), cut(world.bank, 3, 1), cut(world.bank, 3, 2), cut(other, 1, 3)] {
        store::keep_cut_over(&world.pool, &cut).await.unwrap();
    }
    let last = store::last_cut_overs(&world.pool).await.unwrap();
    assert_eq!(last, [cut(world.bank, 3, 1), cut(other, 1, 3)]);
    let backwards = CutOver { closed_date: DAY.tomorrow().unwrap(), ..cut(world.bank, 1, 4) };
    let refused = store::keep_cut_over(&world.pool, &CutOver { bank: BankId(3), ..backwards }).await;
    assert!(refused.is_err());
}

#[tokio::test]
async fn only_the_latest_cut_over_is_withdrawn_and_it_is_kept_in_mind() {
    let world = World::new().await;
    let second = |second: i64| Timestamp::from_second(second).unwrap();
    let cut = |ahead: i64, at: i64| CutOver {
        bank: world.bank,
        bank_date: DAY.checked_add(jiff::Span::new().days(ahead)).unwrap(),
        closed_date: DAY.yesterday().unwrap(),
        cut_at: second(at),
    };
    let request = |ahead: i64| WithdrawalRequest {
        bank: world.bank,
        bank_date: cut(ahead, 0).bank_date,
        accept_used: false,
        by: "ann",
        at: second(1_791_630_000),
    };
    let none = store::withdraw_cut_over(&world.pool, &request(0)).await.unwrap();
    assert_eq!(none, Withdrawal::NotTheLatest(None));

    // One message carries the date before its cut-over, two since.
    let record = world.message(None, 1, CLEARING, 500);
    let since = record.event.received_at.as_second();
    for cut in [cut(0, since), cut(3, since + 1)] {
        store::keep_cut_over(&world.pool, &cut).await.unwrap();
    }
    let mut batch =
        vec![record, world.message(None, 2, CLEARING, 500), world.message(None, 3, CLEARING, 500)];
    batch[2].event.received_at = second(since - 1);
    world.lane().await.run(&batch, &world.rules).await.unwrap();

    let older = store::withdraw_cut_over(&world.pool, &request(0)).await.unwrap();
    assert_eq!(older, Withdrawal::NotTheLatest(Some(cut(3, since + 1))));
    // Two at once: one of them.
    let both = [request(3), request(3)];
    let told = join_all(both.iter().map(|request| store::withdraw_cut_over(&world.pool, request))).await;
    let done = Withdrawal::Done { cut: cut(3, since + 1), messages: 0, totals: 0 };
    let other = Withdrawal::NotTheLatest(Some(cut(0, since)));
    let told: Vec<_> = told.into_iter().map(Result::unwrap).collect();
    assert!(told == [done, other] || told == [other, done], "{told:?}");
    assert_eq!(store::last_cut_overs(&world.pool).await.unwrap(), [cut(0, since)]);

    let refused = store::withdraw_cut_over(&world.pool, &request(0)).await.unwrap();
    assert_eq!(refused, Withdrawal::Used { messages: 2, totals: 0 });
    let accepted = WithdrawalRequest { accept_used: true, ..request(0) };
    let told = store::withdraw_cut_over(&world.pool, &accepted).await.unwrap();
    assert_eq!(told, Withdrawal::Done { cut: cut(0, since), messages: 2, totals: 0 });
    assert_eq!(store::last_cut_overs(&world.pool).await.unwrap(), []);
    assert_eq!((world.rows("bank_window").await, world.rows("bank_window_withdrawal").await), (0, 2));
    // The date may be opened again.
    store::keep_cut_over(&world.pool, &cut(0, since + 9)).await.unwrap();
    assert_eq!(store::last_cut_overs(&world.pool).await.unwrap(), [cut(0, since + 9)]);
    // A gateway that had not learnt of the withdrawal gave the date once more; what came since is not its doing.
    let mut late = vec![world.message(None, 4, CLEARING, 500), world.message(None, 5, CLEARING, 500)];
    late[0].event.received_at = second(since + 8);
    late[1].event.received_at = second(since + 9);
    world.lane().await.run(&late, &world.rules).await.unwrap();
    assert_eq!(store::count_withdrawn(&world.pool, &cut(0, since)).await.unwrap(), (3, 0));
    let text = "SELECT messages FROM bank_window_withdrawal WHERE cut_at = $1";
    let kept = world.pool.get().await.unwrap().query_one(text, &[&second(since)]).await.unwrap();
    assert_eq!(kept.get::<_, i64>(0), 3);
}
