//! What the list of users shows, as it stands in the address: filter, order, page, and what is ticked.

use openidconnect::url::form_urlencoded::{Serializer, parse};
use twolatch_core::factor::Kind;
use twolatch_core::policy::StatusWord;
use twolatch_core::store::people::{Part, Search, Sort};
use twolatch_core::user::Role;

use crate::web::failure::{self, Failure};

/// People on a page.
pub const PAGE: i64 = 50;

/// Nobody turns more pages than these.
const LAST: i64 = 100_000;

/// The columns that can be sorted by, as an address names them.
const SORTS: [(&str, Sort); 8] = [
    ("name", Sort::Name),
    ("status", Sort::Status),
    ("methods", Sort::Methods),
    ("role", Sort::Role),
    ("group", Sort::Group),
    ("login", Sort::LastLogin),
    ("locked", Sort::Locked),
    ("added", Sort::Created),
];

/// What is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// How name or address begin, as typed.
    pub text: String,
    /// How the second factor stands.
    pub status: Option<StatusWord>,
    /// The role.
    pub role: Option<Role>,
    /// A group, as typed.
    pub group: String,
    /// A method that is set up.
    pub method: Option<Kind>,
    /// Only those who have to wait, or are held.
    pub locked: bool,
    /// What it is sorted by.
    pub sort: Sort,
    /// The other way round.
    pub descending: bool,
    /// Which page, from 1.
    pub page: i64,
    /// Who is ticked.
    pub picks: Vec<String>,
    /// Whether something was asked for with nobody ticked.
    pub nobody: bool,
}

impl Default for Filter {
    fn default() -> Self {
        Self {
            text: String::new(),
            status: None,
            role: None,
            group: String::new(),
            method: None,
            locked: false,
            sort: Sort::Name,
            descending: false,
            page: 1,
            picks: Vec::new(),
            nobody: false,
        }
    }
}

impl Filter {
    /// Reads a query. Names that mean nothing here are others' business.
    ///
    /// # Errors
    /// Where a value is none that can be chosen.
    pub fn read(query: &str) -> Result<Self, Failure> {
        let mut filter = Self::default();
        for (name, value) in parse(query.as_bytes()) {
            let value = value.trim();
            match name.as_ref() {
                "q" => value.clone_into(&mut filter.text),
                "status" => filter.status = chosen(value, |word| word.parse().ok())?,
                "role" => filter.role = chosen(value, |word| word.parse().ok())?,
                "group" => value.clone_into(&mut filter.group),
                "method" => {
                    let named = |word: &str| Kind::METHODS.into_iter().find(|kind| kind.as_str() == word);
                    filter.method = chosen(value, named)?;
                }
                "locked" => filter.locked = chosen(value, |word| (word == "yes").then_some(()))?.is_some(),
                "sort" => (filter.sort, filter.descending) = chosen(value, order)?.unwrap_or((Sort::Name, false)),
                "page" => {
                    let page = chosen(value, |word| word.parse().ok().filter(|page: &i64| *page > 0))?;
                    filter.page = page.unwrap_or(1).min(LAST);
                }
                "pick" => filter.picks = value.split(',').filter(|id| !id.is_empty()).map(str::to_owned).collect(),
                "nobody" => filter.nobody = value == "yes",
                _ => {}
            }
        }
        Ok(filter)
    }

    /// The parameters that say the same, but for what is ticked.
    #[must_use]
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let sort = self.sort_word();
        let all = [
            ("q", Some(self.text.clone())),
            ("status", self.status.map(|status| status.as_str().to_ascii_lowercase())),
            ("role", self.role.map(|role| role.to_string())),
            ("group", Some(self.group.clone())),
            ("method", self.method.map(|kind| kind.to_string())),
            ("locked", self.locked.then(|| "yes".to_owned())),
            ("sort", Some(sort).filter(|word| word != "name")),
            ("page", (self.page > 1).then(|| self.page.to_string())),
        ];
        all.into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .filter(|(_, value)| !value.is_empty())
            .collect()
    }

    /// The same as a query.
    #[must_use]
    pub fn query(&self) -> String {
        Serializer::new(String::new()).extend_pairs(self.pairs()).finish()
    }

    /// What it is sorted by, as an address says it.
    #[must_use]
    pub fn sort_word(&self) -> String {
        let word = SORTS.into_iter().find(|(_, sort)| *sort == self.sort).map_or("name", |(word, _)| word);
        if self.descending { format!("-{word}") } else { word.to_owned() }
    }

    /// The same list on another page.
    #[must_use]
    pub fn on(&self, page: i64) -> Self {
        Self { page, picks: Vec::new(), nobody: false, ..self.clone() }
    }

    /// The same list sorted by this; the other way round, if it is already.
    #[must_use]
    pub fn by(&self, word: &str) -> Self {
        let sort = SORTS.into_iter().find(|(name, _)| *name == word).map_or(Sort::Name, |(_, sort)| sort);
        Self { sort, descending: sort == self.sort && !self.descending, ..self.on(1) }
    }

    /// In which order this column is, if it is what the list is sorted by.
    #[must_use]
    pub fn order(&self, word: &str) -> Option<&'static str> {
        let is_this = SORTS.into_iter().any(|(name, sort)| name == word && sort == self.sort);
        is_this.then_some(if self.descending { "descending" } else { "ascending" })
    }

    /// Whether it leaves anybody out.
    #[must_use]
    pub fn is_narrow(&self) -> bool {
        self.search() != Search::default()
    }

    /// Who matches.
    #[must_use]
    pub fn search(&self) -> Search {
        let group = Some(self.group.as_str()).filter(|group| !group.is_empty()).map(str::parse);
        Search {
            text: Some(self.text.clone()).filter(|text| !text.is_empty()),
            status: self.status,
            role: self.role,
            // What cannot be a group's name is no group: nobody is in it.
            ids: matches!(group, Some(Err(_))).then(Vec::new),
            group: group.and_then(Result::ok),
            method: self.method,
            locked: self.locked,
            ..Search::default()
        }
    }

    /// The page of those who match.
    #[must_use]
    pub const fn part(&self) -> Part<'static> {
        let skip = (self.page - 1) * PAGE;
        Part { sort: self.sort, descending: self.descending, after: "", skip, limit: PAGE }
    }
}

/// What a word stands for; nothing where the form leaves it open.
fn chosen<T>(word: &str, known: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Failure> {
    if word.is_empty() {
        return Ok(None);
    }
    known(word).map(Some).ok_or_else(|| failure::Kind::BadForm.because("the list has no such filter, order or page"))
}

/// What an address says it is sorted by, and whether the other way round.
fn order(text: &str) -> Option<(Sort, bool)> {
    let (descending, word) = text.strip_prefix('-').map_or((false, text), |word| (true, word));
    SORTS.into_iter().find(|(name, _)| *name == word).map(|(_, sort)| (sort, descending))
}
