//! Cards of an account: a new one in place of an old one, and the block of a lost one.

use domain::{BankId, ProgramId};
use serde_json::json;
use tokio_postgres::Row;

use super::{CardToken, ChangeError, MemberChange, Refused, Route};
use crate::{Pool, StoreError, error::damaged, sql};

/// A card in place of another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// The bank.
    pub bank: BankId,
    /// The program.
    pub program: ProgramId,
    /// The tokens of the old card, under all keys.
    pub old: Vec<CardToken>,
    /// The tokens of the new card, the current key's first.
    pub new: Vec<CardToken>,
    /// The last four digits of the new card.
    pub last4: String,
    /// The old card is blocked, too: it was lost or stolen.
    pub block_old: bool,
}

/// The cards of a member that end in those digits, without those that another card than `new` took the place of.
pub async fn cards_by_last4(
    pool: &Pool,
    bank: BankId,
    program: ProgramId,
    member_number: &str,
    last4: &str,
    new: &[CardToken],
) -> Result<Vec<CardToken>, StoreError> {
    let text = "SELECT c.token FROM member_account a JOIN card c ON c.bucket = a.bucket AND c.account_id = a.account_id \
                WHERE a.program_id = $1 AND a.member_number = $2 AND a.member_number <> '' AND a.bank_id = $3 \
                AND c.last4 = $4 AND (c.replaced_by IS NULL OR c.replaced_by = ANY($5)) ORDER BY c.token";
    let new: Vec<Vec<u8>> = new.iter().map(|token| token.to_bytes()).collect();
    let rows = pool.get().await?.query(text, &[&program.0, &member_number, &bank.0, &last4, &new]).await?;
    let token = |row: &Row| {
        let bytes: &[u8] = row.try_get(0)?;
        CardToken::from_bytes(bytes).ok_or_else(|| damaged("card token", bytes.len()))
    };
    rows.iter().map(token).collect()
}

impl MemberChange<'_> {
    /// Gives an account a new card in place of an old one. The old card's route stays: what comes late for it still
    /// finds the account. Returns the new card's route, and whether anything was changed.
    pub async fn replace_card(&self, replacement: &Replacement) -> Result<(Route, bool), ChangeError> {
        let Replacement { bank, program, .. } = replacement;
        let old = self.card_of(&replacement.old, *bank, *program).await?;
        let at = (i32::from(old.bucket.number()), old.member.account.0);
        self.lock_account(at).await?;
        let old_card = old.card.0.as_slice();
        let text = "SELECT last4, kind, holder, replaced_by FROM card WHERE bucket = $1 AND token = $2";
        let row = self.transaction.query_one(text, &[&at.0, &old_card]).await?;
        let (last4, kind, holder): (String, String, String) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let replaced_by: Option<Vec<u8>> = row.try_get(3)?;
        let known = self.route_of(&replacement.new).await?;
        match (&replaced_by, known) {
            (Some(by), Some(known)) if known.card.0.as_slice() == by.as_slice() => {
                // Told once more, now as lost: the old card must not give value any longer.
                let blocked = replacement.block_old && self.block_replaced(at, old_card).await?;
                return Ok((known, blocked));
            }
            (Some(_), _) => return Err(ChangeError::Refused(Refused::ReplacedByAnother)),
            (None, Some(known)) if known.member != old.member || known.card == old.card => {
                return Err(ChangeError::Refused(Refused::CardOfAnotherAccount));
            }
            (None, _) => {}
        }
        let route = match known {
            // Enrolled as a further card of the member before the replacement was told.
            Some(known) => known,
            None => self.add_card(replacement, at, &kind, &holder).await?,
        };
        let text = "UPDATE card SET replaced_by = $3 WHERE bucket = $1 AND token = $2";
        self.transaction.execute(text, &[&at.0, &old_card, &route.card.0.as_slice()]).await?;
        if replacement.block_old {
            self.set_blocked(at, old_card, true).await?;
        }
        let before = json!({ "last4": last4, "kind": kind, "holder": holder });
        let after = json!({ "last4": replacement.last4, "old_card_blocked": replacement.block_old });
        self.note(at, "card_replaced", &before, &after).await?;
        Ok((route, true))
    }

    /// Blocks a card that was replaced before. Returns whether it was not blocked until now.
    async fn block_replaced(&self, at: (i32, i64), card: &[u8]) -> Result<bool, ChangeError> {
        let Some(last4) = self.set_blocked(at, card, true).await? else { return Ok(false) };
        let after = json!({ "last4": last4, "blocked": true, "reason": "replaced as lost or stolen" });
        self.note(at, "card_blocked", &json!({ "last4": last4, "blocked": false }), &after).await?;
        Ok(true)
    }

    async fn add_card(
        &self,
        replacement: &Replacement,
        (bucket, account): (i32, i64),
        kind: &str,
        holder: &str,
    ) -> Result<Route, ChangeError> {
        let refused = ChangeError::Refused(Refused::CardOfAnotherAccount);
        let Some(token) = replacement.new.first().map(|token| token.to_bytes()) else { return Err(refused) };
        let Replacement { program, bank, last4, .. } = replacement;
        let route_row: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
            [&token, &bucket, &account, &program.0, &bank.0];
        if self.transaction.execute(sql::INSERT_ROUTE, &route_row).await? == 0 {
            // Another gateway was first, by its range of automatic enrollment.
            return Err(refused);
        }
        self.transaction
            .execute(sql::INSERT_CARD, &[&bucket, &token, &account, last4, &kind, &holder])
            .await?;
        self.route_of(&replacement.new).await?.ok_or(refused)
    }

    /// Blocks a card, or takes the block back. Returns the card's route, and whether anything was changed.
    pub async fn block_card(
        &self,
        bank: BankId,
        program: ProgramId,
        tokens: &[CardToken],
        blocked: bool,
        reason: &str,
    ) -> Result<(Route, bool), ChangeError> {
        let route = self.card_of(tokens, bank, program).await?;
        let at = (i32::from(route.bucket.number()), route.member.account.0);
        self.lock_account(at).await?;
        let changed = self.set_blocked(at, &route.card.0, blocked).await?;
        if let Some(last4) = &changed {
            let before = json!({ "last4": last4, "blocked": !blocked });
            let after = json!({ "last4": last4, "blocked": blocked, "reason": reason });
            self.note(at, "card_blocked", &before, &after).await?;
        }
        Ok((route, changed.is_some()))
    }

    /// The last four digits if the card was not so before.
    async fn set_blocked(
        &self,
        (bucket, account): (i32, i64),
        card: &[u8],
        blocked: bool,
    ) -> Result<Option<String>, ChangeError> {
        let text =
            "UPDATE card SET blocked = $3 WHERE bucket = $1 AND token = $2 AND blocked <> $3 RETURNING last4";
        let Some(row) = self.transaction.query_opt(text, &[&bucket, &card, &blocked]).await? else {
            return Ok(None);
        };
        let list = "UPDATE member_account SET blocked_cards = coalesce((SELECT array_agg(c.token ORDER BY c.token) \
                    FROM card c WHERE c.bucket = $1 AND c.account_id = $2 AND c.blocked), '{}') \
                    WHERE bucket = $1 AND account_id = $2";
        self.transaction.execute(list, &[&bucket, &account]).await?;
        Ok(Some(row.try_get(0)?))
    }

    /// The route of a card of this bank's program.
    async fn card_of(
        &self,
        tokens: &[CardToken],
        bank: BankId,
        program: ProgramId,
    ) -> Result<Route, ChangeError> {
        let found = self.route_of(tokens).await?;
        found
            .filter(|route| route.bank == bank && route.member.program == program)
            .ok_or(ChangeError::Refused(Refused::NoCard))
    }
}
