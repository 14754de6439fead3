//! What Twolatch's server, PAM module and command line share.
//!
//! Without features this is what the module needs: [`secret`], the [`reason`] codes, the [`wire`] messages and the one
//! parser of what a person types, [`typed`], with the alphabet of recovery codes, [`crockford`], and the form of the codes
//! that need no server, [`break_glass`]. Feature `store` adds the core itself. A module uses those to its left: `secret,
//! reason, wire, crockford, break_glass, typed, time, id, words <- crypto <- user, factor, policy, client <- grant, visit,
//! api_token, alert, letter, step <- store <- login`.

pub mod break_glass;
pub mod crockford;
pub mod reason;
pub mod secret;
pub mod typed;
pub mod wire;

#[cfg(feature = "store")]
pub mod alert;
#[cfg(feature = "store")]
pub mod api_token;
#[cfg(feature = "store")]
pub mod audit;
#[cfg(feature = "store")]
pub mod client;
#[cfg(feature = "store")]
pub mod consent;
#[cfg(feature = "store")]
pub mod crypto;
#[cfg(feature = "store")]
mod described;
#[cfg(feature = "store")]
pub mod device_grant;
#[cfg(feature = "store")]
pub mod door;
#[cfg(feature = "store")]
pub mod factor;
#[cfg(feature = "store")]
pub mod grant;
#[cfg(feature = "store")]
pub mod id;
#[cfg(feature = "store")]
pub mod letter;
#[cfg(feature = "store")]
pub mod login;
#[cfg(feature = "store")]
pub mod policy;
#[cfg(feature = "store")]
pub mod qr;
#[cfg(feature = "store")]
pub mod step;
#[cfg(feature = "store")]
pub mod store;
#[cfg(feature = "store")]
pub mod time;
#[cfg(feature = "store")]
pub mod user;
#[cfg(feature = "store")]
pub mod visit;
#[cfg(feature = "store")]
pub mod words;
