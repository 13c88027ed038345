-- Miles that the co-brand partner keeps: what it asks for beside the member's number, one line for each movement, the
-- files in which lines go out, and what comes back.
ALTER TABLE member_account ADD COLUMN name_check text NOT NULL DEFAULT '' CHECK (name_check ~ '^[A-Z]{0,8}$')
---
-- Cycles whose movements have become lines.
CREATE TABLE partner_cycle (
    cycle_id int PRIMARY KEY REFERENCES settlement_cycle,
    lines int NOT NULL CHECK (lines >= 0)
)
---
CREATE TABLE partner_file (
    program_id int NOT NULL REFERENCES program,
    -- Its place among the program's files to the partner, from 1, without gaps.
    sequence int NOT NULL CHECK (sequence > 0),
    partner_id int NOT NULL REFERENCES partner,
    -- Of the last cycle whose lines it may hold.
    business_date date NOT NULL,
    lines int NOT NULL CHECK (lines > 0),
    miles bigint NOT NULL,
    -- Of its bytes; empty until it has been rendered for the first time.
    sha256 bytea CHECK (length(sha256) = 32),
    published boolean NOT NULL DEFAULT false,
    PRIMARY KEY (program_id, sequence)
)
---
CREATE TABLE partner_line (
    program_id int NOT NULL REFERENCES program,
    line_id text NOT NULL CHECK (line_id <> ''),
    cycle_id int NOT NULL REFERENCES settlement_cycle,
    -- Where the account lies. The table itself is small and off the message path, so it is not divided.
    account_bucket int NOT NULL,
    account_id bigint NOT NULL,
    message_key bytea NOT NULL CHECK (length(message_key) = 24),
    purchase_key bytea NOT NULL CHECK (length(purchase_key) = 24),
    -- 0 for a movement's first line, n + 1 for the line in place of line n.
    attempt int NOT NULL CHECK (attempt >= 0),
    miles bigint NOT NULL CHECK (miles <> 0),
    activity_date date NOT NULL,
    reason text NOT NULL,
    -- Of a claw-back that was sent: the first line of its purchase that gave miles and was accepted by then.
    original_line text,
    -- The line in whose place this one is.
    resubmits text,
    state text NOT NULL CHECK (state IN ('held', 'sent', 'accepted', 'rejected', 'resent', 'reversed', 'written_off')),
    held_reason text,
    -- Of a claw-back: what the partner never had of it.
    absorbed_miles bigint NOT NULL DEFAULT 0 CHECK (absorbed_miles >= 0),
    -- Of a grant that was reversed: what was taken from the mirror.
    taken_miles bigint NOT NULL DEFAULT 0 CHECK (taken_miles >= 0),
    -- As it was sent: the file is rendered again from this.
    file_sequence int,
    place int,
    member_number text,
    name_check text,
    code text,
    handback_sequence int,
    PRIMARY KEY (program_id, line_id),
    UNIQUE (program_id, account_bucket, message_key, purchase_key, attempt),
    UNIQUE (program_id, file_sequence, place),
    FOREIGN KEY (program_id, file_sequence) REFERENCES partner_file,
    CHECK ((state IN ('held', 'reversed')) OR file_sequence IS NOT NULL)
)
---
CREATE INDEX partner_line_by_purchase ON partner_line (account_bucket, purchase_key)
---
CREATE INDEX partner_line_waiting ON partner_line (program_id, state) WHERE state IN ('held', 'sent', 'rejected')
---
-- Of which members the partner did not know the number or the name.
CREATE INDEX partner_line_unknown ON partner_line (program_id, account_bucket, account_id)
    WHERE state = 'rejected' AND code IN ('unknown_member', 'name_mismatch')
---
CREATE INDEX partner_file_begun ON partner_file (program_id) WHERE NOT published
---
-- That something happened since lines were last put into a file: new lines, answers, another number or name check. Rows
-- are only added, so that nobody waits for another, and whoever looks through the lines takes away those it sees first.
CREATE TABLE partner_news (
    news_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    program_id int NOT NULL REFERENCES program
)
---
CREATE TABLE partner_handback (
    program_id int NOT NULL REFERENCES program,
    -- The partner's own number of it.
    sequence int NOT NULL CHECK (sequence > 0),
    file_sequence int NOT NULL,
    sha256 bytea NOT NULL CHECK (length(sha256) = 32),
    accepted int NOT NULL,
    rejected int NOT NULL,
    PRIMARY KEY (program_id, sequence),
    FOREIGN KEY (program_id, file_sequence) REFERENCES partner_file (program_id, sequence)
)
---
GRANT SELECT ON partner_cycle, partner_file, partner_line, partner_handback TO cobrand_gateway, cobrand_console
---
-- Members are changed under this role.
GRANT INSERT ON partner_news TO cobrand_gateway
