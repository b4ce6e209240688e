"""Runs a program and stops it before system calls that a watcher wants to see, which may let each go on, make it fail, or do
something else first: change a file, send a signal. Linux alone, by seccomp_unotify(2); needs no rights and no tools.
"""

import ctypes
import fcntl
import os
import platform
import select
import signal
import socket
import struct
import tempfile
import time

# By machine: the number of the architecture (linux/audit.h), of seccomp(2), and of the calls that can be watched.
MACHINES = {
    "x86_64": (0xC000003E, 317, {
        "read": 0, "write": 1, "open": 2, "stat": 4, "fstat": 5, "lstat": 6, "mmap": 9, "pread64": 17, "writev": 20,
        "clone": 56, "rename": 82, "readlink": 89, "fchmod": 91, "getdents64": 217, "openat": 257, "newfstatat": 262,
        "renameat": 264, "readlinkat": 267, "renameat2": 316, "statx": 332, "clone3": 435}),
    "aarch64": (0xC00000B7, 277, {
        "read": 63, "write": 64, "fstat": 80, "mmap": 222, "pread64": 67, "writev": 66, "clone": 220, "fchmod": 52,
        "getdents64": 61, "openat": 56, "newfstatat": 79, "renameat": 38, "readlinkat": 78, "renameat2": 276,
        "statx": 291, "clone3": 435}),
}
ARCHITECTURE, SECCOMP, NUMBERS = MACHINES[platform.machine()]
NAMES = {number: name for name, number in NUMBERS.items()}
LIBC = ctypes.CDLL(None, use_errno=True)
# ioctl(2) of the listener, with the sizes of what they take (linux/seccomp.h).
RECEIVE, SEND = 0xC0502100, 0xC0182101
CONTINUE = 1
# Where in the arguments a descriptor is, and where a path is, of calls that have one.
DESCRIPTOR = {"read": 0, "write": 0, "writev": 0, "pread64": 0, "fstat": 0, "getdents64": 0, "fchmod": 0, "mmap": 4}
PATH = {"open": 0, "stat": 0, "lstat": 0, "readlink": 0, "rename": 0,
        "openat": 1, "newfstatat": 1, "statx": 1, "readlinkat": 1, "renameat": 1, "renameat2": 1}
# How long a run may take, in seconds: it is taken for hung then. Nothing that is tried takes half of it.
HANG = 120


class Call:
    """A call that is about to be made."""

    def __init__(self, notice):
        self.id, self.thread = struct.unpack_from("QI", notice)
        self.name = NAMES[struct.unpack_from("i", notice, 16)[0]]
        self.arguments = struct.unpack_from("6Q", notice, 32)

    def path(self):
        """The absolute path of the file that it is about; None where it is about no file."""
        try:
            if self.name in DESCRIPTOR:
                return self._opened(self.arguments[DESCRIPTOR[self.name]])
            if self.name not in PATH:
                return None
            place = PATH[self.name]
            with open(f"/proc/{self.thread}/mem", "rb", buffering=0) as memory:
                text = os.pread(memory.fileno(), 4096, self.arguments[place]).split(b"\0")[0]
            folder = self.arguments[0] & 0xFFFFFFFF if place == 1 else 0xFFFFFF9C
            if not text:
                return self._opened(folder)
            base = os.readlink(f"/proc/{self.thread}/cwd".encode()) if folder == 0xFFFFFF9C else os.fsencode(self._opened(folder))
            return os.fsdecode(os.path.normpath(os.path.join(base, text)))
        except OSError:
            return None

    def _opened(self, descriptor):
        if descriptor & 0xFFFFFFFF == 0xFFFFFFFF:
            return None
        return os.readlink(f"/proc/{self.thread}/fd/{descriptor & 0xFFFFFFFF}")


class Run:
    """How a run ended: `status`, or `signal`, or `is_hung`; what it said; the most memory that it had, in KiB."""

    def __init__(self, waited, usage, is_hung, stdout, stderr):
        self.is_hung = is_hung
        self.status = os.WEXITSTATUS(waited) if os.WIFEXITED(waited) else None
        self.signal = os.WTERMSIG(waited) if os.WIFSIGNALED(waited) else None
        self.stdout, self.stderr = stdout, stderr
        self.peak = usage.ru_maxrss

    def ending(self):
        if self.is_hung:
            return "hung"
        return f"status {self.status}" if self.signal is None else signal.Signals(self.signal).name


def _filter(calls):
    """A filter that has the supervisor asked about these calls."""
    numbers = [NUMBERS[name] for name in calls if name in NUMBERS]
    code = [(0x20, 0, 0, 4), (0x15, 1, 0, ARCHITECTURE), (0x06, 0, 0, 0x7FFF0000), (0x20, 0, 0, 0)]
    code += [(0x15, len(numbers) - at, 0, number) for at, number in enumerate(numbers)]
    code += [(0x06, 0, 0, 0x7FFF0000), (0x06, 0, 0, 0x7FC00000)]
    return b"".join(struct.pack("HBBI", *line) for line in code)


def _become(command, folder, env, files, begin, calls, channel):
    """The child: never comes back."""
    try:
        os.setsid()
        os.chdir(folder)
        for number, file in enumerate(files):
            os.dup2(file, number)
        if begin:
            begin()
        if calls:
            code = _filter(calls)
            held = ctypes.create_string_buffer(code, len(code))
            program = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(code) // 8, ctypes.addressof(held)))
            LIBC.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
            # SECCOMP_SET_MODE_FILTER; SECCOMP_FILTER_FLAG_NEW_LISTENER and _WAIT_KILLABLE_RECV (Linux 5.19), without which a
            # signal would interrupt calls that no signal can interrupt.
            listener = LIBC.syscall(SECCOMP, 1, 8 | 32, program)
            if listener < 0:
                raise OSError(ctypes.get_errno(), "seccomp")
            socket.send_fds(channel, [b"x"], [listener])
            os.close(listener)
        os.execve(command[0], command, env)
    except BaseException as cause:  # pylint: disable=broad-except
        os.write(2, f"cannot start: {cause}\n".encode())
    os._exit(125)


def run(command, folder, env, calls=(), watch=None, begin=None, stdin=None, stdout=None):
    """Runs `command` in `folder`. Before each of `calls`, `watch(pid, call)` says with which errno it is to fail, or 0.

    `begin` is called in the child before it starts. `stdin` and `stdout` are descriptors; by default there is no input, and
    what is written comes back.
    """
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as complained, open(os.devnull, "rb") as nothing:
        ours, theirs = socket.socketpair()
        files = [nothing.fileno() if stdin is None else stdin, said.fileno() if stdout is None else stdout, complained.fileno()]
        command = [os.fspath(word) for word in command]
        pid = os.fork()
        if pid == 0:
            ours.close()
            _become(command, folder, env, files, begin, calls, theirs)
        theirs.close()
        with ours:
            waited, usage, is_hung = _supervise(pid, ours, calls, watch)
        said.seek(0)
        complained.seek(0)
        return Run(waited, usage, is_hung, said.read(), complained.read().decode(errors="replace"))


def _supervise(pid, channel, calls, watch):
    end = time.monotonic() + HANG
    ended = os.pidfd_open(pid)
    listener = None
    try:
        if calls:
            _, received, _, _ = socket.recv_fds(channel, 1, 1)
            listener = received[0] if received else None
        poll = select.poll()
        poll.register(ended, select.POLLIN)
        if listener is not None:
            poll.register(listener, select.POLLIN)
        is_hung = False
        while True:
            ready = dict(poll.poll(max(0, end - time.monotonic()) * 1000))
            if not ready:
                is_hung = True
                os.kill(pid, signal.SIGKILL)
                break
            if listener in ready and ready[listener] & select.POLLIN:
                _answer(pid, listener, watch)
            elif listener in ready:
                poll.unregister(listener)
            elif ended in ready:
                break
        _, waited, usage = os.wait4(pid, 0)
        return waited, usage, is_hung
    finally:
        os.close(ended)
        if listener is not None:
            os.close(listener)


def _answer(pid, listener, watch):
    notice = bytearray(80)
    try:
        fcntl.ioctl(listener, RECEIVE, notice)
    except OSError:
        return  # It was killed meanwhile, or a signal took it out of the call.
    call = Call(notice)
    failure = watch(pid, call)
    answer = struct.pack("QqiI", call.id, 0, -failure, 0 if failure else CONTINUE)
    try:
        fcntl.ioctl(listener, SEND, bytearray(answer))
    except OSError:
        pass
