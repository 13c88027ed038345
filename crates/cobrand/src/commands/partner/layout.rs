//! `partner layout`: native layouts as lists, documents and a schema. They need no database.

use clap::Subcommand;
use partner_adapters::formats::{Layout, built_in_layouts};

use crate::cli::AnswerIsNo;

/// Native layouts of settlement files.
#[derive(Debug, Subcommand)]
pub enum LayoutCommand {
    /// Names the layouts that are built in.
    List,
    /// Describes a layout for whoever has to read its files, as Markdown. A layout file is checked by it.
    Document {
        /// The name of a built-in layout, or the path of a layout file.
        layout: String,
    },
    /// Prints the JSON Schema of layout files.
    Schema,
}

impl LayoutCommand {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self {
            Self::List => {
                for (name, text) in built_in_layouts() {
                    let what = text.lines().find_map(|line| line.strip_prefix("title = "));
                    println!("{name:<16} {}", what.unwrap_or_default().trim_matches('"'));
                }
            }
            Self::Document { layout } => {
                let found = Layout::find(&layout).map_err(|error| AnswerIsNo(error.to_string()))?;
                print!("{}", found.document());
            }
            Self::Schema => {
                println!("{}", serde_json::to_string_pretty(&Layout::json_schema()).unwrap_or_default());
            }
        }
        Ok(())
    }
}
