//! A random month, told to the core and to the model.

mod errand;
mod random;
mod story;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
    time::Instant,
};

use jiff::civil::{Date, date};

pub(crate) use self::random::Random;
use self::{
    errand::errand,
    story::{Timed, day_of, story},
};
use crate::{
    arithmetic,
    model::Told,
    play::{Difference, Play},
    programs::{self, Read},
    shrink::shortest,
};

/// Members whose messages are mixed; they share a bucket.
const MEMBERS: u32 = 4;
/// Of each four members together.
const MESSAGES_OF_BUCKET: usize = 1_000;
/// So many differences are shown.
const STORIES_MAX: usize = 6;

/// The messages of one bucket in the order of arrival.
struct Bucket {
    program: &'static Read,
    enrolled: BTreeMap<u32, Date>,
    told: Vec<Told>,
    /// The first form of each message.
    all: BTreeMap<u32, Told>,
}

impl Bucket {
    fn new(seed: u64, number: u64, messages: usize) -> Self {
        let mut random = Random::new(seed ^ number.wrapping_mul(0x2545_F491_4F6C_DD1D));
        // The worked day's program and one other are the two that most members have.
        let program = &programs::all()[random.pick(&[0, 0, 0, 1, 1, 2, 2, 3, 4, 5, 5, 6, 6, 7, 7])];
        let mut enrolled = BTreeMap::new();
        for member in 1..=MEMBERS {
            let late = random.percent(20);
            let day = if late { day_of(random.below(20 * 24 * 60)) } else { date(2020, 1, 1) };
            enrolled.insert(member, day);
        }
        let mut timed: Vec<Timed> = Vec::new();
        let (mut next, mut purchase) = (1, 1);
        while timed.len() < messages {
            let member = u32::try_from(random.between(1, MEMBERS.into())).unwrap();
            timed.extend(story(
                &program.by_hand,
                &mut random,
                &mut next,
                (member, enrolled[&member], purchase),
            ));
            purchase += 1;
            let redemption = program.by_hand.rules.redemption.as_ref();
            if let Some(redemption) = redemption.filter(|_| random.percent(25)) {
                let other = u32::try_from(random.between(1, MEMBERS.into())).unwrap();
                timed.extend(errand(redemption, &mut random, &mut next, (member, other, purchase)));
                purchase += 1;
            }
        }
        timed.sort_by_key(|(minute, told)| (*minute, told.id));
        let told: Vec<Told> = timed.into_iter().map(|(_, told)| told).take(messages).collect();
        let mut all = BTreeMap::new();
        told.iter().for_each(|told| {
            all.entry(told.id).or_insert(*told);
        });
        Self { program, enrolled, told, all }
    }

    /// Gives the reasons that explanations had.
    fn run(&self, seed: u64) -> Result<Reasons, Difference> {
        let mut reasons = Reasons::new();
        let mut play = Play::new(self.program, &self.enrolled);
        let mut random = Random::new(seed);
        let mut rest = self.told.as_slice();
        while !rest.is_empty() {
            let size = usize::try_from(random.between(1, 12)).unwrap().min(rest.len());
            let (batch, after) = rest.split_at(size);
            let told = play.tell(batch, &self.all)?;
            told.iter().for_each(|(_, outcome)| arithmetic::check(&self.program.by_hand.rules, outcome));
            let findings = told.iter().flat_map(|(_, outcome)| &outcome.explanation.0);
            reasons.extend(findings.map(|finding| finding.reason));
            if random.percent(2) {
                play.compare_all()?;
            }
            rest = after;
        }
        play.compare_all()?;
        Ok(reasons)
    }
}

type Reasons = BTreeSet<&'static str>;

/// What a month must have had that nothing of is compared in vain.
const HAPPENS: [&str; 24] = [
    "limit_reached",
    "budget_used_up",
    "hours",
    "cap_truncates",
    "till_discount_confirmed",
    "till_discount_unconfirmed_break",
    "hold_expired",
    "chargeback_already_taken",
    "tier_reached",
    "miles_reserved",
    "not_enough_miles",
    "below_redemption_minimum",
    "above_redemption_share",
    "redemption_confirmed",
    "redemption_cancelled",
    "redemption_lapsed",
    "miles_expired",
    "miles_kept_by_activity",
    "taken_back_from_expired",
    "debt_of_the_member",
    "debt_borne_by_funder",
    "debt_covered_from_lot",
    "adjusted",
    "miles_arrived",
];

/// Runs a month of so many messages and gives the number of members with all reasons, or the stories on which the two differ.
fn month(seed: u64, messages: usize) -> Result<(u32, Reasons), Vec<String>> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(8);
    let buckets = messages.div_ceil(MESSAGES_OF_BUCKET);
    let found: Mutex<Vec<String>> = Mutex::default();
    let reasons: Mutex<Reasons> = Mutex::default();
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let (found, reasons) = (&found, &reasons);
            scope.spawn(move || {
                for number in (thread..buckets).step_by(threads) {
                    let left = messages - number * MESSAGES_OF_BUCKET;
                    if found.lock().unwrap().len() >= STORIES_MAX {
                        break;
                    }
                    match bucket(seed, number, left.min(MESSAGES_OF_BUCKET)) {
                        Ok(of_bucket) => reasons.lock().unwrap().extend(of_bucket),
                        Err(story) => found.lock().unwrap().push(story),
                    }
                }
            });
        }
    });
    let found = found.into_inner().unwrap();
    let members = u32::try_from(buckets).unwrap() * MEMBERS;
    if found.is_empty() { Ok((members, reasons.into_inner().unwrap())) } else { Err(found) }
}

/// The reasons of one bucket's explanations, or the story on which the two differ.
fn bucket(seed: u64, number: usize, messages: usize) -> Result<Reasons, String> {
    let number = u64::try_from(number).unwrap();
    let bucket = Bucket::new(seed, number, messages);
    let difference = match bucket.run(seed ^ number) {
        Ok(reasons) => return Ok(reasons),
        Err(difference) => difference,
    };
    let everybody = (difference.member, bucket.told.as_slice());
    let story = shortest(bucket.program, &bucket.enrolled, everybody, &bucket.all);
    Err(format!(
        "bucket {number} of seed {seed}, {}: {}\n{story}",
        bucket.program.by_hand.code, difference.what
    ))
}

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name)
        .map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

/// `COBRAND_MODEL_MESSAGES` makes it longer, `COBRAND_MODEL_SEED` another one.
#[test]
fn the_model_agrees_on_a_random_month() {
    let messages = usize::try_from(number("COBRAND_MODEL_MESSAGES", 30_000)).unwrap();
    let seed = number("COBRAND_MODEL_SEED", 20_261_001);
    let began = Instant::now();
    let (members, reasons) =
        month(seed, messages).unwrap_or_else(|stories| panic!("{}", stories.join("\n\n")));
    let missing: Vec<&str> = HAPPENS.into_iter().filter(|reason| !reasons.contains(reason)).collect();
    // A short month of one's own may lack something.
    assert!(missing.is_empty() || messages < 30_000, "the month has none of {missing:?}, but {reasons:?}");
    let seconds = began.elapsed().as_secs();
    println!("{messages} messages of {members} members in {seconds} s, seed {seed}: no difference");
}
