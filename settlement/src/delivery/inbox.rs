//! What partners put into their inboxes: answers to settlement files, and statements of their own.
//!
//! A file is taken in durably before it is marked, and only what is marked is put away. Both ways in know the same bytes
//! again, so a crash in between changes nothing.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use partner_adapters::transport::{Collected, DeliveryError, Incoming};
use partner_adapters::{Endpoint, StatementSettings};
use store::{InboxFile, StoreError};

use super::{ConnectedPartner, Dispatch, relay::later};
use crate::answers::{AnswerError, Brought, StatementBrought, take_answer, take_statement};
use crate::{Environment, ProgramSetup};

/// A process that is silent for so long has lost the inbox to another one.
const LEASE_FOR: SignedDuration = SignedDuration::from_mins(5);
/// Files of one way that were left where they are and are remembered: a look names 100 at most.
const REFUSED_KEPT: i64 = 1_000;
/// Characters of a problem that are kept.
const PROBLEM_CHARS_MAX: usize = 500;

/// What one look into an inbox came to.
#[derive(Debug, Default)]
pub struct Collection {
    /// Files that were taken in, also those that came to nothing.
    pub taken: u64,
    /// Files that must be taken once more, because something of ours failed.
    pub again: u64,
    /// Whether there is more to fetch at once.
    pub more: bool,
    /// Why the inbox could not be looked into.
    pub failed: Option<DeliveryError>,
}

/// What became of a file.
struct Taken {
    outcome: &'static str,
    problem: String,
}

/// Takes in what is new in the inbox of a way. Nothing is done while another process does it.
///
/// # Errors
/// Of the database, never of the partner.
pub async fn collect_answers(
    dispatch: &Dispatch,
    programs: &[&ProgramSetup],
    partner: &ConnectedPartner,
    endpoint: &Endpoint,
) -> Result<Collection, StoreError> {
    let mut done = Collection::default();
    if !endpoint.has_inbox {
        return Ok(done);
    }
    let (pool, now) = (&dispatch.pool, (dispatch.now)());
    let name = format!("inbox:{}:{}", partner.file.code, endpoint.name);
    if store::take_lease(pool, &name, &dispatch.owner, now, later(now, LEASE_FOR)).await?.is_none() {
        return Ok(done);
    }
    let marks: BTreeSet<String> = store::inbox_marks(pool, partner.id, &endpoint.name).await?;
    let collected = match endpoint.transport.collect(&|mark| marks.contains(mark)).await {
        Ok(collected) => collected,
        Err(error) => {
            metrics::counter!("cobrand_inbox_failures_total", "partner" => partner.file.code.clone())
                .increment(1);
            done.failed = Some(error);
            return Ok(done);
        }
    };
    let inbox = Inbox { dispatch, programs, partner, endpoint };
    inbox.take_in(collected, &mut done).await?;
    Ok(done)
}

struct Inbox<'a> {
    dispatch: &'a Dispatch,
    programs: &'a [&'a ProgramSetup],
    partner: &'a ConnectedPartner,
    endpoint: &'a Endpoint,
}

impl Inbox<'_> {
    async fn take_in(&self, collected: Collected, done: &mut Collection) -> Result<(), StoreError> {
        let mut renamed = false;
        for refused in &collected.refused {
            // It stays where it is; its mark only keeps the alarm from coming again with each look.
            let mark = format!("refused {} {}", refused.name, refused.reason);
            let taken = Taken { outcome: "not_fetched", problem: refused.reason.clone() };
            renamed |= self.keep(&mark, &refused.name, None, &taken).await?;
        }
        if renamed {
            let (pool, partner) = (&self.dispatch.pool, self.partner.id);
            store::forget_refused_files(pool, partner, &self.endpoint.name, REFUSED_KEPT).await?;
        }
        for file in &collected.files {
            match self.take(file).await {
                Ok(taken) => {
                    self.keep(&file.mark, &file.name, Some(file.sha256), &taken).await?;
                    done.taken += 1;
                }
                // Of ours: the file stays unmarked, and the next look takes it again.
                Err(error) => {
                    done.again += 1;
                    let (partner, way) = (&self.partner.file.code, &self.endpoint.name);
                    tracing::error!(partner, way, file = file.name, %error, "an answer could not be taken; it is tried again");
                }
            }
        }
        // Without anything taken there would be no end.
        done.more = collected.more && done.again == 0 && done.taken > 0;
        Ok(())
    }

    async fn take(&self, file: &Incoming) -> Result<Taken, AnswerError> {
        let statement = self.partner.file.statement.as_ref();
        let taken = match statement.filter(|settings| file.name.starts_with(&settings.names_begin_with)) {
            Some(settings) => self.statement(file, settings).await,
            None => self.answer(file).await,
        };
        match taken {
            Ok(outcome) => Ok(Taken { outcome, problem: String::new() }),
            Err(error) => match not_theirs(&error) {
                None => Err(error),
                Some(outcome) => Ok(Taken { outcome, problem: error.to_string() }),
            },
        }
    }

    async fn answer(&self, file: &Incoming) -> Result<&'static str, AnswerError> {
        let by = format!("{}: {}", self.endpoint.name, file.name);
        let brought = Brought { receiver: Some(&self.partner.file.code), by: &by, at: self.now() };
        let Dispatch { pool, out, .. } = self.dispatch;
        let taken = take_answer(pool, self.programs, out, brought, &file.content).await?;
        Ok(taken.outcome.name())
    }

    async fn statement(
        &self,
        file: &Incoming,
        settings: &StatementSettings,
    ) -> Result<&'static str, AnswerError> {
        let by = format!("{}: {}", self.endpoint.name, file.name);
        let brought = StatementBrought {
            receiver: &self.partner.file.code,
            name: &file.name,
            by: &by,
            at: self.now(),
            format: settings.format,
            columns: settings.columns.as_ref(),
            environment: match self.dispatch.environment {
                Environment::Test => partner_adapters::canonical::Environment::Test,
                Environment::Live => partner_adapters::canonical::Environment::Live,
            },
        };
        let Dispatch { pool, out, .. } = self.dispatch;
        take_statement(pool, out, brought, &file.content).await?;
        Ok("statement")
    }

    /// Whether it is new.
    async fn keep(
        &self,
        mark: &str,
        name: &str,
        sha256: Option<[u8; 32]>,
        taken: &Taken,
    ) -> Result<bool, StoreError> {
        let problem: String = taken.problem.chars().take(PROBLEM_CHARS_MAX).collect();
        let file =
            InboxFile { mark, name, sha256, outcome: taken.outcome, problem: &problem, at: self.now() };
        let (partner, way) = (&self.partner.file.code, &self.endpoint.name);
        let new =
            store::keep_inbox_file(&self.dispatch.pool, self.partner.id, &self.endpoint.name, &file).await?;
        if new {
            let labels = [("partner", partner.clone()), ("outcome", taken.outcome.to_owned())];
            metrics::counter!("cobrand_inbox_files_total", &labels).increment(1);
        }
        match (new, problem.is_empty()) {
            (true, false) => tracing::error!(
                partner,
                way,
                file = name,
                outcome = taken.outcome,
                problem,
                "a file of an inbox was not taken: see `cobrand partner acknowledgements`"
            ),
            (true, true) => {
                tracing::info!(partner, way, file = name, outcome = taken.outcome, "taken from an inbox")
            }
            (false, _) => {}
        }
        Ok(new)
    }

    fn now(&self) -> Timestamp {
        (self.dispatch.now)()
    }
}

/// The word for what is wrong with the partner's file; `None` if it is something of ours.
fn not_theirs(error: &AnswerError) -> Option<&'static str> {
    match error {
        AnswerError::Unreadable(_) => Some("unreadable"),
        AnswerError::Misdirected(_) | AnswerError::UnknownReceiver(_) => Some("misdirected"),
        AnswerError::Statement(_) => Some("statement_unreadable"),
        _ => None,
    }
}
