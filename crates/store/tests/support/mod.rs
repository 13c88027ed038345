//! What the tests of the store share: one private cluster for each test program, a fresh migrated database for
//! each test, and a small world of one bank, three partners and one program.
#![allow(dead_code, reason = "each test binary uses a part")]

/// One step in a transaction of its own, which is committed unless the step failed.
#[allow(unused_macros, reason = "not every test takes steps")]
macro_rules! committed {
    ($pool:expr, |$transaction:ident| $step:expr) => {{
        let mut client = $pool.get().await.unwrap();
        let $transaction = client.transaction().await.unwrap();
        let done = $step.await;
        if done.is_ok() {
            $transaction.commit().await.unwrap();
        }
        done
    }};
}
#[allow(unused_imports, reason = "not every test takes steps")]
pub(crate) use committed;

use std::{
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use domain::{
    BankId, BankRules, BaseRule, Bucket, CapRule, CapWindow, ClearingSource, Condition, Content, Currency,
    DiscountMode, DiscountRule, EarnRounding, Effective, Event, EventKind, Funder, MemberRef, Merchant,
    MessageKey, OriginalRef, PartnerId, Program, ProgramId, Ratio, References, Rounding, Rules, RulesHash,
    TransactionKind,
};
use jiff::{
    Timestamp,
    civil::{Date, date},
};
use private_postgres::{Options, PrivateCluster};
use store::{
    By, CardKind, CardToken, Database, Lane, MessageRecord, NewMember, Pool, Profile, ProgramEntry, Route,
};
use tokio_postgres::Client;

/// A poll that has not come true by then fails the test.
const POLLS_MAX: u32 = 4_000;
const POLL: Duration = Duration::from_millis(5);

pub(crate) const DAY: Date = date(2026, 10, 10);
pub(crate) const RUB: Currency = Currency(643);
pub(crate) const HASH: RulesHash = RulesHash([7; 32]);
const ACQUIRER: &str = "123456";

pub(crate) const AUTHORIZATION: EventKind = EventKind::Authorization { preauthorization: false };
pub(crate) const CLEARING: EventKind = EventKind::Clearing { source: ClearingSource::Advice, approved: true };

/// The one cluster of this test program; it ends with the process.
pub(crate) fn cluster() -> &'static PrivateCluster {
    static CLUSTER: OnceLock<PrivateCluster> = OnceLock::new();
    CLUSTER
        .get_or_init(|| PrivateCluster::start(Options::default()).unwrap_or_else(|error| panic!("{error}")))
}

/// The connection string of a new, empty database.
pub(crate) fn empty_database() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let cluster = cluster();
    let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let _guard = ONE_AT_A_TIME.lock();
    cluster.create_database(&name).unwrap();
    cluster.connection_string(&name)
}

pub(crate) async fn client(text: &str) -> Client {
    store::connect(&Database::parse(text).unwrap()).await.unwrap()
}

/// Waits until a query that returns one boolean returns true.
pub(crate) async fn until(admin: &Client, what: &str, sql: &str) {
    for _ in 0..POLLS_MAX {
        if admin.query_one(sql, &[]).await.unwrap().get::<_, Option<bool>>(0) == Some(true) {
            return;
        }
        tokio::time::sleep(POLL).await;
    }
    panic!("it did not happen: {what}");
}

/// Waits until that backend waits for a lock.
pub(crate) async fn until_blocked(admin: &Client, pid: i32) {
    let sql = format!("SELECT bool_or(wait_event_type = 'Lock') FROM pg_stat_activity WHERE pid = {pid}");
    until(admin, "the lane waits for a lock", &sql).await;
}

pub(crate) async fn count(admin: &Client, sql: &str) -> i64 {
    admin.query_one(sql, &[]).await.unwrap().get(0)
}

/// A migrated database with its catalog and, for [`World::new`], an open cycle.
pub(crate) struct World {
    pub(crate) text: String,
    pub(crate) database: Database,
    pub(crate) pool: Pool,
    pub(crate) admin: Client,
    pub(crate) bank: BankId,
    pub(crate) airline: PartnerId,
    pub(crate) fuel: PartnerId,
    pub(crate) shop: PartnerId,
    pub(crate) program: ProgramId,
    pub(crate) rules: Rules,
}

fn ratio(numerator: u64, denominator: u64) -> Ratio {
    Ratio::new(numerator, denominator).unwrap()
}

impl World {
    /// Only migrated: nothing is in it.
    pub(crate) async fn migrated() -> (String, Database, Pool, Client) {
        let text = empty_database();
        let database = Database::parse(&text).unwrap();
        let mut admin = store::connect(&database).await.unwrap();
        store::migrate(&mut admin).await.unwrap();
        let pool = store::pool(&database).await.unwrap();
        (text, database, pool, admin)
    }

    pub(crate) async fn without_cycle() -> Self {
        let (text, database, pool, admin) = Self::migrated().await;
        let bank = store::allot_banks(&pool, &["boreal".to_owned()]).await.unwrap()["boreal"];
        let codes = ["airboreal", "skyfuel", "kosta"].map(str::to_owned);
        let partners = store::allot_partners(&pool, &codes).await.unwrap();
        let (airline, fuel, shop) = (partners["airboreal"], partners["skyfuel"], partners["kosta"]);
        let entry = ProgramEntry {
            code: "boreal-gold".into(),
            bank,
            cobrand_partner: airline,
            currency: RUB,
            time_zone: "Europe/Moscow".into(),
        };
        let program = store::register_program(&pool, &entry, HASH, "first text").await.unwrap();
        let mut world =
            Self { text, database, pool, admin, bank, airline, fuel, shop, program, rules: Rules::default() };
        world.rules = world.rules();
        world
    }

    pub(crate) async fn new() -> Self {
        let world = Self::without_cycle().await;
        store::open_first(&world.pool, world.program, DAY, HASH).await.unwrap();
        world
    }

    fn rules(&self) -> Rules {
        let mut rules = Rules::default();
        rules.programs.insert(HASH, self.program_of(HASH));
        rules.banks.insert(self.bank, BankRules { clearing_source: ClearingSource::Advice });
        rules.merchants.insert(ACQUIRER, "SKYFUEL", None, self.fuel);
        rules.merchants.insert(ACQUIRER, "KOSTA", None, self.shop);
        rules
    }

    /// A mile for each 60.00, 3 % at the fuel till, 5 % at the shop on the statement, at most 1,500 miles a month.
    pub(crate) fn program_of(&self, hash: RulesHash) -> Program {
        let effective = Effective::default();
        let discount = |id: &str, partner, mode, percent, share| DiscountRule {
            id: id.into(),
            effective,
            partner,
            when: Condition::default(),
            mode,
            tiers: domain::DiscountTier::of_all(domain::Reduction::Percent(ratio(percent, 100))),
            rounding: Rounding::Floor,
            amount_min: None,
            discount_max: Some(50_000),
            merchant_share: ratio(share, 100),
            partner_shares: vec![],
            limit: None,
            budget: None,
        };
        Program {
            id: self.program,
            code: "boreal-gold".into(),
            hash,
            bank: self.bank,
            cobrand_partner: self.airline,
            currency: RUB,
            base: vec![BaseRule {
                id: "base".into(),
                effective,
                miles: 1,
                per_minor: 6_000,
                rounding: EarnRounding::EachFullStep,
            }],
            bonuses: vec![domain::BonusRule {
                id: "fuel".into(),
                effective,
                when: Condition { partners: vec![self.fuel], ..Condition::default() },
                times_base: ratio(1, 1),
                rounding: Rounding::Floor,
                funder: Funder::Partner(self.fuel),
                limit: None,
                budget: None,
            }],
            discounts: vec![
                discount("fuel-3", self.fuel, DiscountMode::AtTill, 3, 50),
                discount("kosta-5", self.shop, DiscountMode::StatementCredit, 5, 60),
            ],
            stacking: domain::Stackings::default(),
            caps: vec![CapRule {
                id: "month".into(),
                effective,
                miles_max: 1_500,
                window: CapWindow::CalendarMonth,
            }],
            excluded_mcc: vec![],
            tiers: None,
            holds: domain::HoldRules::default(),
            fx: None,
            miles: domain::MilesRules::default(),
            redemption: None,
            coupon_campaigns: vec![],
        }
    }

    pub(crate) async fn lane(&self) -> Lane {
        Lane::open(&self.database).await.unwrap()
    }

    /// A lane and its server process.
    pub(crate) async fn lane_with_pid(&self) -> (Lane, i32) {
        let before = self.pids().await;
        let lane = self.lane().await;
        let after = self.pids().await;
        let new: Vec<i32> = after.into_iter().filter(|pid| !before.contains(pid)).collect();
        assert_eq!(new.len(), 1, "one new connection: {new:?}");
        (lane, new[0])
    }

    async fn pids(&self) -> Vec<i32> {
        let sql = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() ORDER BY pid";
        self.admin.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
    }

    /// Ends a server process and waits until it is gone.
    pub(crate) async fn terminate(&self, pid: i32) {
        self.admin.execute("SELECT pg_terminate_backend($1)", &[&pid]).await.unwrap();
        let sql = format!("SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = {pid})");
        until(&self.admin, "the backend is gone", &sql).await;
    }

    pub(crate) fn new_member(&self, token: CardToken, member_number: &str) -> NewMember {
        NewMember {
            token,
            last4: "0042".into(),
            bank: self.bank,
            program: self.program,
            member_number: member_number.into(),
            enrolled_on: date(2026, 1, 1),
            kind: CardKind::Main,
            holder: String::new(),
            profile: Profile::default(),
        }
    }

    /// A member whose rows lie in that bucket.
    pub(crate) async fn member(&self, bucket: u16, number: u8) -> Route {
        let new = self.new_member(token(bucket, number), "");
        store::enroll(&self.pool, &new, &by()).await.unwrap().route
    }

    /// All rows of a table as text, in a stable order.
    pub(crate) async fn dump(&self, table: &str) -> Vec<String> {
        let sql = format!("SELECT t::text FROM {table} t ORDER BY 1");
        self.admin.query(sql.as_str(), &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
    }

    pub(crate) async fn rows(&self, table: &str) -> i64 {
        count(&self.admin, &format!("SELECT count(*) FROM {table}")).await
    }

    /// Events that decisions have brought about.
    pub(crate) async fn announced(&self) -> i64 {
        count(&self.admin, "SELECT count(*) FROM outbox WHERE topic <> 'member.enrolled'").await
    }

    /// Every sum that is kept agrees with the transfers.
    pub(crate) async fn audit(&self) {
        let check = store::ledger_check(&self.pool).await.unwrap();
        assert_eq!((check.balances_off, check.counters_off, check.lots_off), (0, 0, 0), "{check:?}");
        assert_eq!((check.limits_off, check.budgets_off, check.standings_off), (0, 0, 0), "{check:?}");
        assert_eq!(check.coupons_off, 0, "{check:?}");
        let gaps = "SELECT count(*) FROM member_account a WHERE account_seq <> \
            (SELECT count(*) FROM outbox o WHERE o.bucket = a.bucket AND o.account_id = a.account_id) \
            OR account_seq <> (SELECT coalesce(max(account_seq), 0) FROM outbox o \
            WHERE o.bucket = a.bucket AND o.account_id = a.account_id)";
        assert_eq!(count(&self.admin, gaps).await, 0, "the outbox has gaps");
    }

    pub(crate) fn message(
        &self,
        route: Option<Route>,
        id: u32,
        kind: EventKind,
        minor: u64,
    ) -> MessageRecord {
        let mti = match kind {
            EventKind::Authorization { .. } => "0100",
            EventKind::AuthorizationAdvice { .. } => "0120",
            EventKind::Clearing { .. } => "0220",
            EventKind::Chargeback => "1442",
            EventKind::SecondPresentment => "1240",
            EventKind::Reversal { .. } => "0400",
            EventKind::HoldExpiry { .. } => "hold-expiry",
            EventKind::TierReview => "tier-review",
            EventKind::Rerate { .. } => "rerate",
            EventKind::Reattribute { .. } => "reattribution",
            EventKind::Miles(_) => "miles",
            EventKind::MatchRefund { .. } => "match-refund",
        };
        let mut hash = [0; 16];
        hash[..4].copy_from_slice(&id.to_be_bytes());
        let mut event = Event {
            key: MessageKey::new(1_791_622_800 + u64::from(id), hash),
            bank: self.bank,
            bucket: route.map_or_else(|| Bucket::new(5).unwrap(), |route| route.bucket),
            member: route.map(|route| route.member),
            kind,
            transaction: TransactionKind::Purchase,
            amount_minor: minor,
            currency: RUB,
            billing: None,
            merchant: merchant("NOWHERE"),
            local: DAY.at(12, 0, 0, 0),
            references: References {
                own: OriginalRef::new(mti, &format!("{id:06}"), "1010090000", ACQUIRER),
                names: None,
                retrieval: Some(format!("RRN{id}")),
                record: None,
                arn: None,
                life_cycle: None,
            },
            content: Content::default(),
            received_at: Timestamp::from_second(1_791_622_800 + i64::from(id)).unwrap(),
            card: route.map(|route| route.card),
            asked: domain::Asked::default(),
        };
        event.content = content(&event);
        MessageRecord {
            key_text: format!("{mti}:{id:06}"),
            source: "online".into(),
            mti: mti.into(),
            stan: format!("{id:06}"),
            transmitted: "1010090000".into(),
            approval: "A00001".into(),
            arn: String::new(),
            last4: "0042".into(),
            bank_date: DAY,
            audit_mac: [9; 32],
            event,
        }
    }

    /// A purchase at a partner, under a retrieval reference of its own.
    pub(crate) fn at(&self, shop: &str, mut record: MessageRecord) -> MessageRecord {
        record.event.merchant = merchant(shop);
        record.event.content = content(&record.event);
        record
    }

    /// The clearing of an authorization, found by DE37.
    pub(crate) fn clearing_of(&self, first: &MessageRecord, id: u32, minor: u64) -> MessageRecord {
        let route = route_of(first);
        let mut record = self.message(route, id, CLEARING, minor);
        record.event.merchant = first.event.merchant.clone();
        record.event.references.retrieval.clone_from(&first.event.references.retrieval);
        record.event.content = content(&record.event);
        record
    }

    /// A refund of the same purchase.
    pub(crate) fn refund_of(&self, first: &MessageRecord, id: u32, minor: u64) -> MessageRecord {
        let mut record = self.clearing_of(first, id, minor);
        record.event.transaction = TransactionKind::Refund;
        record.event.content = content(&record.event);
        record
    }

    /// A full reversal.
    pub(crate) fn reversal_of(&self, first: &MessageRecord, id: u32) -> MessageRecord {
        let kind = EventKind::Reversal { remaining_minor: 0 };
        let mut record = self.message(route_of(first), id, kind, first.event.amount_minor);
        record.event.merchant = first.event.merchant.clone();
        record.event.references.names = Some(first.event.references.own.clone());
        record.event.content = content(&record.event);
        record
    }
}

fn route_of(record: &MessageRecord) -> Option<Route> {
    let event = &record.event;
    event.member.map(|member: MemberRef| Route {
        bucket: event.bucket,
        member,
        bank: event.bank,
        card: event.card.unwrap(),
    })
}

/// Who enrolls in these tests.
pub(crate) fn by() -> By {
    By { who: "a test".into(), at: Timestamp::from_second(1_791_622_800).unwrap() }
}

/// A token whose bucket is `bucket`.
pub(crate) fn token(bucket: u16, number: u8) -> CardToken {
    let mut mac = [number; 32];
    mac[..2].copy_from_slice(&bucket.to_be_bytes());
    CardToken { key_id: 1, mac }
}

pub(crate) fn merchant(name: &str) -> Merchant {
    Merchant {
        acquirer: ACQUIRER.into(),
        card_acceptor: name.into(),
        terminal: "TERM0001".into(),
        mcc: Some(5411),
        ..Merchant::default()
    }
}

/// What a true repeat must repeat.
pub(crate) fn content(event: &Event) -> Content {
    let processing = match event.transaction {
        TransactionKind::Purchase => "000000",
        TransactionKind::Cash => "010000",
        TransactionKind::Refund => "200000",
        TransactionKind::Other => "310000",
    };
    Content(vec![
        ("DE3", processing.to_owned()),
        ("DE4", event.amount_minor.to_string()),
        ("DE42", event.merchant.card_acceptor.clone()),
        ("DE49", event.currency.to_string()),
    ])
}
