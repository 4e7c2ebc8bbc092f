//! The loop that examines certificates, watches the files and keeps the store up to date.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{Semaphore, watch},
    task::JoinSet,
    time::timeout,
};

use super::{InvalidSource, load_directory};
use crate::App;

/// How often is looked for certificates that are to be examined.
const TICK: Duration = Duration::from_secs(5);
/// Every how many ticks the files are looked at.
const FILES_EVERY: u64 = 6;
/// Every how many ticks is read what other servers have let the store remember.
const RECALLED_EVERY: u64 = 12;
/// Certificates examined at a time.
const MAX_EXAMINATIONS: usize = 8;

/// Examines certificates, reads changed files and lets the store remember what is revoked, until `stop` turns
/// true.
pub async fn run(app: App, mut stop: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(MAX_EXAMINATIONS));
    let mut examinations = JoinSet::new();
    let mut refused = None;
    let mut complaint = None;
    for tick in 1_u64.. {
        for examination in app.revocation.due(app.now()) {
            let (app, places) = (app.clone(), Arc::clone(&places));
            examinations.spawn(async move {
                let _place = places.acquire().await;
                let watched = Arc::clone(&examination);
                app.revocation.examine(examination, &app).await;
                if app.revocation.news(&watched, app.now()).is_some() {
                    app.revocation.bell.notify_one();
                }
            });
        }
        let is_over = tokio::select! {
            _ = timeout(TICK, app.revocation.bell.notified()) => false,
            _ = stop.wait_for(|stop| *stop) => true,
        };
        complaint = keep_up_with_store(&app, tick % RECALLED_EVERY == 1, complaint).await;
        if is_over {
            return;
        }
        while examinations.try_join_next().is_some() {}
        if tick % FILES_EVERY == 0 {
            refused = read_changed_files(&app, refused).await;
            app.revocation.watch.tidy(app.now());
            app.revocation.lists.tidy(&app.revocation.watch);
        }
        app.revocation.measure(app.now());
    }
}

/// Reads what the store remembers, so that it counts from the first request on.
pub(crate) async fn recall(app: &App) {
    if let Err(error) = app.revocation.recall(app).await {
        tracing::error!(%error, "what is remembered of revoked certificates cannot be read; it is tried again");
    }
}

/// Lets the store remember what is new and, if it is time, reads what it remembers; gives the complaint about
/// it, which is logged once.
async fn keep_up_with_store(app: &App, is_time: bool, before: Option<String>) -> Option<String> {
    let remembered = app.revocation.remember_news(app).await;
    let recalled = if is_time || before.is_some() { app.revocation.recall(app).await } else { Ok(()) };
    let complaint = remembered.and(recalled).err()?.to_string();
    if before.as_ref() != Some(&complaint) {
        tracing::error!(
            error = complaint,
            "the store does not take or give what is known of revoked certificates; it is tried again"
        );
    }
    Some(complaint)
}

/// Reads the directory if it has changed; gives the complaint about it, which is logged once.
async fn read_changed_files(app: &App, before: Option<String>) -> Option<String> {
    let directory = app.revocation.config.directory.clone()?;
    let read = tokio::task::spawn_blocking({
        let app = app.clone();
        move || {
            if app.revocation.sources.current().is_of_now(&directory) {
                return Ok(false);
            }
            let sources = load_directory(&directory)?;
            app.revocation.replace_sources(sources, app.now())?;
            Ok::<_, InvalidSource>(true)
        }
    });
    match read.await {
        Ok(Ok(false)) => None,
        Err(_interrupted) => before,
        Ok(Ok(true)) => {
            tracing::info!("the files about revocation have changed and were read");
            None
        }
        Ok(Err(error)) => {
            let complaint = error.to_string();
            if before.as_ref() != Some(&complaint) {
                tracing::error!(%error, "the files about revocation cannot be used; what was read before counts");
            }
            Some(complaint)
        }
    }
}
