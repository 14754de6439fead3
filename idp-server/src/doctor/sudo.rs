//! Where sudo and polkit do not ask PAM, or not each time.

use std::path::{Path, PathBuf};

use super::{Finding, Verdict};

/// Looks at sudo's rules below `root`, which is `/`.
#[must_use]
pub fn examine(root: &Path) -> Vec<Finding> {
    let mut files = vec![root.join("etc/sudoers")];
    let folder = root.join("etc/sudoers.d");
    let mut drop_ins: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    // sudo reads no file with a dot or a tilde in its name.
    drop_ins.retain(|file| !file.file_name().is_some_and(|name| name.to_string_lossy().contains(['.', '~'])));
    drop_ins.sort();
    files.extend(drop_ins);
    let mut findings: Vec<Finding> = files.iter().flat_map(|file| of_file(file)).collect();
    findings.push(Finding::new(
        "sudo",
        Verdict::Note,
        "asks PAM again only when its ticket has run out (`timestamp_timeout`, 15 minutes where nothing is said)",
        "`Defaults timestamp_timeout=0` asks each time",
    ));
    findings
}

fn of_file(file: &Path) -> Vec<Finding> {
    let Ok(text) = std::fs::read_to_string(file) else { return Vec::new() };
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.split('#').next().unwrap_or_default();
        let words = || line.split(|character: char| character.is_whitespace() || ",=:".contains(character));
        for (word, what) in [("NOPASSWD", "`NOPASSWD`"), ("!authenticate", "`!authenticate`")] {
            if words().any(|one| one == word) {
                let found = format!("{what}: sudo asks nothing here, no code either");
                let place = format!("{}:{number}", file.display());
                findings.push(
                    Finding::new("sudo", Verdict::Bypass, found, "take it out, or know why it stands there").at(place),
                );
            }
        }
    }
    findings
}
