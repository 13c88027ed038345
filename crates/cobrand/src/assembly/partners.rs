//! Partners: from their files to the ways by which they are reached.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError},
};

use anyhow::Context;
use aws_lc_rs::rand;
use console::{
    AnswerTaken, ApiPartner, PartnerAnswer, PartnerApi, PartnerApiParts, PartnerListener, TakeAnswer,
};
use domain::{AnswerOutcome, PartnerId};
use partner_adapters::{Acknowledgement, PartnerFile};
use rustls::ServerConfig;
use settlement::{AnswerError, Brought, ConnectedPartner, Dispatch, Environment, ProgramSetup};
use store::Pool;
use tokio::net::TcpListener;

use super::{Assembly, environment, server_tls::server_tls, value_error};
use crate::{
    commands::outcome_words,
    config::{Config, ConfigError, PartnersConfig},
};

/// A partner's file that is not used, and why.
#[derive(Debug)]
pub struct LeftOut {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub why: anyhow::Error,
    /// Whose it is and what it says, where only its keys, secrets or layouts cannot be used.
    pub known: Option<(PartnerId, PartnerFile)>,
}

/// A partner with the path of its file.
pub type NamedPartner = (PathBuf, Arc<ConnectedPartner>);

/// The partners that are connected, and the files that cannot be used.
#[derive(Debug, Default)]
pub struct Connected {
    /// Those whose files are right.
    pub partners: Vec<NamedPartner>,
    /// The others.
    pub left_out: Vec<LeftOut>,
}

/// What a partner's file says, with its path and the partner's number.
pub(crate) type ReadFile = (PathBuf, PartnerId, PartnerFile);

/// The listener for partners, before anybody is served: what is wrong is known before anything is changed.
pub struct PartnerApiBound {
    listener: TcpListener,
    tls: Arc<ServerConfig>,
    api: Arc<PartnerApi>,
}

impl PartnerApiBound {
    /// Serves.
    pub fn serve(self) -> anyhow::Result<PartnerListener> {
        Ok(self.api.listen_on(self.listener, self.tls)?)
    }
}

impl Assembly {
    /// What the files of partners say, and those that cannot be used: what is wrong with one partner's file keeps nobody
    /// else waiting. Nothing is opened.
    pub(crate) fn read_partner_files(&self) -> (Vec<ReadFile>, Vec<LeftOut>) {
        let (mut read, mut left_out) = (Vec::new(), Vec::new());
        let paths = self.partner_paths.read().unwrap_or_else(PoisonError::into_inner).clone();
        for path in paths {
            match self.partner_file(&path, &read) {
                Ok((id, file)) => read.push((path, id, file)),
                Err(why) => left_out.push(LeftOut { path, why, known: None }),
            }
        }
        (read, left_out)
    }

    fn partner_file(&self, path: &Path, before: &[ReadFile]) -> anyhow::Result<(PartnerId, PartnerFile)> {
        let file = PartnerFile::read(path)?;
        if let Some((other, ..)) = before.iter().find(|(.., other)| other.code == file.code) {
            let problem = format!("{} and {} are both of {}", other.display(), path.display(), file.code);
            return Err(value_error("settlement.partners", problem).into());
        }
        let id = self.partner_id(&file.code)?;
        self.is_right_receiver(path, &file)?;
        Ok((id, file))
    }

    /// From now on these are the files of partners.
    pub(crate) fn follow_partner_files(&self, paths: Vec<PathBuf>) {
        *self.partner_paths.write().unwrap_or_else(PoisonError::into_inner) = paths;
    }

    /// What a partner's file says and only the whole configuration can know to be wrong.
    fn is_right_receiver(&self, path: &Path, file: &PartnerFile) -> Result<(), ConfigError> {
        let wrong = |problem: String| Err(value_error(format!("{}", path.display()), problem));
        if file.file.also.iter().any(|format| format == "pain.001")
            && !self.receivers.contains_key(&file.code)
        {
            return wrong(format!(
                "file.also: pain.001 is the payment of the bank, and {} is none; it goes into the bank's own file",
                file.code
            ));
        }
        if file.acknowledgement.is_some()
            && self.config.settlement.answer_within_hours.contains_key(&file.code)
        {
            return wrong(format!(
                "acknowledgement: settlement.answer_within_hours speaks of {} too; leave one of them out",
                file.code
            ));
        }
        Ok(())
    }

    /// The number of a partner that some program names.
    pub fn partner_id(&self, code: &str) -> Result<PartnerId, ConfigError> {
        self.codes.partners.get(code).or_else(|| self.receivers.get(code)).copied().ok_or_else(|| {
            let known = self.codes.partners.keys().chain(self.receivers.keys());
            let known: Vec<&str> = known.map(String::as_str).collect();
            value_error(
                "settlement.partners",
                format!("no program names the partner or bank {code:?}; known are: {}", known.join(", ")),
            )
        })
    }

    /// Opens the ways to all partners: reads their keys and secrets, calls nobody. Nothing may be wrong with any.
    pub fn connect_partners(&self) -> anyhow::Result<Vec<Arc<ConnectedPartner>>> {
        let connected = self.connect_each();
        match connected.left_out.into_iter().next() {
            Some(left_out) => Err(left_out.why),
            None => Ok(connected.partners.into_iter().map(|(_, partner)| partner).collect()),
        }
    }

    /// The same for each partner by itself. One that is left out loses nothing: its events are numbered and its files are
    /// published as ever, and go out once its file is mended.
    pub fn connect_each(&self) -> Connected {
        let (read, left_out) = self.read_partner_files();
        let mut connected = Connected { partners: Vec::new(), left_out };
        for (path, id, file) in read {
            match ConnectedPartner::open(id, file.clone(), &path) {
                Ok(partner) => connected.partners.push((path, Arc::new(partner))),
                Err(why) => {
                    connected.left_out.push(LeftOut { path, why: why.into(), known: Some((id, file)) });
                }
            }
        }
        connected
    }

    /// What deliveries need of this process.
    pub fn dispatch(&self) -> anyhow::Result<Dispatch> {
        let mut bytes = [0; 8];
        rand::fill(&mut bytes).map_err(|_| anyhow::anyhow!("the system gives no randomness"))?;
        let clock = self.clock;
        Ok(Dispatch {
            pool: self.pool.clone(),
            out: self.config.settlement.out.clone(),
            environment: self.environment()?,
            owner: format!("{}-{}", std::process::id(), hex::encode(bytes)),
            now: Box::new(move || clock.now()),
        })
    }

    /// Test or live.
    pub fn environment(&self) -> Result<Environment, ConfigError> {
        environment(&self.config)
    }

    /// Takes the port of the listener for partners and reads its files; `None` if it is not configured.
    pub async fn bind_partner_api(&self) -> anyhow::Result<Option<PartnerApiBound>> {
        let Some(config) = &self.config.partners else { return Ok(None) };
        let tls = self.partner_tls(config)?;
        let partners: Vec<ApiPartner> =
            self.read_partner_files().0.into_iter().filter_map(api_partner).collect();
        let parts = PartnerApiParts {
            pool: self.pool.clone(),
            partners,
            out: self.config.settlement.out.clone(),
            environment: self.environment()?,
            answers: Some(self.take_answers()),
        };
        let listener = TcpListener::bind(config.listen).await.with_context(|| {
            format!("cannot listen on {} as partners.listen says; is the port taken?", config.listen)
        })?;
        Ok(Some(PartnerApiBound { listener, tls, api: PartnerApi::new(parts) }))
    }

    /// Where answers go that come over REST.
    fn take_answers(&self) -> TakeAnswer {
        let setups: Arc<[ProgramSetup]> = self.programs.iter().map(|loaded| loaded.setup.clone()).collect();
        let (pool, out, clock) = (self.pool.clone(), self.config.settlement.out.clone(), self.clock);
        Arc::new(move |answer| {
            let (pool, out, setups) = (pool.clone(), out.clone(), Arc::clone(&setups));
            Box::pin(async move {
                let setups: Vec<&ProgramSetup> = setups.iter().collect();
                if let Some(why) = names_another_file(&pool, &answer).await {
                    return AnswerTaken::Refused(why);
                }
                let brought = Brought { receiver: Some(&answer.code), by: "REST", at: clock.now() };
                let taken = settlement::take_answer(&pool, &setups, &out, brought, &answer.bytes).await;
                rest_answer(taken)
            })
        })
    }

    /// Partners show a token and no certificate.
    fn partner_tls(&self, config: &PartnersConfig) -> anyhow::Result<Arc<ServerConfig>> {
        let settings = &self.config.gateway;
        let certificate = config.certificate.as_ref().unwrap_or(&settings.certificate);
        let key = config.key.as_ref().unwrap_or(&settings.key);
        server_tls("partners", certificate, key)
    }
}

fn api_partner((_, id, file): ReadFile) -> Option<ApiPartner> {
    let pull = file.pull?;
    let (tokens, requests_per_minute) = (pull.tokens(), pull.requests_per_minute);
    Some(ApiPartner { id, code: file.code, tokens, requests_per_minute })
}

/// Why an answer cannot be one to the file under whose path it came.
async fn names_another_file(pool: &Pool, answer: &PartnerAnswer) -> Option<String> {
    // What cannot be read is refused by the intake, which keeps it.
    let named = Acknowledgement::read(&answer.bytes).ok()?.answer;
    let sent = store::sent_file(pool, &answer.code, named.sequence, named.revision).await.ok()?;
    let is_other = sent.is_some_and(|sent| sent.file_name != answer.file);
    is_other.then(|| format!("it answers file {} and came under the path of {}", named.file_id, answer.file))
}

/// What the partner is told.
fn rest_answer(taken: Result<settlement::AnswerTaken, AnswerError>) -> AnswerTaken {
    let taken = match taken {
        Ok(taken) => taken,
        Err(
            error @ (AnswerError::Unreadable(_)
            | AnswerError::Misdirected(_)
            | AnswerError::UnknownReceiver(_)),
        ) => return AnswerTaken::Refused(error.to_string()),
        Err(error) => {
            tracing::error!(%error, "an answer over REST could not be taken; its partner is told to send it again");
            return AnswerTaken::Later;
        }
    };
    let outcome = taken.outcome;
    match outcome {
        AnswerOutcome::Replayed => AnswerTaken::Known(taken.before.unwrap_or(outcome).name().to_owned()),
        AnswerOutcome::NumberTaken
        | AnswerOutcome::UnknownFile
        | AnswerOutcome::UnknownLines
        | AnswerOutcome::LinesDecided => AnswerTaken::Refused(outcome_words(outcome).to_owned()),
        _ => AnswerTaken::Taken(outcome.name().to_owned()),
    }
}

/// Numbers for banks that have a file of their own, by which they are reached as partners are.
pub(super) async fn bank_receivers(
    pool: &Pool,
    config: &Config,
    banks: impl Iterator<Item = &String>,
) -> anyhow::Result<BTreeMap<String, PartnerId>> {
    // A file that cannot be read is told of by whoever connects its partner.
    let read = config.settlement.partners.iter().filter_map(|path| PartnerFile::read(path).ok());
    let codes: Vec<String> = read.map(|file| file.code).collect();
    let named: Vec<String> = banks.filter(|bank| codes.contains(bank)).cloned().collect();
    if named.is_empty() {
        return Ok(BTreeMap::new());
    }
    // The catalog tells of all partners.
    let known = store::allot_partners(pool, &named).await?;
    Ok(known.into_iter().filter(|(code, _)| named.contains(code)).collect())
}
