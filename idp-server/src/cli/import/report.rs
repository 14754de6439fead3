//! What is said of each line, for people and for programs. It must know no secret.

use std::io::{BufWriter, Write};

use serde::Serialize;
use twolatch_core::login::import::{Done, Fate};

use crate::cli::{CliError, say, say_json, tame};

/// One line of what is brought along.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    /// The file, and the line in it where it has several.
    pub(super) place: String,
    /// Whose, as Twolatch knows them or, where it does not, as the file has it.
    pub(super) name: Option<String>,
    pub(super) outcome: Outcome,
    /// Why not, or what is worth knowing.
    pub(super) notes: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    Taken,
    TakenWithOwner,
    There,
    Refused,
}

/// All of it.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) lines: Vec<Row>,
    /// Whether anything was changed.
    pub(super) changed: bool,
    pub(super) authenticators: usize,
    pub(super) people_added: usize,
    pub(super) scratch_codes: usize,
    pub(super) refused: usize,
    /// People with an address who are not told by mail.
    pub(super) not_told: usize,
}

impl Outcome {
    pub(super) const fn of(fate: Fate) -> Self {
        match fate {
            Fate::Taken => Self::Taken,
            Fate::WithOwner => Self::TakenWithOwner,
            Fate::There => Self::There,
            Fate::Refused(_) => Self::Refused,
        }
    }

    const fn word(self, changed: bool) -> &'static str {
        match (self, changed) {
            (Self::Taken, true) => "taken over",
            (Self::Taken, false) => "would be taken over",
            (Self::TakenWithOwner, true) => "taken over, and the person added",
            (Self::TakenWithOwner, false) => "would be taken over, and the person added",
            (Self::There, _) => "is there already",
            (Self::Refused, _) => "NOT taken over",
        }
    }
}

impl Row {
    fn text(&self, changed: bool) -> String {
        let mut text = format!("{}: ", self.place);
        if let Some(name) = &self.name {
            text += name;
            text += ": ";
        }
        text += self.outcome.word(changed);
        for note in &self.notes {
            text += "; ";
            text += note;
        }
        text
    }
}

impl Report {
    pub(super) fn new(lines: Vec<Row>, would_do: Done) -> Self {
        let refused = lines.iter().filter(|row| row.outcome == Outcome::Refused).count();
        let Done { authenticators, added, scratch, untold } = would_do;
        let (people_added, scratch_codes) = (added, scratch);
        Self { lines, changed: false, authenticators, people_added, scratch_codes, refused, not_told: untold }
    }

    /// Says all of it; what it comes to stands at the end.
    pub(super) fn print(&self, json: bool) -> Result<(), CliError> {
        if json {
            return say_json(self);
        }
        // There may be a hundred thousand.
        let mut out = BufWriter::new(std::io::stdout().lock());
        for row in &self.lines {
            drop(writeln!(out, "{}", tame(&row.text(self.changed))));
        }
        drop(out.flush());
        drop(out);
        say(self.sum());
        Ok(())
    }

    fn sum(&self) -> String {
        let would = if self.changed { "" } else { "would be " };
        let mut parts = vec![format!("{} {would}taken over", self.authenticators)];
        if self.scratch_codes > 0 {
            parts.push(format!("with {}", counted(self.scratch_codes, "scratch code", "scratch codes")));
        }
        if self.people_added > 0 {
            parts.push(format!("{} {would}added", counted(self.people_added, "person", "people")));
        }
        if self.refused > 0 {
            parts.push(format!("{} not", self.refused));
        }
        let end = if self.changed { "." } else { "; nothing is changed." };
        let untold = match self.not_told {
            0 => String::new(),
            count => format!(" Too much mail waits: {} not told.", counted(count, "person is", "people are")),
        };
        format!("{}{end}{untold}", parts.join(", "))
    }
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
