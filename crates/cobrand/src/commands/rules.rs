//! `rules`: program files, without a database; with one, versions on their way into force, back-tests, and corrections of
//! what was decided by them.

mod backtest;
mod check;
mod diff;
mod explain;
mod proposals;

use std::{collections::BTreeMap, path::Path, path::PathBuf};

use anyhow::Context;
use clap::{Subcommand, ValueEnum};
use domain::{BankId, PartnerId, ProgramId};
use program_files::{Codes, FileErrors, Language, ProgramFile, program_header, program_schema};

use super::{corrections::RerateArgs, message_input::write_out};
use crate::cli::{AnswerIsNo, ConfigArgs};

/// Program files.
#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// Reads program files and says what is wrong or doubtful, with line and column. Exit status 1 if a file must not be
    /// put into force.
    Check {
        /// The files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// The map of merchants: rules for partners that have none are told.
        #[arg(long)]
        merchants: Option<PathBuf>,
    },
    /// Runs the tests inside program files.
    Test {
        /// The files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Tells how two program files differ: rule by rule, and in what example purchases are worth. Exit status 1 if they
    /// do.
    Diff {
        /// The version that is in force.
        old: PathBuf,
        /// The version that is to come.
        new: PathBuf,
        /// Writes JSON.
        #[arg(long)]
        json: bool,
    },
    /// Explains what one purchase is worth under a file, or what a stored transaction was worth, and why.
    Explain {
        /// The file.
        #[arg(required_unless_present = "message", requires = "given")]
        file: Option<PathBuf>,
        /// The purchase, in the words of a test's `given`: 'local_date = 2026-10-10, partner = "kosta", amount = "99.00"'.
        #[arg(long, requires = "file")]
        given: Option<String>,
        /// A stored transaction: its key, or its retrieval reference number (DE37).
        #[arg(long, value_name = "KEY|RRN", conflicts_with_all = ["file", "given"])]
        message: Option<String>,
        /// Where the configuration is; only with --message.
        #[command(flatten)]
        config: ConfigArgs,
        /// The language.
        #[arg(long, value_enum, default_value = "en")]
        lang: Lang,
        /// Writes JSON.
        #[arg(long)]
        json: bool,
    },
    /// The JSON Schema of program files, for editors.
    Schema,
    /// Decides all stored messages again, in memory: by the versions that held, which must give the ledger (else exit
    /// status 1), and by a candidate for the purchases of a period. Tells what changes. Nothing is written.
    Backtest(backtest::BacktestArgs),
    /// Computes the purchases of a period anew under another version and books the differences, once another person has
    /// approved the run.
    Rerate(Box<RerateArgs>),
    /// Proposals of other versions, and the version in force.
    #[command(flatten)]
    Proposal(proposals::ProposalCommand),
}

/// A language by its two letters.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Lang {
    /// English.
    En,
    /// Russian.
    Ru,
}

impl From<Lang> for Language {
    fn from(lang: Lang) -> Self {
        match lang {
            Lang::En => Self::English,
            Lang::Ru => Self::Russian,
        }
    }
}

impl RulesCommand {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Check { files, merchants } => check::check(&files, merchants.as_deref()),
            Self::Test { files } => check::test(&files),
            Self::Diff { old, new, json } => diff::diff(&old, &new, json),
            Self::Rerate(args) => args.run().await,
            Self::Explain { message: Some(message), config, lang, json, .. } => {
                explain::explain_stored(&config, &message, lang.into(), json).await
            }
            Self::Explain { file, given, lang, json, .. } => {
                let (file, given) = file.zip(given).context("a file and --given, or --message")?;
                explain::explain(&file, &given, lang.into(), json)
            }
            Self::Proposal(command) => command.run().await,
            Self::Schema => {
                write_out(format!("{}\n", serde_json::to_string_pretty(&program_schema())?).as_bytes())
            }
            Self::Backtest(args) => backtest::backtest(&args).await,
        }
    }
}

/// The texts of files, and numbers of their own for everything that they name: nothing is compared with a database.
#[derive(Debug)]
struct Texts {
    /// Name and text.
    files: Vec<(String, String)>,
    codes: Codes,
}

impl Texts {
    /// Reads files that are to be understood together; `also` are partners that others name.
    fn read(paths: &[&Path], also: &[String]) -> anyhow::Result<Self> {
        let (mut files, mut codes) = (Vec::new(), Codes::default());
        let mut partners: std::collections::BTreeSet<String> = also.iter().cloned().collect();
        for path in paths {
            let text = text_of(path)?;
            let name = path.display().to_string();
            let header = program_header(&text).map_err(|errors| refused(&name, &errors))?;
            codes.banks.insert(header.bank, BankId(1));
            codes.programs.insert(header.code, ProgramId(1));
            partners.extend(header.partners_named);
            files.push((name, text));
        }
        codes.partners =
            partners.into_iter().zip(1..).map(|(code, id)| (code, PartnerId(id))).collect::<BTreeMap<_, _>>();
        Ok(Self { files, codes })
    }

    /// The file at this place.
    fn program(&self, place: usize) -> anyhow::Result<ProgramFile> {
        let (name, text) = self.files.get(place).context("no such file")?;
        let hash = crate::assembly::hash_of(text);
        let read = program_files::read_program(text, hash, &self.codes);
        Ok(read.map_err(|errors| refused(name, &errors))?)
    }
}

fn text_of(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn refused(name: &str, errors: &FileErrors) -> AnswerIsNo {
    AnswerIsNo(errors.in_file(name))
}

fn one_program(path: &Path) -> anyhow::Result<(Codes, ProgramFile)> {
    let texts = Texts::read(&[path], &[])?;
    let file = texts.program(0)?;
    Ok((texts.codes, file))
}
