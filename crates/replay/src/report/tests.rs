//! The page as a whole.

use std::path::Path;

use super::*;
use crate::made_up;

fn page(summary: &Summary) -> String {
    let options =
        ReportOptions { title: "A small site".to_owned(), generated_at: Timestamp::from_secs(1_772_500_000) };
    html(summary, &options).unwrap()
}

#[test]
fn small_page_is_golden() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/report/small.html");
    let made = page(&made_up::small());
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap();
    assert!(made == golden, "the page changed; look at it and run UPDATE_GOLDEN=1 cargo test");
}

#[test]
fn page_asks_nobody_for_anything() {
    for summary in [made_up::empty(), made_up::small(), made_up::rich(), made_up::hostile()] {
        let page = page(&summary);
        for load in ["http:", "https:", "src=\"", "url(", "@import", "<script", "<link", "<iframe", "ping="] {
            assert!(!page.contains(load), "{load}");
        }
        assert!(page.contains("content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\""));
        assert!(page.match_indices("href=\"").all(|(at, _)| page[at + 6..].starts_with('#')));
    }
}

#[test]
fn pages_nest_well() {
    for summary in [made_up::empty(), made_up::small(), made_up::rich(), made_up::hostile()] {
        assert_eq!(unclosed(&page(&summary)), Vec::<String>::new());
    }
}

#[test]
fn hostile_text_stays_text() {
    let page = page(&made_up::hostile());
    assert!(page.contains("&#60;script&#62;alert(1)"));
    assert!(!page.contains("<img") && !page.contains('\u{202e}') && !page.contains('\u{1b}'));
    assert!(page.contains("&#60;U+202E&#62;"));
    assert!(page.len() < 60_000, "{} bytes: 10 KB strings must be cut", page.len());
}

#[test]
fn fifty_clients_fit() {
    let page = page(&made_up::rich());
    assert!(page.len() < 400_000, "{} bytes", page.len());
}

#[test]
fn empty_log_still_makes_a_page() {
    let page = page(&made_up::empty());
    assert!(page.contains("the log is empty") && page.contains("Every line could be read"));
    assert!(!page.contains("NaN") && !page.contains("inf"));
}

#[test]
fn welcome_programs_in_the_way_are_named() {
    let page = page(&made_up::rich());
    assert!(page.contains("GPTBot") && page.contains("1 of 23 welcome programs"));
    assert!(self::page(&made_up::small()).contains("None. Both welcome programs in this log pass."));
}

#[test]
fn numbers_name_their_columns() {
    let page = page(&made_up::rich());
    assert_eq!(page.matches("<table").count(), page.matches("<caption").count());
    assert_eq!(
        page.matches("<th").count() - page.matches("<thead").count(),
        page.matches("<th scope=").count()
    );
}

#[test]
fn colours_can_be_read() {
    for palette in palettes() {
        for text in ["ink", "muted", "accent"] {
            for ground in ["paper", "faint"] {
                let contrast = contrast(palette[text], palette[ground]);
                assert!(contrast >= 4.5, "--{text} on --{ground}: {contrast:.1}");
            }
        }
        // One direction from mild to harsh, so that the order survives without colour.
        let steps: Vec<f64> =
            (0..7).map(|rank| contrast(palette[format!("a{rank}").as_str()], palette["paper"])).collect();
        assert!(steps.is_sorted(), "{steps:?}");
    }
}

/// The custom properties of the light and the dark palette, ours and those of every page, as relative luminance.
fn palettes() -> Vec<std::collections::HashMap<&'static str, f64>> {
    let blocks = |css: &'static str| {
        css.split(":root {").skip(1).take(2).map(|block| block.split('}').next().unwrap())
    };
    let colour = |declaration: &'static str| {
        let (name, value) = declaration.trim().split_once(": #")?;
        Some((name.strip_prefix("--")?, luminance(u32::from_str_radix(value, 16).ok()?)))
    };
    let own = blocks(include_str!("../../templates/report.css"));
    let both = own.zip(blocks(STYLE)).map(|(own, all)| own.split(';').chain(all.split(';')));
    both.map(|declarations| declarations.filter_map(colour).collect()).collect()
}

/// WCAG 2.2, relative luminance.
fn luminance(rgb: u32) -> f64 {
    let channel = |shift: u32| {
        let value = f64::from(rgb >> shift & 0xff) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(16) + 0.7152 * channel(8) + 0.0722 * channel(0)
}

/// WCAG 2.2, contrast ratio.
fn contrast(one: f64, other: f64) -> f64 {
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// Tags left open or closed in the wrong order; SVG's self-closing ones count as closed.
fn unclosed(page: &str) -> Vec<String> {
    const VOID: [&str; 2] = ["meta", "!doctype"];
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
