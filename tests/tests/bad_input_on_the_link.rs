//! Bad input on the link: each kind gets the DE39 of the table or a disconnect, a metric and a text that says who must
//! do what, and disturbs no other message.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support_link;

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicUsize, Ordering},
    },
    time::Duration,
};

use bank_simulator::{
    ClientTls, Link, LinkError, LinkOptions, Loyalty, Progress, Reply, TlsVersions, repeat_form, replay,
};
use cobrand::{
    certs::{Authority, GATEWAY_NAME, Leaf, Validity},
    demo::{BankDay, Checks, World, WorldOptions, scan_tree},
};
use futures_util::future::join_all;
use gateway::{Gateway, GatewayHandle};
use iso8583::{Builder, Mti, Pan, dialects};
use support_link::{PATIENCE, card, counted, enroll, eventually, log_file, logged, purchase, rejects};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

// --- a gateway and its bank ------------------------------------------------------------------------------

async fn world() -> World {
    log_file();
    World::prepare(WorldOptions { log_to_file: false, ..WorldOptions::default() }).await.unwrap()
}

/// One more gateway over the same database.
async fn listen(world: &World, adjust: impl FnOnce(&mut Gateway)) -> GatewayHandle {
    let mut gateway = world.assembly.gateway().await.unwrap();
    adjust(Arc::get_mut(&mut gateway).unwrap());
    gateway.listen(SocketAddr::from(([127, 0, 0, 1], 0)), world.assembly.tls().unwrap()).await.unwrap()
}

async fn connect(address: SocketAddr, tls: &ClientTls) -> Result<Link, LinkError> {
    let link = Link::connect(address, tls, LinkOptions::default()).await?;
    link.sign_on().await?;
    Ok(link)
}

/// A link on which nothing bad ever happens.
struct Steady {
    link: Link,
    card: String,
    number: AtomicU32,
}

impl Steady {
    async fn new(address: SocketAddr, tls: &ClientTls) -> Self {
        let link = connect(address, tls).await.unwrap();
        Self { link, card: card(99), number: AtomicU32::new(0) }
    }

    /// A message of a member is taken, and the whole result comes back.
    async fn is_served(&self, what: &str) {
        let number = 900_000 + self.number.fetch_add(1, Ordering::Relaxed);
        let reply = self.link.ask(purchase(&self.card, number), PATIENCE).await.unwrap();
        let told = (reply.code.as_str(), reply.field(11));
        assert_eq!(told, ("00", Some(format!("{number:06}").as_str())), "{what} disturbed another link");
        assert_eq!(reply.loyalty.unwrap().base_miles, 10, "{what}");
    }
}

fn encoded(message: &Builder) -> Vec<u8> {
    message.encode(dialects::iso87_ascii()).unwrap()
}

fn framed(payload: &[u8]) -> Vec<u8> {
    [&u16::try_from(payload.len()).unwrap().to_be_bytes()[..], payload].concat()
}

async fn next_reply(link: &Link) -> Reply {
    let frame = link.next_raw(PATIENCE).await.unwrap();
    Reply::from_message(&dialects::iso87_ascii().decode(&frame).unwrap())
}

/// Nothing came back, and nothing is on its way: an echo behind it is answered.
async fn is_silent(link: &Link, what: &str) {
    link.echo().await.unwrap();
    let next = link.next_raw(Duration::from_millis(1)).await;
    assert!(matches!(next, Err(LinkError::NoReply { .. })), "{what}: {next:?}");
}

async fn is_dropped(link: &Link) {
    tokio::time::timeout(PATIENCE, link.closed()).await.expect("the link was not dropped");
}

// --- messages that are refused ----------------------------------------------------------------------------

/// What a message must be answered with.
struct Refusal {
    what: &'static str,
    payload: Vec<u8>,
    mti: &'static str,
    code: &'static str,
    reason: &'static str,
    at: &'static str,
    /// What the log says to people.
    log: &'static str,
}

/// Bytes that are not what the dialect says: 30, and `ER` names the place. `at` ends with `@` where the offset is
/// not the point.
fn undecodable() -> Vec<Refusal> {
    let good = encoded(&purchase(&card(1), 1));
    let text = String::from_utf8(good.clone()).unwrap();
    let bitmap = &text[4..20];
    let announced = |bit: u32| {
        let bits = u64::from_str_radix(bitmap, 16).unwrap() | 1 << (64 - bit);
        text.replacen(bitmap, &format!("{bits:016X}"), 1)
    };
    let unannounced = |bit: u32| {
        let bits = u64::from_str_radix(bitmap, 16).unwrap() & !(1 << (64 - bit));
        text.replacen(bitmap, &format!("{bits:016X}"), 1)
    };
    let row = |what, payload: Vec<u8>, at, log| Refusal {
        what,
        payload,
        mti: "0110",
        code: "30",
        reason: "undecodable",
        at,
        log,
    };
    let short = [&good[..20], b"02"].concat();
    let text_row = |what, payload: String, at, log| row(what, payload.into_bytes(), at, log);
    let whole = "the sender must send the whole data element, or correct the frame length or the bitmap";
    vec![
        row("a message cut short", good[..good.len() - 2].to_vec(), "DE49@", whole),
        row("a message of its type alone", b"0100".to_vec(), "bitmap 1@4", "the sender must"),
        row("half a bitmap", good[..12].to_vec(), "bitmap 1@4", "the sender must"),
        row("a bitmap without data", short, "DE2@", "the sender must"),
        text_row(
            "a bitmap that is none",
            text.replacen(bitmap, "72Z44481028E8000", 1),
            "bitmap 1@6",
            "hexadecimal",
        ),
        text_row("a second bitmap that is absent", announced(1), "DE42@", "the sender must"),
        text_row("a data element that is announced and absent", announced(64), "DE64@", whole),
        text_row(
            "a data element that is there and not announced",
            unannounced(49),
            "end of message@",
            "nothing more",
        ),
        text_row(
            "bytes behind the last data element",
            format!("{text}42"),
            "end of message@",
            "nothing more",
        ),
        text_row(
            "a letter in the amount",
            text.replacen("000000060000", "0000000600A0", 1),
            "DE4@",
            "digits",
        ),
        text_row(
            "a blank in the trace number",
            text.replacen("000001120000", "0 0001120000", 1),
            "DE11@",
            "digits",
        ),
        text_row(
            "a length that is no number",
            text.replacen("162200", "1X2200", 1),
            "DE2 length@21",
            "decimal digits",
        ),
        text_row(
            "a length beyond the greatest",
            text.replacen("162200", "202200", 1),
            "DE2 length@20",
            "at most 19",
        ),
        row(
            "characters beyond ASCII",
            [&good[..good.len() - 3], &[0xD0, 0xA0, 0x20]].concat(),
            "DE49@",
            "printable characters",
        ),
    ]
}

/// Well-formed messages that this link does not serve, or whose values cannot be.
fn refused() -> Vec<Refusal> {
    let good = || purchase(&card(1), 1);
    let row = |what, message: Builder, code, reason, at, log| Refusal {
        what,
        payload: encoded(&message),
        mti: "0110",
        code,
        reason,
        at,
        log,
    };
    let missing =
        |what, de, at| row(what, good().remove(de), "30", "field_missing", at, "must send this data element");
    let impossible = |what, de, value: &str, at| {
        row(
            what,
            good().set(de, value),
            "30",
            "field_malformed",
            at,
            "a value that this data element may have",
        )
    };
    let unknown = |what, message| row(what, message, "12", "unknown_currency", "DE49", "ISO 4217");
    let of_type = |what, mti, reply| Refusal {
        mti: reply,
        ..row(
            what,
            good().with_mti(Mti::new(mti)),
            "12",
            "message_type_not_served",
            "",
            "must not send this message type",
        )
    };
    vec![
        missing("no card number", 2, "DE2"),
        missing("no processing code", 3, "DE3"),
        missing("no amount", 4, "DE4"),
        missing("no transmission time", 7, "DE7"),
        missing("no trace number", 11, "DE11"),
        missing("no currency", 49, "DE49"),
        row(
            "a billing amount without its currency",
            good().set(6, "000000060000"),
            "30",
            "field_missing",
            "DE51",
            "must send this data element",
        ),
        impossible("a card number of five digits", 2, "22000", "DE2"),
        impossible("a thirteenth month", 7, "1310090000", "DE7"),
        impossible("the thirtieth of February", 13, "0230", "DE13"),
        impossible("an hour 25", 12, "250000", "DE12"),
        impossible("a settlement date of zeros", 15, "0000", "DE15"),
        unknown("a currency that ISO 4217 does not have", good().set(49, "000")),
        unknown("a currency in letters", good().set(49, "RUB")),
        Refusal {
            at: "DE51",
            ..unknown("an unknown billing currency", good().set(6, "000000060000").set(51, "001"))
        },
        of_type("a file action", "0300", "0310"),
        of_type("a reconciliation of an issuer", "0502", "0512"),
        of_type("an administrative message", "0600", "0610"),
        of_type("the version of 1993", "1100", "1110"),
        row(
            "another bank's card",
            good().set(2, "6000000000000007"),
            "57",
            "card_of_another_bank",
            "DE2",
            "the bank must send its own cards",
        ),
        row(
            "a forwarder nobody agreed on",
            good().set(33, "9"),
            "57",
            "forwarder_not_agreed",
            "DE33",
            "an agreed value",
        ),
        row(
            "a receiver nobody agreed on",
            good().set(100, "9"),
            "57",
            "receiver_not_agreed",
            "DE100",
            "an agreed value",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_message_gets_its_code_and_its_reason_and_disturbs_nobody() {
    let world = world().await;
    enroll(&world, &[&card(1), &card(99)]).await;
    let gateway = listen(&world, |gateway| {
        let mut link = (*gateway.links[0]).clone();
        assert_eq!(link.code, "northbank");
        link.forwarders = BTreeSet::from(["111111".to_owned()]);
        link.receivers = BTreeSet::from(["222222".to_owned()]);
        gateway.links[0] = Arc::new(link);
        gateway.limits.answer_max = PATIENCE;
    })
    .await;
    let tls = world.bank_tls().unwrap();
    let steady = Steady::new(gateway.address(), &tls).await;
    let link = connect(gateway.address(), &tls).await.unwrap();

    let rows: Vec<Refusal> = undecodable().into_iter().chain(refused()).collect();
    assert_eq!(rows.len(), 36);
    for (row, number) in rows.iter().zip(1..) {
        let what = row.what;
        steady.is_served(what).await;
        let messages =
            || counted("cobrand_iso_messages_total", &[("link", "northbank"), ("result", row.reason)]);
        let before = (rejects(row.reason), messages());
        link.send_raw(&row.payload).await.unwrap();
        let reply = next_reply(&link).await;
        let loyalty: Loyalty = reply.loyalty.clone().unwrap();
        let at = loyalty.other.iter().find(|(tag, _)| tag == "ER").map_or("", |(_, at)| at);
        assert_eq!((reply.mti.as_str(), reply.code.as_str()), (row.mti, row.code), "{what}: {loyalty:?}");
        assert_eq!((loyalty.status.as_str(), loyalty.reason.as_str()), ("none", row.reason), "{what}");
        let place_fits = if row.at.ends_with('@') { at.starts_with(row.at) } else { at == row.at };
        assert!(place_fits, "{what}: expected {}, found {at}", row.at);
        assert!((rejects(row.reason), messages()) > before, "{what}: no metric");
        let (place, _) = row.at.split_once('@').unwrap_or((row.at, ""));
        logged(&["WARN", "northbank", place, row.log]).await;
        // The same link goes on too.
        assert!(link.ask(purchase(&card(1), 1_000 + number), PATIENCE).await.unwrap().is_taken(), "{what}");
        steady.is_served(what).await;
    }
    // What was refused is nowhere in the books: 36 messages of one link and 72 of the other.
    let client = world.assembly.pool.get().await.unwrap();
    let stored: i64 = client.query_one("SELECT count(*) FROM message", &[]).await.unwrap().get(0);
    assert_eq!(stored, 36 * 3);
    drop(client);

    // What was agreed is taken, and a data element that nobody uses is passed over.
    let agreed = purchase(&card(1), 1).set(33, "111111").set(100, "222222").set(105, "whatever");
    assert!(link.ask(agreed, PATIENCE).await.unwrap().is_taken());
    gateway.drain().await;
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_on_comes_first_and_responses_are_not_answered() {
    let world = world().await;
    enroll(&world, &[&card(1), &card(99)]).await;
    let gateway = listen(&world, |gateway| gateway.limits.answer_max = PATIENCE).await;
    let tls = world.bank_tls().unwrap();
    let steady = Steady::new(gateway.address(), &tls).await;
    let link = Link::connect(gateway.address(), &tls, LinkOptions::default()).await.unwrap();
    let asked = async |number| {
        let reply = link.ask(purchase(&card(1), number), PATIENCE).await.unwrap();
        (reply.code, reply.loyalty.unwrap().reason)
    };
    let not_signed_on = ("91".to_owned(), "not_signed_on".to_owned());
    let before = rejects("not_signed_on");
    assert_eq!(asked(1).await, not_signed_on);
    logged(&["not_signed_on", "the bank must sign on first"]).await;
    steady.is_served("a link that is not signed on").await;
    // The echo is answered all the same.
    link.echo().await.unwrap();
    link.sign_on().await.unwrap();
    assert_eq!(asked(1).await.0, "00");
    link.sign_off().await.unwrap();
    assert_eq!(asked(2).await, not_signed_on);
    link.sign_on().await.unwrap();
    assert_eq!(asked(2).await.0, "00");
    assert!(rejects("not_signed_on") >= before + 2);

    // A response from the bank answers nothing that we asked.
    let responses = || counted("cobrand_iso_messages_total", &[("result", "unexpected_response")]);
    for mti in ["0110", "0130", "0210", "0230", "0410", "0430", "0810"] {
        let before = responses();
        link.send_raw(&encoded(&purchase(&card(1), 3).set(39, "00").with_mti(Mti::new(mti)))).await.unwrap();
        is_silent(&link, mti).await;
        assert!(responses() > before, "{mti}");
    }
    // Network management that we do not know.
    for message in [
        Builder::new(Mti::new("0800")).set(7, "1010090000").set(11, "000001").set(70, "999"),
        Builder::new(Mti::new("0800")).set(7, "1010090000").set(11, "000002"),
    ] {
        let unknown = || counted("cobrand_iso_messages_total", &[("result", "unknown_network_code")]);
        let before = unknown();
        assert_eq!(link.ask(message, PATIENCE).await.unwrap().code, "12");
        assert!(unknown() > before);
    }
    steady.is_served("a stray response").await;
    assert_eq!(asked(4).await.0, "00");
    gateway.drain().await;
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn card_numbers_in_bad_messages_stay_masked() {
    let world = world().await;
    enroll(&world, &[&card(99)]).await;
    let gateway = listen(&world, |_| {}).await;
    let tls = world.bank_tls().unwrap();
    let steady = Steady::new(gateway.address(), &tls).await;
    let link = connect(gateway.address(), &tls).await.unwrap();
    let pans = ["5105105105105100", "4222222222222220", "6011000990139424"];
    let broken = encoded(
        &purchase(pans[0], 1)
            .set(43, format!("{:<40}", format!("SHOP {}", pans[1])))
            .set(48, format!("paid with {} twice", pans[2]))
            .set(90, "0".repeat(42)),
    );
    let broken = [&broken[..broken.len() - 1], b"X"].concat();
    link.send_raw(&broken).await.unwrap();
    assert_eq!(next_reply(&link).await.code, "30");
    // Where a message type should be, and where a number should be.
    link.send_raw(&[b"0100", pans[0].as_bytes()].concat()).await.unwrap();
    assert_eq!(next_reply(&link).await.code, "30");
    link.send_raw(format!("x{}", pans[0]).as_bytes()).await.unwrap();
    is_dropped(&link).await;
    logged(&["a message without a readable type"]).await;
    steady.is_served("a message full of card numbers").await;

    let client = world.assembly.pool.get().await.unwrap();
    let rows = client
        .query("SELECT reason, masked FROM quarantine ORDER BY length(masked) DESC", &[])
        .await
        .unwrap();
    drop(client);
    assert_eq!(rows.len(), 2);
    let masked: String = rows[0].get(1);
    assert_eq!(rows[0].get::<_, &str>(0), "undecodable");
    assert!(masked.contains("DE90 at byte") && masked.contains("the sender must"), "{masked}");
    assert!(masked.contains("****5100"), "the last four digits tell people which card: {masked}");
    let pans = pans.map(|pan| Pan::parse(pan).unwrap());
    for row in &rows {
        let found = cobrand::demo::scan_bytes("quarantine", row.get::<_, &str>(1).as_bytes(), &pans);
        assert_eq!(found.hits, Vec::<String>::new());
    }
    for place in [log_file(), world.cluster.data_dir(), world.cluster.log_file()] {
        assert_eq!(scan_tree(place, &pans).unwrap().hits, Vec::<String>::new());
    }
    gateway.drain().await;
    world.stop().await.unwrap();
}

// --- frames ---------------------------------------------------------------------------------------------------

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_frame_ends_its_connection_and_no_other() {
    let world = world().await;
    enroll(&world, &[&card(1), &card(99)]).await;
    let gateway = listen(&world, |gateway| gateway.limits.answer_max = PATIENCE).await;
    let tls = world.bank_tls().unwrap();
    let steady = Steady::new(gateway.address(), &tls).await;
    let cases: [(&str, &[u8], &str, &[&str]); 6] = [
        (
            "a frame without a message",
            &[0, 0],
            "bad_frame",
            &["found 0", "the sender must not send empty frames"],
        ),
        (
            "a frame of 4097 bytes",
            &[0x10, 0x01],
            "bad_frame",
            &["at most 4096", "the sender must send shorter messages"],
        ),
        ("a text protocol", b"GET / HTTP/1.1\r\n", "bad_frame", &["at most 4096 bytes, found 18245"]),
        ("a type with a letter", b"\x00\x0401X0", "unreadable_message_type", &["MTI", "decimal digits"]),
        ("a type cut short", b"\x00\x0201", "unreadable_message_type", &["MTI", "the sender must"]),
        ("bytes", b"\x00\x04\xff\xff\xff\xff", "unreadable_message_type", &["MTI", "0xFF"]),
    ];
    for ((what, bytes, reason, log), number) in cases.into_iter().zip(1..) {
        steady.is_served(what).await;
        let before = rejects(reason);
        let link = connect(gateway.address(), &tls).await.unwrap();
        // A good message before it, in the same packet, is still answered.
        let good = framed(&encoded(&purchase(&card(1), number)));
        link.send_unframed(&[&good, bytes].concat()).await.unwrap();
        assert_eq!(next_reply(&link).await.code, "00", "{what}");
        is_dropped(&link).await;
        assert!(rejects(reason) > before, "{what}");
        logged(&[&["WARN", "northbank"][..], log].concat()).await;
        steady.is_served(what).await;
    }
    // The connection ends inside a frame.
    let before = rejects("truncated_frame");
    let link = connect(gateway.address(), &tls).await.unwrap();
    link.send_unframed(&[0, 100, b'0', b'1']).await.unwrap();
    link.close().await;
    eventually("the truncated frame is counted", async || rejects("truncated_frame") > before).await;
    logged(&["link ended", "truncated_frame"]).await;
    // A frame that comes in pieces is a frame.
    let link = connect(gateway.address(), &tls).await.unwrap();
    for piece in framed(&encoded(&purchase(&card(1), 100))).chunks(7) {
        link.send_unframed(piece).await.unwrap();
        tokio::task::yield_now().await;
    }
    assert_eq!(next_reply(&link).await.code, "00");
    steady.is_served("a frame in pieces").await;
    gateway.drain().await;
    world.stop().await.unwrap();
}

// --- who may connect ------------------------------------------------------------------------------------------

/// Certificates for a gateway and its visitors, of an authority whose key the test holds.
struct Guests {
    authority: Authority,
    stranger: Authority,
}

impl Guests {
    fn tls(&self, leaf: &Leaf) -> ClientTls {
        let (chain, key) = (leaf.certificate.as_bytes(), leaf.key.as_bytes());
        ClientTls::from_pem(self.authority.pem().as_bytes(), chain, key, GATEWAY_NAME).unwrap()
    }

    fn of(&self, name: &str, days: i64) -> ClientTls {
        self.tls(&self.authority.issue(name, Validity { days }).unwrap())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_valid_certificate_of_a_link_may_speak_and_only_for_its_own_cards() {
    let world = world().await;
    enroll(&world, &[&card(1), &card(99)]).await;
    let guests =
        Guests { authority: Authority::new("ours").unwrap(), stranger: Authority::new("another's").unwrap() };
    let own = guests.authority.issue(GATEWAY_NAME, Validity { days: 1 }).unwrap();
    let file = |name: &str, text: &str| {
        let path = world.dir.join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let files = gateway::TlsFiles {
        client_ca: file("own-ca.pem", guests.authority.pem()),
        certificate: file("own.pem", &own.certificate),
        key: file("own.key", &own.key),
    };
    let parts = world.assembly.gateway().await.unwrap();
    let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
    let gateway = parts.listen(anywhere, gateway::server_config(&files).unwrap()).await.unwrap();
    let address = gateway.address();
    let northbank = guests.of("northbank.example", 1);
    let steady = Steady::new(address, &northbank).await;

    let refused = [
        (
            "another authority's certificate",
            guests.tls(&guests.stranger.issue("northbank.example", Validity { days: 1 }).unwrap()),
            "tls_handshake",
            "UnknownIssuer",
        ),
        (
            "an expired certificate",
            guests.of("northbank.example", -1),
            "tls_handshake",
            "certificate expired",
        ),
        (
            "no certificate",
            northbank.clone().without_identity(),
            "tls_handshake",
            "peer sent no certificates",
        ),
        (
            "a name of no link",
            guests.of("eastbank.example", 1),
            "certificate_of_no_link",
            "add one to certificate_names",
        ),
    ];
    for (what, tls, reason, log) in &refused {
        for versions in [TlsVersions::Only12, TlsVersions::Only13] {
            steady.is_served(what).await;
            let before = rejects(reason);
            let options = LinkOptions { versions, ..LinkOptions::default() };
            // With TLS 1.3 a refusal shows only after the client's side of the handshake.
            let signed_on = match Link::connect(address, tls, options).await {
                Ok(link) => link.sign_on().await.map(|_| ()),
                Err(error) => Err(error),
            };
            assert!(signed_on.is_err(), "{what} may speak ({versions:?})");
            eventually(&format!("{what} is counted"), async || rejects(reason) > before).await;
            logged(&["WARN", log]).await;
            steady.is_served(what).await;
        }
    }
    logged(&["TLS handshake refused: the peer must show a valid certificate of its bank"]).await;

    // Each version of TLS serves a good one.
    for versions in [TlsVersions::Only12, TlsVersions::Only13] {
        let options = LinkOptions { versions, ..LinkOptions::default() };
        Link::connect(address, &northbank, options).await.unwrap().sign_on().await.unwrap();
    }

    // Another bank's certificate is good for that bank's own cards.
    let southbank = connect(address, &guests.of("southbank.example", 1)).await.unwrap();
    let reply = southbank.ask(purchase(&card(1), 1), PATIENCE).await.unwrap();
    assert_eq!((reply.code.as_str(), reply.loyalty.unwrap().reason.as_str()), ("57", "card_of_another_bank"));
    logged(&["southbank", "card_of_another_bank"]).await;
    let reply = southbank.ask(purchase("6000000000000007", 2), PATIENCE).await.unwrap();
    assert_eq!((reply.code.as_str(), reply.loyalty.unwrap().reason.as_str()), ("00", "not_a_member"));
    steady.is_served("another bank").await;

    // Plain TCP: a frame of ours, and another protocol.
    let frame = framed(&encoded(&purchase(&card(1), 1)));
    for bytes in [&frame[..], b"GET / HTTP/1.1\r\nHost: gateway\r\n\r\n", &[0; 64]] {
        let before = rejects("tls_handshake");
        let mut plain = TcpStream::connect(address).await.unwrap();
        plain.write_all(bytes).await.unwrap();
        ends(&mut plain).await;
        eventually("plain TCP is counted", async || rejects("tls_handshake") > before).await;
        steady.is_served("plain TCP").await;
    }
    gateway.drain().await;
    world.stop().await.unwrap();
}

/// Reads until the other side has closed.
async fn ends(stream: &mut TcpStream) {
    let mut rest = Vec::new();
    // A reset is an end as well.
    let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("it was not closed");
}

// --- deadlines and bounds -------------------------------------------------------------------------------------

#[tokio::test(flavor = "multi_thread")]
async fn who_says_nothing_or_half_is_dropped_at_the_deadline() {
    let world = world().await;
    enroll(&world, &[&card(1), &card(99)]).await;
    let gateway = listen(&world, |gateway| {
        let limits = &mut gateway.limits;
        let short = Duration::from_secs(2);
        (limits.handshake_max, limits.first_byte_max) = (short, short);
        (limits.frame_max, limits.idle_max) = (short, short);
    })
    .await;
    let patient = listen(&world, |_| {}).await;
    let (address, tls) = (gateway.address(), world.bank_tls().unwrap());
    let steady = Steady::new(patient.address(), &tls).await;
    let reasons = ["tls_handshake_timeout", "first_byte_timeout", "frame_timeout", "idle_timeout"];
    let before = reasons.map(rejects);
    // All at once, so that the deadlines run beside each other.
    let handshake = async {
        let mut silent = TcpStream::connect(address).await.unwrap();
        ends(&mut silent).await;
    };
    let half_a_handshake = async {
        let mut silent = TcpStream::connect(address).await.unwrap();
        silent.write_all(&[0x16, 0x03, 0x01, 0x02, 0x00]).await.unwrap();
        ends(&mut silent).await;
    };
    let first_byte = async {
        let link = Link::connect(address, &tls, LinkOptions::default()).await.unwrap();
        is_dropped(&link).await;
    };
    let half_a_frame = async {
        let link = connect(address, &tls).await.unwrap();
        link.send_unframed(&[0, 100, b'0']).await.unwrap();
        is_dropped(&link).await;
    };
    let half_a_header = async {
        let link = connect(address, &tls).await.unwrap();
        link.send_unframed(&[0]).await.unwrap();
        is_dropped(&link).await;
    };
    let idle = async {
        let link = connect(address, &tls).await.unwrap();
        assert!(link.ask(purchase(&card(1), 1), PATIENCE).await.unwrap().is_taken());
        is_dropped(&link).await;
    };
    let (silent, said_half) = (futures_util::future::join(handshake, first_byte), idle);
    let halves = futures_util::future::join3(half_a_handshake, half_a_frame, half_a_header);
    steady.is_served("nothing yet").await;
    futures_util::future::join3(silent, said_half, halves).await;
    for (reason, before) in reasons.iter().zip(before) {
        eventually(&format!("{reason} is counted"), async || rejects(reason) > before).await;
    }
    logged(&["TLS handshake took too long"]).await;
    for reason in &reasons[1..] {
        logged(&["link ended", reason]).await;
    }
    steady.is_served("silence").await;
    let link = connect(address, &tls).await.unwrap();
    assert!(link.ask(purchase(&card(1), 2), PATIENCE).await.unwrap().is_taken());
    gateway.drain().await;
    patient.drain().await;
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn more_connections_than_agreed_are_refused_and_those_that_are_there_stay() {
    let world = world().await;
    enroll(&world, &[&card(1), &card(99)]).await;
    let gateway = listen(&world, |gateway| gateway.limits.connections_max = 2).await;
    let (address, tls) = (gateway.address(), world.bank_tls().unwrap());
    let steady = Steady::new(address, &tls).await;
    let second = connect(address, &tls).await.unwrap();
    for _ in 0..3 {
        let before = rejects("connections_max");
        assert!(connect(address, &tls).await.is_err());
        assert!(rejects("connections_max") > before);
        steady.is_served("a connection too many").await;
    }
    logged(&["a connection was refused: connections_max is reached"]).await;
    assert!(second.ask(purchase(&card(1), 1), PATIENCE).await.unwrap().is_taken());
    second.close().await;
    eventually("there is room again", async || connect(address, &tls).await.is_ok()).await;
    steady.is_served("a connection in its place").await;
    gateway.drain().await;
    world.stop().await.unwrap();
}

// --- the database is slow or away -----------------------------------------------------------------------------

/// Holds the account of a card as another transaction would.
struct Held {
    client: tokio_postgres::Client,
}

impl Held {
    async fn hold(world: &World, pan: &str) -> Self {
        let client = store::connect(&world.assembly.database).await.unwrap();
        let account = route(world, pan).await.member.account.0;
        client.batch_execute("BEGIN").await.unwrap();
        let text = "SELECT account_id FROM member_account WHERE account_id = $1 FOR UPDATE";
        assert_eq!(client.query(text, &[&account]).await.unwrap().len(), 1);
        Self { client }
    }

    /// Waits until the gateway waits for the account.
    async fn is_waited_for(&self) {
        let text =
            "SELECT count(*) FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))";
        let waiting = async || self.client.query_one(text, &[]).await.unwrap().get::<_, i64>(0) > 0;
        eventually("the gateway waits for the account", waiting).await;
    }

    async fn release(self) {
        self.client.batch_execute("ROLLBACK").await.unwrap();
    }
}

async fn route(world: &World, pan: &str) -> store::Route {
    let token = world.assembly.card_keys().unwrap().tokens(&Pan::parse(pan).unwrap())[0];
    store::routes(&world.assembly.pool, &[token]).await.unwrap()[0].unwrap()
}

/// Two cards whose messages go through different lanes of two.
async fn cards_of_two_lanes(world: &World) -> (String, String) {
    let cards: Vec<String> = (1..20).map(card).collect();
    enroll(world, &cards.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let first = route(world, &cards[0]).await.bucket.number() % 2;
    for other in &cards[1..] {
        if route(world, other).await.bucket.number() % 2 != first {
            return (cards[0].clone(), other.clone());
        }
    }
    panic!("all cards share a lane");
}

/// The messages with this trace number, and the pending miles that they moved.
async fn booked(world: &World, stan: &str) -> (i64, i64) {
    let client = world.assembly.pool.get().await.unwrap();
    let messages = client.query_one("SELECT count(*) FROM message WHERE stan = $1", &[&stan]).await.unwrap();
    let text = "SELECT coalesce(sum(t.amount), 0)::bigint FROM transfer t JOIN message m USING (bucket, message_key) \
                WHERE m.stan = $1 AND t.phase = 2 AND t.unit_kind = 1";
    (messages.get(0), client.query_one(text, &[&stan]).await.unwrap().get(0))
}

/// Sends the repeat form until the gateway has taken it.
async fn repeat_until_taken(link: &Link, message: Builder) -> Reply {
    let message = repeat_form(message);
    for _ in 0..200 {
        match link.ask(message.clone(), Duration::from_secs(5)).await {
            Ok(reply) if reply.is_taken() => return reply,
            Ok(reply) => assert!(["91", "96"].contains(&reply.code.as_str()), "{reply:?}"),
            Err(error) => assert!(error.is_worth_repeating(), "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it was never taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_deadline_a_request_is_told_96_and_an_advice_nothing_and_both_are_booked_once() {
    let world = world().await;
    let (slow, quick) = cards_of_two_lanes(&world).await;
    // The contract's own deadline: 300 ms.
    let gateway = listen(&world, |gateway| gateway.limits.answer_max = Duration::from_millis(300)).await;
    let link = connect(gateway.address(), &world.bank_tls().unwrap()).await.unwrap();
    // The other card's own first message, so that its route is known.
    repeat_until_taken(&link, purchase(&quick, 1)).await;

    let held = Held::hold(&world, &slow).await;
    let late = || counted("cobrand_iso_messages_total", &[("result", "late")]);
    let before = late();
    let request = purchase(&slow, 2);
    // The account is held until the reply is here, so it was not committed before.
    let reply = link.ask(request.clone(), PATIENCE).await.unwrap();
    assert_eq!((reply.code.as_str(), reply.loyalty.unwrap().reason.as_str()), ("96", "not_in_time"));
    assert!(late() > before);

    let unanswered = || counted("cobrand_iso_messages_total", &[("result", "unanswered_advice")]);
    let before = unanswered();
    let advice = purchase(&slow, 3).set(37, "000000000002").set(39, "00").with_mti(Mti::new("0120"));
    link.send_raw(&encoded(&advice)).await.unwrap();
    eventually("the advice is given up", async || unanswered() > before).await;
    let next = link.next_raw(Duration::from_millis(1)).await;
    assert!(matches!(next, Err(LinkError::NoReply { .. })), "{next:?}");
    // The other lane was not held up.
    repeat_until_taken(&link, purchase(&quick, 4)).await;
    assert_eq!(booked(&world, "000002").await, (0, 0));
    held.release().await;

    let first = repeat_until_taken(&link, request.clone()).await;
    let again = repeat_until_taken(&link, request).await;
    assert_eq!(first.loyalty, again.loyalty);
    assert_eq!(first.loyalty.unwrap().base_miles, 10);
    repeat_until_taken(&link, advice).await;
    assert_eq!(booked(&world, "000002").await, (1, 10));
    assert_eq!(booked(&world, "000003").await.0, 1);
    let ledger = store::ledger_check(&world.assembly.pool).await.unwrap();
    assert_eq!((ledger.balances_off, ledger.counters_off), (0, 0));
    gateway.drain().await;
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn many_messages_are_in_flight_and_replies_come_in_any_order() {
    let world = world().await;
    let (slow, quick) = cards_of_two_lanes(&world).await;
    let gateway = listen(&world, |gateway| gateway.limits.answer_max = PATIENCE).await;
    let link = Arc::new(connect(gateway.address(), &world.bank_tls().unwrap()).await.unwrap());
    // Both routes are known before, so that the order on the wire is the order in the lanes.
    for (pan, number) in [(&slow, 1), (&quick, 2)] {
        assert!(link.ask(purchase(pan, number), PATIENCE).await.unwrap().is_taken());
    }
    let held = Held::hold(&world, &slow).await;
    let first = tokio::spawn({
        let (link, message) = (Arc::clone(&link), purchase(&slow, 3));
        async move { link.ask(message, PATIENCE).await.unwrap() }
    });
    held.is_waited_for().await;
    // Sent later, answered earlier, while the first is still on its way.
    let later = join_all((10..410).map(|number| link.ask(purchase(&quick, number), PATIENCE))).await;
    assert!(!first.is_finished());
    for (reply, number) in later.into_iter().zip(10..) {
        let reply = reply.unwrap();
        assert!(reply.is_taken(), "{reply:?}");
        assert_eq!(reply.field(11), Some(format!("{number:06}").as_str()));
        assert_eq!(reply.field(37), Some(format!("{number:012}").as_str()));
    }
    assert!(!first.is_finished());
    held.release().await;
    let first = first.await.unwrap();
    assert_eq!((first.code.as_str(), first.field(11)), ("00", Some("000003")));
    gateway.drain().await;
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_graceful_drain_answers_what_is_in_flight_and_takes_nobody_new() {
    let world = world().await;
    let (slow, _) = cards_of_two_lanes(&world).await;
    let gateway = listen(&world, |gateway| gateway.limits.answer_max = PATIENCE).await;
    let (address, tls) = (gateway.address(), world.bank_tls().unwrap());
    let link = Arc::new(connect(address, &tls).await.unwrap());
    assert!(link.ask(purchase(&slow, 1), PATIENCE).await.unwrap().is_taken());
    let held = Held::hold(&world, &slow).await;
    let asked = (10..60).map(|number| {
        let (link, message) = (Arc::clone(&link), purchase(&slow, number));
        tokio::spawn(async move { link.ask(message, PATIENCE).await })
    });
    let asked: Vec<_> = asked.collect();
    held.is_waited_for().await;
    // All of them have arrived: the echo behind them is not answered before the gateway has read it.
    let sent = async || link.counters().messages_sent() >= 52;
    eventually("all messages are sent", sent).await;
    let code = Builder::new(Mti::new("0800")).set(7, "1010090000").set(11, "000077").set(70, "201");
    assert!(link.ask(code, PATIENCE).await.unwrap().is_taken());

    let draining = tokio::spawn(gateway.drain());
    eventually("nobody new is taken", async || connect(address, &tls).await.is_err()).await;
    assert!(!draining.is_finished());
    held.release().await;
    for reply in join_all(asked).await {
        assert!(reply.unwrap().unwrap().is_taken());
    }
    draining.await.unwrap();
    is_dropped(&link).await;
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_to_the_database_that_break_in_mid_traffic_lose_nothing() {
    log_file();
    let day = BankDay::seeded(11, jiff::civil::date(2026, 10, 10), 150).unwrap();
    let world = World::start(WorldOptions { log_to_file: false, ..WorldOptions::default() }).await.unwrap();
    world.enroll(&day).await.unwrap();
    let bank = world.bank().unwrap();
    let admin = store::connect(&world.assembly.database).await.unwrap();
    let (answered, total) = (AtomicUsize::new(0), day.day().message_count());
    let breaking = async {
        let mut broken = 0;
        for round in 1..=5 {
            let due = async || answered.load(Ordering::Relaxed) >= total * round / 6;
            eventually("the day goes on", due).await;
            let text = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                        WHERE datname = 'cobrand' AND pid <> pg_backend_pid()";
            broken += admin.query_one(text, &[]).await.unwrap().get::<_, i64>(0);
        }
        broken
    };
    let retries = || counted("cobrand_batch_retries_total", &[]);
    let before = retries();
    let note = |progress: Progress| answered.store(progress.answered, Ordering::Relaxed);
    let (broken, transcript) = futures_util::future::join(breaking, replay(&bank, day.day(), 16, note)).await;
    bank.stop().await;
    assert!(broken >= 10, "{broken} connections were broken");
    assert!(transcript.is_complete(), "{} of {}", transcript.replied(), transcript.sent());
    // A batch that met it ran again, or its connection was opened again before the next one.
    assert!(retries() >= before);
    let program = world.assembly.program("boreal-gold").unwrap();
    let out = &world.assembly.config.settlement.out;
    let closed =
        settlement::close_day(&world.assembly.pool, &program.setup, day.business_date(), out).await.unwrap();
    let checks = Checks::run(&world, &day, &transcript, &closed, &[]).await.unwrap();
    assert!(checks.ledger_balanced && checks.totals_tie && checks.replies_complete, "{:?}", checks.problems);
    world.stop().await.unwrap();
}
