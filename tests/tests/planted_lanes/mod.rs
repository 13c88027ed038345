//! The planted month in a world of its own: authorizations through the lanes, clearing files through the import, each day
//! closed, and what receivers send back through what their commands call.

mod found;
mod inputs;

use std::{collections::BTreeMap, path::Path, sync::Arc};

use cobrand::{
    assembly::Assembly,
    config::Config,
    demo::{World, WorldOptions},
};
use domain::{
    Asked, Bucket, Content, Currency, Event, EventKind, Merchant, MessageKey, OriginalRef, RatesHash,
    References, TransactionKind,
};
use gateway::{Clock, Gateway, LaneAnswer};
use iso8583::Pan;
use jiff::{
    Timestamp, ToSpan,
    civil::{Date, DateTime},
    tz::TimeZone,
};
use planted_month::{BANKS, FIRST, Month, Published, Purchase, pan};
use settlement::ProgramSetup;
use store::{CardToken, MessageRecord, NewMember, Route};

/// Members that are enrolled at a time: as many as the pool has connections.
const AT_ONCE: usize = 8;
const BATCH_MAX: usize = 1_024;
const VOLGA: &str = include_str!("../../second-settlement/programs/volga.toml");
const SPREE: &str = include_str!("../../second-settlement/programs/spree.toml");
const MERCHANTS: &str = "partner,acquirer,card_acceptor,terminal\nskyfuel,123456,SKYFUEL00000001,\n\
                         kosta,123456,KOSTA0000000001,\n";

/// The month's world.
pub(crate) struct Lanes {
    pub(crate) world: World,
    gateway: Arc<Gateway>,
    /// By bank and card.
    members: BTreeMap<(usize, u32), (Route, CardToken)>,
}

/// Both banks clear by files.
async fn world() -> World {
    let options = WorldOptions {
        business_date: FIRST,
        program: Some(VOLGA.to_owned()),
        files: vec![("second.toml".to_owned(), SPREE.to_owned())],
        clearing_source: "file",
        batch_messages_max: BATCH_MAX,
        log_to_file: false,
        ..WorldOptions::default()
    };
    let mut world = World::prepare(options).await.unwrap();
    std::fs::write(world.dir.join("merchants.csv"), MERCHANTS).unwrap();
    let path = world.dir.join("cobrand.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let files = r#"files = ["programs/boreal-gold.toml"]"#;
    assert!(text.contains(files));
    let text = text.replace(files, r#"files = ["programs/boreal-gold.toml", "second.toml"]"#);
    let text = text.replace(r#"clearing_source = "advice""#, r#"clearing_source = "file""#);
    std::fs::write(&path, text).unwrap();
    world.assembly = Assembly::load(Config::read(&path).unwrap(), world.assembly.clock).await.unwrap();
    world.assembly.activate().await.unwrap();
    world
}

impl Lanes {
    /// With all members enrolled.
    pub(crate) async fn open(month: &Month) -> Self {
        let world = world().await;
        let gateway = world.assembly.gateway().await.unwrap();
        let mut lanes = Self { world, gateway, members: BTreeMap::new() };
        lanes.enroll(month).await;
        let connection = &lanes.world.assembly.config.database.connection;
        let (admin, driver) = tokio_postgres::connect(connection, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(driver);
        let text = "INSERT INTO staff_user (name, password_hash) VALUES ('anna', 'nobody signs in')";
        admin.execute(text, &[]).await.unwrap();
        let rates: String = month
            .dates()
            .into_iter()
            .map(|date| format!("{date},RUB,EUR,1,0.0{}\n", 10_500 + i32::from(date.day()) * 13))
            .collect();
        let rates = format!("date,from,to,per,rate\n{rates}");
        let (pool, at) = (&lanes.world.assembly.pool, lanes.gateway.clock.now());
        let hash = RatesHash(cobrand::assembly::hash_of(&rates).0);
        store::register_rates(pool, "settlement", hash, &rates, "anna", at).await.unwrap();
        lanes
    }

    async fn enroll(&mut self, month: &Month) {
        let (gateway, assembly) = (&self.gateway, &self.world.assembly);
        let by = &store::By { who: "test".to_owned(), at: gateway.clock.now() };
        let keys = assembly.card_keys().unwrap();
        let mut tokens = BTreeMap::new();
        for member in &month.members {
            let number = Pan::parse(&pan(member.bank, member.card)).unwrap();
            tokens.insert((member.bank, member.card), keys.tokens(&number)[0]);
        }
        let enrolled: Vec<_> = month.members.iter().filter(|member| member.enrolled).collect();
        for some in enrolled.chunks(AT_ONCE) {
            let routes = some.iter().map(|member| {
                let file = &assembly.program(BANKS[member.bank].program).unwrap().file.program;
                let new = NewMember {
                    token: tokens[&(member.bank, member.card)],
                    last4: pan(member.bank, member.card).split_off(12),
                    bank: file.bank,
                    program: file.id,
                    member_number: format!("{:08}", member.card),
                    enrolled_on: jiff::civil::date(2020, 1, 1),
                    kind: store::CardKind::Main,
                    holder: String::new(),
                    profile: store::Profile::default(),
                };
                async move { store::enroll(&gateway.pool, &new, by).await.unwrap().route }
            });
            for (member, route) in some.iter().zip(futures_util::future::join_all(routes).await) {
                let of = (member.bank, member.card);
                self.members.insert(of, (route, tokens[&of]));
            }
        }
    }

    /// From now on it is noon of this date.
    pub(crate) fn set_noon(&mut self, date: Date) {
        let gateway = Arc::get_mut(&mut self.gateway).expect("nobody else holds the gateway");
        gateway.clock = Clock::starting_at(moscow(date.at(12, 0, 0, 0)));
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.gateway.clock.now()
    }

    /// What banks ask on a date; what is left to pay after a discount at the till is told to the month.
    pub(crate) async fn ask(&self, month: &mut Month, on: Date) {
        let asked: Vec<Purchase> = month.asked(on).cloned().collect();
        let mut waiting = Vec::new();
        for purchase in &asked {
            waiting.push(self.submit(self.authorization(purchase)).await);
        }
        for (waiter, purchase) in waiting.into_iter().zip(&asked) {
            let LaneAnswer::Decided { reply, .. } = waiter.await.unwrap() else {
                panic!("purchase {} was not decided", purchase.number)
            };
            let granted = reply.till.map_or(purchase.amount, |(reduced, _)| i64::try_from(reduced).unwrap());
            month.answered(purchase.number, granted);
        }
        let mut waiting = Vec::new();
        for purchase in asked.iter().filter(|purchase| purchase.is_undone()) {
            waiting.push(self.submit(self.reversal(purchase)).await);
        }
        for waiter in waiting {
            assert!(matches!(waiter.await.unwrap(), LaneAnswer::Decided { .. }));
        }
    }

    async fn submit(&self, record: MessageRecord) -> tokio::sync::oneshot::Receiver<LaneAnswer> {
        self.gateway.batcher.submit_patiently(record).await.unwrap()
    }

    fn authorization(&self, purchase: &Purchase) -> MessageRecord {
        let kind = EventKind::Authorization { preauthorization: false };
        self.record(purchase, ("0100", 0), kind, purchase.at)
    }

    fn reversal(&self, purchase: &Purchase) -> MessageRecord {
        let kind = EventKind::Reversal { remaining_minor: 0 };
        self.record(purchase, ("0400", 1), kind, purchase.at + 20.minutes())
    }

    /// The message as the gateway would have translated it.
    fn record(
        &self,
        purchase: &Purchase,
        (mti, step): (&'static str, u32),
        kind: EventKind,
        at: DateTime,
    ) -> MessageRecord {
        let (bank, number) = (&BANKS[purchase.member.bank], purchase.number * 2 + step);
        let (stan, transmitted) =
            (format!("{:06}", number % 1_000_000), at.strftime("%m%d%H%M%S").to_string());
        let acquirer = purchase.acquirer();
        let own = |mti: &str, number: u32, at: DateTime| {
            let stan = format!("{:06}", number % 1_000_000);
            OriginalRef::new(mti, &stan, &at.strftime("%m%d%H%M%S").to_string(), acquirer)
        };
        let received_at = moscow(at);
        let unsigned = |amount: i64| u64::try_from(amount).unwrap();
        let known = self.members.get(&(purchase.member.bank, purchase.member.card));
        let nobody = Bucket::of_token(&[7; 32]);
        let event = Event {
            key: MessageKey::new(
                u64::try_from(received_at.as_second()).unwrap(),
                u128::from(number).to_be_bytes(),
            ),
            bank: self.world.assembly.program(bank.program).unwrap().file.program.bank,
            bucket: known.map_or(nobody, |(route, _)| route.bucket),
            member: known.map(|(route, _)| route.member),
            card: None,
            asked: Asked::default(),
            kind,
            transaction: TransactionKind::Purchase,
            amount_minor: unsigned(purchase.amount),
            currency: Currency(purchase.currency),
            billing: purchase.billed.map(|billed| (unsigned(billed), Currency(bank.number))),
            merchant: Merchant {
                acquirer: acquirer.to_owned(),
                card_acceptor: purchase.card_acceptor.to_owned(),
                terminal: "TERM0001".to_owned(),
                mcc: Some(purchase.mcc),
                ..Merchant::default()
            },
            local: at,
            references: References {
                own: own(mti, number, at),
                names: (step == 1).then(|| own("0100", number - 1, purchase.at)),
                retrieval: Some(purchase.retrieval()),
                record: None,
                arn: None,
                life_cycle: None,
            },
            content: content(purchase),
            received_at,
        };
        MessageRecord {
            event,
            key_text: format!("planted|{number}"),
            source: "online".to_owned(),
            mti: mti.to_owned(),
            stan,
            transmitted,
            // The issuer's answer has one.
            approval: String::new(),
            arn: String::new(),
            last4: pan(purchase.member.bank, purchase.member.card).split_off(12),
            bank_date: at.date(),
            audit_mac: [0; 32],
        }
    }

    /// Closes a date of both programs.
    pub(crate) async fn close(&self, date: Date) {
        let (pool, out) = (&self.world.assembly.pool, &self.world.assembly.config.settlement.out);
        for setup in self.setups() {
            settlement::close_day(pool, setup, date, out).await.unwrap();
        }
    }

    pub(crate) fn setups(&self) -> Vec<&ProgramSetup> {
        BANKS.iter().map(|bank| &self.world.assembly.program(bank.program).unwrap().setup).collect()
    }

    pub(crate) fn out(&self) -> &Path {
        &self.world.assembly.config.settlement.out
    }

    /// All files that are published, in the order of their names.
    pub(crate) fn published(&self) -> Vec<Published> {
        let folder = std::fs::read_dir(self.out()).unwrap().map(|entry| entry.unwrap().path());
        let mut paths: Vec<_> =
            folder.filter(|path| path.extension().is_some_and(|end| end == "cbs")).collect();
        paths.sort();
        let read = |path: &std::path::PathBuf| {
            let name = path.file_name().unwrap().to_str().unwrap();
            Published::read(name, &std::fs::read_to_string(path).unwrap())
        };
        paths.iter().map(read).collect()
    }

    pub(crate) async fn stop(self) {
        self.gateway.batcher.finish().await;
        let Self { world, gateway, .. } = self;
        drop(gateway);
        world.stop().await.unwrap();
    }
}

/// The elements of a message, as they are stored.
fn content(purchase: &Purchase) -> Content {
    let amount = |minor: i64| format!("{minor:012}");
    let mut fields = vec![
        ("DE3", "000000".to_owned()),
        ("DE4", amount(purchase.amount)),
        ("DE42", purchase.card_acceptor.to_owned()),
        ("DE49", format!("{:03}", purchase.currency)),
    ];
    if let Some(billed) = purchase.billed {
        fields.push(("DE6", amount(billed)));
        fields.push(("DE51", BANKS[purchase.member.bank].number.to_string()));
    }
    Content(fields)
}

/// The zone of both links.
fn moscow(at: DateTime) -> Timestamp {
    at.to_zoned(TimeZone::get("Europe/Moscow").unwrap()).unwrap().timestamp()
}
