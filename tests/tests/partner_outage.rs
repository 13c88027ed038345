//! A partner's endpoint is down for six hours: what waits comes in its order and once by its keys, what the others get is
//! what they get on a day without the outage, and a SIGKILL of the worker in the middle changes none of it.
//!
//! The processes are real, and so is every connection. Hours are compressed: in each of them the bank sends purchases, and
//! the next one begins when the others have everything, whatever the partner that is down does. Its own pauses between
//! attempts are compressed by its file (`[retry]`).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../../partner-adapters/tests/s3_server/mod.rs"]
mod s3_server;
mod support_endpoints;
mod support_link;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread::JoinHandle,
};

use bank_simulator::Link;
use cobrand::demo::{World, WorldOptions};
use jiff::{ToSpan, Zoned, civil::Date};
use s3_server::Store;
use serde_json::Value;
use support_endpoints::{Call, Door, Hook, Mood, Process, RETRY_AFTER_SECONDS, SECRET, connect, paid};
use support_link::{PATIENCE, card, cobrand, enroll, eventually, free_port, said};

/// The hours of a day: one before the outage, six of it, one after it.
const HOURS: u32 = 8;
/// What the endpoint of airboreal is like from this hour on, if it is a day with an outage.
const MOODS: [(u32, Mood); 4] = [(1, Mood::Refuses), (3, Mood::Hangs), (5, Mood::Gone), (7, Mood::Well)];
/// In this hour the worker is killed, while a call of it hangs.
const KILLED_IN: u32 = 4;
/// A business day ends in each of these hours.
const CLOSED_IN: [u32; 4] = [0, 2, 4, 6];
const OTHERS: [&str; 2] = ["skyfuel", "kosta"];

/// A way as `partner deliveries` shows it.
type Shown = Value;

/// What a day came to.
struct Told {
    /// Of the others: whose, in which hour, and under which key it came, and of which type it is.
    others: Vec<(&'static str, u32, String, String)>,
    /// Of the others: whose files were there at the end of which hour.
    folders: BTreeMap<(&'static str, u32), BTreeSet<String>>,
    /// What airboreal took, and how many calls came for it.
    taken: Vec<Call>,
    calls: usize,
    /// Its files in the order in which they appeared, and what was published for it.
    files: Vec<(String, Vec<u8>)>,
    published: BTreeMap<String, Vec<u8>>,
}

struct Running {
    world: World,
    hour: Arc<AtomicU32>,
    airboreal: Hook,
    others: BTreeMap<&'static str, Hook>,
    store: Store,
    /// Before the hook and the store of airboreal.
    doors: [Door; 2],
    link: Link,
    _gateway: Process,
    worker: Option<Process>,
    /// Numbers of messages.
    sent: u32,
    /// The first business date; it is not due before tomorrow's end, so nobody but the test closes it.
    first: Date,
    closed: u32,
}

fn webhook(port: u16) -> String {
    format!(
        "[[transport]]\nkind = \"webhook\"\nurl = \"http://127.0.0.1:{port}/hook\"\nsecrets = [\"secret\"]\n\
         allow_networks = [\"127.0.0.0/8\"]\ntimeout_seconds = 45\n"
    )
}

fn files(doors: &[Door; 2], store: &Store, others: &BTreeMap<&str, Hook>) -> Vec<(String, String)> {
    // An hour of the default schedule is some seconds here.
    let airboreal = format!(
        "schema = \"partner/1\"\ncode = \"airboreal\"\n[retry]\n\
         wait_seconds = [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 5, 10, 20, 20, 20]\n{}\
         [[transport]]\nkind = \"s3\"\nendpoint = \"http://127.0.0.1:{}\"\nbucket = \"partner\"\nprefix = \"in/\"\n\
         access_key = \"{2}/access\"\nsecret_key = \"{2}/secret\"\ntimeout_seconds = 45\n",
        webhook(doors[0].port),
        doors[1].port,
        store.folder.display()
    );
    let mut files = vec![
        ("partners/secret".to_owned(), SECRET.to_owned()),
        ("partners/airboreal.toml".to_owned(), airboreal),
    ];
    for (code, hook) in others {
        let folder = format!("[[transport]]\nkind = \"folder\"\npath = \"../for-{code}\"\n");
        let text = format!("schema = \"partner/1\"\ncode = \"{code}\"\n{}{folder}", webhook(hook.port));
        files.push((format!("partners/{code}.toml"), text));
        files.push((format!("for-{code}/.here"), String::new()));
    }
    files
}

impl Running {
    async fn start(name: &str) -> Self {
        let hour = Arc::new(AtomicU32::new(0));
        let mut others = BTreeMap::new();
        for code in OTHERS {
            others.insert(code, Hook::start(&hour).await);
        }
        let (airboreal, store) = (Hook::start(&hour).await, Store::start(name).await);
        let doors = [Door::before(airboreal.port), Door::before(store.port)];
        let names = ["airboreal", OTHERS[0], OTHERS[1]].map(|code| format!("\"partners/{code}.toml\""));
        let first = Zoned::now().date().saturating_add(2.days());
        let options = WorldOptions {
            log_to_file: false,
            business_date: first,
            port: free_port(),
            files: files(&doors, &store, &others),
            settlement: format!("partners = [{}]", names.join(", ")),
            ..WorldOptions::default()
        };
        let world = World::prepare(options).await.unwrap();
        enroll(&world, &[&card(1), &card(2)]).await;
        let gateway = Process::start(&world.dir, "gateway");
        let worker = Some(Process::start(&world.dir, "settle"));
        let link = connect(&world).await;
        let running = Self {
            world,
            hour,
            airboreal,
            others,
            store,
            doors,
            link,
            _gateway: gateway,
            worker,
            sent: 0,
            first,
            closed: 0,
        };
        eventually("each way is known", async || running.shown(None).len() == 6).await;
        running
    }

    /// What the operator sees of all ways, or of a partner's.
    fn shown(&self, partner: Option<&str>) -> Vec<Shown> {
        let words: Vec<&str> = ["partner", "deliveries", "--json"].into_iter().chain(partner).collect();
        let output = cobrand(&self.world.dir, &words);
        assert!(output.status.success(), "{}", said(&output));
        let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
        shown["deliveries"].as_array().unwrap().clone()
    }

    /// Whether the file of every closed day is on its way to airboreal, and an attempt of what waits has failed.
    fn has_refused_all(&self) -> bool {
        let number = |way: &Shown, key: &str| way[key].as_u64().unwrap();
        self.shown(Some("airboreal")).iter().all(|way| {
            let files = number(way, "delivered") + number(way, "backlog");
            let is_known = way["carries"] != "files" || files == u64::from(self.closed);
            is_known && (number(way, "backlog") == 0 || number(way, "attempts") > 0)
        })
    }

    fn way(&self, partner: &str, way: &str) -> Shown {
        let all = self.shown(Some(partner));
        all.into_iter().find(|shown| shown["way"] == way).unwrap()
    }

    /// A member of each of two accounts buys; three merchants, two of them partners.
    async fn purchases(&mut self) {
        let mut cleared = |member: u64| {
            self.sent += 1;
            paid(&card(member), self.sent)
        };
        let fuel = cleared(1).set(18, "5541").set(41, "SKYF0007").set(42, "SKYFUEL00000001");
        let mall = cleared(1).set(41, "KOSTA001").set(42, "KOSTA0000000001");
        for message in [fuel, cleared(2), mall] {
            assert!(self.link.ask(message, PATIENCE).await.unwrap().is_taken());
        }
    }

    fn close_a_day(&mut self) {
        let date = self.first.saturating_add(i64::from(self.closed).days()).to_string();
        let words = ["day", "close", "--program", "boreal-gold", &date, "--early", "--json"];
        let output = cobrand(&self.world.dir, &words);
        assert!(output.status.success(), "{}", said(&output));
        self.closed += 1;
    }

    fn folder(&self, code: &str) -> BTreeSet<String> {
        let folder = std::fs::read_dir(self.world.dir.join(format!("for-{code}"))).unwrap();
        folder.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    /// Waits until the others have everything that has happened so far. Whatever airboreal does has no part in that.
    async fn others_have_everything(&self) {
        let (assembly, closed) = (&self.world.assembly, usize::try_from(self.closed).unwrap());
        eventually("the others have everything", async || {
            let relayed = "SELECT NOT EXISTS (SELECT FROM outbox)";
            if !assembly.pool.get().await.unwrap().query_one(relayed, &[]).await.unwrap().get::<_, bool>(0) {
                return false;
            }
            for (code, hook) in &self.others {
                let ways = store::endpoints(&assembly.pool, assembly.codes.partners[*code]).await.unwrap();
                let told = hook.taken().into_iter().filter(|call| topic(call) == "settlement.published");
                // A file comes with its announcement; beside them lies what keeps the folder.
                let files = self.folder(code).len() == 2 * closed + 1;
                if ways.iter().any(|way| way.backlog > 0) || told.count() < closed || !files {
                    return false;
                }
            }
            true
        })
        .await;
    }

    /// SIGKILL while a call hangs, and another worker.
    async fn kill_the_worker(&mut self) {
        let before = self.doors[0].met(Mood::Hangs).len();
        self.worker.take().unwrap().kill();
        // A dead worker's ways stand still until its leases end. Their minutes are compressed too.
        let client = self.world.assembly.pool.get().await.unwrap();
        assert!(client.execute("UPDATE work_lease SET until = now()", &[]).await.unwrap() > 0);
        self.worker = Some(Process::start(&self.world.dir, "settle"));
        let again = async || self.doors[0].met(Mood::Hangs).len() > before;
        eventually("the next worker calls airboreal", again).await;
    }

    async fn mood(&self, mood: Mood) {
        for door in &self.doors {
            door.is(mood).await;
        }
        match mood {
            Mood::Hangs => {
                let both = async || self.doors.iter().all(|door| !door.met(mood).is_empty());
                eventually("a call hangs at each door", both).await;
            }
            Mood::Gone => {
                let refused = |shown: &Shown| shown["last_error"].as_str().unwrap().contains("refused");
                let both = async || self.shown(Some("airboreal")).iter().all(refused);
                eventually("nobody listens there", both).await;
            }
            Mood::Well | Mood::Refuses => {}
        }
    }
}

fn topic(call: &Call) -> String {
    call.event()["type"].as_str().unwrap().to_owned()
}

/// What is seen of airboreal at the end of an hour of the outage; `before` is what was seen at the end of the last one.
fn check_the_outage(
    running: &Running,
    mood: Mood,
    before: &BTreeMap<String, Shown>,
) -> BTreeMap<String, Shown> {
    let mut seen = BTreeMap::new();
    for shown in running.shown(None) {
        let number = |key: &str| shown[key].as_i64().unwrap();
        if shown["partner"] != "airboreal" {
            assert_eq!(
                (number("backlog"), number("attempts"), &shown["last_error"]),
                (0, 0, &"".into()),
                "{shown}"
            );
            assert!(shown["stopped"].is_null() && shown["next_attempt_at"].is_null(), "{shown}");
            continue;
        }
        let way = shown["way"].as_str().unwrap().to_owned();
        let last = &before[&way];
        assert_eq!(
            (&shown["delivered"], &shown["sent_to"]),
            (&last["delivered"], &last["sent_to"]),
            "{shown}"
        );
        assert!(shown["stopped"].is_null(), "{shown}");
        assert!(number("backlog") >= last["backlog"].as_i64().unwrap(), "{shown}");
        if way == "webhook" {
            assert!(number("backlog") > last["backlog"].as_i64().unwrap(), "{shown}");
        }
        if number("backlog") > 0 && last["backlog"] != 0 {
            // It is the same one that waits: it grows older, also across the SIGKILL, and its next attempt is known.
            assert!(number("oldest_seconds") >= last["oldest_seconds"].as_i64().unwrap(), "{shown}");
            assert!(number("attempts") > 0 && shown["next_attempt_at"].is_string(), "{shown}");
        }
        if mood == Mood::Refuses && way == "webhook" {
            check_retry_after(&running.doors[0], &shown);
        }
        seen.insert(way, shown);
    }
    seen
}

/// The next attempt is not before the moment for which the endpoint has asked.
fn check_retry_after(door: &Door, shown: &Shown) {
    assert!(shown["last_error"].as_str().unwrap().contains("503"), "{shown}");
    let attempts = usize::try_from(shown["attempts"].as_u64().unwrap()).unwrap();
    let refused = door.met(Mood::Refuses)[attempts - 1];
    let next: jiff::Timestamp = shown["next_attempt_at"].as_str().unwrap().parse().unwrap();
    assert!(next >= refused + RETRY_AFTER_SECONDS.seconds(), "refused at {refused}: {shown}");
}

async fn day(name: &'static str, outage: bool) -> Told {
    let mut running = Running::start(name).await;
    let (mut mood, mut folders, mut seen) = (Mood::Well, BTreeMap::new(), BTreeMap::new());
    for hour in 0..HOURS {
        running.hour.store(hour, Ordering::SeqCst);
        if let Some((_, next)) = MOODS.iter().find(|(from, _)| outage && *from == hour) {
            mood = *next;
            running.mood(mood).await;
        }
        running.purchases().await;
        if outage && hour == KILLED_IN {
            running.kill_the_worker().await;
        }
        running.others_have_everything().await;
        if CLOSED_IN.contains(&hour) {
            running.close_a_day();
            running.others_have_everything().await;
        }
        folders.extend(OTHERS.map(|code| ((code, hour), running.folder(code))));
        if mood == Mood::Well {
            eventually("airboreal has everything", async || {
                running.shown(Some("airboreal")).iter().all(|way| way["backlog"] == 0)
                    && running.store.names("in").len() == usize::try_from(running.closed).unwrap()
                    && running
                        .airboreal
                        .taken()
                        .iter()
                        .filter(|call| topic(call) == "settlement.published")
                        .count()
                        == usize::try_from(running.closed).unwrap()
            })
            .await;
            seen = running
                .shown(Some("airboreal"))
                .into_iter()
                .map(|way| (way["way"].as_str().unwrap().to_owned(), way))
                .collect();
        } else {
            let tried = async || running.way("airboreal", "webhook")["attempts"] != 0;
            eventually("airboreal is tried", tried).await;
            if mood == Mood::Refuses {
                // Before it begins to hang: a first attempt that hangs is none that has failed.
                eventually("both ways have failed", async || running.has_refused_all()).await;
            }
            seen = check_the_outage(&running, mood, &seen);
        }
    }
    gather(running, folders).await
}

async fn gather(running: Running, folders: BTreeMap<(&'static str, u32), BTreeSet<String>>) -> Told {
    let mut others = Vec::new();
    for (code, hook) in &running.others {
        let taken = hook.taken().into_iter();
        others.extend(taken.map(|call| (*code, call.hour, call.key.clone(), topic(&call))));
    }
    let (taken, calls) = (running.airboreal.taken(), running.airboreal.calls().len());
    let place = running.store.folder.join("data/partner/in");
    let mut files: Vec<PathBuf> = running.store.names("in").iter().map(|name| place.join(name)).collect();
    files.sort_by_key(|path| (std::fs::metadata(path).unwrap().modified().unwrap(), path.clone()));
    let read = |path: &PathBuf| (name_of(path), std::fs::read(path).unwrap());
    let files = files.iter().map(read).collect();
    let out = std::fs::read_dir(running.world.dir.join("out")).unwrap();
    let published = out
        .map(|entry| entry.unwrap().path())
        .filter(|path| name_of(path).starts_with("airboreal_") && name_of(path).ends_with(".cbs"))
        .map(|path| read(&path))
        .collect();
    let Running { world, _gateway, worker, .. } = running;
    drop((_gateway, worker));
    world.stop().await.unwrap();
    Told { others, folders, taken, calls, files, published }
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

/// The story of each account, and of the files: what came, in its order.
fn stories(taken: &[Call]) -> BTreeMap<String, Vec<(i64, String)>> {
    let mut stories: BTreeMap<String, Vec<(i64, String)>> = BTreeMap::new();
    for event in taken.iter().map(Call::event) {
        let order = event["order"].as_i64();
        let subject = if order.is_some() { event["subject"].as_str().unwrap() } else { "files" };
        let place = order.unwrap_or_else(|| event["data"]["sequence"].as_i64().unwrap());
        let told = (place, event["type"].as_str().unwrap().to_owned());
        stories.entry(subject.to_owned()).or_default().push(told);
    }
    stories
}

/// Each day has a world and a runtime of its own.
fn begin(name: &'static str, outage: bool) -> JoinHandle<Told> {
    let runtime =
        || tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    std::thread::spawn(move || runtime().block_on(day(name, outage)))
}

#[test]
fn six_hours_without_an_endpoint_are_nobody_else_s_and_come_in_order_once() {
    let (calm, down) = (begin("calm", false), begin("down", true));
    let (calm, down) = (calm.join().unwrap(), down.join().unwrap());

    // The others: the same events and files in the same hours, also in those of the outage.
    assert_eq!(down.others, calm.others);
    assert_eq!(down.folders, calm.folders);
    for code in OTHERS {
        for hour in 0..HOURS {
            assert!(calm.others.iter().any(|(of, at, ..)| (*of, *at) == (code, hour)), "{code} in {hour}");
        }
    }

    // The partner: every number once and in order, each account's story in its order, and all of it.
    for told in [&calm, &down] {
        let keys: Vec<&str> = told.taken.iter().map(|call| call.key.as_str()).collect();
        let expected: Vec<String> =
            (1..=keys.len()).map(|number| format!("airboreal-{number:012}")).collect();
        assert_eq!(keys, expected);
        let stories = stories(&told.taken);
        assert_eq!(stories.len(), 3, "two accounts and the files: {stories:?}");
        for (subject, story) in &stories {
            assert!(story.is_sorted_by(|one, next| one.0 <= next.0), "{subject}: {story:?}");
        }
        let names: Vec<&String> = told.files.iter().map(|(name, _)| name).collect();
        assert!(names.is_sorted(), "no file comes before an earlier one: {names:?}");
        assert_eq!(names.len(), CLOSED_IN.len());
        assert_eq!(told.files.iter().cloned().collect::<BTreeMap<_, _>>(), told.published);
    }
    assert_eq!(stories(&down.taken), stories(&calm.taken));
    assert_eq!(calm.calls, calm.taken.len(), "without an outage nothing is sent twice");

    // It was down: one event was taken and not answered, by two workers under one key; all others came afterwards.
    let while_down: Vec<&Call> = down.taken.iter().filter(|call| (1..7).contains(&call.hour)).collect();
    assert_eq!(while_down.len(), 1, "{while_down:?}");
    assert!(down.calls > down.taken.len() + 1, "{} calls for {} events", down.calls, down.taken.len());
}
