//! The texts of all languages, compiled into the program and read once. Whether they are complete is for a test: here
//! a text that is missing is taken from English, and shown as its key where English has none either.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};

use super::{Language, Piece, Value};

/// The files of a language, one per area.
macro_rules! files {
    ($language:literal) => {
        &[
            include_str!(concat!("../../locales/", $language, "/pages.ftl")),
            include_str!(concat!("../../locales/", $language, "/account.ftl")),
            include_str!(concat!("../../locales/", $language, "/said.ftl")),
            include_str!(concat!("../../locales/", $language, "/failures.ftl")),
            include_str!(concat!("../../locales/", $language, "/mail.ftl")),
            include_str!(concat!("../../locales/", $language, "/console.ftl")),
            include_str!(concat!("../../locales/", $language, "/rules.ftl")),
            include_str!(concat!("../../locales/", $language, "/exemptions.ftl")),
            include_str!(concat!("../../locales/", $language, "/people.ftl")),
            include_str!(concat!("../../locales/", $language, "/sight.ftl")),
            include_str!(concat!("../../locales/", $language, "/person.ftl")),
            include_str!(concat!("../../locales/", $language, "/moving.ftl")),
            include_str!(concat!("../../locales/", $language, "/apps.ftl")),
            include_str!(concat!("../../locales/", $language, "/clients.ftl")),
            include_str!(concat!("../../locales/", $language, "/tokens.ftl")),
        ]
    };
}

/// In place of the first value stands the first of these, which no text of ours has: so nothing that is put in can be
/// taken for a part of the text, and the other way round.
const FIRST_MARK: u32 = 0xE000;

type Bundle = FluentBundle<FluentResource>;

static ENGLISH: LazyLock<Bundle> = LazyLock::new(|| bundle(Language::En));
static INDONESIAN: LazyLock<Bundle> = LazyLock::new(|| bundle(Language::Id));

/// What stands in the files of a language.
pub(super) const fn sources(language: Language) -> &'static [&'static str] {
    match language {
        Language::En => files!("en"),
        Language::Id => files!("id"),
    }
}

fn bundle(language: Language) -> Bundle {
    let mut bundle = Bundle::new_concurrent(vec![language.tag().parse().unwrap_or_default()]);
    // Marks around each value would keep right-to-left words apart; screen readers and tests stumble over them.
    bundle.set_use_isolating(false);
    for source in sources(language) {
        // What cannot be read is left out.
        let file = FluentResource::try_new((*source).to_owned()).unwrap_or_else(|(file, _)| file);
        bundle.add_resource_overriding(file);
    }
    bundle
}

/// A text in its parts: ours, and what is put in.
pub(super) fn pieces<'v>(language: Language, key: &str, values: &'v [(&'static str, Value)]) -> Vec<Piece<'v>> {
    let marks = (FIRST_MARK..).filter_map(char::from_u32);
    let arguments: FluentArgs<'_> = values
        .iter()
        .zip(marks)
        .map(|((name, value), mark)| match value {
            Value::Number(number) => (*name, FluentValue::from(*number)),
            Value::Plain(_) | Value::Strong(_) | Value::Html(_) => (*name, FluentValue::from(mark.to_string())),
        })
        .collect();
    let text = format(language, key, &arguments);
    let given = |c: char| {
        let index = u32::from(c).checked_sub(FIRST_MARK)?;
        values.get(usize::try_from(index).ok()?).map(|(_, value)| Piece::Given(value))
    };
    let mut pieces = Vec::new();
    let mut ours = String::new();
    for c in text.chars() {
        if let Some(piece) = given(c) {
            pieces.push(Piece::Ours(std::mem::take(&mut ours)));
            pieces.push(piece);
        } else {
            ours.push(c);
        }
    }
    pieces.push(Piece::Ours(ours));
    pieces
}

fn format(language: Language, key: &str, arguments: &FluentArgs<'_>) -> String {
    let wanted = match language {
        Language::En => &ENGLISH,
        Language::Id => &INDONESIAN,
    };
    let found = [wanted, &ENGLISH].into_iter().find_map(|bundle| {
        let pattern = bundle.get_message(key)?.value()?;
        // A value that is missing shows as its name.
        Some(bundle.format_pattern(pattern, Some(arguments), &mut Vec::new()).into_owned())
    });
    found.unwrap_or_else(|| key.to_owned())
}
