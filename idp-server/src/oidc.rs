//! The OpenID Connect provider: one endpoint, one file.
//!
//! A sign-in passes through them in this order: a client reads [`discovery`] and [`jwks`], and may push its request to
//! [`par`]; the browser comes to [`authorize`], which checks client, then redirect URI, then all else, and either sends an
//! answer back or has the person sign in and come back to [`authorize::resume`]; the client redeems the code at [`token`]
//! and may ask [`userinfo`]. In the end it sends the browser to sign out, which [`logout`] reads, and [`backchannel`] tells
//! it of every session that ends. Whether somebody has shown enough is decided in one place, [`gate::may_issue`], each time
//! something is about to be issued. Which other origins may read an answer says [`cors`].

pub mod access;
pub mod authorize;
pub mod backchannel;
pub mod client_auth;
pub mod client_keys;
pub mod cors;
pub mod device;
pub mod discovery;
mod document;
pub mod dpop;
pub mod error;
pub mod foresee;
pub mod form_post;
pub mod gate;
pub mod id_token;
pub mod introspect;
pub mod jose;
pub mod jwks;
pub mod logout;
pub mod par;
pub mod params;
pub mod pkce;
pub mod redirect;
pub mod register;
pub mod request_object;
pub mod revoke;
pub mod scope;
pub mod sign;
pub mod token;
pub mod told;
pub mod userinfo;

#[cfg(test)]
pub(crate) mod tests;
