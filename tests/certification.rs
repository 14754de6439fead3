//! What the OpenID Foundation's conformance suite asks of a provider, module by module: each test carries the name of its
//! module and asserts what that asks.

mod fapi;
mod fapi_assertion;
mod fapi_authorize;
mod fapi_dpop;
mod fapi_par;
mod fapi_token;
