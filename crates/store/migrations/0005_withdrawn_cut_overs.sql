-- Cut-overs that an operator withdrew: the row of `bank_window` as it was, when it went, and who said so. A date that was
-- withdrawn may be opened again by a later message.
CREATE TABLE bank_window_withdrawal (
    bank_id int NOT NULL REFERENCES bank,
    bank_date date NOT NULL,
    closed_date date NOT NULL,
    cut_at timestamptz NOT NULL,
    withdrawn_at timestamptz NOT NULL,
    withdrawn_by text NOT NULL CHECK (withdrawn_by <> ''),
    -- What carried the date since the cut-over and stays in its window.
    messages bigint NOT NULL,
    totals bigint NOT NULL,
    PRIMARY KEY (bank_id, bank_date, cut_at)
)
