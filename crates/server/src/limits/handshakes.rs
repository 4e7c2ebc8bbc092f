//! Turns for the cryptography of handshakes, and no more of them at a time for one address than its share.

use std::{
    collections::HashMap,
    future::{Future, poll_fn},
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    task::Poll,
};

use tokio::sync::Semaphore;

use super::AddressBlock;

/// What one address may have of the turns, as a fraction.
const SHARE: usize = 16;
/// What it may have at the least: a browser opens about so many connections at once.
const MIN_SHARE: usize = 4;

/// The handshakes of one listener.
pub(crate) struct Handshakes {
    turns: Semaphore,
    share: usize,
    shares: Mutex<HashMap<AddressBlock, Share>>,
}

/// What is kept of an address with handshakes in progress.
struct Share {
    free: Arc<Semaphore>,
    /// Handshakes in progress or waiting to be.
    wanted: usize,
}

/// A handshake that its address is charged for, until this is dropped.
struct Wanted<'a> {
    handshakes: &'a Handshakes,
    address: AddressBlock,
    free: Arc<Semaphore>,
}

impl Handshakes {
    /// So many are computed at a time; one address may have a sixteenth of them in progress, at least four.
    pub(crate) fn new(turns: usize) -> Self {
        let share = (turns / SHARE).max(MIN_SHARE);
        Self { turns: Semaphore::new(turns), share, shares: Mutex::default() }
    }

    /// Runs the handshake of a client at `address`, if that is known.
    ///
    /// A turn lasts for as long as the handshake computes. Nobody has one while it waits for the client, who
    /// may never say a word again; but it is counted to his share then, and so only his own address waits.
    pub(crate) async fn run<F: Future>(&self, address: Option<AddressBlock>, handshake: F) -> F::Output {
        let wanted = address.map(|address| self.want(address));
        let _share = match &wanted {
            Some(wanted) => wanted.free.acquire().await.ok(),
            None => None,
        };
        let mut handshake = pin!(handshake);
        loop {
            // No semaphore here is ever closed, so there is a permit in every `ok`.
            let turn = self.turns.acquire().await.ok();
            let polled = poll_fn(|context| Poll::Ready(handshake.as_mut().poll(context))).await;
            drop(turn);
            match polled {
                Poll::Ready(done) => return done,
                Poll::Pending => woken().await,
            }
        }
    }

    fn want(&self, address: AddressBlock) -> Wanted<'_> {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Share { free: Arc::new(Semaphore::new(self.share)), wanted: 0 };
        let share = shares.entry(address).or_insert_with(new);
        share.wanted += 1;
        Wanted { handshakes: self, address, free: Arc::clone(&share.free) }
    }

    /// Whether nothing is kept of anybody.
    #[cfg(test)]
    pub(crate) fn is_idle(&self) -> bool {
        self.shares.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}

impl Drop for Wanted<'_> {
    fn drop(&mut self) {
        let mut shares = self.handshakes.shares.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(share) = shares.get_mut(&self.address) {
            share.wanted -= 1;
            if share.wanted == 0 {
                shares.remove(&self.address);
            }
        }
    }
}

/// Waits until what was polled last has something to say: it has this task's waker already.
async fn woken() {
    let mut waited = false;
    poll_fn(|_| if std::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending }).await;
}

#[cfg(test)]
mod tests {
    use std::{future::pending, net::IpAddr, pin::Pin, task::Context};

    use tokio::sync::oneshot;

    use super::*;

    fn block(address: &str) -> AddressBlock {
        address.parse::<IpAddr>().unwrap().into()
    }

    fn poll<F: Future>(future: &mut Pin<Box<F>>) -> Poll<F::Output> {
        future.as_mut().poll(&mut Context::from_waker(std::task::Waker::noop()))
    }

    #[test]
    fn a_handshake_that_waits_for_its_client_has_no_turn() {
        let handshakes = Handshakes::new(1);
        let mut stalled: Vec<_> = (1..50)
            .map(|n| Box::pin(handshakes.run(Some(block(&format!("192.0.2.{n}"))), pending::<()>())))
            .collect();
        stalled.push(Box::pin(handshakes.run(None, pending())));
        assert!(stalled.iter_mut().all(|stalled| poll(stalled).is_pending()));
        for address in [Some(block("192.0.2.1")), Some(block("198.51.100.1")), None] {
            let mut next = Box::pin(handshakes.run(address, async { "done" }));
            assert_eq!(poll(&mut next), Poll::Ready("done"), "{address:?}");
        }
        drop(stalled);
        assert!(handshakes.is_idle());
    }

    #[test]
    fn an_address_has_its_share_in_progress_and_the_next_ones_wait_for_it() {
        for (turns, share) in [(1, 4), (64, 4), (80, 5), (512, 32)] {
            let handshakes = Handshakes::new(turns);
            let mut stalled: Vec<_> = (0..share)
                .map(|_| Box::pin(handshakes.run(Some(block("2001:db8::1")), pending::<()>())))
                .collect();
            assert!(stalled.iter_mut().all(|stalled| poll(stalled).is_pending()));
            let mut same = Box::pin(handshakes.run(Some(block("2001:db8::2")), async {}));
            let mut other = Box::pin(handshakes.run(Some(block("2001:db8:0:1::1")), async {}));
            assert!(poll(&mut same).is_pending(), "{turns}");
            assert!(poll(&mut other).is_ready(), "{turns}");
            stalled.pop();
            assert!(poll(&mut same).is_ready(), "{turns}");
            drop((stalled, same, other));
            assert!(handshakes.is_idle(), "{turns}");
        }
    }

    #[tokio::test]
    async fn a_handshake_goes_on_when_its_client_does() {
        let handshakes = Arc::new(Handshakes::new(1));
        let (client, heard) = oneshot::channel();
        let (here, arrived) = oneshot::channel();
        let running = tokio::spawn({
            let handshakes = Arc::clone(&handshakes);
            let handshake = async move {
                here.send(()).unwrap();
                heard.await.unwrap()
            };
            async move { handshakes.run(Some(block("192.0.2.1")), handshake).await }
        });
        arrived.await.unwrap();
        client.send("finished").unwrap();
        assert_eq!(running.await.unwrap(), "finished");
        assert!(handshakes.is_idle());
    }
}
