//! One batch of messages as one transaction: lock, read, decide, write, COMMIT.

mod budgets;
pub(crate) mod coupons;
pub(crate) mod load;
mod write;

use std::collections::BTreeSet;

use domain::{Event, Outcome, Rules, RulesHash, WorkingSet, decide};
use tokio_postgres::{Client, error::SqlState};

use budgets::Budgets;

use crate::{Database, MessageRecord, StoreError, connect};

/// The batch waits at most so long for an account that another gateway holds.
const LOCK_WAIT_MAX_MS: u32 = 2_000;
/// No statement of a batch runs longer; the deadline of the waiting bank is far shorter.
const STATEMENT_MAX_MS: u32 = 10_000;
/// How often a batch is begun again because a second round found further accounts.
const ENLARGEMENTS_MAX: u32 = 3;

/// Sent on one machine only: it breaks a distributed engine.
const ONE_MACHINE_PLANS: &str = "SET plan_cache_mode = force_generic_plan";

/// Classes of errors that say nothing about a row: connection, transaction state (a standby), resources (a full
/// disk), operator (shutdown, timeout), system, internal. Halving a batch would put good messages aside.
const SERVER_TROUBLE: [&str; 6] = ["08", "25", "53", "57", "58", "XX"];

/// A dedicated connection on which the batches of some buckets run, one after another.
pub struct Lane {
    client: Client,
    statements: write::Statements,
    /// The slice of budgets that it takes from.
    slice: i16,
}

/// Why a batch was not committed, and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BatchError {
    /// The connection broke, the server is in trouble or the key was taken: whether it is committed is unknown.
    /// Discard the connection and run the same batch again on a fresh one: stored results answer what was
    /// committed.
    #[error("unknown whether the batch was committed: {0}")]
    Unknown(StoreError),
    /// Serialization failure, deadlock or lock timeout: nothing was written, run it again.
    #[error("the batch met other work and was rolled back: {0}")]
    Contended(StoreError),
    /// A version of a program is not loaded: nothing was written; load it and run it again.
    #[error("program version {} is not loaded", .0.short())]
    MissingRules(RulesHash),
    /// A row was refused: nothing was written; halve the batch to find which.
    #[error("PostgreSQL refused a row of the batch: {0}")]
    Refused(StoreError),
}

impl BatchError {
    fn of(error: StoreError) -> Self {
        let StoreError::Database(database) = &error else { return Self::Refused(error) };
        let Some(code) = database.code() else { return Self::Unknown(error) };
        let contended = [
            SqlState::T_R_SERIALIZATION_FAILURE,
            SqlState::T_R_DEADLOCK_DETECTED,
            SqlState::LOCK_NOT_AVAILABLE,
        ];
        if contended.contains(code) {
            Self::Contended(error)
        } else if SERVER_TROUBLE.iter().any(|class| code.code().starts_with(class))
            || [SqlState::UNIQUE_VIOLATION, SqlState::T_R_STATEMENT_COMPLETION_UNKNOWN].contains(code)
        {
            Self::Unknown(error)
        } else {
            Self::Refused(error)
        }
    }
}

impl From<tokio_postgres::Error> for BatchError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::of(StoreError::Database(error))
    }
}

impl From<StoreError> for BatchError {
    fn from(error: StoreError) -> Self {
        Self::of(error)
    }
}

/// The outcomes of a committed batch, in the order of its messages.
#[derive(Debug)]
pub struct BatchOutcome {
    /// One for each message.
    pub outcomes: Vec<Outcome>,
}

impl Lane {
    /// Opens the lane's connection and takes the role that may only add to the ledger.
    pub async fn open(database: &Database) -> Result<Self, StoreError> {
        let client = connect(database).await?;
        let settings = format!(
            "SET ROLE cobrand_gateway; SET lock_timeout = {LOCK_WAIT_MAX_MS}; SET statement_timeout = {STATEMENT_MAX_MS}; \
             SET idle_in_transaction_session_timeout = 30000; SET jit = off; SET enable_seqscan = off; \
             SET enable_hashjoin = off; SET enable_mergejoin = off"
        );
        client.batch_execute(&settings).await?;
        let distributed =
            client.query_opt("SELECT 1 FROM pg_extension WHERE extname = 'citus'", &[]).await?.is_some();
        if !distributed {
            // Planning a statement anew costs more than running it for one message; a distributed engine needs it.
            client.batch_execute(ONE_MACHINE_PLANS).await?;
        }
        let statements = write::Statements::prepare(&client, distributed).await?;
        let pid: i32 = client.query_one("SELECT pg_backend_pid()", &[]).await?.try_get(0)?;
        Ok(Self { client, statements, slice: budgets::slice_of(pid) })
    }

    /// Whether the connection is still there.
    pub fn is_open(&self) -> bool {
        !self.client.is_closed()
    }

    /// Asks the server to commit nothing: whether it could commit.
    pub async fn probe(&self) -> Result<(), StoreError> {
        self.client.batch_execute("BEGIN; SELECT 1; COMMIT").await?;
        Ok(())
    }

    /// Decides and commits the batch. All messages lie in the lane's buckets, those of one card in order.
    ///
    /// The future must be polled to its end: the deadline of a waiting bank sits on the waiter.
    pub async fn run(&mut self, batch: &[MessageRecord], rules: &Rules) -> Result<BatchOutcome, BatchError> {
        let result = self.decide_and_write(batch, rules).await;
        if result.is_err() && self.is_open() {
            // The transaction is over before the lane is used again; if this fails, so will the next batch.
            let _ = self.client.batch_execute("ROLLBACK").await;
        }
        result
    }

    async fn decide_and_write(
        &self,
        batch: &[MessageRecord],
        rules: &Rules,
    ) -> Result<BatchOutcome, BatchError> {
        let mut whole = BTreeSet::new();
        loop {
            let mut keys = domain::Keys::default();
            batch.iter().for_each(|record| keys.merge(domain::needs(&record.event, rules)));
            let mut budgets = Budgets::new(self.slice, whole.clone());
            let mut state = self.load(&mut keys, batch, rules, &mut budgets).await?;
            for gate in state.gates.values() {
                if !rules.programs.contains_key(&gate.rules) {
                    return Err(BatchError::MissingRules(gate.rules));
                }
            }
            let of_purchases = state.purchases.values().flat_map(domain::Purchase::versions);
            let asked = batch.iter().filter_map(|record| record.event.kind.version_asked());
            if let Some(version) = of_purchases.chain(asked).find(|hash| !rules.programs.contains_key(hash)) {
                return Err(BatchError::MissingRules(version));
            }
            state.budgets = budgets.left(&keys.budgets, &state.gates, rules);
            let outcomes = fold(&mut state, batch.iter().map(|record| &record.event), rules);
            let needed = budgets.needed_whole(&self.client, &self.statements, &outcomes).await?;
            if needed.is_empty() {
                write::write(&self.client, &self.statements, batch, &outcomes, &state, rules, budgets)
                    .await?;
                return Ok(BatchOutcome { outcomes });
            }
            // Each round needs a further budget whole, so that they end.
            self.client.batch_execute("ROLLBACK").await?;
            whole.extend(needed);
        }
    }

    /// Locks and reads. A second round that finds further accounts begins again with the enlarged, sorted set.
    async fn load(
        &self,
        keys: &mut domain::Keys,
        batch: &[MessageRecord],
        rules: &Rules,
        budgets: &mut Budgets,
    ) -> Result<WorkingSet, BatchError> {
        for _ in 0..ENLARGEMENTS_MAX {
            let mut state = load::first_round(&self.client, &self.statements, keys).await?;
            let mut more = domain::Keys::default();
            batch.iter().for_each(|record| more.merge(domain::needs_more(&record.event, &state, rules)));
            if more.accounts.is_subset(&keys.accounts) {
                load::spent_round(&self.client, &self.statements, keys, &more, &mut state).await?;
                keys.redemptions.extend(more.redemptions);
                keys.counters.extend(more.counters);
                keys.budgets.extend(more.budgets);
                keys.coupons.extend(more.coupons);
                budgets.lock(&self.client, &self.statements, &keys.budgets).await?;
                state.coupons = coupons::lock(&self.client, &self.statements, &keys.coupons).await?;
                load::second_round(&self.client, &self.statements, keys, &mut state).await?;
                keys.purchases.extend(state.purchases.keys().copied());
                state.loaded = keys.clone();
                return Ok(state);
            }
            self.client.batch_execute("ROLLBACK").await?;
            keys.accounts.extend(more.accounts);
        }
        Err(BatchError::Refused(crate::error::damaged("set of accounts of a batch", "it grew three times")))
    }
}

fn fold<'a>(state: &mut WorkingSet, events: impl Iterator<Item = &'a Event>, rules: &Rules) -> Vec<Outcome> {
    events
        .map(|event| {
            let outcome = decide(state, event, rules);
            state.apply(event, &outcome);
            outcome
        })
        .collect()
}
