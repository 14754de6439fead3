//! The words that values are written in, for the description of the admin API. It must not know the values' meaning.

use twolatch_core::api_token::Scope;
use twolatch_core::door::Door;
use twolatch_core::factor::Kind;
use twolatch_core::policy::{Level, RecoveryKept, StatusWord};
use twolatch_core::store::jobs::Action;
use twolatch_core::user::Role;
use utoipa::openapi::schema::{ArrayBuilder, Object, ObjectBuilder, Schema, SchemaType, Type};

/// One of some words.
#[must_use]
pub fn one_of<const N: usize>(words: [&'static str; N]) -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).build()
}

fn one_of_or_none(words: impl IntoIterator<Item = &'static str>) -> Schema {
    let words = words.into_iter().map(Some).chain([None]).collect::<Vec<_>>();
    let kinds = SchemaType::from_iter([Type::String, Type::Null]);
    Schema::Object(ObjectBuilder::new().schema_type(kinds).enum_values(Some(words)).build())
}

/// A role.
#[must_use]
pub fn role() -> Object {
    one_of(Role::ALL.map(Role::as_str))
}

/// How much is asked.
#[must_use]
pub fn level() -> Object {
    one_of(Level::ALL.map(Level::as_str))
}

/// The same, or nothing.
#[must_use]
pub fn level_or_none() -> Schema {
    one_of_or_none(Level::ALL.map(Level::as_str))
}

/// A door.
#[must_use]
pub fn door() -> Object {
    one_of(Door::ALL.map(Door::as_str))
}

/// A scope.
#[must_use]
pub fn scope() -> Object {
    one_of(Scope::ALL.map(Scope::as_str))
}

/// How a second factor stands.
#[must_use]
pub fn status() -> Object {
    one_of([StatusWord::Pending, StatusWord::Activated, StatusWord::Disabled].map(StatusWord::as_str))
}

/// The same, where it is asked for.
#[must_use]
pub fn status_asked() -> Object {
    one_of(["pending", "activated", "disabled"])
}

/// Methods.
#[must_use]
pub fn methods() -> Schema {
    Schema::Array(ArrayBuilder::new().items(one_of(Kind::METHODS.map(Kind::as_str))).build())
}

/// The same, or nothing.
#[must_use]
pub fn methods_or_none() -> Schema {
    let kinds = SchemaType::from_iter([Type::Array, Type::Null]);
    Schema::Array(ArrayBuilder::new().schema_type(kinds).items(one_of(Kind::METHODS.map(Kind::as_str))).build())
}

/// What is kept for the day on which everything else is lost.
#[must_use]
pub fn recovery() -> Object {
    one_of(RecoveryKept::ALL.map(RecoveryKept::as_str))
}

/// Something that is done to many people.
#[must_use]
pub fn action() -> Object {
    one_of(Action::ALL.map(Action::as_str))
}
