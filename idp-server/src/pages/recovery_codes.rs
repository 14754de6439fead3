//! Recovery codes and key as they are shown, once: the part `parts/recovery.html` of a page, and a file.

use twolatch_core::factor::recovery::grouped;
use twolatch_core::login::recover::NewSet;
use twolatch_core::secret::Secret;

use crate::text::{Language, t};

/// What the part shows, and where its forms go.
#[derive(Debug, Clone)]
pub struct RecoveryCodes {
    /// In groups, in the order of their numbers.
    pub codes: Vec<Secret>,
    /// In groups.
    pub key: Option<Secret>,
    /// Where it is confirmed that they are kept.
    pub action: String,
    /// Where they are had as a file.
    pub file: String,
    /// What the forms carry, where nothing else remembers it.
    pub draft: Option<String>,
}

impl RecoveryCodes {
    /// What is shown of a new set.
    #[must_use]
    pub fn of(set: &NewSet, action: String, file: String, draft: Option<String>) -> Self {
        Self { codes: set.codes.iter().map(grouped).collect(), key: set.key.as_ref().map(grouped), action, file, draft }
    }

    /// The text of the file.
    #[must_use]
    pub fn text(&self, organisation: &str, name: &str, language: Language) -> Secret {
        let head =
            t("account-recovery-file").in_language(language).with("name", name).with("organisation", organisation);
        let mut text = format!("{}\r\n{}\r\n", head.plain(), t("recovery-file-hint").in_language(language).plain());
        for code in self.codes.iter().chain(&self.key) {
            text.push_str("\r\n");
            text.push_str(code.expose());
        }
        text.push_str("\r\n");
        Secret::new(text)
    }

    /// An example, for tests.
    #[must_use]
    pub fn sample(action: &str, file: &str, draft: Option<&str>) -> Self {
        let code = |number: u8| Secret::new(format!("{number}ABCDE-FGHJKM-NPQRS{number}"));
        Self {
            codes: (0..10).map(code).collect(),
            key: Some(Secret::new("ABCDEF-GHJKMN-PQRSTV-WXYZ01-234567-890".to_owned())),
            action: action.to_owned(),
            file: file.to_owned(),
            draft: draft.map(str::to_owned),
        }
    }
}
