//! `encode`: messages from their JSON.

use std::{io::Read as _, path::Path};

use anyhow::Context;
use clap::Args;
use iso8583::{
    Dialect,
    describe::{Document, text_of},
    dialects,
    framing::Framing,
    mask_text,
};

use super::message_input::{load_dialect, write_out};
use crate::cli::{AnswerIsNo, WrongUse};

/// Writes messages from the JSON that `describe --json --unmasked` prints: one object, an array of objects, or objects
/// one behind the other. Of several messages each has a line of its own.
#[derive(Debug, Args)]
pub struct EncodeArgs {
    /// A file with the JSON; standard input if it is absent or `-`.
    input: Option<String>,
    /// A built-in dialect or a dialect file (a name that ends with .toml); the built-in one that the JSON names if
    /// absent. A file that the JSON names is not opened: give it here.
    #[arg(long)]
    dialect: Option<String>,
    /// Writes a frame around the message, such as binary-2.
    #[arg(long)]
    framing: Option<Framing>,
    /// Writes the bytes themselves in place of hexadecimal digits.
    #[arg(long)]
    raw: bool,
}

/// Runs the command.
pub fn encode(args: &EncodeArgs) -> anyhow::Result<()> {
    let bytes = match args.input.as_deref() {
        None | Some("-") => {
            let mut bytes = Vec::new();
            std::io::stdin().read_to_end(&mut bytes).context("cannot read standard input")?;
            bytes
        }
        Some(path) if Path::new(path).is_file() => {
            std::fs::read(path).with_context(|| format!("cannot read {path}"))?
        }
        Some(path) => {
            let text = format!(
                "there is no file {path:?}; write one: cobrand describe … --json --unmasked > {path}"
            );
            return Err(WrongUse(text).into());
        }
    };
    let refused = |error: iso8583::describe::DocumentError| AnswerIsNo(format!("{error}"));
    let text = text_of(&bytes).ok_or_else(|| {
        AnswerIsNo("the input is no text in UTF-8, nor in UTF-16 with a mark of its byte order".to_owned())
    })?;
    let documents = Document::parse_all(&text).map_err(refused)?;
    if documents.len() > 1 && args.raw && args.framing.is_none() {
        let text = "nobody can tell several messages apart without a frame length: give --framing too, or leave --raw out";
        return Err(WrongUse(text.to_owned()).into());
    }
    let given = args.dialect.as_deref().map(load_dialect).transpose()?;
    let mut out = Vec::new();
    for (number, document) in (1..).zip(&documents) {
        let message = match &given {
            Some(dialect) => document.encode(dialect),
            None => document.encode(named(document)?),
        };
        let several = documents.len() > 1;
        let message =
            message.map_err(|error| refused(if several { error.in_message(number) } else { error }))?;
        let bytes = framed(message, args.framing)?;
        if args.raw {
            out.extend_from_slice(&bytes);
        } else {
            out.extend_from_slice(format!("{}\n", hex::encode(bytes)).as_bytes());
        }
    }
    write_out(&out)
}

/// The built-in dialect that a document names. A name in a document must not open files.
fn named(document: &Document) -> anyhow::Result<&'static Dialect> {
    let name = document.dialect();
    let name =
        name.ok_or_else(|| WrongUse("the JSON names no dialect: give one with --dialect".to_owned()))?;
    let problem = || {
        let names: Vec<&str> = dialects::names().collect();
        let (names, name) = (names.join(", "), mask_text(name));
        WrongUse(format!(
            "the JSON names the dialect {name:?}, which is not built in; those are {names}. Give its file: --dialect FILE.toml"
        ))
    };
    dialects::named(name).ok_or_else(|| problem().into())
}

fn framed(message: Vec<u8>, framing: Option<Framing>) -> anyhow::Result<Vec<u8>> {
    let Some(framing) = framing else { return Ok(message) };
    let mut frame = Vec::new();
    framing.write(&mut frame, &message).map_err(|error| AnswerIsNo(error.to_string()))?;
    Ok(frame)
}
