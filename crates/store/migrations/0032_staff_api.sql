-- What a token may do besides reading. It is called something, so that its owner knows which one to take back.
ALTER TABLE staff_token
    ADD COLUMN label text NOT NULL DEFAULT '' CHECK (length(label) <= 64),
    ADD COLUMN may text NOT NULL DEFAULT 'read' CHECK (may IN ('read', 'propose', 'decide')),
    -- Whoever finds a key that decides shall find it expired.
    ADD CONSTRAINT staff_token_decides_for_a_day CHECK (may <> 'decide' OR expires_at <= made_at + interval '24 hours')
---
-- The changes of the API by their Idempotency-Key: each row is written by the transaction of its change, with the answer.
CREATE TABLE staff_api_request (
    by text NOT NULL REFERENCES staff_user,
    -- Hashes only: of the key, and of operation, address and body.
    key_sha256 bytea NOT NULL CHECK (length(key_sha256) = 32),
    request_sha256 bytea NOT NULL CHECK (length(request_sha256) = 32),
    answered_at timestamptz NOT NULL,
    status int NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (by, key_sha256)
)
---
GRANT SELECT, INSERT ON staff_api_request TO cobrand_console
---
GRANT UPDATE (status, body) ON staff_api_request TO cobrand_console
