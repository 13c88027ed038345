//! The console over TLS, as a process: its pages give cookies for TLS only, its API answers programs with a token, and
//! nothing of it is offered in the clear to other machines.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support_link;

use std::process::{Child, Command, Stdio};

use cobrand::{
    certs::GATEWAY_NAME,
    demo::{World, WorldOptions},
};
use serde_json::{Value, json};
use support_link::{binary, cobrand, eventually, free_port, said};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const PASSWORD: &str = "correct horse battery";

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|_| panic!("{} {:?} is not JSON", self.status, self.body))
    }
}

/// One request on a connection of its own, checked against the world's authority.
async fn ask(world: &World, port: u16, request: &str, more: &str, body: &str) -> std::io::Result<Answer> {
    let tls = world.bank_tls().unwrap();
    let mut stream = tls.connect_over(TcpStream::connect(("127.0.0.1", port)).await?).await?;
    let text = format!(
        "{request} HTTP/1.1\r\nHost: {GATEWAY_NAME}\r\nConnection: close\r\n{more}Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(text.as_bytes()).await?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").ok_or(std::io::ErrorKind::UnexpectedEof)?;
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Ok(Answer { status, head: head.to_ascii_lowercase(), body: body.to_owned() })
}

/// Changes what `[console]` of the world's configuration says.
fn configure(world: &World, console: &str) {
    let path = world.dir.join("cobrand.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once("[console]\n").unwrap();
    let (_, after) = rest.split_once("\n[admin]").unwrap();
    std::fs::write(path, format!("{before}[console]\n{console}\n[admin]{after}")).unwrap();
}

fn console(world: &World) -> Child {
    let mut command = Command::new(binary());
    command.args(["console", "--config", "cobrand.toml"]).current_dir(&world.dir).env_remove("RUST_LOG");
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn add(world: &World, name: &str, role: &str) {
    let mut command = Command::new(binary());
    command.args(["user", "add", "--config", "cobrand.toml", name, "--role", role]).current_dir(&world.dir);
    let mut adding = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    std::io::Write::write_all(&mut adding.stdin.take().unwrap(), format!("{PASSWORD}\n").as_bytes()).unwrap();
    assert!(adding.wait().unwrap().success());
}

fn token(world: &World, name: &str, more: &[&str]) -> String {
    let arguments =
        ["user", "token", "--config", "cobrand.toml", name].into_iter().chain(more.iter().copied());
    let made = cobrand(&world.dir, &arguments.collect::<Vec<_>>());
    assert!(made.status.success(), "{}", said(&made));
    String::from_utf8(made.stdout).unwrap().trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_of_staff_work_over_tls_and_cookies_are_for_tls_only() {
    let world =
        World::start(WorldOptions { log_to_file: false, changes: "approval", ..WorldOptions::default() })
            .await
            .unwrap();
    let (certificate, key) = {
        let gateway = &world.assembly.config.gateway;
        (gateway.certificate.display().to_string(), gateway.key.display().to_string())
    };
    configure(&world, "listen = \"192.0.2.1:8443\"\n");
    let refused = cobrand(&world.dir, &["check", "--config", "cobrand.toml"]);
    assert!(!refused.status.success());
    assert!(said(&refused).contains("in the clear"), "{}", said(&refused));

    // What the console would refuse, `check` does not pass.
    let loopback = format!("listen = \"127.0.0.1:{}\"\n", free_port());
    std::fs::write(world.dir.join("short.key"), "07".repeat(31)).unwrap();
    for (more, problem) in [
        ("second_factor_required = true\n", "is required by console.second_factor_required"),
        ("second_factor_key = \"short.key\"\n", "expected a file with 64 hexadecimal digits"),
        ("second_factor_key = \"nowhere.key\"\n", "nowhere.key"),
    ] {
        configure(&world, &format!("{loopback}{more}"));
        let refused = cobrand(&world.dir, &["check", "--config", "cobrand.toml"]);
        assert_eq!(refused.status.code(), Some(78), "{more}: {}", said(&refused));
        assert!(said(&refused).contains(problem), "{more}: {}", said(&refused));
    }
    configure(&world, &loopback);
    let nobody = cobrand(&world.dir, &["user", "token", "--config", "cobrand.toml", "nobody", "--revoke"]);
    assert_eq!(nobody.status.code(), Some(1), "{}", said(&nobody));
    assert!(said(&nobody).contains("there is no user nobody"), "{}", said(&nobody));

    let port = free_port();
    configure(
        &world,
        &format!("listen = \"127.0.0.1:{port}\"\ncertificate = {certificate:?}\nkey = {key:?}\n"),
    );
    add(&world, "mia", "program_manager");
    add(&world, "bob", "approver");
    let mut console = console(&world);
    eventually("the console answers", async || {
        ask(&world, port, "GET /sign-in", "", "").await.is_ok_and(|answer| answer.status == 200)
    })
    .await;
    // The form carries what its cookie holds.
    let form = ask(&world, port, "GET /sign-in", "", "").await.unwrap().body;
    let (_, csrf) = form.split_once("name=\"csrf\" value=\"").unwrap();
    let csrf = csrf.split('"').next().unwrap();
    let head =
        format!("Content-Type: application/x-www-form-urlencoded\r\nCookie: __Host-cobrand_form={csrf}\r\n");
    let fields = format!("csrf={csrf}&name=mia&password={}", PASSWORD.replace(' ', "+"));
    let signed_in = ask(&world, port, "POST /sign-in", &head, &fields).await.unwrap();
    assert_eq!(signed_in.status, 303, "{}", signed_in.body);
    let cookie = signed_in.head.lines().find(|line| line.contains("cobrand_session=")).unwrap();
    assert!(signed_in.head.contains("strict-transport-security: max-age=31536000"), "{}", signed_in.head);
    for part in ["__host-", "; secure", "; httponly", "; samesite=strict"] {
        assert!(cookie.contains(part), "{part} is not in {cookie}");
    }

    let nobody = ask(&world, port, "GET /api/v1/programs", "", "").await.unwrap();
    assert_eq!((nobody.status, nobody.json()["type"].as_str()), (401, Some("not_signed_in")));
    let mia = token(&world, "mia", &["--name", "nightly", "--may", "propose"]);
    let bob = token(&world, "bob", &["--may", "decide"]);
    let too_long = ["user", "token", "--config", "cobrand.toml", "bob", "--may", "decide", "--days", "2"];
    assert_eq!(cobrand(&world.dir, &too_long).status.code(), Some(1));
    let bearer = |token: &str| format!("Authorization: Bearer {token}\r\n");
    let programs = ask(&world, port, "GET /api/v1/programs", &bearer(&mia), "").await.unwrap();
    assert_eq!((programs.status, programs.json()["programs"].is_array()), (200, true), "{}", programs.body);
    assert!(programs.head.contains("ratelimit-remaining: "), "{}", programs.head);

    // Two people, two programs, one break of the rules.
    let change = |token: &str, key: &str| {
        format!("{}Content-Type: application/json\r\nIdempotency-Key: {key}\r\n", bearer(token))
    };
    let text = std::fs::read_to_string(world.dir.join("programs/boreal-gold.toml")).unwrap();
    let body =
        json!({ "text": text, "comment": "the same again", "wanted": "now", "backtest": null }).to_string();
    let propose = "POST /api/v1/programs/boreal-gold/proposals";
    let told = ask(&world, port, propose, &change(&mia, "k"), &body).await.unwrap();
    assert_eq!(told.status, 201, "{}", told.body);
    let again = ask(&world, port, propose, &change(&mia, "k"), &body).await.unwrap();
    assert_eq!((again.status, &again.body), (201, &told.body));
    let refused = ask(&world, port, propose, &change(&bob, "k"), &body).await.unwrap();
    assert_eq!((refused.status, refused.json()["type"].as_str()), (403, Some("not_allowed")));

    console.kill().unwrap();
    console.wait().unwrap();
    world.stop().await.unwrap();
}
