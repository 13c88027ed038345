//! Member accounts, their cards and the routes by which messages find them.

mod answers;
mod at_partner;
mod cards;
mod change;
mod miles;
mod profile;
mod view;

pub use answers::KnownRequest;
pub use at_partner::ChangedAtPartner;
pub use cards::{Replacement, cards_by_last4};
pub use change::{By, ChangeError, MemberChange, Refused};
pub use miles::{
    MilesBalance, RedemptionView, SpendingAccount, household_spenders, miles_balance, open_lots,
    redemption_of, redemptions_of, spending_account,
};
pub use profile::{Consent, ConsentChange, Profile, ProfileChange};
pub use view::{CardView, ConsentView, HouseholdAccount, MemberView, household_accounts, member_view};

use domain::{AccountId, BankId, Bucket, CardId, MemberRef, ProgramId};
use jiff::civil::Date;
use serde_json::json;
use tokio_postgres::{Row, types::ToSql};

use crate::{
    Pool, StoreError,
    audit::{self, AuditEntry},
    columns,
    error::damaged,
    sql,
    terms::note_new_card,
};

/// Leaves the entry of a file of members, before the first of its cards: they are enrolled in many transactions, and none of
/// them may be committed without it. What each one changed says `member_change`.
pub async fn enrollment_begins(
    pool: &Pool,
    by: &str,
    file: &str,
    new_cards: usize,
) -> Result<(), StoreError> {
    let entry = AuditEntry::new(by, "member.enroll", "enrollment_file", file);
    audit::record(&*pool.get().await?, &entry.to(json!({ "new_cards": new_cards }))).await
}

/// What stands for a card number: the id of the key and the keyed hash of the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CardToken {
    /// Which key.
    pub key_id: u8,
    /// HMAC-SHA-256 of the card number.
    pub mac: [u8; 32],
}

impl CardToken {
    /// The stored form: 33 bytes.
    pub fn to_bytes(self) -> Vec<u8> {
        std::iter::once(self.key_id).chain(self.mac).collect()
    }

    /// Reads the stored form.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (key_id, mac) = bytes.split_first()?;
        Some(Self { key_id: *key_id, mac: mac.try_into().ok()? })
    }

    /// The account that is created for a card which is the first of its member.
    fn account(&self) -> AccountId {
        let [_, _, _, _, _, _, _, _, a, b, c, d, e, f, g, h, ..] = self.mac;
        AccountId(i64::from_be_bytes([a & 0x7f, b, c, d, e, f, g, h]))
    }
}

/// Where a card's rows lie and whose it is; it never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// The account's bucket.
    pub bucket: Bucket,
    /// The member.
    pub member: MemberRef,
    /// The bank that issued the card.
    pub bank: BankId,
    /// The card: its token as it was enrolled.
    pub card: CardId,
}

/// What a card is to its account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CardKind {
    /// The member's own.
    #[default]
    Main,
    /// Somebody else's, on the member's account.
    Additional,
    /// Given away by the member, who pays it.
    Gift,
}

impl CardKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Main, Self::Additional, Self::Gift];

    /// As it is stored, and written in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Additional => "additional",
            Self::Gift => "gift",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A card to enroll.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMember {
    /// The card.
    pub token: CardToken,
    /// Its last four digits.
    pub last4: String,
    /// The bank.
    pub bank: BankId,
    /// The program.
    pub program: ProgramId,
    /// The member's number at the co-brand partner; cards with the same number share an account.
    pub member_number: String,
    /// The first local date on which purchases count.
    pub enrolled_on: Date,
    /// What the card is to its account.
    pub kind: CardKind,
    /// Who holds it, in the bank's words, if not the member.
    pub holder: String,
    /// What is said of the member. It counts with the card that makes the account: a further card changes nothing.
    pub profile: Profile,
}

/// The result of an enrollment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Enrolled {
    /// The card's route.
    pub route: Route,
    /// Whether the card was new.
    pub created: bool,
    /// Whether it made an account; else it joined one, whose profile stays as it was.
    pub account_created: bool,
}

/// The routes of cards, in their order; `None` for a card that is unknown.
pub async fn routes(pool: &Pool, tokens: &[CardToken]) -> Result<Vec<Option<Route>>, StoreError> {
    let client = pool.get().await?;
    let bytes: Vec<Vec<u8>> = tokens.iter().map(|token| token.to_bytes()).collect();
    let rows = client.query(sql::ROUTES, &[&bytes]).await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        found.push((row.try_get::<_, Vec<u8>>(0)?, route(row)?));
    }
    Ok(bytes
        .iter()
        .map(|token| found.iter().find(|(other, _)| other == token).map(|(_, route)| *route))
        .collect())
}

/// The numbers at the co-brand partner of some accounts, in their order; empty where there is none.
pub async fn member_numbers(
    pool: &Pool,
    accounts: &[(Bucket, AccountId)],
) -> Result<Vec<String>, StoreError> {
    let (buckets, ids): (Vec<i32>, Vec<i64>) =
        accounts.iter().map(|(bucket, account)| (i32::from(bucket.number()), account.0)).unzip();
    let text = "SELECT a.bucket, a.account_id, a.member_number FROM unnest($1::int[], $2::bigint[]) u(b, id) \
                JOIN member_account a ON a.bucket = u.b AND a.account_id = u.id WHERE a.bucket = ANY($1::int[])";
    let mut numbers = std::collections::BTreeMap::new();
    for row in pool.get().await?.query(text, &[&buckets, &ids]).await? {
        numbers.insert((row.try_get::<_, i32>(0)?, row.try_get::<_, i64>(1)?), row.try_get::<_, String>(2)?);
    }
    let of = |(bucket, account): (&i32, &i64)| numbers.remove(&(*bucket, *account)).unwrap_or_default();
    Ok(buckets.iter().zip(&ids).map(of).collect())
}

fn route(row: &Row) -> Result<Route, StoreError> {
    let token: &[u8] = row.try_get(0)?;
    let card = CardId(token.try_into().map_err(|_| damaged("card token", token.len()))?);
    let member = MemberRef { account: AccountId(row.try_get(2)?), program: ProgramId(row.try_get(3)?) };
    Ok(Route { bucket: columns::bucket(row, 1)?, member, bank: BankId(row.try_get(4)?), card })
}

/// Enrolls a card in a transaction of its own; a card that is known stays as it is.
pub async fn enroll(pool: &Pool, new: &NewMember, by: &By) -> Result<Enrolled, ChangeError> {
    let mut client = pool.get().await.map_err(StoreError::from)?;
    let change = MemberChange::begin(&mut client, by.clone()).await?;
    let enrolled = change.enroll(new).await?;
    if enrolled.created {
        change.commit().await?;
    }
    // Else nothing is kept: an account that was made for a card which belongs elsewhere must not stay.
    Ok(enrolled)
}

impl MemberChange<'_> {
    /// Enrolls a card. If it was not `created`, nothing may be committed.
    pub async fn enroll(&self, new: &NewMember) -> Result<Enrolled, ChangeError> {
        let token = new.token.to_bytes();
        let program = new.program;
        if !new.member_number.is_empty() {
            // One at a time for each member: of two first cards, the second must find the account of the first.
            self.lock(&new.member_number, program).await?;
        }
        if let Some(known) = self.route_of(&[new.token]).await? {
            return Ok(Enrolled { route: known, created: false, account_created: false });
        }
        let (bucket, account) = self.home(new).await?;
        let account_row: [&(dyn ToSql + Sync); 9] = [
            &bucket,
            &account,
            &new.bank.0,
            &program.0,
            &new.member_number,
            &new.enrolled_on,
            &new.profile.household,
            &new.profile.birthday,
            &new.profile.name_check,
        ];
        let account_created = self.transaction.execute(sql::INSERT_ACCOUNT, &account_row).await? == 1;
        let route_row: [&(dyn ToSql + Sync); 5] = [&token, &bucket, &account, &program.0, &new.bank.0];
        let created = self.transaction.execute(sql::INSERT_ROUTE, &route_row).await? == 1;
        if created {
            let card: [&(dyn ToSql + Sync); 6] =
                [&bucket, &token, &account, &new.last4, &new.kind.name(), &new.holder];
            self.transaction.execute(sql::INSERT_CARD, &card).await?;
            note_new_card(&self.transaction, program, (bucket, account), &token).await?;
            self.note_enrollment(new, (bucket, account), account_created).await?;
            if account_created {
                self.announce_enrollment(new, (bucket, account)).await?;
            }
        }
        // Read again: another gateway may have been first.
        let row = self.transaction.query_one(sql::ROUTES, &[&vec![token]]).await?;
        Ok(Enrolled { route: route(&row)?, created, account_created: created && account_created })
    }

    /// Whether a card is this member's already, under whichever key. Another member's is refused.
    pub async fn is_members_card(&self, tokens: &[CardToken], new: &NewMember) -> Result<bool, ChangeError> {
        let Some(route) = self.route_of(tokens).await? else { return Ok(false) };
        let at = (i32::from(route.bucket.number()), route.member.account.0);
        let account = self.account_of(new.program, &new.member_number).await?;
        let theirs = (new.bank, new.program) == (route.bank, route.member.program)
            && (new.member_number.is_empty() || account == Some(at));
        if theirs { Ok(true) } else { Err(ChangeError::Refused(Refused::CardOfAnotherAccount)) }
    }

    /// Bucket and account of a new card: its member's, or a new account. That lies beside the others of its household,
    /// so that one batch of one lane can hold them all.
    async fn home(&self, new: &NewMember) -> Result<(i32, i64), ChangeError> {
        if let Some(found) = self.account_of(new.program, &new.member_number).await? {
            // The account before the route, as a replacement takes them.
            self.lock_account(found).await?;
            return Ok(found);
        }
        let own = i32::from(Bucket::of_token(&new.token.mac).number());
        let household = &new.profile.household;
        if household.is_empty() {
            return Ok((own, new.token.account().0));
        }
        self.lock(&format!("household {household}"), new.program).await?;
        let text = "SELECT bucket FROM member_account WHERE program_id = $1 AND household = $2 AND household <> '' \
                    AND bank_id = $3 ORDER BY enrolled_on, bucket, account_id LIMIT 1";
        let params: [&(dyn ToSql + Sync); 3] = [&new.program.0, household, &new.bank.0];
        let bucket = match self.transaction.query_opt(text, &params).await? {
            Some(row) => row.try_get(0)?,
            None => own,
        };
        Ok((bucket, new.token.account().0))
    }

    /// The first event of the account for the partners.
    async fn announce_enrollment(&self, new: &NewMember, at: (i32, i64)) -> Result<(), ChangeError> {
        let facts = serde_json::json!({
            "date": new.enrolled_on.to_string(), "at": self.by.at.to_string(),
        });
        // No message has brought it about.
        let no_message: &[u8] = &[];
        let row: [&(dyn ToSql + Sync); 6] = [
            &vec![at.0],
            &vec![at.1],
            &vec![1_i64],
            &vec![no_message],
            &vec!["member.enrolled"],
            &vec![facts.to_string()],
        ];
        self.transaction.execute(sql::INSERT_OUTBOX, &row).await?;
        let unused: Option<jiff::civil::Date> = None;
        let place: [&(dyn ToSql + Sync); 5] =
            [&vec![at.0], &vec![at.0], &vec![at.1], &vec![1_i64], &vec![unused]];
        self.transaction.execute(sql::SET_ACCOUNT_SEQ, &place).await?;
        Ok(())
    }

    async fn note_enrollment(
        &self,
        new: &NewMember,
        at: (i32, i64),
        account_created: bool,
    ) -> Result<(), ChangeError> {
        if account_created {
            for consent in &new.profile.consents {
                self.give(at, consent).await?;
            }
        }
        let after = serde_json::json!({
            "last4": new.last4, "kind": new.kind.name(), "holder": new.holder,
            "member_number": new.member_number, "enrolled_on": new.enrolled_on.to_string(),
            "new_account": account_created,
            "profile": account_created.then(|| new.profile.to_json()),
        });
        self.note(at, "enrolled", &serde_json::Value::Null, &after).await
    }
}
