//! The tasks that tell partners: one relay, one task for each way to a partner, and one for each partner's inboxes.

use std::{path::Path, sync::Arc, time::Duration};

use domain::PartnerId;
use partner_adapters::PartnerFile;
use settlement::{Collection, ConnectedPartner, Dispatch, Pass, ProgramSetup};
use tokio::{
    sync::watch,
    task::{JoinError, JoinHandle},
};

use super::until;
use crate::{
    assembly::{Assembly, Connected, LeftOut, NamedPartner},
    config::Config,
};

/// How often the outbox is looked at.
const RELAY_EVERY: Duration = Duration::from_millis(500);
/// How often a way is looked at that has nothing to do.
const WAY_EVERY: Duration = Duration::from_secs(1);

/// How often the inboxes of a partner are looked into.
const INBOX_EVERY: Duration = Duration::from_secs(20);
/// The same while one of them cannot be reached.
const INBOX_AWAY: Duration = Duration::from_secs(300);

/// The running tasks.
pub(crate) struct Delivering {
    dispatch: Arc<Dispatch>,
    setups: Arc<[ProgramSetup]>,
    partners: Vec<NamedPartner>,
    /// Files that are not used, by the name under which they are told on `/metrics`.
    left_out: Vec<String>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

/// Starts them.
pub(crate) async fn start(assembly: &Assembly, connected: Connected) -> anyhow::Result<Delivering> {
    let mut delivering = Delivering {
        dispatch: Arc::new(assembly.dispatch()?),
        setups: assembly.programs.iter().map(|loaded| loaded.setup.clone()).collect(),
        partners: Vec::new(),
        left_out: Vec::new(),
        stop: watch::channel(false).0,
        tasks: Vec::new(),
    };
    delivering.turn_to(connected).await?;
    Ok(delivering)
}

impl Delivering {
    /// No task begins anything more.
    pub(crate) fn stop(&self) {
        let _ = self.stop.send(true);
    }

    /// Waits until each has ended what it was doing; a transport's own deadlines bound that.
    pub(crate) async fn finish(mut self) -> anyhow::Result<()> {
        self.end().await?;
        settlement::give_back(&self.dispatch).await?;
        Ok(())
    }

    async fn end(&mut self) -> anyhow::Result<()> {
        self.stop();
        all_ended(self.tasks.drain(..)).await.map_err(Into::into)
    }

    /// Reads again which partners there are and what their files say; returns how many are connected. A partner whose file
    /// has become wrong stays connected as it was.
    pub(crate) async fn reload(&mut self, assembly: &Assembly, config: &Path) -> anyhow::Result<usize> {
        assembly.follow_partner_files(Config::read(config)?.settlement.partners);
        let mut connected = assembly.connect_each();
        let stays = |old: &NamedPartner| {
            let (path, partner) = old;
            connected.left_out.iter().any(|left_out| left_out.path == *path)
                && !connected.partners.iter().any(|(_, new)| new.file.code == partner.file.code)
        };
        let kept: Vec<NamedPartner> = self.partners.iter().filter(|old| stays(old)).cloned().collect();
        connected.partners.extend(kept);
        self.turn_to(connected).await?;
        Ok(self.partners.len())
    }

    /// What can fail comes before what runs is ended.
    async fn turn_to(&mut self, connected: Connected) -> anyhow::Result<()> {
        let of_partners = connected.partners.iter().map(|(_, partner)| (partner.id, partner.file.clone()));
        let known = connected.left_out.iter().filter_map(|left_out| left_out.known.clone());
        // One that stays connected is told as before, whatever its file says now: the first counts.
        let told: Vec<(PartnerId, PartnerFile)> = of_partners.chain(known).collect();
        for (id, file) in &told {
            settlement::register_ways(&self.dispatch, *id, file).await?;
        }
        self.tell(&connected.left_out);
        let ended = self.end().await;
        self.partners = connected.partners;
        self.begin(told);
        // A task that failed is begun anew like all others.
        if let Err(error) = ended {
            tracing::error!(
                error = format!("{error:#}"),
                "a task that told partners had failed; it is begun anew"
            );
        }
        Ok(())
    }

    fn tell(&mut self, left_out: &[LeftOut]) {
        let gauge = |file: &String| metrics::gauge!("cobrand_partner_file_refused", "file" => file.clone());
        self.left_out.iter().for_each(|file| gauge(file).set(0));
        for LeftOut { path, why, .. } in left_out {
            tracing::error!(
                file = %path.display(),
                error = format!("{why:#}"),
                "this file of a partner is not used; all others are. What is for a partner that was connected waits: mend \
                 the file, see that cobrand check and cobrand partner test are content, then send SIGHUP to this process"
            );
        }
        self.left_out = left_out.iter().map(|left_out| name_of(&left_out.path)).collect();
        self.left_out.iter().for_each(|file| gauge(file).set(1));
    }

    fn begin(&mut self, told: Vec<(PartnerId, PartnerFile)>) {
        let (stop, stopping) = watch::channel(false);
        self.stop = stop;
        let partners: Vec<Arc<ConnectedPartner>> =
            self.partners.iter().map(|(_, partner)| Arc::clone(partner)).collect();
        let dispatch = || Arc::clone(&self.dispatch);
        for partner in &partners {
            if partner.endpoints.iter().any(|endpoint| endpoint.has_inbox) {
                let (setups, partner) = (Arc::clone(&self.setups), Arc::clone(partner));
                self.tasks.push(tokio::spawn(collect(dispatch(), setups, partner, stopping.clone())));
            }
            for way in 0..partner.endpoints.len() {
                self.tasks.push(tokio::spawn(bring(dispatch(), Arc::clone(partner), way, stopping.clone())));
            }
        }
        self.tasks.push(tokio::spawn(relay(dispatch(), told, stopping)));
    }
}

/// Waits for all, whatever becomes of one; tells the first that failed.
async fn all_ended(tasks: impl Iterator<Item = JoinHandle<()>>) -> Result<(), JoinError> {
    let mut failed = None;
    for task in tasks {
        failed = task.await.err().filter(|_| failed.is_none()).or(failed);
    }
    failed.map_or(Ok(()), Err)
}

/// A path says more than `/metrics` should.
fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

async fn relay(
    dispatch: Arc<Dispatch>,
    told: Vec<(PartnerId, PartnerFile)>,
    stopping: watch::Receiver<bool>,
) {
    let file_of = |id: PartnerId| told.iter().find(|(known, _)| *known == id).map(|(_, file)| file);
    let wanted = |id: PartnerId, topic: &str| file_of(id).is_none_or(|file| file.is_told(topic));
    let mut stopping = std::pin::pin!(until(stopping));
    loop {
        // Never broken off: only the pause is.
        if let Err(error) = settlement::relay_wanted(&dispatch, &wanted).await {
            tracing::warn!(%error, "partners could not be told; nothing is lost, it is tried again");
        }
        tokio::select! {
            () = tokio::time::sleep(RELAY_EVERY) => {}
            () = &mut stopping => return,
        }
    }
}

async fn bring(
    dispatch: Arc<Dispatch>,
    partner: Arc<ConnectedPartner>,
    way: usize,
    stopping: watch::Receiver<bool>,
) {
    let Some(endpoint) = partner.endpoints.get(way) else { return };
    let mut stopping = std::pin::pin!(until(stopping));
    loop {
        let pass = settlement::deliver_due(&dispatch, &partner, endpoint).await;
        let pass = pass.unwrap_or_else(|error| {
            let (partner, way) = (&partner.file.code, &endpoint.name);
            tracing::warn!(partner, way, %error, "deliveries could not be looked through; tried again");
            Pass::default()
        });
        let pause = if pass.more { Duration::ZERO } else { WAY_EVERY };
        tokio::select! {
            biased;
            () = &mut stopping => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Looks into the inboxes of a partner at its own pace.
async fn collect(
    dispatch: Arc<Dispatch>,
    setups: Arc<[ProgramSetup]>,
    partner: Arc<ConnectedPartner>,
    stopping: watch::Receiver<bool>,
) {
    let setups: Vec<&ProgramSetup> = setups.iter().collect();
    let mut stopping = std::pin::pin!(until(stopping));
    loop {
        let mut pause = INBOX_EVERY;
        for endpoint in &partner.endpoints {
            let found = settlement::collect_answers(&dispatch, &setups, &partner, endpoint).await;
            let (partner, way) = (&partner.file.code, &endpoint.name);
            let found = found.unwrap_or_else(|error| {
                tracing::warn!(partner, way, %error, "an inbox could not be looked through; tried again");
                Collection::default()
            });
            if let Some(error) = &found.failed {
                tracing::warn!(partner, way, %error, "an inbox cannot be looked into; tried again");
                pause = INBOX_AWAY;
            } else if found.more {
                pause = Duration::ZERO;
            }
        }
        tokio::select! {
            biased;
            () = &mut stopping => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_that_failed_keeps_nobody_from_waiting_for_the_others() {
        let (done, mut seen) = watch::channel(false);
        let fails = tokio::spawn(async { std::panic::resume_unwind(Box::new("on purpose")) });
        let works = tokio::spawn(async move {
            let _ = done.send(true);
        });
        let ended = all_ended([fails, works].into_iter()).await;
        assert!(ended.is_err_and(|error| error.is_panic()));
        assert!(*seen.borrow_and_update(), "the other one was waited for");
    }
}
