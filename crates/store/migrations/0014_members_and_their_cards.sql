-- Members: household, birthday, status, consent. Cards: kind, holder, status. Who changed what, append-only. Requests
-- of the API with their answers. Constant defaults rewrite no row.
ALTER TABLE member_account
    ADD COLUMN household text NOT NULL DEFAULT '',
    -- MM-DD, or YYYY-MM-DD if the year is known; empty: not known.
    ADD COLUMN birthday text NOT NULL DEFAULT '' CHECK (birthday ~ '^(([0-9]{4}-)?[0-9]{2}-[0-9]{2})?$'),
    ADD COLUMN blocked boolean NOT NULL DEFAULT false,
    -- The last local date on which purchases count; empty: not closed.
    ADD COLUMN closed_on date,
    -- Tokens of the account's blocked cards, once more: the message path reads them with the account it locks.
    ADD COLUMN blocked_cards bytea[] NOT NULL DEFAULT '{}',
    -- The number of its last line in member_change.
    ADD COLUMN change_seq bigint NOT NULL DEFAULT 0
---
CREATE INDEX member_by_household ON member_account (program_id, household) WHERE household <> ''
---
ALTER TABLE card
    ADD COLUMN kind text NOT NULL DEFAULT 'main' CHECK (kind IN ('main', 'additional', 'gift')),
    -- Who holds it, in the bank's words, where that is not the member.
    ADD COLUMN holder text NOT NULL DEFAULT '',
    ADD COLUMN blocked boolean NOT NULL DEFAULT false,
    ADD COLUMN replaced_by bytea CHECK (length(replaced_by) = 33)
---
CREATE TABLE member_consent (
    bucket int NOT NULL,
    account_id bigint NOT NULL,
    consent text NOT NULL CHECK (consent <> ''),
    version text NOT NULL CHECK (version <> ''),
    given_at timestamptz NOT NULL,
    withdrawn_at timestamptz,
    PRIMARY KEY (bucket, account_id, consent),
    FOREIGN KEY (bucket, account_id) REFERENCES member_account (bucket, account_id)
)
---
-- Every change of a member or a card: who, when, what it was and what it is. Texts are JSON without card numbers.
CREATE TABLE member_change (
    bucket int NOT NULL,
    account_id bigint NOT NULL,
    -- The account's changes from 1, without gaps.
    change_seq bigint NOT NULL CHECK (change_seq > 0),
    changed_at timestamptz NOT NULL,
    changed_by text NOT NULL CHECK (changed_by <> ''),
    what text NOT NULL,
    before text NOT NULL,
    after text NOT NULL,
    PRIMARY KEY (bucket, account_id, change_seq),
    FOREIGN KEY (bucket, account_id) REFERENCES member_account (bucket, account_id)
)
---
-- Answers of the API by the caller's key. Key and request are kept as keyed hashes only: they may hold card numbers.
CREATE TABLE api_request (
    bank_id int NOT NULL REFERENCES bank,
    key_mac bytea NOT NULL CHECK (length(key_mac) = 32),
    request_mac bytea NOT NULL CHECK (length(request_mac) = 32),
    answered_at timestamptz NOT NULL,
    status int NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (bank_id, key_mac)
)
---
GRANT SELECT, INSERT ON member_change, api_request TO cobrand_gateway
---
GRANT SELECT, INSERT, UPDATE ON member_consent TO cobrand_gateway
---
GRANT UPDATE (status, body) ON api_request TO cobrand_gateway
---
GRANT UPDATE (blocked, replaced_by) ON card TO cobrand_gateway
