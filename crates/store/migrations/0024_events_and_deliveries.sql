-- Who does a piece of work that one process does at a time. `fence` grows with each change of hands: whoever lost the
-- lease writes nothing more.
CREATE TABLE work_lease (
    name text PRIMARY KEY,
    owner text NOT NULL,
    fence bigint NOT NULL CHECK (fence > 0),
    until timestamptz NOT NULL
)
---
-- The number of the last event of each partner: its events are numbered without gaps.
CREATE TABLE partner_event_last (
    partner_id int PRIMARY KEY REFERENCES partner,
    number bigint NOT NULL CHECK (number >= 0)
)
---
-- What a partner is told. `data` is the part of the event that its topic describes, as JSON; never card data, and of
-- an account only what the partner calls it.
CREATE TABLE partner_event (
    partner_id int NOT NULL REFERENCES partner,
    number bigint NOT NULL CHECK (number > 0),
    topic text NOT NULL,
    program_id int NOT NULL REFERENCES program,
    subject text NOT NULL,
    -- The place among the events of the account; empty where the partner has no account to order by.
    subject_order bigint,
    occurred_at timestamptz NOT NULL,
    told_at timestamptz NOT NULL,
    data text NOT NULL,
    PRIMARY KEY (partner_id, number)
)
---
-- Editions of settlement files that their receiver was told of. Those of before count as told.
CREATE TABLE settlement_file_told (
    receiver text NOT NULL,
    sequence int NOT NULL,
    revision int NOT NULL,
    PRIMARY KEY (receiver, sequence, revision)
)
---
INSERT INTO settlement_file_told SELECT receiver, sequence, revision FROM settlement_file WHERE published
---
-- A way to a partner: a transport of its file. `active`: it is tried. `stopped`: it waits for an operator, `reason` says
-- why. Its attempts, its pause and its last error are those of what stands first in its queue.
CREATE TABLE delivery_endpoint (
    partner_id int NOT NULL REFERENCES partner,
    endpoint text NOT NULL,
    carries text NOT NULL CHECK (carries IN ('events', 'files')),
    state text NOT NULL CHECK (state IN ('active', 'stopped')),
    reason text NOT NULL,
    -- Of one that carries events: up to where the partner has them.
    sent_to bigint NOT NULL CHECK (sent_to >= 0),
    attempts int NOT NULL CHECK (attempts >= 0),
    next_attempt_at timestamptz,
    last_error text NOT NULL,
    delivered_at timestamptz,
    delivered bigint NOT NULL CHECK (delivered >= 0),
    PRIMARY KEY (partner_id, endpoint)
)
---
-- An output of an edition of a settlement file on its way. `before`: published before the endpoint was there. `nothing`:
-- the edition has nothing that this output could say.
CREATE TABLE delivery_file (
    partner_id int NOT NULL,
    endpoint text NOT NULL,
    sequence int NOT NULL,
    revision int NOT NULL,
    place smallint NOT NULL,
    output text NOT NULL,
    cycle_id int NOT NULL REFERENCES settlement_cycle,
    state text NOT NULL CHECK (state IN ('before', 'waiting', 'delivered', 'nothing')),
    since timestamptz NOT NULL,
    delivered_at timestamptz,
    -- As it went out.
    file_name text NOT NULL,
    sha256 bytea,
    PRIMARY KEY (partner_id, endpoint, sequence, revision, output),
    FOREIGN KEY (partner_id, endpoint) REFERENCES delivery_endpoint
)
---
CREATE INDEX delivery_file_waiting ON delivery_file (partner_id, endpoint, sequence, revision, place)
    WHERE state = 'waiting'
---
-- Events that an operator or the partner asked for once more.
CREATE TABLE delivery_replay (
    partner_id int NOT NULL,
    endpoint text NOT NULL,
    number bigint NOT NULL,
    asked_by text NOT NULL,
    asked_at timestamptz NOT NULL,
    PRIMARY KEY (partner_id, endpoint, number),
    FOREIGN KEY (partner_id, endpoint) REFERENCES delivery_endpoint
)
---
-- What came by the inbox of a way, by the mark of its name, size and time: taken in durably, so that it is not taken again.
-- What was not taken, or could not be read, has a problem; its bytes stay with the partner.
CREATE TABLE partner_inbox (
    partner_id int NOT NULL,
    endpoint text NOT NULL,
    mark text NOT NULL,
    name text NOT NULL,
    -- Of its bytes, if they were fetched.
    sha256 bytea CHECK (length(sha256) = 32),
    outcome text NOT NULL,
    problem text NOT NULL,
    taken_at timestamptz NOT NULL,
    PRIMARY KEY (partner_id, endpoint, mark),
    FOREIGN KEY (partner_id, endpoint) REFERENCES delivery_endpoint
)
---
CREATE INDEX partner_inbox_problems ON partner_inbox (taken_at) WHERE problem <> ''
---
GRANT SELECT ON partner_inbox, work_lease, partner_event_last, partner_event, settlement_file_told, delivery_endpoint, delivery_file,
    delivery_replay TO cobrand_console
