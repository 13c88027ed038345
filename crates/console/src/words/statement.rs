//! What the printed statement of a day says.

use program_files::Language;

use crate::tie_out::{Measure, Verdict};

catalogue! {
    /// The words of the printed statement.
    StatementWords
    title: "Daily statement", "Отчёт за день";
    program: "Program", "Программа";
    bank: "Bank", "Банк";
    partner: "Partner", "Партнёр";
    business_date: "Business date", "Операционный день";
    cycle: "Cycle of the date", "Цикл дня";
    zone: "Zone", "Часовой пояс";
    cut_off: "Cut-off", "Время закрытия дня";
    state: "State", "Состояние";
    prepared_by: "Prepared by", "Подготовил";
    approved_by: "Approved by", "Согласовал";
    by_scheduler: "the scheduler", "планировщик";
    nobody_yet: "nobody yet", "пока никто";
    not_needed: "not asked for", "не требуется";
    as_of: "As of", "По состоянию на";
    environment: "Environment", "Среда";
    summary: "Summary", "Итог";
    all_tie: "All control totals tie: transactions = ledger = files.", "Все контрольные итоги сходятся: операции = учёт = файлы.";
    so_far: "All control totals tie so far; the files are still to come.", "Контрольные итоги пока сходятся; файлы ещё не вышли.";
    broken: "Control totals that do not tie:", "Контрольные итоги, которые не сходятся:";
    positions: "Positions", "Позиции";
    no_positions: "Nothing is owed yet.", "Обязательств пока нет.";
    further: "Further rows are in the annex.", "Остальные строки в приложении.";
    direction: "Direction", "Направление";
    bank_pays: "bank pays", "банк платит";
    partner_pays: "partner pays", "партнёр платит";
    lines: "Lines", "Строк";
    net: "Net", "Без НДС";
    vat: "VAT", "НДС";
    to_pay: "To pay", "К оплате";
    breaks: "Open breaks carried forward", "Открытые расхождения на перенос";
    no_breaks: "No break is open.", "Открытых расхождений нет.";
    breaks_count: "Open breaks:", "Открытых расхождений:";
    class: "Class", "Вид";
    date: "Date", "Дата";
    about: "About", "О чём";
    left: "Left", "Осталось";
    severity: "Severity", "Важность";
    annex: "Annex", "Приложение";
    totals: "Control totals", "Контрольные итоги";
    measure: "Measure", "Показатель";
    transactions: "Transactions", "Операции";
    ledger: "Ledger", "Учёт";
    files_side: "Files", "Файлы";
    difference: "Difference", "Разница";
    result: "Result", "Результат";
    files: "Files", "Файлы";
    no_files: "No file has been written yet.", "Файлов пока нет.";
    file: "File", "Файл";
    receiver: "Receiver", "Получатель";
    sequence: "Sequence", "Номер";
    records: "Records", "Записей";
    published: "published", "опубликован";
    not_published: "not published", "не опубликован";
    verified: "verified", "проверен";
    wrong: "gone, altered or unreadable", "нет, изменён или не читается";
    page_of: "page {} of {}", "страница {} из {}";
    disagree: "disagree", "расходятся";
    missing: "missing", "нет";
    more_breaks: "Only the first 500 are listed.", "Показаны только первые 500.";
}

/// What a line of the totals compares.
pub(crate) fn measure(of: Measure, language: Language) -> &'static str {
    let (english, russian) = match of {
        Measure::Miles => ("miles", "мили"),
        Measure::Turnover => ("turnover", "оборот"),
        Measure::Discount => ("discount", "скидка"),
        Measure::DiscountShare => ("discount, settled share", "скидка, доля в расчётах"),
        Measure::Net(_) => ("net", "без НДС"),
        Measure::Vat(_) => ("VAT", "НДС"),
        Measure::ToPay(_) => ("to pay", "к оплате"),
    };
    language.choose(english, russian)
}

/// Whether a line ties.
pub(crate) fn tie_verdict(of: Verdict, language: Language) -> &'static str {
    let (english, russian) = match of {
        Verdict::Ties => ("ties", "сходится"),
        Verdict::SoFar => ("so far", "пока сходится"),
        Verdict::Broken => ("DOES NOT TIE", "НЕ СХОДИТСЯ"),
    };
    language.choose(english, russian)
}

/// The state of a cycle.
pub(crate) fn cycle_state(name: &str, language: Language) -> &'static str {
    let (english, russian) = match name {
        "prepared" => ("not begun", "не начат"),
        "open" => ("open: taking messages", "открыт: принимает сообщения"),
        "closing" => ("closed: being settled", "закрыт: рассчитывается"),
        "computed" => ("computed: waits for approval", "рассчитан: ждёт согласования"),
        "approved" => ("approved: files go out", "согласован: файлы выходят"),
        "published" => ("published", "опубликован"),
        "delivered" => ("delivered", "доставлен"),
        "acknowledged" => ("acknowledged", "подтверждён"),
        _ => ("unknown", "неизвестно"),
    };
    language.choose(english, russian)
}
