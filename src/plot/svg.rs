//! A small writer of SVG with the same bytes for the same drawing.

use std::fmt::Write as _;

/// Where a text stands relative to its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// Begins there.
    Start,
    /// Is centred there.
    Middle,
    /// Ends there.
    End,
}

/// Shapes that tell classes apart without colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marker {
    /// Filled circle.
    Circle,
    /// Filled triangle, tip up.
    Triangle,
    /// Filled square.
    Square,
    /// Filled diamond.
    Diamond,
    /// Upright cross.
    Plus,
    /// Diagonal cross.
    Cross,
    /// Open circle.
    Ring,
    /// Filled triangle, tip down.
    TriangleDown,
}

impl Marker {
    /// All of them, in the order classes take them.
    pub const ALL: [Self; 8] = [
        Self::Circle,
        Self::Triangle,
        Self::Square,
        Self::Diamond,
        Self::Plus,
        Self::Cross,
        Self::Ring,
        Self::TriangleDown,
    ];
}

/// A drawing in the making; lengths are pixels, colours CSS.
#[derive(Debug, Clone)]
pub struct Svg {
    text: String,
}

impl Svg {
    /// A white page of `width` by `height` with a title for screen readers and the provenance of
    /// what it shows.
    pub fn new(width: f64, height: f64, title: &str, provenance: &str) -> Self {
        let (w, h) = (fixed(width), fixed(height));
        let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        let (title, desc) = (escape(title), escape(provenance));
        let _ = writeln!(
            text,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" font-family=\"Helvetica, Arial, sans-serif\" role=\"img\">\n\
             <title>{title}</title>\n<desc>{desc}</desc>\n\
             <rect width=\"{w}\" height=\"{h}\" fill=\"#ffffff\"/>"
        );
        Self { text }
    }

    /// A straight line.
    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), stroke: &str, width: f64) {
        let _ = writeln!(
            self.text,
            "<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" stroke=\"{stroke}\" stroke-width=\"{}\"/>",
            fixed(from.0),
            fixed(from.1),
            fixed(to.0),
            fixed(to.1),
            fixed(width)
        );
    }

    /// A line through points; `dashes` is the pattern of `stroke-dasharray`, empty for solid.
    pub fn polyline(&mut self, points: &[(f64, f64)], stroke: &str, width: f64, dashes: &str) {
        let path: Vec<String> = points
            .iter()
            .map(|(x, y)| format!("{},{}", fixed(*x), fixed(*y)))
            .collect();
        let dashes = if dashes.is_empty() {
            String::new()
        } else {
            format!(" stroke-dasharray=\"{dashes}\"")
        };
        let _ = writeln!(
            self.text,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"{}\"{dashes}/>",
            path.join(" "),
            fixed(width)
        );
    }

    /// A filled rectangle with its top left corner at `at` and a tool tip (none if empty).
    pub fn rect(&mut self, at: (f64, f64), size: (f64, f64), fill: &str, tip: &str) {
        let _ = write!(
            self.text,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{fill}\"",
            fixed(at.0),
            fixed(at.1),
            fixed(size.0),
            fixed(size.1)
        );
        self.close("rect", tip);
    }

    /// Words.
    pub fn text(&mut self, at: (f64, f64), anchor: Anchor, size: f64, fill: &str, words: &str) {
        self.words(at, anchor, size, fill, words, "");
    }

    /// Words turned by a quarter, reading upwards.
    pub fn text_up(&mut self, at: (f64, f64), anchor: Anchor, size: f64, fill: &str, words: &str) {
        let turn = format!(" transform=\"rotate(-90 {} {})\"", fixed(at.0), fixed(at.1));
        self.words(at, anchor, size, fill, words, &turn);
    }

    fn words(
        &mut self,
        at: (f64, f64),
        anchor: Anchor,
        size: f64,
        fill: &str,
        words: &str,
        turn: &str,
    ) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let _ = writeln!(
            self.text,
            "<text x=\"{}\" y=\"{}\" font-size=\"{}\" text-anchor=\"{anchor}\" fill=\"{fill}\"{turn}>{}</text>",
            fixed(at.0),
            fixed(at.1),
            fixed(size),
            escape(words)
        );
    }

    /// A marker of `radius` around `at` with a tool tip (none if empty).
    pub fn marker(&mut self, shape: Marker, at: (f64, f64), radius: f64, fill: &str, tip: &str) {
        let (x, y) = at;
        let r = radius;
        let open = match shape {
            Marker::Circle | Marker::Ring => {
                let paint = if shape == Marker::Ring {
                    format!("fill=\"none\" stroke=\"{fill}\" stroke-width=\"1.50\"")
                } else {
                    format!("fill=\"{fill}\"")
                };
                let _ = write!(
                    self.text,
                    "<circle cx=\"{}\" cy=\"{}\" r=\"{}\" {paint}",
                    fixed(x),
                    fixed(y),
                    fixed(r)
                );
                "circle"
            }
            Marker::Plus | Marker::Cross => {
                let d = if shape == Marker::Plus {
                    format!(
                        "M{} {}H{}M{} {}V{}",
                        fixed(x - r),
                        fixed(y),
                        fixed(x + r),
                        fixed(x),
                        fixed(y - r),
                        fixed(y + r)
                    )
                } else {
                    let s = r * 0.8;
                    format!(
                        "M{} {}L{} {}M{} {}L{} {}",
                        fixed(x - s),
                        fixed(y - s),
                        fixed(x + s),
                        fixed(y + s),
                        fixed(x - s),
                        fixed(y + s),
                        fixed(x + s),
                        fixed(y - s)
                    )
                };
                let _ = write!(
                    self.text,
                    "<path d=\"{d}\" stroke=\"{fill}\" stroke-width=\"1.50\" fill=\"none\""
                );
                "path"
            }
            Marker::Triangle | Marker::TriangleDown | Marker::Square | Marker::Diamond => {
                let corners: &[(f64, f64)] = match shape {
                    Marker::Triangle => &[(0.0, -1.15), (1.05, 0.75), (-1.05, 0.75)],
                    Marker::TriangleDown => &[(0.0, 1.15), (1.05, -0.75), (-1.05, -0.75)],
                    Marker::Square => &[(-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85)],
                    _ => &[(0.0, -1.2), (1.2, 0.0), (0.0, 1.2), (-1.2, 0.0)],
                };
                let points: Vec<String> = corners
                    .iter()
                    .map(|(dx, dy)| format!("{},{}", fixed(x + dx * r), fixed(y + dy * r)))
                    .collect();
                let _ = write!(
                    self.text,
                    "<polygon points=\"{}\" fill=\"{fill}\"",
                    points.join(" ")
                );
                "polygon"
            }
        };
        self.close(open, tip);
    }

    fn close(&mut self, element: &str, tip: &str) {
        if tip.is_empty() {
            self.text.push_str("/>\n");
        } else {
            let _ = writeln!(self.text, "><title>{}</title></{element}>", escape(tip));
        }
    }

    /// The whole document.
    pub fn finish(mut self) -> String {
        self.text.push_str("</svg>\n");
        self.text
    }
}

/// `#rrggbb`.
pub(crate) fn hex([r, g, b]: [u8; 3]) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

fn fixed(value: f64) -> String {
    let value = if value.is_finite() { value } else { 0.0 };
    let text = format!("{value:.2}");
    if text == "-0.00" {
        String::from("0.00")
    } else {
        text
    }
}

/// Text for XML: markup escaped, characters that XML 1.0 forbids replaced.
pub(crate) fn escape(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    for c in words.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Whether every element is closed by its own name and attributes are quoted.
    pub(crate) fn assert_well_formed(xml: &str) {
        let mut open: Vec<&str> = Vec::new();
        let mut rest = xml;
        while let Some(start) = rest.find('<') {
            let outside = &rest[..start];
            assert!(!outside.contains('>'), "stray > in {outside:?}");
            let end = rest[start..].find('>').expect("every tag ends") + start;
            let tag = &rest[start + 1..end];
            assert_eq!(
                tag.matches('"').count() % 2,
                0,
                "unbalanced quotes in <{tag}>"
            );
            if let Some(name) = tag.strip_prefix('/') {
                assert_eq!(open.pop(), Some(name), "closing {name}");
            } else if !tag.starts_with('?') && !tag.ends_with('/') {
                open.push(tag.split_whitespace().next().expect("tags have names"));
            }
            rest = &rest[end + 1..];
        }
        assert!(open.is_empty(), "left open: {open:?}");
        for part in xml.split('&').skip(1) {
            assert!(
                ["amp;", "lt;", "gt;", "quot;"]
                    .iter()
                    .any(|e| part.starts_with(e))
            );
        }
    }

    #[test]
    fn words_from_outside_cannot_break_the_document() {
        let mut svg = Svg::new(10.0, 10.0, "a <b> & \"c\"", "x\u{0}\u{1b}[31my");
        svg.text((1.0, 1.0), Anchor::Start, 8.0, "#000000", "</text><script>");
        svg.marker(Marker::Circle, (f64::NAN, -0.0), 2.0, "#000000", "<tip>");
        for marker in Marker::ALL {
            svg.marker(marker, (5.0, 5.0), 2.0, "#000000", "");
        }
        let text = svg.finish();
        assert_well_formed(&text);
        assert!(!text.contains("<script>") && !text.contains('\u{1b}'));
    }
}
