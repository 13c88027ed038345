//! `encode`: a message from its JSON.

use std::path::Path;

use anyhow::Context;
use clap::Args;
use iso8583::{describe::Document, framing::Framing};

use super::message_input::{load_dialect, write_out};
use crate::cli::{AnswerIsNo, WrongUse};

/// Writes a message from the JSON that `describe --json --unmasked` prints.
#[derive(Debug, Args)]
pub struct EncodeArgs {
    /// A file with the JSON; standard input if it is absent or `-`.
    input: Option<String>,
    /// A built-in dialect or a dialect file (a name that ends with .toml); that which the JSON names if absent.
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
    let text = match args.input.as_deref() {
        None | Some("-") => {
            std::io::read_to_string(std::io::stdin()).context("cannot read standard input")?
        }
        Some(path) if Path::new(path).is_file() => {
            std::fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?
        }
        Some(path) => {
            let text = format!(
                "there is no file {path:?}; write one: cobrand describe … --json --unmasked > {path}"
            );
            return Err(WrongUse(text).into());
        }
    };
    let refused = |error: iso8583::describe::DocumentError| AnswerIsNo(format!("{error}"));
    let document = Document::parse(&text).map_err(refused)?;
    let name = args.dialect.as_deref().or_else(|| document.dialect());
    let name =
        name.ok_or_else(|| WrongUse("the JSON names no dialect: give one with --dialect".to_owned()))?;
    let message = document.encode(&load_dialect(name)?).map_err(refused)?;
    let bytes = match args.framing {
        Some(framing) => {
            let mut frame = Vec::new();
            framing.write(&mut frame, &message).map_err(|error| AnswerIsNo(error.to_string()))?;
            frame
        }
        None => message,
    };
    if args.raw {
        return write_out(&bytes);
    }
    write_out(format!("{}\n", hex::encode(bytes)).as_bytes())
}
