//! What people read. Every sentence stands in the catalogue (`locales/`), once per language, and is named by its key:
//! `t("login")`. It must not know where a text is shown.

use std::fmt;

use askama::filters::{Escaper, Html, HtmlSafe};

pub use self::language::Language;

mod catalogue;
mod language;
#[cfg(test)]
mod tests;

/// A text of the catalogue. Shown with `{}` or in a template, it is HTML: what is put into it has no markup there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    key: &'static str,
    language: Language,
    values: Vec<(&'static str, Value)>,
}

/// What is put into a text.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    /// As it is.
    Plain(String),
    /// As it is, and emphasised.
    Strong(String),
    /// Markup of our own.
    Html(String),
    /// By which the text may also choose between its forms.
    Number(u32),
}

/// The text with this key, in English until somebody's language is known: `frame.t` and `frame.say` do.
#[must_use]
pub const fn t(key: &'static str) -> Text {
    Text { key, language: Language::En, values: Vec::new() }
}

impl Text {
    /// In this language.
    #[must_use]
    pub fn in_language(self, language: Language) -> Self {
        Self { language, ..self }
    }

    /// With a name or another word in it.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "templates hand out values and references")]
    pub fn with(self, name: &'static str, value: impl ToString) -> Self {
        self.put(name, Value::Plain(value.to_string()))
    }

    /// With a word in it that stands out.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "templates hand out values and references")]
    pub fn strong(self, name: &'static str, value: impl ToString) -> Self {
        self.put(name, Value::Strong(value.to_string()))
    }

    /// With markup in it, such as a date.
    #[must_use]
    pub fn html(self, name: &'static str, value: impl HtmlSafe) -> Self {
        self.put(name, Value::Html(value.to_string()))
    }

    /// With a number in it.
    #[must_use]
    pub fn number(self, name: &'static str, value: u32) -> Self {
        self.put(name, Value::Number(value))
    }

    fn put(mut self, name: &'static str, value: Value) -> Self {
        self.values.push((name, value));
        self
    }

    /// For everything that is not HTML: mail, logs.
    #[must_use]
    pub fn plain(&self) -> String {
        let mut text = String::new();
        for piece in catalogue::pieces(self.language, self.key, &self.values) {
            match piece {
                Piece::Ours(part) => text.push_str(&part),
                Piece::Given(Value::Plain(part) | Value::Strong(part) | Value::Html(part)) => text.push_str(part),
                Piece::Given(Value::Number(number)) => text.push_str(&number.to_string()),
            }
        }
        text
    }
}

/// A part of a text that is filled in.
enum Piece<'v> {
    Ours(String),
    Given(&'v Value),
}

impl fmt::Display for Text {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in catalogue::pieces(self.language, self.key, &self.values) {
            match piece {
                Piece::Ours(part) => Html.write_escaped_str(&mut *to, &part)?,
                Piece::Given(Value::Plain(part)) => Html.write_escaped_str(&mut *to, part)?,
                Piece::Given(Value::Strong(part)) => {
                    to.write_str("<strong>")?;
                    Html.write_escaped_str(&mut *to, part)?;
                    to.write_str("</strong>")?;
                }
                Piece::Given(Value::Html(part)) => to.write_str(part)?,
                Piece::Given(Value::Number(number)) => write!(to, "{number}")?,
            }
        }
        Ok(())
    }
}

impl HtmlSafe for Text {}
