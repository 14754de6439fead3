//! Recovery codes and key as they are shown, once: on a page, at sign-in and from the own account, and as a file.

use askama::Template;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use twolatch_core::factor::recovery::grouped;
use twolatch_core::login::recover::NewSet;
use twolatch_core::secret::Secret;
use twolatch_core::time::Timestamp;

use super::said::Said;
use crate::date;
use crate::text::{Language, Text, t};
use crate::web::frame::Frame;
use crate::web::notice::Notice;

/// The name under which the file is kept: nobody's name is in it.
const FILE: &str = "attachment; filename=\"twolatch-recovery-codes.txt\"";

/// The field by which somebody says that they are kept.
pub const SAVED: &str = "saved";

/// The page.
#[derive(Debug, Template)]
#[template(path = "recovery_codes.html")]
pub struct RecoveryCodesPage {
    /// Its frame.
    pub frame: Frame,
    /// What is shown.
    pub kept: Kept,
    /// Where its forms go.
    pub forms: Forms,
    /// What is said about the last try.
    pub said: Said,
}

/// Where the forms of the page go, and what they carry.
#[derive(Debug, Clone)]
pub struct Forms {
    /// Where it is confirmed that they are kept.
    pub confirm: String,
    /// Where they are had as a file.
    pub file: String,
    /// What the forms carry, where nothing else remembers it.
    pub draft: Option<String>,
}

/// What is shown, as people read it.
#[derive(Debug, Clone)]
pub struct Kept {
    codes: Vec<Secret>,
    key: Option<Secret>,
    made: Timestamp,
}

impl Kept {
    /// Of a new set.
    #[must_use]
    pub fn of(set: &NewSet) -> Self {
        Self { codes: set.codes.iter().map(grouped).collect(), key: set.key.as_ref().map(grouped), made: set.began }
    }

    /// Everything as a file: whose they are, since when, and how to treat them.
    #[must_use]
    pub fn file(&self, organisation: &str, name: &str, language: Language) -> Response {
        let head: [(HeaderName, HeaderValue); 3] = [
            (header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")),
            (header::CONTENT_DISPOSITION, HeaderValue::from_static(FILE)),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        (head, self.text(organisation, name, language).expose().to_owned()).into_response()
    }

    fn text(&self, organisation: &str, name: &str, language: Language) -> Secret {
        let say = |key: Text| key.in_language(language).plain();
        let mut lines = vec![
            say(t("recovery-file").with("organisation", organisation)),
            say(t("recovery-file-name").with("name", name)),
            say(t("recovery-file-made").with("when", date::minute(self.made, language))),
        ];
        if !self.codes.is_empty() {
            lines.extend([String::new(), say(t("recovery-file-codes"))]);
            lines.extend(self.codes.iter().map(|code| format!("  {}", code.expose())));
        }
        if let Some(key) = &self.key {
            lines.extend([String::new(), say(t("recovery-file-key")), format!("  {}", key.expose())]);
        }
        lines.extend([String::new(), say(t("recovery-once")), say(t("recovery-warning")), String::new()]);
        // Programs that know no other end of line still open such files.
        Secret::new(lines.join("\r\n"))
    }

    fn sample(codes: bool, key: bool) -> Self {
        let code = |number: u8| Secret::new(format!("{number}ABCDE-FGHJKM-NPQRS7"));
        let long = "ABCDEF-GHJKMN-PQRSTV-WXYZ01-234567-89A";
        Self {
            codes: if codes { (0..10).map(code).collect() } else { Vec::new() },
            key: key.then(|| Secret::new(long.to_owned())),
            made: Timestamp::from_unix(1_772_611_200),
        }
    }
}

impl RecoveryCodesPage {
    /// Examples, for tests.
    #[must_use]
    pub fn samples(frame: &Frame) -> Vec<Self> {
        let (links, draft) = (&frame.links, Some("k.sealed".to_owned()));
        let at_login = Forms { confirm: links.login_recovery(), file: links.login_recovery_file(), draft: None };
        let in_account = Forms { confirm: links.account_recovery(), file: links.account_recovery_file(), draft };
        let page = |codes: bool, key: bool, said: Option<Notice>| Self {
            frame: frame.clone(),
            kept: Kept::sample(codes, key),
            forms: at_login.clone(),
            said: said.into(),
        };
        vec![
            page(true, false, None),
            page(false, true, None),
            page(true, true, Some(Notice::NotKept)),
            Self { forms: in_account, ..page(true, false, None) },
        ]
    }
}
