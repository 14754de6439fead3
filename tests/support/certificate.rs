//! Certificates, made for one test.

use std::fs;
use std::path::Path;

use axum::Router;
use idp_server::config::Tls;
use idp_server::listen::{tls, web};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::run;

/// Makes a certificate for this name in a folder, good for so many days from now, by an authority of its own: `cert.pem`,
/// `key.pem` and `ca.pem`.
pub(crate) fn certify(folder: &Path, name: &str, days: i32) {
    let at = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    let (ca, ca_key, request) = (at("ca.pem"), at("ca.key"), at("request.pem"));
    let authority = ["req", "-x509", "-days", "30", "-subj", "/CN=Test", "-keyout", &ca_key, "-out", &ca];
    openssl(&[&authority[..], &key, &["-addext", "basicConstraints=critical,CA:TRUE"]].concat());
    let asked = ["req", "-new", "-subj", "/CN=test", "-keyout", &at("key.pem"), "-out", &request];
    openssl(&[&asked[..], &key].concat());
    fs::write(folder.join("names"), format!("subjectAltName={name}\n")).unwrap();
    let (names, certificate) = (at("names"), at("cert.pem"));
    let days = days.to_string();
    let signed = ["x509", "-req", "-days", &days, "-in", &request, "-CA", &ca, "-CAkey", &ca_key];
    openssl(&[&signed[..], &["-CAcreateserial", "-extfile", &names, "-out", &certificate]].concat());
}

fn openssl(arguments: &[&str]) {
    run("openssl", arguments, "");
}

/// Serves this over TLS, as `localhost` with a certificate that `ca.pem` in the folder vouches for; answers where, and what
/// ends it.
pub(crate) async fn serve_as_localhost(folder: &Path, routes: Router) -> (String, watch::Sender<bool>) {
    certify(folder, "DNS:localhost", 30);
    let files = Tls { cert: folder.join("cert.pem"), key: folder.join("key.pem") };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (stopper, stop) = watch::channel(false);
    tokio::spawn(web::serve(listener, Some(tls::Tls::load(&files).unwrap()), Vec::new(), routes, stop));
    (format!("https://localhost:{port}"), stopper)
}
