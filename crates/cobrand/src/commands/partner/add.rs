//! `partner add`, `partner token`: a commented file for a new partner, and what to do next.

use std::{
    fs,
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use anyhow::Context;
use aws_lc_rs::{
    digest::{SHA256, digest},
    rand,
};
use clap::Args;
use partner_adapters::{
    PartnerFile, PartnerFileError,
    transport::{SecretSource, WebhookKeys},
};

use crate::{
    cli::{AnswerIsNo, ConfigArgs, WrongUse},
    commands::assemble,
};

/// Arguments of `partner add`.
#[derive(Debug, Args)]
pub struct AddArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The partner's code in the program files.
    partner: String,
    /// Where its file is written; `partners/<code>.toml` beside the configuration if it is left out.
    #[arg(long)]
    file: Option<PathBuf>,
    /// Its SFTP server, as `user@host`, `user@host:port` or `user@host:port/folder`.
    #[arg(long)]
    sftp: Option<String>,
    /// A fingerprint of the server's key, as `ssh-keygen -lf` prints it: `SHA256:...`.
    #[arg(long, requires = "sftp")]
    host_key: Option<String>,
    /// Its HTTPS endpoint for events.
    #[arg(long)]
    webhook: Option<String>,
    /// A network (`127.0.0.0/8`) that the endpoint may lie in although it is not public.
    #[arg(long, requires = "webhook")]
    allow_network: Option<String>,
    /// A folder that its own file transfer looks into.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// It fetches its events and files itself: makes a token for it.
    #[arg(long)]
    pull: bool,
}

pub(super) async fn add(args: &AddArgs) -> anyhow::Result<()> {
    if args.sftp.is_none() && args.webhook.is_none() && args.folder.is_none() && !args.pull {
        let ways =
            "no way to the partner: give --sftp, --webhook, --folder or --pull, one or several of them";
        return Err(WrongUse(ways.to_owned()).into());
    }
    let assembly = assemble(&args.config).await?;
    // A bank becomes a receiver by the file that is written here.
    if !assembly.codes.banks.contains_key(&args.partner) {
        assembly.partner_id(&args.partner)?;
    }
    let base = args.config.config.parent().unwrap_or(Path::new("."));
    let relative = args.file.clone().unwrap_or_else(|| format!("partners/{}.toml", args.partner).into());
    let path = base.join(&relative);
    if path.exists() {
        let problem = format!(
            "{} exists and is not overwritten: edit it, or write another file with --file and name that in its place",
            path.display()
        );
        return Err(AnswerIsNo(problem).into());
    }
    let folder = path.parent().unwrap_or(base);
    let keys = folder.join("keys");
    let token = if args.pull { Some(fresh_token()?) } else { None };
    let text = text(args, token.as_ref())?;
    // What cannot be used is not written.
    let file = PartnerFile::parse(&text, &path)?;
    file.check_ways(&path).map_err(|error| WrongUse(of_arguments(&error)))?;
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let private = fs::DirBuilder::new().recursive(true).mode(0o700).create(&keys);
    private.with_context(|| format!("cannot make {}", keys.display()))?;
    let steps = steps(args, &keys, token.as_ref(), &relative)?;
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    println!("wrote {}", path.display());
    println!("next:");
    for (number, step) in (1..).zip(steps) {
        println!("  {number}. {step}");
    }
    Ok(())
}

/// What is to be done, in its order. The secret of a webhook is made here.
fn steps(args: &AddArgs, keys: &Path, token: Option<&Token>, relative: &Path) -> anyhow::Result<Vec<String>> {
    let mut steps = Vec::new();
    if let Some(address) = &args.sftp {
        let file = keys.join(format!("{}-sftp", args.partner));
        let file = file.display();
        steps.push(format!("make our key: ssh-keygen -q -t ed25519 -N '' -f {file}"));
        steps.push(format!("give the partner {file}.pub for its SFTP server"));
        if args.host_key.is_none() {
            let Server { host, port, .. } = server(address)?;
            steps.push(format!(
                "ssh-keyscan -t ed25519 -p {port} {host} | ssh-keygen -lf - : compare the fingerprint with what the partner \
                 says by another way, and write it into host_keys"
            ));
        }
    }
    if args.webhook.is_some() {
        let file = keys.join(format!("{}-webhook", args.partner));
        let kept = if keep_secret(&file)? { " (it was there, and stays)" } else { "" };
        let file = file.display();
        steps.push(format!("give the partner the secret in {file}{kept} by a way that nobody else reads"));
    }
    if let Some(token) = token {
        steps.push(format!("give the partner its token, which is shown only now: {}", token.text));
    }
    let config = args.config.config.display();
    steps.push(format!("name it in {config}: [settlement] partners = [\"{}\"]", relative.display()));
    steps.push(format!("cobrand partner test {}", args.partner));
    steps.push(
        "send SIGHUP to serve or settle, or start it: from then on the partner is told ([pull] needs a start)".to_owned(),
    );
    Ok(steps)
}

/// What is wrong with a way, by the argument that it came from.
fn of_arguments(error: &PartnerFileError) -> String {
    let argument = match error.key.rsplit_once('.').map(|(_, key)| key) {
        Some("host_keys") => "--host-key",
        Some("url") => "--webhook",
        Some("allow_networks") => "--allow-network",
        _ => "--sftp",
    };
    let problem = error.problem.split("; the operator must").next().unwrap_or_default();
    let hint = if problem.contains("allow_networks = [") { ", that is --allow-network" } else { "" };
    format!("{argument}: {problem}{hint}. Nothing was written")
}

fn text(args: &AddArgs, token: Option<&Token>) -> anyhow::Result<String> {
    let code = &args.partner;
    let mut text = format!(
        "# How the partner {code} is connected. Paths are relative to the folder of this file. Secrets are never in it: a\n\
         # secret is named by its file or by env:NAME. All keys: docs/schema/partner.schema.json; samples: docs/samples/partners\n\
         schema = \"partner/1\"\n\
         code = {}\n\n\
         # Of each settlement file goes out: the layout, then further formats such as payout-csv, camt.054, statement.pdf.\n\
         [file]\n\
         layout = \"canonical\"\n\
         also = []\n",
        quoted(code)
    );
    if let Some(folder) = &args.folder {
        text += "\n# Files appear here whole, each with its .done.\n[[transport]]\nkind = \"folder\"\n";
        text += &format!("path = {}\n", quoted(&folder.display().to_string()));
    }
    if let Some(address) = &args.sftp {
        text += &sftp(code, address, args.host_key.as_deref())?;
    }
    if let Some(url) = &args.webhook {
        text += "\n# Events, signed by Standard Webhooks 1.0.0. While the secret changes there are two of them.\n";
        text += &format!(
            "[[transport]]\nkind = \"webhook\"\nurl = {}\nsecrets = [{}]\n",
            quoted(url),
            quoted(&format!("keys/{code}-webhook"))
        );
        match &args.allow_network {
            Some(network) => text += &format!("allow_networks = [{}]\n", quoted(network)),
            None => {
                text +=
                    "# allow_networks = [\"10.20.0.0/16\"]  # private networks that the address may lie in\n"
            }
        }
    }
    text += "\n# Which events; all that are this partner's if it is left out. docs/events.md is the catalogue.\n\
             # [events]\n# topics = [\"settlement.published\"]\n\n\
             # The partner may fetch events and files itself: cobrand partner token makes a token and its hash.\n";
    text += &token.map_or_else(
        || "# [pull]\n# token_sha256 = [\"\"]\n".to_owned(),
        |token| format!("[pull]\ntoken_sha256 = [{}]\n", quoted(&token.hash)),
    );
    Ok(text)
}

fn sftp(code: &str, address: &str, host_key: Option<&str>) -> anyhow::Result<String> {
    let Server { user, host, port, folder } = server(address)?;
    Ok(format!(
        "\n# The partner's SFTP server. Its key is pinned; while it changes there are two fingerprints.\n\
         [[transport]]\nkind = \"sftp\"\nhost = {}\nport = {port}\nuser = {}\nhost_keys = [{}]\n\
         private_keys = [{}]\nfolder = {}\n",
        quoted(host),
        quoted(user),
        host_key.map(quoted).unwrap_or_default(),
        quoted(&format!("keys/{code}-sftp")),
        quoted(folder)
    ))
}

/// What `--sftp` says.
struct Server<'a> {
    user: &'a str,
    host: &'a str,
    port: u16,
    folder: &'a str,
}

fn server(address: &str) -> anyhow::Result<Server<'_>> {
    let wrong = || WrongUse(format!("--sftp {address:?}: expected user@host:port/folder"));
    let (user, rest) = address.split_once('@').ok_or_else(wrong)?;
    let (host, folder) = rest.split_once('/').unwrap_or((rest, ""));
    let (host, port) = host.rsplit_once(':').unwrap_or((host, "22"));
    let port: u16 = port.parse().map_err(|_| wrong())?;
    let folder = if folder.is_empty() { "." } else { folder };
    Ok(Server { user, host, port, folder })
}

/// As TOML writes a text.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// Whether a secret of a webhook was there, which is kept: the partner may have it already. If not, one is made.
fn keep_secret(path: &Path) -> anyhow::Result<bool> {
    if path.exists() {
        let known = SecretSource::new(path.to_string_lossy()).read("secrets", Path::new(""));
        known.map_err(anyhow::Error::from).and_then(|secret| Ok(WebhookKeys::new(&[secret])?)).with_context(
            || {
                format!(
                    "{} is there and cannot be used; mend it, or move it away for a new one",
                    path.display()
                )
            },
        )?;
        return Ok(true);
    }
    write_secret(path, &format!("{}\n", WebhookKeys::fresh()?.expose()))?;
    Ok(false)
}

fn write_secret(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut options = fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot write the secret {}", path.display()))?;
    file.write_all(text.as_bytes())?;
    Ok(())
}

/// A token for a partner that fetches its events and files: printed once, kept nowhere.
struct Token {
    text: String,
    /// What its file has of it.
    hash: String,
}

fn fresh_token() -> anyhow::Result<Token> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).map_err(|_| anyhow::anyhow!("the system gives no randomness"))?;
    let text = format!("cbp_{}", hex::encode(bytes));
    let hash = hex::encode(digest(&SHA256, text.as_bytes()));
    Ok(Token { text, hash })
}

/// Prints a token and its hash.
pub(super) fn token() -> anyhow::Result<()> {
    let Token { text, hash } = fresh_token()?;
    println!("token (for the partner, shown only now): {text}");
    println!("for its file:\n[pull]\ntoken_sha256 = [\"{hash}\"]");
    Ok(())
}
