-- Clearing files that were put aside are kept in mind as well, and purchases know what was charged back.
-- A constant default rewrites no row; a program that does not know the column leaves it as it is.
ALTER TABLE purchase ADD COLUMN charged_back_minor bigint NOT NULL DEFAULT 0
