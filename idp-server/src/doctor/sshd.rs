//! Which ways sshd offers, and whether each of them comes to PAM and can be asked there: from what sshd itself says that it
//! makes of its files. What PAM then does it must not know.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use self::questions::{EVERYBODY, OUTSIDE, questions};
use super::{Finding, PATIENCE, Verdict};

mod matches;
mod questions;

/// How answers about root alone begin.
const ROOT: &str = "root from ";

/// The method at which sshd comes to PAM and lets it ask, as it may be written. Other devices of it are not PAM.
const ASKS: [&str; 2] = ["keyboard-interactive", "keyboard-interactive:pam"];

/// What sshd makes of its configuration for somebody from somewhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Effective(BTreeMap<String, String>);

impl Effective {
    /// From what `sshd -T` prints.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut values: BTreeMap<String, String> = BTreeMap::new();
        for (key, value) in text.lines().filter_map(|line| line.trim().split_once(' ')) {
            // What is said several times, as ports, is not asked for here.
            values.entry(key.to_ascii_lowercase()).or_insert_with(|| value.trim().to_owned());
        }
        Self(values)
    }

    fn get(&self, key: &str) -> &str {
        self.0.get(key).map_or("", String::as_str)
    }

    fn is_on(&self, key: &str) -> bool {
        self.get(key) == "yes"
    }

    /// Where the sshd that listens has written its pid.
    #[must_use]
    pub fn pid_file(&self) -> &Path {
        Path::new(self.get("pidfile"))
    }

    /// Each list of methods that opens a session. Without such lists each method does that alone.
    fn lists(&self) -> Vec<Vec<String>> {
        let said = self.get("authenticationmethods");
        if !said.is_empty() && said != "any" {
            let list = |list: &str| list.split(',').map(str::to_owned).collect();
            return said.split_whitespace().map(list).collect();
        }
        let methods = [
            ("pubkeyauthentication", "publickey"),
            ("passwordauthentication", "password"),
            ("kbdinteractiveauthentication", "keyboard-interactive"),
            ("gssapiauthentication", "gssapi-with-mic"),
            ("hostbasedauthentication", "hostbased"),
        ];
        methods.iter().filter(|(key, _)| self.is_on(key)).map(|(_, method)| vec![(*method).to_owned()]).collect()
    }
}

/// Asks the installed sshd, where there is one, what it makes of its configuration for these people; each answer once, with
/// who it is for.
///
/// # Errors
/// What sshd says of its configuration.
pub fn effective(config: &Path, names: &[String]) -> Result<Vec<(String, Effective)>, String> {
    let Some(sshd) = installed() else { return Ok(Vec::new()) };
    let questions = questions(config, names);
    let general = ask(sshd, config, questions.general.as_deref())?;
    let mut all = vec![(EVERYBODY.to_owned(), general)];
    let mut seen: BTreeSet<Effective> = all.iter().map(|(_, effective)| effective.clone()).collect();
    for question in questions.asked {
        let effective = ask(sshd, config, Some(&question.connection))?;
        if seen.insert(effective.clone()) {
            all.push((question.whom, effective));
        }
    }
    Ok(all)
}

/// What of its configuration is not asked about.
#[must_use]
pub fn untried(config: &Path, names: &[String]) -> Vec<Finding> {
    installed().map(|_| questions(config, names).untried).unwrap_or_default()
}

fn installed() -> Option<&'static Path> {
    ["/usr/sbin/sshd", "/usr/local/sbin/sshd"].iter().map(Path::new).find(|path| path.exists())
}

fn ask(sshd: &Path, config: &Path, connection: Option<&str>) -> Result<Effective, String> {
    let mut command = Command::new(sshd);
    command.arg("-T").arg("-f").arg(config);
    command.args(connection.iter().flat_map(|connection| ["-C", connection]));
    let output = command.output().map_err(|error| format!("{}: {error}", sshd.display()))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
    }
    Ok(Effective::parse(&String::from_utf8_lossy(&output.stdout)))
}

/// What PAM would do at sshd.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stack {
    /// It asks for a code.
    pub asks: bool,
    /// Its account line refuses whom policy asks for a code of, and who has shown none.
    pub closes: bool,
    /// Root has a key to come in by.
    pub root_has_key: bool,
}

/// What is to be said of all that sshd answered.
#[must_use]
pub fn judge_all(all: &[(String, Effective)], pam: Stack) -> Vec<Finding> {
    // Where root has an answer of its own, what holds for everybody does not hold for root.
    let is_apart = all.iter().any(|(whom, _)| whom.strip_prefix(ROOT) == Some(OUTSIDE));
    let judged = all.iter().flat_map(|(whom, effective)| {
        let of_root = of_root(whom, effective, pam).filter(|_| !(is_apart && whom == EVERYBODY));
        ways(whom, effective, pam).into_iter().chain(of_root)
    });
    judged.collect()
}

/// What is to be said of what sshd offers somebody.
#[must_use]
pub fn judge(whom: &str, effective: &Effective, pam: Stack) -> Vec<Finding> {
    ways(whom, effective, pam).into_iter().chain(of_root(whom, effective, pam)).collect()
}

fn ways(whom: &str, effective: &Effective, pam: Stack) -> Vec<Finding> {
    let mut findings = Vec::new();
    let says = |verdict, found: String, remedy: &str| Finding::new("sshd", verdict, format!("{whom}: {found}"), remedy);
    if !pam.asks {
        return findings;
    }
    if !effective.is_on("usepam") {
        let found = "`UsePAM no`: nothing of /etc/pam.d/sshd is asked".to_owned();
        findings.push(says(Verdict::Bypass, found, "`UsePAM yes`"));
        return findings;
    }
    let lists = effective.lists();
    let can_ask = effective.is_on("kbdinteractiveauthentication");
    let is_asked = |list: &[String]| list.iter().any(|method| ASKS.contains(&method.as_str()));
    for list in &lists {
        let way = list.join(", then ");
        if is_asked(list) {
            if can_ask {
                findings.push(Finding::well("sshd", format!("{whom}: {way}: asked for a code")));
            } else {
                let found = format!("{way}: refused, for `KbdInteractiveAuthentication no`");
                findings.push(says(Verdict::LockOut, found, "`KbdInteractiveAuthentication yes`"));
            }
        } else if list.iter().any(|method| method == "password") {
            let found = format!("{way}: refused, for sshd answers the prompt for the code with the password");
            findings.push(says(
                Verdict::LockOut,
                found,
                "`PasswordAuthentication no` and `KbdInteractiveAuthentication yes`",
            ));
        } else if pam.closes {
            let found =
                format!("{way}: no code can be asked for, so the account line refuses whom policy asks for one");
            findings.push(says(
                Verdict::Note,
                found,
                "`AuthenticationMethods publickey,keyboard-interactive` asks them",
            ));
        } else {
            let found = format!("{way}: no code, for sshd does not ask PAM then");
            findings.push(says(
                Verdict::Bypass,
                found,
                "`AuthenticationMethods keyboard-interactive`, or `publickey,keyboard-interactive`",
            ));
        }
    }
    if !pam.closes && !lists.iter().any(|list| is_asked(list)) {
        let found = "no way in asks for a code".to_owned();
        findings.push(says(Verdict::Bypass, found, "`KbdInteractiveAuthentication yes` and `AuthenticationMethods`"));
    }
    let grace: u32 = effective.get("logingracetime").parse().unwrap_or(0);
    if (1..PATIENCE).contains(&grace) {
        let found = format!("`LoginGraceTime {grace}`: whoever takes longer for password and code is cut off");
        findings.push(says(Verdict::LockOut, found, "`LoginGraceTime 300`, and 900 while people set up over SSH"));
    }
    findings
}

impl Effective {
    /// Whether root gets nowhere at a prompt, whatever else was shown (`PermitRootLogin`).
    #[must_use]
    pub fn keeps_root_from_prompts(&self) -> bool {
        ["without-password", "prohibit-password", "forced-commands-only"].contains(&self.get("permitrootlogin"))
    }
}

/// Whether root is kept out: sshd looks at each step of a list, and takes none of these from root.
fn of_root(whom: &str, effective: &Effective, pam: Stack) -> Option<Finding> {
    let said = effective.get("permitrootlogin");
    let is_meant = whom.starts_with(EVERYBODY) || whom.starts_with(ROOT);
    if !(pam.asks && effective.is_on("usepam") && is_meant && effective.keeps_root_from_prompts()) {
        return None;
    }
    let is_refused = |method: &String| method == "password" || ASKS.contains(&method.as_str());
    let lists = effective.lists();
    if lists.is_empty() || !lists.iter().all(|list| list.iter().any(is_refused)) {
        return None;
    }
    let why = format!("sshd refuses keyboard-interactive for root, after a key too (`PermitRootLogin {said}`)");
    Some(if pam.root_has_key {
        let found = format!("{whom}: root, who has a key, cannot come in by SSH: {why}");
        Finding::new("sshd", Verdict::LockOut, found, "`PermitRootLogin yes` is what a key and a code need")
    } else {
        Finding::new("sshd", Verdict::Note, format!("{whom}: root cannot come in by SSH: {why}"), "")
    })
}

#[cfg(test)]
#[path = "sshd/tests.rs"]
mod tests;
