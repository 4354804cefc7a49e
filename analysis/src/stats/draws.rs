//! Resampling draws on all threads, with the same result on any number of them.

use rayon::prelude::*;

use crate::rng::{self, Stream};
use crate::task::Task;
use crate::{Error, Result};

/// What to draw.
#[derive(Debug, Clone, Copy)]
pub struct Plan<'a> {
    /// Name of the stage shown as progress.
    pub stage: &'a str,
    /// Name of the random stream; draw `i` uses its counter `i`.
    pub stream: &'a str,
    /// Seed of the stream.
    pub seed: u64,
    /// Number of draws.
    pub draws: usize,
}

/// Runs `one` for every draw and returns the results in the order of the draws.
///
/// Stops at the first error, and soon after cancellation.
pub fn draws<T: Send>(
    plan: Plan<'_>,
    task: &Task,
    one: impl Fn(&mut Stream) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    each(plan.stage, "draw", plan.draws, task, |index| {
        one(&mut rng::stream(plan.seed, plan.stream, index as u64))
    })
}

/// Runs `one` for every number below `count` and returns the results in their order; `unit` is what one is
/// called while progress is shown.
///
/// Stops at the first error, and soon after cancellation.
pub fn each<T: Send>(
    stage: &str,
    unit: &str,
    count: usize,
    task: &Task,
    one: impl Fn(usize) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    task.check()?;
    task.progress.start(stage, unit, Some(count as u64));
    let found: Result<Vec<T>> = (0..count)
        .into_par_iter()
        .map(|index| {
            task.check()?;
            let result = one(index);
            task.progress.advance(1);
            result
        })
        .collect();
    task.progress.finish();
    // Which of several errors comes first depends on the threads; a cancelled run says only that.
    found.map_err(|e| match task.check() {
        Ok(()) => e,
        Err(_) => Error::Cancelled,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng as _;

    const PLAN: Plan<'_> = Plan {
        stage: "test",
        stream: "draws-test",
        seed: 4,
        draws: 100,
    };

    #[test]
    fn order_and_bits_do_not_depend_on_threads() {
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| draws(PLAN, &Task::silent(), |rng| Ok(rng.next_u64())).unwrap())
        };
        assert_eq!(on(1), on(2));
    }

    #[test]
    fn cancelling_stops_the_draws() {
        let task = Task::silent();
        let result = draws(PLAN, &task, |_| {
            task.cancel.cancel();
            Ok(())
        });
        assert_eq!(result, Err(Error::Cancelled));
    }
}
