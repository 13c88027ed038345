-- What pages of the console show of a cycle and of a link, kept so that they need not read messages and movements.
-- Kept once, after the cycle was published; a page says so and can count again.
CREATE TABLE cycle_counted (
    cycle_id int PRIMARY KEY REFERENCES settlement_cycle,
    counted_at timestamptz NOT NULL,
    -- Members of the program, and those of them who bought or spent in the 30 days up to the business date.
    members bigint NOT NULL,
    active_members bigint NOT NULL
)
---
CREATE TABLE cycle_total (
    cycle_id int NOT NULL REFERENCES settlement_cycle,
    -- `told`: the bank was told; `given` and `taken`: posted for and against members, by item of the ledger.
    side text NOT NULL CHECK (side IN ('told', 'given', 'taken')),
    subject text NOT NULL,
    amount bigint NOT NULL,
    PRIMARY KEY (cycle_id, side, subject)
)
---
CREATE TABLE cycle_arrival (
    cycle_id int NOT NULL REFERENCES settlement_cycle,
    mti text NOT NULL,
    messages bigint NOT NULL,
    matched bigint NOT NULL,
    counted_minor bigint NOT NULL,
    PRIMARY KEY (cycle_id, mti)
)
---
-- Miles that members held at the end of the cycle, by the month in which they were granted and by that in which they expire.
CREATE TABLE cycle_lots (
    cycle_id int NOT NULL REFERENCES settlement_cycle,
    granted date NOT NULL,
    -- `infinity`: they do not expire.
    expires date NOT NULL,
    miles bigint NOT NULL,
    PRIMARY KEY (cycle_id, granted, expires)
)
---
-- A minute of a bank's link, added up over the processes that serve it.
CREATE TABLE link_minute (
    link text NOT NULL,
    minute timestamptz NOT NULL,
    -- The most connections that one process had.
    connections int NOT NULL CHECK (connections >= 0),
    messages bigint NOT NULL CHECK (messages >= 0),
    -- How many answers took up to 1, 2, 5, 10, 20, 50, 100, 200, 300, 500 milliseconds, and longer.
    answers bigint[] NOT NULL CHECK (array_length(answers, 1) = 11),
    PRIMARY KEY (link, minute)
)
---
CREATE INDEX link_minute_by_time ON link_minute (minute)
---
GRANT SELECT ON cycle_counted, cycle_total, cycle_arrival, cycle_lots, link_minute TO cobrand_gateway, cobrand_console
---
GRANT INSERT, UPDATE ON link_minute TO cobrand_gateway
