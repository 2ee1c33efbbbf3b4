//! Reading rows: a column that holds what we never write is an error with its place, not a guess.

use palisade_domain::{TenantId, Timestamp};
use sqlx::sqlite::SqliteRow;
use sqlx::{Decode, Row as _, Sqlite, Type};

use super::SqliteStore;
use crate::ReadError;

/// One row of `table`.
pub(super) struct Row<'a> {
    pub(super) store: &'a SqliteStore,
    pub(super) table: &'static str,
    pub(super) row: &'a SqliteRow,
}

impl<'a> Row<'a> {
    pub(super) fn get<T>(&self, column: &'static str) -> Result<T, ReadError>
    where
        T: Decode<'a, Sqlite> + Type<Sqlite>,
    {
        self.row.try_get(column).map_err(|error| self.store.fault(error).into())
    }

    pub(super) fn id(&self) -> Result<i64, ReadError> {
        self.get("id")
    }

    pub(super) fn tenant(&self) -> Result<TenantId, ReadError> {
        self.number("tenant").map(TenantId)
    }

    pub(super) fn time(&self, column: &'static str) -> Result<Timestamp, ReadError> {
        self.get(column).map(Timestamp)
    }

    /// A whole number of a narrower type than the column's.
    pub(super) fn number<T: TryFrom<i64>>(&self, column: &'static str) -> Result<T, ReadError> {
        let value: i64 = self.get(column)?;
        T::try_from(value).map_err(|_| self.bad(column, value.to_string()))
    }

    /// As [`Row::number`], where the column may be empty.
    pub(super) fn number_option<T: TryFrom<i64>>(
        &self,
        column: &'static str,
    ) -> Result<Option<T>, ReadError> {
        let value: Option<i64> = self.get(column)?;
        value.map(|value| T::try_from(value).map_err(|_| self.bad(column, value.to_string()))).transpose()
    }

    /// A word, read by `parse`.
    pub(super) fn word<T>(
        &self,
        column: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, ReadError> {
        let text: &str = self.get(column)?;
        parse(text).ok_or_else(|| self.bad(column, text.chars().take(64).collect()))
    }

    /// As [`Row::word`], where the column may be empty.
    pub(super) fn word_option<T>(
        &self,
        column: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, ReadError> {
        match self.get::<Option<&str>>(column)? {
            Some(_) => self.word(column, parse).map(Some),
            None => Ok(None),
        }
    }

    /// The error for a column that holds `value`.
    pub(super) fn bad(&self, column: &'static str, value: String) -> ReadError {
        ReadError::BadRecord { table: self.table, id: self.id().unwrap_or(0), column, value }
    }
}
