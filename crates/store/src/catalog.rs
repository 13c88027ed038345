//! Banks, partners, programs and their versions: small tables, written when a configuration is applied.

use std::collections::BTreeMap;

use domain::{BankId, Currency, PartnerId, ProgramId, RulesHash};
use tokio_postgres::{GenericClient, Transaction};

use crate::{Pool, StoreError, error::damaged};

/// One lock for all changes of the catalog, so that numbers are allotted without gaps or races.
pub(crate) const LOCK: i64 = 0x636f_6272_616e_6402;

async fn allot(
    transaction: &Transaction<'_>,
    table: &'static str,
    codes: &[String],
) -> Result<BTreeMap<String, i32>, StoreError> {
    // `table` is one of two literals below, never input.
    let insert = format!(
        "INSERT INTO {table} ({table}_id, code) SELECT 1 + coalesce(max({table}_id), 0), $1 FROM {table} \
         ON CONFLICT (code) DO NOTHING"
    );
    for code in codes {
        transaction.execute(insert.as_str(), &[code]).await?;
    }
    let rows = transaction.query(format!("SELECT code, {table}_id FROM {table}").as_str(), &[]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

async fn allot_in(
    pool: &Pool,
    table: &'static str,
    codes: &[String],
) -> Result<BTreeMap<String, i32>, StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).await?;
    let all = allot(&transaction, table, codes).await?;
    transaction.commit().await?;
    Ok(all)
}

/// Makes sure that the banks exist; returns the numbers of all banks by code.
pub async fn allot_banks(pool: &Pool, codes: &[String]) -> Result<BTreeMap<String, BankId>, StoreError> {
    let all = allot_in(pool, "bank", codes).await?;
    Ok(all.into_iter().map(|(code, id)| (code, BankId(id))).collect())
}

/// Makes sure that the partners exist; returns the numbers of all partners by code.
pub async fn allot_partners(
    pool: &Pool,
    codes: &[String],
) -> Result<BTreeMap<String, PartnerId>, StoreError> {
    let all = allot_in(pool, "partner", codes).await?;
    Ok(all.into_iter().map(|(code, id)| (code, PartnerId(id))).collect())
}

/// A program in the catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramEntry {
    /// Its code.
    pub code: String,
    /// Its bank.
    pub bank: BankId,
    /// Its co-brand partner.
    pub cobrand_partner: PartnerId,
    /// Its currency.
    pub currency: Currency,
    /// Its IANA time zone.
    pub time_zone: String,
}

/// Makes sure that the program exists and keeps the text of this version, unchanged for ever.
pub async fn register_program(
    pool: &Pool,
    entry: &ProgramEntry,
    hash: RulesHash,
    text: &str,
) -> Result<ProgramId, StoreError> {
    let mut client = pool.get().await?;
    let transaction = client.transaction().await?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).await?;
    let insert = "INSERT INTO program (program_id, code, bank_id, cobrand_partner_id, currency, time_zone) \
                  SELECT 1 + coalesce(max(program_id), 0), $1, $2, $3, $4, $5 FROM program ON CONFLICT (code) DO NOTHING";
    let currency = i32::from(entry.currency.0);
    transaction
        .execute(insert, &[&entry.code, &entry.bank.0, &entry.cobrand_partner.0, &currency, &entry.time_zone])
        .await?;
    let row = transaction.query_one("SELECT program_id FROM program WHERE code = $1", &[&entry.code]).await?;
    let program: i32 = row.try_get(0)?;
    let version = "INSERT INTO program_version (rules_hash, program_id, body) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    transaction.execute(version, &[&hash.0.as_slice(), &program, &text]).await?;
    transaction.commit().await?;
    Ok(ProgramId(program))
}

/// Keeps the check value of a card key when it is first used; false if another key was used under this id.
pub async fn card_key_is_known(pool: &Pool, id: u8, check_value: [u8; 32]) -> Result<bool, StoreError> {
    let client = pool.get().await?;
    let (id, value) = (i32::from(id), check_value.as_slice());
    let insert = "INSERT INTO card_key (key_id, check_value) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    client.execute(insert, &[&id, &value]).await?;
    let row = client.query_one("SELECT check_value FROM card_key WHERE key_id = $1", &[&id]).await?;
    Ok(row.try_get::<_, &[u8]>(0)? == value)
}

/// The numbers of all programs by code.
pub async fn program_numbers(pool: &Pool) -> Result<BTreeMap<String, ProgramId>, StoreError> {
    let rows = pool.get().await?.query("SELECT code, program_id FROM program", &[]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, ProgramId(row.try_get(1)?)))).collect()
}

/// A version of a program, as it was registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramVersion {
    /// The hash of its text.
    pub hash: RulesHash,
    /// The code of its program.
    pub program: String,
    /// Its text.
    pub text: String,
}

/// Every version of every program of a bank, by program and hash.
pub async fn program_versions(pool: &Pool, bank: BankId) -> Result<Vec<ProgramVersion>, StoreError> {
    let text = "SELECT v.rules_hash, p.code, v.body FROM program_version v JOIN program p USING (program_id) \
                WHERE p.bank_id = $1 ORDER BY p.program_id, v.rules_hash";
    let version = |row: &tokio_postgres::Row| {
        let hash: &[u8] = row.try_get(0)?;
        let hash = hash.try_into().map_err(|_| damaged("rules hash", hash.len()))?;
        Ok(ProgramVersion { hash: RulesHash(hash), program: row.try_get(1)?, text: row.try_get(2)? })
    };
    pool.get().await?.query(text, &[&bank.0]).await?.iter().map(version).collect()
}

/// The one version of a program whose hash begins with these hexadecimal digits.
pub async fn program_version_named(
    pool: &Pool,
    program: ProgramId,
    hash_begins: &str,
) -> Result<RulesHash, StoreError> {
    let text = "SELECT rules_hash FROM program_version \
                WHERE program_id = $1 AND starts_with(encode(rules_hash, 'hex'), $2) LIMIT 2";
    let rows = pool.get().await?.query(text, &[&program.0, &hash_begins]).await?;
    match rows.as_slice() {
        [row] => crate::batch::load::rules_hash(row, 0),
        _ => Err(StoreError::NotFound { what: "one version of the program", name: hash_begins.to_owned() }),
    }
}

/// The text of a version, for a gateway that meets it in a gate or a purchase before it has loaded it.
pub async fn program_version(pool: &Pool, hash: RulesHash) -> Result<String, StoreError> {
    program_version_in(&*pool.get().await?, hash).await
}

/// The same on somebody's connection or in somebody's transaction.
pub async fn program_version_in(client: &impl GenericClient, hash: RulesHash) -> Result<String, StoreError> {
    let row = client
        .query_opt("SELECT body FROM program_version WHERE rules_hash = $1", &[&hash.0.as_slice()])
        .await?
        .ok_or_else(|| StoreError::NotFound { what: "program version", name: hash.to_string() })?;
    Ok(row.try_get(0)?)
}
