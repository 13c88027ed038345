//! The forms of a settlement file that a partner gets, written into a folder of their own before they go out. What lies
//! there may be removed at any time: the same file gives the same bytes again.

use std::{fs, io, path::Path};

use partner_adapters::{
    CANONICAL, formats::Output, formats::OutputError, may_pass, sha256_of_file, transport::Outgoing,
};
use store::DeliveryFileRow;

use super::{ConnectedPartner, Dispatch, outgoing};

/// The folder below that of the published files.
const FOLDER: &str = "rendered";

/// Why an output could not be made.
#[derive(Debug)]
pub(super) struct NotRendered {
    /// Who must do what.
    pub(super) problem: String,
    /// Whether it may pass by itself.
    pub(super) may_pass: bool,
}

/// The edition that is being brought, with its forms.
#[derive(Default)]
pub(super) struct Edition {
    of: Option<(i32, i32)>,
    forms: Vec<Output>,
}

impl Edition {
    /// What goes out of an edition under the name of an output; `None` if it has nothing to say there.
    pub(super) async fn item(
        &mut self,
        dispatch: &Dispatch,
        partner: &ConnectedPartner,
        row: &DeliveryFileRow,
    ) -> Result<Option<Outgoing>, NotRendered> {
        let name = partner.outputs.file_name(&row.output, &row.file_name).ok_or_else(|| NotRendered {
            problem: format!("{} is no output of this partner any more", row.output),
            may_pass: true,
        })?;
        if row.output == CANONICAL {
            return Ok(Some(outgoing::canonical(dispatch, row)));
        }
        if self.of != Some((row.sequence, row.revision)) {
            self.forms = render(dispatch, partner, row).await?;
            self.of = Some((row.sequence, row.revision));
        }
        Ok(self.forms.iter().find(|form| form.name == name).map(outgoing::output))
    }
}

async fn render(
    dispatch: &Dispatch,
    partner: &ConnectedPartner,
    row: &DeliveryFileRow,
) -> Result<Vec<Output>, NotRendered> {
    let (canonical, sha256) = (dispatch.out.join(&row.file_name), row.sha256.clone());
    let folder = dispatch.out.join(FOLDER).join(&partner.file.code);
    let outputs = partner.outputs.clone();
    let work = move || {
        as_published(&canonical, &sha256)?;
        fs::create_dir_all(&folder).map_err(|error| cannot("make", &folder, &error))?;
        outputs.render(&canonical, &folder).map_err(|error| of_output(&error))
    };
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(NotRendered { problem: error.to_string(), may_pass: true }))
}

fn of_output(error: &OutputError) -> NotRendered {
    NotRendered { problem: error.to_string(), may_pass: may_pass(error) }
}

fn cannot(what: &str, path: &Path, error: &io::Error) -> NotRendered {
    let problem = format!("cannot {what} {}: {error}; the operator must mend it", path.display());
    NotRendered { problem, may_pass: true }
}

/// Nothing is made of a file that is not the one on the books.
fn as_published(path: &Path, sha256: &[u8]) -> Result<(), NotRendered> {
    let found = sha256_of_file(path).map_err(|error| cannot("read", path, &error))?;
    match found == sha256 {
        true => Ok(()),
        false => Err(NotRendered {
            problem: format!(
                "{} is not the file that was published; close its day again, which puts it there",
                path.display()
            ),
            may_pass: false,
        }),
    }
}
