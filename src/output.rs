//! Where reports go: standard output, or a file that is written whole or not at all.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::coverage::count;
use crate::detect::Detector;
use crate::error::Error;
use crate::filter::baseline::Baseline;
use crate::git;
use crate::read::interrupt;
use crate::report::escape::{shell_word, terminal};
use crate::report::{self, Circumstances, Color, Format, Report, Style, TOOL};

/// One report to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// In which format.
    pub format: Format,
    /// Where to.
    pub target: Target,
}

/// A place for a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Standard output.
    Stdout,
    /// A file.
    File(PathBuf),
}

impl Target {
    /// What to call it.
    pub fn name(&self) -> String {
        match self {
            Target::Stdout => "standard output".to_owned(),
            Target::File(path) => path.display().to_string(),
        }
    }
}

/// When the run starts, and the commit that these reports will have to name, if one of them does.
///
/// # Errors
///
/// That there is no such commit.
pub fn circumstances(outputs: &[Output]) -> Result<Circumstances, Error> {
    let started = SystemTime::now();
    let names_commit = outputs.iter().any(|output| output.format == Format::Gitlab);
    let head = names_commit.then(git::head_here).transpose().map_err(|cause| Error::NoCommit { cause })?;
    Ok(Circumstances { started, finished: started, head: head.map(|id| id.to_string()) })
}

/// Writes every report. One that fails keeps none of the others back.
///
/// # Errors
///
/// The first report that could not be written. A closed pipe is not an error: whoever closed it has read enough.
pub fn write_all(report: &Report, outputs: &[Output], style: Style, stdout: &mut dyn Write) -> Result<(), Error> {
    let mut first_error = Ok(());
    for Output { format, target } in outputs {
        let outcome = match target {
            Target::Stdout => write_stream(report, *format, style, stdout),
            Target::File(path) => write_file(report, *format, Style { color: Color::Plain, ..style }, path),
        };
        first_error = first_error.and(outcome.map_err(|cause| Error::Write { target: target.name(), cause }));
    }
    first_error
}

/// Writes a report to what may be a pipe, whose reader may have gone or may be stuck.
fn write_stream(report: &Report, format: Format, style: Style, out: &mut dyn Write) -> io::Result<()> {
    interrupt::stop_listening();
    let outcome = flushed(out, |out| report::write(report, format, style, out));
    interrupt::listen();
    outcome
}

/// The same for anything.
fn flushed(out: &mut dyn Write, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut buffered = BufWriter::new(out);
    let outcome = write(&mut buffered).and_then(|()| buffered.flush());
    match outcome {
        Err(error) if is_closed_pipe(&error) => {
            // What is left in the buffer has no reader.
            let _ = buffered.into_parts();
            Ok(())
        }
        outcome => outcome,
    }
}

fn is_closed_pipe(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
}

fn write_file(report: &Report, format: Format, style: Style, path: &Path) -> io::Result<()> {
    write_whole(path, |file| report::write(report, format, style, file))
}

/// Writes beside the file and renames, so that nobody ever sees half of it. What is not a plain file (`/dev/stdout`, a named
/// pipe) is written to as it is.
fn write_whole(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let path = target(path);
    if path.metadata().is_ok_and(|metadata| !metadata.is_file()) {
        return flushed(&mut OpenOptions::new().write(true).open(&path)?, write);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = BufWriter::new(tempfile::NamedTempFile::new_in(folder)?);
    write(&mut file)?;
    let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    allow_readers(file.as_file(), &path)?;
    file.persist(&path).map_err(|error| error.error)?;
    Ok(())
}

/// What a path comes to, links resolved, whether there is a file yet or not: by it two names of one file are told.
pub fn target(path: &Path) -> PathBuf {
    let led = || {
        let path = led_to(path);
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        match (folder.canonicalize(), path.file_name()) {
            (Ok(folder), Some(name)) => folder.join(name),
            _ => path,
        }
    };
    path.canonicalize().unwrap_or_else(|_| led())
}

/// Writes the leaks that nothing but a baseline vouches for to a new baseline, which vouches for them from now on.
///
/// # Errors
///
/// When it can't be written; what was there before is then there still.
pub fn write_baseline(report: &mut Report, path: &Path) -> Result<(), Error> {
    let baseline = Baseline::of(path.display().to_string(), report.findings.iter());
    write_whole(path, |file| file.write_all(baseline.text().as_bytes()))
        .map_err(|cause| Error::WriteBaseline { path: path.to_path_buf(), cause })?;
    let detector = Detector::new();
    for finding in &mut report.findings {
        if let (None, Some((_, suppression))) = (&finding.suppressed, baseline.knows(finding)) {
            finding.suppressed = Some(Box::new(suppression.redacted(&detector)));
        }
    }
    let known = count(baseline.len() as u64, "known leak");
    report.notices.push(format!("{known} written to {}", baseline.name()));
    Ok(())
}

/// Where a link leads whose target does not exist yet, so that the target is made and the link stays.
fn led_to(path: &Path) -> PathBuf {
    let target = path.read_link().ok();
    target.map_or_else(|| path.to_path_buf(), |target| path.parent().unwrap_or(Path::new("")).join(target))
}

/// Gives a new file the permissions of the one it replaces, or else those that a report without secrets may have.
fn allow_readers(file: &File, replaced: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let permissions = replaced.metadata().map(|metadata| metadata.permissions());
        file.set_permissions(permissions.unwrap_or_else(|_| PermissionsExt::from_mode(0o644)))
    }
    #[cfg(not(unix))]
    {
        let _ = (file, replaced);
        Ok(())
    }
}

/// Prints a text of ours, in which there may be texts of the user's.
///
/// # Errors
///
/// When it can't be written, unless that is because nobody reads on.
pub fn print(text: &str, stdout: &mut dyn Write) -> Result<(), Error> {
    let text = Detector::new().redact(text.as_bytes()).into_owned();
    match stdout.write_all(&text).and_then(|()| stdout.flush()) {
        Err(cause) if !is_closed_pipe(&cause) => Err(Error::Write { target: "standard output".to_owned(), cause }),
        _ => Ok(()),
    }
}

/// Writes what could not be read, what another command would look into, and what was left out if the report knows it,
/// to standard error.
pub fn write_messages(report: &Report, err: &mut dyn Write) {
    let skips = report.coverage.skips.iter().map(|(path, why)| format!("{}: {}", terminal(path), why.describe()));
    let problems = report
        .coverage
        .problems
        .iter()
        .map(|problem| format!("{}: {}", terminal(&problem.local_path), terminal(problem.message.as_bytes())));
    let repositories = report.coverage.bare_repositories.iter().map(|path| {
        let (shown, word) = (terminal(path), shell_word(path));
        format!(
            "{shown}: a bare repository, whose objects are packed files here; to look into them: {TOOL} history {word}"
        )
    });
    write_notices(report, err);
    for line in skips.chain(repositories).chain(problems) {
        // There is nobody to tell if this fails; the report and the status say it too.
        let _ = writeln!(err, "{TOOL}: {line}");
    }
}

/// Writes what is to be said about the rules in force to standard error.
pub fn write_notices(report: &Report, err: &mut dyn Write) {
    // They quote the user's own rules. A detector takes its time to make, and most runs have no notice.
    let detector = std::cell::LazyCell::new(Detector::new);
    let notices = report.notices.iter().map(|notice| terminal(&detector.redact(notice.as_bytes())));
    for line in notices {
        // There is nobody to tell if this fails.
        let _ = writeln!(err, "{TOOL}: {line}");
    }
}

/// Writes a message to standard error.
pub fn write_message(message: &str, err: &mut dyn Write) {
    // There is nobody to tell if this fails.
    let _ = writeln!(err, "{TOOL}: {message}");
}

/// What an error looks like on standard error. It may quote the command line, which may hold a key.
pub fn error_line(error: &Error) -> String {
    let text = error.to_string();
    format!("{TOOL}: {}", terminal(&Detector::new().redact(text.as_bytes())))
}
