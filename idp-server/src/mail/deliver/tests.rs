use super::*;

#[test]
fn f12_pauses_grow_and_fit_into_the_life_that_is_left() {
    let now = Timestamp::from_unix(1_000);
    let pause = |tries, left| next_try(tries, now, now.plus(left)).map(|next| next.since(now));
    let all: Vec<_> = (1..=7).map(|tries| pause(tries, 86_400)).collect();
    assert_eq!(all, [5, 10, 30, 60, 300, 300, 300].map(Some));
    assert_eq!(pause(5, 200), Some(100), "a last try is better than none");
    assert_eq!((pause(5, 8), pause(5, 6)), (Some(5), Some(5)));
    assert_eq!((pause(1, 5), pause(1, 0), pause(1, -60)), (None, None, None));
    assert_eq!((pause(0, 60), pause(i64::MAX, 86_400)), (Some(5), Some(300)));
}
