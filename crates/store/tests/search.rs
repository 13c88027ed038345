//! A message is found by any reference, page by page, and no search reads a table from end to end.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use domain::MessageKey;
use jiff::civil::date;
use store::{FoundMessage, MessageSearch, OfDays, search_messages};
use support::World;

/// So many messages of other days, buckets and cards stand around those that are looked for.
const CROWD: i32 = 60_000;

/// A crowd of messages, each of its own purchase, and their references.
const FILL: &str = "
    INSERT INTO member_account (bucket, account_id, bank_id, program_id, member_number, enrolled_on)
    SELECT n % 1024, 1000 + n, $BANK, $PROGRAM, 'M-' || n, '2020-01-01' FROM generate_series(0, 4999) n;
    INSERT INTO purchase (bucket, purchase_key, bank_id, account_id, program_id, rules_hash, purchase_date,
        is_purchase, currency, held_minor, hold, cleared_minor, refunded_minor, booked, pending)
    SELECT (n % 5000) % 1024, int8send(1790000000 + n) || decode(md5(n::text), 'hex'), $BANK, 1000 + n % 5000,
        $PROGRAM, decode(repeat('07', 32), 'hex'), '2026-10-10', true, 643, 0, 'none', 0, 0, '', ''
    FROM generate_series(0, $CROWD - 1) n;
    INSERT INTO message (bucket, message_key, bank_id, key_text, content, source, mti, stan, transmitted, retrieval,
        approval, arn, acquirer, card_acceptor, terminal, mcc, last4, amount_minor, currency, local_time, received_at,
        bank_date, account_id, purchase_key, counted_minor, reply, explanation, audit_mac)
    SELECT (n % 5000) % 1024, int8send(1790000000 + n) || decode(md5(n::text), 'hex'), $BANK, 'k' || n, '', 'online',
        '0220', lpad((n % 1000)::text, 6, '0'), '', lpad(n::text, 12, '0'), lpad((n % 997)::text, 6, 'A'), '',
        '000400001', 'SHOP' || n % 300, 'T' || n % 900, '5411', lpad((n % 9973)::text, 4, '0'), n % 5000, 643,
        timestamp '2026-10-10 00:00' + make_interval(days => n % 60, secs => n % 86400), now(), '2026-10-10',
        1000 + n % 5000, int8send(1790000000 + n) || decode(md5(n::text), 'hex'), 0, '{}', '{}',
        decode(repeat('00', 32), 'hex')
    FROM generate_series(0, $CROWD - 1) n;
    INSERT INTO match_ref (bucket, bank_id, kind, value, message_key, purchase_key, amount_minor, transaction_minor)
    SELECT m.bucket, $BANK, CASE WHEN m.amount_minor % 2 = 0 THEN 10 ELSE 11 END,
        'REF' || m.retrieval, m.message_key, m.purchase_key, 0, 0 FROM message m;
    ANALYZE";

async fn crowd() -> World {
    let world = World::new().await;
    let text = FILL
        .replace("$BANK", &world.bank.0.to_string())
        .replace("$PROGRAM", &world.program.0.to_string())
        .replace("$CROWD", &CROWD.to_string());
    world.admin.batch_execute(&text).await.unwrap();
    world
}

async fn find(world: &World, search: &MessageSearch) -> Vec<FoundMessage> {
    search_messages(&world.pool, &[world.program], search, None, 1_000).await.unwrap()
}

fn of_day() -> OfDays {
    let empty = String::new;
    OfDays {
        from: date(2026, 10, 17),
        until: date(2026, 10, 17),
        last4: empty(),
        amount_minor: None,
        approval: empty(),
        card_acceptor: empty(),
        terminal: empty(),
        acquirer: empty(),
    }
}

/// The message with this number is 7: every reference of it, and how many messages have that reference.
fn searches(key: MessageKey) -> Vec<(&'static str, MessageSearch, usize)> {
    let day = of_day();
    let of = MessageSearch::OfDays;
    vec![
        ("DE37", MessageSearch::Retrieval("000000000007".into()), 1),
        ("network id", MessageSearch::Reference("REF000000000007".into()), 1),
        ("ARN", MessageSearch::Reference("REF000000000008".into()), 1),
        (
            "DE11 and DE7",
            MessageSearch::Sent {
                stan: "000007".into(),
                at: vec!["2026-09-21T14:13:27Z".parse().unwrap(), "2025-09-21T14:13:27Z".parse().unwrap()],
            },
            1,
        ),
        ("key", MessageSearch::Key(key), 1),
        ("member", MessageSearch::Member("M-7".into()), 12),
        ("last 4, amount", of(OfDays { last4: "0007".into(), amount_minor: Some(7), ..day.clone() }), 1),
        ("DE38", of(OfDays { approval: "AAAAA7".into(), ..day.clone() }), 2),
        ("DE42", of(OfDays { card_acceptor: "SHOP7".into(), ..day.clone() }), 200),
        ("DE41", of(OfDays { terminal: "T7".into(), acquirer: "400001".into(), ..day }), 67),
    ]
}

#[tokio::test]
async fn each_reference_finds_its_messages_and_no_other() {
    let world = crowd().await;
    let seven = find(&world, &MessageSearch::Retrieval("000000000007".into())).await[0];
    for (name, search, count) in searches(seven.key) {
        let found = find(&world, &search).await;
        assert_eq!(found.len(), count, "{name}: {found:?}");
        assert!(found.is_sorted(), "{name}");
        assert_eq!(found.contains(&seven), name != "ARN", "{name}");
    }
    let purchase = MessageSearch::Purchase { bucket: seven.bucket, key: seven.key };
    assert_eq!(find(&world, &purchase).await, [seven]);
    let other_program = [domain::ProgramId(world.program.0 + 1)];
    let member = MessageSearch::Member("M-7".into());
    let found = search_messages(&world.pool, &other_program, &member, None, 10).await.unwrap();
    assert_eq!(found, [], "a member number belongs to a program");
    // DE32 is compared without its leading zeros, and is no reference by itself.
    let other = OfDays { terminal: "T7".into(), acquirer: "400002".into(), ..of_day() };
    assert_eq!(find(&world, &MessageSearch::OfDays(other)).await, []);
}

#[tokio::test]
async fn pages_follow_each_other_without_a_gap() {
    let world = crowd().await;
    let key = find(&world, &MessageSearch::Retrieval("000000000007".into())).await[0].key;
    for (name, search, count) in searches(key) {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = search_messages(&world.pool, &[world.program], &search, after, 7).await.unwrap();
            after = page.last().copied().or(after);
            all.extend_from_slice(&page);
            if page.len() < 7 {
                break;
            }
        }
        assert_eq!(all.len(), count, "{name}");
        assert_eq!(all, find(&world, &search).await, "{name}");
    }
}

/// The planner's tree of a text that is run with these values.
async fn plan(world: &World, text: &str, values: &str) -> String {
    // A small table is read from end to end because that is cheap; with this, only if no index leads to the rows.
    world.admin.batch_execute("SET enable_seqscan = off; DEALLOCATE ALL").await.unwrap();
    world.admin.batch_execute(&format!("PREPARE looked_for AS {text}")).await.unwrap();
    let explain =
        format!("EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, SUMMARY OFF) EXECUTE looked_for ({values})");
    let rows = world.admin.simple_query(&explain).await.unwrap();
    let line = |row: &tokio_postgres::SimpleQueryMessage| match row {
        tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    };
    rows.iter().filter_map(line).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn no_search_reads_a_table_from_end_to_end() {
    let world = crowd().await;
    let (bank, program) = (world.bank.0, world.program.0);
    let buckets: Vec<String> = (0..1_024).map(|bucket: i32| bucket.to_string()).collect();
    let buckets = format!("'{{{}}}'", buckets.join(","));
    let key = "int8send(1790000007) || decode(md5('7'), 'hex')";
    let day = "'2026-10-17', '2026-10-17'";
    for (name, text) in store::search_texts() {
        let values = match name {
            "retrieval" => "'000000000007'".to_owned(),
            "reference" => format!("{buckets}, '{{{bank}}}', '{{10,11}}', 'REF000000000007'"),
            "second" => {
                format!("{buckets}, ARRAY[int8send(1790000007)], ARRAY[int8send(1790000008)], '000007'")
            }
            "key" => format!("{buckets}, {key}"),
            "member" => format!("'{{{program}}}', 'M-7'"),
            "purchase" => format!("7, {key}"),
            "card of a day" => format!("{day}, '0007', NULL, '', '', '', ''"),
            "approval of a day" => format!("{day}, '', NULL, 'AAAAA7', '', '', ''"),
            _ => format!("{day}, '', NULL, '', 'SHOP7', '', ''"),
        };
        let tree = plan(&world, &text, &format!("'', -1, 51, {values}")).await;
        assert!(!tree.contains("Seq Scan on m"), "{name} reads everything:\n{tree}");
        assert!(!tree.contains("Seq Scan on purchase"), "{name} reads everything:\n{tree}");
        assert!(tree.contains("Index"), "{name}:\n{tree}");
    }
}

#[tokio::test]
async fn a_view_is_its_owner_s_alone() {
    let world = World::new().await;
    world
        .admin
        .batch_execute("INSERT INTO staff_user (name, password_hash) VALUES ('ann', ''), ('bob', '')")
        .await
        .unwrap();
    let now = "2026-10-10T09:00:00Z".parse().unwrap();
    let pool = &world.pool;
    let (ann, bob) = (("ann", "breaks"), ("bob", "breaks"));
    assert!(store::save_view(pool, ann, "mine", "assignee=ann", now).await.unwrap());
    assert!(store::save_view(pool, ann, "mine", "assignee=ann&state=open", now).await.unwrap());
    assert!(store::save_view(pool, bob, "mine", "assignee=bob", now).await.unwrap());
    let views = store::saved_views(pool, "ann", "breaks").await.unwrap();
    assert_eq!(views.iter().map(|view| view.query.as_str()).collect::<Vec<_>>(), ["assignee=ann&state=open"]);
    assert!(!store::forget_view(pool, "bob", views[0].id).await.unwrap(), "it is another's");
    assert!(store::forget_view(pool, "ann", views[0].id).await.unwrap());
    assert_eq!(store::saved_views(pool, "ann", "breaks").await.unwrap(), []);
    for number in 0..store::SAVED_VIEWS_MAX {
        assert!(store::save_view(pool, ann, &format!("view {number}"), "", now).await.unwrap());
    }
    assert!(!store::save_view(pool, ann, "one too many", "", now).await.unwrap());
    assert!(
        store::save_view(pool, ann, "view 3", "state=open", now).await.unwrap(),
        "one that is there changes"
    );
}
