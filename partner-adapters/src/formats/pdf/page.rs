//! Places text on pages, from the top to the bottom. All positions are tenths of a point.

use jiff::civil::Date;
use krilla::Document;
use krilla::geom::{PathBuilder, Point};
use krilla::metadata::{DateTime, Metadata};
use krilla::page::PageSettings;
use krilla::paint::Stroke;

use super::font::Typeface;
use crate::formats::error::RenderError;

/// A4, landscape.
const WIDTH: i32 = 8_419;
const HEIGHT: i32 = 5_953;
const MARGIN: i32 = 360;
const TEXT_WIDTH: i32 = WIDTH - 2 * MARGIN;

enum Mark {
    Text { x: i32, y: i32, size: i32, text: String },
    Rule { y: i32 },
}

/// The pages so far. They are drawn at the end, when it is known how many there are.
pub(super) struct Sheet<'f> {
    typeface: &'f Typeface,
    pages: Vec<Vec<Mark>>,
    /// How far down the page is filled.
    y: i32,
}

impl<'f> Sheet<'f> {
    pub(super) fn new(typeface: &'f Typeface) -> Self {
        Self { typeface, pages: vec![Vec::new()], y: MARGIN }
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
        if self.y > HEIGHT - MARGIN - 200 {
            self.pages.push(Vec::new());
            self.y = MARGIN + size;
        }
    }

    /// A line of text.
    pub(super) fn line(&mut self, size: i32, text: &str) {
        self.cells(size, &[(0, TEXT_WIDTH, false, text)]);
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

    /// Draws everything, with `footer` and the number of the page below each.
    pub(super) fn finish(
        self,
        footer: &str,
        page_word: &str,
        title: &str,
        date: Date,
    ) -> Result<Vec<u8>, RenderError> {
        let failed = |reason: String| RenderError::Writer { format: "statement.pdf", reason };
        let size = PageSettings::from_wh(points(WIDTH), points(HEIGHT));
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
            let text = format!("{footer} · {page_word} {}/{count}", index + 1);
            let text = self.typeface.fitted(&text, 60, TEXT_WIDTH);
            self.draw(&mut surface, &Mark::Text { x: MARGIN, y: HEIGHT - MARGIN, size: 60, text });
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
                path.line_to(points(WIDTH - MARGIN), points(*y));
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
