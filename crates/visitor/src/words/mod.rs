//! The sentences of our pages, one file a language. Neutral: nobody is called a bot.

mod ar;
mod bg;
mod cs;
mod da;
mod de;
mod el;
mod en;
mod es;
mod fa;
mod fi;
mod fr;
mod he;
mod hi;
mod hu;
mod id;
mod it;
mod ja;
mod ko;
mod nb;
mod nl;
mod pl;
mod pt;
mod ro;
mod ru;
mod sk;
mod sv;
mod th;
mod tr;
mod uk;
mod ur;
mod vi;
mod zh;
mod zh_hant;

/// Title and text of one page.
#[derive(Clone, Copy, Debug)]
pub struct Sentence {
    /// The heading.
    pub title: &'static str,
    /// What happened and what to do.
    pub text: &'static str,
}

/// All sentences of one language.
#[derive(Debug)]
pub struct Words {
    /// Language tag (BCP 47).
    pub tag: &'static str,
    /// `ltr` or `rtl`.
    pub dir: &'static str,
    /// The request is refused.
    pub refused: Sentence,
    /// Too many requests.
    pub slow_down: Sentence,
    /// The page is for paying readers.
    pub payment: Sentence,
    /// The site does not answer.
    pub unavailable: Sentence,
    /// The request cannot be understood.
    pub bad_request: Sentence,
    /// Nothing is here.
    pub not_found: Sentence,
    /// What stands behind this address.
    pub about: Sentence,
    /// What to do about a mistake.
    pub contact: &'static str,
    /// The label of the reference number.
    pub reference: &'static str,
    /// The challenge page.
    pub challenge: Challenge,
}

/// What the challenge page says.
#[derive(Clone, Copy, Debug)]
pub struct Challenge {
    /// The heading while it works.
    pub title: &'static str,
    /// What happens.
    pub text: &'static str,
    /// Status: at work.
    pub working: &'static str,
    /// Status: the page that was asked for comes.
    pub done: &'static str,
    /// It did not succeed, for whatever reason.
    pub failed: Sentence,
    /// The button that tries again.
    pub again: &'static str,
    /// Cookies do not come back.
    pub cookies: &'static str,
    /// A clock is wrong.
    pub clock: &'static str,
    /// The connection broke.
    pub unreachable: &'static str,
    /// Without JavaScript.
    pub no_script: &'static str,
    /// The button that goes on without JavaScript.
    pub go_on: &'static str,
    /// The label of the reason code.
    pub code: &'static str,
}

const fn say(title: &'static str, text: &'static str) -> Sentence {
    Sentence { title, text }
}

/// Every language; the first is for everybody else.
pub const LANGUAGES: [&Words; 33] = [
    &en::WORDS,
    &ar::WORDS,
    &bg::WORDS,
    &cs::WORDS,
    &da::WORDS,
    &de::WORDS,
    &el::WORDS,
    &es::WORDS,
    &fa::WORDS,
    &fi::WORDS,
    &fr::WORDS,
    &he::WORDS,
    &hi::WORDS,
    &hu::WORDS,
    &id::WORDS,
    &it::WORDS,
    &ja::WORDS,
    &ko::WORDS,
    &nb::WORDS,
    &nl::WORDS,
    &pl::WORDS,
    &pt::WORDS,
    &ro::WORDS,
    &ru::WORDS,
    &sk::WORDS,
    &sv::WORDS,
    &th::WORDS,
    &tr::WORDS,
    &uk::WORDS,
    &ur::WORDS,
    &vi::WORDS,
    &zh::WORDS,
    &zh_hant::WORDS,
];

/// Their tags, in the same order.
pub const TAGS: [&str; 33] = {
    let mut tags = [""; 33];
    let mut at = 0;
    while at < tags.len() {
        tags[at] = LANGUAGES[at].tag;
        at += 1;
    }
    tags
};

/// The words of the language tagged `tag`; English where there are none.
pub fn of(tag: Option<&str>) -> &'static Words {
    let found = tag.and_then(|tag| LANGUAGES.into_iter().find(|words| words.tag == tag));
    found.unwrap_or(LANGUAGES[0])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Every text of a language.
    fn texts(words: &Words) -> Vec<&'static str> {
        let say = &words.challenge;
        let sentences = [
            words.refused,
            words.slow_down,
            words.payment,
            words.unavailable,
            words.bad_request,
            words.not_found,
            words.about,
            say.failed,
        ];
        let single = [
            words.contact,
            words.reference,
            say.title,
            say.text,
            say.working,
            say.done,
            say.again,
            say.cookies,
            say.clock,
            say.unreachable,
            say.no_script,
            say.go_on,
            say.code,
        ];
        sentences.iter().flat_map(|sentence| [sentence.title, sentence.text]).chain(single).collect()
    }

    #[test]
    fn every_language_says_everything_at_a_sane_length() {
        let english: Vec<usize> = texts(LANGUAGES[0]).iter().map(|text| text.chars().count()).collect();
        for words in LANGUAGES {
            for (text, english) in texts(words).into_iter().zip(&english) {
                let chars = text.chars().count();
                // Chinese says it in a sixth of the letters; nobody needs more than twice as many and a word.
                assert!(chars * 6 >= *english && chars <= english * 2 + 20, "{}: {text}", words.tag);
                assert_eq!(text.trim(), text, "{}", words.tag);
                assert!(
                    !text.contains(['"', '<', '>', '\n']) && !text.contains("  "),
                    "{}: {text}",
                    words.tag
                );
            }
        }
    }

    #[test]
    fn no_language_was_left_in_english() {
        let english: BTreeSet<&str> =
            texts(LANGUAGES[0]).into_iter().filter(|text| text.contains(' ')).collect();
        for words in &LANGUAGES[1..] {
            assert!(texts(words).into_iter().all(|text| !english.contains(text)), "{}", words.tag);
        }
    }

    #[test]
    fn tags_and_directions_fit() {
        assert!(LANGUAGES.len() >= 25);
        assert_eq!(TAGS.iter().collect::<BTreeSet<_>>().len(), TAGS.len());
        for words in LANGUAGES {
            assert_eq!(of(Some(words.tag)).tag, words.tag);
            let rtl = matches!(words.tag, "ar" | "fa" | "he" | "ur");
            assert_eq!(words.dir, if rtl { "rtl" } else { "ltr" }, "{}", words.tag);
            // Letters of Hebrew and Arabic stand at U+0590 to U+06FF.
            let right = words.challenge.text.chars().any(|char| ('\u{590}'..='\u{6ff}').contains(&char));
            assert_eq!(right, rtl, "{}", words.tag);
        }
        assert_eq!(of(Some("xx")).tag, "en");
        assert_eq!(of(None).tag, "en");
    }
}
