//! Message specifications: the committed ones are those that the program makes, and their examples are right.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{fs, path::PathBuf};

use iso8583::{Builder, Dialect, Mti, dialects, document};

/// The dialects whose specification is committed.
const COMMITTED: [&str; 3] = ["iso87-ascii", "iso87-binary", "iso93-ascii"];

fn docs() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

/// The examples of a document: the message types of their headings, and their bytes.
fn examples(markdown: &str) -> Vec<(String, Vec<u8>)> {
    let (mut heading, mut found, mut open) = (String::new(), Vec::new(), None::<String>);
    for line in markdown.lines() {
        match (&mut open, line) {
            (None, "```hex") => open = Some(String::new()),
            (Some(digits), "```") => {
                found.push((heading.clone(), hex::decode(&digits).unwrap()));
                open = None;
            }
            (Some(digits), line) => digits.push_str(line),
            (None, line) => {
                if let Some(title) = line.strip_prefix("### ") {
                    heading = title.split(' ').next().unwrap().to_owned();
                }
            }
        }
    }
    found
}

#[test]
fn examples_are_of_their_message_type_as_agreed_and_round_trip() {
    for dialect in dialects::all() {
        let markdown = document(dialect, &[]);
        let examples = examples(&markdown);
        assert_eq!(examples.len(), dialect.messages().count(), "{}", dialect.name());
        for (mti, bytes) in examples {
            let message = dialect.decode(&bytes).unwrap();
            assert_eq!(message.mti().as_str(), mti);
            assert_eq!(message.to_bytes(), bytes);
            let values = message
                .fields()
                .fold(Builder::new(message.mti()), |builder, (de, value)| builder.set(de, value));
            assert_eq!(values.encode(dialect).unwrap(), bytes, "{} {mti}", dialect.name());
            assert_eq!(dialect.check(&message), [], "{} {mti}", dialect.name());
        }
    }
}

#[test]
fn annotated_pieces_are_the_whole_example() {
    let markdown = document(dialects::iso87_ascii(), &[]);
    let digits = |line: &str| line.get(6..46).unwrap_or(&line[6..]).trim().to_owned();
    let annotated: Vec<String> = markdown
        .split("```text\n")
        .skip(1)
        .map(|block| block.split("```").next().unwrap().lines().map(digits).collect())
        .collect();
    let plain: Vec<String> = examples(&markdown).iter().map(|(_, bytes)| hex::encode_upper(bytes)).collect();
    assert_eq!(annotated, plain);
}

#[test]
fn replies_in_the_examples_echo_their_requests() {
    for name in COMMITTED {
        let dialect = dialects::named(name).unwrap();
        let examples = examples(&document(dialect, &[]));
        for (mti, bytes) in &examples {
            let request = dialect.decode(bytes).unwrap();
            let Some((_, reply)) =
                examples.iter().find(|(other, _)| *other == request.mti().response().to_string())
            else {
                continue;
            };
            if request.mti().is_response() {
                continue;
            }
            let reply = dialect.decode(reply).unwrap();
            assert_eq!(dialect.check_echo(&request, &reply), [], "{name} {mti}");
        }
    }
}

#[test]
fn the_worked_examples_of_the_link_contract_are_as_agreed() {
    let text = fs::read_to_string(docs().join("message-spec/link.md")).unwrap();
    let worked = text.split("## Worked examples").nth(1).unwrap();
    let mut seen = Vec::new();
    for block in worked.split("```text\n").skip(1) {
        let block = block.split("```").next().unwrap();
        let first = block.split("\n\n").next().unwrap().replace('\n', "");
        // With a frame length, in hexadecimal digits; one is the message itself as text.
        let bytes = match hex::decode(&first) {
            Ok(bytes) => bytes[2..].to_vec(),
            Err(_) => first.into_bytes(),
        };
        let message = dialects::iso87_ascii().decode(&bytes).unwrap();
        assert_eq!(dialects::iso87_ascii().check(&message), [], "{}", message.mti());
        seen.push(message.mti().to_string());
    }
    assert_eq!(seen, ["0800", "0810", "0100", "0110", "0400"]);
}

#[test]
fn what_is_agreed_for_a_link_is_printed() {
    let link = [("bank".to_owned(), "north|bank".to_owned())];
    let markdown = document(dialects::iso87_ascii(), &link);
    assert!(markdown.contains("| bank | north\\|bank |"));
    assert!(!document(dialects::iso87_ascii(), &[]).contains("## The link"));
}

#[test]
fn every_dialect_has_its_parts_and_codes_in_words() {
    let markdown = document(dialects::named("visa-base1-like").unwrap(), &[]);
    for text in [
        "`visanet`, 22 bytes",
        "### DE55.01",
        "application cryptogram",
        "1 binary byte, of digits",
        "### DE62",
    ] {
        assert!(markdown.contains(text), "{text}");
    }
    let markdown = document(dialects::named("ipm").unwrap(), &[]);
    assert!(markdown.contains("### DE48, DE62, DE123, DE124, DE125"));
    assert!(markdown.contains("always two, bit 1 is always set"));
    let own = Dialect::from_toml("name = 'own'\n[fields]\n3.format = 'n6'").unwrap();
    assert!(document(&own, &[]).starts_with("# Message specification: own\n"));
}

fn is_current(path: PathBuf, made: &str, command: &str) {
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == made, "{} is stale; write it anew: {command}", path.display());
}

#[test]
fn committed_specifications_are_current() {
    for name in COMMITTED {
        let file = format!("message-spec/{name}.md");
        let command = format!("cobrand spec doc --dialect {name} > docs/{file}");
        is_current(docs().join(&file), &document(dialects::named(name).unwrap(), &[]), &command);
    }
}

#[test]
fn the_committed_schema_is_current() {
    let made = format!("{}\n", serde_json::to_string_pretty(&Dialect::json_schema()).unwrap());
    let command = "cobrand spec schema > docs/schema/dialect.schema.json";
    is_current(docs().join("schema/dialect.schema.json"), &made, command);
}

/// The dialect files in the guide.
fn guide_files() -> Vec<String> {
    let text = fs::read_to_string(docs().join("operations/write-a-dialect.md")).unwrap();
    text.split("```toml\n").skip(1).map(|block| block.split("```").next().unwrap().to_owned()).collect()
}

#[test]
fn examples_of_the_guide_load() {
    let files = guide_files();
    assert!(files.len() >= 3);
    for file in files {
        let dialect = Dialect::from_toml(&file).unwrap_or_else(|error| panic!("{error}\n{file}"));
        let mti = Mti::parse(if dialect.version().digit() == 1 { b"1804" } else { b"0800" }).unwrap();
        assert!(Builder::new(mti).encode(&dialect).is_ok(), "{}", dialect.name());
    }
}
