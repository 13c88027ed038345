//! Files and answers without a database.

use std::collections::BTreeSet;

use aws_lc_rs::digest::{SHA256, digest};
use domain::settlement::{Basis, Direction};

use super::{
    intake::body,
    sent::{path_of, read_from},
};

/// The example of docs/settlement-file.md.
const FILE: &str = "FH|1|TEST|northbank|skyfuel|skyfuel-boreal-gold-000001-0|boreal-gold|2026-10-10|1|2026-10-11T00:00:00+03:00[Europe/Moscow]|1|0|0000000000000000000000000000000000000000000000000000000000000000\n\
BH|skyfuel|boreal-gold|RUB|2|bank_pays_partner|0|merchant|bonus_miles,till_share\n\
TX|boreal-gold-000001-skyfuel-RUB-000001|000000006ac9fea450322e31000000000000000000000000|000000006ac9fe9050320000000000000000000000000000|purchase|0220|628300000020|A1B2C3|000020|1010000020||123456|MERCHANT-1|TERM0001|AB-A|2026-10-10|07070707|722650|120|-8400|-1680|11175|11175|0|1095\n\
BT|1|120|11175|2775|-1680|0|1095\n\
FT|5|1|RUB:bank_pays_partner:1095|1095|d21025e1c19e7c00fa405b49e6d2ddac881dbca877c07f814a41a32acd7c800b\n";
const LINE: &str = "boreal-gold-000001-skyfuel-RUB-000001";

fn sha256(bytes: &[u8]) -> [u8; 32] {
    digest(&SHA256, bytes).as_ref().try_into().unwrap()
}

fn wanted(ids: &[&str]) -> BTreeSet<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

#[test]
fn a_file_is_read_for_its_totals_and_the_lines_that_are_asked_for() {
    let read = |ids: &[&str]| read_from(FILE.as_bytes(), &sha256(FILE.as_bytes()), &wanted(ids)).unwrap();
    let found = read(&[LINE, "boreal-gold-000001-skyfuel-RUB-000002"]);
    assert_eq!((found.records, found.totals.len(), found.totals[0].to_pay_minor), (5, 1, 1_095));
    assert_eq!(found.lines.len(), 1);
    let line = &found.lines[LINE];
    let items: Vec<_> =
        line.items.iter().map(|item| (item.quantity, item.net_minor, item.vat_minor)).collect();
    assert_eq!(
        (line.partner.as_str(), line.currency.0, line.stated),
        ("skyfuel", 643, Direction::BankPaysPartner)
    );
    assert_eq!(items, [(120, -8_400, -1_680), (11_175, 11_175, 0)]);
    assert!(read(&[]).lines.is_empty());
}

/// Records of the kinds that have amounts elsewhere, and a batch whose terms price no transaction.
#[test]
fn lines_without_a_transaction_are_read_by_their_kind() {
    let file = "FH|2\n\
        BH|skyfuel|boreal-gold|RUB|2|bank_pays_partner|0|merchant|\n\
        CH|gold-1|till_share|period 7|2026-10-10|3|-300|-60|-360\n\
        PP|gold-2|bonus_miles|500|120|380|8400|1680|10080\n\
        RD|gold-3|-2\n\
        VD|gold-4|7\n\
        CF|gold-5|9\n\
        BT|0\n\
        FT|9|1|||x\n";
    let ids = ["gold-1", "gold-2", "gold-3", "gold-4", "gold-5", "gold-6"];
    let found = read_from(file.as_bytes(), &sha256(file.as_bytes()), &wanted(&ids)).unwrap();
    let item = |id: &str| {
        let [item] = &found.lines[id].items[..] else { panic!("one item of {id}") };
        (item.basis.map(Basis::name), item.quantity, item.net_minor, item.vat_minor)
    };
    assert_eq!(item("gold-1"), (Some("till_share"), 3, -300, -60));
    assert_eq!(item("gold-2"), (Some("bonus_miles"), 0, 8_400, 1_680));
    assert_eq!((item("gold-3"), item("gold-4")), ((None, 0, -2, 0), (None, 0, 0, 7)));
    assert_eq!(found.lines.len(), 4, "what is carried forward cannot be disputed");
    assert_eq!((found.records, found.totals.len()), (9, 0));
}

#[test]
fn a_file_that_is_not_the_one_that_was_published_is_not_read() {
    let hash = sha256(FILE.as_bytes());
    let altered = FILE.replacen("1095", "1096", 1);
    let cut = FILE.rsplit_once("FT|").unwrap().0;
    let long = FILE.replacen("purchase", &"p".repeat(70_000), 1);
    for text in [altered.as_str(), cut, long.as_str(), "", "\n"] {
        assert_eq!(read_from(text.as_bytes(), &hash, &wanted(&[])), None);
        assert_eq!(read_from(text.as_bytes(), &sha256(b"other"), &wanted(&[])), None);
    }
    for name in ["../x.cbs", "/etc/passwd", "a/b", "", ".."] {
        assert_eq!(path_of("/out".as_ref(), name), None, "{name}");
    }
}

#[test]
fn what_is_kept_of_an_answer_holds_no_card_number_and_no_control_character() {
    assert_eq!(body(b"ACK|a\0b|4111111111111111\nEND|2\n"), "ACK|a\u{fffd}b|••••••••••••1111\nEND|2\n");
    // One that the cut goes through.
    let long = format!("{} 4111111111111111", "x".repeat(64 * 1024 - 13));
    assert!(body(long.as_bytes()).ends_with("x ••••••••••••"), "no half of it is kept");
    assert_eq!(body(&[0xff; 3]), "\u{fffd}\u{fffd}\u{fffd}");
    assert_eq!(body(&[b'x'; 400_000]).len(), 64 * 1024);
}
