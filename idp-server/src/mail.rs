//! Mail: letters from the queue, to one person each, over TLS. It must not know why something is sent, and logs neither
//! address nor text.

pub mod deliver;
pub mod letters;
mod lines;
pub mod relay;
mod words;
