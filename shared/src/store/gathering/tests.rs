//! Tests of who writes what waits, and of what becomes of it.

use std::sync::Arc;

use tokio::sync::oneshot::error::TryRecvError;

use super::{Gathering, TOGETHER, WAITING};
use crate::store::StoreError;

#[test]
fn the_first_writes_for_all_until_there_are_none() {
    let gathering = Gathering::default();
    assert!(gathering.put(0).unwrap().1);
    for number in 1..=TOGETHER {
        assert!(!gathering.put(number).unwrap().1, "somebody does already");
    }
    let numbers = |all: Vec<_>| all.into_iter().map(|(number, _)| number).collect::<Vec<usize>>();
    assert_eq!(numbers(gathering.next()), (0..TOGETHER).collect::<Vec<_>>());
    assert!(!gathering.put(7).unwrap().1);
    assert_eq!(numbers(gathering.next()), [TOGETHER, 7]);
    assert!(numbers(gathering.next()).is_empty());
    assert!(gathering.put(8).unwrap().1, "whoever comes then begins again");
}

#[test]
fn no_more_than_so_many_wait() {
    let gathering = Gathering::default();
    let told: Vec<_> = (0..WAITING).map(|number| gathering.put(number).unwrap()).collect();
    assert!(matches!(gathering.put(0), Err(StoreError::Overloaded)));
    drop((gathering.next(), told));
    assert!(gathering.put(0).is_ok());
}

#[test]
fn after_a_fault_nobody_waits_for_ever() {
    let gathering = Arc::new(Gathering::default());
    let (mut first, begins) = gathering.put(1).unwrap();
    let (mut second, _) = gathering.put(2).unwrap();
    assert!(begins && matches!(first.try_recv(), Err(TryRecvError::Empty)));
    let serving = Arc::clone(&gathering);
    let fault = std::thread::spawn(move || {
        let _serving = serving.serving();
        panic!("a fault");
    });
    assert!(fault.join().is_err());
    for told in [&mut first, &mut second] {
        assert!(matches!(told.try_recv(), Err(TryRecvError::Closed)));
    }
    assert!(gathering.put(3).unwrap().1);
}
