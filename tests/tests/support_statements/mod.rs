//! A closed day, and what honest partners state of it: every line of their file under our id, and every payment.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::path::PathBuf;

use bank_simulator::replay;
use cobrand::demo::{BankDay, World, WorldOptions};
use jiff::civil::{Date, date};

use crate::support_link::{cobrand, said};

pub(crate) const DATE: Date = date(2026, 10, 10);
pub(crate) const HEADER: &str = "reference,date,amount_minor,currency,direction,text\n";

/// The books of a seeded day, closed.
pub(crate) async fn closed_day() -> World {
    let day = BankDay::seeded(7, DATE, 60).unwrap();
    let options = WorldOptions { business_date: DATE, log_to_file: false, ..WorldOptions::default() };
    let world = World::start(options).await.unwrap();
    world.enroll(&day).await.unwrap();
    let bank = world.bank().unwrap();
    replay(&bank, day.day(), 16, |_| {}).await;
    bank.stop().await;
    must(&world, &["day", "close", "--program", "boreal-gold", "2026-10-10", "--early"]);
    world
}

/// Runs a command that is to succeed.
pub(crate) fn must(world: &World, words: &[&str]) {
    let output = cobrand(&world.dir, words);
    assert!(output.status.success(), "{words:?}: {}", said(&output));
}

/// The first edition of a receiver's file.
pub(crate) fn file(world: &World, receiver: &str) -> PathBuf {
    world.dir.join(format!("out/{receiver}_boreal-gold_2026-10-10_000001_0.cbs"))
}

/// What a receiver's file says: each line as a line of a statement, and what is paid.
pub(crate) fn told(world: &World, receiver: &str) -> (Vec<String>, Vec<String>) {
    let text = std::fs::read_to_string(file(world, receiver)).unwrap();
    let (mut lines, mut paid) = (Vec::new(), Vec::new());
    let (mut stated, mut payout) = (String::new(), String::new());
    for record in text.lines() {
        let fields: Vec<&str> = record.split('|').collect();
        let last = fields[fields.len() - 1];
        match fields[0] {
            "BH" => {
                stated = fields[5].to_owned();
                payout = format!(
                    "{}-{:06}-{}-{}",
                    fields[2],
                    fields[9].parse::<u32>().unwrap(),
                    fields[1],
                    fields[3]
                );
            }
            "TX" | "AJ" | "CH" | "PP" | "RD" | "VD" => {
                lines.push(format!("{},2026-10-10,{last},RUB,{stated},", fields[1]));
            }
            "BT" if last != "0" => {
                paid.push(format!("{payout},2026-10-10,{last},RUB,{},", fields[fields.len() - 2]));
            }
            _ => {}
        }
    }
    (lines, paid)
}

/// Imports these lines as a partner's statement.
pub(crate) fn state(world: &World, receiver: &str, lines: &[String]) {
    let name = format!("{receiver}-{}.csv", lines.len());
    std::fs::write(world.dir.join(&name), format!("{HEADER}{}\n", lines.join("\n"))).unwrap();
    must(world, &["partner", "statement", "import", "--partner", receiver, "--file", &name]);
}
