//! A month of the second computation in a world of its own: its programs, its members, and its messages through the
//! real lanes.

mod staff;

use std::{collections::BTreeMap, sync::Arc};

use cobrand::{
    assembly::Assembly,
    config::Config,
    demo::{World, WorldOptions},
};
use domain::{
    Asked, Bucket, ClearingSource, Content, Currency, Event, EventKind, FilePlace, FileRecord, Funder,
    Merchant, MessageKey, MilesEvent, OriginalRef, RatesHash, RefKind, References, TransactionKind,
};
use gateway::{Gateway, LaneAnswer};
use jiff::civil::Date;
use second_settlement::{Deed, Message, Month, Own, Program, Reserve, Step, Transaction, Turn, What};
use store::{CardToken, MessageRecord, NewMember, Route};

/// Members that are enrolled at a time: as many as the pool has connections.
const AT_ONCE: usize = 8;
/// The largest batch of a lane: what is stored is to be stored fast.
const BATCH_MAX: usize = 1_024;

/// The month's world.
pub(crate) struct Lanes {
    pub(crate) world: World,
    pub(crate) gateway: Arc<Gateway>,
    banks: Vec<domain::BankId>,
    members: BTreeMap<u32, Route>,
    /// The number of the last answer of each receiver.
    answers: BTreeMap<String, i32>,
}

/// The world of the demo with the month's programs in place of its own.
pub(crate) async fn world(month: &Month) -> World {
    let [first, second] = &month.programs;
    let options = WorldOptions {
        business_date: month.dates()[0],
        program: Some(first.file.to_owned()),
        files: vec![("second.toml".to_owned(), second.file.to_owned())],
        batch_messages_max: BATCH_MAX,
        log_to_file: false,
        ..WorldOptions::default()
    };
    let mut world = World::prepare(options).await.unwrap();
    std::fs::write(world.dir.join("merchants.csv"), Program::merchants()).unwrap();
    let path = world.dir.join("cobrand.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let files = r#"files = ["programs/boreal-gold.toml"]"#;
    assert!(text.contains(files));
    let text = text.replace(files, r#"files = ["programs/boreal-gold.toml", "second.toml"]"#);
    // The second bank clears by files.
    let (before, behind) = text.split_once(r#"bank = "southbank""#).unwrap();
    let behind = behind.replacen(r#"clearing_source = "advice""#, r#"clearing_source = "file""#, 1);
    std::fs::write(&path, format!(r#"{before}bank = "southbank"{behind}"#)).unwrap();
    let clock = world.assembly.clock;
    world.assembly = Assembly::load(Config::read(&path).unwrap(), clock).await.unwrap();
    world.assembly.activate().await.unwrap();
    world
}

impl Lanes {
    /// With all members enrolled.
    pub(crate) async fn open(month: &Month) -> Self {
        let world = world(month).await;
        let gateway = world.assembly.gateway().await.unwrap();
        let bank = |program: &Program| world.assembly.program(program.code).unwrap().file.program.bank;
        let banks = month.programs.iter().map(bank).collect();
        let mut lanes = Self { world, gateway, banks, members: BTreeMap::new(), answers: BTreeMap::new() };
        for (program, of_program) in month.programs.iter().zip(&month.members) {
            let all: Vec<(u32, Date)> = of_program.iter().map(|(number, day)| (*number, *day)).collect();
            lanes.enroll(program, &all).await;
        }
        for name in ["anna", "boris"] {
            let connection = &lanes.world.assembly.config.database.connection;
            let (admin, driver) = tokio_postgres::connect(connection, tokio_postgres::NoTls).await.unwrap();
            tokio::spawn(driver);
            let text = "INSERT INTO staff_user (name, password_hash) VALUES ($1, 'nobody signs in')";
            admin.execute(text, &[&name]).await.unwrap();
        }
        let (pool, rates) = (&lanes.world.assembly.pool, month.rates());
        let (hash, at) = (cobrand::assembly::hash_of(&rates).0, lanes.gateway.clock.now());
        store::register_rates(pool, "settlement", RatesHash(hash), &rates, "anna", at).await.unwrap();
        lanes
    }

    async fn enroll(&mut self, program: &Program, all: &[(u32, Date)]) {
        let gateway = &self.gateway;
        let by = &store::By { who: "test".to_owned(), at: gateway.clock.now() };
        let file = &self.world.assembly.program(program.code).unwrap().file.program;
        for some in all.chunks(AT_ONCE) {
            let enrolled = some.iter().map(|(number, day)| async move {
                let new = NewMember {
                    token: token(u64::from(*number)),
                    last4: "0000".to_owned(),
                    bank: file.bank,
                    program: file.id,
                    member_number: format!("{number:08}"),
                    enrolled_on: *day,
                    kind: store::CardKind::Main,
                    holder: String::new(),
                    profile: store::Profile::default(),
                };
                (*number, store::enroll(&gateway.pool, &new, by).await.unwrap().route)
            });
            self.members.extend(futures_util::future::join_all(enrolled).await);
        }
    }

    /// What happens beside messages while a cycle is open: cards are enrolled, blocks are bought, what was settled is
    /// adjusted.
    pub(crate) async fn happen(&mut self, month: &Month, (program, turn): (usize, impl Into<Turn>)) {
        let turn = turn.into();
        self.adjust(month, (program, turn)).await;
        let date = turn.date;
        let of = &month.programs[program];
        let new = month.new_cards(program, turn).into_iter();
        let new: Vec<(u32, Date)> =
            new.filter(|card| !self.members.contains_key(card)).map(|card| (card, date)).collect();
        self.enroll(of, &new).await;
        let (assembly, at) = (&self.world.assembly, self.gateway.clock.now());
        for block in month.blocks(program, turn) {
            let proposed = store::NewPrepaidBlock {
                program: assembly.program(of.code).unwrap().setup.id,
                partner: assembly.codes.partners[block.partner],
                basis: domain::settlement::Basis::parse(block.basis).unwrap(),
                units: block.units,
                bought_on: date,
                paid_minor: 1,
                currency: Currency(of.currency_number),
                reference: format!("invoice of {date}"),
                by: "anna".to_owned(),
                at,
            };
            let id = store::propose_prepaid_block(&assembly.pool, &proposed).await.unwrap().unwrap();
            let approved = store::approve_prepaid_block(&assembly.pool, id, "boris", at).await.unwrap();
            assert!(matches!(approved, store::BlockApproval::Counts(_)), "{approved:?}");
        }
    }

    /// Puts messages through the lanes, each member's in their order, and waits until all are committed.
    pub(crate) async fn hear(&self, messages: &[Message]) {
        let mut waiting = Vec::with_capacity(messages.len());
        for message in messages {
            waiting.push(self.gateway.batcher.submit_patiently(self.record(message)).await.unwrap());
        }
        for (waiter, message) in waiting.into_iter().zip(messages) {
            match waiter.await.unwrap() {
                LaneAnswer::Decided { .. } => {}
                other => panic!("message {} was not decided: {other:?}", message.number),
            }
        }
    }

    /// As the gateway would ask for it.
    fn asked(&self, deed: Deed) -> MilesEvent {
        let key = |of: Reserve| MessageKey::new(of.second, u128::from(of.number).to_be_bytes());
        let partner = |code: &str| Funder::Partner(self.world.assembly.codes.partners[code]);
        match deed {
            Deed::Reserve { miles } => MilesEvent::Reserve { miles },
            Deed::Confirm { of } => MilesEvent::Confirm { redemption: key(of) },
            Deed::Cancel { of } => MilesEvent::Cancel { redemption: key(of) },
            Deed::Lapse { of } => MilesEvent::Lapse { redemption: key(of) },
            Deed::Adjust { miles, partner: by } => {
                MilesEvent::Adjust { miles, funder: by.map_or(Funder::Bank, partner) }
            }
        }
    }

    fn record(&self, message: &Message) -> MessageRecord {
        let route = message.member.map(|member| self.members[&member]);
        let event = Event {
            key: MessageKey::new(message.second, message.hash()),
            bank: self.banks[message.program],
            bucket: route.map_or_else(
                || Bucket::of_token(&token(u64::MAX - u64::from(message.number)).mac),
                |of| of.bucket,
            ),
            member: route.map(|of| of.member),
            card: None,
            asked: Asked::default(),
            kind: match message.what {
                What::Miles(deed) => EventKind::Miles(self.asked(deed)),
                _ => kind(message),
            },
            transaction: match message.transaction {
                Transaction::Purchase => TransactionKind::Purchase,
                Transaction::Cash => TransactionKind::Cash,
                Transaction::Refund => TransactionKind::Refund,
                Transaction::Inquiry => TransactionKind::Other,
            },
            amount_minor: message.amount,
            currency: Currency(message.currency),
            billing: message.billed.map(|(amount, currency)| (amount, Currency(currency))),
            merchant: Merchant {
                acquirer: message.acquirer.to_owned(),
                card_acceptor: message.card_acceptor.to_owned(),
                terminal: message.terminal.to_owned(),
                mcc: (message.mcc != 0).then_some(message.mcc),
                ..Merchant::default()
            },
            local: message.local,
            references: references(message),
            content: content(message),
            received_at: jiff::Timestamp::from_second(i64::try_from(message.second).unwrap()).unwrap(),
        };
        MessageRecord {
            event,
            key_text: format!("month|{}", message.number),
            source: if message.record.is_some() {
                format!("F{}", message.number)
            } else {
                "online".to_owned()
            },
            mti: message.mti.to_owned(),
            stan: message.stan.clone(),
            transmitted: message.transmitted.clone(),
            approval: message.approval.clone(),
            arn: message.arn.clone(),
            last4: "0000".to_owned(),
            bank_date: message.local.date(),
            audit_mac: [0; 32],
        }
    }
}

fn kind(message: &Message) -> EventKind {
    let source = |by_file| if by_file { ClearingSource::File } else { ClearingSource::Advice };
    match message.what {
        What::Authorize { early } => EventKind::Authorization { preauthorization: early },
        What::Advise { approved } => EventKind::AuthorizationAdvice { approved },
        What::Clear { approved, by_file } => EventKind::Clearing { source: source(by_file), approved },
        What::Reverse { remaining } => EventKind::Reversal { remaining_minor: remaining },
        What::ChargeBack => EventKind::Chargeback,
        What::PresentAgain => EventKind::SecondPresentment,
        What::Miles(deed) => panic!("no bank says {deed:?}"),
    }
}

fn references(message: &Message) -> References {
    let own = |own: &Own| match own {
        Own::Record(record) => OriginalRef(format!("file:{record}")),
        Own::Asked(number) => OriginalRef(format!("asked|{number}")),
        Own::Sent(mti, stan, transmitted) => OriginalRef::new(mti, stan, transmitted, message.acquirer),
    };
    let present = |text: &String| (!text.is_empty()).then(|| text.clone());
    let record = message.record.map(|step| FileRecord {
        step: match step {
            Step::Presentment => RefKind::Presentment,
            Step::Refund => RefKind::Refund,
            Step::ChargeBack => RefKind::Chargeback,
            Step::PresentAgain => RefKind::SecondPresentment,
        },
        file: FilePlace { id: format!("F{}", message.number), ..FilePlace::default() },
        number: 1,
        amount: Some((message.stated.0, Currency(message.stated.1))),
        partial: None,
        reference: None,
        undoes_day: None,
        undone_behind: false,
        arrival: 0,
        unbilled: false,
        refused: false,
    });
    References {
        own: own(&message.own),
        names: message.names.as_ref().map(own),
        retrieval: present(&message.retrieval),
        record,
        arn: present(&message.arn),
        life_cycle: None,
    }
}

/// What a true repeat repeats.
fn content(message: &Message) -> Content {
    let mut fields = vec![
        ("DE3", format!("{:?}", message.transaction)),
        ("DE4", message.amount.to_string()),
        ("DE13", message.local.to_string()),
        ("DE42", message.card_acceptor.to_owned()),
        ("DE49", message.currency.to_string()),
    ];
    if let What::Miles(deed) = message.what {
        fields.push(("asked", format!("{deed:?}")));
    }
    fields.extend(message.billed.map(|(amount, _)| ("DE6", amount.to_string())));
    Content(fields)
}

/// A made-up token: no card number is behind it.
fn token(number: u64) -> CardToken {
    let mut mac = [0; 32];
    for (eight, place) in mac.chunks_exact_mut(8).zip(1_u64..) {
        // The finalizer of SplitMix64: another number for each number.
        let mut mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_mul(place).wrapping_add(place);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        eight.copy_from_slice(&(mixed ^ (mixed >> 31)).to_be_bytes());
    }
    CardToken { key_id: 1, mac }
}
