//! What the OpenID Foundation's conformance suite asks of a provider, module by module: each test carries the name of its
//! module and asserts what that asks.

mod backchannel;
mod basic;
mod basic_client;
mod basic_request;
mod config;
mod fapi;
mod fapi_assertion;
mod fapi_authorize;
mod fapi_dpop;
mod fapi_par;
mod fapi_token;
mod form_post;
mod logout;
mod third_party;
