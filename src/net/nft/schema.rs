//! Objects of libnftables-json(5), held against the schema that the crate `nftables` has of them.
//!
//! Programs nft are newer or older than the schema, and it has holes. So an error is only what is certainly wrong: a
//! value of another type, a missing field, a name that is a known one but for one letter (nft ignores fields that it
//! doesn't know). All else is left to nft as it came.

use std::sync::LazyLock;

use serde_json::{Map, Value as Json};

use crate::base::text::similar;
use crate::net::nf::name::check_name;

static SCHEMA: LazyLock<Json> =
    LazyLock::new(|| schemars::schema_for!(nftables::schema::NfObject).to_value());

/// Commands that take any part of an object that names it.
const PARTIAL: [&str; 6] = ["delete", "destroy", "list", "reset", "flush", "rename"];
/// The schema requires them, nft doesn't.
const OPTIONAL: [&str; 3] = ["val_unit", "port", "field"];

/// What is wrong with a ruleset.
#[derive(Debug, PartialEq)]
pub struct Wrong {
    /// Where, the innermost step first: `[1]`, `expr`, `rule`, `add`, `[3]`.
    pub steps: Vec<String>,
    pub message: String,
}

impl Wrong {
    fn new(message: String) -> Self {
        Wrong { steps: Vec::new(), message }
    }

    fn within(mut self, step: &str) -> Self {
        self.steps.push(step.to_owned());
        self
    }
}

/// Checks the objects of a ruleset. An empty table becomes what nft takes there: null, or an empty list.
pub fn check(objects: &mut [Json]) -> Result<(), Wrong> {
    let forms = forms(&SCHEMA);
    objects.iter_mut().enumerate().try_for_each(|(i, object)| {
        let partial = PARTIAL.iter().any(|command| object.get(command).is_some());
        let checked = value(&forms, object, partial).and_then(|()| names(object));
        checked.map_err(|e| e.within(&format!("[{}]", i + 1)))
    })
}

/// As JSON, nft takes names for what it makes that it can't read in its own language.
fn names(object: &Json) -> Result<(), Wrong> {
    let Some((kind, inner)) = object.as_object().and_then(|object| object.iter().next()) else {
        return Ok(());
    };
    match kind.as_str() {
        "add" | "create" => names(inner).map_err(|e| e.within(kind)),
        "table" | "chain" | "set" | "map" | "flowtable" => match inner["name"].as_str().map(check_name) {
            Some(Err(e)) => Err(Wrong::new(e.message()).within("name").within(kind)),
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

/// The forms that a schema allows, references followed.
fn forms(schema: &'static Json) -> Vec<&'static Json> {
    if let Some(name) = schema["$ref"].as_str().and_then(|at| at.strip_prefix("#/$defs/")) {
        return forms(&SCHEMA["$defs"][name.replace("%20", " ")]);
    }
    match ["anyOf", "oneOf"].iter().find_map(|either| schema[either].as_array()) {
        Some(several) => several.iter().flat_map(forms).collect(),
        None => vec![schema],
    }
}

/// Whether a form is of a JSON type, alone or among others.
fn is(form: &Json, kind: &str) -> bool {
    form["type"] == kind || form["type"].as_array().is_some_and(|kinds| kinds.iter().any(|k| k == kind))
}

/// What a list's items may be, the one at a place of its own among them.
fn items(forms: &[&'static Json], at: usize) -> Vec<&'static Json> {
    let lists = forms.iter().filter(|form| is(form, "array"));
    lists.filter_map(|form| form.get("items").or(form["prefixItems"].get(at))).flat_map(self::forms).collect()
}

fn value(forms: &[&'static Json], json: &mut Json, partial: bool) -> Result<(), Wrong> {
    let list = forms.iter().any(|form| is(form, "array"));
    match json {
        Json::Object(fields) if fields.is_empty() => {
            *json = if list { Json::Array(Vec::new()) } else { Json::Null }
        }
        Json::Array(values) if list => {
            for (i, json) in values.iter_mut().enumerate() {
                value(&items(forms, i), json, partial).map_err(|e| e.within(&format!("[{}]", i + 1)))?;
            }
        }
        // nft takes one value for a list of one.
        _ if list && forms.len() == 1 => value(&items(forms, 0), json, partial)?,
        Json::Object(fields) if forms.iter().any(|form| is(form, "object")) => {
            object(forms, fields, partial)?
        }
        _ => scalar(forms, json)?,
    }
    Ok(())
}

/// Of several forms, those that know most of the names are meant.
fn object(forms: &[&'static Json], fields: &mut Map<String, Json>, partial: bool) -> Result<(), Wrong> {
    let known =
        |form: &Json| fields.keys().filter(|name| form["properties"].get(name.as_str()).is_some()).count();
    let most = forms.iter().map(|form| known(form)).max();
    let meant: Vec<&'static Json> = forms.iter().copied().filter(|form| Some(known(form)) == most).collect();
    for (name, json) in fields.iter_mut() {
        let inner = meant.iter().filter_map(|form| form["properties"].get(name)).flat_map(self::forms);
        match inner.collect::<Vec<_>>().as_slice() {
            [] => {
                let names =
                    meant.iter().filter_map(|form| form["properties"].as_object()).flat_map(Map::keys);
                typo("unknown field", name, names.map(String::as_str))?;
            }
            inner => value(inner, json, partial).map_err(|e| e.within(name))?,
        }
    }
    let [form] = meant.as_slice() else { return Ok(()) };
    let mut required = form["required"].as_array().into_iter().flatten().filter_map(Json::as_str);
    match required.find(|name| !partial && !OPTIONAL.contains(name) && !fields.contains_key(*name)) {
        Some(name) => Err(Wrong::new(format!("missing field {name:?}"))),
        None => Ok(()),
    }
}

fn scalar(forms: &[&'static Json], json: &Json) -> Result<(), Wrong> {
    let words: Vec<&str> = forms
        .iter()
        .flat_map(|form| form["enum"].as_array().into_iter().flatten().chain(form.get("const")))
        .filter_map(Json::as_str)
        .collect();
    let open = |kind: &str| forms.iter().any(|form| is(form, kind));
    let right = match json {
        Json::Null => true,
        Json::String(word) if !words.is_empty() => return typo("unknown word", word, words),
        // Of other types that a word can't be, nft knows more.
        _ if !words.is_empty() || forms.iter().all(|form| form.get("type").is_none()) => true,
        // An object can be a reference by its name.
        Json::String(_) => open("string") || open("object"),
        Json::Number(number) => open("integer") && (number.is_i64() || number.is_u64()),
        Json::Bool(_) => open("boolean"),
        Json::Array(_) => open("string"),
        Json::Object(_) => false,
    };
    if right {
        return Ok(());
    }
    const KINDS: [(&str, &str); 5] = [
        ("string", "a string"),
        ("integer", "an integer"),
        ("boolean", "a boolean"),
        ("array", "a list"),
        ("object", "a table of fields"),
    ];
    let kinds: Vec<&str> = KINDS.iter().filter(|(kind, _)| open(kind)).map(|(_, name)| *name).collect();
    let got = match json {
        Json::Array(_) => "a list".to_owned(),
        Json::Object(_) => "a table".to_owned(),
        json => json.to_string(),
    };
    Err(Wrong::new(format!("expected {}, got {got}", kinds.join(" or "))))
}

/// Raises an error for a name that is a known one but for one letter.
fn typo<'a>(what: &str, name: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> Result<(), Wrong> {
    // nft lists `tables`, and knows the schema's `cttimeout` as `ct timeout`.
    let plain = name.replace(' ', "");
    let same = |known: &str| known.replace(' ', "") == plain || name.strip_suffix('s') == Some(known);
    if name.len() < 4 || known.clone().into_iter().any(same) {
        return Ok(());
    }
    match similar(name, known).filter(|near| strsim::damerau_levenshtein(name, near) == 1) {
        Some(near) => Err(Wrong::new(format!("{what} {name:?}; did you mean {near:?}?"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The path and the message that a ruleset of one object ends with; empty if it has none.
    fn wrong(object: &str) -> String {
        let mut objects = [serde_json::from_str(object).unwrap()];
        match check(&mut objects) {
            Ok(()) => String::new(),
            Err(e) => format!("{}: {}", e.steps.into_iter().rev().collect::<Vec<_>>().join(" "), e.message),
        }
    }

    fn statement(text: &str) -> String {
        wrong(&format!(
            r#"{{"add": {{"rule": {{"family": "inet", "table": "t", "chain": "c", "expr": [{text}]}}}}}}"#
        ))
    }

    #[test]
    fn what_is_certainly_wrong_has_its_path() {
        assert_eq!(
            wrong(r#"{"add": {"table": {"family": "inet"}}}"#),
            "[1] add table: missing field \"name\""
        );
        assert_eq!(
            wrong(r#"{"table": {"family": "ine", "name": 5}}"#),
            "[1] table name: expected a string, got 5"
        );
        assert_eq!(
            wrong(r#"{"table": {"family": "innet", "name": "t"}}"#),
            "[1] table family: unknown word \"innet\"; did you mean \"inet\"?"
        );
        let tcp = r#"{"payload": {"protocol": "tcp", "field": "dport"}}"#;
        assert_eq!(
            statement(&format!(r#"{{"accept": null}}, {{"match": {{"left": {tcp}, "right": 22}}}}"#)),
            "[1] add rule expr [2] match: missing field \"op\""
        );
        assert_eq!(
            statement(r#"{"limit": {"rate": "10", "per": "second"}}"#),
            "[1] add rule expr [1] limit rate: expected an integer, got \"10\""
        );
        assert_eq!(
            statement(r#"{"match": {"op": "==", "right": 1, "left": {"meta": {"key": "makr"}}}}"#),
            "[1] add rule expr [1] match left meta key: unknown word \"makr\"; did you mean \"mark\"?"
        );
        assert_eq!(
            statement(r#"{"log": {"prefx": "x"}}"#),
            "[1] add rule expr [1] log: unknown field \"prefx\"; did you mean \"prefix\"?"
        );
        assert_eq!(
            statement(r#"{"acept": null}"#),
            "[1] add rule expr [1]: unknown field \"acept\"; did you mean \"accept\"?"
        );
        assert_eq!(wrong("5"), "[1]: expected a table of fields, got 5");
        assert_eq!(wrong("[]"), "[1]: expected a table of fields, got a list");
    }

    #[test]
    fn what_the_schema_does_not_know_is_left_to_nft() {
        for object in [
            r#"{"destroy": {"table": {"family": "inet", "name": "t"}}}"#,
            r#"{"delete": {"rule": {"family": "inet", "table": "t", "chain": "c", "handle": 5}}}"#,
            r#"{"list": {"tables": null}}"#,
            r#"{"table": {"family": "inet", "name": "t", "flags": "dormant", "comment": "x"}}"#,
            r#"{"ct timeout": {"family": "ip", "table": "t", "name": "n", "protocol": "tcp"}}"#,
            r#"{"set": {"family": "ip", "table": "t", "name": "n", "type": {"typeof": {"meta": {"key": "mark"}}}}}"#,
            r#"{"element": {"family": "ip", "table": "t", "name": "n", "elem": {"prefix": {"addr": "10.0.0.0", "len": 8}}}}"#,
            r#"{"counter": {"family": "ip", "table": "t", "name": "n", "bytes": 7000000000000}}"#,
        ] {
            assert_eq!(wrong(object), "", "{object}");
        }
        for text in [
            r#"{"map": {"key": 1, "data": "@m"}}"#,
            r#"{"last": {"used": 5}}"#,
            r#"{"limit": "l"}"#,
            r#"{"masquerade": {"flags": "random"}}"#,
            r#"{"quota": {"val": 5}}"#,
            r#"{"notrack": null}"#,
            r#"{"reject": {"type": "icmp", "expr": 3}}"#,
            r#"{"vmap": {"key": {"ct": {"key": "state"}}, "data": {"set": [["new", {"accept": null}], [1, {"jump": {"target": "c"}}]]}}}"#,
            r#"{"mangle": {"key": {"meta": {"key": "mark"}}, "value": {"|": [1, 2, 3]}}}"#,
        ] {
            assert_eq!(statement(text), "", "{text}");
        }
    }

    #[test]
    fn an_empty_table_becomes_what_nft_takes() {
        let text = r#"{"add": {"rule": {"family": "ip", "table": "t", "chain": "c", "expr": {}}}}"#;
        let mut objects: Vec<Json> = vec![
            serde_json::from_str(text).unwrap(),
            serde_json::from_str(&text.replace("{}}}}", r#"[{"accept": {}}, {"counter": {}}]}}}"#)).unwrap(),
        ];
        check(&mut objects).unwrap();
        assert_eq!(objects[0]["add"]["rule"]["expr"], Json::Array(Vec::new()));
        assert_eq!(objects[1]["add"]["rule"]["expr"].to_string(), r#"[{"accept":null},{"counter":null}]"#);
    }
}
