//! What a claim by expression costs a token, for somebody in 20 groups and for somebody in as many as there can be.

#![allow(missing_docs, clippy::expect_used)]

use criterion::{Criterion, criterion_group, criterion_main};
use nauthera::oauth::cel::{Expression, Variables};
use nauthera::oauth::claims::Profile;
use std::hint::black_box;

const EXPRESSIONS: [(&str, &str); 3] = [
    ("a text", "user.attributes.department + '@' + client.id"),
    (
        "groups, filtered",
        "user.groups.filter(g, g.startsWith('app-')).map(g, g.substring(4))",
    ),
    ("groups, asked", "user.groups.exists(g, g == 'admin') ? 'admin' : 'guest'"),
];

fn person(groups: usize) -> Profile {
    Profile {
        username: "alice".to_owned(),
        email: Some("alice@example.org".to_owned()),
        attributes: [("department".to_owned(), vec!["Sales".to_owned()])].into(),
        groups: (0..groups).map(|number| format!("group-of-people-{number}")).collect(),
        ..Profile::default()
    }
}

fn evaluate(c: &mut Criterion) {
    for (name, text) in EXPRESSIONS {
        let expression = Expression::compile(text).expect("an expression");
        for groups in [20, 2000] {
            let person = person(groups);
            c.bench_function(&format!("{name}, {groups} groups"), |bench| {
                bench.iter(|| {
                    let variables = Variables::new(black_box(&person), "team-a.shop").expect("within bounds");
                    expression.evaluate(&variables)
                });
            });
        }
    }
    c.bench_function("parsing and checking", |bench| {
        bench.iter(|| Expression::compile(black_box(EXPRESSIONS[1].1)));
    });
}

criterion_group!(benches, evaluate);
criterion_main!(benches);
