//! Messages with a MAC: what is right is booked, what is not is refused and named, keys change without a pause.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support_link;

use std::sync::Arc;

use bank_simulator::{BankWire, Link, LinkError, LinkOptions, Loyalty, Reply, TEST_PANS};
use cobrand::demo::{World, WorldOptions};
use gateway::MacPolicy;
use iso8583::{
    Builder, Mti,
    mac::{AcceptedKey, KeyVersion, MacAlgorithm, MacKey, MacKeys, MacLength, MacMethod},
};
use support_link::{PATIENCE, cobrand, enroll, eventually, log_file, logged, purchase, rejects, said};

const OLD: &str = "8f3b1c55d2aa04719e6017c3a4f2b890";
const CURRENT: &str = "2b7e151628aed2a6abf7158809cf4f3c";
const NEXT: &str = "603deb1015ca71be2b73aef0857d7781";
/// Nobody's on this link.
const STRANGE: &str = "0123456789abcdeffedcba9876543210";
const BCD: &str = include_str!("dialect_files/bcd.toml");

/// A link whose keys are an expired one, the one that signs, and the next one, which is accepted already.
fn options(algorithm: &str, dialect: &str) -> WorldOptions {
    let key = |version: u32, file: &str, more: &str| {
        format!(
            "\n[[link.mac.key]]\nversion = {version}\nalgorithm = \"{algorithm}\"\nfile = \"{file}\"\n{more}\n"
        )
    };
    let link_wire = [
        format!("dialect = \"{dialect}\"\n[link.mac]\nresponse_code = \"63\"\nwrong_max = 3\n"),
        key(1, "old.key", "not_after = \"2026-10-01T00:00:00Z\""),
        key(2, "current.key", ""),
        key(3, "next.key", "not_after = \"2026-12-01T00:00:00Z\""),
    ]
    .concat();
    let file = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    let files = vec![
        file("bank.toml", BCD),
        file("old.key", OLD),
        file("current.key", CURRENT),
        file("next.key", NEXT),
    ];
    WorldOptions { log_to_file: false, link_wire, files, ..WorldOptions::default() }
}

async fn world(algorithm: &str, dialect: &str) -> World {
    log_file();
    let world = World::start(options(algorithm, dialect)).await.unwrap();
    enroll(&world, &[TEST_PANS[0]]).await;
    world
}

fn key(version: u32, algorithm: &str, digits: &str) -> MacKey {
    let algorithm: MacAlgorithm = algorithm.parse().unwrap();
    let method = MacMethod { algorithm, length: MacLength::of_bytes(8).unwrap() };
    MacKey::from_hex(KeyVersion(version), method, digits).unwrap()
}

/// A bank that signs with this key and takes the gateway's.
fn signing(world: &World, algorithm: &str, digits: &str) -> BankWire {
    let wire = world.bank_wire().unwrap();
    let of_gateway = AcceptedKey { key: key(2, algorithm, CURRENT), not_after_unix_seconds: i64::MAX };
    let accepted = if digits == CURRENT { Vec::new() } else { vec![of_gateway] };
    let keys = MacKeys::new(key(9, algorithm, digits), accepted).unwrap();
    BankWire::new(wire.framing, wire.dialect, Some(Arc::new(keys)))
}

async fn connect(world: &World, wire: BankWire) -> Link {
    let options = LinkOptions { wire, ..LinkOptions::default() };
    Link::connect(world.gateway().unwrap().address(), &world.bank_tls().unwrap(), options).await.unwrap()
}

async fn signed_on(world: &World, wire: BankWire) -> Link {
    let link = connect(world, wire.clone()).await;
    // Without a MAC: whatever the keys are, a sign-on moves nothing.
    let sign_on = Builder::new(Mti::new("0800")).set(7, "1010085900").set(11, "000900").set(70, "001");
    link.send_raw(&wire.encode_unsigned(&sign_on).unwrap()).await.unwrap();
    assert_eq!(wire.decode(&link.next_raw(PATIENCE).await.unwrap()).unwrap().get(39), Some("00"));
    link
}

/// DE39 and the reason.
fn told(reply: &Builder) -> (String, String) {
    let reason = Loyalty::parse(reply.get(48).unwrap_or_default()).unwrap().reason;
    (reply.get(39).unwrap().to_owned(), reason)
}

async fn answer(link: &Link, wire: &BankWire, bytes: &[u8]) -> (String, String) {
    link.send_raw(bytes).await.unwrap();
    // The MAC of the answer is checked here.
    told(&wire.decode(&link.next_raw(PATIENCE).await.unwrap()).unwrap())
}

fn clearing(number: u32) -> Builder {
    purchase(TEST_PANS[0], number).with_mti(Mti::new("0220")).set(38, "123456").set(39, "00")
}

async fn stored(world: &World) -> (i64, i64) {
    let sql = world.assembly.pool.get().await.unwrap();
    let row = sql.query_one("SELECT (SELECT count(*) FROM message), (SELECT count(*) FROM transfer)", &[]);
    let row = row.await.unwrap();
    (row.get(0), row.get(1))
}

async fn right_wrong_and_missing(algorithm: &str, dialect: &str) {
    let world = world(algorithm, dialect).await;
    let right = signing(&world, algorithm, CURRENT);
    let link = signed_on(&world, right.clone()).await;
    let before = stored(&world).await;
    let refused = |reason: &str| ("63".to_owned(), reason.to_owned());

    let wrong = signing(&world, algorithm, STRANGE).encode(&clearing(1)).unwrap();
    assert_eq!(answer(&link, &right, &wrong).await, refused("mac_wrong"));
    let missing = right.encode_unsigned(&clearing(1)).unwrap();
    assert_eq!(answer(&link, &right, &missing).await, refused("mac_missing"));
    assert_eq!(stored(&world).await, before, "{algorithm} {dialect}");
    logged(&["the MAC is wrong under every accepted key (version 2, 3)"]).await;

    let reply: Reply = link.ask(clearing(1), PATIENCE).await.unwrap();
    assert_eq!((reply.code.as_str(), reply.loyalty.unwrap().status.as_str()), ("00", "booked"));
    assert!(stored(&world).await > before);
    // With elements above 64 the MAC stands in DE128.
    let reversal = purchase(TEST_PANS[0], 2)
        .with_mti(Mti::new("0420"))
        .set(90, format!("0220{:06}1010090000{}", 1, "0".repeat(22)));
    let bytes = right.encode(&reversal).unwrap();
    assert!(right.dialect.decode(&bytes).unwrap().has(128));
    assert_eq!(link.ask(reversal, PATIENCE).await.unwrap().loyalty.unwrap().reason, "reversed");

    // A cut-over moves the bank's date: it needs one as well.
    let unsigned = signed_on(&world, right.clone()).await;
    let cut_over = Builder::new(Mti::new("0800")).set(7, "1010090000").set(11, "000901").set(70, "201");
    let bytes = right.encode_unsigned(&cut_over).unwrap();
    assert_eq!(answer(&unsigned, &right, &bytes).await, refused("mac_missing"));

    // The third wrong one ends the connection, and no other one.
    let other = signed_on(&world, right.clone()).await;
    let altered = {
        let mut bytes = right.encode(&clearing(3)).unwrap();
        let at = right.dialect.decode(&bytes).unwrap().range(4).unwrap().end - 1;
        bytes[at] ^= 1;
        bytes
    };
    assert_eq!(answer(&link, &right, &altered).await, refused("mac_wrong"));
    assert!(link.closed().await.contains("closed the connection"));
    logged(&["link ended", "too_many_wrong_macs"]).await;
    assert!(other.echo().await.unwrap().is_taken());
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_decoded_cannot_be_verified_and_counts() {
    let world = world("aes-cmac", "iso87-ascii").await;
    let right = signing(&world, "aes-cmac", CURRENT);
    let link = signed_on(&world, right.clone()).await;
    let damaged = {
        let mut bytes = right.encode(&clearing(1)).unwrap();
        let at = right.dialect.decode(&bytes).unwrap().range(4).unwrap().start;
        bytes[at] = b'x';
        bytes
    };
    let unreadable = ("30".to_owned(), "undecodable".to_owned());
    let wrong = signing(&world, "aes-cmac", STRANGE).encode(&clearing(1)).unwrap();
    assert_eq!(answer(&link, &right, &damaged).await, unreadable);
    assert_eq!(answer(&link, &right, &wrong).await.1, "mac_wrong");
    // It is the third that could not be verified.
    assert_eq!(answer(&link, &right, &damaged).await, unreadable);
    assert!(link.closed().await.contains("closed the connection"));
    assert_eq!(rejects("mac_unverifiable"), 2);
    // It is kept for people as on other links.
    let kept = "SELECT count(*) FROM quarantine WHERE reason = 'undecodable'";
    let sql = world.assembly.pool.get().await.unwrap();
    eventually("it is kept", async || sql.query_one(kept, &[]).await.unwrap().get::<_, i64>(0) > 0).await;
    drop(sql);
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_run_of_right_macs_forgets_wrong_ones() {
    let world = world("aes-cmac", "iso87-ascii").await;
    let right = signing(&world, "aes-cmac", CURRENT);
    let link = signed_on(&world, right.clone()).await;
    let wrong = signing(&world, "aes-cmac", STRANGE).encode(&clearing(1)).unwrap();
    // A message type of another version is no way around.
    let other_version = {
        let mut bytes = wrong.clone();
        bytes[0] = b'1';
        bytes
    };
    let refused = ("63".to_owned(), "mac_wrong".to_owned());
    for bytes in [&wrong, &other_version] {
        assert_eq!(answer(&link, &right, bytes).await, refused);
    }
    for _ in 0..MacPolicy::RIGHT_IN_A_ROW {
        assert!(link.echo().await.unwrap().is_taken());
    }
    for bytes in [&wrong, &other_version] {
        assert_eq!(answer(&link, &right, bytes).await, refused);
    }
    // What comes without a MAC, as it may, forgets nothing.
    let echo = Builder::new(Mti::new("0800")).set(7, "1010085900").set(70, "301");
    for number in 0..MacPolicy::RIGHT_IN_A_ROW {
        let echo = right.encode_unsigned(&echo.clone().set(11, format!("{number:06}"))).unwrap();
        link.send_raw(&echo).await.unwrap();
        link.next_raw(PATIENCE).await.unwrap();
    }
    assert_eq!(answer(&link, &right, &other_version).await, refused);
    assert!(link.closed().await.contains("closed the connection"));
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn aes_cmac_in_ascii() {
    right_wrong_and_missing("aes-cmac", "iso87-ascii").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn retail_mac_in_packed_digits() {
    right_wrong_and_missing("x9.19", "bank.toml").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_change_without_a_pause_and_an_old_one_is_named() {
    let world = world("aes-cmac", "iso87-ascii").await;
    // The bank begins to sign with the next key; the gateway still signs with the current one.
    let early = signed_on(&world, signing(&world, "aes-cmac", NEXT)).await;
    let late = signed_on(&world, signing(&world, "aes-cmac", CURRENT)).await;
    assert!(early.ask(clearing(1), PATIENCE).await.unwrap().is_taken());
    assert!(late.ask(clearing(2), PATIENCE).await.unwrap().is_taken());
    // A repeat is signed anew and is the same message.
    let repeat = clearing(1).with_mti(Mti::new("0221"));
    assert_eq!(late.ask(repeat, PATIENCE).await.unwrap().loyalty.unwrap().status, "booked");

    let before = stored(&world).await;
    let old = signed_on(&world, signing(&world, "aes-cmac", OLD)).await;
    let reply = old.ask(clearing(3), PATIENCE).await.unwrap();
    assert_eq!((reply.code.as_str(), reply.loyalty.unwrap().reason.as_str()), ("63", "mac_key_expired"));
    logged(&["the MAC is right under key version 1", "the sender must sign with version 2"]).await;
    assert_eq!(stored(&world).await, before);

    // A key that nobody knows: neither side takes the other's messages, and the sign-on with it is refused.
    let strange = connect(&world, signing(&world, "aes-cmac", STRANGE)).await;
    assert!(matches!(strange.sign_on().await, Err(LinkError::Refused { code, .. }) if code == "63"));
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_in_the_configuration_are_named() {
    let world = World::prepare(options("aes-cmac", "iso87-ascii")).await.unwrap();
    let path = world.dir.join("cobrand.toml");
    let right = std::fs::read_to_string(&path).unwrap();
    let check = |text: &str| {
        std::fs::write(&path, text).unwrap();
        let output =
            tokio::task::block_in_place(|| cobrand(&world.dir, &["check", "--config", "cobrand.toml"]));
        let said = said(&output);
        for digits in [OLD, CURRENT, NEXT, &"01".repeat(16), "2b7e15"] {
            assert!(!said.contains(digits), "{said}");
        }
        (output.status.code(), said)
    };
    let (status, told) = check(&right);
    assert_eq!(status, Some(0), "{told}");

    std::fs::write(world.dir.join("short.key"), "2b7e15").unwrap();
    std::fs::write(world.dir.join("weak.key"), "01".repeat(16)).unwrap();
    std::fs::write(world.dir.join("letters.key"), "zz".repeat(16)).unwrap();
    let without_mac = "name = \"no-mac\"\nextends = \"iso87-ascii\"\n[fields]\n64 = { name = \"text\", format = \"ans8\" }\n";
    std::fs::write(world.dir.join("no-mac.toml"), without_mac).unwrap();
    let retail = right.replace("algorithm = \"aes-cmac\"", "algorithm = \"x9.19\"");
    let end = "not_after = \"2026-12-01T00:00:00Z\"";
    for (what, text, expected) in [
        ("two keys that sign", right.replace(end, ""), "exactly one key without not_after"),
        ("a wrong length", right.replace("next.key", "short.key"), "mac.key[2].file"),
        ("a weak key", retail.replace("next.key", "weak.key"), "mac.key[2].file"),
        ("no digits", right.replace("next.key", "letters.key"), "mac.key[2].file"),
        ("the same key twice", right.replace("next.key", "current.key"), "mac.key"),
        ("the same version twice", right.replace("version = 3", "version = 2"), "mac.key"),
        ("no instant", right.replace(end, "not_after = \"soon\""), "mac.key[2].not_after"),
        ("an unknown algorithm", right.replace("aes-cmac", "aes"), "mac.key[0].algorithm"),
        ("a code of three digits", right.replace("\"63\"", "\"630\""), "mac.response_code"),
        ("a code that approves", right.replace("\"63\"", "\"00\""), "mac.response_code"),
        ("another one", right.replace("\"63\"", "\"10\""), "mac.response_code"),
        ("no DE64", right.replace("iso87-ascii", "no-mac.toml"), "DE64 and DE128"),
        ("no such file", right.replace("next.key", "nowhere.key"), "nowhere.key"),
    ] {
        assert_ne!(text, right, "{what}");
        let (status, told) = check(&text);
        assert_eq!(status, Some(78), "{what}: {told}");
        assert!(told.contains(expected), "{what}: {told}");
    }
    world.stop().await.unwrap();
}
