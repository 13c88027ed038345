//! The partners of the demo: each gets its files into a folder of its own, as by any other way.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::bail;
use serde_json::{Value, json};
use settlement::{Closed, ConnectedPartner, Dispatch};
use tokio::task::JoinSet;

use super::World;

/// Who is connected.
const PARTNERS: [&str; 3] = ["airboreal", "kosta", "skyfuel"];
/// Below `[settlement]` in the demo's configuration.
pub(super) const CONNECTED: &str =
    "partners = [\"partners/airboreal.toml\", \"partners/kosta.toml\", \"partners/skyfuel.toml\"]";

/// A file as its partner has it.
pub(crate) struct PartnerFile {
    pub(crate) partner: String,
    pub(crate) output: String,
    pub(crate) path: PathBuf,
}

/// The partners' files, and a word of greeting in each folder.
pub(super) fn files() -> Vec<(String, String)> {
    let of = |code: &str| {
        let text = format!(
            "# Written by the demo: {code} gets its files into a folder.\nschema = \"partner/1\"\ncode = \"{code}\"\n\n\
             [file]\nlayout = \"canonical\"\nalso = [\"payout-csv\", \"camt.054\", \"statement.xlsx\", \
             \"statement.pdf\"]\n\n[[transport]]\nkind = \"folder\"\npath = \"../for-{code}\"\n"
        );
        let greeting = format!(
            "Everything that {code} gets of each business day. Made up: nothing of it is to be paid.\n"
        );
        [(format!("partners/{code}.toml"), text), (format!("for-{code}/README.txt"), greeting)]
    };
    PARTNERS.iter().copied().flat_map(of).collect()
}

/// Makes the ways known, before the day is closed.
pub(super) async fn connect(world: &World) -> anyhow::Result<()> {
    let dispatch = world.assembly.dispatch()?;
    for partner in world.assembly.connect_partners()? {
        settlement::register(&dispatch, &partner).await?;
    }
    Ok(())
}

/// Delivers the day's files, each partner's in a task of its own as `settle` does, and says where each lies.
pub(super) async fn deliver(world: &World, closed: &Closed) -> anyhow::Result<Vec<PartnerFile>> {
    let dispatch = Arc::new(world.assembly.dispatch()?);
    let partners = world.assembly.connect_partners()?;
    let mut bringing = JoinSet::new();
    for partner in &partners {
        bringing.spawn(bring(Arc::clone(&dispatch), Arc::clone(partner)));
    }
    while let Some(done) = bringing.join_next().await {
        done??;
    }
    settlement::give_back(&dispatch).await?;
    let there = |partner: &Arc<ConnectedPartner>| {
        let code = &partner.file.code;
        let own = closed.files.iter().filter(|file| file.receiver == *code);
        let names: Vec<String> = own.filter_map(|file| name_of(&file.path)).collect();
        let mut there = Vec::new();
        for output in partner.outputs.names() {
            let files = names.iter().filter_map(|name| partner.outputs.file_name(output, name));
            there.extend(files.map(|name| PartnerFile {
                partner: code.clone(),
                output: output.to_owned(),
                path: world.dir.join(format!("for-{code}")).join(name),
            }));
        }
        there
    };
    Ok(partners.iter().flat_map(there).collect())
}

async fn bring(dispatch: Arc<Dispatch>, partner: Arc<ConnectedPartner>) -> anyhow::Result<()> {
    for endpoint in &partner.endpoints {
        while settlement::deliver_due(&dispatch, &partner, endpoint).await?.more {}
        let way = store::endpoint(&dispatch.pool, partner.id, &endpoint.name).await?;
        if way.backlog > 0 {
            bail!("{} files for {} were not delivered: {}", way.backlog, partner.file.code, way.last_error);
        }
    }
    Ok(())
}

fn name_of(path: &Path) -> Option<String> {
    Some(path.file_name()?.to_string_lossy().into_owned())
}

pub(super) fn in_json(files: &[PartnerFile]) -> Value {
    let one = |file: &PartnerFile| json!({ "partner": file.partner, "output": file.output, "path": file.path.display().to_string() });
    files.iter().map(one).collect()
}
