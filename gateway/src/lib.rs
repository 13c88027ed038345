//! Everything that sees a PAN: TLS listener, sessions, imports, translation and the batcher.
