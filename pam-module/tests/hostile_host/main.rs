//! The built module in the real libpam, under applications that behave badly.
//!
//! It needs the shared object and builds it: `cargo build -p pam-module`.
#![expect(unsafe_code, reason = "plays a C application")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "test helpers")]

mod child;
mod host;
mod server;

use std::ffi::CStr;
use std::thread;

use host::{AUTH_ERR, AUTHINFO_UNAVAIL, Act, CONV_AGAIN, CONV_ERR, Host, MAXTRIES, PERM_DENIED, SUCCESS};
use serde_json::json;
use server::{CODE, Server};

fn typing(line: impl Into<Vec<u8>>) -> Act {
    Act::Type(line.into())
}

/// One login of alice with these acts.
fn login(server: &Server, rest: &str, acts: &[Act]) -> i32 {
    Host::start(c"alice", &[server.line(rest)]).authenticate(acts)
}

#[test]
fn a_right_code_gets_in_and_a_wrong_one_does_not() {
    let server = Server::start();
    let mut host = Host::start(c"alice", &[server.line("")]);
    assert_eq!(host.authenticate(&[typing(CODE)]), SUCCESS);
    assert_eq!(host.prompts(), [(false, "Verification code: ")]);
    assert_eq!(host.setcred(), SUCCESS);
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!((&requests[0]["user"], &requests[0]["service"]), (&json!("alice"), &json!("hostile")));
    assert_eq!((&requests[0]["evidence"], &requests[0]["qr"]), (&json!("stack"), &json!("utf8")));
    assert_eq!((&requests[1]["attempt"], &requests[1]["typed"]), (&json!("a1"), &json!(CODE)));
    assert_ne!(requests[0]["nonce"], requests[1]["nonce"]);

    assert_eq!(host.delay(), 0);
    assert_eq!(host.authenticate(&[typing("000000")]), AUTH_ERR);
    assert!(host.delay() > 1_000_000, "P-36: the host waits, not the module");
}

#[test]
fn p07_a_line_ends_at_its_nul() {
    let server = Server::start();
    let acts = [typing("123\x00456"), typing(format!("{CODE}\x00rest"))];
    assert_eq!(login(&server, "", &acts), SUCCESS);
    let requests = server.requests();
    assert_eq!(requests.len(), 2, "half a code is not sent");
    assert_eq!(requests[1]["typed"], json!(CODE));
}

#[test]
fn the_line_decides_how_is_asked() {
    let server = Server::start();
    let mut host = Host::start(
        c"alice",
        &[format!("required socket={} [prompt=Your code, please: ] echo_code qr=ascii debug", server.path().display())],
    );
    assert_eq!(host.authenticate(&[typing(CODE)]), SUCCESS);
    assert_eq!(host.prompts(), [(true, "Your code, please: ")]);
    assert_eq!(server.requests()[0]["qr"], "ascii");
}

#[test]
fn an_argument_that_is_not_understood_denies_without_asking() {
    let server = Server::start();
    for bad in ["nulok", "first=keys", "prompts=0", "timeout=5 timeout=5", "use_first_pass"] {
        assert_eq!(login(&server, bad, &[]), AUTH_ERR, "{bad}");
    }
    assert!(server.requests().is_empty());
}

#[test]
fn setcred_alone_succeeds_and_the_account_is_not_ours() {
    let mut host = Host::start(c"alice", &["required".into()]);
    assert_eq!(host.setcred(), SUCCESS);
    assert_eq!(host.account(), PERM_DENIED, "libpam's word for a stack of IGNORE alone");
}

#[test]
fn nullok_passes_those_whom_policy_does_not_ask_and_is_no_success() {
    let server = Server::start();
    let mut host = Host::start(c"free", &[server.line("nullok")]);
    assert_eq!(host.authenticate(&[]), PERM_DENIED, "libpam's word for a stack of IGNORE alone");
    let mut host = Host::start(c"free", &[server.line("")]);
    assert_eq!(host.authenticate(&[]), AUTH_ERR);
    assert_eq!(login(&server, "nullok", &[typing("000000")]), AUTH_ERR, "it covers no wrong code");
}

#[test]
fn p25_a_host_that_cannot_converse_is_a_conversation_error() {
    let server = Server::start();
    let mut host = Host::start(c"alice", &[server.line("")]).without_conversation();
    assert_eq!(host.authenticate(&[]), CONV_ERR);
    for act in [Act::NullArray, Act::NullLine, Act::Fail(CONV_ERR), Act::Fail(CONV_AGAIN), Act::Fail(4), Act::Fail(99)]
    {
        assert_eq!(login(&server, "", &[act]), CONV_ERR);
    }
    assert_eq!(login(&server, "", &[typing(""), Act::Fail(CONV_ERR)]), CONV_ERR, "the input ended");
}

#[test]
fn p01_p05_what_is_no_code_never_leaves_the_host() {
    let server = Server::start();
    assert_eq!(login(&server, "", &[typing(""), typing(""), typing("")]), AUTH_ERR);
    for length in [128, 129, 512, 100_000] {
        let line = vec![b'1'; length];
        assert_eq!(login(&server, "prompts=1", &[typing(line)]), AUTH_ERR, "{length}");
    }
    assert_eq!(login(&server, "prompts=2", &[typing(b"\xff\xfe".as_slice()), typing(CODE)]), SUCCESS);
    assert_eq!(server.requests().iter().filter(|request| request["typed"].is_string()).count(), 1);
}

#[test]
fn p33_the_prompts_are_bounded() {
    let ask = || json!({"outcome": "ask", "attempt": "a", "notice": "Again.", "label": null, "reason": "wrong"});
    let server = Server::answering(move |_| ask());
    let mut host = Host::start(c"alice", &[server.line("prompts=2")]);
    assert_eq!(host.authenticate(&[typing(CODE), typing(CODE)]), MAXTRIES);
    assert_eq!(host.prompts()[1], (false, "Again.\nVerification code: "));
}

#[test]
fn p19_the_stand_in_of_sshd_is_never_sent() {
    let server = Server::start();
    assert_eq!(login(&server, "", &[typing("\x08\n\r\x7fIN")]), AUTH_ERR);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn p16_p17_names_that_are_no_accounts() {
    let server = Server::start();
    let long = std::ffi::CString::new(vec![b'x'; 5000]).unwrap();
    let none: [&CStr; 2] = [c"al\xffice", &long];
    for user in none {
        assert_eq!(Host::start(user, &[server.line("")]).authenticate(&[]), AUTH_ERR);
    }
    assert!(server.requests().is_empty());
    let odd: [&CStr; 4] = [c"al\nice", c"../alice", c"\x1b[2J\"\\", c"\xd0\xb0lice"];
    for user in odd {
        assert_eq!(Host::start(user, &[server.line("")]).authenticate(&[typing("000000")]), AUTH_ERR);
        assert_eq!(server.requests()[0]["user"], user.to_str().unwrap(), "byte for byte");
    }
}

#[test]
fn a_name_that_changes_during_the_login_denies() {
    let server = Server::start();
    assert_eq!(login(&server, "", &[Act::Rename(c"root", CODE.into())]), AUTH_ERR);
    assert_eq!(login(&server, "", &[Act::Rename(c"alice", CODE.into())]), SUCCESS);
}

#[test]
fn password_and_code_in_one_line() {
    let server = Server::start();
    let lines = ["optional forward_pass".to_owned(), server.line("verify")];
    let mut host = Host::start(c"alice", &lines);
    assert_eq!(host.authenticate(&[typing("s3cret123456")]), SUCCESS);
    assert_eq!(host.prompts(), [(false, "Password & verification code: ")]);
    let requests = server.requests();
    assert_eq!((&requests[0]["qr"], &requests[1]["typed"]), (&json!("off"), &json!(CODE)));
    assert!(!requests.iter().any(|request| request.to_string().contains("s3cret")));

    assert_eq!(host.authenticate(&[typing("s3cret000000")]), AUTH_ERR, "P-32: the same handle again");
    assert_eq!(host.authenticate(&[Act::Fail(CONV_ERR)]), AUTH_ERR, "no code of before is judged");
    for line in ["123456", "s3cret", ""] {
        assert_eq!(host.authenticate(&[typing(line)]), AUTH_ERR, "{line:?}");
    }
    assert_eq!(Host::start(c"alice", &[server.line("verify")]).authenticate(&[]), AUTH_ERR);
    let mut host = Host::start(c"alice", &lines);
    assert_eq!(host.authenticate(&[Act::Rename(c"root", b"s3cret123456".into())]), AUTH_ERR);
}

#[test]
fn p37_the_password_given_as_the_code_is_never_sent() {
    let server = Server::start();
    for password in ["s3cret", "123456"] {
        let mut host = Host::start(c"alice", &["optional forward_pass".into(), server.line("")]);
        assert_eq!(host.authenticate(&[typing(format!("{password}999999")), typing(password)]), AUTH_ERR);
    }
    assert!(server.requests().iter().all(|request| request["typed"].is_null()));
}

#[test]
fn a_key_is_believed_from_the_pam_environment() {
    let server = Server::start();
    let seen = |host: Host| {
        let mut host = host;
        assert_eq!(host.authenticate(&[typing(CODE)]), SUCCESS);
        let request = &server.requests()[0];
        (request["evidence"].clone(), request["key"].clone())
    };
    let start = || Host::start(c"alice", &[server.line("first=key")]);
    let none = (json!("none"), json!(null));
    assert_eq!(seen(start()), none);
    assert_eq!(seen(start().with_variable(c"SSH_AUTH_INFO_0=password\n")), none);
    assert_eq!(seen(start().with_variable(c"SSH_AUTH_INFO_0=xpublickey ssh-ed25519 AAAA")), none);
    let key = start().with_variable(c"SSH_AUTH_INFO_0=publickey ssh-ed25519 AAAA\npublickey ssh-rsa BBBB\n");
    assert_eq!(seen(key), (json!("key"), json!("publickey ssh-ed25519 AAAA")));
    let stack = Host::start(c"alice", &[server.line("")]).with_variable(c"SSH_AUTH_INFO_0=publickey a b\n");
    assert_eq!(seen(stack), (json!("stack"), json!("publickey a b")));
}

#[test]
fn key_used_tells_the_stack_and_asks_nobody() {
    let mut host = Host::start(c"alice", &["required key_used".into()]);
    assert_eq!((host.authenticate(&[]), host.delay()), (AUTH_ERR, 0));
    let mut host = host.with_variable(c"SSH_AUTH_INFO_0=publickey ssh-ed25519 AAAA\n");
    assert_eq!(host.authenticate(&[]), SUCCESS);
}

#[test]
fn nobody_there_is_no_answer_and_nobody_is_asked() {
    let line = "required timeout=1 socket=/nonexistent/verify.sock".to_owned();
    assert_eq!(Host::start(c"alice", &[line]).authenticate(&[]), AUTHINFO_UNAVAIL);
    assert_eq!(login(&Server::hanging_up(), "timeout=1", &[]), AUTHINFO_UNAVAIL);
}

#[test]
fn a_thread_may_log_in_and_exit() {
    for _ in 0..20 {
        let code = thread::spawn(|| login(&Server::start(), "", &[typing(CODE)])).join().unwrap();
        assert_eq!(code, SUCCESS);
    }
    let threads: Vec<_> = (0..8).map(|_| thread::spawn(|| login(&Server::start(), "", &[typing(CODE)]))).collect();
    assert!(threads.into_iter().all(|thread| thread.join().unwrap() == SUCCESS), "P-32: all at once");
}

/// A server that knows one code and, at the account line, whom policy asks for one.
fn with_account_line() -> Server {
    Server::answering(|request| match (request["proven"].as_bool(), request["typed"].as_str()) {
        (Some(true), _) | (None, Some(CODE)) => json!({"outcome": "granted"}),
        (Some(false), _) if request["user"] == "free" => json!({"outcome": "not_asked"}),
        // From a server that does not know what it is asked.
        (Some(false), _) if request["user"] == "odd" => json!({"outcome": "granted"}),
        (Some(false), _) => json!({"outcome": "refused", "reason": "code_missing", "notice": "None was asked for."}),
        (None, None) => json!({"outcome": "ask", "attempt": "a1", "notice": null, "label": null, "reason": null}),
        (None, Some(_)) => json!({"outcome": "refused", "reason": "wrong", "notice": null}),
    })
}

#[test]
fn the_account_line_lets_in_behind_a_code_and_nobody_else_whom_policy_asks() {
    let server = with_account_line();
    let socket = format!("socket={}", server.path().display());
    let host = |user| Host::start_sshd(user, &[server.line("")], &socket);
    let mut alice = host(c"alice");
    assert_eq!(alice.account(), PERM_DENIED, "a key alone");
    assert_eq!(alice.authenticate(&[typing("000000")]), AUTH_ERR);
    assert_eq!(alice.account(), PERM_DENIED, "a wrong code");
    assert_eq!(alice.authenticate(&[typing(CODE)]), SUCCESS);
    assert_eq!(alice.account(), SUCCESS, "libpam's word for our IGNORE before pam_permit");
    assert_eq!(alice.authenticate(&[typing("000000")]), AUTH_ERR);
    assert_eq!(alice.account(), PERM_DENIED, "the earlier code was not of this login");
    assert_eq!(host(c"free").account(), SUCCESS);
    assert_eq!(host(c"odd").account(), PERM_DENIED, "nobody is granted what they have not shown");
    let asked: Vec<_> = server.requests().into_iter().filter_map(|request| request["proven"].as_bool()).collect();
    assert_eq!(asked, [false, false, true, false, false, false]);
}

#[test]
fn the_account_line_refuses_where_it_knows_nothing() {
    let gone = Server::hanging_up();
    let socket = format!("socket={} timeout=1", gone.path().display());
    assert_eq!(Host::start_sshd(c"alice", &[], &socket).account(), AUTHINFO_UNAVAIL);
    assert_eq!(Host::start_sshd(c"alice", &[], "socket=/nowhere/s").account(), AUTHINFO_UNAVAIL);
    let server = with_account_line();
    for more in ["nullok", "first=key", "prompt=x", "verify", "forward_pass", "nonsense", "timeout=0"] {
        let line = format!("socket={} {more}", server.path().display());
        assert_eq!(Host::start_sshd(c"free", &[], &line).account(), PERM_DENIED, "{more}");
    }
    assert!(server.requests().is_empty());
}
