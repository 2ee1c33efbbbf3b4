use std::collections::BTreeSet;

use super::*;

/// Each program's launch, as the runs of several seeds have it.
fn launches(mut look: impl FnMut(&Program, &Launch)) {
    for program in ALL {
        for seed in 0..12 {
            let random = Random::of(seed, program.name);
            let folder = Path::new("/nowhere");
            let mut run = Run { url: "http://127.0.0.1:4711", folder, requests: 1 + seed as u32 * 9, random };
            look(program, &(program.start)(&mut run));
        }
    }
}

#[test]
fn names_are_plain_and_each_is_there_once() {
    let names: BTreeSet<_> = ALL.iter().map(|program| program.name).collect();
    assert_eq!(names.len(), ALL.len());
    for program in ALL {
        for name in [program.name, program.family] {
            // They stand in JSON without escapes, and are names of folders.
            assert!(name.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-'), "{name}");
        }
        assert!(
            !program.needs.is_empty() && program.clients > 0 && program.addresses > 0,
            "{}",
            program.name
        );
    }
    assert!(families().len() > 2 * crate::report::FAMILIES_MIN - 4, "{:?}", families());
}

#[test]
fn programs_go_to_the_relay_and_nowhere_else() {
    launches(|program, launch| {
        let files = launch.files.iter().map(|(_, text)| text.as_str());
        let all: Vec<&str> = launch.args.iter().map(String::as_str).chain(files).collect();
        let all = all.join("\n");
        assert!(all.contains("http://127.0.0.1:4711"), "{}: {all}", program.name);
        // What a user agent says about itself is no address that anybody asks.
        let elsewhere =
            all.replace("http://127.0.0.1:4711", "").replace("+http://www.yourdomain.example", "");
        assert!(
            !elsewhere.contains("http://") && !elsewhere.contains("https://"),
            "{}: {elsewhere}",
            program.name
        );
    });
}

#[test]
fn what_is_started_is_what_is_needed() {
    launches(|program, launch| {
        let has = |name: &str| {
            program
                .needs
                .iter()
                .any(|need| matches!(need, Need::Command { name: known, .. } if *known == name))
        };
        match launch.starter {
            Starter::Command(name) => assert!(has(name), "{}", program.name),
            Starter::Node(_) => assert!(has("node"), "{}", program.name),
            Starter::Python(_) => {
                assert!(program.needs.iter().any(|need| matches!(need, Need::Python(_))), "{}", program.name);
            }
        }
    });
}

#[test]
fn pauses_fit_into_a_run() {
    launches(|program, launch| {
        let Some((_, text)) = launch.files.iter().find(|(name, _)| *name == ORDERS) else { return };
        let orders: Value = serde_json::from_str(text).unwrap();
        let (Some(pace_ms), Some(targets)) = (orders["pace_ms"].as_u64(), orders["targets"].as_array())
        else {
            return;
        };
        // Half as long again at most, as the scripts draw them.
        let all_ms = pace_ms * targets.len() as u64 * 3 / 2;
        assert!(all_ms < 1_000 * crate::bounds::RUN_SECONDS_MAX + 10_000, "{}: {all_ms}", program.name);
    });
}

#[test]
fn headers_of_chrome_stand_in_their_order() {
    let headers = chrome::headers(&mut Random::of(1, "chrome"));
    let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
    let at = |name: &str| names.iter().position(|known| *known == name).unwrap();
    assert!(at("sec-ch-ua") < at("User-Agent") && at("Sec-Fetch-Dest") < at("Accept-Encoding"));
    let value = |name: &str| &headers[at(name)].1;
    let version = value("User-Agent").split("Chrome/").nth(1).unwrap().split('.').next().unwrap();
    assert!(value("sec-ch-ua").contains(&format!("v=\"{version}\"")), "both name one version");
}
