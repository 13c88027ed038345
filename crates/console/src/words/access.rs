//! What the pages of the second factor and of the proof before a decision say.

catalogue! {
    /// The labels of these pages.
    AccessWords
    lang: "en", "ru";
    other_lang: "ru", "en";
    other_name: "По-русски", "In English";
    skip: "Skip to the content", "К содержанию";
    sign_in: "Sign in", "Вход";
    sign_in_about: "Console of the loyalty gateway, for reconciliation staff.", "Консоль шлюза лояльности для сотрудников сверки.";
    name: "Name", "Имя";
    enter: "Sign in", "Войти";
    wrong_name: "The name or the password is wrong.", "Неверное имя или пароль.";
    name_locked: "Too many failed attempts. This name is locked: try again in 30 minutes.", "Слишком много неудачных попыток. Имя заблокировано: повторите через 30 минут.";
    code_title: "Code", "Код";
    enter_code: "Enter the code that your authenticator shows.", "Введите код, который показывает ваш аутентификатор.";
    cancel: "Cancel", "Отмена";
    no_such_page: "There is no such page", "Такой страницы нет";
    no_such_page_advice: "The address may be mistyped, or what it names does not exist.", "Возможно, в адресе опечатка или того, что он называет, не существует.";
    wrong_method: "This cannot be done here", "Здесь этого сделать нельзя";
    wrong_method_advice: "The page exists, but not for this kind of request. Go to it by its link.", "Страница есть, но не для такого запроса. Перейдите на неё по ссылке.";
    bad_request: "This request cannot be read", "Запрос не удалось прочитать";
    bad_request_advice: "Go back and try it once more from the page you came from.", "Вернитесь и повторите с той страницы, откуда пришли.";
    too_large: "This is too long", "Слишком длинно";
    too_large_advice: "No form of the console is that long. Go back and shorten what you entered.", "Таких длинных форм в консоли нет. Вернитесь и сократите введённое.";
    refused: "This request was refused", "Запрос отклонён";
    refused_advice: "It did not come from a page of your session. Go to the start page and try it again from there.", "Он пришёл не со страницы вашего сеанса. Перейдите на начальную страницу и повторите оттуда.";
    not_allowed: "Your roles do not allow this", "Ваши роли этого не позволяют";
    not_allowed_advice: "Ask a colleague whose work it is, or an administrator for the role.", "Обратитесь к коллеге, чья это работа, или к администратору за ролью.";
    broken: "Something went wrong on our side", "Ошибка на нашей стороне";
    broken_advice: "Nothing was changed. Try again in a minute; if it stays, tell the operators the number below.", "Ничего не изменено. Повторите через минуту; если не поможет, сообщите операторам номер ниже.";
    incident: "Number of the incident", "Номер происшествия";
    to_start: "To the start page", "На начальную страницу";
    second_factor: "Second factor", "Второй фактор";
    about: "A code of an authenticator is asked for after the password, and before each decision.", "Код из приложения-аутентификатора спрашивают после пароля и перед каждым решением.";
    is_enrolled: "Your authenticator is enrolled. If you lose it, an administrator takes it away.", "Ваш аутентификатор подключён. Если вы его потеряете, администратор его отключит.";
    not_possible: "This installation has no key for second factors: console.second_factor_key.", "В этой системе нет ключа для второго фактора: console.second_factor_key.";
    begin: "Make a secret", "Создать секрет";
    begin_again: "Make another secret", "Создать другой секрет";
    add_it: "Add this to your authenticator. It is shown this once.", "Добавьте это в аутентификатор. Показывается только один раз.";
    link: "Link", "Ссылка";
    secret: "Secret", "Секрет";
    code: "Code of six digits", "Код из шести цифр";
    confirm: "Confirm", "Подтвердить";
    then: "Afterwards you sign in again, with the code.", "После этого войдите снова, уже с кодом.";
    proof: "Show who you are", "Подтвердите, что это вы";
    proof_about: "Whoever decides shows once more who he is. It is good for five minutes.", "Тот, кто решает, ещё раз подтверждает, кто он. Подтверждение действует пять минут.";
    password: "Password", "Пароль";
    prove: "Go on", "Продолжить";
    wrong_code: "The code is wrong, or it was used already. Wait for the next one.", "Код неверен или уже использован. Дождитесь следующего.";
    wrong_password: "The password is wrong.", "Неверный пароль.";
    too_many: "Too many failed attempts. Try again in 30 minutes.", "Слишком много неудачных попыток. Повторите через 30 минут.";
}
