-- The birthday (month and day) that a purchase began with, where a rule asks for it.
ALTER TABLE purchase
    ADD COLUMN birthday text NOT NULL DEFAULT '' CHECK (birthday ~ '^([0-9]{2}-[0-9]{2})?$')
---
-- What each authorization of a purchase holds: `<message>=<minor units>;...`, the message that opened it left out. Of
-- purchases of before it is not known.
ALTER TABLE purchase
    ADD COLUMN authorized text NOT NULL DEFAULT '',
    DROP CONSTRAINT purchase_hold_check,
    ADD CONSTRAINT purchase_hold_check CHECK (hold IN ('none', 'held', 'released', 'expired', 'reversed'))
