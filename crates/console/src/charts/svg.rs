//! The text of a drawing: marks in a box of 720 by 260, every text escaped.

use std::fmt::Write;

use super::About;

pub(super) const WIDTH: i64 = 720;
pub(super) const HEIGHT: i64 = 260;
pub(super) const LEFT: i64 = 84;
pub(super) const RIGHT: i64 = WIDTH - 56;
pub(super) const TOP: i64 = 14;
pub(super) const BOTTOM: i64 = HEIGHT - 34;

/// Where a text stands against its point.
#[derive(Debug, Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A drawing that grows.
#[derive(Debug, Default)]
pub(super) struct Drawing(String);

impl Drawing {
    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing into a string does not fail.
        let _ = self.0.write_fmt(text);
    }

    /// A bar with what the pointer is told of it.
    pub(super) fn bar(&mut self, class: &str, [x, y, width, height]: [i64; 4], tip: &str) {
        let tip = escaped(tip);
        self.put(format_args!(
            "<rect class=\"bar {class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"><title>{tip}</title></rect>"
        ));
    }

    /// A straight line.
    pub(super) fn rule(&mut self, class: &str, [x1, y1, x2, y2]: [i64; 4]) {
        self.put(format_args!("<path class=\"{class}\" d=\"M{x1} {y1}L{x2} {y2}\"></path>"));
    }

    /// A line through points; a gap where there is none.
    pub(super) fn path(&mut self, class: &str, points: &[Option<(i64, i64)>]) {
        let (mut d, mut draws) = (String::new(), false);
        for point in points {
            if let Some((x, y)) = point {
                let _ = write!(d, "{}{x} {y}", if draws { 'L' } else { 'M' });
            }
            draws = point.is_some();
        }
        self.put(format_args!("<path class=\"line {class}\" d=\"{d}\"></path>"));
    }

    /// A point with what the pointer is told of it.
    pub(super) fn dot(&mut self, class: &str, (x, y): (i64, i64), tip: &str) {
        let tip = escaped(tip);
        self.put(format_args!(
            "<circle class=\"dot {class}\" cx=\"{x}\" cy=\"{y}\" r=\"3\"><title>{tip}</title></circle>"
        ));
    }

    /// A text.
    pub(super) fn text(&mut self, (x, y): (i64, i64), anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let text = escaped(text);
        self.put(format_args!("<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{text}</text>"));
    }

    /// The whole drawing with its name.
    pub(super) fn finish(self, about: &About) -> String {
        let (id, title, words) = (about.id, escaped(&about.title), escaped(&about.about));
        format!(
            "<svg class=\"drawing\" role=\"img\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" \
             aria-labelledby=\"{id}-name {id}-about\"><title id=\"{id}-name\">{title}</title>\
             <desc id=\"{id}-about\">{words}</desc><g aria-hidden=\"true\">{}</g></svg>",
            self.0
        )
    }
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}
