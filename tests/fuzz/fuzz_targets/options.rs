//! The arguments of a PAM line, one to a line: what is taken over is within bounds, and is the same when it is written and
//! read again.

#![no_main]

use std::ffi::{CStr, CString};
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use pam_twolatch::options::{First, MAX_PROMPTS, Options, Task};
use twolatch_core::wire::Qr;

fuzz_target!(|input: &[u8]| {
    let lines = input.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let Ok(arguments) = lines.map(CString::new).collect::<Result<Vec<_>, _>>() else { return };
    let arguments: Vec<&CStr> = arguments.iter().map(CString::as_c_str).collect();
    let account = Options::of_account(&arguments);
    let Ok(options) = Options::parse(&arguments) else {
        assert!(account.is_err(), "an account line takes no more than another one");
        return;
    };
    assert!((1..=MAX_PROMPTS).contains(&options.prompts));
    assert!((Duration::from_secs(1)..=Duration::from_secs(30)).contains(&options.timeout));
    assert!(options.socket.is_absolute() && options.socket.as_os_str().len() <= 107);
    assert!(!options.prompt.chars().any(char::is_control) && options.prompt.len() <= 256);
    if let Ok(account) = account {
        assert_eq!(account, options);
        assert_eq!((options.task, options.first, options.nullok), (Task::Login, First::Stack, false));
    }
    let again = written(&options);
    let again: Vec<&CStr> = again.iter().map(CString::as_c_str).collect();
    assert_eq!(Options::parse(&again), Ok(options));
});

/// The arguments that say this, as far as they go with the task.
fn written(options: &Options) -> Vec<CString> {
    let first = format!("first={}", if options.first == First::Key { "key" } else { "stack" });
    let qr = match options.qr {
        Qr::Utf8 => "qr=utf8",
        Qr::Ascii => "qr=ascii",
        Qr::Off => "qr=off",
    };
    let server = [format!("socket={}", options.socket.display()), first];
    let server = [&server[..], &[format!("timeout={}", options.timeout.as_secs())]].concat();
    let prompt = format!("prompt={}", options.prompt);
    let mut arguments = match options.task {
        Task::Login => [server, vec![prompt, qr.to_owned(), format!("prompts={}", options.prompts)]].concat(),
        Task::Forward => vec!["forward_pass".to_owned(), prompt],
        Task::Verify => [server, vec!["verify".to_owned()]].concat(),
        Task::KeyUsed => vec!["key_used".to_owned()],
    };
    let flags = [(options.echo_code, "echo_code"), (options.nullok, "nullok"), (options.debug, "debug")];
    arguments.extend(flags.iter().filter(|(set, _)| *set).map(|(_, name)| (*name).to_owned()));
    arguments.into_iter().map(|argument| CString::new(argument).unwrap()).collect()
}
