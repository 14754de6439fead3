//! Two hundred logins in one process through the module's file, some of them refused: of none is memory, a file or a thread
//! left. Once under valgrind, once under `AddressSanitizer`.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::support::database::Engine;
use crate::support::server::Server;
use crate::support::{run, setting, skip, totp};

/// As many as the issue asks for, and so few that what one of them leaves is seen in the difference.
const RUNS: [usize; 2] = [20, 200];

/// One in so many is refused.
const REFUSED: usize = 5;

/// A code is taken for so long at the least: all logins are over by then, however slow valgrind is.
const PERIOD: &str = "60";

/// A server that runs, people who have not logged in yet, and a program that logs them in through a module.
struct Place {
    server: Server,
    folder: TempDir,
    secrets: Vec<String>,
}

impl Place {
    fn new(module: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut server = Server::init(Engine::Sqlite, folder.path()).expect("SQLite is always there");
        let secrets: Vec<String> = (0..RUNS.iter().sum()).map(|_| totp::new_secret()).collect();
        let mut table = "name,secret,period\n".to_owned();
        for (number, secret) in secrets.iter().enumerate() {
            writeln!(table, "p{number},{secret},{PERIOD}").unwrap();
        }
        server.run(&["import", "csv", "-", "--add-people"], &table);
        server.start();
        let line = format!("auth required {} socket={}\n", module.display(), server.socket().display());
        fs::write(folder.path().join("login"), line).unwrap();
        Self { server, folder, secrets }
    }

    /// The program, built with these arguments of the compiler more.
    fn host(&self, more: &[&str]) -> PathBuf {
        let (source, host) =
            (concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/bench/logins.c"), self.folder.path().join("host"));
        let arguments = ["-std=c11", "-O1", "-g", "-rdynamic", "-o", host.to_str().unwrap(), source];
        run("gcc", &[&arguments[..], more, &["-lpam"]].concat(), "");
        host
    }

    /// Each of the next people logs in once; the program reads this.
    fn lines(&mut self, count: usize) -> String {
        let mut lines = String::new();
        for _ in 0..count {
            let secret = self.secrets.pop().unwrap();
            let arguments =
                ["--totp", "--base32", "--time-step-size", "60s", "--window", "4", "--now", "2 minutes ago", "-"];
            let near = run("oathtool", &arguments, &secret);
            let near: Vec<&str> = near.lines().collect();
            let name = self.secrets.len();
            if name.is_multiple_of(REFUSED) {
                let wrong =
                    (0..100).map(|number| format!("{number:06}")).find(|code| !near.contains(&code.as_str())).unwrap();
                writeln!(lines, "p{name} !{wrong} 0").unwrap();
            } else {
                writeln!(lines, "p{name} {} 0", near[2]).unwrap();
            }
        }
        lines
    }

    /// Runs the program among others, with so many logins.
    fn log_in(&mut self, command: &mut Command, count: usize) -> Output {
        let input = self.folder.path().join("lines");
        fs::write(&input, self.lines(count)).unwrap();
        command.arg(self.folder.path()).arg("login").stdin(fs::File::open(&input).unwrap());
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap()
    }
}

fn module(setting_of_it: &str) -> Option<PathBuf> {
    let module = setting(setting_of_it).map(PathBuf::from);
    if module.is_none() {
        skip(&format!("no PAM module: build it and name the file in {setting_of_it}"));
    }
    module
}

#[test]
fn valgrind_finds_nothing_left_of_two_hundred_logins() {
    let Some(module) = module("TWOLATCH_PAM_MODULE") else { return };
    if Command::new("valgrind").arg("--version").output().is_err() {
        skip("no valgrind: no leak of the module is found");
        return;
    }
    let mut place = Place::new(&module);
    let host = place.host(&[]);
    let log = place.folder.path().join("valgrind.log");
    let reachable = RUNS.map(|count| {
        let mut valgrind = Command::new("valgrind");
        valgrind.args([
            "--leak-check=full",
            "--errors-for-leak-kinds=definite,indirect,possible",
            "--error-exitcode=99",
        ]);
        valgrind.args(["--show-leak-kinds=definite,indirect,possible", "--num-callers=30"]);
        valgrind.arg(format!("--log-file={}", log.display())).arg(&host);
        let output = place.log_in(&mut valgrind, count);
        let said = fs::read_to_string(&log).unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}\n{errors}\n{said}\n{}", output.status, place.server.log());
        // What libpam and the loader keep until the process ends: as much after few logins as after many.
        let line =
            said.lines().find(|line| line.contains("still reachable: ") || line.contains("no leaks are possible"));
        line.unwrap_or_else(|| panic!("{said}")).split_once("== ").unwrap().1.trim().to_owned()
    });
    assert_eq!(reachable[0], reachable[1], "each login leaves something");
    place.server.stop();
}

#[test]
fn address_sanitizer_finds_nothing_in_two_hundred_logins() {
    let Some(module) = module("TWOLATCH_ASAN_MODULE") else { return };
    let mut place = Place::new(&module);
    // The very runtime that the module was built for; a module brings none along.
    let root = run("rustc", &["--print", "sysroot"], "");
    let libraries = Path::new(root.trim()).join("lib/rustlib/x86_64-unknown-linux-gnu/lib");
    let is_runtime = |path: &PathBuf| path.to_str().is_some_and(|path| path.ends_with("_rt.asan.a"));
    let runtime =
        fs::read_dir(libraries).unwrap().map(|entry| entry.unwrap().path()).find(is_runtime).expect("a runtime");
    let whole = ["-Wl,--whole-archive", runtime.to_str().unwrap(), "-Wl,--no-whole-archive"];
    let host = place.host(&[&whole[..], &["-lpthread", "-ldl", "-lrt", "-lm", "-lresolv"]].concat());
    let mut command = Command::new(host);
    command.env("ASAN_OPTIONS", "detect_leaks=1:detect_stack_use_after_return=1:exitcode=99");
    let output = place.log_in(&mut command, RUNS[1]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{errors}\n{}", output.status, place.server.log());
    place.server.stop();
}
