//! The example application against a provider that listens: what a web application's owner would try first.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Client, Response, StatusCode, redirect};
use tokio::net::TcpListener;
use twolatch_core::time::{Clock, SystemClock};

use crate::support::core::Core;
use crate::support::database::Engine;
use crate::support::provider::{BOTH, Provider};
use crate::support::{free_port, skip};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_example_signs_somebody_in_over_real_connections() {
    let example = PathBuf::from(env!("CARGO_BIN_EXE_twolatch")).with_file_name("examples").join("relying_party");
    if !example.exists() {
        return skip("the example relying_party is not built: cargo build --examples");
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    let provider = Provider::at(Core::new(Engine::Sqlite).await.unwrap(), &issuer).await;
    provider.advance(SystemClock.now().since(provider.now())); // the example has no other clock
    tokio::spawn(axum::serve(listener, provider.router()).into_future());

    let application = format!("http://127.0.0.1:{}", free_port());
    let callback = format!("{application}/callback");
    let registered = provider.client(|client| client.redirect_uris = vec![callback.parse().unwrap()]).await;
    let browser = provider.browser("alice", &BOTH).await;
    let _running = Running::start(&example, &issuer, &registered.id, &registered.secret, &application);

    let http = Client::builder().redirect(redirect::Policy::none()).build().unwrap();
    let visit = async |url: &str, cookie: &str| http.get(url).header(COOKIE, cookie).send().await.unwrap();
    let asked = visit(&format!("{application}/login"), "").await;
    let state = kept(&asked);
    let answered = visit(&location(&asked), &provider.cookie(&browser.token)).await;
    let back = location(&answered);
    assert!(back.starts_with(&format!("{callback}?code=")), "{back}");
    assert_eq!(visit(&back, "state=other").await.status(), StatusCode::BAD_REQUEST, "another browser's answer");
    let signed_in = visit(&back, &state).await;
    assert_eq!(location(&signed_in), "/");
    let session = kept(&signed_in);
    let page = visit(&application, &session).await.text().await.unwrap();
    for part in [
        "<strong id=\"name\">alice</strong>",
        "<dd id=\"email\">alice@example.org</dd>",
        "<dd id=\"acr\">urn:twolatch:acr:3</dd>",
        "<dd id=\"amr\">pwd otp mfa</dd>",
    ] {
        assert!(page.contains(part), "{page}");
    }
    assert_eq!(visit(&back, &state).await.status(), StatusCode::BAD_REQUEST, "an answer counts once");
}

/// The example, until this is dropped.
struct Running(Child);

impl Running {
    fn start(program: &PathBuf, issuer: &str, id: &str, secret: &str, application: &str) -> Self {
        let listen = application.trim_start_matches("http://");
        let arguments = ["--issuer", issuer, "--client-id", id, "--client-secret", secret, "--listen", listen];
        let mut child = Command::new(program).args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.starts_with("listening on"), "{line}");
        Self(child)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[track_caller]
fn location(response: &Response) -> String {
    assert_eq!(response.status(), StatusCode::SEE_OTHER, "{response:?}");
    response.headers()[LOCATION].to_str().unwrap().to_owned()
}

/// The cookie that a browser sends from now on.
#[track_caller]
fn kept(response: &Response) -> String {
    response.headers()[SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned()
}
