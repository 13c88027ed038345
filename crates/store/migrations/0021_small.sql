-- The birthday (month and day) that a purchase began with, where a rule asks for it.
ALTER TABLE purchase
    ADD COLUMN birthday text NOT NULL DEFAULT '' CHECK (birthday ~ '^([0-9]{2}-[0-9]{2})?$')
