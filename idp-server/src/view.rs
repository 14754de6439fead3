//! What is told of things as JSON: one shape each, for the command line and the admin API. It must not know who asks, and
//! holds no secret but where one is shown once.

pub mod client;
pub mod job;
pub mod overview;
pub mod policy;
pub mod request;
pub mod token;
pub mod user;
pub mod words;
