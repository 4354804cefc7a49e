//! One line of typed text.

/// Text with a cursor between characters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TextLine {
    before: Vec<char>,
    /// Reversed: the last one follows the cursor.
    after: Vec<char>,
}

impl TextLine {
    pub(crate) fn new(text: &str) -> Self {
        Self {
            before: text.chars().collect(),
            after: Vec::new(),
        }
    }

    pub(crate) fn text(&self) -> String {
        self.before.iter().chain(self.after.iter().rev()).collect()
    }

    /// Text before the cursor.
    pub(crate) fn head(&self) -> String {
        self.before.iter().collect()
    }

    pub(crate) fn insert(&mut self, c: char) {
        if !c.is_control() {
            self.before.push(c);
        }
    }

    pub(crate) fn erase(&mut self) {
        self.before.pop();
    }

    pub(crate) fn erase_word(&mut self) {
        while self.before.pop_if(|c| c.is_whitespace()).is_some() {}
        while self.before.pop_if(|c| !c.is_whitespace()).is_some() {}
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn left(&mut self) {
        self.after.extend(self.before.pop());
    }

    pub(crate) fn right(&mut self) {
        self.before.extend(self.after.pop());
    }

    pub(crate) fn start(&mut self) {
        while let Some(c) = self.before.pop() {
            self.after.push(c);
        }
    }

    pub(crate) fn end(&mut self) {
        while let Some(c) = self.after.pop() {
            self.before.push(c);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn editing_in_the_middle() {
        let mut line = TextLine::new("sex:f age");
        line.erase_word();
        assert_eq!(line.text(), "sex:f ");
        line.start();
        line.right();
        line.insert('é');
        line.insert('\u{7}');
        assert_eq!(
            (line.text().as_str(), line.head().as_str()),
            ("séex:f ", "sé")
        );
        line.left();
        line.erase();
        line.end();
        line.erase();
        assert_eq!(line.text(), "éex:f");
        line.clear();
        line.erase();
        line.left();
        assert_eq!(line.text(), "");
    }
}
