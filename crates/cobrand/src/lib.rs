//! The co-branded card loyalty gateway: one binary, roles as subcommands.
