//! Pages written for other vendors, unchanged but for the host of the script.
//!
//! Each page is what the vendor's documentation tells its readers to write; where the vendor's script came from its own
//! host, `SCRIPT_HOST` stands.

use serde_json::json;

use crate::place::{KINDS, Visitor};
use crate::widget::{field, seeded, site_key, verify};

struct Vendor {
    /// Name of the page.
    page: &'static str,
    html: &'static str,
    /// The field that the vendor's widget adds to a form.
    field: &'static str,
    /// Where the site's server asks about it.
    path: &'static str,
}

const VENDORS: [Vendor; 9] = [
    Vendor {
        page: "recaptcha-v2",
        html: r#"<html><head><title>reCAPTCHA demo: Simple page</title>
<script src="SCRIPT_HOST/recaptcha/api.js" async defer></script></head><body>
<form action="/submit" method="POST"><input name="name"><div class="g-recaptcha" data-sitekey="SITE_KEY"></div><br/>
<input type="submit" value="Submit"></form></body></html>"#,
        field: "g-recaptcha-response",
        path: "/recaptcha/api/siteverify",
    },
    Vendor {
        page: "recaptcha-v2-explicit",
        html: r#"<html><head><title>reCAPTCHA demo: Explicit render</title><script type="text/javascript">
var onloadCallback = function() {
  grecaptcha.render('html_element', {'sitekey' : 'SITE_KEY', 'callback': function(response) { window.said = response; }});
};</script></head><body><form action="/submit" method="POST"><input name="name"><div id="html_element"></div><br>
<input type="submit" value="Submit"></form>
<script src="SCRIPT_HOST/recaptcha/api.js?onload=onloadCallback&render=explicit" async defer></script></body></html>"#,
        field: "g-recaptcha-response",
        path: "/recaptcha/api/siteverify",
    },
    Vendor {
        page: "recaptcha-v2-invisible",
        html: r#"<html><head><title>reCAPTCHA demo: Invisible</title>
<script src="SCRIPT_HOST/recaptcha/api.js" async defer></script>
<script>function onSubmit(token) { document.getElementById("demo-form").submit(); }</script></head><body>
<form id='demo-form' action="/submit" method="POST"><input name="name">
<button class="g-recaptcha" data-sitekey="SITE_KEY" data-callback='onSubmit'>Submit</button></form></body></html>"#,
        field: "g-recaptcha-response",
        path: "/recaptcha/api/siteverify",
    },
    Vendor {
        page: "recaptcha-v3",
        html: r#"<html><head><title>reCAPTCHA v3</title><script src="SCRIPT_HOST/recaptcha/api.js?render=SITE_KEY"></script>
<script>function onClick(e) {
  e.preventDefault();
  grecaptcha.ready(function() {
    grecaptcha.execute('SITE_KEY', {action: 'submit'}).then(function(token) {
      document.getElementById('token').value = token;
      document.getElementById('form').submit();
    });
  });
}</script></head><body><form id="form" action="/submit" method="POST"><input name="name">
<input type="hidden" id="token" name="g-recaptcha-response"><button onclick="onClick(event)">Submit</button></form></body></html>"#,
        field: "g-recaptcha-response",
        path: "/recaptcha/api/siteverify",
    },
    Vendor {
        page: "recaptcha-v3-button",
        html: r#"<html><head><title>reCAPTCHA v3 button</title><script src="SCRIPT_HOST/recaptcha/api.js"></script>
<script>function onSubmit(token) { document.getElementById("demo-form").submit(); }</script></head><body>
<form id="demo-form" action="/submit" method="POST"><input name="name"><button class="g-recaptcha"
 data-sitekey="SITE_KEY" data-callback='onSubmit' data-action='submit'>Submit</button></form></body></html>"#,
        field: "g-recaptcha-response",
        path: "/recaptcha/api/siteverify",
    },
    Vendor {
        page: "hcaptcha",
        html: r#"<html><head><title>hCaptcha Demo</title><script src="SCRIPT_HOST/1/api.js" async defer></script></head><body>
<form action="/submit" method="POST"><input type="text" name="name" placeholder="Name" />
<div class="h-captcha" data-sitekey="SITE_KEY"></div><br /><input type="submit" value="Submit" /></form></body></html>"#,
        field: "h-captcha-response",
        path: "/siteverify",
    },
    Vendor {
        page: "hcaptcha-explicit",
        html: r#"<html><head><title>hCaptcha explicit</title><script type="text/javascript">
var yourFunction = function () {
  var widget = hcaptcha.render('captcha-1', { sitekey: 'SITE_KEY', theme: 'dark', 'error-callback': 'onError' });
  document.getElementById('go').addEventListener('click', function(e) {
    e.preventDefault();
    hcaptcha.execute(widget, { async: true }).then(({ response, key }) => {
      window.said = response;
      document.getElementById('form').submit();
    }).catch(err => { document.title = String(err); });
  });
};</script>
<script src="SCRIPT_HOST/1/api.js?onload=yourFunction&render=explicit" async defer></script></head><body>
<form id="form" action="/submit" method="POST"><input name="name"><div id="captcha-1"></div><button id="go">Go</button></form></body></html>"#,
        field: "h-captcha-response",
        path: "/siteverify",
    },
    Vendor {
        page: "turnstile",
        html: r#"<html><head><title>Turnstile</title><script src="SCRIPT_HOST/turnstile/v0/api.js" async defer></script></head><body>
<form action="/submit" method="POST"><input type="text" name="name"><div class="cf-turnstile" data-sitekey="SITE_KEY"
 data-callback="javascriptCallback" data-action="login"></div><button type="submit" value="Submit">Log in</button></form>
<script>function javascriptCallback(token) { window.said = token; }</script></body></html>"#,
        field: "cf-turnstile-response",
        path: "/turnstile/v0/siteverify",
    },
    Vendor {
        page: "turnstile-explicit",
        html: r##"<html><head><title>Turnstile explicit</title></head><body>
<form action="/submit" method="POST"><input name="name"><div id="example-container"></div><button type="submit">Log in</button></form>
<script src="SCRIPT_HOST/turnstile/v0/api.js?onload=onloadTurnstileCallback&render=explicit" defer></script>
<script>window.onloadTurnstileCallback = function () {
  turnstile.render("#example-container", { sitekey: "SITE_KEY", callback: function (token) { window.said = token; } });
};</script></body></html>"##,
        field: "cf-turnstile-response",
        path: "/turnstile/v0/siteverify",
    },
];

/// The page of this name.
pub(crate) fn page_of(name: &str) -> &'static str {
    VENDORS.iter().find(|vendor| vendor.page == name).map_or("no such page", |vendor| vendor.html)
}

async fn works(pages: &[&str]) {
    for kind in KINDS {
        let place = seeded().await;
        let key = site_key(&place.palisade).await;
        let visitor = Visitor::new(kind, &place).await.unwrap();
        for (sent, vendor) in VENDORS.iter().filter(|vendor| pages.contains(&vendor.page)).enumerate() {
            let path = format!("/vendor?page={}&host=/.palisade&key={}", vendor.page, key.key);
            visitor.browser().go(&visitor.url(&path)).await.unwrap();
            visitor.browser().type_into("input[name=name]", "Anna").await.unwrap();
            // A visible widget has its token before the form is sent; others fetch it on the way.
            let visible = vendor.html.contains("type=\"submit\"");
            if visible {
                let ready = format!(
                    "return (document.querySelector('[name={}]') || {{}}).value?.length > 20",
                    json!(vendor.field)
                );
                visitor
                    .browser()
                    .await_true(&ready, "return document.documentElement.outerHTML")
                    .await
                    .unwrap();
            }
            visitor.browser().click("[type=submit], button").await.unwrap();
            visitor.arrives("Submitted").await.unwrap();
            let arrived = place.arrived_at("/submit");
            assert_eq!(arrived.len(), sent + 1, "{kind:?} {}", vendor.page);
            let token = field(&arrived[sent].body, vendor.field);
            let said = verify(&place.palisade, vendor.path, &key.secret, &token).await;
            assert_eq!(said["success"], json!(true), "{kind:?} {}: {said}", vendor.page);
            let again = verify(&place.palisade, vendor.path, &key.secret, &token).await;
            assert_eq!(again["success"], json!(false), "{kind:?} {}: {again}", vendor.page);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_for_recaptcha_work() {
    works(&[
        "recaptcha-v2",
        "recaptcha-v2-explicit",
        "recaptcha-v2-invisible",
        "recaptcha-v3",
        "recaptcha-v3-button",
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_for_hcaptcha_work() {
    works(&["hcaptcha", "hcaptcha-explicit"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_for_turnstile_work() {
    works(&["turnstile", "turnstile-explicit"]).await;
}
