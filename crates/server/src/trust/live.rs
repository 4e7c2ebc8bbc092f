//! Values that are replaced whole while the server runs.

use std::sync::{Arc, PoisonError, RwLock};

/// A value of which everybody takes the present one and nobody sees half of the next.
///
/// Who holds the earlier one goes on with it: a request is judged by one state from beginning to end.
#[derive(Debug)]
pub struct Live<T>(RwLock<Arc<T>>);

impl<T> Live<T> {
    /// Begins with `value`.
    pub fn new(value: T) -> Self {
        Self(RwLock::new(Arc::new(value)))
    }

    /// The present value.
    pub fn current(&self) -> Arc<T> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts `value` in the place of the present one.
    pub fn replace(&self, value: T) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_holds_a_value_keeps_it_when_it_is_replaced() {
        let live = Live::new(1);
        let held = live.current();
        live.replace(2);
        assert_eq!((*held, *live.current()), (1, 2));
    }
}
