//! `doctor`: what is wrong with a bank's link, check by check, each failure with the next thing to do.

mod agreed;
mod attempts;
mod capture;
mod certificates;
mod exchange;
mod handshake;
mod report;

use std::path::PathBuf;

use bank_simulator::ClientTls;
use clap::Args;
use iso8583::{framing::Framing, header::Header};

use self::{agreed::Agreed, report::Report};
use super::{connection::ConnectionArgs, message_input::load_dialect};
use crate::{
    cli::{AnswerIsNo, WrongUse},
    config::{Config, LinkConfig},
};

/// Tells what is wrong with a bank's link: configuration, certificates, TCP, TLS, framing, header, dialect, key
/// fields. With --to, --ca, --certificate and --key, and without --link, the link is seen from the bank's side, and no
/// configuration of the gateway is needed.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// The bank of a gateway's configuration; the only one if there is one.
    #[arg(long)]
    link: Option<String>,
    /// A gateway's configuration.
    #[arg(long, default_value = "cobrand.toml", env = "COBRAND_CONFIG")]
    config: PathBuf,
    #[command(flatten)]
    connection: ConnectionArgs,
    /// Compares a captured message with what is agreed for the link, and connects nowhere: hexadecimal text, a file, or
    /// `-` for standard input.
    #[arg(long)]
    capture: Option<String>,
}

/// Runs the command. Exit status 1 if a check failed.
pub async fn doctor(args: DoctorArgs) -> anyhow::Result<()> {
    check_options(&args)?;
    let mut report = Report::default();
    let (connection, is_capture) = (&args.connection, args.capture.is_some());
    let all_is_said =
        connection.framing.is_some() && connection.header.is_some() && connection.dialect.is_some();
    if args.link.is_none() && (connection.to.is_some() || is_capture && all_is_said) {
        from_the_bank(&args, &mut report).await?;
    } else {
        from_the_gateway(&args, &mut report).await?;
    }
    report.end();
    match report.failures() {
        0 => Ok(()),
        1 => Err(AnswerIsNo("1 check failed".to_owned()).into()),
        many => Err(AnswerIsNo(format!("{many} checks failed")).into()),
    }
}

/// What was given is looked at before anything else; what a configuration says of the link is a finding.
fn check_options(args: &DoctorArgs) -> anyhow::Result<()> {
    let connection = &args.connection;
    if let Some(name) = &connection.framing {
        name.parse::<Framing>().map_err(|error| WrongUse(format!("--framing: {error}")))?;
    }
    if let Some(name) = &connection.header {
        name.parse::<Header>().map_err(|error| WrongUse(format!("--header: {error}")))?;
    }
    connection.dialect.as_deref().map(load_dialect).transpose().map(drop)
}

async fn from_the_bank(args: &DoctorArgs, report: &mut Report) -> anyhow::Result<()> {
    report.group("what is agreed");
    let agreed = Agreed::read(args, None, report);
    if let (Some(capture), Some(agreed)) = (&args.capture, &agreed) {
        return capture::compare(capture, agreed, None, report);
    }
    let (Some(to), Some(ca), Some(certificate), Some(key)) =
        (&args.connection.to, &args.connection.ca, &args.connection.certificate, &args.connection.key)
    else {
        return Err(
            WrongUse("--to from the bank's side needs --ca, --certificate and --key too".to_owned()).into()
        );
    };
    report.group("certificates");
    let sound = certificates::pair("the bank's certificate", certificate, key, Some(ca), &[], report);
    let tls = client_tls(ca, certificate, key, &args.connection.server_name, report).filter(|_| sound);
    match (agreed, tls) {
        (Some(agreed), Some(tls)) => exchange::check(to, &tls, &agreed, report).await,
        _ => report.skip("network", "not tried until the above is right"),
    }
    Ok(())
}

async fn from_the_gateway(args: &DoctorArgs, report: &mut Report) -> anyhow::Result<()> {
    report.group("configuration");
    let config = Config::read(&args.config)?;
    report.ok(&format!("{} is read", args.config.display()));
    let link = link_of(args, &config)?;
    report.ok(&format!(
        "link {}: {} card ranges, cut-over {} {}",
        link.bank,
        link.bins.len(),
        link.cut_over,
        link.time_zone
    ));
    let agreed = Agreed::read(args, Some(link), report);
    if let (Some(capture), Some(agreed)) = (&args.capture, &agreed) {
        return capture::compare(capture, agreed, Some(&link.bank), report);
    }
    report.group("certificates");
    let gateway = &config.gateway;
    let names = std::slice::from_ref(&args.connection.server_name);
    certificates::pair("the gateway's certificate", &gateway.certificate, &gateway.key, None, names, report);
    certificates::authority("the banks' authority", &gateway.client_ca, report);
    let folder = gateway.client_ca.parent().unwrap_or(std::path::Path::new("."));
    let certificate =
        args.connection.certificate.clone().unwrap_or_else(|| folder.join(format!("{}.pem", link.bank)));
    let key = args.connection.key.clone().unwrap_or_else(|| folder.join(format!("{}.key", link.bank)));
    if !certificate.exists() || !key.exists() {
        let why =
            format!("{} and its key are not here, as it must be with a real bank", certificate.display());
        report.skip("the bank's certificate", &why);
        report.skip(
            "network",
            "without the bank's key nobody can sign on in its place; ask it for: cobrand doctor --to",
        );
        return Ok(());
    }
    let what = "the bank's certificate";
    let sound = certificates::pair(
        what,
        &certificate,
        &key,
        Some(&gateway.client_ca),
        &link.certificate_names,
        report,
    );
    let ca = args.connection.ca.as_ref().unwrap_or(&gateway.client_ca);
    let tls = client_tls(ca, &certificate, &key, &args.connection.server_name, report).filter(|_| sound);
    match (agreed, tls) {
        (Some(agreed), Some(tls)) => {
            let to = args.connection.to.clone().unwrap_or_else(|| gateway.listen.to_string());
            exchange::check(&to, &tls, &agreed, report).await;
        }
        _ => report.skip("network", "not tried until the above is right"),
    }
    Ok(())
}

fn link_of<'c>(args: &DoctorArgs, config: &'c Config) -> anyhow::Result<&'c LinkConfig> {
    let names: Vec<&str> = config.link.iter().map(|link| link.bank.as_str()).collect();
    let found = match (&args.link, config.link.as_slice()) {
        (None, [only]) => Some(only),
        (None, _) => None,
        (Some(code), links) => links.iter().find(|link| link.bank == *code),
    };
    found.ok_or_else(|| {
        let text = format!("name a bank of {} with --link: {}", args.config.display(), names.join(", "));
        WrongUse(text).into()
    })
}

fn client_tls(
    ca: &std::path::Path,
    certificate: &std::path::Path,
    key: &std::path::Path,
    name: &str,
    report: &mut Report,
) -> Option<ClientTls> {
    match ClientTls::from_pem_files(ca, certificate, key, name) {
        Ok(tls) => Some(tls),
        Err(error) => {
            report.fail(&error.to_string(), "give PEM files: --ca, --certificate, --key");
            None
        }
    }
}
