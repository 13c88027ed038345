//! `partner send`.

use serde_json::{Value, json};
use settlement::AccrualSent;

use super::{ProgramArgs, kept_by_partner, programs};
use crate::{
    assembly::{Assembly, LoadedProgram},
    commands::assemble,
};

pub(super) async fn send(args: &ProgramArgs) -> anyhow::Result<()> {
    let assembly = assemble(&args.config).await?;
    let mut files: Vec<Value> = Vec::new();
    for loaded in programs(&assembly, args.program.as_deref())? {
        for sent in tell_partner(&assembly, loaded).await? {
            if !args.json {
                println!("{}: {} lines, {} miles", sent.path.display(), sent.lines, sent.miles);
            }
            files.push(json!({
                "program": loaded.setup.code, "file": sent.path.display().to_string(),
                "sequence": sent.sequence, "lines": sent.lines, "miles": sent.miles,
            }));
        }
    }
    match (args.json, files.is_empty()) {
        (true, _) => println!("{}", json!({ "files": files })),
        (false, true) => println!("nothing can go out: see `cobrand partner accruals`"),
        (false, false) => {}
    }
    Ok(())
}

/// Publishes what the partner of a program is to be told, if it keeps the miles.
pub(crate) async fn tell_partner(
    assembly: &Assembly,
    loaded: &LoadedProgram,
) -> anyhow::Result<Vec<AccrualSent>> {
    if !kept_by_partner(loaded) {
        return Ok(Vec::new());
    }
    let out = &assembly.config.settlement.out;
    Ok(settlement::send_accruals(&assembly.pool, &loaded.setup, out).await?)
}

/// The same if something has happened since lines were last looked through.
pub(crate) async fn tell_partner_news(assembly: &Assembly, loaded: &LoadedProgram) -> anyhow::Result<()> {
    if kept_by_partner(loaded) && store::accruals_have_news(&assembly.pool, loaded.setup.id).await? {
        tell_partner(assembly, loaded).await?;
    }
    Ok(())
}
