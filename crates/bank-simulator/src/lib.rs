//! A bank for tests and the demo: seeded traffic over mutual TLS.
