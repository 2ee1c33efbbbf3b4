//! `palisade serve` in the hands of somebody new to it: what is missing, taken or not there yet, and what is said.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use crate::desk::Desk;
use crate::running::{FREE, Started};

/// Nobody listens there: it was free a moment ago.
fn nobody() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

#[test]
fn nothing_to_defend_says_what_to_type() {
    let done = Desk::new().run("serve");
    done.refused(2, &["palisade serve --upstream http://127.0.0.1:3000", "palisade config init"]);
}

#[test]
fn what_is_mistyped_is_told_with_what_would_be_right() {
    let desk = Desk::new();
    let with = |words: &str| desk.run(&format!("serve --upstream http://127.0.0.1:9 {FREE} {words}"));
    desk.run("serve http://127.0.0.1:3000").refused(2, &["--upstream"]);
    desk.run("serve --upstream localhost:3000")
        .refused(2, &["\"localhost:3000\" is no origin", "http://127.0.0.1:3000"]);
    Desk::new().run("serve --upstream https://app.example").refused(2, &["speaks TLS", "use http://"]);
    desk.run("serve --upstream http://127.0.0.1:9 --listen 8080").refused(2, &["--listen", "or :8080"]);
    desk.run("serve --upstream http://127.0.0.1:8080 --listen :8080")
        .refused(2, &["http://127.0.0.1:8080 is where Palisade itself listens", "--listen"]);
    with("--lisen :80").refused(2, &["'--lisen'", "'--listen'"]);
    with("--preset strickt").refused(2, &["balanced, strict, ai-crawlers-out, observe"]);
    with("--enforce everything").refused(2, &["it is hard or all"]);
    with("-c nowhere.toml").refused(2, &["nowhere.toml", "check the name"]);
    desk.file("palisade.toml", "[server]\nlissten = \":80\"\n");
    with("").refused(2, &["palisade.toml:2:1", "server.lissten"]);
    assert!(!desk.path("palisade-data").exists(), "nothing is left where nothing was done");
}

#[test]
fn a_site_that_is_not_there_yet_is_named_once_and_stops_nothing() {
    let desk = Desk::new();
    let upstream = nobody();
    let mut started = Started::start(&desk, &format!("serve --upstream http://{upstream} {FREE}"));
    started.address("gateway");
    started.says(&format!("http://{upstream} does not answer yet (Connection refused"));
    assert_eq!(started.end("TERM"), (Some(0), String::new()));
}

#[test]
fn a_port_that_is_taken_is_named_with_the_way_out() {
    let desk = Desk::new();
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = held.local_addr().unwrap();
    let done = desk.run(&format!("serve --upstream http://127.0.0.1:9 --listen {address} --api 127.0.0.1:0"));
    let port = format!("sport = :{}", address.port());
    done.refused(3, &["another program listens there", &port, "--listen", &address.to_string(), "in use"]);
    assert_eq!(done.err.matches("in use").count(), 1, "said once: {}", done.err);
    let done = desk.run(&format!("serve --upstream http://127.0.0.1:9 --listen 127.0.0.1:0 --api {address}"));
    done.refused(3, &["the API cannot listen on", &address.to_string(), "--api"]);
}

#[test]
fn a_data_folder_that_cannot_be_used_is_named() {
    let desk = Desk::new();
    desk.file("file", "");
    let with = |words: &str| desk.run(&format!("serve --upstream http://127.0.0.1:9 {FREE} {words}"));
    with("--data file").refused(3, &["file: is not a folder", "--data"]);
    with("--data file/d").refused(3, &["file/d", "cannot be made", "--data"]);
    with("--data /proc/nothing").refused(3, &["/proc/nothing", "--data"]);
}

#[test]
fn two_do_not_share_a_data_folder() {
    let desk = Desk::new();
    let line = format!("serve --upstream http://127.0.0.1:9 {FREE} --data d");
    let mut first = Started::start(&desk, &line);
    first.address("api");
    desk.run(&line).refused(3, &["d: another palisade (process ", "serves from this data folder", "--data"]);
    desk.run("list add 192.0.2.1 --data d").fine();
    let (code, _) = first.end("KILL");
    assert_eq!(code, None);
    let mut after = Started::start(&desk, &line);
    after.address("api");
    assert_eq!(after.end("TERM").0, Some(0), "a lock does not outlive its process");
}

#[test]
fn a_reload_that_is_wrong_changes_nothing_and_says_so() {
    let desk = Desk::new();
    desk.file("palisade.toml", "[policy]\nenforce = \"hard\"\n");
    let mut started = Started::start(&desk, &format!("serve {FREE}"));
    assert_eq!(started.address("gateway"), "off", "no upstream, no gateway");
    desk.file("palisade.toml", "[policy]\nenforce = \"evrything\"\n");
    started.signal("HUP");
    started.says("not reloaded, the old settings stay");
    desk.file("palisade.toml", "[policy]\nenforce = \"all\"\n");
    started.signal("HUP");
    started.says("was read again and is in effect");
    assert_eq!(started.end("TERM").0, Some(0));
}

/// What `/check` at `api` says is to be done about a request for each of `hosts`.
fn actions(api: &str, hosts: &[&str]) -> Vec<String> {
    let action = |host: &&str| {
        let body = format!(r#"{{"ip":"192.0.2.1","user_agent":"x","endpoint":"/","host":"{host}"}}"#);
        let head = "POST /check HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nConnection: close\r\n";
        let mut stream = TcpStream::connect(api).unwrap();
        write!(stream, "{head}Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let json = answer.split_once("\r\n\r\n").unwrap().1;
        let json: serde_json::Value = serde_json::from_str(json).unwrap_or_else(|_| panic!("{answer}"));
        json["action"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    };
    hosts.iter().map(action).collect()
}

/// `hosts` and the action of each, as sites in this order.
fn sites(sites: &[(&str, &str)]) -> String {
    let site = |(host, action): &(&str, &str)| {
        format!(
            "[[sites]]\nhosts = [\"{host}\"]\n[[sites.rules]]\nwhen = 'method == \"GET\"'\naction = \"{action}\"\n"
        )
    };
    let sites: String = sites.iter().map(site).collect();
    format!("[api]\nrequire_key = \"unless-loopback\"\n{sites}")
}

#[test]
fn sites_may_come_go_and_change_places_while_it_runs_and_between() {
    let desk = Desk::new();
    let line = format!("serve {FREE} --data d");
    let hosts = ["a.test", "b.test", "c.test", "else.test"];
    let (a, b, c, any) =
        (("a.test", "block"), ("b.test", "challenge"), ("c.test", "allow"), ("*", "monitor"));
    desk.file("palisade.toml", sites(&[a, b, any]));
    let mut started = Started::start(&desk, &line);
    let api = started.address("api");
    assert_eq!(actions(&api, &hosts), ["BLOCK", "CHALLENGE", "MONITOR", "MONITOR"]);
    let mut reload = |order: &[(&str, &str)], expect: [&str; 4]| {
        desk.file("palisade.toml", sites(order));
        started.signal("HUP");
        started.says("was read again and is in effect");
        assert_eq!(actions(&api, &hosts), expect, "{order:?}");
    };
    reload(&[c, any, b, a], ["BLOCK", "CHALLENGE", "ALLOW", "MONITOR"]);
    reload(&[b, any], ["MONITOR", "CHALLENGE", "MONITOR", "MONITOR"]);
    reload(&[any, c, b], ["MONITOR", "CHALLENGE", "ALLOW", "MONITOR"]);
    assert_eq!(started.end("TERM").0, Some(0));
    let saved = fs::read(desk.path("d/sites.snapshot")).unwrap();
    let numbers = r#"[["*"],{"hosts":["a.test"],"gone_reloads":2},["b.test"],["c.test"]]"#;
    assert!(saved.ends_with(numbers.as_bytes()), "{}", String::from_utf8_lossy(&saved));
    desk.file("palisade.toml", sites(&[a, c, any]));
    let mut again = Started::start(&desk, &line);
    let api = again.address("api");
    assert_eq!(actions(&api, &hosts), ["BLOCK", "MONITOR", "ALLOW", "MONITOR"]);
    assert_eq!(again.end("TERM").0, Some(0));
    let saved = fs::read(desk.path("d/sites.snapshot")).unwrap();
    let numbers = r#"[["*"],["a.test"],{"hosts":["b.test"],"gone_reloads":1},["c.test"]]"#;
    assert!(saved.ends_with(numbers.as_bytes()), "{}", String::from_utf8_lossy(&saved));
}

#[test]
fn a_memory_that_cannot_be_used_is_moved_aside_and_stops_nothing() {
    let desk = Desk::new();
    desk.file("palisade.toml", "[policy]\nenforce = \"hard\"\n");
    let line = format!("serve {FREE} --data d");
    let mut first = Started::start(&desk, &line);
    first.address("api");
    assert_eq!(first.end("TERM").0, Some(0));
    for (name, said) in
        [("guard.snapshot", "starting without it"), ("sites.snapshot", "as they stand in the file")]
    {
        let kept = fs::read(desk.path(&format!("d/{name}"))).unwrap();
        desk.file(&format!("d/{name}"), &kept[..kept.len() - 1]);
        let mut started = Started::start(&desk, &line);
        let words = started.says(&format!("d/{name}"));
        assert!(words.contains("corrupt") && words.contains(said), "{words}");
        started.address("api");
        assert_eq!(started.end("TERM").0, Some(0));
        assert_eq!(fs::read(desk.path(&format!("d/{name}"))).unwrap().len(), kept.len(), "saved anew");
    }
    // Under another seed nothing of it means anything.
    desk.file("d/hash.seed", "0123456789abcdef0123456789abcdef\n");
    let mut started = Started::start(&desk, &line);
    let words = started.says("d/guard.snapshot");
    assert!(words.contains("another hash seed") && words.contains("guard.snapshot.corrupt"), "{words}");
    started.address("api");
    assert_eq!(started.end("TERM").0, Some(0));
}
