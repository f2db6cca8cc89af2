use super::*;

table! {
    /// For the tests.
    pub struct Sample {
        Set delay: Between<1, 100> = 3, ip ["delay", "latency"], "how long";
        Set on as "enabled": bool = 4, ip ["on"], "whether";
        Read seen: Between<0, 9> = header always, ip [], "only reported";
        Set router: bool = {flag 0x80} always, ip ["router"], "a flag";
        Give sticky: bool = {flag 0x40}, ip ["sticky"], "one that is reported as a word";
        Word learned: bool = {flag 0x100}, ip [], "a word";
    } and {
        /// No attribute.
        parts: Vec<u8>,
    }
}

fn row(name: &str) -> &'static Row<Sample> {
    Sample::ROWS.iter().find(|row| row.name == name).unwrap()
}

#[test]
fn what_is_set_goes_out_and_comes_back() {
    let sample =
        Sample { delay: Some(Between(5)), on: Some(true), seen: Some(Between(1)), ..Sample::default() };
    let (mut sent, mut back) = (Vec::new(), Sample::default());
    Table::encode(&sample, &mut |number, bytes| sent.push((number, bytes.to_vec())));
    assert_eq!(sent, [(3, 5u32.to_ne_bytes().to_vec()), (4, vec![1])]);
    for (number, bytes) in &sent {
        back.decode(*number, bytes);
    }
    assert_eq!(back, Sample { seen: None, ..sample });
}

#[test]
fn cut_and_unknown_attributes_are_left_out() {
    let mut sample = Sample::default();
    sample.decode(3, &[1, 2]);
    sample.decode(4, &[]);
    sample.decode(99, &[1, 2, 3, 4]);
    assert_eq!(sample, Sample::default());
}

#[test]
fn a_script_gives_values_of_the_type_within_its_range() {
    let mut sample = Sample::default();
    let mut put = |name: &str, value| (row(name).put)(&mut sample, &value).unwrap();
    assert!(put("delay", Value::Int(100)));
    assert!(!put("delay", Value::Int(101)));
    assert!(!put("delay", Value::Text("5".into())));
    assert!(put("enabled", Value::Bool(true)));
    assert_eq!((row("enabled").get)(&sample), Some(Value::Bool(true)));
}

#[test]
fn a_filter_takes_absence_for_what_it_stands_for() {
    let off = Sample { on: Some(false), ..Sample::default() };
    let on = Sample { on: Some(true), ..Sample::default() };
    assert!(off.fits(&Sample::default()));
    assert!(!on.fits(&Sample::default()));
    assert!(!Sample { delay: Some(Between(1)), ..Sample::default() }.fits(&Sample::default()));
    assert!(Sample::default().fits(&on));
}

#[test]
fn words_of_ip_lead_to_their_row() {
    assert_eq!(Sample::row("latency").map(|row| row.name), Some("delay"));
    assert!(Sample::row("seen").is_none());
    assert_eq!(Sample::keywords(), ["delay", "on", "router", "sticky"]);
    assert!(row("seen").always && !row("delay").always);
}

#[test]
fn flags_are_bits_and_words() {
    let sample = Sample { sticky: Some(true), router: Some(false), ..Sample::default() };
    assert_eq!(sample.flags(), 0x40);
    let mut back = Sample::default();
    back.decode_flags(0x140);
    assert_eq!((back.router, back.sticky, back.on), (Some(false), Some(true), None));
    assert_eq!(back.flag_words(), ["sticky", "learned"]);
    back.decode_flags(0x80);
    assert_eq!((back.router, back.sticky), (Some(true), None));
}
