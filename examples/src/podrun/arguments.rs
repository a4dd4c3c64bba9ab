//! Command lines with several images, as rkt has them.
//!
//! ```text
//! podrun run [OPTIONS] IMAGE [OPTIONS OF THE IMAGE] [-- ARGUMENT…] [---] [IMAGE …]…
//! ```
//!
//! An option of images belongs to the image before it; any other option may stand anywhere. What stands after `--` is given to the
//! image's program, up to `---`. A parser of options alone cannot say which image an option belongs to, so the words are dealt out
//! first, by what the parser knows of its options.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};

use clap::{Arg, Args, Command, CommandFactory};

use super::cli::Cli;
use super::image_args::ImageArgs;

/// The commands that take images.
const WITH_IMAGES: [&str; 2] = ["run", "prepare"];

/// A command line, dealt out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Line {
    /// What the parser of the whole command gets: everything but what belongs to an image.
    pub(crate) words: Vec<OsString>,
    /// What belongs to each positional argument, in their order.
    pub(crate) images: Vec<ImageWords>,
}

/// What stands behind an image.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ImageWords {
    /// The image's options.
    pub(crate) options: Vec<OsString>,
    /// The arguments of its program.
    pub(crate) arguments: Vec<OsString>,
}

/// Deals out the words of a command line, the program's name among them.
pub(crate) fn deal(words: impl IntoIterator<Item = OsString>) -> Line {
    let mut command = Cli::command();
    command.build();
    let mut words = words.into_iter();
    let mut line = Line { words: words.by_ref().take(1).collect(), images: Vec::new() };
    let Some(command) = to_command(&command, &mut words, &mut line.words) else { return line };
    if !WITH_IMAGES.contains(&command.get_name()) {
        line.words.extend(words);
        return line;
    }
    let of_images = ImageArgs::augment_args(Command::new("image"));
    let of_images = of_images.get_arguments().map(|option| option.get_id().as_str()).collect();
    Dealer { command, of_images, line }.deal(words)
}

/// Takes over what stands before the name of a command, and that name.
fn to_command<'c>(
    command: &'c Command,
    words: &mut impl Iterator<Item = OsString>,
    taken: &mut Vec<OsString>,
) -> Option<&'c Command> {
    while let Some(word) = words.next() {
        let option = is_option(&word).then(|| value_wanted(command, &word).1);
        let named = option.is_none().then(|| word.to_str().and_then(|name| command.find_subcommand(name)));
        taken.push(word);
        match option {
            Some(true) => taken.extend(words.by_ref().take(1)),
            Some(false) => {}
            None => return named.flatten(),
        }
    }
    None
}

struct Dealer<'c> {
    command: &'c Command,
    of_images: BTreeSet<&'c str>,
    line: Line,
}

impl Dealer<'_> {
    fn deal(mut self, mut words: impl Iterator<Item = OsString>) -> Line {
        while let Some(word) = words.next() {
            if word == "---" {
                continue;
            }
            if word == "--" {
                let mut arguments = words.by_ref().take_while(|word| word != "---");
                match self.line.images.last_mut() {
                    Some(image) => image.arguments.extend(arguments),
                    // No image yet: what follows is files whose names begin with `-`.
                    None => {
                        self.line.words.push(word);
                        self.line.words.extend(arguments.by_ref());
                    }
                }
                continue;
            }
            if !is_option(&word) {
                self.line.words.push(word);
                self.line.images.push(ImageWords::default());
                continue;
            }
            let (option, value) = value_wanted(self.command, &word);
            let of_image = option.is_some_and(|option| self.of_images.contains(option.get_id().as_str()));
            let to = match self.line.images.last_mut() {
                Some(image) if of_image => &mut image.options,
                _ => &mut self.line.words,
            };
            to.push(word);
            if value {
                to.extend(words.by_ref().take(1));
            }
        }
        self.line
    }
}

fn is_option(word: &OsStr) -> bool {
    let bytes = word.as_encoded_bytes();
    bytes.starts_with(b"-") && bytes != b"-"
}

/// The option that a word is, if the command has it, and whether the next word is its value. Of several short options in one word
/// only the last can want one.
fn value_wanted<'c>(command: &'c Command, word: &OsStr) -> (Option<&'c Arg>, bool) {
    let Some(text) = word.to_str() else { return (None, false) };
    if let Some(long) = text.strip_prefix("--") {
        let (name, given) = long.split_once('=').map_or((long, false), |(name, _)| (name, true));
        let named = |option: &&Arg| {
            option.get_long() == Some(name)
                || option.get_all_aliases().is_some_and(|aliases| aliases.contains(&name))
        };
        let option = command.get_arguments().find(named);
        return (option, !given && option.is_some_and(wants_next));
    }
    let mut letters = text.chars().skip(1).peekable();
    while let Some(letter) = letters.next() {
        let Some(option) = command.get_arguments().find(|option| option.get_short() == Some(letter)) else {
            return (None, false);
        };
        if option.get_action().takes_values() || letters.peek().is_none() {
            return (Some(option), letters.peek().is_none() && wants_next(option));
        }
    }
    (None, false)
}

/// Whether an option without `=` has its value in the next word.
fn wants_next(option: &Arg) -> bool {
    option.get_action().takes_values()
        && !option.is_require_equals_set()
        && option.get_num_args().is_none_or(|count| count.min_values() > 0)
}

#[cfg(test)]
mod tests {
    use super::{ImageWords, Line, deal};

    /// A line, what is left of it, and what each image gets: options and arguments.
    type Case = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

    fn dealt(line: &str) -> (String, Vec<(String, String)>) {
        let joined = |words: &[std::ffi::OsString]| {
            words.iter().map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
        };
        let Line { words, images } = deal(line.split(' ').map(Into::into));
        let image = |ImageWords { options, arguments }: &ImageWords| (joined(options), joined(arguments));
        (joined(&words), images.iter().map(image).collect())
    }

    #[test]
    fn words_are_dealt_to_images() {
        let cases: &[Case] = &[
            ("podrun run a", "podrun run a", &[("", "")]),
            ("podrun run a -- x -y --- b", "podrun run a b", &[("", "x -y"), ("", "")]),
            ("podrun run a --exec /x -- -- --- b -- y", "podrun run a b", &[("--exec /x", "--"), ("", "y")]),
            ("podrun run a --exec=/x b --name c", "podrun run a b", &[("--exec=/x", ""), ("--name c", "")]),
            // Options that are not of images may stand anywhere.
            ("podrun run a -o json b", "podrun run a -o json b", &[("", ""), ("", "")]),
            ("podrun run a -ojson -v b", "podrun run a -ojson -v b", &[("", ""), ("", "")]),
            (
                "podrun --dir d -v run --volume v,kind=empty a",
                "podrun --dir d -v run --volume v,kind=empty a",
                &[("", "")],
            ),
            ("podrun run --mount m a --mount n", "podrun run --mount m a", &[("--mount n", "")]),
            // An option whose value needs a `=` takes no word.
            ("podrun run a --readonly-rootfs b", "podrun run a b", &[("--readonly-rootfs", ""), ("", "")]),
            ("podrun run a -u 1 -w /x", "podrun run a", &[("-u 1 -w /x", "")]),
            ("podrun run a -u1 --env A=1", "podrun run a", &[("-u1 --env A=1", "")]),
            ("podrun run -", "podrun run -", &[("", "")]),
            ("podrun run -- -a", "podrun run -- -a", &[]),
            ("podrun run a --unknown x", "podrun run a --unknown x", &[("", ""), ("", "")]),
            ("podrun run a --- --- b", "podrun run a b", &[("", ""), ("", "")]),
            ("podrun prepare a -- x", "podrun prepare a", &[("", "x")]),
            // Other commands are not touched.
            ("podrun status a -- x", "podrun status a -- x", &[]),
            ("podrun -- run", "podrun -- run", &[]),
            ("podrun", "podrun", &[]),
        ];
        for (line, words, images) in cases {
            let images = images.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
            assert_eq!(dealt(line), ((*words).to_owned(), images), "{line}");
        }
    }
}
