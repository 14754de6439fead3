use std::collections::BTreeSet;
use std::path::Path;

use super::super::row::Column::{Number, Text};
use super::{in_eights, rows};
use crate::store::Location;

#[test]
fn however_many_rows_come_each_is_written_once_by_one_of_few_statements() {
    let mut sizes = BTreeSet::new();
    for count in 0..200 {
        let all: Vec<usize> = (0..count).collect();
        let parts: Vec<&[usize]> = in_eights(&all).collect();
        assert_eq!(parts.concat(), all);
        sizes.extend(parts.iter().map(|part| part.len()));
    }
    assert_eq!(sizes, (1..8).chain((8..=64).step_by(8)).collect());
}

#[test]
fn placeholders_have_names_and_types_where_the_database_wants_them() {
    let postgres: Location = "postgres://a@b/c".parse().unwrap();
    assert_eq!(rows(&Location::file(Path::new("/x")), &[Text, Number], 2), "(?, ?), (?, ?)");
    assert_eq!(
        rows(&postgres, &[Text, Number], 2),
        "(CAST($1 AS TEXT), CAST($2 AS BIGINT)), (CAST($3 AS TEXT), CAST($4 AS BIGINT))"
    );
}
