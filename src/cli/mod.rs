//! One file a subcommand; wires the rooms together.
