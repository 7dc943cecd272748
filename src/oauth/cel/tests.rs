//! What expressions may be, what they come to, and that nothing that anybody writes or is called gets in the way of a server.

use super::*;
use crate::oauth::attributes;
use crate::oauth::claims::Profile;
use proptest::prelude::*;
use serde_json::json;

fn alice() -> Profile {
    Profile {
        username: "alice".to_owned(),
        email: Some("alice@example.org".to_owned()),
        email_verified: true,
        given_name: Some("Alice".to_owned()),
        groups: vec!["app-orders".to_owned(), "app-shop".to_owned(), "staff".to_owned()],
        roles: vec!["buyer".to_owned()],
        attributes: [
            ("department".to_owned(), vec!["Sales".to_owned()]),
            ("cost-centre".to_owned(), vec!["1".to_owned(), "2".to_owned()]),
        ]
        .into(),
        ..Profile::default()
    }
}

/// The person of whom the most is known.
fn giant() -> Profile {
    let name = |number: usize| format!("{number:0>1024}");
    let text = || "x".repeat(1024);
    Profile {
        username: text(),
        name: Some(text()),
        given_name: Some(text()),
        family_name: Some(text()),
        email: Some(text()),
        groups: (0..person::MOST_NAMES).map(name).collect(),
        roles: (0..person::MOST_NAMES).map(name).collect(),
        attributes: (0..8)
            .map(|number| (format!("a{number}"), vec![number.to_string(); attributes::MOST_VALUES]))
            .collect(),
        ..Profile::default()
    }
}

fn value_for(person: &Profile, text: &str) -> Result<Option<Value>, Failure> {
    let expression = Expression::compile(text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
    expression.evaluate(&Variables::new(person, "team-a.shop")?)
}

fn value(text: &str) -> Value {
    value_for(&alice(), text)
        .unwrap_or_else(|failure| panic!("{text}: {}", failure.in_full()))
        .unwrap_or_default()
}

#[test]
fn an_expression_comes_to_a_value_of_any_type_that_json_has() {
    for (text, expected) in [
        ("user.username", json!("alice")),
        ("user.emailVerified", json!(true)),
        ("client.id", json!("team-a.shop")),
        ("size(user.groups)", json!(3)),
        ("1.5", json!(1.5)),
        ("2u", json!(2)),
        (
            "user.groups.filter(g, g.startsWith('app-')).map(g, g.substring(4))",
            json!(["orders", "shop"]),
        ),
        ("user.groups.exists(g, g == 'staff') ? 'employee' : 'guest'", json!("employee")),
        ("'admin' in user.groups", json!(false)),
        ("'buyer' in user.roles && user.groups.all(g, size(g) > 2)", json!(true)),
        ("user.groups.exists_one(g, g.endsWith('shop'))", json!(true)),
        (
            "{'dept': user.attributes.department, 'n': [1, null]}",
            json!({"dept": "Sales", "n": [1, null]}),
        ),
        ("user.attributes['cost-centre']", json!(["1", "2"])),
        ("user.email.split('@')[1]", json!("example.org")),
        (
            "user.username.upperAscii() + '/' + user.groups.join(',')",
            json!("ALICE/app-orders,app-shop,staff"),
        ),
        ("user.username.replace('a', 'e')", json!("elice")),
        ("type(user.attributes.department) == string", json!(true)),
        ("has(user.familyName) ? user.familyName : user.username", json!("alice")),
        ("user.?familyName.orValue('none')", json!("none")),
        ("user.attributes.?department", json!("Sales")),
        ("user.attributes.?room", Value::Null),
        ("optional.of('x')", json!("x")),
        ("null", Value::Null),
        (
            "has(user.email) && user.email.endsWith('@example.org') ? user.email : null",
            json!("alice@example.org"),
        ),
        ("user.groups.map(user, user + '!')[0]", json!("app-orders!")),
    ] {
        assert_eq!(value(text), expected, "{text}");
    }
}

#[test]
fn a_failure_is_no_value_and_tells_nothing_of_the_person() {
    for (text, words) in [
        ("user.familyName", "not known of this person"),
        ("user.attributes.room", "not known of this person"),
        ("{'a': 1}[user.username]", "not known of this person"),
        ("user.groups[7]", "shorter"),
        ("user.username + 1", "of a type"),
        ("user.groups < 1", "of a type"),
        ("int(user.username)", "function failed"),
        ("user.username.substring(99)", "function failed"),
        ("9223372036854775807 + size(user.groups)", "too large"),
        ("1 / (size(user.roles) - 1)", "divided by zero"),
        ("b'bytes'", "nothing that JSON has"),
        ("{1: 'one'}", "nothing that JSON has"),
        ("1.0 / 0.0", "nothing that JSON has"),
        ("[optional.none()]", "nothing that JSON has"),
    ] {
        let failure = value_for(&alice(), text).unwrap_err();
        assert!(failure.to_string().contains(words), "{text}: {failure}");
        assert!(!failure.to_string().contains("alice"), "{text}: {failure}");
    }
    let long = value_for(&giant(), "user.groups").unwrap_err();
    assert!(long.to_string().contains("too long"), "{long}");
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (text, line, column, words) in [
        ("user.", 1, 6, ""),
        ("user.groups.filter(g, g ==)", 1, 27, ""),
        ("'a' +\n  nobody.name", 2, 3, "\"nobody\" is not known"),
        ("user.username + user.shoe", 1, 21, "user has no \"shoe\", but username, email"),
        ("client.secret", 1, 7, "client has no"),
        ("user.?emial.orValue('')", 1, 5, "user has no \"emial\""),
        (
            "user.email.matches('.*')",
            1,
            19,
            "\"matches\" with 1 arguments is no function here",
        ),
        ("nothing()", 1, 8, "no function"),
        ("'%s'.format(['a'])", 1, 12, "no function"),
        ("strings.quote('a')", 1, 1, "not known"),
        ("Person{name: 'a'}", 1, 7, "no messages"),
        ("user.groups.map(g, [user.groups.map(h, h)])", 1, 16, "bytes"),
        ("user.roles.filter(r, r in user.groups)", 1, 18, "steps"),
        ("\u{7}", 1, 1, "control characters"),
    ] {
        let fault = Expression::compile(text).unwrap_err();
        assert_eq!((fault.line, fault.column), (line, column), "{text}: {fault}");
        assert!(fault.reason.contains(words), "{text}: {fault}");
    }
}

/// Each of these has crashed, hung or bloated some parser or interpreter.
fn attacks() -> Vec<String> {
    let times = |text: &str, number: usize| text.repeat(number);
    let nested = |open: &str, close: &str, number: usize| format!("{}1{}", times(open, number), times(close, number));
    vec![
        times("(", 4096),
        times("[", 4000),
        nested("(", ")", 2000),
        nested("[", "]", 2000),
        nested("{1:", "}", 500),
        nested("[", "]", DEEPEST_BRACKETS + 1),
        nested("user.groups.map(g, ", ")", 20),
        nested("size([", "])", 12),
        format!("1{}", times("+1", 2000)),
        format!("1{}", times("-1", 2000)),
        format!("true{}", times("&&true", 600)),
        format!("true{}", times("||true", 600)),
        format!("{}1", times("true?1:", 580)),
        format!("{}1{}", times("true?", 300), times(":1", 300)),
        format!("{}1", times("-", 4000)),
        format!("{}true", times("!", 4000)),
        format!("user{}", times(".a", 2000)),
        format!("user{}", times("[0]", 1300)),
        format!("user{}", times(".?a", 1300)),
        format!("'a'{}", times(".trim()", 500)),
        format!("'a'{}", times(".replace('','aaaaaaaaaaaaaaaaaaaa')", 20)),
        format!("[user.groups{}]", times("+user.groups", 300)),
        format!("[user.groups{0}].map(a,a{1})", times("+user.groups", 100), times("+a", 100)),
        "['x'].map(a,[a+a].map(b,[b+b].map(c,[c+c].map(d,[d+d].map(e,e+e)))))".to_owned(),
        "user.groups.map(a, user.groups.map(b, user.groups.map(c, a + b + c)))".to_owned(),
        "user.groups.exists(a, user.groups.exists(b, a == b + 'x'))".to_owned(),
        "user.groups.map(g, g.split(''))".to_owned(),
        "user.groups.join(user.groups.join('')).replace('', user.groups.join(''))".to_owned(),
        "user.groups.join('').indexOf(user.roles.join(''))".to_owned(),
        "user.map(a, user.map(b, user.map(c, user[a])))".to_owned(),
        format!("[{}1]", times("1,", 2000)),
        format!("{{{}1:1}}", times("1:1,", 900)),
        format!("'{}'", times("\\", 4001)),
        format!("\"\"\"{}", times("a", 4000)),
        times("'", 4095),
        times("`", 4000),
        times("/", 4000),
        format!("/{}", times("*", 4000)),
        format!("0x{}", times("f", 4000)),
        times("9", 4096),
        format!("1e{}", times("9", 4000)),
        format!("1.{}", times("0", 4000)),
        "'\\x'".to_owned(),
        "'\\uD800'".to_owned(),
        "'\\U00110000'".to_owned(),
        "b'\\777'".to_owned(),
        "has(user)".to_owned(),
        "has()".to_owned(),
        "[].map(1, 2)".to_owned(),
        "[].map(a.b, 2)".to_owned(),
        "[1].map(x, x, x, x)".to_owned(),
        "-9223372036854775808 / -1".to_owned(),
        "-9223372036854775808 % -1".to_owned(),
        "-(-9223372036854775808)".to_owned(),
        "[1][-9223372036854775808]".to_owned(),
        "[1][1.5]".to_owned(),
        "'aé'.substring(1, -1)".to_owned(),
        "'aé'.split('', -9223372036854775808)".to_owned(),
        "'a'.charAt(9223372036854775807)".to_owned(),
        "'a'.lastIndexOf('aaa', 9223372036854775807)".to_owned(),
        "'é'.indexOf('', 5)".to_owned(),
        "int(1e300)".to_owned(),
        "uint(-1)".to_owned(),
        "double('nan') == double('nan')".to_owned(),
        "string(b'\\xff')".to_owned(),
        "optional.none().value()".to_owned(),
        "{[1]: 2}".to_owned(),
        "user.groups.map(optional, optional.of(1))".to_owned(),
        "\u{feff}user".to_owned(),
        "👩‍👩‍👧‍👦.a".to_owned(),
        "a\u{202e}b".to_owned(),
    ]
}

#[test]
fn no_expression_crashes_or_bloats_whoever_compiles_it_or_whoever_it_is_about() {
    // As small as the stacks of a server's threads are.
    let small = std::thread::Builder::new().stack_size(1024 * 1024);
    let run = small.spawn(|| {
        let people = [alice(), giant(), Profile::default()];
        for text in attacks() {
            if let Ok(expression) = Expression::compile(&text) {
                for person in &people {
                    let _ = expression.evaluate(&Variables::new(person, "c").unwrap());
                }
            }
        }
    });
    run.unwrap().join().unwrap();
}

#[test]
fn the_dearest_expressions_are_refused_whatever_way_they_are_written() {
    for text in [
        "user.groups.map(a, user.roles.map(b, a + b))",
        "user.groups.exists(a, user.groups.exists(b, a == b))",
        "user.groups.filter(g, g in user.roles)",
        "user.groups.map(g, g.split(''))",
        "user.groups.map(g, user.groups)",
        "user.groups.join('').indexOf(user.roles.join(''))",
        "user.groups.map(g, user.groups.join(''))",
        "[[user.groups, user.roles]].map(a, a[0].map(b, a[1].map(c, b + c)))",
        "{'a': user.groups}.map(k, user.groups.map(g, user.groups.filter(h, h == g)))",
        "(user.emailVerified ? user.groups : user.roles).map(a, (user.emailVerified ? user.roles : user.groups).map(b, a))",
        "optional.of(user.groups).orValue([]).map(a, user.?groups.orValue([]).map(b, a))",
        "user.map(a, user[a].map(b, user[b].map(c, c)))",
    ] {
        let fault = Expression::compile(text).unwrap_err();
        assert!(fault.reason.contains("steps") || fault.reason.contains("bytes"), "{text}: {fault}");
    }
}

#[test]
fn loops_that_multiply_little_are_accepted() {
    for text in [
        "user.groups.filter(g, g in ['a', 'b', 'c']).map(g, g + '!')",
        "['admin', 'ops'].filter(w, user.groups.exists(g, g.startsWith(w)))",
        "user.groups.map(g, g.substring(0, 1).upperAscii() + g.substring(1))",
        "user.groups.map(g, g.split('/', 2)[0])",
        "user.roles.map(r, {'role': r, 'client': client.id})",
        "user.roles.map(r, user.groups[0] + r)",
        "'x' in user.groups || 'y' in user.roles",
    ] {
        assert!(Expression::compile(text).is_ok(), "{text}: {:?}", Expression::compile(text));
    }
}

#[test]
fn of_somebody_of_whom_more_is_known_than_was_reckoned_with_no_claim_is_made() {
    let many = Profile {
        groups: vec!["g".to_owned(); person::MOST_NAMES + 1],
        ..Profile::default()
    };
    let long = Profile {
        email: Some("x".repeat(1025)),
        ..Profile::default()
    };
    let much = Profile {
        attributes: (0..=attributes::MOST)
            .map(|number| (number.to_string(), vec![String::new()]))
            .collect(),
        ..Profile::default()
    };
    for person in [many, long, much] {
        assert!(Variables::new(&person, "c").is_err());
    }
    assert!(Variables::new(&giant(), "c").is_ok());
}

/// Values and bytes in a value.
fn measure(value: &cel::Value) -> (u64, u64) {
    let sum = |parts: Vec<(u64, u64)>| parts.into_iter().fold((1, 0), |sum, part| (sum.0 + part.0, sum.1 + part.1));
    match value {
        cel::Value::String(text) => (1, text.len() as u64),
        cel::Value::Bytes(bytes) => (1, bytes.len() as u64),
        cel::Value::List(list) => sum(list.iter().map(measure).collect()),
        cel::Value::Map(map) => {
            let keys = map.map.keys().map(|key| measure(&key.into()));
            sum(keys.chain(map.map.values().map(measure)).collect())
        }
        other => match <&cel::objects::OptionalValue>::try_from(other) {
            Ok(optional) => optional.value().map_or((1, 0), measure),
            Err(_) => (1, 0),
        },
    }
}

/// Texts that look like expressions.
fn expressions() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("user.username".to_owned()),
        Just("user.groups".to_owned()),
        Just("user.attributes".to_owned()),
        Just("user.attributes.a1".to_owned()),
        Just("user.?email".to_owned()),
        Just("client".to_owned()),
        Just("x".to_owned()),
        Just("null".to_owned()),
        Just("[]".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<u64>().prop_map(|number| format!("{number}u")),
        any::<f64>().prop_map(|number| format!("{number:?}")),
        "[a-zé'\\\\{}]{0,6}".prop_map(|text| format!("{text:?}")),
    ];
    leaf.prop_recursive(6, 40, 3, |inner| {
        let operators = prop::sample::select(vec!["+", "-", "*", "/", "%", "==", "!=", "<", ">=", "&&", "||", " in "]);
        let methods = prop::sample::select(vec![
            "contains",
            "startsWith",
            "indexOf",
            "lastIndexOf",
            "charAt",
            "substring",
            "split",
            "join",
            "orValue",
            "or",
            "size",
            "reverse",
            "trim",
            "value",
            "hasValue",
            "replace",
        ]);
        let functions = prop::sample::select(vec![
            "size",
            "string",
            "int",
            "uint",
            "double",
            "bool",
            "type",
            "dyn",
            "optional.of",
            "has",
        ]);
        let macros = prop::sample::select(vec!["map", "filter", "all", "exists", "exists_one"]);
        prop_oneof![
            (inner.clone(), operators, inner.clone()).prop_map(|(a, operator, b)| format!("({a}{operator}{b})")),
            (inner.clone(), methods, prop::collection::vec(inner.clone(), 0..3))
                .prop_map(|(target, method, args)| format!("{target}.{method}({})", args.join(", "))),
            (functions, inner.clone()).prop_map(|(function, arg)| format!("{function}({arg})")),
            (inner.clone(), macros, inner.clone()).prop_map(|(range, name, body)| format!("{range}.{name}(x, {body})")),
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a}[{b}]")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a}[?{b}]")),
            prop::collection::vec(inner.clone(), 0..4).prop_map(|all| format!("[{}]", all.join(", "))),
            prop::collection::vec((inner.clone(), inner), 0..3).prop_map(|all| {
                let entries: Vec<String> = all.into_iter().map(|(key, value)| format!("{key}: {value}")).collect();
                format!("{{{}}}", entries.join(", "))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_written_and_whoever_it_is_about_nothing_panics(text in expressions(), names in prop::collection::vec(".{0,12}", 0..5)) {
        // The panic itself would be caught: this holds that there is none.
        let person = Profile {
            username: names.first().cloned().unwrap_or_default(),
            attributes: [("a1".to_owned(), names.clone())].into(),
            groups: names,
            ..Profile::default()
        };
        if let Ok(expression) = Expression::compile(&text) {
            let outcome = expression.evaluate(&Variables::new(&person, "c").unwrap());
            prop_assert!(outcome != Err(Failure::new("it panicked")), "{}", text);
        }
    }

    #[test]
    fn nothing_is_larger_than_was_reckoned_with(text in expressions(), names in prop::collection::vec(".{0,12}", 0..5)) {
        let person = Profile {
            username: names.first().cloned().unwrap_or_default(),
            attributes: [("a1".to_owned(), names.clone())].into(),
            groups: names,
            ..Profile::default()
        };
        if let Ok(expression) = Expression::compile(&text) {
            let most = check::most(&expression.program, &text).unwrap();
            let variables = Variables::new(&person, "c").unwrap();
            let mut context = Context::with_env(Arc::clone(&ENVIRONMENT));
            context.set_variable_resolver(&variables);
            if let Ok(value) = expression.program.execute(&context) {
                let (values, bytes) = measure(&value);
                prop_assert!(values <= most.values && bytes <= most.bytes, "{}: {:?} is more than {:?}", text, value, most);
            }
        }
    }

    #[test]
    fn noise_is_refused_or_compiled_and_nothing_else(text in ".{0,80}") {
        let _ = Expression::compile(&text);
    }
}
