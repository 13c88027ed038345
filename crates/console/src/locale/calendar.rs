//! The names of months and weekdays.

use jiff::civil::Weekday;
use program_files::Language;

/// In the case of a heading, in the case of a day's date, and short.
const MONTHS: [[&str; 5]; 12] = [
    ["January", "Jan", "январь", "января", "янв"],
    ["February", "Feb", "февраль", "февраля", "фев"],
    ["March", "Mar", "март", "марта", "мар"],
    ["April", "Apr", "апрель", "апреля", "апр"],
    ["May", "May", "май", "мая", "мая"],
    ["June", "Jun", "июнь", "июня", "июн"],
    ["July", "Jul", "июль", "июля", "июл"],
    ["August", "Aug", "август", "августа", "авг"],
    ["September", "Sep", "сентябрь", "сентября", "сен"],
    ["October", "Oct", "октябрь", "октября", "окт"],
    ["November", "Nov", "ноябрь", "ноября", "ноя"],
    ["December", "Dec", "декабрь", "декабря", "дек"],
];

fn names(month: i8) -> [&'static str; 5] {
    let at = usize::try_from(month).unwrap_or(1).saturating_sub(1);
    MONTHS.get(at).copied().unwrap_or_default()
}

/// `October`, `октябрь`.
pub(super) fn month(month: i8, language: Language) -> &'static str {
    let [english, _, russian, ..] = names(month);
    language.choose(english, russian)
}

/// `October`, `октября`: as it stands behind a day.
pub(super) fn month_of_day(month: i8, language: Language) -> &'static str {
    let [english, _, _, russian, _] = names(month);
    language.choose(english, russian)
}

/// `Oct`, `окт`.
pub(super) fn short_month(month: i8, language: Language) -> &'static str {
    let [_, english, _, _, russian] = names(month);
    language.choose(english, russian)
}

/// `Saturday`, `суббота`.
pub(super) fn weekday(day: Weekday, language: Language) -> &'static str {
    let (english, russian) = match day {
        Weekday::Monday => ("Monday", "понедельник"),
        Weekday::Tuesday => ("Tuesday", "вторник"),
        Weekday::Wednesday => ("Wednesday", "среда"),
        Weekday::Thursday => ("Thursday", "четверг"),
        Weekday::Friday => ("Friday", "пятница"),
        Weekday::Saturday => ("Saturday", "суббота"),
        Weekday::Sunday => ("Sunday", "воскресенье"),
    };
    language.choose(english, russian)
}
