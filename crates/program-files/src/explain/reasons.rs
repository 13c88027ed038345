//! What the codes of reasons mean, in every language. One table for everybody who shows them.

use super::Language;

mod coupons;
mod later;
mod redeemed;

use coupons::COUPONS;
use later::LATER;
use redeemed::REDEEMED;

/// A code, in English, in Russian.
type Entry = (&'static str, &'static str, &'static str);

/// What a reason's code means. Codes such as `altered_repeat:DE4` are looked up by what stands before the colon; `None`
/// is a code that nobody gives any more, or not yet.
pub fn reason_words(code: &str, language: Language) -> Option<&'static str> {
    let code = code.split(':').next().unwrap_or(code);
    let tables: [&[Entry]; 9] =
        [ELIGIBILITY, MATCH, CONDITIONS, EARNING, RESULTS, CORRECTIONS, LATER, REDEEMED, COUPONS];
    let (_, english, russian) = tables.into_iter().flatten().find(|(known, ..)| *known == code)?;
    Some(match language {
        Language::English => english,
        Language::Russian => russian,
    })
}

const ELIGIBILITY: &[Entry] = &[
    (
        "not_a_member",
        "the card belongs to no member of the program",
        "карта не принадлежит участнику программы",
    ),
    (
        "enrolled_after_the_purchase",
        "the member was enrolled after the day of the purchase",
        "участник вступил в программу после дня покупки",
    ),
    (
        "account_closed_before_the_purchase",
        "the member's account was closed before the day of the purchase",
        "счёт участника закрыт до дня покупки",
    ),
    (
        "account_blocked",
        "the member's account is blocked: authorizations earn nothing, clearing counts",
        "счёт участника заблокирован: за авторизации ничего не начисляется, клиринг учитывается",
    ),
    (
        "card_blocked",
        "the card is blocked: its authorizations earn nothing, clearing counts",
        "карта заблокирована: за её авторизации ничего не начисляется, клиринг учитывается",
    ),
    (
        "reversal_names_no_original",
        "the reversal does not say which message it cancels (no DE90)",
        "в отмене не указано, какое сообщение отменяется (нет DE90)",
    ),
    (
        "transaction_type_without_loyalty",
        "this type of transaction has no loyalty",
        "за операции этого типа ничего не начисляется",
    ),
    (
        "currency_without_billing_amount",
        "the currency is not the program's, and no billing amount (DE6) was given in that",
        "валюта операции не совпадает с валютой программы, а суммы в ней (DE6) нет",
    ),
    (
        "clearing_from_another_source",
        "the bank's clearing comes by another way; this one does not count",
        "клиринг банка поступает другим путём, это сообщение не учитывается",
    ),
    ("presentment_already_cleared", "this presentment was cleared before", "это списание уже учтено"),
    (
        "chargeback_already_taken",
        "this chargeback or second presentment was taken before",
        "этот чарджбэк или повторное представление уже учтены",
    ),
    (
        "chargeback_of_a_refund",
        "a refund was charged back: a person decides what that is worth",
        "оспорен возврат: решение принимает сотрудник",
    ),
    (
        "refund_is_booked_when_cleared",
        "a refund is booked when it is cleared, not when it is authorized",
        "возврат учитывается при клиринге, а не при авторизации",
    ),
    (
        "altered_repeat",
        "a repeat that differs from the first message: refused, nothing booked",
        "повтор отличается от первого сообщения: отклонён, ничего не проведено",
    ),
    (
        "malfunction",
        "our own malfunction: nothing was booked and the operators were told",
        "сбой на нашей стороне: ничего не проведено, операторы оповещены",
    ),
    (
        "corrected_from_another_source",
        "it corrects what came by file, but the bank no longer clears by file: a person decides",
        "исправляет пришедшее файлом, но банк больше не присылает клиринг файлом: решает сотрудник",
    ),
    (
        "twice_in_its_file",
        "its file has another one with the same reference and step, which was taken",
        "в этом файле есть другая запись с той же ссылкой и стадией, учтена она",
    ),
    (
        "may_be_another_part",
        "the same part came in another file: a person decides whether it is another one",
        "та же часть пришла в другом файле: другая ли она, решает сотрудник",
    ),
    (
        "another_amount_stands",
        "one with another amount was taken; this one counts if that is reversed",
        "учтена запись с другой суммой; эта подействует, если ту отменят",
    ),
    (
        "another_billing_amount_stands",
        "one with another billing amount (DE6) was taken: a person decides which is right",
        "учтена запись с другой суммой в валюте счёта (DE6): какая верна, решает сотрудник",
    ),
    (
        "another_function_stands",
        "one in full or in part was taken; this one counts if that is reversed",
        "учтена запись на всю сумму или её часть; эта подействует, если ту отменят",
    ),
    (
        "another_reference_stands",
        "one with another reference of the issuer was taken; this one counts if that is reversed",
        "учтена запись с другой ссылкой эмитента; эта подействует, если ту отменят",
    ),
    (
        "charged_back_before_its_presentment",
        "what it takes back has not come yet; it will count when it does",
        "то, что оспорено, ещё не поступило; подействует, когда оно придёт",
    ),
];

const MATCH: &[Entry] = &[
    (
        "stands_alone",
        "no earlier message of this purchase was found",
        "более ранних сообщений об этой покупке не найдено",
    ),
    (
        "matched_by_original_data_elements",
        "found by the original message that it names (DE90)",
        "найдено по исходному сообщению, на которое указывает это (DE90)",
    ),
    (
        "matched_by_a_message_that_named_this_one",
        "found by a message that named this one before",
        "найдено по сообщению, которое раньше сослалось на это",
    ),
    (
        "matched_by_acquirer_reference",
        "found by the acquirer reference number (DE31)",
        "найдено по номеру ссылки эквайера (DE31)",
    ),
    (
        "matched_by_life_cycle_id",
        "found by the network's name of the transaction (DE63)",
        "найдено по идентификатору операции в платёжной системе (DE63)",
    ),
    (
        "matched_by_retrieval_reference",
        "found by the retrieval reference number (DE32 and DE37)",
        "найдено по номеру ссылки операции (DE32 и DE37)",
    ),
    (
        "original_not_seen_yet",
        "the message that it cancels has not come yet; it will count when it does",
        "отменяемое сообщение ещё не поступило; отмена подействует, когда оно придёт",
    ),
    (
        "original_belongs_to_another_account",
        "the message that it names belongs to another member account",
        "сообщение, на которое оно указывает, относится к счёту другого участника",
    ),
    (
        "reverses_what_was_not_booked",
        "the record that it takes back had booked nothing",
        "отменённая запись ничего не провела",
    ),
    ("already_reversed", "it had been taken back before", "это уже было отменено раньше"),
    (
        "original_without_amount",
        "what it cancels had an amount of zero: there is nothing to take back",
        "отменяемое сообщение было на нулевую сумму: возвращать нечего",
    ),
    (
        "matched_by_the_same_record",
        "found by another record of the same reference and step",
        "найдено по другой записи с той же ссылкой и стадией",
    ),
    (
        "raised_again_after_its_reversal",
        "it was taken back before, and has come again",
        "раньше это было отменено, а теперь пришло снова",
    ),
    (
        "matched_by_terminal",
        "the merchant map has its terminal (DE41)",
        "терминал есть в карте торговых точек (DE41)",
    ),
    (
        "matched_by_sub_merchant",
        "the merchant map has its name under an aggregator (DE43)",
        "название под агрегатором есть в карте торговых точек (DE43)",
    ),
    (
        "matched_by_card_acceptor",
        "the merchant map has its card acceptor (DE42)",
        "торговая точка есть в карте торговых точек (DE42)",
    ),
    (
        "not_in_the_map",
        "the merchant map has no row for it on this day: no partner's merchant",
        "в этот день её нет в карте торговых точек: это не партнёр",
    ),
    (
        "sub_merchant_not_in_the_map",
        "an aggregator's card acceptor, and the merchant map has neither the terminal nor the name behind it",
        "это точка агрегатора, а ни терминала, ни названия под ним в карте торговых точек нет",
    ),
];

const CONDITIONS: &[Entry] = &[
    (
        "mcc_excluded",
        "purchases of this merchant category earn nothing",
        "за покупки этой категории ничего не начисляется",
    ),
    ("not_a_purchase", "only purchases earn", "начисления бывают только за покупки"),
    ("not_effective", "the rule was not in force on this date", "в этот день правило не действовало"),
    ("partner", "the rule is for purchases at other partners", "правило действует у других партнёров"),
    ("mcc", "the rule is for other merchant categories", "правило действует для других категорий"),
    ("mcc_excepted", "the rule leaves this merchant category out", "эта категория исключена из правила"),
    ("weekday", "the rule is for other days of the week", "правило действует в другие дни недели"),
    ("hours", "not at this time of day", "не в это время суток"),
    ("birthday", "not near the member's birthday", "не рядом с днём рождения участника"),
    ("birthday_unknown", "the member has told no birthday", "участник не указал день рождения"),
    ("month_day", "the rule is for other days of the month", "правило действует в другие числа месяца"),
    ("tier", "the rule is for members of other tiers", "правило действует для других уровней участия"),
    ("amount_too_small", "the rule is for larger amounts", "правило действует для больших сумм"),
    ("amount_too_large", "the rule is for smaller amounts", "правило действует для меньших сумм"),
    (
        "another_came_first",
        "an earlier rule applies, and only the first one holds",
        "подошло правило выше, а действует только первое",
    ),
    (
        "another_gives_more",
        "another rule gives more, and only the best one holds",
        "другое правило даёт больше, а действует только лучшее",
    ),
];

const EARNING: &[Entry] = &[
    (
        "no_base_rate_on_this_date",
        "no base rate was in force on this date",
        "в этот день не действовала ни одна базовая ставка",
    ),
    ("base_rate", "base miles", "базовые мили"),
    ("bonus", "bonus miles", "бонусные мили"),
    (
        "cap_truncates",
        "the cap leaves fewer miles than were asked for",
        "лимит оставляет меньше миль, чем положено",
    ),
    ("below_cap", "the cap leaves room for all miles", "лимит не исчерпан, мили начисляются полностью"),
    (
        "below_minimum",
        "the amount is below the discount's minimum",
        "сумма меньше минимальной для этой скидки",
    ),
    ("statement_credit", "discount, credited to the statement by the bank", "скидка, банк вернёт её на счёт"),
    ("at_till", "discount, offered at the till", "скидка, предложена на кассе"),
    (
        "till_discount_was_not_offered",
        "no discount was offered at the till, so there is none to confirm",
        "скидка на кассе не предлагалась, подтверждать нечего",
    ),
    (
        "till_discount_confirmed",
        "the clearing came net: the discount at the till was given",
        "списана сумма со скидкой: скидка на кассе предоставлена",
    ),
    (
        "till_discount_awaits_clearing",
        "whether the discount at the till was given, the clearing will show",
        "предоставлена ли скидка на кассе, покажет клиринг",
    ),
    (
        "till_discount_cancelled_by_gross_clearing",
        "the clearing came in full: the discount at the till was not given",
        "списана полная сумма: скидка на кассе не предоставлена",
    ),
    (
        "till_discount_unconfirmed_break",
        "the clearing is neither net nor in full: whether the discount was given is not known",
        "списана ни полная сумма, ни сумма со скидкой: предоставлена ли скидка, неизвестно",
    ),
    (
        "nothing_would_be_left",
        "the discount would leave nothing to pay at the till, so it is not offered",
        "после скидки на кассе платить было бы нечего, поэтому она не предложена",
    ),
    (
        "limit_reached",
        "the member has had all that this rule gives in the period",
        "участник уже получил по этому правилу всё, что положено за период",
    ),
    ("budget_used_up", "the budget of the campaign is used up", "бюджет кампании исчерпан"),
];

const RESULTS: &[Entry] = &[
    ("estimate", "an estimate: the clearing decides", "предварительная оценка: окончательно решит клиринг"),
    ("cleared", "cleared", "списано"),
    ("refunded", "refunded: what the refund takes back", "возврат: вот что он отнимает"),
    ("charged_back", "charged back: what the chargeback takes back", "чарджбэк: вот что он отнимает"),
    (
        "presented_again",
        "presented again: what the chargeback had taken is given again",
        "представлено повторно: отнятое чарджбэком начисляется снова",
    ),
    (
        "presented_again_before_its_chargeback",
        "the second presentment came before its chargeback, which will then take nothing",
        "повторное представление пришло раньше своего чарджбэка, и тот уже ничего не отнимет",
    ),
    (
        "chargeback_was_reversed",
        "the record had been reversed before it came",
        "запись была отменена до того, как поступила",
    ),
    ("reversed", "reversed: what the reversal takes back", "отмена: вот что она отнимает"),
    (
        "authorization_reversed",
        "the authorization was taken back, with what was provisional",
        "авторизация отменена вместе с предварительными начислениями",
    ),
    (
        "authorization_was_reversed_or_declined",
        "the authorization had been reversed or declined",
        "авторизация ранее отменена или отклонена",
    ),
    ("already_cleared", "the purchase had been cleared before", "покупка уже списана"),
    (
        "declined_by_the_issuer",
        "the issuer declined: what was provisional is void",
        "эмитент отказал: предварительные начисления аннулированы",
    ),
    (
        "refund_was_reversed",
        "the refund had been reversed before it came",
        "возврат отменён до того, как поступил",
    ),
    (
        "a_reversal_waits_beside_it",
        "booked; a reversal that undid nothing known has the same reference: a person decides whether it was meant",
        "проведено; есть отмена с той же ссылкой, которая ничего не отменила: относится ли она сюда, решает сотрудник",
    ),
    (
        "reversed_though_it_differs",
        "reversed in full, although the reversal states another amount, function or reference: a person looks",
        "отменено полностью, хотя в отмене другая сумма, функция или ссылка: должен посмотреть сотрудник",
    ),
    (
        "presentment_was_reversed",
        "the presentment had been reversed before it came",
        "списание отменено до того, как поступило",
    ),
    ("below_the_first_mile", "the amount is too small for a mile", "суммы не хватает на одну милю"),
    (
        "completed_without_amount",
        "completed with an amount of zero: what was provisional is void",
        "завершено с нулевой суммой: предварительное начисление снято",
    ),
    (
        "refund_of_nothing",
        "the refund is of zero, or its reversal came first: nothing is taken back",
        "возврат на нулевую сумму или отменён до поступления: ничего не списано",
    ),
    (
        "hold_expired",
        "no clearing came in time: what was provisional is given up; a late clearing counts all the same",
        "клиринг не пришёл вовремя: предварительное начисление снято; поздний клиринг всё равно будет учтён",
    ),
    (
        "hold_has_expired",
        "the authorization came after its hold had expired; a clearing counts all the same",
        "авторизация пришла, когда её срок уже истёк; клиринг всё равно будет учтён",
    ),
    (
        "hold_is_not_open",
        "the hold had been cleared, reversed or given up before",
        "по этой авторизации уже был клиринг, отмена или истёк срок",
    ),
    ("hold_was_prolonged", "a further authorization prolonged the hold", "срок продлён новой авторизацией"),
    ("qualifying_units", "the purchase counts towards a tier", "покупка учтена для уровня участия"),
    ("tier_reached", "the member has reached a higher tier", "участник достиг более высокого уровня"),
    ("tier_kept", "the member keeps the tier", "уровень сохранён"),
    (
        "tier_lost",
        "too little was collected in the last full year to keep the tier",
        "за последний полный год набрано слишком мало, чтобы сохранить уровень",
    ),
    (
        "no_tier_to_review",
        "the member has no tier, or its review is later",
        "у участника нет уровня, или его пересмотр позже",
    ),
];

const CORRECTIONS: &[Entry] = &[
    (
        "rerated",
        "a run of staff computed the purchase anew under another version of the program",
        "покупка пересчитана сотрудниками по другой версии программы",
    ),
    (
        "reattributed",
        "a run of staff gave the purchase to the partner that the merchant map names by now",
        "покупка отнесена сотрудниками к партнёру по новой карте торговых точек",
    ),
    (
        "version_of_another_program",
        "the version is of another program or currency: nothing was changed",
        "версия относится к другой программе или валюте: ничего не изменено",
    ),
    (
        "correction_was_made_already",
        "the purchase is as the run wants it: nothing was changed",
        "покупка уже соответствует заданию: ничего не изменено",
    ),
    (
        "correction_moves_nothing",
        "the purchase is worth the same: nothing was booked",
        "стоимость покупки не изменилась: ничего не проведено",
    ),
    (
        "converted_by_rate_table",
        "not billed in the program's currency: converted by the rate table",
        "сумма не в валюте программы: пересчитана по таблице курсов",
    ),
    (
        "no_rate_for_the_day",
        "the rate table has no rate of this currency for the day: nothing was booked",
        "в таблице нет курса этой валюты на этот день: ничего не проведено",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_of_the_domain_has_words_in_both_languages_and_no_other() {
        for code in domain::REASONS {
            for language in Language::ALL {
                let words = reason_words(code, language);
                assert!(words.is_some_and(|words| !words.is_empty()), "{code} in {language:?}");
            }
        }
        let tables =
            [ELIGIBILITY, MATCH, CONDITIONS, EARNING, RESULTS, CORRECTIONS, LATER, REDEEMED, COUPONS];
        let entries: Vec<&Entry> = tables.into_iter().flatten().collect();
        assert_eq!(entries.len(), domain::REASONS.len(), "an entry that nobody gives, or one twice");
        for (code, english, russian) in entries {
            assert!(english.is_ascii(), "{code}");
            assert!(russian.chars().any(|letter| ('а'..='я').contains(&letter)), "{code}: {russian}");
        }
    }

    #[test]
    fn codes_with_a_field_are_known_by_their_beginning() {
        let words = reason_words("altered_repeat:DE4", Language::English).unwrap();
        assert!(words.starts_with("a repeat that differs"));
        assert_eq!(reason_words("some_new_code", Language::English), None);
    }
}
