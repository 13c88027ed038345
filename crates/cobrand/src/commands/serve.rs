//! The roles that stay up: gateway, console, metrics.

use std::sync::Arc;

use anyhow::Context;
use console::{ConsoleState, ProgramInfo};
use gateway::Gateway;
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind},
    sync::watch,
};

use super::{assemble, deliver::Delivering};
use crate::{
    admin,
    assembly::{Assembly, Connected, LoadedProgram},
    cli::ConfigArgs,
    config::{Config, ConfigError, ConsoleConfig, ProgramChanges},
    observe,
};

/// Which roles run in this process.
#[derive(Debug, Clone, Copy)]
pub struct Roles {
    /// The listener for banks, which sees card numbers.
    pub gateway: bool,
    /// The staff console.
    pub console: bool,
    /// The close of each day at its cut-off.
    pub settle: bool,
}

/// Runs the roles until SIGTERM or Ctrl-C; SIGHUP reads the files of programs and partners again.
pub async fn serve(args: &ConfigArgs, roles: Roles) -> anyhow::Result<()> {
    // From the first moment: an early SIGHUP must not end the process.
    let reload = tokio::signal::unix::signal(SignalKind::hangup())?;
    let assembly = Arc::new(assemble(args).await?);
    if roles.gateway && roles.console {
        tracing::warn!("gateway and console share this process: the whole host is in PCI DSS scope");
    }
    let (stop, stopping) = watch::channel(false);
    let (settle_stopping, expire_stopping) = (stopping.clone(), stopping.clone());
    let (follow_stopping, refunds_stopping) = (stopping.clone(), stopping.clone());
    let reconcile_stopping = stopping.clone();
    // Before any port: what is wrong with a partner's file is told first.
    let connected = if roles.settle { assembly.connect_each() } else { Connected::default() };
    if roles.console {
        check_access(&assembly.config.console)?;
    }
    // Every port first: a process that cannot start must not have changed the rules of those that run.
    let config = &assembly.config;
    let admin_listener = listen(config.admin.listen).await?;
    let console_tls = if roles.console { assembly.console_tls()? } else { None };
    let console_listener = if roles.console { Some(listen(config.console.listen).await?) } else { None };
    let partner_api = if roles.settle { assembly.bind_partner_api().await? } else { None };
    let (mut handle, mut api) = (None, None);
    if roles.gateway {
        let (listener, tls) = (Gateway::bind(config.gateway.listen).await?, assembly.tls()?);
        let api_parts = assembly.bind_api().await?;
        let gateway = assembly.gateway().await?;
        assembly.activate().await?;
        if let Some(parts) = api_parts {
            let serving = parts.serve(&gateway)?;
            tracing::info!(address = %serving.address(), "API");
            api = Some(serving);
        }
        let listening = gateway.listen_on(listener, tls)?;
        tracing::info!(address = %listening.address(), "listening for banks");
        handle = Some(listening);
    }
    let metrics = observe::metrics()?;
    let gateway = handle.as_ref().map(|handle| Arc::clone(handle.gateway()));
    let admin = tokio::spawn(admin::serve(admin_listener, metrics, gateway.clone(), until(stopping.clone())));
    let console = console_listener.map(|listener| {
        tracing::info!(address = %config.console.listen, tls = console_tls.is_some(), "console");
        let (state, stopping) = (console_state(&assembly, None), until(stopping));
        tokio::spawn(async move {
            match console_tls {
                Some(tls) => console::serve_tls(listener, tls, state, stopping).await,
                None => console::serve(listener, state, stopping).await,
            }
        })
    });
    let expiring = gateway
        .as_ref()
        .map(|gateway| tokio::spawn(expire_holds(Arc::clone(gateway), until(expire_stopping))));
    let refunds = gateway
        .as_ref()
        .map(|gateway| tokio::spawn(super::match_refunds::look_after(Arc::clone(gateway), refunds_stopping)));
    let following = (roles.gateway || roles.settle).then(|| {
        let stopping = until(follow_stopping);
        let assembly = Arc::clone(&assembly);
        tokio::spawn(async move { super::follow_rules::follow(&assembly, roles.gateway, stopping).await })
    });
    let partner_api = partner_api.map(|bound| bound.serve()).transpose()?;
    if let Some(listening) = &partner_api {
        tracing::info!(address = %listening.address(), "API for partners");
    }
    let mut delivering =
        if roles.settle { Some(super::deliver::start(&assembly, connected).await?) } else { None };
    let closed = Arc::new(tokio::sync::Notify::new());
    let reconciling = roles.settle.then(|| {
        let (assembly, closed) = (Arc::clone(&assembly), Arc::clone(&closed));
        tokio::spawn(compare_regularly(assembly, closed, until(reconcile_stopping)))
    });
    let settling = roles.settle.then(|| {
        let (assembly, closed) = (Arc::clone(&assembly), Arc::clone(&closed));
        tokio::spawn(close_days(assembly, closed, until(settle_stopping)))
    });
    reload_until_stopped(&assembly, args, reload, roles.gateway, delivering.as_mut()).await?;
    tracing::info!("stopping: no new links, answering what is in flight");
    let _ = stop.send(true);
    delivering.iter().for_each(Delivering::stop);
    for looking in [expiring, refunds].into_iter().flatten() {
        looking.await?;
    }
    if let Some(following) = following {
        following.await?;
    }
    if let Some(api) = api {
        api.drain().await;
    }
    if let Some(handle) = handle {
        let gateway = Arc::clone(handle.gateway());
        handle.drain().await;
        gateway.batcher.finish().await;
    }
    for task in [settling, reconciling].into_iter().flatten() {
        task.await?;
    }
    if let Some(listening) = partner_api {
        listening.drain().await;
    }
    if let Some(delivering) = delivering {
        delivering.finish().await?;
    }
    admin.await??;
    if let Some(console) = console {
        console.await??;
    }
    Ok(())
}

/// How often the clock is compared with the days on which holds and miles expire and tiers are reviewed: they are late by
/// this at the most.
const HOLDS_EVERY: std::time::Duration = std::time::Duration::from_secs(60);

/// Expires holds and reviews tiers whose day has come. Several processes may do this: each hold expires once.
async fn expire_holds(gateway: Arc<Gateway>, stopping: impl Future<Output = ()>) {
    let mut stopping = std::pin::pin!(stopping);
    loop {
        match gateway::review_tiers(&gateway).await {
            Ok(done) if done == gateway::TiersReviewed::default() => {}
            Ok(done) => tracing::info!(
                reviewed = done.reviewed,
                unanswered = done.unanswered,
                "members whose tier was due for review"
            ),
            Err(error) => tracing::warn!(%error, "tiers could not be looked through; they are tried again"),
        }
        match gateway::expire_holds(&gateway).await {
            Ok(done) if done == gateway::HoldsExpired::default() => {}
            Ok(done) => tracing::info!(
                expired = done.expired,
                otherwise = done.otherwise,
                unanswered = done.unanswered,
                "holds whose day has come"
            ),
            Err(error) => tracing::warn!(%error, "holds could not be looked through; they are tried again"),
        }
        look_after_miles(&gateway).await;
        tokio::select! {
            () = tokio::time::sleep(HOLDS_EVERY) => {}
            () = &mut stopping => return,
        }
    }
}

/// Expires miles, gives back what nobody confirmed, and brings what was sent. Several processes may do this.
async fn look_after_miles(gateway: &Gateway) {
    let looks = [
        ("lots whose day has come", gateway::expire_miles(gateway).await),
        ("redemptions that nobody confirmed", gateway::lapse_redemptions(gateway).await),
        ("miles under way between accounts", gateway::deliver_miles(gateway).await),
        ("pools of households", gateway::finish_pools(gateway).await),
    ];
    for (what, look) in looks {
        match look {
            Ok(done) if done == gateway::MilesDone::default() => {}
            Ok(done) => tracing::info!(
                what,
                done = done.done,
                otherwise = done.otherwise,
                unanswered = done.unanswered,
                "looked after miles"
            ),
            Err(error) => tracing::warn!(%error, what, "could not be looked through; tried again"),
        }
    }
}

/// How often the clock is compared with the cut-offs.
const CUT_OFF_EVERY: std::time::Duration = std::time::Duration::from_secs(15);

/// Closes every cycle whose cut-off has passed and tells partners what is new. Several processes may do this: they come to
/// one result. `closed` is told of every day that was closed.
async fn close_days(
    assembly: Arc<Assembly>,
    closed: Arc<tokio::sync::Notify>,
    stopping: impl Future<Output = ()>,
) {
    let mut stopping = std::pin::pin!(stopping);
    loop {
        for loaded in &assembly.programs {
            match super::day::close_what_is_due(&assembly, loaded).await {
                Ok(true) => closed.notify_one(),
                Ok(false) => {}
                Err(error) => tracing::error!(
                    program = loaded.setup.code,
                    error = format!("{error:#}"),
                    "a day could not be closed; it is tried again"
                ),
            }
            // Whether or not a day could be closed: lines of earlier days, answers and corrections do not wait for it.
            if let Err(error) = super::partner::tell_partner_news(&assembly, loaded).await {
                tracing::error!(
                    program = loaded.setup.code,
                    error = format!("{error:#}"),
                    "lines for the partner could not go out; closed days stay closed, and it is tried again: remove the \
                     cause, and `cobrand partner send` shows at once whether they go"
                );
            }
        }
        // Asked for by answers, and left undone by whoever took them.
        if let Err(error) = super::partner::follow_answers(&assembly).await {
            tracing::error!(
                error = format!("{error:#}"),
                "what answers to settlement files ask for could not be done; it is tried again"
            );
        }
        // A close is never broken off: only the pause between two looks is.
        tokio::select! {
            () = tokio::time::sleep(CUT_OFF_EVERY) => {}
            () = &mut stopping => return,
        }
    }
}

/// Compares what banks and partners have said with the books: after each close, and every so often. A comparison is never
/// broken off, and a failed one is tried again when the next is due.
async fn compare_regularly(
    assembly: Arc<Assembly>,
    closed: Arc<tokio::sync::Notify>,
    stopping: impl Future<Output = ()>,
) {
    let mut stopping = std::pin::pin!(stopping);
    let minutes = assembly.config.reconciliation.every_min;
    loop {
        let pause = async {
            match minutes {
                0 => std::future::pending().await,
                minutes => tokio::time::sleep(std::time::Duration::from_secs(60 * u64::from(minutes))).await,
            }
        };
        tokio::select! {
            () = closed.notified() => {}
            () = pause => {}
            () = &mut stopping => return,
        }
        match Box::pin(super::reconcile_all(&assembly, assembly.clock.now())).await {
            Ok(summary) if summary.new_breaks.is_empty() && summary.cured == 0 => {}
            Ok(summary) => tracing::warn!(
                new = summary.new_breaks.len(),
                cured = summary.cured,
                "what banks and partners say was compared with the books: see `cobrand reconcile`"
            ),
            Err(error) => tracing::error!(
                error = format!("{error:#}"),
                "what banks and partners say could not be compared; it is tried again"
            ),
        }
    }
}

async fn listen(address: std::net::SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}; is the port taken?"))
}

/// Resolves when `stopping` turns true.
pub(crate) async fn until(mut stopping: watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stop| *stop).await;
}

/// Resolves at SIGTERM or Ctrl-C.
pub async fn stop_signal() -> anyhow::Result<()> {
    let mut terminate = tokio::signal::unix::signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => {}
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    Ok(())
}

async fn reload_until_stopped(
    assembly: &Assembly,
    args: &ConfigArgs,
    mut reload: Signal,
    takes_messages: bool,
    mut delivering: Option<&mut Delivering>,
) -> anyhow::Result<()> {
    let mut stop = std::pin::pin!(stop_signal());
    loop {
        tokio::select! {
            stopped = &mut stop => return stopped,
            _ = reload.recv() => {}
        }
        // Only a role that takes messages puts rules into force.
        if takes_messages {
            match assembly.reload_programs().await {
                Ok(changed) => tracing::info!(changed, "program files read again"),
                Err(error) => {
                    tracing::error!(%error, "program files not taken: the old versions stay in force")
                }
            }
        }
        if let Some(delivering) = delivering.as_deref_mut() {
            match delivering.reload(assembly, &args.config).await {
                Ok(partners) => tracing::info!(partners, "files of partners read again"),
                Err(error) => tracing::error!(
                    error = format!("{error:#}"),
                    "files of partners not taken: partners stay connected as they were"
                ),
            }
        }
        if !takes_messages && delivering.is_none() {
            tracing::info!("this role has nothing to read again");
        }
    }
}

/// The programs as the console knows them.
pub fn program_infos(assembly: &Assembly) -> Vec<ProgramInfo> {
    let info = |loaded: &LoadedProgram| ProgramInfo {
        id: loaded.setup.id,
        code: loaded.setup.code.clone(),
        bank_code: loaded.setup.bank.1.clone(),
        currency: loaded.file.program.currency,
        time_zone: loaded.setup.time_zone.clone(),
        cut_offs: loaded.setup.cut_offs.clone(),
        terms: loaded.setup.terms.clone(),
    };
    assembly.programs.iter().map(info).collect()
}

/// What the console needs.
pub fn console_state(assembly: &Assembly, demo_sign_in: Option<String>) -> ConsoleState {
    let clock = assembly.clock;
    ConsoleState {
        pool: store::console_pool(&assembly.database),
        programs: program_infos(assembly),
        by_approval: assembly.config.programs.changes == ProgramChanges::Approval,
        now: Arc::new(move || clock.now()),
        partner_codes: assembly.codes.partners.iter().map(|(code, id)| (*id, code.clone())).collect(),
        out_dir: assembly.config.settlement.out.clone(),
        read_trailer: Arc::new(console::read_settlement_file),
        access: access_rules(&assembly.config),
        environment: banner(&assembly.config, demo_sign_in.is_some()),
        demo_sign_in,
    }
}

/// What is asked of people who sign in. A key that cannot be read is told by [`check_access`] before a console starts; here
/// it is none, and whoever has a second factor does not get in.
fn access_rules(config: &Config) -> console::AccessRules {
    let config = &config.console;
    console::AccessRules {
        secure: config.behind_tls,
        second_factor_required: config.second_factor_required,
        second_factor_key: seal_key(config).ok().flatten(),
        proxies: config.proxies.clone(),
    }
}

pub(super) fn seal_key(config: &ConsoleConfig) -> Result<Option<console::SealKey>, ConfigError> {
    let Some(path) = &config.second_factor_key else { return Ok(None) };
    let text = zeroize::Zeroizing::new(crate::assembly::read(path)?);
    let wrong = || {
        crate::assembly::value_error(
            "console.second_factor_key",
            "expected a file with 64 hexadecimal digits",
        )
    };
    console::SealKey::parse(&text).ok_or_else(wrong).map(Some)
}

/// Whether the console can ask what the configuration says.
pub(super) fn check_access(config: &ConsoleConfig) -> Result<(), ConfigError> {
    if seal_key(config)?.is_none() && config.second_factor_required {
        let problem = "is required by console.second_factor_required; make one: openssl rand -hex 32";
        return Err(crate::assembly::value_error("console.second_factor_key", problem));
    }
    Ok(())
}

fn banner(config: &Config, demo: bool) -> String {
    let environment = config.settlement.environment.to_uppercase();
    if demo { format!("{environment}: seeded demo, not for real cards") } else { environment }
}
