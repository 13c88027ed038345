//! What stands before a server and lets nobody through, or lets everybody through and nothing back.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
};

use jiff::Timestamp;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy, copy_bidirectional, sink},
    net::{TcpSocket, TcpStream},
    sync::watch,
};

/// How long a busy server asks its callers to stay away.
pub(crate) const RETRY_AFTER_SECONDS: i64 = 2;
const BUSY: &[u8] = b"HTTP/1.1 503 Busy\r\nRetry-After: 2\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const WAITING_MAX: u32 = 64;

/// How the server behind a door looks from before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    /// As it is.
    Well,
    /// It answers 503 with `Retry-After`.
    Refuses,
    /// It takes everything, and its answer never comes.
    Hangs,
    /// Nobody listens on its port.
    Gone,
}

/// A port of its own before the port of a server.
pub(crate) struct Door {
    pub(crate) port: u16,
    mood: watch::Sender<Mood>,
    in_force: watch::Receiver<Mood>,
    met: Arc<Mutex<Vec<(Mood, Timestamp)>>>,
}

impl Door {
    pub(crate) fn before(server: u16) -> Self {
        let first = socket(0);
        let port = first.local_addr().unwrap().port();
        let (mood, of_task) = watch::channel(Mood::Well);
        let (told, in_force) = watch::channel(Mood::Gone);
        let met = Arc::default();
        let task = Task { port, server, mood: of_task, told, met: Arc::clone(&met) };
        tokio::spawn(task.stand(first));
        Self { port, mood, in_force, met }
    }

    /// From when this returns on. Connections of the mood before are cut.
    pub(crate) async fn is(&self, mood: Mood) {
        self.mood.send(mood).unwrap();
        self.in_force.clone().wait_for(|now| *now == mood).await.unwrap();
    }

    /// When callers were met in this mood: the moment in which their call was refused, or begun.
    pub(crate) fn met(&self, mood: Mood) -> Vec<Timestamp> {
        let met = self.met.lock().unwrap();
        met.iter().filter(|(of, _)| *of == mood).map(|(_, at)| *at).collect()
    }
}

struct Task {
    port: u16,
    server: u16,
    mood: watch::Receiver<Mood>,
    told: watch::Sender<Mood>,
    met: Arc<Mutex<Vec<(Mood, Timestamp)>>>,
}

impl Task {
    async fn stand(mut self, first: TcpSocket) {
        let mut held = Some(first);
        loop {
            let mood = *self.mood.borrow_and_update();
            // A port that is held and not listened on refuses connections, and is nobody else's meanwhile.
            let socket = held.take().unwrap_or_else(|| socket(self.port));
            if mood == Mood::Gone {
                held = Some(socket);
                self.told.send_replace(mood);
                if self.mood.changed().await.is_err() {
                    return;
                }
                continue;
            }
            let listener = socket.listen(WAITING_MAX).unwrap();
            self.told.send_replace(mood);
            loop {
                tokio::select! {
                    changed = self.mood.changed() => match changed {
                        Ok(()) => break,
                        Err(_) => return,
                    },
                    caller = listener.accept() => {
                        let (server, mut until) = (self.server, self.mood.clone());
                        let (caller, met) = (caller.unwrap().0, Arc::clone(&self.met));
                        tokio::spawn(async move {
                            tokio::select! {
                                () = serve(caller, server, mood, &met) => {}
                                _ = until.changed() => {}
                            }
                        });
                    }
                }
            }
        }
    }
}

fn socket(port: u16) -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).unwrap();
    socket
}

async fn serve(mut caller: TcpStream, server: u16, mood: Mood, met: &Mutex<Vec<(Mood, Timestamp)>>) {
    let note = || met.lock().unwrap().push((mood, Timestamp::now()));
    match mood {
        Mood::Well => {
            note();
            let mut behind = TcpStream::connect((Ipv4Addr::LOCALHOST, server)).await.unwrap();
            let _ = copy_bidirectional(&mut caller, &mut behind).await;
        }
        Mood::Refuses => {
            let (mut head, mut byte) = (Vec::new(), [0]);
            while !head.ends_with(b"\r\n\r\n") {
                match caller.read(&mut byte).await {
                    Ok(1..) => head.push(byte[0]),
                    _ => return,
                }
            }
            note();
            if caller.write_all(BUSY).await.is_ok() {
                // What still comes is taken, or the answer might be lost with it.
                let _ = copy(&mut caller, &mut sink()).await;
            }
        }
        Mood::Hangs => {
            let behind = TcpStream::connect((Ipv4Addr::LOCALHOST, server)).await.unwrap();
            let (_answer, mut to_server) = behind.into_split();
            note();
            let _ = copy(&mut caller, &mut to_server).await;
        }
        Mood::Gone => {}
    }
}
