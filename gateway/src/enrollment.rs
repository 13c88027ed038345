//! Enrollment by file: cards and members, tokenized while they are read.

pub(crate) mod at_partner;
pub(crate) mod entry;
mod line;
pub(crate) mod sealed;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    io::Read,
};

use domain::{AccountId, Bucket, ProgramId};
use jiff::Timestamp;
use line::{Entry, Line, Old};
pub(crate) use line::{at_line, csv_problem};
use store::{By, CardToken, ChangeError, MemberChange, Pool, Refused, Replacement, Route};

use crate::{CardKeys, Link};
use entry::Bank;

/// Lines of one file; a larger membership comes in several files.
const LINES_MAX: usize = 1_000_000;
/// Errors that are listed before reading stops.
const ERRORS_MAX: usize = 20;
/// Cards that are looked up at a time.
const LOOK_UP_MAX: usize = 1_000;

/// Why an enrollment file was not taken. Nothing of it was enrolled unless `Store` or `Refused` say otherwise.
#[derive(Debug, thiserror::Error)]
pub enum EnrollmentError {
    /// Lines that cannot be used; card numbers are never shown.
    #[error("the enrollment file was not taken, mend these lines and import it again:\n{}", .0.join("\n"))]
    Lines(Vec<String>),
    /// The books changed while the file was imported; importing the mended file again completes it.
    #[error(
        "enrollment stopped after {enrolled} cards: {problem}. Mend it and import the file again: known cards stay as they are"
    )]
    Refused {
        /// How many cards were enrolled before.
        enrolled: usize,
        /// Which line, and why.
        problem: String,
    },
    /// The database failed in the middle; importing the same file again completes it.
    #[error(
        "enrollment stopped after {enrolled} cards: {source}. Import the same file again: known cards stay as they are"
    )]
    Store {
        /// How many cards were enrolled before.
        enrolled: usize,
        /// The database's reason.
        source: store::StoreError,
    },
}

/// What an import did, or would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EnrollmentReport {
    /// Cards that are new, those in place of others among them.
    pub enrolled: usize,
    /// Cards that were known.
    pub known: usize,
    /// New cards in place of others.
    pub replaced: usize,
    /// Lines with a household, birthday or consent whose account was there already: it stays as it is.
    pub profiles_kept: usize,
}

/// A file that was read and checked; no card number is left of it.
pub struct EnrollmentFile {
    entries: Vec<Entry>,
    known: Vec<bool>,
}

impl EnrollmentFile {
    /// Reads a file to its end and checks every line, also against the cards that are known. Writes nothing.
    pub async fn check(
        file: impl Read,
        link: &Link,
        programs: &BTreeMap<String, ProgramId>,
        keys: &CardKeys,
        pool: &Pool,
    ) -> Result<Self, EnrollmentError> {
        let entries = read(file, &Bank { link, programs, keys })?;
        let failed = |source| EnrollmentError::Store { enrolled: 0, source };
        let routes = look_up(&entries, pool).await.map_err(failed)?;
        let known = routes.iter().map(Option::is_some).collect();
        let mut problems = other_members_cards(&entries, &routes, pool).await.map_err(failed)?;
        problems.extend(unknown_old_cards(&entries, &routes, pool).await.map_err(failed)?);
        if problems.is_empty() { Ok(Self { entries, known }) } else { Err(EnrollmentError::Lines(problems)) }
    }

    /// What a dry run tells: what the import would do now.
    pub fn expected(&self) -> EnrollmentReport {
        let known = self.known.iter().filter(|known| **known).count();
        let replaced = self
            .entries
            .iter()
            .zip(&self.known)
            .filter(|(entry, known)| !**known && entry.replaces.is_some());
        EnrollmentReport {
            enrolled: self.entries.len() - known,
            known,
            replaced: replaced.count(),
            profiles_kept: 0,
        }
    }

    /// Enrolls the cards one by one, each in a transaction of its own. When it returns, all are committed.
    pub async fn enroll(self, pool: &Pool, by: &By) -> Result<EnrollmentReport, EnrollmentError> {
        let mut report = EnrollmentReport::default();
        for (entry, known) in self.entries.iter().zip(self.known) {
            // A card that is known under an older key stays as it is, too. One that is to replace another may be
            // known without having done so.
            if known && entry.replaces.is_none() {
                report.known += 1;
                continue;
            }
            let enrolled = report.enrolled;
            match enroll(entry, pool, by).await {
                Ok(done) => done.count(&mut report),
                Err(ChangeError::Store(source)) => return Err(EnrollmentError::Store { enrolled, source }),
                Err(ChangeError::Refused(refused)) => {
                    let problem = at_line(entry.line, why(refused));
                    return Err(EnrollmentError::Refused { enrolled, problem });
                }
            }
        }
        Ok(report)
    }
}

/// Reads, checks and enrolls in one go; see [`EnrollmentFile`].
pub async fn import_enrollment(
    file: impl Read,
    link: &Link,
    programs: &BTreeMap<String, ProgramId>,
    keys: &CardKeys,
    pool: &Pool,
) -> Result<EnrollmentReport, EnrollmentError> {
    let by = By { who: "file".to_owned(), at: Timestamp::now() };
    EnrollmentFile::check(file, link, programs, keys, pool).await?.enroll(pool, &by).await
}

fn read(file: impl Read, bank: &Bank<'_>) -> Result<Vec<Entry>, EnrollmentError> {
    let (mut entries, mut errors) = (Vec::new(), Vec::new());
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(file);
    if let Some(problem) = line::columns(reader.headers()) {
        return Err(EnrollmentError::Lines(vec![at_line(1, &problem)]));
    }
    for (index, line) in reader.deserialize::<Line>().enumerate() {
        let number = index + 2;
        if index >= LINES_MAX {
            errors.push(format!("line {number}: a file holds at most {LINES_MAX} cards; split it"));
            break;
        }
        match line {
            Err(error) => {
                errors.push(at_line(number, &csv_problem(&error)));
                if error.is_io_error() {
                    break;
                }
            }
            Ok(line) => match line.entry(number, bank) {
                Ok(entry) => entries.push(entry),
                Err(at) => errors.push(at_line(number, &format!("column {}: {}", at.field, at.problem))),
            },
        }
        if errors.len() >= ERRORS_MAX {
            break;
        }
    }
    if errors.is_empty() { Ok(entries) } else { Err(EnrollmentError::Lines(errors)) }
}

/// For each entry its card's route, if it is known.
async fn look_up(entries: &[Entry], pool: &Pool) -> Result<Vec<Option<Route>>, store::StoreError> {
    let mut known = Vec::with_capacity(entries.len());
    for chunk in entries.chunks(LOOK_UP_MAX) {
        let tokens: Vec<CardToken> = chunk.iter().flat_map(|entry| entry.tokens.clone()).collect();
        let mut found = store::routes(pool, &tokens).await?.into_iter();
        for entry in chunk {
            known.push(found.by_ref().take(entry.tokens.len()).fold(None, Option::or));
        }
    }
    Ok(known)
}

/// Cards that the books or an earlier line know as another member's. A line that replaces a card is compared with that
/// one's account when it is carried out.
async fn other_members_cards(
    entries: &[Entry],
    routes: &[Option<Route>],
    pool: &Pool,
) -> Result<Vec<String>, store::StoreError> {
    let mut problems = Vec::new();
    let mut earlier: HashMap<&[CardToken], &Entry> = HashMap::new();
    for (entries, routes) in entries.chunks(LOOK_UP_MAX).zip(routes.chunks(LOOK_UP_MAX)) {
        let accounts: BTreeSet<_> = routes.iter().flatten().map(account).collect();
        let accounts: Vec<_> = accounts.into_iter().collect();
        let numbers = store::member_numbers(pool, &accounts).await?;
        let numbers: BTreeMap<_, _> = accounts.into_iter().zip(numbers).collect();
        for (entry, route) in entries.iter().zip(routes) {
            let number = route.as_ref().and_then(|route| numbers.get(&account(route)));
            let first = *earlier.entry(&entry.tokens).or_insert(entry);
            let theirs = match (route, number) {
                (Some(route), Some(number)) => is_theirs(entry, route, number),
                _ => is_same_member(entry, first),
            };
            if !theirs && entry.replaces.is_none() && problems.len() < ERRORS_MAX {
                let text = "column pan: the card is another member's, in the books or in a line before";
                problems.push(at_line(entry.line, text));
            }
        }
    }
    Ok(problems)
}

fn account(route: &Route) -> (Bucket, AccountId) {
    (route.bucket, route.member.account)
}

fn is_theirs(entry: &Entry, route: &Route, number: &str) -> bool {
    let member = &entry.member;
    (member.bank, member.program) == (route.bank, route.member.program)
        && (member.member_number.is_empty() || member.member_number == number)
}

fn is_same_member(entry: &Entry, first: &Entry) -> bool {
    let (member, first) = (&entry.member, &first.member);
    member.program == first.program
        && (member.member_number.is_empty() || member.member_number == first.member_number)
}

/// Old cards that neither the books nor an earlier line know.
async fn unknown_old_cards(
    entries: &[Entry],
    routes: &[Option<Route>],
    pool: &Pool,
) -> Result<Vec<String>, store::StoreError> {
    let mut problems = Vec::new();
    let mut earlier = Earlier::default();
    for (entry, route) in entries.iter().zip(routes) {
        if let Some((old, _)) = &entry.replaces {
            let found = old_card(entry, old, pool).await?.len() + earlier.count(entry, old);
            if let Some(problem) = wrong_count(old, found) {
                problems.push(at_line(entry.line, &problem));
            }
        }
        if problems.len() >= ERRORS_MAX {
            break;
        }
        // A card in the books is counted there.
        if route.is_none() {
            earlier.add(entry);
        }
    }
    Ok(problems)
}

fn wrong_count(old: &Old, found: usize) -> Option<String> {
    match (old, found) {
        (Old::Card(_), 0) => {
            Some("column replaces_pan: no such card of this member is known, nor in a line before".to_owned())
        }
        (Old::Last4(_), 0) => Some(
            "column replaces_last4: no such card of this member is known, nor in a line before".to_owned(),
        ),
        (Old::Last4(_), 2..) => {
            Some(format!("column replaces_last4: {found} cards of this member end so; fill replaces_pan"))
        }
        _ => None,
    }
}

/// The cards of earlier lines that are not in the books, each once.
#[derive(Default)]
struct Earlier<'a> {
    cards: HashSet<&'a [CardToken]>,
    by_last4: HashMap<(ProgramId, &'a str, &'a str), HashSet<&'a [CardToken]>>,
}

impl<'a> Earlier<'a> {
    fn add(&mut self, entry: &'a Entry) {
        let member = &entry.member;
        let key = (member.program, member.member_number.as_str(), member.last4.as_str());
        self.cards.insert(&entry.tokens);
        self.by_last4.entry(key).or_default().insert(&entry.tokens);
    }

    /// How many cards `old` may mean, the new one aside.
    fn count(&self, entry: &Entry, old: &Old) -> usize {
        match old {
            Old::Card(tokens) => usize::from(self.cards.contains(tokens.as_slice())),
            Old::Last4(last4) => {
                let member = &entry.member;
                let found = self.by_last4.get(&(member.program, &member.member_number, last4));
                found.map_or(0, |cards| cards.iter().filter(|card| **card != entry.tokens).count())
            }
        }
    }
}

/// The tokens of the known old cards that an entry may mean.
async fn old_card(entry: &Entry, old: &Old, pool: &Pool) -> Result<Vec<CardToken>, store::StoreError> {
    let member = &entry.member;
    match old {
        Old::Card(tokens) => {
            let routes = store::routes(pool, tokens).await?.into_iter().flatten();
            let ours =
                routes.filter(|route| route.bank == member.bank && route.member.program == member.program);
            Ok(ours.filter_map(|route| CardToken::from_bytes(&route.card.0)).collect())
        }
        Old::Last4(last4) => {
            let cards = store::cards_by_last4(
                pool,
                member.bank,
                member.program,
                &member.member_number,
                last4,
                &entry.tokens,
            )
            .await?;
            Ok(cards.into_iter().filter(|card| !entry.tokens.contains(card)).collect())
        }
    }
}

enum Done {
    Enrolled { profile_kept: bool },
    Replaced,
    Known,
}

impl Done {
    fn count(&self, report: &mut EnrollmentReport) {
        match self {
            Self::Enrolled { profile_kept } => {
                report.enrolled += 1;
                report.profiles_kept += usize::from(*profile_kept);
            }
            Self::Replaced => {
                report.enrolled += 1;
                report.replaced += 1;
            }
            Self::Known => report.known += 1,
        }
    }
}

async fn enroll(entry: &Entry, pool: &Pool, by: &By) -> Result<Done, ChangeError> {
    let member = &entry.member;
    let Some((old, block_old)) = &entry.replaces else {
        let enrolled = store::enroll(pool, member, by).await?;
        let said = member.profile != store::Profile::default();
        if enrolled.created {
            return Ok(Done::Enrolled { profile_kept: said && !enrolled.account_created });
        }
        // It was enrolled since the file was checked: by whom and for whom?
        let mut client = pool.get().await.map_err(store::StoreError::from)?;
        let change = MemberChange::begin(&mut client, by.clone()).await?;
        change.is_members_card(&entry.tokens, member).await?;
        return Ok(Done::Known);
    };
    let replacement = Replacement {
        bank: member.bank,
        program: member.program,
        old: match old {
            Old::Card(tokens) => tokens.clone(),
            Old::Last4(_) => old_card(entry, old, pool).await?,
        },
        new: entry.tokens.clone(),
        last4: member.last4.clone(),
        block_old: *block_old,
    };
    let mut client = pool.get().await.map_err(store::StoreError::from)?;
    let change = MemberChange::begin(&mut client, by.clone()).await?;
    let (_, changed) = change.replace_card(&replacement).await?;
    change.commit().await?;
    Ok(if changed { Done::Replaced } else { Done::Known })
}

/// A refusal of the books in words that name no card.
pub(crate) fn why(refused: Refused) -> &'static str {
    match refused {
        Refused::NoMember => "no member of the program has that number",
        Refused::NoCard => "the card is no member's of this program",
        Refused::CardOfAnotherAccount => "the new card has another account already, or is the old card",
        Refused::ReplacedByAnother => "the old card was replaced by another card before",
        Refused::NoConsent => "that consent was never given",
        Refused::NumberOfAnotherMember => "another account of the program has the member number",
    }
}
