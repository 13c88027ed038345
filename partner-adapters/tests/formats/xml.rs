//! ISO 20022: against the official schemas where they can be had, and what must hold besides.

use std::io::Write;
use std::path::Path;
use std::process::Command;

use partner_adapters::canonical::{Environment, Record};
use partner_adapters::formats::{FileSettings, Format};

use crate::{rendered, rendered_text, try_rendered, worked_day};

const MESSAGES: [Format; 3] = [Format::Camt054, Format::Camt053, Format::Pain001];

/// The output of a script in `tests/independent`; `None`, said loudly, where python3 lacks what it needs.
pub(crate) fn python(script: &str, arguments: &[&Path]) -> Option<String> {
    let python = std::env::var_os("COBRAND_PYTHON").unwrap_or_else(|| "python3".into());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/independent").join(script);
    let output = Command::new(python).arg(&script).args(arguments).output();
    let errors = output
        .as_ref()
        .map_or_else(ToString::to_string, |output| String::from_utf8_lossy(&output.stderr).into_owned());
    match output {
        Ok(output) if output.status.success() => Some(String::from_utf8(output.stdout).unwrap()),
        Ok(_) if !errors.contains("ModuleNotFoundError") => panic!("{errors}"),
        _ => {
            // Straight to the terminal: what a passing test prints is not shown.
            let last = errors.lines().last().unwrap_or_default();
            let _ =
                writeln!(std::io::stderr(), "SKIPPED {}: python3 lacks a package: {last}", script.display());
            None
        }
    }
}

/// Files of a folder that is gone at the end of the test.
pub(crate) struct Folder(std::path::PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("cobrand-formats-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> std::path::PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn every_message_is_valid_under_its_official_schema() {
    let folder = Folder::new("schemas");
    let mut paths = Vec::new();
    for (file, records) in [
        ("airboreal", worked_day::airboreal()),
        ("kosta", worked_day::kosta()),
        ("skyfuel", worked_day::skyfuel()),
        ("bank", worked_day::bank()),
        ("every-kind", worked_day::every_kind()),
        ("nothing", worked_day::nothing()),
        ("long-names", long_names()),
    ] {
        for format in MESSAGES {
            let bytes = rendered(&format, &records);
            if !bytes.is_empty() {
                paths.push(folder.write(&format!("{file}.{}", format.ending()), &bytes));
            }
        }
    }
    let paths: Vec<&Path> = paths.iter().map(|path| path.as_path()).collect();
    let Some(said) = python("schemas.py", &paths) else { return };
    assert_eq!(said.lines().count(), paths.len());
    for (path, line) in paths.iter().zip(said.lines()) {
        assert!(line.starts_with("valid "), "{}: {line}", path.display());
    }
}

/// Codes of the greatest length: every identifier must be shortened.
fn long_names() -> Vec<Record> {
    let mut records = worked_day::skyfuel();
    let long = "p".repeat(40);
    for record in &mut records {
        match record {
            Record::FileHeader(header) => header.program.clone_from(&long),
            Record::BatchHeader(header) => header.program.clone_from(&long),
            Record::Transaction(line) => line.line_id = format!("{long}-000001-skyfuel-RUB-000001"),
            _ => {}
        }
    }
    records
}

/// The text of each element of a name.
fn values<'x>(xml: &'x str, element: &str) -> Vec<&'x str> {
    let (open, close) = (format!("<{element}>"), format!("</{element}>"));
    xml.split(open.as_str()).skip(1).map(|rest| rest.split(close.as_str()).next().unwrap()).collect()
}

#[test]
fn a_notification_has_an_entry_for_every_movement_with_all_its_references() {
    let xml = rendered_text(&Format::Camt054, &worked_day::every_kind());
    assert_eq!(xml.matches("<Ntry>").count(), 8);
    for paragraph in [
        "LINE boreal-gold-000001-skyfuel-RUB-000001",
        "RETRIEVAL 628300000001",
        "APPROVAL A1B2C3",
        "MEMBER -5",
        "ACCEPTOR Магазин; «Ёлка» &amp; &lt;сын&gt;",
        "REASON =HYPERLINK(&quot;http://x&quot;)",
        "ORIGINAL boreal-gold-000000-skyfuel-RUB-000009",
        "ITEM bonus_miles QUANTITY 120 NET -84.00 VAT -16.80",
    ] {
        assert!(values(&xml, "Ustrd").contains(&paragraph), "{paragraph}\n{xml}");
    }
    let about = values(&xml, "AddtlInf")[0];
    assert!(about.starts_with(
        "TEST - NEVER PAY; file skyfuel-boreal-gold-000001-0; sequence 1; revision 0; zone Europe/Moscow;"
    ));
    assert!(about.contains("; movements 8;"), "{about}");
    // Credits less debits are what is paid.
    assert_eq!(values(&xml, "NbOfNtries"), ["8", "4", "4"]);
}

#[test]
fn a_statement_leads_from_its_opening_to_its_closing_balance() {
    let xml = rendered_text(&Format::Camt053, &worked_day::every_kind());
    let amounts: Vec<&str> =
        xml.split("<Amt Ccy=\"RUB\">").skip(1).map(|rest| rest.split('<').next().unwrap()).collect();
    // The partner owed 2.50 and will owe 0.19; both are debits from its side.
    assert_eq!(&amounts[..2], ["2.50", "0.19"]);
    assert_eq!(values(&xml, "CdtDbtInd")[..2], ["DBIT", "DBIT"]);
    assert!(xml.contains("<Cd>OPBD</Cd>") && xml.contains("<Cd>CLBD</Cd>"));
    assert!(xml.contains("<Cd>payment</Cd>"));
    assert!(!xml.contains("<Cd>opening_balance</Cd>"), "balances are no entries of a statement");
}

#[test]
fn the_bank_pays_those_that_it_owes_and_nobody_else() {
    let xml = rendered_text(&Format::Pain001, &worked_day::bank());
    assert_eq!(values(&xml, "NbOfTxs")[0], "2");
    assert_eq!(values(&xml, "CtrlSum")[0], "1656.69000");
    assert_eq!(
        values(&xml, "EndToEndId"),
        ["boreal-gold-000001-airboreal-RUB", "boreal-gold-000001-skyfuel-RUB"]
    );
    assert!(xml.contains("<InstdAmt Ccy=\"RUB\">1645.74</InstdAmt>"));
    assert!(xml.contains("<IBAN>GB82WEST12345698765432</IBAN>"));
    assert!(!xml.contains("Kosta"), "the market pays the bank");
    // A trial cannot be taken for a payment.
    assert!(xml.contains("<Prtry>TEST - NEVER PAY</Prtry>"));
    assert!(values(&xml, "MsgId")[0].starts_with("TEST "));
    let mut live = worked_day::bank();
    let Record::FileHeader(header) = &mut live[0] else { panic!() };
    header.environment = Environment::Live;
    let xml = rendered_text(&Format::Pain001, &live);
    assert!(!xml.contains("TEST"), "{xml}");
    assert!(rendered(&Format::Pain001, &worked_day::kosta()).is_empty(), "nothing to pay is no message");
}

#[test]
fn what_the_settings_lack_is_named() {
    let error = try_rendered(&Format::Pain001, &FileSettings::default(), &worked_day::skyfuel())
        .unwrap_err()
        .to_string();
    assert!(error.contains("[file.parties.northbank] is not in the settings"), "{error}");
    let mut settings = worked_day::settings();
    settings.parties.get_mut("skyfuel").unwrap().account = None;
    let error = try_rendered(&Format::Pain001, &settings, &worked_day::skyfuel()).unwrap_err().to_string();
    assert!(error.contains("`iban` or `account` of [file.parties.skyfuel]"), "{error}");
}

#[test]
fn what_does_not_fit_into_an_element_is_an_error_and_never_cut() {
    let mut records = worked_day::every_kind();
    for record in &mut records {
        if let Record::Adjustment(line) = record {
            line.reason = "r".repeat(134);
        }
    }
    let error = try_rendered(&Format::Camt054, &worked_day::settings(), &records).unwrap_err().to_string();
    let says = "record Ntry boreal-gold-000001-skyfuel-RUB-000002, field Ustrd: \"REASON rrr";
    assert!(error.starts_with(says) && error.contains("at most 140 characters"), "{error}");
}
