//! What shells and `man` are told of the command line: completions and a manual page, made from the definition itself.

use std::io;

use clap::{Args, Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;

use crate::cli::Cli;

/// For which shell.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell that is to read the script
    #[arg(value_enum)]
    pub shell: Shell,
}

impl CompletionsArgs {
    /// The script that completes the command line in the shell.
    pub fn script(&self) -> String {
        let mut script = Vec::new();
        let mut command = Cli::command();
        let name = command.get_name().to_owned();
        clap_complete::generate(self.shell, &mut command, name, &mut script);
        let script = String::from_utf8_lossy(&script);
        match self.shell {
            // Where a program has a hyphen in its name, two parts of bash's script disagree on how to write it, and
            // nothing is completed behind a command: https://github.com/clap-rs/clap/issues/6421
            Shell::Bash => script.replace("hopx__subcmd__leaks", "hopx__leaks"),
            _ => script.into_owned(),
        }
    }
}

/// One manual page for the whole program, in the language of man(7): the options, then each command with its own.
pub fn man() -> String {
    let mut page = Vec::new();
    // Nothing fails that writes to memory.
    let _ = write_man(&mut page);
    String::from_utf8_lossy(&page).into_owned()
}

fn write_man(page: &mut Vec<u8>) -> io::Result<()> {
    let command = Cli::command();
    let name = command.get_name();
    // All options would be a synopsis of ten lines.
    let usage = format!("{name} [OPTIONS] [PATH]...\n{name} [OPTIONS] COMMAND");
    let man = Man::new(command.clone().disable_help_subcommand(true).override_usage(usage));
    let version = command.get_version().unwrap_or_default();
    // The library leaves out an empty date and so puts the version in its place.
    page.extend_from_slice(format!(".TH {name} 1 \"\" \"{name} {version}\" \"User Commands\"\n").as_bytes());
    man.render_name_section(page)?;
    man.render_synopsis_section(page)?;
    man.render_description_section(page)?;
    man.render_options_section(page)?;
    page.extend_from_slice(b".SH COMMANDS\n");
    write_commands(&command, name, page)
}

/// Each command below one, in its order, with the options that are its own. What the whole program has is not said
/// again.
fn write_commands(of: &Command, path: &str, page: &mut Vec<u8>) -> io::Result<()> {
    for command in of.get_subcommands().filter(|command| !command.is_hide_set()) {
        let path = format!("{path} {}", command.get_name());
        if command.has_subcommands() {
            write_commands(command, &path, page)?;
            continue;
        }
        let mut text = Vec::new();
        // A command on its own has none of the options that all commands share.
        let man = Man::new(command.clone().bin_name(&path).disable_help_flag(true));
        man.render_synopsis_section(&mut text)?;
        man.render_description_section(&mut text)?;
        if command.get_arguments().any(|argument| !argument.is_hide_set()) {
            man.render_options_section(&mut text)?;
        }
        // The page has sections of these names already; here they are paragraphs.
        let text = String::from_utf8_lossy(&text).replace(".SH SYNOPSIS\n", "").replace(".SH DESCRIPTION\n", ".PP\n");
        page.extend_from_slice(format!(".SS \"{path}\"\n").as_bytes());
        page.extend_from_slice(text.replace(".SH OPTIONS\n", "").as_bytes());
    }
    Ok(())
}
