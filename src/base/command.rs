//! A command line, word by word.

use std::fmt::{self, Display};

/// A command line; shown as a shell takes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Command {
    /// Quoted already.
    words: Vec<String>,
    /// What it reads.
    input: Option<String>,
    background: bool,
}

impl Command {
    /// Words that need no quotes.
    pub fn new(words: &[&str]) -> Self {
        Command { words: words.iter().map(|w| (*w).to_owned()).collect(), ..Command::default() }
    }

    pub fn words(mut self, words: &[&str]) -> Self {
        self.words.extend(words.iter().map(|w| (*w).to_owned()));
        self
    }

    pub fn word(mut self, word: impl Display) -> Self {
        self.words.push(quoted(&word.to_string()));
        self
    }

    /// Some words with blanks between them.
    pub fn phrase(self, words: Option<impl AsRef<str>>) -> Self {
        let words = words.as_ref().map_or("", AsRef::as_ref);
        words.split_whitespace().fold(self, |command, word| command.word(word))
    }

    /// A keyword and its value, if there is one.
    pub fn pair(self, keyword: &str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.words(&[keyword]).word(value),
            None => self,
        }
    }

    /// A word that stands there or doesn't.
    pub fn flag(self, set: bool, word: &str) -> Self {
        if set { self.words(&[word]) } else { self }
    }

    /// With this to read, as a here-document.
    pub fn reading(mut self, input: &str) -> Self {
        self.input = Some(input.to_owned());
        self
    }

    /// Beside the commands that follow.
    pub fn in_background(mut self) -> Self {
        self.background = true;
        self
    }

    /// How many words it has, to see whether there is more than its beginning.
    pub fn count(&self) -> usize {
        self.words.len()
    }

    /// Behind these words.
    pub fn behind(mut self, first: Command) -> Self {
        self.words.splice(..0, first.words);
        self
    }
}

impl Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words.join(" "))?;
        let background = if self.background { " &" } else { "" };
        let Some(input) = &self.input else { return f.write_str(background) };
        let mut end = "EOF".to_owned();
        while input.lines().any(|line| line == end) {
            end.push('_');
        }
        let newline = if input.is_empty() || input.ends_with('\n') { "" } else { "\n" };
        write!(f, " <<'{end}'{background}\n{input}{newline}{end}")
    }
}

/// A word as a POSIX shell takes it: in single quotes unless it is plain.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "%+,-./:=@_".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_would_read_more_into_them() {
        for plain in ["eth0", "10.0.0.1/24", "fd00::1%eth0", "net.ipv4.ip_forward=1", "eth0.10@eth0"] {
            assert_eq!(quoted(plain), plain);
        }
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(quoted("~"), "'~'");
    }

    #[test]
    fn what_is_read_stands_in_a_here_document_that_ends_where_it_should() {
        let command = Command::new(&["nft", "-f", "-"]);
        assert_eq!(command.clone().reading("a\nb").to_string(), "nft -f - <<'EOF'\na\nb\nEOF");
        assert_eq!(command.reading("EOF\n").in_background().to_string(), "nft -f - <<'EOF_' &\nEOF\nEOF_");
    }
}
