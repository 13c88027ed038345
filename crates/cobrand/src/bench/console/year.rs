//! A year of business days: a template of real lives, copied set-wise for each date with keys, cards and times of its own,
//! and each date closed by the real close. The last one stays open.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use domain::CycleId;
use gateway::{Clock, Gateway};
use jiff::{Timestamp, ToSpan as _, civil::Date};
use serde_json::{Value, json};
use store::CycleState;
use tokio_postgres::Client;

use super::template::{Share, Template};
use crate::{
    assembly::LoadedProgram,
    bench::{admin, lives::Lives},
    demo::World,
};

/// How large the year is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Months, the first one being January.
    pub months: u32,
    /// Purchases of a month, each with all its messages.
    pub per_month: u64,
}

/// The first business date.
pub const FIRST: Date = jiff::civil::date(2026, 1, 1);
/// Purchases of a member in a month.
const PURCHASES_OF_A_MEMBER: u64 = 5;
/// Members are at least so many.
const MEMBERS_MIN: u64 = 200;
/// Different lives of the template: at least and at most.
const LIVES: (u64, u64) = (300, 2_500);
/// One in so many is a refund whose purchase nobody knows.
const LIVES_WITH_A_REFUND_ALONE: u64 = 400;
/// In so many last days purchases may still wait for their clearing, and refunds for their purchase.
const RECENT_DAYS: i32 = 30;

/// What was loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Year {
    /// The program's code.
    pub program: String,
    /// The last business date, which is open.
    pub last: Date,
    /// Business dates.
    pub days: u64,
    /// Purchases, those of no member and refunds that stand alone among them.
    pub transactions: u64,
    /// Messages.
    pub messages: u64,
    /// Movements.
    pub transfers: u64,
    /// Bytes of the database.
    pub bytes: u64,
    /// How long it took.
    pub took: Duration,
}

impl Year {
    pub(super) fn json(&self) -> Value {
        json!({
            "days": self.days,
            "transactions": self.transactions,
            "messages": self.messages,
            "movements": self.transfers,
            "database_bytes": self.bytes,
            "loaded_in_s": self.took.as_secs(),
        })
    }

    /// Late on the last business date.
    ///
    /// # Errors
    /// If the zone is not known.
    pub fn now(&self) -> anyhow::Result<Timestamp> {
        Ok(self.last.at(23, 0, 0, 0).in_tz("Europe/Moscow")?.timestamp())
    }
}

/// Makes the year in a world whose first business date is [`FIRST`] and that has taken no message yet.
///
/// # Errors
/// If the database refuses something, or a lane does not decide a message of the template.
pub async fn make(world: &World, size: Size) -> anyhow::Result<Year> {
    ensure!((1..=12).contains(&size.months), "--months: expected 1 to 12, not {}", size.months);
    ensure!(size.per_month >= 100, "--per-month: expected at least 100, not {}", size.per_month);
    let began = Instant::now();
    let program = world.assembly.programs.first().context("no program")?;
    let end = FIRST.checked_add(i64::from(size.months).months())?;
    let days = u64::try_from(FIRST.until((jiff::Unit::Day, end))?.get_days())?;
    let lives = (size.per_month * u64::from(size.months) / days).clamp(LIVES.0, LIVES.1);
    live(world, program, lives).await?;
    let client = admin(world).await?;
    let members = (size.per_month / PURCHASES_OF_A_MEMBER).max(MEMBERS_MIN);
    let template = Template::take(&client, program.setup.id, members).await?;
    eprintln!("a template of {lives} lives, {members} members");
    let (mut date, mut place) = (FIRST, 0);
    while date < end {
        let per_day = size.per_month / u64::try_from(date.days_in_month())?;
        // Part of a purchase is left over each day: the first days of a month have one more.
        let left = size.per_month % u64::try_from(date.days_in_month())?;
        let share = Share {
            cycle: open_cycle(world, program).await?,
            date,
            place,
            transactions: per_day + u64::from(u64::try_from(date.day())? <= left),
            recent: i32::try_from(days)? - place <= RECENT_DAYS,
        };
        template.copy(&client, &share).await?;
        let next = date.tomorrow()?;
        if next < end {
            let out = &world.assembly.config.settlement.out;
            settlement::close_day(&world.assembly.pool, &program.setup, date, out).await?;
        }
        if next.month() != date.month() {
            eprintln!("{date}: {} s", began.elapsed().as_secs());
            client.batch_execute("CHECKPOINT").await?;
        }
        (date, place) = (next, place + 1);
    }
    template.finish(&client).await?;
    told(&client, program, end.yesterday()?, size, days, began).await
}

async fn told(
    client: &Client,
    program: &LoadedProgram,
    last: Date,
    size: Size,
    days: u64,
    began: Instant,
) -> anyhow::Result<Year> {
    let text = "SELECT (SELECT count(*) FROM message), (SELECT count(*) FROM transfer), \
                pg_database_size(current_database())";
    let row = client.query_one(text, &[]).await?;
    let count = |place: usize| anyhow::Ok(u64::try_from(row.try_get::<_, i64>(place)?)?);
    Ok(Year {
        program: program.setup.code.clone(),
        last,
        days,
        transactions: size.per_month * u64::from(size.months),
        messages: count(0)?,
        transfers: count(1)?,
        bytes: count(2)?,
        took: began.elapsed(),
    })
}

async fn open_cycle(world: &World, program: &LoadedProgram) -> anyhow::Result<CycleId> {
    let cycles = store::cycles(&world.assembly.pool, program.setup.id).await?;
    let open = cycles.iter().find(|cycle| cycle.state == CycleState::Open).context("no open cycle")?;
    Ok(open.id)
}

/// Lets the lanes decide the messages of the template.
async fn live(world: &World, program: &LoadedProgram, lives: u64) -> anyhow::Result<()> {
    let mut gateway = world.assembly.gateway().await?;
    let late: Timestamp = "2026-12-31T09:00:00Z".parse()?;
    Arc::<Gateway>::get_mut(&mut gateway).context("the gateway is shared")?.clock = Clock::starting_at(late);
    let of = (program.setup.bank.0, program.setup.id);
    // Some purchases of each member, so that no cap is reached and refunds have candidates.
    let members = u32::try_from(lives / 4)?.max(16);
    let mut template = Lives::begin(&gateway, of, members, lives * 2, 1).await?;
    while template.purchases() < lives {
        template.live_until(&gateway, template.messages() + 3 * (lives - template.purchases())).await?;
    }
    template.refund_alone(&gateway, (lives / LIVES_WITH_A_REFUND_ALONE).max(2)).await?;
    gateway.batcher.finish().await;
    Ok(())
}
