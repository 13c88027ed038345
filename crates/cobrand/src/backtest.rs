//! The back-test: what purchases of a period would have been given by another version of their program.
//!
//! The stored messages are decided again twice in one pass, [`domain::replay::BackTest`]: by the versions that held,
//! which must give the ledger again, and by the candidate. Nothing is written.

mod money;
mod progress;
mod report;
mod work;

use std::path::Path;

use anyhow::Context;
use domain::{BankId, Effective, Program, Rules, replay::Candidate};
use jiff::civil::Date;
use program_files::{Codes, ProgramFile, program_header, read_program};
use store::{Database, Pool, Replayable};

pub use report::Report;
pub use work::{Done, run};

use crate::{assembly::hash_of, cli::AnswerIsNo};

/// A back-test that can be run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Where the messages are.
    pub database: Database,
    /// Whose messages.
    pub bank: BankId,
    /// Every version of every program of the bank, and the candidate.
    pub rules: Rules,
    /// What is tried.
    pub candidate: Candidate,
    /// The candidate's file.
    pub file: ProgramFile,
    /// Numbers by code.
    pub codes: Codes,
    /// How many messages are stored.
    pub messages: u64,
    /// The last batch that is decided again: what comes while the back-test runs is left out.
    pub last_batch: i64,
    /// How many threads read and decide.
    pub threads: usize,
    /// All accounts in one thread, in the order of their decisions: if what one gets depends on what others got.
    pub in_one_order: bool,
}

impl Plan {
    /// Reads the candidate, every stored version, and how much there is to decide again.
    ///
    /// # Errors
    /// The answer is "no" if the candidate must not be put into force, belongs to no program that is stored, or if
    /// messages lack what their decision looked at.
    pub async fn of(
        database: &Database,
        pool: &Pool,
        candidate: &Path,
        period: (Date, Date),
        threads: usize,
    ) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(candidate)
            .with_context(|| format!("cannot read {}", candidate.display()))?;
        Self::of_text(database, pool, (&candidate.display().to_string(), &text), period, threads).await
    }

    /// The same from the name and the text of the candidate.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub async fn of_text(
        database: &Database,
        pool: &Pool,
        (name, text): (&str, &str),
        (from, to): (Date, Date),
        threads: usize,
    ) -> anyhow::Result<Self> {
        let codes = codes(pool, name, text).await?;
        let hash = hash_of(text);
        let file = read_program(text, hash, &codes)
            .map_err(|errors| AnswerIsNo(errors.in_file(name).to_string()))?;
        if file.is_refused() {
            let told: Vec<String> = file.notices.iter().map(|notice| notice.in_file(name)).collect();
            return Err(AnswerIsNo(told.join("\n")).into());
        }
        let bank = file.program.bank;
        // First this: whatever these messages follow is registered by now.
        let stored = replayable(pool, bank).await?;
        let mut rules = versions(pool, bank, &codes).await?;
        belongs(name, &file.program, &rules)?;
        rules.programs.insert(hash, file.program.clone());
        let in_one_order = rules.programs.values().any(domain::replay::binds_accounts_together);
        let period = Effective { from: Some(from), to: Some(to) };
        let candidate = Candidate { program: file.program.id, rules: hash, period };
        let (database, threads) = (database.clone(), threads.max(1));
        let Replayable { messages, last_batch, .. } = stored;
        Ok(Self {
            database,
            bank,
            rules,
            candidate,
            file,
            codes,
            messages,
            last_batch,
            threads,
            in_one_order,
        })
    }
}

/// The numbers of everything that is stored, and of partners that only the candidate knows: nothing is written.
async fn codes(pool: &Pool, name: &str, text: &str) -> anyhow::Result<Codes> {
    let header = program_header(text).map_err(|errors| AnswerIsNo(errors.in_file(name).to_string()))?;
    let mut codes = Codes {
        banks: store::allot_banks(pool, &[]).await?,
        partners: store::allot_partners(pool, &[]).await?,
        programs: store::program_numbers(pool).await?,
    };
    if !codes.programs.contains_key(&header.code) {
        let known = codes.programs.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        let problem = format!(
            "{name}: its program {:?} has no stored transactions; a back-test is of a version of: {known}",
            header.code
        );
        return Err(AnswerIsNo(problem).into());
    }
    let mut next = codes.partners.values().map(|partner| partner.0).max().unwrap_or(0);
    for partner in header.partners_named.into_iter().chain([header.cobrand_partner]) {
        codes.partners.entry(partner).or_insert_with(|| {
            next = next.saturating_add(1);
            domain::PartnerId(next)
        });
    }
    Ok(codes)
}

/// Every version that a message may name.
async fn versions(pool: &Pool, bank: BankId, codes: &Codes) -> anyhow::Result<Rules> {
    let mut rules = Rules::default();
    for version in store::program_versions(pool, bank).await? {
        let name = format!("version {} of {}, as it is stored", version.hash.short(), version.program);
        let file = read_program(&version.text, version.hash, codes)
            .map_err(|errors| AnswerIsNo(errors.in_file(&name).to_string()))?;
        rules.programs.insert(version.hash, file.program);
    }
    Ok(rules)
}

/// Refuses a candidate that could not follow the versions that are stored.
fn belongs(name: &str, candidate: &Program, rules: &Rules) -> anyhow::Result<()> {
    let stored = rules.programs.values().find(|program| program.id == candidate.id);
    let problem = match stored {
        None => format!("program {:?} is another bank's, as it is stored", candidate.code),
        Some(stored) if stored.currency != candidate.currency => {
            "its currency is not the one in which the program's purchases are booked".to_owned()
        }
        Some(_) => return Ok(()),
    };
    Err(AnswerIsNo(format!("{name}: {problem}")).into())
}

/// What there is, if all of it can be decided again.
async fn replayable(pool: &Pool, bank: BankId) -> anyhow::Result<Replayable> {
    let found = store::replayable(pool, bank).await?;
    let Some(last) = found.last_too_old else { return Ok(found) };
    let problem = format!(
        "{} of {} messages of the bank were stored by a program that did not keep what their decisions looked at, the \
         last one on {last}. Purchases, caps and balances that they began cannot be decided again, and nothing is \
         guessed: a back-test needs all messages from the first one on",
        found.too_old, found.messages
    );
    Err(AnswerIsNo(problem).into())
}
