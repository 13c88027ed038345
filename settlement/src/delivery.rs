//! Delivery: what happened becomes events of partners, and events and settlement files reach them.
//!
//! ```text
//! outbox --relay_news--> partner_event --deliver_due--> webhook      (one task for each way to a partner)
//! published files ---rendered-----------deliver_due--> SFTP, S3, folder
//! answers, statements <-------------collect_answers--- their inboxes
//! ```
//!
//! Each way stands for itself: its own task, lease, pause and error, so that the outage of one partner is nobody else's.
//! A way brings one item after the other in their order; the next one waits for the one before. What a crash leaves in
//! doubt goes out again under the same key.

mod inbox;
mod measures;
mod outgoing;
mod relay;
mod rendered;
mod way;

use std::path::{Path, PathBuf};

use domain::PartnerId;
use jiff::Timestamp;
use partner_adapters::events::{EVENT_VERSION, Event, data, event_id};
use partner_adapters::{Endpoint, FileOutputs, PartnerFile, PartnerFileError};
use serde_json::Value;
use store::{PartnerEventRow, Pool};

use crate::Environment;

pub use inbox::{Collection, collect_answers};
pub use outgoing::test_file;
pub use relay::{EVENTS_KEPT_DAYS, Wanted, relay_news, relay_wanted};
pub use way::{Pass, deliver_due, give_back, register, register_ways};

/// A partner with its file, and the ways to it.
#[derive(Debug)]
pub struct ConnectedPartner {
    /// Its number.
    pub id: PartnerId,
    /// What its file says.
    pub file: PartnerFile,
    /// The ways, opened.
    pub endpoints: Vec<Endpoint>,
    /// What it gets of each settlement file.
    pub outputs: FileOutputs,
}

impl ConnectedPartner {
    /// Opens the ways and reads the layouts that its file names; calls nobody. `path` is that of the file.
    ///
    /// # Errors
    /// What is wrong, with the key under which it stands.
    pub fn open(id: PartnerId, file: PartnerFile, path: &Path) -> Result<Self, PartnerFileError> {
        let (endpoints, outputs) = (file.open(path)?, file.outputs(path)?);
        Ok(Self { id, file, endpoints, outputs })
    }
}

/// What every delivery needs.
pub struct Dispatch {
    /// The database.
    pub pool: Pool,
    /// The folder of published settlement files.
    pub out: PathBuf,
    /// Test or live.
    pub environment: Environment,
    /// This process, in this life of it.
    pub owner: String,
    /// What time it is.
    pub now: Box<dyn Fn() -> Timestamp + Send + Sync>,
}

/// An event as its partner sees it.
pub fn event_of(partner: &str, environment: Environment, row: &PartnerEventRow) -> Event<Value> {
    Event {
        id: event_id(partner, row.number),
        topic: row.topic.clone(),
        version: EVENT_VERSION,
        number: row.number,
        environment: environment.name().to_owned(),
        at: row.occurred_at.to_string(),
        program: row.program.clone(),
        subject: row.subject.clone(),
        order: row.subject_order,
        data: data(&row.data),
    }
}
