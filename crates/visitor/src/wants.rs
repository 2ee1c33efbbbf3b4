//! What the client can read: content negotiation (RFC 9110 sections 12.4 and 12.5), bounded and without allocation.

/// Parts of an `Accept` or `Accept-Language` that are looked at; browsers send up to ten.
const PARTS_MAX: usize = 32;

/// What the client can read, from its request head.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wants<'a> {
    /// `Accept`; none counts as `*/*`.
    pub accept: Option<&'a str>,
    /// `Accept-Language`.
    pub language: Option<&'a str>,
    /// True where the head of an answer is all that is read (`HEAD`).
    pub head_only: bool,
}

impl Wants<'_> {
    /// True where the client names HTML and likes it at least as much as JSON. A program that takes anything (`*/*`)
    /// gets JSON, and so do scripts, images and styles: a page would be of no use to them.
    pub fn page(&self) -> bool {
        let Some(accept) = self.accept else { return false };
        let weight = |wanted: &[&str]| {
            weighted(accept)
                .filter(|(name, _)| wanted.iter().any(|media| name.eq_ignore_ascii_case(media)))
                .map(|(_, weight)| weight)
                .max()
                .unwrap_or(0)
        };
        let html = weight(&["text/html", "application/xhtml+xml", "text/*"]);
        html > 0 && html >= weight(&["application/json", "application/problem+json"])
    }

    /// The one of `known` (tags of languages, some with a script) that the client likes best; `None` where it names none.
    pub fn language(&self, known: &[&'static str]) -> Option<&'static str> {
        let mut best: Option<(u16, &'static str)> = None;
        for (tag, weight) in weighted(self.language?) {
            let asked = written_as(tag);
            let Some(found) = known.iter().find(|known| known.eq_ignore_ascii_case(asked)) else {
                continue;
            };
            if weight > 0 && best.is_none_or(|(held, _)| weight > held) {
                best = Some((weight, found));
            }
        }
        best.map(|(_, found)| found)
    }
}

/// The name under which the language tagged `tag` (RFC 5646) may be known: mostly its first part.
fn written_as(tag: &str) -> &str {
    let mut parts = tag.split('-');
    let primary = parts.next().unwrap_or(tag);
    let is = |name: &str| primary.eq_ignore_ascii_case(name);
    if is("zh") {
        // Where no script is named, the place says which one is read there.
        let traditional =
            |part: &str| ["hant", "tw", "hk", "mo"].iter().any(|known| part.eq_ignore_ascii_case(known));
        let says = parts.find(|part| traditional(part) || part.eq_ignore_ascii_case("hans"));
        return if says.is_some_and(traditional) { "zh-Hant" } else { "zh" };
    }
    // Norwegian without a form, and Nynorsk, whose readers read the other form too; codes that were replaced in 1989 and are
    // still sent by Java.
    let others = [("no", "nb"), ("nn", "nb"), ("iw", "he"), ("in", "id")];
    others.into_iter().find(|(name, _)| is(name)).map_or(primary, |(_, known)| known)
}

/// Items of a list with their weights in thousandths; an item without one weighs 1000, a bad one 0.
fn weighted(list: &str) -> impl Iterator<Item = (&str, u16)> {
    list.split(',').take(PARTS_MAX).map(|item| {
        let mut parts = item.split(';');
        let name = parts.next().unwrap_or("").trim();
        let weight = parts.map(str::trim).find_map(|part| {
            let (key, value) = part.split_once('=')?;
            key.trim().eq_ignore_ascii_case("q").then(|| thousandths(value.trim()))
        });
        (name, weight.unwrap_or(1_000))
    })
}

fn thousandths(text: &str) -> u16 {
    match text.parse::<f32>() {
        Ok(weight) if (0.0..=1.0).contains(&weight) => (weight * 1_000.0) as u16,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_get_pages_and_programs_json() {
        let check = |accept: Option<&str>, expect| {
            assert_eq!(Wants { accept, ..Wants::default() }.page(), expect, "{accept:?}");
        };
        check(Some("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"), true);
        check(Some("TEXT/HTML"), true);
        check(Some("*/*"), false);
        check(None, false);
        check(Some("application/json"), false);
        check(Some("application/json, text/html;q=0.5"), false);
        check(Some("image/avif,image/webp,*/*;q=0.8"), false);
        check(Some("text/*, */*;q=0.1"), true);
        check(Some("text/html;q=0"), false);
        check(Some("text/html;q=nonsense"), false);
        check(Some(&",".repeat(100_000)), false);
    }

    #[test]
    fn the_best_liked_language_wins() {
        let check = |language: Option<&str>, expect| {
            let wants = Wants { language, ..Wants::default() };
            assert_eq!(wants.language(&["en", "de", "ar"]), expect, "{language:?}");
        };
        check(Some("de-AT,de;q=0.9,en;q=0.8"), Some("de"));
        check(Some("fr,en;q=0.3,AR;q=0.7"), Some("ar"));
        check(Some("fr"), None);
        check(Some("de;q=0, en;q=0.1"), Some("en"));
        check(Some("*"), None);
        check(None, None);
    }

    #[test]
    fn languages_are_known_under_other_names() {
        let check = |language: &str, expect| {
            let wants = Wants { language: Some(language), ..Wants::default() };
            assert_eq!(wants.language(&crate::words::TAGS), expect, "{language}");
        };
        check("zh-TW,zh;q=0.8", Some("zh-Hant"));
        check("zh-HK", Some("zh-Hant"));
        check("zh-Hans-HK", Some("zh"));
        check("zh-hant", Some("zh-Hant"));
        check("zh-CN", Some("zh"));
        check("zh", Some("zh"));
        check("pt-BR", Some("pt"));
        check("no", Some("nb"));
        check("nn-NO", Some("nb"));
        check("NB-no", Some("nb"));
        check("iw-IL", Some("he"));
        check("in", Some("id"));
        check("sr,ro;q=0.5", Some("ro"));
    }
}
