//! The page as a whole.

use std::path::Path;

use super::*;
use crate::evaluation::made_up;
use crate::evaluation::{EvaluateOptions, Scored, by_vantage, curves, evaluate};

fn site() -> String {
    let rows = made_up::site(0.9);
    let of = |row: &Scored| Some(if row.group.is_multiple_of(4) { "log" } else { "gateway-tls" });
    let options = EvaluateOptions { resamples: 100, ..EvaluateOptions::default() };
    page(&Report {
        title: "A small site",
        models: &made_up::models(),
        vantages: by_vantage(&rows, of, &options).unwrap(),
        row_ns: Some(412.4),
        shapes: &made_up::shapes(),
        notes: &made_up::notes(),
    })
}

fn page_of(title: &str, models: &[(String, Evaluation, Curves)]) -> String {
    page(&Report { title, models, ..Report::default() })
}

fn of(rows: &[Scored]) -> Vec<(String, Evaluation, Curves)> {
    let made = evaluate(rows, &EvaluateOptions { resamples: 10, ..EvaluateOptions::default() }).unwrap();
    vec![("model".to_owned(), made, curves(rows))]
}

/// Foreign text wherever some can come from.
fn hostile() -> String {
    let evil = "<script>alert(1)</script>\u{202e}\u{1b}[2J\n\"'&".repeat(200);
    let mut rows = made_up::site(0.3);
    for row in &mut rows {
        row.name = evil.clone();
        row.family = Some(evil.clone());
        row.reasons = vec![(evil.clone(), 1e300), (evil.clone(), f64::NAN)];
    }
    let mut models = of(&rows);
    models[0].0 = evil.clone();
    let edges = vec![f32::NAN, f32::INFINITY, -f32::MAX];
    let shape =
        FeatureShape { name: evil.clone(), edges, weights: vec![f32::NAN, f32::MAX, f32::NEG_INFINITY] };
    page(&Report {
        title: &evil,
        models: &vec![models[0].clone(); 9],
        shapes: &[shape],
        notes: std::slice::from_ref(&evil),
        ..Report::default()
    })
}

fn pages() -> Vec<String> {
    let one_class = made_up::rows(&[(0.1, false), (0.9, false)]);
    let constant = made_up::rows(&[(0.5, true), (0.5, false)]);
    let sparse = [page_of("", &[]), page_of("x", &of(&one_class)), page_of("x", &of(&constant))];
    [site(), hostile()].into_iter().chain(sparse).collect()
}

#[test]
fn site_page_is_golden() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/evaluation/site.html");
    let made = site();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap();
    assert!(made == golden, "the page changed; look at it and run UPDATE_GOLDEN=1 cargo test");
}

#[test]
fn page_asks_nobody_for_anything() {
    for page in pages() {
        for load in ["http:", "https:", "src=\"", "url(", "@import", "<script", "<link", "<iframe", "ping="] {
            assert!(!page.contains(load), "{load}");
        }
        assert!(page.contains("content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\""));
        assert!(page.match_indices("href=\"").all(|(at, _)| page[at + 6..].starts_with('#')));
    }
}

#[test]
fn pages_nest_well_and_hold_numbers() {
    for page in pages() {
        assert_eq!(unclosed(&page), Vec::<String>::new());
        assert!(!page.contains("NaN") && !page.contains("inf%") && !page.contains(">inf"));
        assert!(page.len() < 400_000, "{} bytes", page.len());
        assert_eq!(page.matches("<table").count(), page.matches("<caption").count());
    }
}

#[test]
fn hostile_text_stays_text() {
    let page = hostile();
    assert!(page.contains("&#60;script&#62;alert(1)") && page.contains("&#60;U+202E&#62;"));
    assert!(!page.contains('\u{202e}') && !page.contains('\u{1b}'));
}

#[test]
fn limits_of_the_data_are_said() {
    let page = site();
    assert!(page.contains("no false-positive rate below"), "the rule of three");
    assert!(page.contains("Nominal") && page.contains("Measured"));
    let bots = of(&made_up::rows(&[(0.9, true), (0.2, true)]));
    assert!(page_of("x", &bots).contains("Without people no false-positive rate is known."));
}

/// Tags left open or closed in the wrong order; SVG's self-closing ones count as closed.
fn unclosed(page: &str) -> Vec<String> {
    const VOID: [&str; 3] = ["meta", "br", "!doctype"];
    let mut open = Vec::new();
    let body = page.replace(&page[page.find("<style>").unwrap()..page.find("</style>").unwrap()], "<style>");
    for tag in body.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').expect("every tag ends");
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap().to_owned();
        if VOID.contains(&name.as_str()) || tag.ends_with('/') {
            continue;
        }
        if !tag.starts_with('/') {
            open.push(name);
        } else if open.last() == Some(&name) {
            open.pop();
        } else {
            return vec![format!("</{name}> closes {:?}", open.last())];
        }
    }
    open
}
