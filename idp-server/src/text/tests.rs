use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::*;

/// Every message of a language, with the names of what is put into it.
fn messages(language: Language) -> BTreeMap<String, BTreeSet<String>> {
    let mut all = BTreeMap::<String, BTreeSet<String>>::new();
    for source in catalogue::sources(language) {
        let read = fluent_bundle::FluentResource::try_new((*source).to_owned());
        assert!(read.is_ok(), "{language:?}: {:?}", read.unwrap_err().1);
        let mut key = String::new();
        for line in source.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if line.starts_with(|c: char| c.is_ascii_lowercase()) {
                key = line.split_once(" = ").unwrap().0.to_owned();
                assert!(all.insert(key.clone(), BTreeSet::new()).is_none(), "{language:?}: {key} is there twice");
            }
            let names = line.split('$').skip(1).map(|rest| rest.split([' ', '}']).next().unwrap().to_owned());
            all.entry(key.clone()).or_default().extend(names);
        }
    }
    all
}

/// The keys that templates and handlers name, with the file.
fn used(folder: &Path, keys: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            used(&path, keys);
        } else if path.file_name().unwrap() != "tests.rs" {
            let text = fs::read_to_string(&path).unwrap();
            let mut rest = text.as_str();
            while let Some((before, after)) = rest.split_once("t(\"") {
                // Not `insert("`.
                if !before.ends_with(|c: char| c.is_alphanumeric() || c == '_') {
                    let key = after.split('"').next().unwrap();
                    keys.insert(key.to_owned(), path.display().to_string());
                }
                rest = after;
            }
        }
    }
}

#[test]
fn every_language_has_every_text_with_the_same_values() {
    let english = messages(Language::En);
    assert!(english.len() > 100);
    for language in Language::ALL {
        assert_eq!(messages(language), english, "{language:?}");
        let texts = catalogue::sources(language).concat();
        assert!(!texts.contains('<'), "{language:?}: no markup in the catalogue");
        assert!(!texts.contains(|c| ('\u{e000}'..='\u{f8ff}').contains(&c)), "{language:?}: no marks of ours");
    }
}

#[test]
fn every_text_is_used_and_every_text_that_is_used_is_there() {
    let mut keys = BTreeMap::new();
    for folder in ["src", "templates"] {
        used(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut keys);
    }
    let there = messages(Language::En);
    for (key, file) in &keys {
        assert!(there.contains_key(key), "{file}: there is no text {key:?}");
    }
    for key in there.keys() {
        assert!(keys.contains_key(key), "nothing uses the text {key:?}");
    }
}

#[test]
fn what_is_put_in_is_never_obeyed() {
    let hostile = "</strong>{ $name }\u{e000}\"&";
    let text = t("code-lead").in_language(Language::Id).strong("name", hostile);
    let escaped = "&#60;/strong&#62;{ $name }\u{e000}&#34;&#38;";
    let (before, after) = ("Aplikasi autentikator Anda menampilkan enam angka untuk ", ".");
    assert_eq!(text.to_string(), format!("{before}<strong>{escaped}</strong>{after}"));
    assert_eq!(text.plain(), format!("{before}{hostile}{after}"));
    assert_eq!(t("code-not-you").with("name", "<b>").to_string(), "Not &#60;b&#62;?");
    let said = t("title-error").html("title", t("code-not-you").with("name", "<b>"));
    assert_eq!(said.to_string(), "Error: Not &#60;b&#62;?");
    assert_eq!(
        t("weak-short").number("least", 8).to_string(),
        "The password is too short: it needs at least 8 characters."
    );
}

#[test]
fn a_text_that_is_missing_shows_and_harms_nothing() {
    assert_eq!(t("there-is-no-such-text").in_language(Language::Id).to_string(), "there-is-no-such-text");
    assert_eq!(t("code-not-you").plain(), "Not {$name}?");
}
