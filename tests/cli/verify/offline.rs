//! Without `--verify` no socket is opened: the kernel kills the process that tries (seccomp(2)).

use std::os::unix::process::CommandExt;

use crate::api::{Api, Reply};
use crate::program::Bench;

/// Number of the signal that ends a process that made a forbidden call.
const SIGSYS: i32 = 31;

/// From now on socket(2) and socketpair(2) kill the calling process and those that it starts.
fn forbid_sockets() -> std::io::Result<()> {
    let statement = |code: u32, k: u32, jt: u8, jf: u8| {
        let code = u16::try_from(code).expect("16 bits");
        libc::sock_filter { code, jt, jf, k }
    };
    let number = |call: libc::c_long| u32::try_from(call).expect("a number");
    let mut filter = [
        // The number of the call stands at the beginning of what the filter sees.
        statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0),
        statement(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, number(libc::SYS_socket), 2, 0),
        statement(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, number(libc::SYS_socketpair), 1, 0),
        statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW, 0, 0),
        statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_KILL_PROCESS, 0, 0),
    ];
    let program = libc::sock_fprog { len: 5, filter: filter.as_mut_ptr() };
    // SAFETY: both calls read their arguments alone, and the program outlives them. Worst case: they fail, and say so.
    #[expect(unsafe_code, reason = "prctl(2) has no safe interface in the standard library")]
    let failed = unsafe {
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0
            || libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) != 0
    };
    if failed { Err(std::io::Error::last_os_error()) } else { Ok(()) }
}

/// Runs the program where no socket can be opened, and gives its status or its signal.
fn run(bench: &Bench, arguments: &[&str]) -> (Option<i32>, Option<i32>) {
    use std::os::unix::process::ExitStatusExt;

    let mut command = bench.command(arguments);
    // SAFETY: the closure makes two system calls and allocates nothing. Worst case: it fails, and the program does not
    // start.
    #[expect(unsafe_code, reason = "what happens between fork(2) and exec(2) has no safe interface")]
    let output = unsafe { command.pre_exec(forbid_sockets) }.output().expect("the program runs");
    let signal = output.status.signal();
    (bench.finish(output).status, signal)
}

#[test]
fn no_socket_without_verify() {
    let mut bench = Bench::new(1550);
    let (committed, staged) = (bench.live(), bench.live());
    bench.git(&["init", "-q"]);
    bench.write("a.txt", &committed);
    bench.git(&["add", "."]);
    bench.git(&["commit", "-qm", "one"]);
    bench.write("b.txt", &staged);
    bench.git(&["add", "."]);
    let api = Api::saying(Reply::live());
    let url = api.url();
    for arguments in [
        &["."][..],
        &["scan", "-f", "sarif", "-o", "report.json", "."],
        &["staged"],
        &["commits", "HEAD"],
        &["history"],
        &["audit"],
        &["hook", "run", "pre-commit"],
    ] {
        assert_eq!(run(&bench, arguments), (Some(1), None), "{arguments:?}");
    }
    assert_eq!(run(&bench, &["schema"]), (Some(0), None));
    assert_eq!(run(&bench, &["hook", "install"]), (Some(0), None));
    // What would be asked about nothing asks nothing.
    bench.write("clean/a.txt", "nothing");
    assert_eq!(run(&bench, &["--verify", "--api-url", &url, "clean"]), (Some(0), None));
    // And the other way round: this is what a socket would look like.
    assert_eq!(run(&bench, &["--verify", "--api-url", &url, "."]), (None, Some(SIGSYS)));
    assert!(api.seen().is_empty());
}
