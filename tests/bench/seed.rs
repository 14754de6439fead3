//! Fills a database with many people at once, for measurements: `seed CONFIG COUNT SHOWN` adds `bench1` to
//! `benchCOUNT`, each with an authenticator, and prints name and secret of the first SHOWN.

use std::error::Error;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use idp_server::config::Config;
use twolatch_core::crypto::SystemEntropy;
use twolatch_core::crypto::keyring::KeyRing;
use twolatch_core::store::Store;
use twolatch_core::store::factors::insert_factor;
use twolatch_core::store::users::insert_user;

use crate::people::person;

mod people;

/// People in one transaction.
const BATCH: u32 = 1000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [config, count, shown] = arguments.as_slice() else { return Err("usage: seed CONFIG COUNT SHOWN".into()) };
    let (count, shown): (u32, u32) = (count.parse()?, shown.parse()?);
    let config = Config::load(Path::new(config))?;
    let entropy = Arc::new(SystemEntropy::new());
    let store = Store::open(config.database, KeyRing::load(&config.keys)?, entropy.clone()).await?;

    let mut output = io::stdout().lock();
    let mut next = 1;
    while next <= count {
        let end = count.min(next + BATCH - 1);
        let people =
            (next..=end).map(|number| person(&format!("bench{number}"), &*entropy)).collect::<Result<Vec<_>, _>>()?;
        for (user, factor) in people.iter().take(shown.saturating_sub(next - 1) as usize) {
            writeln!(output, "{} {}", user.name, factor.totp.base32().expose())?;
        }
        let inside = store.clone();
        store
            .write(move |connection| {
                Box::pin(async move {
                    for (user, factor) in &people {
                        insert_user(connection, &inside, user).await?;
                        insert_factor(connection, &inside, factor).await?;
                    }
                    Ok(())
                })
            })
            .await?;
        next = end + 1;
    }
    store.close().await;
    Ok(())
}
