//! The tests that need real servers: one binary, one module for each thing that is tested.
//!
//! `tests/run.sh` runs them with everything they need. By hand: `tests/machine.sh tests/postgres.sh cargo nextest run
//! --workspace -E 'binary(=e2e)'`, with `TWOLATCH_PAM_MODULE` naming the module that `cargo build -p pam-module` made.
//! What is missing is skipped, with a line that says so.

// `cfg(test)` is always set here; it tells the lints that these are tests, where a failure may panic.
#[cfg(test)]
mod account;
#[cfg(test)]
mod account_core;
#[cfg(test)]
mod acting;
#[cfg(test)]
mod admin;
#[cfg(test)]
mod admin_audit;
#[cfg(test)]
mod admin_clients;
#[cfg(test)]
mod admin_clients_new;
#[cfg(test)]
mod admin_import;
#[cfg(test)]
mod admin_link;
#[cfg(test)]
mod admin_overview;
#[cfg(test)]
mod admin_person;
#[cfg(test)]
mod admin_requests;
#[cfg(test)]
mod admin_security;
#[cfg(test)]
mod admin_settings;
#[cfg(test)]
mod admin_users;
#[cfg(test)]
mod alerts;
#[cfg(test)]
mod api_admin;
#[cfg(test)]
mod api_auth;
#[cfg(test)]
mod attacks;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod browser;
#[cfg(test)]
mod bulk;
#[cfg(test)]
mod bulk_kill;
#[cfg(test)]
mod certification;
#[cfg(test)]
mod cli;
#[cfg(test)]
mod clock;
#[cfg(test)]
mod command_line;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod core_rows;
#[cfg(test)]
mod doctor;
#[cfg(test)]
mod dump;
#[cfg(test)]
mod enabling;
#[cfg(test)]
mod exempting;
#[cfg(test)]
mod exempting_socket;
#[cfg(test)]
mod exempting_web;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod faults_ssh;
#[cfg(test)]
mod forward;
#[cfg(test)]
mod forward_ended;
#[cfg(test)]
mod governing;
#[cfg(test)]
mod holds;
#[cfg(test)]
mod host_clock;
#[cfg(test)]
mod host_enrol;
#[cfg(test)]
mod host_mail;
#[cfg(test)]
mod host_recovery;
#[cfg(test)]
mod host_setup;
#[cfg(test)]
mod import_command;
#[cfg(test)]
mod importing;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod kill;
#[cfg(test)]
mod known_attacks;
#[cfg(test)]
mod leaks;
#[cfg(test)]
mod libraries;
#[cfg(test)]
mod login_break_glass;
#[cfg(test)]
mod login_console;
#[cfg(test)]
mod login_devices;
#[cfg(test)]
mod login_host;
#[cfg(test)]
mod login_methods;
#[cfg(test)]
mod login_setup;
#[cfg(test)]
mod login_ssh;
#[cfg(test)]
mod login_ssh_exempting;
#[cfg(test)]
mod login_ssh_keys;
#[cfg(test)]
mod login_ssh_methods;
#[cfg(test)]
mod login_sudo_su;
#[cfg(test)]
mod login_web;
#[cfg(test)]
mod login_web_apps;
#[cfg(test)]
mod mail;
#[cfg(test)]
mod methods;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod migrating;
#[cfg(test)]
mod module_file;
#[cfg(test)]
mod moved_address;
#[cfg(test)]
mod notices;
#[cfg(test)]
mod oathtool;
#[cfg(test)]
mod oidc_assertions;
#[cfg(test)]
mod oidc_backchannel;
#[cfg(test)]
mod oidc_claims;
#[cfg(test)]
mod oidc_code_flow;
#[cfg(test)]
mod oidc_consent;
#[cfg(test)]
mod oidc_cors;
#[cfg(test)]
mod oidc_device;
#[cfg(test)]
mod oidc_dpop;
#[cfg(test)]
mod oidc_ended;
#[cfg(test)]
mod oidc_errors;
#[cfg(test)]
mod oidc_foreseen;
#[cfg(test)]
mod oidc_form_post;
#[cfg(test)]
mod oidc_happenings;
#[cfg(test)]
mod oidc_keys;
#[cfg(test)]
mod oidc_logo;
#[cfg(test)]
mod oidc_logout;
#[cfg(test)]
mod oidc_machine;
#[cfg(test)]
mod oidc_matrix;
#[cfg(test)]
mod oidc_par;
#[cfg(test)]
mod oidc_refresh;
#[cfg(test)]
mod oidc_registration;
#[cfg(test)]
mod oidc_relying_party;
#[cfg(test)]
mod oidc_requests;
#[cfg(test)]
mod oidc_restarted;
#[cfg(test)]
mod oidc_rows;
#[cfg(test)]
mod oidc_strangers;
#[cfg(test)]
mod oidc_tokens;
#[cfg(test)]
mod old_modules;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod pages_brand;
#[cfg(test)]
mod pages_language;
#[cfg(test)]
mod race;
#[cfg(test)]
mod race_accounts;
#[cfg(test)]
mod race_doors;
#[cfg(test)]
mod race_factors;
#[cfg(test)]
mod race_methods;
#[cfg(test)]
mod recovery_answers;
#[cfg(test)]
mod recovery_pages;
#[cfg(test)]
mod recovery_requests;
#[cfg(test)]
mod restore;
#[cfg(test)]
mod restore_core;
#[cfg(test)]
mod restore_web;
#[cfg(test)]
mod roster;
#[cfg(test)]
mod rude_clients;
#[cfg(test)]
mod soak;
#[cfg(test)]
mod ssh_tools;
#[cfg(test)]
mod stopping;
#[cfg(test)]
mod store;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tampering;
#[cfg(test)]
mod two_servers;
#[cfg(test)]
mod walk;
#[cfg(test)]
mod ways_in;
#[cfg(test)]
mod web_abuse;
