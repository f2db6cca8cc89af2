//! What the library written in Lua says of itself: its comments, in LuaLS's notation, as the registry tells of the
//! bindings. Editors read the same comments from the files.
//!
//! Read are: the comment at a module's head; `---` comments in front of `function MODULE.NAME(...)`, of
//! `function meta.__call(...)` (calling the module itself) and of `function CLASS:NAME(...)`, with `@param`, `@return`
//! and an example in a fence; and `@class` with its `@field`s.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::ModuleDoc;
use crate::lua::modules::link::shape;
use crate::lua::runtime::library::{SOURCES, Source};
use crate::lua::schema::{
    ClassDoc, FieldDoc, FunctionDoc, ParamDoc, RecordDoc, RecordFieldDoc, ReturnDoc, ShapeDoc,
};

thread_local! {
    /// Read once; the texts live as long as the program.
    static MODULES: Vec<ModuleDoc> = read();
}

/// The modules of the library, sorted by name.
pub fn modules() -> Vec<ModuleDoc> {
    MODULES.with(Clone::clone)
}

/// A value with its name, from `@param`, `@field` or `@return`.
struct Named {
    name: &'static str,
    optional: bool,
    luals: String,
    doc: &'static str,
}

/// A `@class`.
struct Class {
    doc: &'static str,
    /// Its keys are all that there are: a table of options.
    exact: bool,
    /// The options of a binding that it has, too.
    base: Option<&'static str>,
    fields: Vec<Named>,
    methods: Vec<Function>,
}

/// A documented function, still without what its types stand for.
struct Function {
    name: String,
    doc: &'static str,
    example: &'static str,
    params: Vec<Named>,
    returns: Option<Named>,
}

/// What a file says.
#[derive(Default)]
struct File {
    functions: Vec<Function>,
    call: Option<Function>,
    /// The variables that stand for classes.
    locals: BTreeMap<String, &'static str>,
}

/// The comments in front of a line.
#[derive(Default)]
struct Block {
    text: Vec<&'static str>,
    example: Vec<&'static str>,
    in_example: bool,
    /// Its name, whether it is exact, and its base.
    class: Option<(&'static str, bool, Option<&'static str>)>,
    fields: Vec<Named>,
    params: Vec<Named>,
    returns: Option<Named>,
}

fn leak(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

fn read() -> Vec<ModuleDoc> {
    let mut classes = BTreeMap::new();
    let files: Vec<(&Source, File)> = SOURCES.iter().map(|s| (s, read_file(s, &mut classes))).collect();
    let types = Types { classes };
    let public = files.into_iter().filter(|(source, _)| source.public);
    public
        .map(|(source, file)| ModuleDoc {
            name: &source.name,
            doc: head(source.text),
            per_namespace: false,
            library: true,
            bare: file.functions.is_empty(),
            call: file.call.as_ref().map(|f| types.function(f)),
            functions: file.functions.iter().map(|f| types.function(f)).collect(),
        })
        .collect()
}

/// The comment at a file's head.
fn head(text: &'static str) -> &'static str {
    let lines = text.lines().take_while(|line| line.starts_with("--"));
    let lines: Vec<&str> = lines.map(|l| l.trim_start_matches("--").trim_start_matches(' ')).collect();
    leak(lines.join("\n"))
}

fn read_file(source: &Source, classes: &mut BTreeMap<&'static str, Class>) -> File {
    let (mut file, mut block) = (File::default(), Block::default());
    let module = source.name.rsplit('.').next().unwrap_or(&source.name);
    for line in source.text.lines() {
        match line.strip_prefix("---") {
            Some(comment) => block.take(comment),
            None => file.end(std::mem::take(&mut block), line, module, classes),
        }
    }
    file
}

impl Block {
    fn take(&mut self, comment: &'static str) {
        let (word, rest) = comment.split_once(' ').unwrap_or((comment, ""));
        match word {
            "```lua" => self.in_example = true,
            "```" => self.in_example = false,
            _ if self.in_example => self.example.push(comment),
            "@class" => {
                let exact = rest.strip_prefix("(exact) ");
                let (name, base) = match exact.unwrap_or(rest).split_once(": ") {
                    Some((name, base)) => (name, Some(base)),
                    None => (exact.unwrap_or(rest), None),
                };
                self.class = Some((name, exact.is_some(), base));
            }
            "@field" => self.fields.push(named(rest)),
            "@param" => self.params.push(named(rest)),
            "@return" => {
                let (luals, doc) = split_type(rest);
                let doc = doc.trim_start_matches("# ");
                self.returns = Some(Named { name: "", optional: false, luals: luals.to_owned(), doc });
            }
            word if word.starts_with('@') => {}
            _ => self.text.push(comment),
        }
    }
}

impl File {
    /// Files what the comments in front of a line of code say.
    fn end(&mut self, block: Block, line: &str, module: &str, classes: &mut BTreeMap<&'static str, Class>) {
        let doc = leak(block.text.join("\n").trim().to_owned());
        if let Some((name, exact, base)) = block.class {
            if let Some(local) = line.strip_prefix("local ").and_then(|l| l.split(' ').next()) {
                self.locals.insert(local.to_owned(), name);
            }
            classes.insert(name, Class { doc, exact, base, fields: block.fields, methods: Vec::new() });
            return;
        }
        let Some(name) = line.strip_prefix("function ").and_then(|l| l.split('(').next()) else { return };
        if doc.is_empty() {
            return;
        }
        let function = |name: &str| Function {
            name: name.to_owned(),
            doc,
            example: leak(block.example.join("\n")),
            params: block.params,
            returns: block.returns,
        };
        if name == "meta.__call" {
            self.call = Some(function(module));
        } else if let Some((local, method)) = name.split_once(':') {
            let class = self.locals.get(local).and_then(|class| classes.get_mut(class));
            if let Some(class) = class {
                class.methods.push(function(method));
            }
        } else if name.split_once('.').is_some_and(|(table, _)| table == module) {
            self.functions.push(function(name));
        }
    }
}

/// `name? type what it is`
fn named(text: &'static str) -> Named {
    let (name, rest) = match text.strip_prefix('[').and_then(|inner| inner.split_once("] ")) {
        Some((key, rest)) => (leak(format!("[{key}]")), rest),
        None => text.split_once(' ').unwrap_or((text, "")),
    };
    let (luals, doc) = split_type(rest);
    Named { name: name.trim_end_matches('?'), optional: name.ends_with('?'), luals: luals.to_owned(), doc }
}

/// A type ends at the first space that is in no brackets.
fn split_type(text: &'static str) -> (&'static str, &'static str) {
    let mut depth = 0;
    for (i, c) in text.char_indices() {
        match c {
            '<' | '(' | '{' => depth += 1,
            '>' | ')' | '}' => depth -= 1,
            ' ' if depth == 0 => return (&text[..i], &text[i + 1..]),
            _ => {}
        }
    }
    (text, "")
}

/// The classes of the library, by name.
struct Types {
    classes: BTreeMap<&'static str, Class>,
}

impl Types {
    /// The class that a type is of, alone, optional, or in an array.
    fn class(&self, luals: &str) -> Option<(&'static str, &Class)> {
        let mut words = luals.split(|c: char| !(c.is_alphanumeric() || c == '.' || c == '_'));
        words.find_map(|word| self.classes.get_key_value(word)).map(|(name, class)| (*name, class))
    }

    fn shape(&self, luals: &str) -> Option<Rc<ShapeDoc>> {
        let (name, class) = self.class(luals).filter(|(_, class)| class.exact)?;
        let fields = class.fields.iter().map(|f| FieldDoc {
            name: f.name,
            luals: f.luals.clone(),
            expected: f.luals.replace("nsh.topology.", "").replace("nsh.", ""),
            required: !f.optional,
            doc: f.doc,
            shape: self.shape(&f.luals),
        });
        let base = class.base.and_then(shape::options_called);
        let inherited = base.iter().flat_map(|base| base.fields.iter().cloned());
        Some(Rc::new(ShapeDoc { name, fields: fields.chain(inherited).collect() }))
    }

    fn record(&self, luals: &str) -> Option<Rc<RecordDoc>> {
        let (name, class) = self.class(luals).filter(|(_, c)| !c.exact && c.methods.is_empty())?;
        Some(Rc::new(RecordDoc { name, doc: class.doc, fields: self.fields(class) }))
    }

    fn fields(&self, class: &Class) -> Vec<RecordFieldDoc> {
        let field = |f: &Named| RecordFieldDoc {
            name: f.name,
            luals: format!("{}{}", f.luals, if f.optional { "?" } else { "" }),
            doc: f.doc,
            record: self.record(&f.luals),
        };
        class.fields.iter().map(field).collect()
    }

    fn handle(&self, luals: &str) -> Option<Rc<ClassDoc>> {
        let (name, class) = self.class(luals).filter(|(_, class)| !class.methods.is_empty())?;
        let methods = class.methods.iter().map(|m| self.function(m)).collect();
        Some(Rc::new(ClassDoc { name, doc: class.doc, methods, fields: self.fields(class) }))
    }

    fn function(&self, f: &Function) -> FunctionDoc {
        let param = |p: &Named| ParamDoc {
            name: p.name,
            luals: p.luals.clone(),
            expected: p.luals.replace("nsh.", ""),
            optional: p.optional,
            doc: p.doc,
            shape: self.shape(&p.luals),
        };
        FunctionDoc {
            name: leak(f.name.clone()),
            doc: f.doc,
            params: f.params.iter().map(param).collect(),
            returns: f.returns.as_ref().map(|r| ReturnDoc {
                luals: r.luals.clone(),
                doc: r.doc,
                record: self.record(&r.luals),
                class: self.handle(&r.luals),
            }),
            listed: None,
            command: None,
            example: f.example,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_become_documentation() {
        let modules = modules();
        let topology = modules.iter().find(|m| m.name == "nsh.topology").unwrap();
        assert!(topology.doc.starts_with("Networks from one table"), "{}", topology.doc);
        let call = topology.call.as_ref().unwrap();
        assert_eq!(call.name, "topology");
        assert!(call.example.contains("check.reachable"));
        let table = call.params[0].shape.as_ref().unwrap();
        let links = table.fields.iter().find(|f| f.name == "links").unwrap();
        let options = links.shape.as_ref().unwrap();
        assert_eq!(options.fields[0].name, "[1]");
        assert!(options.fields.iter().any(|f| f.name == "mtu" && !f.required && f.luals == "integer"));
        let net = call.returns.as_ref().unwrap().class.as_ref().unwrap();
        assert_eq!(net.name, "nsh.topology.Net");
        let cut = net.methods.iter().find(|m| m.name == "cut").unwrap();
        assert_eq!(cut.params.iter().map(|p| p.name).collect::<Vec<_>>(), ["a", "b", "opts"]);
        assert!(topology.functions.iter().any(|f| f.name == "topology.ring"));
    }

    #[test]
    fn every_function_of_the_library_is_documented() {
        for m in modules() {
            let source = SOURCES.iter().find(|s| s.name == m.name).unwrap();
            let module = m.name.rsplit('.').next().unwrap();
            let written = source.text.matches(&format!("\nfunction {module}.")).count();
            assert_eq!(m.functions.len(), written, "{}", m.name);
            for f in m.all() {
                assert!(!f.example.is_empty(), "{} has no example", f.name);
                f.params.iter().for_each(|p| assert!(!p.doc.is_empty(), "{}: {}", f.name, p.name));
            }
        }
    }
}
