//! The pages that are visited: one line for each way to look at a page, and at least one for each route.

use super::{
    browser::escaped,
    samples::{Dice, OfMessage, Samples},
};

/// How a visit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A page that somebody waits for: it has the limit.
    Page,
    /// A file of everything that a page stands for: measured apart, without a limit.
    Export,
    /// What a program asks for with a token.
    Api,
}

/// A way to look at a page.
#[derive(Debug, Clone, Copy)]
pub struct Visit {
    /// What it is called.
    pub name: &'static str,
    /// The route, as the console's table of routes writes it.
    pub route: &'static str,
    /// How it counts.
    pub kind: Kind,
    /// Where one of these pages is; `None` if the world has none.
    pub(super) path: fn(&Samples, &mut Dice) -> Option<String>,
    /// What stands on the page if it shows rows.
    pub(super) shows: &'static str,
}

const fn page(
    name: &'static str,
    route: &'static str,
    shows: &'static str,
    path: fn(&Samples, &mut Dice) -> Option<String>,
) -> Visit {
    Visit { name, route, kind: Kind::Page, path, shows }
}

/// All of them.
pub const VISITS: &[Visit] = &[
    page("days", "/", "/day/", |_, _| Some("/".to_owned())),
    page("days, further back", "/", "/day/", |s, dice| {
        let sequences: Vec<usize> = (2..=s.dates.len()).collect();
        Some(format!("/?program={}&before={}", s.program, dice.one_of(&sequences)?))
    }),
    page("all days", "/days", "/day/", |_, _| Some("/days".to_owned())),
    page("day, closed", "/day/{program}/{date}", "<td", |s, dice| {
        Some(format!("/day/{}/{}", s.program, dice.one_of(closed(s))?))
    }),
    page("day, open", "/day/{program}/{date}", "<td", |s, _| Some(format!("/day/{}/{}", s.program, s.last))),
    page("transactions of a day", "/day/{program}/{date}/transactions", "/t/", |s, dice| {
        Some(format!("/day/{}/{}/transactions", s.program, dice.one_of(&s.dates)?))
    }),
    page("transactions, deep", "/day/{program}/{date}/transactions", "/t/", |s, dice| {
        let OfMessage { date, bucket, key, .. } = dice.one_of(&s.messages)?;
        Some(format!("/day/{}/{date}/transactions?after={bucket}.{key}", s.program))
    }),
    page("transactions, one type", "/day/{program}/{date}/transactions", "/t/", |s, dice| {
        let date = *dice.one_of(&s.dates)?;
        Some(format!(
            "/day/{}/{date}/transactions?mti={}",
            s.program,
            dice.one_of(&["0100", "0220", "0400"])?
        ))
    }),
    page("transaction", "/t/{bucket}/{key}", "<td", |s, dice| {
        let OfMessage { bucket, key, .. } = dice.one_of(&s.messages)?;
        Some(format!("/t/{bucket}/{key}"))
    }),
    page("found by DE37", "/find", "/t/", |s, dice| {
        Some(format!("/find?retrieval={}", escaped(&dice.one_of(&s.messages)?.retrieval)))
    }),
    page("found nothing", "/find", "", |_, dice| {
        Some(format!("/find?retrieval={}", dice.one_of(&["999999999999", "000000000000", "ABC"])?))
    }),
    page("programs", "/programs", "/programs/", |_, _| Some("/programs".to_owned())),
    page("program", "/programs/{program}", "<td", |s, _| Some(format!("/programs/{}", s.program))),
    page("versions compared", "/programs/{program}/versions", "", |s, dice| {
        let version = dice.one_of(&s.versions)?;
        Some(format!("/programs/{}/versions?old={version}&new={version}", s.program))
    }),
    page("form of a proposal", "/programs/{program}/propose", "<form", |s, _| {
        Some(format!("/programs/{}/propose", s.program))
    }),
    page("proposal", "/proposals/{id}", "<td", |s, dice| {
        Some(format!("/proposals/{}", dice.one_of(&s.proposals)?))
    }),
    page("refunds that wait", "/refunds", "/refunds/", |_, _| Some("/refunds".to_owned())),
    page("refund", "/refunds/{bucket}/{key}", "<h1", |s, dice| {
        Some(format!("/refunds/{}", dice.one_of(&s.refunds)?))
    }),
    page("answers of partners", "/answers", "<td", |_, _| Some("/answers".to_owned())),
    page("sign-in", "/sign-in", "<form", |_, _| Some("/sign-in".to_owned())),
    page("style sheet", "/style.css", "", |_, _| Some("/style.css".to_owned())),
    page("keys", "/keys.js", "", |_, _| Some("/keys.js".to_owned())),
    page("icon", "/icon.svg", "", |_, _| Some("/icon.svg".to_owned())),
    Visit {
        kind: Kind::Api,
        ..page("explanation", "/api/v1/transactions/{reference}/explanation", "\"", |s, dice| {
            Some(format!("/api/v1/transactions/{}/explanation", dice.one_of(&s.messages)?.retrieval))
        })
    },
];

/// The dates that are closed; the last one is open.
fn closed(samples: &Samples) -> &[jiff::civil::Date] {
    samples.dates.split_last().map(|(_, closed)| closed).unwrap_or_default()
}
