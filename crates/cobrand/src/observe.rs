//! Logs and metrics of the process.

use std::{
    path::Path,
    sync::{Mutex, OnceLock, PoisonError},
};

use anyhow::Context;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::{
    EnvFilter, fmt::writer::BoxMakeWriter, layer::SubscriberExt, util::SubscriberInitExt,
};

use crate::config::LogConfig;

static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();
/// Only one may install, and the others wait for its handle.
static INSTALLING: Mutex<()> = Mutex::new(());

/// Bounds of latency histograms, in seconds: the deadline of an answer is 0.3.
const SECONDS: &[f64] = &[0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0];
/// Bounds of the histogram of batches.
const MESSAGES: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

/// Installs the recorder once; later calls return the same handle.
pub fn metrics() -> anyhow::Result<PrometheusHandle> {
    let _installing = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = METRICS.get() {
        return Ok(handle.clone());
    }
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)?
        .set_buckets_for_metric(Matcher::Suffix("_messages".to_owned()), MESSAGES)?
        .install_recorder()
        .context("the metrics recorder could not be installed")?;
    gateway::describe_metrics();
    Ok(METRICS.get_or_init(|| handle).clone())
}

/// Sends logs to standard error, or to a file.
pub fn logs(config: &LogConfig, file: Option<&Path>) -> anyhow::Result<()> {
    let default = config.filter.clone().unwrap_or_else(|| "info".to_owned());
    // Below info this library prints every parameter of every statement.
    let filter = EnvFilter::try_from_default_env()
        .or_else(|_| EnvFilter::try_new(default))?
        .add_directive("tokio_postgres=info".parse()?);
    let writer = match file {
        Some(path) => {
            let file =
                std::fs::File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
            BoxMakeWriter::new(std::sync::Mutex::new(file))
        }
        None => BoxMakeWriter::new(std::io::stderr),
    };
    let registry = tracing_subscriber::registry().with(filter);
    let ansi = file.is_none() && std::io::IsTerminal::is_terminal(&std::io::stderr());
    let layer = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(ansi);
    // A second installation in one process, as in tests, keeps the first.
    let _ =
        if config.json { registry.with(layer.json()).try_init() } else { registry.with(layer).try_init() };
    Ok(())
}
