//! F-1 to F-7 and F-12: what breaks, and for how long.

use std::fs::{self, File};
use std::io::Write;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::database::Engine;
use crate::support::skip;
use crate::support::strace::Strace;
use crate::support::wait::pause;

use super::health::Health;
use super::place::Place;

/// What breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// F-1, F-2: the server dies, whatever it and the administrators are at.
    Killed,
    /// The server hangs.
    Frozen,
    /// F-3: no space is left.
    Full,
    /// F-4: the disk does not write, or does not say when it has.
    Fails(&'static str),
    /// F-5: somebody else keeps the database locked.
    Locked,
    /// F-6: each commit takes long.
    Slow,
    /// F-6: the database server hangs.
    DatabaseFrozen,
    /// F-7: it is gone, and comes back.
    DatabaseGone,
    /// F-7: all connections to it end.
    Cut,
    /// F-12: the mail server is gone.
    MailGone,
}

impl Trouble {
    /// What may happen; with `deaths` of the server among it or not.
    pub(crate) fn all(engine: Engine, deaths: bool) -> Vec<Self> {
        let of_engine: &[Self] = match engine {
            Engine::Sqlite => &[Self::Full, Self::Fails("pwrite64"), Self::Locked, Self::Fails("fsync"), Self::Slow],
            Engine::Postgres => &[Self::DatabaseGone, Self::Cut, Self::Locked, Self::DatabaseFrozen],
        };
        let death: &[Self] = if deaths { &[Self::Killed] } else { &[] };
        [death, &[Self::MailGone], of_engine, &[Self::Frozen]].concat()
    }

    /// Whether nobody may notice.
    pub(crate) fn is_borne(self) -> bool {
        self == Self::MailGone
    }

    /// Breaks it for so long.
    pub(crate) fn strike(self, place: &mut Place, health: &Health, long: Duration) {
        match self {
            Self::Killed => {
                health.begins(0);
                place.server.kill();
                place.server.start();
                health.begins(place.server.pid());
            }
            Self::Frozen => {
                place.server.freeze();
                pause(long);
                place.server.thaw();
            }
            Self::Full if place.small_disk => {
                let path = place.server.data_path().join("filled");
                fill(&path);
                pause(long);
                fs::remove_file(path).unwrap();
            }
            Self::Full => {}
            Self::Fails(call) => calls(place, call, "error=EIO", long),
            Self::Slow => calls(place, "fsync", "delay_enter=300000", long),
            Self::Locked => place.lock(long),
            Self::DatabaseFrozen => {
                let processes = place.cluster.as_ref().expect("on PostgreSQL").processes();
                for signal in [Signal::SIGSTOP, Signal::SIGCONT] {
                    for process in &processes {
                        // A connection may have ended meanwhile.
                        let _ = kill(Pid::from_raw(*process), signal);
                    }
                    if signal == Signal::SIGSTOP {
                        pause(long);
                    }
                }
            }
            Self::DatabaseGone => {
                let cluster = place.cluster.as_ref().expect("on PostgreSQL");
                cluster.stop();
                pause(long);
                cluster.start_again();
            }
            Self::Cut => place.cluster.as_ref().expect("on PostgreSQL").cut(),
            Self::MailGone => {
                place.mail = None;
                pause(long);
                place.open_mail();
            }
        }
    }
}

/// Takes all space there is.
fn fill(path: &std::path::Path) {
    let mut file = File::create(path).unwrap();
    for size in [1 << 20, 1 << 12, 1] {
        let piece = vec![0; size];
        while file.write_all(&piece).is_ok() {}
    }
}

/// What strace does to a call of the server.
fn calls(place: &Place, call: &str, how: &str, long: Duration) {
    if !Strace::is_here() {
        skip("no strace: no system call of the server fails");
        return;
    }
    let strace = Strace::inject(place.server.pid(), call, how, "1+");
    pause(long);
    strace.end();
}
