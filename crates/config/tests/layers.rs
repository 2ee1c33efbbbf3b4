//! Which layer wins, and what `config show` says about it.

use std::sync::Arc;

use palisade_config::settings::{Listen, RuleEffect};
use palisade_config::{EXAMPLE, Flags, Layers, Loaded, SourceFile, read};
use proptest::prelude::*;

struct Given {
    layers: Layers,
}

impl Given {
    fn file(text: &str) -> Self {
        let file = Some(Arc::new(SourceFile::new("palisade.toml", text)));
        Given { layers: Layers { file, ..Layers::default() } }
    }

    fn env(mut self, name: &str, value: &str) -> Self {
        self.layers.environment.push((name.into(), value.into()));
        self
    }

    fn flags(mut self, flags: Flags) -> Self {
        self.layers.flags = flags;
        self
    }

    fn read(&self) -> Result<Loaded, String> {
        read(&self.layers, &["request_rate"]).map_err(|errors| errors.to_string())
    }
}

fn shown(loaded: &Loaded, key: &str) -> String {
    let setting = loaded.effective.iter().find(|setting| setting.key == key);
    setting.map_or_else(|| format!("no {key}"), |setting| format!("{} # {}", setting.value, setting.origin))
}

#[test]
fn the_later_layer_wins() {
    let listen = "[server]\nlisten = \":1\"\n";
    let check = |given: Given, expect: &str| {
        assert_eq!(shown(&given.read().expect("loads"), "server.listen"), expect);
    };
    let flag = Flags { listen: vec!["127.0.0.1:4".into()], ..Flags::default() };
    check(Given::file(""), "[\":8080\"] # default");
    check(Given::file(listen), "[\":1\"] # palisade.toml:2:10");
    let with_env = || Given::file(listen).env("PALISADE_SERVER__LISTEN", ":2");
    check(with_env(), "[\":2\"] # PALISADE_SERVER__LISTEN");
    check(with_env().env("PORT", "3"), "[\":3\"] # PORT");
    check(with_env().env("PORT", "3").flags(flag), "[\"127.0.0.1:4\"] # --listen");
}

#[test]
fn the_environment_speaks_every_type() {
    let loaded = Given::file("[policy.bands]\nmonitor = 40")
        .env("PALISADE_POLICY__BANDS__BLOCK", "95")
        .env("PALISADE_STORE__EVENT_SAMPLE", "1")
        .env("PALISADE_SERVER__PROXY_PROTOCOL", "true")
        .env("PALISADE_SERVER__API", "127.0.0.1:5002, 127.0.0.1:5006")
        .env("PALISADE_SERVER__TRUSTED_PROXIES", r#"["private"]"#)
        .env("PALISADE_POLICY__RULES", r#"[{when = "true", weigh = 5}]"#)
        .env("PALISADE_DETECTION__REQUEST_RATE", "{ weight = 0.5 }")
        .env("PALISADE_LOG", "debug")
        .env("HOME", "/root")
        .read()
        .expect("loads");
    let settings = &loaded.settings;
    assert_eq!((settings.policy.bands.monitor, settings.policy.bands.block), (40, 95));
    assert_eq!(settings.server.api, [Listen::loopback(5002), Listen::loopback(5006)]);
    assert_eq!(settings.policy.rules[0].effect, RuleEffect::Weigh(5));
    assert_eq!(settings.detection.of("request_rate").weight, 0.5);
    assert_eq!(shown(&loaded, "store.event_sample"), "1.0 # PALISADE_STORE__EVENT_SAMPLE");
    assert_eq!(shown(&loaded, "policy.bands.monitor"), "40 # palisade.toml:2:11");
    assert_eq!(shown(&loaded, "server.trusted_proxies"), "[\"private\"] # PALISADE_SERVER__TRUSTED_PROXIES");
}

#[test]
fn the_environment_reaches_what_serves() {
    let loaded = Given::file("")
        .env("PALISADE_LIMITS__HEAD_TIMEOUT_MS", "5000")
        .env("PALISADE_LIMITS__PATHS", r#"[{path = "/login", per_minute = 20}]"#)
        .env("PALISADE_POLICY__ENTRIES__BLOCK_HOURS", "48")
        .env("PALISADE_POLICY__ENTRIES__FROM_BANDS", "challenge,block")
        .env("PALISADE_SITES", r#"[{upstreams = ["http://a"], enforce = "all"}]"#)
        .env("PALISADE_INTEL__DNS", "127.0.0.1:5353")
        .env("PALISADE_API__METRICS_TOKEN", "hunter2")
        .env("PALISADE_CRAWL__TRUSTED_AGENTS", r#"[{origin = "https://bot.example", class = "ai"}]"#)
        .read()
        .expect("loads");
    let settings = &loaded.settings;
    assert_eq!((settings.limits.head_timeout_ms, settings.limits.rates.paths[0].per_minute), (5000, 20));
    assert_eq!((settings.policy.entries.block_hours, settings.policy.entries.from_bands.len()), (48, 2));
    assert_eq!((settings.intel.dns.to_string(), loaded.has_upstream()), ("127.0.0.1:5353".into(), true));
    assert_eq!(settings.crawl.trusted_agents[0].name, "bot.example");
    assert_eq!(shown(&loaded, "api.metrics_token"), "(secret) # PALISADE_API__METRICS_TOKEN");
    assert!(!format!("{loaded:?}").contains("hunter2"));
}

#[test]
fn nothing_to_stand_in_front_of_is_seen() {
    let bare = read(&Layers::default(), &[]).expect("loads");
    assert!(!bare.has_file && !bare.has_upstream());
    let flags = Flags { upstream: vec!["http://127.0.0.1:9".into()], ..Flags::default() };
    assert!(read(&Layers { flags: flags.clone(), ..Layers::default() }, &[]).expect("loads").has_upstream());
    let sites = r#"[{hosts = ["a.example"], enforce = "all"}]"#;
    let both = Given::file("").env("PALISADE_SITES", sites).flags(flags).read().expect("loads");
    assert_eq!(both.settings.sites.len(), 2, "the flag adds a site and takes none away");
    assert!(Given::file("").read().expect("loads").has_file);
}

#[test]
fn errors_of_all_layers_come_together() {
    let flags = Flags { api: vec!["5000".into()], ..Flags::default() };
    let errors = Given::file("[store]\nevent_sample = 2\n[policy.bands]\nblok = 1")
        .env("PALISADE_POLICY__BANDS__BLOCK", "ninety")
        .env("PALISADE_POLICI__PRESET", "strict")
        .env("PALISADE_SITES__0__HOSTS", "*")
        .env("PALISADE_A____B", "x")
        .env("PORT", "http")
        .flags(flags)
        .read()
        .expect_err("refused");
    let expected = "\
palisade.toml:2:16: store.event_sample: 2 is not in 0.0..=1.0
palisade.toml:4:1: policy.bands.blok: unknown key; did you mean `block`?
PALISADE_A____B: is no setting; write PALISADE_SECTION__KEY
PORT: server.listen: \":http\" is no address with a port; write 127.0.0.1:8080, [::1]:8080 or :8080
PALISADE_SITES__0__HOSTS: sites: is a list of tables; write it in the file as [[sites]]
PALISADE_POLICY__BANDS__BLOCK: policy.bands.block: \"ninety\" is no whole number
PALISADE_POLICI__PRESET: polici: unknown key; did you mean `policy`?
--api: server.api: \"5000\" is no address with a port; write 127.0.0.1:8080, [::1]:8080 or :8080";
    assert_eq!(errors, expected);
}

#[test]
fn an_upstream_flag_makes_or_mends_the_site_for_every_host() {
    let upstreams = |file: &str| -> Vec<String> {
        let flags = Flags { upstream: vec!["http://127.0.0.1:9".into()], ..Flags::default() };
        let loaded = Given::file(file).flags(flags).read().expect("loads");
        let show = |site: &palisade_config::settings::SiteSettings| {
            let upstreams: Vec<_> = site.upstreams.iter().map(ToString::to_string).collect();
            format!("{} {}", site.hosts.join(","), upstreams.join(","))
        };
        loaded.settings.sites.iter().map(show).collect()
    };
    assert_eq!(upstreams(""), ["* http://127.0.0.1:9"]);
    let mend = "[[sites]]\nhosts = \"a.example\"\n[[sites]]\nupstreams = \"http://old\"\n";
    assert_eq!(upstreams(mend), ["a.example ", "* http://127.0.0.1:9"]);
    assert_eq!(upstreams("[[sites]]\nhosts = [\"a.example\"]\n"), ["a.example ", "* http://127.0.0.1:9"]);
}

#[test]
fn passwords_are_not_repeated() {
    let errors = Given::file("")
        .env("PALISADE_STORE__RECORDS", "mysql://user:hunter2@db")
        .env("PALISADE_CHALLENGE__SECRET", "hunter2")
        .read()
        .expect_err("refused");
    assert!(!errors.contains("hunter2"), "{errors}");
}

proptest! {
    #[test]
    fn no_text_panics(text in "[\\PC\\n\"\\[\\]{}=.,#']{0,200}") {
        let _ = Given::file(&text).read();
    }

    /// The example, switched on, with a piece of it cut out or doubled.
    #[test]
    fn damaged_files_never_panic(from in 0usize..4_000, len in 0usize..60, double in any::<bool>()) {
        let text = EXAMPLE.replace("\n#", "\n");
        let from = text.floor_char_boundary(from.min(text.len()));
        let to = text.floor_char_boundary((from + len).min(text.len()));
        let piece = if double { text[from..to].repeat(2) } else { String::new() };
        let damaged = format!("{}{piece}{}", &text[..from], &text[to..]);
        let _ = Given::file(&damaged).read();
    }

    /// What is in range is taken as it is; what is not is refused with its place.
    #[test]
    fn bands_are_taken_or_refused(monitor in -5i64..110, challenge in -5i64..110, block in -5i64..110) {
        let bands = format!("[policy.bands]\nmonitor = {monitor}\nchallenge = {challenge}\nblock = {block}");
        let valid = 0 <= monitor && monitor < challenge && challenge < block && block <= 100;
        match Given::file(&bands).read() {
            Ok(loaded) => {
                let bands = loaded.settings.policy.bands;
                prop_assert!(valid);
                prop_assert_eq!([bands.monitor, bands.challenge, bands.block].map(i64::from), [monitor, challenge, block]);
            }
            Err(errors) => prop_assert!(!valid && errors.starts_with("palisade.toml:"), "{errors}"),
        }
    }
}
