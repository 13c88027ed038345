//! What the pages of transactions, of the lines of a position and of the search say.

use program_files::Language;

use super::{Word, word};

catalogue! {
    /// The labels of the pages of transactions and of the search.
    TraceWords
    here: "You are here", "Вы здесь";
    days: "Days", "Дни";
    find: "Find a transaction", "Найти операцию";
    transactions: "Transactions", "Операции";
    reference: "Any reference", "Любая ссылка";
    reference_help: "DE37, ARN, the network's id, the line id of a settlement file, DE38, the member's number, the key of a message; or DE11 and DE7, such as 000412 1010090000.", "DE37, ARN, идентификатор сети, номер строки файла расчётов, DE38, номер участника, ключ сообщения; или DE11 и DE7, например 000412 1010090000.";
    by_day: "What happened on a day", "Что было за день";
    from: "From (local date)", "С (местная дата)";
    until: "To (local date)", "По (местная дата)";
    last4: "Last 4 digits of the card", "Последние 4 цифры карты";
    amount: "Amount (DE4)", "Сумма (DE4)";
    approval: "DE38, authorization code", "DE38, код авторизации";
    merchant: "DE42, card acceptor", "DE42, торговая точка";
    terminal: "DE41, terminal", "DE41, терминал";
    acquirer: "DE32, acquirer", "DE32, эквайер";
    search: "Search", "Искать";
    found: "What was found, by the time of sending", "Найдено, по времени отправки";
    nothing_found: "Nothing has this reference. It is compared as the bank sent it, letter by letter.", "Ничего с такой ссылкой нет. Она сравнивается посимвольно, как прислал банк.";
    ask: "Enter a reference, or a date with the last four digits, the amount, DE38, DE41 or DE42.", "Введите ссылку или дату и последние четыре цифры, сумму, DE38, DE41 либо DE42.";
    e_long: "No reference is that long: it has at most 80 characters.", "Таких длинных ссылок нет: в них не больше 80 знаков.";
    e_card: "This may be a card number, and nothing is looked for by a card number here. It was not kept. Use the last four digits with a date.", "Похоже на номер карты, а по номеру карты здесь не ищут. Он не сохранён. Укажите последние четыре цифры и дату.";
    e_last4: "The last four digits are four digits.", "Последние четыре цифры – это четыре цифры.";
    e_amount: "The amount is a decimal number, such as 1645.74.", "Сумма – десятичное число, например 1645,74.";
    e_date: "A date is written like 2026-10-10.", "Дата пишется так: 2026-10-10.";
    e_range: "With the last four digits at most 92 days are searched, without them at most 3.", "С последними четырьмя цифрами ищем не больше чем за 92 дня, без них – не больше чем за 3.";
    e_alone: "Add the last four digits, the amount, DE38, DE41 or DE42: the acquirer alone is in too many messages.", "Добавьте последние четыре цифры, сумму, DE38, DE41 или DE42: одного эквайера мало, он во множестве сообщений.";
    no_line: "That line is in no published file.", "Такой строки нет ни в одном опубликованном файле.";
    reached: "Reached us", "Получено";
    message: "Message", "Сообщение";
    card: "Card", "Карта";
    shown_amount: "Amount", "Сумма";
    result: "Result", "Результат";
    reason: "Why", "Почему";
    times_in: "Times in", "Время:";
    trace: "From the bank to the partner", "От банка до партнёра";
    trace_caption: "Every step of this transaction that is known, in order; times in", "Все известные шаги этой операции по порядку; время:";
    step: "Step", "Шаг";
    what: "What", "Что";
    when: "When", "Когда";
    state: "State", "Состояние";
    this_message: "this message", "это сообщение";
    s_request: "Message of the bank", "Сообщение банка";
    s_reply: "Our reply", "Наш ответ";
    s_clearing_file: "Clearing file", "Файл клиринга";
    s_explanation: "Explanation", "Объяснение";
    s_transfers: "Transfers", "Движения";
    s_line: "Settlement line", "Строка расчётов";
    s_file: "Settlement file", "Файл расчётов";
    s_delivery: "Delivery", "Доставка";
    s_answer: "Answer of the receiver", "Ответ получателя";
    s_accrual: "Line to the partner", "Строка партнёру";
    record: "record", "запись";
    of_records: "of", "из";
    rules_looked_at: "entries of the rules that were looked at", "пунктов правил рассмотрено";
    transfers_made: "movements", "движений";
    no_line_yet: "The day is not settled yet, so there is no line.", "День ещё не рассчитан, строк пока нет.";
    no_line_needed: "Nothing of it is settled.", "В расчёты ничего не входит.";
    file_gone: "The file is not in its folder, or its bytes have changed: see the day's page.", "Файла нет в папке, или его содержимое изменилось: смотрите страницу дня.";
    not_published: "not published yet", "ещё не опубликован";
    no_answer: "none yet", "пока нет";
    delivered: "delivered", "доставлено";
    waiting: "waits", "ожидает";
    before: "published before the way was there", "опубликован до подключения";
    nothing_to_bring: "nothing to bring", "доставлять нечего";
    fetched_by_hand: "no way is set up: the receiver fetches it", "доставка не настроена: получатель забирает сам";
    masked: "Message, masked", "Сообщение с маской";
    fields_payment: "Card, amount and merchant", "Карта, сумма и продавец";
    fields_origin: "References, and how it came", "Ссылки и откуда пришло";
    field: "Field", "Поле";
    name: "Name", "Название";
    value: "Value", "Значение";
    reply: "Reply", "Ответ";
    told: "What the bank was told", "Что было отвечено банку";
    explanation: "Explanation", "Объяснение";
    explanation_caption: "The rules that were looked at, in their order", "Рассмотренные правила по порядку";
    no_rule: "No rule was looked at.", "Правила не рассматривались.";
    rule: "Rule", "Правило";
    why: "Why", "Почему";
    values: "Values", "Значения";
    open_it: "open", "открыть";
    transfers: "Transfers", "Движения";
    moved_nothing: "This message moved nothing.", "Это сообщение ничего не сдвинуло.";
    transfers_caption: "What this message moved; a positive amount is in the member's favor. Pending is the estimate of an authorization: the clearing posts what counts and releases the estimate.", "Что сдвинуло это сообщение; положительная сумма – в пользу участника. Ожидаемое – оценка по авторизации: клиринг проводит итог и снимает оценку.";
    leg: "Leg", "Номер";
    phase: "Phase", "Фаза";
    others: "Other messages with this DE37", "Другие сообщения с этим DE37";
    others_caption: "Different purchases can share a retrieval reference number.", "Разные покупки могут иметь один DE37.";
    none: "There are none.", "Нет.";
    same_purchase: "the same", "та же";
    other_purchase: "another or none", "другая или никакой";
    purchase: "Purchase", "Покупка";
    business_date: "Business date", "Операционный день";
    no_day: "Of no program's business day: nothing is settled for it.", "Не относится ни к одной программе: в расчёты не входит.";
    key: "Key", "Ключ";
    in_bucket: "in bucket", "в части";
    lines: "Lines of the position", "Строки позиции";
    lines_caption: "The lines of the batch as they stand in the published file; positive amounts are in the batch's stated direction", "Строки пакета, как они стоят в опубликованном файле; положительные суммы – в указанном направлении пакета";
    line_id: "Line", "Строка";
    kind: "Kind", "Вид";
    date: "Local date", "Местная дата";
    member: "Member", "Участник";
    net: "Net", "Без НДС";
    vat: "VAT", "НДС";
    total: "Total", "Итого";
    go_to_line: "Go to line number", "К строке номер";
    go: "Go", "Перейти";
    no_lines: "The batch has no lines from here on.", "Дальше в пакете строк нет.";
    not_in_file: "The position is not in a published file yet.", "Позиции пока нет в опубликованном файле.";
    direction: "Direction", "Направление";
    file: "File", "Файл";
    to_pay: "To pay", "К оплате";
    verified: "its SHA-256 is the one in the books", "SHA-256 совпадает с книгами";
    booked_lines: "Lines in the books", "Строк в книгах";
    s_break: "Break", "Расхождение";
}

/// The kind of a line: what a transaction was, the reason of an adjustment, or what is charged.
pub(crate) fn line_kind(record_type: &str, kind: &str, language: Language) -> String {
    let (english, russian) = match (record_type, kind) {
        ("TX", "purchase") => ("purchase", "покупка"),
        ("TX", "refund") => ("refund", "возврат"),
        ("TX", "reversal") => ("reversal", "отмена"),
        ("AJ", "rerate") => ("adjustment: other rules", "корректировка: другие правила"),
        ("AJ", "reattribution") => {
            ("adjustment: another partner's merchant", "корректировка: продавец другого партнёра")
        }
        ("AJ", "miles-refused") => ("adjustment: miles refused", "корректировка: партнёр не принял мили"),
        ("RD", _) => ("rounding", "округление"),
        ("VD", _) => ("VAT of the document", "НДС по документу"),
        ("CF", _) => ("carried forward", "перенос"),
        ("AJ", _) => return format!("{}: {kind}", language.choose("adjustment", "корректировка")),
        ("CH", _) => return format!("{}: {kind}", language.choose("charge", "начисление")),
        ("PP", _) => return format!("{}: {kind}", language.choose("prepaid", "предоплата")),
        _ => return kind.to_owned(),
    };
    language.choose(english, russian).to_owned()
}

/// What a line counts.
pub(crate) fn basis(name: &str, language: Language) -> String {
    let (english, russian) = match name {
        "miles_granted" => ("miles", "мили"),
        "bonus_miles" => ("bonus miles", "бонусные мили"),
        "turnover" => ("turnover", "оборот"),
        "statement_credit_share" => ("discount share, credited", "доля скидки, зачтённая"),
        "till_share" => ("discount share, at the till", "доля скидки, на кассе"),
        other => return other.replace('_', " "),
    };
    language.choose(english, russian).to_owned()
}

/// The names of the fields of a message, in Russian; the English ones are the standard's.
pub(crate) fn field_name(english: &'static str, language: Language) -> &'static str {
    let russian = match english {
        "Card number, masked" => "Номер карты, маска",
        "Processing code" => "Код обработки",
        "Amount, transaction" => "Сумма операции",
        "Currency, transaction" => "Валюта операции",
        "Date and time at the merchant" => "Дата и время у продавца",
        "Merchant category" => "Категория продавца (MCC)",
        "Acquiring institution" => "Эквайер",
        "Card acceptor terminal" => "Терминал",
        "Card acceptor" => "Торговая точка",
        "Transmission, as sent (MMDDhhmmss, UTC)" => "Отправлено, как в сообщении (ММДДччммсс, UTC)",
        "System trace audit number" => "Номер трассировки (STAN)",
        "Retrieval reference number" => "Ссылочный номер (RRN)",
        "Authorization identification response" => "Код авторизации",
        "Acquirer reference number" => "Номер эквайера (ARN)",
        "Network's id" => "Идентификатор сети",
        "Bank" => "Банк",
        "Business day of the bank" => "Операционный день банка",
        "Came by" => "Пришло через",
        "Reached us" => "Получено",
        "Took back" => "Отменило",
        "Counted in turnover with" => "Вошло в оборот суммой",
        "Answer" => "Ответ",
        "Reason" => "Причина",
        "Base miles" => "Базовые мили",
        "Bonus miles" => "Бонусные мили",
        "Discount" => "Скидка",
        "The discount is" => "Скидка предоставлена",
        "Amount in the reply (DE4)" => "Сумма в ответе (DE4)",
        "Original amount in the reply (DE54)" => "Исходная сумма в ответе (DE54)",
        "Miles reserved to pay with (DE48 RM)" => "Мили, отложенные к оплате (DE48 RM)",
        other => other,
    };
    language.choose(english, russian)
}

/// What a message type is for.
pub(crate) fn message_type(mti: &str, is_refund: bool, language: Language) -> String {
    let english = super::message(mti, is_refund);
    let russian = match mti {
        "0100" | "1100" => "запрос авторизации",
        "0101" | "1101" => "запрос авторизации, повтор",
        "0120" | "1120" => "извещение об авторизации",
        "0121" | "1121" => "извещение об авторизации, повтор",
        "0200" | "1200" => "финансовый запрос",
        "0201" | "1201" => "финансовый запрос, повтор",
        "0220" | "1220" => "клиринг (финансовое извещение)",
        "0221" | "1221" => "клиринг (финансовое извещение), повтор",
        "0400" | "1400" => "запрос отмены",
        "0401" | "1401" => "запрос отмены, повтор",
        "0420" | "1420" => "извещение об отмене",
        "0421" | "1421" => "извещение об отмене, повтор",
        "file" => "клиринг (файл)",
        "file-reversal" => "отмена (файл)",
        "file-chargeback" => "опротестование (файл)",
        "file-second-presentment" => "повторное предъявление (файл)",
        "file-arbitration" => "арбитражное опротестование (файл)",
        "hold-expiry" => "конец блокировки по авторизации",
        "rerate" => "пересчёт по другой версии",
        "reattribution" => "передано другому партнёру",
        "match-refund" => "возврат отнесён к своей покупке",
        other => super::own_event(other),
    };
    let russian = if is_refund && mti != "match-refund" {
        format!("возврат: {russian}")
    } else {
        russian.to_owned()
    };
    language.choose(english.to_owned(), russian)
}

impl Word {
    /// The result that a bank was told, in the reader's language.
    pub(crate) fn told(status: &str, language: Language) -> Self {
        let text = |english, russian| language.choose(english, russian);
        match status {
            "provisional" => word("◔", text("provisional", "предварительно"), "plain"),
            "booked" => word("✓", text("booked", "проведено"), "good"),
            "reversed" => word("↩", text("taken back", "отменено"), "plain"),
            "none" => word("–", text("nothing", "ничего"), "plain"),
            _ => word("?", text("unknown", "неизвестно"), "bad"),
        }
    }

    /// Posted, or still pending.
    pub(crate) fn phase(posted: bool, language: Language) -> Self {
        match posted {
            true => word("✓", language.choose("posted", "проведено"), "good"),
            false => word("◔", language.choose("pending", "ожидает"), "plain"),
        }
    }

    /// How far an output of a file has come.
    pub(crate) fn delivery(state: &str, w: &'static TraceWords) -> Self {
        match state {
            "delivered" => word("✓", w.delivered, "good"),
            "waiting" => word("◔", w.waiting, "plain"),
            "before" => word("–", w.before, "plain"),
            _ => word("–", w.nothing_to_bring, "plain"),
        }
    }

    /// What a receiver answered to a file.
    pub(crate) fn outcome(outcome: &str, language: Language) -> Self {
        let text = |english, russian| language.choose(english, russian);
        match outcome {
            "acknowledged" => word("✓", text("acknowledged", "принят"), "good"),
            "disputed" => word("?", text("lines are disputed", "оспорены строки"), "bad"),
            "differing" => word("✗", text("totals differ", "итоги расходятся"), "bad"),
            "resend" => word("↩", text("asked to send it again", "просят прислать ещё раз"), "plain"),
            "new_revision" => {
                word("✗", text("could not be read: a new revision", "не прочитан: новая редакция"), "bad")
            }
            _ => word("?", text("another answer", "другой ответ"), "plain"),
        }
    }

    /// Where a line stands with a partner that keeps the miles.
    pub(crate) fn accrual(state: &str, language: Language) -> Self {
        let text = |english, russian| language.choose(english, russian);
        match state {
            "held" => word("◔", text("waits to go out", "ждёт отправки"), "plain"),
            "sent" => word("◔", text("sent: no answer yet", "отправлена: ответа ещё нет"), "plain"),
            "accepted" => word("✓", text("accepted", "принята"), "good"),
            "rejected" => word("✗", text("rejected", "отклонена"), "bad"),
            "resent" => word("↩", text("replaced by another line", "заменена другой строкой"), "plain"),
            "reversed" => word("↩", text("taken back", "отменена"), "plain"),
            "written_off" => word("–", text("written off", "списана"), "plain"),
            _ => word("?", text("unknown", "неизвестно"), "bad"),
        }
    }

    /// Whether a clearing file was taken.
    pub(crate) fn clearing(state: &str, language: Language) -> Self {
        match state {
            "taken" => word("✓", language.choose("taken", "принят"), "good"),
            _ => word("◔", language.choose("being taken", "принимается"), "plain"),
        }
    }

    /// Whether a line stands in a published file.
    pub(crate) fn in_file(language: Language) -> Self {
        word("✓", language.choose("published", "опубликована"), "good")
    }

    /// Something that is not there.
    pub(crate) fn absent(text: &'static str) -> Self {
        word("–", text, "plain")
    }

    /// Something that is wrong.
    pub(crate) fn wrong(text: &'static str) -> Self {
        word("✗", text, "bad")
    }
}
