//! Blocks of prepaid miles at the command line: written down by one person, approved by another, shown to anybody.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support_link;

use cobrand::demo::{World, WorldOptions};
use serde_json::{Value, json};
use support_link::{cobrand, said};

const PASSWORD: &str = "correct horse battery staple";

/// Runs a command; whether it succeeded, and all that it said.
fn prepaid(world: &World, of: &[&str]) -> (bool, String) {
    let output = cobrand(&world.dir, &[&["partner", "prepaid"], of, &["--config", "cobrand.toml"]].concat());
    let printed = String::from_utf8(output.stdout.clone()).unwrap();
    (output.status.success(), printed + &said(&output))
}

fn add(world: &World, partner: &str, reference: &str) -> (bool, String) {
    let block = ["--miles", "100000", "--paid-minor", "8400000", "--bought-on", "2026-10-09"];
    let of = ["add", "--program", "boreal-gold", "--partner", partner, "--reference", reference];
    prepaid(world, &[&of[..], &block, &["--as", "ann", "--password-file", "password"]].concat())
}

fn approve(world: &World, block: &str, who: &str) -> (bool, String) {
    prepaid(world, &["approve", "--block", block, "--as", who, "--password-file", "password"])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_is_bought_by_two_persons() {
    let sample = include_str!("../../docs/samples/programs/boreal-gold.toml");
    let price = "price = \"0.70\"                      # for each mile\n";
    let program = sample.replacen(price, &format!("{price}prepaid = {{ reorder_at = 20000 }}\n"), 1);
    assert_ne!(program, sample);
    let options = WorldOptions { log_to_file: false, program: Some(program), ..WorldOptions::default() };
    let world = World::start(options).await.unwrap();
    std::fs::write(world.dir.join("password"), PASSWORD).unwrap();
    for name in ["ann", "bob"] {
        console::add_user(&world.assembly.pool, name, PASSWORD).await.unwrap();
    }
    let (taken, told) = add(&world, "kosta", "INV-1");
    assert!(!taken && told.contains("no terms with prepaid blocks for partner \"kosta\""), "{told}");
    let (taken, told) = add(&world, "skyfuel", "4111111111111111");
    assert!(!taken && told.contains("no card number"), "{told}");
    let (taken, told) = add(&world, "skyfuel", "INV-1");
    assert!(taken && told.contains("block 1 is written down"), "{told}");
    let (taken, told) = add(&world, "skyfuel", "INV-1");
    assert!(!taken && told.contains("\"INV-1\" stands for a block of skyfuel already"), "{told}");
    let (taken, told) = approve(&world, "1", "ann");
    assert!(!taken && told.contains("another person must approve it"), "{told}");
    let (taken, told) = approve(&world, "1", "bob");
    assert!(taken && told.contains("block 1 counts from cycle 1 on"), "{told}");
    let (taken, told) = approve(&world, "1", "bob");
    assert!(!taken && told.contains("was approved before"), "{told}");
    let (_, told) = prepaid(&world, &["show", "--program", "boreal-gold"]);
    assert!(told.contains("skyfuel bonus_miles: 100000 left of 100000, 0 taken"), "{told}");
    assert!(
        told.contains("100000 miles, 84000.00 RUB on 2026-10-09, \"INV-1\", by ann; approved by bob"),
        "{told}"
    );
    let output = cobrand(
        &world.dir,
        &["partner", "prepaid", "show", "--program", "boreal-gold", "--json", "--config", "cobrand.toml"],
    );
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    let left = json!([{ "partner": "skyfuel", "basis": "bonus_miles", "bought": 100_000, "drawn": 0, "left": 100_000 }]);
    assert_eq!(shown["left"], left);
    assert_eq!(
        (&shown["blocks"][0]["approved_by"], &shown["blocks"][0]["from_cycle"]),
        (&json!("bob"), &json!(1))
    );
}
