use std::ffi::CString;
use std::path::Path;
use std::time::Duration;

use twolatch_core::wire::Qr;

use super::{BadArgument, First, Options, Task};

fn parse(arguments: &[&str]) -> Result<Options, BadArgument> {
    let owned: Vec<CString> = arguments.iter().map(|a| CString::new(*a).unwrap()).collect();
    let borrowed: Vec<_> = owned.iter().map(CString::as_c_str).collect();
    Options::parse(&borrowed)
}

#[test]
fn without_arguments_the_defaults_hold() {
    let options = parse(&[]).unwrap();
    assert_eq!(options.task, Task::Login);
    assert_eq!(options.socket, Path::new("/run/twolatch/verify.sock"));
    assert_eq!(options.first, First::Stack);
    assert_eq!(options.prompt, "Verification code: ");
    assert_eq!((options.prompts, options.timeout, options.qr), (3, Duration::from_secs(5), Qr::Utf8));
    assert!(!options.echo_code && !options.nullok && !options.debug);
}

#[test]
fn every_argument_is_taken_over() {
    let options = parse(&[
        "socket=/srv/x.sock",
        "first=key",
        "prompt=Code, please: ",
        "echo_code",
        "qr=ascii",
        "prompts=10",
        "timeout=30",
        "nullok",
        "debug",
    ])
    .unwrap();
    assert_eq!(options.socket, Path::new("/srv/x.sock"));
    assert_eq!(options.first, First::Key);
    assert_eq!(options.prompt, "Code, please: ");
    assert_eq!((options.prompts, options.timeout, options.qr), (10, Duration::from_secs(30), Qr::Ascii));
    assert!(options.echo_code && options.nullok && options.debug);
}

#[test]
fn what_is_unknown_or_malformed_denies() {
    let bad = [
        "nullok=1",
        "NULLOK",
        "",
        "=",
        "use_first_pass",
        "first=",
        "first",
        "first=password",
        "socket",
        "socket=",
        "socket=run/x.sock",
        "socket=/run/../x.sock",
        "socket=/run/x/",
        "prompt=",
        "prompt=  ",
        "prompt=a\x1b[2Jb",
        "prompt=a\nb",
        "echo_code=yes",
        "qr=ansi",
        "prompts=0",
        "prompts=11",
        "prompts=+3",
        "prompts=3 ",
        "prompts=",
        "timeout=0",
        "timeout=31",
        "timeout=5s",
        "timeout=99999999999",
        "debug=on",
    ];
    for argument in bad {
        assert!(parse(&[argument]).is_err(), "{argument:?}");
    }
    assert!(parse(&[&format!("socket=/{}", "x".repeat(107))]).is_err());
    assert!(Options::parse(&[c"prompt=\xff"]).is_err());
}

#[test]
fn nothing_is_given_twice() {
    assert_eq!(parse(&["first=stack", "first=key"]), Err(BadArgument("`first` is given twice".into())));
    assert!(parse(&["nullok", "nullok"]).is_err());
}

#[test]
fn a_task_takes_only_the_arguments_that_it_heeds() {
    assert_eq!(parse(&["forward_pass"]).unwrap().prompt, "Password & verification code: ");
    assert_eq!(parse(&["prompt=Both: ", "forward_pass"]).unwrap().prompt, "Both: ");
    assert_eq!(parse(&["verify", "nullok", "timeout=2"]).unwrap().task, Task::Verify);
    assert_eq!(parse(&["key_used", "debug"]).unwrap().task, Task::KeyUsed);
    for pair in [
        ["forward_pass", "verify"],
        ["verify", "forward_pass"],
        ["forward_pass", "echo_code"],
        ["forward_pass", "nullok"],
        ["verify", "prompt=x"],
        ["key_used", "nullok"],
        ["key_used", "verify"],
    ] {
        assert!(parse(&pair).is_err(), "{pair:?}");
    }
}
