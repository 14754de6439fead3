use std::future::pending;

use axum::http::StatusCode;

use super::*;

#[tokio::test]
async fn an_answer_that_does_not_come_in_time_leaves_the_outcome_open() {
    let response = within(Duration::ZERO, pending()).await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    let failure = response.extensions().get::<Failure>().expect("a page is made of it");
    assert!(format!("{failure:?}").contains("outcome_unknown"), "{failure:?}");
}

#[tokio::test]
async fn a_panic_is_answered() {
    let broken = async { panic!("a fault that was not foreseen") };
    assert_eq!(within(LIMIT, broken).await.status(), StatusCode::INTERNAL_SERVER_ERROR);
}
