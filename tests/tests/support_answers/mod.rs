//! Answers to settlement files, as their receivers write them.
#![allow(dead_code, reason = "each test uses what it needs")]

use std::path::Path;

use domain::{AnswerVerdict, FileAnswer, FileTotal};
use partner_adapters::{Acknowledgement, canonical::Environment};
use settlement::{Total, verify_path};

/// A right answer to a file of the first cycle.
pub(crate) fn answer_to(file: &Path, number: i32, verdict: AnswerVerdict) -> Acknowledgement {
    let summary = verify_path(file).unwrap();
    let total = |total: &Total| FileTotal {
        currency: total.currency.clone(),
        direction: total.direction,
        to_pay_minor: total.to_pay_minor,
    };
    let mut sha256 = [0; 32];
    hex::decode_to_slice(&summary.sha256, &mut sha256).unwrap();
    let (receiver, revision) = (summary.header.receiver.clone(), summary.header.revision);
    Acknowledgement {
        environment: Environment::Test,
        sender: receiver.clone(),
        receiver: "northbank".to_owned(),
        answer: FileAnswer {
            number,
            file_id: format!("{receiver}-boreal-gold-000001-{revision}"),
            sequence: 1,
            revision,
            sha256: Some(sha256),
            records: Some(i64::try_from(summary.records).unwrap()),
            totals: Some(summary.totals.iter().map(total).collect()),
            verdict,
        },
        reason: String::new(),
    }
}
