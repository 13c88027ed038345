//! The chain over the entries: sealing what was committed, and verifying that nothing of it was changed or lost.

use aws_lc_rs::digest::{Context, SHA256};
use jiff::Timestamp;
use tokio_postgres::{GenericClient, Row};

use crate::{Pool, StoreError, error::damaged};

/// Sealers take turns by it; nobody else ever waits for it.
const LOCK: i64 = 0x636f_6272_616e_6406;
/// So many entries of one transaction; the next call takes more.
const SEALED_AT_ONCE: i64 = 1_000;
/// So many places are read at a time.
const READ_AT_ONCE: i64 = 5_000;
/// What stands before the first place.
const NOTHING: [u8; 32] = [0; 32];

/// The columns that a seal covers, as texts that PostgreSQL writes alike whenever it is asked.
const COVERED: &str =
    "e.entry_id, e.at, e.by, e.what, e.object_kind, e.object, e.before::text, e.after::text, e.note";

/// The end of the chain. Kept elsewhere, it shows later that nothing up to it was taken out or written anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainHead {
    /// Its place; 0 where nothing was ever sealed.
    pub place: i64,
    /// Its hash.
    pub hash: [u8; 32],
}

/// Where and how a chain is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChainFault {
    /// A seal is missing before this place.
    Gap {
        /// The place that follows.
        place: i64,
    },
    /// The seal does not name the hash before it.
    Unlinked {
        /// Its place.
        place: i64,
    },
    /// The entry is not the one that was sealed, or it is gone.
    Altered {
        /// The place of its seal.
        place: i64,
        /// Its number.
        entry: i64,
    },
    /// An entry has neither a seal nor a place among those that wait for one.
    Unsealed {
        /// Its number.
        entry: i64,
    },
    /// The chain does not hold the end that was known.
    EndIsAnother {
        /// The place of the known end.
        place: i64,
    },
}

impl std::fmt::Display for ChainFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Gap { place } => write!(f, "a seal is missing before place {place}"),
            Self::Unlinked { place } => {
                write!(f, "the seal at place {place} does not follow the one before it")
            }
            Self::Altered { place, entry } => {
                write!(f, "entry {entry} is not what was sealed at place {place}, or it is gone")
            }
            Self::Unsealed { entry } => {
                write!(f, "entry {entry} was taken out of those that wait for a seal")
            }
            Self::EndIsAnother { place } => {
                write!(
                    f,
                    "place {place} does not have the hash that was known: the chain was cut or written anew"
                )
            }
        }
    }
}

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The end of the chain.
    pub head: ChainHead,
    /// Entries that wait for their seal.
    pub waiting: i64,
    /// The first fault, if there is one.
    pub fault: Option<ChainFault>,
}

/// Chains what was committed since, at most some at a time; returns how many. Several at once take turns.
pub async fn seal(pool: &Pool) -> Result<usize, StoreError> {
    let mut client = pool.get().await?;
    let waits = client.query_opt("SELECT FROM audit_unsealed LIMIT 1", &[]).await?;
    if waits.is_none() {
        return Ok(0);
    }
    let transaction = client.transaction().await?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).await?;
    let ChainHead { mut place, mut hash } = head_of(&transaction).await?;
    let text = format!(
        "SELECT {COVERED} FROM audit_entry e JOIN audit_unsealed u ON u.entry_id = e.entry_id ORDER BY e.entry_id LIMIT $1"
    );
    let rows = transaction.query(text.as_str(), &[&SEALED_AT_ONCE]).await?;
    let insert = "INSERT INTO audit_seal (place, entry_id, previous_hash, hash) VALUES ($1, $2, $3, $4)";
    let mut sealed: Vec<i64> = Vec::with_capacity(rows.len());
    for row in &rows {
        place += 1;
        let next = hash_of(row, place, &hash)?;
        let entry: i64 = row.try_get(0)?;
        transaction.execute(insert, &[&place, &entry, &hash.as_slice(), &next.as_slice()]).await?;
        (hash, _) = (next, sealed.push(entry));
    }
    transaction.execute("DELETE FROM audit_unsealed WHERE entry_id = ANY ($1)", &[&sealed]).await?;
    transaction.commit().await?;
    Ok(sealed.len())
}

/// The end of the chain as it stands.
pub async fn head(pool: &Pool) -> Result<ChainHead, StoreError> {
    head_of(&*pool.get().await?).await
}

async fn head_of(client: &impl GenericClient) -> Result<ChainHead, StoreError> {
    let row = client.query_opt("SELECT place, hash FROM audit_seal ORDER BY place DESC LIMIT 1", &[]).await?;
    let Some(row) = row else { return Ok(ChainHead { place: 0, hash: NOTHING }) };
    Ok(ChainHead { place: row.try_get(0)?, hash: bytes(row.try_get(1)?)? })
}

fn bytes(found: &[u8]) -> Result<[u8; 32], StoreError> {
    found.try_into().map_err(|_| damaged("hash of the audit chain", found.len()))
}

/// SHA-256 of the hash before, the place, and each covered value behind its length.
fn hash_of(row: &Row, place: i64, previous: &[u8; 32]) -> Result<[u8; 32], StoreError> {
    let mut context = Context::new(&SHA256);
    context.update(previous);
    context.update(&place.to_be_bytes());
    context.update(&row.try_get::<_, i64>(0)?.to_be_bytes());
    context.update(&row.try_get::<_, Timestamp>(1)?.as_microsecond().to_be_bytes());
    for column in 2..=8 {
        let value: Option<&str> = row.try_get(column)?;
        // No value has the length -1.
        let length = value.map_or(-1, |value| i64::try_from(value.len()).unwrap_or(i64::MAX));
        context.update(&length.to_be_bytes());
        context.update(value.unwrap_or_default().as_bytes());
    }
    bytes(context.finish().as_ref())
}

/// Computes the whole chain anew. `known` is an end that somebody kept: it must still be there.
pub async fn verify(pool: &Pool, known: Option<&ChainHead>) -> Result<Verified, StoreError> {
    verified(pool, known, false).await
}

/// Computes what stands behind an end that somebody kept, and looks whether this is still there. What stands before it is
/// not looked at: that was done when it was kept.
pub async fn verify_behind(pool: &Pool, known: &ChainHead) -> Result<Verified, StoreError> {
    verified(pool, Some(known), true).await
}

async fn verified(pool: &Pool, known: Option<&ChainHead>, only_behind: bool) -> Result<Verified, StoreError> {
    let mut client = pool.get().await?;
    // One picture: what is sealed meanwhile is for the next time.
    let begun = client.build_transaction().isolation_level(tokio_postgres::IsolationLevel::RepeatableRead);
    let transaction = begun.read_only(true).start().await?;
    let (mut head, mut entry) = (ChainHead { place: 0, hash: NOTHING }, 0);
    let mut met = known.is_none_or(|known| known.place == 0);
    if let Some(known) = known.filter(|known| only_behind && known.place != 0)
        && let Some(found) = entry_at(&transaction, known).await?
    {
        (met, entry, head) = (true, found, known.clone());
    }
    let end_is_another = known.map(|known| ChainFault::EndIsAnother { place: known.place });
    let mut fault = end_is_another.clone().filter(|_| only_behind && !met);
    while fault.is_none() {
        let Some(next) = part(&transaction, &mut head, known, &mut met, &mut fault).await? else { break };
        if next == 0 {
            break;
        }
    }
    if fault.is_none() && !met {
        fault = end_is_another;
    }
    if fault.is_none() {
        fault = unsealed(&transaction, entry).await?.map(|entry| ChainFault::Unsealed { entry });
    }
    let waiting = transaction.query_one("SELECT count(*) FROM audit_unsealed", &[]).await?.try_get(0)?;
    Ok(Verified { head, waiting, fault })
}

/// The entry that an end of the chain seals; `None` if it is not there, or not with this hash.
async fn entry_at(client: &impl GenericClient, end: &ChainHead) -> Result<Option<i64>, StoreError> {
    let text = "SELECT entry_id FROM audit_seal WHERE place = $1 AND hash = $2";
    let row = client.query_opt(text, &[&end.place, &end.hash.as_slice()]).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

/// Goes on behind `head`; returns how many places were read, `None` after a fault.
async fn part(
    client: &impl GenericClient,
    head: &mut ChainHead,
    known: Option<&ChainHead>,
    met: &mut bool,
    fault: &mut Option<ChainFault>,
) -> Result<Option<usize>, StoreError> {
    let text = format!(
        "SELECT {COVERED}, s.place, s.previous_hash, s.hash, s.entry_id FROM audit_seal s \
         LEFT JOIN audit_entry e ON e.entry_id = s.entry_id WHERE s.place > $1 ORDER BY s.place LIMIT $2"
    );
    let rows = client.query(text.as_str(), &[&head.place, &READ_AT_ONCE]).await?;
    for row in &rows {
        let (place, previous, hash): (i64, &[u8], &[u8]) =
            (row.try_get(9)?, row.try_get(10)?, row.try_get(11)?);
        let (entry, is_there): (i64, bool) = (row.try_get(12)?, row.try_get::<_, Option<i64>>(0)?.is_some());
        let right = is_there && hash_of(row, place, &head.hash)? == bytes(hash)?;
        *fault = match () {
            () if place != head.place + 1 => Some(ChainFault::Gap { place }),
            () if bytes(previous)? != head.hash => Some(ChainFault::Unlinked { place }),
            () if !right => Some(ChainFault::Altered { place, entry }),
            () => None,
        };
        if fault.is_some() {
            return Ok(None);
        }
        *head = ChainHead { place, hash: bytes(hash)? };
        *met = *met || known == Some(&*head);
    }
    Ok(Some(rows.len()))
}

/// An entry behind this one that nobody will ever seal.
async fn unsealed(client: &impl GenericClient, behind: i64) -> Result<Option<i64>, StoreError> {
    let text = "SELECT e.entry_id FROM audit_entry e \
                WHERE e.entry_id > $1 AND NOT EXISTS (SELECT FROM audit_seal s WHERE s.entry_id = e.entry_id) \
                AND NOT EXISTS (SELECT FROM audit_unsealed u WHERE u.entry_id = e.entry_id) ORDER BY 1 LIMIT 1";
    let row = client.query_opt(text, &[&behind]).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}
