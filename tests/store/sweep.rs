//! The contract of forgetting.

use twolatch_core::store::budgets::{Budget, charge};
use twolatch_core::store::sessions::insert_session;

use super::write;
use crate::support::core::{Core, NOW, on_both};

on_both!(expired_rows_are_swept);

async fn expired_rows_are_swept(core: Core) {
    ses4_setup(&core).await;
    assert_eq!(core.store().sweep(NOW).await.unwrap(), 0);
    let gone = core.store().sweep(NOW.plus(2 * 86_400)).await.unwrap();
    assert_eq!(gone, 2, "a session and a stranger's budget, not a person's");
    assert_eq!(core.number("SELECT COUNT(*) FROM budgets").await, 1);
}

async fn ses4_setup(core: &Core) {
    let user = core.member("alice").await;
    let store = core.store().clone();
    write(
        &core.logins,
        Box::new(move |c| {
            Box::pin(async move {
                insert_session(c, &store, "t", &user, &[], "192.0.2.1", NOW).await?;
                let _ = charge(c, &Budget::of_totp("alice"), NOW).await?;
                let _ = charge(c, &Budget::of_source("web", "192.0.2.1"), NOW).await?;
                Ok(())
            })
        }),
    )
    .await
    .unwrap();
}
