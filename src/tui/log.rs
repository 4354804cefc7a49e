//! Log lines on their way from `tracing` to the Log screen.

use std::collections::VecDeque;
use std::fmt::{self, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crossbeam_channel::{Receiver, Sender};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) level: Level,
    pub(crate) target: String,
    pub(crate) text: String,
}

/// What is finer is told to nobody: it would only wake the screen.
const FINEST: Level = Level::INFO;

/// A `tracing` layer that hands information, warnings and errors to the app. Never blocks: what does not fit is counted.
#[derive(Debug)]
pub struct LogLayer {
    sender: Sender<Line>,
    lost: Arc<AtomicUsize>,
}

/// The app's end of a [`LogLayer`].
#[derive(Debug, Clone)]
pub struct LogReceiver {
    pub(crate) receiver: Receiver<Line>,
    pub(crate) lost: Arc<AtomicUsize>,
}

/// A layer for the subscriber and the receiver for [`super::Launch::log`].
pub fn log_channel() -> (LogLayer, LogReceiver) {
    let (sender, receiver) = crossbeam_channel::bounded(1024);
    let lost = Arc::new(AtomicUsize::new(0));
    (
        LogLayer {
            sender,
            lost: Arc::clone(&lost),
        },
        LogReceiver { receiver, lost },
    )
}

impl LogReceiver {
    /// Lines dropped because the app was busy.
    pub(crate) fn take_lost(&self) -> usize {
        self.lost.swap(0, Ordering::Relaxed)
    }
}

impl<S: Subscriber> Layer<S> for LogLayer {
    /// Lets `tracing` skip what is not shown before it is made.
    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::from_level(FINEST))
    }

    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        // Another layer may have asked for more than this one shows.
        if *event.metadata().level() > FINEST {
            return;
        }
        let mut words = Words(String::new());
        event.record(&mut words);
        let line = Line {
            level: *event.metadata().level(),
            target: event.metadata().target().to_owned(),
            text: words.0,
        };
        if self.sender.try_send(line).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

struct Words(String);

impl Visit for Words {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if !self.0.is_empty() {
            self.0.push(' ');
        }
        if field.name() != "message" {
            let _ = write!(self.0, "{}=", field.name());
        }
        let _ = write!(self.0, "{value:?}");
    }
}

/// The last lines, and where the reader is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log {
    lines: VecDeque<Line>,
    /// Lines up from the end.
    pub(crate) up: usize,
    pub(crate) search: String,
}

const KEPT: usize = 2000;

impl Log {
    pub(crate) fn push(&mut self, line: Line) {
        if self.lines.len() == KEPT {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
        if self.up > 0 {
            self.up = (self.up + 1).min(self.lines.len() - 1);
        }
    }

    pub(crate) fn note(&mut self, level: Level, text: String) {
        self.push(Line {
            level,
            target: String::from("phonoscope"),
            text,
        });
    }

    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    /// The last `height` lines above the reader's place, oldest first.
    pub(crate) fn window(&self, height: usize) -> impl Iterator<Item = &Line> {
        let end = self
            .lines
            .len()
            .saturating_sub(self.up)
            .max(height.min(self.lines.len()));
        self.lines.range(end.saturating_sub(height)..end)
    }

    pub(crate) fn matches(&self, line: &Line) -> bool {
        !self.search.is_empty()
            && line
                .text
                .to_lowercase()
                .contains(&self.search.to_lowercase())
    }

    /// Moves to the next match, upwards (older) or downwards.
    pub(crate) fn seek(&mut self, older: bool) {
        let count = self.lines.len();
        let hit = |up: &usize| {
            count
                .checked_sub(up + 1)
                .and_then(|i| self.lines.get(i))
                .is_some_and(|l| self.matches(l))
        };
        let found = if older {
            (self.up + 1..count).find(hit)
        } else {
            (0..self.up).rev().find(hit)
        };
        self.up = found.unwrap_or(self.up);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing_subscriber::layer::SubscriberExt as _;

    #[test]
    fn events_arrive_as_lines_and_overflow_is_counted() {
        let (layer, receiver) = log_channel();
        let subscriber = tracing_subscriber::registry().with(layer);
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(id = "u1", "skipped {}", 3);
            (0..2000).for_each(|_| tracing::info!("more"));
        });
        let line = receiver.receiver.recv().unwrap();
        assert_eq!(
            (line.level, line.text.as_str()),
            (Level::WARN, "skipped 3 id=u1")
        );
        assert_eq!(receiver.take_lost(), 2001 - 1024);
    }

    #[test]
    fn levels_are_kept_and_fine_ones_dropped() {
        let (layer, receiver) = log_channel();
        // The second layer asks for everything.
        let subscriber = tracing_subscriber::registry()
            .with(layer)
            .with(LevelFilter::TRACE);
        tracing::subscriber::with_default(subscriber, || {
            tracing::trace!("t");
            tracing::debug!("d");
            tracing::info!("i");
            tracing::warn!("w");
            tracing::error!("e");
        });
        let levels: Vec<Level> = receiver.receiver.try_iter().map(|l| l.level).collect();
        assert_eq!(levels, [Level::INFO, Level::WARN, Level::ERROR]);
        assert_eq!(receiver.take_lost(), 0);
        let (layer, _receiver) = log_channel();
        let hint = Layer::<tracing_subscriber::Registry>::max_level_hint(&layer);
        assert_eq!(hint, Some(LevelFilter::INFO));
    }

    #[test]
    fn reading_back_is_not_disturbed_by_new_lines() {
        let mut log = Log::default();
        for i in 0..3000 {
            log.note(Level::INFO, format!("line {i}"));
        }
        assert_eq!(log.len(), KEPT);
        log.up = 5;
        let before: Vec<_> = log.window(3).cloned().collect();
        log.note(Level::INFO, String::from("new"));
        assert!(log.window(3).eq(before.iter()));
        log.search = String::from("LINE 1500");
        log.seek(true);
        assert!(log.window(1).all(|l| l.text == "line 1500"));
        assert!(Log::default().window(4).next().is_none());
    }
}
