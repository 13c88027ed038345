//! The load: a closed loop over mutual TLS that checks every answer.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use bank_simulator::{ClientTls, test_pan};
use iso8583::{Builder, Mti, dialects, framing};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::demo::World;

/// The range of the made-up cards.
const BIN: &str = "220099";

/// How much is sent, and how.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    pub(super) links: usize,
    pub(super) in_flight: usize,
    pub(super) duration: Duration,
    pub(super) first_number: u64,
}

/// What was sent and answered with 00.
#[derive(Debug, Clone, Copy)]
pub(super) struct Done {
    pub(super) sent: u64,
    elapsed: Duration,
}

impl Done {
    pub(super) fn per_s(&self) -> f64 {
        f64::from(u32::try_from(self.sent).unwrap_or(u32::MAX)) / self.elapsed.as_secs_f64()
    }
}

/// Makes and enrolls cards, set-wise.
pub(super) async fn enroll(world: &World, number: u64) -> anyhow::Result<Arc<Vec<String>>> {
    let keys = world.assembly.card_keys()?;
    let link = world.assembly.link("northbank")?;
    let program = world.assembly.programs.first().context("no program")?.file.program.id;
    let mut csv = zeroize::Zeroizing::new("pan,program,member_number,enrolled_on\n".to_owned());
    let mut cards = Vec::new();
    for index in 0..number {
        let pan = test_pan(BIN, index)?;
        csv.push_str(pan.expose());
        csv.push_str(",boreal-gold,,2026-01-01\n");
        cards.push(pan.expose().to_owned());
    }
    let programs = [("boreal-gold".to_owned(), program)].into();
    gateway::import_enrollment(csv.as_bytes(), link, &programs, &keys, &world.assembly.pool).await?;
    Ok(Arc::new(cards))
}

/// Runs the load and returns what was answered; an answer other than 00 is an error.
pub(super) async fn run_load(
    address: SocketAddr,
    tls: &ClientTls,
    cards: &Arc<Vec<String>>,
    load: Load,
) -> anyhow::Result<Done> {
    let began = Instant::now();
    let mut links = Vec::new();
    for link in 0..load.links {
        let (tls, cards) = (tls.clone(), Arc::clone(cards));
        // Each link numbers its own messages: link, link + links, ...
        let first = load.first_number + u64::try_from(link).unwrap_or(0);
        links.push(tokio::spawn(async move {
            run_link(address, &tls, &cards, load, first, began + load.duration).await
        }));
    }
    let mut sent = 0;
    for link in links {
        sent += link.await??;
    }
    Ok(Done { sent, elapsed: began.elapsed() })
}

async fn run_link(
    address: SocketAddr,
    tls: &ClientTls,
    cards: &[String],
    load: Load,
    first: u64,
    until: Instant,
) -> anyhow::Result<u64> {
    let socket = TcpStream::connect(address).await?;
    socket.set_nodelay(true)?;
    let mut stream = tls.connect_over(socket).await?;
    let mut out = Vec::new();
    let sign_on = Builder::new(Mti::new("0800")).set(7, "1010090000").set(11, "000001").set(70, "001");
    push(&mut out, &sign_on)?;
    stream.write_all(&out).await?;
    let mut answers = Answers::default();
    answers.read(&mut stream).await?;
    let step = u64::try_from(load.links).unwrap_or(1);
    let (mut number, mut sent, mut answered) = (first, 0_u64, 0_u64);
    let mut missing = load.in_flight;
    loop {
        out.clear();
        if Instant::now() < until {
            for _ in 0..missing {
                push(&mut out, &message(number, cards)?)?;
                number += step;
                sent += 1;
            }
            stream.write_all(&out).await?;
        } else if answered == sent {
            return Ok(sent);
        }
        missing = answers.read(&mut stream).await?;
        answered += u64::try_from(missing).unwrap_or(0);
    }
}

fn push(out: &mut Vec<u8>, message: &Builder) -> anyhow::Result<()> {
    framing::write_frame(out, &message.encode(dialects::iso87_ascii())?)?;
    Ok(())
}

/// Authorization and clearing of one purchase in turn, the purchases spread over the cards.
fn message(number: u64, cards: &[String]) -> anyhow::Result<Builder> {
    // Numbers of one link are `links` apart, so a purchase is a number without its lowest bit above that.
    let (purchase, clearing) = (number / 16 * 8 + number % 8, number / 8 % 2 == 1);
    let index = usize::try_from(purchase)? % cards.len();
    let card = cards.get(index).context("no card")?;
    let second = number / 1_000_000 % 60;
    let builder = Builder::new(if clearing { Mti::new("0220") } else { Mti::new("0100") })
        .set(2, card.as_str())
        .set(3, "000000")
        .set(4, format!("{:012}", 10_000 + purchase % 90_000))
        .set(7, format!("10100900{second:02}"))
        .set(11, format!("{:06}", number % 1_000_000))
        .set(12, "120000")
        .set(13, "1010")
        .set(18, "5411")
        .set(25, "00")
        .set(32, "400001")
        .set(37, format!("{purchase:012}"))
        .set(41, "GROCER01")
        .set(42, "GROCER000000001")
        .set(49, "643");
    Ok(if clearing { builder.set(38, "123456").set(39, "00") } else { builder })
}

/// Answers as they come: every one must say 00.
#[derive(Default)]
struct Answers {
    buffer: Vec<u8>,
}

impl Answers {
    /// Waits for at least one whole answer; returns how many came.
    async fn read<S: tokio::io::AsyncRead + Unpin>(&mut self, stream: &mut S) -> anyhow::Result<usize> {
        loop {
            let (mut count, mut consumed) = (0, 0);
            while let Some(range) =
                framing::next_frame(self.buffer.get(consumed..).unwrap_or_default(), 4096)?
            {
                let end = range.end;
                let frame = self.buffer.get(consumed + range.start..consumed + end).unwrap_or_default();
                let reply = dialects::iso87_ascii().decode(frame)?;
                ensure!(reply.text(39).as_deref() == Some("00"), "an answer is not 00: {}", reply.describe());
                consumed += end;
                count += 1;
            }
            self.buffer.drain(..consumed);
            if count > 0 {
                return Ok(count);
            }
            ensure!(stream.read_buf(&mut self.buffer).await? > 0, "the gateway closed a link of the load");
        }
    }
}
