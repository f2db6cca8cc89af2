//! `ethtool`.

use super::super::act::{Act, Call, Space};
use super::super::args::{Arg, Args, Fields, Reason, Result};
use crate::base::command::Command;
use crate::net::ethtool::{Channels, Coalesce, Part, Pause, Rings, Settings, short};
use crate::net::namespace::Namespace;

/// Translates `ethtool ARGS`.
pub fn translate(words: &[Arg], space: &Space) -> Result<Vec<Act>> {
    let mut args = Args::new(words.to_vec());
    let Some(option) = args.take() else { return Err(Reason::beyond("ethtool without a link")) };
    if !option.text().starts_with('-') {
        return show(option, args, space, "");
    }
    let text = option.text().to_owned();
    match text.as_str() {
        "-K" | "--features" | "--offload" => set(args, space, "features", feature),
        "-L" | "--set-channels" => set(args, space, "channels", Fields::row::<Channels>),
        "-G" | "--set-ring" => set(args, space, "rings", Fields::row::<Rings>),
        "-C" | "--coalesce" => set(args, space, "coalesce", Fields::row::<Coalesce>),
        "-A" | "--pause" => set(args, space, "pause", Fields::row::<Pause>),
        "-s" | "--change" => set(args, space, "", Fields::row::<Settings>),
        "-k" | "--show-features" | "--show-offload" | "-i" | "--driver" => show_of(args, space, ""),
        "-l" | "--show-channels" => show_of(args, space, ".channels"),
        "-g" | "--show-ring" => show_of(args, space, ".rings"),
        "-c" | "--show-coalesce" => show_of(args, space, ".coalesce"),
        "-a" | "--show-pause" => show_of(args, space, ".pause"),
        "-S" | "--statistics" => {
            let dev = args.value("ethtool -S")?;
            nothing_more(&args, "-S")?;
            Ok(vec![Act::Show(Call::new(space, "ethtool.stats", vec![dev.expr()]))])
        }
        other => Err(Reason::beyond(format!("ethtool {other} has no binding"))),
    }
}

fn nothing_more(args: &Args, option: &str) -> Result<()> {
    match args.is_empty() {
        true => Ok(()),
        false => Err(Reason::beyond(format!("ethtool {option} with further options has no binding"))),
    }
}

fn show_of(mut args: Args, space: &Space, part: &str) -> Result<Vec<Act>> {
    let dev = args.value("ethtool")?;
    show(dev, args, space, part)
}

fn show(dev: Arg, args: Args, space: &Space, part: &str) -> Result<Vec<Act>> {
    nothing_more(&args, "DEV")?;
    Ok(vec![Act::Show(Call::new(space, "ethtool.get", vec![dev.expr()]).after(part))])
}

/// Reads the words of one part with `read`, into the table of this name, or into the options themselves.
fn set(
    mut args: Args,
    space: &Space,
    part: &str,
    read: impl Fn(&mut Fields, &str, &mut Args) -> Result<bool>,
) -> Result<Vec<Act>> {
    let dev = args.value("ethtool")?;
    let (mut given, mut options) = (Fields::default(), Fields::default());
    while let Some(word) = args.take() {
        if !read(&mut given, word.text(), &mut args)? {
            return Err(Reason::beyond(format!("ethtool's {} has no binding", word.shown())));
        }
    }
    match part {
        "" => options = given,
        part => options.set(part, given.table()),
    }
    Ok(vec![Act::Do(Call::new(space, "ethtool.set", options.after([dev.expr()])))])
}

/// Which features a link has, the kernel says.
fn feature(given: &mut Fields, word: &str, args: &mut Args) -> Result<bool> {
    let on = args.value(word)?.switch(word)?;
    given.set(short(word), on);
    Ok(true)
}

/// `ethtool -K DEV tso off ...`, and the other options that set a part.
pub fn command(ns: &Namespace, dev: &str, part: Part<'_>) -> Command {
    let of = |option: &str| Command::new(&["ethtool", option]).word(dev);
    let command = match part {
        Part::Features(features) => features.iter().fold(of("-K"), |command, (name, on)| {
            command.word(name).words(&[if *on { "on" } else { "off" }])
        }),
        Part::Channels(given) => of("-L").rows(given, &[]),
        Part::Rings(given) => of("-G").rows(given, &[]),
        Part::Coalesce(given) => of("-C").rows(given, &[]),
        Part::Pause(given) => of("-A").rows(given, &[]),
        Part::Settings(given) => of("-s").rows(given, &[]),
    };
    command.within(ns)
}
