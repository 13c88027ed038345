//! What DE43 calls a merchant.

use domain::NameAndPlace;
use iso8583::Message;

/// DE43, divided as the dialect says: its parts whose names begin with `name`, `city` and `country`. Where it says
/// nothing, as the text shows. What cannot be divided names nobody: a message is not refused for it.
pub(crate) fn name_and_place(message: &Message<'_>) -> NameAndPlace {
    let parts = message.parts(43).unwrap_or_default();
    if parts.is_empty() {
        return message.text(43).map(|text| NameAndPlace::split(&text)).unwrap_or_default();
    }
    let part = |name: &str| {
        let part = parts.iter().find(|part| part.spec().name.starts_with(name));
        part.map(|part| part.value().text().trim().to_owned()).unwrap_or_default()
    };
    NameAndPlace { name: part("name"), city: part("city"), country: part("country") }
}

#[cfg(test)]
mod tests {
    use iso8583::{Builder, Mti, dialects};

    use super::name_and_place;

    #[test]
    fn a_dialect_s_parts_come_before_the_usual_places() {
        let de43 = "SQ *BLUE CAFE 12345678 MOSCOW        RUS";
        for (dialect, [name, city, country]) in [
            ("iso87-ascii", ["SQ *BLUE CAFE 12345678 MO", "SCOW        R", "US"]),
            ("mastercard-like", ["SQ *BLUE CAFE 12345678", "MOSCOW", "RUS"]),
        ] {
            let dialect = dialects::named(dialect).unwrap();
            let message = Builder::new(Mti::new("0100"))
                .set(3, "000000")
                .set(4, "000000010000")
                .set(7, "1010090000")
                .set(11, "000001")
                .set(22, "051")
                .set(43, de43);
            let bytes = message.encode(dialect).unwrap();
            let found = name_and_place(&dialect.decode(&bytes).unwrap());
            assert_eq!([&found.name, &found.city, &found.country], [name, city, country]);
        }
    }
}
