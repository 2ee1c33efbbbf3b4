//! Swedish.

use super::{Challenge, Words, say};

pub(super) const WORDS: Words = Words {
    tag: "sv",
    dir: "ltr",
    refused: say(
        "Den här begäran släpptes inte igenom",
        "Webbplatsens skydd avvisade den här begäran. Om du kom hit via en länk eller genom att skriva en adress kan du tryggt gå tillbaka och försöka igen.",
    ),
    slow_down: say(
        "För många förfrågningar",
        "Härifrån kom på kort tid fler förfrågningar än webbplatsen tillåter. Vänta en minut och försök sedan igen.",
    ),
    payment: say(
        "Det här innehållet kostar pengar",
        "Automatiska läsare ombeds betala för den här sidan. Kontakta webbplatsens ansvariga om villkoren.",
    ),
    unavailable: say(
        "Webbplatsen svarar inte",
        "Servern bakom den här adressen går inte att nå just nu. Försök igen om några minuter.",
    ),
    bad_request: say(
        "Den här begäran går inte att förstå",
        "Det som kom fram var inte en fullständig och entydig begäran och skickades därför inte vidare.",
    ),
    not_found: say("Här finns ingenting", "Det finns ingen sida på den här adressen."),
    about: say(
        "Den här webbplatsen är skyddad",
        "En gateway som webbplatsens ansvariga driver tittar på förfrågningar för att hålla automatiserat missbruk borta. Den ser på hur förfrågningar görs, aldrig på vad du skriver, och delar ingenting med tredje part.",
    ),
    contact: "Om du tror att detta är ett misstag, meddela webbplatsens ansvariga och uppge det här numret.",
    reference: "Referensnummer",
    challenge: Challenge {
        title: "Ett ögonblick",
        text: "Din webbläsare gör en kort kontroll innan sidan öppnas. Du behöver inte göra något; det tar oftast en eller två sekunder.",
        working: "Kontrollerar…",
        done: "Klart. Sidan öppnas.",
        failed: say(
            "Kontrollen lyckades inte",
            "Försök igen. Om det fortsätter att misslyckas, uppge numret och koden nedan för webbplatsens ansvariga.",
        ),
        again: "Försök igen",
        cookies: "Webbplatsen minns kontrollen med en kaka som din webbläsare inte behöll. Tillåt kakor för den här webbplatsen och försök igen.",
        clock: "Klockan på den här enheten eller på servern går fel. Kontrollera datum och tid och försök igen.",
        unreachable: "Anslutningen bröts. Kontrollera den och försök igen.",
        no_script: "JavaScript är avstängt eller blockerat här. Kontrollen fungerar även utan: vänta några sekunder tryck sedan på knappen.",
        go_on: "Fortsätt",
        code: "Kod",
    },
};
