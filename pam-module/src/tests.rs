use pam::constants::PamResultCode;

use super::guarded;

/// Its payload panics again when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("again");
    }
}

#[test]
fn a_panic_ends_as_abort_whatever_its_payload() {
    assert_eq!(guarded(|| PamResultCode::PAM_AUTH_ERR), PamResultCode::PAM_AUTH_ERR);
    assert_eq!(guarded(|| panic!("a bug")), PamResultCode::PAM_ABORT);
    assert_eq!(guarded(|| std::panic::panic_any(Bomb)), PamResultCode::PAM_ABORT);
}
