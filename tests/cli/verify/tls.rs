//! TLS and proxies. The server of these tests is trusted by those who are told of its authority (`SSL_CERT_FILE`), and by
//! nobody else.

use super::verdict;
use crate::api::{Api, Authority, Proxy, Reply, self_signed};
use crate::program::{Bench, Run, id};

/// The name that the API has in these tests. No name server knows it (RFC 6761 section 6.4).
const NAME: &str = "api.hopx.invalid";
const TUNNEL: &str = "HTTP/1.1 200 Connection established\r\n\r\n";

fn bench_with_a_key(seed: u64) -> (Bench, String) {
    let mut bench = Bench::new(seed);
    let key = bench.live();
    bench.write("scanned/a.txt", &key);
    (bench, key)
}

/// Asks, with these variables in the environment.
fn verify(bench: &Bench, url: &str, variables: &[(&str, &str)]) -> Run {
    let mut command = bench.command(["-f", "json", "--verify", "--api-url", url, "scanned"]);
    bench.finish(command.envs(variables.iter().copied()).output().expect("the program runs"))
}

#[track_caller]
fn assert_reason(run: &Run, begin: &str) {
    let verdict = verdict(run);
    assert_eq!(verdict["status"], "unknown");
    let reason = verdict["reason"].as_str().expect("a reason");
    assert!(reason.starts_with(begin), "{reason}");
}

#[test]
fn a_server_that_is_trusted() {
    let (bench, _) = bench_with_a_key(1520);
    let authority = Authority::new();
    let file = bench.write("authority.pem", &authority.pem);
    let api = Api::tls(authority.server(&["127.0.0.1", "localhost"]), |_, _| Reply::live());
    for host in ["127.0.0.1", "localhost"] {
        let url = format!("https://{host}:{}", api.address.port());
        let run = verify(&bench, &url, &[("SSL_CERT_FILE", file.to_str().expect("UTF-8"))]);
        assert_eq!(verdict(&run)["status"], "live", "{host}");
    }
    assert_eq!(api.seen().len(), 2);
}

/// Certificates that nobody vouches for: the key is never sent, and the verdict is unknown.
#[test]
fn servers_that_are_not_trusted() {
    let (bench, _) = bench_with_a_key(1521);
    let authority = Authority::new();
    let file = bench.write("authority.pem", &authority.pem);
    let file = file.to_str().expect("UTF-8");
    let nobody = "is from nobody whom this machine trusts (SSL_CERT_FILE names more)";
    for (what, tls, told, words) in [
        ("self-signed", self_signed(&["127.0.0.1"]), "", "is"),
        ("self-signed beside an authority", self_signed(&["127.0.0.1"]), file, "is"),
        ("of an authority that is not known", authority.server(&["127.0.0.1"]), "", nobody),
        ("for another name", authority.server(&["api.example"]), file, "is for another name"),
    ] {
        let api = Api::tls(tls, |_, _| Reply::live());
        let variables = [("SSL_CERT_FILE", told)];
        let variables = if told.is_empty() { &[][..] } else { &variables };
        let run = verify(&bench, &format!("https://{}", api.address), variables);
        assert_reason(&run, &format!("no trusted connection: the server's certificate {words}"));
        assert!(api.seen().is_empty(), "{what}: a request was sent");
    }
}

#[test]
fn a_server_without_tls_where_tls_is_wanted() {
    let (bench, _) = bench_with_a_key(1522);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            // It says what web servers say to a handshake.
            let answer = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
            let _ = std::io::Write::write_all(&mut stream.expect("a connection"), answer);
        }
    });
    let authority = Authority::new();
    let file = bench.write("authority.pem", &authority.pem);
    let run = verify(&bench, &format!("https://{address}"), &[("SSL_CERT_FILE", file.to_str().expect("UTF-8"))]);
    assert_reason(&run, "no trusted connection: what the server says is not TLS");
}

/// A server that was sent a key can write it into the names of its next certificate.
#[test]
fn a_certificate_that_tells_the_key() {
    let (bench, key) = bench_with_a_key(1527);
    let authority = Authority::new();
    let file = bench.write("authority.pem", &authority.pem);
    let name = format!("{}.example", &key[23..].replace('_', "-"));
    let api = Api::tls(authority.server(&[&name]), |_, _| Reply::live());
    let run = verify(&bench, &format!("https://{}", api.address), &[("SSL_CERT_FILE", file.to_str().expect("UTF-8"))]);
    assert_reason(&run, "no trusted connection: the server's certificate is for another name");
    let part = &name[..12];
    assert!(!run.text().contains(part) && !run.stderr.contains(part), "a part of the secret is shown");
}

/// Without anything that the machine trusts nothing is trusted.
#[test]
fn no_certificates_on_this_machine() {
    let (bench, _) = bench_with_a_key(1528);
    let api = Api::tls(self_signed(&["127.0.0.1"]), |_, _| Reply::live());
    let run = verify(&bench, &format!("https://{}", api.address), &[("SSL_CERT_FILE", "/dev/null")]);
    assert_reason(&run, "no trusted connection: ");
    assert!(api.seen().is_empty());
}

/// Nothing of a handshake is logged, though libraries would do it on request.
#[test]
fn no_log_of_a_handshake() {
    let (bench, _) = bench_with_a_key(1529);
    let authority = Authority::new();
    let file = bench.write("authority.pem", &authority.pem);
    let api = Api::tls(authority.server(&["127.0.0.1"]), |_, _| Reply::live());
    let log = bench.join("keys.log");
    let variables = [
        ("SSL_CERT_FILE", file.to_str().expect("UTF-8")),
        ("SSLKEYLOGFILE", log.to_str().expect("UTF-8")),
        ("RUST_LOG", "trace"),
    ];
    let run = verify(&bench, &format!("https://{}", api.address), &variables);
    assert_eq!((verdict(&run)["status"].as_str(), run.stderr.as_str()), (Some("live"), ""));
    assert!(!log.exists());
}

/// The proxy sees the name of the API and nothing of the key.
#[test]
fn a_proxy() {
    let (bench, key) = bench_with_a_key(1523);
    let authority = Authority::new();
    let file = bench.write("authority.pem", &authority.pem);
    let api = Api::tls(authority.server(&[NAME]), |_, _| Reply::live());
    let proxy = Proxy::new(api.address, TUNNEL);
    let with_password = proxy.url().replace("http://", "http://user:pass%20word@");
    for (variable, value, authorization) in [
        ("HTTPS_PROXY", proxy.url(), None),
        ("https_proxy", proxy.url(), None),
        ("ALL_PROXY", with_password, Some("Proxy-Authorization: Basic dXNlcjpwYXNzIHdvcmQ=")),
    ] {
        let variables = [("SSL_CERT_FILE", file.to_str().expect("UTF-8")), (variable, &value)];
        let run = verify(&bench, &format!("https://{NAME}"), &variables);
        assert_eq!(verdict(&run)["status"], "live", "{variable}");
        let heads = proxy.heads();
        let head = heads.last().expect("a request");
        assert!(head.starts_with(&format!("CONNECT {NAME}:443 HTTP/1.1\r\n")), "{head}");
        assert!(authorization.is_none_or(|line| head.contains(line)), "{head}");
        assert!(!head.contains(id(&key)) && !head.contains("hopx_"), "the proxy is told of the key");
    }
    assert_eq!((proxy.heads().len(), api.seen().len()), (3, 3));
    let passed = proxy.passed();
    assert!(passed.len() > 1000, "nothing passed through the proxy");
    bench.assert_silent("what the proxy sees", &passed);
    assert!(memchr::memmem::find(&passed, id(&key).as_bytes()).is_none());
}

/// A proxy for http is none for https, and what is on this machine has none at all.
#[test]
fn no_proxy() {
    let (bench, _) = bench_with_a_key(1524);
    let authority = Authority::new();
    let file = bench.write("authority.pem", &authority.pem);
    let file = file.to_str().expect("UTF-8");
    let api = Api::tls(authority.server(&["127.0.0.1"]), |_, _| Reply::live());
    let proxy = Proxy::new(api.address, TUNNEL);
    let url = proxy.url();
    let all =
        ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"].map(|name| (name, &*url));
    let run = verify(&bench, &format!("https://{}", api.address), &[&all[..], &[("SSL_CERT_FILE", file)]].concat());
    assert_eq!(verdict(&run)["status"], "live");
    let clear = Api::saying(Reply::live());
    assert_eq!(verdict(&verify(&bench, &clear.url(), &all))["status"], "live");
    let excepted = [&all[..], &[("NO_PROXY", "example.com,.hopx.invalid")]].concat();
    assert_reason(&verify(&bench, &format!("https://{NAME}"), &excepted), "the API's name has no address: ");
    let http = [("HTTP_PROXY", &*url), ("http_proxy", &*url)];
    assert_reason(&verify(&bench, &format!("https://{NAME}"), &http), "the API's name has no address: ");
    assert!(proxy.heads().is_empty());
}

#[test]
fn a_proxy_that_refuses() {
    let (bench, _) = bench_with_a_key(1525);
    let api = Api::saying(Reply::live());
    let proxy = Proxy::new(api.address, "HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n");
    let value = proxy.url().replace("http://", "http://user:verysecret@");
    let run = verify(&bench, &format!("https://{NAME}"), &[("HTTPS_PROXY", &value)]);
    assert_reason(&run, "the proxy does not lead to the API: it answered 407 (by way of the proxy 127.0.0.1:");
    let all = [&run.stdout[..], run.stderr.as_bytes()].concat();
    assert!(memchr::memmem::find(&all, b"verysecret").is_none(), "the proxy's password is shown");
    assert!(memchr::memmem::find(&all, proxy.address.to_string().as_bytes()).is_some(), "which proxy is not told");
}

/// A proxy that can't be used is an error, since without it the request would go another way than is wanted.
#[test]
fn a_proxy_that_is_not_understood() {
    let (bench, _) = bench_with_a_key(1526);
    let value = "socks5://user:verysecret@127.0.0.1:1";
    let run = verify(&bench, &format!("https://{NAME}"), &[("HTTPS_PROXY", value)]);
    assert_eq!((run.status, run.stdout.len()), (Some(2), 0));
    assert!(run.stderr.contains("cannot use the proxy in HTTPS_PROXY; write it as http://HOST:PORT"), "{}", run.stderr);
    assert!(!run.stderr.contains("verysecret"));
}
