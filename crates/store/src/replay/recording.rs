//! Reading decisions in the order in which they were made, with what they booked.

use std::{collections::BTreeMap, pin::Pin};

use domain::{
    AccountId, AccountState, BankId, Birthday, Bucket, Content, CycleId, Event, EventKind, Gate, Item,
    MemberRef, Merchant, MessageKey, OriginalRef, PartnerId, Phase, ProgramId, References, Standing,
    TransactionKind, Transfer, replay::Recorded,
};
use futures_util::TryStreamExt;
use jiff::civil::Date;
use tokio_postgres::{Client, Row, RowStream, types::ToSql};

use super::{Columns, World, event_of};
use crate::{
    Pool, StoreError,
    batch::load::{minor, rules_hash},
    columns::{bucket, currency, message_key},
    error::damaged,
    rows,
};

/// Accounts, messages and movements of one look belong together. The reader may take its time.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0; \
                     SET LOCAL idle_in_transaction_session_timeout = 0";

const ACCOUNTS: &str = "SELECT a.bucket, a.account_id, a.program_id, a.enrolled_on, a.birthday FROM member_account a \
                        WHERE a.bucket = ANY($1::int[]) AND a.bank_id = $2";

const TRANSFERS: &str = "SELECT t.bucket, t.message_key, t.leg, t.phase, t.item, t.unit_kind, t.unit_id, t.debit_kind, \
    t.debit_id, t.credit_kind, t.credit_id, t.amount, t.purchase_key, t.account_id, t.program_id, t.cycle_id, t.rules_hash \
    FROM transfer t WHERE t.bucket = ANY($1::int[]) AND t.bank_id = $2 ORDER BY t.bucket, t.message_key, t.leg";

const MESSAGES: &str = "SELECT m.bucket, m.message_key, m.event, m.mti, m.stan, m.transmitted, m.retrieval, m.arn, \
    m.acquirer, m.card_acceptor, m.terminal, m.mcc, m.amount_minor, m.currency, m.local_time, m.received_at, m.account_id, \
    m.cycle_id, m.business_date, m.rules_hash, m.partner_id, m.bank_id \
    FROM message m WHERE m.bucket = ANY($1::int[]) AND m.bank_id = $2 AND m.decided_batch <= $3 \
    ORDER BY m.decided_batch, m.decided_place";

const LATER: &str = "SELECT m.bucket, m.message_key FROM unnest($2::int[], $3::bytea[]) u(b, k) \
    JOIN message m ON m.bucket = u.b AND m.message_key = u.k WHERE m.bucket = ANY($1::int[]) AND m.decided_batch > $4";

/// How much of a bank's messages can be decided again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replayable {
    /// All of them.
    pub messages: u64,
    /// Those that were stored before everything was kept.
    pub too_old: u64,
    /// The bank's business day of the last of these.
    pub last_too_old: Option<Date>,
    /// The last batch that has come. A version that a batch up to this one follows is registered.
    pub last_batch: i64,
}

/// Counts the messages of a bank.
pub async fn replayable(pool: &Pool, bank: BankId) -> Result<Replayable, StoreError> {
    let text = "SELECT count(*), count(*) FILTER (WHERE event = ''), max(bank_date) FILTER (WHERE event = ''), \
                coalesce(max(decided_batch), 0) FROM message WHERE bank_id = $1";
    let row = pool.get().await?.query_one(text, &[&bank.0]).await?;
    let number = |column: usize| -> Result<u64, StoreError> {
        let number: i64 = row.try_get(column)?;
        u64::try_from(number).map_err(|_| damaged("number of messages", number))
    };
    Ok(Replayable {
        messages: number(0)?,
        too_old: number(1)?,
        last_too_old: row.try_get(2)?,
        last_batch: row.try_get(3)?,
    })
}

type Ledger = BTreeMap<(Bucket, MessageKey), Vec<Transfer>>;

/// The decisions of some buckets of a bank, in their order. Messages are streamed; the movements of these buckets are in
/// memory, as the state of a replay is.
pub struct Recording<'a> {
    client: &'a Client,
    last_batch: i64,
    accounts: BTreeMap<(Bucket, AccountId), AccountState>,
    ledger: Ledger,
    rows: Pin<Box<RowStream>>,
}

impl<'a> Recording<'a> {
    /// Begins to read, up to a batch: of each account that is where its decisions stood at some moment. The connection
    /// is busy until [`Recording::finish`].
    pub async fn open(
        client: &'a Client,
        bank: BankId,
        buckets: &[Bucket],
        last_batch: i64,
    ) -> Result<Self, StoreError> {
        let buckets: Vec<i32> = buckets.iter().map(|bucket| i32::from(bucket.number())).collect();
        client.batch_execute(BEGIN).await?;
        let parameters: [&(dyn ToSql + Sync); 2] = [&buckets, &bank.0];
        let mut accounts = BTreeMap::new();
        for row in client.query(ACCOUNTS, &parameters).await? {
            // As it was before its first message: what messages have made of it since comes again.
            let state = AccountState {
                program: ProgramId(row.try_get(2)?),
                enrolled_on: row.try_get(3)?,
                seq: 0,
                standing: Standing::default(),
                active_on: None,
                closed_on: None,
                blocked: false,
                // That of today: for versions that ask where nobody asked then.
                birthday: Birthday::parse(row.try_get(4)?),
            };
            accounts.insert((bucket(&row, 0)?, AccountId(row.try_get(1)?)), state);
        }
        let mut ledger = Ledger::new();
        let rows = client.query_raw(TRANSFERS, parameters).await?;
        let mut rows = Box::pin(rows);
        while let Some(row) = rows.try_next().await? {
            let key = (bucket(&row, 0)?, message_key(&row, 1)?);
            ledger.entry(key).or_default().push(transfer(&row)?);
        }
        let parameters: [&(dyn ToSql + Sync); 3] = [&buckets, &bank.0, &last_batch];
        let rows = Box::pin(client.query_raw(MESSAGES, parameters).await?);
        Ok(Self { client, last_batch, accounts, ledger, rows })
    }

    /// The accounts of these buckets.
    pub fn accounts(&self) -> &BTreeMap<(Bucket, AccountId), AccountState> {
        &self.accounts
    }

    /// The next message with what it booked.
    pub async fn next(&mut self) -> Result<Option<(Recorded, Vec<Transfer>)>, StoreError> {
        let Some(row) = self.rows.try_next().await? else { return Ok(None) };
        let recorded = self.recorded(&row)?;
        let booked = self.ledger.remove(&(recorded.event.bucket, recorded.event.key)).unwrap_or_default();
        Ok(Some((recorded, booked)))
    }

    /// Ends the look; returns movements that no message has claimed.
    pub async fn finish(self) -> Result<Ledger, StoreError> {
        let Self { client, last_batch, mut ledger, rows, .. } = self;
        drop(rows);
        if !ledger.is_empty() {
            let (buckets, keys): (Vec<i32>, Vec<&[u8]>) = ledger
                .keys()
                .map(|(bucket, key)| (i32::from(bucket.number()), key.as_bytes().as_slice()))
                .unzip();
            let mut later = Vec::new();
            for row in client.query(LATER, &[&buckets, &buckets, &keys, &last_batch]).await? {
                later.push((bucket(&row, 0)?, message_key(&row, 1)?));
            }
            later.iter().for_each(|key| drop(ledger.remove(key)));
        }
        client.batch_execute("COMMIT").await?;
        Ok(ledger)
    }

    fn recorded(&self, row: &Row) -> Result<Recorded, StoreError> {
        let (event, World { clears_by: clearing_source, rate, blocked, closed_on, coupon, birthday }) =
            self.event(row)?;
        let cycle: Option<i32> = row.try_get(17)?;
        let date: Option<Date> = row.try_get(18)?;
        let gate = match (cycle, date) {
            (Some(cycle), Some(business_date)) => {
                Some(Gate { cycle: CycleId(cycle), business_date, rules: rules_hash(row, 19)? })
            }
            _ => None,
        };
        let partner = row.try_get::<_, Option<i32>>(20)?.map(PartnerId);
        Ok(Recorded { event, gate, clearing_source, partner, rate, blocked, closed_on, coupon, birthday })
    }

    fn event(&self, row: &Row) -> Result<(Event, World), StoreError> {
        let bucket = bucket(row, 0)?;
        let present = |column: usize| -> Result<Option<String>, StoreError> {
            Ok(Some(row.try_get::<_, String>(column)?).filter(|text| !text.is_empty()))
        };
        let mcc = present(11)?.map(|mcc| mcc.parse().map_err(|_| damaged("merchant category", mcc)));
        let event = Event {
            key: message_key(row, 1)?,
            bank: BankId(row.try_get(21)?),
            bucket,
            member: self.member(bucket, row.try_get(16)?)?,
            // What has no column is read from the row's `event`.
            card: None,
            asked: domain::Asked::default(),
            kind: EventKind::Chargeback,
            transaction: TransactionKind::Other,
            amount_minor: minor(row, 12)?,
            currency: currency(row, 13)?,
            billing: None,
            merchant: Merchant {
                acquirer: row.try_get(8)?,
                card_acceptor: row.try_get(9)?,
                terminal: row.try_get(10)?,
                mcc: mcc.transpose()?,
                ..Merchant::default()
            },
            local: row.try_get(14)?,
            references: References {
                own: OriginalRef(String::new()),
                names: None,
                retrieval: present(6)?,
                record: None,
                arn: present(7)?,
                life_cycle: None,
            },
            content: Content::default(),
            received_at: row.try_get(15)?,
        };
        let (mti, stan, transmitted) = (row.try_get(3)?, row.try_get(4)?, row.try_get(5)?);
        event_of(row.try_get(2)?, Columns { event, mti, stan, transmitted })
    }

    fn member(&self, bucket: Bucket, account: Option<i64>) -> Result<Option<MemberRef>, StoreError> {
        let Some(account) = account.map(AccountId) else { return Ok(None) };
        let found = self.accounts.get(&(bucket, account));
        let state = found.ok_or_else(|| damaged("account of a message", account))?;
        Ok(Some(MemberRef { account, program: state.program }))
    }
}

fn transfer(row: &Row) -> Result<Transfer, StoreError> {
    let (phase, item): (i16, &str) = (row.try_get(3)?, row.try_get(4)?);
    Ok(Transfer {
        leg: row.try_get(2)?,
        phase: match phase {
            1 => Phase::Posted,
            2 => Phase::Pending,
            other => return Err(damaged("phase", other)),
        },
        item: Item::parse(item).ok_or_else(|| damaged("item", item))?,
        unit: rows::unit(row.try_get(5)?, row.try_get(6)?)?,
        debit: rows::side(row.try_get(7)?, row.try_get(8)?)?,
        credit: rows::side(row.try_get(9)?, row.try_get(10)?)?,
        amount: minor(row, 11)?,
        purchase: message_key(row, 12)?,
        account: AccountId(row.try_get(13)?),
        program: ProgramId(row.try_get(14)?),
        cycle: CycleId(row.try_get(15)?),
        rules: rules_hash(row, 16)?,
    })
}
