-- What people changed: who, what, on which object, how it was before and after. Each row is added by the transaction of
-- its change; no row ever changes or goes.
CREATE TABLE audit_entry (
    entry_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- The clock of the database.
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- A user's name; `operator` where somebody with the configuration acted without one; of a failed sign-in the name
    -- that was given.
    by text NOT NULL CHECK (by <> ''),
    what text NOT NULL CHECK (what <> ''),
    object_kind text NOT NULL CHECK (object_kind <> ''),
    object text NOT NULL,
    before jsonb,
    after jsonb,
    note text NOT NULL
)
---
CREATE INDEX audit_entry_by_person ON audit_entry (by, entry_id)
---
CREATE INDEX audit_entry_by_object ON audit_entry (object_kind, object, entry_id)
---
CREATE INDEX audit_entry_by_what ON audit_entry (what, entry_id)
---
CREATE INDEX audit_entry_by_time ON audit_entry (at, entry_id)
---
-- The chain: each seal's hash covers the entry and the hash before it. Entries are sealed after their commit, so that no
-- transaction waits for another one's place.
CREATE TABLE audit_seal (
    place bigint PRIMARY KEY CHECK (place > 0),
    -- No key refers to the entry: its check would ask for a right to change it, which nobody has.
    entry_id bigint NOT NULL UNIQUE,
    previous_hash bytea NOT NULL CHECK (length(previous_hash) = 32),
    hash bytea NOT NULL CHECK (length(hash) = 32)
)
---
-- The entries that wait for their seal.
CREATE TABLE audit_unsealed (
    entry_id bigint PRIMARY KEY
)
---
CREATE FUNCTION audit_waits_for_its_seal() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO audit_unsealed (entry_id) VALUES (NEW.entry_id);
    RETURN NULL;
END
$$
---
CREATE TRIGGER audit_entry_waits AFTER INSERT ON audit_entry FOR EACH ROW EXECUTE FUNCTION audit_waits_for_its_seal()
---
CREATE FUNCTION audit_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% refuses %: what people did is never changed and never taken out', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END
$$
---
CREATE TRIGGER audit_entry_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_only_grows()
---
CREATE TRIGGER audit_seal_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_seal
    FOR EACH STATEMENT EXECUTE FUNCTION audit_only_grows()
---
-- Not even the owner of the tables; and the triggers stop a superuser.
REVOKE UPDATE, DELETE, TRUNCATE ON audit_entry, audit_seal FROM PUBLIC, CURRENT_USER
---
GRANT SELECT, INSERT ON audit_entry, audit_seal TO cobrand_console
---
-- Changes of members that staff make run as this role.
GRANT INSERT ON audit_entry TO cobrand_gateway
---
GRANT SELECT, DELETE ON audit_unsealed TO cobrand_console
