//! Random messages of pyiso8583, an independent implementation: both write the same bytes, and each reads the
//! other's. Needs python3 with pyiso8583 4.0.1; `COBRAND_PYTHON` says which python3.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{collections::BTreeMap, io::Write, path::Path, process::Command};

use iso8583::{Builder, Class, Dialect, Mti};
use serde::Deserialize;

const SEED: &str = "8583";
const MESSAGES: &str = "200";

#[derive(Deserialize)]
struct Batch {
    dialect: String,
    messages: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    mti: String,
    fields: BTreeMap<u8, String>,
    hex: String,
}

fn python(arguments: &[&str]) -> Option<String> {
    let python = std::env::var_os("COBRAND_PYTHON").unwrap_or_else(|| "python3".into());
    let output = Command::new(python).args(arguments).output().ok()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() || errors.contains("ModuleNotFoundError"), "{errors}");
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}

#[test]
fn pyiso8583_writes_and_reads_the_same() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/differential/messages.py");
    let Some(lines) = python(&[script.to_str().unwrap(), SEED, MESSAGES]) else {
        // Straight to the terminal: what a passing test prints is not shown.
        let _ = writeln!(std::io::stderr(), "skipped: python3 with pyiso8583 is not there");
        return;
    };
    let batches: Vec<Batch> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(batches.len() > 5 && batches.iter().all(|batch| batch.messages.len() == 200));
    for batch in batches {
        let dialect = Dialect::from_toml(&batch.dialect).unwrap();
        batch.messages.iter().for_each(|vector| compare(&dialect, vector));
    }
}

fn compare(dialect: &Dialect, vector: &Vector) {
    let mti = Mti::parse(vector.mti.as_bytes()).unwrap();
    let set = |builder: Builder, (de, text): (&u8, &String)| builder.set(*de, text);
    let written = vector.fields.iter().fold(Builder::new(mti), set).encode(dialect);
    assert_eq!(written.map(hex::encode).as_ref(), Ok(&vector.hex), "{dialect:?} {:?}", vector.fields);

    let bytes = hex::decode(&vector.hex).unwrap();
    let message =
        dialect.decode(&bytes).unwrap_or_else(|error| panic!("{dialect:?} {}: {error}", vector.hex));
    let read = message.values().map(|(de, value)| match value.spec().format.class {
        Class::Binary => (de, value.text().to_uppercase()),
        _ => (de, value.text().into_owned()),
    });
    assert_eq!(read.collect::<BTreeMap<_, _>>(), vector.fields, "{dialect:?} {}", vector.hex);
    assert_eq!(message.mti(), mti);
}
