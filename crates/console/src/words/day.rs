//! What the pages of days say.

use program_files::Language;

use super::{Word, word};
use crate::locale::Counted;

catalogue! {
    /// The labels of the pages of days.
    DayLabels
    here: "You are here", "Вы здесь";
    days: "Days", "Дни";
    no_programs: "No program is configured yet.", "Программ пока нет.";
    no_days: "No day has begun yet. The first one opens when the program is put into force.", "Ни один день ещё не начат. Первый откроется, когда программа вступит в силу.";
    days_of: "Business days of", "Операционные дни программы";
    newest_first: "newest first", "начиная с последнего";
    zone_word: "zone", "пояс";
    cut_off_word: "cut-off", "отсечка";
    state: "State", "Состояние";
    files: "Files", "Файлы";
    none_yet: "none yet", "пока нет";
    published: "published", "опубликовано";
    of_all: "of", "из";
    found_breaks: "Breaks", "Расхождения";
    open_breaks: "Still open", "Ещё открыты";
    net: "Net", "Нетто";
    net_all: "Net of all partners; positive is what they pay", "Нетто всех партнёров; положительное платят они";
    gross: "Paid either way", "Оплачено в обе стороны";
    older: "Older days", "Более ранние дни";
    cycle: "cycle", "цикл";
    business_date: "Business date", "Дата";
    zone: "Zone", "Пояс";
    cut_off: "Cut-off", "Отсечка";
    bank: "Bank", "Банк";
    cycle_title: "Cycle", "Цикл";
    cycle_of_date: "Cycle of the date", "Цикл даты";
    tie_out: "Tie-out", "Сверка";
    see_it: "see it", "смотреть";
    steps: "Steps of the day", "Шаги дня";
    step_open: "open", "открыт";
    step_closed: "closed", "закрыт";
    step_computed: "computed", "рассчитан";
    step_approved: "approved", "утверждён";
    step_published: "published", "опубликован";
    step_delivered: "delivered", "доставлен";
    step_acknowledged: "acknowledged", "подтверждён";
    by_scheduler: "by the scheduler", "по расписанию";
    alone: "no second person asked", "без второго человека";
    not_begun: "not yet", "ещё нет";
    arrived: "What arrived", "Что пришло";
    no_message: "No message has arrived for this day.", "За этот день сообщений нет.";
    arrived_caption: "Messages of members' cards. Counted: clearings less refunds, which come as 0220 too, and reversals", "Сообщения по картам участников. Учтено: клиринг за вычетом возвратов, которые тоже приходят как 0220, и отмен";
    message_type: "Message type", "Тип сообщения";
    messages: "Messages", "Сообщения";
    of_a_purchase: "Of a purchase", "По покупке";
    of_none: "Of none", "Без покупки";
    counted: "Counted", "Учтено";
    all: "All", "Все";
    all_of_cycle: "All transactions of the cycle", "Все операции цикла";
    all_of_day: "All transactions of the day", "Все операции дня";
    positions: "Positions", "Позиции";
    positions_caption: "What the bank and each partner owe each other for this day", "Что банк и каждый партнёр должны друг другу за этот день";
    nothing_owed: "Nothing is owed between the bank and any partner for this day.", "За этот день банк и партнёры ничего друг другу не должны.";
    positions_later: "Not closed yet: positions are booked when the day is closed.", "Ещё не закрыт: позиции учитываются при закрытии дня.";
    partner: "Partner", "Партнёр";
    direction: "Direction", "Направление";
    lines: "Lines", "Строки";
    miles: "Miles", "Мили";
    vat: "VAT", "НДС";
    to_pay: "To pay", "К оплате";
    no_file: "No file has been written yet.", "Файлов пока нет.";
    files_later: "Not closed yet: files are written when the day is closed.", "Ещё не закрыт: файлы пишутся при закрытии дня.";
    files_caption: "Settlement files, read and verified again for this page", "Файлы взаиморасчётов, прочитанные и проверенные заново для этой страницы";
    receiver: "Receiver", "Получатель";
    file: "File", "Файл";
    sequence: "Sequence", "Номер";
    records: "Records", "Записи";
    published_head: "Published", "Опубликован";
    verified: "Verified", "Проверен";
    revision: "rev.", "ред.";
    control: "Control totals", "Контрольные суммы";
    control_caption: "What the bank's file, our books and the partner's file say of each partner. Positive is what the bank pays; the difference is the largest number less the smallest", "Что говорят о каждом партнёре файл банка, наш учёт и файл партнёра. Положительное платит банк; разница – наибольшее минус наименьшее";
    control_later: "Control totals stand here when the files are published.", "Контрольные суммы появятся после публикации файлов.";
    measure: "Measure", "Показатель";
    bank_file: "Bank's file", "Файл банка";
    our_books: "Our books", "Наш учёт";
    partner_file: "Partner's file", "Файл партнёра";
    difference: "Difference", "Разница";
    result: "Result", "Итог";
    balances: "From opening to closing", "От начала к концу";
    balances_caption: "Opening + earned + adjusted + VAT − paid = closing, by partner and currency; positive is what the partner owes. The difference is shown even when it is 0", "Начало + начислено + поправки + НДС − оплачено = конец, по партнёрам и валютам; положительное должен партнёр. Разница показана и когда она 0";
    opening: "Opening", "Начало";
    earned: "Earned less reversed", "Начислено за вычетом отмен";
    adjusted: "Adjusted", "Поправки";
    adjusted_net: "Adjusted, without VAT", "Поправки без НДС";
    paid: "Paid", "Оплачено";
    closing: "Closing", "Конец";
    waterfall: "Settlement waterfall", "Каскад расчётов";
    waterfall_about: "From the opening balance over what was earned, adjusted, taxed and paid to the closing one.", "От начального остатка через начисления, поправки, налог и оплату к конечному.";
    step: "Step", "Шаг";
    amount: "Amount", "Сумма";
    miles_waterfall: "Miles of members", "Мили участников";
    miles_about: "From what members held before the cycle over what was earned, taken back, adjusted, spent and expired to what they hold after it.", "От миль до цикла через начисленные, отменённые, поправки, потраченные и сгоревшие к милям после него.";
    miles_earned: "Earned", "Начислено";
    miles_reversed: "Reversed", "Отменено";
    miles_spent: "Spent", "Потрачено";
    miles_expired: "Expired", "Сгорело";
    miles_other: "Other", "Прочее";
    chart_numbers: "The numbers of the chart", "Числа графика";
    tie_caption: "Net, VAT and to pay are negative where the partner pays the bank. The difference is the largest number of a line less the smallest.", "Нетто, НДС и к оплате отрицательны, где платит партнёр. Разница – наибольшее число строки минус наименьшее.";
    transactions: "Transactions", "Операции";
    ledger: "Ledger", "Учёт";
    what_compared: "What is compared here?", "Что здесь сравнивается?";
    compared_about: "Transactions is what the bank was told in the replies and with which amounts its messages counted. Ledger is what was posted, and what was booked as a position at the close. Quantities that two people have adjusted are in both. Files is what the published files state themselves: net, VAT and the sum to pay stand in the partner's file and in the bank's, and both must say the same. A merchant partner's miles are the bonus miles that it pays for; the co-brand partner's are all miles granted.", "Операции – что банку сообщили в ответах и с какими суммами учтены его сообщения. Учёт – что проведено и что учтено как позиция при закрытии. Количества, которые исправили два человека, есть и там и там. Файлы – что заявляют сами опубликованные файлы: нетто, НДС и сумма к оплате стоят в файле партнёра и в файле банка и должны совпадать. Мили торгового партнёра – бонусные мили, за которые он платит; у партнёра программы – все начисленные.";
    kept: "The numbers were counted at the close of the day, at", "Числа посчитаны при закрытии дня, в";
    count_again: "Count them again now", "Посчитать заново";
    many_messages: "The cycle has many messages and is not counted yet; what arrived and the tie-out are counted when you ask for it.", "В цикле много сообщений, и он ещё не посчитан; поступления и сверка считаются по запросу.";
    count_now: "Count now", "Посчитать сейчас";
    breaks_of_day: "Breaks of the day", "Расхождения дня";
    not_told: "not told by message", "в сообщениях не сказано";
    not_stated: "not stated in a file", "в файлах не заявлено";
    not_closed: "not closed yet", "ещё не закрыт";
    not_published: "not published yet", "ещё не опубликованы";
    missing: "missing", "отсутствует";
    disagree: "the files disagree", "файлы расходятся";
    dash_not_closed: "A dash: no number yet, the day is not closed; or this side does not state the measure.", "Прочерк: числа ещё нет, день не закрыт; или эта сторона показателя не заявляет.";
    dash_not_published: "A dash: no number yet, the files are not published; or this side does not state the measure.", "Прочерк: числа ещё нет, файлы не опубликованы; или эта сторона показателя не заявляет.";
    dash: "A dash: this side does not state the measure.", "Прочерк: эта сторона показателя не заявляет.";
    m_turnover: "Turnover", "Оборот";
    m_discount: "Discount", "Скидка";
    m_share: "Discount, settled share", "Скидка, доля расчётов";
    times_of: "Times of", "Время за";
    times: "Times in", "Время:";
    in_zone: "in", "в поясе";
    reached: "Reached us", "Пришло к нам";
    said: "As the message said it", "Как сказано в сообщении";
    message: "Message", "Сообщение";
    card: "Card", "Карта";
    reason: "Reason", "Причина";
    only: "Only", "Только";
    show_all: "Show all types", "Показать все типы";
    no_such: "No such message has arrived for this day.", "Таких сообщений за этот день нет.";
    no_more: "There are no more messages.", "Больше сообщений нет.";
    list_caption: "Messages of the day by the time at which they were sent", "Сообщения дня по времени отправки";
}

/// Lines of a tie-out.
pub(crate) const LINES: Counted =
    Counted { english: ["line", "lines"], russian: ["строка", "строки", "строк"] };

impl DayLabels {
    /// Who pays whom.
    pub(crate) fn pays(&self, partner: &str, bank_pays: bool, language: Language) -> String {
        match (language, bank_pays) {
            (Language::English, true) => format!("bank pays {partner}"),
            (Language::English, false) => format!("{partner} pays bank"),
            (Language::Russian, true) => format!("банк платит {partner}"),
            (Language::Russian, false) => format!("{partner} платит банку"),
        }
    }
}

/// The state of a cycle.
pub(crate) fn cycle_state(name: &str, language: Language) -> Word {
    let say = |icon, english, russian, tone| word(icon, language.choose(english, russian), tone);
    match name {
        "prepared" => say("○", "not begun", "не начат", "plain"),
        "open" => say("◔", "open: taking messages", "открыт: принимает сообщения", "plain"),
        "closing" => say("◑", "closed: being settled", "закрыт: рассчитывается", "plain"),
        "computed" => say("◑", "computed: waits for approval", "рассчитан: ждёт утверждения", "plain"),
        "approved" => say("◑", "approved: files go out", "утверждён: файлы уходят", "plain"),
        "published" => say("✓", "published", "опубликован", "good"),
        "delivered" => say("✓", "delivered", "доставлен", "good"),
        "acknowledged" => say("✓", "acknowledged", "подтверждён", "good"),
        _ => say("?", "unknown", "неизвестно", "bad"),
    }
}

/// What became of a tie-out or of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shows {
    Ties,
    Broken,
    SoFar,
    Verified,
    Gone,
    Altered,
    Refused,
    Unpublished,
    Published,
}

impl Shows {
    /// Its word.
    pub(crate) fn word(self, language: Language) -> Word {
        let say = |icon, english, russian, tone| word(icon, language.choose(english, russian), tone);
        match self {
            Self::Ties => say("✓", "ties", "сходится", "good"),
            Self::Broken => say("✗", "does not tie", "не сходится", "bad"),
            Self::SoFar => say("◔", "ties so far", "пока сходится", "plain"),
            Self::Verified => say("✓", "verified", "проверен", "good"),
            Self::Gone => say("✗", "not found in the folder of files", "нет в папке файлов", "bad"),
            Self::Altered => say(
                "✗",
                "altered: its SHA-256 is not the one in the books",
                "изменён: его SHA-256 не тот, что в учёте",
                "bad",
            ),
            Self::Refused => say("✗", "does not verify", "не проходит проверку", "bad"),
            Self::Unpublished => say("◔", "not published yet", "ещё не опубликован", "plain"),
            Self::Published => say("✓", "published", "опубликован", "good"),
        }
    }
}

/// What a message type is for.
pub(crate) fn mti_in(mti: &str, language: Language) -> &'static str {
    let english = super::mti(mti);
    let digits = mti.get(1..).unwrap_or_default();
    let russian = match (mti, digits) {
        (_, "101") => "запрос авторизации, повтор",
        (_, "100") => "запрос авторизации",
        (_, "121") => "извещение об авторизации, повтор",
        (_, "120") => "извещение об авторизации",
        (_, "201") => "финансовый запрос, повтор",
        (_, "200") => "финансовый запрос",
        (_, "221") => "клиринг (финансовое извещение), повтор",
        (_, "220") => "клиринг (финансовое извещение)",
        (_, "401") => "запрос отмены, повтор",
        (_, "400") => "запрос отмены",
        (_, "421") => "извещение об отмене, повтор",
        (_, "420") => "извещение об отмене",
        ("file", _) => "клиринг (файл)",
        ("file-reversal", _) => "отмена (файл)",
        ("file-chargeback", _) => "чарджбэк (файл)",
        ("file-second-presentment", _) => "повторное предъявление (файл)",
        ("file-arbitration", _) => "арбитражный чарджбэк (файл)",
        ("hold-expiry", _) => "конец холда авторизации",
        ("rerate", _) => "пересчёт по другой версии",
        ("reattribution", _) => "отнесено к другому партнёру",
        ("match-refund", _) => "возврат отнесён к покупке",
        (other, _) => super::own_event(other),
    };
    language.choose(english, russian)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OTHERS: [&str; 22] = [
        "file",
        "file-reversal",
        "file-chargeback",
        "rerate",
        "reattribution",
        "match-refund",
        "hold-expiry",
        "tier-review",
        "miles-expiry",
        "miles-lapse",
        "miles-reserve",
        "miles-confirm",
        "miles-cancel",
        "miles-unanswered",
        "miles-refused",
        "miles-adjust",
        "miles-send",
        "miles-arrive",
        "miles-delivered",
        "miles-pool-reserve",
        "miles-pool-confirm",
        "miles-pool-cancel",
    ];

    #[test]
    fn every_type_with_english_words_has_russian_ones() {
        for mti in
            ["0100", "0101", "1120", "1121", "0200", "0201", "0220", "0221", "0400", "0401", "0420", "0421"]
                .into_iter()
                .chain(OTHERS)
        {
            assert_ne!(mti_in(mti, Language::English), "other message", "{mti}");
            assert_ne!(mti_in(mti, Language::Russian), "другое сообщение", "{mti}");
        }
        assert_eq!(mti_in("0101", Language::Russian), "запрос авторизации, повтор");
        assert_eq!(mti_in("0120", Language::Russian), "извещение об авторизации");
    }
}
