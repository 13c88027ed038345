-- Holds expire. The day on which one does, in the program's zone; empty: never, as for all that came before.
ALTER TABLE purchase
    ADD COLUMN hold_until date,
    DROP CONSTRAINT purchase_hold_check,
    ADD CONSTRAINT purchase_hold_check CHECK (hold IN ('none', 'held', 'released', 'expired'))
---
-- What the scheduler looks through: holds that still wait for a clearing.
CREATE INDEX purchase_by_hold_until ON purchase (hold_until) WHERE hold = 'held' AND cleared_minor < held_minor
