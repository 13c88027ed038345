//! The bytes of a file of lines. Nothing in them comes from a clock.

use partner_adapters::sha256;
use std::fmt::Write as _;

use store::{AccrualFile, AccrualLine};

use super::{LAYOUT_VERSION, SEPARATOR};
use crate::{CloseError, ProgramSetup};

/// The file's bytes and their SHA-256.
pub(super) fn render(
    program: &ProgramSetup,
    file: &AccrualFile,
    lines: &[AccrualLine],
) -> Result<(Vec<u8>, [u8; 32]), CloseError> {
    let partner = program.partner_code(program.cobrand_partner)?;
    let environment = program.environment.name();
    let mut text = format!(
        "AH|{LAYOUT_VERSION}|{environment}|{}|{partner}|{}|{}|{}\n",
        program.bank.1, program.code, file.sequence, file.business_date
    );
    for line in lines {
        let AccrualLine { id, member_number, name_check, activity_date, miles, reason, .. } = line;
        let (kind, number) = (line.kind.name(), plain(member_number));
        let original = line.original.as_deref().unwrap_or_default();
        let resubmits = line.resubmits.as_deref().unwrap_or_default();
        // Writing to a text cannot fail.
        let _ = writeln!(
            text,
            "AL|{id}|{kind}|{number}|{name_check}|{activity_date}|{miles}|{original}|{resubmits}|{reason}"
        );
    }
    let given: i64 = lines.iter().map(|line| line.miles.max(0)).sum();
    let taken: i64 = lines.iter().map(|line| line.miles.min(0)).sum();
    let records = lines.len() + 2;
    let _ = write!(text, "AT|{records}|{}|{given}|{taken}|{}|", lines.len(), given + taken);
    let so_far = sha256(text.as_bytes());
    let _ = writeln!(text, "{}", hex::encode(so_far));
    let hash = sha256(text.as_bytes());
    Ok((text.into_bytes(), hash))
}

/// A text of somebody else's without what would divide the record.
fn plain(text: &str) -> String {
    text.chars().map(|letter| if letter == SEPARATOR || letter.is_control() { ' ' } else { letter }).collect()
}
