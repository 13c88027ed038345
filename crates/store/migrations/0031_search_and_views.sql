-- By what staff look for a transaction, and the views of breaks that they keep for themselves.
-- All messages of a purchase; with the purchases of an account, all of a member.
CREATE INDEX message_by_purchase ON message (bucket, purchase_key) WHERE purchase_key IS NOT NULL
---
-- Of a local date by card, amount, authorization code or merchant. The date leads: rows are added at one end of the
-- index, and a search reads the entries of its days only.
CREATE INDEX message_by_local_day ON message ((local_time::date), last4, amount_minor, approval, card_acceptor, terminal)
---
CREATE TABLE saved_view (
    view_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner text NOT NULL REFERENCES staff_user,
    name text NOT NULL CHECK (btrim(name) <> '' AND char_length(name) <= 60),
    -- Which page: `breaks`.
    page text NOT NULL CHECK (page IN ('breaks')),
    -- The query of its address, written anew by us: names and values of known filters.
    query text NOT NULL CHECK (char_length(query) <= 1000),
    saved_at timestamptz NOT NULL,
    UNIQUE (owner, page, name)
)
---
GRANT SELECT, INSERT, UPDATE, DELETE ON saved_view TO cobrand_console
