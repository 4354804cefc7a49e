//! What a job works out for the place under the cursor; it comes and goes with the cursor.

use std::sync::Arc;

use super::jobs::Work;
use super::update::{Effect, Effects};

/// What is known of it.
#[derive(Debug)]
pub(crate) enum Told<T> {
    /// A job works on it.
    Pending,
    Ready(Arc<T>),
    Failed(String),
}

/// Something that a job works out.
#[derive(Debug)]
pub(crate) struct Sought<T> {
    /// Which one it is.
    pub(crate) key: String,
    pub(crate) job: u64,
    pub(crate) told: Told<T>,
}

impl<T> Clone for Sought<T> {
    fn clone(&self) -> Self {
        let told = match &self.told {
            Told::Pending => Told::Pending,
            Told::Ready(found) => Told::Ready(Arc::clone(found)),
            Told::Failed(why) => Told::Failed(why.clone()),
        };
        Self {
            key: self.key.clone(),
            job: self.job,
            told,
        }
    }
}

impl<T> Sought<T> {
    /// What was found.
    pub(crate) fn ready(&self) -> Option<&T> {
        match &self.told {
            Told::Ready(found) => Some(found),
            Told::Pending | Told::Failed(_) => None,
        }
    }
}

/// Has what is wanted worked out in place of what was: nothing happens where it is the same, and a
/// job for what is wanted no more is cancelled.
pub(crate) fn seek<T>(
    slot: &mut Option<Sought<T>>,
    wanted: Option<(String, Work)>,
    next_job: &mut u64,
    effects: &mut Effects,
) {
    let same = slot.as_ref().map(|s| &s.key) == wanted.as_ref().map(|(key, _)| key);
    if same {
        return;
    }
    if let Some(Sought {
        job,
        told: Told::Pending,
        ..
    }) = slot
    {
        effects.push(Effect::Cancel(*job));
    }
    *slot = wanted.map(|(key, work)| {
        let id = *next_job;
        *next_job += 1;
        effects.push(Effect::Start { id, work });
        Sought {
            key,
            job: id,
            told: Told::Pending,
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_cancels_what_it_left_and_starts_what_it_found_once() {
        let (mut slot, mut next) = (None::<Sought<u8>>, 7);
        let mut effects = Effects::new();
        let wanted = |key: &str| Some((key.to_owned(), Work::Demo));
        seek(&mut slot, wanted("a"), &mut next, &mut effects);
        seek(&mut slot, wanted("a"), &mut next, &mut effects);
        seek(&mut slot, wanted("b"), &mut next, &mut effects);
        let ids: Vec<(bool, u64)> = effects
            .iter()
            .filter_map(|e| match e {
                Effect::Start { id, .. } => Some((true, *id)),
                Effect::Cancel(id) => Some((false, *id)),
                _ => None,
            })
            .collect();
        assert_eq!(ids, [(true, 7), (false, 7), (true, 8)]);
        seek(&mut slot, None, &mut next, &mut effects);
        assert!(slot.is_none());
    }
}
