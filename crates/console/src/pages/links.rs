//! The links of banks: up or down, how many messages, how fast they are answered.

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::Response,
};
use jiff::{Span, Timestamp};
use store::{LATENCY_BOUNDS_MS, LastLinkMinute, LinkMinute, last_link_minutes, link_spans};

use super::{Frame, PageError, Values, clock::Clock, html};
use crate::{
    access::{Deed, roles_may, signed_in::SignedIn},
    app::App,
    charts::{About, Chart, Series, lines, stacked_bars},
    export::{Cell, ExportTable, number, respond, text},
    locale::Locale,
    words::{partners::FurtherLabels, word},
};

const SPAN_MINUTES: i32 = 30;
/// Behind the begin of its last minute: a gateway writes each minute, so one that is silent for so long writes no more.
const SILENT_SECONDS: i64 = 3 * 60;

#[derive(Template)]
#[template(path = "links.html")]
struct LinksPage {
    frame: Frame,
    w: &'static FurtherLabels,
    zone: String,
    may_see_audit: bool,
    links: ExportTable,
    latency: Chart,
    rate: Chart,
}

/// What the page is made with.
struct Making {
    w: &'static FurtherLabels,
    locale: Locale,
    clock: Clock,
    now: Timestamp,
}

/// Shows the last 24 hours.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    who: SignedIn,
    query: Result<Values, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(values) = query?;
    // The gateway writes by the clock of its machine, also in the demo, whose business date is another.
    let now = Timestamp::now();
    let half_hour = i64::from(SPAN_MINUTES) * 60;
    let begin = now - Span::new().hours(24);
    let since =
        Timestamp::from_second(begin.as_second() - begin.as_second().rem_euclid(half_hour)).unwrap_or(begin);
    let spans = link_spans(&app.console.pool, since, SPAN_MINUTES).await?;
    let last = last_link_minutes(&app.console.pool, since).await?;
    let zones = app.console.programs.iter().map(|program| program.time_zone.as_str());
    let clock = Clock::of_all(zones).spoken(who.language);
    let w = FurtherLabels::of(who.language);
    let making = Making { w, locale: Locale(who.language), clock, now };
    let page = LinksPage {
        zone: making.clock.label([now].into_iter()),
        may_see_audit: roles_may(who.roles, Deed::SeeAudit),
        links: making.links(&spans, &last),
        latency: making.latency(&spans),
        rate: making.rate(&spans),
        w,
        frame: Frame::of(&app, &who).await?,
    };
    match respond(&values, "links", &[&page.links, &page.latency.table, &page.rate.table])? {
        Some(file) => Ok(file),
        None => html(StatusCode::OK, &page),
    }
}

/// The bound below which so many percent of the answers took; of the longest there is none, so it is the last one.
fn percentile(answers: &[i64], percent: i64) -> Option<i64> {
    let all: i64 = answers.iter().sum();
    let wanted = (i128::from(all) * i128::from(percent) + 99) / 100;
    let mut seen = 0_i128;
    for (place, count) in answers.iter().enumerate() {
        seen += i128::from(*count);
        if all > 0 && seen >= wanted {
            let bound = LATENCY_BOUNDS_MS.get(place).or(LATENCY_BOUNDS_MS.last());
            return bound.map(|bound| i64::from(*bound));
        }
    }
    None
}

fn added(spans: &[&LinkMinute]) -> Vec<i64> {
    let mut sums = vec![0_i64; LATENCY_BOUNDS_MS.len() + 1];
    for span in spans {
        for (sum, more) in sums.iter_mut().zip(&span.answers) {
            *sum = sum.saturating_add(*more);
        }
    }
    sums
}

impl Making {
    fn by_link<'a>(&self, spans: &'a [LinkMinute]) -> BTreeMap<&'a str, Vec<&'a LinkMinute>> {
        let mut links: BTreeMap<&str, Vec<&LinkMinute>> = BTreeMap::new();
        for span in spans {
            links.entry(&span.link).or_default().push(span);
        }
        links
    }

    /// How a link stands is that of its last minute; its messages and answers are those of the whole time.
    fn links(&self, spans: &[LinkMinute], last: &[LastLinkMinute]) -> ExportTable {
        let w = self.w;
        let columns = vec![
            text(w.link),
            text(w.state),
            number(w.connections),
            number(w.messages),
            number(w.p50),
            number(w.p99),
            text(w.last_minute),
        ];
        let rows = self.by_link(spans).into_iter().filter_map(|(link, spans)| {
            let last = last.iter().find(|last| last.link == link)?;
            let is_silent = self.now.as_second() - last.minute.as_second() > SILENT_SECONDS;
            let state = match last.connections {
                _ if is_silent => word("?", w.silent, "bad"),
                0 => word("✗", w.down, "bad"),
                _ => word("✓", w.up, "good"),
            };
            let answers = added(&spans);
            let ms = |percent| percentile(&answers, percent).map_or(Cell::Empty, Cell::Number);
            Some(vec![
                Cell::text(link),
                Cell::Word(state),
                Cell::Number(i64::from(last.connections)),
                Cell::Number(spans.iter().map(|span| span.messages).sum()),
                ms(50),
                ms(99),
                Cell::Moment(last.minute, self.clock.moment(last.minute)),
            ])
        });
        ExportTable::new(self.locale, "links", "/links", w.links_caption, columns)
            .or_else(w.no_links)
            .with(rows)
    }

    fn by_span<'a>(&self, spans: &'a [LinkMinute]) -> BTreeMap<Timestamp, Vec<&'a LinkMinute>> {
        let mut found: BTreeMap<Timestamp, Vec<&LinkMinute>> = BTreeMap::new();
        for span in spans {
            found.entry(span.minute).or_default().push(span);
        }
        found
    }

    fn latency(&self, spans: &[LinkMinute]) -> Chart {
        let w = self.w;
        let by_span: Vec<(Timestamp, Vec<i64>)> =
            self.by_span(spans).into_iter().map(|(minute, spans)| (minute, added(&spans))).collect();
        let of = |percent| by_span.iter().map(|(_, answers)| percentile(answers, percent)).collect();
        let say = |ms: i64| self.locale.number(ms);
        let rows = by_span.iter().map(|(minute, answers)| {
            let ms = |percent| percentile(answers, percent).map_or(Cell::Empty, Cell::Number);
            vec![Cell::Moment(*minute, self.clock.moment(*minute)), ms(50), ms(99)]
        });
        let columns = vec![text(w.half_hour), number(w.p50), number(w.p99)];
        let table = ExportTable::new(self.locale, "latency-table", "/links", w.numbers, columns)
            .or_else(w.no_links)
            .with(rows);
        let about = About {
            id: "latency",
            title: w.latency_chart.to_owned(),
            about: w.latency_about.to_owned(),
            places: by_span.iter().map(|(minute, _)| self.place(*minute)).collect(),
        };
        let series = [
            Series { name: w.p50.to_owned(), values: of(50), say: &say },
            Series { name: w.p99.to_owned(), values: of(99), say: &say },
        ];
        lines(about, &series, table)
    }

    /// The hour and the minute.
    fn place(&self, minute: Timestamp) -> String {
        self.clock.time(minute).text.chars().take(5).collect()
    }

    fn rate(&self, spans: &[LinkMinute]) -> Chart {
        let w = self.w;
        let (links, by_span) = (self.by_link(spans), self.by_span(spans));
        let messages = |minute: &Timestamp, link: &str| -> i64 {
            let of = by_span.get(minute).into_iter().flatten();
            of.filter(|span| span.link == link).map(|span| span.messages).sum()
        };
        let say = |messages: i64| self.locale.number(messages);
        let series: Vec<Series<'_>> = links
            .keys()
            .map(|link| Series {
                name: (*link).to_owned(),
                values: by_span.keys().map(|minute| Some(messages(minute, link))).collect(),
                say: &say,
            })
            .collect();
        let mut columns = vec![text(w.half_hour)];
        columns.extend(links.keys().map(|link| number(*link)));
        let rows = by_span.keys().map(|minute| {
            let mut row = vec![Cell::Moment(*minute, self.clock.moment(*minute))];
            row.extend(links.keys().map(|link| Cell::Number(messages(minute, link))));
            row
        });
        let table = ExportTable::new(self.locale, "rate-table", "/links", w.numbers, columns)
            .or_else(w.no_links)
            .with(rows);
        let about = About {
            id: "rate",
            title: w.rate_chart.to_owned(),
            about: w.rate_about.to_owned(),
            places: by_span.keys().map(|minute| self.place(*minute)).collect(),
        };
        stacked_bars(about, &series, table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_bound_that_holds_it() {
        let mut answers = vec![0; LATENCY_BOUNDS_MS.len() + 1];
        assert_eq!(percentile(&answers, 50), None);
        answers[2] = 98;
        answers[5] = 1;
        assert_eq!((percentile(&answers, 50), percentile(&answers, 99)), (Some(5), Some(50)));
        answers[10] = 10;
        assert_eq!(percentile(&answers, 99), Some(500), "longer than the longest bound");
    }
}
