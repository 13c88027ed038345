//! What a merchant is called, as DE43 tells it: name, city and country.

/// DE43 in its parts, without blanks at their ends. A part that is not known is empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NameAndPlace {
    /// What the merchant is called; of an aggregator's sub-merchant with the aggregator's prefix.
    pub name: String,
    /// The city.
    pub city: String,
    /// The country: two or three letters.
    pub country: String,
}

/// Characters of DE43 of 1987 by its parts; the country has the rest.
const NAME: usize = 25;
const CITY: usize = 13;
const WHOLE: usize = 40;

impl NameAndPlace {
    /// Divides a DE43 whose dialect does not: by backslashes as 1993 writes it (name, street, city, then postal code,
    /// region and country), or at the places of 1987 if it has their 40 characters. Any other text is a name.
    pub fn split(text: &str) -> Self {
        let part = |text: &str| text.trim().to_owned();
        if let Some((name, rest)) = text.split_once('\\') {
            let city = rest.split('\\').nth(1).unwrap_or_default();
            let last = rest.split('\\').nth(2).unwrap_or_default().trim_end();
            let country = last.char_indices().rev().nth(2).and_then(|(at, _)| last.get(at..));
            return Self { name: part(name), city: part(city), country: part(country.unwrap_or_default()) };
        }
        if text.chars().count() != WHOLE {
            return Self { name: part(text), ..Self::default() };
        }
        let of = |from: usize, count: usize| part(&text.chars().skip(from).take(count).collect::<String>());
        Self { name: of(0, NAME), city: of(NAME, CITY), country: of(NAME + CITY, WHOLE) }
    }
}

#[cfg(test)]
mod tests {
    use super::NameAndPlace;

    #[test]
    fn de43_is_divided_as_its_form_says() {
        for (text, [name, city, country]) in [
            ("SQ *BLUE CAFE            MOSCOW       RU", ["SQ *BLUE CAFE", "MOSCOW", "RU"]),
            ("ПЕКАРНЯ                  МОСКВА       RU", ["ПЕКАРНЯ", "МОСКВА", "RU"]),
            ("KOSTA\\STREET 1\\CITY\\00001     000RUS", ["KOSTA", "CITY", "RUS"]),
            ("KOSTA\\STREET 1\\CITY\\RU ", ["KOSTA", "CITY", ""]),
            ("KOSTA\\STREET 1", ["KOSTA", "", ""]),
            ("KOSTA", ["KOSTA", "", ""]),
            ("", ["", "", ""]),
            ("\\\\\\", ["", "", ""]),
        ] {
            let found = NameAndPlace::split(text);
            assert_eq!([&found.name, &found.city, &found.country], [name, city, country], "{text}");
        }
    }
}
