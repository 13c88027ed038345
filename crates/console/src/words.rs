//! What codes mean, in plain words. One place, so that another language can stand beside it.

/// A catalogue of labels: one line for each, its name, English, Russian. `of` gives those of a language.
macro_rules! catalogue {
    ($(#[$doc:meta])* $catalogue:ident $($name:ident: $english:literal, $russian:literal;)*) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub(crate) struct $catalogue { $(pub(crate) $name: &'static str,)* }

        impl $catalogue {
            const ENGLISH: Self = Self { $($name: $english,)* };
            const RUSSIAN: Self = Self { $($name: $russian,)* };

            /// Those of this language.
            pub(crate) fn of(language: program_files::Language) -> &'static Self {
                language.choose(&Self::ENGLISH, &Self::RUSSIAN)
            }

            /// Every label in both languages, for the test that nothing stayed in the other one.
            #[cfg(test)]
            #[allow(dead_code, reason = "a test looks through those that it knows")]
            pub(crate) const ALL: &'static [(&'static str, &'static str, &'static str)] =
                &[$((stringify!($name), $english, $russian),)*];
        }
    };
}
pub(crate) use catalogue;

mod access;
mod breaks;
pub(crate) mod day;
mod labels;
pub(crate) mod partners;
mod reasons;
mod statement;
pub(crate) mod today;
mod trace;
mod values;
pub(crate) mod waiting;

use domain::{FileState, RefundVerdict, ResultStatus};

pub(crate) use access::AccessWords;
pub(crate) use breaks::{
    BreakWords, account, booking, class, event, kind, refusal, resolution, side_field, source, why,
};
pub(crate) use labels::{Labels, labels};
pub(crate) use reasons::{code_words, reason};
pub(crate) use statement::{StatementWords, cycle_state, measure, tie_verdict};
pub(crate) use trace::{TraceWords, basis, field_name, line_kind, message_type};
pub(crate) use values::{Shown, item, shown};

/// A state as a word with an icon: never by color alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Word {
    /// Hidden from screen readers.
    pub(crate) icon: &'static str,
    /// What it says.
    pub(crate) text: &'static str,
    /// `good`, `bad` or `plain`, for the stylesheet.
    pub(crate) tone: &'static str,
}

pub(crate) const fn word(icon: &'static str, text: &'static str, tone: &'static str) -> Word {
    Word { icon, text, tone }
}

impl Word {
    /// What was found of a refund that came without its purchase.
    pub(crate) fn refund(verdict: RefundVerdict, is_decided: bool, w: &'static Labels) -> Self {
        match verdict {
            _ if is_decided => word("◑", w.is_decided, "plain"),
            RefundVerdict::Certain(_) => word("✓", w.no_doubt, "good"),
            RefundVerdict::Ambiguous => word("?", w.a_person, "plain"),
            RefundVerdict::Nothing => word("–", w.no_purchase_found, "plain"),
        }
    }

    /// Where a settlement file stands with its receiver.
    pub(crate) fn answer(state: FileState, is_overdue: bool, w: &'static Labels) -> Self {
        match state {
            _ if is_overdue => word("✗", w.a_overdue, "bad"),
            FileState::Waiting => word("◔", w.a_waiting, "plain"),
            FileState::Differing => word("✗", w.a_differing, "bad"),
            FileState::Resent => word("↩", w.a_resent, "plain"),
            FileState::Replaced => word("–", w.a_replaced, "plain"),
            FileState::Disputed => word("?", w.a_disputed, "bad"),
            FileState::Acknowledged => word("✓", w.a_acknowledged, "good"),
        }
    }
}

/// What a pending movement is: the estimate of an authorization, or the end of one. Nothing for a posted one.
pub(crate) fn pending(posted: bool, amount: i64, told: ResultStatus) -> Option<&'static str> {
    match (posted, amount, told) {
        (true, ..) => None,
        // An authorization that is known by a smaller amount than before.
        (false, ..0, ResultStatus::Provisional) => Some("lowers the estimate"),
        (false, ..0, _) => Some("releases the estimate"),
        (false, ..) => Some("the estimate"),
    }
}

/// What a message type is for.
pub(crate) fn mti(mti: &str) -> &'static str {
    match mti {
        "0100" | "1100" => "authorization request",
        "0101" | "1101" => "authorization request, repeat",
        "0120" | "1120" => "authorization advice",
        "0121" | "1121" => "authorization advice, repeat",
        "0200" | "1200" => "financial request",
        "0201" | "1201" => "financial request, repeat",
        "0220" | "1220" => "clearing (financial advice)",
        "0221" | "1221" => "clearing (financial advice), repeat",
        "0400" | "1400" => "reversal request",
        "0401" | "1401" => "reversal request, repeat",
        "0420" | "1420" => "reversal advice",
        "0421" | "1421" => "reversal advice, repeat",
        "file" => "clearing (file)",
        "file-reversal" => "reversal (file)",
        "file-chargeback" => "chargeback (file)",
        "file-second-presentment" => "second presentment (file)",
        "file-arbitration" => "arbitration chargeback (file)",
        "hold-expiry" => "end of an authorization's hold",
        "rerate" => "computed anew under another version",
        "reattribution" => "given to another partner",
        "match-refund" => "refund matched to its purchase",
        "miles-expiry" => "miles expired",
        "miles-lapse" => "reservation of miles lapsed",
        "miles-reserve" => "miles reserved",
        "miles-confirm" => "reserved miles spent",
        "miles-cancel" => "reservation of miles cancelled",
        "miles-unanswered" => "reservation of miles given back: nobody waited for it",
        "miles-refused" => "miles that the partner did not take",
        "miles-adjust" => "miles adjusted by staff",
        "miles-send" => "miles sent to another account",
        "miles-arrive" => "miles came from another account",
        "miles-delivered" => "sent miles arrived",
        "miles-pool-reserve" => "miles of a household reserved",
        "miles-pool-confirm" => "reserved miles of a household spent",
        "miles-pool-cancel" => "reservation of a household's miles cancelled",
        "tier-review" => "review of a tier",
        _ => "other message",
    }
}

/// What the types of our own events are for, in Russian: those that move miles without a message of a bank.
fn own_event(mti: &str) -> &'static str {
    match mti {
        "miles-expiry" => "мили сгорели",
        "miles-lapse" => "срок резерва миль вышел",
        "miles-reserve" => "мили зарезервированы",
        "miles-confirm" => "зарезервированные мили потрачены",
        "miles-cancel" => "резерв миль отменён",
        "miles-unanswered" => "резерв миль возвращён: ответа никто не ждал",
        "miles-refused" => "мили, которые партнёр не принял",
        "miles-adjust" => "поправка миль сотрудниками",
        "miles-send" => "мили отправлены на другой счёт",
        "miles-arrive" => "мили пришли с другого счёта",
        "miles-delivered" => "отправленные мили дошли",
        "miles-pool-reserve" => "мили семьи зарезервированы",
        "miles-pool-confirm" => "зарезервированные мили семьи потрачены",
        "miles-pool-cancel" => "резерв миль семьи отменён",
        "tier-review" => "пересмотр уровня",
        _ => "другое сообщение",
    }
}

/// What a message is for: a refund comes with the type of a clearing.
pub(crate) fn message(mti: &str, is_refund: bool) -> &'static str {
    match mti {
        _ if !is_refund => self::mti(mti),
        "match-refund" => self::mti(mti),
        "0100" | "1100" => "authorization request of a refund",
        "0101" | "1101" => "authorization request of a refund, repeat",
        "0120" | "1120" => "authorization advice of a refund",
        "0121" | "1121" => "authorization advice of a refund, repeat",
        "0200" | "1200" => "refund (financial request)",
        "0201" | "1201" => "refund (financial request), repeat",
        "0220" | "1220" => "refund (financial advice)",
        "0221" | "1221" => "refund (financial advice), repeat",
        "file" => "refund (file)",
        _ => "refund",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Labels that are codes, the same in every language.
    const CODES: [&str; 4] = ["lang", "sha256", "other_lang", "other_name"];

    #[test]
    fn every_label_is_written_in_its_language() {
        let cyrillic = |text: &str| {
            text.chars().any(|letter| ('а'..='я').contains(&letter.to_lowercase().next().unwrap_or('-')))
        };
        let all = [
            AccessWords::ALL,
            Labels::ALL,
            today::TodayLabels::ALL,
            day::DayLabels::ALL,
            partners::FurtherLabels::ALL,
        ];
        for (name, english, russian) in all.into_iter().flatten() {
            // The switch names the other language in that language.
            assert!(!cyrillic(english) || CODES.contains(name), "{name}: {english}");
            assert!(cyrillic(russian) || CODES.contains(name), "{name}: {russian}");
        }
    }
}
