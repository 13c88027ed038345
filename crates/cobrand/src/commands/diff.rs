//! `diff`: how two messages differ.

use clap::Args;
use iso8583::{Message, describe::Relation};

use super::message_input::{Opened, WireArgs, read, write_out};
use crate::cli::{AnswerIsNo, WrongUse};

/// Tells how two messages differ, masked: safe to paste into a ticket. Exit status 1 if they do.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// One message, as `describe` takes it.
    left: String,
    /// The other one.
    right: String,
    #[command(flatten)]
    wire: WireArgs,
    /// The dialect of the other one, where it is another.
    #[arg(long)]
    right_dialect: Option<String>,
    /// Tells what is equal too.
    #[arg(long)]
    all: bool,
}

/// Runs the command.
pub fn diff(args: &DiffArgs) -> anyhow::Result<()> {
    let left = args.wire.open(read(Some(&args.left))?)?;
    let right_wire = args.right_dialect.as_deref().map(|dialect| args.wire.with_dialect(dialect));
    let right = right_wire.as_ref().unwrap_or(&args.wire).open(read(Some(&args.right))?)?;
    let (one, other) = (first(&left, "left", &args.left)?, first(&right, "right", &args.right)?);
    let mut text = format!("< {}, {}\n", left.dialect.name(), one.mti());
    text.push_str(&format!("> {}, {}\n\n", right.dialect.name(), other.mti()));
    let differences = iso8583::describe::diff(&one, &other);
    let different = differences.iter().filter(|difference| difference.relation != Relation::Equal).count();
    for difference in &differences {
        if args.all || difference.relation != Relation::Equal {
            text.push_str(&format!("{difference}\n"));
        }
    }
    if different == 0 {
        text.push_str(&format!("no difference in {} elements\n", differences.len()));
    }
    write_out(text.as_bytes())?;
    match different {
        0 => Ok(()),
        1 => Err(AnswerIsNo("the messages differ in 1 element".to_owned()).into()),
        many => Err(AnswerIsNo(format!("the messages differ in {many} elements")).into()),
    }
}

/// The only message.
fn first<'o>(opened: &'o Opened, side: &str, input: &str) -> anyhow::Result<Message<'o>> {
    if opened.messages.len() > 1 {
        let count = opened.messages.len();
        let problem =
            format!("the {side} input has {count} messages; diff compares one with one. Give one of them");
        return Err(WrongUse(problem).into());
    }
    let range = opened.messages.first().cloned().unwrap_or_default();
    let bytes = opened.bytes.get(range).unwrap_or_default();
    opened.dialect.decode(bytes).map_err(|error| {
        let shown = if std::path::Path::new(input).is_file() { input } else { "HEX" };
        let next = format!("Next: cobrand describe {shown} --dialect auto");
        AnswerIsNo(format!("the {side} message does not decode: {error}. {next}")).into()
    })
}
