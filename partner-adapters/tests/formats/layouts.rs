//! Native layouts: the built-in ones, what cannot be one, and what does not fit into one.

use partner_adapters::canonical::Record;
use partner_adapters::formats::{Format, Layout, RenderError, built_in_layouts};

use crate::{rendered, rendered_text, try_rendered, worked_day};

fn layout(name: &str) -> Format {
    Format::Layout(Box::new(Layout::find(name).unwrap()))
}

fn from_text(text: &str) -> Format {
    Format::Layout(Box::new(Layout::from_toml(text).unwrap()))
}

#[test]
fn the_delimited_file_of_the_worked_day() {
    let text = rendered_text(&layout("delimited"), &worked_day::skyfuel());
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[0],
        "H;delimited;TEST;skyfuel-boreal-gold-000001-0;1;0;northbank;skyfuel;boreal-gold;2026-10-10;1;Europe/Moscow;\
         2026-10-11T00:00:00+03:00[Europe/Moscow];1"
    );
    assert!(lines[1].starts_with("TYPE;LINE_ID;KIND;DATE;"));
    assert_eq!(
        lines[2],
        "B;boreal-gold-000001-skyfuel-RUB;skyfuel;merchant;RUB;2;2026-10-10;2026-10-12;07070707"
    );
    assert!(
        lines[3].starts_with(
            "D;boreal-gold-000001-skyfuel-RUB-000001;purchase;2026-10-10;0;628300000001;A1B2C3;"
        )
    );
    assert!(lines[3].ends_with(";722650;;120;;;11175;;;2775;-1680;1095"), "{}", lines[3]);
    assert_eq!(lines[4], "E;boreal-gold-000001-skyfuel-RUB;1;0;2775;-1680;0;1095");
    assert_eq!(lines[5], format!("T;5;1;1;{}", "5a".repeat(32)));
    assert_eq!(lines.len(), 6);
}

#[test]
fn every_movement_has_its_record_and_they_add_up() {
    for (records, movements, paid) in [
        (worked_day::airboreal(), 13, 164_574_i64),
        (worked_day::bank(), 19, 164_574 - 55_878 + 1_095),
        (worked_day::every_kind(), 8, -100),
        (worked_day::nothing(), 0, 0),
    ] {
        let text = rendered_text(&layout("delimited"), &records);
        let of = |kind: &'static str| text.lines().filter(move |line| line.starts_with(kind));
        let last = |line: &str| line.rsplit(';').next().unwrap().parse::<i64>().unwrap();
        assert_eq!(of("D;").count(), movements);
        assert_eq!(of("D;").map(last).sum::<i64>(), of("E;").map(last).sum::<i64>());
        assert_eq!(of("E;").map(last).sum::<i64>(), paid);
        let trailer = of("T;").next().unwrap();
        let records = text.lines().count() - 1;
        assert!(trailer.starts_with(&format!("T;{records};")), "{trailer}");
    }
}

#[test]
fn a_delimiter_inside_a_text_is_quoted() {
    let text = rendered_text(&layout("delimited"), &worked_day::every_kind());
    assert!(text.contains(";\"Магазин; «Ёлка» & <сын>\";"));
    assert!(
        text.contains(";\"=HYPERLINK(\"\"http://x\"\")\";"),
        "a machine reads it: nothing is put before it"
    );
}

#[test]
fn every_record_of_the_fixed_width_file_has_the_same_length() {
    for records in [worked_day::bank(), worked_day::nothing(), worked_day::every_kind()] {
        let text = rendered_text(&layout("fixed-width"), &records);
        assert!(text.ends_with("\r\n"));
        for line in text.strip_suffix("\r\n").unwrap().split("\r\n") {
            assert_eq!(line.chars().count(), 300, "{line}");
        }
    }
    let text = rendered_text(&layout("fixed-width"), &worked_day::kosta());
    let detail = text.lines().nth(2).unwrap();
    // The last three fields: zeros stand between sign and digits.
    assert_eq!(&detail[225..270], "-00000000044815-00000000002963-00000000047778");
    let trailer = text.lines().find(|line| line.starts_with("FT")).unwrap();
    assert_eq!(&trailer[..24], "FT0000000090001000000005");
}

#[test]
fn amounts_without_sign_stand_beside_their_side() {
    let bytes = rendered(&layout("comma-decimals"), &worked_day::every_kind());
    // windows-1251: the letter Ж is no two bytes.
    assert!(std::str::from_utf8(&bytes).is_err() || bytes.is_ascii());
    let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    let lines: Vec<&str> = text.trim_end().split("\r\n").collect();
    assert!(lines.iter().any(|line| line.contains(";84,00;\"DR\";16,80;\"DR\";100,80;\"DR\"")), "{text}");
    assert!(lines.iter().any(|line| line.contains(";111,75;\"CR\";0,00;\"CR\";111,75;\"CR\"")), "{text}");
    assert!(text.contains("\"'=HYPERLINK(\"\"http://x\"\")\""));
    let signed = |field: &str| field.starts_with('-') && field.contains(',');
    assert!(!text.split(';').any(signed), "no amount has a sign");
}

const SMALL: &str = r#"
schema = "layout/1"
name = "small"
kind = "delimited"
encoding = "utf-8"
delimited = { delimiter = ";", quoting = "never" }
[file_header]
fields = [{ name = "T", text = "H" }, { name = "E", value = "environment" }, { name = "Z", value = "zone" },
  { name = "S", value = "sequence" }, { name = "F", value = "file_id" }]
[detail]
fields = [{ name = "T", text = "D" }, { name = "L", value = "line_id" }, { name = "C", value = "currency" },
  { name = "M", value = "card_acceptor" }, { name = "A", value = "amount" }]
[file_trailer]
fields = [{ name = "T", text = "T" }, { name = "R", value = "records" }, { name = "D", value = "details" },
  { name = "P", value = "file_payment" }]
"#;

#[test]
fn a_layout_may_be_three_records() {
    let text = rendered_text(&from_text(SMALL), &worked_day::skyfuel());
    assert_eq!(
        text,
        "H;TEST;Europe/Moscow;1;skyfuel-boreal-gold-000001-0\n\
         D;boreal-gold-000001-skyfuel-RUB-000001;RUB;MERCHANT-1;1095\n\
         T;3;1;1095\n"
    );
}

#[test]
fn what_does_not_fit_names_record_field_and_value() {
    let check = |text: &str, records: Vec<Record>, says: &str| {
        let error = try_rendered(&from_text(text), &worked_day::settings(), &records).unwrap_err();
        assert!(matches!(error, RenderError::DoesNotFit { .. }), "{error}");
        assert!(error.to_string().contains(says), "{error}");
    };
    check(
        SMALL,
        worked_day::every_kind(),
        "record detail boreal-gold-000001-skyfuel-RUB-000002, field M: \"Магазин; «Ёлка» & <сын>\" does not fit: it \
         holds the delimiter",
    );
    let latin = SMALL.replace("utf-8", "iso-8859-1").replace("\"never\"", "\"always\"");
    check(
        &latin,
        worked_day::every_kind(),
        "field M: \"Магазин; «Ёлка» & <сын>\" does not fit: iso-8859-1 has no 'М'",
    );
    let mut dollars = worked_day::bank();
    for record in &mut dollars {
        if let Record::BatchHeader(header) = record
            && header.partner == "kosta"
        {
            header.currency = "USD".into();
        }
    }
    check(SMALL, dollars, "field P: \"\" does not fit: the file has several currencies");
    let fixed = SMALL
        .replace("kind = \"delimited\"", "kind = \"fixed-width\"")
        .replace("delimited = { delimiter = \";\", quoting = \"never\" }", "")
        .replace(" }", ", width = 37 }")
        .replace("\"amount\", width = 37", "\"amount\", width = 3");
    check(&fixed, worked_day::skyfuel(), "field A: \"1095\" does not fit: it has 4 characters, the field 3");
}

#[test]
fn a_wrong_layout_file_is_told_where_and_what() {
    let check = |from: &str, to: &str, says: &str| {
        let text = SMALL.replacen(from, to, 1);
        assert_ne!(text, SMALL, "{from}");
        let error = Layout::from_toml(&text).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    };
    check("layout/1", "layout/2", "2:1: schema: expected \"layout/1\", found \"layout/2\"");
    check("name = \"small\"", "name = \"../x\"", "3:1: name: expected 1 to 40 of the characters");
    check(
        "kind = \"delimited\"",
        "kind = \"xml\"",
        "4:1: kind: expected one of `delimited`, `fixed-width`, found \"xml\"",
    );
    check("utf-8", "ebcdic", "5:1: encoding: expected one of `utf-8`, `windows-1251`");
    check("\";\"", "\"x\"", "6:15: delimited.delimiter: expected one ASCII character");
    check("\"never\"", "\"maybe\"", "6:32: delimited.quoting: expected one of");
    check(
        "value = \"zone\"",
        "value = \"zones\"",
        "8:92: file_header.fields[2].value: expected one of layout, environment",
    );
    check("value = \"zone\"", "value = \"amount\"", "found `amount`, which only detail records have");
    check(
        "name = \"E\"",
        "name = \"T\"",
        "file_header.fields[1].name: expected a name that no other field of the record has",
    );
    check(
        "{ name = \"T\", text = \"D\" }",
        "{ name = \"T\", text = \"H\" }",
        "detail.fields[0].text: expected a text that no other record begins with",
    );
    check("{ name = \"T\", text = \"D\" }, ", "", "detail.fields[0]: expected a constant `text`");
    check("text = \"D\"", "text = \"D\", value = \"line_id\"", "either `text` or `value`");
    check(
        "value = \"card_acceptor\"",
        "value = \"quantity\"",
        "detail.fields[3].value: expected a value of the whole line",
    );
    check("text = \"D\"", "text = \"D\", width = 3", "expected none of the keys of fixed width");
    check("[detail]", "[detial]", "unknown field `detial`");
    check("kind", "colour = 1\nkind", "4:1: expected a layout file, found unknown field `colour`");
    check("name = \"small\"", "name = ", "3:8: expected a layout file");
    let side = "schema = \"layout/1\"\namounts = { sign = \"dr-cr\" }";
    check(
        "schema = \"layout/1\"",
        side,
        "detail.fields[4]: expected a field with its `.side` in the same record",
    );
}

#[test]
fn a_layout_without_what_nobody_may_go_without_is_refused() {
    for (drop, says) in [
        (
            "{ name = \"E\", value = \"environment\" }, ",
            "file_header: expected a field with the value `environment`",
        ),
        ("{ name = \"Z\", value = \"zone\" },", "file_header: expected a field with the value `zone`"),
        (
            "{ name = \"S\", value = \"sequence\" }, ",
            "file_header: expected a field with the value `sequence`",
        ),
        ("{ name = \"L\", value = \"line_id\" }, ", "detail: expected a field with the value `line_id`"),
        ("{ name = \"C\", value = \"currency\" },", "detail: expected a field with the value `currency`"),
        (
            "{ name = \"R\", value = \"records\" }, ",
            "file_trailer: expected a field with the value `records`",
        ),
        (",\n  { name = \"P\", value = \"file_payment\" }", "file_trailer: expected the totals"),
        ("{ name = \"D\", value = \"details\" },", "file_trailer: expected the totals"),
    ] {
        let text = SMALL.replacen(drop, "", 1);
        assert_ne!(text, SMALL, "{drop}");
        let error = Layout::from_toml(&text).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn the_pages_of_the_built_in_layouts_are_what_the_code_says() {
    for (name, text) in built_in_layouts() {
        let layout = Layout::from_toml(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        held(&format!("docs/layouts/{name}.md"), &layout.document());
    }
    let schema = serde_json::to_string_pretty(&Layout::json_schema()).unwrap() + "\n";
    held("docs/schema/layout.schema.json", &schema);
}

/// Compares with the file in the repository, or writes it where `COBRAND_WRITE_DOCS` is set.
fn held(path: &str, text: &str) {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    if std::env::var_os("COBRAND_WRITE_DOCS").is_some() {
        std::fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
        std::fs::write(root.join(path), text).unwrap();
    }
    let there = std::fs::read_to_string(root.join(path)).unwrap_or_default();
    assert!(there == text, "{path} is not what the code says: run this test with COBRAND_WRITE_DOCS=1");
}
