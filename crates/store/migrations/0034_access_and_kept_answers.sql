-- Whoever has signed in and shows once more who he is, is counted by himself: others who fail under his name do not keep
-- him from deciding.
ALTER TABLE staff_attempt DROP CONSTRAINT staff_attempt_kind_check
---
ALTER TABLE staff_attempt ADD CONSTRAINT staff_attempt_kind_check CHECK (kind IN ('name', 'network', 'proof'))
---
-- Kept answers of the API are removed when their time is over, by the console, some at a time.
CREATE INDEX staff_api_request_by_age ON staff_api_request (answered_at)
---
GRANT DELETE ON staff_api_request TO cobrand_console
