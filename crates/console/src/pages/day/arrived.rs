//! What arrived for a cycle: as it was counted at its close, or now.

use store::{Cycle, Pool};

use super::Day;
use crate::{locale::Counted, pages::PageError, words::day::mti_in};

/// What a cycle comes to.
pub(crate) type Numbers = store::CycleNumbers;

/// A cycle with more messages is counted when somebody asks for it, not with each look at its page.
const COUNTED_AT_ONCE_MAX: i64 = 3_000;

const MESSAGES: Counted = Counted {
    english: ["message", "messages"],
    russian: ["сообщение", "сообщения", "сообщений"],
};

/// A message type.
pub(super) struct ArrivalRow {
    pub(super) mti: String,
    pub(super) meaning: &'static str,
    pub(super) messages: String,
    pub(super) matched: String,
    pub(super) unmatched: String,
    pub(super) counted: String,
}

/// The numbers of a cycle; `None` if it has many messages, was not counted yet and nobody asked to count `now`.
pub(crate) async fn numbers(pool: &Pool, cycle: &Cycle, now: bool) -> Result<Option<Numbers>, PageError> {
    if now {
        return Ok(Some(store::count_numbers(pool, cycle.id).await?));
    }
    if cycle.state.is_cut()
        && let Some(kept) = store::kept_numbers(pool, cycle.id).await?
    {
        return Ok(Some(kept));
    }
    if store::has_more_messages(pool, cycle.id, COUNTED_AT_ONCE_MAX).await? {
        return Ok(None);
    }
    Ok(Some(store::count_numbers(pool, cycle.id).await?))
}

/// How many messages arrived.
pub(super) fn messages(numbers: Option<&Numbers>) -> i64 {
    numbers.iter().flat_map(|numbers| &numbers.arrivals).map(|arrival| arrival.messages).sum()
}

impl Day<'_> {
    pub(super) fn arrivals(&self, numbers: Option<&Numbers>) -> Vec<ArrivalRow> {
        let locale = self.locale;
        let row = |arrival: &store::Arrival| ArrivalRow {
            mti: arrival.mti.clone(),
            meaning: mti_in(&arrival.mti, self.language()),
            messages: locale.number(arrival.messages),
            matched: locale.number(arrival.matched),
            unmatched: locale.number(arrival.messages - arrival.matched),
            counted: locale.money(arrival.counted_minor, self.program.currency),
        };
        numbers.iter().flat_map(|numbers| &numbers.arrivals).map(row).collect()
    }

    /// Messages of the bank's day that are of no member.
    pub(super) fn of_no_member(&self, number: i64) -> String {
        let (bank, date) = (&self.program.bank_code, self.cycle.business_date);
        let count = format!("{} {}", self.locale.number(number), MESSAGES.form(number, self.language()));
        let english = match number {
            0 => format!("Every message of {bank}'s day {date} is of a member's card."),
            1 => format!(
                "{count} of {bank}'s day {date} belongs to no member. This is normal: other cards send messages too. They count in no day."
            ),
            _ => format!(
                "{count} of {bank}'s day {date} belong to no member. This is normal: other cards send messages too. They count in no day."
            ),
        };
        let date = self.locale.date(date);
        let russian = match number {
            0 => format!("Все сообщения дня {date} банка {bank} – по картам участников."),
            _ => format!(
                "{count} дня {date} банка {bank} – не по картам участников. Это обычно: сообщения идут и по другим картам. Ни в каком дне они не учтены."
            ),
        };
        self.language().choose(english, russian)
    }

    /// Messages that could not be taken, of all days.
    pub(super) fn quarantined(&self, number: i64) -> String {
        let words = match number {
            1 => "message that could not be taken waits",
            _ => "messages that could not be taken wait",
        };
        let english = format!("{number} {words} in quarantine, of all days together. Tell the operators.");
        let russian = format!(
            "В карантине за все дни: {} {}. Сообщите операторам.",
            self.locale.number(number),
            MESSAGES.form(number, self.language())
        );
        self.language().choose(english, russian)
    }
}
