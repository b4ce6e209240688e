//! The program under test, run in a folder of its own.
//!
//! Every secret that a [`Bench`] made is remembered, and no run may let one out: [`Bench::run`] looks through standard
//! output, standard error and every file that the program wrote, and so no test has to think of it.

#![allow(dead_code, reason = "each user of this file needs a part of it")]

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::keys::Keys;
use crate::repository;

/// Bytes of a secret that must not be seen: far fewer than give it away, more than chance repeats.
const TELLTALE: usize = 12;

/// An address where nobody listens: the port is the one of the discard service (RFC 863).
const CLOSED: &str = "http://127.0.0.1:9";

/// Variables that would lead requests elsewhere, in lower case too.
const PROXIES: [&str; 4] = ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"];

/// A folder to scan, and the keys that were made for it.
pub struct Bench {
    folder: TempDir,
    keys: Keys,
    secrets: Vec<String>,
}

/// What a run printed, and how it ended.
pub struct Run {
    /// The exit status; none when a signal ended it.
    pub status: Option<i32>,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: String,
}

impl Bench {
    /// An empty folder. The seed makes the keys.
    pub fn new(seed: u64) -> Bench {
        Bench { folder: tempfile::tempdir().expect("a folder"), keys: Keys::new(seed), secrets: Vec::new() }
    }

    /// A new production key.
    pub fn live(&mut self) -> String {
        let key = self.keys.live();
        self.remember(key)
    }

    /// A new test-mode key.
    pub fn test(&mut self) -> String {
        let key = self.keys.test();
        self.remember(key)
    }

    /// A key whose secret must not come out, made by other means.
    pub fn remember(&mut self, key: String) -> String {
        self.secrets.push(key[23..].to_owned());
        key
    }

    /// The random numbers and keys of this bench.
    pub fn keys(&mut self) -> &mut Keys {
        &mut self.keys
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A path in the folder.
    pub fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, with the folders it needs.
    pub fn write(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.join(name);
        std::fs::create_dir_all(path.parent().expect("in the folder")).expect("folders made");
        std::fs::write(&path, content).expect("file written");
        path
    }

    /// Makes a pipe that nobody writes to, in the place of what is there.
    #[cfg(unix)]
    pub fn pipe(&self, name: impl AsRef<Path>) {
        let path = self.clear(name);
        assert!(Command::new("mkfifo").arg(path).status().expect("mkfifo runs").success());
    }

    /// Takes away what is at a path, and makes the folders that it needs.
    pub fn clear(&self, name: impl AsRef<Path>) -> PathBuf {
        let path = self.join(name);
        std::fs::create_dir_all(path.parent().expect("in the folder")).expect("folders made");
        match path.symlink_metadata() {
            Ok(metadata) if metadata.is_dir() => std::fs::remove_dir_all(&path).expect("removed"),
            Ok(_) => std::fs::remove_file(&path).expect("removed"),
            Err(_) => {}
        }
        path
    }

    /// Runs real git in the folder, with nobody's configuration.
    pub fn git(&self, arguments: &[&str]) {
        let output = repository::git_in(self.path(), repository::START).args(arguments).output().expect("git runs");
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// The program, ready to run in the folder with an environment that nothing leaks into.
    pub fn command<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        self.prepared(Command::new(env!("CARGO_BIN_EXE_hopx-leaks")), arguments)
    }

    /// The same, with signals by an option of `env`, such as `--default-signal=INT`: the tests may have been started with
    /// some of them ignored, as in the background of a shell, and children inherit that.
    #[cfg(target_os = "linux")]
    pub fn command_with_signals<S: AsRef<OsStr>>(
        &self,
        signals: &str,
        arguments: impl IntoIterator<Item = S>,
    ) -> Command {
        let mut command = Command::new("env");
        command.args([signals, env!("CARGO_BIN_EXE_hopx-leaks")]);
        self.prepared(command, arguments)
    }

    fn prepared<S: AsRef<OsStr>>(&self, mut command: Command, arguments: impl IntoIterator<Item = S>) -> Command {
        command.args(arguments).current_dir(self.path()).stdin(Stdio::null());
        for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "TERM"].iter().chain(&repository::VARIABLES) {
            command.env_remove(name);
        }
        for name in PROXIES.iter().flat_map(|name| [name.to_ascii_lowercase(), (*name).to_owned()]) {
            command.env_remove(name);
        }
        // Nothing that a test does may ever reach the real API.
        command.env("HOPX_LEAKS_API_URL", CLOSED).env_remove("HOPX_BASE_URL").env_remove("SSL_CERT_FILE");
        command.env("HOME", self.path()).env("GIT_CONFIG_GLOBAL", "/dev/null").env("RUST_BACKTRACE", "1");
        command
    }

    /// Runs the program in the folder.
    pub fn run<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Run {
        self.finish(self.command(arguments).output().expect("the program runs"))
    }

    /// Runs the program as a user to whom permissions apply, even when the tests run as root.
    #[cfg(unix)]
    pub fn run_as_nobody<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Run {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        use std::os::unix::process::CommandExt;
        const NOBODY: u32 = 65_534;
        if std::fs::metadata(self.path()).expect("a folder").uid() != 0 {
            return self.run(arguments);
        }
        let binary = tempfile::tempdir().expect("a folder");
        let program = binary.path().join("hopx-leaks");
        // By another process: a file that this one has open for writing while another test forks can't be started.
        let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_hopx-leaks")).arg(&program).status().expect("cp runs");
        assert!(copied.success());
        for folder in [self.path(), binary.path()] {
            std::fs::set_permissions(folder, PermissionsExt::from_mode(0o755)).expect("opened to all");
        }
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.path()).stdin(Stdio::null()).uid(NOBODY).gid(NOBODY);
        self.finish(command.output().expect("the program runs as nobody"))
    }

    /// Runs the program with `input` on standard input.
    pub fn run_with_input<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>, input: &[u8]) -> Run {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        let output = std::thread::scope(|scope| {
            // The program may end before it has read everything.
            scope.spawn(move || drop(std::io::Write::write_all(&mut stdin, input)));
            child.wait_with_output().expect("the program ends")
        });
        self.finish(output)
    }

    /// Checks what every run must hold to, however it was started.
    pub fn finish(&self, output: Output) -> Run {
        let run = Run {
            status: output.status.code(),
            stdout: output.stdout,
            stderr: String::from_utf8(output.stderr).expect("messages are UTF-8"),
        };
        self.assert_silent("standard output", &run.stdout);
        self.assert_silent("standard error", run.stderr.as_bytes());
        assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
        run
    }

    /// Reads a report that the program wrote.
    pub fn read_report(&self, name: impl AsRef<Path>) -> Vec<u8> {
        let report = std::fs::read(self.join(name)).expect("the report was written");
        self.assert_silent("a report", &report);
        report
    }

    /// Fails when a part of a secret is in `bytes`, without showing it.
    pub fn assert_silent(&self, place: &str, bytes: &[u8]) {
        for secret in &self.secrets {
            let told = secret.as_bytes().windows(TELLTALE).any(|part| memchr::memmem::find(bytes, part).is_some());
            assert!(!told, "{place} holds a part of the secret of a key");
        }
    }

    /// Scans the folder and gives the findings of the JSON report.
    pub fn findings(&self) -> Vec<Value> {
        self.run(["scan", "-f", "json"]).json()["findings"].as_array().expect("a list").clone()
    }
}

impl Run {
    /// Standard output as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).expect("reports are UTF-8")
    }

    /// Standard output as a JSON document.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}\n{}", String::from_utf8_lossy(&self.stdout), self.stderr))
    }
}

/// The id of a key, which may be shown.
pub fn id(key: &str) -> &str {
    &key[10..22]
}
