//! The reference's examples: a file each, named after its function. The tests run each as it stands in a fresh lab.

use include_dir::{Dir, include_dir};

static EXAMPLES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/src/lua/modules/examples");

/// The example of a function; empty if there is none, which a test of the registry refuses.
pub fn of(function: &str) -> &'static str {
    let file = EXAMPLES.get_file(format!("{function}.lua"));
    file.and_then(|file| file.contents_utf8()).map_or("", str::trim_end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lua::modules::MODULES;

    #[test]
    fn each_file_is_named_after_a_function() {
        let mut names: Vec<&str> = Vec::new();
        for module in MODULES.0.iter().map(|entry| entry.module()) {
            names.extend(module.functions.iter().chain(&module.call).map(|f| f.doc.name));
        }
        for file in EXAMPLES.files() {
            let name = file.path().file_stem().unwrap().to_str().unwrap();
            assert!(names.contains(&name), "{name}.lua: there is no function {name}");
        }
    }
}
