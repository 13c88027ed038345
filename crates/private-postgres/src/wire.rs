//! Just enough of PostgreSQL's protocol to ask "are you there?" and to run one statement.
//!
//! Written by hand so that the crate needs neither a driver nor the client programs, which a server
//! unpacked from packages may lack.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// How long one answer may take; CREATE DATABASE copies files and is the slowest thing asked.
const ANSWER_MAX: Duration = Duration::from_secs(60);
/// Nothing we ask for is answered by more than this.
const MESSAGE_BYTES_MAX: usize = 1 << 20;
const PROTOCOL_3_0: u32 = 196_608;

/// Why a statement was not run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WireError {
    /// The server is starting, stopping or not there: asking again may help.
    #[error("{0}")]
    NotYet(String),
    /// The server understood and refused.
    #[error("{message} (SQLSTATE {code})")]
    Refused { code: String, message: String },
    /// What arrived is not PostgreSQL's protocol.
    #[error("the server's answer was not understood: {0}")]
    Protocol(String),
}

impl From<io::Error> for WireError {
    fn from(error: io::Error) -> Self {
        Self::NotYet(error.to_string())
    }
}

/// Signs in and runs one statement (an empty one asks whether the server accepts sessions).
pub(crate) fn execute(socket: &Path, user: &str, database: &str, sql: &str) -> Result<(), WireError> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(ANSWER_MAX))?;
    stream.set_write_timeout(Some(ANSWER_MAX))?;

    stream.write_all(&startup(user, database)?)?;
    until_ready(&mut stream)?;
    stream.write_all(&tagged(b'Q', &[sql.as_bytes(), b"\0"].concat())?)?;
    until_ready(&mut stream)?;
    // The server cleans up either way; a lost goodbye is no error.
    let _ = stream.write_all(&tagged(b'X', b"")?);
    Ok(())
}

fn startup(user: &str, database: &str) -> Result<Vec<u8>, WireError> {
    let mut body = PROTOCOL_3_0.to_be_bytes().to_vec();
    for word in ["user", user, "database", database, "application_name", "private-postgres", ""] {
        body.extend_from_slice(word.as_bytes());
        body.push(0);
    }
    with_length(&body)
}

fn tagged(tag: u8, body: &[u8]) -> Result<Vec<u8>, WireError> {
    Ok([&[tag], with_length(body)?.as_slice()].concat())
}

/// The length counts its own four bytes.
fn with_length(body: &[u8]) -> Result<Vec<u8>, WireError> {
    let length =
        u32::try_from(body.len() + 4).map_err(|_| WireError::Protocol("statement too long".into()))?;
    Ok([&length.to_be_bytes(), body].concat())
}

/// Reads up to ReadyForQuery. An error on the way is returned once the server is ready again, or at once
/// if it hangs up after it, as it does when it refuses a session.
fn until_ready(stream: &mut UnixStream) -> Result<(), WireError> {
    let mut refused = None;
    loop {
        let (tag, body) = match message(stream) {
            Ok(read) => read,
            Err(error) => return Err(refused.unwrap_or(error)),
        };
        match tag {
            b'Z' => return refused.map_or(Ok(()), Err),
            b'E' => refused = Some(refusal(&body)),
            // AuthenticationOk has the number 0; we offer no password.
            b'R' if body != [0; 4] => {
                return Err(WireError::Protocol("it asks for a password; a private cluster has none".into()));
            }
            _ => {}
        }
    }
}

fn message(stream: &mut UnixStream) -> Result<(u8, Vec<u8>), WireError> {
    let (mut tag, mut length) = ([0; 1], [0; 4]);
    stream.read_exact(&mut tag)?;
    stream.read_exact(&mut length)?;
    let bytes = usize::try_from(u32::from_be_bytes(length))
        .ok()
        .and_then(|length| length.checked_sub(4))
        .filter(|bytes| *bytes <= MESSAGE_BYTES_MAX)
        .ok_or_else(|| WireError::Protocol(format!("message length {}", u32::from_be_bytes(length))))?;
    let mut body = vec![0; bytes];
    stream.read_exact(&mut body)?;
    let [tag] = tag;
    Ok((tag, body))
}

/// An ErrorResponse is a list of fields: one letter, text, NUL.
fn refusal(body: &[u8]) -> WireError {
    let field = |letter: u8| {
        body.split(|byte| *byte == 0)
            .find_map(|field| field.split_first().filter(|(first, _)| **first == letter))
            .map(|(_, text)| String::from_utf8_lossy(text).into_owned())
            .unwrap_or_default()
    };
    let (code, message) = (field(b'C'), field(b'M'));
    // 57P01..57P03: shutting down, crashed, starting up. 53300: all connections taken.
    if code.starts_with("57P0") || code == "53300" {
        return WireError::NotYet(message);
    }
    WireError::Refused { code, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_count_themselves() {
        assert_eq!(tagged(b'X', b"").unwrap(), b"X\0\0\0\x04");
        let startup = startup("u", "d").unwrap();
        assert_eq!(startup.first_chunk(), Some(&u32::try_from(startup.len()).unwrap().to_be_bytes()));
        assert!(startup.ends_with(b"private-postgres\0\0"));
    }

    #[test]
    fn a_starting_server_is_not_a_refusal() {
        let starting = refusal(b"SFATAL\0C57P03\0Mthe database system is starting up\0\0");
        assert!(matches!(starting, WireError::NotYet(text) if text.contains("starting up")));
        let refused = refusal(b"SERROR\0C42P04\0Mdatabase \"x\" already exists\0\0");
        assert_eq!(refused.to_string(), "database \"x\" already exists (SQLSTATE 42P04)");
    }

    #[test]
    fn strange_answers_are_refused_and_not_believed() {
        let (mut near, far) = UnixStream::pair().unwrap();
        near.write_all(b"Z\xff\xff\xff\xff").unwrap();
        drop(near);
        let mut far = far;
        assert!(matches!(until_ready(&mut far), Err(WireError::Protocol(_))));
    }
}
