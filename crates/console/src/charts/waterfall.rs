//! From an opening to a closing, step by step.

use super::{
    About, Chart,
    axis::{Scale, clamped, draw_names, places},
    svg::{Anchor, Drawing},
};
use crate::export::ExportTable;

/// A step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// What there is at this place: an opening, a closing.
    Level(i64),
    /// What is added; negative what is taken away.
    Change(i64),
}

/// The steps; a rise and a fall are told apart by a sign over the bar too.
pub(crate) fn waterfall(
    about: About,
    steps: &[Step],
    say: &dyn Fn(i64) -> String,
    table: ExportTable,
) -> Chart {
    let mut level = 0_i128;
    let spans: Vec<(i128, i128)> = steps
        .iter()
        .map(|step| match step {
            Step::Level(value) => {
                level = i128::from(*value);
                (0, level)
            }
            Step::Change(value) => {
                let from = level;
                level += i128::from(*value);
                (from, level)
            }
        })
        .collect();
    let scale = Scale::of(spans.iter().flat_map(|(from, to)| [*from, *to]));
    let mut drawing = Drawing::default();
    scale.draw_left(&mut drawing, say);
    let mut before: Option<(i64, i64)> = None;
    for (((x, width), name), (step, (from, to))) in
        places(about.places.len()).into_iter().zip(&about.places).zip(steps.iter().zip(&spans))
    {
        let (start, end, gap) = (scale.y(*from), scale.y(*to), (width / 6).max(1));
        let (class, mark, value) = match step {
            Step::Level(value) => ("level", "", *value),
            Step::Change(value) if *value < 0 => ("fall", "−", *value),
            Step::Change(value) => ("rise", "+", *value),
        };
        if let Some((end_x, end_y)) = before {
            drawing.rule("link", [end_x, end_y, x + gap, end_y]);
        }
        let shape = [x + gap, start.min(end), (width - 2 * gap).max(1), (start - end).abs().max(1)];
        drawing.bar(class, shape, &format!("{name}: {}", say(clamped(i128::from(value)))));
        drawing.text((x + width / 2, start.min(end) - 4), Anchor::Middle, if value == 0 { "" } else { mark });
        before = Some((x + width - gap, end));
    }
    draw_names(&mut drawing, &about);
    about.finish(drawing, Vec::new(), table)
}
