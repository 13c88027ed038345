-- Who may do what. A user is a person of the staff, with roles, or one of a partner's people, who sees that partner's own
-- rows and has no role: the key of staff_role holds that.
ALTER TABLE staff_user
    ADD COLUMN partner_id int REFERENCES partner,
    ADD COLUMN is_staff boolean NOT NULL GENERATED ALWAYS AS (partner_id IS NULL) STORED,
    -- Counts up with every change of password, roles, lock or second factor. A session counts under the number with which
    -- it began, and under no other.
    ADD COLUMN access_version int NOT NULL DEFAULT 1,
    ADD CONSTRAINT staff_user_kind UNIQUE (name, is_staff)
---
CREATE TABLE staff_role (
    name text NOT NULL,
    is_staff boolean NOT NULL DEFAULT true CHECK (is_staff),
    role text NOT NULL CHECK (role IN ('viewer', 'reconciler', 'approver', 'program_manager', 'auditor', 'administrator')),
    PRIMARY KEY (name, role),
    FOREIGN KEY (name, is_staff) REFERENCES staff_user (name, is_staff)
)
---
-- Whoever could do everything keeps what he could do.
INSERT INTO staff_role (name, role)
    SELECT name, role FROM staff_user, unnest(ARRAY['viewer', 'reconciler', 'approver', 'program_manager']) AS role
---
-- The secret of an authenticator, sealed with a key that no table has. It counts once its owner has confirmed it by a code.
CREATE TABLE staff_second_factor (
    name text PRIMARY KEY REFERENCES staff_user,
    sealed bytea NOT NULL,
    confirmed_at timestamptz,
    -- The time step of the last code that counted: neither it nor an earlier one counts again.
    last_step bigint NOT NULL DEFAULT 0
)
---
-- Failed sign-ins by name and by network, whether anybody has that name or not. Rows of the past are taken out.
CREATE TABLE staff_attempt (
    kind text NOT NULL CHECK (kind IN ('name', 'network')),
    subject text NOT NULL,
    failures int NOT NULL CHECK (failures > 0),
    last_at timestamptz NOT NULL,
    PRIMARY KEY (kind, subject)
)
---
CREATE INDEX staff_attempt_by_age ON staff_attempt (last_at)
---
GRANT SELECT ON staff_role TO cobrand_console
---
GRANT SELECT, INSERT, UPDATE, DELETE ON staff_second_factor, staff_attempt TO cobrand_console
---
GRANT UPDATE (access_version) ON staff_user TO cobrand_console
