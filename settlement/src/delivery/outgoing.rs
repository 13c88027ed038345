//! From what is on the books to what a transport carries.

use std::sync::Arc;

use partner_adapters::events::{Event, body};
use partner_adapters::formats::Output;
use partner_adapters::sha256;
use partner_adapters::transport::{Content, Outgoing};
use serde_json::Value;
use store::{DeliveryFileRow, PartnerEventRow};

use super::{ConnectedPartner, Dispatch, event_of};
use crate::Environment;

/// An event for a webhook.
pub(super) fn event(dispatch: &Dispatch, partner: &ConnectedPartner, row: &PartnerEventRow) -> Outgoing {
    of_event(&event_of(&partner.file.code, dispatch.environment, row))
}

fn of_event(event: &Event<Value>) -> Outgoing {
    let bytes: Arc<[u8]> = body(event).into();
    Outgoing {
        name: format!("{}.json", event.id),
        sha256: sha256(&bytes),
        content: Content::Bytes(bytes),
        key: event.id.clone(),
        media_type: "application/json",
    }
}

/// A settlement file itself, from the folder in which it is published.
pub(super) fn canonical(dispatch: &Dispatch, row: &DeliveryFileRow) -> Outgoing {
    let mut sha256 = [0; 32];
    // Another length is another content: then nothing goes out.
    if let Ok(known) = <[u8; 32]>::try_from(row.sha256.as_slice()) {
        sha256 = known;
    }
    Outgoing {
        name: row.file_name.clone(),
        content: Content::Path(dispatch.out.join(&row.file_name)),
        sha256,
        key: row.file_name.clone(),
        media_type: "text/plain; charset=utf-8",
    }
}

/// A form of a settlement file that was rendered.
pub(super) fn output(rendered: &Output) -> Outgoing {
    Outgoing {
        name: rendered.name.clone(),
        content: Content::Path(rendered.path.clone()),
        sha256: rendered.sha256,
        key: rendered.name.clone(),
        media_type: rendered.media_type,
    }
}

/// A file that says of itself that it is a test, for `partner test`: it is neither numbered nor on the books.
pub fn test_file(partner: &str, environment: Environment, at: jiff::Timestamp) -> Outgoing {
    let text = format!(
        "TEST from cobrand to {partner}, {at}, environment {}: please delete. It settles nothing.\n",
        environment.name()
    );
    let bytes: Arc<[u8]> = text.into_bytes().into();
    let name = format!("TEST_{partner}_{}.txt", at.as_second());
    Outgoing {
        key: name.clone(),
        name,
        sha256: sha256(&bytes),
        content: Content::Bytes(bytes),
        media_type: "text/plain; charset=utf-8",
    }
}
