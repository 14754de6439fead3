//! Comma-separated values, and the table of authenticators in them: what is written is read the same, and no cell is a
//! formula.

#![no_main]

use idp_server::csv;
use idp_server::import::{line_of, table};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let lines = text.matches('\n').count() + 1;
    match csv::read(text) {
        Ok(rows) => {
            let mut written = String::new();
            for row in &rows {
                for cell in &row.cells {
                    let line = csv::line([cell.as_str()]);
                    let shown = line.strip_prefix('"').unwrap_or(&line);
                    assert!(!shown.starts_with(['=', '+', '-', '@']), "{line:?}");
                }
                written += &csv::line(row.cells.iter().map(String::as_str));
            }
            let again = csv::read(&written).expect("it was written so");
            let cells = |rows: &[csv::Row]| rows.iter().map(|row| row.cells.clone()).collect::<Vec<_>>();
            assert_eq!(cells(&again), cells(&rows));
            assert!(rows.iter().map(|row| row.line).is_sorted_by(|one, next| one < next));
            assert!(rows.last().is_none_or(|row| row.line <= lines));
        }
        Err(bad) => assert!((1..=lines).contains(&bad.line)),
    }
    let found = table::read(text);
    assert!(found.iter().all(|found| line_of(found) <= lines));
    for entry in found.into_iter().flatten() {
        assert!(entry.owner.is_some_and(|owner| !owner.is_empty()));
        assert!(!entry.totp.secret.is_empty());
    }
});
