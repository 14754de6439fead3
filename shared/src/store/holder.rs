//! Who holds an SQLite database: the kernel's list of locks knows. It must not open the database's files: closing one
//! would give up every lock that this process has on it.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The byte of the shared memory that a writer locks (SQLite, "WAL-mode File Format", 2.3.1).
const WRITE_LOCK: u64 = 120;

/// The process that writes to this database now.
pub(super) fn of(database: &Path) -> Option<u32> {
    let mut name = database.as_os_str().to_owned();
    name.push("-shm");
    let inode = std::fs::metadata(name).ok()?.ino();
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    locks.lines().find_map(|line| holder_in(line, inode)).filter(|pid| *pid != std::process::id())
}

/// `12: POSIX  ADVISORY  WRITE 4711 fe:00:1234 120 120`: kind, process, device and inode, first and last byte.
fn holder_in(line: &str, inode: u64) -> Option<u32> {
    let mut words = line.split_whitespace().skip(1);
    let held = words.next() == Some("POSIX") && words.next().is_some() && words.next() == Some("WRITE");
    let pid = words.next().filter(|_| held)?;
    let file = words.next()?.rsplit(':').next()?;
    let first: u64 = words.next()?.parse().ok()?;
    let last = words.next()?;
    let covers = first <= WRITE_LOCK && (last == "EOF" || last.parse::<u64>().is_ok_and(|last| last >= WRITE_LOCK));
    if covers && file.parse() == Ok(inode) { pid.parse().ok() } else { None }
}
