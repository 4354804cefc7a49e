//! The terminal's life cycle: entered once, restored whatever happens.

use std::io::{self, BufWriter, IsTerminal as _, Stdout, Write as _};
use std::panic::PanicHookInfo;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::{Context as _, Result};
use crossterm::cursor::Show;
use crossterm::style::ResetColor;
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen,
    LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{execute, queue};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

use super::state::State;
use crate::exit::Usage;

/// Whether the terminal is ours at this moment.
static ENTERED: AtomicBool = AtomicBool::new(false);

type Hook = dyn Fn(&PanicHookInfo<'_>) + Send + Sync;

/// Holds the terminal; dropping it gives the terminal back.
pub(crate) struct Guard {
    terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
    previous: Arc<Hook>,
}

fn enter() -> io::Result<()> {
    enable_raw_mode()?;
    ENTERED.store(true, Ordering::SeqCst);
    execute!(io::stdout(), EnterAlternateScreen, Clear(ClearType::All))
}

/// Gives the terminal back; does nothing when it was given back already.
fn restore() {
    if ENTERED.swap(false, Ordering::SeqCst) {
        execute!(
            io::stdout(),
            EndSynchronizedUpdate,
            ResetColor,
            LeaveAlternateScreen,
            Show
        )
        .ok();
        disable_raw_mode().ok();
    }
}

fn blank() -> io::Result<Terminal<CrosstermBackend<BufWriter<Stdout>>>> {
    Terminal::new(CrosstermBackend::new(BufWriter::with_capacity(
        1 << 16,
        io::stdout(),
    )))
}

impl Guard {
    /// Takes the terminal.
    ///
    /// # Errors
    /// When standard output or input is no terminal; the message names what to use instead.
    pub(crate) fn take() -> Result<Self> {
        require_terminal()?;
        let previous: Arc<Hook> = Arc::from(std::panic::take_hook());
        let (drawing, chained) = (thread::current().id(), Arc::clone(&previous));
        std::panic::set_hook(Box::new(move |info| {
            // Jobs catch their panics and report them; the screen stays.
            if thread::current().id() == drawing || !ENTERED.load(Ordering::SeqCst) {
                restore();
                chained(info);
            } else {
                tracing::error!("{info}");
            }
        }));
        // From here on the guard's drop undoes what the next lines do.
        let mut guard = Self {
            terminal: blank()?,
            previous,
        };
        enter().context("cannot set up the terminal")?;
        guard.terminal.hide_cursor()?;
        Ok(guard)
    }

    /// Draws one frame as a synchronized update.
    pub(crate) fn draw(&mut self, state: &State) -> io::Result<()> {
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        self.terminal
            .draw(|frame| super::view::view(state, frame))?;
        execute!(self.terminal.backend_mut(), EndSynchronizedUpdate)
    }

    /// The size now, in cells.
    pub(crate) fn size(&self) -> io::Result<(u16, u16)> {
        self.terminal.size().map(|size| (size.width, size.height))
    }

    /// Forgets what is on screen, so that the next frame draws every cell. Asks the terminal
    /// nothing.
    pub(crate) fn forget(&mut self) -> io::Result<()> {
        self.terminal = blank()?;
        execute!(io::stdout(), Clear(ClearType::All))?;
        self.terminal.hide_cursor()
    }

    /// Copies `text` to the clipboard by OSC 52, which works through SSH.
    pub(crate) fn copy(&mut self, text: &str) -> io::Result<()> {
        let copy = crossterm::clipboard::CopyToClipboard::to_clipboard_from(text);
        execute!(self.terminal.backend_mut(), copy)
    }

    /// Stops the program until the shell continues it.
    pub(crate) fn suspend(&mut self) -> io::Result<()> {
        restore();
        signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP)?;
        self.retake()
    }

    /// Sets the terminal up again after a stop, whoever changed it meanwhile.
    pub(crate) fn retake(&mut self) -> io::Result<()> {
        disable_raw_mode()?;
        enter()?;
        self.forget()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.terminal.backend_mut().flush().ok();
        restore();
        if !thread::panicking() {
            let previous = Arc::clone(&self.previous);
            std::panic::set_hook(Box::new(move |info| previous(info)));
        }
    }
}

/// An error unless standard input and output are a terminal.
pub(crate) fn require_terminal() -> Result<()> {
    if io::stdout().is_terminal() && io::stdin().is_terminal() {
        return Ok(());
    }
    let hint = "`phonoscope export REPORT --format json|csv|svg` gives the same results as files";
    Err(Usage::new("the screen needs a terminal for input and output", hint).into())
}
