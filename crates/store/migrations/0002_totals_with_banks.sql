-- Totals with banks (0500, 0520) and cut-over messages (0800). Nothing of the message path is changed.
-- The aggregate over one bank's window reads by this index. Equal keys share an entry's head and come in the order of
-- time, so a new message adds a few bytes to the last page of its day.
CREATE INDEX message_by_bank_date ON message (bank_id, bank_date)
---
-- What a bank said of a window of its own, and what we counted then. A row never changes: a repeat gets its answer.
-- `stated` and `counted` are written as `DE74=0000000001|DE75=...`; `counted` is empty if there was no total to give.
CREATE TABLE bank_totals (
    bank_id int NOT NULL REFERENCES bank,
    totals_key bytea NOT NULL CHECK (length(totals_key) = 24),
    key_text text NOT NULL,
    content text NOT NULL,
    mti text NOT NULL,
    stan text NOT NULL,
    transmitted text NOT NULL,
    received_at timestamptz NOT NULL,
    bank_date date NOT NULL,
    currency int,
    stated text NOT NULL,
    counted text NOT NULL,
    -- DE66: 1 in balance, 2 out of balance, 9 not balanced.
    balance smallint NOT NULL CHECK (balance IN (1, 2, 9)),
    reason text NOT NULL,
    -- The first element that differs, if balance is 2.
    differs_at text NOT NULL,
    PRIMARY KEY (bank_id, totals_key)
)
---
-- Reconciliation looks for the totals of a window.
CREATE INDEX bank_totals_by_date ON bank_totals (bank_id, bank_date)
---
-- A bank's windows that a cut-over message opened. A row never changes: the first message that opens a date counts.
CREATE TABLE bank_window (
    bank_id int NOT NULL REFERENCES bank,
    bank_date date NOT NULL,
    closed_date date NOT NULL CHECK (closed_date < bank_date),
    cut_at timestamptz NOT NULL,
    PRIMARY KEY (bank_id, bank_date)
)
---
GRANT SELECT, INSERT ON bank_totals, bank_window TO cobrand_gateway
