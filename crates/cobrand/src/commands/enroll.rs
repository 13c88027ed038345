//! `enroll`: cards and members by file, and the sealing of such files.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufReader, BufWriter, Read, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use gateway::{EnrollmentFile, EnrollmentReport, OpeningKey, SealingKey};
use store::By;
use zeroize::Zeroizing;

use super::{assemble, staff::operator};
use crate::{
    assembly::Assembly,
    certs,
    cli::{ConfigArgs, WrongUse},
    config::ConfigError,
};

/// Arguments of `enroll`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct EnrollArgs {
    #[command(subcommand)]
    sealing: Option<Sealing>,
    #[command(flatten)]
    config: ConfigArgs,
    /// The bank whose cards they are.
    #[arg(long, required = true)]
    bank: Option<String>,
    /// The file is plain text. It holds card numbers, so it should have been sealed.
    #[arg(long)]
    plain: bool,
    /// Check the file and say what would be done; nothing is enrolled and nothing removed.
    #[arg(long)]
    dry_run: bool,
    /// Do not remove the file when all of it is committed.
    #[arg(long)]
    keep: bool,
    /// Who imports it, for the lines of who changed what.
    #[arg(long, env = "USER", default_value = "operator")]
    by: String,
    /// A sealed CSV file. It is removed when all of it is committed.
    #[arg(required = true)]
    file: Option<PathBuf>,
}

/// What comes before the import.
#[derive(Debug, Subcommand)]
enum Sealing {
    /// Writes a new enrollment key: enrollment.key for the gateway, enrollment.pub for whoever seals.
    Key {
        /// The folder.
        #[arg(long, default_value = "certs")]
        out: PathBuf,
    },
    /// Seals a file, so that only the gateway can read it. Run it where the file is made.
    Seal {
        /// The gateway's enrollment.pub.
        #[arg(long)]
        key: PathBuf,
        /// The sealed file; by itself the name of the plain one with `.sealed` behind it.
        #[arg(long)]
        out: Option<PathBuf>,
        /// The plain file, or `-` for standard input, so that it never lies on a disk.
        file: PathBuf,
    },
}

/// Enrolls the file's cards, or prepares that.
pub async fn enroll(args: EnrollArgs) -> anyhow::Result<()> {
    match args.sealing {
        Some(Sealing::Key { out }) => certs::write_enrollment_key(&out),
        Some(Sealing::Seal { key, out, file }) => seal(&key, &file, out),
        None => import(&args).await,
    }
}

fn seal(key: &Path, plain: &Path, out: Option<PathBuf>) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(key).with_context(|| format!("cannot read {}", key.display()))?;
    let key = SealingKey::from_text(&text).with_context(|| key.display().to_string())?;
    let from_input = plain == Path::new("-");
    let out = match (out, from_input) {
        (Some(out), _) => out,
        (None, true) => bail!(WrongUse("say with --out where the sealed file goes".to_owned())),
        (None, false) => PathBuf::from(format!("{}.sealed", plain.display())),
    };
    let input: Box<dyn Read> = match from_input {
        true => Box::new(std::io::stdin()),
        false => Box::new(File::open(plain).with_context(|| format!("cannot read {}", plain.display()))?),
    };
    let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&out);
    let file = file.with_context(|| format!("cannot write {}", out.display()))?;
    let sealed = gateway::seal(input, BufWriter::new(&file), &key).and_then(|()| file.sync_all());
    if let Err(error) = sealed {
        // A part of a file would be taken for the whole, and would be in the way of the next try.
        std::fs::remove_file(&out).with_context(|| format!("cannot remove {}", out.display()))?;
        return Err(error).with_context(|| format!("{} was not sealed", plain.display()));
    }
    println!("sealed {} for the enrollment key {}", out.display(), key.id());
    if !from_input {
        println!("{} is still there in plain text: remove it", plain.display());
    }
    Ok(())
}

async fn import(args: &EnrollArgs) -> anyhow::Result<()> {
    // Both are required by the command line.
    let (Some(bank), Some(path)) = (&args.bank, &args.file) else { bail!("--bank and a file are needed") };
    let assembly = assemble(&args.config).await?;
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let opened = file.metadata()?;
    let plain: Box<dyn Read> = if args.plain {
        eprintln!(
            "warning: {} holds card numbers in plain text; have such files sealed: cobrand enroll seal",
            path.display()
        );
        Box::new(file)
    } else {
        let key = opening_key(&assembly)?;
        let sealed = gateway::open_sealed(BufReader::new(file), &key);
        Box::new(sealed.with_context(|| path.display().to_string())?)
    };
    // Only the bank's own: its cards must not earn on another bank's account.
    let own = assembly.programs.iter().filter(|loaded| loaded.setup.bank.1 == *bank);
    let programs: BTreeMap<_, _> = own.map(|loaded| (loaded.setup.code.clone(), loaded.setup.id)).collect();
    let keys = assembly.known_card_keys().await?;
    let link = assembly.link(bank)?;
    let checked = EnrollmentFile::check(plain, link, &programs, &keys, &assembly.pool).await?;
    if args.dry_run {
        println!("nothing was enrolled: {}", words(&checked.expected(), "would be enrolled"));
        return Ok(());
    }
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let who = iso8583::mask_text(&format!("{} by file {name}", args.by)).into_owned();
    let operator = iso8583::mask_text(operator(&args.by)).into_owned();
    let expected = checked.expected().enrolled;
    if expected > 0 {
        store::enrollment_begins(&assembly.pool, &operator, &iso8583::mask_text(&name), expected).await?;
    }
    let by = By { who, at: assembly.clock.now() };
    let report = checked.enroll(&assembly.pool, &by).await?;
    println!("{}", words(&report, "enrolled"));
    if args.keep {
        println!("{} is still there and holds card numbers: remove it", path.display());
        return Ok(());
    }
    remove(path, &opened)?;
    println!(
        "removed {}: {}",
        path.display(),
        match args.plain {
            true => "its bytes may be on the disk until something else is written there, in plain text",
            false => "its bytes may be on the disk for a while, unreadable without the enrollment key",
        }
    );
    Ok(())
}

fn words(report: &EnrollmentReport, done: &str) -> String {
    let EnrollmentReport { enrolled, known, replaced, profiles_kept } = report;
    let mut text =
        format!("{enrolled} cards {done}, {replaced} of them in place of others; {known} were known");
    if *profiles_kept > 0 {
        text.push_str(&format!(
            "; {profiles_kept} joined an account whose household, birthday and consents stay as they were"
        ));
    }
    text
}

fn opening_key(assembly: &Assembly) -> anyhow::Result<OpeningKey> {
    let path = assembly.config.enrollment.key.as_ref().ok_or_else(|| ConfigError::Value {
        key: "enrollment.key".to_owned(),
        problem: "sealed files need the enrollment key: make one with cobrand enroll key and name it here"
            .to_owned(),
    })?;
    let text = std::fs::read_to_string(path)
        .map(Zeroizing::new)
        .map_err(|source| ConfigError::Read { path: path.clone(), source })?;
    OpeningKey::from_text(&text)
        .map_err(|error| ConfigError::File(format!("{}: {error}", path.display())).into())
}

/// Removes the file that was read, not another one that has taken its name meanwhile.
fn remove(path: &Path, read: &std::fs::Metadata) -> anyhow::Result<()> {
    let now = std::fs::symlink_metadata(path)?;
    if (now.dev(), now.ino()) != (read.dev(), read.ino()) {
        bail!(
            "all cards are enrolled, but {} is not the file any more that was read: remove that one by hand",
            path.display()
        );
    }
    std::fs::remove_file(path).with_context(|| format!("cannot remove {}", path.display()))?;
    // The folder's entry must not come back after a power cut.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()?;
    std::io::stdout().flush()?;
    Ok(())
}
