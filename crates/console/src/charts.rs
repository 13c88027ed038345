//! Charts that the server draws as SVG: whole numbers only, no script, no color that carries a meaning alone.
//!
//! Each chart has an accessible name, a sentence on what it shows, and its twin: the table with the same numbers, which is
//! exported like any other. The stylesheet gives the colors, for light and for dark.

mod axis;
mod bars;
mod lines;
mod svg;
mod waterfall;

pub(crate) use bars::stacked_bars;
pub(crate) use lines::{line_and_bars, lines};
pub(crate) use waterfall::{Step, waterfall};

use crate::export::ExportTable;

/// A chart with its table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chart {
    /// Its id on the page.
    pub(crate) id: &'static str,
    pub(crate) title: String,
    /// What it shows, in a sentence.
    pub(crate) about: String,
    /// The drawing; empty if there is nothing to draw.
    pub(crate) svg: String,
    /// What the marks mean: their class and their name.
    pub(crate) legend: Vec<(&'static str, String)>,
    /// The same numbers.
    pub(crate) table: ExportTable,
}

/// What every chart is told.
pub(crate) struct About {
    pub(crate) id: &'static str,
    pub(crate) title: String,
    pub(crate) about: String,
    /// What stands along the axis below, one for each place.
    pub(crate) places: Vec<String>,
}

/// Numbers along the places; `None` where there is no number.
pub(crate) struct Series<'a> {
    pub(crate) name: String,
    pub(crate) values: Vec<Option<i64>>,
    /// How a value is written at the axis and in the tip of its mark.
    pub(crate) say: &'a dyn Fn(i64) -> String,
}

/// Marks by their number: `s1` to `s6` in the stylesheet.
const CLASSES: [&str; 6] = ["s1", "s2", "s3", "s4", "s5", "s6"];

fn class(number: usize) -> &'static str {
    CLASSES.get(number % CLASSES.len()).copied().unwrap_or("s1")
}

impl About {
    /// The finished chart; the drawing is left out where no series has a number.
    fn finish(self, drawing: svg::Drawing, legend: Vec<(&'static str, String)>, table: ExportTable) -> Chart {
        let svg = if table.rows.is_empty() { String::new() } else { drawing.finish(&self) };
        Chart { id: self.id, title: self.title, about: self.about, svg, legend, table }
    }
}

#[cfg(test)]
mod tests {
    use program_files::Language;

    use super::*;
    use crate::{
        export::{Cell, number, text},
        locale::Locale,
    };

    fn about(places: usize) -> About {
        About {
            id: "c",
            title: "Title <1>".to_owned(),
            about: "About & more".to_owned(),
            places: (0..places).map(|place| format!("p{place}")).collect(),
        }
    }

    fn table(rows: usize) -> ExportTable {
        let row = |_| vec![Cell::text("p"), Cell::Number(1)];
        ExportTable::new(Locale(Language::English), "c", "/", "t", vec![text("place"), number("n")])
            .with((0..rows).map(row))
    }

    fn series(values: &[Option<i64>]) -> Series<'static> {
        Series { name: "n".to_owned(), values: values.to_vec(), say: &|value| value.to_string() }
    }

    /// Tags are closed, texts are escaped, no number is a fraction.
    fn is_sound(svg: &str) {
        assert_eq!(svg.matches("<rect").count(), svg.matches("</rect>").count());
        assert_eq!(svg.matches("<path").count(), svg.matches("</path>").count());
        assert!(svg.contains("Title &lt;1&gt;") && svg.contains("About &amp; more"), "{svg}");
        assert!(svg.contains("role=\"img\"") && !svg.contains("NaN"), "{svg}");
    }

    #[test]
    fn every_kind_of_chart_is_drawn_from_any_numbers() {
        let edge = [Some(i64::MAX), None, Some(i64::MIN), Some(0)];
        for values in [&[Some(3), Some(-2), None, Some(7)][..], &edge, &[Some(0); 4], &[None; 4]] {
            is_sound(&lines(about(4), &[series(values), series(values)], table(4)).svg);
            is_sound(&stacked_bars(about(4), &[series(values), series(values)], table(4)).svg);
            is_sound(&line_and_bars(about(4), &series(values), (0, 100), &series(values), table(4)).svg);
            let steps = values.iter().map(|value| Step::Change(value.unwrap_or(0))).collect::<Vec<_>>();
            is_sound(&waterfall(about(4), &steps, &|value| value.to_string(), table(4)).svg);
        }
    }

    #[test]
    fn a_higher_value_stands_higher_and_the_twin_says_so() {
        let chart = stacked_bars(about(2), &[series(&[Some(10), Some(20)])], table(2));
        let heights: Vec<i64> = chart
            .svg
            .split("<rect class=\"bar s1\"")
            .skip(1)
            .map(|rect| rect.split("height=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap())
            .collect();
        assert_eq!(heights.len(), 2);
        assert!((heights[0] * 2 - heights[1]).abs() <= 1, "{heights:?}");
        assert!(chart.svg.contains("<title>p1, n: 20</title>"), "{}", chart.svg);
        assert_eq!(chart.table.rows.len(), 2);
    }

    #[test]
    fn nothing_is_drawn_of_nothing() {
        assert_eq!(lines(about(0), &[series(&[])], table(0)).svg, "");
    }
}
