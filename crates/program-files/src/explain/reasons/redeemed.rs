//! Reasons about miles that pay for a purchase, asked for in its authorization.

use super::Entry;

pub(super) const REDEEMED: &[Entry] = &[
    (
        "redemption_in_requests_only",
        "only an authorization request can reserve miles",
        "мили может отложить только запрос авторизации",
    ),
    (
        "no_redemption_on_a_preauthorization",
        "the final amount is not known yet, so no miles are reserved",
        "окончательная сумма ещё не известна, поэтому мили не отложены",
    ),
    (
        "redemption_pays_for_purchases_only",
        "miles pay for purchases only",
        "милями оплачиваются только покупки",
    ),
    (
        "redemption_in_the_first_request_only",
        "miles are reserved by the first authorization of a purchase only",
        "мили откладывает только первая авторизация покупки",
    ),
    (
        "redemption_in_another_currency",
        "miles pay for amounts in the currency of the program only",
        "милями оплачиваются только суммы в валюте программы",
    ),
    (
        "redemption_was_not_answered",
        "the bank had no answer in time, so the miles stay with the member",
        "банк не получил ответа вовремя, поэтому мили остаются у участника",
    ),
    (
        "redemption_ended_with_its_hold",
        "the authorization was reversed, declined or completed with nothing: the miles are given back",
        "авторизация отменена, отклонена или завершена нулём: мили возвращены",
    ),
    (
        "redemption_refunded",
        "all of the purchase was given back, and the miles with it",
        "вся покупка возвращена, и мили вместе с ней",
    ),
    (
        "redemption_cancelled_by_gross_clearing",
        "the full price was cleared, so the miles were not used and are given back",
        "списана полная цена: мили не использованы и возвращены",
    ),
    (
        "redemption_unconfirmed_break",
        "neither the lowered nor the full price was cleared: the miles stay reserved, and a person must look",
        "списана ни сниженная, ни полная цена: мили остаются отложенными, нужен разбор человеком",
    ),
    (
        "redemption_follows_its_purchase",
        "the messages of its purchase decide about these miles",
        "об этих милях решают сообщения об их покупке",
    ),
];
