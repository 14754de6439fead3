//! `twolatch serve`: the socket on a one-thread runtime of its own, away from web and Argon2; one beat a second.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use tokio::net::{TcpListener, UnixListener};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use twolatch_core::store::StoreError;

use super::CliError;
use super::open::{close, open_with};
use crate::alerts::{self, webhook::Receiver};
use crate::config::Config;
use crate::listen::tls::Tls;
use crate::listen::{Stop, socket, web};
use crate::mail::deliver;
use crate::mail::relay::Relay;
use crate::oidc::{backchannel, sign};
use crate::outgoing::Caller;
use crate::state::App;
use crate::{hosts, jobs, metrics, router};

/// How often what happened with applications is stored, in seconds.
const KEEP_EVERY: u32 = 5;

/// Seconds between two sweeps of what has expired.
const SWEEP_EVERY: u32 = 60;

/// Seconds between two reports of the keys that this server has, where they do not change.
const REPORT_EVERY: u32 = 10;

/// A sweep that has found as many has not found all.
const SWEPT_AT_ONCE: u64 = 500;

#[derive(Debug, Args)]
pub(super) struct Serve {
    /// The key ring, in place of the configuration's: systemd hands it over as a credential, and only root reads the
    /// file itself.
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
}

impl Serve {
    pub(super) fn run(self, path: &Path) -> Result<(), CliError> {
        tracing_subscriber::fmt().with_writer(std::io::stderr).with_target(false).without_time().init();
        let mut config = Config::load(path)?;
        if let Some(keys) = self.keys {
            config.keys = keys;
        }
        run(config)
    }
}

fn run(config: Config) -> Result<(), CliError> {
    // Bound before anything else: who cannot listen need not open a database. Systemd may have bound them already.
    let mut given = listenfd::ListenFd::from_env();
    let plain_socket = given.take_unix_listener(0)?;
    let socket_runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let web_runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    socket_runtime.block_on(async {
        // Before it can be found ready: whoever starts it may end it at once.
        let mut end = End::listen()?;
        let taken = |what: String| move |error: std::io::Error| CliError { message: format!("{what}: {error}"), status: 69 };
        // A listener belongs to the runtime that makes it.
        let bound = web_runtime.spawn(TcpListener::bind(config.listen)).await.map_err(std::io::Error::other)?;
        let listener = bound.map_err(taken(format!("cannot listen on {}", config.listen)))?;
        let watched = match config.metrics {
            Some(listen) => {
                let bound = web_runtime.spawn(TcpListener::bind(listen)).await.map_err(std::io::Error::other)?;
                Some(bound.map_err(taken(format!("cannot listen on {listen} ([metrics] listen)")))?)
            }
            None => None,
        };
        let unix = match plain_socket {
            Some(listener) => {
                listener.set_nonblocking(true)?;
                UnixListener::from_std(listener)?
            }
            None => socket::bind(&config.socket).map_err(taken(format!("cannot listen on {}", config.socket.display())))?,
        };
        let tls = config.tls.as_ref().map(Tls::load).transpose().map_err(|error| CliError { message: error.to_string(), status: 78 })?;
        let receiver = config.alerts.as_ref().and_then(|alerts| alerts.webhook.as_ref()).map(Receiver::new).transpose();
        let receiver = receiver.map_err(|error| CliError { message: error.to_string(), status: 78 })?;
        let relay = config.mail.as_ref().map(Relay::new).transpose().map_err(|error| CliError { message: error.to_string(), status: 78 })?;
        let caller = Caller::new(config.clients.ca.as_deref()).map_err(|error| CliError { message: format!("clients.ca: {error}"), status: 78 })?;
        let app = open_with(config).await?;
        let (stopper, stop) = watch::channel(false);
        let (last_stopper, last_stop) = watch::channel(false);
        let served = web_runtime.spawn(web::serve(listener, tls.clone(), app.config.trusted_proxies.clone(), router::routes(app.clone()), stop.clone()));
        let watching = web_runtime.spawn(be_watched(app.clone(), watched, stop.clone()));
        let beating = tokio::spawn(beat(app.clone(), tls, stop.clone()));
        let working = web_runtime.spawn(jobs::run(app.clone(), stop.clone()));
        let delivering = web_runtime.spawn(deliver_mail(app.clone(), relay, stop.clone()));
        let telling = web_runtime.spawn(backchannel::run(app.clone(), caller, stop.clone()));
        let alerting = web_runtime.spawn(tell_alerts(app.clone(), receiver, stop.clone()));
        let verifying = tokio::spawn(socket::serve(unix, hosts::routes(app.clone()), last_stop));
        tracing::info!(listen = %app.config.listen, socket = %app.config.socket.display(), database = %app.store.location(), "ready");
        drop(sd_notify::notify(&[sd_notify::NotifyState::Ready]));
        end.asked_for().await;
        tracing::info!("stopping");
        drop(sd_notify::notify(&[sd_notify::NotifyState::Stopping]));
        stopper.send_replace(true);
        drop(tokio::join!(served, watching, beating, working, delivering, telling, alerting));
        // Hosts last: a login that comes now waits at the socket for the next server, and has only five seconds.
        last_stopper.send_replace(true);
        drop(verifying.await);
        app.store.leave().await?;
        close(&app).await
    })?;
    web_runtime.shutdown_timeout(Duration::from_secs(5));
    Ok(())
}

async fn be_watched(app: App, listener: Option<TcpListener>, stop: Stop) {
    if let Some(listener) = listener {
        web::serve(listener, None, Vec::new(), metrics::routes(app), stop).await;
    }
}

async fn deliver_mail(app: App, relay: Option<Relay>, stop: Stop) {
    if let (Some(settings), Some(relay)) = (app.config.mail.clone(), relay) {
        deliver::run(app, settings, relay, stop).await;
    }
}

async fn tell_alerts(app: App, receiver: Option<Receiver>, stop: Stop) {
    if let Some(settings) = app.config.alerts.clone() {
        alerts::run(app, settings, receiver, stop).await;
    }
}

/// The signals that ask it to stop, kept from the moment on that it listens for them.
struct End {
    terminate: Signal,
    interrupt: Signal,
}

impl End {
    fn listen() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn asked_for(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Every second: the clock is compared with what the database remembers, and this process's audit records are linked;
/// the head of that chain goes to the journal, where the database's writer cannot change it.
async fn beat(app: App, tls: Option<Tls>, mut stop: Stop) {
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut until_sweep, mut until_report) = (SWEEP_EVERY, 0);
    let mut until_kept = KEEP_EVERY;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = stop.changed() => return app.happenings.keep(&app.store).await,
        }
        until_kept -= 1;
        if until_kept == 0 {
            until_kept = KEEP_EVERY;
            app.happenings.keep(&app.store).await;
        }
        if let Err(error) = one_beat(&app, &mut until_sweep, &mut until_report).await {
            tracing::warn!(%error, "housekeeping failed; it is tried again in a second");
        }
        if let Some(tls) = &tls {
            tls.refresh();
        }
    }
}

async fn one_beat(app: &App, until_sweep: &mut u32, until_report: &mut u32) -> Result<(), StoreError> {
    if !app.store.is_alive() {
        tracing::error!("the database's writer has died; the server ends, to be started again");
        std::process::exit(70);
    }
    app.store.keep_time(app.clock.as_ref()).await?;
    let now = app.now();
    *until_report = until_report.saturating_sub(1);
    match app.store.refresh_keys(&app.config.keys).await {
        Ok(true) => *until_report = 0,
        Ok(false) => {}
        Err(error) => tracing::error!(%error, "the key ring has changed, and is not used; the one from before is"),
    }
    if *until_report == 0 {
        *until_report = REPORT_EVERY;
        app.store.report_keys(&app.logins.host, now).await?;
    }
    if let Some(head) = app.store.link_audit(now).await? {
        tracing::info!("audit head={head}");
    }
    app.store.checkpoint().await?;
    *until_sweep -= 1;
    if *until_sweep == 0 {
        *until_sweep = SWEEP_EVERY;
        sign::rotate_by_schedule(app).await?;
        // A few hundred rows at a time, so that no verdict waits for long; as often as there is something.
        while app.store.sweep(now).await? >= SWEPT_AT_ONCE
            || app.store.sweep_requests(now).await? >= SWEPT_AT_ONCE
            || app.store.sweep_initial_tokens(now).await? >= SWEPT_AT_ONCE
            || app.store.sweep_api_tokens(now).await? >= SWEPT_AT_ONCE
            || app.store.sweep_consents(now).await? >= SWEPT_AT_ONCE
            || app.store.sweep_grants(now).await? >= SWEPT_AT_ONCE
            || app.store.sweep_jobs(now).await? >= SWEPT_AT_ONCE
            || app.store.sweep_tokens(now).await? >= SWEPT_AT_ONCE
            || app.store.sweep_visits(now).await? >= SWEPT_AT_ONCE
            || app.store.sweep_pushed(now).await? >= SWEPT_AT_ONCE
            || app.store.sweep_device_requests(now).await? >= SWEPT_AT_ONCE
            || app.store.sweep_jtis(now).await? >= SWEPT_AT_ONCE
            || app.store.sweep_logouts(now).await? >= SWEPT_AT_ONCE
            || app.store.sweep_happenings(now).await? >= SWEPT_AT_ONCE
            || deliver::bury(app, now).await? >= SWEPT_AT_ONCE
        {}
    }
    Ok(())
}
