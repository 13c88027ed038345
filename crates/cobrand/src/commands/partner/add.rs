//! `partner add`, `partner token`: a commented file for a new partner, and what to do next.

use std::{
    fs,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use anyhow::Context;
use aws_lc_rs::{
    digest::{SHA256, digest},
    rand,
};
use clap::Args;
use partner_adapters::{PartnerFile, transport::WebhookKeys};

use crate::{
    cli::{AnswerIsNo, ConfigArgs},
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
}

pub(super) async fn add(args: &AddArgs) -> anyhow::Result<()> {
    let assembly = assemble(&args.config).await?;
    assembly.partner_id(&args.partner)?;
    let base = args.config.config.parent().unwrap_or(Path::new("."));
    let relative = args.file.clone().unwrap_or_else(|| format!("partners/{}.toml", args.partner).into());
    let path = base.join(&relative);
    if path.exists() {
        return Err(AnswerIsNo(format!("{} exists and is not overwritten: edit it", path.display())).into());
    }
    let folder = path.parent().unwrap_or(base);
    let keys = folder.join("keys");
    let text = text(args)?;
    // What cannot be read is not written.
    PartnerFile::parse(&text, &path)?;
    fs::create_dir_all(&keys).with_context(|| format!("cannot make {}", keys.display()))?;
    let mut steps = Vec::new();
    if args.webhook.is_some() {
        let secret = WebhookKeys::fresh()?;
        let file = keys.join(format!("{}-webhook", args.partner));
        write_secret(&file, &format!("{}\n", secret.expose()))?;
        steps.push(format!(
            "give the partner the secret in {} by a way that nobody else reads",
            file.display()
        ));
    }
    if args.sftp.is_some() {
        let file = keys.join(format!("{}-sftp", args.partner));
        let file = file.display();
        steps.push(format!("make our key: ssh-keygen -t ed25519 -N '' -f {file} && chmod 600 {file}"));
        steps.push(format!("give the partner {file}.pub for its SFTP server"));
        if args.host_key.is_none() {
            let compare = "compare it with what the partner says by another way, and write it into host_keys";
            steps.push(format!("ssh-keyscan the server | ssh-keygen -lf -: {compare}"));
        }
    }
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    println!("wrote {}", path.display());
    steps.push(format!(
        "name it in {}: [settlement] partners = [\"{}\"]",
        args.config.config.display(),
        relative.display()
    ));
    steps.push(format!("cobrand partner test {}", args.partner));
    steps.push("start serve or settle again: from then on the partner is told".to_owned());
    println!("next:");
    for (number, step) in (1..).zip(steps) {
        println!("  {number}. {step}");
    }
    Ok(())
}

fn text(args: &AddArgs) -> anyhow::Result<String> {
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
             # The partner may fetch events and files itself: cobrand partner token makes a token and its hash.\n\
             # [pull]\n# token_sha256 = [\"\"]\n";
    Ok(text)
}

fn sftp(code: &str, address: &str, host_key: Option<&str>) -> anyhow::Result<String> {
    let wrong = || AnswerIsNo(format!("--sftp {address:?}: expected user@host:port/folder"));
    let (user, rest) = address.split_once('@').ok_or_else(wrong)?;
    let (host, folder) = rest.split_once('/').unwrap_or((rest, ""));
    let (host, port) = host.rsplit_once(':').unwrap_or((host, "22"));
    let port: u16 = port.parse().map_err(|_| wrong())?;
    let folder = if folder.is_empty() { "." } else { folder };
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

/// As TOML writes a text.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
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
pub(super) fn token() -> anyhow::Result<()> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).map_err(|_| anyhow::anyhow!("the system gives no randomness"))?;
    let token = format!("cbp_{}", hex::encode(bytes));
    let hash = hex::encode(digest(&SHA256, token.as_bytes()));
    println!("token (for the partner, shown only now): {token}");
    println!("for its file:\n[pull]\ntoken_sha256 = [\"{hash}\"]");
    Ok(())
}
