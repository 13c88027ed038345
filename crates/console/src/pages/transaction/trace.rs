//! The steps of a transaction, from the bank's first message to the receiver's answer to the settlement file.

use domain::{Currency, PartnerId, ResultStatus};
use settlement::{BatchPlace, FileLine};
use store::{FoundMessage, MessageSearch, MessageView, TracedCycle, TracedFile};

use super::super::{
    PageError,
    clock::{Clock, Moment},
    day_address, find,
};
use crate::{
    ProgramInfo,
    access::signed_in::SignedIn,
    address::escaped,
    app::App,
    effect, line_source,
    locale::Locale,
    money,
    queries::Listed,
    words::{TraceWords, Word, class, line_kind, message_type, reason, source},
};

/// So many messages of a purchase are shown.
const MESSAGES_MAX: i64 = 30;
/// So many of them are followed into settlement files.
const FOLLOWED_MAX: usize = 12;

/// A step.
pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) what: String,
    pub(super) href: Option<String>,
    pub(super) detail: String,
    pub(super) when: Option<Moment>,
    pub(super) state: Option<Word>,
    pub(super) is_this: bool,
}

/// What all steps are made with.
struct Around<'a> {
    app: &'a App,
    who: &'a SignedIn,
    clock: &'a Clock,
    w: &'static TraceWords,
    locale: Locale,
}

/// All steps, and the zone of their times.
pub(super) async fn steps(
    app: &App,
    who: &SignedIn,
    clock: &Clock,
    message: &MessageView,
    listed: &Listed,
) -> Result<(Vec<Step>, String), PageError> {
    let around = Around { app, who, clock, w: TraceWords::of(who.language), locale: Locale(who.language) };
    let chain = chain(app, message, listed).await?;
    let mut steps = Vec::new();
    for one in &chain {
        steps.extend(around.message(message, one).await?);
    }
    steps.extend(around.settled(&chain).await?);
    if let Some(purchase) = message.purchase {
        steps.extend(around.accruals(message.bucket, purchase).await?);
    }
    for one in chain.iter().take(FOLLOWED_MAX) {
        steps.extend(around.breaks(one).await?);
    }
    let label = clock.label(chain.iter().map(|one| one.received_at));
    Ok((steps, label))
}

/// All messages of the purchase in the order in which they reached us; of a message without one, itself.
async fn chain(app: &App, message: &MessageView, listed: &Listed) -> Result<Vec<Listed>, PageError> {
    let Some(purchase) = message.purchase else { return Ok(vec![listed.clone()]) };
    let search = MessageSearch::Purchase { bucket: message.bucket, key: purchase };
    let mut found = store::search_messages(&app.console.pool, &[], &search, None, MESSAGES_MAX).await?;
    let own = FoundMessage { key: message.key, bucket: message.bucket };
    if !found.contains(&own) {
        found.push(own);
    }
    let mut chain = find::listed(app, &found).await?;
    chain.sort_by_key(|one| (one.received_at, one.key));
    Ok(chain)
}

impl Around<'_> {
    fn moment(&self, instant: jiff::Timestamp) -> Option<Moment> {
        Some(self.clock.moment(instant))
    }

    /// The clearing file of a message, itself, its reply, and how many movements it made.
    async fn message(&self, shown: &MessageView, one: &Listed) -> Result<Vec<Step>, PageError> {
        let (w, is_this) = (self.w, (one.bucket, one.key) == (shown.bucket, shown.key));
        let page = format!("/t/{}/{}", one.bucket, one.key);
        let (minor, currency) = effect::signed(one);
        let meaning = message_type(&one.mti, effect::is_refund(one), self.who.language);
        let mut steps = Vec::new();
        if one.mti.starts_with("file") {
            steps.extend(self.clearing_file(one).await?);
        }
        steps.push(Step {
            name: w.s_request,
            what: format!("{} {meaning}", one.mti),
            href: Some(if is_this { "#message".to_owned() } else { page.clone() }),
            detail: self.locale.money(minor, currency),
            when: self.moment(one.received_at),
            state: None,
            is_this,
        });
        steps.push(Step {
            name: w.s_reply,
            what: reason(&one.reason, self.who.language),
            href: Some(if is_this { "#reply".to_owned() } else { format!("{page}#reply") }),
            detail: String::new(),
            when: None,
            state: Some(Word::told(&one.status, self.who.language)),
            is_this,
        });
        if is_this {
            let count = |number: usize| self.locale.number(i64::try_from(number).unwrap_or(i64::MAX));
            let here = |name, href: &str, what: String| Step {
                name,
                what,
                href: Some(href.to_owned()),
                detail: String::new(),
                when: None,
                state: None,
                is_this,
            };
            let rules = format!("{} {}", count(shown.explanation.len()), w.rules_looked_at);
            steps.push(here(w.s_explanation, "#explanation", rules));
            let moved = format!("{} {}", count(shown.transfers.len()), w.transfers_made);
            steps.push(here(w.s_transfers, "#transfers", moved));
        }
        Ok(steps)
    }

    async fn clearing_file(&self, one: &Listed) -> Result<Option<Step>, PageError> {
        let found = store::clearing_of_message(&self.app.console.pool, one.bucket, one.key).await?;
        Ok(found.map(|file| {
            let of = |record: i64| {
                let (number, all) = (self.locale.number(record), self.locale.number(file.records));
                format!("{} {number} {} {all}", self.w.record, self.w.of_records)
            };
            let sha256: String = hex::encode(&file.sha256).chars().take(12).collect();
            Step {
                name: self.w.s_clearing_file,
                what: if file.name.is_empty() {
                    file.file_id
                } else {
                    format!("{} ({})", file.file_id, file.name)
                },
                href: None,
                detail: format!("{} · SHA-256 {sha256}…", file.record.map(of).unwrap_or_default()),
                when: self.moment(file.received_at),
                state: Some(Word::clearing(&file.state, self.who.language)),
                is_this: false,
            }
        }))
    }

    /// The lines of settlement files, each with its file, its delivery and the receiver's answer.
    async fn settled(&self, chain: &[Listed]) -> Result<Vec<Step>, PageError> {
        let pool = &self.app.console.pool;
        let (mut steps, mut waits, mut receivers) = (Vec::new(), false, Vec::new());
        let counts = |one: &&Listed| one.status != ResultStatus::Provisional.name();
        for one in chain.iter().filter(counts).take(FOLLOWED_MAX) {
            for cycle in store::cycles_of_message(pool, one.bucket, one.key).await? {
                let Some(program) = self.program(&cycle) else { continue };
                waits |= matches!(cycle.state.as_str(), "open" | "closing" | "computed" | "approved");
                let bank = &program.bank_code;
                let file = store::file_with_cycle(pool, bank, program.id, cycle.sequence).await?;
                let Some(file) = file else { continue };
                for (partner, currency) in store::batch_places(pool, cycle.cycle).await? {
                    let found = self.lines(&file, &cycle, one, partner, currency).await;
                    let Some(lines) = found else {
                        steps.push(self.said(self.w.s_file, &file.file_name, Word::wrong(self.w.file_gone)));
                        continue;
                    };
                    for line in &lines {
                        steps.push(self.line(program, &cycle, currency, line));
                    }
                    if !lines.is_empty() && !receivers.contains(&(program.id, cycle.sequence, partner)) {
                        receivers.push((program.id, cycle.sequence, partner));
                        steps.extend(self.file(program, &cycle, partner).await?);
                    }
                }
            }
        }
        if steps.is_empty() {
            let why = if waits { self.w.no_line_yet } else { self.w.no_line_needed };
            steps.push(Step { what: why.to_owned(), ..self.said(self.w.s_line, "", Word::absent("")) });
            steps.iter_mut().for_each(|step| step.state = None);
        }
        Ok(steps)
    }

    fn program(&self, cycle: &TracedCycle) -> Option<&ProgramInfo> {
        self.app.console.programs.iter().find(|program| program.id == cycle.program)
    }

    async fn lines(
        &self,
        file: &TracedFile,
        cycle: &TracedCycle,
        one: &Listed,
        partner: PartnerId,
        currency: Currency,
    ) -> Option<Vec<FileLine>> {
        let batch = BatchPlace {
            partner: self.app.console.partner(partner),
            currency: money::code(currency),
            cycle_sequence: cycle.sequence,
        };
        let key = one.key;
        let search = move |file: &mut settlement::LineFile| file.of_message(&batch, key);
        line_source::search(&self.app.console, &file.file_name, file.sha256, search).await
    }

    fn line(&self, program: &ProgramInfo, cycle: &TracedCycle, currency: Currency, line: &FileLine) -> Step {
        let batch = &line.id.batch;
        let place = cycle.number.map(|number| format!("cycle={number}&")).unwrap_or_default();
        let page = format!(
            "/day/{}/{}/positions/{}/{}?{place}line={}",
            escaped(&program.code),
            cycle.business_date,
            escaped(&batch.partner),
            escaped(&batch.currency),
            line.id.number
        );
        let money = |minor| self.locale.money(minor, currency);
        let (net, vat) = (money(line.net_minor()), money(line.vat_minor()));
        Step {
            name: self.w.s_line,
            what: line.id_text.clone(),
            href: Some(page),
            detail: format!(
                "{}: {} ({} {net}, {} {vat})",
                line_kind(&line.record_type, &line.kind, self.who.language),
                money(line.total_minor),
                self.w.net,
                self.w.vat
            ),
            when: None,
            state: Some(Word::in_file(self.who.language)),
            is_this: false,
        }
    }

    /// The partner's own file with the batch, how far it has come, and what the partner answered.
    async fn file(
        &self,
        program: &ProgramInfo,
        cycle: &TracedCycle,
        partner: PartnerId,
    ) -> Result<Vec<Step>, PageError> {
        let (w, receiver) = (self.w, self.app.console.partner(partner));
        let pool = &self.app.console.pool;
        let file = store::file_with_cycle(pool, &receiver, program.id, cycle.sequence).await?;
        let Some(file) = file else {
            return Ok(vec![self.said(w.s_file, &receiver, Word::absent(w.not_published))]);
        };
        let sha256: String = hex::encode(file.sha256).chars().take(12).collect();
        let mut steps = vec![Step {
            href: Some(format!("{}#files", day_address(&program.code, file.business_date, file.number))),
            detail: format!("SHA-256 {sha256}…"),
            ..self.said(w.s_file, &file.file_name, Word::in_file(self.who.language))
        }];
        if file.ways.is_empty() {
            steps.push(self.said(w.s_delivery, &receiver, Word::absent(w.fetched_by_hand)));
        }
        for way in &file.ways {
            let name = format!("{receiver}: {} ({})", way.endpoint, way.output);
            let step = self.said(w.s_delivery, &name, Word::delivery(&way.state, w));
            steps.push(Step { when: way.delivered_at.and_then(|at| self.moment(at)), ..step });
        }
        steps.push(match &file.answer {
            Some((outcome, at)) => Step {
                href: Some("/answers".to_owned()),
                when: self.moment(*at),
                ..self.said(w.s_answer, &receiver, Word::outcome(outcome, self.who.language))
            },
            None => self.said(w.s_answer, &receiver, Word::absent(w.no_answer)),
        });
        Ok(steps)
    }

    async fn accruals(&self, bucket: i32, purchase: domain::MessageKey) -> Result<Vec<Step>, PageError> {
        let lines = store::accruals_of_purchase(&self.app.console.pool, bucket, purchase).await?;
        let step = |line: &store::TracedAccrual| {
            let code = line.code.as_deref().map(|code| format!(" · {code}")).unwrap_or_default();
            Step {
                detail: format!("{}{code}", self.locale.miles(line.miles)),
                ..self.said(self.w.s_accrual, &line.line_id, Word::accrual(&line.state, self.who.language))
            }
        };
        Ok(lines.iter().map(step).collect())
    }

    /// Who disagrees about a message.
    async fn breaks(&self, one: &Listed) -> Result<Vec<Step>, PageError> {
        let found = store::breaks_of_message(&self.app.console.pool, one.bucket, one.key).await?;
        let language = self.who.language;
        let step = |found: &store::BreakBrief| {
            let what = format!("#{} {}", found.id, class(&found.class, language).0);
            Step {
                href: Some(format!("/breaks/{}", found.id)),
                detail: source(&found.source, language).to_owned(),
                ..self.said(self.w.s_break, &what, Word::case(found.state, language))
            }
        };
        Ok(found.iter().map(step).collect())
    }

    fn said(&self, name: &'static str, what: &str, state: Word) -> Step {
        Step {
            name,
            what: what.to_owned(),
            href: None,
            detail: String::new(),
            when: None,
            state: Some(state),
            is_this: false,
        }
    }
}
