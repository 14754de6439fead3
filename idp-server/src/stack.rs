//! What PAM does at a service of this machine: its stack as it stands once everything is included, and where a login can
//! get in it. It must not know why somebody asks, nor change a file.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub mod walk;

/// Files that include one another in a circle end here; PAM itself follows no more.
const DEEPEST: usize = 32;

/// The control of a line behind which another stack stands, deeper.
const SUBSTACK: &str = "substack";

/// Where PAM looks for a service, the first one that has it.
pub const FOLDERS: [&str; 2] = ["etc/pam.d", "usr/lib/pam.d"];

/// One line that names a module, or a substack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The file it stands in.
    pub file: PathBuf,
    /// Which line of it, from 1; where it goes on over several, the first.
    pub number: usize,
    /// Whether nothing is logged where the module is missing (`-auth`).
    pub is_quiet: bool,
    /// What follows from the module's answer.
    pub control: Control,
    /// The module as it is named there.
    pub module: String,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// How deep in substacks it stands.
    pub depth: usize,
}

/// What follows from an answer of a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// It changes nothing.
    Ignore,
    /// It counts, if nothing has failed yet.
    Ok,
    /// The same, and the stack ends.
    Done,
    /// The stack fails, later.
    Bad,
    /// It fails now.
    Die,
    /// What has been so far is forgotten.
    Reset,
    /// So many lines are left out.
    Jump(usize),
}

/// The action for each answer, by its name in a stack; `default` for all others.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Control {
    actions: BTreeMap<String, Action>,
    /// As it is written.
    pub text: String,
}

/// Why a stack cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// A file cannot be read.
    #[error("{}: {error}", file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A line that PAM would not take: it would refuse every login at the service.
    #[error("{}:{number}: {what}; PAM refuses every login at such a line", file.display())]
    Line {
        /// Where.
        file: PathBuf,
        /// Which line.
        number: usize,
        /// What is wrong.
        what: &'static str,
    },
}

/// What a line is for: `auth`, `account` and so on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Who somebody is.
    Auth,
    /// Whether they may come in now.
    Account,
}

/// The lines of one kind that PAM goes through at a service; those of `other` where it has no file. `root` is `/`.
///
/// # Errors
/// Where a file cannot be read, or has a line that PAM would not take.
pub fn read(root: &Path, service: &str, kind: Kind) -> Result<Vec<Line>, StackError> {
    let file = find(root, service).or_else(|| find(root, "other"));
    let mut lines = Vec::new();
    if let Some(file) = file {
        Reader { root, kind, lines: &mut lines }.file(&file, 0, 0)?;
    }
    Ok(lines)
}

/// The same of a service whose file says this.
///
/// # Errors
/// As above.
pub fn parse(root: &Path, file: &Path, text: &str, kind: Kind) -> Result<Vec<Line>, StackError> {
    let mut lines = Vec::new();
    Reader { root, kind, lines: &mut lines }.text(file, text, 0, 0)?;
    Ok(lines)
}

/// The file of a service.
#[must_use]
pub fn find(root: &Path, service: &str) -> Option<PathBuf> {
    FOLDERS.iter().map(|folder| root.join(folder).join(service)).find(|file| file.is_file())
}

struct Reader<'a> {
    root: &'a Path,
    kind: Kind,
    lines: &'a mut Vec<Line>,
}

impl Reader<'_> {
    fn file(&mut self, file: &Path, level: usize, depth: usize) -> Result<(), StackError> {
        let text = fs::read_to_string(file).map_err(|error| StackError::File { file: file.to_owned(), error })?;
        self.text(file, &text, level, depth)
    }

    fn text(&mut self, file: &Path, text: &str, level: usize, depth: usize) -> Result<(), StackError> {
        for (number, line) in logical_lines(text) {
            let wrong = |what| StackError::Line { file: file.to_owned(), number, what };
            if level > DEEPEST {
                return Err(wrong("files include one another too deep"));
            }
            let mut words = words(&line).into_iter();
            let Some(first) = words.next() else { continue };
            if first == "@include" {
                let name = words.next().ok_or_else(|| wrong("nothing to include"))?;
                self.file(&self.named(&name), level + 1, depth)?;
                continue;
            }
            let kind = first.trim_start_matches('-').to_ascii_lowercase();
            let is_ours = match (kind.as_str(), self.kind) {
                ("auth", Kind::Auth) | ("account", Kind::Account) => true,
                ("auth" | "account" | "session" | "password", _) => false,
                _ => return Err(wrong("not one of auth, account, session, password")),
            };
            if !is_ours {
                continue;
            }
            let control = words.next().ok_or_else(|| wrong("no control"))?;
            let module = words.next().ok_or_else(|| wrong("no module"))?;
            if control.eq_ignore_ascii_case("include") {
                self.file(&self.named(&module), level + 1, depth)?;
                continue;
            }
            let substack = control.eq_ignore_ascii_case(SUBSTACK).then(|| self.named(&module));
            let control = if substack.is_some() { Some(Control::substack()) } else { Control::parse(&control) };
            self.lines.push(Line {
                file: file.to_owned(),
                number,
                is_quiet: first.starts_with('-'),
                control: control.ok_or_else(|| wrong("not a control"))?,
                module,
                arguments: words.collect(),
                depth,
            });
            if let Some(substack) = substack {
                self.file(&substack, level + 1, depth + 1)?;
            }
        }
        Ok(())
    }

    /// An included file: a path, or the name of a service.
    fn named(&self, name: &str) -> PathBuf {
        match name.strip_prefix('/') {
            Some(path) => self.root.join(path),
            None => find(self.root, name).unwrap_or_else(|| self.root.join("etc/pam.d").join(name)),
        }
    }
}

impl Line {
    /// The module's file name, without its folder.
    #[must_use]
    pub fn name(&self) -> &str {
        self.module.rsplit('/').next().unwrap_or(&self.module)
    }

    /// Whether this is no module, but where a substack begins.
    #[must_use]
    pub fn is_substack(&self) -> bool {
        self.control.text == SUBSTACK
    }

    /// Whether an argument is there.
    #[must_use]
    pub fn has(&self, argument: &str) -> bool {
        self.arguments.iter().any(|one| one == argument)
    }

    /// `FILE:LINE`.
    #[must_use]
    pub fn place(&self) -> String {
        format!("{}:{}", self.file.display(), self.number)
    }
}

impl Control {
    /// The action for an answer.
    #[must_use]
    pub fn on(&self, answer: &str) -> Action {
        // What is said nowhere fails.
        self.actions.get(answer).or_else(|| self.actions.get("default")).copied().unwrap_or(Action::Bad)
    }

    fn substack() -> Self {
        Self { actions: BTreeMap::new(), text: SUBSTACK.to_owned() }
    }

    fn parse(text: &str) -> Option<Self> {
        let long = match text.to_ascii_lowercase().as_str() {
            "required" => "success=ok new_authtok_reqd=ok ignore=ignore default=bad",
            "requisite" => "success=ok new_authtok_reqd=ok ignore=ignore default=die",
            "sufficient" => "success=done new_authtok_reqd=done default=ignore",
            "optional" => "success=ok new_authtok_reqd=ok default=ignore",
            _ => text.strip_prefix('[')?.strip_suffix(']')?,
        };
        let mut actions = BTreeMap::new();
        for pair in long.split_whitespace() {
            let (answer, action) = pair.split_once('=')?;
            let action = match action.to_ascii_lowercase().as_str() {
                "ignore" => Action::Ignore,
                "ok" => Action::Ok,
                "done" => Action::Done,
                "bad" => Action::Bad,
                "die" => Action::Die,
                "reset" => Action::Reset,
                number => match number.parse().ok()? {
                    0 => Action::Ignore,
                    lines => Action::Jump(lines),
                },
            };
            actions.insert(answer.to_ascii_lowercase(), action);
        }
        Some(Self { actions, text: text.to_owned() })
    }
}

/// Lines without comments, those put together that end with a backslash; each with its number.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    let mut goes_on = false;
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.split('#').next().unwrap_or_default();
        let (line, more) = line.trim_end().strip_suffix('\\').map_or((line, false), |line| (line, true));
        match lines.last_mut() {
            Some((_, last)) if goes_on => last.extend([" ", line]),
            _ => lines.push((number, line.to_owned())),
        }
        goes_on = more;
    }
    lines
}

/// Words between blanks; what stands in brackets is one.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut inside) = (Vec::new(), String::new(), false);
    for character in line.chars() {
        match character {
            '[' if word.is_empty() => inside = true,
            ']' if inside => inside = false,
            blank if blank.is_whitespace() && !inside => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                continue;
            }
            _ => {}
        }
        word.push(character);
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
#[path = "stack/tests.rs"]
mod tests;
