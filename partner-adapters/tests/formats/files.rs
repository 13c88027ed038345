//! All files of a receiver at once.

use std::convert::Infallible;
use std::fs;
use std::path::Path;

use partner_adapters::canonical::{Reader, Record};
use partner_adapters::formats::{FileSettings, Formats, outputs};

use crate::worked_day;
use crate::xml::Folder;

fn settings(layout: &str, also: &[&str]) -> FileSettings {
    let also = also.iter().map(|name| (*name).to_owned()).collect();
    FileSettings { layout: layout.into(), also, ..worked_day::settings() }
}

/// The names of a folder in their order.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into())
        .collect();
    names.sort();
    names
}

fn records(records: Vec<Record>) -> impl Iterator<Item = Result<Record, Infallible>> {
    records.into_iter().map(Ok)
}

#[test]
fn every_format_has_its_file_and_again_the_same() {
    let folder = Folder::new("outputs");
    // The records come from the worked day, whatever is in the file.
    let canonical = folder.write("skyfuel_boreal-gold_2026-10-10_000001_0.cbs", b"");
    let also =
        ["payout-csv", "camt.054", "camt.053", "pain.001", "statement.xlsx", "statement.pdf", "fixed-width"];
    let settings = settings("delimited", &also);
    let formats = Formats::of(&settings).unwrap();
    let into = canonical.parent().unwrap();
    let render =
        || outputs(&formats, &settings, &canonical, into, |_| records(worked_day::skyfuel())).unwrap();
    let first = render();
    let stem = "skyfuel_boreal-gold_2026-10-10_000001_0";
    let endings = [
        "delimited.csv",
        "payout.csv",
        "camt.054.xml",
        "camt.053.xml",
        "pain.001.xml",
        "statement.xlsx",
        "statement.pdf",
        "fixed-width.txt",
    ];
    let expected: Vec<String> = endings.iter().map(|ending| format!("{stem}.{ending}")).collect();
    assert_eq!(first.iter().map(|output| output.name.clone()).collect::<Vec<_>>(), expected);
    for output in &first {
        let bytes = fs::read(&output.path).unwrap();
        assert_eq!(bytes.len() as u64, output.bytes, "{}", output.name);
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &bytes);
        assert_eq!(digest.as_ref(), output.sha256, "{}", output.name);
    }
    assert_eq!(render(), first, "the same bytes each time");
    assert_eq!(names(into).len(), endings.len() + 1, "no temporary file stays: {:?}", names(into));
}

#[test]
fn a_format_that_fails_leaves_no_file() {
    let folder = Folder::new("fails");
    let canonical = folder.write("x.cbs", b"");
    let into = canonical.parent().unwrap();
    let without = FileSettings { parties: Default::default(), ..settings("canonical", &["pain.001"]) };
    let formats = Formats::of(&without).unwrap();
    let error =
        outputs(&formats, &without, &canonical, into, |_| records(worked_day::skyfuel())).unwrap_err();
    assert!(error.to_string().starts_with("x.pain.001.xml of "), "{error}");
    assert_eq!(names(into), ["x.cbs"]);
    // Nothing to pay is no file and no error.
    let whole = settings("canonical", &["pain.001"]);
    assert_eq!(outputs(&formats, &whole, &canonical, into, |_| records(worked_day::kosta())).unwrap(), []);
    let gone = into.join("gone.cbs");
    let error = outputs(&formats, &whole, &gone, into, |_| records(worked_day::kosta())).unwrap_err();
    assert!(error.to_string().contains("gone.cbs"), "{error}");
}

#[test]
fn a_layout_file_is_named_with_its_fault() {
    let folder = Folder::new("layout");
    let path = folder.write("mine.toml", b"schema = \"layout/1\"\nname = 5\n");
    let error = Formats::of(&settings(path.to_str().unwrap(), &[])).unwrap_err().to_string();
    assert!(error.contains("mine.toml:2:8: expected a layout file, found invalid type: integer"), "{error}");
    let missing = path.with_file_name("none.toml");
    let error = Formats::of(&settings(missing.to_str().unwrap(), &[])).unwrap_err().to_string();
    assert!(error.contains("none.toml: expected the path of a layout file, found"), "{error}");
}

/// The example of docs/settlement-file.md, as a partner would see it.
fn example() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let page = fs::read_to_string(root.join("docs/settlement-file.md")).unwrap();
    let block = page.split("```text\n").find(|block| block.starts_with("FH|")).unwrap();
    block.split("```").next().unwrap().to_owned()
}

#[test]
fn a_canonical_file_becomes_every_format_through_its_strict_reader() {
    let folder = Folder::new("canonical");
    let canonical = folder.write("example.cbs", example().as_bytes());
    let into = canonical.parent().unwrap();
    let also = [
        "payout-csv",
        "camt.054",
        "camt.053",
        "pain.001",
        "statement.xlsx",
        "statement.pdf",
        "comma-decimals",
    ];
    let settings = settings("fixed-width", &also);
    let formats = Formats::of(&settings).unwrap();
    let written = outputs(&formats, &settings, &canonical, into, Reader::new).unwrap();
    assert_eq!(written.len(), also.len() + 1);
    // A broken file is never rendered: the reader notices at the end.
    let broken = folder.write("broken.cbs", example().replace("|MERCHANT-1|", "|MERCHANT-2|").as_bytes());
    let error = outputs(&formats, &settings, &broken, into, Reader::new).unwrap_err().to_string();
    assert!(
        error.starts_with("summary of ") && error.contains("the canonical file cannot be read"),
        "{error}"
    );
    assert!(!names(into).iter().any(|name| name.starts_with("broken.") && name != "broken.cbs"));
}
