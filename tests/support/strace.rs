//! System calls of a process that fail, by strace.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStderr, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::NamedTempFile;

/// Makes calls fail until [`Strace::end`].
#[derive(Debug)]
pub(crate) struct Strace {
    process: Child,
    // It would end with its standard error.
    _errors: BufReader<ChildStderr>,
    log: NamedTempFile,
}

impl Strace {
    /// Whether it is installed.
    pub(crate) fn is_here() -> bool {
        Command::new("strace").arg("--version").output().is_ok()
    }

    /// From now on `call` fails with `error`: `when` is `3` for the third of each thread, `3+` for all from the third
    /// on.
    pub(crate) fn fail(pid: u32, call: &str, error: &str, when: &str) -> Self {
        Self::inject(pid, call, &format!("error={error}"), when)
    }

    /// The same for anything else that strace does to a call.
    pub(crate) fn inject(pid: u32, call: &str, how: &str, when: &str) -> Self {
        let log = NamedTempFile::new().unwrap();
        let mut process = Command::new("strace")
            .args(["-f", "-p", &pid.to_string(), "-e", &format!("trace={call}")])
            .args(["-e", &format!("inject={call}:{how}:when={when}"), "-o"])
            .arg(log.path())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut errors = BufReader::new(process.stderr.take().unwrap());
        let mut line = String::new();
        errors.read_line(&mut line).unwrap();
        assert!(line.contains("attached"), "{line}");
        Self { process, _errors: errors, log }
    }

    /// Lets the process go; how many calls have failed.
    pub(crate) fn end(mut self) -> usize {
        // Asked, not killed: it finishes what it has begun with each thread.
        kill(Pid::from_raw(self.process.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
        self.process.wait().unwrap();
        fs::read_to_string(self.log.path()).unwrap().matches("(INJECTED").count()
    }
}

impl Drop for Strace {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
