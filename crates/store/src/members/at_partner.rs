//! By what the co-brand partner knows a member: its number there, and letters of the name.

use domain::ProgramId;
use serde_json::json;

use super::{ChangeError, MemberChange, Refused};
use crate::audit::{self, AuditEntry};

/// What of a member at the partner is another one than before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChangedAtPartner {
    /// The number, by which the bank's enrollment and API name the member too.
    pub number: bool,
    /// The name check.
    pub name_check: bool,
}

impl MemberChange<'_> {
    /// Gives an account another number or another name check at the partner; `None` stays as it is. Of the name check
    /// only that it changed is written down. Says what is another one now.
    pub async fn correct_at_partner(
        &self,
        at: (i32, i64),
        program: ProgramId,
        number: Option<&str>,
        name_check: Option<&str>,
    ) -> Result<ChangedAtPartner, ChangeError> {
        if let Some(number) = number.filter(|number| !number.is_empty()) {
            // One at a time for each number, as in an enrollment.
            self.lock(number, program).await?;
            if self.account_of(program, number).await?.is_some_and(|owner| owner != at) {
                return Err(ChangeError::Refused(Refused::NumberOfAnotherMember));
            }
        }
        self.lock_account(at).await?;
        let changed = self.change_at_partner(at, program, number, name_check).await?;
        if changed != ChangedAtPartner::default() {
            let by = self.by.who.strip_prefix("staff ").unwrap_or(&self.by.who);
            let (object, is) = (
                format!("{}/{}", at.0, at.1),
                json!({ "number": changed.number, "name_check": changed.name_check }),
            );
            let entry = AuditEntry::new(by, "member.at_partner", "member", &object).to(is);
            audit::record(&self.transaction, &entry).await?;
        }
        Ok(changed)
    }

    /// The same for an account that is locked.
    pub(super) async fn change_at_partner(
        &self,
        (bucket, account): (i32, i64),
        program: ProgramId,
        number: Option<&str>,
        name_check: Option<&str>,
    ) -> Result<ChangedAtPartner, ChangeError> {
        let text = "SELECT member_number, name_check FROM member_account \
                    WHERE bucket = $1 AND account_id = $2 AND program_id = $3";
        let row = self.transaction.query_opt(text, &[&bucket, &account, &program.0]).await?;
        let row = row.ok_or(ChangeError::Refused(Refused::NoMember))?;
        let (number_before, check_before): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        let number = number.unwrap_or(&number_before);
        let check = name_check.unwrap_or(&check_before);
        let changed = ChangedAtPartner { number: number != number_before, name_check: check != check_before };
        if changed == ChangedAtPartner::default() {
            return Ok(changed);
        }
        let text = "UPDATE member_account SET member_number = $3, name_check = $4 \
                    WHERE bucket = $1 AND account_id = $2";
        self.transaction.execute(text, &[&bucket, &account, &number, &check]).await?;
        crate::partner_ledger::note_news(&self.transaction, program).await?;
        let before = json!({ "member_number": number_before });
        let after = json!({ "member_number": number, "name_check_changed": changed.name_check });
        self.note((bucket, account), "at_partner", &before, &after).await?;
        Ok(changed)
    }
}
