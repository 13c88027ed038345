-- What the pages of a year ask for. The start page says which corrections wait for a second person.
GRANT SELECT ON correction_run TO cobrand_console
