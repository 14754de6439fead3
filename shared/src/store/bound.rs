//! Statements whose text depends on what is asked. The text is made of our own constants and placeholders; every value is
//! bound.

use std::fmt::Write;

use sqlx::any::AnyArguments;
use sqlx::{Any, query::Query};

use super::location::Location;
use super::row::Column;

#[cfg(test)]
mod tests;

/// Values looked up by one statement.
pub(super) const AT_ONCE: usize = 500;

/// The values of a statement, in the order of its placeholders.
#[derive(Default)]
pub(super) struct Bound(Vec<Value>);

enum Value {
    Text(String),
    Number(i64),
}

impl Bound {
    /// Takes a text; answers its placeholder.
    pub(super) fn text(&mut self, text: impl Into<String>) -> String {
        self.push(Value::Text(text.into()))
    }

    /// Takes texts; answers their placeholders for `IN`.
    pub(super) fn texts(&mut self, texts: impl IntoIterator<Item = impl Into<String>>) -> String {
        texts.into_iter().map(|text| self.text(text)).collect::<Vec<_>>().join(", ")
    }

    /// Takes a number; answers its placeholder.
    pub(super) fn number(&mut self, number: i64) -> String {
        self.push(Value::Number(number))
    }

    fn push(&mut self, value: Value) -> String {
        self.0.push(value);
        format!("${}", self.0.len())
    }

    /// A statement with its values.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place for texts that are put together: of constants, as above"
    )]
    pub(super) fn query<'q>(self, text: String) -> Query<'q, Any, AnyArguments> {
        let query = sqlx::query(sqlx::AssertSqlSafe(text));
        self.0.into_iter().fold(query, |query, value| match value {
            Value::Text(text) => query.bind(text),
            Value::Number(number) => query.bind(number),
        })
    }
}

/// The placeholders of many rows, for `VALUES`; they are the first of their statement. PostgreSQL asks for the type of a
/// column whose nulls stand beside values. SQLite looks up each placeholder that has a name among all names: there they
/// have none.
pub(super) fn rows(location: &Location, columns: &[Column], count: usize) -> String {
    let mut rows = String::new();
    for (index, column) in std::iter::repeat_n(columns, count).flatten().enumerate() {
        let before = match index {
            0 => "(",
            _ if index % columns.len() == 0 => "), (",
            _ => ", ",
        };
        let kind = match column {
            Column::Text => "TEXT",
            Column::Number => "BIGINT",
        };
        // Writing to a text cannot fail.
        let _ = match location {
            Location::Sqlite(_) => write!(rows, "{before}?"),
            Location::Postgres(_) => write!(rows, "{before}CAST(${} AS {kind})", index + 1),
        };
    }
    rows + ")"
}

/// All of them in parts of 64, then of as many eights as there are, then the rest: however many come, there are few texts of
/// a statement, and a database keeps what it has made of each.
pub(super) fn in_eights<T>(mut all: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = match all.len() {
            0 => return None,
            few @ ..8 => few,
            many => many.min(64) / 8 * 8,
        };
        let (part, rest) = all.split_at(size);
        all = rest;
        Some(part)
    })
}
