//! A random month of messages for all programs, in the order in which they arrive.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{
    ToSpan,
    civil::{Date, Time, date},
};

use crate::{
    adjusted::Adjustment,
    book::{Book, Heard, Movement},
    desk::{Answer, Desk},
    exact::Fraction,
    message::{Message, spoken},
    model::{Says, Told},
    price::{Batch, Cycle, State, price},
    programs::{PARTNERS, Program, programs},
    terms::rate,
    turn::Turn,
};

#[path = "../../second-model/src/month/errand.rs"]
#[allow(clippy::duplicate_mod, reason = "the second model has its own")]
mod errand;
#[path = "../../second-model/src/month/random.rs"]
mod random;
#[path = "../../second-model/src/month/story.rs"]
#[allow(clippy::duplicate_mod, reason = "the second model has its own")]
mod story;

use errand::errand;
pub(crate) use random::Random;
use story::story;

/// The day on which the stories begin, and the first business date of a month.
const FIRST: Date = date(2026, 10, 1);
/// So many business dates: the month with its end, and late presentments of the next.
const DAYS: i32 = 34;
/// Nothing arrives on these.
const EMPTY: [Date; 2] = [date(2026, 10, 13), date(2026, 10, 18)];
/// Messages of a member, on average.
const MESSAGES_OF_A_MEMBER: usize = 150;

/// The numbers of cards that are enrolled later begin here.
const LATER_CARDS: u32 = 10_000_000;

/// A block of miles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The partner's code.
    pub partner: &'static str,
    /// Of what.
    pub basis: &'static str,
    /// How many.
    pub units: i64,
}

/// By partner and currency.
type Openings = BTreeMap<(String, String), State>;

/// The month.
pub struct Month {
    /// The programs.
    pub programs: [Program; 2],
    /// When members were enrolled: all of the first program, then those of the second.
    pub members: Vec<BTreeMap<u32, Date>>,
    first: Date,
    days: Vec<Vec<Vec<Message>>>,
    books: Vec<Book>,
    /// What is left to each cycle of each program, by partner and currency.
    openings: Vec<BTreeMap<Turn, Openings>>,
    /// What staff propose while a cycle is open, and what receivers answer to its files.
    adjustments: Vec<BTreeMap<Turn, Vec<Adjustment>>>,
    answers: Vec<BTreeMap<Turn, BTreeMap<String, Answer>>>,
}

impl Month {
    /// About so many messages. The second program has two cycles a day.
    #[must_use]
    pub fn new(seed: u64, messages: usize) -> Self {
        let on_its_day = |program: &Program, arrivals: &mut Vec<Arrival>| {
            arrivals.retain(|(place, ..)| *place < DAYS * program.cycles());
        };
        let [volga, spree] = programs();
        Self::of([volga, spree.with_two_cycles()], (seed, messages), (FIRST, DAYS), on_its_day)
    }

    /// The same messages in the same order, but on so many days of one cycle from `first` on, as many on each.
    #[must_use]
    pub fn in_rounds(seed: u64, messages: usize, (first, rounds): (Date, usize)) -> Self {
        let evenly = |_: &Program, arrivals: &mut Vec<Arrival>| {
            let all = arrivals.len();
            for (place, (day, ..)) in arrivals.iter_mut().enumerate() {
                *day = i32::try_from(place * rounds / all).unwrap();
            }
        };
        Self::of(programs(), (seed, messages), (first, i32::try_from(rounds).unwrap()), evenly)
    }

    fn of(
        programs: [Program; 2],
        (seed, messages): (u64, usize),
        (first, days_of_month): (Date, i32),
        dated: impl Fn(&Program, &mut Vec<Arrival>),
    ) -> Self {
        let mut random = Random::new(seed);
        let (mut next, mut purchase, mut member) = (1, 1, 1);
        let (mut members, mut days, mut books) = (Vec::new(), Vec::new(), Vec::new());
        for (place, program) in programs.iter().enumerate() {
            let wanted = messages / programs.len();
            let of_program = enrolled(&mut random, &mut member, wanted / MESSAGES_OF_A_MEMBER + 4);
            let mut arrivals =
                arrivals(program, &mut random, (&mut next, &mut purchase), &of_program, wanted);
            // What comes too late for the month is named by what comes before, now and then.
            let mut all = BTreeMap::new();
            arrivals.iter().for_each(|(_, _, told)| {
                all.entry(told.id).or_insert(*told);
            });
            dated(program, &mut arrivals);
            let mut book = Book::new(program, &of_program);
            let mut of_days = vec![Vec::new(); usize::try_from(days_of_month * program.cycles()).unwrap()];
            let mut first_second = BTreeMap::new();
            for (day, minute, told) in arrivals {
                let mut message = spoken((program, place), &told, minute, &all);
                // A repeat has the key of the message that it repeats.
                message.second = *first_second.entry(message.number).or_insert(message.second);
                let date = first + (day / program.cycles()).days();
                let turn = Turn { date, number: day % program.cycles() + 1 };
                book.hear(Heard { turn, told, message: message.clone() });
                of_days[usize::try_from(day).unwrap()].push(message);
            }
            members.push(of_program);
            days.push(of_days);
            books.push(book);
        }
        let (openings, adjustments, answers) = Default::default();
        let mut month = Self { programs, members, first, days, books, openings, adjustments, answers };
        month.settle(seed);
        month
    }

    /// The business dates.
    #[must_use]
    pub fn dates(&self) -> Vec<Date> {
        let days = i32::try_from(self.days[0].len()).unwrap();
        (0..days).map(|day| self.first + day.days()).collect()
    }

    /// What arrives in a cycle of a program.
    #[must_use]
    pub fn messages(&self, program: usize, turn: impl Into<Turn>) -> &[Message] {
        let sequence = self.sequence(&self.programs[program], turn.into());
        &self.days[program][usize::try_from(sequence - 1).unwrap()]
    }

    /// How many messages, repeats included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.days.iter().flatten().map(Vec::len).sum()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The place of a date in the month, from 1.
    pub(crate) fn cycle(&self, date: Date) -> i32 {
        (date - self.first).get_days() + 1
    }

    pub(crate) fn openings(&self, program: usize, turn: Turn) -> Openings {
        self.openings[program][&turn].clone()
    }

    /// The movements of a cycle in the order of lines.
    pub(crate) fn movements(&self, program: usize, turn: impl Into<Turn>) -> Vec<&Movement> {
        let mut movements: Vec<_> = self.book(program).days.get(&turn.into()).into_iter().flatten().collect();
        movements.sort_by_cached_key(|movement| (movement.message.key(), movement.purchase.clone()));
        movements
    }

    /// The batches of a cycle by partner and currency; `openings` becomes what they leave.
    pub(crate) fn batches<'m>(
        &'m self,
        (program, turn): (usize, Turn),
        movements: &'m [&'m Movement],
        openings: &mut Openings,
    ) -> Vec<Batch<'m>> {
        let (date, is_last) = (turn.date, self.programs[program].is_last(turn));
        let all = &self.programs[program].terms;
        let mut terms: Vec<_> = all.iter().filter(|terms| terms.hold_on(date)).collect();
        terms.sort_by_key(|terms| (&terms.partner, &terms.currency));
        let tomorrow = date.tomorrow().unwrap();
        let priced = terms.into_iter().map(|terms| {
            let of = (terms.partner.clone(), terms.currency.clone());
            let hold_on = |date| {
                all.iter()
                    .any(|other| (&other.partner, &other.currency) == (&of.0, &of.1) && other.hold_on(date))
            };
            let follows = hold_on(tomorrow);
            // What a month owes once is owed with its last batch, also if there are days without one before it.
            let last_of_month =
                !tomorrow.series(1.day()).take_while(|day| day.month() == date.month()).any(hold_on);
            let cards = self.new_cards(program, turn).iter().map(|number| format!("{number:08}")).collect();
            let cycle = Cycle {
                date,
                movements,
                cards,
                adjustments: self.adjustments(program, turn),
                last_of_month: is_last && last_of_month,
                last_of_terms: is_last && !follows,
            };
            let opening = openings.entry(of).or_default();
            for block in self.blocks(program, turn).iter().filter(|block| block.partner == terms.partner) {
                *opening.prepaid.entry(block.basis.to_owned()).or_default() += i128::from(block.units);
            }
            Batch { number: turn.number, ..price(terms, &cycle, opening) }
        });
        priced.collect()
    }

    /// The cards that are enrolled while a cycle is open: all members with the first one, later ones with the last of
    /// each date.
    #[must_use]
    pub fn new_cards(&self, program: usize, turn: impl Into<Turn>) -> Vec<u32> {
        let turn = turn.into();
        let (date, is_last) = (turn.date, self.programs[program].is_last(turn));
        if date == self.first && turn.number > 1 || date != self.first && !is_last {
            return Vec::new();
        }
        if date == self.first {
            return self.members[program].keys().copied().collect();
        }
        let day = u32::try_from(self.cycle(date)).unwrap();
        let number = LATER_CARDS + u32::try_from(program).unwrap() * LATER_CARDS + day * 10;
        (0..day * 7 % 4).map(|card| number + card).collect()
    }

    /// The blocks that are bought while a cycle is open.
    #[must_use]
    pub fn blocks(&self, program: usize, turn: impl Into<Turn>) -> Vec<Block> {
        let Turn { date, number } = turn.into();
        if number > 1 {
            return Vec::new();
        }
        let messages = i64::try_from(self.len()).unwrap();
        let units = match (program, self.cycle(date)) {
            (0, 3) => messages,
            (0, 17) => messages / 2,
            _ => return Vec::new(),
        };
        vec![Block { partner: PARTNERS[0], basis: "miles_granted", units }]
    }

    /// The table by which settlement converts, as it is imported.
    #[must_use]
    pub fn rates(&self) -> String {
        let row = |date: Date| {
            let Fraction(upper, lower) = rate(date);
            assert_eq!(lower, 1_000_000);
            format!("{date},RUB,EUR,1,0.{upper:06}\n")
        };
        let rows: String = self.dates().into_iter().map(row).collect();
        format!("date,from,to,per,rate\n{rows}")
    }

    /// Each cycle opens with what those before it left, and staff correct what earlier files said.
    fn settle(&mut self, seed: u64) {
        for (program, numbered) in (0..self.programs.len()).zip(seed..) {
            let (mut openings, mut desk) = (Openings::new(), Desk::new(numbered));
            self.openings.push(BTreeMap::new());
            self.adjustments.push(BTreeMap::new());
            self.answers.push(BTreeMap::new());
            for turn in self.all_turns(&self.programs[program]) {
                self.openings[program].insert(turn, openings.clone());
                let proposed = desk.proposes(&self.programs[program], turn.date);
                self.adjustments[program].insert(turn, proposed);
                let movements = self.movements(program, turn);
                let batches = self.batches((program, turn), &movements, &mut openings);
                let receivers = self.receivers(program, turn.date);
                let of = &self.programs[program];
                let answers = desk.answers(&batches, &receivers, (of, self.sequence(of, turn), turn.date));
                drop(batches);
                self.answers[program].insert(turn, answers);
            }
        }
    }

    /// What staff propose while a cycle is open.
    #[must_use]
    pub fn adjustments(&self, program: usize, turn: impl Into<Turn>) -> &[Adjustment] {
        &self.adjustments[program][&turn.into()]
    }

    /// What a receiver answers to its file of a cycle as soon as it has it.
    #[must_use]
    pub fn answer(&self, program: usize, turn: impl Into<Turn>, receiver: &str) -> Option<&Answer> {
        self.answers[program][&turn.into()].get(receiver)
    }

    pub(crate) fn book(&self, program: usize) -> &Book {
        &self.books[program]
    }
}

fn enrolled(random: &mut Random, next: &mut u32, members: usize) -> BTreeMap<u32, Date> {
    let mut enrolled = BTreeMap::new();
    for _ in 0..members {
        let late = random.percent(20);
        let after = i32::try_from(random.below(20)).unwrap();
        enrolled.insert(*next, if late { FIRST + after.days() } else { date(2020, 1, 1) });
        *next += 1;
    }
    enrolled
}

/// The place of the cycle in the month from 0, the minute of the month and what is told.
type Arrival = (i32, i128, Told);

/// Sorted.
fn arrivals(
    program: &Program,
    random: &mut Random,
    (next, purchase): (&mut u32, &mut u32),
    members: &BTreeMap<u32, Date>,
    wanted: usize,
) -> Vec<Arrival> {
    let numbers: Vec<(u32, Date)> = members.iter().map(|(number, day)| (*number, *day)).collect();
    let empty: BTreeSet<Date> = EMPTY.into();
    let (mut arrivals, mut in_time) = (Vec::new(), 0);
    while in_time < wanted {
        let (member, enrolled) = random.pick(&numbers);
        let mut story = story(&program.reading, random, next, (member, enrolled, *purchase));
        *purchase += 1;
        if let Some(redemption) = program.reading.rules.redemption.as_ref().filter(|_| random.percent(15)) {
            let errand = errand(redemption, random, next, (member, member, *purchase));
            // Miles that are sent are settled with nobody.
            let is_sent = matches!(errand[0].1.says, Says::Send { .. });
            story.extend(errand.into_iter().filter(|_| !is_sent));
            *purchase += 1;
        }
        for (minute, told) in story {
            // Holds and miles that end move nothing that is settled.
            if matches!(told.says, Says::HoldIsOver | Says::MilesAreOver) {
                continue;
            }
            let at = FIRST.to_datetime(Time::midnight())
                + jiff::Span::new().minutes(i64::try_from(minute).unwrap());
            let mut turn = program.turn(at).max(FIRST.into());
            while empty.contains(&turn.date) {
                turn = turn.date.tomorrow().unwrap().into();
            }
            let day = (turn.date - FIRST).get_days();
            in_time += usize::from(day < DAYS);
            arrivals.push((day * program.cycles() + turn.number - 1, minute, told));
        }
    }
    arrivals.sort_by_key(|(day, minute, told)| (*day, *minute, told.id));
    arrivals
}
