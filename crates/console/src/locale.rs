//! Numbers, money, miles, dates and counted words as readers of each language write them.
//!
//! English: `-1,645.74 RUB`, `2026-10-10`. Russian: `-1 645,74 RUB` with narrow no-break spaces, `10.10.2026`. The
//! currency's code always stands behind its amount. Files that machines read are never written in a language.

mod calendar;

use domain::Currency;
use jiff::civil::Date;
use program_files::Language;

use crate::money;

/// Between groups of three digits in Russian: a narrow no-break space.
const NARROW: char = '\u{202f}';
/// Between a number and what it counts: it must not break there.
const NO_BREAK: char = '\u{a0}';

/// How one language writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Locale(pub(crate) Language);

/// A word that is counted: `1 file`, `2 files`; `1 файл`, `2 файла`, `5 файлов`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counted {
    /// One, and any other number.
    pub(crate) english: [&'static str; 2],
    /// One (also 21), few (2 to 4, also 22), many (also 11 to 14).
    pub(crate) russian: [&'static str; 3],
}

impl Counted {
    /// The form that stands behind `number`.
    pub(crate) fn form(&self, number: i64, language: Language) -> &'static str {
        let [one, other] = self.english;
        let [single, few, many] = self.russian;
        let (ten, hundred) = (number.unsigned_abs() % 10, number.unsigned_abs() % 100);
        match language {
            Language::English if number.unsigned_abs() == 1 => one,
            Language::English => other,
            Language::Russian if ten == 1 && hundred != 11 => single,
            Language::Russian if (2..=4).contains(&ten) && !(12..=14).contains(&hundred) => few,
            Language::Russian => many,
        }
    }
}

/// Miles.
pub(crate) const MILES: Counted =
    Counted { english: ["mile", "miles"], russian: ["миля", "мили", "миль"] };

impl Locale {
    fn is_russian(self) -> bool {
        self.0 == Language::Russian
    }

    /// `-12,345`.
    pub(crate) fn number(self, value: i64) -> String {
        self.written(&money::number(value))
    }

    /// An amount without its currency: for a table that names the currency once.
    pub(crate) fn amount(self, minor: i64, currency: Currency) -> String {
        self.written(&money::amount(minor, currency))
    }

    /// `-1,645.74 RUB`.
    pub(crate) fn money(self, minor: i64, currency: Currency) -> String {
        match self.0 {
            Language::English => money::money(minor, currency),
            Language::Russian => {
                format!("{}{NO_BREAK}{}", self.amount(minor, currency), money::code(currency))
            }
        }
    }

    /// `2,230 miles`, `2 230 миль`.
    pub(crate) fn miles(self, miles: i64) -> String {
        self.count(miles, &MILES)
    }

    /// A number with what it counts.
    pub(crate) fn count(self, number: i64, what: &Counted) -> String {
        format!("{}{NO_BREAK}{}", self.number(number), what.form(number, self.0))
    }

    /// `99.87 %` of hundredths of a percent.
    pub(crate) fn percent(self, hundredths: i64) -> String {
        let sign = if hundredths < 0 { "-" } else { "" };
        let (whole, rest) = (hundredths.unsigned_abs() / 100, hundredths.unsigned_abs() % 100);
        self.written(&format!("{sign}{whole}.{rest:02}")) + "\u{a0}%"
    }

    /// A decimal of the English form in this language: separators only, never another value.
    fn written(self, english: &str) -> String {
        if !self.is_russian() {
            return english.to_owned();
        }
        let one = |letter| match letter {
            ',' => NARROW,
            '.' => ',',
            other => other,
        };
        english.chars().map(one).collect()
    }

    /// A length of time that tells enough to act on: `42 min`, `3 h 05 min`, `2 d 4 h`.
    pub(crate) fn span(self, seconds: i64) -> String {
        let [day, hour, minute, second] = self.0.choose(["d", "h", "min", "s"], ["д", "ч", "мин", "с"]);
        let seconds = seconds.max(0);
        let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
        match () {
            () if minutes == 0 => format!("{seconds}{NO_BREAK}{second}"),
            () if hours == 0 => format!("{minutes}{NO_BREAK}{minute}"),
            () if days == 0 => {
                format!("{hours}{NO_BREAK}{hour}{NO_BREAK}{:02}{NO_BREAK}{minute}", minutes % 60)
            }
            () => format!("{}{NO_BREAK}{day}{NO_BREAK}{}{NO_BREAK}{hour}", self.number(days), hours % 24),
        }
    }

    /// `2026-10-10`, `10.10.2026`.
    pub(crate) fn date(self, date: Date) -> String {
        let format = self.0.choose("%Y-%m-%d", "%d.%m.%Y");
        date.strftime(format).to_string()
    }

    /// A business date with the place of a cycle in it, if it has several: `2026-10-10, cycle 2`.
    pub(crate) fn cycle_date(self, date: Date, number: Option<i64>) -> String {
        match number {
            None => self.date(date),
            Some(number) => {
                let word = self.0.choose("cycle", "цикл");
                format!("{}, {word}{NO_BREAK}{}", self.date(date), self.number(number))
            }
        }
    }

    /// What a list is called that does not show everything: `… (the first 100 of 250)`.
    pub(crate) fn limited(self, caption: &str, shown: usize, all: i64) -> String {
        let shown = i64::try_from(shown).unwrap_or(i64::MAX);
        if all <= shown {
            return caption.to_owned();
        }
        let [first, of] = self.0.choose(["the first", "of"], ["первые", "из"]);
        format!("{caption} ({first} {} {of} {})", self.number(shown), self.number(all))
    }

    /// `10 Oct`, `10 окт`: for an axis that says its year elsewhere.
    pub(crate) fn short_date(self, date: Date) -> String {
        format!("{} {}", date.day(), calendar::short_month(date.month(), self.0))
    }

    /// `Saturday 10 October 2026`, `суббота, 10 октября 2026 г.`
    pub(crate) fn long_date(self, date: Date) -> String {
        let (weekday, month) =
            (calendar::weekday(date.weekday(), self.0), calendar::month_of_day(date.month(), self.0));
        let (day, year) = (date.day(), date.year());
        match self.0 {
            Language::English => format!("{weekday} {day} {month} {year}"),
            Language::Russian => format!("{weekday}, {day} {month} {year}{NO_BREAK}г."),
        }
    }

    /// `October 2026`, `октябрь 2026 г.`
    pub(crate) fn month(self, date: Date) -> String {
        let month = calendar::month(date.month(), self.0);
        match self.0 {
            Language::English => format!("{month} {}", date.year()),
            Language::Russian => format!("{month} {}{NO_BREAK}г.", date.year()),
        }
    }

    /// How an instant with its date is written, for `strftime`.
    pub(crate) fn moment_format(self) -> &'static str {
        self.0.choose("%Y-%m-%d %H:%M:%S", "%d.%m.%Y %H:%M:%S")
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const EN: Locale = Locale(Language::English);
    const RU: Locale = Locale(Language::Russian);

    #[test]
    fn each_language_has_its_separators_and_the_same_digits() {
        let (rub, jpy) = (Currency(643), Currency(392));
        let table = [
            (EN.money(-164_574, rub), "-1,645.74 RUB"),
            (RU.money(-164_574, rub), "-1\u{202f}645,74\u{a0}RUB"),
            (RU.money(1_234_567, jpy), "1\u{202f}234\u{202f}567\u{a0}JPY"),
            (
                RU.money(i64::MIN, rub),
                "-92\u{202f}233\u{202f}720\u{202f}368\u{202f}547\u{202f}758,08\u{a0}RUB",
            ),
            (EN.number(1_500), "1,500"),
            (RU.number(999), "999"),
            (EN.percent(9_987), "99.87\u{a0}%"),
            (RU.percent(-5), "-0,05\u{a0}%"),
            (EN.miles(1), "1\u{a0}mile"),
            (RU.miles(2_231), "2\u{202f}231\u{a0}миля"),
        ];
        table.iter().for_each(|(shown, wanted)| assert_eq!(shown, wanted));
    }

    #[test]
    fn russian_words_have_three_forms() {
        let table = [
            (0, "миль"),
            (1, "миля"),
            (2, "мили"),
            (4, "мили"),
            (5, "миль"),
            (11, "миль"),
            (12, "миль"),
            (14, "миль"),
            (21, "миля"),
            (22, "мили"),
            (25, "миль"),
            (101, "миля"),
            (111, "миль"),
            (114, "миль"),
            (-1, "миля"),
            (i64::MIN, "миль"),
        ];
        for (number, form) in table {
            assert_eq!(MILES.form(number, Language::Russian), form, "{number}");
        }
        assert_eq!(MILES.form(-1, Language::English), "mile");
        assert_eq!(MILES.form(0, Language::English), "miles");
    }

    #[test]
    fn dates_are_written_out() {
        let saturday = date(2026, 10, 10);
        let table = [
            (EN.date(saturday), "2026-10-10"),
            (RU.date(saturday), "10.10.2026"),
            (EN.cycle_date(saturday, None), "2026-10-10"),
            (EN.cycle_date(saturday, Some(2)), "2026-10-10, cycle\u{a0}2"),
            (RU.cycle_date(saturday, Some(2)), "10.10.2026, цикл\u{a0}2"),
            (EN.limited("Breaks", 3, 3), "Breaks"),
            (EN.limited("Breaks", 100, 1_250), "Breaks (the first 100 of 1,250)"),
            (RU.limited("Сбои", 100, 250), "Сбои (первые 100 из 250)"),
            (EN.long_date(saturday), "Saturday 10 October 2026"),
            (RU.long_date(saturday), "суббота, 10 октября 2026\u{a0}г."),
            (RU.month(saturday), "октябрь 2026\u{a0}г."),
            (EN.short_date(saturday), "10 Oct"),
            (RU.short_date(saturday), "10 окт"),
        ];
        table.iter().for_each(|(shown, wanted)| assert_eq!(shown, wanted));
    }

    #[test]
    fn spans_are_as_exact_as_somebody_needs() {
        let table = [
            (EN.span(-3), "0\u{a0}s"),
            (EN.span(59), "59\u{a0}s"),
            (EN.span(42 * 60), "42\u{a0}min"),
            (RU.span(3 * 3_600 + 300), "3\u{a0}ч\u{a0}05\u{a0}мин"),
            (EN.span(2 * 86_400 + 4 * 3_600), "2\u{a0}d\u{a0}4\u{a0}h"),
        ];
        table.iter().for_each(|(shown, wanted)| assert_eq!(shown, wanted));
    }
}
