//! Messages of 1993 as a bank writes and reads them.

use iso8583::{Builder, Dialect, Mti, framing::Framing};
use jiff::civil::date;

use super::BankWire;

const SMALL_1993: &str = r#"
name = "small-1993"
extends = "iso87-ascii"
version = 1993
[fields]
12 = { name = "local date and time", format = "n12" }
15 = { name = "settlement date", format = "n6" }
22 = { name = "point of service", format = "an12" }
24 = { name = "function code", format = "n3" }
26 = { name = "merchant category", format = "n4" }
30 = { name = "original amounts", format = "n24" }
39 = { name = "action code", format = "n3" }
56 = { name = "original data elements", format = "n..35" }
"#;

fn wire() -> BankWire {
    let dialect = Dialect::from_toml(SMALL_1993).unwrap();
    BankWire::new(Framing::BINARY_2, dialect, None).near(date(2027, 1, 2))
}

fn authorization() -> Builder {
    Builder::new(Mti::new("0100"))
        .set(2, "4111111111111111")
        .set(4, "000000060000")
        .set(7, "1231220001")
        .set(11, "000001")
        .set(12, "010001")
        .set(13, "0101")
        .set(15, "1231")
        .set(18, "5411")
        .set(22, "051")
        .set(25, "06")
        .set(32, "400001")
}

#[test]
fn a_purchase_is_written_as_1993_has_it_and_its_answer_read_back() {
    let wire = wire();
    let bytes = wire.encode(&authorization()).unwrap();
    let message = wire.dialect.decode(&bytes).unwrap();
    let text = |de| message.text(de).map(std::borrow::Cow::into_owned);
    assert_eq!(message.mti(), Mti::new("1100"));
    assert_eq!(text(12).as_deref(), Some("270101010001"));
    assert_eq!(text(15).as_deref(), Some("261231"));
    assert_eq!((text(24).as_deref(), text(26).as_deref()), (Some("101"), Some("5411")));
    assert!(!message.has(13) && !message.has(18) && !message.has(25));
    let answer = Builder::reply_to(&message)
        .set(7, "1231220001")
        .set(11, "000001")
        .set(12, "270101010001")
        .set(15, "261231")
        .set(39, "000");
    let read = wire.decode(&answer.encode(&wire.dialect).unwrap()).unwrap();
    assert_eq!((read.mti(), read.get(39)), (Mti::new("0110"), Some("00")));
    assert_eq!((read.get(12), read.get(13), read.get(15)), (Some("010001"), Some("0101"), Some("1231")));
    // Another value than was sent shows.
    let other = answer.set(12, "270102010001").set(39, "400").encode(&wire.dialect).unwrap();
    let read = wire.decode(&other).unwrap();
    assert_eq!((read.get(13), read.get(39)), (Some("0102"), Some("400")));
}

#[test]
fn a_partial_reversal_tells_what_remains_and_names_the_local_time() {
    let wire = wire();
    wire.encode(&authorization()).unwrap();
    let reversal = authorization()
        .with_mti(Mti::new("0420"))
        .set(7, "1231220002")
        .set(11, "000002")
        .set(12, "020000")
        .set(90, "010000000112312200010000040000100000000000")
        .set(95, format!("{:012}{:030}", 25_000, 0));
    let bytes = wire.encode(&reversal).unwrap();
    let message = wire.dialect.decode(&bytes).unwrap();
    assert_eq!(message.text(56).as_deref(), Some("110000000127010101000106400001"));
    assert_eq!(message.text(30).as_deref(), Some("000000060000000000000000"));
    assert_eq!(message.replacement_amount(), Ok(Some(25_000)));
    let answer = [7, 11, 4, 56]
        .into_iter()
        .fold(Builder::reply_to(&message), |answer, de| answer.set(de, message.text(de).unwrap()));
    let read = wire.decode(&answer.set(39, "400").encode(&wire.dialect).unwrap()).unwrap();
    assert_eq!((read.get(4), read.get(39)), (Some("000000060000"), Some("00")));
    assert_eq!(read.get(90), reversal.get(90));
}

#[test]
fn network_management_keeps_the_code_that_was_meant() {
    let wire = wire();
    for (meant, code) in [("061", "801"), ("001", "801"), ("301", "831"), ("201", "821"), ("999", "999")] {
        let asked = Builder::new(Mti::new("0800")).set(7, "1010090000").set(11, "000009").set(70, meant);
        let bytes = wire.encode(&asked).unwrap();
        let message = wire.dialect.decode(&bytes).unwrap();
        assert_eq!(message.text(24).as_deref(), Some(code));
        let answer = Builder::reply_to(&message).set(7, "1010090000").set(11, "000009").set(24, code);
        let read = wire.decode(&answer.set(39, "800").encode(&wire.dialect).unwrap()).unwrap();
        assert_eq!((read.get(70), read.get(39)), (Some(meant), Some("00")));
    }
}
