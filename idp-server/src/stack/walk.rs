//! Every way through a stack, whatever its modules answer, as libpam goes through it: which end in a login, what was proven
//! on the way, and with what our line was reached. It must not know what is good or bad.

use std::collections::{BTreeSet, VecDeque};

use super::{Action, Line};

/// Modules that check a password or another first factor of their own.
const FIRST_FACTORS: [&str; 14] = [
    "pam_unix.so",
    "pam_ldap.so",
    "pam_sss.so",
    "pam_krb5.so",
    "pam_winbind.so",
    "pam_systemd_home.so",
    "pam_userdb.so",
    "pam_pwdfile.so",
    "pam_mysql.so",
    "pam_pgsql.so",
    "pam_radius_auth.so",
    "pam_kanidm.so",
    "pam_himmelblau.so",
    "pam_ssh_agent_auth.so",
];

/// Words in the arguments of those with which they may answer `ignore`; without, they say yes or no.
const IGNORE_WHERE: [&str; 3] = ["ignore", "unknown_ok", "localifdown"];

/// What a first factor answers to a right password that has to be changed.
const RIGHT_BUT_OLD: &str = "new_authtok_reqd";

/// Our module's file.
const OURS: &str = "pam_twolatch.so";

/// What our module answers besides success.
const OUR_REFUSALS: [&str; 5] = ["auth_err", "authinfo_unavail", "maxtries", "conv_err", "abort"];

/// What any other module may answer besides success.
const FAILURES: [&str; 29] = [
    "ignore",
    "open_err",
    "symbol_err",
    "service_err",
    "system_err",
    "buf_err",
    "perm_denied",
    "auth_err",
    "cred_insufficient",
    "authinfo_unavail",
    "user_unknown",
    "maxtries",
    "new_authtok_reqd",
    "acct_expired",
    "session_err",
    "cred_unavail",
    "cred_expired",
    "cred_err",
    "no_module_data",
    "conv_err",
    "authtok_err",
    "authtok_recover_err",
    "authtok_lock_busy",
    "authtok_disable_aging",
    "try_again",
    "abort",
    "authtok_expired",
    "bad_item",
    "incomplete",
];

/// What was proven on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each may be so without the others")]
pub struct Proofs {
    /// A password, or what stands for it.
    pub first: bool,
    /// A code: our module said "right".
    pub code: bool,
    /// That root asks.
    pub root: bool,
    /// That policy asks for nothing: our module's line has `nullok`.
    pub spared: bool,
}

/// One module that was asked, and its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step {
    /// Which line.
    pub line: usize,
    /// Its answer, as a stack names it.
    pub answer: &'static str,
}

/// A way through the stack, the shortest of its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// What was proven.
    pub proofs: Proofs,
    /// Who was asked.
    pub steps: Vec<Step>,
}

/// Where a stack can lead.
#[derive(Debug, Default)]
pub struct Walked {
    /// Ways at whose end PAM says yes.
    pub in_by: Vec<Way>,
    /// Ways to our line that asks for a code; its answer is not among their steps.
    pub asked_by: Vec<Way>,
}

/// Whether this line is ours: installed, or as it is built.
#[must_use]
pub fn is_ours(line: &Line) -> bool {
    line.name().strip_prefix("lib").unwrap_or_else(|| line.name()) == OURS
}

/// Whether this line is ours, and asks for a code.
#[must_use]
pub fn asks_for_code(line: &Line) -> bool {
    is_ours(line) && !line.has("key_used") && !line.has("forward_pass")
}

/// Goes every way. `is_there` says whether a module can be loaded.
pub fn walk(lines: &[Line], is_there: impl Fn(&Line) -> bool) -> Walked {
    let mut walked = Walked::default();
    let start = State { at: 0, so_far: SoFar::Nothing, proofs: Proofs::default(), entered: Vec::new() };
    let mut seen = BTreeSet::from([start.clone()]);
    // The nearest first: the first way of a kind is the shortest.
    let mut open = VecDeque::from([(start, Vec::new())]);
    while let Some((mut state, steps)) = open.pop_front() {
        let Some(line) = lines.get(state.at) else {
            if state.so_far == SoFar::Yes {
                add(&mut walked.in_by, state.proofs, steps);
            }
            continue;
        };
        state.enter(line.depth);
        if line.is_substack() {
            state.at += 1;
            open.push_front((state, steps));
            continue;
        }
        if asks_for_code(line) {
            add(&mut walked.asked_by, state.proofs, steps.clone());
        }
        for (answer, proofs) in answers(line, is_there(line), state.proofs) {
            let next = state.clone().after(lines, answer, proofs);
            if seen.insert(next.clone()) {
                let step = Step { line: state.at, answer };
                open.push_back((next, [steps.as_slice(), &[step]].concat()));
            }
        }
    }
    walked
}

fn add(ways: &mut Vec<Way>, proofs: Proofs, steps: Vec<Step>) {
    if !ways.iter().any(|way| way.proofs == proofs && way.steps.last() == steps.last()) {
        ways.push(Way { proofs, steps });
    }
}

/// What a module can answer, with what is proven then.
fn answers(line: &Line, is_there: bool, proofs: Proofs) -> Vec<(&'static str, Proofs)> {
    if !is_there {
        return vec![("module_unknown", proofs)];
    }
    let succeeding = |proofs| std::iter::once(("success", proofs));
    let failing = |answers: &'static [&'static str]| answers.iter().map(move |answer| (*answer, proofs));
    match line.name() {
        "pam_permit.so" => succeeding(proofs).collect(),
        "pam_deny.so" => failing(&["auth_err"]).collect(),
        "pam_rootok.so" => succeeding(Proofs { root: true, ..proofs }).chain(failing(&["auth_err"])).collect(),
        "pam_faillock.so" if line.has("authfail") => failing(&["auth_err"]).collect(),
        _ if is_ours(line) && line.has("key_used") => {
            succeeding(Proofs { first: true, ..proofs }).chain(failing(&["ignore", "auth_err"])).collect()
        }
        _ if is_ours(line) && line.has("forward_pass") => succeeding(proofs).chain(failing(&OUR_REFUSALS)).collect(),
        _ if is_ours(line) => {
            let spared = line.has("nullok").then_some(("ignore", Proofs { spared: true, ..proofs }));
            let right = Proofs { code: true, first: proofs.first || line.has("first=key"), ..proofs };
            succeeding(right).chain(failing(&OUR_REFUSALS)).chain(spared).collect()
        }
        name if FIRST_FACTORS.contains(&name) => {
            let right = Proofs { first: true, ..proofs };
            let may_ignore =
                line.arguments.iter().any(|argument| IGNORE_WHERE.iter().any(|word| argument.contains(word)));
            // A password that is right and has to be changed is right.
            let is_failure = |answer: &str| answer != RIGHT_BUT_OLD && (may_ignore || answer != "ignore");
            let failures = failing(&FAILURES).filter(|(answer, _)| is_failure(answer));
            succeeding(right).chain([(RIGHT_BUT_OLD, right)]).chain(failures).collect()
        }
        _ => succeeding(proofs).chain(failing(&FAILURES)).collect(),
    }
}

/// How a stack stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum SoFar {
    /// Nobody has said anything that counts.
    Nothing,
    /// Something counts, and it was a success.
    Yes,
    /// Something counts that is not one, and nothing can change that.
    No,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct State {
    at: usize,
    so_far: SoFar,
    proofs: Proofs,
    /// How it stood where each substack that it is in begins.
    entered: Vec<SoFar>,
}

impl State {
    fn enter(&mut self, depth: usize) {
        self.entered.truncate(depth);
        while self.entered.len() < depth {
            self.entered.push(self.so_far);
        }
    }

    /// What libpam makes of an answer (`_pam_dispatch_aux` in `pam_dispatch.c`).
    fn after(mut self, lines: &[Line], answer: &str, proofs: Proofs) -> Self {
        let Some(line) = lines.get(self.at) else { return self };
        self.proofs = proofs;
        let mut next = self.at + 1;
        match line.control.on(answer) {
            Action::Ignore => {}
            Action::Reset => self.so_far = self.entered.last().copied().unwrap_or(SoFar::Nothing),
            action @ (Action::Ok | Action::Done) => {
                if self.so_far == SoFar::Nothing && answer != "ignore" {
                    self.so_far = if answer == "success" { SoFar::Yes } else { SoFar::No };
                } else if self.so_far == SoFar::Yes && !["success", "ignore"].contains(&answer) {
                    self.so_far = SoFar::No;
                }
                if action == Action::Done && self.so_far == SoFar::Yes {
                    next = end_of(lines, next, line.depth);
                }
            }
            action @ (Action::Bad | Action::Die) => {
                self.so_far = SoFar::No;
                if action == Action::Die {
                    next = end_of(lines, next, line.depth);
                }
            }
            Action::Jump(count) => match jump(lines, next, line.depth, count) {
                Some(line) => next = line,
                None => self.so_far = SoFar::No,
            },
        }
        self.at = next;
        self
    }
}

/// The line behind the substack, or behind all lines.
fn end_of(lines: &[Line], from: usize, depth: usize) -> usize {
    (from..lines.len()).find(|line| lines.get(*line).is_some_and(|line| line.depth < depth)).unwrap_or(lines.len())
}

/// The line behind so many others, a substack being one; nothing where there are not as many.
fn jump(lines: &[Line], from: usize, depth: usize, count: usize) -> Option<usize> {
    let mut at = from;
    for _ in 0..count {
        lines.get(at).filter(|line| line.depth >= depth)?;
        at += 1;
        while lines.get(at).is_some_and(|line| line.depth > depth) {
            at += 1;
        }
    }
    Some(at)
}
