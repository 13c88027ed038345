//! What the files on the disk have to do with the version in force, and how a process follows another version.

use std::collections::BTreeMap;

use anyhow::{Context, anyhow};
use domain::{Program, ProgramId, RulesHash};
use jiff::Timestamp;
use program_files::{Codes, ProgramFile, program_header, read_program};
use settlement::ProgramSetup;
use store::{Pool, Scheduled};

use super::{Assembly, LoadedProgram, auto_enroll, entry_of, environment, hash_of, in_file, read};
use crate::config::{Config, ProgramChanges};

/// A program file that is not used: another version of its program is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DifferingFile {
    /// The file.
    pub path: String,
    /// Its program.
    pub program: String,
    /// Its version.
    pub version: RulesHash,
    /// The version in force.
    pub running: RulesHash,
}

impl DifferingFile {
    /// What is so and what to do.
    pub fn advice(&self) -> String {
        let Self { path, program, version, running } = self;
        format!(
            "{path} is version {} and is not used: version {} of {program} is in force; to change the program: cobrand rules \
             propose {path} --comment WHY; to bring the file up to date: cobrand rules running {program} --out {path}",
            version.short(),
            running.short()
        )
    }
}

/// The names and texts to load: of each file its own text, or the one in force in place of it.
pub(super) async fn texts(
    pool: &Pool,
    config: &Config,
) -> anyhow::Result<(Vec<(String, String)>, Vec<DifferingFile>)> {
    let (mut texts, mut differing) = (Vec::new(), Vec::new());
    let by_approval = config.programs.changes == ProgramChanges::Approval;
    let numbers = if by_approval { store::program_numbers(pool).await? } else { BTreeMap::new() };
    for path in &config.programs.files {
        let (name, text) = (path.display().to_string(), read(path)?);
        let program = program_header(&text).map_err(|errors| in_file(&name, &errors))?.code;
        let running = match numbers.get(&program) {
            Some(id) => store::running_version(pool, *id).await?,
            None => None,
        };
        let version = hash_of(&text);
        match running.filter(|running| *running != version) {
            None => texts.push((name, text)),
            Some(running) => {
                let kept = store::program_version(pool, running).await?;
                texts.push((format!("version {} in force", running.short()), kept));
                differing.push(DifferingFile { path: name, program, version, running });
            }
        }
    }
    Ok((texts, differing))
}

impl Assembly {
    fn by_approval(&self) -> bool {
        self.config.programs.changes == ProgramChanges::Approval
    }

    /// Where files change programs, puts the file's version into force. Writes down which version is.
    pub(super) async fn follow_file(&self, program: &Program) -> anyhow::Result<()> {
        let (pool, now) = (&self.pool, self.clock.now());
        if self.by_approval() {
            // Only the first version comes from its file: what followed was written down when it came into force.
            if store::versions_in_force(pool, program.id, 1).await?.is_empty() {
                store::note_in_force(pool, program.id, program.hash, now).await?;
            }
            return Ok(());
        }
        if store::switch_rules(pool, program.id, program.hash).await? {
            let version = program.hash.short();
            tracing::warn!(program = program.code, version, "other rules are in force from now on");
        }
        Ok(store::note_in_force(pool, program.id, program.hash, now).await?)
    }

    pub(super) fn name_differing_files(&self, differing: &[DifferingFile]) {
        for file in differing {
            tracing::warn!(program = file.program, "{}", file.advice());
        }
    }

    /// The numbers of everything that is known by now: another process may have brought partners.
    async fn codes_now(&self) -> anyhow::Result<Codes> {
        Ok(Codes {
            banks: store::allot_banks(&self.pool, &[]).await?,
            partners: store::allot_partners(&self.pool, &[]).await?,
            programs: store::program_numbers(&self.pool).await?,
        })
    }

    async fn file_of(&self, version: RulesHash) -> anyhow::Result<(ProgramFile, Codes)> {
        let text = store::program_version(&self.pool, version).await?;
        let codes = self.codes_now().await?;
        let file = read_program(&text, version, &codes);
        Ok((file.map_err(|errors| in_file(&format!("version {}", version.short()), &errors))?, codes))
    }

    /// How a cycle that nominally ends then is settled: under the terms of the version that was in force at its end,
    /// whatever followed.
    pub async fn setup_at(&self, loaded: &LoadedProgram, end: Timestamp) -> anyhow::Result<ProgramSetup> {
        let version = match self.by_approval() {
            true => store::version_before(&self.pool, loaded.setup.id, end).await?,
            false => None,
        };
        let Some(version) = version.filter(|version| *version != loaded.file.program.hash) else {
            return Ok(loaded.setup.clone());
        };
        let (file, codes) = self.file_of(version).await?;
        ProgramSetup::of_file(&file, &codes, environment(&self.config)?)
            .ok_or_else(|| anyhow!("the bank of version {} has no number", version.short()))
    }

    /// Keeps the text of an approved version, with numbers for the partners that it brings.
    pub(crate) async fn register(&self, next: &Scheduled) -> anyhow::Result<()> {
        let name = format!("proposal {}", next.proposal);
        let header = program_header(&next.body).map_err(|errors| in_file(&name, &errors))?;
        let partners: Vec<String> = header.partners_named.into_iter().collect();
        store::allot_partners(&self.pool, &partners).await?;
        let codes = self.codes_now().await?;
        let file = read_program(&next.body, next.hash, &codes).map_err(|errors| in_file(&name, &errors))?;
        let id = store::register_program(&self.pool, &entry_of(&file), next.hash, &next.body).await?;
        if id == next.program { Ok(()) } else { Err(anyhow!("{name} is of another program")) }
    }

    /// The versions that this process knows as those in force.
    pub(crate) fn known_versions(&self) -> BTreeMap<ProgramId, RulesHash> {
        self.programs.iter().map(|loaded| (loaded.setup.id, loaded.file.program.hash)).collect()
    }

    /// Takes over what another version says beside the rules of purchases: which cards enroll by themselves. The rules
    /// themselves a gateway fetches as soon as a gate names them.
    pub(crate) async fn take_over(&self, known: &mut BTreeMap<ProgramId, RulesHash>) -> anyhow::Result<()> {
        let mut now = BTreeMap::new();
        for id in known.keys() {
            let running = store::running_version(&self.pool, *id).await?;
            now.extend(running.map(|version| (*id, version)));
        }
        if now == *known {
            return Ok(());
        }
        let mut files = Vec::new();
        for version in now.values() {
            files.push(self.file_of(*version).await.context("a version in force cannot be read")?.0);
        }
        let current = self.rule_book.current();
        let (merchants, rates) = (current.merchants.clone(), current.rates.clone());
        self.rule_book.replace(files.iter(), merchants, rates, auto_enroll(files.iter()));
        *known = now;
        Ok(())
    }
}
