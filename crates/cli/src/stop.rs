//! What the system asks of a server: to stop, or to read its files again.

use std::future::Future;

/// Ends when the process is asked to: Ctrl-C or SIGTERM.
pub(crate) async fn asked() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        },
        Err(error) => {
            tracing::warn!(%error, "cannot listen for SIGTERM");
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}

/// Does `reload` each time the process gets SIGHUP. Ends only if it cannot listen for it.
pub(crate) async fn at_every_hangup<F: Future<Output = ()>>(reload: impl Fn() -> F) {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::hangup()) {
        Ok(mut hangup) => {
            while hangup.recv().await.is_some() {
                reload().await;
            }
        }
        Err(error) => tracing::warn!(%error, "cannot listen for SIGHUP"),
    }
}
