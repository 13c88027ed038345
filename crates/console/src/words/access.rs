//! What the pages of the second factor and of the proof before a decision say.

catalogue! {
    /// The labels of these pages.
    AccessWords
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
