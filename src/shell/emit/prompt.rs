//! What the emitter knows of a prompt, and tells it.

type VariableOf = dyn Fn(&str) -> Option<String>;

/// What the globals of a prompt mean.
pub struct Globals {
    /// The variable that stands for a namespace.
    pub namespace: Box<VariableOf>,
    /// Whether a name means something.
    pub taken: Box<dyn Fn(&str) -> bool>,
}

impl Default for Globals {
    fn default() -> Self {
        Globals { namespace: Box::new(|_| None), taken: Box::new(|_| false) }
    }
}

/// A program that is run as it is: in this namespace, or where the prompt is.
#[derive(Clone, Debug)]
pub struct Program {
    pub namespace: Option<String>,
    pub words: Vec<String>,
}

/// Where the commands that follow are run, of a shell that was opened or left at the prompt.
pub enum Turn {
    Enter(Option<String>),
    Leave,
}
