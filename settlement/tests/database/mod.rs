//! A private PostgreSQL with the worked day's program, and the ways in which a close can die.

use std::path::PathBuf;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use domain::{Currency, ProgramId, RulesHash};
use private_postgres::{Options, PrivateCluster};
use settlement::{Closed, ProgramSetup, close_day};
use store::{CycleState, Database, Pool, ProgramEntry};

use crate::sample::{self, Moved, SATURDAY};

/// One cluster for all tests of this binary; the guard process ends it with us.
static CLUSTER: LazyLock<PrivateCluster> =
    LazyLock::new(|| PrivateCluster::start(Options::default()).unwrap_or_else(|error| panic!("{error}")));
/// A role belongs to the whole cluster: two databases of it are not migrated for the first time at once.
static MIGRATION: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
static NUMBER: AtomicU32 = AtomicU32::new(0);

/// How many steps [`World::die_after`] knows.
pub(crate) const STEPS: u32 = 7;
const MEMBERS: [char; 5] = ['A', 'B', 'C', 'E', 'H'];

/// A fresh database and a folder for files.
pub(crate) struct World {
    database: Database,
    pub(crate) pool: Pool,
    pub(crate) out: PathBuf,
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.out);
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        let name = format!("close_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        CLUSTER.create_database(&name).unwrap();
        let database = Database::parse(&CLUSTER.connection_string(&name)).unwrap();
        let one_at_a_time = MIGRATION.lock().await;
        store::migrate(&mut store::connect(&database).await.unwrap()).await.unwrap();
        drop(one_at_a_time);
        let pool = store::pool(&database).await.unwrap();
        let out = std::env::temp_dir().join(format!("cobrand-{}-{name}", std::process::id()));
        let world = Self { database, pool, out };
        world.register("boreal-gold").await;
        world
    }

    pub(crate) async fn another_pool(&self) -> Pool {
        store::pool(&self.database).await.unwrap()
    }

    /// One more program of the same bank and partners, with its first cycle open.
    pub(crate) async fn another_program(&self, code: &str) -> ProgramSetup {
        let id = self.register(code).await;
        let mut setup = sample::setup();
        setup.terms.iter_mut().for_each(|terms| terms.program = id);
        ProgramSetup { id, code: code.to_owned(), ..setup }
    }

    async fn register(&self, code: &str) -> ProgramId {
        let banks = store::allot_banks(&self.pool, &["northbank".to_owned()]).await.unwrap();
        let codes: Vec<String> = sample::partner_codes().into_values().collect();
        let partners = store::allot_partners(&self.pool, &codes).await.unwrap();
        assert!(sample::partner_codes().iter().all(|(id, code)| partners[code] == *id));
        let entry = ProgramEntry {
            code: code.to_owned(),
            bank: banks["northbank"],
            cobrand_partner: sample::AIRBOREAL,
            currency: Currency(643),
            time_zone: "Europe/Moscow".to_owned(),
        };
        // Each program has a text of its own.
        let mut rules = RulesHash([7; 32]);
        if code != "boreal-gold" {
            rules.0[..code.len()].copy_from_slice(code.as_bytes());
        }
        let id = store::register_program(&self.pool, &entry, rules, "text").await.unwrap();
        store::open_first(&self.pool, id, SATURDAY, rules).await.unwrap();
        id
    }

    /// Whether the database takes it.
    #[allow(dead_code, reason = "not every binary of tests asks")]
    pub(crate) async fn can_run(&self, text: &str) -> bool {
        self.pool.get().await.unwrap().batch_execute(text).await.is_ok()
    }

    pub(crate) async fn run(&self, text: &str) {
        let client = self.pool.get().await.unwrap();
        client.batch_execute(text).await.unwrap_or_else(|error| panic!("{error}\n{text}"));
    }

    /// Books movements in the first cycle as the message path would, with plain statements.
    pub(crate) async fn book(&self, day: &[Moved]) {
        self.book_in(1, day).await;
    }

    /// [`Self::book`] in another cycle.
    pub(crate) async fn book_in(&self, cycle: i32, day: &[Moved]) {
        let mut text = String::new();
        for member in MEMBERS {
            let number = u32::from(member);
            text += &format!(
                "INSERT INTO member_account (bucket, account_id, bank_id, program_id, member_number, enrolled_on) \
                 VALUES (7, {number}, 1, 1, 'AB-{member}', '2020-01-01') ON CONFLICT DO NOTHING;"
            );
        }
        for moved in day {
            text += &message(cycle, moved);
            for (leg, (item, amount)) in moved.amounts.iter().enumerate() {
                text += &transfer((cycle, moved), leg, &item.to_string(), item.is_miles(), amount);
            }
        }
        self.run(&text).await;
    }

    /// Positions, files and cycles as they stand on the books.
    pub(crate) async fn books(&self) -> Vec<String> {
        let text = "SELECT 'position ' || p::text FROM settlement_position p UNION ALL \
                    SELECT 'file ' || f::text || ' published=' || f.published FROM settlement_file f UNION ALL \
                    SELECT 'cycle ' || c::text FROM settlement_cycle c ORDER BY 1";
        self.texts(text).await
    }

    pub(crate) async fn open_dates(&self) -> Vec<String> {
        self.texts("SELECT business_date::text FROM settlement_cycle WHERE state <> 'published'").await
    }

    async fn texts(&self, text: &str) -> Vec<String> {
        let client = self.pool.get().await.unwrap();
        client.query(text, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
    }

    /// [`Self::die_in`] with one cut-off a day.
    pub(crate) async fn die_after(&self, step: u32) {
        self.die_in(&sample::setup(), step).await;
    }

    /// Leaves everything as a close of Saturday's open cycle leaves it that dies after some step; 0 is before the first.
    pub(crate) async fn die_in(&self, program: &ProgramSetup, step: u32) {
        let all = store::cycles(&self.pool, program.id).await.unwrap();
        let open = all.iter().find(|cycle| cycle.state == CycleState::Open).unwrap();
        if step == 0 {
            return;
        }
        let next = program.cut_offs.next(program.in_day(&all, open).cycle).date;
        let next = store::prepare_next(&self.pool, open, next).await.unwrap();
        if step == 1 {
            return;
        }
        assert!(store::cut(&self.pool, open, &next).await.unwrap());
        if step == 2 {
            return;
        }
        // What follows is done in full, and then undone from its end.
        let closed = close_day(&self.pool, program, SATURDAY, &self.out).await.unwrap();
        let (id, state) = (open.id, if step == 3 { "computed" } else { "approved" });
        self.run(&format!(
            "UPDATE settlement_cycle SET state = '{state}' WHERE cycle_id = {id}; \
             UPDATE settlement_file SET published = false WHERE cycle_id = {id}"
        ))
        .await;
        self.undo_after(step, &closed).await;
    }

    /// 7: all published, not marked. 6: one file published, not announced. 5: all booked. 4: one booked. 3: positions.
    async fn undo_after(&self, step: u32, closed: &Closed) {
        if step == 7 {
            return;
        }
        let done = |file: &settlement::ClosedFile| [file.path.clone(), file.path.with_extension("cbs.done")];
        let mut names: Vec<PathBuf> = closed.files.iter().flat_map(done).collect();
        names.sort();
        for path in names.into_iter().skip(usize::from(step == 6)) {
            std::fs::remove_file(path).unwrap();
        }
        let of_cycle = format!("DELETE FROM settlement_file WHERE cycle_id = {}", closed.cycle.id);
        match step {
            3 => self.run(&of_cycle).await,
            4 => self.run(&format!("{of_cycle} AND receiver <> 'airboreal'")).await,
            _ => {}
        }
    }
}

fn bytes(key: domain::MessageKey) -> String {
    format!("'\\x{key}'::bytea")
}

fn message(cycle: i32, moved: &Moved) -> String {
    let (key, purchase) = (bytes(moved.message), bytes(moved.purchase));
    let (stan, counted, mti) = (&moved.stan, moved.counted_minor, &moved.mti);
    let account = u32::from(moved.member);
    format!(
        "INSERT INTO message (bucket, message_key, bank_id, key_text, content, source, mti, stan, transmitted, \
         retrieval, approval, arn, acquirer, card_acceptor, terminal, mcc, last4, amount_minor, currency, local_time, \
         received_at, bank_date, account_id, purchase_key, counted_minor, cycle_id, business_date, reply, explanation, \
         audit_mac) VALUES (7, {key}, 1, 'text', '', 'online', '{mti}', '{stan}', '1010{stan}', '628300{stan}', \
         'A1B2C3', '', '123456', 'MERCHANT-1', 'TERM0001', '5411', '0000', abs({counted}), 643, \
         '2026-10-10 12:00:00', '2026-10-10 09:00:00Z', '2026-10-10', {account}, {purchase}, {counted}, {cycle}, \
         '2026-10-10', '', '', decode(repeat('00', 32), 'hex'));"
    )
}

fn transfer((cycle, moved): (i32, &Moved), leg: usize, item: &str, miles: bool, amount: i64) -> String {
    let (key, purchase, account) = (bytes(moved.message), bytes(moved.purchase), u32::from(moved.member));
    let (unit, unit_id) = if miles { (1, 1) } else { (2, 643) };
    let (member, bank) = (format!("1, {account}"), "3, 1".to_owned());
    let (debit, credit) = if amount > 0 { (bank, member) } else { (member, bank) };
    let (rules, size) = (sample::RULES, amount.unsigned_abs());
    format!(
        "INSERT INTO transfer (bucket, message_key, leg, phase, bank_id, program_id, cycle_id, account_id, \
         purchase_key, rules_hash, item, unit_kind, unit_id, debit_kind, debit_id, credit_kind, credit_id, amount) \
         VALUES (7, {key}, {leg}, 1, 1, 1, {cycle}, {account}, {purchase}, '\\x{rules}'::bytea, '{item}', {unit}, {unit_id}, \
         {debit}, {credit}, {size});"
    )
}
