//! The loop that examines certificates and watches the files.

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
/// Certificates examined at a time.
const MAX_EXAMINATIONS: usize = 8;

/// Examines certificates and reads changed files until `stop` turns true.
pub async fn run(app: App, mut stop: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(MAX_EXAMINATIONS));
    let mut examinations = JoinSet::new();
    let mut refused = None;
    for tick in 1_u64.. {
        for examination in app.revocation.due(app.now()) {
            let (app, places) = (app.clone(), Arc::clone(&places));
            examinations.spawn(async move {
                let _place = places.acquire().await;
                app.revocation.examine(examination, &app).await;
            });
        }
        tokio::select! {
            _ = timeout(TICK, app.revocation.bell.notified()) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        while examinations.try_join_next().is_some() {}
        if tick % FILES_EVERY == 0 {
            refused = read_changed_files(&app, refused).await;
            app.revocation.watch.tidy(app.now());
        }
        app.revocation.measure(app.now());
    }
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
