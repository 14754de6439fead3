//! Sudo's rules as sudo puts them together: one file after another where each is named, every line whole and without its
//! comment. What a line says it must not know.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use nix::unistd::gethostname;

/// So many files are read; sudo itself goes no deeper than that.
const MOST: usize = 128;

/// Where the rules begin, the first one that is there.
const FIRST: [&str; 2] = ["etc/sudoers", "usr/etc/sudoers"];

/// A line of the rules.
#[derive(Debug)]
pub(super) struct Line {
    file: PathBuf,
    /// Where it goes on over several, the first.
    number: usize,
    pub(super) text: String,
}

impl Line {
    pub(super) fn place(&self) -> String {
        format!("{}:{}", self.file.display(), self.number)
    }
}

/// All of it, and what could not be read.
#[derive(Debug, Default)]
pub(super) struct Rules {
    pub(super) lines: Vec<Line>,
    /// Each with the reason.
    pub(super) unread: Vec<(PathBuf, String)>,
}

/// Reads the rules of the machine below `root`.
pub(super) fn read(root: &Path) -> Rules {
    let mut reader = Reader { root, seen: BTreeSet::new(), rules: Rules::default() };
    if let Some(first) = FIRST.iter().map(|file| root.join(file)).find(|file| file.exists()) {
        reader.file(&first);
    }
    reader.rules
}

struct Reader<'a> {
    root: &'a Path,
    seen: BTreeSet<PathBuf>,
    rules: Rules,
}

impl Reader<'_> {
    fn file(&mut self, file: &Path) {
        let own = file.canonicalize().unwrap_or_else(|_| file.to_owned());
        if self.seen.contains(&own) {
            return;
        }
        if self.seen.len() == MOST {
            let why = format!("not read, being more than {MOST} files");
            if !self.rules.unread.iter().any(|(_, said)| *said == why) {
                self.rules.unread.push((file.to_owned(), why));
            }
            return;
        }
        self.seen.insert(own);
        let text = match fs::read(file) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) => return self.cannot_read(file, &error),
        };
        for (number, text) in logical_lines(&text) {
            match named(&text) {
                Some(Named::File(name)) => self.file(&self.path(file, &name)),
                Some(Named::Folder(name)) => self.folder(&self.path(file, &name)),
                None => self.rules.lines.push(Line { file: file.to_owned(), number, text }),
            }
        }
    }

    fn folder(&mut self, folder: &Path) {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries.flatten(),
            Err(error) => return self.cannot_read(folder, &error),
        };
        let is_read = |file: &PathBuf| {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            !name.contains('.') && !name.ends_with('~') && file.is_file()
        };
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_read).collect();
        files.sort();
        for file in files {
            self.file(&file);
        }
    }

    /// What is named and is not there says nothing.
    fn cannot_read(&mut self, path: &Path, error: &std::io::Error) {
        if error.kind() != ErrorKind::NotFound {
            self.rules.unread.push((path.to_owned(), format!("cannot be read: {error}")));
        }
    }

    /// Where a name in a file leads.
    fn path(&self, file: &Path, name: &str) -> PathBuf {
        let name = if name.contains("%h") { name.replace("%h", &short_host_name()) } else { name.to_owned() };
        match name.strip_prefix('/') {
            Some(path) => self.root.join(path),
            None => file.parent().unwrap_or(self.root).join(name),
        }
    }
}

fn short_host_name() -> String {
    let name = gethostname().unwrap_or_default().to_string_lossy().into_owned();
    name.split('.').next().unwrap_or_default().to_owned()
}

/// What a line asks to be read in its place.
enum Named {
    File(String),
    Folder(String),
}

fn named(line: &str) -> Option<Named> {
    let rest = line.trim_start().strip_prefix("@include")?;
    let (rest, is_folder) = rest.strip_prefix("dir").map_or((rest, false), |rest| (rest, true));
    let name = rest.strip_prefix(char::is_whitespace)?.trim();
    let mut plain = String::new();
    let mut characters = name.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => {}
            '\\' => plain.extend(characters.next()),
            other => plain.push(other),
        }
    }
    Some(if is_folder { Named::Folder(plain) } else { Named::File(plain) })
}

/// Lines without comments, those put together that go on; each with its number.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    let (mut goes_on, mut is_quoted) = (false, false);
    for (number, line) in (1..).zip(text.lines()) {
        // The old way to include looks like a comment, and is none.
        let old = line.trim_start().strip_prefix('#').filter(|rest| !goes_on && named(&format!("@{rest}")).is_some());
        let line = old.map_or_else(|| line.to_owned(), |rest| format!("@{rest}"));
        let (kept, more) = without_comment(&line, &mut is_quoted);
        match lines.last_mut() {
            Some((_, last)) if goes_on => last.extend([" ", &kept]),
            _ => lines.push((number, kept)),
        }
        goes_on = more;
        is_quoted &= more;
    }
    lines
}

/// What of a line is none, and whether the next one goes on with it.
fn without_comment(line: &str, is_quoted: &mut bool) -> (String, bool) {
    let mut kept = String::new();
    let mut rest = line.chars();
    while let Some(character) = rest.next() {
        match character {
            '\\' if rest.as_str().trim().is_empty() => return (kept, true),
            '#' if !*is_quoted && !is_number(rest.as_str()) => return (kept, false),
            '\\' => {
                kept.push(character);
                kept.extend(rest.next());
                continue;
            }
            '"' => *is_quoted = !*is_quoted,
            _ => {}
        }
        kept.push(character);
    }
    (kept, false)
}

/// `#` before a number is an id of somebody, or of a group.
fn is_number(rest: &str) -> bool {
    rest.strip_prefix('-').unwrap_or(rest).starts_with(|character: char| character.is_ascii_digit())
}
