//! What the pages of programs and proposals say, in both languages, side by side.

use domain::ProposalState;
use program_files::Language;

use super::{Word, word};

crate::words::catalogue! {
    /// The labels of the pages in one language.
    Labels
    lang: "en", "ru";
    skip: "Skip to the content", "К содержанию";
    main_nav: "Main", "Разделы";
    here: "You are here", "Вы здесь";
    days: "Days", "Дни";
    today: "Today", "Сегодня";
    breaks: "Breaks", "Расхождения";
    partners: "Partners", "Партнёры";
    links_and_audit: "Links & audit", "Связь и журнал";
    no_day_is_open: "No business day is open.", "Ни один день не открыт.";
    keys: "Keyboard shortcuts", "Клавиши";
    keys_about: "Single keys work outside fields. No key alone decides anything.", "Одиночные клавиши действуют вне полей. Ни одна клавиша сама ничего не решает.";
    key_search: "to the search field", "к полю поиска";
    key_move: "to the next or the previous row", "к следующей или предыдущей строке";
    key_open: "open the row", "открыть строку";
    key_help: "show or hide this help", "показать или скрыть эту справку";
    keys_on: "Switch the shortcuts on", "Включить клавиши";
    keys_off: "Switch the shortcuts off", "Выключить клавиши";
    first_page: "First page", "Первая страница";
    next_page: "Next page", "Следующая страница";
    pages: "Pages", "Страницы";
    filters: "Filters", "Отбор";
    apply_filters: "Show", "Показать";
    clear_filters: "Clear the filters", "Снять отбор";
    all: "all", "все";
    health: "Health of the program", "Состояние программы";
    programs: "Programs", "Программы";
    find_by: "Find by DE37", "Найти по DE37";
    find: "Find", "Найти";
    signed_in: "Signed in as", "Вы вошли как";
    sign_out: "Sign out", "Выйти";
    switch_label: "Language", "Язык";
    no_programs: "No program is configured yet.", "Программ пока нет.";
    program: "Program", "Программа";
    version: "Version", "Версия";
    running: "In force", "Действует";
    since: "Since", "С";
    scheduled: "Scheduled", "Назначена";
    waiting_for_me: "Waiting for you", "Ждут вашего решения";
    nothing: "nothing", "ничего";
    never: "never in force", "ещё не действовала";
    times_in: "Times in", "Время:";
    propose: "Propose another version", "Предложить другую версию";
    proposals: "Proposals", "Предложения";
    proposal: "Proposal", "Предложение";
    no_proposals: "Nobody has proposed a version yet.", "Версий ещё никто не предлагал.";
    by: "By", "Кто";
    at: "When", "Когда";
    comment: "What for", "Зачем";
    state: "State", "Состояние";
    from_file: "from its file", "из файла";
    by_proposal: "proposal", "предложение";
    versions: "Versions that were in force", "Версии, которые действовали";
    brought_by: "Brought by", "Откуда";
    compare: "Compare two versions", "Сравнить две версии";
    older: "Older", "Прежняя";
    newer: "Newer", "Новая";
    show_differences: "Show the differences", "Показать различия";
    rules_in_words: "The rules in force, entry by entry", "Действующие правила по пунктам";
    tests: "Tests of the file", "Проверки файла";
    no_tests: "The file carries no tests.", "В файле нет проверок.";
    passed: "passed", "пройдена";
    failed: "failed", "не пройдена";
    expected: "Expected", "Ожидалось";
    got: "Came", "Получено";
    line: "line", "строка";
    text: "The text", "Текст";
    refused: "It must not come into force", "Вводить в действие нельзя";
    warnings: "What is doubtful", "Что сомнительно";
    no_warnings: "Nothing doubtful was found.", "Сомнительного не найдено.";
    differences: "What changes in the rules", "Что меняется в правилах";
    no_differences: "No rule differs.", "Правила не отличаются.";
    against: "Compared with version", "В сравнении с версией";
    added: "added", "добавлено";
    removed: "removed", "удалено";
    changed: "changed", "изменено";
    entry: "Entry", "Пункт";
    field: "Field", "Поле";
    before: "Before", "Было";
    after: "After", "Стало";
    not_given: "not given", "не задано";
    in_money: "What changes in money", "Что меняется в деньгах";
    money_caption: "Example purchases that are worth something else, each as if it were alone; what is owed includes tax",
        "Примеры покупок, которые стоят иначе; каждая как единственная, долги с НДС";
    examples_same: "No example purchase is worth something else.", "Ни одна покупка из примеров не стоит иначе.";
    purchase: "Purchase", "Покупка";
    test: "test", "проверка";
    of_examples: "example purchases looked at, worth something else:", "покупок-примеров просмотрено, стоят иначе:";
    backtest: "Back-test", "Прогон на прошлых данных";
    no_backtest: "No back-test is attached.", "Прогон не приложен.";
    wanted: "Comes into force", "Вступает в силу";
    wanted_now: "as soon as it is approved", "сразу после одобрения";
    wanted_cut_off: "at the first cut-off after the approval", "с первого закрытия дня после одобрения";
    wanted_at: "not before", "не раньше";
    if_approved_now: "If it is approved now", "Если одобрить сейчас";
    history: "What has happened", "Что произошло";
    ev_proposed: "proposed", "предложено";
    ev_approved: "approved, comes into force", "одобрено, вступает в силу";
    ev_rejected: "rejected", "отклонено";
    ev_withdrawn: "withdrawn", "отозвано";
    ev_running: "came into force", "вступило в силу";
    decide: "Your decision", "Ваше решение";
    reason: "Reason", "Причина";
    approve: "Approve", "Одобрить";
    reject: "Reject", "Отклонить";
    withdraw: "Withdraw", "Отозвать";
    withdraw_help: "A proposal can be taken back until it comes into force.",
        "Предложение можно отозвать, пока оно не вступило в силу.";
    again: "Propose it anew against the version in force", "Предложить заново против действующей версии";
    program_text: "The whole text of the program file", "Полный текст файла программы";
    program_text_help: "Begin with the text in force, which stands below, and change it; its tests must pass.",
        "Возьмите действующий текст (он ниже) и измените его; его проверки должны проходить.";
    backtest_json: "Report of a back-test, JSON (may be empty)", "Отчёт прогона, JSON (можно не заполнять)";
    when: "When it is to come into force", "Когда ввести в действие";
    instant: "Instant, such as 2026-11-01T00:00 in the program's zone", "Момент в зоне программы, например 2026-11-01T00:00";
    send: "Propose", "Предложить";
    nobody_decides_alone: "Another person decides: nobody approves what he proposed.",
        "Решает другой человек: никто не одобряет своё предложение.";
    prove_first: "Show who you are, then decide", "Подтвердите, что это вы, и решайте";
    may_not_role: "Whoever has the role approver decides.", "Решает тот, у кого есть роль утверждающего.";
    may_not_maker: "You proposed it, so another person must decide. You can withdraw it.",
        "Вы это предложили, поэтому решает другой человек. Вы можете отозвать предложение.";
    may_not_text: "Its text cannot be read, contradicts itself or fails its tests. It can only be rejected.",
        "Текст не читается, противоречит себе или не проходит свои проверки. Его можно только отклонить.";
    may_not_outdated: "It was compared with a version that is no longer in force. Propose it anew, so that the differences are true again.",
        "Сравнивали с версией, которая уже не действует. Предложите заново, чтобы сравнение снова было верным.";
    may_not_decided: "It has been decided.", "Решение уже принято.";
    result: "Result", "Итог";
    values: "Values", "Значения";
    open_it: "open it", "открыть";
    e_comment: "Say in 1 to 1,000 characters why.", "Напишите причину: от 1 до 1000 знаков.";
    e_text: "The program's text is empty or longer than 256 KiB.", "Текст программы пуст или длиннее 256 КиБ.";
    e_backtest: "The back-test's report must be a JSON object of at most 512 KiB.",
        "Отчёт прогона должен быть объектом JSON не длиннее 512 КиБ.";
    e_card: "The text holds what looks like a card number: nothing was kept. Take it out.",
        "В тексте есть похожее на номер карты: ничего не сохранено. Уберите его.";
    e_never: "The program was never in force: start the gateway with its file once.",
        "Программа ещё не действовала: запустите шлюз с её файлом.";
    e_overtaken: "Another version has just come into force. Propose it once more.",
        "Только что вступила в силу другая версия. Предложите ещё раз.";
    e_another: "Another approved version waits for its instant. Wait for it or withdraw it, then propose this one anew:",
        "Другая одобренная версия ждёт своего момента. Дождитесь её или отзовите, затем предложите эту заново:";
    e_by_file: "Here the files on the disk change programs: set changes = \"approval\" under [programs] to decide about them.",
        "Здесь программы меняют файлы на диске: укажите changes = \"approval\" в [programs], чтобы решать о них.";
    e_stands: "This is not possible any more.", "Это уже невозможно.";
    e_instant: "The instant cannot be read. Write it such as 2026-11-01T00:00.",
        "Момент не читается. Напишите его так: 2026-11-01T00:00.";
    refunds: "Refunds", "Возвраты";
    refund: "Refund", "Возврат";
    refunds_about: "They came without their purchase and take nothing back. What leaves no doubt is matched by itself; the others wait for you.",
        "Пришли без своей покупки и ничего не списали. Несомненные относятся к покупке сами; остальные ждут вас.";
    no_refunds: "No refund waits for anybody.", "Ни один возврат никого не ждёт.";
    more_refunds: "Later ones", "Следующие";
    came: "Came", "Пришёл";
    age_days: "Days ago", "Дней назад";
    amount: "Amount", "Сумма";
    merchant: "Merchant", "Торговая точка";
    card: "Card", "Карта";
    account: "Account", "Счёт";
    finding: "What was found", "Что найдено";
    stands_alone_of: "Stands alone", "Не отнесено";
    candidates: "Purchases of the account, the likeliest first", "Покупки по счёту, начиная с самой похожей";
    no_candidates: "The account has no purchase that it could take back.", "На счёте нет покупки, которую он мог бы вернуть.";
    bought_on: "Bought on", "Куплено";
    left_of_it: "Left of it", "Осталось от неё";
    score: "Score", "Баллы";
    in_common: "In common", "Что совпало";
    nothing_in_common: "nothing", "ничего";
    not_cleared: "not cleared yet: it cannot be chosen", "ещё не списана: выбрать нельзя";
    choose: "Choose", "Выбрать";
    takes_back: "It takes back this purchase", "Это возврат этой покупки";
    stays_alone: "It stands alone: no purchase is taken back", "Остаётся отдельно: покупка не списывается";
    keep_decision: "Decide", "Решить";
    decisions: "Decisions", "Решения";
    no_decisions: "Nobody has decided about it.", "Решений ещё не было.";
    waits_to_be_booked: "waits to be booked, within a minute or so", "ждёт проводки, около минуты";
    no_doubt: "certain: it will be matched by itself", "несомненно: будет отнесён сам";
    a_person: "a person must decide", "решает человек";
    no_purchase_found: "no likely purchase", "похожей покупки нет";
    is_decided: "decided, not booked yet", "решено, ещё не проведено";
    e_choice: "Choose a purchase, or that it stands alone.", "Выберите покупку или «остаётся отдельно».";
    e_not_of_account: "That purchase is none of this account that could be taken back.",
        "Это не та покупка по счёту, которую можно вернуть.";
    e_not_cleared: "That purchase is not cleared yet: nothing can be taken back of it.",
        "Эта покупка ещё не списана: возвращать нечего.";
    e_waits: "Somebody has decided about it already; that is being booked.",
        "О нём уже решили; решение проводится.";
    answers_nav: "Answers", "Ответы";
    own_statement: "Statement", "Выписка";
    answers: "Answers to settlement files", "Ответы на файлы взаиморасчётов";
    answers_about: "Each receiver says that it has booked a file, or why it has not. Disputed lines and adjustments are decided at the command line by two people.", "Каждый получатель сообщает, что учёл файл, или почему нет. По оспоренным строкам и поправкам решают два человека в командной строке.";
    answers_waiting: "Waiting for an answer or a decision, the oldest first", "Ждут ответа или решения, начиная с самых старых";
    no_answer_waits: "No file waits.", "Файлов в ожидании нет.";
    newest_files: "Newest files", "Последние файлы";
    business_date: "Business date", "Дата";
    receiver: "Receiver", "Получатель";
    file: "File", "Файл";
    answer_due: "Answer due", "Ответ до";
    a_waiting: "waits for an answer", "ждёт ответа";
    a_overdue: "overdue: ask the receiver", "просрочен: спросите получателя";
    a_differing: "the receiver has counted otherwise", "получатель насчитал иначе";
    a_resent: "sent again: waits for an answer", "отправлен повторно: ждёт ответа";
    a_replaced: "replaced by its next revision", "заменён следующей редакцией";
    a_disputed: "lines are disputed", "строки оспорены";
    a_acknowledged: "acknowledged", "подтверждён";
    e_closed: "It does not stand alone any more.", "Он больше не стоит отдельно.";
}

/// The labels in this language.
pub(crate) fn labels(language: Language) -> &'static Labels {
    Labels::of(language)
}

impl Word {
    /// Where a proposal stands.
    pub(crate) fn proposal(state: ProposalState, language: Language) -> Self {
        let say = |icon, english, russian, tone| word(icon, language.choose(english, russian), tone);
        match state {
            ProposalState::Proposed => say("◔", "waits for another person", "ждёт другого человека", "plain"),
            ProposalState::Rejected => say("✗", "rejected", "отклонено", "plain"),
            ProposalState::Scheduled => {
                say("◑", "approved: waits for its instant", "одобрено: ждёт своего момента", "plain")
            }
            ProposalState::Running => say("✓", "in force", "действует", "good"),
            ProposalState::Superseded => say("–", "was in force", "действовало раньше", "plain"),
            ProposalState::Withdrawn => say("↩", "withdrawn", "отозвано", "plain"),
            ProposalState::Outdated => {
                say("!", "outdated: propose it anew", "устарело: предложите заново", "bad")
            }
        }
    }

    /// Whether a test passed.
    pub(crate) fn test(passed: bool, language: Language) -> Self {
        let labels = labels(language);
        if passed { word("✓", labels.passed, "good") } else { word("✗", labels.failed, "bad") }
    }

    /// Whether a rule took effect.
    pub(crate) fn verdict(applied: bool, language: Language) -> Self {
        match applied {
            true => word("✓", language.choose("applied", "применено"), "good"),
            false => word("–", language.choose("skipped", "не применено"), "plain"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_words_in_both_languages() {
        for state in ProposalState::ALL {
            let [english, russian] = Language::ALL.map(|language| Word::proposal(state, language).text);
            assert!(english.is_ascii() && !russian.is_ascii(), "{state:?}: {english}, {russian}");
        }
    }
}
