//! What all pages share.

pub mod error;
pub mod session;
