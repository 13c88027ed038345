//! Places text on pages, from the top to the bottom. All positions are tenths of a point.

use jiff::civil::Date;
use krilla::Document;
use krilla::geom::{PathBuilder, Point};
use krilla::metadata::{DateTime, Metadata};
use krilla::page::PageSettings;
use krilla::paint::Stroke;

use super::font::Typeface;
use crate::formats::error::RenderError;

const MARGIN: i32 = 360;

/// A4, by how it lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paper {
    Landscape,
    Portrait,
}

impl Paper {
    /// Width and height.
    fn size(self) -> (i32, i32) {
        match self {
            Self::Landscape => (8_419, 5_953),
            Self::Portrait => (5_953, 8_419),
        }
    }

    /// How wide a line of text may be.
    pub(super) fn text_width(self) -> i32 {
        self.size().0 - 2 * MARGIN
    }
}

enum Mark {
    Text { x: i32, y: i32, size: i32, text: String },
    Rule { y: i32 },
}

/// The pages so far. They are drawn at the end, when it is known how many there are.
pub(super) struct Sheet<'f> {
    typeface: &'f Typeface,
    paper: Paper,
    pages: Vec<Vec<Mark>>,
    /// How far down the page is filled.
    y: i32,
}

impl<'f> Sheet<'f> {
    pub(super) fn new(typeface: &'f Typeface, paper: Paper) -> Self {
        Self { typeface, paper, pages: vec![Vec::new()], y: MARGIN }
    }

    /// Goes on at the top of another page, unless this one is empty.
    pub(super) fn new_page(&mut self) {
        if self.pages.last().is_some_and(|page| !page.is_empty()) {
            self.pages.push(Vec::new());
            self.y = MARGIN;
        }
    }

    /// Whether so many lines of a size still fit on the page.
    pub(super) fn fits(&self, size: i32, lines: i32) -> bool {
        self.y + (size + size * 4 / 10) * lines <= self.lowest()
    }

    /// How far down a page may be filled.
    fn lowest(&self) -> i32 {
        self.paper.size().1 - MARGIN - 200
    }

    fn put(&mut self, mark: Mark) {
        if let Some(page) = self.pages.last_mut() {
            page.push(mark);
        }
    }

    /// Leaves room; at the end of a page there is none.
    pub(super) fn space(&mut self, height: i32) {
        self.y += height;
    }

    fn advance(&mut self, size: i32) {
        self.y += size + size * 4 / 10;
        if self.y > self.lowest() {
            self.pages.push(Vec::new());
            self.y = MARGIN + size;
        }
    }

    /// A line of text.
    pub(super) fn line(&mut self, size: i32, text: &str) {
        self.cells(size, &[(0, self.paper.text_width(), false, text)]);
    }

    /// Texts beside each other: where each begins, how wide it may be, whether it stands at the right.
    pub(super) fn cells(&mut self, size: i32, cells: &[(i32, i32, bool, &str)]) {
        self.advance(size);
        for (from, width, right, text) in cells {
            let text = self.typeface.fitted(text, size, width - 30);
            let indent = if *right { width - self.typeface.width(&text, size) } else { 0 };
            let mark = Mark::Text { x: MARGIN + from + indent, y: self.y, size, text };
            self.put(mark);
        }
    }

    /// A thin line across the page.
    pub(super) fn rule(&mut self) {
        let y = self.y + 30;
        self.put(Mark::Rule { y });
        self.y += 20;
    }

    /// Draws everything, with `footer` and the number of the page below each: `{}` of `page_of` are it and their count.
    pub(super) fn finish(
        self,
        footer: &str,
        page_of: &str,
        title: &str,
        date: Date,
    ) -> Result<Vec<u8>, RenderError> {
        let failed = |reason: String| RenderError::Writer { format: "statement.pdf", reason };
        let (width, height) = self.paper.size();
        let size = PageSettings::from_wh(points(width), points(height));
        let settings = size.ok_or_else(|| failed("the size of the page".into()))?;
        let mut document = Document::new();
        document.set_metadata(metadata(title, date));
        let count = self.pages.len();
        for (index, marks) in self.pages.iter().enumerate() {
            let mut page = document.start_page_with(settings.clone());
            let mut surface = page.surface();
            for mark in marks {
                self.draw(&mut surface, mark);
            }
            let (number, of) = ((index + 1).to_string(), count.to_string());
            let text = format!("{footer} · {}", page_of.replacen("{}", &number, 1).replacen("{}", &of, 1));
            let text = self.typeface.fitted(&text, 60, self.paper.text_width());
            self.draw(&mut surface, &Mark::Text { x: MARGIN, y: height - MARGIN, size: 60, text });
            surface.finish();
            page.finish();
        }
        document.finish().map_err(|error| failed(format!("{error:?}")))
    }

    fn draw(&self, surface: &mut krilla::surface::Surface<'_>, mark: &Mark) {
        match mark {
            Mark::Text { x, y, size, text } => {
                let at = Point::from_xy(points(*x), points(*y));
                let glyphs = self.typeface.glyphs(text);
                surface.draw_glyphs(at, &glyphs, self.typeface.font.clone(), text, points(*size), false);
            }
            Mark::Rule { y } => {
                let mut path = PathBuilder::new();
                path.move_to(points(MARGIN), points(*y));
                path.line_to(points(MARGIN + self.paper.text_width()), points(*y));
                surface.set_fill(None);
                surface.set_stroke(Some(Stroke { width: points(5), ..Stroke::default() }));
                if let Some(path) = path.finish() {
                    surface.draw_path(&path);
                }
                surface.set_stroke(None);
                surface.set_fill(Some(krilla::paint::Fill::default()));
            }
        }
    }
}

/// The time of the document is the file's business date: a clock would make other bytes each time.
fn metadata(title: &str, date: Date) -> Metadata {
    let part = |number: i8| u8::try_from(number).unwrap_or(1);
    let created = DateTime::new(u16::try_from(date.year()).unwrap_or(0)).month(part(date.month()));
    Metadata::new()
        .title(title.to_owned())
        .creator("cobrand".to_owned())
        .creation_date(created.day(part(date.day())))
        .document_id(title.to_owned())
}

/// Tenths of a point as points.
fn points(tenths: i32) -> f32 {
    part(tenths, 10)
}

/// A fraction on a page, never of money.
#[expect(
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    reason = "places on a page: a document has no other numbers"
)]
pub(super) fn part(of: i32, whole: i32) -> f32 {
    of as f32 / whole.max(1) as f32
}
