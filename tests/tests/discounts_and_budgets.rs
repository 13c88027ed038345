//! Discounts that are limited, seen by a bank: by hours, by what a member may have, and by what a campaign has left.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support_link;

use bank_simulator::{Link, LinkOptions};
use cobrand::demo::{World, WorldOptions};
use iso8583::{Builder, Mti};
use support_link::{PATIENCE, card, enroll, purchase};

const SAMPLE: &str = include_str!("../../docs/samples/programs/boreal-gold.toml");

/// The sample, with a campaign at kosta in place of its 5 percent, and a limit at the till of skyfuel.
fn program() -> String {
    let kosta = SAMPLE.split("id = \"kosta-5-percent\"").nth(1).unwrap().split("# ----").next().unwrap();
    let campaign = "
effective = { from = 2026-01-01 }
partner = \"kosta\"
when = { hours = \"10:00-23:00\" }
tiers = [{ from = \"500.00\", amount = \"50.00\" }, { from = \"2000.00\", percent = \"5\" }]
rounding = \"floor\"
funding = { merchant = \"60%\" }
limit = { per_member = { uses = 2 }, window = \"calendar_month\" }
budget = { amount = \"330.00\", window = \"campaign\" }

";
    let till = "funding = { merchant = \"50%\" }";
    let limited = format!("{till}\nlimit = {{ per_member = {{ amount = \"20.00\" }}, window = \"day\" }}\n#");
    let text = SAMPLE.replacen(kosta, campaign, 1).replacen(till, &limited, 1);
    // The sample's own tests speak of its own discounts.
    text.split("# ---------------------------------------------------------------- tests")
        .next()
        .unwrap()
        .to_owned()
}

fn at(number: u32, member: u64, shop: &str, minor: u64) -> Builder {
    purchase(&card(member), number).set(42, shop).set(4, format!("{minor:012}"))
}

fn cleared(message: Builder, minor: u64) -> Builder {
    message.with_mti(Mti::new("0220")).set(4, format!("{minor:012}")).set(38, "123456").set(39, "00")
}

const KOSTA: &str = "KOSTA0000000001";
const SKYFUEL: &str = "SKYFUEL00000001";

async fn number(world: &World, sql: &str) -> i64 {
    world.assembly.pool.get().await.unwrap().query_one(sql, &[]).await.unwrap().get(0)
}

const GIVEN: &str = "SELECT coalesce(sum(CASE WHEN credit_kind = 1 THEN amount ELSE -amount END), 0)::bigint \
                     FROM transfer WHERE item LIKE 'discount:statement_credit:%' AND phase = 1";

#[tokio::test(flavor = "multi_thread")]
async fn limits_and_budgets_hold_over_many_connections() {
    let options =
        WorldOptions { program: Some(program()), log_to_file: false, lanes: 4, ..WorldOptions::default() };
    let world = World::prepare(options).await.unwrap();
    let cards: Vec<String> = (1..=8).map(card).collect();
    enroll(&world, &cards.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let gateway = world.assembly.gateway().await.unwrap();
    let gateway = gateway.listen(([127, 0, 0, 1], 0).into(), world.assembly.tls().unwrap()).await.unwrap();
    let connect = async || {
        let tls = world.bank_tls().unwrap();
        let link = Link::connect(gateway.address(), &tls, LinkOptions::default()).await.unwrap();
        link.sign_on().await.unwrap();
        link
    };
    let (one, other) = (connect().await, connect().await);

    // The till of skyfuel: 3 percent, but not more than 20.00 a day for one member.
    let first = one.ask(at(1, 1, SKYFUEL, 60_000), PATIENCE).await.unwrap();
    assert_eq!(first.field(4), Some("000000058200"), "18.00 off");
    let second = one.ask(at(2, 1, SKYFUEL, 60_000), PATIENCE).await.unwrap();
    assert_eq!(second.field(4), Some("000000059800"), "2.00 were left");
    let third = one.ask(at(3, 1, SKYFUEL, 60_000), PATIENCE).await.unwrap();
    assert_eq!(third.field(4), Some("000000060000"), "nothing is left");

    // Early in the morning there is no campaign; at noon 8 members ask twice at once, for 50.00 each.
    let early = cleared(at(90, 1, KOSTA, 60_000).set(12, "095959"), 60_000);
    assert!(one.ask(early, PATIENCE).await.unwrap().is_taken());
    assert_eq!(number(&world, GIVEN).await, 0);
    let mut answers = Vec::new();
    for member in 1..=8_u64 {
        let message = |turn: u32| {
            let number = 100 + u32::try_from(member).unwrap() * 10 + turn;
            cleared(at(number, member, KOSTA, 60_000), 60_000)
        };
        let (a, b) = tokio::join!(one.ask(message(1), PATIENCE), other.ask(message(2), PATIENCE));
        answers.extend([a.unwrap(), b.unwrap()]);
    }
    assert!(answers.iter().all(bank_simulator::Reply::is_taken));
    assert_eq!(number(&world, GIVEN).await, 33_000, "the whole budget and no more");

    // A refund gives 50.00 back, which the next member gets; the first has had two.
    let refund = cleared(at(300, 1, KOSTA, 60_000), 60_000).set(3, "200000").set(37, format!("{:012}", 111));
    assert!(one.ask(refund, PATIENCE).await.unwrap().is_taken());
    assert_eq!(number(&world, GIVEN).await, 28_000);
    assert!(one.ask(cleared(at(301, 8, KOSTA, 60_000), 60_000), PATIENCE).await.unwrap().is_taken());
    assert_eq!(number(&world, GIVEN).await, 33_000);

    support_link::replays(&world).await;
    let check = store::ledger_check(&world.assembly.pool).await.unwrap();
    assert_eq!((check.balances_off, check.counters_off, check.limits_off, check.budgets_off), (0, 0, 0, 0));
    let slices = "SELECT sum(used_amount)::bigint FROM campaign_budget_slice WHERE rule = 'kosta-5-percent'";
    assert_eq!(number(&world, slices).await, 33_000);
}
