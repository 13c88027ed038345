//! Lines, alone or above bars.

use super::{
    About, Chart, Series,
    axis::{Scale, draw_names, places},
    class,
    svg::{BOTTOM, Drawing},
};
use crate::export::ExportTable;

/// Lines over the same places, by the same numbers.
pub(crate) fn lines(about: About, series: &[Series<'_>], table: ExportTable) -> Chart {
    let scale = Scale::of(series.iter().flat_map(|one| one.values.iter().flatten().copied().map(i128::from)));
    let mut drawing = Drawing::default();
    if let Some(first) = series.first() {
        scale.draw_left(&mut drawing, first.say);
    }
    for (number, one) in series.iter().enumerate() {
        line(&mut drawing, &about, one, &scale, class(number));
    }
    draw_names(&mut drawing, &about);
    let legend = series.iter().enumerate().map(|(number, one)| (class(number), one.name.clone())).collect();
    about.finish(drawing, legend, table)
}

/// A line by the numbers at the left, between `low` and `high`, over bars by those at the right.
pub(crate) fn line_and_bars(
    about: About,
    above: &Series<'_>,
    (low, high): (i64, i64),
    bars: &Series<'_>,
    table: ExportTable,
) -> Chart {
    let left = Scale::between(low, high);
    let right = Scale::of(bars.values.iter().flatten().copied().map(|value| i128::from(value.max(0))));
    let mut drawing = Drawing::default();
    left.draw_left(&mut drawing, above.say);
    right.draw_right(&mut drawing, bars.say);
    for (((x, width), name), value) in
        places(about.places.len()).into_iter().zip(&about.places).zip(&bars.values)
    {
        let Some(value) = value.filter(|value| *value > 0) else { continue };
        let (y, gap) = (right.y(i128::from(value)), (width / 6).max(1));
        let tip = format!("{name}, {}: {}", bars.name, (bars.say)(value));
        drawing.bar(class(1), [x + gap, y, (width - 2 * gap).max(1), BOTTOM - y], &tip);
    }
    line(&mut drawing, &about, above, &left, class(0));
    draw_names(&mut drawing, &about);
    let legend = vec![(class(0), above.name.clone()), (class(1), bars.name.clone())];
    about.finish(drawing, legend, table)
}

fn line(drawing: &mut Drawing, about: &About, series: &Series<'_>, scale: &Scale, class: &str) {
    let middle = |(x, width): (i64, i64)| x + width / 2;
    let point = |(place, value): ((i64, i64), &Option<i64>)| {
        value.map(|value| (middle(place), scale.y(i128::from(value))))
    };
    let points: Vec<_> = places(about.places.len()).into_iter().zip(&series.values).map(point).collect();
    drawing.path(class, &points);
    for ((point, value), name) in points.iter().zip(&series.values).zip(&about.places) {
        if let (Some(point), Some(value)) = (point, value) {
            drawing.dot(class, *point, &format!("{name}, {}: {}", series.name, (series.say)(*value)));
        }
    }
}
