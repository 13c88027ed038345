//! What surrounds every page of somebody who has signed in: the parts of the console, the open business dates, the language.

use std::collections::BTreeMap;

use jiff::civil::Date;
use program_files::Language;

use super::{PageError, zone};
use crate::{
    access::{Deed, signed_in::SignedIn},
    address::escaped,
    app::App,
    locale::Locale,
    queries,
    routes::{Needs, RouteInfo, routes},
    words::{Labels, labels},
};

/// What surrounds a page.
pub(crate) struct Frame {
    pub(super) environment: String,
    pub(super) user: String,
    pub(super) csrf: String,
    pub(super) w: &'static Labels,
    /// The page's address with its query: where the switch of the language comes back to.
    pub(super) here: String,
    pub(super) speaks_russian: bool,
    pub(super) dates: Vec<OpenDate>,
    /// The parts of the console that he may open: their addresses and names.
    pub(super) parts: Vec<(String, &'static str)>,
    /// Whether he may look for a transaction.
    pub(super) may_find: bool,
    /// Where to show who one is before a decision; nothing while a proof is fresh.
    pub(super) proof: Option<String>,
}

/// A business date that takes messages, and the programs that are at it.
pub(super) struct OpenDate {
    pub(super) date: Date,
    pub(super) long: String,
    /// With its offset on that day.
    pub(super) zone: String,
    pub(super) programs: String,
}

impl Frame {
    /// The frame of a page in the language of the session.
    pub(super) async fn of(app: &App, who: &SignedIn) -> Result<Self, PageError> {
        Ok(Self {
            environment: app.console.environment.clone(),
            user: who.user.clone(),
            csrf: who.csrf.clone(),
            w: labels(who.language),
            here: who.here.clone(),
            speaks_russian: who.language == Language::Russian,
            dates: if who.partner.is_some() { Vec::new() } else { open_dates(app, who.language).await? },
            parts: parts(who),
            may_find: may_open("/find", who),
            proof: (!who.is_proved).then(|| format!("/proof?next={}", escaped(&who.here))),
        })
    }

    /// Whether the page belongs to this part.
    pub(super) fn is_at(&self, part: &str) -> bool {
        let path = self.here.split('?').next().unwrap_or_default();
        let below =
            |part: &str| path.strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        match part {
            "/" => path == "/",
            "/days" => below(part) || below("/day"),
            "/find" => below(part) || below("/t"),
            "/programs" => below(part) || below("/proposals"),
            "/links" => below(part) || below("/audit"),
            _ => below(part),
        }
    }
}

/// What somebody may open, and nothing that would answer that he may not: the doors themselves are asked.
fn parts(who: &SignedIn) -> Vec<(String, &'static str)> {
    let w = labels(who.language);
    if let Some(own) = &who.partner {
        return vec![
            (format!("/partners/{}", escaped(&own.code)), w.own_statement),
            ("/answers".to_owned(), w.answers_nav),
        ];
    }
    let links = if who.may(Deed::SeeAudit) { w.links_and_audit } else { w.links };
    let all = [
        ("/", w.today),
        ("/days", w.days),
        ("/breaks", w.breaks),
        ("/find", w.find),
        ("/partners", w.partners),
        ("/programs", w.programs),
        ("/refunds", w.refunds),
        ("/answers", w.answers_nav),
        ("/links", links),
    ];
    all.into_iter()
        .filter(|(path, _)| may_open(path, who))
        .map(|(path, name)| (path.to_owned(), name))
        .collect()
}

/// Whether the door of this page lets a member of the staff in.
fn may_open(path: &str, who: &SignedIn) -> bool {
    let of_page = |route: &RouteInfo| route.method == "GET" && route.path == path;
    routes().find(of_page).is_some_and(|route| match route.needs {
        Needs::Deed(deed) => who.may(deed),
        _ => true,
    })
}

/// Programs of one date and zone stand together.
async fn open_dates(app: &App, language: Language) -> Result<Vec<OpenDate>, PageError> {
    let mut found: BTreeMap<(Date, String), Vec<&str>> = BTreeMap::new();
    for (id, date) in queries::open_dates(&app.console.pool).await? {
        if let Some(program) = app.console.programs.iter().find(|program| program.id == id) {
            found.entry((date, zone(program, date))).or_default().push(&program.code);
        }
    }
    let one = |((date, zone), programs): ((Date, String), Vec<&str>)| OpenDate {
        date,
        long: Locale(language).long_date(date),
        zone,
        programs: programs.join(", "),
    };
    Ok(found.into_iter().map(one).collect())
}
