//! HTTP servers on loopback that stand in for the API, and for a proxy. They answer as they are told and remember every
//! byte that they were sent.

#![allow(dead_code, reason = "each user of this file needs a part of it")]

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Instant;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// The body by which the API tells that it takes a key.
pub const LIST: &str = r#"{"object":"list","data":[],"has_more":false,"request_id":"req_list"}"#;

/// A request as it came.
#[derive(Clone)]
pub struct Request {
    /// Everything up to the empty line.
    pub head: String,
    /// When it was there.
    pub at: Instant,
}

impl Request {
    /// Method and path.
    pub fn line(&self) -> &str {
        self.head.lines().next().unwrap_or_default().strip_suffix(" HTTP/1.1").expect("HTTP/1.1")
    }

    /// The values of a header, by its name in lower case.
    pub fn values(&self, name: &str) -> Vec<&str> {
        let headers = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        headers.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).collect()
    }

    /// The key id in it, where there is a key.
    pub fn key_id(&self) -> Option<&str> {
        let at = self.head.find("hopx_")? + 10;
        self.head.get(at..at + 12)
    }
}

/// What a server does about a request.
#[derive(Clone)]
pub enum Reply {
    /// Sends these bytes and closes.
    Bytes(Vec<u8>),
    /// Sends these bytes and then nothing, until the other side has gone.
    Stalled(Vec<u8>),
    /// Sends these bytes, and the last ones over and over, until the other side has gone.
    Endless(Vec<u8>, Vec<u8>),
}

impl Reply {
    /// A whole answer.
    pub fn new(status: u16, headers: &[&str], body: &str) -> Reply {
        let headers: String = headers.iter().flat_map(|header| [*header, "\r\n"]).collect();
        let length = body.len();
        Reply::Bytes(
            format!("HTTP/1.1 {status} Some Reason\r\n{headers}Content-Length: {length}\r\n\r\n{body}").into_bytes(),
        )
    }

    /// A whole answer in JSON.
    pub fn json(status: u16, body: &str) -> Reply {
        Reply::new(status, &["Content-Type: application/json"], body)
    }

    /// The list that says that a key is live.
    pub fn live() -> Reply {
        Reply::json(200, LIST)
    }

    /// The error that says that a key is not.
    pub fn rejected() -> Reply {
        Reply::json(401, r#"{"error":"no","code":"AUTHENTICATION_REQUIRED","request_id":"req_no"}"#)
    }
}

type Script = dyn Fn(&Request, usize) -> Reply + Send + Sync;

/// A server. It ends with the test.
pub struct Api {
    /// Where it listens.
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Api {
    /// A server that gives the reply of `script` for a request and its number, counted from 0.
    pub fn new(script: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static) -> Api {
        Api::with(script, None)
    }

    /// The same over TLS.
    pub fn tls(tls: Arc<ServerConfig>, script: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static) -> Api {
        Api::with(script, Some(tls))
    }

    /// A server that always gives the same reply.
    pub fn saying(reply: Reply) -> Api {
        Api::new(move |_, _| reply.clone())
    }

    fn with(script: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static, tls: Option<Arc<ServerConfig>>) -> Api {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (script, requests): (Arc<Script>, _) = (Arc::new(script), Arc::clone(&seen));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, script) = (stream.expect("a connection"), Arc::clone(&script));
                let (requests, tls) = (Arc::clone(&requests), tls.clone());
                // What the other side breaks off is no fault of the server.
                thread::spawn(move || serve_stream(stream, tls, &*script, &requests));
            }
        });
        Api { address, seen }
    }

    /// Its address as the program is given it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests so far, in the order in which they came.
    pub fn seen(&self) -> Vec<Request> {
        self.seen.lock().expect("no panic").clone()
    }

    /// The requests for the list of sandboxes.
    pub fn asked(&self) -> Vec<Request> {
        self.seen().into_iter().filter(|request| request.line() != "GET /health").collect()
    }
}

fn serve_stream(
    stream: TcpStream,
    tls: Option<Arc<ServerConfig>>,
    script: &Script,
    seen: &Mutex<Vec<Request>>,
) -> io::Result<()> {
    let Some(tls) = tls else {
        let mut stream = stream;
        serve(&mut stream, script, seen)?;
        return stream.shutdown(Shutdown::Write);
    };
    let connection = ServerConnection::new(tls).expect("a configuration for a server");
    let mut stream = StreamOwned::new(connection, stream);
    serve(&mut stream, script, seen)?;
    stream.conn.send_close_notify();
    stream.flush()
}

fn serve(stream: &mut (impl Read + Write), script: &Script, seen: &Mutex<Vec<Request>>) -> io::Result<()> {
    let Some(head) = read_head(stream)? else { return Ok(()) };
    let request = Request { head, at: Instant::now() };
    let number = {
        let mut seen = seen.lock().expect("no panic");
        seen.push(request.clone());
        seen.len() - 1
    };
    match script(&request, number) {
        Reply::Bytes(bytes) => stream.write_all(&bytes)?,
        Reply::Stalled(bytes) => {
            stream.write_all(&bytes)?;
            stream.flush()?;
            // Until the other side has gone.
            io::copy(stream, &mut io::sink())?;
        }
        Reply::Endless(bytes, more) => {
            stream.write_all(&bytes)?;
            loop {
                stream.write_all(&more)?;
            }
        }
    }
    stream.flush()
}

/// The bytes up to the empty line, with it; nothing when the connection ends before.
fn read_head(stream: &mut impl Read) -> io::Result<Option<String>> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte)? == 0 {
            return Ok(None);
        }
        head.push(byte[0]);
    }
    Ok(Some(String::from_utf8(head).expect("a head in ASCII")))
}

/// Lets those that arrive go on once there are enough of them.
#[derive(Default)]
pub struct Gate {
    arrived: Mutex<usize>,
    more: Condvar,
}

impl Gate {
    /// Waits until `enough` have arrived, this one too.
    pub fn pass(&self, enough: usize) {
        let mut arrived = self.arrived.lock().expect("no panic");
        *arrived += 1;
        self.more.notify_all();
        while *arrived < enough {
            arrived = self.more.wait(arrived).expect("no panic");
        }
    }
}

/// A certificate authority that nobody knows but who is told.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its certificate in PEM.
    pub pem: String,
}

impl Authority {
    /// A new one.
    pub fn new() -> Authority {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "hopx-leaks tests");
        let key = KeyPair::generate().expect("a key pair");
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Authority { issuer: Issuer::new(params, key), pem }
    }

    /// What a server needs to be trusted under these names.
    pub fn server(&self, names: &[&str]) -> Arc<ServerConfig> {
        let key = KeyPair::generate().expect("a key pair");
        let certificate = certificate(names).signed_by(&key, &self.issuer).expect("a certificate");
        server(certificate.der().clone(), &key)
    }
}

/// A server whose certificate vouches for itself.
pub fn self_signed(names: &[&str]) -> Arc<ServerConfig> {
    let key = KeyPair::generate().expect("a key pair");
    let certificate = certificate(names).self_signed(&key).expect("a certificate");
    server(certificate.der().clone(), &key)
}

fn certificate(names: &[&str]) -> CertificateParams {
    CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).expect("names")
}

fn server(certificate: CertificateDer<'static>, key: &KeyPair) -> Arc<ServerConfig> {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("a certificate and its key");
    Arc::new(config)
}

/// A proxy that leads every CONNECT to one place, and remembers what passed through it.
pub struct Proxy {
    /// Where it listens.
    pub address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
    passed: Arc<Mutex<Vec<u8>>>,
}

impl Proxy {
    /// A proxy that gives `answer` to a CONNECT, and leads to `target` if that says 200.
    pub fn new(target: SocketAddr, answer: &'static str) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let (heads, passed) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
        let (all_heads, all_passed) = (Arc::clone(&heads), Arc::clone(&passed));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                let (heads, passed) = (Arc::clone(&all_heads), Arc::clone(&all_passed));
                thread::spawn(move || -> io::Result<()> {
                    let Some(head) = read_head(&mut stream)? else { return Ok(()) };
                    heads.lock().expect("no panic").push(head);
                    stream.write_all(answer.as_bytes())?;
                    if answer.starts_with("HTTP/1.1 200") {
                        lead(stream, target, &passed)?;
                    }
                    Ok(())
                });
            }
        });
        Proxy { address, heads, passed }
    }

    /// Its address as a variable has it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The heads of the requests.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().expect("no panic").clone()
    }

    /// All bytes that passed through it towards the target.
    pub fn passed(&self) -> Vec<u8> {
        self.passed.lock().expect("no panic").clone()
    }
}

/// Copies both ways until both ends have said all.
fn lead(mut near: TcpStream, target: SocketAddr, passed: &Mutex<Vec<u8>>) -> io::Result<()> {
    let mut far = TcpStream::connect(target)?;
    let (mut from_far, mut to_near) = (far.try_clone()?, near.try_clone()?);
    thread::spawn(move || {
        // Either end may go first.
        let _ = io::copy(&mut from_far, &mut to_near);
        let _ = to_near.shutdown(Shutdown::Write);
    });
    let mut buffer = [0; 4096];
    loop {
        let count = near.read(&mut buffer)?;
        if count == 0 {
            return far.shutdown(Shutdown::Write);
        }
        passed.lock().expect("no panic").extend_from_slice(&buffer[..count]);
        far.write_all(&buffer[..count])?;
    }
}
