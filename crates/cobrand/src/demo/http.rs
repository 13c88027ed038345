//! Just enough of HTTP/1.1 to read our own pages on loopback.

use std::net::SocketAddr;

use anyhow::{Context, bail};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// The largest answer that is read.
const ANSWER_MAX: u64 = 8 * 1024 * 1024;

/// GET; returns the head and the whole answer.
pub(crate) async fn get(
    address: SocketAddr,
    path: &str,
    cookie: Option<&str>,
) -> anyhow::Result<(String, Vec<u8>)> {
    let mut stream = TcpStream::connect(address).await.with_context(|| format!("cannot reach {address}"))?;
    let cookie = cookie.map(|cookie| format!("Cookie: {cookie}\r\n")).unwrap_or_default();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n{cookie}Connection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(ANSWER_MAX).read_to_end(&mut answer).await?;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").context("the answer has no head")?;
    let head = String::from_utf8_lossy(answer.get(..end).unwrap_or_default()).into_owned();
    Ok((head, answer))
}

/// Signs in with the demo's link and reads pages; fails if one is not found.
pub(crate) async fn browse(
    address: SocketAddr,
    token: &str,
    paths: &[&str],
) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let (head, _) = get(address, &format!("/demo-sign-in?t={token}"), None).await?;
    let cookie = head
        .lines()
        .find_map(|line| line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie")))
        .and_then(|(_, value)| value.trim().split(';').next().map(str::to_owned))
        .context("the demo's sign-in gave no session")?;
    let mut pages = Vec::new();
    for path in paths {
        let (head, answer) = get(address, path, Some(&cookie)).await?;
        let status = head.lines().next().unwrap_or_default();
        if !status.contains(" 200 ") {
            bail!("the page {path} answers {status}");
        }
        pages.push(((*path).to_owned(), answer));
    }
    Ok(pages)
}
