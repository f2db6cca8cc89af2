//! `nsh --generate`: the man page and what shells need for completion, from the table of options.

use anyhow::Result;
use clap::{Command, CommandFactory, ValueEnum};
use clap_complete::env::{Bash, EnvCompleter, Fish, Zsh};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, italic, roman};

use super::arguments::Arguments;
use super::complete::VARIABLE;

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Generate {
    /// nsh(1)
    Man,
    /// For /usr/share/bash-completion/completions/nsh
    CompleteBash,
    /// For the file _nsh in a directory of $fpath
    CompleteZsh,
    /// For /usr/share/fish/vendor_completions.d/nsh.fish
    CompleteFish,
}

/// Exit statuses of nsh itself, as in the README.
pub const STATUSES: &[(&str, &str)] = &[
    ("0", "success"),
    ("1", "a check or the script failed, or its --timeout ran out"),
    ("2", "wrong usage, or a script that can't be read or parsed"),
    ("3", "this machine can't do it: see nsh doctor"),
    ("129, 130, 131, 143", "ended by SIGHUP, SIGINT, SIGQUIT, SIGTERM"),
    ("128 + N", "signal N killed the script's process"),
    ("101", "an internal error of nsh"),
];

const OWN_STATUS: &str = "A script that calls os.exit(N) ends with N.";

const ENVIRONMENT: &[(&str, &str)] = &[
    ("NSH_LABS", "the directory where labs that are up are written down"),
    ("NSH_HISTORY", "the file of the prompt's history; if it is empty, there is none"),
    ("NSH_EDITMODE", "vi or emacs: the prompt's keys"),
    ("NO_COLOR", "if it is set, nothing is coloured"),
    ("PAGER", "what shows long help at the prompt; if it is empty, nothing"),
];

/// The end of `nsh --help`.
pub fn exit_status() -> String {
    let lines: String = STATUSES.iter().map(|(status, means)| format!("\n  {status:<20}{means}")).collect();
    format!("Exit status:{lines}\n{OWN_STATUS}")
}

impl Generate {
    pub fn text(self) -> Result<String> {
        match self {
            Generate::Man => man(),
            Generate::CompleteBash => registration(&Bash),
            Generate::CompleteFish => registration(&Fish),
            // The first time, zsh calls what it has read the function from.
            Generate::CompleteZsh => Ok(registration(&Zsh)?
                + "if [ \"$funcstack[1]\" = _nsh ]; then\n    _clap_dynamic_completer_nsh \"$@\"\nfi\n"),
        }
    }
}

fn registration(shell: &dyn EnvCompleter) -> Result<String> {
    let mut out = Vec::new();
    shell.write_registration(VARIABLE, "nsh", "nsh", "nsh", &mut out)?;
    Ok(String::from_utf8(out)?)
}

/// The man page: nsh, its options and its commands, on one page.
fn man() -> Result<String> {
    let mut command = Arguments::command();
    command.build();
    let page = Man::new(command.clone());
    let named = Man::new(command.clone().about(env!("CARGO_PKG_DESCRIPTION")));
    let mut out = Vec::new();
    named.render_name_section(&mut out)?;
    page.render_synopsis_section(&mut out)?;
    page.render_description_section(&mut out)?;
    page.render_options_section(&mut out)?;
    Roff::new().control("SH", ["COMMANDS"]).to_writer(&mut out)?;
    for command in leaves(&command) {
        section(command, &mut out)?;
    }
    rest().to_writer(&mut out)?;
    // Without a date: it would be another one with each build.
    let title = concat!(".TH NSH 1 \"\" \"nsh ", env!("CARGO_PKG_VERSION"), "\" \"\"\n");
    Ok(format!("{PREAMBLE}{title}{}", tidy(&String::from_utf8(out)?)))
}

/// The apostrophe, for all of what roff escapes.
const PREAMBLE: &str = ".ie \\n(.g .ds Aq \\(aq\n.el .ds Aq '\n";

/// Parts that were rendered each by itself, as one page: without their preambles, empty lines and empty paragraphs.
fn tidy(parts: &str) -> String {
    let part = parts.replace(PREAMBLE, "");
    let lines: Vec<&str> = part.lines().filter(|line| !line.is_empty()).collect();
    let next = lines.iter().skip(1).copied().chain([""]);
    let kept = lines.iter().zip(next).filter(|(line, next)| match **line {
        ".PP" => !next.starts_with(".PP") && *next != ".TP",
        ".br" => *next != ".br",
        _ => true,
    });
    kept.map(|(line, _)| format!("{line}\n")).collect()
}

/// The commands that do something: `nsh up`, `nsh report merge`.
fn leaves(command: &Command) -> Vec<&Command> {
    let below = |c| if Command::has_subcommands(c) { leaves(c) } else { vec![c] };
    command.get_subcommands().flat_map(below).collect()
}

/// A command: how it is called, what it does, its options, what its help says at the end.
fn section(command: &Command, out: &mut Vec<u8>) -> Result<()> {
    let page = Man::new(command.clone().mut_arg("help", |help| help.hide(true)));
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    Roff::new().control("SS", [name]).to_writer(out)?;
    let mut parts = Vec::new();
    page.render_synopsis_section(&mut parts)?;
    page.render_description_section(&mut parts)?;
    page.render_options_section(&mut parts)?;
    for line in String::from_utf8(parts)?.lines() {
        // The page's own sections have the same headings; those of clap's table are kept.
        let line = match line.strip_prefix(".SH ").map(|heading| heading.trim_matches('"')) {
            Some("SYNOPSIS") => continue,
            Some("DESCRIPTION" | "OPTIONS") => ".PP".to_owned(),
            Some(heading) => format!(".PP\n{}", sentence(heading)),
            None => line.to_owned(),
        };
        out.extend(line.bytes().chain([b'\n']));
    }
    let after = command.get_after_long_help().or(command.get_after_help());
    text(&after.map(ToString::to_string).unwrap_or_default()).to_writer(out)?;
    Ok(())
}

/// `WHICH TESTS` as `Which tests:`.
fn sentence(heading: &str) -> String {
    let (first, rest) = heading.split_at(1);
    format!("{first}{}:", rest.to_lowercase())
}

/// Paragraphs, and as they stand the lines that are indented.
fn text(help: &str) -> Roff {
    let mut roff = Roff::new();
    for paragraph in help.split("\n\n").filter(|p| !p.is_empty()) {
        roff.control("PP", []);
        let lines: Vec<&str> = paragraph.lines().collect();
        for lines in lines.chunk_by(|a, b| a.starts_with("  ") == b.starts_with("  ")) {
            let literal = lines[0].starts_with("  ");
            if literal {
                roff.control("RS", ["4"]).control("nf", []);
            }
            for line in lines {
                roff.text([roman(line.trim_start())]);
            }
            if literal {
                roff.control("fi", []).control("RE", []);
            }
        }
    }
    roff
}

/// What is no option.
fn rest() -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["EXIT STATUS"]);
    rows(&mut roff, STATUSES);
    roff.control("PP", []).text([roman(OWN_STATUS)]);
    roff.control("SH", ["ENVIRONMENT"]);
    rows(&mut roff, ENVIRONMENT);
    roff.control("SH", ["SEE ALSO"]);
    roff.text([
        bold("nsh doc"),
        roman(" shows the reference of what scripts can call, "),
        bold("nsh doc "),
        italic("WORDS"),
        roman(" the pages that answer a question."),
    ]);
    roff.control("PP", []).text([roman("ip(8), ip-netns(8), network_namespaces(7), tc(8), nft(8)")]);
    roff
}

fn rows(roff: &mut Roff, rows: &[(&str, &str)]) {
    for (name, means) in rows {
        roff.control("TP", []).text([bold(*name)]).text([roman(*means)]);
    }
}
