//! Passwords, kept as Argon2id.

use std::sync::Arc;

use argon2::Argon2;
use payments::ports::{Password, Unavailable};
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;

/// Checks under way at once: each takes 19 MiB and 20 ms of a processor, and strangers can ask for them.
const CHECKS: usize = 2;
/// One salt for all: the password of every persona is printed in the documentation.
const SALT: [u8; 16] = *b"guichet-sandbox!";

/// A password as it is kept.
#[derive(Clone)]
pub(super) struct StoredPassword {
    pub(super) salt: Vec<u8>,
    pub(super) hash: Vec<u8>,
}

impl StoredPassword {
    /// The stored form of a persona's password.
    pub(super) fn of(password: &str) -> Result<Self, Unavailable> {
        Ok(Self { salt: SALT.to_vec(), hash: hash(password, &SALT)?.to_vec() })
    }

    /// What an unknown customer's password is compared with: equal to none, and as slow as any.
    fn of_nobody() -> Self {
        Self { salt: SALT.to_vec(), hash: vec![0; 32] }
    }
}

/// Compares passwords, a few at a time and away from the threads that serve requests.
#[derive(Clone)]
pub(super) struct PasswordChecker {
    turns: Arc<Semaphore>,
}

impl PasswordChecker {
    pub(super) fn new() -> Self {
        Self { turns: Arc::new(Semaphore::new(CHECKS)) }
    }

    /// Whether `given` is the stored password; the work is the same if there is none.
    pub(super) async fn check(
        &self,
        given: Password,
        stored: Option<StoredPassword>,
    ) -> Result<bool, Unavailable> {
        let turn = Arc::clone(&self.turns)
            .acquire_owned()
            .await
            .map_err(|_| Unavailable("no more passwords are checked".to_owned()))?;
        let check = tokio::task::spawn_blocking(move || {
            let known = stored.is_some();
            let stored = stored.unwrap_or_else(StoredPassword::of_nobody);
            let hash = hash(&given.0, &stored.salt);
            drop(turn);
            hash.map(|hash| bool::from(hash.as_slice().ct_eq(&stored.hash)) && known)
        });
        check.await.map_err(|error| Unavailable(error.to_string()))?
    }
}

fn hash(password: &str, salt: &[u8]) -> Result<[u8; 32], Unavailable> {
    let mut hash = [0; 32];
    Argon2::default()
        .hash_password_into(password.as_bytes(), salt, &mut hash)
        .map_err(|error| Unavailable(error.to_string()))?;
    Ok(hash)
}
