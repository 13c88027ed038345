//! Bars of several parts, one upon the other.

use super::{
    About, Chart, Series,
    axis::{Scale, draw_names, places},
    class,
    svg::Drawing,
};
use crate::export::ExportTable;

/// Bars; parts below zero hang below the line, and are never netted with those above.
pub(crate) fn stacked_bars(about: About, series: &[Series<'_>], table: ExportTable) -> Chart {
    let count = about.places.len();
    let value = |series: &Series<'_>, place: usize| {
        i128::from(series.values.get(place).copied().flatten().unwrap_or(0))
    };
    let ends = (0..count).flat_map(|place| {
        let sum = |above: bool| {
            series.iter().map(|one| value(one, place)).filter(|value| (*value > 0) == above).sum::<i128>()
        };
        [sum(true), sum(false)]
    });
    let scale = Scale::of(ends);
    let mut drawing = Drawing::default();
    if let Some(first) = series.first() {
        scale.draw_left(&mut drawing, first.say);
    }
    for (place, ((x, width), name)) in places(count).into_iter().zip(&about.places).enumerate() {
        let (mut above, mut below) = (0_i128, 0_i128);
        for (number, one) in series.iter().enumerate() {
            let value = value(one, place);
            let end = if value > 0 { &mut above } else { &mut below };
            let (from, to) = (scale.y(*end), scale.y(*end + value));
            *end += value;
            if from != to {
                let gap = (width / 8).max(1);
                let tip = format!("{name}, {}: {}", one.name, (one.say)(super::axis::clamped(value)));
                let shape = [x + gap, from.min(to), (width - 2 * gap).max(1), (from - to).abs()];
                drawing.bar(class(number), shape, &tip);
            }
        }
    }
    draw_names(&mut drawing, &about);
    let legend = series.iter().enumerate().map(|(number, one)| (class(number), one.name.clone())).collect();
    about.finish(drawing, legend, table)
}
