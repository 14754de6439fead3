//! A user's row: what stands in which column, and the mark over all of them.

use sqlx::Any;
use sqlx::any::AnyRow;

use Column::{Number, Text};

use crate::crypto::seal::Place;
use crate::id::Id;
use crate::secret::Secret;
use crate::store::row::{Column, Values, moment};
use crate::store::{Store, StoreError};
use crate::time::Timestamp;
use crate::user::User;

pub(super) const USER: [Column; 26] = [
    Text, Text, Text, Text, Text, Number, Text, Text, Text, Text, Number, Number, Text, Number, Number, Text, Number,
    Text, Number, Number, Text, Number, Number, Number, Number, Text,
];

/// The names of those and of the mark behind them.
pub(super) const NAMES: [&str; USER.len() + 1] = [
    "id",
    "name",
    "name_key",
    "email",
    "email_key",
    "email_verified_at",
    "role",
    "groups",
    "level",
    "methods",
    "shared_at",
    "disabled_at",
    "password",
    "must_change_at",
    "setup_until",
    "authenticators",
    "email_codes_at",
    "recovery",
    "recovery_due_at",
    "skipped",
    "language",
    "security_version",
    "created_at",
    "restricted_until",
    "email_held_until",
    "email_held_by",
    "mac",
];

/// A user's row as it will be stored: what is computed for it, and its mark.
pub(super) struct UserRow {
    groups: String,
    methods: Option<String>,
    authenticators: String,
    password: Option<String>,
    mark: String,
}

pub(super) fn user_row(store: &Store, user: &User) -> Result<UserRow, StoreError> {
    let unreadable = |_| StoreError::Value { table: "users", row: user.id.to_string() };
    let groups = serde_json::to_string(&user.groups).map_err(unreadable)?;
    let methods = user.methods.as_ref().map(serde_json::to_string).transpose().map_err(unreadable)?;
    let authenticators = serde_json::to_string(&user.authenticators).map_err(unreadable)?;
    let seal = |password: &Secret| {
        store
            .keys()
            .seal(store.entropy(), password_place(user.id.as_str()), password.expose().as_bytes())
            .map_err(|error| StoreError::Row { table: "users", row: user.id.to_string(), error })
    };
    let password = user.password.as_ref().map(seal).transpose()?;
    let values = vec![
        Some(user.id.to_string()),
        Some(user.name.to_string()),
        Some(user.name.key()),
        user.email.as_ref().map(ToString::to_string),
        user.email.as_ref().map(crate::user::Email::key),
        moment(user.email_verified_at),
        Some(user.role.to_string()),
        Some(groups.clone()),
        user.level.map(|level| level.to_string()),
        methods.clone(),
        moment(user.shared_at),
        moment(user.disabled_at),
        password.clone(),
        moment(user.must_change_at),
        moment(Some(user.setup_until)),
        Some(authenticators.clone()),
        moment(user.email_codes_at),
        user.recovery.as_ref().map(ToString::to_string),
        moment(user.recovery_due_at),
        Some(user.skipped.to_string()),
        user.language.clone(),
        Some(user.security_version.to_string()),
        moment(Some(user.created_at)),
        moment(user.restricted_until),
        moment(user.email_held_until),
        user.email_held_by.clone(),
    ];
    let mark = Values::of("users", values).mark(store);
    Ok(UserRow { groups, methods, authenticators, password, mark })
}

type Query<'q> = sqlx::query::Query<'q, Any, sqlx::any::AnyArguments>;

pub(super) fn bind_user<'q>(query: Query<'q>, user: &User, row: &UserRow) -> Query<'q> {
    query
        .bind(user.id.to_string())
        .bind(user.name.to_string())
        .bind(user.name.key())
        .bind(user.email.as_ref().map(ToString::to_string))
        .bind(user.email.as_ref().map(crate::user::Email::key))
        .bind(user.email_verified_at.map(Timestamp::unix))
        .bind(user.role.as_str())
        .bind(row.groups.clone())
        .bind(user.level.map(crate::policy::Level::as_str))
        .bind(row.methods.clone())
        .bind(user.shared_at.map(Timestamp::unix))
        .bind(user.disabled_at.map(Timestamp::unix))
        .bind(row.password.clone())
        .bind(user.must_change_at.map(Timestamp::unix))
        .bind(user.setup_until.unix())
        .bind(row.authenticators.clone())
        .bind(user.email_codes_at.map(Timestamp::unix))
        .bind(user.recovery.as_ref().map(ToString::to_string))
        .bind(user.recovery_due_at.map(Timestamp::unix))
        .bind(user.skipped)
        .bind(user.language.clone())
        .bind(user.security_version)
        .bind(user.created_at.unix())
        .bind(user.restricted_until.map(Timestamp::unix))
        .bind(user.email_held_until.map(Timestamp::unix))
        .bind(user.email_held_by.clone())
        .bind(row.mark.clone())
}

pub(super) fn read_user(store: &Store, row: &AnyRow) -> Result<User, StoreError> {
    let values = Values::read(store, "users", row, 0, &USER)?;
    let id = values.text(0)?;
    let password = values.maybe(12).map(|sealed| {
        let plain = store.keys().open(password_place(id), sealed).map_err(|error| StoreError::Row {
            table: "users",
            row: id.to_owned(),
            error,
        })?;
        String::from_utf8(plain.to_vec()).map(Secret::new).map_err(|_| values.unreadable())
    });
    Ok(User {
        id: Id::from_stored(id.to_owned()),
        name: values.parsed(1, |text| text.parse().ok())?,
        email: values.maybe_parsed(3, |text| text.parse().ok())?,
        email_verified_at: values.maybe_time(5)?,
        role: values.parsed(6, |text| text.parse().ok())?,
        groups: values.parsed(7, |text| serde_json::from_str(text).ok())?,
        level: values.maybe_parsed(8, |text| text.parse().ok())?,
        methods: values.maybe_parsed(9, |text| serde_json::from_str(text).ok())?,
        shared_at: values.maybe_time(10)?,
        disabled_at: values.maybe_time(11)?,
        password: password.transpose()?,
        must_change_at: values.maybe_time(13)?,
        setup_until: values.time(14)?,
        authenticators: values.parsed(15, |text| serde_json::from_str(text).ok())?,
        email_codes_at: values.maybe_time(16)?,
        recovery: values.maybe(17).map(|id| Id::from_stored(id.to_owned())),
        recovery_due_at: values.maybe_time(18)?,
        skipped: values.number(19)?,
        language: values.maybe(20).map(str::to_owned),
        security_version: values.number(21)?,
        created_at: values.time(22)?,
        restricted_until: values.maybe_time(23)?,
        email_held_until: values.maybe_time(24)?,
        email_held_by: values.maybe(25).map(str::to_owned),
    })
}

pub(in crate::store) const fn password_place(user: &str) -> Place<'_> {
    Place { table: "users", column: "password", row: user, owner: user }
}
