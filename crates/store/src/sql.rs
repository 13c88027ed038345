//! Every SQL text of the message path.
//!
//! Shapes: arrays are joined by `unnest`, and a constant `bucket = ANY($1)` names the buckets of the batch, so
//! that the same text finds its one shard on a distributed PostgreSQL. Locks are taken in one sorted order.

/// The same text for a PostgreSQL on one machine: without the constant that names the buckets.
///
/// A distributed PostgreSQL finds its shard by `bucket = ANY($1)`. On one machine there is no shard to find, and an
/// index scan would run through that array again for every row that it is joined to: in `cobrand bench` two thirds
/// of a batch's time. `$1` stays a parameter, so that both texts are called alike.
pub(crate) fn on_one_machine(text: &str) -> String {
    ["a", "m", "r", "p", "c", "d", "i"].iter().fold(text.to_owned(), |text, alias| {
        text.replace(&format!("{alias}.bucket = ANY($1::int[])"), "$1::int[] IS NOT NULL")
    })
}

/// The tables whose every key leads with `bucket`.
pub const HOT_TABLES: &[&str] = &[
    "member_account",
    "card",
    "member_consent",
    "member_change",
    "message",
    "purchase",
    "match_ref",
    "transfer",
    "member_balance",
    "member_counter",
    "outbox",
    "cycle_gate",
    "redemption",
    "redemption_piece",
    "redemption_pool",
    "redemption_pool_share",
    "new_card",
];

/// Sorted by bucket and account: one locking order for every gateway, so no deadlocks.
pub const LOCK_ACCOUNTS: &str = "\
SELECT a.bucket, a.account_id, a.program_id, a.enrolled_on, a.account_seq, a.tier_rank, a.tier_review_on, \
a.qualifying_year, a.qualifying_units, a.qualifying_units_before, a.active_on, a.closed_on, a.blocked, \
a.blocked_cards, a.birthday \
FROM unnest($2::int[], $3::bigint[]) u(b, id) \
JOIN member_account a ON a.bucket = u.b AND a.account_id = u.id \
WHERE a.bucket = ANY($1::int[]) ORDER BY a.bucket, a.account_id FOR UPDATE OF a";

/// Messages that were answered before.
pub const SEEN_MESSAGES: &str = "\
SELECT m.bucket, m.message_key, m.account_id, m.content, m.reply \
FROM unnest($2::int[], $3::bytea[]) u(b, k) \
JOIN message m ON m.bucket = u.b AND m.message_key = u.k WHERE m.bucket = ANY($1::int[])";

/// What is read of a purchase beside its key, in the order in which `batch/load.rs` reads it.
macro_rules! purchase_columns {
    () => {
        "p.account_id, p.program_id, p.rules_hash, p.partner_id, p.mcc, p.purchase_date, p.is_purchase, \
         p.currency, p.held_minor, p.hold, p.till_original_minor, p.till_discount_minor, p.cleared_minor, \
         p.refunded_minor, p.booked, p.pending, p.charged_back_minor, p.hold_until, p.foreign_currency, \
         p.foreign_cleared_minor, p.foreign_billed_minor, p.foreign_charged_back_minor, p.tier_rank, \
         p.purchase_time, p.till_rules_hash, p.till_partner_id, p.offered, p.claims, p.fx, p.spent_miles, \
         p.expired_miles, p.covered_miles, p.borne_miles, p.vests_on, p.expire_on, p.redeemed, \
         p.coupon, p.refund_match, p.birthday, p.authorized"
    };
}
pub(crate) use purchase_columns;

/// How many columns [`purchase_columns`] names.
pub(crate) const PURCHASE_COLUMNS: usize = 40;

/// References, each with the purchase that it leads to; its columns are those of [`PURCHASES`].
pub const FOUND_REFS: &str = concat!(
    "SELECT r.bucket, r.bank_id, r.kind, r.value, r.message_key, r.purchase_key, r.amount_minor, r.transaction_minor, \
     r.record, ",
    purchase_columns!(),
    " \
     FROM unnest($2::int[], $3::int[], $4::smallint[], $5::text[]) u(b, bank, kind, value) \
     JOIN match_ref r ON r.bucket = u.b AND r.bank_id = u.bank AND r.kind = u.kind AND r.value = u.value \
     LEFT JOIN purchase p ON p.bucket = r.bucket AND p.purchase_key = r.purchase_key AND p.bucket = ANY($1::int[]) \
     WHERE r.bucket = ANY($1::int[])",
);

/// Purchases by their keys.
pub const PURCHASES: &str = concat!(
    "SELECT p.bucket, p.purchase_key, ",
    purchase_columns!(),
    " \
     FROM unnest($2::int[], $3::bytea[]) u(b, k) \
     JOIN purchase p ON p.bucket = u.b AND p.purchase_key = u.k WHERE p.bucket = ANY($1::int[])",
);
/// Counters of caps and of limits.
/// Purchases of accounts with miles that are open or owed; its columns are those of [`PURCHASES`]. One that was not
/// written since lots are kept says nothing of it, and is read.
pub const LOTS: &str = concat!(
    "SELECT p.bucket, p.purchase_key, ",
    purchase_columns!(),
    " \
     FROM unnest($2::int[], $3::bigint[]) u(b, id) \
     JOIN purchase p ON p.bucket = u.b AND p.account_id = u.id AND p.open_miles IS DISTINCT FROM 0 \
     WHERE p.bucket = ANY($1::int[])",
);

/// Redemptions, a row for each piece with the purchase that gave it; its last columns are those of [`PURCHASES`].
pub const REDEMPTIONS: &str = concat!(
    "SELECT d.bucket, d.redemption_key, d.account_id, d.program_id, d.currency, d.to_bucket, d.to_account, d.state, d.miles, \
     d.worth_minor, d.reserved_until, i.purchase_key, i.miles, i.granted_on, i.vests_on, i.expire_on, d.purchase_key, ",
    purchase_columns!(),
    " \
     FROM unnest($2::int[], $3::bytea[]) u(b, k) \
     JOIN redemption d ON d.bucket = u.b AND d.redemption_key = u.k \
     JOIN redemption_piece i ON i.bucket = d.bucket AND i.redemption_key = d.redemption_key AND i.bucket = ANY($1::int[]) \
     JOIN purchase p ON p.bucket = i.bucket AND p.purchase_key = i.purchase_key AND p.bucket = ANY($1::int[]) \
     WHERE d.bucket = ANY($1::int[]) ORDER BY d.bucket, d.redemption_key, i.piece",
);

/// Counters of caps and of limits.
pub const COUNTERS: &str = "\
SELECT c.bucket, c.account_id, c.program_id, c.period, c.value, c.rule \
FROM unnest($2::int[], $3::bigint[], $4::int[], $5::text[], $6::text[]) u(b, id, program, period, rule) \
JOIN member_counter c ON c.bucket = u.b AND c.account_id = u.id AND c.program_id = u.program \
AND c.rule = u.rule AND c.period = u.period WHERE c.bucket = ANY($1::int[])";

/// Slices of budgets that are needed for the first time.
pub const OPEN_BUDGETS: &str = "\
INSERT INTO campaign_budget_slice (program_id, rule, period, slice) \
SELECT program, rule, period, slice \
FROM unnest($1::int[], $2::text[], $3::text[], $4::smallint[]) u(program, rule, period, slice) \
ON CONFLICT (program_id, rule, period, slice) DO NOTHING";

/// After the accounts, and in one sorted order as well.
pub const LOCK_BUDGETS: &str = "\
SELECT s.program_id, s.rule, s.period, s.slice, s.divided, s.total_amount, s.total_uses, s.share_amount, \
s.share_uses, s.used_amount, s.used_uses \
FROM unnest($1::int[], $2::text[], $3::text[], $4::smallint[]) u(program, rule, period, slice) \
JOIN campaign_budget_slice s ON s.program_id = u.program AND s.rule = u.rule AND s.period = u.period \
AND s.slice = u.slice ORDER BY s.program_id, s.rule, s.period, s.slice FOR UPDATE OF s";

/// What the other slices of a budget have left.
pub const OTHER_SLICES: &str = "\
SELECT sum(s.share_amount - s.used_amount)::bigint, sum(s.share_uses - s.used_uses)::bigint \
FROM campaign_budget_slice s WHERE s.program_id = $1 AND s.rule = $2 AND s.period = $3 AND s.slice <> $4";

/// The locked slices as they stand after the batch.
pub const SET_BUDGETS: &str = "\
UPDATE campaign_budget_slice s SET divided = u.divided, total_amount = u.total_amount, total_uses = u.total_uses, \
share_amount = u.share_amount, share_uses = u.share_uses, used_amount = u.used_amount, used_uses = u.used_uses \
FROM unnest($1::int[], $2::text[], $3::text[], $4::smallint[], $5::boolean[], $6::bigint[], $7::bigint[], \
$8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[]) u(program, rule, period, slice, divided, total_amount, \
total_uses, share_amount, share_uses, used_amount, used_uses) \
WHERE s.program_id = u.program AND s.rule = u.rule AND s.period = u.period AND s.slice = u.slice";

/// After the budgets, and in one sorted order as well.
pub const LOCK_COUPONS: &str = "\
SELECT k.program_id, k.code_hash, k.campaign, k.member_bucket, k.member_account, k.revoked_at IS NOT NULL, k.uses \
FROM unnest($1::int[], $2::bytea[]) u(program, hash) \
JOIN coupon_code k ON k.program_id = u.program AND k.code_hash = u.hash \
ORDER BY k.program_id, k.code_hash FOR UPDATE OF k";

/// What purchases take of locked codes, or give back.
pub const USE_COUPONS: &str = "\
UPDATE coupon_code k SET uses = k.uses + u.uses FROM unnest($1::int[], $2::bytea[], $3::bigint[]) u(program, hash, uses) \
WHERE k.program_id = u.program AND k.code_hash = u.hash";

/// One gate row of each program is enough: the switch updates all of them. Accounts first, then the gate.
pub const GATES: &str = "\
SELECT g.program_id, g.cycle_id, g.rules_hash FROM cycle_gate g \
WHERE g.bucket = $1 AND g.program_id = ANY($2::int[]) ORDER BY g.program_id FOR SHARE OF g";

/// The business dates of cycles; they never change, so no lock is needed.
pub const CYCLE_DATES: &str =
    "SELECT cycle_id, business_date FROM settlement_cycle WHERE cycle_id = ANY($1::int[])";

/// Answered messages. A second one with the same key is refused by the primary key. Place and number of the batch come
/// last: the number is drawn once, and here, since all locks are held by now.
pub const INSERT_MESSAGES: &str = "\
INSERT INTO message (bucket, message_key, bank_id, key_text, content, source, mti, stan, transmitted, retrieval, \
approval, arn, acquirer, card_acceptor, terminal, mcc, last4, amount_minor, currency, local_time, received_at, \
bank_date, account_id, purchase_key, counted_minor, cycle_id, business_date, reply, explanation, audit_mac, \
event, rules_hash, partner_id, decided_place, decided_batch) \
SELECT *, (SELECT nextval('decision_batch')) FROM unnest($1::int[], $2::bytea[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[], \
$8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], \
$17::text[], $18::bigint[], $19::int[], $20::timestamp[], $21::timestamptz[], $22::date[], $23::bigint[], \
$24::bytea[], $25::bigint[], $26::int[], $27::date[], $28::text[], $29::text[], $30::bytea[], $31::text[], \
$32::bytea[], $33::int[]) WITH ORDINALITY";

/// Purchases as they stand after the batch; their accounts are locked.
pub const UPSERT_PURCHASES: &str = "\
INSERT INTO purchase (bucket, purchase_key, bank_id, account_id, program_id, rules_hash, partner_id, mcc, \
purchase_date, is_purchase, currency, held_minor, hold, till_original_minor, till_discount_minor, cleared_minor, \
refunded_minor, booked, pending, charged_back_minor, foreign_currency, foreign_cleared_minor, foreign_billed_minor, \
foreign_charged_back_minor, hold_until, tier_rank, purchase_time, \
till_rules_hash, till_partner_id, offered, claims, fx, spent_miles, expired_miles, covered_miles, borne_miles, \
vests_on, expire_on, open_miles, redeemed, coupon, refund_match, birthday, authorized) \
SELECT * FROM unnest($1::int[], $2::bytea[], $3::int[], $4::bigint[], $5::int[], $6::bytea[], $7::int[], $8::int[], \
$9::date[], $10::boolean[], $11::int[], $12::bigint[], $13::text[], $14::bigint[], $15::bigint[], $16::bigint[], \
$17::bigint[], $18::text[], $19::text[], $20::bigint[], $21::int[], $22::bigint[], $23::bigint[], $24::bigint[], $25::date[], \
$26::smallint[], $27::time[], $28::bytea[], $29::int[], $30::text[], $31::text[], $32::text[], \
$33::bigint[], $34::bigint[], $35::bigint[], $36::bigint[], $37::date[], $38::date[], $39::bigint[], $40::text[], $41::text[], \
$42::text[], $43::text[], $44::text[]) \
ON CONFLICT (bucket, purchase_key) DO UPDATE SET partner_id = excluded.partner_id, mcc = excluded.mcc, \
purchase_date = excluded.purchase_date, purchase_time = excluded.purchase_time, is_purchase = excluded.is_purchase, \
held_minor = excluded.held_minor, hold = excluded.hold, \
till_original_minor = excluded.till_original_minor, till_discount_minor = excluded.till_discount_minor, \
cleared_minor = excluded.cleared_minor, refunded_minor = excluded.refunded_minor, booked = excluded.booked, \
pending = excluded.pending, charged_back_minor = excluded.charged_back_minor, \
foreign_currency = excluded.foreign_currency, foreign_cleared_minor = excluded.foreign_cleared_minor, \
foreign_billed_minor = excluded.foreign_billed_minor, \
foreign_charged_back_minor = excluded.foreign_charged_back_minor, hold_until = excluded.hold_until, \
tier_rank = excluded.tier_rank, rules_hash = excluded.rules_hash, \
till_rules_hash = excluded.till_rules_hash, till_partner_id = excluded.till_partner_id, \
offered = excluded.offered, claims = excluded.claims, fx = excluded.fx, \
spent_miles = excluded.spent_miles, expired_miles = excluded.expired_miles, covered_miles = excluded.covered_miles, \
borne_miles = excluded.borne_miles, vests_on = excluded.vests_on, expire_on = excluded.expire_on, \
open_miles = excluded.open_miles, redeemed = excluded.redeemed, \
coupon = excluded.coupon, refund_match = excluded.refund_match, \
birthday = excluded.birthday, authorized = excluded.authorized \
WHERE purchase.bucket = excluded.bucket";

/// References of the new messages.
pub const INSERT_REFS: &str = "\
INSERT INTO match_ref (bucket, bank_id, kind, value, message_key, purchase_key, amount_minor, transaction_minor, \
record) \
SELECT * FROM unnest($1::int[], $2::int[], $3::smallint[], $4::text[], $5::bytea[], $6::bytea[], $7::bigint[], \
$8::bigint[], $9::text[])";

/// The ledger.
pub const INSERT_TRANSFERS: &str = "\
INSERT INTO transfer (bucket, message_key, leg, phase, bank_id, program_id, cycle_id, account_id, purchase_key, \
rules_hash, item, unit_kind, unit_id, debit_kind, debit_id, credit_kind, credit_id, amount) \
SELECT * FROM unnest($1::int[], $2::bytea[], $3::smallint[], $4::smallint[], $5::int[], $6::int[], $7::int[], \
$8::bigint[], $9::bytea[], $10::bytea[], $11::text[], $12::smallint[], $13::int[], $14::smallint[], $15::bigint[], \
$16::smallint[], $17::bigint[], $18::bigint[])";

/// Balances of the locked accounts, moved by the sums of the batch.
pub const ADD_BALANCES: &str = "\
INSERT INTO member_balance (bucket, account_id, unit_kind, unit_id, posted, pending) \
SELECT * FROM unnest($1::int[], $2::bigint[], $3::smallint[], $4::int[], $5::bigint[], $6::bigint[]) \
ON CONFLICT (bucket, account_id, unit_kind, unit_id) DO UPDATE \
SET posted = member_balance.posted + excluded.posted, pending = member_balance.pending + excluded.pending \
WHERE member_balance.bucket = excluded.bucket";

/// Counters of the locked accounts, moved by the sums of the batch.
pub const ADD_COUNTERS: &str = "\
INSERT INTO member_counter (bucket, account_id, program_id, rule, period, value) \
SELECT b, id, program, rule, period, counted \
FROM unnest($1::int[], $2::bigint[], $3::int[], $4::text[], $5::bigint[], $6::text[]) \
u(b, id, program, period, counted, rule) \
ON CONFLICT (bucket, account_id, program_id, rule, period) DO UPDATE \
SET value = member_counter.value + excluded.value WHERE member_counter.bucket = excluded.bucket";

/// The place of the last outbox entry of each account, and the last day on which it was used.
pub const SET_ACCOUNT_SEQ: &str = "\
UPDATE member_account a SET account_seq = GREATEST(a.account_seq, u.seq), active_on = GREATEST(a.active_on, u.used) \
FROM unnest($2::int[], $3::bigint[], $4::bigint[], $5::date[]) u(b, id, seq, used) \
WHERE a.bucket = u.b AND a.account_id = u.id AND a.bucket = ANY($1::int[])";

/// Where members stand towards tiers.
pub const SET_STANDINGS: &str = "\
UPDATE member_account a SET tier_rank = u.rank, tier_review_on = u.review_on, qualifying_year = u.year, \
qualifying_units = u.units, qualifying_units_before = u.before \
FROM unnest($2::int[], $3::bigint[], $4::smallint[], $5::date[], $6::smallint[], $7::bigint[], $8::bigint[]) \
u(b, id, rank, review_on, year, units, before) \
WHERE a.bucket = u.b AND a.account_id = u.id AND a.bucket = ANY($1::int[])";

/// Events for the partners.
pub const INSERT_OUTBOX: &str = "\
INSERT INTO outbox (bucket, account_id, account_seq, message_key, topic, payload) \
SELECT * FROM unnest($1::int[], $2::bigint[], $3::bigint[], $4::bytea[], $5::text[], $6::text[])";

/// Redemptions as they stand after the batch; only how far they have come ever changes.
pub const UPSERT_REDEMPTIONS: &str = "\
INSERT INTO redemption (bucket, redemption_key, bank_id, account_id, program_id, currency, to_bucket, to_account, \
state, miles, worth_minor, reserved_until, purchase_key) \
SELECT * FROM unnest($1::int[], $2::bytea[], $3::int[], $4::bigint[], $5::int[], $6::int[], $7::int[], $8::bigint[], \
$9::text[], $10::bigint[], $11::bigint[], $12::timestamptz[], $13::bytea[]) \
ON CONFLICT (bucket, redemption_key) DO UPDATE SET state = excluded.state \
WHERE redemption.bucket = excluded.bucket";

/// What the lots gave to new redemptions.
pub const INSERT_PIECES: &str = "\
INSERT INTO redemption_piece (bucket, redemption_key, piece, purchase_key, miles, granted_on, vests_on, expire_on) \
SELECT * FROM unnest($1::int[], $2::bytea[], $3::int[], $4::bytea[], $5::bigint[], $6::date[], $7::date[], $8::date[])";

/// Routes of cards; read outside the batch's transaction, since a route never changes.
pub const ROUTES: &str = "\
SELECT token, bucket, account_id, program_id, bank_id FROM card_route WHERE token = ANY($1::bytea[])";

/// A new member account; the same one may be enrolled twice at once.
pub const INSERT_ACCOUNT: &str = "\
INSERT INTO member_account (bucket, account_id, bank_id, program_id, member_number, enrolled_on, household, birthday, \
name_check) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING";

/// A card of an account.
pub const INSERT_CARD: &str = "\
INSERT INTO card (bucket, token, account_id, last4, kind, holder) VALUES ($1, $2, $3, $4, $5, $6) \
ON CONFLICT DO NOTHING";

/// The route of a card.
pub const INSERT_ROUTE: &str = "\
INSERT INTO card_route (token, bucket, account_id, program_id, bank_id) VALUES ($1, $2, $3, $4, $5) \
ON CONFLICT DO NOTHING";

/// All texts of the message path, by name, for the test of their rules.
pub const ALL: &[(&str, &str)] = &[
    ("LOCK_ACCOUNTS", LOCK_ACCOUNTS),
    ("SEEN_MESSAGES", SEEN_MESSAGES),
    ("FOUND_REFS", FOUND_REFS),
    ("PURCHASES", PURCHASES),
    ("COUNTERS", COUNTERS),
    ("GATES", GATES),
    ("CYCLE_DATES", CYCLE_DATES),
    ("INSERT_MESSAGES", INSERT_MESSAGES),
    ("UPSERT_PURCHASES", UPSERT_PURCHASES),
    ("INSERT_REFS", INSERT_REFS),
    ("INSERT_TRANSFERS", INSERT_TRANSFERS),
    ("ADD_BALANCES", ADD_BALANCES),
    ("ADD_COUNTERS", ADD_COUNTERS),
    ("SET_ACCOUNT_SEQ", SET_ACCOUNT_SEQ),
    ("SET_STANDINGS", SET_STANDINGS),
    ("INSERT_OUTBOX", INSERT_OUTBOX),
    ("LOTS", LOTS),
    ("REDEMPTIONS", REDEMPTIONS),
    ("UPSERT_REDEMPTIONS", UPSERT_REDEMPTIONS),
    ("INSERT_PIECES", INSERT_PIECES),
    ("ROUTES", ROUTES),
    ("INSERT_ACCOUNT", INSERT_ACCOUNT),
    ("INSERT_CARD", INSERT_CARD),
    ("INSERT_ROUTE", INSERT_ROUTE),
    ("OPEN_BUDGETS", OPEN_BUDGETS),
    ("LOCK_BUDGETS", LOCK_BUDGETS),
    ("OTHER_SLICES", OTHER_SLICES),
    ("SET_BUDGETS", SET_BUDGETS),
    ("LOCK_COUPONS", LOCK_COUPONS),
    ("USE_COUPONS", USE_COUPONS),
];
