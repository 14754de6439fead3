//! What is good once is good once over two server processes on one PostgreSQL, also where both are started anew between its
//! making and its use, and after its use.

use std::fs;
use std::sync::Barrier;
use std::thread;

use axum::http::StatusCode;
use data_encoding::BASE64;
use reqwest::blocking::{Client, RequestBuilder};
use serde_json::{Value, json};
use twolatch_core::client::SigningAlg;
use twolatch_core::time::{Clock, SystemClock};
use url::Url;

use crate::support::database::Engine;
use crate::support::provider::{CALLBACK, CHALLENGE, VERIFIER};
use crate::support::server::Server;
use crate::support::signer::Signer;
use crate::support::site::{PASSWORD, encode};
use crate::support::visitor::Visitor;
use crate::support::{rounds, totp};

/// Uses of one thing in a round.
const USES: usize = 50;

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Two servers, and the applications that are registered there.
struct Place {
    servers: [Server; 2],
    client: Client,
    web: (String, String),
    device: String,
    machine: (String, Signer),
    issuer: String,
}

/// Something that is good once, and how it is used.
enum Once {
    Form(Vec<(&'static str, String)>),
    Visit(String),
}

/// One of each that is good once, all of one person.
struct Made {
    browser: Visitor,
    all: Vec<(&'static str, Once)>,
}

impl Place {
    fn new(folder: &std::path::Path) -> Option<Self> {
        let first = Server::init(Engine::Postgres, folder)?;
        let second = first.beside(folder);
        let issuer = first.issuer();
        // One name for both, as behind a load balancer.
        let config = fs::read_to_string(second.config_path()).unwrap();
        let own = format!("issuer = \"{}\"", second.issuer());
        assert!(config.contains(&own), "{config}");
        fs::write(second.config_path(), config.replace(&own, &format!("issuer = \"{issuer}\""))).unwrap();
        let add = |arguments: &[&str]| first.json(&[&["client", "add"], arguments].concat());
        let word = |told: &Value, name: &str| told[name].as_str().unwrap().to_owned();
        let web = add(&["--name", "Wiki", "--redirect-uri", CALLBACK]);
        let device = add(&["--name", "Backup", "--public", "--grant", "device_code", "refresh_token"]);
        let signer = Signer::new(SigningAlg::Es256);
        let keys = folder.join("keys.json");
        fs::write(&keys, json!({ "keys": [signer.jwk()] }).to_string()).unwrap();
        let machine = ["--name", "Jobs", "--grant", "client_credentials", "--scope", "jobs:read"];
        let proof = ["--auth-method", "private_key_jwt", "--jwks", keys.to_str().unwrap()];
        let machine = add(&[&machine as &[&str], &proof].concat());
        Some(Self {
            web: (word(&web, "client_id"), word(&web, "client_secret")),
            device: word(&device, "client_id"),
            machine: (word(&machine, "client_id"), signer),
            servers: [first, second],
            client: Visitor::client(),
            issuer,
        })
    }

    /// Starts both.
    fn start(&mut self) {
        self.servers.iter_mut().for_each(Server::start);
    }

    /// Starts both anew: one was asked to stop, the other had no time to.
    fn restart(&mut self) {
        self.servers[0].stop();
        self.servers[1].kill();
        self.start();
    }

    fn form(&self, server: usize, path: &str, fields: &[(&str, &str)]) -> RequestBuilder {
        let request = self.client.post(format!("{}{path}", self.servers[server].issuer()));
        request.header("content-type", "application/x-www-form-urlencoded").body(encode(fields.iter().copied()))
    }

    /// What the application with a secret gets there, which is asked for nothing in vain.
    fn of_web(&self, server: usize, path: &str, fields: &[(&str, &str)]) -> Value {
        read(self.as_web(self.form(server, path, fields)))
    }

    fn as_web(&self, request: RequestBuilder) -> RequestBuilder {
        let (id, secret) = &self.web;
        request.header("authorization", format!("Basic {}", BASE64.encode(format!("{id}:{secret}").as_bytes())))
    }

    fn asking(&self) -> Vec<(&'static str, String)> {
        let fixed = [
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", "openid offline_access"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        let fixed = fixed.map(|(name, value)| (name, value.to_owned()));
        [("client_id", self.web.0.clone())].into_iter().chain(fixed).collect()
    }

    /// A code of whoever sits at the browser.
    fn code(&self, browser: &mut Visitor) -> String {
        let asking = self.asking();
        let query = encode(asking.iter().map(|(name, value)| (*name, value.as_str())));
        code_in(&browser.get(&format!("/authorize?{query}")).location().unwrap()).unwrap()
    }

    /// An assertion of the machine.
    fn assertion(&self, jti: &str) -> Once {
        let ((id, signer), now) = (&self.machine, SystemClock.now().unix());
        let claims = json!({ "iss": id, "sub": id, "aud": self.issuer, "jti": jti, "iat": now, "exp": now + 240 });
        let fields = [
            ("grant_type", "client_credentials".to_owned()),
            ("client_assertion_type", ASSERTION.to_owned()),
            ("client_assertion", signer.sign(&claims)),
        ];
        Once::Form(fields.into())
    }

    /// Somebody new signs in to say yes to a device, and has one of everything made.
    fn make(&self, name: &str) -> Made {
        let (first, secret) = (&self.servers[0], totp::new_secret());
        first.run(&["user", "add", name], "");
        first.run(&["factor", "add-totp", name, "--secret-stdin"], &format!("{secret}\n"));
        first.run(&["user", "set", name, "--password-stdin", "--keep"], &format!("{PASSWORD}\n"));
        let scope = [("client_id", self.device.as_str()), ("scope", "openid")];
        let device = read(self.form(1, "/device_authorization", &scope));
        let mut browser = Visitor::new(&self.client, first);
        let page = browser.get("/device");
        let mut page = browser.post(&page, &[("user_code", device["user_code"].as_str().unwrap())]);
        let code = totp::code(&secret);
        for fields in [&[("username", name), ("password", PASSWORD)] as &[_], &[("code", code.as_str())]] {
            page = browser.follow(page);
            page = browser.post(&page, fields);
        }
        page = browser.follow(page);
        let answer = browser.post(&page, &[("answer", "allow")]);
        assert_eq!(answer.location().as_deref(), Some("/device"), "{page:?} {answer:?}");
        let tokens = self.of_web(0, "/token", &redemption(&self.code(&mut browser)));
        let asking = self.asking();
        let asking: Vec<_> = asking.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let pushed = self.of_web(1, "/par", &asking);
        let uri = pushed["request_uri"].as_str().unwrap();
        let word = |value: &Value| value.as_str().unwrap().to_owned();
        let code = redemption(&self.code(&mut browser)).map(|(name, value)| (name, value.to_owned()));
        let refresh = [("grant_type", "refresh_token".to_owned()), ("refresh_token", word(&tokens["refresh_token"]))];
        let polled = [
            ("grant_type", DEVICE.to_owned()),
            ("client_id", self.device.clone()),
            ("device_code", word(&device["device_code"])),
        ];
        let query = encode([("client_id", self.web.0.as_str()), ("request_uri", uri)]);
        let all = vec![
            ("code", Once::Form(code.into())),
            ("refresh token", Once::Form(refresh.into())),
            ("device code", Once::Form(polled.into())),
            ("PAR uri", Once::Visit(format!("/authorize?{query}"))),
            ("assertion jti", self.assertion(&format!("of {name}"))),
        ];
        Made { browser, all }
    }

    /// Uses something at a server, and says whether that was good.
    fn use_it(&self, server: usize, once: &Once, cookies: &str) -> bool {
        let request = match once {
            Once::Form(fields) => {
                let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
                let request = self.form(server, "/token", &fields);
                let own = fields.iter().any(|(name, _)| ["client_id", "client_assertion"].contains(name));
                if own { request } else { self.as_web(request) }
            }
            Once::Visit(to) => {
                self.client.get(format!("{}{to}", self.servers[server].issuer())).header("cookie", cookies)
            }
        };
        let answer = request.send().unwrap();
        match answer.status() {
            StatusCode::OK => true,
            StatusCode::SEE_OTHER => code_in(answer.headers()["location"].to_str().unwrap()).is_some(),
            StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED => false,
            status => panic!("{status}: {}", answer.text().unwrap()),
        }
    }

    /// How many of many uses at once, at both servers, were good.
    fn good(&self, once: &Once, cookies: &str) -> usize {
        let together = Barrier::new(USES);
        thread::scope(|scope| {
            let uses: Vec<_> = (0..USES)
                .map(|number| {
                    let together = &together;
                    scope.spawn(move || {
                        together.wait();
                        self.use_it(number % 2, once, cookies)
                    })
                })
                .collect();
            uses.into_iter().map(|one| one.join().unwrap()).filter(|good| *good).count()
        })
    }
}

fn redemption(code: &str) -> [(&'static str, &str); 4] {
    [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK), ("code_verifier", VERIFIER)]
}

/// What a request is answered that is answered.
fn read(request: RequestBuilder) -> Value {
    let answer = request.send().unwrap();
    let (status, body) = (answer.status(), answer.text().unwrap());
    assert!(status.is_success(), "{status}: {body}");
    serde_json::from_str(&body).unwrap()
}

/// The code in an answer to an application.
fn code_in(location: &str) -> Option<String> {
    let back = Url::parse(location).ok()?;
    back.query_pairs().find(|(name, _)| name == "code").map(|(_, code)| code.into_owned())
}

/// CVE-2026-1035, CVE-2026-96446, CVE-2020-5300, CVE-2026-9802 (Keycloak, Hydra): second uses that raced, a request address that
/// was good again, assertions that were not remembered, and what was used up being good after a restart.
#[test]
fn o13_o15_o34_o42_what_is_good_once_stays_so_over_two_servers_and_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let Some(mut place) = Place::new(folder.path()) else { return };
    place.start();
    // Each round starts both servers twice.
    for round in 0..rounds().div_ceil(10) {
        let made = place.make(&format!("user{round}"));
        let cookies = made.browser.cookie_header();
        let spent = place.assertion(&format!("spent {round}"));
        assert!(place.use_it(0, &spent, ""));
        place.restart();
        assert!(!place.use_it(1, &spent, ""), "an assertion that was used before");
        for (what, once) in &made.all {
            assert_eq!(place.good(once, &cookies), 1, "round {round}: {what}");
        }
        place.restart();
        for (what, once) in &made.all {
            let again = [0, 1].map(|server| place.use_it(server, once, &cookies));
            assert_eq!(again, [false, false], "round {round}: {what} was used up");
        }
    }
    place.servers.iter_mut().for_each(Server::stop);
}
