//! What people write is never refused: every line in a query and in a form.

use palisade_domain::{
    BodyKind, BodyPrefix, ClientKey, HeaderCase, HeaderList, HeaderOrder, RequestFacts, Timestamp, Vantage,
};

use super::*;
use crate::{Engine, EngineSettings, HashSeed, Observe, SiteProfile};

/// Lines of search boxes, forums of programmers, editors and query interfaces.
const ORDINARY: &[&str] = &[
    "/etc/hosts",
    "document.cookie",
    "`id` column",
    "../../README.md",
    "author|id",
    "how to use <script> tag",
    "javascript:void(0)",
    "__proto__",
    "admin'--",
    "On my machine $(uname -a) prints nothing",
    "/etc/nginx/nginx.conf",
    "C:\\Windows\\System32\\drivers\\etc\\hosts",
    "ps aux | grep -v java",
    "#!/bin/bash",
    "<iframe> not loading",
    "<?php echo not working",
    "java.lang.NullPointerException at java.util.ArrayList.get",
    "{{#each items}}",
    "{{ formatDate(item.created) }}",
    "SELECT count(*) FROM orders",
    "SELECT a, b FROM t UNION SELECT c, d FROM u",
    "const x = document.getElementsByTagName('p')",
    "printf(\"%d %d %d\")",
    "php://input empty",
    "(objectClass=user)",
];

/// Evidence for a request to `target` with a body of `kind`.
fn evidence(target: &str, content_type: &str, body: Option<(BodyKind, &str)>) -> f32 {
    let site = SiteProfile::default();
    let settings = EngineSettings { site, ..EngineSettings::new(HashSeed([1, 2])) };
    let engine = Engine::with_detectors(settings, vec![Box::new(Payload)]);
    let mut facts = RequestFacts::bare(ClientKey::Opaque("x"), Timestamp::from_secs(1), Vantage::GatewayTls);
    let entries = [("Content-Type", content_type)];
    let (order, case) = (HeaderOrder::Wire, HeaderCase::Wire);
    facts.headers = Fact::Known(HeaderList { entries: &entries, order, case });
    facts.target = Fact::Known(target);
    facts.body =
        Fact::seen(body.map(|(kind, text)| BodyPrefix { kind, bytes: text.as_bytes(), complete: true }));
    let seen = engine.assess(&facts, Observe::Peek);
    seen.assessment.explanation.iter().map(|line| line.evidence).fold(0.0, f32::max)
}

fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[test]
fn ordinary_lines_are_never_refused() {
    for line in ORDINARY {
        let query = evidence(&format!("/search?q={}", escaped(line)), "text/html", None);
        assert!(query < 3.0, "{line} in a query: {query}");
        let form = format!("name=Anne&text={}", escaped(line));
        let form = evidence("/ask", "application/x-www-form-urlencoded", Some((BodyKind::Form, &form)));
        assert!(form < 2.0, "{line} in a form: {form}");
    }
}

#[test]
fn filters_of_query_interfaces_are_hardly_noticed() {
    for query in [
        "include=author|id",
        "age[$gt]=18",
        "filter[where][age][$gt]=18",
        "path=../../README.md",
        "user[$ne]=anne",
    ] {
        let evidence = evidence(&format!("/api/people?{query}"), "text/html", None);
        assert!(evidence < 3.0, "{query}: {evidence}");
    }
    assert!(evidence("/api/people?age[$gt]=18", "text/html", None) <= 1.0);
}

#[test]
fn reports_editors_and_pastes_are_judged_mildly() {
    let report = r#"{"csp-report":{"blocked-uri":"inline","script-sample":"<script>alert(document.cookie)</script>"}}"#;
    let post =
        r#"{"content":"<p>See</p><script async src=\"https://platform.twitter.com/widgets.js\"></script>"}"#;
    let raw = r#"{"content":{"raw":"<script src=https://platform.twitter.com/widgets.js></script>"}}"#;
    let paste = "text=function+run()+%7B%0A++document.write(%27%3Cb%3E%27)%3B%0A++eval(atob(%27eA%3D%3D%27))%3B%0A++return+done%3B%0A%7D";
    for (content_type, kind, body) in [
        ("application/csp-report", BodyKind::Json, report),
        ("application/reports+json", BodyKind::Json, report),
        ("application/json", BodyKind::Json, post),
        ("application/json", BodyKind::Json, raw),
        ("application/x-www-form-urlencoded", BodyKind::Form, paste),
    ] {
        let evidence = evidence("/wp-json/wp/v2/posts/5", content_type, Some((kind, body)));
        assert!(evidence < 2.0, "{body}: {evidence}");
    }
}
