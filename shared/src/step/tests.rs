use super::*;

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

/// The whole table: level × enrolled × window × password change × proofs.
#[test]
fn the_whole_table() {
    let proof = |kind| Proof { kind, at: NOW };
    let proof_sets: [&[Proof]; 4] =
        [&[], &[proof(Kind::Password)], &[proof(Kind::Totp)], &[proof(Kind::Password), proof(Kind::Totp)]];
    for second_factor in Level::ALL {
        for totp in [false, true] {
            for open in [false, true] {
                for must_change_password in [false, true] {
                    for proofs in proof_sets {
                        let setup_until = if open { NOW.plus(1) } else { NOW };
                        let enrolled = Enrolled { totp, setup_until, must_change_password };
                        let step = next(second_factor, enrolled, proofs, NOW);
                        let expected = expected(second_factor, totp, open, must_change_password, proofs);
                        assert_eq!(step, expected, "{second_factor} {enrolled:?} {proofs:?}");
                    }
                }
            }
        }
    }
}

fn expected(level: Level, totp: bool, open: bool, change: bool, proofs: &[Proof]) -> Step {
    let password = proofs.iter().any(|proof| proof.kind == Kind::Password);
    let code = proofs.iter().any(|proof| proof.kind == Kind::Totp);
    match (password, level, totp, code) {
        (false, ..) => Step::Ask(Kind::Password),
        (true, Level::Required | Level::Optional, true, false) => Step::Ask(Kind::Totp),
        (true, Level::Required, false, false) if open => Step::Enrol,
        (true, Level::Required, false, false) => Step::Refused(Reason::SetupClosed),
        _ if change => Step::ChangePassword,
        (true, .., true) => Step::Granted(Assurance::Authenticator),
        (true, .., false) => Step::Granted(Assurance::Password),
    }
}

#[test]
fn floor_required_is_never_granted_without_a_code() {
    let enrolled = Enrolled { totp: false, setup_until: NOW, must_change_password: false };
    let password = [Proof { kind: Kind::Password, at: NOW }];
    assert!(!matches!(next(Level::Required, enrolled, &password, NOW), Step::Granted(_)));
}

#[test]
fn p21_the_window_closes_on_the_second() {
    let enrolled = Enrolled { totp: false, setup_until: NOW, must_change_password: false };
    let password = [Proof { kind: Kind::Password, at: NOW }];
    assert_eq!(next(Level::Required, enrolled, &password, NOW.plus(-1)), Step::Enrol);
    assert_eq!(next(Level::Required, enrolled, &password, NOW), Step::Refused(Reason::SetupClosed));
}

#[test]
fn otp15_levels_are_told_truthfully() {
    assert_eq!(Assurance::ALL.map(Assurance::acr), ["urn:twolatch:acr:1", "urn:twolatch:acr:3"]);
    assert_eq!(Assurance::Password.amr(), ["pwd"]);
}
