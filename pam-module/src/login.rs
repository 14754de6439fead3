//! One login: begin, ask, answer, until there is an end. It must know neither PAM nor sockets.

use twolatch_core::reason::Reason;
use twolatch_core::secret::{self, Secret};
use twolatch_core::typed::{self, Typed};
use twolatch_core::wire::Outcome;

use crate::authenticator::{Authenticator, Failure};
use crate::converse::{self, Conversation, Line, Lost};
use crate::options::MAX_PROMPTS;

#[cfg(test)]
mod tests;

/// Setting up takes more than one code, and a slip must not end it.
const MORE_FOR_LABELS: u8 = 7;

/// Prompts in one conversation, whatever is typed. Words choose and are no tries, but nobody is asked for ever.
const MOST_SHOWN: u8 = 20;

/// What stands above the prompt when the last line was no code.
const NOT_A_CODE: &str = "That is not a code. Check it and type it again.";

/// How the person is asked.
#[derive(Debug, Clone, Copy)]
pub struct Manner<'a> {
    /// The prompt, unless the server has a label.
    pub prompt: &'a str,
    /// Whether the code is seen while it is typed.
    pub echo: bool,
    /// The most prompts in this conversation.
    pub prompts: u8,
    /// `PAM_AUTHTOK`. A host that gives it as the code cannot ask twice.
    pub password: Option<&'a [u8]>,
}

/// Why the person does not get in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The stable code.
    pub reason: Reason,
    /// What the person is told, where the host shows it.
    pub notice: Option<String>,
    /// What exactly happened, for the journal.
    pub detail: String,
}

impl Refusal {
    /// A refusal that has no more to say.
    #[must_use]
    pub fn new(reason: Reason) -> Self {
        Self { reason, notice: None, detail: String::new() }
    }

    fn odd(detail: &str) -> Self {
        Self { detail: detail.to_owned(), ..Self::new(Reason::BadAnswer) }
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self { reason: failure.reason, notice: None, detail: failure.detail }
    }
}

impl From<Lost> for Refusal {
    fn from(_: Lost) -> Self {
        Self::new(Reason::Conversation)
    }
}

/// What speaks for the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passed {
    /// The server judged a code and it was right.
    Granted,
    /// Policy asks this person for nothing here. Whether that suffices is for the line in the PAM file to say.
    NotAsked,
}

/// A prompt that the server wants shown.
struct Question {
    attempt: String,
    notice: Option<String>,
    label: Option<String>,
    /// Why it is asked again.
    reason: Option<Reason>,
    /// Whether the notice is too long to be shown twice.
    drawn: bool,
}

/// Prompts of one conversation.
#[derive(Default)]
struct Count {
    /// All of them.
    shown: u8,
    /// Those at which something other than a word was typed.
    tries: u8,
}

/// What a line says.
enum Said {
    /// Something to be judged.
    Code(Secret),
    /// What to do instead.
    Word(Secret),
    Nothing,
}

/// Asks the person until the server has decided or there were enough prompts.
///
/// # Errors
/// [`Refusal`] for everything but a clear yes.
pub fn run(
    conversation: &mut impl Conversation,
    authenticator: &mut impl Authenticator,
    manner: Manner<'_>,
) -> Result<Passed, Refusal> {
    let Some(mut question) = begin(authenticator)? else { return Ok(Passed::NotAsked) };
    let mut count = Count::default();
    loop {
        let code = ask(conversation, &question, manner, &mut count)?;
        match after(authenticator.answer(&question.attempt, &code)?)? {
            None => return Ok(Passed::Granted),
            Some(next) => question = next,
        }
    }
}

/// Has a code judged that was typed before: one question, one answer.
///
/// # Errors
/// [`Refusal`] for everything but a clear yes.
pub fn judge(authenticator: &mut impl Authenticator, code: &Secret) -> Result<Passed, Refusal> {
    let Some(question) = begin(authenticator)? else { return Ok(Passed::NotAsked) };
    match authenticator.answer(&question.attempt, code)? {
        Outcome::Granted => Ok(Passed::Granted),
        Outcome::Ask { notice, reason, .. } => {
            Err(Refusal { notice, ..Refusal::new(reason.unwrap_or(Reason::TooManyPrompts)) })
        }
        Outcome::Refused { reason, notice } => Err(Refusal { notice, ..Refusal::new(reason) }),
        Outcome::NotAsked => Err(Refusal::odd("policy asks for nothing, but only after an answer")),
    }
}

/// The first question; `None` if there is none.
fn begin(authenticator: &mut impl Authenticator) -> Result<Option<Question>, Refusal> {
    match authenticator.begin()? {
        Outcome::NotAsked => Ok(None),
        // Nothing was judged yet, so this is no answer of ours.
        Outcome::Granted => Err(Refusal::odd("the server granted before it asked")),
        other => after(other),
    }
}

/// The next question; `None` if the person is in.
fn after(outcome: Outcome) -> Result<Option<Question>, Refusal> {
    match outcome {
        Outcome::Granted => Ok(None),
        Outcome::Ask { attempt, notice, label, reason, drawn } => {
            Ok(Some(Question { attempt, notice, label, reason, drawn }))
        }
        Outcome::Refused { reason, notice } => Err(Refusal { notice, ..Refusal::new(reason) }),
        // Only the first answer may say so: later it would turn a wrong code into a way in.
        Outcome::NotAsked => Err(Refusal::odd("policy asks for nothing, but only after an answer")),
    }
}

/// Shows one question until a code is typed. What is no code never leaves the host.
fn ask(
    conversation: &mut impl Conversation,
    question: &Question,
    manner: Manner<'_>,
    count: &mut Count,
) -> Result<Secret, Refusal> {
    let limit = if question.label.is_some() { manner.prompts.saturating_add(MORE_FOR_LABELS) } else { manner.prompts };
    let limit = limit.min(MAX_PROMPTS);
    let label = question.label.as_deref().unwrap_or(manner.prompt);
    let mut notice = question.notice.clone();
    let mut spent = Reason::TooManyPrompts;
    while count.tries < limit && count.shown < MOST_SHOWN {
        count.shown = count.shown.saturating_add(1);
        let line = conversation.ask(&converse::prompt(notice.as_deref(), label), manner.echo)?;
        let said = read(&line, manner.password)?;
        if let Said::Word(word) = said {
            return Ok(word);
        }
        count.tries = count.tries.saturating_add(1);
        if let Said::Code(code) = said {
            return Ok(code);
        }
        notice = Some(match &question.notice {
            // What can be typed instead stays in sight.
            Some(notice) if !question.drawn && question.reason.is_none() => format!("{NOT_A_CODE}\n{notice}"),
            _ => NOT_A_CODE.to_owned(),
        });
        spent = Reason::Malformed;
    }
    // The journal needs the cause, not only that there were enough prompts.
    let detail = question.reason.map_or_else(String::new, |reason| format!("the last answer was {reason}"));
    Err(Refusal { detail, ..Refusal::new(spent) })
}

/// What a line says, if the host has not said it in the person's place.
fn read(line: &Line, password: Option<&[u8]>) -> Result<Said, Refusal> {
    let typed = typed::parse(line);
    if matches!(typed, Typed::Junk) {
        return Err(Refusal::new(Reason::HostRefused));
    }
    // Before anything else is made of it: also a password of six digits is a replay, not a code.
    if password.is_some_and(|password| !password.is_empty() && secret::same(password, line)) {
        return Err(Refusal::new(Reason::HostCannotPrompt));
    }
    match typed {
        Typed::Code(code) | Typed::Recovery(code) => Ok(Said::Code(code)),
        Typed::Word(word) => Ok(Said::Word(Secret::new(word.as_str().to_owned()))),
        Typed::Empty | Typed::Malformed | Typed::Junk => Ok(Said::Nothing),
    }
}
