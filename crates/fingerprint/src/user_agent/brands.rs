//! Products that make a family, and products that merely accompany a browser.

use super::Family;

/// Longest name looked up; longer words are no brand of ours.
const NAME_BYTES_MAX: usize = 24;

/// The family a product name makes by itself; case does not count. `Chrome` and `Safari` make none: nearly
/// everybody carries them.
pub(super) fn family_of(name: &str) -> Option<Family> {
    look_up(BRANDS, name)
}

/// What a product does in a browser's user agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// `Mozilla`, which everybody writes first.
    Mozilla,
    /// An engine, or what stands for one: `AppleWebKit`, `Gecko`, `Chrome`, `Safari`, `Firefox`.
    Engine,
    /// A browser's own name.
    Brand,
    /// A word that accompanies them: `Version`, `Mobile`.
    Word,
    /// None of these.
    Unknown,
}

/// The role of a product name; case does not count.
pub fn role(name: &str) -> Role {
    // The few names that nearly every user agent is made of, as they are nearly always written.
    match name {
        "Mozilla" => return Role::Mozilla,
        "AppleWebKit" | "Gecko" | "Chrome" | "Safari" | "Firefox" => return Role::Engine,
        "Version" | "Mobile" | "like" => return Role::Word,
        _ => {}
    }
    match (look_up(COMPANIONS, name), family_of(name)) {
        (Some(role), _) => role,
        (None, None | Some(Family::Program)) => Role::Unknown,
        (None, Some(_)) => Role::Brand,
    }
}

fn look_up<T: Copy>(table: &[(&str, T)], name: &str) -> Option<T> {
    let mut buffer = [0_u8; NAME_BYTES_MAX];
    let lower = buffer.get_mut(..name.len())?;
    lower.copy_from_slice(name.as_bytes());
    lower.make_ascii_lowercase();
    let at = table.binary_search_by(|(key, _)| key.as_bytes().cmp(lower)).ok()?;
    Some(table[at].1)
}

use Family::{ChromiumOther, Edge, Firefox, Opera, OtherBrowser, QtWebEngine, Samsung, TextBrowser};

/// Sorted by name, lower case.
const BRANDS: &[(&str, Family)] = &[
    ("2345explorer", ChromiumOther),
    ("360browser", ChromiumOther),
    ("360se", ChromiumOther),
    ("abrowse", OtherBrowser),
    ("adg", ChromiumOther),
    ("aloha", ChromiumOther),
    ("alohabrowser", ChromiumOther),
    ("amigo", ChromiumOther),
    ("aol", ChromiumOther),
    ("aolbuild", ChromiumOther),
    ("arc", ChromiumOther),
    ("arora", OtherBrowser),
    ("avast", ChromiumOther),
    ("avg", ChromiumOther),
    ("avira", ChromiumOther),
    ("basilisk", OtherBrowser),
    ("beonex", OtherBrowser),
    ("bidubrowser", ChromiumOther),
    ("bolt", OtherBrowser),
    ("bonecho", Firefox),
    ("brave", ChromiumOther),
    ("camino", OtherBrowser),
    ("ccleaner", ChromiumOther),
    ("chedot", ChromiumOther),
    ("chimera", OtherBrowser),
    ("coast", OtherBrowser),
    ("coc_coc_browser", ChromiumOther),
    ("comodo_dragon", ChromiumOther),
    ("conkeror", OtherBrowser),
    ("crios", Family::Chrome),
    ("cyberfox", Firefox),
    ("dillo", OtherBrowser),
    ("dolfin", OtherBrowser),
    ("dolphin", ChromiumOther),
    ("dooble", QtWebEngine),
    ("dragon", ChromiumOther),
    ("duckduckgo", ChromiumOther),
    ("ecosia", ChromiumOther),
    ("edg", Edge),
    ("edga", Edge),
    ("edge", Edge),
    ("edgios", Edge),
    ("edgw", Edge),
    ("elinks", TextBrowser),
    ("epic", ChromiumOther),
    ("epiphany", OtherBrowser),
    ("falkon", QtWebEngine),
    ("fennec", Firefox),
    ("firebird", Firefox),
    ("firefox", Firefox),
    ("flock", OtherBrowser),
    ("floorp", Firefox),
    ("focus", Firefox),
    ("fxios", Firefox),
    ("galeon", OtherBrowser),
    ("googleearth", OtherBrowser),
    ("gsa", Family::WebView),
    ("headlesschrome", Family::HeadlessChrome),
    ("heytapbrowser", ChromiumOther),
    ("hibrowser", ChromiumOther),
    ("huaweibrowser", ChromiumOther),
    ("ibrowse", OtherBrowser),
    ("icab", OtherBrowser),
    ("iceape", OtherBrowser),
    ("icecat", Firefox),
    ("icedragon", Firefox),
    ("iceweasel", Firefox),
    ("iemobile", Family::InternetExplorer),
    ("iridium", ChromiumOther),
    ("iron", ChromiumOther),
    ("k-meleon", OtherBrowser),
    ("kazehakase", OtherBrowser),
    ("kiwi", ChromiumOther),
    ("klar", Firefox),
    ("konqueror", OtherBrowser),
    ("lbbrowser", ChromiumOther),
    ("librewolf", Firefox),
    ("links", TextBrowser),
    ("luakit", OtherBrowser),
    ("lunascape", OtherBrowser),
    ("lynx", TextBrowser),
    ("maxthon", ChromiumOther),
    ("midori", OtherBrowser),
    ("minefield", Firefox),
    ("minibrowser", OtherBrowser),
    ("minimo", OtherBrowser),
    ("mint", ChromiumOther),
    ("miuibrowser", ChromiumOther),
    ("mqqbrowser", ChromiumOther),
    ("mrchrome", ChromiumOther),
    ("mypal", OtherBrowser),
    ("mzbrowser", ChromiumOther),
    ("namoroka", Firefox),
    ("naver", Family::WebView),
    ("netfront", OtherBrowser),
    ("netscape", OtherBrowser),
    ("netsurf", OtherBrowser),
    ("nokiabrowser", OtherBrowser),
    ("norton", ChromiumOther),
    ("obigo", OtherBrowser),
    ("ojr", OtherBrowser),
    ("omi", OtherBrowser),
    ("omniweb", OtherBrowser),
    ("opera", Opera),
    ("opios", Opera),
    ("opr", Opera),
    ("oprgx", Opera),
    ("opt", Opera),
    ("opx", Opera),
    ("orca", OtherBrowser),
    ("otter", OtherBrowser),
    ("palemoon", OtherBrowser),
    ("phoenix", ChromiumOther),
    ("puffin", OtherBrowser),
    ("qq", Family::WebView),
    ("qqbrowser", ChromiumOther),
    ("quark", ChromiumOther),
    ("qupzilla", QtWebEngine),
    ("qutebrowser", QtWebEngine),
    ("rekonq", OtherBrowser),
    ("samsungbrowser", Samsung),
    ("sbrowser", Samsung),
    ("seamonkey", OtherBrowser),
    ("servo", OtherBrowser),
    ("shiira", OtherBrowser),
    ("shiretoko", Firefox),
    ("sidekick", ChromiumOther),
    ("silk", ChromiumOther),
    ("sleipnir", ChromiumOther),
    ("slimjet", ChromiumOther),
    ("sogoumobilebrowser", ChromiumOther),
    ("songbird", OtherBrowser),
    ("sputnik", ChromiumOther),
    ("swiftfox", Firefox),
    ("tenta", ChromiumOther),
    ("thorium", ChromiumOther),
    ("tizenbrowser", OtherBrowser),
    ("ubrowser", ChromiumOther),
    ("uc", ChromiumOther),
    ("ucbrowser", ChromiumOther),
    ("ucweb", ChromiumOther),
    ("vewd", OtherBrowser),
    ("vivaldi", ChromiumOther),
    ("vivobrowser", ChromiumOther),
    ("w3m", TextBrowser),
    ("waterfox", Firefox),
    ("whale", ChromiumOther),
    ("wosbrowser", ChromiumOther),
    ("yabrowser", ChromiumOther),
    ("yowser", ChromiumOther),
    ("zen", Firefox),
];

/// Sorted by name, lower case: what browsers carry beside their brand.
const COMPANIONS: &[(&str, Role)] = &[
    ("applewebkit", Role::Engine),
    ("build", Role::Word),
    ("chrome", Role::Engine),
    ("chromium", Role::Engine),
    ("firefox", Role::Engine),
    ("gecko", Role::Engine),
    ("khtml", Role::Word),
    ("like", Role::Word),
    ("mobi", Role::Word),
    ("mobile", Role::Word),
    ("mozilla", Role::Mozilla),
    ("presto", Role::Engine),
    ("qtwebengine", Role::Brand),
    ("safari", Role::Engine),
    ("tablet", Role::Word),
    ("trident", Role::Engine),
    ("tv", Role::Word),
    ("ubuntu", Role::Word),
    ("version", Role::Word),
    ("webkit", Role::Word),
    ("yptp", Role::Word),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted_and_lower_case() {
        assert!(
            BRANDS.windows(2).all(|pair| pair[0].0 < pair[1].0),
            "{:?}",
            BRANDS.windows(2).find(|p| p[0].0 >= p[1].0)
        );
        assert!(COMPANIONS.windows(2).all(|pair| pair[0].0 < pair[1].0));
        let names = BRANDS.iter().map(|row| row.0).chain(COMPANIONS.iter().map(|row| row.0));
        for name in names {
            assert!(name.len() <= NAME_BYTES_MAX && *name == *name.to_ascii_lowercase(), "{name}");
        }
    }

    #[test]
    fn case_does_not_count() {
        assert_eq!(family_of("samsungBROWSER"), Some(Samsung));
        assert_eq!(family_of("Chrome"), None);
        assert_eq!((role("mobile"), role("CHROME"), role("curl")), (Role::Word, Role::Engine, Role::Unknown));
        assert_eq!((role("Vivaldi"), role("Mozilla")), (Role::Brand, Role::Mozilla));
    }
}
