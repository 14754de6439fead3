use twolatch_core::reason::Reason;
use twolatch_core::wire::{Outcome, Reply, VERSION};

use super::matching;

fn reply(version: u32, nonce: &str, user: &str) -> Reply {
    Reply { version, nonce: nonce.into(), user: user.into(), outcome: Outcome::Granted }
}

#[test]
fn p38_only_the_answer_to_this_question_counts() {
    assert_eq!(matching(reply(VERSION, "n", "alice"), "n", "alice").unwrap(), Outcome::Granted);
    for (bad, reason) in [
        (reply(VERSION + 1, "n", "alice"), Reason::Version),
        (reply(VERSION, "m", "alice"), Reason::BadAnswer),
        (reply(VERSION, "", "alice"), Reason::BadAnswer),
        (reply(VERSION, "n", "Alice"), Reason::BadAnswer),
        (reply(VERSION, "n", ""), Reason::BadAnswer),
    ] {
        assert_eq!(matching(bad, "n", "alice").unwrap_err().reason, reason);
    }
    assert_eq!(matching(reply(VERSION, "", "alice"), "", "alice").unwrap_err().reason, Reason::BadAnswer);
}
