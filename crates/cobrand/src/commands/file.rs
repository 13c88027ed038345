//! `file verify`, `file show` and `file regenerate`.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Subcommand;
use partner_adapters::{CANONICAL, FileOutputs, PartnerFile, formats::FileSettings};
use serde_json::json;

use super::{
    assemble,
    day::{cycles_of, numbered},
};
use crate::cli::{AnswerIsNo, ConfigArgs};

/// Settlement files.
#[derive(Debug, Subcommand)]
pub enum FileCommand {
    /// Recomputes every count, sum and hash of a file; needs no database.
    Verify {
        /// Print JSON.
        #[arg(long)]
        json: bool,
        /// The files; several of one receiver, in order, are also checked as a chain.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Prints what a file says: batches and totals, in major units; or writes it in another format. The file is verified
    /// first. Needs no database.
    Show {
        /// Writes it in this format (`payout-csv`, `camt.054`, `camt.053`, `pain.001`, `statement.xlsx`, `statement.pdf`, a
        /// built-in layout, or the path of a layout file) into `--out`.
        #[arg(long = "as", value_name = "FORMAT", requires = "out", conflicts_with = "json")]
        format: Option<String>,
        /// The partner's file with `[file]`: names, accounts, the language of the statement.
        #[arg(long, requires = "format")]
        partner_file: Option<PathBuf>,
        /// The file that is written; it must not be there yet.
        #[arg(long, requires = "format")]
        out: Option<PathBuf>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
        /// The file.
        file: PathBuf,
    },
    /// Writes the files of a settled cycle again, byte for byte, into a folder.
    Regenerate {
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArgs,
        /// The program.
        #[arg(long)]
        program: String,
        /// The business date.
        #[arg(long)]
        date: jiff::civil::Date,
        /// Of a date with several cut-offs only the cycle with this number; without it all that are closed.
        #[arg(long, value_name = "N")]
        cycle: Option<usize>,
        /// The folder.
        #[arg(long)]
        out: PathBuf,
    },
}

impl FileCommand {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Verify { json, files } => verify(json, &files),
            Self::Show { format: Some(format), partner_file, out: Some(out), file, .. } => {
                render_as(&format, partner_file.as_deref(), &file, &out)
            }
            Self::Show { json, file, .. } => show(json, &file),
            Self::Regenerate { config, program, date, cycle, out } => {
                let assembly = assemble(&config).await?;
                let loaded = assembly.program(&program)?;
                let mut cycles = cycles_of(&assembly, loaded, date).await?;
                if let Some(number) = cycle {
                    cycles = vec![numbered(cycles, number)?];
                }
                let published = &assembly.config.settlement.out;
                let mut rendered = 0;
                for of in cycles.iter().filter(|of| of.cycle.state.is_cut()) {
                    let setup = assembly.setup_at(loaded, of.cut_off.timestamp()).await?;
                    let made = settlement::regenerate(&assembly.pool, &setup, of.cycle.id, published, &out);
                    for path in made.await? {
                        println!("{}", path.display());
                        rendered += 1;
                    }
                }
                match rendered {
                    0 => {
                        let of = cycle.map_or_else(String::new, |number| format!("cycle {number} of "));
                        Err(AnswerIsNo(format!("{of}{date} has no files yet: see day show")).into())
                    }
                    _ => Ok(()),
                }
            }
        }
    }
}

/// Writes a settlement file in one format under a name that is free.
fn render_as(format: &str, partner_file: Option<&Path>, file: &Path, out: &Path) -> anyhow::Result<()> {
    settlement::verify_path(file).map_err(|error| AnswerIsNo(format!("{}: {error}", file.display())))?;
    let mut settings = match partner_file {
        Some(path) => PartnerFile::read(path)?.file,
        None => FileSettings::default(),
    };
    // Of the partner's file only names, accounts and words count here; a layout is looked for from this folder.
    settings.layout = CANONICAL.to_owned();
    settings.also = vec![format.to_owned()];
    let outputs =
        FileOutputs::of(&settings, Path::new(".")).map_err(|error| AnswerIsNo(error.to_string()))?;
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let made = tempfile::Builder::new().prefix(".cobrand-").tempdir_in(folder)?;
    let rendered = outputs.render(file, made.path()).map_err(|error| AnswerIsNo(error.to_string()))?;
    let Some(output) = rendered.first() else {
        return Err(AnswerIsNo(format!("{} has nothing that {format} could say", file.display())).into());
    };
    // A link fails where a rename would overwrite.
    std::fs::hard_link(&output.path, out).with_context(|| format!("cannot write {}", out.display()))?;
    println!("{}  {} bytes, SHA-256 {}", out.display(), output.bytes, hex::encode(output.sha256));
    Ok(())
}

fn verify(as_json: bool, files: &[PathBuf]) -> anyhow::Result<()> {
    let mut chain = Chain::default();
    for path in files {
        let is_no = |error| AnswerIsNo(format!("{}: {error}", path.display()));
        let summary = settlement::verify_path(path).map_err(is_no)?;
        let through = chain.next(&summary).map_err(is_no)?;
        if as_json {
            let batches: Vec<_> = summary
                .batches
                .iter()
                .map(|batch| {
                    json!({ "partner": batch.partner, "currency": batch.currency, "direction": batch.direction.name(),
                        "transactions": batch.transactions, "net_minor": batch.net_minor, "vat_minor": batch.vat_minor,
                        "rounding_minor": batch.rounding_minor, "to_pay_minor": batch.to_pay_minor })
                })
                .collect();
            println!(
                "{}",
                json!({ "file": path.display().to_string(), "receiver": summary.header.receiver,
                "business_date": summary.header.business_date.to_string(), "sha256": summary.sha256,
                "records": summary.records, "follows_revision": through, "batches": batches })
            );
        } else {
            let follows = match through {
                Some(revision) => format!(", follows revision {revision} of the file before"),
                None => String::new(),
            };
            println!(
                "ok  {}  {} records, SHA-256 of the file {}{follows}",
                path.display(),
                summary.records,
                summary.sha256
            );
        }
    }
    Ok(())
}

/// Editions of one file, and those of the file after it.
#[derive(Default)]
struct Chain {
    before: Vec<settlement::FileSummary>,
    editions: Vec<settlement::FileSummary>,
}

impl Chain {
    /// The revision of the file before to which this one is chained; `None` if it is the first of its receiver.
    fn next(&mut self, summary: &settlement::FileSummary) -> Result<Option<i32>, settlement::VerifyError> {
        let last = self.editions.last().map(|last| &last.header);
        let is_other = last.is_some_and(|last| last.receiver != summary.header.receiver);
        let is_edition = last.is_some_and(|last| last.sequence == summary.header.sequence);
        if is_other {
            *self = Self::default();
        } else if !is_edition {
            self.before = std::mem::take(&mut self.editions);
        }
        if let Some(edition) = self.editions.last() {
            settlement::verify_edition(edition, summary)?;
        }
        self.editions.push(summary.clone());
        let through = || settlement::verify_chain_through(&self.before, summary);
        (!self.before.is_empty()).then(through).transpose()
    }
}

/// Minor units as a decimal number of the major unit.
fn major(minor: i64, exponent: u16) -> String {
    let (digits, places) = (minor.unsigned_abs(), usize::from(exponent));
    let text = format!("{digits:0width$}", width = places + 1);
    let (whole, part) = text.split_at(text.len() - places);
    let sign = if minor < 0 { "-" } else { "" };
    if places == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") }
}

fn show(as_json: bool, path: &std::path::Path) -> anyhow::Result<()> {
    let summary =
        settlement::verify_path(path).map_err(|error| AnswerIsNo(format!("{}: {error}", path.display())))?;
    if as_json {
        println!("{}", summary_json(&summary));
        return Ok(());
    }
    let header = &summary.header;
    println!(
        "{} {}   file {} to {}, revision {}",
        header.environment.name(),
        header.program,
        header.sequence,
        header.receiver,
        header.revision
    );
    println!(
        "business date {}   cycle {}   cut-off {}",
        header.business_date, header.cycle_sequence, header.cut_off
    );
    for batch in &summary.batches {
        let amount = |minor| major(minor, batch.exponent);
        println!(
            "\n{} {}   cycle {} of {}   to be paid on {}",
            batch.partner, batch.currency, batch.cycle_sequence, batch.business_date, batch.payment_date
        );
        println!(
            "  lines {:>22}   adjustments {}, charges {}",
            batch.transactions, batch.adjustments, batch.charges
        );
        for (basis, quantity) in &batch.quantities {
            println!("  {:<24} {quantity:>15}", basis.name());
        }
        let rows = [
            ("opening balance", batch.opening_minor),
            ("net", batch.net_minor),
            ("value added tax", batch.vat_minor),
            ("closing balance", batch.closing_minor),
        ];
        for (name, minor) in rows {
            println!("  {name:<24} {:>15}", amount(minor));
        }
        println!("  {:<24} {:>15}", batch.direction.name(), amount(batch.to_pay_minor));
    }
    println!();
    for total in &summary.totals {
        let exponent = summary.batches.iter().find(|batch| batch.currency == total.currency);
        let amount = major(total.to_pay_minor, exponent.map_or(0, |batch| batch.exponent));
        println!("total {:<20} {amount:>15} {}", total.direction.name(), total.currency);
    }
    println!("{} records, SHA-256 {}", summary.records, summary.sha256);
    Ok(())
}

fn summary_json(summary: &settlement::FileSummary) -> serde_json::Value {
    let batch = |batch: &settlement::BatchSummary| {
        let quantities: serde_json::Map<_, _> = batch
            .quantities
            .iter()
            .map(|(basis, quantity)| (basis.name().to_owned(), json!(quantity)))
            .collect();
        json!({ "partner": batch.partner, "currency": batch.currency, "exponent": batch.exponent,
            "business_date": batch.business_date.to_string(), "cycle_sequence": batch.cycle_sequence,
            "payment_date": batch.payment_date.to_string(), "direction": batch.direction.name(),
            "transactions": batch.transactions, "adjustments": batch.adjustments, "charges": batch.charges,
            "quantities": quantities, "opening_minor": batch.opening_minor, "net_minor": batch.net_minor,
            "vat_minor": batch.vat_minor, "rounding_minor": batch.rounding_minor,
            "closing_minor": batch.closing_minor, "to_pay_minor": batch.to_pay_minor })
    };
    let total = |total: &settlement::Total| json!({ "currency": total.currency, "direction": total.direction.name(), "to_pay_minor": total.to_pay_minor });
    let header = &summary.header;
    json!({ "environment": header.environment.name(), "sender": header.sender, "receiver": header.receiver,
        "program": header.program, "zone": header.zone, "business_date": header.business_date.to_string(),
        "cycle_sequence": header.cycle_sequence, "cut_off": header.cut_off, "sequence": header.sequence,
        "revision": header.revision, "previous_sha256": header.previous_text(), "sha256": summary.sha256,
        "records": summary.records, "hash_total": summary.hash_total,
        "batches": summary.batches.iter().map(batch).collect::<Vec<_>>(),
        "totals": summary.totals.iter().map(total).collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn amounts_have_the_decimals_of_their_currency() {
        for (minor, exponent, expected) in [
            (1_095, 2, "10.95"),
            (-5, 2, "-0.05"),
            (7, 0, "7"),
            (-7, 0, "-7"),
            (1_234, 3, "1.234"),
            (0, 2, "0.00"),
        ] {
            assert_eq!(major(minor, exponent), expected);
        }
    }
}
