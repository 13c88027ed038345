//! Made-up lives of purchases, put through the lanes: with everything that may follow an authorization.

use anyhow::Context;
use domain::{
    BankId, Bucket, ClearingSource, Content, Currency, Event, EventKind, Merchant, MessageKey, OriginalRef,
    ProgramId, References, TransactionKind,
};
use gateway::{Gateway, LaneAnswer};
use jiff::{SignedDuration, Timestamp, civil::date, tz::TimeZone};
use store::{CardToken, MessageRecord, NewMember, Route};

/// The first purchase is made at this instant, ten in the morning UTC of 2026-09-20.
const BEGIN: i64 = 1_789_898_400;
/// Purchases that are told of together: as many as the lanes take in some batches.
const ROUND: u64 = 4_096;
const ACQUIRER: &str = "400001";
const RUB: Currency = Currency(643);
const USD: Currency = Currency(840);
/// Members that are enrolled at a time: as many as the pool has connections.
const AT_ONCE: usize = 8;

/// Members and the numbering of what they do; the same seed gives the same messages.
pub struct Lives {
    bank: BankId,
    members: Vec<Route>,
    /// How far apart two purchases are.
    step: SignedDuration,
    random: u64,
    purchases: u64,
    messages: u64,
}

/// What a message does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Authorize,
    Preauthorize,
    Decline,
    Clear,
    /// As the reply to the authorization asked the till for.
    ClearAsTold,
    Refund,
    ChargeBack,
    PresentAgain,
    /// Takes back the message at that place, but for the amount.
    Reverse(usize),
}

/// A message of a purchase and its amount, in hundredths of the purchase's.
type Step = (What, u64);

use What::{Authorize, ChargeBack, Clear, ClearAsTold, Decline, Preauthorize, PresentAgain, Refund, Reverse};

/// What may happen, each with its share in a hundred.
const SCRIPTS: &[(u64, &[Step])] = &[
    (36, &[(Authorize, 100), (ClearAsTold, 100)]),
    (8, &[(Authorize, 100), (Clear, 100)]),
    (6, &[(Authorize, 100), (Clear, 40), (Clear, 60)]),
    (6, &[(Clear, 100)]),
    (8, &[(Authorize, 100), (ClearAsTold, 100), (Refund, 30)]),
    (4, &[(Authorize, 100), (ClearAsTold, 100), (Refund, 100)]),
    (4, &[(Authorize, 100), (Reverse(0), 0)]),
    (3, &[(Authorize, 100), (Reverse(0), 50), (Clear, 50)]),
    (3, &[(Clear, 100), (ChargeBack, 100), (PresentAgain, 100)]),
    (3, &[(Clear, 100), (ChargeBack, 70)]),
    (3, &[(Authorize, 100), (Decline, 100)]),
    (6, &[(Authorize, 100)]),
    (2, &[(Refund, 50), (Authorize, 100), (Clear, 100)]),
    (2, &[(Reverse(1), 0), (Authorize, 100)]),
    (3, &[(Preauthorize, 100), (Authorize, 120), (Clear, 110)]),
    (3, &[(Clear, 100), (Reverse(0), 25), (Reverse(0), 0)]),
];

/// A refund of which nobody knows the purchase.
const ALONE: &[Step] = &[(Refund, 50)];

/// A purchase and how far it has come.
struct Life {
    number: u64,
    member: Option<Route>,
    made_at: Timestamp,
    minor: u64,
    merchant: Merchant,
    transaction: TransactionKind,
    foreign: bool,
    script: &'static [Step],
    /// What the till was asked for.
    told: Option<u64>,
}

impl Lives {
    /// Enrolls members of a program. `days` is the time that `messages` are spread over.
    ///
    /// # Errors
    /// If the database refuses a member.
    pub async fn begin(
        gateway: &Gateway,
        (bank, program): (BankId, ProgramId),
        members: u32,
        messages: u64,
        days: i64,
    ) -> anyhow::Result<Self> {
        let numbers: Vec<u32> = (0..members).collect();
        let mut routes = Vec::new();
        let by = store::By { who: "bench".to_owned(), at: gateway.clock.now() };
        let by = &by;
        for some in numbers.chunks(AT_ONCE) {
            let enrolled = some.iter().map(|number| {
                let new = new_member(*number, bank, program);
                async move { store::enroll(&gateway.pool, &new, by).await }
            });
            for one in futures_util::future::try_join_all(enrolled).await? {
                routes.push(one.route);
            }
        }
        let purchases = i64::try_from(messages).unwrap_or(i64::MAX).max(2) / 2;
        let step = SignedDuration::from_millis(days.saturating_mul(86_400_000) / purchases);
        Ok(Self { bank, members: routes, step, random: 7, purchases: 0, messages: 0 })
    }

    /// How many messages have been sent so far.
    pub fn messages(&self) -> u64 {
        self.messages
    }

    /// How many purchases have been made so far.
    pub fn purchases(&self) -> u64 {
        self.purchases
    }

    /// Lets purchases happen until so many messages have been decided; each must be.
    ///
    /// # Errors
    /// If a lane does not decide a message.
    pub async fn live_until(&mut self, gateway: &Gateway, messages: u64) -> anyhow::Result<()> {
        while self.messages < messages {
            // A purchase has two messages or three.
            let number = ((messages - self.messages) / 3 + 1).min(ROUND);
            let mut lives: Vec<Life> = (0..number).map(|_| self.life()).collect();
            let longest = lives.iter().map(|life| life.script.len()).max().unwrap_or(0);
            for place in 0..longest {
                self.tell(gateway, &mut lives, place).await?;
            }
        }
        Ok(())
    }

    /// Lets so many refunds come whose purchases are not known.
    ///
    /// # Errors
    /// If a lane does not decide a message.
    pub async fn refund_alone(&mut self, gateway: &Gateway, refunds: u64) -> anyhow::Result<()> {
        let mut lives = Vec::new();
        for _ in 0..refunds {
            let life = Life { script: ALONE, foreign: false, ..self.life() };
            lives.push(Life { member: life.member.or(self.members.first().copied()), ..life });
        }
        self.tell(gateway, &mut lives, 0).await
    }

    async fn tell(&mut self, gateway: &Gateway, lives: &mut [Life], place: usize) -> anyhow::Result<()> {
        let mut waiting = Vec::new();
        for life in lives {
            let Some(step) = life.script.get(place) else { continue };
            let record = life.record(self.bank, *step, place);
            self.messages += 1;
            waiting.push((life, gateway.batcher.submit_patiently(record).await));
        }
        for (life, waiter) in waiting {
            match waiter.context("the lanes are closed")?.await? {
                LaneAnswer::Decided { reply, .. } => {
                    life.told = reply.till.map(|(reduced, _)| reduced).or(life.told);
                }
                other => anyhow::bail!("a message was not decided: {other:?}"),
            }
        }
        Ok(())
    }

    fn life(&mut self) -> Life {
        let number = self.purchases;
        self.purchases += 1;
        let elapsed = self.step.saturating_mul(i32::try_from(number).unwrap_or(i32::MAX));
        let begin = Timestamp::from_second(BEGIN).unwrap_or_default();
        let (shop, mcc) = match self.below(10) {
            0..4 => ("GROCER000000001", 5411),
            4..7 => ("KOSTA0000000001", 5411),
            7..9 => ("SKYFUEL00000001", 5541),
            _ => ("GROCER000000001", 6011),
        };
        let place = self.below(u64::try_from(self.members.len()).unwrap_or(1));
        let member = usize::try_from(place).ok().and_then(|place| self.members.get(place).copied());
        // Some cards belong to nobody.
        let member = member.filter(|_| self.below(50) > 0);
        let minor = match self.below(20) {
            0 => 1_000_000 + self.below(6_000_000),
            _ => 5_000 + self.below(700_000),
        };
        Life {
            number,
            member,
            made_at: begin.saturating_add(elapsed).unwrap_or(begin),
            minor,
            merchant: Merchant {
                acquirer: ACQUIRER.to_owned(),
                card_acceptor: shop.to_owned(),
                terminal: "TERM0001".to_owned(),
                mcc: Some(mcc),
                ..Merchant::default()
            },
            transaction: if mcc == 6011 { TransactionKind::Cash } else { TransactionKind::Purchase },
            foreign: self.below(25) == 0,
            script: self.script(),
            told: None,
        }
    }

    fn script(&mut self) -> &'static [Step] {
        let mut at = self.below(SCRIPTS.iter().map(|(share, _)| share).sum());
        for (share, script) in SCRIPTS {
            match at.checked_sub(*share) {
                Some(left) => at = left,
                None => return script,
            }
        }
        &[]
    }

    /// A number below `bound`: SplitMix64.
    fn below(&mut self, bound: u64) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed(self.random) % bound.max(1)
    }
}

impl Life {
    fn record(&self, bank: BankId, (what, hundredths): Step, place: usize) -> MessageRecord {
        let id = self.number * 8 + u64::try_from(place).unwrap_or(0);
        let amount_minor = match (what, self.told) {
            (ClearAsTold, Some(told)) => told,
            _ => self.minor * hundredths / 100,
        };
        let (mti, kind) = kind_of(what, amount_minor);
        // What follows comes a day later each time.
        let days = SignedDuration::from_hours(24 * i64::try_from(place).unwrap_or(0));
        let at = self.made_at.saturating_add(days).unwrap_or(self.made_at);
        let sent = at.to_zoned(TimeZone::UTC);
        let own = |place: usize| own_reference(self.number * 8 + u64::try_from(place).unwrap_or(0));
        let names = if let Reverse(other) = what { Some(own(other)) } else { None };
        let transaction = if what == Refund { TransactionKind::Refund } else { self.transaction };
        let (amount_minor, billing) = match self.foreign {
            // Ninety roubles a dollar.
            true => (amount_minor / 90, Some((amount_minor, RUB))),
            false => (amount_minor, None),
        };
        let kind = match kind {
            EventKind::Reversal { remaining_minor } if self.foreign => {
                EventKind::Reversal { remaining_minor: remaining_minor / 90 }
            }
            kind => kind,
        };
        let event = Event {
            card: None,
            asked: domain::Asked::default(),
            key: MessageKey::new(u64::try_from(at.as_second()).unwrap_or(0), u128::from(id).to_be_bytes()),
            bank,
            bucket: self.member.map_or_else(
                || Bucket::of_token(&token(u64::MAX / 8 - self.number).mac),
                |member| member.bucket,
            ),
            member: self.member.map(|member| member.member),
            kind,
            transaction,
            amount_minor,
            currency: if self.foreign { USD } else { RUB },
            billing,
            merchant: self.merchant.clone(),
            local: self.made_at.to_zoned(TimeZone::UTC).datetime(),
            references: References {
                own: own(place),
                names,
                retrieval: Some(format!("{:012}", self.number + 1)),
                record: None,
                arn: None,
                life_cycle: None,
            },
            content: Content(vec![("DE4", amount_minor.to_string())]),
            received_at: at,
        };
        MessageRecord {
            event,
            key_text: format!("lives|{id}"),
            source: "online".to_owned(),
            mti: mti.to_owned(),
            stan: format!("{:06}", id % 1_000_000),
            transmitted: sent.strftime("%m%d%H%M%S").to_string(),
            approval: String::new(),
            arn: String::new(),
            last4: "0000".to_owned(),
            bank_date: sent.date(),
            audit_mac: [0; 32],
        }
    }
}

fn own_reference(id: u64) -> OriginalRef {
    OriginalRef(format!("lives:{id}"))
}

fn kind_of(what: What, amount_minor: u64) -> (&'static str, EventKind) {
    let clearing = EventKind::Clearing { source: ClearingSource::Advice, approved: true };
    match what {
        Authorize => ("0100", EventKind::Authorization { preauthorization: false }),
        Preauthorize => ("0100", EventKind::Authorization { preauthorization: true }),
        Decline => ("0120", EventKind::AuthorizationAdvice { approved: false }),
        Clear | ClearAsTold | Refund => ("0220", clearing),
        ChargeBack => ("chargeback", EventKind::Chargeback),
        PresentAgain => ("second-presentment", EventKind::SecondPresentment),
        Reverse(_) => ("0400", EventKind::Reversal { remaining_minor: amount_minor }),
    }
}

/// A made-up token: no card number is behind it.
fn token(number: u64) -> CardToken {
    let mut mac = [0; 32];
    for (eight, place) in mac.chunks_exact_mut(8).zip(0..) {
        eight.copy_from_slice(&mixed(number.wrapping_mul(4).wrapping_add(place)).to_be_bytes());
    }
    CardToken { key_id: 1, mac }
}

/// The finalizer of SplitMix64: another number for each number.
pub(super) fn mixed(number: u64) -> u64 {
    let mixed = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

fn new_member(number: u32, bank: BankId, program: ProgramId) -> NewMember {
    NewMember {
        token: token(u64::from(number)),
        last4: "0000".to_owned(),
        bank,
        program,
        member_number: format!("{:08}", number + 1),
        enrolled_on: date(2026, 1, 1),
        kind: store::CardKind::Main,
        holder: String::new(),
        profile: store::Profile::default(),
    }
}
