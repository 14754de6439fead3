//! What a file would lose and gain, in lines.

use std::fmt::Write;

use crate::wiring::Edit;

/// Lines shown around what changes.
const AROUND: usize = 2;

/// The one place where an edit changes a file, with lines around it: `-` goes, `+` comes.
pub(super) fn diff(edit: &Edit) -> String {
    let lines =
        |text: &Option<String>| text.iter().flat_map(|text| text.lines()).map(str::to_owned).collect::<Vec<_>>();
    let (before, after) = (lines(&edit.before), lines(&edit.after));
    let same =
        |pairs: &mut dyn Iterator<Item = (&String, &String)>| pairs.take_while(|(one, other)| one == other).count();
    let front = same(&mut before.iter().zip(&after));
    let shorter = before.len().min(after.len()) - front;
    let back = same(&mut before.iter().rev().zip(after.iter().rev())).min(shorter);
    let mut text = match (&edit.before, &edit.after) {
        (None, _) => format!("{} (new)", edit.path.display()),
        (_, None) => format!("{} (removed)", edit.path.display()),
        _ => edit.path.display().to_string(),
    };
    let mut add = |mark: char, lines: &[String]| {
        for line in lines {
            // Writing to a text cannot fail.
            let _ = write!(text, "\n{mark} {line}");
        }
    };
    let part = |lines: &[String], from: usize, to: usize| lines.get(from..to).unwrap_or_default().to_vec();
    add(' ', &part(&before, front.saturating_sub(AROUND), front));
    add('-', &part(&before, front, before.len() - back));
    add('+', &part(&after, front, after.len() - back));
    add(' ', &part(&after, after.len() - back, (after.len() - back + AROUND).min(after.len())));
    text
}
