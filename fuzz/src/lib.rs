//! What the fuzz targets share: the dialects, the choice of one by the first byte of an input, and a walk over
//! everything that a message can be asked.

use std::{fs, path::PathBuf, sync::LazyLock};

use iso8583::{Dialect, Message, Part, Value, dialects, tagged};

/// Every built-in dialect, those of the test vectors, and our own, in an order that stays when files are added last.
pub static DIALECTS: LazyLock<Vec<Dialect>> = LazyLock::new(|| {
    let folders = ["../crates/iso8583/tests/vectors/dialects", "dialects"];
    let files = folders.into_iter().flat_map(|folder| {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder);
        let mut files: Vec<PathBuf> =
            fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
        files.sort();
        files
    });
    let load = |file: PathBuf| {
        let text = fs::read_to_string(&file).unwrap();
        Dialect::from_toml(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    };
    dialects::all().cloned().chain(files.map(load)).collect()
});

/// The dialect that the first byte chooses, and the rest of the input.
pub fn chosen(input: &[u8]) -> Option<(&'static Dialect, &[u8])> {
    let (first, rest) = input.split_first()?;
    Some((&DIALECTS[usize::from(*first) % DIALECTS.len()], rest))
}

/// The byte that chooses a dialect.
pub fn number_of(dialect: &str) -> Option<u8> {
    DIALECTS.iter().position(|other| other.name() == dialect).and_then(|at| u8::try_from(at).ok())
}

/// Asks a message everything.
pub fn walk(message: &Message<'_>) {
    for (de, value) in message.values() {
        let range = message.range(de).expect("a value is somewhere");
        assert_eq!(message.bytes().get(range.clone()), Some(value.wire()), "DE{de}");
        assert_eq!(message.offset(de), Some(range.start));
        ask(&value);
        if let Ok(parts) = message.parts(de) {
            walk_parts(&parts, 0);
        }
        let _ = (message.amount(de), message.number(de), tagged::parse(&value.text()).is_ok());
    }
    let _ = (message.pan(), message.original_data(), message.replacement_amount());
    let _ = (message.merchant_category(), message.additional_amounts());
    let findings = message.dialect().check(message);
    let _ = (message.describe(), format!("{message:?} {findings:?}"));
    let _ = message.dialect().check_echo(message, message);
}

fn ask(value: &Value<'_>) {
    let _ = (value.text(), value.masked(), value.number(), value.bytes(), format!("{value:?}"));
}

fn walk_parts(parts: &[Part<'_>], depth: usize) {
    assert!(depth < 8, "parts are not nested without end");
    for part in parts {
        ask(&part.value());
        let _ = (part.id(), part.offset(), format!("{part:?}"));
        walk_parts(part.parts(), depth + 1);
    }
}
