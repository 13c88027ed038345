//! What the pages of breaks, cases and approvals say, and what every class and reason means, in both languages.

use domain::case::{CaseProposalKind, CaseRefusal, CaseState, Resolution, Severity, WriteOffAccount};
use program_files::Language;

use super::{Word, word};

catalogue! {
    /// The labels of the pages of breaks and approvals.
    BreakWords
    here: "You are here", "Вы здесь";
    breaks: "Breaks", "Расхождения";
    one_break: "Break", "Расхождение";
    approvals: "Approvals", "Согласования";
    number: "Number", "Номер";
    class: "Class", "Вид";
    kind_of: "Timing or data", "Срок или данные";
    timing: "timing", "срок";
    data: "data", "данные";
    source: "Source", "Источник";
    program: "Program", "Программа";
    partner: "Partner", "Партнёр";
    business_date: "Business date", "Операционный день";
    about: "About", "О чём";
    difference: "Difference", "Разница";
    left: "Left", "Осталось";
    unit: "Unit", "Единица";
    nothing_counted: "nothing is counted", "без суммы";
    age: "Age, days", "Возраст, дней";
    severity: "Severity", "Важность";
    state: "State", "Состояние";
    owner: "Owner", "Исполнитель";
    nobody: "nobody", "никто";
    me: "me", "я";
    due: "Due", "Срок";
    next_step: "Next step", "Что дальше";
    age_bucket: "Age", "Возраст";
    days_0_1: "0–1 days", "0–1 дней";
    days_2_3: "2–3 days", "2–3 дня";
    days_4_7: "4–7 days", "4–7 дней";
    days_8_30: "8–30 days", "8–30 дней";
    days_30: "over 30 days", "больше 30 дней";
    size_from: "Size from", "Размер от";
    size_until: "Size to", "Размер до";
    from: "Business date from", "Операционный день с";
    until: "Business date to", "Операционный день по";
    search: "About or number begins with", "О чём или номер, начало";
    order: "Order", "Порядок";
    o_severest: "most severe first", "сначала важные";
    o_oldest: "oldest first", "сначала старые";
    o_newest: "newest first", "сначала новые";
    o_largest: "largest first", "сначала крупные";
    list: "Breaks of this view", "Расхождения этого вида";
    none: "Nothing disagrees in this view. Everything that was due was compared and found equal, or is resolved.", "В этом виде расхождений нет: всё, что должно было прийти, сверено и совпало либо уже решено.";
    by_age: "By age, what waits for others included", "По возрасту, включая ожидающие ответа";
    by_age_caption: "How many, and what is left of them; sizes are added up, so that a minus never hides a plus", "Сколько и сколько осталось; складываются размеры, чтобы минус не скрывал плюс";
    count: "Breaks", "Расхождений";
    left_size: "Left, sizes added up", "Осталось, сумма размеров";
    per_day: "Breaks by class and business date", "Расхождения по видам и дням";
    per_day_caption: "Table of the chart", "Таблица графика";
    views: "Saved views", "Сохранённые виды";
    no_views: "You have saved no view yet.", "Вы пока не сохранили ни одного вида.";
    save_view: "Save this view", "Сохранить этот вид";
    view_name: "Name of the view", "Название вида";
    forget: "Forget", "Забыть";
    e_view: "A view needs a name of at most 60 characters, and you can keep 50.", "Виду нужно название не длиннее 60 знаков, всего видов может быть 50.";
    bulk: "With the chosen breaks", "С отмеченными";
    bulk_help: "Only assigning and commenting can be done for several at once. Approvals are always one by one.", "Сразу для нескольких можно только назначить исполнителя и оставить комментарий. Согласуют всегда по одному.";
    choose: "Choose", "Отметить";
    choose_break: "Choose break", "Отметить расхождение";
    assign_to: "Assign to", "Назначить";
    assign: "Assign", "Назначить";
    comment_all: "Comment", "Комментарий";
    add_comment: "Add the comment", "Добавить комментарий";
    e_none_chosen: "Choose at least one break first.", "Сначала отметьте хотя бы одно расхождение.";
    both_sides: "Both sides", "Обе стороны";
    sides_caption: "What each side says, field by field; cells that differ are marked", "Что говорит каждая сторона, поле за полем; отличия отмечены";
    field: "Field", "Поле";
    ours: "Ours", "У нас";
    theirs: "Theirs", "У них";
    compared: "Compared", "Сравнение";
    same: "same", "совпадает";
    differs: "differs", "отличается";
    no_fields: "One side says nothing, so there is nothing to put side by side.", "Одна сторона ничего не говорит, сопоставить нечего.";
    absent: "not there", "нет";
    live_difference: "Theirs less ours", "У них минус у нас";
    decided: "Decided so far", "Уже решено";
    what_is_left: "Left to explain", "Осталось объяснить";
    cause: "What it may be", "Что это может быть";
    why_found: "Why it was found", "Почему найдено";
    facts: "Facts", "Сведения";
    scope: "Compared scope", "Что сверялось";
    first_seen: "Found by run", "Найдено сверкой";
    last_seen: "Last found by run", "Последний раз найдено сверкой";
    cured_by: "No longer found by run", "Больше не найдено сверкой";
    transaction: "Transaction", "Операция";
    to_message: "the transaction with its masked message", "операция и её сообщение с маской";
    opened: "Open since", "Открыто";
    waits_until: "Waits until", "Ждёт до";
    resolution: "Resolution", "Решение";
    times_in: "Times in", "Время:";
    actions: "Propose", "Предложить";
    actions_help: "Nothing is changed by a proposal: another person decides about it.", "Предложение ничего не меняет: решает другой человек.";
    what_to_do: "What is to be done", "Что сделать";
    amount_name: "Amount", "Сумма";
    account_name: "Account", "Счёт";
    amount: "Amount, empty for all that is left", "Сумма, пусто – весь остаток";
    wait_date: "Wait until (with “wait” and “send back”)", "Ждать до (для «ждать» и «вернуть»)";
    their_ref: "Their reference (with “match”)", "Их ссылка (для «сопоставить»)";
    our_ref: "Our reference (with “match” and “adjust”)", "Наша ссылка (для «сопоставить» и «корректировать»)";
    vat_of_it: "VAT in the amount (with “adjust”), empty: as the line or the terms say", "НДС в сумме (для «корректировать»), пусто – по строке или условиям";
    account: "Account of the write-off, empty for the usual one", "Счёт списания, пусто – обычный";
    reason: "Reason", "Причина";
    propose: "Propose", "Предложить";
    choose_one: "choose", "выберите";
    no_action: "There is nothing to propose now.", "Сейчас предлагать нечего.";
    proposal_waits: "A proposal waits. It is decided or taken back before another one is made.", "Есть предложение без решения. Новое можно сделать, когда оно решено или отозвано.";
    is_resolved: "The case is resolved.", "Вопрос решён.";
    four_eyes: "Four eyes", "Четыре глаза";
    proposed_by: "Proposed by", "Предложил";
    proposed_at: "Proposed", "Предложено";
    own_proposal: "You proposed this, so somebody else must decide. No role lifts that, the administrator's neither. You may take it back.", "Это предложили вы, поэтому решить должен другой человек. Ни одна роль этого не отменяет, администратора тоже. Вы можете отозвать предложение.";
    not_an_approver: "Deciding needs the role of an approver, which you do not have.", "Решать может только согласующий, у вас этой роли нет.";
    decision_reason: "Reason of the decision", "Причина решения";
    approve: "Approve", "Согласовать";
    reject: "Reject", "Отклонить";
    take_back: "Take back", "Отозвать";
    timeline: "Timeline", "История";
    comments: "Comment", "Комментарий";
    attachments: "Attachments", "Вложения";
    no_attachments: "Nothing is attached.", "Вложений нет.";
    attach: "Attach a file", "Приложить файл";
    attach_help: "PDF, PNG, JPEG, text or CSV of at most 5 MiB, without card numbers.", "PDF, PNG, JPEG, текст или CSV до 5 МиБ, без номеров карт.";
    upload: "Attach", "Приложить";
    bookings: "Ledger of the case", "Учёт по расхождению";
    bookings_caption: "What was booked about it; every approval has a row, also where no amount moves", "Что проведено; строка есть у каждого согласования, даже без суммы";
    no_bookings: "Nothing is booked yet.", "Пока ничего не проведено.";
    booked: "Booked", "Проведено";
    booking: "Booking", "Проводка";
    decided_by: "Decided by", "Решил";
    proposals: "Proposals", "Предложения";
    proposals_caption: "All proposals about this break with their decisions", "Все предложения по этому расхождению и решения";
    no_proposals: "Nobody has proposed anything yet.", "Пока никто ничего не предлагал.";
    proposal: "Proposal", "Предложение";
    decision: "Decision", "Решение";
    for_me: "Waits for you", "Ждёт вас";
    for_me_none: "Nothing waits for your decision.", "Вашего решения ничего не ждёт.";
    mine: "Yours, waiting for others", "Ваши, ждут других";
    mine_none: "Nothing of yours waits for others.", "Ваших предложений без решения нет.";
    by_others: "Waits for an approver", "Ждёт согласующего";
    by_others_none: "Nothing waits for an approver.", "Согласующего ничего не ждёт.";
    decide_there: "Each is decided on its own page, with everything that belongs to it in sight.", "Каждое решается на своей странице, где видно всё, что к нему относится.";
    e_amount: "The amount is a decimal number, such as -12.50.", "Сумма – десятичное число, например -12,50.";
    e_kind: "Choose what is to be done.", "Выберите, что сделать.";
    e_date: "A date is written like 2026-10-10.", "Дата пишется так: 2026-10-10.";
    e_adjust: "The amount of an adjustment is settled in the partner's next file; name the line that it corrects.", "Сумма корректировки войдёт в следующий файл партнёра; укажите строку, которую она исправляет.";
    e_not_known: "Who pays, or the tax in this amount, cannot be told from the line or the terms. Say the VAT, or who pays with “cobrand case propose --direction”.", "Кто платит или какой НДС в этой сумме, по строке и условиям не определить. Укажите НДС, а кто платит – командой «cobrand case propose --direction».";
    bank_pays: "bank pays partner", "банк платит партнёру";
    partner_pays: "partner pays bank", "партнёр платит банку";
    adjusted_as: "Net and VAT", "Без НДС и НДС";
    e_upload: "Choose a file of at most 5 MiB.", "Выберите файл до 5 МиБ.";
    done_by_comparison: "comparison", "сверка";
}

/// A class: its name, and what it usually is.
pub(crate) fn class(name: &str, language: Language) -> (&'static str, &'static str) {
    let (english, russian) = match name {
        "missing" => (
            (
                "missing",
                "Nothing came from this source until it was due. Ask the sender whether it was sent, and look at the way by which it comes.",
            ),
            (
                "не пришло",
                "До срока из этого источника ничего не пришло. Спросите отправителя, ушло ли оно, и проверьте канал.",
            ),
        ),
        "late" => (
            (
                "late",
                "It came, but more days apart than agreed: presented late, or dated otherwise. The amounts agree.",
            ),
            (
                "с опозданием",
                "Пришло, но с бо́льшим разрывом в днях, чем принято: предъявлено поздно или датировано иначе. Суммы совпадают.",
            ),
        ),
        "carried_forward" => (
            (
                "carried forward",
                "It stands in a later cycle than expected. It should disappear when that cycle is compared.",
            ),
            ("перенесено", "Стоит в более позднем цикле. Должно исчезнуть, когда тот цикл будет сверен."),
        ),
        "missing_ours" => (
            (
                "missing here",
                "They have it and we do not: a message that never reached us, another card or bank, or their mistake.",
            ),
            (
                "нет у нас",
                "У них есть, у нас нет: сообщение к нам не дошло, другая карта или банк, или ошибка у них.",
            ),
        ),
        "missing_theirs" => (
            (
                "missing there",
                "We have it and they do not: not presented, not paid or not in their statement. Often it only comes later.",
            ),
            (
                "нет у них",
                "У нас есть, у них нет: не предъявлено, не оплачено или не попало в их выписку. Часто приходит позже.",
            ),
        ),
        "duplicate" => (
            (
                "duplicate",
                "One side has the same thing twice. Usually it was sent again under another number, and one of both must be taken back.",
            ),
            (
                "дубль",
                "У одной стороны одно и то же дважды. Обычно прислано повторно под другим номером, и одно надо снять.",
            ),
        ),
        "unknown_partner" => (
            (
                "unknown partner",
                "It is of somebody whom we do not know: a partner without terms, a wrong code, or a file for somebody else.",
            ),
            (
                "неизвестный партнёр",
                "Это от того, кого мы не знаем: партнёр без условий, неверный код или чужой файл.",
            ),
        ),
        "amount" => (
            (
                "amount",
                "Both sides have it with different amounts, and neither fee, tax nor rate explains it. Look at the message and its clearing.",
            ),
            (
                "сумма",
                "У сторон разные суммы, и ни сбор, ни налог, ни курс этого не объясняют. Посмотрите сообщение и клиринг.",
            ),
        ),
        "fee" => (
            (
                "fee",
                "Without fees both are equal: another fee was agreed, or it was charged twice or not at all.",
            ),
            ("сбор", "Без сборов суммы равны: согласован другой сбор, или его взяли дважды либо не взяли."),
        ),
        "vat_rounding" => (
            (
                "VAT rounding",
                "Net is equal and the tax differs by no more than roundings do: one side rounds by line, the other by document.",
            ),
            (
                "округление НДС",
                "Без НДС суммы равны, а налог отличается на округление: одна сторона округляет по строкам, другая по документу.",
            ),
        ),
        "fx" => (
            (
                "exchange rate",
                "Equal in the original currency, different after conversion: another rate, or another day of the rate.",
            ),
            ("курс", "В исходной валюте равны, после пересчёта нет: другой курс или день курса."),
        ),
        "currency" => (
            (
                "currency",
                "The same thing in another currency: the currency code is wrong on one side, or it was converted on one side only.",
            ),
            ("валюта", "То же самое в другой валюте: с одной стороны неверный код валюты или пересчёт."),
        ),
        "miles_rate" => (
            (
                "miles rate",
                "What miles are given for is equal, the miles differ: another rate, another rule, or another rounding.",
            ),
            ("ставка миль", "База для миль равна, мили разные: другая ставка, правило или округление."),
        ),
        "split" => (
            (
                "split",
                "The parts under one reference do not add up: a part is missing, stands twice, or has another amount.",
            ),
            (
                "части",
                "Части с одной ссылкой не складываются: какой-то нет, она стоит дважды или с другой суммой.",
            ),
        ),
        "reference" => (
            (
                "reference",
                "One reference says that it is the same, a stronger one differs. Probably a reference was mistyped or used again.",
            ),
            (
                "ссылка",
                "Одна ссылка говорит, что это одно и то же, а более надёжная отличается. Вероятно, ссылка искажена или использована повторно.",
            ),
        ),
        "ambiguous" => (
            (
                "ambiguous",
                "It fits several ways, and nothing says which. A person must choose; nothing is matched by itself.",
            ),
            (
                "неоднозначно",
                "Подходит несколько вариантов, и ничто не указывает на верный. Выбирает человек, само ничего не сопоставляется.",
            ),
        ),
        "suggested" => (
            (
                "suggested match",
                "No reference in common: only amount and date say that it is the same. Two people confirm it (match) or keep both apart; then each is looked for by itself.",
            ),
            (
                "возможное совпадение",
                "Общей ссылки нет: только сумма и дата говорят, что это одно и то же. Два человека подтверждают (сопоставить) или разделяют; тогда каждое ищется само.",
            ),
        ),
        "sequence_gap" => (
            (
                "gap in the sequence",
                "A number is missing and later ones came: a file was lost, or never written. Ask for that number.",
            ),
            (
                "пропуск номера",
                "Номера нет, а более поздние пришли: файл потерян или не создан. Запросите этот номер.",
            ),
        ),
        "totals" => (
            (
                "totals",
                "Counts or totals of a file or window differ. Look for the lines behind it: they have breaks of their own.",
            ),
            (
                "итоги",
                "Количества или итоги файла либо окна расходятся. Ищите строки за ними: у них свои расхождения.",
            ),
        ),
        "altered_file" => (
            (
                "altered file",
                "The bytes are not those that were published. Nobody may pay by it; find out who changed it, and send the original.",
            ),
            (
                "файл изменён",
                "Содержимое не то, что было опубликовано. По нему нельзя платить; выясните, кто изменил, и отправьте исходный.",
            ),
        ),
        "signature" => (
            (
                "signature",
                "The file does not follow the one before it, or its signature does not fit: a file between is missing or was replaced.",
            ),
            (
                "подпись",
                "Файл не продолжает предыдущий, или подпись не подходит: файл между ними пропал или подменён.",
            ),
        ),
        "nack" => (
            (
                "refused",
                "The receiver refused the file or a line. The reason stands in the answer; a layout mistake makes a new revision, content an adjustment.",
            ),
            (
                "отказ",
                "Получатель отклонил файл или строку. Причина в ответе: ошибка формата даёт новую редакцию, содержания – корректировку.",
            ),
        ),
        _ => (
            ("other", "Of a class that this version does not know."),
            ("другое", "Вид, которого эта версия не знает."),
        ),
    };
    language.choose(english, russian)
}

/// Why a comparison found it, as a sentence.
pub(crate) fn why(name: &str, language: Language) -> &'static str {
    let (english, russian) = match name {
        "same_identifier" => (
            "Both have the reference, and the values are equal.",
            "Ссылка есть у обеих сторон, значения равны.",
        ),
        "within_tolerance" => ("The difference is within what is tolerated.", "Разница в пределах допуска."),
        "parts_add_up" => ("The parts under one reference add up.", "Части с одной ссылкой складываются."),
        "same_amount_and_date" => (
            "No reference in common; amount and date fit, and fit nothing else.",
            "Общей ссылки нет; сумма и дата подходят, и только сюда.",
        ),
        "sum_of_others" => (
            "No reference in common; some of the other side add up to it in one way.",
            "Общей ссылки нет; часть другой стороны даёт эту сумму единственным образом.",
        ),
        "not_found_theirs" => (
            "The other side has nothing with its references, and it is due.",
            "У другой стороны по этим ссылкам ничего нет, а срок вышел.",
        ),
        "not_found_ours" => ("We have nothing with its references.", "У нас по этим ссылкам ничего нет."),
        "named_again" => (
            "What stands once on one side stands again on the other, with the same value.",
            "На другой стороне это стоит ещё раз с тем же значением.",
        ),
        "named_again_differing" => {
            ("It stands again, with another value.", "Стоит ещё раз с другим значением.")
        }
        "amounts_differ" => (
            "The same reference with another amount, and nothing explains it.",
            "Та же ссылка, другая сумма, объяснения нет.",
        ),
        "fees_differ" => ("Equal without fees.", "Без сборов равны."),
        "tax_differs" => (
            "Net is equal, the tax differs by more than rounding.",
            "Без НДС равны, налог отличается больше, чем на округление.",
        ),
        "tax_rounded" => (
            "Net is equal, the tax differs as roundings do.",
            "Без НДС равны, налог отличается на округление.",
        ),
        "rates_differ" => ("Equal in the original currency.", "В исходной валюте равны."),
        "currencies_differ" => ("The same reference in another currency.", "Та же ссылка в другой валюте."),
        "miles_differ" => ("Equal in what miles are given for.", "База для миль равна."),
        "parts_do_not_add_up" => {
            ("The parts under one reference do not add up.", "Части с одной ссылкой не складываются.")
        }
        "stronger_identifier_differs" => (
            "Found by a reference while a stronger one differs.",
            "Найдено по ссылке, а более надёжная отличается.",
        ),
        "fits_several" => ("Amount and date fit more than one.", "Сумма и дата подходят не к одной."),
        "came_late" => {
            ("The dates are farther apart than agreed.", "Даты дальше друг от друга, чем принято.")
        }
        "stands_later" => (
            "It stands in a later statement or window than the one in which it had to be.",
            "Стоит в более поздней выписке или окне, чем должно было.",
        ),
        "nothing_came" => ("Nothing came until it was due.", "До срока ничего не пришло."),
        "number_missing" => (
            "A number of the series is missing, and later ones came.",
            "Номера в ряду нет, а более поздние пришли.",
        ),
        "other_content" => ("It came again with other content.", "Пришло ещё раз с другим содержимым."),
        "same_content_again" => {
            ("The same content came under another name.", "То же содержимое пришло под другим именем.")
        }
        "totals_differ" => ("Counts or totals differ.", "Количества или итоги расходятся."),
        "hash_differs" => ("The bytes are not those of the books.", "Содержимое не то, что в книгах."),
        "file_gone" => ("The file is not where it was published.", "Файла нет там, где он был опубликован."),
        "not_verified" => ("The file does not add up in itself.", "Файл не сходится сам с собой."),
        "chain_broken" => ("The file does not follow the one before it.", "Файл не продолжает предыдущий."),
        "refused" => ("The receiver refused it.", "Получатель отклонил."),
        "line_disputed" => ("The receiver disputes the line.", "Получатель оспаривает строку."),
        "record_put_aside" => {
            ("The record could not be booked and was put aside.", "Запись не удалось провести, она отложена.")
        }
        "not_signed" => (
            "The signature over it does not hold, or there is none.",
            "Подпись не подтверждается, или её нет.",
        ),
        "unknown_sender" => ("Nobody of this name is known.", "Такого отправителя мы не знаем."),
        _ => ("For a reason that this version does not know.", "По причине, которой эта версия не знает."),
    };
    language.choose(english, russian)
}

/// What was compared with our books.
pub(crate) fn source(name: &str, language: Language) -> &'static str {
    let (english, russian) = match name {
        "bank_clearing" => ("bank: clearing files", "банк: файлы клиринга"),
        "bank_totals" => ("bank: totals (0500, 0520)", "банк: итоги (0500, 0520)"),
        "bank_statement" => ("bank: statement", "банк: выписка"),
        "acknowledgement" => ("partner: answers to files", "партнёр: ответы на файлы"),
        "handback" => ("partner: answers to miles", "партнёр: ответы на мили"),
        "partner_statement" => ("partner: statement", "партнёр: выписка"),
        "own_file" => ("our published files", "наши файлы"),
        _ => ("another source", "другой источник"),
    };
    language.choose(english, russian)
}

/// What is proposed.
pub(crate) fn kind(kind: CaseProposalKind, language: Language) -> &'static str {
    let (english, russian) = match kind {
        CaseProposalKind::Match => ("match to another reference", "сопоставить с другой ссылкой"),
        CaseProposalKind::WriteOff => ("write off", "списать"),
        CaseProposalKind::Adjust => {
            ("adjust in the partner's next file", "корректировать в следующем файле партнёра")
        }
        CaseProposalKind::SendBack => ("send back to the bank or partner", "вернуть банку или партнёру"),
        CaseProposalKind::WaitUntil => ("wait until a date", "ждать до даты"),
        CaseProposalKind::Explain => ("explain: it was nothing", "объяснить: ничего не требуется"),
        CaseProposalKind::KeepApart => ("keep apart: not the same", "разделить: это разные вещи"),
    };
    language.choose(english, russian)
}

/// A booking of the ledger of cases, by its stored word.
pub(crate) fn booking(name: &str, language: Language) -> &'static str {
    let (english, russian) = match name {
        "write_off" => ("written off", "списано"),
        "adjust" => ("adjusted", "скорректировано"),
        "match" => ("matched", "сопоставлено"),
        "cured" => ("no longer found", "больше не найдено"),
        _ => ("no amount moves", "без суммы"),
    };
    language.choose(english, russian)
}

/// The account of a write-off.
pub(crate) fn account(account: WriteOffAccount, language: Language) -> &'static str {
    let (english, russian) = match account {
        WriteOffAccount::Differences => ("differences of reconciliation", "разницы сверки"),
        WriteOffAccount::Rounding => ("rounding", "округления"),
        WriteOffAccount::Fees => ("fees", "сборы"),
        WriteOffAccount::Exchange => ("exchange differences", "курсовые разницы"),
        WriteOffAccount::Miles => ("miles", "мили"),
    };
    language.choose(english, russian)
}

/// What happened to a case, by the stored word of its event.
pub(crate) fn event(name: &str, language: Language) -> &'static str {
    let (english, russian) = match name {
        "opened" => ("found", "найдено"),
        "assigned" => ("assigned", "назначено"),
        "commented" => ("commented", "комментарий"),
        "attached" => ("attached a file", "приложен файл"),
        "proposed" => ("proposed", "предложено"),
        "approved" => ("approved", "согласовано"),
        "rejected" => ("rejected", "отклонено"),
        "taken_back" => ("taken back", "отозвано"),
        "ripened" => ("the wait is over", "ожидание окончено"),
        "escalated" => ("more severe by age", "важность выросла с возрастом"),
        "cured" => ("no longer found", "больше не найдено"),
        "found_again" => ("found again", "найдено снова"),
        _ => ("something happened", "событие"),
    };
    language.choose(english, russian)
}

/// A field of both sides, by its stored name.
pub(crate) fn side_field(name: &str, language: Language) -> String {
    let (english, russian) = match name {
        "amount" => ("amount", "сумма"),
        "net" => ("net", "без НДС"),
        "vat" => ("VAT", "НДС"),
        "fee" => ("fee", "сбор"),
        "currency" => ("currency", "валюта"),
        "date" => ("date", "дата"),
        "miles" => ("miles", "мили"),
        "count" | "records" => ("count", "количество"),
        "sha256" | "hash" => ("SHA-256", "SHA-256"),
        "sequence" => ("sequence", "номер"),
        "approval" => ("DE38, approval", "DE38, авторизация"),
        "retrieval" => ("DE37", "DE37"),
        "arn" => ("ARN", "ARN"),
        "terminal" => ("terminal", "терминал"),
        "card_acceptor" => ("card acceptor", "торговая точка"),
        "acquirer" => ("acquirer", "эквайер"),
        "last4" => ("last 4 digits", "последние 4 цифры"),
        "reference" => ("reference", "ссылка"),
        "line" | "line_id" => ("line", "строка"),
        "member" | "member_number" => ("member", "участник"),
        "direction" => ("direction", "направление"),
        "original_amount" | "original" => ("original amount", "исходная сумма"),
        other => return other.replace('_', " "),
    };
    language.choose(english, russian).to_owned()
}

/// Why a step about a case is refused.
pub(crate) fn refusal(refusal: CaseRefusal, language: Language) -> &'static str {
    let (english, russian) = match refusal {
        CaseRefusal::NotFound => ("There is no such break.", "Такого расхождения нет."),
        CaseRefusal::Outdated => (
            "Somebody has changed the case since you opened it. Look at it again; nothing was changed.",
            "С тех пор как вы открыли страницу, кто-то изменил вопрос. Посмотрите ещё раз; ничего не изменено.",
        ),
        CaseRefusal::Resolved => {
            ("The case is resolved: nothing more is to be done.", "Вопрос решён, делать больше нечего.")
        }
        CaseRefusal::Undecided => (
            "A proposal waits for a decision. Decide about it or take it back first.",
            "Одно предложение ещё ждёт решения. Сначала решите его или отзовите.",
        ),
        CaseRefusal::NothingProposed => {
            ("That proposal does not wait any more.", "Это предложение уже не ждёт решения.")
        }
        CaseRefusal::SamePerson => (
            "You proposed this: another person must approve it. Nobody is exempt.",
            "Это предложили вы: согласовать должен другой человек. Исключений нет.",
        ),
        CaseRefusal::NotTheProposer => {
            ("Only whoever proposed it may take it back.", "Отозвать может только тот, кто предложил.")
        }
        CaseRefusal::NotAllowed(_) => (
            "This cannot be proposed here: it does not fit the class, or nothing is left.",
            "Здесь этого предложить нельзя: не подходит к виду, или ничего не осталось.",
        ),
        CaseRefusal::PastWhatIsLeft => (
            "The amount must have the sign of what is left and be no larger.",
            "Сумма должна быть того же знака, что и остаток, и не больше него.",
        ),
        CaseRefusal::WaitDate => (
            "The date to wait for is one to 366 days from today, and only with “wait” or “send back”.",
            "Дата ожидания – от одного до 366 дней от сегодня и только для «ждать» или «вернуть».",
        ),
        CaseRefusal::NoReference => {
            ("Name a reference that it is matched to.", "Укажите ссылку, с которой сопоставляете.")
        }
        CaseRefusal::AdjustmentDiffers => (
            "The adjustment must come to the amount that is proposed, with the line that it corrects.",
            "Корректировка должна давать предложенную сумму и называть исправляемую строку.",
        ),
        CaseRefusal::CorrectedAlready => (
            "A correction of this line is proposed or approved already, here or as a dispute.",
            "Исправление этой строки уже предложено или согласовано, здесь или как спор.",
        ),
        CaseRefusal::NotAllOfTheLine => (
            "The partner disputes this line, and an adjustment decides that: it must be of all that is left.",
            "Партнёр оспаривает эту строку, и корректировка решает спор: она должна быть на весь остаток.",
        ),
        CaseRefusal::Account => (
            "The account does not take this unit, or nothing is written off.",
            "Счёт не для этой единицы, или это не списание.",
        ),
        CaseRefusal::NoSuchPerson => {
            ("Nobody of this name can be given a case.", "Такому человеку вопрос назначить нельзя.")
        }
        CaseRefusal::SaysNothing => ("Say why: a reason is needed.", "Напишите, почему: нужна причина."),
        CaseRefusal::TooLong => (
            "That is too long, or there are too many attachments.",
            "Слишком длинно, или слишком много вложений.",
        ),
        CaseRefusal::CardNumber => (
            "It holds what looks like a card number. Nothing was kept; take it out.",
            "Там похожее на номер карты. Ничего не сохранено; уберите его.",
        ),
        CaseRefusal::Unreadable => ("The text or file cannot be read.", "Текст или файл не читается."),
        CaseRefusal::AttachmentName => (
            "The file's name is too long or has unusual characters.",
            "Имя файла слишком длинное или с необычными знаками.",
        ),
        CaseRefusal::AttachmentType => (
            "Files of this type are not kept: PDF, PNG, JPEG, text or CSV.",
            "Файлы этого типа не принимаются: PDF, PNG, JPEG, текст или CSV.",
        ),
        CaseRefusal::AttachedAlready => ("This file is attached already.", "Этот файл уже приложен."),
    };
    language.choose(english, russian)
}

/// By what a case was resolved.
pub(crate) fn resolution(resolution: Resolution, language: Language) -> &'static str {
    let (english, russian) = match resolution {
        Resolution::Matched => ("matched", "сопоставлено"),
        Resolution::WrittenOff => ("written off", "списано"),
        Resolution::Adjusted => ("adjusted", "скорректировано"),
        Resolution::Explained => ("explained", "объяснено"),
        Resolution::KeptApart => ("kept apart", "разделено"),
        Resolution::Cured => ("no longer found", "больше не найдено"),
    };
    language.choose(english, russian)
}

impl Word {
    /// Where a case stands.
    pub(crate) fn case(state: CaseState, language: Language) -> Self {
        let text = |english, russian| language.choose(english, russian);
        match state {
            CaseState::Open => word("○", text("open", "открыто"), "plain"),
            CaseState::Assigned => word("◑", text("assigned", "в работе"), "plain"),
            CaseState::PendingExternal => word("◔", text("waits for others", "ждёт других"), "plain"),
            CaseState::Resolved => word("✓", text("resolved", "решено"), "good"),
        }
    }

    /// How severe a case is.
    pub(crate) fn severity(severity: Severity, language: Language) -> Self {
        let text = |english, russian| language.choose(english, russian);
        match severity {
            Severity::Low => word("▁", text("low", "низкая"), "plain"),
            Severity::Medium => word("▃", text("medium", "средняя"), "plain"),
            Severity::High => word("▅", text("high", "высокая"), "bad"),
            Severity::Critical => word("▇", text("critical", "критическая"), "bad"),
        }
    }

    /// Whether two cells say the same.
    pub(crate) fn sides(differs: bool, w: &'static BreakWords) -> Self {
        if differs { word("≠", w.differs, "bad") } else { word("=", w.same, "good") }
    }

    /// What became of a proposal.
    pub(crate) fn case_proposal(verdict: Option<&str>, language: Language) -> Self {
        let text = |english, russian| language.choose(english, russian);
        match verdict {
            None => word("◔", text("waits for a decision", "ждёт решения"), "plain"),
            Some("approved") => word("✓", text("approved", "согласовано"), "good"),
            Some(_) => word("✗", text("rejected", "отклонено"), "plain"),
        }
    }
}
