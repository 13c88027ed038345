-- Off-peak hours: the local time of a purchase; empty where no message told it, as for all that came before.
ALTER TABLE purchase ADD COLUMN purchase_time time
