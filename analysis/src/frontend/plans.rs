//! Transform plans and filterbanks, built on first use and shared between threads.

use std::sync::{Arc, Mutex, PoisonError};

use crate::Result;

/// Plans that are kept; a program uses a few.
const KEPT: usize = 8;

/// The plans last used, by the settings that they were made for.
pub(super) struct Plans<K, P>(Mutex<Vec<(K, Arc<P>)>>);

impl<K: Clone + PartialEq, P> Plans<K, P> {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// The plan for these settings, made when it is not there.
    pub(super) fn get(&self, settings: &K, make: impl FnOnce() -> Result<P>) -> Result<Arc<P>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, plan)) = kept.iter().find(|(known, _)| known == settings) {
            return Ok(Arc::clone(plan));
        }
        let plan = Arc::new(make()?);
        if kept.len() == KEPT {
            kept.remove(0);
        }
        kept.push((settings.clone(), Arc::clone(&plan)));
        Ok(plan)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_are_shared_and_the_oldest_goes() {
        let plans = Plans::new();
        let first = plans.get(&0, || Ok("zero")).unwrap();
        assert!(Arc::ptr_eq(&first, &plans.get(&0, || Ok("again")).unwrap()));
        for key in 1..=KEPT {
            plans.get(&key, || Ok("other")).unwrap();
        }
        assert_eq!(*plans.get(&0, || Ok("again")).unwrap(), "again");
    }
}
