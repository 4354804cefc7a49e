//! A part of the screen that can be written to; nothing falls outside.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::tui::words;

/// An area of the buffer with its own origin.
pub(super) struct Canvas<'a> {
    buffer: &'a mut Buffer,
    area: Rect,
    base: Style,
}

impl<'a> Canvas<'a> {
    pub(super) fn new(buffer: &'a mut Buffer, area: Rect, base: Style) -> Self {
        let area = area.intersection(*buffer.area());
        Self { buffer, area, base }
    }

    /// The part of the screen at `area` (screen coordinates).
    pub(super) fn part(&mut self, area: Rect) -> Canvas<'_> {
        let area = area.intersection(self.area);
        Canvas {
            buffer: self.buffer,
            area,
            base: self.base,
        }
    }

    /// The lines from `y` on, `height` of them.
    pub(super) fn lines(&mut self, y: u16, height: u16) -> Canvas<'_> {
        let area = Rect {
            y: self.area.y.saturating_add(y),
            height: height.min(self.area.height.saturating_sub(y)),
            ..self.area
        };
        self.part(area)
    }

    pub(super) fn area(&self) -> Rect {
        self.area
    }

    pub(super) fn width(&self) -> u16 {
        self.area.width
    }

    pub(super) fn height(&self) -> u16 {
        self.area.height
    }

    /// Writes `text` at (x, y), cut at the right edge; gives the columns used.
    pub(super) fn put(&mut self, x: u16, y: u16, text: &str, style: Style) -> u16 {
        if x >= self.area.width || y >= self.area.height {
            return 0;
        }
        let room = self.area.width - x;
        let text = words::clip(text, usize::from(room));
        let at = (self.area.x + x, self.area.y + y);
        let (end, _) = self
            .buffer
            .set_stringn(at.0, at.1, &text, room.into(), style);
        end - at.0
    }

    /// Writes `text` so that it ends `gap` columns before the right edge.
    pub(super) fn put_right(&mut self, gap: u16, y: u16, text: &str, style: Style) {
        let used = u16::try_from(words::width(text)).unwrap_or(u16::MAX);
        if let Some(x) = self.area.width.checked_sub(used.saturating_add(gap)) {
            self.put(x, y, text, style);
        }
    }

    /// One character.
    pub(super) fn dot(&mut self, x: u16, y: u16, glyph: char, style: Style) {
        if x < self.area.width && y < self.area.height {
            let at = (self.area.x + x, self.area.y + y);
            if let Some(cell) = self.buffer.cell_mut(at) {
                cell.set_char(glyph).set_style(style);
            }
        }
    }

    /// Adds `style` to a whole line.
    pub(super) fn tint(&mut self, y: u16, style: Style) {
        if y < self.area.height {
            let line = Rect {
                y: self.area.y + y,
                height: 1,
                ..self.area
            };
            self.buffer.set_style(line, style);
        }
    }

    /// Adds `style` to one cell.
    pub(super) fn tint_cell(&mut self, x: u16, y: u16, style: Style) {
        if x < self.area.width && y < self.area.height {
            let cell = Rect::new(self.area.x + x, self.area.y + y, 1, 1);
            self.buffer.set_style(cell, style);
        }
    }

    /// A border with titles above left and below right; gives the inside.
    pub(super) fn frame(&mut self, above: &str, below: &str, style: Style) -> Canvas<'_> {
        let (w, h) = (self.area.width, self.area.height);
        if w >= 2 && h >= 2 {
            for x in 1..w - 1 {
                self.dot(x, 0, '─', style);
                self.dot(x, h - 1, '─', style);
            }
            for y in 1..h - 1 {
                self.dot(0, y, '│', style);
                self.dot(w - 1, y, '│', style);
            }
            for (x, y, glyph) in [
                (0, 0, '┌'),
                (w - 1, 0, '┐'),
                (0, h - 1, '└'),
                (w - 1, h - 1, '┘'),
            ] {
                self.dot(x, y, glyph, style);
            }
            let room = usize::from(w.saturating_sub(4));
            if !above.is_empty() && room > 2 {
                let title = format!(" {} ", words::clip(above, room - 2));
                self.put(1, 0, &title, style);
            }
            if !below.is_empty() && room > 2 {
                let title = format!(" {} ", words::clip(below, room - 2));
                self.put_right(1, h - 1, &title, style);
            }
        }
        let inside = crate::tui::layout::inside(self.area);
        self.part(inside)
    }

    /// An empty box of `width` × `height` in the middle, on top of everything.
    pub(super) fn window(&mut self, width: u16, height: u16) -> Canvas<'_> {
        let (w, h) = (width.min(self.area.width), height.min(self.area.height));
        let area = Rect {
            x: self.area.x + (self.area.width - w) / 2,
            y: self.area.y + (self.area.height - h) / 2,
            width: w,
            height: h,
        };
        for y in area.top()..area.bottom() {
            for x in area.left()..area.right() {
                if let Some(cell) = self.buffer.cell_mut((x, y)) {
                    cell.reset();
                    cell.set_style(self.base);
                }
            }
        }
        self.part(area)
    }
}
