//! Words for what happens to miles after they are booked.

use super::Entry;

pub(super) const LATER: &[Entry] = &[
    ("miles_expired", "the time of the miles is over", "срок действия миль истёк"),
    ("no_miles_to_expire", "nothing is left to expire", "сгорать нечему"),
    ("miles_have_time_left", "the day of the miles has not come", "срок этих миль ещё не наступил"),
    (
        "miles_kept_by_activity",
        "the member has used the account: the miles stay",
        "участник пользовался счётом: мили сохраняются",
    ),
    ("miles_reserved", "the miles are kept for this redemption", "мили отложены на эту оплату"),
    ("redemption_confirmed", "the miles are spent", "мили потрачены"),
    (
        "redemption_cancelled",
        "the miles are back in the lots they came from",
        "мили возвращены в те партии, откуда были взяты",
    ),
    (
        "redemption_lapsed",
        "nobody confirmed in time: the miles are back in the lots they came from",
        "подтверждения вовремя не было: мили возвращены в свои партии",
    ),
    (
        "redemption_not_offered",
        "the program does not let miles be spent",
        "программа не предлагает оплату милями",
    ),
    ("redemption_not_found", "the member has no such redemption", "у участника нет такой оплаты милями"),
    (
        "redemption_is_not_open",
        "the redemption has been confirmed, cancelled or given back before",
        "эта оплата уже подтверждена, отменена или возвращена",
    ),
    (
        "redemption_is_a_transfer",
        "the miles went to another account: only that one sends them back",
        "мили ушли на другой счёт: вернуть их может только он",
    ),
    ("redemption_has_time_left", "there is still time to confirm", "время на подтверждение ещё есть"),
    (
        "below_redemption_minimum",
        "fewer miles than one redemption needs",
        "миль меньше, чем нужно для оплаты",
    ),
    (
        "above_redemption_share",
        "the miles are worth more than the share of the amount they may pay",
        "мили стоят больше той доли суммы, которую ими можно оплатить",
    ),
    (
        "not_enough_miles",
        "fewer miles may be spent than are asked for",
        "доступных миль меньше, чем запрошено",
    ),
    ("adjusted", "staff adjusted the balance", "сотрудник изменил баланс"),
    ("adjusts_nothing", "an adjustment of zero", "изменение на ноль"),
    ("miles_sent", "the miles left for another account", "мили отправлены на другой счёт"),
    ("miles_arrived", "the miles came from another account", "мили пришли с другого счёта"),
    ("transfers_nothing", "no miles, or the account itself", "ноль миль или тот же счёт"),
    ("taken_from_lot", "miles taken from this purchase", "мили взяты из этой покупки"),
    ("returned_to_lot", "miles given back to this purchase", "мили возвращены в эту покупку"),
    (
        "debt_covered_from_lot",
        "miles of this purchase make good what the other one owes",
        "милями этой покупки погашен долг другой",
    ),
    (
        "taken_back_from_expired",
        "the miles taken back had expired: the member loses nothing more",
        "списаны уже сгоревшие мили: участник больше ничего не теряет",
    ),
    (
        "debt_of_the_member",
        "the miles taken back had been spent: the member owes them",
        "списанные мили уже потрачены: участник их должен",
    ),
    (
        "debt_borne_by_funder",
        "the miles taken back had been spent: the funder bears them",
        "списанные мили уже потрачены: их оплачивает плательщик",
    ),
    (
        "household_spends_apart",
        "the program does not let a household spend together",
        "программа не даёт семье тратить мили вместе",
    ),
    (
        "miles_kept_by_the_partner",
        "the partner keeps the miles: they are not spent here",
        "мили ведёт партнёр: здесь их не тратят",
    ),
    (
        "refused_by_the_partner",
        "the partner that keeps the miles did not take them",
        "партнёр, который ведёт мили, их не принял",
    ),
    (
        "refused_when_taken_back",
        "the partner did not take miles that had been taken back before",
        "партнёр не принял мили, которые уже были списаны",
    ),
    (
        "kept_by_the_partner",
        "the partner did not give back the miles taken back here: the funder bears them",
        "партнёр не вернул списанные здесь мили: их оплачивает плательщик",
    ),
    (
        "taken_back_from_refused",
        "the partner never took the miles taken back: the member loses nothing more",
        "списаны мили, которых партнёр не принял: участник больше ничего не теряет",
    ),
    (
        "given_back_to_funder",
        "the partner has these miles already: they go back to the funder that bore them",
        "эти мили у партнёра уже есть: они возвращены тому, кто их оплатил",
    ),
    (
        "refund_matched",
        "the refund takes back a purchase that it did not name",
        "возврат отнесён к покупке, на которую сам не ссылался",
    ),
    (
        "matched_by_likeness",
        "one purchase alone is so like it: same card acceptor, exactly what was left",
        "похожа только одна покупка: тот же получатель платежа, ровно оставшаяся сумма",
    ),
    ("matched_by_staff", "staff chose the purchase", "покупку выбрал сотрудник"),
    ("same_terminal", "the same terminal", "тот же терминал"),
    ("same_card_acceptor", "the same card acceptor", "тот же получатель платежа"),
    ("same_partner", "the same partner", "тот же партнёр"),
    ("same_category", "same merchant category", "та же категория"),
    ("exact_amount", "exactly what was left of the purchase", "ровно остаток покупки"),
    ("amount_within", "less than what was left of the purchase", "меньше остатка покупки"),
    ("recent_purchase", "bought at most 30 days before", "куплено не раньше чем за 30 дней"),
    (
        "rest_stands_alone",
        "more was refunded than was left of the purchase: the rest takes nothing back",
        "возвращено больше остатка покупки: за лишнее ничего не списано",
    ),
    (
        "refund_left_alone",
        "staff decided that it belongs to no purchase: it takes nothing back",
        "сотрудник решил, что возврат не относится ни к одной покупке: ничего не списано",
    ),
    (
        "refund_was_matched_already",
        "the refund was matched to a purchase before",
        "возврат уже отнесён к покупке",
    ),
    (
        "refund_has_its_purchase",
        "the purchase of the refund has come by itself",
        "покупка этого возврата уже пришла сама",
    ),
    (
        "nothing_left_to_refund",
        "nothing is left of that purchase to be refunded",
        "от этой покупки нечего возвращать",
    ),
    (
        "purchase_has_changed",
        "the purchase has changed since it was looked at: it is looked at again",
        "покупка изменилась после проверки: проверим ещё раз",
    ),
];
