//! The audit trail as people ask for it and take it away: which records are meant, and how one is written. It must not
//! know who asks.

use std::fmt;
use std::str::FromStr;

use twolatch_core::store::audit::{Filter, Stored};
use twolatch_core::time::Timestamp;

use crate::{csv, date};

pub mod check;

/// The columns of an export, in the order of [`Format::record`].
const COLUMNS: [&str; 12] =
    ["at", "event", "result", "person", "actor", "door", "host", "source", "factor", "detail", "instance", "seq"];

/// Which records are meant, as typed into the form of the console or found in an address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// See [`Filter::person`].
    pub person: String,
    /// See [`Filter::event`].
    pub event: String,
    /// See [`Filter::ending`].
    pub result: String,
    /// See [`Filter::door`].
    pub door: String,
    /// See [`Filter::client`].
    pub client: String,
    /// See [`Filter::since`].
    pub since: String,
    /// See [`Filter::until`].
    pub until: String,
}

/// The field that cannot be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// [`Asked::event`]
    Event,
    /// [`Asked::result`]
    Result,
    /// [`Asked::door`]
    Door,
    /// [`Asked::client`]
    Client,
    /// [`Asked::since`]
    Since,
    /// [`Asked::until`]
    Until,
}

impl Asked {
    /// What is meant.
    ///
    /// # Errors
    /// The first field that cannot be understood.
    pub fn filter(&self) -> Result<Filter, Field> {
        let person = self.person.trim();
        Ok(Filter {
            person: (!person.is_empty()).then(|| person.to_owned()),
            event: read(&self.event, Field::Event)?,
            ending: read(&self.result, Field::Result)?,
            door: read(&self.door, Field::Door)?,
            client: read(&self.client, Field::Client)?,
            since: read(&self.since, Field::Since)?.map(|Since(moment)| moment),
            until: read(&self.until, Field::Until)?.map(|Until(moment)| moment),
        })
    }

    /// The fields that are filled in, as in an address.
    #[must_use]
    pub fn pairs(&self) -> Vec<(&'static str, &str)> {
        let all = [
            ("person", &self.person),
            ("event", &self.event),
            ("result", &self.result),
            ("door", &self.door),
            ("client", &self.client),
            ("since", &self.since),
            ("until", &self.until),
        ];
        all.into_iter().map(|(name, text)| (name, text.trim())).filter(|(_, text)| !text.is_empty()).collect()
    }
}

fn read<T: FromStr>(text: &str, field: Field) -> Result<Option<T>, Field> {
    match text.trim() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| field),
    }
}

/// From a day or a moment on.
#[derive(Debug, Clone, Copy)]
pub struct Since(pub Timestamp);

/// Until a day, that day included, or until a moment.
#[derive(Debug, Clone, Copy)]
pub struct Until(pub Timestamp);

impl FromStr for Since {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        date::read(text).map(|(moment, _)| Self(moment)).ok_or(date::EXPECTED)
    }
}

impl FromStr for Until {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        date::read(text).map(|(moment, length)| Self(moment.plus(length))).ok_or(date::EXPECTED)
    }
}

/// How records are written down for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values, a record to a line.
    Csv,
    /// A JSON object to a line.
    Json,
}

impl Format {
    /// What it is, for whoever gets it.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Json => "application/x-ndjson",
        }
    }

    /// What stands before all records.
    #[must_use]
    pub fn head(self) -> String {
        match self {
            Self::Csv => csv::line(COLUMNS),
            Self::Json => String::new(),
        }
    }

    /// A record, with the end of its line.
    #[must_use]
    pub fn record(self, record: &Stored) -> String {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        match self {
            Self::Csv => {
                let cells = [
                    date::machine(Timestamp::from_unix(record.at)),
                    record.event.clone(),
                    record.result.clone(),
                    text(&record.user_name),
                    text(&record.actor),
                    text(&record.door),
                    text(&record.host),
                    text(&record.source),
                    text(&record.factor),
                    text(&record.detail),
                    record.instance.clone(),
                    record.seq.to_string(),
                ];
                csv::line(cells.iter().map(String::as_str))
            }
            // Numbers and text: there is nothing in it that could not be written.
            Self::Json => serde_json::to_string(record).unwrap_or_default() + "\n",
        }
    }
}

impl FromStr for Format {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "csv" => Ok(Self::Csv),
            "json" => Ok(Self::Json),
            _ => Err("a format is csv or json"),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Csv => "csv",
            Self::Json => "json",
        })
    }
}
