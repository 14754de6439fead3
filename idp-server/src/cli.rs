//! The command line: each noun is a file of its own.

pub mod client;
