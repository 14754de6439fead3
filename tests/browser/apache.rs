//! A web app as many are: pages behind Apache's `mod_auth_openidc`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::support::server::Process;
use crate::support::wait::until;
use crate::support::{run, totp};

pub(super) const APACHE: &str = "/usr/sbin/apache2";
pub(super) const MODULE: &str = "/usr/lib/apache2/modules/mod_auth_openidc.so";

/// Apache with an app that only signed-in people see, and a page that frames whatever its address names.
#[derive(Debug)]
pub(super) struct Apache {
    _process: Process,
    folder: TempDir,
}

impl Apache {
    /// Starts it; what the app asks for besides comes in the words of its own configuration.
    pub(super) fn start(port: u16, issuer: &str, client: &serde_json::Value, asked: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("twolatch-apache.").tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir_all(path("site/app/high")).unwrap();
        fs::create_dir(path("run")).unwrap();
        let app = "<!doctype html><title>The app</title><!--#echo var=\"REMOTE_USER\" -->";
        fs::write(path("site/app/index.shtml"), app.replace("<!--#", "The app knows <!--#")).unwrap();
        fs::write(path("site/app/high/index.shtml"), "<!doctype html><title>High</title>For the sure").unwrap();
        let frame = "<!doctype html><title>Frame</title><iframe></iframe>\
             <script>document.querySelector('iframe').src = location.hash.slice(1)</script>";
        fs::write(path("site/frame.html"), frame).unwrap();
        fs::write(path("site/bye.html"), "<!doctype html><title>Bye</title>Signed out of the app").unwrap();
        let modules: String =
            ["mpm_event", "authn_core", "authz_core", "authz_user", "dir", "mime", "filter", "include", "auth_openidc"]
                .map(|name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"))
                .concat();
        let text = |name: &str| client[name].as_str().unwrap().to_owned();
        let config = format!(
            "ServerRoot {root}\nServerName 127.0.0.1\nListen 127.0.0.1:{port}\nPidFile {root}/run/pid\n\
             DefaultRuntimeDir {root}/run\nErrorLog {root}/log\nUser www-data\nGroup www-data\n{modules}\
             DocumentRoot {root}/site\nTypesConfig /etc/mime.types\nDirectoryIndex index.shtml\n\
             AddType text/html .shtml\nAddOutputFilter INCLUDES .shtml\n\
             <Directory {root}/site>\nOptions +Includes\nRequire all granted\n</Directory>\n\
             OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration\nOIDCClientID {id}\n\
             OIDCClientSecret {secret}\nOIDCRedirectURI http://127.0.0.1:{port}/app/callback\n\
             OIDCCryptoPassphrase {passphrase}\nOIDCPKCEMethod S256\n\
             OIDCRemoteUserClaim preferred_username\n\
             <Location /app>\nAuthType openid-connect\nRequire valid-user\n</Location>\n{asked}",
            root = folder.path().display(),
            id = text("client_id"),
            secret = text("client_secret"),
            passphrase = totp::new_secret(),
        );
        fs::write(path("httpd.conf"), config).unwrap();
        let config: PathBuf = path("httpd.conf");
        run(APACHE, &["-t", "-f", config.to_str().unwrap()], "");
        let mut command = Command::new(APACHE);
        command.args(["-DFOREGROUND", "-f"]).arg(&config).stdout(Stdio::null()).stderr(Stdio::null());
        let process = Process(command.spawn().unwrap());
        until("Apache to listen", || std::net::TcpStream::connect(("127.0.0.1", port)).ok());
        Self { _process: process, folder }
    }

    pub(super) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}
