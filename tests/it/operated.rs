//! `nauthera serve` as a pod runs it: a real process that gets its configuration over gRPC from a client with the operator's certificate.

mod pod;
mod restart;
mod serving;
mod settings;
