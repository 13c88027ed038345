//! The tasks that tell partners: one relay, one task for each way to a partner, and one for each partner's inboxes.

use std::{sync::Arc, time::Duration};

use settlement::{Collection, ConnectedPartner, Dispatch, Pass, ProgramSetup};
use tokio::{sync::watch, task::JoinHandle};

use super::until;
use crate::assembly::Assembly;

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
    tasks: Vec<JoinHandle<()>>,
}

impl Delivering {
    /// Waits until each has ended what it was doing; a transport's own deadlines bound that.
    pub(crate) async fn finish(self) -> anyhow::Result<()> {
        for task in self.tasks {
            task.await?;
        }
        settlement::give_back(&self.dispatch).await?;
        Ok(())
    }
}

/// Starts them.
pub(crate) async fn start(
    assembly: &Assembly,
    stopping: watch::Receiver<bool>,
) -> anyhow::Result<Delivering> {
    let partners = assembly.connect_partners()?;
    let dispatch = Arc::new(assembly.dispatch()?);
    for partner in &partners {
        settlement::register(&dispatch, partner).await?;
    }
    let setups: Arc<[ProgramSetup]> = assembly.programs.iter().map(|loaded| loaded.setup.clone()).collect();
    let mut tasks = Vec::new();
    for partner in &partners {
        if partner.endpoints.iter().any(|endpoint| endpoint.has_inbox) {
            let (dispatch, partner, setups) =
                (Arc::clone(&dispatch), Arc::clone(partner), Arc::clone(&setups));
            tasks.push(tokio::spawn(collect(dispatch, setups, partner, stopping.clone())));
        }
        for way in 0..partner.endpoints.len() {
            let (dispatch, partner) = (Arc::clone(&dispatch), Arc::clone(partner));
            tasks.push(tokio::spawn(bring(dispatch, partner, way, stopping.clone())));
        }
    }
    tasks.push(tokio::spawn(relay(Arc::clone(&dispatch), partners, stopping)));
    Ok(Delivering { dispatch, tasks })
}

async fn relay(
    dispatch: Arc<Dispatch>,
    partners: Vec<Arc<ConnectedPartner>>,
    stopping: watch::Receiver<bool>,
) {
    let mut stopping = std::pin::pin!(until(stopping));
    loop {
        // Never broken off: only the pause is.
        if let Err(error) = settlement::relay_news(&dispatch, &partners).await {
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
