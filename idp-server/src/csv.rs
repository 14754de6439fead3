//! Comma-separated values (RFC 4180) that a spreadsheet opens without running any of it. It must know no columns.

/// A line that was read, and where it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Counted from 1, as an editor shows it.
    pub line: usize,
    /// What stands in it.
    pub cells: Vec<String>,
}

/// What is wrong with quotation marks: where a reader that guesses would take one thing for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadQuote {
    /// In which line.
    pub line: usize,
}

/// What a spreadsheet takes for the start of a formula, or leaves out in front of one.
const ARMED: [char; 12] = ['\u{feff}', '=', '+', '-', '@', '\t', '\r', '\0', '＝', '＋', '－', '＠'];

/// Reads lines as [`line`] writes them, or any other program that keeps to the standard. Empty lines are left out.
///
/// # Errors
/// The first line whose quotation marks make no sense.
pub fn read(text: &str) -> Result<Vec<Row>, BadQuote> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (mut rows, mut line, mut rest) = (Vec::new(), 1, text);
    while !rest.is_empty() {
        let mut row = Row { line, cells: Vec::new() };
        loop {
            let (cell, after) = read_cell(rest).ok_or(BadQuote { line })?;
            line += cell.matches('\n').count();
            row.cells.push(disarmed(cell));
            rest = after;
            match rest.strip_prefix(',') {
                Some(next) => rest = next,
                None => break,
            }
        }
        rest = match rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix('\n')) {
            Some(next) => next,
            None if rest.is_empty() => rest,
            None => return Err(BadQuote { line }),
        };
        line += 1;
        if row.cells.iter().any(|cell| !cell.trim().is_empty()) {
            rows.push(row);
        }
    }
    Ok(rows)
}

/// The first cell and what follows it.
fn read_cell(text: &str) -> Option<(String, &str)> {
    let Some(mut rest) = text.strip_prefix('"') else {
        let end = text.find([',', '\n']).unwrap_or(text.len());
        let (cell, after) = text.split_at_checked(end)?;
        // The line's end, where that is two characters.
        let (cell, after) = match cell.strip_suffix('\r') {
            Some(cell) if !after.starts_with(',') => (cell, text.get(cell.len()..)?),
            _ => (cell, after),
        };
        return (!cell.contains(['"', '\r'])).then(|| (cell.to_owned(), after));
    };
    let mut cell = String::new();
    loop {
        let (inside, after) = rest.split_once('"')?;
        cell += inside;
        match after.strip_prefix('"') {
            Some(next) => {
                cell.push('"');
                rest = next;
            }
            None => return Some((cell, after)),
        }
    }
}

/// A cell without the apostrophe that [`cell`] puts before what looks like a formula.
fn disarmed(cell: String) -> String {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(ARMED) || rest.starts_with('\'') => rest.to_owned(),
        _ => cell,
    }
}

/// A line of cells, with its end.
#[must_use]
pub fn line<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    cells.into_iter().map(cell).collect::<Vec<_>>().join(",") + "\r\n"
}

/// A cell, quoted where it must be. What a spreadsheet would take for a formula is text behind an apostrophe
/// (ASVS 1.2.10).
fn cell(text: &str) -> String {
    let armed = text.starts_with(ARMED) || text.starts_with('\'');
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
        for bad in ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "\u{feff}=1"] {
            let line = line(["name", bad]);
            let start = line.strip_prefix("name,").unwrap().trim_start_matches('"');
            assert!(start.starts_with('\''), "{bad:?}: {line:?}");
        }
    }

    #[test]
    fn w15_what_was_written_is_read_the_same() {
        let hostile = ["=1", "'=1", "''", "'", "a,b", "\"", "\"\"", "two\nlines", "+a@example.org", "", "-", "'-'"];
        let text = line(["name"; 12]) + &line(hostile);
        let rows = read(&text).unwrap();
        assert_eq!(read(&line(["\u{feff}"])).unwrap()[0].cells, ["\u{feff}"], "no mark of an encoding, but a cell");
        assert_eq!(rows[1], Row { line: 2, cells: hostile.map(str::to_owned).to_vec() });
        assert_eq!(read(&(line(["x\ny", "z"]) + "q")).unwrap()[1].line, 3);
        let unix = "\u{feff}name,email\n\n , \nalice,\"a\"\n";
        let rows = read(unix).unwrap();
        assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [1, 4], "as an editor counts");
        assert_eq!(rows[1].cells, ["alice", "a"]);
    }

    #[test]
    fn w15_quotation_marks_that_make_no_sense_are_refused() {
        let cases = [("a\n\"b", 2), ("a\"b", 1), ("\"a\"b", 1), ("a\nb\n\"c\"\"", 3), ("a\rb", 1)];
        for (text, line) in cases {
            assert_eq!(read(text), Err(BadQuote { line }), "{text:?}");
        }
    }

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        assert_eq!(line(["a", "", "b c"]), "a,,b c\r\n");
        assert_eq!(line(["a,b", "say \"no\"", "two\nlines"]), "\"a,b\",\"say \"\"no\"\"\",\"two\nlines\"\r\n");
    }
}
