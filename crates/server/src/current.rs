//! Something that is exchanged as a whole while others use it.

use std::sync::{Arc, PoisonError, RwLock};

/// What counts now. Whoever has taken it keeps it as it was.
#[derive(Debug)]
pub struct Current<T>(
    /// Locked to copy or replace one pointer, never while anything is done.
    RwLock<Arc<T>>,
);

impl<T> Current<T> {
    pub fn new(first: T) -> Self {
        Self(RwLock::new(Arc::new(first)))
    }

    pub fn get(&self) -> Arc<T> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn set(&self, next: T) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
    }
}
