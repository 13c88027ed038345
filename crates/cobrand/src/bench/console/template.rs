//! Rows that the lanes have written, set aside and copied by the server itself: each copy has keys, references, cards,
//! dates and times of its own and leaves what was decided as it is.

use anyhow::Context;
use domain::{CycleId, ProgramId, RefKind};
use jiff::civil::Date;
use tokio_postgres::Client;

/// What of a date is to be made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Share {
    /// The open cycle.
    pub(super) cycle: CycleId,
    /// Its business date.
    pub(super) date: Date,
    /// The date's place in the year, from 0.
    pub(super) place: i32,
    /// How many lives.
    pub(super) transactions: u64,
    /// Whether something may still be under way.
    pub(super) recent: bool,
}

/// The rows that were set aside. A life is everything with one DE37; `settled` numbers those with nothing under way.
const TAKE: &str = "
CREATE SCHEMA bench_template;
CREATE FUNCTION bench_template.key(old bytea, second bigint, copy int, day int) RETURNS bytea LANGUAGE sql IMMUTABLE AS
    $$ SELECT int8send(second) || decode(md5(old || int4send(copy) || int4send(day)), 'hex') $$;
CREATE UNLOGGED TABLE bench_template.life AS
    SELECT retrieval, row_number() OVER (ORDER BY retrieval) - 1 AS life,
        CASE WHEN under_way THEN NULL ELSE row_number() OVER (PARTITION BY under_way ORDER BY retrieval) - 1 END AS settled,
        25200 + abs(hashtext(retrieval)) % 50000 AS at_s
    FROM (SELECT m.retrieval, coalesce(bool_or(p.hold = 'held' AND p.cleared_minor < p.held_minor
              OR p.refunded_minor > 0 AND p.cleared_minor = 0), false) AS under_way
          FROM message m LEFT JOIN purchase p ON p.bucket = m.bucket AND p.purchase_key = m.purchase_key
          GROUP BY m.retrieval) l;
CREATE UNLOGGED TABLE bench_template.account AS
    SELECT bucket, account_id, row_number() OVER (ORDER BY bucket, account_id) - 1 AS member FROM member_account;
CREATE UNLOGGED TABLE bench_template.place AS
    SELECT m.bucket, m.message_key, l.life, l.settled, a.member,
        (l.at_s + 300 * (row_number() OVER (PARTITION BY l.life ORDER BY m.message_key) - 1))::bigint AS at_s,
        row_number() OVER (ORDER BY m.message_key, m.bucket) AS number
    FROM message m JOIN bench_template.life l USING (retrieval)
    LEFT JOIN bench_template.account a ON a.bucket = m.bucket AND a.account_id = m.account_id;
CREATE UNIQUE INDEX ON bench_template.place (bucket, message_key);
";

/// The tables that are copied, each with the column that says whose row it is.
const TABLES: [(&str, &str); 4] = [
    ("message", "message_key"),
    ("purchase", "purchase_key"),
    ("match_ref", "message_key"),
    ("transfer", "message_key"),
];

/// The instant of a row, in the business date's zone.
const AT: &str = "($2::date + make_interval(secs => t.t_at_s))";
/// A number that no other life of the year has.
const NUMBER: &str = "($3::int * 40000 + c.copy * {lives} + t.t_life)";
/// The DE37 of a life: a digit of the year, the day, and a number of the day.
const RETRIEVAL: &str = "(to_char($2::date, 'YDDD') || lpad((c.copy * {lives} + t.t_life)::text, 8, '0'))";

/// What a copy does not have from the template.
const OWN: &[(&str, &str, &str)] = &[
    ("*", "bucket", "coalesce(m.bucket, t.bucket)"),
    ("*", "account_id", "m.account_id"),
    ("*", "message_key", "bench_template.key(t.message_key, {second} + t.t_at_s, c.copy, $3)"),
    (
        "*",
        "purchase_key",
        "CASE WHEN t.purchase_key IS NOT NULL THEN \
        bench_template.key(t.purchase_key, {second} + t.t_purchase_at_s, c.copy, $3) END",
    ),
    ("*", "cycle_id", "CASE WHEN t.cycle_id IS NOT NULL THEN $1::int END"),
    ("message", "key_text", "t.key_text || '|' || {number}"),
    ("message", "stan", "lpad((({number} * 3 + t.t_number) % 1000000)::text, 6, '0')"),
    ("message", "transmitted", "to_char({at} - interval '3 hours', 'MMDDHH24MISS')"),
    ("message", "retrieval", "{retrieval}"),
    ("message", "approval", "lpad(({number} * 7919 % 1000000)::text, 6, '0')"),
    (
        "message",
        "arn",
        "CASE WHEN t.mti = '0220' THEN '74000015' || {retrieval} || lpad(t.t_number::text, 3, '0') \
        ELSE '' END",
    ),
    ("message", "last4", "coalesce(m.last4, t.last4)"),
    ("message", "local_time", "{at}"),
    ("message", "received_at", "{at} AT TIME ZONE 'Europe/Moscow'"),
    ("message", "bank_date", "$2::date"),
    ("message", "business_date", "CASE WHEN t.business_date IS NOT NULL THEN $2::date END"),
    ("message", "decided_batch", "$3::bigint * 1000000 + t.decided_batch"),
    ("purchase", "purchase_date", "$2::date"),
    ("purchase", "hold_until", "t.hold_until + ($2::date - t.purchase_date)"),
    ("purchase", "vests_on", "t.vests_on + ($2::date - t.purchase_date)"),
    ("purchase", "expire_on", "t.expire_on + ($2::date - t.purchase_date)"),
    ("match_ref", "value", "t.value || '-' || {number}"),
    ("transfer", "debit_id", "CASE t.debit_kind WHEN 1 THEN m.account_id ELSE t.debit_id END"),
    ("transfer", "credit_id", "CASE t.credit_kind WHEN 1 THEN m.account_id ELSE t.credit_id END"),
];

/// By which staff find a transaction: the acquirer reference number of each presentment, and the network's name of its
/// transaction. `$1` and `$2` are the kinds, `$3` the cycle.
const REFERENCES: &str = "INSERT INTO match_ref (bucket, bank_id, kind, value, message_key, purchase_key, amount_minor, transaction_minor) \
    SELECT m.bucket, m.bank_id, k.kind, CASE k.kind WHEN $1 THEN m.arn ELSE 'MDS' || substr(m.retrieval, 2, 11) END, m.message_key, \
    m.purchase_key, m.amount_minor, m.amount_minor FROM message m, unnest(ARRAY[$1::smallint, $2::smallint]) k(kind) \
    WHERE m.cycle_id = $3 AND m.mti = '0220'";

/// Members, cards and routes by their numbers: `$1` how many, `$2` the program, `$3` its bank.
const MEMBERS: [&str; 4] = [
    "CREATE UNLOGGED TABLE bench_template.member (number bigint PRIMARY KEY, bucket int NOT NULL, account_id bigint NOT NULL, \
     token bytea NOT NULL, last4 text NOT NULL)",
    "INSERT INTO bench_template.member SELECT n, ('x' || substr(md5(n::text), 1, 6))::bit(24)::int % 1024, 100000 + n, \
     '\\x01'::bytea || sha256(n::text::bytea), lpad((n * 37 % 10000)::text, 4, '0') FROM generate_series(0, $1::bigint - 1) n",
    "INSERT INTO member_account (bucket, account_id, bank_id, program_id, member_number, enrolled_on) \
     SELECT bucket, account_id, $2::int, $1::int, lpad(number::text, 8, '0'), date '2025-06-01' - (number % 1000)::int \
     FROM bench_template.member",
    "INSERT INTO card (bucket, token, account_id, last4) SELECT bucket, token, account_id, last4 FROM bench_template.member",
];

const ROUTES: &str = "INSERT INTO card_route (token, bucket, account_id, program_id, bank_id) \
    SELECT token, bucket, account_id, $1::int, $2::int FROM bench_template.member";

/// What follows from all movements.
const SUMS: &str = "
INSERT INTO member_balance (bucket, account_id, unit_kind, unit_id, posted, pending)
    SELECT bucket, account_id, unit_kind, unit_id,
        sum(CASE WHEN phase <> 1 THEN 0 WHEN credit_kind = 1 THEN amount ELSE -amount END),
        sum(CASE WHEN phase <> 2 THEN 0 WHEN credit_kind = 1 THEN amount ELSE -amount END)
    FROM transfer GROUP BY 1, 2, 3, 4;
INSERT INTO member_counter (bucket, account_id, program_id, rule, period, value)
    SELECT t.bucket, t.account_id, t.program_id, 'miles_granted', to_char(p.purchase_date, 'YYYY-MM'),
        sum(CASE WHEN t.credit_kind = 1 THEN t.amount ELSE -t.amount END)
    FROM transfer t JOIN purchase p ON p.bucket = t.bucket AND p.purchase_key = t.purchase_key
    WHERE t.phase = 1 AND (t.item = 'base' OR t.item LIKE 'bonus:%') GROUP BY 1, 2, 3, 4, 5;
DROP SCHEMA bench_template CASCADE;
";

/// The rows that were set aside, and the statements that copy them.
pub(super) struct Template {
    lives: i64,
    settled: i64,
    members: i64,
    copies: Vec<String>,
}

impl Template {
    /// Sets aside what the lanes have written and makes the members of the copies.
    pub(super) async fn take(client: &Client, program: ProgramId, members: u64) -> anyhow::Result<Self> {
        // What is copied was checked when it was decided.
        client.batch_execute("SET session_replication_role = replica; SET synchronous_commit = off").await?;
        client.batch_execute("ANALYZE message, purchase, match_ref, transfer, member_account").await?;
        client.batch_execute(TAKE).await?;
        let row = client.query_one("SELECT count(*), count(settled) FROM bench_template.life", &[]).await?;
        let (lives, settled): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
        let mut copies = Vec::new();
        for (table, place) in TABLES {
            client.batch_execute(&aside(table, place)).await?;
            copies.push(copy_of(table, &columns(client, table).await?, lives));
        }
        client
            .batch_execute(
                "TRUNCATE message, purchase, match_ref, transfer, member_balance, member_counter, outbox, \
                 member_account, card, card_route CASCADE; ANALYZE bench_template.place",
            )
            .await?;
        let members = i64::try_from(members)?;
        make_members(client, program, members).await?;
        Ok(Self { lives, settled, members, copies })
    }

    /// Makes a date's share.
    pub(super) async fn copy(&self, client: &Client, share: &Share) -> anyhow::Result<()> {
        let of = if share.recent { self.lives } else { self.settled };
        let transactions = i64::try_from(share.transactions)?;
        let copies = i32::try_from((transactions + of - 1) / of)?;
        for text in &self.copies {
            client
                .execute(
                    text.as_str(),
                    &[
                        &share.cycle.0,
                        &share.date,
                        &share.place,
                        &copies,
                        &of,
                        &transactions,
                        &self.members,
                        &share.recent,
                    ],
                )
                .await
                .with_context(|| format!("{} could not be copied", share.date))?;
        }
        let (arn, network) = (RefKind::Arn.number(), RefKind::LifeCycle.number());
        client.execute(REFERENCES, &[&arn, &network, &share.cycle.0]).await?;
        Ok(())
    }

    /// Sums up what was copied and removes what was set aside.
    pub(super) async fn finish(self, client: &Client) -> anyhow::Result<()> {
        client.batch_execute(SUMS).await?;
        Ok(())
    }
}

async fn make_members(client: &Client, program: ProgramId, members: i64) -> anyhow::Result<()> {
    let row = client.query_one("SELECT bank_id FROM program WHERE program_id = $1", &[&program.0]).await?;
    let bank: i32 = row.try_get(0)?;
    let [table, rows, accounts, cards] = MEMBERS;
    client.execute(table, &[]).await?;
    client.execute(rows, &[&members]).await?;
    client.execute(accounts, &[&program.0, &bank]).await?;
    client.execute(cards, &[]).await?;
    client.execute(ROUTES, &[&program.0, &bank]).await?;
    client.batch_execute("ANALYZE bench_template.member").await?;
    Ok(())
}

/// Sets the rows of a table aside, each with its place and that of its purchase.
fn aside(table: &str, place: &str) -> String {
    format!(
        "CREATE UNLOGGED TABLE bench_template.{table} AS SELECT r.*, p.life AS t_life, p.settled AS t_settled, \
         p.member AS t_member, p.at_s AS t_at_s, p.number AS t_number, coalesce(q.at_s, p.at_s) AS t_purchase_at_s \
         FROM {table} r JOIN bench_template.place p ON p.bucket = r.bucket AND p.message_key = r.{place} \
         LEFT JOIN bench_template.place q ON q.bucket = r.bucket AND q.message_key = r.purchase_key; \
         ANALYZE bench_template.{table}"
    )
}

async fn columns(client: &Client, table: &str) -> anyhow::Result<Vec<String>> {
    let text = "SELECT column_name::text FROM information_schema.columns \
                WHERE table_schema = 'public' AND table_name = $1 AND is_generated = 'NEVER' ORDER BY ordinal_position";
    let rows = client.query(text, &[&table]).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// `$1` is the cycle, `$2` its date, `$3` the date's place, `$4` how many copies, `$5` how many lives there are to copy, `$6` how
/// many are wanted, `$7` the members, `$8` whether lives may be under way.
fn copy_of(table: &str, columns: &[String], lives: i64) -> String {
    let own = |column: &str| {
        let own = OWN.iter().find(|(of, name, _)| (*of == table || *of == "*") && *name == column);
        own.map_or_else(|| format!("t.{column}"), |(_, _, text)| filled(text, lives))
    };
    let values: Vec<String> = columns.iter().map(|column| own(column)).collect();
    let number = "(CASE WHEN $8::boolean THEN t.t_life ELSE t.t_settled END)";
    format!(
        "INSERT INTO {table} ({}) SELECT {} FROM bench_template.{table} t \
         CROSS JOIN generate_series(0, $4::int - 1) c(copy) \
         LEFT JOIN bench_template.member m ON m.number = (t.t_member + c.copy::bigint * 7919 + $3::int * 104729) % $7::bigint \
         WHERE ({number} + $3::int * 17) % $5::bigint + c.copy * $5::bigint < $6::bigint \
         AND $1::int IS NOT NULL AND $2::date IS NOT NULL",
        columns.join(", "),
        values.join(", ")
    )
}

fn filled(text: &str, lives: i64) -> String {
    let second = "extract(epoch FROM $2::date - interval '3 hours')::bigint";
    let lives = lives.to_string();
    text.replace("{retrieval}", RETRIEVAL)
        .replace("{number}", NUMBER)
        .replace("{at}", AT)
        .replace("{second}", second)
        .replace("{lives}", &lives)
}
