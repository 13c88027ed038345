//! The language of whoever has not signed in: what he chose on the page, else what his browser asks for.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, header::ACCEPT_LANGUAGE};
use program_files::Language;

/// `?lang=ru` of the switch, or the field that carries it on.
pub(crate) const CHOSEN: &str = "lang";

/// The language that was chosen, or else the one that the browser would rather have; English if it knows neither.
pub(crate) fn spoken(headers: &HeaderMap, values: &BTreeMap<String, String>) -> Language {
    chosen(values).unwrap_or_else(|| accepted(headers))
}

/// What somebody chose.
pub(crate) fn chosen(values: &BTreeMap<String, String>) -> Option<Language> {
    values.get(CHOSEN).and_then(|word| of_tag(word))
}

/// What a browser asks for: of the languages that we know the one with the greatest weight, the first of equal ones.
pub(crate) fn accepted(headers: &HeaderMap) -> Language {
    let asked = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let known = asked.split(',').filter_map(|one| {
        let (tag, parameters) = one.split_once(';').unwrap_or((one, ""));
        let weight = parameters.trim().strip_prefix("q=").map_or(Some(1_000), thousandths)?;
        Some((weight, of_tag(tag.trim())?)).filter(|(weight, _)| *weight > 0)
    });
    let best = known.fold(None, |best: Option<(u32, Language)>, one| match best {
        Some(best) if best.0 >= one.0 => Some(best),
        _ => Some(one),
    });
    best.map_or(Language::English, |(_, language)| language)
}

/// `0.8` as 800; nothing, if it is no weight.
fn thousandths(text: &str) -> Option<u32> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.len() <= 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    let whole = whole.parse::<u32>().ok().filter(|whole| *whole <= 1 && digits(rest))?;
    let rest = format!("{rest:0<3}").parse::<u32>().ok()?;
    Some((whole * 1_000 + rest).min(1_000))
}

/// `ru`, `ru-RU`; nothing, if it is another language.
fn of_tag(tag: &str) -> Option<Language> {
    match tag.split('-').next().unwrap_or_default().to_ascii_lowercase().as_str() {
        "en" => Some(Language::English),
        "ru" => Some(Language::Russian),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_s_language_is_the_one_that_it_would_rather_have() {
        let check = |asked: &str, expected: Language| {
            let headers = HeaderMap::from_iter([(ACCEPT_LANGUAGE, asked.parse().unwrap())]);
            assert_eq!(accepted(&headers), expected, "{asked:?}");
        };
        for asked in [
            "ru",
            "ru-RU,ru;q=0.9,en-US;q=0.8,en;q=0.7",
            "de, ru;q=0.5",
            "en;q=0.1, RU;q=0.25",
            "en;q=0, ru;q=0.001",
        ] {
            check(asked, Language::Russian);
        }
        for asked in ["", "*", "de", "en-GB,en;q=0.9,ru;q=0.8", "ru;q=0", "ru;q=zero", "ru;q=0.1234", "en,ru"]
        {
            check(asked, Language::English);
        }
        assert_eq!(accepted(&HeaderMap::new()), Language::English);
    }

    #[test]
    fn the_switch_comes_before_the_browser() {
        let headers = HeaderMap::from_iter([(ACCEPT_LANGUAGE, "ru".parse().unwrap())]);
        let asked = |word: &str| spoken(&headers, &BTreeMap::from([(CHOSEN.to_owned(), word.to_owned())]));
        assert_eq!(
            (asked("en"), asked("ru"), asked("xx")),
            (Language::English, Language::Russian, Language::Russian)
        );
    }
}
