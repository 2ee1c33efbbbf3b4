//! The rest of `sdk/python`: its own tests, and tokens checked by public keys.

use palisade_e2e::tools::{self, python, root};

use crate::place::Place;

#[tokio::test(flavor = "multi_thread")]
async fn its_own_tests_pass() {
    let sdk = root().join("sdk/python");
    let line = format!(
        "PYTHONDONTWRITEBYTECODE=1 PYTHONPATH='{0}' '{1}' -m unittest discover -s '{0}/tests'",
        sdk.display(),
        python().unwrap().display()
    );
    let ran = tools::run("/bin/sh".as_ref(), ["-c", &line]).await.unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success() && said.contains("\nOK"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_checked_by_public_keys() {
    let place = Place::start().await;
    let good = place.token(50).await;
    let program = place.token_of_a_program().await;
    let [head, claims, signature] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
    let other_claims = program.split('.').nth(1).unwrap();
    let spliced = format!("{head}.{other_claims}.{signature}");
    let unsigned = format!("{head}.{claims}.");
    let check = async |site_key: &str| {
        let line = format!(
            "PYTHONDONTWRITEBYTECODE=1 PYTHONPATH='{}' '{}' '{}' http://{} {site_key} {good} {program} {spliced} {unsigned} x",
            root().join("sdk/python").display(),
            python().unwrap().display(),
            root().join("e2e/fixtures/sdk_tokens.py").display(),
            place.api(),
        );
        let ran = tools::run("/bin/sh".as_ref(), ["-c", &line]).await.unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        let said = tools::text(&ran);
        said.lines().map(|line| line.split(' ').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(check(&place.site_key).await, ["good", "bad", "bad", "bad", "bad"]);
    assert_eq!(check("pal_site_somebody_elses").await, ["bad"; 5]);
}
