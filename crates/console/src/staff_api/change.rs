//! A change: one transaction with its key, its line of who and when, and its answer.

use axum::http::StatusCode;
use serde_json::json;
use settlement::sha256;
use store::Transaction;
use store::{KnownRequest, StaffRequest, StoreError, audit};

use super::{
    call::{Answer, Call},
    problems::Problem,
};

/// What is known of a change when it begins.
pub(super) enum Begun<'a> {
    /// It was made before: its answer.
    Before(Answer),
    /// It is to be made.
    Now(Change<'a>),
}

/// A change that is being made. Dropped, nothing of it stays and its key is free.
pub(super) struct Change<'a> {
    pub(super) transaction: Transaction<'a>,
    call: &'a Call,
    hashes: ([u8; 32], [u8; 32]),
}

impl Call {
    fn hashes(&self) -> ([u8; 32], [u8; 32]) {
        let head = format!("{} {}\n{}\n", self.operation.method, self.address, self.media_type);
        (sha256(self.key.as_bytes()), sha256(&[head.as_bytes(), &self.body].concat()))
    }

    /// Begins a change. Of two with one key at once the second waits here, and gets the answer of the first.
    pub(super) async fn begin<'a>(&'a self, client: &'a mut store::Client) -> Result<Begun<'a>, Problem> {
        let transaction = client.transaction().await.map_err(StoreError::from)?;
        let hashes = self.hashes();
        let change = Change { transaction, call: self, hashes };
        // The machine's clock: when it was sent, whatever date the business lives on.
        let at = jiff::Timestamp::now();
        match store::take_staff_request(&change.transaction, &change.request(), at).await? {
            KnownRequest::New => Ok(Begun::Now(change)),
            KnownRequest::OtherRequest => Err(Problem::other_request()),
            KnownRequest::Answered { status, body } => {
                let status = StatusCode::from_u16(status);
                let status =
                    status.map_err(|error| Problem::broken("a kept answer cannot be read", &error))?;
                Ok(Begun::Before(Answer::Json(status, body)))
            }
            KnownRequest::Begun { .. } => Err(Problem::busy()),
        }
    }
}

impl Change<'_> {
    fn request(&self) -> StaffRequest<'_> {
        let (key_sha256, request_sha256) = (&self.hashes.0, &self.hashes.1);
        StaffRequest { by: &self.call.who().user, key_sha256, request_sha256 }
    }

    /// Keeps the answer and commits. Beside what the change itself told the audit stands that a token made it.
    pub(super) async fn answered(self, answer: Answer) -> Result<Answer, Problem> {
        let Answer::Json(status, body) = &answer else {
            return Err(Problem::broken("an answer cannot be kept", &"it is a file"));
        };
        let path = self.call.address.split('?').next().unwrap_or_default();
        let entry = audit::AuditEntry::new(
            &self.call.who().user,
            "api.change",
            "api_operation",
            self.call.operation.name,
        );
        let told = json!({ "path": path, "token": self.call.admitted.label, "status": status.as_u16() });
        audit::record(&self.transaction, &entry.to(told)).await?;
        store::keep_staff_answer(&self.transaction, &self.request(), status.as_u16(), body).await?;
        self.transaction.commit().await.map_err(StoreError::from)?;
        Ok(answer)
    }
}

/// Makes a change once: `make` does it in the transaction of `change`, and says what to answer.
macro_rules! once {
    ($call:expr, |$change:ident| $make:expr) => {{
        let mut connection = $call.pool().get().await.map_err(store::StoreError::from)?;
        match $call.begin(&mut connection).await? {
            $crate::staff_api::change::Begun::Before(answer) => Ok(answer),
            $crate::staff_api::change::Begun::Now($change) => {
                let answer: $crate::staff_api::call::Answer = $make;
                $change.answered(answer).await
            }
        }
    }};
}
pub(super) use once;
