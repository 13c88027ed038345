//! What is said of a member beside money: household, birthday, consent, status.

use domain::{BankId, ProgramId};
use jiff::civil::Date;
use serde_json::{Value, json};
use tokio_postgres::Row;

use super::{ChangeError, MemberChange, Refused};

/// What is said of a member when the account is made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Profile {
    /// The members of a household may spend together; empty: alone.
    pub household: String,
    /// `MM-DD` or `YYYY-MM-DD`; empty: not known.
    pub birthday: String,
    /// What the member agreed to.
    pub consents: Vec<Consent>,
    /// Letters of the member's name by which the co-brand partner knows that the number is right; empty: none. It is
    /// told to the partner only.
    pub name_check: String,
}

impl Profile {
    pub(super) fn to_json(&self) -> Value {
        let consents = self.consents.iter();
        let consents = consents.map(|consent| json!({ "what": consent.what, "version": consent.version }));
        json!({ "household": self.household, "birthday": self.birthday, "consents": consents.collect::<Vec<_>>() })
    }
}

/// That a member agreed to something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// To what, such as `marketing`.
    pub what: String,
    /// To which version of its text.
    pub version: String,
    /// When; at the change itself if it was not said.
    pub given_at: Option<jiff::Timestamp>,
}

/// A consent that is given or withdrawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConsentChange {
    /// Given, or given anew.
    Given(Consent),
    /// Withdrawn, by its name.
    Withdrawn(String),
}

/// What shall be otherwise; what is `None` stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProfileChange {
    /// Another household, or none.
    pub household: Option<String>,
    /// Another birthday, or none.
    pub birthday: Option<String>,
    /// Blocked, or no more.
    pub blocked: Option<bool>,
    /// Closed after that local date, or open again.
    pub closed_on: Option<Option<Date>>,
    /// Consents.
    pub consents: Vec<ConsentChange>,
    /// Another name check at the partner, or none.
    pub name_check: Option<String>,
}

struct Stored {
    household: String,
    birthday: String,
    blocked: bool,
    closed_on: Option<Date>,
}

impl Stored {
    fn of(row: &Row) -> Result<Self, tokio_postgres::Error> {
        Ok(Self {
            household: row.try_get(0)?,
            birthday: row.try_get(1)?,
            blocked: row.try_get(2)?,
            closed_on: row.try_get(3)?,
        })
    }

    fn to_json(&self) -> Value {
        json!({ "household": self.household, "birthday": self.birthday, "blocked": self.blocked,
                "closed_on": self.closed_on.map(|date| date.to_string()) })
    }
}

impl MemberChange<'_> {
    /// Changes what is said of a member. A household may be changed; the bucket of the account never is.
    pub async fn change_profile(
        &self,
        bank: BankId,
        program: ProgramId,
        member_number: &str,
        change: &ProfileChange,
    ) -> Result<(), ChangeError> {
        let at = self.locked_account(bank, program, member_number).await?;
        let columns = "household, birthday, blocked, closed_on";
        let text = format!("SELECT {columns} FROM member_account WHERE bucket = $1 AND account_id = $2");
        let before = Stored::of(&self.transaction.query_one(text.as_str(), &[&at.0, &at.1]).await?)?;
        let after = Stored {
            household: change.household.clone().unwrap_or_else(|| before.household.clone()),
            birthday: change.birthday.clone().unwrap_or_else(|| before.birthday.clone()),
            blocked: change.blocked.unwrap_or(before.blocked),
            closed_on: change.closed_on.unwrap_or(before.closed_on),
        };
        let (before, after_json) = (before.to_json(), after.to_json());
        if before != after_json {
            let text = "UPDATE member_account SET household = $3, birthday = $4, blocked = $5, closed_on = $6 \
                        WHERE bucket = $1 AND account_id = $2";
            let Stored { household, birthday, blocked, closed_on } = &after;
            self.transaction.execute(text, &[&at.0, &at.1, household, birthday, blocked, closed_on]).await?;
            self.note(at, "profile", &before, &after_json).await?;
        }
        self.change_at_partner(at, program, None, change.name_check.as_deref()).await?;
        for consent in &change.consents {
            self.change_consent(at, consent).await?;
        }
        Ok(())
    }

    async fn change_consent(&self, at: (i32, i64), change: &ConsentChange) -> Result<(), ChangeError> {
        let what = match change {
            ConsentChange::Given(consent) => &consent.what,
            ConsentChange::Withdrawn(what) => what,
        };
        let before = self.consent(at, what).await?;
        match change {
            ConsentChange::Given(consent) => self.give(at, consent).await?,
            ConsentChange::Withdrawn(_) if before.is_null() => {
                return Err(ChangeError::Refused(Refused::NoConsent));
            }
            ConsentChange::Withdrawn(what) => {
                let text = "UPDATE member_consent SET withdrawn_at = $4 \
                            WHERE bucket = $1 AND account_id = $2 AND consent = $3 AND withdrawn_at IS NULL";
                self.transaction.execute(text, &[&at.0, &at.1, what, &self.by.at]).await?;
            }
        }
        let after = self.consent(at, what).await?;
        if before != after {
            self.note(at, "consent", &before, &after).await?;
        }
        Ok(())
    }

    pub(super) async fn give(&self, at: (i32, i64), consent: &Consent) -> Result<(), ChangeError> {
        let text = "INSERT INTO member_consent (bucket, account_id, consent, version, given_at) \
                    VALUES ($1, $2, $3, $4, $5) ON CONFLICT (bucket, account_id, consent) DO UPDATE SET \
                    version = excluded.version, given_at = excluded.given_at, withdrawn_at = NULL \
                    WHERE member_consent.version <> excluded.version OR member_consent.withdrawn_at IS NOT NULL";
        let given_at = consent.given_at.unwrap_or(self.by.at);
        self.transaction.execute(text, &[&at.0, &at.1, &consent.what, &consent.version, &given_at]).await?;
        Ok(())
    }

    /// A consent as it stands, for the line of the change; null if there is none.
    async fn consent(&self, at: (i32, i64), what: &str) -> Result<Value, ChangeError> {
        let text = "SELECT version, given_at, withdrawn_at FROM member_consent \
                    WHERE bucket = $1 AND account_id = $2 AND consent = $3";
        let Some(row) = self.transaction.query_opt(text, &[&at.0, &at.1, &what]).await? else {
            return Ok(Value::Null);
        };
        let (version, given): (String, jiff::Timestamp) = (row.try_get(0)?, row.try_get(1)?);
        let withdrawn: Option<jiff::Timestamp> = row.try_get(2)?;
        Ok(json!({ "what": what, "version": version, "given_at": given.to_string(),
                   "withdrawn_at": withdrawn.map(|at| at.to_string()) }))
    }
}
