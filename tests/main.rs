//! The tests of whole flows: one binary, one module for each thing that is tested.

// `cfg(test)` is always set here; it tells the lints that these are tests, where a failure may panic.
#[cfg(test)]
mod oidc_code_flow;
#[cfg(test)]
mod oidc_errors;
#[cfg(test)]
mod oidc_requests;
#[cfg(test)]
mod provider;
