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
    /// A file of everything that a page stands for, or a page that counts anew: measured apart, without a limit.
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

const fn export(
    name: &'static str,
    route: &'static str,
    path: fn(&Samples, &mut Dice) -> Option<String>,
) -> Visit {
    Visit { name, route, kind: Kind::Export, path, shows: "" }
}

/// A page that is counted because somebody asks for it: measured apart, as a file is.
const fn counted(
    name: &'static str,
    route: &'static str,
    shows: &'static str,
    path: fn(&Samples, &mut Dice) -> Option<String>,
) -> Visit {
    Visit { name, route, kind: Kind::Export, path, shows }
}

/// All of them.
pub const VISITS: &[Visit] = &[
    page("today", "/", "<h1", |_, _| Some("/".to_owned())),
    page("days, further back", "/days", "/day/", |s, dice| {
        let sequences: Vec<usize> = (2..=s.dates.len()).collect();
        Some(format!("/days?program={}&before={}", s.program, dice.one_of(&sequences)?))
    }),
    page("days", "/days", "/day/", |_, _| Some("/days".to_owned())),
    page("day, closed", "/day/{program}/{date}", "<td", |s, dice| {
        Some(format!("/day/{}/{}", s.program, dice.one_of(closed(s))?))
    }),
    // Of a busy day nothing is counted until somebody asks for it.
    page("day, open", "/day/{program}/{date}", "data-state=\"open\"", |s, _| {
        Some(format!("/day/{}/{}", s.program, s.last))
    }),
    counted("day, open, counted", "/day/{program}/{date}", "<td", |s, _| {
        Some(format!("/day/{}/{}?count=now", s.program, s.last))
    }),
    export("day, printed", "/day/{program}/{date}/statement.pdf", |s, dice| {
        Some(format!("/day/{}/{}/statement.pdf", s.program, dice.one_of(closed(s))?))
    }),
    page("proof", "/proof", "<form", |_, _| Some("/proof".to_owned())),
    page("second factor", "/second-factor", "<h1", |_, _| Some("/second-factor".to_owned())),
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
    page("lines of a position", "/day/{program}/{date}/positions/{partner}/{currency}", "<td", |s, dice| {
        lines(s, dice, 1)
    }),
    page(
        "lines of a position, deep",
        "/day/{program}/{date}/positions/{partner}/{currency}",
        "<h1",
        |s, dice| {
            let first = *dice.one_of(&[2, 10, 20, 1_000, 2_500])?;
            lines(s, dice, first)
        },
    ),
    page("found by DE37", "/find", "/t/", |s, dice| found(&dice.one_of(&s.messages)?.retrieval)),
    page("found by DE11 and DE7", "/find", "/t/", |s, dice| found(&dice.one_of(&s.messages)?.sent)),
    page("found by ARN", "/find", "/t/", |s, dice| found(&dice.one_of(&s.messages)?.arn)),
    page("found by the network's name", "/find", "/t/", |s, dice| {
        let network = dice.one_of(&s.messages)?.retrieval.get(1..)?;
        found(&format!("MDS{network}"))
    }),
    page("found by its key", "/find", "/t/", |s, dice| found(&dice.one_of(&s.messages)?.key)),
    page("found by the member's number", "/find", "/t/", |s, dice| found(&dice.one_of(&s.messages)?.member)),
    page("found by DE38 and date", "/find", "/t/", |s, dice| {
        let OfMessage { approval, date, .. } = dice.one_of(&s.messages)?;
        Some(format!("/find?approval={approval}&from={date}&until={date}"))
    }),
    page("found by card in three months", "/find", "/t/", |s, dice| {
        let OfMessage { last4, date, .. } = dice.one_of(&s.messages)?;
        Some(format!("/find?last4={last4}&until={date}"))
    }),
    page("found by amount and date", "/find", "/t/", |s, dice| {
        let OfMessage { amount, date, .. } = dice.one_of(&s.messages)?;
        Some(format!("/find?amount={amount}&from={date}&until={date}"))
    }),
    page("found by shop in three days", "/find", "/t/", |s, dice| {
        let OfMessage { shop, date, .. } = dice.one_of(&s.messages)?;
        Some(format!("/find?merchant={shop}&until={date}"))
    }),
    page("found nothing", "/find", "", |_, dice| {
        found(dice.one_of(&["999999999999", "ABC", "74999990000000000000017"])?)
    }),
    page("breaks", "/breaks", "/breaks/", |_, _| Some("/breaks".to_owned())),
    page("breaks, all of the year", "/breaks", "/breaks/", |_, dice| {
        Some(format!("/breaks?state=&order={}", dice.one_of(&["oldest", "newest", "largest", "severity"])?))
    }),
    page("breaks of a class", "/breaks", "<h1", |s, dice| {
        let state = *dice.one_of(&["", "resolved", "unresolved"])?;
        Some(format!("/breaks?state={state}&class={}", dice.one_of(&s.classes)?))
    }),
    page("breaks with a word", "/breaks", "<h1", |s, dice| {
        Some(format!("/breaks?state=&q={}", escaped(&dice.one_of(&s.messages)?.retrieval)))
    }),
    page("break, open", "/breaks/{id}", "<td", |s, dice| Some(format!("/breaks/{}", dice.one_of(&s.open)?))),
    page("break, resolved", "/breaks/{id}", "<td", |s, dice| {
        Some(format!("/breaks/{}", dice.one_of(&s.resolved)?))
    }),
    page("attachment", "/breaks/{id}/attachments/{place}", "", |s, dice| {
        let (case, place) = dice.one_of(&s.attachments)?.split_once('/')?;
        Some(format!("/breaks/{case}/attachments/{place}"))
    }),
    page("approvals", "/approvals", "<h1", |_, _| Some("/approvals".to_owned())),
    page("partners", "/partners", "/partners/", |_, _| Some("/partners".to_owned())),
    page("partner", "/partners/{partner}", "<td", |s, dice| {
        Some(format!("/partners/{}", dice.one_of(&s.partners)?))
    }),
    page("partner, a month", "/partners/{partner}", "<td", |s, dice| {
        Some(format!("/partners/{}?until={}", dice.one_of(&s.partners)?, dice.one_of(closed(s))?))
    }),
    page("program health", "/programs/{program}/health", "<td", |s, _| {
        Some(format!("/programs/{}/health", s.program))
    }),
    page("links", "/links", "<h1", |_, _| Some("/links".to_owned())),
    page("audit", "/audit", "<td", |_, _| Some("/audit".to_owned())),
    page("audit of a person", "/audit", "<td", |_, dice| {
        Some(format!("/audit?by={}", dice.one_of(&["anna", "boris", "vera", "gleb"])?))
    }),
    page("audit of a case", "/audit", "<h1", |s, dice| {
        Some(format!("/audit?kind=case&object={}", dice.one_of(&s.resolved)?))
    }),
    page("audit, deep", "/audit", "<h1", |s, dice| {
        let places: Vec<usize> = (20..200).collect();
        Some(format!("/audit?after={}&until={}", dice.one_of(&places)?, s.last))
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
    export("days as CSV", "/days", |_, _| Some("/days?format=csv".to_owned())),
    export("breaks as CSV", "/breaks", |_, _| Some("/breaks?state=&format=csv".to_owned())),
    export("breaks as XLSX", "/breaks", |_, _| Some("/breaks?state=&format=xlsx".to_owned())),
    export("lines as XLSX", "/day/{program}/{date}/positions/{partner}/{currency}", |s, dice| {
        Some(format!("{}&format=xlsx", lines(s, dice, 1)?))
    }),
    Visit {
        kind: Kind::Api,
        ..page("explanation", "/api/v1/transactions/{reference}/explanation", "\"", |s, dice| {
            Some(format!("/api/v1/transactions/{}/explanation", dice.one_of(&s.messages)?.retrieval))
        })
    },
];

/// By one reference, as somebody enters it.
fn found(reference: &str) -> Option<String> {
    Some(format!("/find?q={}", escaped(reference)))
}

/// A page of the lines that a closed day's file has of a partner.
fn lines(samples: &Samples, dice: &mut Dice, first: u32) -> Option<String> {
    let (date, partner) = (dice.one_of(closed(samples))?, dice.one_of(&samples.partners)?);
    Some(format!("/day/{}/{date}/positions/{partner}/RUB?line={first}", samples.program))
}

/// The dates that are closed; the last one is open.
fn closed(samples: &Samples) -> &[jiff::civil::Date] {
    samples.dates.split_last().map(|(_, closed)| closed).unwrap_or_default()
}
