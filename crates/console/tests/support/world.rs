//! A fresh database with the program of the worked day, a folder for files, and a console on both.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU32, Ordering},
    },
};

use console::{ConsoleState, ProgramInfo, read_settlement_file};
use domain::{BankRules, Bucket, ClearingSource, Currency, MerchantMap, Rules, RulesHash};
use jiff::civil::{Date, date};
use private_postgres::{Options, PrivateCluster};
use program_files::{Codes, ProgramFile};
use settlement::{CloseBy, Environment, ProgramSetup};
use store::{By, CardKind, Database, Lane, NewMember, Pool, Profile, ProgramEntry};
use tokio::sync::Mutex;

use super::{
    browser::Browser,
    day::{Sent, token, worked_day},
};

pub(crate) const SATURDAY: Date = date(2026, 10, 10);
pub(crate) const DAY: &str = "/day/boreal-gold/2026-10-10";
pub(crate) const PASSWORD: &str = "correct horse battery";
const PROGRAM: &str = include_str!("../../../../docs/samples/programs/boreal-gold.toml");
const MERCHANTS: &str = include_str!("../../../../docs/samples/merchants.csv");
const HASH: RulesHash = RulesHash([7; 32]);

/// One cluster for all tests of this binary; the guard process ends it with us.
static CLUSTER: LazyLock<PrivateCluster> =
    LazyLock::new(|| PrivateCluster::start(Options::default()).unwrap_or_else(|error| panic!("{error}")));
static NUMBER: AtomicU32 = AtomicU32::new(0);
/// A migration creates a role, which belongs to the cluster: two at once would meet.
static MIGRATION: Mutex<()> = Mutex::const_new(());

pub(crate) struct World {
    pub(crate) database: Database,
    pub(crate) pool: Pool,
    pub(crate) out: PathBuf,
    pub(crate) codes: Codes,
    pub(crate) file: ProgramFile,
    merchants: MerchantMap,
    pub(crate) demo_sign_in: Option<String>,
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.out);
    }
}

impl World {
    /// The program is in force, its first day is open, A to H without G are members; no message has come.
    pub(crate) async fn new() -> Self {
        let name = format!("console_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        CLUSTER.create_database(&name).unwrap();
        let database = Database::parse(&CLUSTER.connection_string(&name)).unwrap();
        let turn = MIGRATION.lock().await;
        store::migrate(&mut store::connect(&database).await.unwrap()).await.unwrap();
        drop(turn);
        let pool = store::pool(&database).await.unwrap();
        let header = program_files::program_header(PROGRAM).unwrap();
        let named: Vec<String> = header.partners_named.into_iter().collect();
        let mut codes = Codes {
            banks: store::allot_banks(&pool, std::slice::from_ref(&header.bank)).await.unwrap(),
            partners: store::allot_partners(&pool, &named).await.unwrap(),
            programs: BTreeMap::new(),
        };
        let entry = ProgramEntry {
            code: header.code.clone(),
            bank: codes.banks[&header.bank],
            cobrand_partner: codes.partners[&header.cobrand_partner],
            currency: Currency(643),
            time_zone: header.timezone,
        };
        let id = store::register_program(&pool, &entry, HASH, PROGRAM).await.unwrap();
        codes.programs.insert(header.code, id);
        store::open_first(&pool, id, SATURDAY, HASH).await.unwrap();
        let file = program_files::read_program(PROGRAM, HASH, &codes).unwrap();
        let merchants = program_files::read_merchants(MERCHANTS, &codes).unwrap();
        let out = std::env::temp_dir().join(format!("cobrand-{}-{name}", std::process::id()));
        let world = Self { database, pool, out, codes, file, merchants, demo_sign_in: None };
        world.enroll().await;
        world
    }

    /// The whole worked day has come; nothing is closed.
    pub(crate) async fn with_messages() -> Self {
        let world = Self::new().await;
        world.send(&worked_day()).await;
        world
    }

    /// The worked day is closed and its files are out.
    pub(crate) async fn closed() -> Self {
        let world = Self::with_messages().await;
        world.close().await;
        world
    }

    async fn enroll(&self) {
        for card in "ABCDEFH".chars() {
            let new = NewMember {
                token: token(card),
                last4: "0000".to_owned(),
                bank: self.codes.banks["northbank"],
                program: self.file.program.id,
                member_number: format!("AB-{card}"),
                enrolled_on: date(2020, 1, 1),
                kind: CardKind::Main,
                holder: String::new(),
                profile: Profile::default(),
            };
            let by = By { who: "a test".to_owned(), at: jiff::Timestamp::UNIX_EPOCH };
            store::enroll(&self.pool, &new, &by).await.unwrap();
        }
    }

    /// Sends messages one after another, as one card's messages come.
    pub(crate) async fn send(&self, messages: &[Sent]) {
        let bank = self.codes.banks["northbank"];
        let mut rules = Rules { merchants: self.merchants.clone(), ..Rules::default() };
        rules.programs.insert(HASH, self.file.program.clone());
        rules.banks.insert(bank, BankRules { clearing_source: ClearingSource::Advice });
        let mut lane = Lane::open(&self.database).await.unwrap();
        for sent in messages {
            let route = store::routes(&self.pool, &[token(sent.card)]).await.unwrap().remove(0);
            lane.run(&[sent.record(bank, route)], &rules).await.unwrap();
        }
    }

    pub(crate) async fn close(&self) {
        let setup = ProgramSetup::of_file(&self.file, &self.codes, Environment::Test).unwrap();
        settlement::close_day(&self.pool, &setup, SATURDAY, &self.out).await.unwrap();
    }

    /// Closes the day as a person where another one must approve it: its numbers are on the books, no file goes out.
    pub(crate) async fn compute(&self, by: &str) {
        let setup = ProgramSetup::of_file(&self.file, &self.codes, Environment::Test).unwrap();
        let by = CloseBy { who: by.to_owned(), two_people: true, ..CloseBy::default() };
        settlement::close_day_by(&self.pool, &setup, SATURDAY, &self.out, &by).await.unwrap();
    }

    /// A statement behind the back of everybody.
    pub(crate) async fn run(&self, text: &str) {
        let client = self.pool.get().await.unwrap();
        client.batch_execute(text).await.unwrap_or_else(|error| panic!("{error}\n{text}"));
    }

    pub(crate) async fn cycle(&self) -> store::Cycle {
        store::cycle_by_date(&self.pool, self.file.program.id, SATURDAY).await.unwrap().unwrap()
    }

    pub(crate) fn bucket(card: char) -> Bucket {
        Bucket::of_token(&token(card).mac)
    }

    /// The address of a message's page.
    pub(crate) fn page_of(sent: &Sent) -> String {
        format!("/t/{}/{}", Self::bucket(sent.card), sent.key())
    }

    pub(crate) fn state(&self) -> ConsoleState {
        ConsoleState {
            pool: self.pool.clone(),
            programs: vec![ProgramInfo {
                id: self.file.program.id,
                code: self.file.program.code.clone(),
                bank_code: "northbank".to_owned(),
                currency: self.file.program.currency,
                time_zone: self.file.timezone.clone(),
                cut_offs: self.file.cut_offs.clone(),
                terms: self.file.terms.clone(),
            }],
            partner_codes: self.codes.partners.iter().map(|(code, id)| (*id, code.clone())).collect(),
            out_dir: self.out.clone(),
            demo_sign_in: self.demo_sign_in.clone(),
            by_approval: true,
            now: Arc::new(|| "2026-10-10T09:00:00Z".parse().unwrap()),
            read_trailer: Arc::new(read_settlement_file),
            access: console::AccessRules::default(),
            environment: "TEST: a private cluster".to_owned(),
        }
    }

    /// With the rights that the console has in the database, and no more.
    pub(crate) fn state_of_console(&self) -> ConsoleState {
        ConsoleState { pool: store::console_pool(&self.database), ..self.state() }
    }

    /// The number of a partner.
    pub(crate) fn partner(&self, code: &str) -> domain::PartnerId {
        self.codes.partners[code]
    }

    pub(crate) fn stranger(&self) -> Browser {
        Browser::new(console::router(self.state()))
    }

    /// A browser of somebody who has signed in.
    pub(crate) async fn staff(&self) -> Browser {
        // Another test of this world may have added her.
        let _ = console::add_user(&self.pool, "ann", PASSWORD).await;
        let mut browser = self.stranger();
        let page = browser.sign_in("ann", PASSWORD).await;
        assert_eq!(page.location(), "/", "{page:?}");
        browser
    }
}
