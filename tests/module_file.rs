//! The module as a file: what is loaded into sshd and sudo is small and brings nothing along.

use std::fs;
use std::path::PathBuf;

use crate::support::{run, setting, skip};

/// Stripped, in a release build.
const LARGEST: u64 = 600_000;

/// What glibc systems have, and libpam.
const MAY_NEED: [&str; 4] = ["libpam.so.0", "libgcc_s.so.1", "libc.so.6", "ld-linux-x86-64.so.2"];

fn module() -> Option<PathBuf> {
    let module = setting("TWOLATCH_PAM_MODULE").map(PathBuf::from);
    if module.is_none() {
        skip("no PAM module: build it and name the file in TWOLATCH_PAM_MODULE");
    }
    module
}

#[test]
fn it_exports_the_six_hooks_and_nothing_else() {
    let Some(module) = module() else { return };
    let symbols = run("nm", &["--dynamic", "--defined-only", "--format=just-symbols", module.to_str().unwrap()], "");
    let mut symbols: Vec<&str> = symbols.lines().collect();
    symbols.sort_unstable();
    let hooks = ["acct_mgmt", "authenticate", "chauthtok", "close_session", "open_session", "setcred"];
    assert_eq!(symbols, hooks.map(|hook| format!("pam_sm_{hook}")));
}

#[test]
fn it_stays_loaded_is_bound_at_load_and_needs_nothing_new() {
    let Some(module) = module() else { return };
    let dynamic = run("readelf", &["--dynamic", "--wide", module.to_str().unwrap()], "");
    let flags = dynamic.lines().find(|line| line.contains("(FLAGS_1)")).unwrap();
    assert!(flags.contains("NODELETE") && flags.contains("NOW"), "{flags}");
    for line in dynamic.lines().filter(|line| line.contains("(NEEDED)")) {
        assert!(MAY_NEED.iter().any(|name| line.contains(&format!("[{name}]"))), "{line}");
    }
}

#[test]
fn it_is_small() {
    let Some(module) = module() else { return };
    if !module.components().any(|part| part.as_os_str() == "release") {
        skip("the size counts in a release build of the PAM module only");
        return;
    }
    let size = fs::metadata(module).unwrap().len();
    assert!(size <= LARGEST, "{size} bytes");
}

#[test]
fn it_is_built_without_a_runtime_a_database_or_tls() {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let arguments = ["tree", "--offline", "--manifest-path", manifest, "-p", "pam-module", "-e", "normal"];
    let tree = run(env!("CARGO"), &[&arguments[..], &["--prefix", "none", "--format", "{p}"]].concat(), "");
    let crates: Vec<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(crates.contains(&"pam-bindings"), "{tree}");
    for unwanted in ["tokio", "sqlx", "sqlx-core", "libsqlite3-sys", "rustls", "aws-lc-rs", "reqwest", "tracing"] {
        assert!(!crates.contains(&unwanted), "{unwanted} is in the module:\n{tree}");
    }
}
