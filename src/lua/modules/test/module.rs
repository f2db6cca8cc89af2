//! `test`, `group` and what goes with them, as scripts call them.

use mlua::{Function, MultiValue};

use super::name::{self, name};
use super::scope::Sort;
use super::single::{self, TestOptions, misplaced, refuse_inside};
use super::state::Tests;
use super::state::skipped;
use crate::lua::registry::Module;
use crate::lua::schema::{self, BodyLast, Cx, Failure, Param, Shape, Type, opts, param, ret, ty};

const NEEDS: &str = "what it needs, in the words of a file's `-- needs:`: programs, kernel features that `nsh doctor` \
                     names, `root` or `user`; without it the test is skipped, with the reason";

/// A reason; `true` for none in particular.
fn reason(luals: &'static str) -> Type<Option<String>> {
    let flag = ty::boolean().map(|yes| yes.then(|| "no reason given".to_owned()));
    ty::string().map(Some).or(flag).luals(luals)
}

fn shape(name: &'static str) -> Shape<TestOptions> {
    Shape::<TestOptions>::new(name)
        .field(
            "timeout",
            ty::seconds(),
            "how long it may take, in seconds; a test that takes longer is ended and has failed",
            |o, v| o.timeout = Some(v),
        )
        .field("skip", reason("string|boolean"), "why it is not to run; true gives no reason", |o, v| {
            o.skip = v
        })
        .field(
            "xfail",
            reason("string|boolean"),
            "why it is expected to fail: then failing is passing, and passing is failing",
            |o, v| o.xfail = v,
        )
        .field("needs", ty::one_or_list(ty::string()), NEEDS, |o, v| o.needs = v)
}

fn options() -> Param<TestOptions> {
    opts(shape("nsh.test.Options").field(
        "lab",
        ty::one_of(&[("own", true), ("shared", false)]),
        "\"own\": in a fresh lab of its own, in which the file's code runs once more, but for its other tests; \
         default \"shared\"",
        |o, v| o.own_lab = v,
    ))
}

fn body(doc: &'static str) -> Param<Function> {
    param("fn", ty::function(), doc)
}

pub fn test() -> Module {
    Module::new(
        "test",
        "Tests of a file: each with a name, a result and a time of its own, in the file's one lab, in the order in \
         which they stand.\n\n\
         A test runs where it stands, so that code between tests is set-up for those that follow. One that fails does \
         not keep the others from running; code outside tests that fails ends the file. `nsh test` runs many files \
         and reports on them; `nsh FILE` runs the tests of one, and prints a line each.\n\n\
         What a test starts (processes, servers, captures) ends with it, after what it deferred has run. What is to \
         serve several tests is started outside them."
    )
    .callable(
        schema::Function::new(
            "test",
            BodyLast((
                param("name", name(), "what it shows; no other test of the file may have it"),
                options(),
                body("the test: it passes if it returns"),
            )),
            ret::nothing(),
            |cx, (name, options, body)| {
                refuse_inside(&Tests::of(cx.lab), "test")?;
                single::test(cx, &name, &options, body, MultiValue::new())
            },
        )
        .doc(
            "Runs a test immediately. It fails if `fn` raises, if a check in it fails, or if its time is over; its \
             name and what went wrong are told, and the script goes on.\n\n\
             Raises `exists` if the file has a test of this name already, `argument` inside a test.",
        ),
    )
    .function(
        schema::Function::new(
            "test.each",
            BodyLast((
                param(
                    "name",
                    name(),
                    "what they show: `{mtu}` stands for a case's field of that name, `{}` for the case itself, or for \
                     its name if the cases have names. Without either, what tells the case from the others is put \
                     behind",
                ),
                param("cases", ty::table(), "an array of cases, or a table of cases by name"),
                options(),
                body("the test: it gets the case, and its index or name"),
            )),
            ret::nothing(),
            |cx, (template, table, options, body)| {
                refuse_inside(&Tests::of(cx.lab), "test.each")?;
                let within = |wrong: schema::Wrong| wrong.within("cases");
                for case in name::cases(&table).map_err(within)? {
                    let name = name::of_case(&template, &case).map_err(|wrong| wrong.within("name"))?;
                    let args = MultiValue::from_iter([case.value, case.key]);
                    single::test(cx, &name, &options, body.clone(), args)?;
                }
                Ok(())
            },
        )
        .doc(
            "Runs a test for each of several cases: those of an array in its order, those of a table by name in the \
             order of their names.\n\n\
             Raises `exists` if two of them have the same name, `argument` for a field that a case doesn't have.",
        ),
    )
}

pub fn group() -> Module {
    Module::new("group", "Puts tests together under a name.").callable(
        schema::Function::new(
            "group",
            BodyLast((
                param("name", name(), "stands in front of its tests' names"),
                opts(shape("nsh.group.Options")),
                body("makes the tests: it runs at once, and what stands in it outside the tests is their set-up"),
            )),
            ret::nothing(),
            |cx, (name, options, body)| {
                refuse_inside(&Tests::of(cx.lab), "group")?;
                single::group(cx, &name, options, body)
            },
        )
        .doc(
            "Runs a group of tests immediately. What `before_each`, `after_each` and `defer` are given in it holds \
             for it, and what it starts outside its tests ends with it. Its options hold for its tests, unless they \
             say otherwise. Groups may stand in groups.\n\n\
             If its code fails outside its tests, that is told under the group's name and the rest of the group does \
             not run; the file goes on behind it. `skip` in it leaves the rest of it out.\n\n\
             Raises `argument` inside a test.",
        ),
    )
}

fn hook(name: &'static str, doc: &'static str, before: bool) -> Module {
    Module::new(name, doc).callable(
        schema::Function::new(
            name,
            (body("called without arguments"),),
            ret::nothing(),
            move |cx, (function,)| {
                refuse_inside(&Tests::of(cx.lab), name)?;
                Tests::of(cx.lab).with_top(|top| match before {
                    true => top.before_each.push(function),
                    false => top.after_each.push(function),
                });
                Ok(())
            },
        )
        .doc(doc),
    )
}

pub fn before_each() -> Module {
    hook(
        "before_each",
        "Registers a function to run before each later test of this group (or of the file) and of the groups in it. \
         Several run in the order of their registration, those of outer groups first. The function is part of the \
         test: if it fails, the test fails; its time counts; what it starts or defers ends with the test.",
        true,
    )
}

pub fn after_each() -> Module {
    hook(
        "after_each",
        "Registers a function to run after each later test of this group (or of the file) and of the groups in it, \
         however the test ends. Several run in the reverse order of their registration, those of inner groups first, \
         and before what the test deferred. If one fails, the test fails.",
        false,
    )
}

fn skip_now(cx: &Cx<'_>, reason: String) -> Result<(), Failure> {
    if Tests::of(cx.lab).tidying.get() {
        return Err(misplaced("skip", "a test, a group or a file, before what is deferred there").into());
    }
    Tests::of(cx.lab).with_top(|top| top.skip = Some(reason.clone()));
    Err(skipped(reason).into())
}

pub fn skip() -> Module {
    Module::new("skip", "Skips a test.").callable(
        schema::Function::new(
            "skip",
            (param("reason", ty::string(), "the reason, which is reported"),),
            ret::nothing(),
            |cx, (reason,)| skip_now(cx, reason),
        )
        .doc(
            "Ends the test as skipped: neither passed nor failed. Outside a test it leaves out the rest of the group, \
             or of the file. What was deferred still runs, and a soft check that has failed already counts.",
        ),
    )
}

pub fn xfail() -> Module {
    Module::new("xfail", "Marks a known failure.").callable(
        schema::Function::new(
            "xfail",
            (param("reason", ty::string(), "the reason, which is reported"),),
            ret::nothing(),
            |cx, (reason,)| {
                let tests = Tests::of(cx.lab);
                if tests.tidying.get() || tests.inside() == Sort::Group {
                    return Err(misplaced("xfail", "a test, or in the file outside groups")
                        .hint("for the tests of a group: group(name, { xfail = reason }, fn)")
                        .into());
                }
                tests.with_top(|top| top.xfail = Some(reason));
                Ok(())
            },
        )
        .doc(
            "Marks the test as expected to fail from here on. If it fails, it counts as passed, and is reported as \
             an expected failure. If it passes, it counts as failed, so that the mark does not outlive its reason. \
             Outside a test the mark is for the file's own code.",
        ),
    )
}

pub fn defer() -> Module {
    Module::new("defer", "Registers a function to run at the end.").callable(
        schema::Function::new(
            "defer",
            schema::Rest(param("fn", ty::function(), "what to call"), "what it is called with"),
            ret::nothing(),
            |cx, (function, args)| {
                Tests::of(cx.lab).with_top(|top| top.deferred.push(super::scope::Deferred { function, args }));
                Ok(())
            },
        )
        .doc(
            "Registers a function to run when the test ends, or the group, or outside both the script. It runs \
             whether that ends normally or by a failure, its time limit, `skip`, `os.exit`, Ctrl-C or SIGTERM. The \
             function registered last runs first; handles are closed after all of them. A deferred function that \
             fails makes the test fail; the others still run. Each may take 10 s; after an interrupt all of them \
             together 1.5 s.",
        ),
    )
}
