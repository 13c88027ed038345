//! What the pages of partners, of a program's health, of links and of the journal say.

use program_files::Language;

use super::{Word, word};

catalogue! {
    /// The labels of these pages.
    FurtherLabels
    here: "You are here", "Вы здесь";
    times_in: "Times in", "Время:";
    partners: "Partners", "Партнёры";
    partner: "Partner", "Партнёр";
    partners_caption: "Everybody who is settled with", "Все, с кем ведутся расчёты";
    no_partners: "No partner is known yet.", "Партнёров пока нет.";
    last_file: "Last file", "Последний файл";
    ways: "Ways", "Пути";
    ways_down: "Ways that fail", "Пути со сбоями";
    overdue: "Answers overdue", "Ответы просрочены";
    open_breaks: "Open breaks", "Открытые расхождения";
    from: "From", "С";
    until: "To", "По";
    statement: "Statement", "Выписка";
    statement_caption: "Opening + accrued + VAT − paid = closing, by cycle; positive is what the partner owes or pays", "Начало + начислено + НДС − оплачено = конец, по циклам; положительное должен или платит партнёр";
    no_statement: "Nothing was settled with this partner in the period.", "За период расчётов с партнёром не было.";
    business_date: "Business date", "Дата";
    program: "Program", "Программа";
    lines: "Lines", "Строки";
    miles: "Miles", "Мили";
    opening: "Opening", "Начало";
    accrued: "Accrued", "Начислено";
    vat: "VAT", "НДС";
    paid: "Paid", "Оплачено";
    closing: "Closing", "Конец";
    difference: "Difference", "Разница";
    result: "Result", "Итог";
    files: "Files", "Файлы";
    files_caption: "Published files of the period, the newest first, with their answers", "Опубликованные файлы периода, последние первыми, с ответами";
    no_files: "No file was published in the period.", "За период файлов не было.";
    file: "File", "Файл";
    sequence: "Sequence", "Номер";
    revision: "Revision", "Редакция";
    records: "Records", "Записи";
    brought: "Brought", "Доставлен";
    answer: "Answer", "Ответ";
    answered_at: "Answered", "Ответил";
    due: "Answer due", "Ответ до";
    ways_caption: "Ways to the partner: what each has brought, what waits, and its last failure", "Пути к партнёру: что доставлено, что ждёт и последний сбой";
    no_ways: "No way to this partner is configured: its files lie in the folder of files.", "Путей к партнёру не настроено: его файлы лежат в папке файлов.";
    way: "Way", "Путь";
    carries: "Carries", "Несёт";
    state: "State", "Состояние";
    delivered: "Brought", "Доставлено";
    backlog: "Waits", "Ждёт";
    attempts: "Failed attempts", "Неудачные попытки";
    next_attempt: "Next attempt", "Следующая попытка";
    last_error: "Last failure", "Последний сбой";
    terms: "Terms in force", "Действующие условия";
    terms_caption: "What is agreed with the partner, as the programs in force say it", "Что согласовано с партнёром, по действующим программам";
    no_terms: "No program in force has terms with this partner.", "В действующих программах условий с партнёром нет.";
    entry: "Entry", "Пункт";
    value: "Value", "Значение";
    ack_chart: "How fast files are answered", "Как быстро отвечают на файлы";
    ack_about: "Median and 95th percentile of the hours from the delivery of a file to its answer, by week.", "Медиана и 95-й процентиль часов от доставки файла до ответа, по неделям.";
    week: "Week from", "Неделя с";
    median: "p50, minutes", "p50, минут";
    high: "p95, minutes", "p95, минут";
    answers: "Answers", "Ответы";
    no_answers: "No file of the period was both delivered and answered.", "За период нет файлов, которые доставлены и получили ответ.";
    accrued_chart: "Accrued against settled", "Начислено и рассчитано";
    accrued_about: "What was accrued with tax, and what was paid, by business date, in", "Начислено с налогом и оплачено по датам, в валюте";
    numbers: "The numbers of the chart", "Числа графика";
    events: "events", "события";
    carried_files: "files", "файлы";
    active: "works", "работает";
    failing: "fails", "сбоит";
    stopped: "stopped: waits for an operator", "остановлен: ждёт оператора";
    none_yet: "none yet", "пока нет";
    late: "overdue", "просрочен";
    health: "Health of the program", "Состояние программы";
    health_about: "Counted at the close of the last cycle; nothing here reads single purchases.", "Посчитано при закрытии последнего цикла; отдельные покупки здесь не читаются.";
    not_counted: "No cycle of this program has been counted yet: the first numbers come with its first close.", "Ни один цикл программы ещё не посчитан: первые числа появятся после первого закрытия.";
    as_of: "As of", "На";
    liability: "Miles outstanding", "Мили в обращении";
    members: "Members", "Участники";
    active_members: "Active in 30 days", "Активны за 30 дней";
    share: "Purchases at partners, 30 days", "Покупки у партнёров, 30 дней";
    share_about: "Share of the counted turnover of members' cards", "Доля учтённого оборота по картам участников";
    by_age: "Miles outstanding by the month of their grant", "Мили в обращении по месяцу начисления";
    by_expiry: "Miles outstanding by the month in which they expire", "Мили в обращении по месяцу сгорания";
    month: "Month", "Месяц";
    never: "do not expire", "не сгорают";
    no_lots: "Members hold no miles.", "Миль у участников нет.";
    accrual_chart: "Earned and taken back or used, by day", "Начислено и отменено или потрачено, по дням";
    accrual_about: "Miles posted for members, and against them, of the last 30 business dates.", "Мили в пользу участников и против них за последние 30 дат.";
    earned: "Earned", "Начислено";
    reversed: "Reversed", "Отменено";
    redeemed: "Spent", "Потрачено";
    expired: "Expired", "Сгорело";
    cost: "Cost by funder, 30 days", "Затраты по плательщикам, 30 дней";
    cost_caption: "What members were given, net of what was taken back, by who pays for it", "Что дано участникам за вычетом отменённого, по тем, кто платит";
    funder: "Funder", "Кто платит";
    the_bank: "the bank", "банк";
    base_miles: "Base miles", "Базовые мили";
    bonus_miles: "Bonus miles", "Бонусные мили";
    discounts: "Discounts", "Скидки";
    no_cost: "Nothing was given in these 30 days.", "За эти 30 дней ничего не дано.";
    turnover: "Turnover", "Оборот";
    day: "Business date", "Дата";
    at_partners: "At partners", "У партнёров";
    all_turnover: "All counted", "Весь учтённый";
    links: "Links", "Каналы";
    links_caption: "Links of banks in the last 24 hours", "Каналы банков за последние 24 часа";
    no_links: "No minute of a link has been written yet. The gateway writes one each minute while it runs.", "Ни одной минуты канала ещё не записано. Шлюз пишет их каждую минуту, пока работает.";
    link: "Link", "Канал";
    last_minute: "Last minute written", "Последняя запись";
    connections: "Connections", "Соединения";
    messages: "Messages", "Сообщения";
    up: "up", "работает";
    down: "no connection", "нет соединения";
    silent: "the gateway is silent", "шлюз молчит";
    latency_chart: "How fast messages are answered", "Как быстро отвечают на сообщения";
    latency_about: "Upper bounds in milliseconds of the median and of the 99th percentile, by half hour, of all links together.", "Верхние границы медианы и 99-го процентиля в миллисекундах по получасам, по всем каналам вместе.";
    rate_chart: "Messages", "Сообщения";
    rate_about: "Messages that came, by half hour and link.", "Пришедшие сообщения по получасам и каналам.";
    half_hour: "Half hour from", "Полчаса с";
    p50: "p50, ms", "p50, мс";
    p99: "p99, ms", "p99, мс";
    audit: "Audit", "Журнал";
    audit_about: "Who changed what, before and after. Entries are only added, and each is chained to the one before it.", "Кто что изменил, было и стало. Записи только добавляются, каждая связана с предыдущей.";
    to_audit: "To the audit log", "К журналу";
    audit_caption: "Changes, the newest first", "Изменения, последние первыми";
    no_entries: "No change fits these filters.", "Под этот отбор изменений нет.";
    at: "When", "Когда";
    by: "Who", "Кто";
    what: "What", "Что";
    object: "Object", "Объект";
    before: "Before", "Было";
    after: "After", "Стало";
    note: "Reason", "Причина";
    seal: "Seal", "Печать";
    chain: "Chain", "Цепочка";
    chain_whole: "whole: every seal fits its entry and the one before", "цела: каждая печать подходит к записи и к предыдущей";
    chain_broken: "broken", "нарушена";
    chain_unread: "not computed for this page", "для этой страницы не проверена";
    verify_now: "Compute it now", "Проверить сейчас";
    places: "Seals", "Печатей";
    waiting: "Wait for a seal", "Ждут печати";
}

/// The last answer to a file; the stored word, and whether it is late.
pub(crate) fn answered(
    outcome: Option<&str>,
    is_late: bool,
    w: &'static FurtherLabels,
    language: Language,
) -> Word {
    let say = |icon, english, russian, tone| word(icon, language.choose(english, russian), tone);
    match outcome {
        None if is_late => word("✗", w.late, "bad"),
        None => word("–", w.none_yet, "plain"),
        Some("acknowledged") => say("✓", "acknowledged", "подтверждён", "good"),
        Some("disputed") => say("?", "lines are disputed", "строки оспорены", "bad"),
        Some("new_revision") => {
            say("↩", "replaced by its next revision", "заменён следующей редакцией", "plain")
        }
        Some("resend" | "resent") => say("↩", "sent again", "отправлен повторно", "plain"),
        Some(_) => say("✗", "answered otherwise", "другой ответ", "bad"),
    }
}
