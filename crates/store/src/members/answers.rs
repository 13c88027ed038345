//! Requests of the API and their answers: a request that comes again gets the answer that it got.

use domain::BankId;
use jiff::Timestamp;

use super::{ChangeError, MemberChange};

/// What is known of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KnownRequest {
    /// Nothing: it is to be carried out, and its answer kept in the same transaction.
    New,
    /// It was answered before.
    Answered {
        /// The HTTP status.
        status: u16,
        /// The body.
        body: String,
    },
    /// It was begun at that time and has no answer yet: the first try broke off, or is still under way.
    Begun {
        /// When.
        at: Timestamp,
    },
    /// Its key was used for another request.
    OtherRequest,
}

impl MemberChange<'_> {
    /// Takes the caller's key, as its keyed hash. Of two requests with one key at once, the second waits here for the first.
    pub async fn take_request(
        &self,
        bank: BankId,
        key_mac: &[u8; 32],
        request_mac: &[u8; 32],
    ) -> Result<KnownRequest, ChangeError> {
        let text = "INSERT INTO api_request (bank_id, key_mac, request_mac, answered_at, status, body) \
                    VALUES ($1, $2, $3, $4, 0, '') ON CONFLICT DO NOTHING";
        let (key, mac) = (key_mac.as_slice(), request_mac.as_slice());
        if self.transaction.execute(text, &[&bank.0, &key, &mac, &self.by.at]).await? == 1 {
            return Ok(KnownRequest::New);
        }
        let text = "SELECT request_mac, status, body, answered_at FROM api_request WHERE bank_id = $1 AND key_mac = $2";
        let row = self.transaction.query_one(text, &[&bank.0, &key]).await?;
        let (known, status): (&[u8], i32) = (row.try_get(0)?, row.try_get(1)?);
        if known != mac {
            return Ok(KnownRequest::OtherRequest);
        }
        if status == 0 {
            return Ok(KnownRequest::Begun { at: row.try_get(3)? });
        }
        let status = u16::try_from(status).map_err(|_| crate::error::damaged("status", status))?;
        Ok(KnownRequest::Answered { status, body: row.try_get(2)? })
    }

    /// Keeps the answer beside the change.
    pub async fn keep_answer(
        &self,
        bank: BankId,
        key_mac: &[u8; 32],
        status: u16,
        body: &str,
    ) -> Result<(), ChangeError> {
        let text = "UPDATE api_request SET status = $3, body = $4 WHERE bank_id = $1 AND key_mac = $2 AND status = 0";
        let key = key_mac.as_slice();
        self.transaction.execute(text, &[&bank.0, &key, &i32::from(status), &body]).await?;
        Ok(())
    }
}
