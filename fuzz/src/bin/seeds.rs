//! Writes the first inputs of the fuzz targets into `fuzz/corpus`, from the test vectors: `make fuzz-seeds`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use iso8583::{dialects, framing::Framing};
use serde_json::Value;

fn main() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let tests = root.join("../crates/iso8583/tests");
    let mut seeds = Seeds { root: root.join("corpus"), written: 0 };
    for file in ["messages.jsonl", "pyiso8583.jsonl", "rejects.jsonl"] {
        let text = fs::read_to_string(tests.join("vectors").join(file)).unwrap();
        for line in text.lines() {
            message(&mut seeds, &serde_json::from_str(line).unwrap());
        }
    }
    for entry in fs::read_dir(tests.join("clearing")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "bin") {
            seeds.write("ipm", &name(&path), &fs::read(&path).unwrap());
        }
    }
    for name in dialects::names() {
        seeds.write("dialect_file", name, dialects::source(name).unwrap().as_bytes());
    }
    for folder in [tests.join("vectors/dialects"), root.join("dialects")] {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            seeds.write("dialect_file", &name(&path), &fs::read(&path).unwrap());
        }
    }
    println!("{} seeds in {}", seeds.written, seeds.root.display());
}

/// A vector as a message of its dialect, and in every frame.
fn message(seeds: &mut Seeds, vector: &Value) {
    let text = |key: &str| vector.get(key).and_then(Value::as_str).unwrap_or_default();
    let (id, bytes) = (text("id"), hex::decode(text("hex")).unwrap());
    for framing in Framing::forms() {
        let mut framed = Vec::new();
        if framing.write(&mut framed, &bytes).is_ok() {
            seeds.write("framing", &format!("{id}-{framing}"), &framed);
        }
    }
    let Some(number) = fuzz::number_of(text("spec")) else { return };
    let input = [&[number], bytes.as_slice()].concat();
    seeds.write("decode", id, &input);
    seeds.write("round_trip", id, &input);
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

struct Seeds {
    root: PathBuf,
    written: usize,
}

impl Seeds {
    fn write(&mut self, target: &str, name: &str, bytes: &[u8]) {
        let folder = self.root.join(target);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("seed-{name}")), bytes).unwrap();
        self.written += 1;
    }
}
