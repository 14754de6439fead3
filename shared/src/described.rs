//! How values look that are of several kinds, for descriptions: the derive makes an object of whatever has a comment there.

use utoipa::openapi::schema::{Object, ObjectBuilder, Type};

/// Whom an exemption is for.
pub(crate) fn subject() -> Object {
    kind("kind", ["user", "group", "role"]).property("name", text()).required("name").build()
}

/// The rule or exemption that decided; what it is of, where it is not for everybody.
pub(crate) fn because() -> Object {
    let words = ["lock", "organisation", "role", "group", "person", "door", "client", "exemption"];
    kind("rule", words).property("of", text()).build()
}

fn kind<const N: usize>(name: &str, words: [&'static str; N]) -> ObjectBuilder {
    ObjectBuilder::new().property(name, text().enum_values(Some(words))).required(name)
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}
