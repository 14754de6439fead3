//! What programs of our own people ask in JSON: one endpoint, one file. No cookie counts, and no other origin is allowed
//! (CORS). It must not decide anything about logins.

pub mod admin;
pub mod auth;
mod body;
mod refusal;
