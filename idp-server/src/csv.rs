//! Comma-separated values (RFC 4180) that a spreadsheet opens without running any of it. It must know no columns.

/// A line of cells, with its end.
#[must_use]
pub fn line<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    cells.into_iter().map(cell).collect::<Vec<_>>().join(",") + "\r\n"
}

/// A cell, quoted where it must be. What a spreadsheet would take for a formula is text behind an apostrophe
/// (ASVS 1.2.10).
fn cell(text: &str) -> String {
    let armed = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\0', '＝', '＋', '－', '＠']);
    let text = if armed { format!("'{text}") } else { text.to_owned() };
    if text.contains(['"', ',', ';', '\t', '\r', '\n', '\'']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w15_no_cell_is_a_formula() {
        for bad in ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"] {
            let line = line(["name", bad]);
            let start = line.strip_prefix("name,").unwrap().trim_start_matches('"');
            assert!(start.starts_with('\''), "{bad:?}: {line:?}");
        }
    }

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        assert_eq!(line(["a", "", "b c"]), "a,,b c\r\n");
        assert_eq!(line(["a,b", "say \"no\"", "two\nlines"]), "\"a,b\",\"say \"\"no\"\"\",\"two\nlines\"\r\n");
    }
}
