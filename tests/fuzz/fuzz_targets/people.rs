//! People as a table: nobody is there twice, every fault has its line, and who is read is read the same from what is
//! written.

#![no_main]

use std::collections::BTreeSet;
use std::sync::LazyLock;

use idp_server::{csv, people_file};
use libfuzzer_sys::fuzz_target;
use twolatch_core::user::User;

use crate::system::{NOW, System};

#[path = "../system.rs"]
mod system;

static SYSTEM: LazyLock<System> = LazyLock::new(System::new);

fuzz_target!(|text: &str| {
    let read = |text: &str| SYSTEM.runtime.block_on(people_file::read(&SYSTEM.app, text, true, NOW)).unwrap();
    match read(text) {
        Ok(entries) => {
            let names: BTreeSet<String> = entries.iter().map(|entry| entry.user.name.key()).collect();
            assert!(!names.is_empty() && names.len() == entries.len(), "somebody is there twice");
            assert!(!names.contains("alice") && !names.contains("bob"), "nobody is changed by a file");
            let written: String = entries.iter().map(|entry| line_of(&entry.user)).collect();
            let again = read(&(people_file::head() + &written)).expect("they were read before");
            assert_eq!(again.iter().map(|entry| line_of(&entry.user)).collect::<String>(), written);
        }
        Err(faults) => {
            assert!(!faults.is_empty() && faults.len() <= 100);
            assert!(faults.is_sorted_by_key(|fault| fault.line));
        }
    }
});

fn line_of(user: &User) -> String {
    let groups: Vec<&str> = user.groups.iter().map(|group| group.as_str()).collect();
    let (email, level) = (user.email.as_ref(), user.level.map(|level| level.as_str()));
    let email = email.map_or("", |email| email.as_str());
    csv::line([user.name.as_str(), email, user.role.as_str(), &groups.join(";"), level.unwrap_or_default()])
}
