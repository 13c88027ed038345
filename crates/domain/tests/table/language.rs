//! The language of the tables, and the one place where they touch the core.
//!
//! The program is the worked day's `boreal-gold`, unless lines such as `discount` change it (`rules.rs`). Every line is one of these; `#` starts a comment:
//!
//! ```text
//! generous-discount gift at kosta credit 10%   the version `generous` has this discount, likewise `generous-bonus`,
//! `generous-program`; `generous-as-gold` makes it equal to `gold` first
//! tiers one_tier                      the program has tiers (`world::boreal_gold_with_tiers`), lost in this way
//! enroll D 2026-10-11                 member D counts from that day on; A to Z are members long since
//! closed D 2026-10-20                 the last day on which purchases of D count
//! blocked D                           member D is blocked; `lost 2`: card 2 is (see the option `plastic`)
//! auth 1 A 7450.00 at skyfuel mcc 5541 -> provisional base 120 bonus 120 discount 223.50 till 7226.50
//! clear 2 A 7226.50 of 1 -> booked base 120 bonus 120 discount 223.50 shares 111.75/111.75
//! refund 3 A 1000.00 names 2 -> reversed refunded base -17 bonus -17 ...
//! reverse 4 of 1 remaining 500.00 -> ...
//! expire 5 A of 1 on 2026-10-18 -> reversed hold_expired ...   that day has come for the purchase of message 1
//! review 6 A on 2028-01-01 -> none tier_lost   the day of the review of A's tier
//! rerate 6 A of 1 to generous -> booked rerated ...   a run computes the purchase anew; `gold` is how it was
//! reattribute 7 A of 1 to kosta -> booked reattributed ...   the merchant is kosta's by now; `nobody` is nobody
//! match 7 A of 2 to 1 -> reversed refund_matched ...   staff say that refund 2 takes back the purchase of message 1;
//! `scheduler` behind it: it was certain, with exactly that amount left
//! leave 8 A of 2 -> none refund_left_alone   staff say that refund 2 stands alone
//! rates usd 2026-10-10 90.00           the program converts by rate tables; that day a dollar is 90.00 roubles
//! repeat 2 -> repeat: booked ...      the same message again, with the stored answer
//! altered 2 amount 1.00 -> altered DE4
//! member A miles posted 306 pending 0
//! member B credit posted 500.00       statement credits; `till` for discounts at the till
//! partner kosta turnover posted 4835.66
//! partner kosta credit posted 340.00  its share of statement credits; `till`, `bonus` likewise
//! bank credit posted 220.00           the bank's share; `base` for base miles
//! counter A 2026-10 306               miles counted against the cap
//! tier A gold review 2028-01-01 year 2026 units 306   where a member stands
//! counter A uses:gift 2                to how many purchases a rule gave something; `amount:gift` how much
//! budget gift 300.00 uses 2           what all members took of a campaign
//! purchases A 1                       how many purchases the member has
//! because fuel-3 till_discount_confirmed   what the last decision's explanation says of a rule
//! ```
//!
//! A message is `<verb> <number> <member> <amount> <options>`, the verb one of `auth`, `preauth`, `advice`,
//! `clear`, `refund`, `chargeback`, `represent` (a second presentment); member `-` is a card that is no member's. Options: `at <merchant>`, `terminal <id>`,
//! `mcc <code>`, `on <date>`, `time <hh:mm>` (noon if it is left out), `of <number>` (the merchant and retrieval reference of that message),
//! `rrn <text>`, `no-rrn`, `names <number>` (DE90), `usd`, `billed <amount>`, `cash`, `inquiry`, `refunded`, `declined`,
//! `from-file`, `single-message`, `presentment <id>`, `arn <text>`, `life-cycle <text>`, `card <member>`, `plastic <card>`, `amount <amount>`,
//! `asks <number> miles` (to pay with; the answer then says `reserved 500 remains 300.00`). A line may speak of a
//! message that is sent later. What happens to miles after they are booked is in `miles_language.rs`, coupons are in
//! `coupon_language.rs`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use domain::{
    ClearingSource, CouponCode, CouponKey, DiscountMode, Disposition, Event, EventKind, Fall, Funder, FxRule,
    Item, LedgerAccount, MatchPart, MatchParts, MessageKey, Outcome, PartnerId, Phase, RateTable, RatesHash,
    Ratio, RefundDecisionId, ResultStatus, Rounding, Rules, RunId, TransactionKind, Transfer, Unit,
    replay::{Recorded, Replay},
};

use jiff::civil::Date;

use crate::{
    coupon_language, miles_language, rules,
    support::{audit::audit, shell::Store, world},
};

/// Runs a table with one event per batch, in small batches, and as one batch: all must agree with it.
pub(crate) fn check(table: &str) {
    let table = Table::parse(table);
    let one_by_one = table.run_in_batches();
    let (expected, actual) = (table.lines.join("\n"), table.render(&one_by_one));
    assert!(expected == actual, "expected\n{expected}\n\nactual\n{actual}\n");
}

/// Runs a table of which nothing is expected but what holds for all: the sums that `audit` checks, the same in batches
/// of every size, a decision on every message of a bank, and that a replay comes to the same movements.
pub(crate) fn holds_together(table: &str) {
    let table = Table::parse(table);
    let outcomes = table.run_in_batches();
    let mut replay = Replay::new(&table.store.accounts);
    let mut rules = table.rules.clone();
    for (event, outcome) in table.events.iter().zip(&outcomes) {
        if let Disposition::Undecidable { missing } = &outcome.disposition {
            assert!(event.kind.is_internal(), "{event:?} misses {missing}");
            continue;
        }
        let keys: BTreeSet<_> = outcome.purchases.iter().map(|purchase| purchase.key).collect();
        assert_eq!(keys.len(), outcome.purchases.len(), "a purchase is written twice: {outcome:?}");
        let again = replay.decide(&table.recorded(event, outcome), Some(world::gate().rules), &mut rules);
        assert_eq!(again.transfers, outcome.transfers, "the replay moves other amounts: {event:?}");
        assert_eq!(again.coupons, outcome.coupons, "the replay uses other coupons: {event:?}");
    }
}

struct Table {
    lines: Vec<String>,
    rows: Vec<Row>,
    events: Vec<Event>,
    rules: Rules,
    /// How every version converts, and by what.
    fx: Option<FxRule>,
    rates: BTreeMap<String, RateTable>,
    store: Store,
}

enum Row {
    Text,
    /// The words before the arrow, and the event's place.
    Message(String, usize),
    Assertion(Vec<String>),
}

impl Table {
    fn parse(text: &str) -> Self {
        let mut table = Self {
            lines: text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect(),
            rows: Vec::new(),
            events: Vec::new(),
            rules: Rules::default(),
            fx: None,
            rates: BTreeMap::new(),
            store: Store::new(),
        };
        let mut program = miles_language::program(text);
        let lines = table.lines.clone();
        let mut generous = world::boreal_generous();
        let messages = Messages::of(&lines);
        for line in &lines {
            let (left, expectation) = line.split_once(" -> ").unwrap_or((line, ""));
            let words: Vec<&str> = left.split(' ').collect();
            let row = match words[0] {
                "" | "#" | "program" => Row::Text,
                "tiers" => {
                    let fall = Fall::ALL.into_iter().find(|fall| fall.name() == words[1]).unwrap();
                    program = world::boreal_gold_with_tiers(fall);
                    Row::Text
                }
                "rates" => {
                    table.rate(words[2], words[3]);
                    Row::Text
                }
                _ if rules::change(&mut program, &words) => Row::Text,
                _ if rules::change_generous(&mut generous, &words) => Row::Text,
                "enroll" => {
                    table.store.enroll(letter(words[1]), words[2].parse().unwrap());
                    Row::Text
                }
                "closed" => {
                    table.store.account(letter(words[1])).closed_on = Some(words[2].parse().unwrap());
                    Row::Text
                }
                "birthday" => {
                    table.store.account(letter(words[1])).birthday = domain::Birthday::parse(words[2]);
                    Row::Text
                }
                "blocked" => {
                    table.store.account(letter(words[1])).blocked = true;
                    Row::Text
                }
                "code" => {
                    coupon_language::give_out(&mut table.store, &words);
                    Row::Text
                }
                "lost" => {
                    let card = world::card(words[1].parse().unwrap());
                    table.store.blocked_cards.insert((world::bucket(), card));
                    Row::Text
                }
                "member" | "partner" | "bank" | "counter" | "budget" | "purchases" | "because" | "tier"
                | "lot" | "coupon" => Row::Assertion(words.iter().map(|word| (*word).to_owned()).collect()),
                _ => {
                    assert!(!expectation.is_empty(), "a message needs an expectation: {line}");
                    let sent = messages.get(words[1]);
                    let altered = words[0] == "altered";
                    table.events.push(if altered { messages.with(sent, &words[2..]) } else { sent });
                    Row::Message(left.to_owned(), table.events.len() - 1)
                }
            };
            table.rows.push(row);
        }
        table.rules = world::rules_of(program);
        table.rules.programs.insert(generous.hash, generous);
        table.rules.rates = std::mem::take(&mut table.rates);
        let fx = table.fx.clone();
        table.rules.programs.values_mut().for_each(|program| program.fx = fx.clone());
        table
    }

    /// From here on every version converts by the table `daily`, which has this rate of dollars.
    fn rate(&mut self, date: &str, roubles: &str) {
        let rule = FxRule { rates: "daily".into(), rounding: Rounding::HalfUp };
        self.fx = Some(rule);
        let daily = self.rates.entry("daily".into());
        let daily = daily.or_insert_with(|| RateTable::new(RatesHash([9; 32])));
        let rate = Ratio::new(minor(roubles), 100).unwrap();
        assert!(daily.add(world::USD, world::RUB, date.parse().unwrap(), rate), "one rate for {date}");
    }

    /// What one event per batch decides, after seeing that other batches decide the same.
    fn run_in_batches(&self) -> Vec<Outcome> {
        let (one_by_one, store) = self.run(1);
        for events_max in [2, 3, self.events.len().max(1)] {
            let (outcomes, other) = self.run(events_max);
            assert_eq!(one_by_one, outcomes, "batches of {events_max} decide otherwise");
            assert_eq!(store, other, "batches of {events_max} leave other rows");
        }
        one_by_one
    }

    /// What a store would have recorded beside the event.
    fn recorded(&self, event: &Event, outcome: &Outcome) -> Recorded {
        let own = outcome.purchases.iter().find(|purchase| Some(purchase.key) == outcome.purchase);
        let account =
            event.member.and_then(|member| self.store.accounts.get(&(event.bucket, member.account)));
        Recorded {
            event: event.clone(),
            gate: Some(world::gate()),
            clearing_source: self.rules.banks.get(&event.bank).map(|bank| bank.clearing_source),
            partner: own.and_then(|purchase| purchase.partner),
            rate: outcome.rate.clone(),
            blocked: false,
            closed_on: account.and_then(|account| account.closed_on),
            coupon: event.asked.coupon.and_then(|coupon| {
                let key = CouponKey { program: world::PROGRAM, coupon };
                Some(CouponCode { uses: 99, ..self.store.coupons.get(&key)?.clone() })
            }),
            birthday: account
                .and_then(|account| account.birthday)
                .filter(|_| domain::replay::asks_birthday(event, world::gate().rules, &self.rules)),
        }
    }

    fn run(&self, events_max: usize) -> (Vec<Outcome>, Store) {
        let mut store = self.store.clone();
        let mut outcomes = Vec::new();
        for batch in self.events.chunks(events_max) {
            outcomes.extend(store.run(&self.rules, batch));
            audit(&store, &self.rules);
        }
        (outcomes, store)
    }

    /// The table as it came out.
    fn render(&self, outcomes: &[Outcome]) -> String {
        let mut text = Vec::new();
        let mut so_far: &[Outcome] = &[];
        for (row, line) in self.rows.iter().zip(&self.lines) {
            text.push(match row {
                Row::Text => line.clone(),
                Row::Message(left, place) => {
                    so_far = &outcomes[..=*place];
                    format!("{left} -> {}", answer(&outcomes[*place]))
                }
                Row::Assertion(words) => assertion(words, so_far),
            });
        }
        text.join("\n")
    }
}

/// The messages of a table by number, so that a line may speak of one that is sent later.
struct Messages<'a>(BTreeMap<&'a str, Vec<&'a str>>);

impl<'a> Messages<'a> {
    fn of(lines: &'a [String]) -> Self {
        let words =
            lines.iter().map(|line| line.split(" -> ").next().unwrap().split(' ').collect::<Vec<_>>());
        let messages = words.filter(|words| {
            matches!(
                words[0],
                "auth"
                    | "preauth"
                    | "advice"
                    | "clear"
                    | "refund"
                    | "chargeback"
                    | "represent"
                    | "reverse"
                    | "expire"
                    | "review"
                    | "rerate"
                    | "reattribute"
                    | "match"
                    | "leave"
            ) || miles_language::VERBS.contains(&words[0])
        });
        Self(messages.map(|words| (words[1], words)).collect())
    }

    fn get(&self, number: &str) -> Event {
        let words = self.0.get(number).unwrap_or_else(|| panic!("no message {number}"));
        let id = number.parse().unwrap_or_else(|_| panic!("a number in {words:?}"));
        if words[0] == "reverse" {
            let (remaining_minor, rest) = match words.get(4..6) {
                Some(&["remaining", amount]) => (minor(amount), &words[6..]),
                _ => (0, &words[4..]),
            };
            return self.with(world::reversal(id, &self.get(words[3]), remaining_minor), rest);
        }
        if words[0] == "expire" {
            let kind = EventKind::HoldExpiry { purchase: self.get(words[4]).key };
            let mut event = world::message(id, kind, 0);
            event.member = Some(world::member(letter(words[2])));
            return self.with(event, &words[5..]);
        }
        if words[0] == "review" {
            let mut event = world::message(id, EventKind::TierReview, 0);
            event.member = Some(world::member(letter(words[2])));
            return self.with(event, &words[3..]);
        }
        if let "rerate" | "reattribute" = words[0] {
            return self.with(correction(id, words, self.get(words[4]).key), &words[7..]);
        }
        if let "match" | "leave" = words[0] {
            return self.refund_match(id, words);
        }
        if miles_language::VERBS.contains(&words[0]) {
            let (event, options) = miles_language::event(id, words, |number| self.get(number));
            return self.with(event, options);
        }
        let kind = match words[0] {
            "auth" => world::AUTHORIZATION,
            "preauth" => EventKind::Authorization { preauthorization: true },
            "advice" => EventKind::AuthorizationAdvice { approved: true },
            "chargeback" => EventKind::Chargeback,
            "represent" => EventKind::SecondPresentment,
            _ => world::CLEARING,
        };
        let mut event = world::message(id, kind, minor(words[3]));
        event.member = (words[2] != "-").then(|| world::member(letter(words[2])));
        if words[0] == "refund" {
            event.transaction = TransactionKind::Refund;
        }
        self.with(event, &words[4..])
    }

    /// What a refund is matched to, if anything.
    fn refund_match(&self, id: u32, words: &[&str]) -> Event {
        let purchase = (words[0] == "match").then(|| self.get(words[6]).key);
        let by_scheduler = words.last() == Some(&"scheduler");
        let parts = [MatchPart::SameCardAcceptor, MatchPart::ExactAmount].into_iter();
        let kind = EventKind::MatchRefund {
            refund: self.get(words[4]).key,
            purchase,
            parts: parts.filter(|_| by_scheduler).fold(MatchParts::default(), MatchParts::with),
            decision: (!by_scheduler).then_some(RefundDecisionId(1)),
        };
        let mut event = world::message(id, kind, 0);
        event.member = Some(world::member(letter(words[2])));
        event
    }

    fn with(&self, mut event: Event, options: &[&str]) -> Event {
        let mut words = options.iter().copied();
        while let Some(option) = words.next() {
            let mut value = || words.next().unwrap_or_else(|| panic!("{option} needs a value"));
            match option {
                "at" => {
                    let mcc = event.merchant.mcc;
                    event.merchant = world::merchant(value());
                    event.merchant.mcc = mcc;
                }
                "terminal" => event.merchant.terminal = value().to_owned(),
                "mcc" => event.merchant.mcc = Some(value().parse().unwrap()),
                "on" => event.local = value().parse::<Date>().unwrap().at(12, 0, 0, 0),
                "time" => {
                    let time = jiff::civil::Time::strptime("%H:%M", value()).unwrap();
                    event.local = event.local.date().to_datetime(time);
                }
                "of" => {
                    let other = self.get(value());
                    event.merchant = other.merchant;
                    event.references.retrieval = other.references.retrieval;
                }
                "rrn" => event.references.retrieval = Some(value().to_owned()),
                "no-rrn" => event.references.retrieval = None,
                "names" => event.references.names = Some(self.get(value()).references.own),
                "usd" => event.currency = world::USD,
                "billed" => event.billing = Some((minor(value()), world::RUB)),
                "cash" => event.transaction = TransactionKind::Cash,
                "inquiry" => event.transaction = TransactionKind::Other,
                "declined" => decline(&mut event),
                "from-file" => set_source(&mut event, ClearingSource::File),
                "single-message" => set_source(&mut event, ClearingSource::SingleMessage),
                "presentment" => {
                    let file = format!("F{}", event.references.own.0);
                    world::filed(&mut event, &file, value());
                }
                "arn" => event.references.arn = Some(value().to_owned()),
                "life-cycle" => event.references.life_cycle = Some(value().to_owned()),
                "refunded" => event.transaction = TransactionKind::Refund,
                "card" => event.member = Some(world::member(letter(value()))),
                "amount" | "pays" => event.amount_minor = minor(value()),
                "asks" => event.asked.miles = Some(value().parse().unwrap()),
                "miles" => {}
                "shows" => event.asked.coupon = Some(coupon_language::id(value())),
                "plastic" => event.card = Some(world::card(value().parse().unwrap())),
                _ => panic!("no option {option}"),
            }
        }
        event.content = world::content(&event);
        event
    }
}

/// A correction of run 1.
fn correction(id: u32, words: &[&str], purchase: MessageKey) -> Event {
    let run = RunId(1);
    let kind = match (words[0], words[6]) {
        ("rerate", "gold") => EventKind::Rerate { purchase, rules: world::boreal_gold().hash, run },
        ("rerate", _) => EventKind::Rerate { purchase, rules: world::boreal_generous().hash, run },
        (_, "nobody") => EventKind::Reattribute { purchase, partner: None, run },
        (_, name) => EventKind::Reattribute { purchase, partner: Some(partner_named(name)), run },
    };
    let mut event = world::message(id, kind, 0);
    event.member = Some(world::member(letter(words[2])));
    event
}

fn decline(event: &mut Event) {
    match &mut event.kind {
        EventKind::AuthorizationAdvice { approved } | EventKind::Clearing { approved, .. } => {
            *approved = false
        }
        kind => panic!("{kind:?} is never declined"),
    }
}

fn set_source(event: &mut Event, source: ClearingSource) {
    event.kind = EventKind::Clearing { source, approved: true };
}

/// What the bank is told and what was moved, in the words of the tables.
fn answer(outcome: &Outcome) -> String {
    let reply = &outcome.reply;
    let result = &reply.result;
    let mut text = match &outcome.disposition {
        Disposition::Decided => String::new(),
        Disposition::Repeat => "repeat: ".to_owned(),
        Disposition::Altered { field } => return format!("altered {field}"),
        Disposition::Undecidable { missing } => return format!("undecidable {missing}"),
    };
    text.push_str(result.status.name());
    match (result.status, result.reason.as_str()) {
        (ResultStatus::Provisional, "estimate") | (ResultStatus::Booked, "cleared") => {}
        (_, reason) => write!(text, " {reason}").unwrap(),
    }
    for (word, miles) in [("base", result.base_miles), ("bonus", result.bonus_miles)] {
        if miles != 0 {
            write!(text, " {word} {miles}").unwrap();
        }
    }
    if result.discount_minor != 0 {
        write!(text, " discount {}", decimal(result.discount_minor)).unwrap();
    }
    let share = |of_bank: bool| -> i64 {
        let posted = outcome.transfers.iter().filter(|transfer| transfer.phase == Phase::Posted);
        let shares = posted.filter(|transfer| match transfer.item {
            Item::Discount { funder, .. } => (funder == Funder::Bank) == of_bank,
            _ => false,
        });
        shares.map(Transfer::signed_for_member).sum()
    };
    let (merchant, bank) = (share(false), share(true));
    if (merchant, bank) != (0, 0) {
        write!(text, " shares {}/{}", decimal(merchant), decimal(bank)).unwrap();
    }
    if let Some((reduced, _)) = reply.till {
        write!(text, " till {}", decimal(i64::try_from(reduced).unwrap())).unwrap();
    }
    if let Some(paid) = reply.miles {
        let remains = decimal(i64::try_from(paid.remains_minor).unwrap());
        write!(text, " reserved {} remains {remains}", paid.reserved).unwrap();
    }
    text
}

/// The assertion with the values that hold after these outcomes.
fn assertion(words: &[String], outcomes: &[Outcome]) -> String {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if let ["because", rule, ..] = words.as_slice() {
        let findings = outcomes.last().map(|outcome| outcome.explanation.0.as_slice()).unwrap_or_default();
        let of_rule = findings.iter().filter(|finding| finding.rule == *rule);
        let reasons: Vec<&str> = of_rule.map(|finding| finding.reason).collect();
        return format!("because {rule} {}", reasons.join(" "));
    }
    if let ["lot", number, parts @ ..] = words.as_slice() {
        return format!("lot {number}{}", miles_language::lot(number, parts, outcomes));
    }
    if let ["coupon", code, ..] = words.as_slice() {
        return coupon_language::uses(code, outcomes);
    }
    let (subject, pairs) = match words[0] {
        "bank" => (&words[..2], &words[2..]),
        _ => (&words[..3.min(words.len())], &words[3.min(words.len())..]),
    };
    match subject {
        ["counter", member, period] => {
            let counted = outcomes.iter().flat_map(|outcome| &outcome.counted);
            let of_key = counted.filter(|(key, _)| {
                let named =
                    if key.rule == domain::MILES_GRANTED { key.period.clone() } else { key.rule.clone() };
                key.account == world::account(letter(member)) && named == *period
            });
            format!("counter {member} {period} {}", of_key.map(|(_, counted)| counted).sum::<i64>())
        }
        ["budget", rule, _] => {
            let taken = outcomes.iter().flat_map(|outcome| &outcome.budgeted);
            let taken: Vec<_> = taken.filter(|taken| taken.key.rule == *rule).collect();
            let amount: i64 = taken.iter().map(|taken| taken.amount).sum();
            let uses: i64 = taken.iter().map(|taken| taken.uses).sum();
            format!("budget {rule} {} uses {uses}", decimal(amount))
        }
        ["tier", member, _] => {
            let changes = outcomes.iter().filter_map(|outcome| outcome.standing);
            let mut of_member = changes.filter(|(account, _)| *account == world::account(letter(member)));
            let standing = of_member.next_back().map(|(_, standing)| standing).unwrap_or_default();
            let tier = ["none", "silver", "gold"][usize::from(standing.rank)];
            let review = standing.review_on.map_or("-".to_owned(), |day| day.to_string());
            let (year, units) = (standing.year, standing.units);
            format!("tier {member} {tier} review {review} year {year} units {units}")
        }
        ["purchases", member, _] => {
            let account = world::account(letter(member));
            let all = outcomes.iter().flat_map(|outcome| &outcome.purchases);
            let keys: BTreeSet<_> =
                all.filter(|purchase| purchase.account == account).map(|purchase| purchase.key).collect();
            format!("purchases {member} {}", keys.len())
        }
        _ => {
            let mut text = subject.join(" ");
            for pair in pairs.chunks(2) {
                let phase = if pair[0] == "pending" { Phase::Pending } else { Phase::Posted };
                let amount = position(subject, phase, outcomes);
                let counts_miles =
                    matches!(*subject.last().unwrap(), "miles" | "bonus" | "base" | "qualifying");
                let shown = if counts_miles { amount.to_string() } else { decimal(amount) };
                write!(text, " {} {shown}", pair[0]).unwrap();
            }
            text
        }
    }
}

/// What `subject` has received (a member) or given (everybody else), summed from debits and credits.
fn position(subject: &[&str], phase: Phase, outcomes: &[Outcome]) -> i64 {
    let who = match subject {
        ["member", member, _] => LedgerAccount::Member(world::account(letter(member))),
        ["partner", partner, _] => LedgerAccount::Partner(partner_named(partner)),
        _ => LedgerAccount::Bank(world::BANK),
    };
    let discount_of = |item: &Item, wanted| matches!(item, Item::Discount { mode, .. } if *mode == wanted);
    let wanted = |transfer: &&Transfer| match *subject.last().unwrap() {
        "miles" => transfer.unit == Unit::Miles(world::PROGRAM),
        "base" => transfer.item == Item::Base,
        "bonus" => matches!(transfer.item, Item::Bonus { .. }),
        "qualifying" => transfer.unit == Unit::Qualifying(world::PROGRAM),
        "turnover" => transfer.unit == Unit::Turnover(world::RUB),
        "credit" => discount_of(&transfer.item, DiscountMode::StatementCredit),
        "till" => discount_of(&transfer.item, DiscountMode::AtTill),
        word => panic!("no position {word}"),
    };
    let transfers = outcomes.iter().flat_map(|outcome| &outcome.transfers).filter(wanted);
    let received: i64 = transfers
        .filter(|transfer| transfer.phase == phase)
        .map(|transfer| {
            let amount = i64::try_from(transfer.amount).unwrap();
            i64::from(transfer.credit == who) * amount - i64::from(transfer.debit == who) * amount
        })
        .sum();
    if matches!(who, LedgerAccount::Member(_)) { received } else { -received }
}

pub(crate) fn partner_named(name: &str) -> PartnerId {
    match name {
        "airboreal" => world::AIRBOREAL,
        "skyfuel" => world::SKYFUEL,
        "kosta" => world::KOSTA,
        _ => panic!("no partner {name}"),
    }
}

pub(crate) fn letter(word: &str) -> char {
    word.chars().next().filter(char::is_ascii_uppercase).unwrap_or_else(|| panic!("a member, not {word}"))
}

/// Minor units of an amount such as `7226.50`.
pub(crate) fn minor(text: &str) -> u64 {
    let (whole, cents) = text.split_once('.').unwrap_or_else(|| panic!("an amount, not {text}"));
    assert_eq!(cents.len(), 2, "an amount, not {text}");
    format!("{whole}{cents}").parse().unwrap_or_else(|_| panic!("an amount, not {text}"))
}

fn decimal(minor: i64) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    let size = minor.unsigned_abs();
    format!("{sign}{}.{:02}", size / 100, size % 100)
}
