-- Clearing files that were put aside are kept in mind as well, and purchases know what was charged back.
-- A constant default rewrites no row; a program that does not know the column leaves it as it is.
ALTER TABLE purchase ADD COLUMN charged_back_minor bigint NOT NULL DEFAULT 0
---
-- One row for each content that came under an id. `received`: known, nothing of it is booked. `checked`: all of it can
-- be read, its records are being booked. `taken`: every record has been answered. `quarantined`: put aside, with the
-- reason. The file itself is not kept: it holds card numbers.
ALTER TABLE clearing_file DROP CONSTRAINT clearing_file_state_check
---
UPDATE clearing_file SET state = CASE state WHEN 'importing' THEN 'checked' ELSE 'taken' END
---
ALTER TABLE clearing_file
    ADD CONSTRAINT clearing_file_state_check CHECK (state IN ('received', 'checked', 'taken', 'quarantined')),
    ALTER COLUMN records TYPE bigint,
    ALTER COLUMN sequence DROP NOT NULL,
    DROP CONSTRAINT clearing_file_pkey,
    DROP CONSTRAINT clearing_file_bank_id_sha256_key,
    ADD PRIMARY KEY (bank_id, file_id, sha256),
    -- As it was called when it came.
    ADD COLUMN name text NOT NULL DEFAULT '',
    -- csv, ipm or ctf; empty if it is none of them or came before this was kept.
    ADD COLUMN format text NOT NULL DEFAULT '',
    -- Files of one series are numbered one after the other; a later date may begin again with 1. Empty: not numbered.
    ADD COLUMN series text NOT NULL DEFAULT '',
    ADD COLUMN series_date date,
    ADD COLUMN fees bigint NOT NULL DEFAULT 0,
    ADD COLUMN passed_over bigint NOT NULL DEFAULT 0,
    -- Of the records: put aside while the others were booked (the file then stays `checked`), known before, and of
    -- these the ones that differ from the record that was taken.
    ADD COLUMN put_aside bigint NOT NULL DEFAULT 0,
    ADD COLUMN already_known bigint NOT NULL DEFAULT 0,
    ADD COLUMN differing bigint NOT NULL DEFAULT 0,
    -- A stable code and words without card numbers: why the file was put aside, or which records a person must look at.
    ADD COLUMN reason text NOT NULL DEFAULT '',
    ADD COLUMN told text NOT NULL DEFAULT '',
    -- The record at fault, if it is one.
    ADD COLUMN at_record bigint,
    -- What an operator accepted nevertheless (`gap`, `totals`), and who.
    ADD COLUMN accepted text NOT NULL DEFAULT '',
    ADD COLUMN accepted_by text NOT NULL DEFAULT '',
    -- When it came last.
    ADD COLUMN received_at timestamptz NOT NULL DEFAULT now()
---
-- Of what is booked, an id stands for one content and a content for one id.
CREATE UNIQUE INDEX clearing_file_by_id ON clearing_file (bank_id, file_id) WHERE state IN ('checked', 'taken')
---
CREATE UNIQUE INDEX clearing_file_by_hash ON clearing_file (bank_id, sha256) WHERE state IN ('checked', 'taken')
---
GRANT UPDATE (state, records, fees, passed_over, put_aside, already_known, differing, name, sequence, series, series_date, reason, told, at_record, accepted, accepted_by, received_at) ON clearing_file
    TO cobrand_gateway
