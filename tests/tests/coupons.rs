//! Coupons from the command that makes them to the till: shown in DE48, used once, refused with the reason, given back.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support_link;

use bank_simulator::{Link, LinkOptions};
use cobrand::demo::{World, WorldOptions};
use iso8583::{Builder, Mti};
use serde_json::Value;
use support_link::{PATIENCE, card, cobrand, enroll, purchase, said};

const PASSWORD: &str = "correct horse battery staple";

/// The sample, with a discount at the till of kosta for whoever shows a code.
fn program() -> String {
    let sample = include_str!("../../docs/samples/programs/boreal-gold.toml");
    let kosta = sample.split("id = \"kosta-5-percent\"").nth(1).unwrap().split("# ----").next().unwrap();
    let coupon = "
effective = { from = 2026-01-01 }
partner = \"kosta\"
mode = \"at_till\"
when = { coupon = \"spring\" }
percent = \"10\"
rounding = \"floor\"
funding = { merchant = \"50%\" }

[[coupon]]
id = \"spring\"
effective = { from = 2026-03-01, to = 2027-01-01 }

";
    let text = sample.replacen(kosta, coupon, 1);
    // The bank pays kosta its part of what the till gave.
    let credit = "basis = \"statement_credit_share\"    # kosta's part of the credits that the bank gave\npayer = \"partner\"";
    assert!(text.contains(credit));
    let text = text.replacen(credit, "basis = \"till_share\"\npayer = \"bank\"", 1);
    // The sample's own tests speak of its own discounts.
    text.split("# ---------------------------------------------------------------- tests")
        .next()
        .unwrap()
        .to_owned()
}

/// Runs a command about coupons; whether it succeeded, what it printed, and what it said.
fn coupons(world: &World, of: &[&str]) -> (bool, String, String) {
    let config = ["--config", "cobrand.toml", "--program", "boreal-gold"];
    let output = cobrand(&world.dir, &[&["coupons"], of, &config[..]].concat());
    (output.status.success(), String::from_utf8(output.stdout.clone()).unwrap(), said(&output))
}

const ANNA: [&str; 4] = ["--as", "anna", "--password-file", "anna.txt"];

/// Makes codes and reads them back from the CSV.
fn create(world: &World, of: &[&str]) -> Vec<(String, String)> {
    let (fine, csv, told) = coupons(world, &[&["create", "--campaign", "spring"], of, &ANNA[..]].concat());
    assert!(fine, "{told}");
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("code,member"));
    lines
        .map(|line| line.split_once(',').map(|(code, member)| (code.to_owned(), member.to_owned())).unwrap())
        .collect()
}

/// 600.00 at kosta, with a code in DE48.
fn shows(member: u64, number: u32, code: &str) -> Builder {
    let tag = format!("CP{:03}{code}", code.len());
    purchase(&card(member), number).set(42, "KOSTA0000000001").set(48, tag)
}

/// Reason and DE4 of the answer, which is taken in any case.
async fn told(link: &Link, message: Builder) -> (String, String) {
    let reply = link.ask(message, PATIENCE).await.unwrap();
    assert!(reply.is_taken(), "{reply:?}");
    let amount = reply.field(4).unwrap().to_owned();
    (reply.loyalty.unwrap().reason, amount)
}

fn full(reason: &str) -> (String, String) {
    (reason.to_owned(), "000000060000".to_owned())
}

fn reduced() -> (String, String) {
    ("estimate".to_owned(), "000000054000".to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_made_shown_used_once_and_given_back() {
    let options = WorldOptions { log_to_file: false, program: Some(program()), ..WorldOptions::default() };
    let world = World::start(options).await.unwrap();
    enroll(&world, &[&card(1), &card(2)]).await;
    std::fs::write(world.dir.join("anna.txt"), PASSWORD).unwrap();
    console::add_user(&world.assembly.pool, "anna", PASSWORD).await.unwrap();
    let (address, tls) = (world.gateway().unwrap().address(), world.bank_tls().unwrap());
    let link = Link::connect(address, &tls, LinkOptions::default()).await.unwrap();
    link.sign_on().await.unwrap();

    let codes = create(&world, &["--count", "2"]);
    std::fs::write(world.dir.join("members.txt"), "AB-0001\n").unwrap();
    let bound = create(&world, &["--count", "1", "--member-list", "members.txt"]);
    let ((one, two), bound) = ((codes[0].0.as_str(), codes[1].0.as_str()), &bound[0]);
    assert_eq!((codes.len(), bound.1.as_str()), (2, "AB-0001"));

    // The first has it, however it is written; the second learns why not, and buys all the same.
    let first = || shows(1, 1, &one.to_lowercase().replace('-', ""));
    assert_eq!(told(&link, first()).await, reduced());
    assert_eq!(told(&link, first().with_mti(Mti::new("0101"))).await, reduced(), "a repeat");
    assert_eq!(told(&link, shows(2, 2, one)).await, full("coupon_used_up"));
    let reversal = first()
        .with_mti(Mti::new("0400"))
        .set(11, "000003")
        .set(90, "010000000110100900000000040000100000000000")
        .set(95, "0".repeat(42));
    assert!(link.ask(reversal, PATIENCE).await.unwrap().is_taken());
    assert_eq!(told(&link, shows(2, 4, one)).await, reduced());

    // Another member's, none of ours, and what can be no code.
    assert_eq!(told(&link, shows(1, 5, &bound.0)).await, full("coupon_of_another_member"));
    assert_eq!(told(&link, shows(2, 6, &bound.0)).await, reduced());
    assert_eq!(told(&link, shows(1, 7, "SUMMER")).await, full("coupon_unknown"));
    assert_eq!(told(&link, shows(1, 8, "50% off!")).await, full("coupon_unknown"));
    let clearing = shows(2, 4, one).with_mti(Mti::new("0220")).set(4, "000000054000");
    let clearing = clearing.set(38, "123456").set(39, "00");
    assert_eq!(told(&link, clearing).await.0, "cleared");

    // Out of use.
    std::fs::write(world.dir.join("codes.txt"), format!("{two}\n")).unwrap();
    let revoke = ["revoke", "--code-list", "codes.txt", "--json"];
    let (fine, printed, told_of) = coupons(&world, &[&revoke[..], &ANNA[..]].concat());
    assert!(fine && printed.contains("{\"revoked\":1}"), "{told_of}");
    assert_eq!(told(&link, shows(1, 9, two)).await, full("coupon_revoked"));
    let (fine, printed, told_of) = coupons(&world, &["list", "--json"]);
    assert!(fine, "{told_of}");
    let counts: Value = serde_json::from_str(printed.trim()).unwrap();
    let expected = serde_json::json!([{
        "campaign": "spring", "codes": 3, "bound": 1, "unused": 0, "used": 2, "revoked": 1, "uses": 2,
    }]);
    assert_eq!(counts, expected);

    a_correction_is_priced_with_the_coupon(&world);
    refuses(&world, two);
    no_code_is_kept(&world, [one, two, &bound.0]).await;
    support_link::replays(&world).await;
    let check = store::ledger_check(&world.assembly.pool).await.unwrap();
    let off = (check.balances_off, check.counters_off, check.limits_off, check.coupons_off);
    assert_eq!(off, (0, 0, 0, 0), "{check:?}");
}

/// Whoever asks for a run is told what it comes to, also where a purchase has a coupon.
fn a_correction_is_priced_with_the_coupon(world: &World) {
    let generous = program().replace("earn = { miles = 1,", "earn = { miles = 2,");
    std::fs::write(world.dir.join("generous.toml"), generous).unwrap();
    let run = ["rules", "rerate", "--program", "boreal-gold", "--version", "generous.toml"];
    let of =
        ["--from", "2026-10-10", "--to", "2026-10-11", "--reason", "twice the miles", "--dry-run", "--json"];
    let output = cobrand(&world.dir, &[&run[..], &of[..], &["--config", "cobrand.toml"]].concat());
    assert!(output.status.success(), "{}", said(&output));
    let price: Value = serde_json::from_slice(&output.stdout).unwrap();
    let purchases = &price["purchases"];
    assert_eq!((&purchases["corrected"], &purchases["undecidable"]), (&1.into(), &0.into()), "{price}");
}

/// What the commands do not do, each with its words.
fn refuses(world: &World, code: &str) {
    let mut typed: Vec<char> = code.chars().collect();
    typed[0] = if typed[0] == 'A' { 'B' } else { 'A' };
    std::fs::write(world.dir.join("mistyped.txt"), typed.iter().collect::<String>()).unwrap();
    std::fs::write(world.dir.join("nobody.txt"), "AB-9999\n").unwrap();
    for (of, words) in [
        (
            &["create", "--campaign", "sprign", "--count", "1"][..],
            "no campaign \"sprign\"; known are: spring",
        ),
        (&["create", "--campaign", "spring", "--count", "0"], "1 to 100000"),
        (&["create", "--campaign", "spring", "--count", "100001"], "1 to 100000"),
        (&["create", "--campaign", "spring", "--count", "1", "--member-list", "nobody.txt"], "AB-9999"),
        (&["revoke", "--code-list", "mistyped.txt"], "mistyped.txt: code 1: a character is wrong"),
    ] {
        let (fine, printed, told_of) = coupons(world, &[of, &ANNA[..]].concat());
        assert!(!fine && printed.is_empty() && told_of.contains(words), "{of:?}: {told_of}");
    }
}

/// Whoever reads the database has no code to show.
async fn no_code_is_kept(world: &World, codes: [&str; 3]) {
    let client = world.assembly.pool.get().await.unwrap();
    let rows = "SELECT t::text FROM message t UNION ALL SELECT t::text FROM coupon_code t \
                UNION ALL SELECT t::text FROM purchase t";
    let rows = client.query(rows, &[]).await.unwrap();
    assert!(rows.len() > 10);
    for row in rows {
        let row: String = row.get(0);
        for code in codes {
            let plain = code.replace('-', "");
            assert!(!row.contains(code) && !row.to_ascii_uppercase().contains(&plain), "{row}");
        }
    }
}
