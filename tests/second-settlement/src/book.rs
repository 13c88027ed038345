//! What each message of a program moved, by the second model.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::{
    message::Message,
    model::{Member, Positions, Says, Tally, Told},
    programs::{COBRAND, Program},
    turn::Turn,
};

pub(crate) struct Heard {
    pub(crate) turn: Turn,
    pub(crate) told: Told,
    pub(crate) message: Message,
}

/// One line of a file, before it is priced: what a message moved for its purchase.
#[derive(Debug, Clone)]
pub(crate) struct Movement {
    pub(crate) message: Message,
    /// The key of the message that began the purchase.
    pub(crate) purchase: String,
    /// By the words of the ledger.
    pub(crate) changes: BTreeMap<String, i128>,
    /// By how much what counts of the purchase changed.
    pub(crate) counted: i128,
}

/// All movements of a program, and the stories behind them.
pub(crate) struct Book {
    members: BTreeMap<u32, Member>,
    keys: BTreeMap<u32, String>,
    /// By cycle, in the order of arrival.
    pub(crate) days: BTreeMap<Turn, Vec<Movement>>,
    /// What was told of each purchase: day, told, message.
    pub(crate) stories: BTreeMap<u32, Vec<(Date, Told)>>,
    rules: crate::model::rules::Rules,
}

impl Book {
    pub(crate) fn new(program: &Program, members: &BTreeMap<u32, Date>) -> Self {
        let members = members.iter().map(|(number, day)| (*number, Member::new(*day))).collect();
        let rules = program.reading.rules.clone();
        Self { members, keys: BTreeMap::new(), days: BTreeMap::new(), stories: BTreeMap::new(), rules }
    }

    pub(crate) fn hear(&mut self, heard: Heard) {
        let Heard { turn, told, message } = heard;
        self.stories.entry(told.purchase).or_default().push((turn.date, told));
        self.keys.entry(told.id).or_insert_with(|| message.key());
        let Some(member) = told.member.and_then(|member| self.members.get_mut(&member)) else { return };
        // Miles are spent from any purchase, all else moves its own.
        let of = |member: &Member| match told.is_about_miles() {
            true => member.purchases.keys().copied().collect(),
            false => vec![told.purchase],
        };
        let before: BTreeMap<u32, State> =
            of(member).into_iter().map(|number| (number, State::of(member, number))).collect();
        member.sent.entry(told.id).or_insert(message.second);
        // No rule of the programs has a budget.
        member.tell(&self.rules, &told, &mut Tally::default());
        for number in of(member) {
            let (is, was) = (State::of(member, number), before.get(&number));
            let changes = is.changes(was);
            if changes.is_empty() {
                continue;
            }
            let first = member.purchases[&number].first().unwrap();
            let counted = is.net - was.map_or(0, |was| was.net);
            let (message, purchase) = (message.clone(), self.keys[&first].clone());
            let movement = Movement { message, purchase, changes, counted };
            self.days.entry(turn).or_default().push(movement);
        }
    }

    /// What was told of a purchase, in words.
    pub(crate) fn story(&self, key: &str) -> String {
        let of = self.stories.values().find(|story| story.iter().any(|(_, told)| self.keys[&told.id] == key));
        let words = |(date, told): &(Date, Told)| {
            let names = match told.says {
                Says::Reverse { of, .. } => format!(" of {of}"),
                _ => String::new(),
            };
            format!(
                "      {date}: {} {:?}{names} {} billed {:?}, {:?} of {}, partner {:?}, mcc {}, {:?}",
                told.id,
                told.says,
                told.amount,
                told.billed,
                told.kind,
                told.day,
                told.partner,
                told.mcc,
                told.link
            )
        };
        of.map_or_else(String::new, |story| story.iter().map(words).collect::<Vec<_>>().join("\n"))
    }
}

/// What a purchase has brought, what became of it, and what counts of it.
#[derive(Default)]
struct State {
    items: Positions,
    net: i128,
}

impl State {
    fn of(member: &Member, number: u32) -> Self {
        let purchase = member.purchases.get(&number);
        purchase.map_or_else(Self::default, |purchase| Self {
            items: purchase.booked.and(&purchase.moved),
            net: purchase.net,
        })
    }

    fn changes(&self, was: Option<&Self>) -> BTreeMap<String, i128> {
        let mut changes: BTreeMap<String, i128> = BTreeMap::new();
        let mut add = |items: &Positions, sign: i128| {
            let of = items.0.iter();
            of.for_each(|(item, amount)| *changes.entry(item.0.clone()).or_default() += sign * amount);
        };
        add(&self.items, 1);
        was.into_iter().for_each(|was| add(&was.items, -1));
        changes.retain(|_, amount| *amount != 0);
        changes
    }
}

impl Movement {
    /// What it moved of a basis, as far as a partner is concerned.
    pub(crate) fn quantity(&self, basis: &str, partner: i32) -> i128 {
        let sum = |counts: &dyn Fn(&[&str]) -> bool| -> i128 {
            let of = self.changes.iter().filter(|(item, _)| counts(&item.split(':').collect::<Vec<_>>()));
            of.map(|(_, amount)| amount).sum()
        };
        let (us, number) = (format!("partner-{partner}"), partner.to_string());
        match basis {
            "miles_granted" => sum(&|item| partner == COBRAND && matches!(item, ["base"] | ["bonus", ..])),
            // What is spent leaves the member.
            "miles_redeemed" => -sum(&|item| partner == COBRAND && matches!(item, ["redeemed"])),
            "bonus_miles" => sum(&|item| matches!(item, ["bonus", payer, _] if *payer == us)),
            "turnover" => sum(&|item| matches!(item, ["turnover", at] if *at == number)),
            // What the bank credited in our place, and what it paid in our place to another shop.
            "statement_credit_share" => sum(&|item| match item {
                ["discount", "statement_credit", payer, _] => *payer == us,
                ["discount", "at_till", payer, at] => *payer == us && *at != number,
                _ => false,
            }),
            // What others owe us of what we gave.
            "till_share" => sum(
                &|item| matches!(item, ["discount", "at_till", payer, at] if *payer != us && *at == number),
            ),
            other => panic!("a basis {other:?}"),
        }
    }

    /// Whether it is a purchase, a refund or a reversal.
    pub(crate) fn kind(&self) -> &'static str {
        match () {
            () if self.message.is_reversal() => "reversal",
            () if self.counted < 0 => "refund",
            () => "purchase",
        }
    }
}
