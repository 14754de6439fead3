//! Kills a process at one of its system calls, which are counted over all its threads.
//!
//! strace counts each kind of call of each thread for itself: what one thread does for the first time hides another's
//! first, and which thread of a pool does what changes from run to run. Here the n-th is the n-th of all, whatever it
//! is and whoever makes it, so that going through every n visits every call.

use std::collections::BTreeSet;
use std::fs;
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};

use nix::errno::Errno;
use nix::libc::PTRACE_SYSCALL_INFO_ENTRY;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

/// Follows a process until it has ended.
#[derive(Debug)]
pub(crate) struct Killer(JoinHandle<Calls>);

/// What a process has called since it is followed.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    count: usize,
    /// Their numbers, as the kernel has them.
    pub(crate) kinds: BTreeSet<u32>,
    /// The number of the one at whose entry the process was killed: it was not made any more.
    pub(crate) killed_at: Option<u32>,
}

impl Killer {
    /// Follows a child of this process from now on, and kills it at the n-th call.
    pub(crate) fn follow(pid: u32, nth: usize) -> Self {
        let (ready, is_ready) = channel();
        // One thread attaches and waits: the kernel knows a tracer by its thread.
        let thread = thread::spawn(move || follow(Pid::from_raw(pid.try_into().unwrap()), nth, ready));
        let _ = is_ready.recv();
        Self(thread)
    }

    /// What was called; waits until the process has ended.
    pub(crate) fn calls(self) -> Calls {
        self.0.join().unwrap()
    }
}

/// A message goes out once every thread is followed.
fn follow(process: Pid, nth: usize, ready: Sender<()>) -> Calls {
    let (mut seen, mut stopping) = (BTreeSet::new(), BTreeSet::new());
    // A thread may have started another one while they were listed.
    while let Some(thread) = threads(process).into_iter().find(|thread| !seen.contains(thread)) {
        seen.insert(thread);
        match ptrace::seize(thread, Options::PTRACE_O_TRACESYSGOOD | Options::PTRACE_O_TRACECLONE) {
            Ok(()) => ptrace::interrupt(thread).unwrap(),
            // It is followed already, as what a followed thread has started.
            Err(Errno::EPERM) => {}
            Err(Errno::ESRCH) => continue,
            Err(error) => panic!("thread {thread} cannot be followed: {error}"),
        }
        stopping.insert(thread);
    }
    let mut ready = Some(ready);
    let mut calls = Calls::default();
    loop {
        // Not the children of other threads: other tests wait for those.
        let status = match waitpid(None, Some(WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD)) {
            Ok(status) => status,
            Err(Errno::ECHILD) => return calls,
            Err(error) => panic!("waiting for {process}: {error}"),
        };
        let go_on = match status {
            WaitStatus::PtraceSyscall(thread) => {
                if let Some(number) = entered(process, thread) {
                    calls.count += 1;
                    calls.kinds.insert(number);
                    if calls.count == nth {
                        calls.killed_at = Some(number);
                        kill(process, Signal::SIGKILL).unwrap();
                    }
                }
                ptrace::syscall(thread, None)
            }
            WaitStatus::PtraceEvent(thread, ..) => ptrace::syscall(thread, None),
            WaitStatus::Stopped(thread, signal) => ptrace::syscall(thread, signal),
            _ => Ok(()),
        };
        match go_on {
            // The second: it was killed in the meantime.
            Ok(()) | Err(Errno::ESRCH) => {}
            Err(error) => panic!("{status:?}, and it cannot go on: {error}"),
        }
        if let Some(thread) = status.pid() {
            stopping.remove(&thread);
        }
        if stopping.is_empty() {
            ready.take();
        }
    }
}

fn threads(process: Pid) -> Vec<Pid> {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).unwrap();
    tasks.map(|task| Pid::from_raw(task.unwrap().file_name().to_str().unwrap().parse().unwrap())).collect()
}

/// The number of the call that a stopped thread is about to make; nothing where it comes back from one.
fn entered(process: Pid, thread: Pid) -> Option<u32> {
    if ptrace::syscall_info(thread).ok()?.op != PTRACE_SYSCALL_INFO_ENTRY {
        return None;
    }
    let line = fs::read_to_string(format!("/proc/{process}/task/{thread}/syscall")).ok()?;
    line.split(' ').next()?.parse().ok()
}
