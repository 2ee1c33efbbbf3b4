//! Romanian.

use super::{Challenge, Words, say};

pub(super) const WORDS: Words = Words {
    tag: "ro",
    dir: "ltr",
    refused: say(
        "Această cerere nu a fost acceptată",
        "Protecția site-ului a respins această cerere. Dacă ați ajuns aici printr-un link sau introducând o adresă, puteți reveni și încerca din nou fără niciun risc.",
    ),
    slow_down: say(
        "Prea multe cereri",
        "De aici au venit într-un timp scurt mai multe cereri decât permite acest site. Așteptați un minut, apoi încercați din nou.",
    ),
    payment: say(
        "Acest conținut are un preț",
        "Cititorii automați sunt rugați să plătească pentru această pagină. Pentru condiții, contactați operatorul site-ului.",
    ),
    unavailable: say(
        "Site-ul nu răspunde",
        "Serverul de la această adresă nu poate fi accesat momentan. Încercați din nou peste câteva minute.",
    ),
    bad_request: say(
        "Această cerere nu poate fi înțeleasă",
        "Ce a ajuns aici nu a fost o cerere completă și lipsită de ambiguitate, așa că nu a fost transmisă mai departe.",
    ),
    not_found: say("Aici nu este nimic", "La această adresă nu există nicio pagină."),
    about: say(
        "Acest site este protejat",
        "Un gateway al operatorului site-ului urmărește cererile pentru a ține la distanță abuzurile automatizate. Se uită la felul în care sunt făcute cererile, niciodată la ce scrieți, și nu comunică nimic unor terți.",
    ),
    contact: "Dacă credeți că este o greșeală, anunțați operatorul site-ului și comunicați-i acest număr.",
    reference: "Număr de referință",
    challenge: Challenge {
        title: "Un moment, vă rugăm",
        text: "Browserul dumneavoastră face o scurtă verificare înainte ca pagina să se deschidă. Nu trebuie să faceți nimic; de obicei durează o secundă sau două.",
        working: "Se verifică…",
        done: "Gata. Pagina se deschide.",
        failed: say(
            "Verificarea nu a reușit",
            "Încercați din nou. Dacă nu reușește nici așa, comunicați operatorului site-ului numărul și codul de mai jos.",
        ),
        again: "Încearcă din nou",
        cookies: "Acest site reține verificarea printr-un cookie pe care browserul dumneavoastră nu l-a păstrat. Permiteți cookie-urile pentru acest site și încercați din nou.",
        clock: "Ceasul acestui dispozitiv sau al serverului nu este corect. Verificați data și ora, apoi încercați din nou.",
        unreachable: "Conexiunea a fost întreruptă. Verificați-o și încercați din nou.",
        no_script: "JavaScript este dezactivat sau blocat aici. Verificarea funcționează și fără el: așteptați câteva secunde apoi apăsați butonul.",
        go_on: "Continuă",
        code: "Cod",
    },
};
