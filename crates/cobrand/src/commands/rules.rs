//! `rules check` and `rules test`: program files, without a database.

use std::{collections::BTreeMap, path::PathBuf};

use clap::Subcommand;
use domain::{BankId, PartnerId, ProgramId};
use program_files::{Codes, ProgramFile, program_header, read_program};

use crate::{assembly::hash_of, cli::AnswerIsNo};

/// Program files.
#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// Reads a program file and says what is wrong, with line and column.
    Check {
        /// The files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Runs the tests inside a program file.
    Test {
        /// The files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}

impl RulesCommand {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Check { files } => files.iter().try_for_each(|path| {
                let file = read(path)?;
                println!(
                    "ok  {}  {} version {}",
                    path.display(),
                    file.program.code,
                    file.program.hash.short()
                );
                Ok(())
            }),
            Self::Test { files } => {
                let mut failed = 0;
                for path in &files {
                    failed += test(&read(path)?);
                }
                if failed == 0 { Ok(()) } else { Err(AnswerIsNo(format!("{failed} tests failed")).into()) }
            }
        }
    }
}

fn test(file: &ProgramFile) -> usize {
    let results = file.run_tests();
    for result in &results {
        if result.passed {
            println!("pass  {}", result.name);
        } else {
            println!(
                "FAIL  {} (line {})\n      expected {}\n      got      {}",
                result.name, result.line, result.expected, result.got
            );
        }
    }
    results.iter().filter(|result| !result.passed).count()
}

/// Reads a file with numbers of its own: nothing is compared with a database.
fn read(path: &PathBuf) -> anyhow::Result<ProgramFile> {
    use anyhow::Context;
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let name = path.display().to_string();
    let header = program_header(&text).map_err(|errors| AnswerIsNo(errors.in_file(&name).to_string()))?;
    let partners = header.partners_named.iter().chain([&header.cobrand_partner]);
    let partners: BTreeMap<String, PartnerId> =
        partners.zip(1..).map(|(code, number)| (code.clone(), PartnerId(number))).collect();
    let codes = Codes {
        banks: BTreeMap::from([(header.bank.clone(), BankId(1))]),
        partners,
        programs: BTreeMap::from([(header.code.clone(), ProgramId(1))]),
    };
    Ok(read_program(&text, hash_of(&text), &codes)
        .map_err(|errors| AnswerIsNo(errors.in_file(&name).to_string()))?)
}
