//! The page made from the OpenAPI document: no script, nothing from elsewhere.

use std::fmt::Write as _;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest;
use serde_json::Value;

use crate::openapi;

const STYLE: &str = include_str!("page.css");

/// The page.
pub(crate) static TEXT: LazyLock<String> = LazyLock::new(|| {
    let document = serde_json::from_str(&openapi::TEXT).expect("our own document is JSON");
    page(&document)
});

/// What the page may load: its own style, and nothing else.
pub(crate) static POLICY: LazyLock<String> = LazyLock::new(|| {
    let style = STANDARD.encode(digest::digest(&digest::SHA256, STYLE.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
});

/// One way to call a path.
struct Operation<'a> {
    path: &'a str,
    method: &'a str,
    value: &'a Value,
}

fn page(document: &Value) -> String {
    let operations = operations(document);
    let tags: Vec<(&str, &str)> =
        list(&document["tags"]).map(|tag| (text(&tag["name"]), text(&tag["description"]))).collect();
    let of = |tag: &str| -> Vec<&Operation<'_>> {
        operations.iter().filter(|operation| operation.value["tags"][0] == *tag).collect()
    };
    let mut html = String::with_capacity(64 * 1_024);
    let title = escaped(text(&document["info"]["title"]));
    let _ = write!(
        html,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title} API</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<div class=\"page\">\n<header>\n<h1>{title} API</h1>\n<p>{}</p>\n\
         <p>Version {}. For programs: <a href=\"openapi.json\">openapi.json</a>.</p>\n</header>\n<nav aria-label=\"Routes\">\n",
        prose(text(&document["info"]["description"])),
        escaped(text(&document["info"]["version"])),
    );
    for (tag, _) in &tags {
        let _ = write!(html, "<h2>{}</h2>\n<ul>\n", escaped(tag));
        for operation in of(tag) {
            let (anchor, path) = (operation.anchor(), escaped(operation.path));
            let method = operation.badge();
            let _ = writeln!(html, "<li><a href=\"#{anchor}\">{method} <code>{path}</code></a></li>");
        }
        html.push_str("</ul>\n");
    }
    html.push_str("<h2>Schemas</h2>\n<ul>\n");
    for (name, _) in schemas(document) {
        let name = escaped(name);
        let _ = writeln!(html, "<li><a href=\"#schema-{name}\">{name}</a></li>");
    }
    html.push_str("</ul>\n</nav>\n<main>\n");
    for (tag, description) in &tags {
        let (name, about) = (escaped(tag), prose(description));
        let class = if *tag == "not built yet" { " class=\"small\"" } else { "" };
        let _ = write!(html, "<section{class}>\n<h2>{name}</h2>\n<p>{about}</p>\n");
        of(tag).into_iter().for_each(|operation| operation.write(&mut html, document));
        html.push_str("</section>\n");
    }
    html.push_str("<section>\n<h2>Schemas</h2>\n<p>Bodies of requests and answers.</p>\n");
    for (name, schema) in schemas(document) {
        let (name, about) = (escaped(name), prose(text(&schema["description"])));
        let _ = write!(html, "<article id=\"schema-{name}\">\n<h3>{name}</h3>\n<p>{about}</p>\n");
        fields(&mut html, schema);
        html.push_str("</article>\n");
    }
    html.push_str("</section>\n</main>\n</div>\n</body>\n</html>\n");
    html
}

fn operations(document: &Value) -> Vec<Operation<'_>> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths
        .flat_map(|(path, item)| {
            let methods = item.as_object().into_iter().flatten();
            methods.map(move |(method, value)| Operation { path, method, value })
        })
        .collect()
}

fn schemas(document: &Value) -> impl Iterator<Item = (&String, &Value)> {
    document["components"]["schemas"].as_object().into_iter().flatten()
}

impl Operation<'_> {
    fn anchor(&self) -> String {
        let path = self.path.trim_matches('/');
        let path: String =
            path.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
        format!("{}-{path}", self.method)
    }

    fn badge(&self) -> String {
        let method = escaped(self.method);
        format!("<span class=\"method {method}\">{}</span>", method.to_uppercase())
    }

    fn write(&self, html: &mut String, document: &Value) {
        let _ = write!(
            html,
            "<article id=\"{}\">\n<h3>{} <code>{}</code></h3>\n",
            self.anchor(),
            self.badge(),
            escaped(self.path)
        );
        let summary = text(&self.value["summary"]);
        let _ = writeln!(html, "<p><strong>{}</strong></p>", prose(summary));
        let description = text(&self.value["description"]);
        if !description.is_empty() {
            let _ = writeln!(html, "<p>{}</p>", prose(description));
        }
        self.who(html);
        self.parameters(html);
        let body = &self.value["requestBody"]["content"]["application/json"]["schema"];
        if !body.is_null() {
            let _ = write!(html, "<h4>Body</h4>\n<p>{}</p>\n", kind(body));
            let example = &resolved(document, body)["example"];
            if !example.is_null() {
                let example = serde_json::to_string_pretty(example).unwrap_or_default();
                let _ = writeln!(html, "<pre><code>{}</code></pre>", escaped(&example));
            }
        }
        self.answers(html);
        html.push_str("</article>\n");
    }

    /// Who may call it.
    fn who(&self, html: &mut String) {
        let Some(ways) = self.value["security"].as_array() else { return };
        let named = |name: &str| ways.iter().any(|way| way.get(name).is_some());
        let open = ways.iter().any(|way| way.as_object().is_some_and(serde_json::Map::is_empty));
        let words = match () {
            () if named("webhook_signature") => "Signed: the header <code>X-Signature</code>.",
            () if named("metrics_token") => "Open on this machine; from elsewhere with the metrics token.",
            () if open && named("key") => "An API key, or open where the operator says so.",
            () if open => "Open.",
            () => {
                "An API key: <code>Authorization: Bearer</code>, <code>X-API-Key</code> or <code>Key</code>."
            }
        };
        let _ = writeln!(html, "<p class=\"auth\">{words}</p>");
    }

    fn parameters(&self, html: &mut String) {
        let mut parameters = list(&self.value["parameters"]).peekable();
        if parameters.peek().is_none() {
            return;
        }
        html.push_str("<h4>Parameters</h4>\n<table>\n");
        for parameter in parameters {
            let (name, place) = (escaped(text(&parameter["name"])), escaped(text(&parameter["in"])));
            let about = prose(text(&parameter["description"]));
            let _ = writeln!(html, "<tr><td><code>{name}</code></td><td>{place}</td><td>{about}</td></tr>");
        }
        html.push_str("</table>\n");
    }

    fn answers(&self, html: &mut String) {
        html.push_str("<h4>Answers</h4>\n<table>\n");
        for (status, answer) in self.value["responses"].as_object().into_iter().flatten() {
            let content = answer["content"].as_object().into_iter().flatten().next();
            let form = content.map_or_else(String::new, |(media, content)| match media.as_str() {
                "application/json" => kind(&content["schema"]),
                other => format!("<code>{}</code>", escaped(other)),
            });
            let about = prose(text(&answer["description"]));
            let status = escaped(status);
            let _ = writeln!(html, "<tr><td><code>{status}</code></td><td>{about}</td><td>{form}</td></tr>");
        }
        html.push_str("</table>\n");
    }
}

/// The properties of a schema as a table, or its values as a list.
fn fields(html: &mut String, schema: &Value) {
    if let Some(values) = schema["enum"].as_array() {
        let values: Vec<String> =
            values.iter().map(|value| format!("<code>{}</code>", escaped(text(value)))).collect();
        let _ = writeln!(html, "<p>{}</p>", values.join(" "));
    }
    for one in list(&schema["oneOf"]).chain(list(&schema["anyOf"])) {
        let values: String =
            list(&one["enum"]).map(|value| format!("<code>{}</code> ", escaped(text(value)))).collect();
        let what = if values.is_empty() { kind(one) } else { values };
        let _ = writeln!(html, "<p>{what}: {}</p>", prose(text(&one["description"])));
    }
    let Some(properties) = schema["properties"].as_object().filter(|all| !all.is_empty()) else { return };
    let required: Vec<&str> = list(&schema["required"]).map(text).collect();
    html.push_str("<table>\n<tr><th>Field</th><th>Kind</th><th>Meaning</th></tr>\n");
    for (name, property) in properties {
        let need = if required.contains(&name.as_str()) { " <span class=\"need\">always</span>" } else { "" };
        let (kind, about) = (kind(property), prose(text(&property["description"])));
        let name = escaped(name);
        let _ = writeln!(html, "<tr><td><code>{name}</code>{need}</td><td>{kind}</td><td>{about}</td></tr>");
    }
    html.push_str("</table>\n");
}

/// A schema in a few words.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        let name = escaped(name);
        return format!("<a href=\"#schema-{name}\">{name}</a>");
    }
    let any: Vec<&Value> = list(&schema["oneOf"]).chain(list(&schema["anyOf"])).collect();
    if !any.is_empty() {
        return any.into_iter().map(kind).collect::<Vec<_>>().join(" or ");
    }
    match &schema["type"] {
        Value::Array(types) => types.iter().map(text).map(escaped).collect::<Vec<_>>().join(" or "),
        Value::String(name) if name == "array" => format!("list of {}", kind(&schema["items"])),
        Value::String(name) => escaped(name),
        _ => "anything".to_owned(),
    }
}

fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let name = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next());
    name.map_or(schema, |name| &document["components"]["schemas"][name])
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Text with `code` in it.
fn prose(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + 16);
    for (at, part) in escaped(text).split('`').enumerate() {
        let _ = if at % 2 == 1 { write!(html, "<code>{part}</code>") } else { write!(html, "{part}") };
    }
    html
}

fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            _ => html.push(letter),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_markup() {
        assert_eq!(prose("a `<b>` & \"c\""), "a <code>&lt;b&gt;</code> &amp; &quot;c&quot;");
    }

    #[test]
    fn every_route_and_schema_stands_on_the_page_and_every_link_leads_somewhere() {
        let document: Value = serde_json::from_str(&openapi::TEXT).unwrap();
        for operation in operations(&document) {
            assert!(TEXT.contains(&format!("id=\"{}\"", operation.anchor())), "{}", operation.path);
        }
        for link in TEXT.split("href=\"#").skip(1) {
            let name = link.split('"').next().unwrap();
            assert!(TEXT.contains(&format!("id=\"{name}\"")), "{name}");
        }
        assert!(!TEXT.contains("<script") && !TEXT.contains("http"), "nothing from elsewhere");
    }
}
