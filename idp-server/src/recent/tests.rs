//! Tests of what is remembered, and for how long.

use std::convert::Infallible;

use super::{Kept, MOST};
use crate::oidc::tests::{NOW, app, at};
use crate::state::App;

/// What is known by a name while the database says something.
async fn asked(kept: &Kept<u8>, app: &App, name: &str, says: Option<u8>) -> Option<u8> {
    let told = kept.or(app, name, async { Ok::<_, Infallible>(says) }).await;
    told.unwrap().map(|told| *told)
}

async fn change(app: &App) {
    app.store.write(|_| Box::pin(async { Ok(()) })).await.unwrap();
}

#[tokio::test]
async fn what_was_read_holds_for_that_second() {
    let ((_folder, app), kept) = (app().await, Kept::default());
    assert_eq!(asked(&kept, &app, "a", Some(1)).await, Some(1));
    assert_eq!(asked(&kept, &app, "a", Some(2)).await, Some(1));
    assert_eq!(asked(&kept, &app, "b", Some(3)).await, Some(3));
    assert_eq!(asked(&kept, &at(&app, NOW.plus(1)), "a", Some(2)).await, Some(2));
    // A clock that goes back is no way to what was.
    assert_eq!(asked(&kept, &app, "a", Some(4)).await, Some(4));
}

#[tokio::test]
async fn what_this_process_changes_is_known_at_once() {
    let ((_folder, app), kept) = (app().await, Kept::default());
    assert_eq!(asked(&kept, &app, "a", Some(1)).await, Some(1));
    change(&app).await;
    assert_eq!(asked(&kept, &app, "a", None).await, None);
    assert_eq!(asked(&kept, &app, "a", Some(2)).await, Some(2), "that there is nothing is not remembered");
}

#[tokio::test]
async fn what_changes_while_it_is_read_is_not_kept() {
    let ((_folder, app), kept) = (app().await, Kept::default());
    let slow = async {
        change(&app).await;
        Ok::<_, Infallible>(Some(1))
    };
    assert_eq!(*kept.or(&app, "a", slow).await.unwrap().unwrap(), 1);
    assert_eq!(asked(&kept, &app, "a", Some(2)).await, Some(2));
    // Nor does it drive out what somebody has read since.
    let slow = async {
        change(&app).await;
        assert_eq!(asked(&kept, &app, "b", Some(3)).await, Some(3));
        Ok::<_, Infallible>(Some(1))
    };
    assert_eq!(*kept.or(&app, "c", slow).await.unwrap().unwrap(), 1);
    assert_eq!(asked(&kept, &app, "b", Some(4)).await, Some(3));
}

#[tokio::test]
async fn no_more_than_so_many_are_kept() {
    let ((_folder, app), kept) = (app().await, Kept::default());
    for name in 0..=MOST {
        asked(&kept, &app, &name.to_string(), Some(1)).await;
    }
    assert_eq!(asked(&kept, &app, "0", Some(2)).await, Some(1));
    assert_eq!(asked(&kept, &app, &MOST.to_string(), Some(2)).await, Some(2));
}
