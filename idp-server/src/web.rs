//! What all pages and protocol endpoints share: addresses, cookies, forms, headers, errors. It must not know any one
//! page.

pub mod accent;
pub mod agent;
pub mod app_logo;
pub mod assets;
pub mod browser;
pub mod cookie;
pub mod csrf;
pub mod error;
pub mod failure;
pub mod form;
pub mod frame;
pub mod guard;
pub mod headers;
pub mod language;
pub mod notice;
pub mod parcel;
pub mod path;
pub mod request;
pub mod session;
pub mod stream;
