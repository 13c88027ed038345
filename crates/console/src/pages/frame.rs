//! What surrounds every page of somebody who has signed in: the parts of the console, the open business dates, the language.

use std::collections::BTreeMap;

use jiff::civil::Date;
use program_files::Language;

use super::{PageError, zone};
use crate::{
    access::signed_in::SignedIn,
    address::escaped,
    app::App,
    locale::Locale,
    queries,
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
    /// Somebody of a partner, to whom other pages are none.
    pub(super) of_partner: bool,
    /// The address of the partner's own page.
    own: Option<String>,
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
            of_partner: who.partner.is_some(),
            own: who.partner.as_ref().map(|partner| format!("/partners/{}", escaped(&partner.code))),
            proof: (!who.is_proved).then(|| format!("/proof?next={}", escaped(&who.here))),
        })
    }

    /// The parts of the console: their addresses and names.
    pub(super) fn parts(&self) -> Vec<(&str, &'static str)> {
        let w = self.w;
        if let Some(own) = &self.own {
            return vec![("/answers", w.answers_nav), (own.as_str(), w.own_statement)];
        }
        vec![
            ("/", w.today),
            ("/days", w.days),
            ("/breaks", w.breaks),
            ("/find", w.find),
            ("/partners", w.partners),
            ("/programs", w.programs),
            ("/refunds", w.refunds),
            ("/answers", w.answers_nav),
            ("/links", w.links_and_audit),
        ]
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
