//! A program on a terminal of its own, answered as a person would answer it: once it has asked and echo is off.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Child, Command, ExitStatus};

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::poll::{PollFd, PollFlags, poll};
use nix::pty::{OpenptyResult, Winsize, openpty};
use nix::sys::termios::{LocalFlags, tcgetattr};

use super::wait::{Deadline, PATIENCE};

/// How often the terminal's echo and the program's end are looked at while it prints nothing.
const LOOK_AGAIN: u8 = 10; // milliseconds

/// A program and its terminal. Dropping it kills the program and hangs up.
#[derive(Debug)]
pub(crate) struct Pty {
    terminal: File,
    child: Child,
    screen: Vec<u8>,
    /// How much of the screen was there when the last prompt was.
    read_to: usize,
}

/// How a program ended, and what it had shown by then.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) screen: String,
}

impl Pty {
    /// Starts the program as the leader of a session whose controlling terminal is a new one.
    pub(crate) fn spawn(program: &str, arguments: &[&str]) -> Self {
        let pair = pair();
        Self::started(pair.master, &pair.slave, program, arguments)
    }

    /// The same on a terminal that is called like this, as one of the machine itself. Only in the throw-away machine, by
    /// the thread that has entered it.
    pub(crate) fn spawn_at(name: &str, program: &str, arguments: &[&str]) -> Self {
        let pair = pair();
        let real = fs::read_link(format!("/proc/self/fd/{}", pair.slave.as_raw_fd())).unwrap();
        // There may be a real one of that name, or that of an earlier program, which has gone with it.
        let _ = umount2(name, MntFlags::MNT_DETACH);
        drop(File::options().append(true).create(true).open(name));
        mount(Some(&real), name, None::<&str>, MsFlags::MS_BIND, None::<&str>).unwrap();
        let slave = File::options().read(true).write(true).custom_flags(nix::libc::O_NOCTTY).open(name).unwrap();
        Self::started(pair.master, &slave.into(), program, arguments)
    }

    fn started(master: OwnedFd, slave: &OwnedFd, program: &str, arguments: &[&str]) -> Self {
        let child = Command::new("setsid")
            .args(["--ctty", "--wait", program])
            .args(arguments)
            .env("LC_ALL", "C.UTF-8")
            .stdin(clone(slave))
            .stdout(clone(slave))
            .stderr(clone(slave))
            .spawn()
            .unwrap();
        Self { terminal: File::from(master), child, screen: Vec::new(), read_to: 0 }
    }

    /// Waits until the program asks with one of these texts and hides what is typed, and says which; `None` when it
    /// ends instead.
    pub(crate) fn next_prompt<'p>(&mut self, prompts: &[&'p str]) -> Option<&'p str> {
        let deadline = Deadline::after(PATIENCE);
        loop {
            let asked = prompts.iter().find(|prompt| self.unread().ends_with(prompt.as_bytes()));
            // Programs throw away what was typed before they turned echo off.
            if let Some(prompt) = asked
                && !self.echoes()
            {
                self.read_to = self.screen.len();
                return Some(prompt);
            }
            if !self.read_some() {
                return None;
            }
            assert!(!deadline.has_passed(), "neither a prompt nor an end; the screen:\n{}", self.screen());
        }
    }

    /// Types a line.
    pub(crate) fn type_line(&mut self, line: &str) {
        self.type_keys(&format!("{line}\n"));
    }

    /// Types exactly this; `\u{4}` is Ctrl-D.
    pub(crate) fn type_keys(&mut self, keys: &str) {
        self.terminal.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits for the end of the program.
    pub(crate) fn finish(mut self) -> Ended {
        let deadline = Deadline::after(PATIENCE);
        while self.read_some() {
            assert!(!deadline.has_passed(), "it does not end; the screen:\n{}", self.screen());
        }
        let status = self.child.wait().unwrap();
        Ended { status, screen: self.screen() }
    }

    /// Everything that the program has shown.
    pub(crate) fn screen(&self) -> String {
        String::from_utf8_lossy(&self.screen).into_owned()
    }

    fn unread(&self) -> &[u8] {
        &self.screen[self.read_to..]
    }

    fn echoes(&self) -> bool {
        tcgetattr(&self.terminal).unwrap().local_flags.contains(LocalFlags::ECHO)
    }

    /// Reads what there is, waiting a moment for it. False once the program has ended and nothing is left.
    fn read_some(&mut self) -> bool {
        // Asked first: what it printed before its end is then in the terminal.
        let ended = self.child.try_wait().unwrap().is_some();
        let events = {
            let mut watched = [PollFd::new(self.terminal.as_fd(), PollFlags::POLLIN)];
            poll(&mut watched, LOOK_AGAIN).unwrap();
            watched[0].revents().unwrap_or(PollFlags::empty())
        };
        if events.contains(PollFlags::POLLIN) {
            let mut buffer = [0; 4096];
            // `login` hangs its terminal up and opens it anew; in between reading fails.
            if let Ok(length) = self.terminal.read(&mut buffer) {
                self.screen.extend_from_slice(&buffer[..length]);
                return true;
            }
        }
        if events.contains(PollFlags::POLLHUP) && !ended {
            // Nobody has the terminal open, which poll() reports at once: wait without it.
            poll(&mut [], LOOK_AGAIN).unwrap();
        }
        !ended
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn pair() -> OpenptyResult {
    let size = Winsize { ws_row: 50, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0 };
    openpty(Some(&size), None).unwrap()
}

fn clone(fd: &OwnedFd) -> OwnedFd {
    fd.try_clone().unwrap()
}
