//! What is said of things that wait for a second person.

use program_files::Language;

use crate::queries::waiting::WaitingKind;

catalogue! {
    /// The labels of what waits.
    WaitingLabels
    what: "What", "Что";
    kind: "Kind", "Вид";
    proposal: "Proposal", "Предложение";
    about: "About", "О чём";
    program: "Program", "Программа";
    partner: "Partner", "Партнёр";
    amount: "Amount", "Сумма";
    miles: "Miles", "Мили";
    by: "Proposed by", "Предложил";
    since: "Since", "С";
    command: "Decided by the command", "Решается командой";
    by_scheduler: "scheduler", "расписание";
    rerate: "computed anew under other rules", "пересчёт по другим правилам";
    reattribution: "given to another partner", "отнесение к другому партнёру";
    adjust: "correct it", "исправить";
    reject: "leave it as it is", "оставить как есть";
    times_in: "times in", "время:";
}

/// What kind of thing it is.
pub(crate) fn waiting_kind(kind: WaitingKind, language: Language) -> &'static str {
    match kind {
        WaitingKind::Case => language.choose("break", "расхождение"),
        WaitingKind::Program => language.choose("version of a program", "версия программы"),
        WaitingKind::Adjustment => language.choose("adjustment", "поправка"),
        WaitingKind::Day => language.choose("day to approve", "день на утверждение"),
        WaitingKind::Correction => language.choose("correction run", "перерасчёт"),
        WaitingKind::Prepaid => language.choose("prepaid block", "предоплаченный пакет"),
    }
}
