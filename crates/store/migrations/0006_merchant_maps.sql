-- Every text of the merchant map that was ever in force, by its content hash. Explanations name the first digits.
CREATE TABLE merchant_map_version (
    map_hash bytea PRIMARY KEY CHECK (length(map_hash) = 32),
    body text NOT NULL
)
---
-- From when on it was in force, as the first process that took messages under it says. A map may come back.
CREATE TABLE merchant_map_in_force (
    in_force_at timestamptz NOT NULL,
    map_hash bytea NOT NULL REFERENCES merchant_map_version,
    PRIMARY KEY (in_force_at, map_hash)
)
---
GRANT SELECT ON merchant_map_version, merchant_map_in_force TO cobrand_gateway
