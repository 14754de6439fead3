//! The configuration file: every fault is one line and names the file; what is taken over is safe to serve with, and is read
//! the same when it is written.

#![no_main]

use std::path::Path;

use idp_server::config::{Config, Raw};
use libfuzzer_sys::fuzz_target;
use twolatch_core::policy::Level;

fuzz_target!(|text: &str| {
    let path = Path::new("fuzz.toml");
    let raw = toml::from_str::<Raw>(text);
    if raw.as_ref().is_ok_and(opens_files) {
        return;
    }
    match Config::parse(path, text) {
        Ok(config) => {
            let loopback = config.listen.ip().is_loopback();
            assert!(config.tls.is_some() || !config.trusted_proxies.is_empty() || loopback, "passwords are readable");
            assert!(config.issuer.starts_with(if config.is_https() { "https://" } else { "http://" }));
            assert!(config.password.is_within_bounds());
            assert!(!config.locked || config.initial == Level::Required);
            let written = toml::to_string(&raw.expect("it was read")).unwrap();
            let again = Config::parse(path, &written).expect("it was one before");
            let shown = |config: &Config| format!("{:?}", Config { settings: Vec::new(), ..config.clone() });
            assert_eq!(shown(&again), shown(&config));
        }
        Err(error) => assert!(error.to_string().starts_with("config fuzz.toml:"), "{error}"),
    }
});

/// What a file names may be a device that never ends.
fn opens_files(raw: &Raw) -> bool {
    raw.database_url_file.is_some()
        || raw.pages.logo.is_some()
        || raw.mail.as_ref().is_some_and(|mail| mail.url_file.is_some())
        || raw.alerts.as_ref().is_some_and(|alerts| alerts.webhook_secret_file.is_some())
}
