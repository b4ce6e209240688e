//! The text of a hook: our marked block, and how it gets into and out of a shell script. Bytes in, bytes out.

use std::ops::Range;

use super::Stage;

/// The line before the block, and the one behind it.
pub const START: &str = "# >>> hopx-leaks >>>";
/// See [`START`].
pub const END: &str = "# <<< hopx-leaks <<<";

/// How to get the program when it is gone.
pub const INSTALL: &str = "cargo install hopx-leaks --locked";

/// The first line of a script that we make.
const SHEBANG: &[u8] = b"#!/bin/sh\n";

/// In the block of a script that we made, so that uninstall knows that nobody else did.
const MADE: &str = "# The script was made for it.\n";

/// In the block of a script that was switched off, so that uninstall leaves it so again.
const OFF: &str = "# The script was not executable before.\n";

/// What the shell variable that holds the program's path is set with.
const PROGRAM: &[u8] = b"hopx_leaks_at=";

/// Shells that understand the block.
const SHELLS: [&[u8]; 9] = [b"sh", b"bash", b"dash", b"ash", b"ksh", b"ksh93", b"mksh", b"zsh", b"yash"];

/// Why a script can't be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is no script for a shell that understands the block.
    NotShell,
    /// Its marks don't come in one pair.
    Marks,
}

/// What was there before the block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// No script: it was made for the block.
    Nothing,
    /// A script that git ran.
    Script,
    /// A script that was switched off.
    SwitchedOff,
}

/// A new script with nothing but the block for `stage`, which runs `program`.
pub fn made(stage: Stage, program: &[u8]) -> Vec<u8> {
    [SHEBANG, &block(stage, program, Before::Nothing)].concat()
}

/// `script` with the block for `stage` in it, and in what state it was `before`. An old block is replaced where it stands. A new one goes before the first
/// command: behind the last one it might never be reached.
///
/// # Errors
///
/// Why it is not changed.
pub fn with_block(script: &[u8], stage: Stage, program: &[u8], before: Before) -> Result<Vec<u8>, Refusal> {
    if let Some(old) = find(script)? {
        let mut block = block(stage, program, before_block(&script[old.clone()]));
        if !script[old.clone()].ends_with(b"\n") {
            block.pop();
        }
        return Ok([&script[..old.start], &block, &script[old.end..]].concat());
    }
    if !is_shell(script) {
        return Err(Refusal::NotShell);
    }
    let mut block = block(stage, program, before);
    let head: usize =
        script.split_inclusive(|&byte| byte == b'\n').take_while(|line| line.starts_with(b"#")).map(<[u8]>::len).sum();
    let (head, rest) = script.split_at(head);
    if head.is_empty() || head.ends_with(b"\n") {
        return Ok([head, &block, rest].concat());
    }
    // The newline that is missing at the end stays missing, so that it is known when the block is taken out.
    block.pop();
    Ok([head, b"\n", &block].concat())
}

/// `script` without the block: as it was before; `None` when nothing is left of a script that we made. `script` itself
/// when there is no block.
///
/// # Errors
///
/// Why it is not changed.
pub fn without_block(script: &[u8]) -> Result<Option<Vec<u8>>, Refusal> {
    let Some(block) = find(script)? else { return Ok(Some(script.to_vec())) };
    let mut head = &script[..block.start];
    if !script[block.clone()].ends_with(b"\n") {
        head = head.strip_suffix(b"\n").unwrap_or(head);
    }
    let left = [head, &script[block.end..]].concat();
    let is_made = before_block(&script[block]) == Before::Nothing;
    Ok((!is_made || left != SHEBANG).then_some(left))
}

/// Whether there is a block in `script`.
pub fn has_block(script: &[u8]) -> bool {
    matches!(find(script), Ok(Some(_)))
}

/// What there was before the block in `script` came; `None` when there is no block.
pub fn before(script: &[u8]) -> Option<Before> {
    find(script).ok().flatten().map(|block| before_block(&script[block]))
}

fn before_block(block: &[u8]) -> Before {
    if contains(block, MADE.as_bytes()) {
        Before::Nothing
    } else if contains(block, OFF.as_bytes()) {
        Before::SwitchedOff
    } else {
        Before::Script
    }
}

/// The path of the program that the block in `script` runs; `None` when there is no block, or none of
/// ours.
pub fn program_of(script: &[u8]) -> Option<Vec<u8>> {
    let block = find(script).ok().flatten()?;
    let line = script[block].split(|&byte| byte == b'\n').find(|line| line.starts_with(PROGRAM))?;
    program_in(line)
}

/// The command for the configuration: one line, to which git adds its arguments.
pub fn command(stage: Stage, program: &[u8]) -> Vec<u8> {
    let missing =
        missing(stage, &format!("git config --remove-section hook.{}", super::place::entry_name(stage)), "; ");
    let rest = format!(
        "; if [ ! -f \"$hopx_leaks_at\" ] || [ ! -x \"$hopx_leaks_at\" ]; then \
         hopx_leaks_at=$(command -v hopx-leaks) || {{ {missing}; exit 1; }}; fi; \"$hopx_leaks_at\" hook run {}",
        stage.name()
    );
    [PROGRAM, &quoted(program), rest.as_bytes()].concat()
}

/// The path of the program in a line or command that starts with setting it.
pub fn program_in(command: &[u8]) -> Option<Vec<u8>> {
    let mut rest = command.strip_prefix(PROGRAM)?;
    let mut path = Vec::new();
    loop {
        rest = rest.strip_prefix(b"'")?;
        let end = memchr::memchr(b'\'', rest)?;
        path.extend_from_slice(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix(br"\'") {
            Some(after) => (path.push(b'\''), rest = after),
            None => return Some(path),
        };
    }
}

/// A word for a POSIX shell, quoted (POSIX.1-2024, Shell Command Language, 2.2.2).
pub fn quoted(word: &[u8]) -> Vec<u8> {
    let mut quoted = vec![b'\''];
    for &byte in word {
        match byte {
            b'\'' => quoted.extend_from_slice(br"'\''"),
            byte => quoted.push(byte),
        }
    }
    quoted.push(b'\'');
    quoted
}

/// The block. It runs in a subshell, so that what it sets does not reach the rest of the script and no `set -e` or
/// `set -u` reaches it; `exec` hands on the exact status.
fn block(stage: Stage, program: &[u8], before_it: Before) -> Vec<u8> {
    let name = stage.name();
    let (before, run, after) = match stage {
        // git gives these nothing on standard input; what else calls them may, and it is not ours.
        Stage::PreCommit | Stage::CommitMsg => {
            (String::new(), format!("exec \"$hopx_leaks_at\" hook run {name} \"$@\" </dev/null\n"), String::new())
        }
        Stage::PrePush => {
            // The lines are read once and given out twice. Not by a pipe: `set -o pipefail` would see its writer fail.
            let given_out = |command: &str| {
                format!(
                    "if [ -z \"$hopx_leaks_refs\" ]; then\n    {command} </dev/null\nelse\n    \
                     {command} <<HOPX_LEAKS_REFS\n\
                     $hopx_leaks_refs\nHOPX_LEAKS_REFS\nfi\n"
                )
            };
            (
                "hopx_leaks_refs=$(cat) || exit 1\n".to_owned(),
                given_out(&format!("exec \"$hopx_leaks_at\" hook run {name} \"$@\"")),
                given_out("exec"),
            )
        }
    };
    let mark = match before_it {
        Before::Nothing => MADE,
        Before::Script => "",
        Before::SwitchedOff => OFF,
    };
    let missing = missing(stage, &format!("delete the lines from {START} to {END} in '\"$0\"'"), "\n        ");
    let head = format!(
        "{START}\n# Written by `hopx-leaks hook install`; `hopx-leaks hook uninstall` takes it out.\n{mark}{before}(\n"
    );
    let rest = format!(
        "\nif [ ! -f \"$hopx_leaks_at\" ] || [ ! -x \"$hopx_leaks_at\" ]; then\n    \
         hopx_leaks_at=$(command -v hopx-leaks) || {{\n        {missing}\n        exit 1\n    }}\nfi\n\
         {run}) || exit $?\n{after}{END}\n"
    );
    [head.as_bytes(), PROGRAM, &quoted(program), rest.as_bytes()].concat()
}

/// A command that says on standard error that the program is gone, how to get it and how to do without.
fn missing(stage: Stage, removal: &str, between: &str) -> String {
    let lines = [
        format!("hopx-leaks: the program is gone, so nothing was checked and the {} is stopped", stage.what()),
        format!("hopx-leaks: to install it: {INSTALL}"),
        format!("hopx-leaks: to remove this hook: {removal}"),
    ];
    let lines = lines.map(|line| format!("echo '{line}' >&2"));
    lines.join(between)
}

/// The bytes of the block with its marks and the newline behind it, if there is one.
fn find(script: &[u8]) -> Result<Option<Range<usize>>, Refusal> {
    let (mut starts, mut ends) = (Vec::new(), Vec::new());
    let mut at = 0;
    for line in script.split_inclusive(|&byte| byte == b'\n') {
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        if text == START.as_bytes() {
            starts.push(at);
        }
        at += line.len();
        if text == END.as_bytes() {
            ends.push(at);
        }
    }
    match (&starts[..], &ends[..]) {
        ([], []) => Ok(None),
        (&[start], &[end]) if start < end => Ok(Some(start..end)),
        _ => Err(Refusal::Marks),
    }
}

/// Whether a shell that understands the block runs the script, as one does when the first line doesn't say what does.
fn is_shell(script: &[u8]) -> bool {
    let first = script.split(|&byte| byte == b'\n').next().unwrap_or_default();
    if memchr::memchr(0, &script[..script.len().min(8192)]).is_some() {
        return false;
    }
    let Some(interpreter) = first.strip_prefix(b"#!") else { return true };
    let words = interpreter.split(|&byte| byte == b' ' || byte == b'\t').filter(|word| !word.is_empty());
    let mut programs = words.map(|word| word.rsplit(|&byte| byte == b'/' || byte == b'\\').next().unwrap_or_default());
    let program = match programs.next() {
        Some(b"env") => programs.find(|word| !word.starts_with(b"-") && !word.contains(&b'=')),
        Some(b"busybox") => programs.next(),
        program => program,
    };
    program.is_some_and(|program| SHELLS.contains(&program.strip_suffix(b".exe").unwrap_or(program)))
        && !script.split(|&byte| byte == b'\n').any(is_handed_on)
}

/// Whether a line hands the script itself to another program, which reads it in another language: `exec python3 "$0"`,
/// quoted in one way or other so that both languages take it.
fn is_handed_on(line: &[u8]) -> bool {
    let is_comment = line.trim_ascii_start().starts_with(b"#");
    let bare: Vec<u8> = line.iter().copied().filter(|byte| !b"'\"{}".contains(byte)).collect();
    let exec = memchr::memmem::find(&bare, b"exec ");
    // A word of its own: `exec "$(dirname "$0")/check"` runs something else.
    let is_script =
        |word: &[u8]| matches!(word.strip_suffix(b";").unwrap_or(word), b"$0" | b"$BASH_SOURCE" | b"$BASH_SOURCE[0]");
    !is_comment && exec.is_some_and(|at| bare[at..].split(u8::is_ascii_whitespace).any(is_script))
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(text, part).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out_as_it_was() {
        for script in [
            &b"#!/bin/sh\necho x\n"[..],
            b"#!/bin/sh\n# about\n\necho x",
            b"#!/bin/sh",
            b"#!/bin/sh\n",
            b"# no first line",
            b"echo x\n",
            b"",
            b"\n",
            b"#!/bin/sh\r\necho x\r\n".strip_prefix(b"#!/bin/sh\r\n").unwrap_or_default(),
        ] {
            for stage in Stage::ALL {
                let with = with_block(script, stage, b"/a b/it's", Before::Script).expect("a shell script");
                assert_eq!(
                    with_block(&with, stage, b"/a b/it's", Before::Script).expect("one block"),
                    with,
                    "a second time"
                );
                let moved = with_block(&with, stage, b"/elsewhere", Before::Script).expect("one block");
                assert_eq!(program_of(&moved).as_deref(), Some(&b"/elsewhere"[..]));
                assert_eq!(without_block(&moved), Ok(Some(script.to_vec())), "{}", String::from_utf8_lossy(script));
                assert_eq!(program_of(&with).as_deref(), Some(&b"/a b/it's"[..]));
            }
        }
        let made = made(Stage::PrePush, b"/x");
        assert_eq!(
            without_block(&with_block(&made, Stage::PrePush, b"/y", Before::Script).expect("one block")),
            Ok(None)
        );
        let off = with_block(b"x\n", Stage::PreCommit, b"/x", Before::SwitchedOff).expect("a shell script");
        let again = with_block(&off, Stage::PreCommit, b"/y", Before::Script).expect("one block");
        assert_eq!(before(&again), Some(Before::SwitchedOff));
        let extended = [&made[..], b"echo more\n"].concat();
        assert_eq!(without_block(&extended), Ok(Some(b"#!/bin/sh\necho more\n".to_vec())));
    }

    #[test]
    fn only_shells_get_a_block() {
        for shebang in [
            "/bin/sh",
            " /bin/bash -eu",
            "/usr/bin/env bash",
            "/usr/bin/env -S A=b zsh -f",
            "/bin/busybox ash",
            "C:/x/sh.exe",
        ] {
            assert!(is_shell(format!("#!{shebang}\nx\n").as_bytes()), "{shebang}");
        }
        for shebang in ["/usr/bin/env python3", "/usr/bin/fish", "/bin/csh", "", "/usr/bin/env", "/bin/sh\r"] {
            assert!(!is_shell(format!("#!{shebang}\nx\n").as_bytes()), "{shebang}");
        }
        assert!(!is_shell(b"\x7fELF\0\0"));
        for line in
            ["\"exec\" \"python3\" \"$0\" \"$@\"", "''':'\nexec python3 \"${0}\"", "eval 'exec perl -S $0 ${1+\"$@\"}'"]
        {
            assert!(!is_shell(format!("#!/bin/sh\n{line}\n").as_bytes()), "{line}");
        }
        for line in [
            "exec \"$(dirname \"$0\")/check\" \"$@\"",
            "exec git-lfs \"$@\"",
            "# exec python3 $0",
            "echo \"$0\"",
            "cd \"$(dirname \"$0\")\"; exec make",
        ] {
            assert!(is_shell(format!("#!/bin/sh\n{line}\n").as_bytes()), "{line}");
        }
    }

    #[test]
    fn marks_that_do_not_pair_up_are_left_alone() {
        for script in [
            format!("{START}\n"),
            format!("{END}\n"),
            format!("{END}\n{START}\n"),
            format!("{START}\n{START}\n{END}\n"),
        ] {
            assert_eq!(with_block(script.as_bytes(), Stage::PreCommit, b"/x", Before::Script), Err(Refusal::Marks));
            assert_eq!(without_block(script.as_bytes()), Err(Refusal::Marks));
        }
    }

    #[test]
    fn programs_are_read_back_from_commands() {
        for program in [&b"/a/b"[..], b"/a 'b'/$(c) \"d\"\\e", b"C:\\x\\y.exe", b"/\xff"] {
            assert_eq!(program_in(&command(Stage::CommitMsg, program)).as_deref(), Some(program));
        }
        assert_eq!(program_in(b"something else"), None);
    }
}
