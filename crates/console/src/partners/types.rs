//! What requests and answers are made of.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use settlement::PartnerEvent;
use store::PartnerFile;

/// A page of events.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Events {
    /// In their order.
    pub(super) events: Vec<PartnerEvent<Value>>,
    /// `after` of the next page. Keep it: it is where you stand. An empty page has that of the request.
    pub(super) next: String,
}

/// A settlement file.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct File {
    /// Its name, by which it is fetched.
    file: String,
    /// The program's code.
    program: String,
    /// The business date.
    business_date: String,
    /// Its place among your files, from 1, without gaps.
    sequence: i32,
    /// 0 for the first edition.
    revision: i32,
    /// SHA-256 of its bytes, hexadecimal.
    sha256: String,
    /// How many records it has.
    records: i32,
}

impl From<PartnerFile> for File {
    fn from(file: PartnerFile) -> Self {
        Self {
            file: file.file_name,
            program: file.program,
            business_date: file.business_date.to_string(),
            sequence: file.sequence,
            revision: file.revision,
            sha256: hex::encode(file.sha256),
            records: file.records,
        }
    }
}

/// A page of settlement files.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Files {
    /// In the order of their sequence.
    pub(super) files: Vec<File>,
    /// `after` of the next page. Keep it: it is where you stand. An empty page has that of the request.
    pub(super) next: String,
}

/// What became of an answer to a file.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Answered {
    /// The file.
    pub(super) file: String,
    /// What it did to the file, such as `acknowledged`.
    pub(super) state: String,
    /// Whether it was on the books before.
    pub(super) known: bool,
}
