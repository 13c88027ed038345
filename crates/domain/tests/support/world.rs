//! The worked day's bank, program and merchants, and messages with sensible defaults.

use domain::{
    AccountId, BankId, BankRules, BaseRule, BonusRule, Bucket, CapRule, CapWindow, CardId, ClearingSource,
    Condition, Content, Currency, CycleId, DiscountMode, DiscountRule, DiscountTier, EarnRounding, Effective,
    Event, EventKind, Fall, FilePlace, FileRecord, Funder, Gate, HoldRules, MccRange, MemberRef, Merchant,
    MessageKey, MilesRules, OriginalRef, PartnerId, Program, ProgramId, Qualifying, Ratio, Reduction,
    RefKind, References, Rounding, Rules, RulesHash, Stackings, Tier, TierRules, TransactionKind,
};
use jiff::{
    Timestamp,
    civil::{Date, Weekday, date},
};

pub(crate) const BANK: BankId = BankId(1);
pub(crate) const PROGRAM: ProgramId = ProgramId(1);
pub(crate) const AIRBOREAL: PartnerId = PartnerId(1);
pub(crate) const SKYFUEL: PartnerId = PartnerId(2);
pub(crate) const KOSTA: PartnerId = PartnerId(3);
pub(crate) const RUB: Currency = Currency(643);
pub(crate) const USD: Currency = Currency(840);
pub(crate) const SATURDAY: Date = date(2026, 10, 10);
pub(crate) const CAP_MILES: u64 = 1_500;
const ACQUIRER: &str = "123456";
const HASH: RulesHash = RulesHash([7; 32]);

pub(crate) fn bucket() -> Bucket {
    Bucket::new(7).unwrap()
}

pub(crate) fn gate() -> Gate {
    Gate { cycle: CycleId(1), business_date: SATURDAY, rules: HASH }
}

/// Account 1 is member A, 2 is B, and so on.
pub(crate) fn account(letter: char) -> AccountId {
    AccountId(i64::from(u32::from(letter)) - 64)
}

pub(crate) fn member(letter: char) -> MemberRef {
    MemberRef { account: account(letter), program: PROGRAM }
}

fn ratio(numerator: u64, denominator: u64) -> Ratio {
    Ratio::new(numerator, denominator).unwrap()
}

/// `boreal-gold` of the worked day.
pub(crate) fn boreal_gold() -> Program {
    let effective = Effective::default();
    let mcc = |code| MccRange { first: code, last: code };
    Program {
        id: PROGRAM,
        code: "boreal-gold".into(),
        hash: HASH,
        bank: BANK,
        cobrand_partner: AIRBOREAL,
        currency: RUB,
        base: vec![BaseRule {
            id: "base".into(),
            effective,
            miles: 1,
            per_minor: 6_000,
            rounding: EarnRounding::EachFullStep,
        }],
        bonuses: vec![BonusRule {
            id: "weekend-fuel".into(),
            effective,
            when: Condition {
                partners: vec![SKYFUEL],
                weekdays: vec![Weekday::Saturday, Weekday::Sunday],
                ..Condition::default()
            },
            times_base: ratio(1, 1),
            rounding: Rounding::Floor,
            funder: Funder::Partner(SKYFUEL),
            limit: None,
            budget: None,
        }],
        discounts: vec![
            DiscountRule {
                id: "fuel-3".into(),
                effective,
                partner: SKYFUEL,
                when: Condition::default(),
                mode: DiscountMode::AtTill,
                tiers: DiscountTier::of_all(Reduction::Percent(ratio(3, 100))),
                rounding: Rounding::Floor,
                amount_min: None,
                discount_max: None,
                merchant_share: ratio(50, 100),
                partner_shares: vec![],
                limit: None,
                budget: None,
            },
            DiscountRule {
                id: "kosta-5".into(),
                effective,
                partner: KOSTA,
                when: Condition::default(),
                mode: DiscountMode::StatementCredit,
                tiers: DiscountTier::of_all(Reduction::Percent(ratio(5, 100))),
                rounding: Rounding::Floor,
                amount_min: Some(100_000),
                discount_max: Some(50_000),
                merchant_share: ratio(60, 100),
                partner_shares: vec![],
                limit: None,
                budget: None,
            },
        ],
        stacking: Stackings::default(),
        caps: vec![CapRule {
            id: "month".into(),
            effective,
            miles_max: CAP_MILES,
            window: CapWindow::CalendarMonth,
        }],
        excluded_mcc: vec![mcc(6011), mcc(4829), mcc(7995)],
        tiers: None,
        miles: MilesRules::default(),
        redemption: None,
        coupon_campaigns: vec![],
        // Hotels have 20 days.
        holds: HoldRules {
            days: 7,
            preauthorization_days: 30,
            by_mcc: vec![(MccRange { first: 7011, last: 7011 }, 20)],
        },
        fx: None,
    }
}

/// What a correction gave twice too little: double miles, no bonus, and 10 % at kosta; nothing at tills.
pub(crate) fn boreal_generous() -> Program {
    let mut program = Program { hash: RulesHash([8; 32]), ..boreal_gold() };
    program.base[0].miles = 2;
    program.bonuses.clear();
    program.discounts.retain(|rule| rule.mode == DiscountMode::StatementCredit);
    program.discounts[0].tiers = DiscountTier::of_all(Reduction::Percent(ratio(10, 100)));
    program
}

/// The same without its cap.
pub(crate) fn boreal_gold_uncapped() -> Program {
    Program { caps: vec![], ..boreal_gold() }
}

/// Rules of one program; the bank clears by online advices.
pub(crate) fn rules_of(program: Program) -> Rules {
    let mut rules = Rules::default();
    rules.programs.insert(program.hash, program);
    rules.banks.insert(BANK, BankRules { clearing_source: ClearingSource::Advice });
    let merchants = &mut rules.merchants;
    merchants.insert(ACQUIRER, "SKYFUEL", None, SKYFUEL);
    merchants.insert(ACQUIRER, "KOSTA", None, KOSTA);
    // One till in the mall belongs to kosta; of the station, only the shop does.
    merchants.insert(ACQUIRER, "MALL", Some("KOSTA001"), KOSTA);
    merchants.insert(ACQUIRER, "STATION", None, SKYFUEL);
    merchants.insert(ACQUIRER, "STATION", Some("SHOP0001"), KOSTA);
    rules
}

pub(crate) fn merchant(name: &str) -> Merchant {
    Merchant {
        acquirer: ACQUIRER.into(),
        card_acceptor: name.to_uppercase(),
        terminal: "TERM0001".into(),
        mcc: Some(5411),
        ..Merchant::default()
    }
}

pub(crate) const AUTHORIZATION: EventKind = EventKind::Authorization { preauthorization: false };
pub(crate) const CLEARING: EventKind = EventKind::Clearing { source: ClearingSource::Advice, approved: true };

/// Message number `id` of member A at no partner, with a retrieval reference of its own.
pub(crate) fn message(id: u32, kind: EventKind, amount_minor: u64) -> Event {
    let mut hash = [0; 16];
    hash[..4].copy_from_slice(&id.to_be_bytes());
    let mut event = Event {
        key: MessageKey::new(1_791_622_800 + u64::from(id), hash),
        bank: BANK,
        bucket: bucket(),
        member: Some(member('A')),
        kind,
        transaction: TransactionKind::Purchase,
        amount_minor,
        currency: RUB,
        billing: None,
        merchant: merchant("NOWHERE"),
        local: SATURDAY.at(12, 0, 0, 0),
        references: References {
            own: own_ref(id, kind),
            names: None,
            retrieval: Some(format!("RRN{id}")),
            record: None,
            arn: None,
            life_cycle: None,
        },
        content: Content::default(),
        received_at: Timestamp::from_second(1_791_622_800 + i64::from(id)).unwrap(),
        card: None,
        asked: domain::Asked::default(),
    };
    event.content = content(&event);
    event
}

/// A card by a number of one digit.
pub(crate) fn card(number: u8) -> CardId {
    CardId([number; 33])
}

/// A refund of purchases: a clearing with DE3 = 20.
pub(crate) fn refund(id: u32, amount_minor: u64) -> Event {
    let mut event = Event { transaction: TransactionKind::Refund, ..message(id, CLEARING, amount_minor) };
    event.content = content(&event);
    event
}

/// A reversal of `original` that leaves `remaining_minor` of it.
pub(crate) fn reversal(id: u32, original: &Event, remaining_minor: u64) -> Event {
    let mut event = message(id, EventKind::Reversal { remaining_minor }, original.amount_minor);
    event.member = original.member;
    event.merchant = original.merchant.clone();
    event.currency = original.currency;
    event.local = original.local;
    event.references.names = Some(original.references.own.clone());
    event.references.retrieval.clone_from(&original.references.retrieval);
    event.references.record = original
        .references
        .record
        .as_ref()
        .map(|record| FileRecord { amount: record.amount, ..file_record(&format!("F{id}"), record.step) });
    event.content = content(&event);
    event
}

/// The first record of a file that is numbered in no series.
pub(crate) fn file_record(file: &str, step: RefKind) -> FileRecord {
    FileRecord {
        step,
        file: FilePlace { id: file.to_owned(), ..FilePlace::default() },
        number: 1,
        amount: None,
        partial: None,
        reference: None,
        undoes_day: None,
        undone_behind: false,
        arrival: 0,
        unbilled: false,
        refused: false,
    }
}

/// `boreal-gold` with tiers by base miles: silver from 100 a year, gold from 250; gold has half as much again.
pub(crate) fn boreal_gold_with_tiers(fall: Fall) -> Program {
    let tier = |id: &str, rank, units_from| Tier { id: id.into(), rank, units_from };
    let mut program = boreal_gold();
    program.tiers = Some(TierRules {
        qualifying: Qualifying::BaseMiles,
        tiers: vec![tier("silver", 1, 100), tier("gold", 2, 250)],
        fall,
    });
    program.bonuses.push(BonusRule {
        id: "gold-extra".into(),
        effective: Effective::default(),
        when: Condition { tiers: vec![2], ..Condition::default() },
        times_base: ratio(1, 2),
        rounding: Rounding::Floor,
        funder: Funder::Bank,
        limit: None,
        budget: None,
    });
    program
}

/// Makes a message the record of a file of its own, with this identity.
pub(crate) fn filed(event: &mut Event, file: &str, identity: &str) {
    let step = match event.kind {
        EventKind::Chargeback => RefKind::Chargeback,
        EventKind::SecondPresentment => RefKind::SecondPresentment,
        _ if event.transaction == TransactionKind::Refund => RefKind::Refund,
        _ => RefKind::Presentment,
    };
    let record = file_record(file, step);
    event.references.record =
        Some(FileRecord { amount: Some((event.amount_minor, event.currency)), ..record });
    event.references.own = OriginalRef(format!("file:{identity}"));
}

fn own_ref(id: u32, kind: EventKind) -> OriginalRef {
    let mti = match kind {
        EventKind::Authorization { .. } => "0100",
        EventKind::AuthorizationAdvice { .. } => "0120",
        EventKind::Clearing { .. } => "0220",
        EventKind::Chargeback => "1442",
        EventKind::SecondPresentment => "1240",
        EventKind::Reversal { .. } => "0400",
        _ => "",
    };
    OriginalRef::new(mti, &format!("{id:06}"), "1010090000", ACQUIRER)
}

/// What a true repeat must repeat.
pub(crate) fn content(event: &Event) -> Content {
    let processing = match event.transaction {
        TransactionKind::Purchase => "000000",
        TransactionKind::Cash => "010000",
        TransactionKind::Refund => "200000",
        TransactionKind::Other => "310000",
    };
    let mut fields = vec![
        ("DE3", processing.to_owned()),
        ("DE4", event.amount_minor.to_string()),
        ("DE12", event.local.to_string()),
        ("DE42", event.merchant.card_acceptor.clone()),
        ("DE49", event.currency.to_string()),
    ];
    if let Some((amount, _)) = event.billing {
        fields.push(("DE6", amount.to_string()));
    }
    if let EventKind::Reversal { remaining_minor } = event.kind {
        fields.push(("DE95", remaining_minor.to_string()));
    }
    fields.extend(event.asked.miles.map(|miles| ("DE48.MI", miles.to_string())));
    if event.asked.coupon.is_some() {
        fields.push(("DE48.CP", "shown".to_owned()));
    }
    Content(fields)
}
