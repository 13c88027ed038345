//! Failed sign-ins, by name and by network. They are kept in the database: a restart forgets none.

use jiff::{SignedDuration, Timestamp};

use crate::{Pool, StoreError};

/// So many rows are kept; of more, those with the fewest failures are forgotten first.
const ROWS_MAX: i64 = 20_000;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject<'a> {
    /// A name, whether anybody has it or not.
    Name(&'a str),
    /// The network that a request came from.
    Network(&'a str),
    /// Somebody who has signed in and shows once more who he is: nobody else's failures count against him.
    Proof(&'a str),
}

impl<'a> Subject<'a> {
    fn parts(self) -> (&'static str, &'a str) {
        match self {
            Self::Name(name) => ("name", name),
            Self::Network(network) => ("network", network),
            Self::Proof(name) => ("proof", name),
        }
    }
}

/// Whether a subject may be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// Yes. So many attempts have failed, this one included until [`forget_attempts`] takes it back.
    Counted(i32),
    /// No: there were too many, and this one is not even counted.
    Locked,
}

/// Counts an attempt as failed before it is made, so that attempts at the same moment cannot exceed the limit.
/// After `failures_max` of them the subject is locked until `locked` has passed since the last one.
pub async fn attempt(
    pool: &Pool,
    subject: Subject<'_>,
    failures_max: i32,
    locked: SignedDuration,
    now: Timestamp,
) -> Result<Attempt, StoreError> {
    let (kind, subject) = subject.parts();
    let (client, free_since) = (pool.get().await?, now - locked);
    // At the limit the row does not change, and nothing comes back.
    let upsert = "INSERT INTO staff_attempt AS a (kind, subject, failures, last_at) VALUES ($1, $2, 1, $3) \
                  ON CONFLICT (kind, subject) DO UPDATE \
                  SET failures = CASE WHEN a.last_at <= $4 THEN 1 ELSE a.failures + 1 END, last_at = $3 \
                  WHERE a.last_at <= $4 OR a.failures < $5 RETURNING failures";
    let row = client.query_opt(upsert, &[&kind, &subject, &now, &free_since, &failures_max]).await?;
    let Some(row) = row else { return Ok(Attempt::Locked) };
    let failures: i32 = row.try_get(0)?;
    if failures == 1 {
        let clean = "DELETE FROM staff_attempt WHERE last_at <= $1 OR (kind, subject) IN (SELECT kind, subject \
                     FROM staff_attempt ORDER BY failures DESC, last_at DESC OFFSET $2)";
        client.execute(clean, &[&free_since, &ROWS_MAX]).await?;
    }
    Ok(Attempt::Counted(failures))
}

/// The attempt was right. Of a name all failures are forgotten; of a network this one alone is taken back, so that one
/// good account does not pay for guessing at others.
pub async fn forget_attempts(pool: &Pool, subject: Subject<'_>) -> Result<(), StoreError> {
    let (kind, subject) = subject.parts();
    let (client, of_network) = (pool.get().await?, kind == "network");
    let less = "UPDATE staff_attempt SET failures = failures - 1 \
                WHERE kind = $1 AND subject = $2 AND failures > 1 AND $3";
    if client.execute(less, &[&kind, &subject, &of_network]).await? == 0 {
        let none = "DELETE FROM staff_attempt WHERE kind = $1 AND subject = $2";
        client.execute(none, &[&kind, &subject]).await?;
    }
    Ok(())
}
