//! The words of a statement in the reader's language.

use crate::formats::movement::MovementKind;
use crate::formats::settings::Language;

/// All words of one language; `{}` is replaced.
pub(super) struct Words {
    pub(super) title: &'static str,
    pub(super) test: &'static str,
    pub(super) sender: &'static str,
    pub(super) program: &'static str,
    pub(super) business_date: &'static str,
    pub(super) cut_off: &'static str,
    pub(super) file: &'static str,
    pub(super) sequence: &'static str,
    pub(super) hash: &'static str,
    pub(super) nothing: &'static str,
    pub(super) opening: &'static str,
    pub(super) net: &'static str,
    pub(super) vat: &'static str,
    pub(super) closing: &'static str,
    pub(super) bank_pays: &'static str,
    pub(super) partner_pays: &'static str,
    pub(super) nobody_pays: &'static str,
    pub(super) payment_date: &'static str,
    pub(super) movements: &'static str,
    pub(super) further: &'static str,
    pub(super) zone: &'static str,
    pub(super) page: &'static str,
    /// Number, kind, date, references, member or reason, net, tax, amount.
    pub(super) columns: [&'static str; 8],
    kinds: [&'static str; 10],
}

impl Words {
    pub(super) fn kind(&self, kind: MovementKind) -> &'static str {
        let place = MovementKind::ALL.iter().position(|(known, _)| *known == kind);
        place.and_then(|place| self.kinds.get(place)).copied().unwrap_or_else(|| kind.name())
    }
}

pub(super) fn of(language: Language) -> &'static Words {
    match language {
        Language::En => &ENGLISH,
        Language::Ru => &RUSSIAN,
    }
}

static ENGLISH: Words = Words {
    title: "Settlement statement",
    test: "TEST - NEVER PAY",
    sender: "Bank",
    program: "Program",
    business_date: "Business date",
    cut_off: "Cut-off",
    file: "File",
    sequence: "Sequence / revision",
    hash: "SHA-256 in the file",
    nothing: "There was nothing to settle.",
    opening: "Carried in",
    net: "Net",
    vat: "Value added tax",
    closing: "Carried to the next settlement",
    bank_pays: "The bank pays",
    partner_pays: "The partner pays (negative)",
    nobody_pays: "Nothing is paid",
    payment_date: "Payment date",
    movements: "Lines",
    further: "{} further lines are in file {}.",
    zone: "dates are in {}",
    page: "page",
    columns: ["No.", "Kind", "Date", "References", "Member, period or reason", "Net", "VAT", "Amount"],
    kinds: [
        "carried in",
        "purchase",
        "refund",
        "reversal",
        "adjustment",
        "charge",
        "prepaid",
        "rounding",
        "VAT of document",
        "carried forward",
    ],
};

static RUSSIAN: Words = Words {
    title: "Отчёт о расчётах",
    test: "ТЕСТ (TEST) - НЕ ОПЛАЧИВАТЬ",
    sender: "Банк",
    program: "Программа",
    business_date: "Операционный день",
    cut_off: "Время закрытия дня",
    file: "Файл",
    sequence: "Номер / редакция",
    hash: "SHA-256 в файле",
    nothing: "Рассчитывать нечего.",
    opening: "Перенесено с прошлого расчёта",
    net: "Сумма без НДС",
    vat: "НДС",
    closing: "Переносится на следующий расчёт",
    bank_pays: "Банк платит",
    partner_pays: "Партнёр платит (отрицательно)",
    nobody_pays: "Платежа нет",
    payment_date: "Дата платежа",
    movements: "Строк",
    further: "Ещё строк: {}; они в файле {}.",
    zone: "время и даты: {}",
    page: "страница",
    columns: ["№", "Вид", "Дата", "Ссылки", "Участник, период или причина", "Без НДС", "НДС", "Сумма"],
    kinds: [
        "входящий остаток",
        "покупка",
        "возврат",
        "отмена",
        "корректировка",
        "начисление",
        "предоплата",
        "округление",
        "НДС по документу",
        "перенос",
    ],
};
