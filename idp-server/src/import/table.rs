//! A table (CSV) of authenticators: `name,secret,algorithm,digits,period,label`, of which the first two must be there.

use twolatch_core::factor::totp::{Algorithm, Totp};
use zeroize::Zeroizing;

use super::{Entry, Fault, Found, base32};
use crate::csv;

/// The columns.
pub const COLUMNS: [&str; 6] = ["name", "secret", "algorithm", "digits", "period", "label"];

/// Reads all of it.
#[must_use]
pub fn read(text: &str) -> Vec<Found> {
    let rows = match csv::read(text) {
        Ok(rows) => rows,
        Err(bad) => return vec![Err(Fault::new(bad.line, None, "the quotation marks make no sense"))],
    };
    let mut rows = rows.into_iter();
    let Some(head) = rows.next() else { return Vec::new() };
    match columns_in(&head) {
        Ok(columns) => rows.map(|row| entry(&columns, row)).collect(),
        Err(text) => vec![Err(Fault::new(head.line, None, text))],
    }
}

/// Which column is where. What stands in the first line is not shown: where it is missing, a secret does.
fn columns_in(head: &csv::Row) -> Result<Vec<&'static str>, String> {
    let known = COLUMNS.join(", ");
    let mut columns = Vec::new();
    for (index, cell) in head.cells.iter().enumerate() {
        let found = COLUMNS.into_iter().find(|column| column.eq_ignore_ascii_case(cell.trim()));
        let column = found.ok_or_else(|| {
            format!("the first line names the columns, of {known}; what stands in column {} is none of them", index + 1)
        })?;
        if columns.contains(&column) {
            return Err(format!("the column {column} is there twice"));
        }
        columns.push(column);
    }
    match ["name", "secret"].into_iter().find(|column| !columns.contains(column)) {
        Some(column) => Err(format!("the column {column} is missing; there can be {known}")),
        None => Ok(columns),
    }
}

fn entry(columns: &[&'static str], row: csv::Row) -> Found {
    let line = row.line;
    let (there, expected) = (row.cells.len(), columns.len());
    let cells: Vec<Zeroizing<String>> = row.cells.into_iter().map(Zeroizing::new).collect();
    let cell = |wanted: &str| {
        let found = columns.iter().zip(&cells).find(|(column, _)| **column == wanted);
        found.map(|(_, cell)| cell.trim()).filter(|cell| !cell.is_empty())
    };
    let owner = cell("name");
    let fault = |text: String| Fault::new(line, owner, text);
    if there != expected {
        return Err(fault(format!("the line has {there} cells, the first one {expected}")));
    }
    if owner.is_none() {
        return Err(fault("there is no name".to_owned()));
    }
    let secret = cell("secret").ok_or_else(|| fault("there is no secret".to_owned()))?;
    let secret = base32::decode(secret).ok_or_else(|| fault("the secret is not base32".to_owned()))?;
    let algorithm = match cell("algorithm") {
        Some(name) => Algorithm::named(&name.to_ascii_uppercase().replace('-', "")),
        None => Some(Algorithm::Sha1),
    };
    let algorithm = algorithm.ok_or_else(|| fault("the algorithm is none of SHA1, SHA256, SHA512".to_owned()))?;
    let digits = cell("digits").map_or(Ok(6), str::parse).map_err(|_| fault("digits is no number".to_owned()))?;
    let period = cell("period").map_or(Ok(30), str::parse).map_err(|_| fault("period is no number".to_owned()))?;
    let totp = Totp { secret, algorithm, digits, period, drift: 0 };
    let (owner, label) = (owner.map(str::to_owned), cell("label").map(str::to_owned));
    Ok(Entry { line, owner, totp, label, last_step: 0, scratch: Vec::new(), notes: Vec::new() })
}
