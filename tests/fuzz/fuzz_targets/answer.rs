//! What comes back to the module: it never reads more than it says, and what it takes for an answer is one.
//!
//! The first byte says in pieces of how many bytes the rest comes, and whether that is the body alone.

#![no_main]

use std::io::{self, Read, Write};

use libfuzzer_sys::fuzz_target;
use pam_twolatch::authenticator::http::{self, MAX_HEAD};
use pam_twolatch::authenticator::matching;
use twolatch_core::wire::{self, Outcome};

/// A stream that says these bytes, and counts what is taken.
struct Said<'a> {
    rest: &'a [u8],
    piece: usize,
    taken: usize,
}

impl Read for Said<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let count = self.piece.min(to.len()).min(self.rest.len());
        let (now, later) = self.rest.split_at(count);
        to[..count].copy_from_slice(now);
        self.rest = later;
        self.taken += count;
        Ok(count)
    }
}

impl Write for Said<'_> {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        Ok(from.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((first, rest)) = input.split_first() else { return };
    let said = if first % 2 == 0 {
        rest.to_vec()
    } else {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", rest.len());
        [head.as_bytes(), rest].concat()
    };
    let piece = usize::from(first / 2).max(1) * 16;
    let mut stream = Said { rest: &said, piece, taken: 0 };
    let answer = http::exchange(&mut stream, wire::BEGIN_PATH, b"{}");
    assert!(stream.taken <= MAX_HEAD + wire::MAX_DRAWN + 2 * 1024, "{} bytes were read", stream.taken);
    let Ok(reply) = answer else { return };
    let written = serde_json::to_string(&reply).unwrap();
    let again = serde_json::from_str(&written).expect("it was one before");
    assert_eq!(serde_json::to_string::<wire::Reply>(&again).unwrap(), written);
    let status_is_ok = said.get(8..12) == Some(b" 200");
    assert!(status_is_ok || matches!(reply.outcome, Outcome::Refused { .. }), "only status 200 says yes");
    let (version, nonce, user) = (reply.version, reply.nonce.clone(), reply.user.clone());
    let mine = matching(reply, &nonce, &user).is_ok();
    assert_eq!(mine, version == wire::VERSION && !nonce.is_empty());
    assert!(matching(again, &format!("{nonce}0"), &user).is_err());
});
