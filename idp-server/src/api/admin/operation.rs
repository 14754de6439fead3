//! The operations of the admin API as its description has them. What is not written down there is not done.

use serde_json::Value;
use twolatch_core::api_token::Scope;
use utoipa::openapi::OpenApi as Document;

/// An operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Its path, with names in braces.
    pub path: String,
    /// Its method, in capitals.
    pub method: String,
    /// What a token needs; nothing where it is open to everybody, or where nobody may.
    pub scope: Option<Scope>,
    /// Whether it is open to everybody.
    pub is_open: bool,
    /// Whether something is read from the query.
    pub has_query: bool,
    /// Whether `If-Match` is needed.
    pub replaces: bool,
}

/// All of them.
#[must_use]
pub fn all(document: &Document) -> Vec<Operation> {
    let value = serde_json::to_value(document).unwrap_or_default();
    let paths = value.get("paths").and_then(Value::as_object).into_iter().flatten();
    let each = paths.flat_map(|(path, item)| {
        let methods = item.as_object().into_iter().flatten();
        methods.map(move |(method, operation)| read(path, method, operation))
    });
    each.collect()
}

fn read(path: &str, method: &str, operation: &Value) -> Operation {
    let security = operation.get("security").and_then(Value::as_array);
    let scopes = security.into_iter().flatten().filter_map(|one| one.get(super::TOKEN)?.as_array()).flatten();
    let scope = scopes.filter_map(Value::as_str).find_map(|word| word.parse().ok());
    let parameters = || operation.get("parameters").and_then(Value::as_array).into_iter().flatten();
    let is = |parameter: &&Value, key: &str, wanted: &str| parameter.get(key).and_then(Value::as_str) == Some(wanted);
    Operation {
        path: path.to_owned(),
        method: method.to_ascii_uppercase(),
        scope,
        // Whoever forgets to say what is needed opens nothing.
        is_open: path == super::DESCRIPTION,
        has_query: parameters().any(|parameter| is(&parameter, "in", "query")),
        replaces: parameters().any(|parameter| is(&parameter, "name", "If-Match")),
    }
}
