//! What the page of the morning says, and the names of the sources that are compared.

use program_files::Language;

use super::{Word, word};
use crate::locale::Counted;

catalogue! {
    /// The labels of the page of the morning.
    TodayLabels
    today: "Today", "Сегодня";
    about: "Six questions of a morning, in their order. What is expected and not yet due is never counted as a break.", "Шесть вопросов утра по порядку. То, что ещё не должно было прийти, расхождением не считается.";
    times_in: "Times in", "Время:";
    arrived: "Did everything arrive?", "Всё ли пришло?";
    ties: "Do the control totals tie?", "Сходятся ли контрольные суммы?";
    breaks: "What broke?", "Что не сошлось?";
    waiting: "What waits for me?", "Что ждёт меня?";
    failed: "What did not get through?", "Что не дошло?";
    stale: "What is expected and going stale?", "Что ждём слишком долго?";
    source: "Source", "Источник";
    with: "Of", "Чей";
    inputs: "Inputs", "Поступило";
    matched: "Matched", "Сошлось";
    suggested: "Suggested", "Предположено";
    expected: "Expected, not due", "Ожидается, не срок";
    broken: "Broken", "Не сошлось";
    business_date: "Business date", "Дата";
    compared_at: "Compared", "Сверено";
    state: "State", "Состояние";
    inputs_caption: "Comparisons of the last two business dates, by source", "Сверки двух последних дат по источникам";
    no_comparison: "nothing of it was compared", "сверок не было";
    all_read: "compared", "сверено";
    with_breaks: "compared, with breaks", "сверено, есть расхождения";
    unreadable: "could not be read", "не прочитано";
    missing_caption: "Late or not there, the longest first", "Опаздывает или отсутствует, самое давнее первым";
    nothing_missing: "Nothing that was due is missing.", "Всё, что должно было прийти, пришло.";
    files_caption: "Clearing files that came in the last 24 hours", "Файлы клиринга за последние 24 часа";
    no_files: "No clearing file came in the last 24 hours. Banks that send advices on the link send none.", "За последние 24 часа файлов клиринга не было. Банки, которые шлют извещения по каналу, их не присылают.";
    bank: "Bank", "Банк";
    files: "Files", "Файлы";
    records: "Records", "Записи";
    put_aside: "Put aside", "Отложено";
    last_at: "The last at", "Последний";
    late_since: "Late since", "Опаздывает с";
    kind: "Kind", "Вид";
    subject: "What", "Что";
    program: "Program", "Программа";
    partner: "Partner", "Партнёр";
    opening: "Opening", "Начало";
    movements: "Movements", "Движение";
    paid: "Paid", "Оплата";
    closing: "Closing", "Конец";
    difference: "Difference", "Разница";
    books: "Books", "Учёт";
    bank_side: "Bank", "Банк";
    partner_side: "Partner", "Партнёр";
    ties_caption: "Opening + movements − paid = closing of the last settled cycle; positive is what the partner owes or pays. A difference of 0 is shown too", "Начало + движение − оплата = конец последнего рассчитанного цикла; положительное должен или платит партнёр. Разница 0 тоже показана";
    no_ties: "No cycle has been settled yet.", "Ни один цикл ещё не рассчитан.";
    biggest_caption: "Open breaks, the largest first", "Открытые расхождения, самые крупные первыми";
    oldest_caption: "Open breaks, the oldest first", "Открытые расхождения, самые давние первыми";
    no_breaks: "No break is open.", "Открытых расхождений нет.";
    unit_left: "Left", "Осталось";
    age: "Age", "Возраст";
    severity: "Severity", "Важность";
    break_no: "Break", "Расхождение";
    waiting_caption: "Proposed by others, the oldest first. Nobody approves his own", "Предложено другими, самое давнее первым. Своё не утверждает никто";
    nothing_waits: "Nothing of others waits for a decision.", "Чужих предложений без решения нет.";
    what: "What", "Что";
    since: "Since", "С";
    failed_caption: "Ways that fail, answers that are late, files that could not be read", "Пути со сбоями, ответы с опозданием, нечитаемые файлы";
    nothing_failed: "Every way to every partner works, and no answer is late.", "Все пути к партнёрам работают, опоздавших ответов нет.";
    why: "Why", "Почему";
    attempts: "Attempts", "Попытки";
    stale_caption: "Breaks that wait for somebody outside, the nearest date first", "Расхождения, ждущие внешней стороны, ближайший срок первым";
    nothing_stale: "Nothing waits for somebody outside.", "Внешних ожиданий нет.";
    wait_until: "Wait until", "Ждём до";
    chart_rate: "Match rate and exceptions of 30 days", "Доля совпавшего и исключения за 30 дней";
    chart_rate_about: "Line: share of compared items that matched, in percent. Bars: items that did not.", "Линия: доля совпавшего в процентах. Столбцы: сколько не совпало.";
    rate: "Match rate", "Доля совпавшего";
    exceptions: "Exceptions", "Исключения";
    no_rate: "Nothing was compared in these 30 days.", "За эти 30 дней сверок не было.";
    chart_age: "Open breaks by age and severity", "Открытые расхождения по возрасту и важности";
    chart_age_about: "Breaks that are not resolved, waiting ones among them, by days since they were opened.", "Нерешённые расхождения, включая ожидающие, по дням с открытия.";
    days: "Days", "Дни";
    low: "low", "низкая";
    medium: "medium", "средняя";
    high: "high", "высокая";
    critical: "critical", "критическая";
    agrees: "agrees", "сходится";
    differs: "differs", "расходится";
    ok: "in order", "в порядке";
    not_ok: "look at it", "посмотрите";
    table_of: "The numbers of the chart", "Числа графика";
    f_way: "a way fails", "сбой пути";
    f_answer: "answer is late", "ответ опаздывает";
    f_inbox: "file not read", "файл не прочитан";
    st_open: "open", "открыто";
    st_assigned: "assigned", "назначено";
    st_pending: "waits for others", "ждёт других";
}

/// Breaks.
pub(crate) const BREAKS: Counted = Counted {
    english: ["break", "breaks"],
    russian: ["расхождение", "расхождения", "расхождений"],
};
/// Inputs.
pub(crate) const SOURCES: Counted = Counted {
    english: ["item missing or late", "items missing or late"],
    russian: ["отсутствует или опаздывает", "отсутствуют или опаздывают", "отсутствуют или опаздывают"],
};
/// Proposals.
pub(crate) const PROPOSALS: Counted = Counted {
    english: ["proposal", "proposals"],
    russian: ["предложение", "предложения", "предложений"],
};
/// Lines of a table of totals.
pub(crate) const POSITIONS: Counted = Counted {
    english: ["position", "positions"],
    russian: ["позиция", "позиции", "позиций"],
};
/// What failed.
pub(crate) const FAILURES: Counted =
    Counted { english: ["failure", "failures"], russian: ["сбой", "сбоя", "сбоев"] };
/// What is waited for.
pub(crate) const WAITS: Counted = Counted {
    english: ["wait", "waits"],
    russian: ["ожидание", "ожидания", "ожиданий"],
};

/// The sources that are compared, in the order of a morning.
pub(crate) const COMPARED: [&str; 7] = [
    "bank_clearing",
    "bank_totals",
    "bank_statement",
    "own_file",
    "acknowledgement",
    "handback",
    "partner_statement",
];

/// The name of a source; one that is not known here is shown as it is.
pub(crate) fn compared_source(name: &str, language: Language) -> String {
    let (english, russian) = match name {
        "bank_clearing" => ("bank's clearing files", "клиринг банка"),
        "bank_totals" => ("bank's totals (0500, 0520)", "итоги банка (0500, 0520)"),
        "bank_statement" => ("bank's statement", "выписка банка"),
        "own_file" => ("our own files", "наши файлы"),
        "acknowledgement" => ("partner's acknowledgement", "подтверждение партнёра"),
        "handback" => ("partner's hand-back", "ответ партнёра о милях"),
        "partner_statement" => ("partner's statement", "выписка партнёра"),
        other => return other.replace('_', " "),
    };
    language.choose(english, russian).to_owned()
}

/// A class of the taxonomy, shortly.
pub(crate) fn break_class(name: &str, language: Language) -> String {
    let (english, russian) = match name {
        "missing" => ("not there", "не пришло"),
        "late" => ("late", "с опозданием"),
        "carried_forward" => ("carried forward", "перенесено"),
        "missing_ours" => ("missing here", "нет у нас"),
        "missing_theirs" => ("missing there", "нет у них"),
        "duplicate" => ("duplicate", "повтор"),
        "unknown_partner" => ("unknown partner", "неизвестный партнёр"),
        "amount" => ("amount", "сумма"),
        "fee" => ("fee", "комиссия"),
        "vat_rounding" => ("VAT rounding", "округление НДС"),
        "fx" => ("exchange rate", "курс"),
        "currency" => ("currency", "валюта"),
        "miles_rate" => ("miles", "мили"),
        "split" => ("split", "разбито"),
        "reference" => ("reference", "ссылка"),
        "ambiguous" => ("ambiguous", "неоднозначно"),
        "suggested" => ("suggested match", "возможное совпадение"),
        "sequence_gap" => ("gap in the sequence", "пропуск номера"),
        "totals" => ("totals", "итоги"),
        "altered_file" => ("altered file", "файл изменён"),
        "signature" => ("signature", "подпись"),
        "nack" => ("refused", "отказ"),
        other => return other.replace('_', " "),
    };
    language.choose(english, russian).to_owned()
}

impl TodayLabels {
    /// A severity.
    pub(crate) fn severity(&self, name: &str) -> Word {
        match name {
            "critical" => word("!!", self.critical, "bad"),
            "high" => word("!", self.high, "bad"),
            "medium" => word("◑", self.medium, "plain"),
            _ => word("○", self.low, "plain"),
        }
    }

    /// The state of a case that is not resolved.
    pub(crate) fn case_state(&self, name: &str) -> Word {
        match name {
            "assigned" => word("◑", self.st_assigned, "plain"),
            "pending_external" => word("◔", self.st_pending, "plain"),
            _ => word("○", self.st_open, "plain"),
        }
    }

    /// Good or bad.
    pub(crate) fn verdict(&self, good: bool) -> Word {
        if good { word("✓", self.agrees, "good") } else { word("✗", self.differs, "bad") }
    }

    /// Whether somebody must look.
    pub(crate) fn order(&self, good: bool) -> Word {
        if good { word("✓", self.ok, "good") } else { word("!", self.not_ok, "bad") }
    }
}
