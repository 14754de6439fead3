//! Twolatch's server: the verify service for hosts, the OpenID Connect provider, and the command line over both.
//!
//! A module uses those to its left: `text, csv, break_glass <- config, date <- trail, figures, counts, logos, state <- people_file,
//! import, person, view, web <- oidc, exports <- forward <- pages, api, hosts, metrics <- router <- listen <- mail, alerts, jobs <- cli`.

pub mod alerts;
pub mod api;
pub mod break_glass;
pub mod cli;
pub mod config;
pub mod counts;
pub mod csv;
pub mod date;
pub mod doctor;
pub mod exports;
pub mod fetch;
pub mod figures;
pub mod forward;
pub mod happenings;
pub mod hosts;
pub mod import;
pub mod jobs;
pub mod listen;
pub mod logos;
pub mod mail;
pub mod metrics;
pub mod oidc;
pub mod outgoing;
pub mod pages;
pub mod people_file;
pub mod person;
pub mod presets;
pub mod recent;
pub mod router;
pub mod rules;
pub mod stack;
pub mod state;
pub mod text;
pub mod trail;
pub mod view;
pub mod web;
pub mod wiring;
