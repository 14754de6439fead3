//! Reading rows whose every column is under a mark. It must know no table.

use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Store, StoreError};
use crate::time::Timestamp;

/// A column's type: there are but two.
#[derive(Clone, Copy)]
pub(super) enum Column {
    Text,
    Number,
}

/// The values of one marked row, as they are under its mark.
pub(super) struct Values {
    table: &'static str,
    texts: Vec<Option<String>>,
}

impl Values {
    /// Reads columns from position `start` on, then the mark behind them, and checks it. The row's key is its first
    /// column.
    pub(super) fn read(
        store: &Store,
        table: &'static str,
        row: &AnyRow,
        start: usize,
        columns: &[Column],
    ) -> Result<Self, StoreError> {
        let mut texts = Vec::with_capacity(columns.len());
        for (index, column) in (start..).zip(columns) {
            texts.push(match column {
                Column::Text => row.try_get::<Option<String>, _>(index)?,
                Column::Number => row.try_get::<Option<i64>, _>(index)?.map(|number| number.to_string()),
            });
        }
        let mark: String = row.try_get(start + columns.len())?;
        let values = Self { table, texts };
        store.keys().check_row(table, &values.borrowed(), &mark).map_err(|error| StoreError::Row {
            table,
            row: values.key(),
            error,
        })?;
        Ok(values)
    }

    /// The values that a new row will have, for making its mark.
    pub(super) const fn of(table: &'static str, texts: Vec<Option<String>>) -> Self {
        Self { table, texts }
    }

    /// The same with another text at a position.
    pub(super) fn with(mut self, index: usize, text: String) -> Self {
        if let Some(place) = self.texts.get_mut(index) {
            *place = Some(text);
        }
        self
    }

    pub(super) fn mark(&self, store: &Store) -> String {
        store.keys().mark_row(self.table, &self.borrowed())
    }

    fn borrowed(&self) -> Vec<Option<&str>> {
        self.texts.iter().map(Option::as_deref).collect()
    }

    fn key(&self) -> String {
        self.texts.first().cloned().flatten().unwrap_or_default()
    }

    /// The text at a position; absent is an error.
    pub(super) fn text(&self, index: usize) -> Result<&str, StoreError> {
        self.maybe(index).ok_or_else(|| self.unreadable())
    }

    /// The text at a position.
    pub(super) fn maybe(&self, index: usize) -> Option<&str> {
        self.texts.get(index).and_then(Option::as_deref)
    }

    pub(super) fn number(&self, index: usize) -> Result<i64, StoreError> {
        self.text(index)?.parse().map_err(|_| self.unreadable())
    }

    pub(super) fn time(&self, index: usize) -> Result<Timestamp, StoreError> {
        self.number(index).map(Timestamp::from_unix)
    }

    pub(super) fn maybe_time(&self, index: usize) -> Result<Option<Timestamp>, StoreError> {
        self.maybe(index).map(|_| self.time(index)).transpose()
    }

    /// The text at a position, parsed.
    pub(super) fn parsed<T>(&self, index: usize, parse: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
        parse(self.text(index)?).ok_or_else(|| self.unreadable())
    }

    /// The text at a position, parsed where there is one.
    pub(super) fn maybe_parsed<T>(
        &self,
        index: usize,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, StoreError> {
        self.maybe(index).map(|text| parse(text).ok_or_else(|| self.unreadable())).transpose()
    }

    pub(super) fn unreadable(&self) -> StoreError {
        StoreError::Value { table: self.table, row: self.key() }
    }
}

/// A moment as it is under a mark.
pub(super) fn moment(time: Option<Timestamp>) -> Option<String> {
    time.map(|time| time.unix().to_string())
}
