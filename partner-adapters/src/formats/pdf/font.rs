//! The built-in font: which glyph a letter has, and how wide it is. All widths are whole numbers.

use krilla::text::{Font, GlyphId, KrillaGlyph};
use skrifa::instance::{LocationRef, Size};
use skrifa::raw::TableProvider;
use skrifa::{FontRef, MetadataProvider};

use crate::formats::error::RenderError;

/// DejaVu Sans with Latin, Greek and Cyrillic letters (partner-adapters/fonts).
const FONT: &[u8] = include_bytes!("../../../fonts/DejaVuSans-subset.ttf");
/// Stands for a letter that the font lacks.
const MISSING: char = '\u{25a1}';
/// Between the digits of Russian numbers. The font lacks it: a no-break space of common width is drawn instead.
const NARROW: char = '\u{202f}';
const NO_BREAK: char = '\u{a0}';

/// A font that can measure.
pub(super) struct Typeface {
    pub(super) font: Font,
    reference: FontRef<'static>,
    units_per_em: u16,
}

impl Typeface {
    pub(super) fn built_in() -> Result<Self, RenderError> {
        let broken = |reason: String| RenderError::Writer {
            format: "statement.pdf",
            reason: format!("the font: {reason}"),
        };
        let font = Font::new(FONT.into(), 0).ok_or_else(|| broken("it cannot be read".into()))?;
        let reference = FontRef::new(FONT).map_err(|error| broken(error.to_string()))?;
        let units_per_em = reference.head().map_err(|error| broken(error.to_string()))?.units_per_em();
        Ok(Self { font, reference, units_per_em })
    }

    /// Glyph and width of a letter, in units of the font.
    fn glyph(&self, letter: char) -> (skrifa::GlyphId, u16) {
        let letters = self.reference.charmap();
        let other = if letter == NARROW { NO_BREAK } else { MISSING };
        let glyph = letters.map(letter).or_else(|| letters.map(other)).unwrap_or_default();
        let metrics = self.reference.glyph_metrics(Size::unscaled(), LocationRef::default());
        let width = metrics.advance_width(glyph).unwrap_or_default();
        (glyph, whole(width))
    }

    /// The width of a text in tenths of a point, for a size in tenths of a point.
    pub(super) fn width(&self, text: &str, size: i32) -> i32 {
        let units: i64 = text.chars().map(|letter| i64::from(self.glyph(letter).1)).sum();
        let tenths = units * i64::from(size) / i64::from(self.units_per_em.max(1));
        i32::try_from(tenths).unwrap_or(i32::MAX)
    }

    /// The text, or its beginning and `…` if it is wider. The whole text is in the file of which this is a view.
    pub(super) fn fitted(&self, text: &str, size: i32, width: i32) -> String {
        if self.width(text, size) <= width {
            return text.to_owned();
        }
        let mut kept: String = text.to_owned();
        while kept.pop().is_some() {
            let shortened = format!("{kept}…");
            if self.width(&shortened, size) <= width {
                return shortened;
            }
        }
        String::new()
    }

    /// The glyphs of a text, in their order; the scripts of the font need no shaping.
    pub(super) fn glyphs(&self, text: &str) -> Vec<KrillaGlyph> {
        let one = |(start, letter): (usize, char)| {
            let (glyph, width) = self.glyph(letter);
            KrillaGlyph {
                glyph_id: GlyphId::new(glyph.to_u32()),
                text_range: start..start + letter.len_utf8(),
                x_advance: super::page::part(i32::from(width), i32::from(self.units_per_em)),
                x_offset: 0.0,
                y_offset: 0.0,
                y_advance: 0.0,
                location: None,
            }
        };
        text.char_indices().map(one).collect()
    }
}

/// Widths of a font are whole numbers that come as fractions.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 65,535 and whole")]
fn whole(width: f32) -> u16 {
    width as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_of_a_statement_in_both_languages_can_be_drawn() {
        let typeface = Typeface::built_in().unwrap();
        let (box_of_none, _) = typeface.glyph(MISSING);
        let numbers =
            "-1\u{202f}645,74\u{a0}RUB 1,645.74 2\u{202f}230\u{a0}миль 99,87\u{a0}% 10.10.2026 12:30:45";
        let words = "суббота, 10 октября 2026\u{a0}г. · Europe/Moscow (UTC+03:00) •••• 1234 № – − … « » # _ / ; ? ! + = ' \"";
        let russian = "АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдеёжзийклмнопрстуфхцчшщъыьэюя";
        for letter in numbers.chars().chain(words.chars()).chain(russian.chars()) {
            let (glyph, width) = typeface.glyph(letter);
            assert!(glyph != box_of_none && width > 0, "U+{:04X} is drawn as a box", u32::from(letter));
        }
        // What no font of ours has is a box, and not nothing.
        assert_eq!(typeface.glyph('\u{4e00}').0, box_of_none);
        assert_eq!(typeface.glyph(NARROW), typeface.glyph(NO_BREAK));
    }
}
