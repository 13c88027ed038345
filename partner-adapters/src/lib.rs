//! Partner transports. Knows no database.
