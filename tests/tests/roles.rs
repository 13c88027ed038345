//! The roles as processes: the close of a day at its cut-off, the close before it, and a card key that was swapped.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support_link;

use cobrand::demo::{World, WorldOptions};
use jiff::{ToSpan, Zoned, civil::Date};
use store::CycleState;
use support_link::{cobrand, eventually, said};

fn today() -> Date {
    Zoned::now().in_tz("Europe/Moscow").unwrap().date()
}

async fn world(business_date: Date) -> World {
    let options = WorldOptions { business_date, log_to_file: false, ..WorldOptions::default() };
    World::prepare(options).await.unwrap()
}

async fn state(world: &World, date: Date) -> CycleState {
    let program = world.assembly.program("boreal-gold").unwrap();
    store::cycle_by_date(&world.assembly.pool, program.setup.id, date).await.unwrap().unwrap().state
}

#[tokio::test(flavor = "multi_thread")]
async fn the_settle_role_closes_a_day_whose_cut_off_has_passed_and_leaves_the_open_one() {
    let yesterday = today().checked_sub(1.day()).unwrap();
    let world = world(yesterday).await;
    let mut settle = support_link::settle(&world.dir);
    eventually("yesterday is published", async || state(&world, yesterday).await == CycleState::Published)
        .await;
    let next = yesterday.tomorrow().unwrap();
    assert_eq!(state(&world, next).await, CycleState::Open);
    settle.kill().unwrap();
    settle.wait().unwrap();
    let files = std::fs::read_dir(world.dir.join("out")).unwrap().count();
    assert_eq!(files, 8, "three partners and the bank, each with its .done");
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_is_closed_before_its_cut_off_only_when_told_so() {
    let day = today();
    let world = world(day).await;
    let text = day.to_string();
    let close = ["day", "close", "--config", "cobrand.toml", "--program", "boreal-gold", &text];
    let refused = cobrand(&world.dir, &close);
    assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
    assert!(said(&refused).contains("--early"), "{}", said(&refused));
    assert_eq!(state(&world, day).await, CycleState::Open);

    let told: Vec<&str> = close.into_iter().chain(["--early", "--json"]).collect();
    let closed = cobrand(&world.dir, &told);
    assert_eq!(closed.status.code(), Some(0), "{}", said(&closed));
    assert_eq!(state(&world, day).await, CycleState::Published);
    let answer: serde_json::Value = serde_json::from_slice(&closed.stdout).unwrap();
    assert_eq!(answer["already_closed"], false);
    let again: serde_json::Value = serde_json::from_slice(&cobrand(&world.dir, &told).stdout).unwrap();
    assert_eq!((&again["already_closed"], &again["settlement"]), (&true.into(), &answer["settlement"]));
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn another_card_key_under_the_same_id_is_refused_at_the_start() {
    let world = world(today()).await;
    let check = ["check", "--config", "cobrand.toml"];
    let fine = cobrand(&world.dir, &check);
    assert_eq!(fine.status.code(), Some(0), "{}", said(&fine));
    std::fs::write(world.dir.join("certs/card.key"), cobrand::certs::new_card_key().unwrap()).unwrap();
    for command in ["check", "gateway"] {
        let refused = cobrand(&world.dir, &[command, "--config", "cobrand.toml"]);
        assert_eq!(refused.status.code(), Some(78), "{command}: {}", said(&refused));
        assert!(said(&refused).contains("card key 1 is not the one"), "{command}: {}", said(&refused));
    }
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_cannot_start_leaves_the_rules_of_the_running_one_alone() {
    let world = world(today()).await;
    let before = rules_in_force(&world).await;
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let (config, program) = (world.dir.join("cobrand.toml"), world.dir.join("programs/boreal-gold.toml"));
    let text = std::fs::read_to_string(&config).unwrap();
    let address = format!("[gateway]\nlisten = \"{}\"", taken.local_addr().unwrap());
    std::fs::write(&config, text.replace("[gateway]\nlisten = \"127.0.0.1:0\"", &address)).unwrap();
    let rules = std::fs::read_to_string(&program).unwrap();
    std::fs::write(&program, format!("{rules}# another version\n")).unwrap();
    let refused = cobrand(&world.dir, &["gateway", "--config", "cobrand.toml"]);
    assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
    assert!(said(&refused).contains("cannot listen"), "{}", said(&refused));
    assert_eq!(rules_in_force(&world).await, before);
    world.stop().await.unwrap();
}

async fn rules_in_force(world: &World) -> Vec<Vec<u8>> {
    let client = store::connect(&world.assembly.database).await.unwrap();
    let rows = client.query("SELECT DISTINCT rules_hash FROM cycle_gate", &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}
