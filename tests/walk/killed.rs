//! Servers that are killed. What the database sees of `kill -9` is a client that is gone in the middle of a transaction, or
//! behind its commit, and an answer that nobody gets. Here a server with a runtime and connections of its own makes a move;
//! after a random number of turns that runtime is dropped, with every task and connection in it, and nothing waits.

use std::panic::resume_unwind;
use std::thread;

use tokio::runtime::Builder;

use super::Walk;

impl Walk<'_> {
    /// Makes a move on a server that is killed meanwhile, or right behind it; then another server goes on.
    pub(super) async fn killed(&mut self) {
        // Some are killed at once, some much later.
        let most = 1 << (4 + self.roll(11));
        let turns = self.roll(most);
        let done = tokio::task::block_in_place(|| self.on_a_server_that_dies(turns));
        self.kills.0 += u64::from(!done);
        self.kills.1 += 1;
        self.restart().await;
        self.settle().await;
    }

    fn on_a_server_that_dies(&mut self, turns: u64) -> bool {
        thread::scope(|scope| {
            let server = scope.spawn(|| {
                let runtime = Builder::new_current_thread().enable_all().build().unwrap();
                let done = runtime.block_on(async {
                    self.restart().await;
                    tokio::select! {
                        biased;
                        () = self.one_move() => true,
                        () = pass(turns) => false,
                    }
                });
                runtime.shutdown_background();
                done
            });
            server.join().unwrap_or_else(|panic| resume_unwind(panic))
        })
    }

    /// Waits until the database has noticed that the other server is gone, one way or the other.
    async fn settle(&mut self) {
        let store = self.logins.store.clone();
        if store.location().is_sqlite() {
            // Whoever has begun to write is finished once somebody else can.
            let write = store.write(|connection| {
                Box::pin(async move {
                    let touch = "UPDATE meta SET time_high = time_high WHERE id = 'meta'";
                    sqlx::query(touch).execute(connection).await?;
                    Ok(())
                })
            });
            return write.await.unwrap();
        }
        let busy = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() \
             AND backend_type = 'client backend' AND state <> 'idle' AND pid <> pg_backend_pid()";
        while sqlx::query_scalar::<_, i64>(busy).fetch_one(store.pool()).await.unwrap() > 0 {
            tokio::task::yield_now().await;
        }
    }
}

/// Lets everything else in this runtime have so many turns.
async fn pass(turns: u64) {
    for _ in 0..turns {
        tokio::task::yield_now().await;
    }
}
