//! Events and files on their way to partners, over PostgreSQL and HTTPS: in order, under one key, and each partner by
//! itself. The clock is a value: six hours pass in seconds.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod https;

use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicI64, AtomicU32, Ordering},
    },
};

use domain::{Currency, CycleId, PartnerId, ProgramId, RulesHash};
use https::Endpoint;
use jiff::{Timestamp, civil::date};
use partner_adapters::PartnerFile;
use private_postgres::{Options, PrivateCluster};
use settlement::{ConnectedPartner, Dispatch, Environment, Pass, deliver_due, register, relay_news};
use store::{Database, EndpointRow, FileRow, Pool, ProgramEntry};

static CLUSTER: LazyLock<PrivateCluster> =
    LazyLock::new(|| PrivateCluster::start(Options::default()).unwrap_or_else(|error| panic!("{error}")));
static MIGRATION: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
static NUMBER: AtomicU32 = AtomicU32::new(0);

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const START: i64 = 1_791_000_000;

struct World {
    pool: Pool,
    folder: PathBuf,
    program: ProgramId,
    airboreal: PartnerId,
    skyfuel: PartnerId,
    kosta: PartnerId,
    /// Seconds.
    clock: Arc<AtomicI64>,
    /// The place of the account's last event.
    last: AtomicI64,
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl World {
    async fn new() -> Self {
        let name = format!("delivery_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        CLUSTER.create_database(&name).unwrap();
        let database = Database::parse(&CLUSTER.connection_string(&name)).unwrap();
        let one_at_a_time = MIGRATION.lock().await;
        store::migrate(&mut store::connect(&database).await.unwrap()).await.unwrap();
        drop(one_at_a_time);
        let pool = store::pool(&database).await.unwrap();
        let bank = store::allot_banks(&pool, &["northbank".to_owned()]).await.unwrap()["northbank"];
        let codes = ["airboreal", "skyfuel", "kosta"].map(str::to_owned);
        let partners = store::allot_partners(&pool, &codes).await.unwrap();
        let entry = ProgramEntry {
            code: "boreal-gold".into(),
            bank,
            cobrand_partner: partners["airboreal"],
            currency: Currency(643),
            time_zone: "Europe/Moscow".into(),
        };
        let rules = RulesHash([7; 32]);
        let program = store::register_program(&pool, &entry, rules, "text").await.unwrap();
        store::open_first(&pool, program, date(2026, 10, 10), rules).await.unwrap();
        let folder = std::env::temp_dir().join(format!("cobrand-{}-{name}", std::process::id()));
        std::fs::create_dir_all(folder.join("out")).unwrap();
        let (airboreal, skyfuel, kosta) = (partners["airboreal"], partners["skyfuel"], partners["kosta"]);
        let (clock, last) = (Arc::new(AtomicI64::new(START)), AtomicI64::new(0));
        let world = Self { pool, folder, program, airboreal, skyfuel, kosta, clock, last };
        let account = "INSERT INTO member_account (bucket, account_id, bank_id, program_id, member_number, enrolled_on) \
                       VALUES (7, 1, $1, $2, 'AB-1', '2026-01-01')";
        world.pool.get().await.unwrap().execute(account, &[&bank.0, &world.program.0]).await.unwrap();
        world
    }

    /// A process that delivers.
    fn dispatch(&self, owner: &str) -> Dispatch {
        let clock = Arc::clone(&self.clock);
        Dispatch {
            pool: self.pool.clone(),
            out: self.folder.join("out"),
            environment: Environment::Test,
            owner: owner.to_owned(),
            now: Box::new(move || Timestamp::from_second(clock.load(Ordering::Relaxed)).unwrap()),
        }
    }

    fn pass_time(&self, seconds: i64) {
        self.clock.fetch_add(seconds, Ordering::Relaxed);
    }

    fn now(&self) -> i64 {
        self.clock.load(Ordering::Relaxed)
    }

    fn connect(&self, id: PartnerId, text: &str) -> Arc<ConnectedPartner> {
        let path = self.folder.join(format!("{id}")).join("partner.toml");
        let file = PartnerFile::parse(text, &path).unwrap();
        Arc::new(ConnectedPartner::open(id, file, &path).unwrap())
    }

    /// A partner with an HTTPS endpoint.
    async fn hooked(&self, id: PartnerId, code: &str) -> (Endpoint, Arc<ConnectedPartner>) {
        let endpoint = Endpoint::start(&self.folder.join(format!("{id}"))).await;
        let partner = self.connect(id, &endpoint.partner_file(code));
        register(&self.dispatch("start"), &partner).await.unwrap();
        (endpoint, partner)
    }

    /// A purchase in which both merchant partners share.
    async fn purchase(&self) {
        let order = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let items = format!(
            "discount:at_till:partner-{}:{}=150;discount:at_till:partner-{}:{}=50",
            self.skyfuel, self.skyfuel, self.kosta, self.skyfuel
        );
        let facts = serde_json::json!({
            "purchase": format!("{order:048x}"), "date": "2026-10-10", "currency": "643", "items": items,
            "at": Timestamp::from_second(self.now()).unwrap().to_string(),
        });
        let text = "INSERT INTO outbox VALUES (7, 1, $1, '', 'purchase.accrued', $2)";
        self.pool.get().await.unwrap().execute(text, &[&order, &facts.to_string()]).await.unwrap();
    }

    async fn way(&self, partner: PartnerId, name: &str) -> EndpointRow {
        store::endpoint(&self.pool, partner, name).await.unwrap()
    }
}

/// Looks at a way until nothing more goes out at once.
async fn drain(dispatch: &Dispatch, partner: &ConnectedPartner) -> Pass {
    let mut whole = Pass::default();
    loop {
        let pass = deliver_due(dispatch, partner, &partner.endpoints[0]).await.unwrap();
        whole = Pass { delivered: whole.delivered + pass.delivered, ..pass };
        if !pass.more {
            return whole;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn six_hours_without_an_endpoint_drain_in_order_and_are_nobody_else_s() {
    const STEP: i64 = 5 * MINUTE;
    let world = World::new().await;
    let (sky, skyfuel) = world.hooked(world.skyfuel, "skyfuel").await;
    let (kos, kosta) = world.hooked(world.kosta, "kosta").await;
    let partners = [Arc::clone(&skyfuel), Arc::clone(&kosta)];
    let dispatch = world.dispatch("one");
    let (mut made, mut arrived, mut deepest) = (Vec::new(), Vec::new(), 0);
    // Twelve hours; the endpoint is down from the second to the eighth.
    for step in 0..144 {
        sky.answer(if (HOUR..7 * HOUR).contains(&(step * STEP)) { 503 } else { 200 });
        world.purchase().await;
        made.push(world.now());
        relay_news(&dispatch, &partners).await.unwrap();
        drain(&dispatch, &skyfuel).await;
        drain(&dispatch, &kosta).await;
        arrived.resize(kos.taken().len(), world.now());
        let row = world.way(world.skyfuel, "webhook").await;
        deepest = deepest.max(row.backlog);
        if row.backlog > 0 {
            let oldest = row.waits_since.unwrap().as_second();
            assert_eq!(
                oldest,
                made[usize::try_from(row.sent_to).unwrap()],
                "the age is that of the first that waits"
            );
            assert!(row.next_attempt_at.is_some() && row.stopped.is_none() && !row.last_error.is_empty());
        }
        world.pass_time(STEP);
    }
    let all: Vec<i64> = (1..=144).collect();
    assert_eq!(sky.taken(), all, "each once, and in order");
    assert!(deepest >= 72, "six hours wait: {deepest}");
    assert_eq!(world.way(world.skyfuel, "webhook").await.backlog, 0);
    // The other one had each event at the moment in which it was made, and nothing twice.
    assert_eq!((kos.taken(), arrived), (all, made));
    assert_eq!(kos.calls().len(), 144);
    // What failed was always the first that waited, under the key with which it came in the end.
    let calls = sky.calls();
    let failed: BTreeSet<&str> =
        calls.iter().filter(|call| call.status == 503).map(|call| call.id.as_str()).collect();
    assert_eq!(failed.len(), 1);
    assert!(calls.len() - 144 < 8, "the pauses grow: {} attempts failed", calls.len() - 144);
    let ids: BTreeSet<&str> = calls.iter().map(|call| call.id.as_str()).collect();
    assert_eq!(ids.len(), 144);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_dies_after_the_partner_s_answer_sends_again_under_the_same_key() {
    let world = World::new().await;
    let (sky, skyfuel) = world.hooked(world.skyfuel, "skyfuel").await;
    for _ in 0..3 {
        world.purchase().await;
    }
    relay_news(&world.dispatch("one"), &[Arc::clone(&skyfuel)]).await.unwrap();
    // The event is there, the answer never comes, and the process is gone.
    sky.answer(0);
    let (dispatch, partner) = (world.dispatch("one"), Arc::clone(&skyfuel));
    let first = tokio::spawn(async move { drain(&dispatch, &partner).await });
    sky.called().await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    sky.answer(200);
    let second = world.dispatch("two");
    assert_eq!(drain(&second, &skyfuel).await, Pass::default(), "the other one's lease runs");
    world.pass_time(2 * MINUTE);
    assert_eq!(drain(&second, &skyfuel).await.delivered, 3);
    // One that ends by itself makes nobody wait.
    world.purchase().await;
    settlement::give_back(&second).await.unwrap();
    let third = world.dispatch("three");
    relay_news(&third, &[Arc::clone(&skyfuel)]).await.unwrap();
    assert_eq!(drain(&third, &skyfuel).await.delivered, 1);
    let ids: Vec<String> = sky.calls().into_iter().map(|call| call.id).collect();
    let id = |number: i64| format!("skyfuel-{number:012}");
    assert_eq!(ids, [id(1), id(1), id(2), id(3), id(4)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_processes_one_delivers() {
    let world = World::new().await;
    let (sky, skyfuel) = world.hooked(world.skyfuel, "skyfuel").await;
    for _ in 0..40 {
        world.purchase().await;
    }
    let work = |owner: &'static str| {
        let (dispatch, partner) = (world.dispatch(owner), Arc::clone(&skyfuel));
        tokio::spawn(async move {
            for _ in 0..10 {
                relay_news(&dispatch, &[Arc::clone(&partner)]).await.unwrap();
                drain(&dispatch, &partner).await;
            }
        })
    };
    let both = [work("one"), work("two")];
    for one in both {
        one.await.unwrap();
    }
    assert_eq!(sky.taken(), (1..=40).collect::<Vec<i64>>());
    assert_eq!(sky.calls().len(), 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_410_stops_the_way_until_an_operator_enables_it_and_a_replay_has_the_old_keys() {
    let world = World::new().await;
    let (sky, skyfuel) = world.hooked(world.skyfuel, "skyfuel").await;
    let dispatch = world.dispatch("one");
    for _ in 0..5 {
        world.purchase().await;
    }
    relay_news(&dispatch, &[Arc::clone(&skyfuel)]).await.unwrap();
    sky.answer(410);
    drain(&dispatch, &skyfuel).await;
    world.pass_time(72 * HOUR);
    drain(&dispatch, &skyfuel).await;
    let row = world.way(world.skyfuel, "webhook").await;
    assert_eq!((row.stopped.as_deref(), row.backlog, sky.calls().len()), (Some("gone"), 5, 1));
    sky.answer(200);
    store::enable_endpoint(&world.pool, world.skyfuel, "webhook", Some(2)).await.unwrap();
    assert_eq!(drain(&dispatch, &skyfuel).await.delivered, 3);
    assert_eq!(sky.taken(), [3, 4, 5], "two were passed over");
    let now = Timestamp::from_second(world.now()).unwrap();
    let asked =
        store::replay_events(&world.pool, world.skyfuel, "webhook", (1, 3), "anna", now).await.unwrap();
    assert_eq!((asked, world.way(world.skyfuel, "webhook").await.backlog), (3, 3));
    drain(&dispatch, &skyfuel).await;
    assert_eq!(sky.taken(), [3, 4, 5, 1, 2, 3]);
    let calls = sky.calls();
    assert_eq!(calls[1].id, calls[6].id);
    assert_eq!(calls[1].event, calls[6].event, "the same bytes");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_fails_for_three_days_is_left_alone_and_nothing_is_lost() {
    let world = World::new().await;
    let (sky, skyfuel) = world.hooked(world.skyfuel, "skyfuel").await;
    let dispatch = world.dispatch("one");
    world.purchase().await;
    relay_news(&dispatch, &[Arc::clone(&skyfuel)]).await.unwrap();
    sky.answer(500);
    for _ in 0..200 {
        drain(&dispatch, &skyfuel).await;
        world.pass_time(HOUR);
    }
    let row = world.way(world.skyfuel, "webhook").await;
    assert_eq!((row.stopped.as_deref(), row.backlog, sky.calls().len()), (Some("exhausted"), 1, 10));
    sky.answer(200);
    store::enable_endpoint(&world.pool, world.skyfuel, "webhook", None).await.unwrap();
    drain(&dispatch, &skyfuel).await;
    assert_eq!(sky.taken(), [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_come_in_their_order_and_a_missing_one_stops_the_way() {
    let world = World::new().await;
    let into = world.folder.join("airboreal");
    std::fs::create_dir_all(&into).unwrap();
    let text = format!(
        "schema = \"partner/1\"\ncode = \"airboreal\"\n[[transport]]\nkind = \"folder\"\npath = \"{}\"\n",
        into.display()
    );
    let airboreal = world.connect(world.airboreal, &text);
    let dispatch = world.dispatch("one");
    let out = world.folder.join("out");
    let publish = async |sequence: i32, there: bool| {
        let name = format!("airboreal_boreal-gold_2026-10-10_{sequence:06}_0.cbs");
        let bytes = format!("file {sequence}\n");
        let mut sha256 = [0; 32];
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes.as_bytes());
        sha256.copy_from_slice(hash.as_ref());
        if there {
            std::fs::write(out.join(&name), &bytes).unwrap();
        }
        let row = FileRow {
            receiver: "airboreal".to_owned(),
            cycle: CycleId(1),
            sequence,
            revision: sequence - 1,
            file_name: name.clone(),
            sha256,
            previous_sha256: None,
            records: 2,
            published: true,
        };
        let lease =
            store::take_close_lease(&world.pool, domain::ProgramId(1), "test").await.unwrap().unwrap();
        store::record_file(&world.pool, &lease.fence(), &row).await.unwrap();
        lease.give_back().await.unwrap();
        (name, bytes)
    };
    let (before, _) = publish(1, true).await;
    register(&dispatch, &airboreal).await.unwrap();
    let (second, bytes) = publish(2, true).await;
    let (third, _) = publish(3, false).await;
    let (fourth, _) = publish(4, true).await;
    drain(&dispatch, &airboreal).await;
    assert_eq!(std::fs::read_to_string(into.join(&second)).unwrap(), bytes);
    assert!(!into.join(&before).exists(), "it was published before the way was there");
    assert!(!into.join(&fourth).exists(), "a later one never comes before an earlier one");
    let row = world.way(world.airboreal, "folder").await;
    assert_eq!((row.stopped.as_deref(), row.backlog, row.delivered), (Some("local-file"), 2, 1));
    assert!(!store::cycle_is_delivered(&world.pool, CycleId(1)).await.unwrap());
    std::fs::write(out.join(&third), "file 3\n").unwrap();
    store::enable_endpoint(&world.pool, world.airboreal, "folder", None).await.unwrap();
    drain(&dispatch, &airboreal).await;
    assert!(into.join(&third).exists() && into.join(&fourth).exists());
    assert!(store::cycle_is_delivered(&world.pool, CycleId(1)).await.unwrap());
    let now = Timestamp::from_second(world.now()).unwrap();
    let again = store::send_file_again(&world.pool, world.airboreal, "folder", &before, now).await.unwrap();
    assert_eq!(again, 1);
    drain(&dispatch, &airboreal).await;
    assert!(into.join(&before).exists());
    // The partner is told of each; what it may know of another's stays another's.
    relay_news(&dispatch, &[Arc::clone(&airboreal)]).await.unwrap();
    let told = store::partner_events(&world.pool, world.airboreal, 0, 10).await.unwrap();
    assert_eq!(
        told.iter().map(|event| event.topic.as_str()).collect::<Vec<_>>(),
        ["settlement.published"; 4]
    );
    assert!(told[0].data.contains(&before));
    assert_eq!(store::last_partner_event(&world.pool, world.skyfuel).await.unwrap(), 0);
    assert_eq!(store::partner_file(&world.pool, world.skyfuel, &second).await.unwrap(), None);
}
